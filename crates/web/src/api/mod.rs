//! The admin API: JSON over HTTP under `/api/v1`, for the command line and its like.
//!
//! A change is in force on the announce path when its reply is sent. Deliberately absent: who may
//! ask. On the Unix socket that is the file system's business; another listener must see to it
//! before it mounts [`router`].

mod admin;
mod alerts;
mod attempts;
mod checkouts;
mod covers;
mod discounts;
mod error;
mod events;
mod extract;
mod import;
mod items;
mod ledger;
mod mail;
mod members;
mod observe;
mod orders;
mod prices;
mod products;
mod publish;
mod rewards;
mod rights;
mod sign_ins;
mod steps;
mod torrents;
mod upkeep;
mod voucher_table;
mod vouchers;

use std::sync::Arc;

pub use admin::Admin;
use api::item::MAX_COVER_BYTES;
use api::query::MAX_BODY_BYTES;
use axum::Router;
use axum::extract::{DefaultBodyLimit, Request};
use axum::http::StatusCode;
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post, put};
use error::{ApiError, as_problem};
pub use upkeep::{copy_secret, secret_beside, soundness};

use crate::http::{path_has_nul, query_has_nul};

/// Routes everything below `/api/v1`.
pub fn router(admin: Arc<Admin>) -> Router {
    // One byte more than a cover may have, so that the answer can say so.
    let covers = Router::new()
        .route("/items/{item}/cover", get(covers::show).put(covers::set).delete(covers::remove))
        .layer(DefaultBodyLimit::max(MAX_COVER_BYTES + 1));
    let api = Router::new()
        .route("/members", get(members::list).post(members::add))
        .route("/members/{member}", get(members::show).delete(members::remove))
        .route("/members/{member}/tier", put(members::set_tier))
        .route("/members/{member}/rotate", post(members::rotate))
        .route("/members/{member}/suspend", post(members::suspend))
        .route("/members/{member}/resume", post(members::resume))
        .route("/members/{member}/erase", post(members::erase))
        .route("/members/{member}/email", put(sign_ins::set_email))
        .route("/members/{member}/mail", post(mail::orders))
        .route("/members/{member}/sign-ins", get(sign_ins::list).delete(sign_ins::end_all))
        .route("/members/{member}/sign-ins/{sign_in}", delete(sign_ins::end))
        .route("/members/{member}/sign-in-links", post(sign_ins::hand_out))
        .route("/sign-in-attempts", get(sign_ins::attempts))
        .route("/mail", get(mail::list))
        .route("/mail/{mail}/retry", post(mail::retry))
        .route("/mail-tests", post(mail::test))
        .route("/members/{member}/traffic", get(rewards::traffic))
        .route("/members/{member}/rewards", get(rewards::of_member))
        .route("/members/{member}/rights/{item}/rotate", post(rights::rotate))
        .route("/members/{member}/why", get(observe::why))
        .route("/members/{member}/rights/{item}", put(rights::grant).delete(rights::revoke))
        .route("/members/{member}/topups", post(ledger::top_up))
        .route("/members/{member}/balance", get(ledger::balance))
        .route("/members/{member}/statement", get(ledger::statement))
        .route("/members/{member}/orders", get(orders::list).post(orders::buy))
        .route("/items", get(items::list).post(items::add))
        .route("/items/{item}", get(items::show).delete(items::remove))
        .route("/items/{item}/policy", put(items::set_policy))
        .route("/items/{item}/prices", put(prices::set))
        .route("/orders", get(orders::all))
        .route("/orders/{order}", get(orders::show))
        .route("/orders/{order}/mail", post(mail::receipt))
        .route("/orders/{order}/refunds", post(orders::refund))
        .route("/vouchers", get(vouchers::list).post(vouchers::issue))
        .route("/vouchers.csv", get(voucher_table::csv))
        .route("/vouchers/{voucher}", delete(vouchers::void))
        .route("/vouchers/redeem", post(vouchers::redeem))
        .route("/discounts", get(discounts::list).post(discounts::add))
        .route("/discounts/{code}", delete(discounts::remove))
        .route("/ledger/journal", get(ledger::journal))
        .route("/ledger/trial", get(ledger::trial))
        .route("/items/{item}/details", put(publish::describe).patch(publish::describe))
        .route("/items/{item}/magnet", get(publish::magnet))
        .route("/items/{item}/torrent", get(publish::torrent))
        .route("/items/{item}/seed", post(torrents::seed))
        .route("/items/{item}/unpublish", post(publish::unpublish))
        .route("/items/{item}/verify", post(publish::verify))
        .route("/publish", post(publish::publish))
        .route("/stuck", get(publish::stuck))
        .route("/members/{member}/links", get(torrents::links))
        .route("/members/{member}/keys/{key}", post(torrents::rotate))
        .route("/members/{member}/torrents/{item}", get(torrents::of_member))
        .route("/swarms/{swarm}", get(observe::swarm))
        .route("/events", get(events::list))
        .route("/events/{event}", get(events::show))
        .route("/events/{event}/replay", post(events::replay))
        .route("/checkouts", get(checkouts::list).post(checkouts::add))
        .route("/checkouts/{checkout}", get(checkouts::show))
        .route("/checkouts/{checkout}/refunds", post(checkouts::refund))
        .route("/checkouts/{checkout}/answer", post(checkouts::answer))
        .route("/alerts", get(alerts::list))
        .route("/alerts/{alert}/ack", post(alerts::ack))
        .route("/audit", get(alerts::audit))
        .route("/rewards", get(rewards::list))
        .route("/rewards/{reward}/reverse", post(rewards::reverse))
        .route("/stats", get(observe::stats))
        .route("/import", post(import::import))
        .route("/backup", post(upkeep::backup))
        .route("/verify", get(upkeep::verify))
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .merge(covers);
    Router::new()
        .nest("/api/v1", api)
        .fallback(async || ApiError::missing("no such path in the admin API"))
        .method_not_allowed_fallback(async || ApiError::method())
        .layer(from_fn(without_nul))
        .layer(from_fn(as_problem))
        .with_state(admin)
}

/// Refuses a NUL in a path or a query, where it is part of no name.
async fn without_nul(request: Request, next: Next) -> Response {
    let nul = "a NUL (%00) is in the URL, and in no name: remove it";
    if path_has_nul(request.uri()) {
        return ApiError::missing(nul).into_response();
    }
    if query_has_nul(request.uri()) {
        return ApiError::new(StatusCode::BAD_REQUEST, nul).into_response();
    }
    next.run(request).await
}

// The limits that the JSON documents name are those of the crates that enforce them.
const _: () = assert!(MAX_BODY_BYTES == metainfo::MAX_TORRENT_BYTES);
const _: () = assert!(MAX_COVER_BYTES == crate::catalog::MAX_COVER_BYTES);
const _: () = assert!(api::query::MAX_PAGE == club::Page::MAX);
const _: () = assert!(api::import::MAX_MEMBERS == club::MAX_IMPORT);

#[cfg(test)]
mod tests;
