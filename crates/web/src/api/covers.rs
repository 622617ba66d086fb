//! Covers of items, over the admin API: images as they are, not JSON.

use std::sync::Arc;

use api::item::ItemView;
use api::publish::FileBytes;
use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{Path, State};
use axum::http::header::{CONTENT_TYPE, ETAG, HeaderName};
use club::CoverSize;

use super::admin::Admin;
use super::error::ApiError;
use super::items;
use crate::http::EntityTag;

/// Returns the cover of an item, in its largest size.
#[utoipa::path(
    get,
    path = "/items/{item}/cover",
    operation_id = "download_cover",
    tag = "items",
    params(("item" = String, Path)),
    responses((status = 200, content_type = "image/jpeg", body = FileBytes)),
    security(("token" = ["read:stats"]))
)]
pub(super) async fn show(
    State(admin): State<Arc<Admin>>,
    Path(item): Path<String>,
) -> Result<([(HeaderName, String); 2], Vec<u8>), ApiError> {
    let item = admin.club.item(&item).await?;
    let cover = admin.club.cover(item.id, CoverSize::Large).await?;
    let cover = cover.ok_or_else(|| {
        ApiError::missing(format!(
            "item `{0}` has no cover: `usher item set {0} --cover FILE`",
            item.name
        ))
    })?;
    let tag = EntityTag::new(cover.digest.to_string()).to_string();
    Ok(([(CONTENT_TYPE, "image/jpeg".to_owned()), (ETAG, tag)], cover.jpeg))
}

/// Makes a cover of the body: a JPEG, PNG or WebP file.
#[utoipa::path(
    put,
    path = "/items/{item}/cover",
    operation_id = "set_cover",
    tag = "items",
    params(("item" = String, Path)),
    request_body(content = FileBytes, content_type = "application/octet-stream"),
    responses((status = 200, body = ItemView)),
    security(("token" = ["write:items"]))
)]
pub(super) async fn set(
    State(admin): State<Arc<Admin>>,
    Path(item): Path<String>,
    upload: Result<Bytes, BytesRejection>,
) -> Result<Json<ItemView>, ApiError> {
    let upload =
        upload.map_err(|rejection| ApiError::new(rejection.status(), rejection.body_text()))?;
    let item = admin.publisher().set_cover(&admin.stamp(), &item, upload).await?;
    Ok(Json(items::view(item)))
}

/// Removes the cover of an item.
#[utoipa::path(
    delete,
    path = "/items/{item}/cover",
    operation_id = "remove_cover",
    tag = "items",
    params(("item" = String, Path)),
    responses((status = 200, body = ItemView)),
    security(("token" = ["write:items"]))
)]
pub(super) async fn remove(
    State(admin): State<Arc<Admin>>,
    Path(item): Path<String>,
) -> Result<Json<ItemView>, ApiError> {
    Ok(Json(items::view(admin.club.set_cover(&admin.stamp(), &item, None).await?)))
}
