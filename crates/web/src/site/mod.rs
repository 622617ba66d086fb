//! What people and their clients reach over HTTP: the site of one publisher.
//!
//! Every answer says `Referrer-Policy: no-referrer`, because many URLs here hold a secret. Deliberately
//! absent: the listener, which brings the client's address as an [`Origin`](crate::http::Origin); and the bytes of the
//! goods, which the daemon moves by itself.

mod feed_document;
mod feeds;
mod masthead;
mod own_numbers;
mod pages;
mod state;
mod taken;
mod token;
mod torrents;

use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
pub use masthead::Masthead;
pub use pages::{
    Appearance, BadColour, BadPicture, Colour, Picture, Texts, TierOffer, TopupAmounts,
};
pub use state::Site;

use crate::http::path_has_nul;
pub(crate) use pages::{Asset, Binding, FIXED_HEADERS, Failure, form_token, read_cookie};

/// Routes everything that the site answers. A topic adds its routes here.
pub fn router(site: Arc<Site>) -> Router {
    let shared = || Arc::clone(&site);
    Router::new()
        .route("/feed/public.xml", get(feeds::public))
        .route("/feed/{token}/{file}", get(feeds::personal))
        .route("/t/{token}/{file}", get(torrents::show))
        .route("/api/v1/me", get(own_numbers::show))
        .merge(pages::routes(&site))
        .fallback(async || Failure::not_found())
        .method_not_allowed_fallback(async || Failure::wrong_method())
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .layer(from_fn(without_nul))
        .layer(from_fn_with_state(shared(), pages::failures))
        .layer(from_fn(pages::shorten))
        .layer(from_fn_with_state(shared(), pages::headers))
        .with_state(site)
}

/// The largest body that is taken, in bytes: many times what a payment provider sends.
pub const MAX_BODY_BYTES: usize = 64 * 1024;

/// Answers a path that can't name anything like any other that does not.
async fn without_nul(request: Request, next: Next) -> Response {
    if path_has_nul(request.uri()) {
        return Failure::not_found().into_response();
    }
    next.run(request).await
}
