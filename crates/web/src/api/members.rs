//! Members, over the admin API.

use std::sync::Arc;

use api::error::CurrentState;
use api::member::{
    AddMember, MemberDetail, MemberKey, MemberTier, MemberView, RotatePasskey, SetTier, Traffic,
};
use api::page::MemberPage;
use api::query::MemberQuery;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use club::{Listed, MemberFilter, Page};
use policy::MemberState;

use super::admin::{Admin, moment, unix};
use super::error::ApiError;
use super::extract::{Body, Params, one_of, page};
use super::versions::{IF_MATCH, IfMatch, Tagged, stale};

/// Lists the members.
#[utoipa::path(
    get,
    path = "/members",
    operation_id = "list_members",
    tag = "members",
    params(MemberQuery),
    responses((status = 200, body = MemberPage)),
    security(("token" = ["read:members"]))
)]
pub(super) async fn list(
    State(admin): State<Arc<Admin>>,
    Params(query): Params<MemberQuery>,
) -> Result<Json<MemberPage>, ApiError> {
    let MemberQuery { search, tier, state, newest, after, limit } = query;
    let all = [MemberState::Active, MemberState::Removed, MemberState::Suspended];
    let state = one_of("state", state.as_deref(), all, state_text)?;
    let filter = MemberFilter { search, tier, state };
    let found = admin.club.list_members(&filter, &page(after, limit, newest)?).await?;
    let Listed { rows: members, next } = found.map(view);
    Ok(Json(MemberPage { members, next }))
}

/// Adds a member, and returns their passkey.
#[utoipa::path(
    post,
    path = "/members",
    operation_id = "add_member",
    tag = "members",
    request_body = AddMember,
    responses((status = 201, body = MemberKey)),
    security(("token" = ["write:members"]))
)]
pub(super) async fn add(
    State(admin): State<Arc<Admin>>,
    Body(new): Body<AddMember>,
) -> Result<(StatusCode, Json<MemberKey>), ApiError> {
    let new = club::NewMember { name: new.name, tier: new.tier, tier_until: unix(new.until)? };
    let member = admin.club.add_member(&admin.stamp(), new).await?;
    Ok((StatusCode::CREATED, Json(admin.with_key(member))))
}

/// Returns a member with their passkey, rights and traffic.
#[utoipa::path(
    get,
    path = "/members/{member}",
    operation_id = "show_member",
    tag = "members",
    params(("member" = String, Path)),
    responses((status = 200, body = MemberDetail, headers(("etag" = String, description = "Version, for `If-Match`")))),
    security(("token" = ["write:members"]))
)]
pub(super) async fn show(
    State(admin): State<Arc<Admin>>,
    Path(member): Path<String>,
) -> Result<Tagged<MemberDetail>, ApiError> {
    let found = admin.club.member(&member).await?;
    let id = found.id.to_string();
    let rights = admin.club.entitlements_of_member(&id, Page::FIRST).await?;
    let mut traffic = Vec::new();
    for (item, counters) in admin.club.traffic(&id).await? {
        traffic.push(Traffic {
            item: admin.name_item(item).await?,
            uploaded: counters.uploaded,
            downloaded: counters.downloaded,
        });
    }
    let rights = admin.describe_all(rights).await?;
    let version = found.version();
    Ok(Tagged(version, MemberDetail { key: admin.with_key(found), rights, traffic }))
}

/// Returns the tier of a member.
#[utoipa::path(
    get,
    path = "/members/{member}/tier",
    operation_id = "show_tier",
    tag = "members",
    params(("member" = String, Path)),
    responses((status = 200, body = MemberTier, headers(("etag" = String, description = "Version, for `If-Match`")))),
    security(("token" = ["read:members"]))
)]
pub(super) async fn tier(
    State(admin): State<Arc<Admin>>,
    Path(member): Path<String>,
) -> Result<Tagged<MemberTier>, ApiError> {
    let member = admin.club.member(&member).await?;
    Ok(Tagged(member.tier_version(), tier_of(&member)))
}

/// Moves a member to another tier.
#[utoipa::path(
    put,
    path = "/members/{member}/tier",
    operation_id = "set_tier",
    tag = "members",
    params(("member" = String, Path), ("if-match" = Option<String>, Header, description = IF_MATCH)),
    request_body = SetTier,
    responses(
        (status = 200, body = MemberView, headers(("etag" = String, description = "Version, for `If-Match`"))),
        (status = 412, description = "It was changed: the answer shows what is there now.")
    ),
    security(("token" = ["write:members"]))
)]
pub(super) async fn set_tier(
    State(admin): State<Arc<Admin>>,
    Path(member): Path<String>,
    IfMatch(expected): IfMatch,
    Body(to): Body<SetTier>,
) -> Result<Tagged<MemberView>, ApiError> {
    let new = (to.tier.as_str(), unix(to.until)?);
    let changed = admin.club.set_tier_if(&admin.stamp(), &member, new, expected).await;
    let changed = stale(changed, admin.current_tier(&member)).await?;
    Ok(Tagged(changed.tier_version(), view(changed)))
}

