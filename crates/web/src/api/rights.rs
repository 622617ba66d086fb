//! Rights of members to items, over the admin API.

use std::sync::Arc;

use api::member::RotatePasskey;
use api::page::RightPage;
use api::query::RightQuery;
use api::right::{BoundKey, GrantRight, RightView};
use axum::Json;
use axum::extract::{Path, State};
use club::RightsOf;
use policy::ItemId;

use super::admin::{Admin, unix};
use super::error::ApiError;
use super::extract::{Body, Params, page};

/// Lists the rights of a member, ended ones too.
#[utoipa::path(
    get,
    path = "/members/{member}/rights",
    operation_id = "list_rights_of_member",
    tag = "rights",
    params(("member" = String, Path), RightQuery),
    responses((status = 200, body = RightPage)),
    security(("token" = ["read:members"]))
)]
pub(super) async fn of_member(
    State(admin): State<Arc<Admin>>,
    Path(member): Path<String>,
    Params(RightQuery { newest, after, limit }): Params<RightQuery>,
) -> Result<Json<RightPage>, ApiError> {
    let of = RightsOf::Member(admin.club.member(&member).await?.id);
    let found = admin.club.list_rights(of, &page(after, limit, newest)?).await?;
    Ok(Json(RightPage { rights: admin.describe_all(found.rows).await?, next: found.next }))
}

/// Lists the rights to an item, ended ones too.
#[utoipa::path(
    get,
    path = "/items/{item}/rights",
    operation_id = "list_rights_to_item",
    tag = "rights",
    params(("item" = String, Path), RightQuery),
    responses((status = 200, body = RightPage)),
    security(("token" = ["read:members"]))
)]
pub(super) async fn to_item(
    State(admin): State<Arc<Admin>>,
    Path(item): Path<String>,
    Params(RightQuery { newest, after, limit }): Params<RightQuery>,
) -> Result<Json<RightPage>, ApiError> {
    let of = RightsOf::Item(match item.as_str() {
        "all" => ItemId::ANY,
        item => admin.club.item(item).await?.id,
    });
    let found = admin.club.list_rights(of, &page(after, limit, newest)?).await?;
    Ok(Json(RightPage { rights: admin.describe_all(found.rows).await?, next: found.next }))
}

/// Grants a member the right to an item, or to all items.
#[utoipa::path(
    put,
    path = "/members/{member}/rights/{item}",
    operation_id = "grant_right",
    tag = "rights",
    params(("member" = String, Path), ("item" = String, Path)),
    request_body = GrantRight,
    responses((status = 200, body = RightView)),
    security(("token" = ["write:members"]))
)]
pub(super) async fn grant(
    State(admin): State<Arc<Admin>>,
    Path((member, item)): Path<(String, String)>,
    Body(grant): Body<GrantRight>,
) -> Result<Json<RightView>, ApiError> {
    let until = unix(grant.until)?;
    let right = admin.club.grant(&admin.stamp(), &member, &item, until, "admin").await?;
    Ok(Json(admin.describe(right).await?))
}

/// Revokes the right of a member to an item.
#[utoipa::path(
    delete,
    path = "/members/{member}/rights/{item}",
    operation_id = "revoke_right",
    tag = "rights",
    params(("member" = String, Path), ("item" = String, Path)),
    responses((status = 200, body = RightView)),
    security(("token" = ["write:members"]))
)]
pub(super) async fn revoke(
    State(admin): State<Arc<Admin>>,
    Path((member, item)): Path<(String, String)>,
) -> Result<Json<RightView>, ApiError> {
    let right = admin.club.revoke(&admin.stamp(), &member, &item).await?;
    Ok(Json(admin.describe(right).await?))
}

/// Replaces the passkey of a member that opens one item only.
#[utoipa::path(
    post,
    path = "/members/{member}/rights/{item}/rotate",
    operation_id = "rotate_bound_passkey",
    tag = "rights",
    params(("member" = String, Path), ("item" = String, Path)),
    request_body = RotatePasskey,
    responses((status = 200, body = BoundKey)),
    security(("token" = ["write:members"]))
)]
pub(super) async fn rotate(
    State(admin): State<Arc<Admin>>,
    Path((member, item)): Path<(String, String)>,
    Body(rotate): Body<RotatePasskey>,
) -> Result<Json<BoundKey>, ApiError> {
    let until = unix(rotate.old_until)?;
    let turned = admin.club.rotate_bound(&admin.stamp(), &member, &item, until).await?;
    Ok(Json(admin.bound_key(&turned).await?))
}
