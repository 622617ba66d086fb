//! Items, over the admin API.

use std::sync::Arc;

use api::error::CurrentState;
use api::item::{AddItem, ItemBytes, ItemDetail, ItemDetails, ItemPolicyView, ItemView, SetPolicy};
use api::page::ItemPage;
use api::publish::FileBytes;
use api::query::{ItemQuery, TorrentQuery};
use axum::Json;
use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Path, Request, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use club::{AccessScope, ItemFilter, ItemState, Listed, Page, Presentation, Tag, Visibility};
use metainfo::Torrent;
use wire::InfoHash;

use super::admin::{Admin, moment};
use super::caller::Caller;
use super::error::ApiError;
use super::extract::{Body, Params, one_of, page};
use super::ledger::money;
use super::versions::{IF_MATCH, IfMatch, Tagged, stale};

/// Lists the items.
#[utoipa::path(
    get,
    path = "/items",
    operation_id = "list_items",
    tag = "items",
    params(ItemQuery),
    responses((status = 200, body = ItemPage)),
    security(("token" = ["read:stats"]))
)]
pub(super) async fn list(
    State(admin): State<Arc<Admin>>,
    Params(query): Params<ItemQuery>,
) -> Result<Json<ItemPage>, ApiError> {
    let ItemQuery { search, policy, visibility, state, newest, after, limit } = query;
    let all = [Visibility::Draft, Visibility::Published, Visibility::Unlisted];
    let visibility = one_of("visibility", visibility.as_deref(), all, Visibility::text)?;
    let state = one_of("state", state.as_deref(), ItemState::ALL, ItemState::text)?;
    let filter = ItemFilter { search, policy, visibility, state };
    let found = admin.club.list_items(&filter, &page(after, limit, newest)?).await?;
    let Listed { rows: items, next } = found.map(view);
    Ok(Json(ItemPage { items, next }))
}

/// Takes a .torrent file as it is, named by the query, or JSON with info hashes.
#[utoipa::path(
    post,
    path = "/items",
    operation_id = "add_item",
    tag = "items",
    params(
        ("name" = Option<String>, Query, description = "Name of the item; only for a torrent."),
        ("policy" = Option<String>, Query, description = "Name of its policy; only for a torrent.")
    ),
    request_body(content((AddItem = "application/json"), (FileBytes = "application/x-bittorrent"))),
    responses((status = 201, body = ItemView)),
    security(("token" = ["write:items"]))
)]
pub(super) async fn add(
    State(admin): State<Arc<Admin>>,
    request: Request,
) -> Result<(StatusCode, Json<ItemView>), ApiError> {
    let is_torrent = request
        .headers()
        .get(CONTENT_TYPE)
        .is_some_and(|content_type| content_type == "application/x-bittorrent");
    let new = if is_torrent { from_torrent(request).await? } else { from_json(request).await? };
    let item = admin.club.add_item(&admin.stamp(), new).await?;
    Ok((StatusCode::CREATED, Json(view(item))))
}

async fn from_torrent(request: Request) -> Result<club::NewItem, ApiError> {
    let (mut parts, body) = request.into_parts();
    let Params(TorrentQuery { name, policy }) = Params::from_request_parts(&mut parts, &()).await?;
    let bytes = Bytes::from_request(Request::from_parts(parts, body), &())
        .await
        .map_err(|rejection| ApiError::new(rejection.status(), rejection.body_text()))?;
    let torrent = Torrent::read(&bytes)
        .map_err(|error| ApiError::unprocessable(format!("not a torrent file: {error}")))?;
    // Nobody typed it, so what can't be in a title is left out.
    let title = String::from_utf8_lossy(torrent.name.as_bytes());
    let title = title.chars().filter(|c| !c.is_control()).take(club::MAX_TEXT).collect();
    Ok(club::NewItem {
        name,
        title,
        policy,
        info_hashes: torrent.info_hashes().collect(),
        size_bytes: Some(torrent.length),
        private: torrent.private,
    })
}

async fn from_json(request: Request) -> Result<club::NewItem, ApiError> {
    let Body(new) = Body::<AddItem>::from_request(request, &()).await?;
    let read = |text: &String| {
        InfoHash::from_hex(text).ok_or_else(|| {
            ApiError::unprocessable(format!("`{text}` is not an info hash: 40 hexadecimal digits"))
        })
    };
    Ok(club::NewItem {
        title: new.name.clone(),
        name: new.name,
        policy: new.policy,
        info_hashes: new.info_hashes.iter().map(read).collect::<Result<_, _>>()?,
        size_bytes: None,
        private: false,
    })
}

