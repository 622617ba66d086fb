//! Events of providers, over the admin API.

use std::sync::Arc;

use api::event::{EventDetail, EventView, Replayed};
use api::query::PageQuery;
use axum::Json;
use axum::extract::{Path, State};
use club::{DeliveryId, StoredDelivery};

use super::admin::{Admin, moment};
use super::error::ApiError;
use super::extract::{Params, page};

/// Lists the events that payment providers sent.
#[utoipa::path(
    get,
    path = "/events",
    operation_id = "list_events",
    tag = "events",
    params(PageQuery),
    responses((status = 200, body = Vec<EventView>)),
    security(("token" = ["money"]))
)]
pub(super) async fn list(
    State(admin): State<Arc<Admin>>,
    Params(query): Params<PageQuery>,
) -> Result<Json<Vec<EventView>>, ApiError> {
    let events = admin.club.deliveries(page(query)).await?;
    Ok(Json(events.into_iter().map(|event| describe(&event)).collect()))
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