/// Replaces the passkey of a member.
#[utoipa::path(
    post,
    path = "/members/{member}/rotate",
    operation_id = "rotate_passkey",
    tag = "members",
    params(("member" = String, Path)),
    request_body = RotatePasskey,
    responses((status = 200, body = MemberKey)),
    security(("token" = ["write:members"]))
)]
pub(super) async fn rotate(
    State(admin): State<Arc<Admin>>,
    Path(member): Path<String>,
    Body(rotate): Body<RotatePasskey>,
) -> Result<Json<MemberKey>, ApiError> {
    let until = unix(rotate.old_until)?;
    let changed = admin.club.rotate(&admin.stamp(), &member, until).await?;
    Ok(Json(admin.with_key(changed)))
}

/// Suspends a member: their announces are refused.
#[utoipa::path(
    post,
    path = "/members/{member}/suspend",
    operation_id = "suspend_member",
    tag = "members",
    params(("member" = String, Path)),
    responses((status = 200, body = MemberView)),
    security(("token" = ["write:members"]))
)]
pub(super) async fn suspend(
    State(admin): State<Arc<Admin>>,
    Path(member): Path<String>,
) -> Result<Json<MemberView>, ApiError> {
    Ok(Json(view(admin.club.suspend(&admin.stamp(), &member).await?)))
}

/// Ends the suspension of a member.
#[utoipa::path(
    post,
    path = "/members/{member}/resume",
    operation_id = "resume_member",
    tag = "members",
    params(("member" = String, Path)),
    responses((status = 200, body = MemberView)),
    security(("token" = ["write:members"]))
)]
pub(super) async fn resume(
    State(admin): State<Arc<Admin>>,
    Path(member): Path<String>,
) -> Result<Json<MemberView>, ApiError> {
    Ok(Json(view(admin.club.resume(&admin.stamp(), &member).await?)))
}

/// Erases the personal data of a removed member.
#[utoipa::path(
    post,
    path = "/members/{member}/erase",
    operation_id = "erase_member",
    tag = "members",
    params(("member" = String, Path)),
    responses((status = 200, body = MemberView)),
    security(("token" = ["write:members"]))
)]
pub(super) async fn erase(
    State(admin): State<Arc<Admin>>,
    Path(member): Path<String>,
) -> Result<Json<MemberView>, ApiError> {
    Ok(Json(view(admin.club.erase_member(&admin.stamp(), &member).await?)))
}

/// Removes a member. Their name becomes free.
#[utoipa::path(
    delete,
    path = "/members/{member}",
    operation_id = "remove_member",
    tag = "members",
    params(("member" = String, Path), ("if-match" = Option<String>, Header, description = IF_MATCH)),
    responses((status = 200, body = MemberView), (status = 412, description = "It was changed: the answer shows what is there now.")),
    security(("token" = ["write:members"]))
)]
pub(super) async fn remove(
    State(admin): State<Arc<Admin>>,
    Path(member): Path<String>,
    IfMatch(expected): IfMatch,
) -> Result<Json<MemberView>, ApiError> {
    let removed = admin.club.remove_member_if(&admin.stamp(), &member, expected).await;
    Ok(Json(view(stale(removed, admin.current_tier(&member)).await?)))
}

impl Admin {
    async fn current_tier(&self, member: &str) -> Result<CurrentState, ApiError> {
        Ok(CurrentState::Tier(tier_of(&self.club.member(member).await?)))
    }
}

fn tier_of(member: &club::Member) -> MemberTier {
    MemberTier { tier: member.tier.clone(), until: member.tier_until.map(moment) }
}

const fn state_text(state: MemberState) -> &'static str {
    match state {
        MemberState::Active => "active",
        MemberState::Removed => "removed",
        MemberState::Suspended => "suspended",
    }
}

pub(super) fn view(member: club::Member) -> MemberView {
    let state = state_text(member.state);
    MemberView {
        id: member.id.value(),
        name: member.name,
        tier: member.tier,
        tier_until: member.tier_until.map(moment),
        state: state.to_owned(),
        created: moment(member.created),
        email: member.email.map(|email| email.text().to_owned()),
        email_verified: member.email_verified.map(moment),
    }
}
