//! Events of providers, over the admin API.

use std::sync::Arc;

use api::event::{EventDetail, EventView, Replayed};
use api::page::EventPage;
use api::query::EventQuery;
use axum::Json;
use axum::extract::{Path, State};
use club::{CheckoutId, DeliveryFilter, DeliveryId, Listed, StoredDelivery};

use super::admin::{Admin, moment};
use super::error::ApiError;
use super::extract::{Params, one_of, page, period};

/// Lists the events that payment providers sent.
#[utoipa::path(
    get,
    path = "/events",
    operation_id = "list_events",
    tag = "events",
    params(EventQuery),
    responses((status = 200, body = EventPage)),
    security(("token" = ["money"]))
)]
pub(super) async fn list(
    State(admin): State<Arc<Admin>>,
    Params(query): Params<EventQuery>,
) -> Result<Json<EventPage>, ApiError> {
    let EventQuery { search, provider, verdict, checkout, from, to, newest, after, limit } = query;
    let verdict = one_of("verdict", verdict.as_deref(), VERDICTS, |word| word)?;
    let (from, until) = period(from, to);
    let filter = DeliveryFilter {
        search,
        provider,
        verdict: verdict.map(str::to_owned),
        checkout: checkout.map(CheckoutId),
        from,
        until,
    };
    let found = admin.club.list_deliveries(&filter, &page(after, limit, newest)?).await?;
    let Listed { rows: events, next } = found.map(|event| describe(&event));
    Ok(Json(EventPage { events, next }))
}

/// Returns an event with its headers and body.
#[utoipa::path(
    get,
    path = "/events/{event}",
    operation_id = "show_event",
    tag = "events",
    params(("event" = u32, Path)),
    responses((status = 200, body = EventDetail)),
    security(("token" = ["money"]))
)]
pub(super) async fn show(
    State(admin): State<Arc<Admin>>,
    Path(event): Path<u32>,
) -> Result<Json<EventDetail>, ApiError> {
    let event = admin.club.delivery(DeliveryId(event)).await?;
    Ok(Json(EventDetail {
        event: describe(&event),
        body: String::from_utf8_lossy(&event.delivery.body).into_owned(),
        headers: event.delivery.headers,
        erased: event.erased.map(moment),
    }))
}

/// Applies an event again.
#[utoipa::path(
    post,
    path = "/events/{event}/replay",
    operation_id = "replay_event",
    tag = "events",
    params(("event" = u32, Path)),
    responses(
        (status = 200, body = Replayed),
        (status = 502, description = "The payment provider did not answer or refused.")
    ),
    security(("token" = ["money"]))
)]
pub(super) async fn replay(
    State(admin): State<Arc<Admin>>,
    Path(event): Path<u32>,
) -> Result<Json<Replayed>, ApiError> {
    let (verdict, effect) = admin.payments()?.replay(DeliveryId(event)).await?;
    Ok(Json(Replayed { verdict: verdict.text().to_owned(), effect }))
}

fn describe(event: &StoredDelivery) -> EventView {
    EventView {
        id: event.id.0,
        provider: event.delivery.provider.clone(),
        key: event.key.clone(),
        kind: event.kind.clone(),
        received: moment(event.received),
        verdict: event.verdict.text().to_owned(),
        effect: event.effect.clone(),
        again: event.again,
    }
}

/// What may be thought of an event that is kept.
const VERDICTS: [&str; 7] =
    ["applied", "held", "ignored", "forged", "malformed", "oversized", "stale"];
