//! The admin API: JSON over HTTP under `/api/v1`, for the command line and its like.
//!
//! A change is in force on the announce path when its reply is sent. Deliberately absent: who may
//! ask. On the Unix socket that is the file system's business; another listener must see to it
//! before it mounts [`router`].

mod admin;
mod checkouts;
mod error;
mod events;
mod extract;
mod items;
mod members;
mod observe;
pub mod pay_view;
mod rights;
mod upkeep;
pub mod view;

use std::sync::Arc;

pub use admin::{Admin, Clock};
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post, put};
use error::ApiError;
pub use upkeep::{copy_secret, secret_beside};

/// Routes everything below `/api/v1`.
pub fn router(admin: Arc<Admin>) -> Router {
    let api = Router::new()
        .route("/members", get(members::list).post(members::add))
        .route("/members/{member}", get(members::show).delete(members::remove))
        .route("/members/{member}/tier", put(members::set_tier))
        .route("/members/{member}/rotate", post(members::rotate))
        .route("/members/{member}/suspend", post(members::suspend))
        .route("/members/{member}/resume", post(members::resume))
        .route("/members/{member}/why", get(observe::why))
        .route("/members/{member}/rights/{item}", put(rights::grant).delete(rights::revoke))
        .route("/items", get(items::list).post(items::add))
        .route("/items/{item}", get(items::show).delete(items::remove))
        .route("/items/{item}/policy", put(items::set_policy))
        .route("/swarms/{swarm}", get(observe::swarm))
        .route("/events", get(events::list))
        .route("/events/{event}", get(events::show))
        .route("/events/{event}/replay", post(events::replay))
        .route("/checkouts", get(checkouts::list).post(checkouts::add))
        .route("/checkouts/{checkout}", get(checkouts::show))
        .route("/checkouts/{checkout}/refund", post(checkouts::refund))
        .route("/stats", get(observe::stats))
        .route("/backup", post(upkeep::backup))
        .route("/verify", get(upkeep::verify))
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES));
    Router::new()
        .nest("/api/v1", api)
        .fallback(async || ApiError::missing("no such path in the admin API"))
        .method_not_allowed_fallback(async || ApiError::method())
        .with_state(admin)
}

/// The largest body that is taken, in bytes: a .torrent file's.
pub const MAX_BODY_BYTES: usize = metainfo::MAX_TORRENT_BYTES;

#[cfg(test)]
mod tests;
