//! Webhooks, over the admin API.

use std::sync::Arc;

use api::webhook::{
    AddWebhook, WebhookAdded, WebhookDeliveryList, WebhookDeliveryQuery, WebhookDeliveryView,
    WebhookList, WebhookTopic, WebhookView,
};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use club::{Webhook, WebhookDelivery, WebhookDeliveryId, WebhookId, WebhookTopics};

use super::admin::{Admin, moment};
use super::error::ApiError;
use super::extract::{Body, Params};
use super::tokens::check_no_gain;
use crate::hooks::secret_text;

/// Lists the webhooks.
#[utoipa::path(
    get,
    path = "/webhooks",
    operation_id = "list_webhooks",
    tag = "webhooks",
    responses((status = 200, body = WebhookList)),
    security(("token" = ["all"]))
)]
pub(super) async fn list(State(admin): State<Arc<Admin>>) -> Result<Json<WebhookList>, ApiError> {
    let webhooks = admin.club.webhooks().await?.into_iter().map(view).collect();
    Ok(Json(WebhookList { webhooks, next: None }))
}

/// Adds a webhook, and returns its secret once.
#[utoipa::path(
    post,
    path = "/webhooks",
    operation_id = "add_webhook",
    tag = "webhooks",
    request_body = AddWebhook,
    responses((status = 201, body = WebhookAdded)),
    security(("token" = ["all"]))
)]
pub(super) async fn add(
    State(admin): State<Arc<Admin>>,
    Body(AddWebhook { url, events }): Body<AddWebhook>,
) -> Result<(StatusCode, Json<WebhookAdded>), ApiError> {
    check_no_gain(None)?;
    let sender = admin.webhooks()?;
    let bad = |error: crate::hooks::BadWebhookUrl| {
        ApiError::unprocessable(error.to_string()).in_field("url")
    };
    sender.url(&url).map_err(bad)?;
    let topics = WebhookTopics {
        alerts: events.contains(&WebhookTopic::Alert),
        orders: events.contains(&WebhookTopic::Order),
    };
    if topics == WebhookTopics::default() {
        let why = "no event: name `order`, `alert` or both";
        return Err(ApiError::unprocessable(why).in_field("events"));
    }
    let webhook = admin.club.add_webhook(&admin.stamp(), url, topics).await?;
    let secret = secret_text(&sender.secret(&webhook));
    Ok((StatusCode::CREATED, Json(WebhookAdded { webhook: view(webhook), secret })))
}

/// Removes a webhook, and what waits for it.
#[utoipa::path(
    delete,
    path = "/webhooks/{webhook}",
    operation_id = "remove_webhook",
    tag = "webhooks",
    params(("webhook" = u32, Path)),
    responses((status = 200, body = WebhookView)),
    security(("token" = ["all"]))
)]
pub(super) async fn remove(
    State(admin): State<Arc<Admin>>,
    Path(id): Path<u32>,
) -> Result<Json<WebhookView>, ApiError> {
    Ok(Json(view(admin.club.remove_webhook(&admin.stamp(), WebhookId(id)).await?)))
}

/// Sends to a paused webhook again; what waits is due at once.
#[utoipa::path(
    post,
    path = "/webhooks/{webhook}/resume",
    operation_id = "resume_webhook",
    tag = "webhooks",
    params(("webhook" = u32, Path)),
    responses((status = 200, body = WebhookView)),
    security(("token" = ["all"]))
)]
pub(super) async fn resume(
    State(admin): State<Arc<Admin>>,
    Path(id): Path<u32>,
) -> Result<Json<WebhookView>, ApiError> {
    Ok(Json(view(admin.club.resume_webhook(&admin.stamp(), WebhookId(id)).await?)))
}

/// Queues a test message, whose event is `test`.
#[utoipa::path(
    post,
    path = "/webhooks/{webhook}/test",
    operation_id = "test_webhook",
    tag = "webhooks",
    params(("webhook" = u32, Path)),
    responses((status = 201, body = WebhookDeliveryView)),
    security(("token" = ["all"]))
)]
pub(super) async fn test(
    State(admin): State<Arc<Admin>>,
    Path(id): Path<u32>,
) -> Result<(StatusCode, Json<WebhookDeliveryView>), ApiError> {
    let queued = admin.club.test_webhook(&admin.stamp(), WebhookId(id)).await?;
    Ok((StatusCode::CREATED, Json(delivery(queued))))
}

/// Lists the deliveries to a webhook, the latest first.
#[utoipa::path(
    get,
    path = "/webhooks/{webhook}/deliveries",
    operation_id = "list_webhook_deliveries",
    tag = "webhooks",
    params(("webhook" = u32, Path), WebhookDeliveryQuery),
    responses((status = 200, body = WebhookDeliveryList)),
    security(("token" = ["all"]))
)]
pub(super) async fn deliveries(
    State(admin): State<Arc<Admin>>,
    Path(id): Path<u32>,
    Params(query): Params<WebhookDeliveryQuery>,
) -> Result<Json<WebhookDeliveryList>, ApiError> {
    let limit = query.limit.unwrap_or(PAGE).clamp(1, PAGE);
    let before = query.after.map(WebhookDeliveryId);
    let found = admin.club.webhook_deliveries(WebhookId(id), before, limit).await?;
    let is_full = u32::try_from(found.len()) == Ok(limit);
    let next = found.last().filter(|_| is_full).map(|last| last.id.0);
    let deliveries = found.into_iter().map(delivery).collect();
    Ok(Json(WebhookDeliveryList { deliveries, next }))
}

/// Queues a delivery again, under the same id.
#[utoipa::path(
    post,
    path = "/webhook-deliveries/{delivery}/replay",
    operation_id = "replay_webhook_delivery",
    tag = "webhooks",
    params(("delivery" = u32, Path)),
    responses((status = 200, body = WebhookDeliveryView)),
    security(("token" = ["all"]))
)]
pub(super) async fn replay(
    State(admin): State<Arc<Admin>>,
    Path(id): Path<u32>,
) -> Result<Json<WebhookDeliveryView>, ApiError> {
    let queued = admin.club.replay_webhook(&admin.stamp(), WebhookDeliveryId(id)).await?;
    Ok(Json(delivery(queued)))
}

fn view(webhook: Webhook) -> WebhookView {
    let WebhookTopics { alerts, orders } = webhook.topics;
    let events = [(alerts, WebhookTopic::Alert), (orders, WebhookTopic::Order)];
    WebhookView {
        id: webhook.id.0,
        url: webhook.url,
        events: events.into_iter().filter(|(is_on, _)| *is_on).map(|(_, topic)| topic).collect(),
        created: moment(webhook.created),
        failing: webhook.failing.map(moment),
        paused: webhook.paused.map(moment),
        queued: webhook.queued,
    }
}

fn delivery(delivery: WebhookDelivery) -> WebhookDeliveryView {
    WebhookDeliveryView {
        id: delivery.id.0,
        webhook: delivery.webhook.0,
        event: delivery.event,
        message: delivery.message,
        state: delivery.state.text().to_owned(),
        created: moment(delivery.created),
        due: delivery.due.map(moment),
        tries: delivery.tries,
        ended: delivery.ended.map(moment),
        answer: delivery.answer,
    }
}

const PAGE: u32 = 100;