/// Returns an item with its numbers and the rights to it.
///
/// The rights name members: without the scope `read:members` there are none in the answer.
#[utoipa::path(
    get,
    path = "/items/{item}",
    operation_id = "show_item",
    tag = "items",
    params(("item" = String, Path)),
    responses((status = 200, body = ItemDetail, headers(("etag" = String, description = "Version, for `If-Match`")))),
    security(("token" = ["read:stats"]))
)]
pub(super) async fn show(
    State(admin): State<Arc<Admin>>,
    Path(item): Path<String>,
) -> Result<Tagged<ItemDetail>, ApiError> {
    let found = admin.club.item(&item).await?;
    let rights = if Caller::may(AccessScope::ReadMembers) {
        let rights = admin.club.entitlements_of_item(&found.id.to_string(), Page::FIRST).await?;
        admin.describe_all(rights).await?
    } else {
        Vec::new()
    };
    let served_bytes = admin.club.served_in_all(found.id).await?;
    let goods = admin.club.goods(found.id).await?;
    let preview_url = goods.and_then(|goods| admin.links(|links| links.preview(&goods)));
    let completed = admin.tracker.completed(&found.info_hashes);
    let (taken, carried) =
        (admin.club.taken_of(found.id).await?, admin.club.carried_of(found.id).await?);
    let traffic = ItemBytes {
        taken_bytes: taken.all,
        saved_bytes: taken.from_peers,
        reported_bytes: carried.reported,
        verified_bytes: carried.verified,
    };
    let found = admin.club.presentation_of(found).await?;
    let version = found.item_version();
    let Presentation { item, description, parts } = found;
    let item = view(item);
    let detail = ItemDetail {
        item,
        description,
        preview_url,
        served_bytes,
        completed,
        traffic,
        parts,
        rights,
    };
    Ok(Tagged(version, detail))
}

/// Returns the policy of the swarm of an item.
#[utoipa::path(
    get,
    path = "/items/{item}/policy",
    operation_id = "show_policy",
    tag = "items",
    params(("item" = String, Path)),
    responses((status = 200, body = ItemPolicyView, headers(("etag" = String, description = "Version, for `If-Match`")))),
    security(("token" = ["read:stats"]))
)]
pub(super) async fn policy(
    State(admin): State<Arc<Admin>>,
    Path(item): Path<String>,
) -> Result<Tagged<ItemPolicyView>, ApiError> {
    let item = admin.club.item(&item).await?;
    Ok(Tagged(item.policy_version(), ItemPolicyView { policy: item.policy }))
}

/// Sets the policy of the swarm of an item.
#[utoipa::path(
    put,
    path = "/items/{item}/policy",
    operation_id = "set_policy",
    tag = "items",
    params(("item" = String, Path), ("if-match" = Option<String>, Header, description = IF_MATCH)),
    request_body = SetPolicy,
    responses(
        (status = 200, body = ItemView, headers(("etag" = String, description = "Version, for `If-Match`"))),
        (status = 412, description = "It was changed: the answer shows what is there now.")
    ),
    security(("token" = ["write:items"]))
)]
pub(super) async fn set_policy(
    State(admin): State<Arc<Admin>>,
    Path(item): Path<String>,
    IfMatch(expected): IfMatch,
    Body(to): Body<SetPolicy>,
) -> Result<Tagged<ItemView>, ApiError> {
    let set = admin.club.set_policy_if(&admin.stamp(), &item, &to.policy, expected).await;
    let current = async {
        let policy = admin.club.item(&item).await?.policy;
        Ok(CurrentState::Policy(ItemPolicyView { policy }))
    };
    let set = stale(set, current).await?;
    Ok(Tagged(set.policy_version(), view(set)))
}

/// Removes an item. Its name becomes free.
#[utoipa::path(
    delete,
    path = "/items/{item}",
    operation_id = "remove_item",
    tag = "items",
    params(("item" = String, Path), ("if-match" = Option<String>, Header, description = IF_MATCH)),
    responses((status = 200, body = ItemView), (status = 412, description = "It was changed: the answer shows what is there now.")),
    security(("token" = ["write:items"]))
)]
pub(super) async fn remove(
    State(admin): State<Arc<Admin>>,
    Path(item): Path<String>,
    IfMatch(expected): IfMatch,
) -> Result<Json<ItemView>, ApiError> {
    let removed = admin.club.remove_item_if(&admin.stamp(), &item, expected).await;
    let current = async {
        let found = admin.club.presentation(&item).await?;
        Ok(CurrentState::Details(details(&found)))
    };
    Ok(Json(view(stale(removed, current).await?)))
}

/// How an item is presented, as JSON.
pub(super) fn details(found: &Presentation) -> ItemDetails {
    let item = &found.item;
    ItemDetails {
        title: item.title.clone(),
        subtitle: item.subtitle.clone(),
        description: found.description.clone(),
        tags: item.tags.iter().map(Tag::to_string).collect(),
        visibility: item.visibility.to_string(),
        released: item.released,
        preview: item.preview.clone(),
        tier: item.tier.clone(),
        parts: found.parts.clone(),
    }
}

/// An item as JSON.
pub(super) fn view(item: club::Item) -> ItemView {
    let info_hashes: Vec<_> = item.info_hashes.iter().map(InfoHash::to_string).collect();
    let state = ItemState::of(&item).text();
    ItemView {
        subtitle: item.subtitle,
        tags: item.tags.iter().map(Tag::to_string).collect(),
        visibility: item.visibility.to_string(),
        released: item.released,
        preview: item.preview,
        cover: item.cover.map(|digest| digest.to_string()),
        tier: item.tier,
        state: state.to_owned(),
        version: item.offer.as_ref().map(|offer| offer.version),
        broken: item.offer.and_then(|offer| offer.broken),
        id: item.id.0,
        name: item.name,
        title: item.title,
        policy: item.policy,
        info_hash: info_hashes.first().cloned(),
        info_hashes,
        size_bytes: item.size_bytes,
        private: item.private,
        torrent_price: item.prices.torrent.map(money),
        direct_price: item.prices.direct.map(money),
        minimum: item.minimum.map(money),
        removed: item.removed,
        created: moment(item.created),
    }
}
