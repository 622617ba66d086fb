//! `/covers/<item>/<digest>…`: an item's cover in a size, or the one that is drawn for it, at a URL that names its
//! content.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, HeaderMap, HeaderValue,
    IF_NONE_MATCH,
};
use axum::response::{IntoResponse, Response};
use club::{CoverSize, Item};

use super::asset::{ALONE, IMMUTABLE, digest};
use super::cover_art;
use super::failure::Failure;
use super::shown::is_shown;
use crate::http::EntityTag;
use crate::site::state::Site;

/// Where an item's cover is, below the site's home.
pub(super) fn path(item: &Item, size: CoverSize) -> String {
    match &item.cover {
        Some(cover) => format!("/covers/{}/{cover}-{}.jpg", item.name, word(size)),
        None => format!("/covers/{}/{}.svg", item.name, drawn(item)),
    }
}

pub(super) async fn show(
    State(site): State<Arc<Site>>,
    Path((name, file)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let item = site.club.item(&name).await?;
    if item.name != name || !is_shown(&item) {
        return Err(Failure::not_found());
    }
    let (tag, media_type, bytes) = match &item.cover {
        None if file.ends_with(".svg") => {
            (drawn(&item), "image/svg+xml", cover_art::draw(&item.name, &item.title).into_bytes())
        }
        None => return Err(Failure::not_found()),
        Some(_) => {
            // Of another digest than the item's, as from a page that was made before a change.
            let size = CoverSize::ALL
                .into_iter()
                .find(|size| file.ends_with(&format!("-{}.jpg", word(*size))));
            let cover = site.club.cover(item.id, size.ok_or_else(Failure::not_found)?).await?;
            let cover = cover.ok_or_else(Failure::not_found)?;
            (cover.digest.to_string(), "image/jpeg", cover.jpeg)
        }
    };
    let is_present = file.starts_with(&tag);
    let control = if is_present { IMMUTABLE } else { "no-cache" };
    let tag = EntityTag::new(tag);
    let mut head = HeaderMap::new();
    head.insert(CACHE_CONTROL, HeaderValue::from_static(control));
    head.extend(HeaderValue::try_from(tag.to_string()).ok().map(|tag| (ETAG, tag)));
    if headers.get_all(IF_NONE_MATCH).iter().any(|known| tag.is_weakly_in(known.as_bytes())) {
        return Ok((StatusCode::NOT_MODIFIED, head).into_response());
    }
    head.insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    head.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(ALONE));
    Ok((head, bytes).into_response())
}

/// The digest of what is drawn, of which the number of the drawing is a part.
fn drawn(item: &Item) -> String {
    digest(format!("1\n{}\n{}", item.name, item.title).as_bytes())
}

const fn word(size: CoverSize) -> &'static str {
    match size {
        CoverSize::Large => "large",
        CoverSize::Medium => "medium",
        CoverSize::Small => "small",
    }
}
