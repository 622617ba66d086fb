//! Rights of members to items, over the admin API.

use std::sync::Arc;

use api::member::RotatePasskey;
use api::right::{BoundKey, GrantRight, RightView};
use axum::Json;
use axum::extract::{Path, State};

use super::admin::{Admin, unix};
use super::error::ApiError;
use super::extract::Body;

pub(super) async fn grant(
    State(admin): State<Arc<Admin>>,
    Path((member, item)): Path<(String, String)>,
    Body(grant): Body<GrantRight>,
) -> Result<Json<RightView>, ApiError> {
    let until = unix(grant.until)?;
    let right = admin.club.grant(&admin.stamp(), &member, &item, until, "admin").await?;
    Ok(Json(admin.describe(right).await?))
}

pub(super) async fn revoke(
    State(admin): State<Arc<Admin>>,
    Path((member, item)): Path<(String, String)>,
) -> Result<Json<RightView>, ApiError> {
    let right = admin.club.revoke(&admin.stamp(), &member, &item).await?;
    Ok(Json(admin.describe(right).await?))
}

pub(super) async fn rotate(
    State(admin): State<Arc<Admin>>,
    Path((member, item)): Path<(String, String)>,
    Body(rotate): Body<RotatePasskey>,
) -> Result<Json<BoundKey>, ApiError> {
    let until = unix(rotate.old_until)?;
    let turned = admin.club.rotate_bound(&admin.stamp(), &member, &item, until).await?;
    Ok(Json(admin.bound_key(&turned).await?))
}
