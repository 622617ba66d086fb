//! The admin API: JSON over HTTP under `/api/v1`, for the command line and its like.
//!
//! A change is in force on the announce path when its reply is sent. Who may ask on the Unix socket is the file
//! system's business; over TCP a [`Gate`] asks for a token.

mod admin;
mod admins;
mod alerts;
mod attempts;
mod cached;
mod caller;
mod checkouts;
mod covers;
mod discounts;
mod document;
mod error;
mod events;
mod extract;
mod gate;
mod history;
mod import;
mod items;
mod ledger;
mod mail;
mod members;
mod money_view;
mod observe;
mod orders;
mod overview;
mod prices;
mod products;
mod publish;
mod reference;
mod reference_text;
mod rewards;
mod rights;
mod routes;
mod sign_ins;
mod steps;
mod stream;
mod stream_feed;
mod swarm_table;
mod tokens;
mod torrents;
mod upkeep;
mod versions;
mod voucher_table;
mod vouchers;
mod webhooks;
mod work_window;

use std::sync::Arc;

pub use admin::{Admin, HostRoots};
use api::item::MAX_COVER_BYTES;
use api::query::MAX_BODY_BYTES;
use axum::{Extension, Router};
pub use caller::Caller;
pub use document::{document, scope_of};
pub use gate::{Gate, router_for_admins};
pub use overview::BandwidthPrice;
pub use reference::reference;
use routes::{api_routes, missing};
pub use upkeep::{copy_secret, secret_beside, soundness};

/// Routes everything below `/api/v1`, for whoever may open the Unix socket.
pub fn router(admin: Arc<Admin>) -> Router {
    api_routes(admin).layer(Extension(Caller::Socket)).merge(reference()).fallback(missing)
}

// The limits that the JSON documents name are those of the crates that enforce them.
const _: () = assert!(MAX_BODY_BYTES == metainfo::MAX_TORRENT_BYTES);
const _: () = assert!(MAX_COVER_BYTES == crate::catalog::MAX_COVER_BYTES);
const _: () = assert!(api::query::MAX_PAGE == club::Page::MAX);
const _: () = assert!(api::import::MAX_MEMBERS == club::MAX_IMPORT);

#[cfg(test)]
mod tests;
