//! Publishing and what comes of it, over the admin API.

use std::sync::Arc;

use api::error::CurrentState;
use api::item::{ItemDetails, ItemView, SetItem, Verified};
use api::links::Magnet;
use api::publish::{FileBytes, ProgressLine, Publish, Published, Stuck};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use club::{Goods, Item, Visibility};

use super::admin::Admin;
use super::error::ApiError;
use super::extract::Body;
use super::versions::{IF_MATCH, IfMatch, Tagged, stale};
use super::{items, steps};
use crate::catalog::{self, Progress, PublishError};

/// Publishes a file or folder as an item, and reports progress.
#[utoipa::path(
    post,
    path = "/publish",
    operation_id = "publish",
    tag = "publishing",
    request_body = Publish,
    responses(
        (status = 200, content_type = "application/x-ndjson", body = ProgressLine<Published>)
    ),
    security(("token" = ["write:items"]))
)]
pub(super) async fn publish(
    State(admin): State<Arc<Admin>>,
    Body(wish): Body<Publish>,
) -> Result<Response, ApiError> {
    let links = admin.publishing()?;
    // Before the status is sent.
    links.check(wish.path.as_deref())?;
    let progress = Arc::new(Progress::default());
    let told = Arc::clone(&progress);
    Ok(steps::answer(told, async move {
        let publisher = admin.publisher();
        let stamp = admin.stamp();
        let published = publisher.publish(&stamp, wish, links, &progress).await?;
        let item = admin.club.item(&published.item).await?;
        let is_shown = item.visibility != Visibility::Draft;
        let page = is_shown.then(|| admin.links(|links| links.page(&item.name)));
        Ok(Published { page, ..published })
    }))
}

/// Compares the files of an item with what was published, and reports progress.
#[utoipa::path(
    post,
    path = "/items/{item}/verify",
    operation_id = "verify_item",
    tag = "publishing",
    params(("item" = String, Path)),
    responses((status = 200, content_type = "application/x-ndjson", body = ProgressLine<Verified>)),
    security(("token" = ["write:items"]))
)]
pub(super) async fn verify(State(admin): State<Arc<Admin>>, Path(item): Path<String>) -> Response {
    let progress = Arc::new(Progress::default());
    let told = Arc::clone(&progress);
    steps::answer(told, async move {
        let (item, bad_files) = admin.publisher().verify(&admin.stamp(), &item, &progress).await?;
        Ok(Verified { whole: bad_files.is_empty(), item: items::view(item), bad_files })
    })
}

/// Withdraws an item from sale and from the site.
#[utoipa::path(
    post,
    path = "/items/{item}/unpublish",
    operation_id = "unpublish_item",
    tag = "publishing",
    params(("item" = String, Path)),
    responses((status = 200, body = ItemView)),
    security(("token" = ["write:items"]))
)]
pub(super) async fn unpublish(
    State(admin): State<Arc<Admin>>,
    Path(item): Path<String>,
) -> Result<Json<ItemView>, ApiError> {
    Ok(Json(items::view(admin.club.withdraw(&admin.stamp(), &item).await?)))
}

/// Returns how an item is presented.
#[utoipa::path(
    get,
    path = "/items/{item}/details",
    operation_id = "show_details",
    tag = "items",
    params(("item" = String, Path)),
    responses((status = 200, body = ItemDetails, headers(("etag" = String, description = "Version, for `If-Match`")))),
    security(("token" = ["read:stats"]))
)]
pub(super) async fn details(
    State(admin): State<Arc<Admin>>,
    Path(item): Path<String>,
) -> Result<Tagged<ItemDetails>, ApiError> {
    let found = admin.club.presentation(&item).await?;
    Ok(Tagged(found.version(), items::details(&found)))
}

/// Sets how an item is presented. What is not named stays.
#[utoipa::path(
    method(put, patch),
    path = "/items/{item}/details",
    operation_id = "set_item",
    tag = "items",
    params(("item" = String, Path), ("if-match" = Option<String>, Header, description = IF_MATCH)),
    request_body = SetItem,
    responses(
        (status = 200, body = ItemView, headers(("etag" = String, description = "Version, for `If-Match`"))),
        (status = 412, description = "It was changed: the answer shows what is there now.")
    ),
    security(("token" = ["write:items"]))
)]
pub(super) async fn describe(
    State(admin): State<Arc<Admin>>,
    Path(item): Path<String>,
    IfMatch(expected): IfMatch,
    Body(to): Body<SetItem>,
) -> Result<Tagged<ItemView>, ApiError> {
    let wanted =
        catalog::details(to).map_err(|error| ApiError::unprocessable(error.to_string()))?;
    let set = admin.club.describe_if(&admin.stamp(), &item, wanted, expected).await;
    let current = async {
        let found = admin.club.presentation(&item).await?;
        Ok(CurrentState::Details(items::details(&found)))
    };
    let set = admin.club.presentation_of(stale(set, current).await?).await?;
    Ok(Tagged(set.version(), items::view(set.item)))
}

