//! Members' own torrents, URLs and keys, over the admin API.

use std::sync::Arc;

use api::links::{ItemLinks, MemberLinks};
use api::publish::FileBytes;
use api::query::PageQuery;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use club::{Item, ItemFilter, Key, Listed, Member, PageRequest};
use policy::{ItemId, KeyGrant};

use super::admin::Admin;
use super::error::ApiError;
use super::extract::{Params, page};
use super::publish::as_file;
use crate::catalog::TorrentOwner;

/// Returns a member's own torrent of an item, with their passkey.
#[utoipa::path(
    get,
    path = "/members/{member}/torrents/{item}",
    operation_id = "download_member_torrent",
    tag = "members",
    params(("member" = String, Path), ("item" = String, Path)),
    responses(
        (status = 200, content_type = "application/x-bittorrent", body = FileBytes),
        (status = 409, description = "The member has no right to the item, or it is unpublished.")
    ),
    security(("token" = ["write:members"]))
)]
pub(super) async fn of_member(
    State(admin): State<Arc<Admin>>,
    Path((member, item)): Path<(String, String)>,
) -> Result<Response, ApiError> {
    let member = admin.club.member(&member).await?;
    let (item, goods) = admin.goods(&item).await?;
    let owner = admin
        .torrent_access()
        .own(&member, &item)
        .ok_or_else(|| refused(&admin, &member, &item))?;
    let torrent = admin.links(|links| links.personal(&goods, &item.name, owner));
    Ok(as_file(torrent.map_err(club::Error::from)?))
}

/// The torrent for the publisher's own seed box: that of a member of this name, who is made when
/// there is none and has a right to all. It has no web seed, being one.
#[utoipa::path(
    post,
    path = "/items/{item}/seed",
    operation_id = "make_seed_torrent",
    tag = "items",
    params(("item" = String, Path)),
    responses((status = 200, content_type = "application/x-bittorrent", body = FileBytes)),
    security(("token" = ["all"]))
)]
pub(super) async fn seed(
    State(admin): State<Arc<Admin>>,
    Path(item): Path<String>,
) -> Result<Response, ApiError> {
    let (item, goods) = admin.goods(&item).await?;
    let member = admin.club.seed_box(&admin.stamp()).await?;
    let owner = admin
        .torrent_access()
        .own(&member, &item)
        .ok_or_else(|| no_seed_box(&admin, &member, &item))?;
    let owner = TorrentOwner { web_seed: None, free: false, ..owner };
    let torrent = admin.links(|links| links.personal(&goods, &item.name, owner));
    Ok(as_file(torrent.map_err(club::Error::from)?))
}

/// A seed box without a right is one whose right was taken back, or a person: an older usher let
/// people have its name.
fn no_seed_box(admin: &Admin, member: &Member, item: &Item) -> ApiError {
    if !admin.torrent_access().is_private_or_free(item) {
        return refused(admin, member, item);
    }
    let (name, item) = (&member.name, &item.name);
    let text = format!(
        "member `{name}` has no right to `{item}` now: `usher grant {name} all` if it is your seed \
         box; if it is somebody else, `usher member remove {name}` and give them another name"
    );
    ApiError::new(StatusCode::CONFLICT, text)
}

fn refused(admin: &Admin, member: &Member, item: &Item) -> ApiError {
    let text = if admin.torrent_access().is_private_or_free(item) {
        format!(
            "member `{0}` has no right to `{1}` now: `usher grant {0} {1}`",
            member.name, item.name
        )
    } else {
        format!(
            "the torrent of `{0}` is not private, so a passkey in it would be for nothing: \
             `usher publish PATH --replaces {0}` makes one that is",
            item.name
        )
    };
    ApiError::new(StatusCode::CONFLICT, text)
}

/// Returns the URLs that belong to a member alone.
#[utoipa::path(
    get,
    path = "/members/{member}/links",
    operation_id = "show_links",
    tag = "members",
    params(("member" = String, Path), PageQuery),
    responses((status = 200, body = MemberLinks)),
    security(("token" = ["write:members"]))
)]
pub(super) async fn links(
    State(admin): State<Arc<Admin>>,
    Path(member): Path<String>,
    Params(PageQuery { after, limit }): Params<PageQuery>,
) -> Result<Json<MemberLinks>, ApiError> {
    let member = admin.club.member(&member).await?;
    Ok(Json(links_of(&admin, member, page(after, limit, None)?).await?))
}

/// The URLs of a member, with those of a page of items: so many are looked at, and those that the member may have
/// are returned.
async fn links_of(
    admin: &Admin,
    member: Member,
    page: PageRequest,
) -> Result<MemberLinks, ApiError> {
    let generations = admin.club.key_generations(member.id);
    let mut items = Vec::new();
    let Listed { rows, next } = admin.club.list_items(&ItemFilter::default(), &page).await?;
    for item in rows {
        let is_offered = item.offer.as_ref().is_some_and(|offer| !offer.withdrawn);
        let Some(owner) = admin.torrent_access().own(&member, &item).filter(|_| is_offered) else {
            continue;
        };
        let Some(goods) = admin.club.goods(item.id).await? else { continue };
        let direct = owner.entitled && admin.club.bought_direct(member.id, item.id).await?;
        items.push(admin.links(|links| ItemLinks {
            direct: if direct { links.direct(&goods, member.id, generations) } else { Vec::new() },
            torrent: links.torrent(&links.download_token(member.id, generations), &item.name),
            web_seed: links.web_seed_in(&goods, owner),
            item: item.name,
        }));
    }
    Ok(admin.links(|links| {
        let grant =
            KeyGrant { member: member.id, generation: member.generation, item: ItemId::ANY };
        let feed_token = links.feed_token(member.id, generations);
        MemberLinks {
            announce_url: links.announce(grant),
            download_token: links.download_token(member.id, generations),
            club_feed: links.feed(&feed_token, "club"),
            podcast_feed: links.feed(&feed_token, "podcast"),
            feed_token,
            member: member.name,
            items,
            next,
        }
    }))
}

/// Gives a member another key of one kind; the one before opens nothing from now on.
#[utoipa::path(
    post,
    path = "/members/{member}/keys/{key}",
    operation_id = "rotate_key",
    tag = "members",
    params(("member" = String, Path), ("key" = String, Path)),
    responses((status = 200, body = MemberLinks)),
    security(("token" = ["write:members"]))
)]
pub(super) async fn rotate(
    State(admin): State<Arc<Admin>>,
    Path((member, key)): Path<(String, String)>,
) -> Result<Json<MemberLinks>, ApiError> {
    let key = match key.as_str() {
        "download" => Key::Download,
        "feed" => Key::Feed,
        "login" => Key::Login,
        "webseed" => Key::WebSeed,
        other => {
            let text = format!("no key `{other}`: there are download, feed, login and webseed");
            return Err(ApiError::missing(text));
        }
    };
    admin.club.rotate_key(&admin.stamp(), &member, key).await?;
    let member = admin.club.member(&member).await?;
    Ok(Json(links_of(&admin, member, PageRequest::default()).await?))
}
