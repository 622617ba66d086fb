//! Delivering: who takes a delivery has it for a while, and says what came of it.
//!
//! As with mail, taking one puts off its next try, so that a daemon that dies with it sends it again. A
//! webhook of which every try failed for half a day is paused, with an alert; what it is to be told waits.

use crate::audit::alert::{AlertKind, NewAlert, raise};
use crate::hooks::queue::{self, WebhookDelivery, WebhookDeliveryState};
use crate::hooks::webhook::{self, Webhook};
use crate::store::club::Club;
use crate::store::sql::Connection;
use crate::store::tx::Tx;
use crate::values::error::Error;
use crate::values::ids::WebhookDeliveryId;
use crate::values::stamp::Stamp;
use crate::values::tries::{HELD_SECS, kept, pause};

/// What came of a try. The text is what happened, cut to 500 bytes.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum WebhookTry {
    /// The receiver took it.
    Delivered(String),
    /// Not now.
    Failed(String),
    /// The receiver wants no more (410), or its address is refused: it is paused at once.
    Refused(String),
}

/// Delivery. Each operation fails where the database is unavailable.
impl Club {
    /// Takes what is due, of each webhook the delivery that waits longest, for one try within
    /// [`TRY_LEASE`](crate::TRY_LEASE).
    ///
    /// # Errors
    ///
    /// See above.
    pub async fn take_webhook_deliveries(
        &self,
        now_unix: u32,
    ) -> Result<Vec<(Webhook, WebhookDelivery)>, Error> {
        // Most calls find nothing, and need not wait for the writer.
        let mut db = self.reader().await?;
        if db.one(ANY_DUE, &[now_unix.into()], |row| row.number::<u32>(0)).await?.is_none() {
            return Ok(Vec::new());
        }
        drop(db);
        let stamp = Stamp::of_daemon(now_unix);
        self.change(&stamp, |tx| Box::pin(take(tx))).await
    }

    /// Notes what came of a try, and how far the delivery is then. Nothing is noted of one that is not
    /// queued any more.
    ///
    /// # Errors
    ///
    /// See above.
    pub async fn settle_webhook_delivery(
        &self,
        now_unix: u32,
        id: WebhookDeliveryId,
        tried: WebhookTry,
    ) -> Result<(), Error> {
        let stamp = Stamp::of_daemon(now_unix);
        self.change(&stamp, move |tx| Box::pin(async move { settle(tx, id, tried).await })).await
    }

    /// Deletes deliveries that ended a month ago, and the oldest ones over 10,000.
    ///
    /// # Errors
    ///
    /// See above.
    pub async fn prune_webhook_deliveries(&self, now_unix: u32) -> Result<(), Error> {
        self.write(move |db| {
            Box::pin(async move {
                db.execute(PRUNE, &[now_unix.saturating_sub(MONTH).into()]).await?;
                db.execute(PRUNE_MOST, &[MAX_ENDED.into(), u32::MAX.into()]).await?;
                Ok(())
            })
        })
        .await
    }
}

async fn take(tx: &mut Tx) -> Result<Vec<(Webhook, WebhookDelivery)>, Error> {
    let now = tx.now();
    let db: &mut dyn Connection = tx;
    let webhooks = db.all(webhook::READY, &[], webhook::read).await?;
    let mut taken = Vec::new();
    for webhook in webhooks {
        if let Some(delivery) = queue::due(db, &webhook, now).await? {
            let due = now.saturating_add(HELD_SECS);
            db.execute(TAKE, &[delivery.id.0.into(), due.into()]).await?;
            taken.push((webhook, queue::find(db, delivery.id).await?));
        }
    }
    Ok(taken)
}

async fn settle(tx: &mut Tx, id: WebhookDeliveryId, tried: WebhookTry) -> Result<(), Error> {
    let delivery = queue::find(tx, id).await?;
    if delivery.state != WebhookDeliveryState::Queued {
        return Ok(());
    }
    let Ok(webhook) = webhook::find(tx, delivery.webhook).await else { return Ok(()) };
    let now = tx.now();
    let due = now.saturating_add(pause(delivery.tries));
    let is_too_old = due > delivery.since.saturating_add(MAX_AGE);
    let failing = webhook.failing.unwrap_or(now);
    let is_over = now >= failing.saturating_add(PAUSE_AFTER);
    let (state, pauses, answer) = match tried {
        WebhookTry::Delivered(answer) => (WebhookDeliveryState::Delivered, None, answer),
        WebhookTry::Failed(answer) if is_too_old => {
            (WebhookDeliveryState::Failed, Some(is_over), answer)
        }
        WebhookTry::Failed(answer) => (WebhookDeliveryState::Queued, Some(is_over), answer),
        WebhookTry::Refused(answer) => (WebhookDeliveryState::Queued, Some(true), answer),
    };
    let answer = kept(&answer);
    let ended = (state != WebhookDeliveryState::Queued).then_some(now);
    let values = [id.0.into(), state.text().into(), ended.into(), answer.into(), due.into()];
    tx.execute(SETTLE, &values).await?;
    let paused = (pauses == Some(true)).then_some(now);
    let failing = pauses.map(|_| failing);
    tx.execute(NOTE, &[webhook.id.0.into(), failing.into(), paused.into()]).await?;
    if paused.is_some() {
        let evidence = format!(
            "webhook {} ({}) is paused: {answer}; see `usher webhook deliveries {}`, then run `usher \
             webhook resume {}`",
            webhook.id.0, webhook.url, webhook.id.0, webhook.id.0
        );
        let kind = AlertKind::Webhook;
        raise(tx, &[NewAlert { kind, member: None, item: None, evidence }]).await?;
    }
    Ok(())
}

const ANY_DUE: &str = "SELECT webhook_delivery.id FROM webhook_delivery JOIN webhook ON webhook.id = webhook \
     WHERE state = 'queued' AND due <= $1 AND paused IS NULL AND removed IS NULL LIMIT 1";
const TAKE: &str = "UPDATE webhook_delivery SET tries = tries + 1, due = $2 WHERE id = $1";
const SETTLE: &str =
    "UPDATE webhook_delivery SET state = $2, ended = $3, answer = $4, due = $5 WHERE id = $1";
const NOTE: &str = "UPDATE webhook SET failing = $2, paused = $3 WHERE id = $1";
const PRUNE: &str = "DELETE FROM webhook_delivery WHERE ended < $1";
const PRUNE_MOST: &str = "DELETE FROM webhook_delivery WHERE id IN (SELECT id FROM webhook_delivery \
     WHERE ended IS NOT NULL ORDER BY ended DESC, id DESC LIMIT $2 OFFSET $1)";

/// Maximum deliveries that are kept once they ended.
const MAX_ENDED: u32 = 10_000;
/// What could not be delivered for so long is given up.
const MAX_AGE: u32 = 3 * 86_400;
/// For so long every try must fail.
const PAUSE_AFTER: u32 = 12 * 3600;
const MONTH: u32 = 30 * 86_400;
