//! `POST /webhooks/<provider>`: what providers send.
//!
//! 200 is said after the commit, and to what came before or is nothing to us, so that nobody sends
//! it again; 400 or 413 to what is refused; 503 where we are at fault, so that it comes again.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use club::Delivery;
use club::provider::Refused;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::error::PaymentError;
use super::payments::Payments;
use super::screen::MAX_BODY_BYTES;

/// Routes `/webhooks/…`.
pub fn router(payments: Arc<Payments>) -> Router {
    let state = WebhookState { payments, room: Arc::new(Semaphore::new(MAX_AT_ONCE)) };
    Router::new().route("/webhooks/{provider}", post(receive)).with_state(state)
}

#[derive(Clone)]
struct WebhookState {
    payments: Arc<Payments>,
    /// Bounds the events at work at once. Only one whose body is here takes a place, or who sends none
    /// would keep providers out; who finds no place for a while is told to come again.
    room: Arc<Semaphore>,
}

async fn receive(
    State(WebhookState { payments, room }): State<WebhookState>,
    Path(provider): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    if !payments.knows(&provider) {
        return (StatusCode::NOT_FOUND, "no such webhook\n").into_response();
    }
    let mut delivery = Delivery::of(&provider);
    if let Err(refused) = payments.screen_head(&provider, &headers) {
        // Fails, and keeps the headers that tell why.
        let _ = payments.read(&mut delivery, &headers);
        return refuse(&payments, delivery, &refused).await;
    }
    let body = read_body(body).await;
    let Ok(Ok(_place)) = timeout(ROOM_PATIENCE, room.acquire()).await else {
        return again(&payments, &provider, "too many");
    };
    let event = match body {
        Ok(body) => {
            delivery.body = body.into();
            payments.read(&mut delivery, &headers)
        }
        Err(refused) => Err(refused),
    };
    let event = match event {
        Ok(event) => event,
        Err(refused) => return refuse(&payments, delivery, &refused).await,
    };
    let stamp = payments.stamp(&provider);
    let done = async { payments.apply(&stamp, delivery, payments.ask(event).await?).await };
    match done.await {
        Ok((verdict, _)) => (StatusCode::OK, format!("{}\n", verdict.text())).into_response(),
        Err(error) => {
            tracing::error!(provider, %error, "a webhook is not settled: its sender is told to try again");
            again(&payments, &provider, "not now")
        }
    }
}

/// Reads a whole body, within bounds of size and time.
async fn read_body(body: Body) -> Result<Bytes, Refused> {
    let read = Limited::new(body, MAX_BODY_BYTES).collect();
    match timeout(PATIENCE, read).await {
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(Refused::Oversized(MAX_BODY_BYTES)),
        Ok(Err(_)) => Err(Refused::Malformed("the body broke off".to_owned())),
        Err(_) => Err(Refused::Malformed(format!("no whole body in {PATIENCE:?}"))),
    }
}

async fn refuse(payments: &Payments, mut delivery: Delivery, refused: &Refused) -> Response {
    // Nobody vouches for it: enough is kept to see what it was.
    delivery.body.truncate(MAX_REFUSED_BYTES);
    let provider = delivery.provider.clone();
    tracing::debug!(provider, %refused, "a webhook is refused");
    let status = match refused {
        Refused::Oversized(_) => StatusCode::PAYLOAD_TOO_LARGE,
        Refused::Forged(_) | Refused::Malformed(_) | Refused::Stale(_) => StatusCode::BAD_REQUEST,
    };
    if let Err(PaymentError::Club(error)) = payments.refuse(delivery, refused).await {
        tracing::debug!(provider, %error, "a refused webhook is not kept");
        return again(payments, &provider, "not now");
    }
    (status, format!("{}\n", refused.verdict())).into_response()
}

fn again(payments: &Payments, provider: &str, why: &'static str) -> Response {
    payments.heard().count_failed(provider);
    (StatusCode::SERVICE_UNAVAILABLE, [("retry-after", "30")], why).into_response()
}

const MAX_REFUSED_BYTES: usize = 4096;
const MAX_AT_ONCE: usize = 128;
/// How long an event waits for others: with its work less than providers wait for an answer.
const ROOM_PATIENCE: Duration = Duration::from_secs(5);
const PATIENCE: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests;
