//! Pages for people: HTML by templates, complete without scripts.
//!
//! A handler takes a [`Visitor`](visitor::Visitor), or a [`CheckedForm`](form::CheckedForm) where a form is sent, builds a
//! template that extends `layout.html`, and answers by `Visitor::page`. What must not be shown is a
//! [`Failure`]. Deliberately absent: links from anything but `public_url`, and inline scripts or styles.

mod appearance;
mod asset;
mod assets;
mod buy;
mod catalogue;
mod colour;
mod cookie;
mod cover;
mod cover_art;
mod crawlers;
mod dress;
mod failure;
mod feeds;
mod form;
pub(crate) mod form_token;
mod item;
mod layout;
mod look;
mod me;
mod memberships;
mod offers;
mod price;
mod security;
mod shown;
mod sign_in;
mod signed_in;
mod texts;
mod topup_amounts;
mod visitor;

use std::sync::Arc;

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};

pub use appearance::{Appearance, BadPicture, Picture, Texts, TierOffer};
pub(crate) use asset::Asset;
pub use colour::{BadColour, Colour};
pub(crate) use cookie::read as read_cookie;
pub(super) use dress::{failures, shorten};
pub(crate) use failure::Failure;
pub(crate) use form_token::Binding;
pub(super) use look::Look;
pub(crate) use security::FIXED as FIXED_HEADERS;
pub(super) use security::headers;
pub use topup_amounts::TopupAmounts;

use super::state::Site;

/// Routes every page. A topic adds its routes here.
pub(super) fn routes(site: &Arc<Site>) -> Router<Arc<Site>> {
    Router::new()
        .route("/", get(catalogue::show))
        .route("/about", get(texts::about))
        .route("/club", get(memberships::show))
        .route("/club/{tier}/buy", get(buy::membership::show).post(buy::membership::send))
        .route("/covers/{item}/{file}", get(cover::show))
        .route("/feeds", get(feeds::show))
        .route("/items/{name}", get(item::show))
        .route("/library", get(me::library::show))
        .route("/library.csv", get(me::library_export::csv))
        .route("/library.json", get(me::library_export::json))
        .route("/library/feeds", post(me::links::replace))
        .route("/library/mail", post(me::links::mail))
        .route("/items/{name}/buy", get(buy::checkout::show).post(buy::checkout::send))
        .route("/orders/{token}", get(buy::order::show))
        .route("/orders/{token}/gift", get(buy::gift::show))
        .route("/orders/{token}/pay", post(buy::order::pay))
        .route("/orders/{token}/{file}", get(buy::order::torrent))
        .route("/me", get(me::account::show))
        .route("/me/data.json", get(me::data::json))
        .route("/me/delete", get(me::deletion::show).post(me::deletion::send))
        .route("/me/email", post(me::account::set_email))
        .route("/me/money", get(me::account::money_part))
        .route("/me/passkey", post(me::account::reveal))
        .route("/me/passkey/rotate", post(me::account::rotate))
        .route("/me/subscriptions/{checkout}/cancel", post(me::subscriptions::cancel))
        .route("/me/tokens", post(me::account::add_token))
        .route("/me/tokens/{id}/revoke", post(me::account::revoke_token))
        .route("/me/traffic", get(me::traffic::show))
        .route("/me/sign-ins/end", post(me::account::end_sign_ins))
        .route("/me/sign-ins/{id}/end", post(me::account::end_sign_in))
        .route("/privacy", get(texts::privacy))
        .route("/robots.txt", get(crawlers::robots))
        .route("/sitemap.xml", get(crawlers::sitemap))
        .route("/sign-in", get(sign_in::ask).post(sign_in::send))
        .route("/sign-in/code", get(sign_in::ask_code).post(sign_in::use_code))
        .route("/sign-in/{token}", get(sign_in::show_link).post(sign_in::use_link))
        .route("/sign-out", post(sign_in::sign_out))
        .route("/redeem", get(buy::redeem::show).post(buy::redeem::send))
        .route("/terms", get(texts::terms))
        .route("/top-up", get(buy::topup::show).post(buy::topup::send))
        .route_layer(from_fn_with_state(Arc::clone(site), security::gate))
        // Under any host: the page that names the right one uses them.
        .route("/assets/{digest}/{name}", get(assets::show))
}

#[cfg(test)]
mod tests;
