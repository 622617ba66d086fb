//! The routes of the admin API, each with its part of the document.
//!
//! Deliberately absent: who may ask, which the layers around them decide.

use std::sync::Arc;

use api::item::MAX_COVER_BYTES;
use api::query::MAX_BODY_BYTES;
use axum::Router;
use axum::extract::{DefaultBodyLimit, Request};
use axum::http::StatusCode;
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouterExt};
use utoipa_axum::routes;

use super::admin::Admin;
use super::caller::in_its_name;
use super::error::{ApiError, as_problem};
use super::{
    admins, alerts, checkouts, covers, discounts, events, history, import, items, ledger, mail,
    members, observe, orders, prices, publish, rewards, rights, sign_ins, stream, swarm_table,
    tokens, torrents, upkeep, voucher_table, vouchers, webhooks,
};
use crate::http::{path_has_nul, query_has_nul};

/// Routes everything below `/api/v1`, for whoever the layers around it name as the caller.
pub(super) fn api_routes(admin: Arc<Admin>) -> Router {
    let (router, _) = documented().split_for_parts();
    router
        .route(OTHER_PATHS, any(missing))
        .method_not_allowed_fallback(async || ApiError::method())
        .layer(from_fn(without_nul))
        .layer(from_fn(in_its_name))
        .layer(from_fn(as_problem))
        .with_state(admin)
}

/// The routes, each with its part of the document.
pub(super) fn documented() -> OpenApiRouter<Arc<Admin>> {
    let api = OpenApiRouter::default()
        .routes(routes!(members::list, members::add))
        .routes(routes!(members::show, members::remove))
        .routes(routes!(members::tier, members::set_tier))
        .routes(routes!(members::rotate))
        .routes(routes!(members::suspend))
        .routes(routes!(members::resume))
        .routes(routes!(members::erase))
        .routes(routes!(sign_ins::set_email))
        .routes(routes!(mail::orders))
        .routes(routes!(sign_ins::list, sign_ins::end_all))
        .routes(routes!(sign_ins::end))
        .routes(routes!(sign_ins::hand_out))
        .routes(routes!(sign_ins::attempts))
        .routes(routes!(mail::list))
        .routes(routes!(mail::retry))
        .routes(routes!(mail::test))
        .routes(routes!(rewards::traffic))
        .routes(routes!(rewards::of_member))
        .routes(routes!(rights::of_member))
        .routes(routes!(rights::to_item))
        .routes(routes!(rights::rotate))
        .routes(routes!(observe::why))
        .routes(routes!(rights::grant, rights::revoke))
        .routes(routes!(ledger::top_up))
        .routes(routes!(ledger::balance))
        .routes(routes!(ledger::statement))
        .routes(routes!(orders::list, orders::buy))
        .routes(routes!(items::list, items::add))
        .routes(routes!(items::show, items::remove))
        .routes(routes!(items::policy, items::set_policy))
        .routes(routes!(prices::show, prices::set))
        .routes(routes!(orders::all))
        .routes(routes!(orders::show))
        .routes(routes!(mail::receipt))
        .routes(routes!(orders::refund))
        .routes(routes!(vouchers::list, vouchers::issue))
        .routes(routes!(voucher_table::csv))
        .routes(routes!(vouchers::void))
        .routes(routes!(vouchers::redeem))
        .routes(routes!(discounts::list, discounts::add))
        .routes(routes!(discounts::remove))
        .routes(routes!(ledger::journal))
        .routes(routes!(ledger::trial))
        .routes(routes!(publish::details, publish::describe))
        .routes(
            // One byte more than a cover may have, so that the answer can say so.
            routes!(covers::show, covers::set, covers::remove)
                .layer(DefaultBodyLimit::max(MAX_COVER_BYTES + 1)),
        )
        .routes(routes!(publish::magnet))
        .routes(routes!(publish::torrent))
        .routes(routes!(torrents::seed))
        .routes(routes!(publish::unpublish))
        .routes(routes!(publish::verify))
        .routes(routes!(publish::publish))
        .routes(routes!(publish::stuck))
        .routes(routes!(torrents::links))
        .routes(routes!(torrents::rotate))
        .routes(routes!(torrents::of_member))
        .routes(routes!(swarm_table::list))
        .routes(routes!(observe::swarm))
        .routes(routes!(events::list))
        .routes(routes!(events::show))
        .routes(routes!(events::replay))
        .routes(routes!(checkouts::list, checkouts::add))
        .routes(routes!(checkouts::show))
        .routes(routes!(checkouts::refund))
        .routes(routes!(checkouts::answer))
        .routes(routes!(admins::list, admins::add))
        .routes(routes!(admins::remove))
        .routes(routes!(admins::reset))
        .routes(routes!(alerts::list))
        .routes(routes!(alerts::ack))
        .routes(routes!(alerts::audit))
        .routes(routes!(rewards::list))
        .routes(routes!(rewards::reverse))
        .routes(routes!(observe::stats))
        .routes(routes!(history::history))
        .routes(routes!(stream::stream))
        .routes(routes!(webhooks::list, webhooks::add))
        .routes(routes!(webhooks::remove))
        .routes(routes!(webhooks::resume))
        .routes(routes!(webhooks::test))
        .routes(routes!(webhooks::deliveries))
        .routes(routes!(webhooks::replay))
        .routes(routes!(import::import))
        .routes(routes!(tokens::list, tokens::add))
        .routes(routes!(tokens::revoke))
        .routes(routes!(upkeep::backup))
        .routes(routes!(upkeep::verify))
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES));
    OpenApiRouter::default().nest("/api/v1", api)
}

/// Answers what is no route.
pub(super) async fn missing() -> ApiError {
    ApiError::missing("no such path in the admin API")
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

/// What is below `/api/v1` and is no route.
pub(super) const OTHER_PATHS: &str = "/api/v1/{*path}";
