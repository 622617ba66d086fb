//! Pages for people: HTML by templates, complete without scripts.
//!
//! A handler takes a [`Visitor`](visitor::Visitor), or a [`CheckedForm`](form::CheckedForm) where a form is sent, builds a
//! template that extends `layout.html`, and answers by `Visitor::page`. What must not be shown is a
//! [`Failure`](failure::Failure). Deliberately absent: links from anything but `public_url`, and inline scripts or styles.

mod appearance;
mod asset;
mod assets;
mod catalogue;
mod colour;
mod cookie;
mod dress;
mod failure;
mod form;
mod form_token;
mod layout;
mod look;
mod markdown;
mod security;
mod sign_in;
mod signed_in;
mod texts;
mod visitor;

use std::sync::Arc;

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::response::Redirect;
use axum::routing::{get, post};

pub use appearance::{Appearance, BadPicture, Picture, Texts};
pub use colour::{BadColour, Colour};
pub(super) use dress::{failures, shorten};
pub(super) use failure::Failure;
pub(super) use look::Look;
pub(super) use security::headers;

use super::state::Site;

/// Routes every page. A topic adds its routes here.
pub(super) fn routes(site: &Arc<Site>) -> Router<Arc<Site>> {
    Router::new()
        .route("/", get(catalogue::show))
        .route("/about", get(texts::about))
        .route("/assets/{digest}/{name}", get(assets::show))
        // The comment of each torrent names it. Any name goes the same way, so that nobody learns by trying which
        // items there are.
        .route("/items/{name}", get(async || Redirect::to("/")))
        .route("/privacy", get(texts::privacy))
        .route("/sign-in", get(sign_in::ask).post(sign_in::send))
        .route("/sign-in/code", get(sign_in::ask_code).post(sign_in::use_code))
        .route("/sign-in/{token}", get(sign_in::show_link).post(sign_in::use_link))
        .route("/sign-out", post(sign_in::sign_out))
        .route("/terms", get(texts::terms))
        .route_layer(from_fn_with_state(Arc::clone(site), security::gate))
}

#[cfg(test)]
mod tests;
