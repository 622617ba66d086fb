//! What people and their clients reach over HTTP: the site of one publisher.
//!
//! Every answer says `Referrer-Policy: no-referrer`, because most URLs here hold a secret. Deliberately
//! absent: the listener, which brings the client's address as an [`Origin`](crate::http::Origin); and the bytes of the
//! goods, which the daemon moves by itself.

mod feed_document;
mod feeds;
mod masthead;
mod state;
mod token;
mod torrents;

use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request};
use axum::http::header::REFERRER_POLICY;
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::{Next, from_fn, map_response};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
pub use masthead::Masthead;
pub use state::Site;

use crate::http::{path_has_nul, text};
use token::PageError;

/// Routes everything that the site answers. A topic adds its routes here.
pub fn router(site: Arc<Site>) -> Router {
    Router::new()
        .route("/", get(async || text(StatusCode::OK, LANDING)))
        .route("/feed/public.xml", get(feeds::public))
        .route("/feed/{token}/{file}", get(feeds::personal))
        .route("/t/{token}/{file}", get(torrents::show))
        // The comment of each torrent names it. Any name goes the same way, so that nobody learns by
        // trying which items there are.
        .route("/items/{name}", get(async || Redirect::to("/")))
        .fallback(async || text(StatusCode::NOT_FOUND, "nothing here\n"))
        .method_not_allowed_fallback(async || {
            text(StatusCode::METHOD_NOT_ALLOWED, "this path does not take that method\n")
        })
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .layer(from_fn(without_nul))
        .layer(map_response(without_referrer))
        .with_state(site)
}

/// The largest body that is taken, in bytes: many times what a payment provider sends.
pub const MAX_BODY_BYTES: usize = 64 * 1024;

/// Answers a path that can't name anything like any other that does not.
async fn without_nul(request: Request, next: Next) -> Response {
    if path_has_nul(request.uri()) {
        return PageError::Nothing.into_response();
    }
    next.run(request).await
}

async fn without_referrer(mut response: Response) -> Response {
    let none = HeaderValue::from_static("no-referrer");
    response.headers_mut().entry(REFERRER_POLICY).or_insert(none);
    response
}

const LANDING: &str = "This is a BitTorrent tracker that knows who paid. Its feeds and torrents have links of their own.\n";

#[cfg(test)]
mod tests;