/// Returns the torrent of an item without a passkey.
#[utoipa::path(
    get,
    path = "/items/{item}/torrent",
    operation_id = "download_torrent",
    tag = "items",
    params(("item" = String, Path)),
    responses(
        (status = 200, content_type = "application/x-bittorrent", body = FileBytes),
        (status = 409, description = "The item is unpublished.")
    ),
    security(("token" = ["read:stats"]))
)]
pub(super) async fn torrent(
    State(admin): State<Arc<Admin>>,
    Path(item): Path<String>,
) -> Result<Response, ApiError> {
    let (item, goods) = admin.goods(&item).await?;
    let free = admin.is_free(&item);
    let torrent = admin.links(|links| links.public(&goods, &item.name, free));
    Ok(as_file(torrent.map_err(club::Error::from)?))
}

/// Returns the magnet link of a free item.
#[utoipa::path(
    get,
    path = "/items/{item}/magnet",
    operation_id = "show_magnet",
    tag = "items",
    params(("item" = String, Path)),
    responses(
        (status = 200, body = Magnet),
        (status = 409, description = "The item is not free, or is unpublished.")
    ),
    security(("token" = ["read:stats"]))
)]
pub(super) async fn magnet(
    State(admin): State<Arc<Admin>>,
    Path(item): Path<String>,
) -> Result<Json<Magnet>, ApiError> {
    let (item, goods) = admin.goods(&item).await?;
    if !admin.is_free(&item) {
        let text = format!(
            "item `{}` is not free: a magnet would lead around the tracker, give `usher torrent`",
            item.name
        );
        return Err(ApiError::new(StatusCode::CONFLICT, text));
    }
    let magnet = admin.links(|links| {
        let web_seed = links.open_web_seed(&goods, true);
        let web_seeds: Vec<&str> = web_seed.iter().map(String::as_str).collect();
        goods.torrent.magnet(&[&links.urls.announce], &web_seeds)
    });
    let magnet = magnet.map_err(|error| ApiError::unprocessable(error.to_string()))?;
    Ok(Json(Magnet { item: item.name, magnet }))
}

/// Lists the files in the watched folder that could not be published.
#[utoipa::path(
    get,
    path = "/stuck",
    operation_id = "list_stuck",
    tag = "publishing",
    responses((status = 200, body = Vec<Stuck>)),
    security(("token" = ["write:items"]))
)]
pub(super) async fn stuck(State(admin): State<Arc<Admin>>) -> Json<Vec<Stuck>> {
    Json(admin.stuck())
}

/// A .torrent file as an answer.
pub(super) fn as_file(torrent: Vec<u8>) -> Response {
    ([(CONTENT_TYPE, "application/x-bittorrent")], torrent).into_response()
}

impl Admin {
    /// An item that is offered, and its files.
    pub(super) async fn goods(&self, item: &str) -> Result<(Item, Arc<Goods>), ApiError> {
        let item = self.club.item(item).await?;
        item.check_not_removed()?;
        match self.club.goods(item.id).await? {
            Some(goods) if !goods.offer.withdrawn => Ok((item, goods)),
            Some(_) => Err(ApiError::new(
                StatusCode::CONFLICT,
                format!(
                    "item `{0}` is unpublished: `usher publish PATH --replaces {0}`",
                    item.name
                ),
            )),
            None => Err(club::Error::NoGoods(item.name).into()),
        }
    }

    /// Whether anybody may have an item from anywhere.
    pub(super) fn is_free(&self, item: &Item) -> bool {
        self.tracker.policy(&item.policy).is_some_and(|policy| policy.is_free())
    }
}

impl From<PublishError> for ApiError {
    fn from(error: PublishError) -> Self {
        match error {
            PublishError::Club(error) => error.into(),
            PublishError::Outside(error) => error.into(),
            other => Self::unprocessable(other.to_string()),
        }
    }
}
