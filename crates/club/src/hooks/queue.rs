//! What is to be sent to webhooks, and what became of it.
//!
//! A delivery is queued in the transaction of what it reports, for each webhook of its topic, and never
//! makes that fail. It names orders, items and members by their numbers, and nobody by name or address.

use jiff::Timestamp;
use serde_json::{Value as Json, json};

use crate::hooks::webhook::{self, Webhook};
use crate::store::club::Club;
use crate::store::sql::{Connection, Reading, Row, SqlResult, unreadable};
use crate::store::tx::Tx;
use crate::values::error::Error;
use crate::values::ids::{WebhookDeliveryId, WebhookId};
use crate::values::page::Page;
use crate::values::stamp::Stamp;
use crate::values::token::random_token;

/// A delivery to a webhook.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct WebhookDelivery {
    /// Its number.
    pub id: WebhookDeliveryId,
    /// The webhook.
    pub webhook: WebhookId,
    /// What it reports, such as `order.paid`.
    pub event: String,
    /// What the receiver knows it by: the same at each try.
    pub message: String,
    /// JSON.
    pub body: String,
    /// How far it is.
    pub state: WebhookDeliveryState,
    /// When it was first queued, in Unix seconds.
    pub created: u32,
    /// When it is tried next, in Unix seconds; `None` once it is not queued.
    pub due: Option<u32>,
    /// How often it was tried since it was queued, or queued again.
    pub tries: u32,
    /// When it was delivered or given up, in Unix seconds.
    pub ended: Option<u32>,
    /// What came of the last try; empty before the first.
    pub answer: String,
    pub(crate) since: u32,
}

/// How far a delivery is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum WebhookDeliveryState {
    /// The receiver took it.
    Delivered,
    /// It was tried until it was too old.
    Failed,
    /// It waits for its first or its next try.
    Queued,
}

impl WebhookDeliveryState {
    const ALL: [Self; 3] = [Self::Delivered, Self::Failed, Self::Queued];

    /// One word for programs.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Failed => "failed",
            Self::Queued => "queued",
        }
    }
}

/// What webhooks can be told of.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Topic {
    Alerts,
    Orders,
}

/// Deliveries. Each operation fails where the database is unavailable.
impl Club {
    /// The deliveries to a webhook, the latest first, from below a number: at most a page.
    ///
    /// # Errors
    ///
    /// See above; there is no such webhook.
    pub async fn webhook_deliveries(
        &self,
        id: WebhookId,
        before: Option<WebhookDeliveryId>,
        limit: u32,
    ) -> Result<Vec<WebhookDelivery>, Error> {
        let mut db = self.reader().await?;
        webhook::find(&mut *db, id).await?;
        let before = before.map_or(u32::MAX, |before| before.0);
        let values = [id.0.into(), before.into(), limit.min(Page::MAX).into()];
        Ok(db.all(PAGE, &values, read).await?)
    }

    /// Queues a message that says nothing, for a test.
    ///
    /// # Errors
    ///
    /// See above; there is no such webhook, or too much waits for it.
    pub async fn test_webhook(
        &self,
        stamp: &Stamp,
        id: WebhookId,
    ) -> Result<WebhookDelivery, Error> {
        self.change(stamp, move |tx| {
            Box::pin(async move {
                let to = webhook::find(tx, id).await?;
                let data = json!({ "webhook": id.0 });
                let queued = insert(tx, id, "test", &data).await?;
                webhook::note(tx, "webhook.test", &to).await?;
                find(tx, queued.ok_or(Error::WebhookFull(id))?).await
            })
        })
        .await
    }

    /// Queues a delivery again that was delivered or given up, under the same id.
    ///
    /// # Errors
    ///
    /// See above; there is none such, or its webhook was removed.
    pub async fn replay_webhook(
        &self,
        stamp: &Stamp,
        id: WebhookDeliveryId,
    ) -> Result<WebhookDelivery, Error> {
        self.change(stamp, move |tx| {
            Box::pin(async move {
                let delivery = find(tx, id).await?;
                let to = webhook::find(tx, delivery.webhook).await?;
                tx.execute(REPLAY, &[id.0.into(), tx.now().into()]).await?;
                webhook::note(tx, "webhook.replay", &to).await?;
                find(tx, id).await
            })
        })
        .await
    }
}

/// Queues an event for every webhook of its topic, paused ones included.
pub(crate) async fn enqueue(
    tx: &mut Tx,
    topic: Topic,
    event: &'static str,
    data: &Json,
) -> Result<(), Error> {
    let sql = match topic {
        Topic::Alerts => "SELECT id FROM webhook WHERE removed IS NULL AND alerts = 1 ORDER BY id",
        Topic::Orders => "SELECT id FROM webhook WHERE removed IS NULL AND orders = 1 ORDER BY id",
    };
    let db: &mut dyn Connection = tx;
    for id in db.all(sql, &[], |row| Ok(WebhookId(row.number(0)?))).await? {
        insert(tx, id, event, data).await?;
    }
    Ok(())
}

/// Queues an event for one webhook; `None` where [`MAX_QUEUED`] wait for it.
async fn insert(
    tx: &mut Tx,
    webhook: WebhookId,
    event: &'static str,
    data: &Json,
) -> Result<Option<WebhookDeliveryId>, Error> {
    let at = Timestamp::from_second(tx.now().into()).unwrap_or_default();
    let body = json!({ "type": event, "timestamp": at.to_string(), "data": data }).to_string();
    let message = format!("msg_{}", random_token()?);
    let values = [
        webhook.0.into(),
        event.into(),
        message.as_str().into(),
        body.as_str().into(),
        tx.now().into(),
        MAX_QUEUED.into(),
    ];
    Ok(tx.one(INSERT, &values, |row| Ok(WebhookDeliveryId(row.number(0)?))).await?)
}

pub(crate) async fn find(
    db: &mut dyn Connection,
    id: WebhookDeliveryId,
) -> Result<WebhookDelivery, Error> {
    db.one(BY_ID, &[id.0.into()], read).await?.ok_or(Error::NoWebhookDelivery(id))
}

fn read(row: &dyn Row) -> SqlResult<WebhookDelivery> {
    let text = row.text(5)?;
    let state = WebhookDeliveryState::ALL.into_iter().find(|state| state.text() == text);
    let state = state.ok_or_else(|| unreadable(5, text))?;
    let due: u32 = row.number(7)?;
    Ok(WebhookDelivery {
        id: WebhookDeliveryId(row.number(0)?),
        webhook: WebhookId(row.number(1)?),
        event: row.text(2)?.to_owned(),
        message: row.text(3)?.to_owned(),
        body: row.text(4)?.to_owned(),
        state,
        created: row.number(6)?,
        due: (state == WebhookDeliveryState::Queued).then_some(due),
        tries: row.number(8)?,
        ended: row.optional(9)?,
        answer: row.text(10)?.to_owned(),
        since: row.number(11)?,
    })
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, webhook, event, message, body, state, created, due, tries, ended, answer, \
             since FROM webhook_delivery ",
            $rest
        )
    };
}

/// Every row.
pub(crate) const READING: Reading =
    Reading { table: "webhook_delivery", sql: select!(""), read: |row| read(row).map(drop) };
/// The one of a webhook that waits longest.
const DUE: &str =
    select!("WHERE webhook = $1 AND state = 'queued' AND due <= $2 ORDER BY due, id LIMIT 1");
const BY_ID: &str = select!("WHERE id = $1");
const PAGE: &str = select!("WHERE webhook = $1 AND id < $2 ORDER BY id DESC LIMIT $3");
const INSERT: &str = "INSERT INTO webhook_delivery (webhook, event, message, body, state, created, \
     since, due, tries, answer) SELECT $1, $2, $3, $4, 'queued', $5, $5, $5, 0, '' \
     WHERE (SELECT count(*) FROM webhook_delivery WHERE webhook = $1 AND state = 'queued') < $6 \
     RETURNING id";
const REPLAY: &str = "UPDATE webhook_delivery SET state = 'queued', since = $2, due = $2, \
     tries = 0, ended = NULL WHERE id = $1";

/// Maximum deliveries that wait for one webhook; what comes then is not queued.
pub const MAX_QUEUED: u32 = 1000;

/// The delivery that a webhook waits for longest.
pub(crate) async fn due(
    db: &mut dyn Connection,
    webhook: &Webhook,
    now: u32,
) -> SqlResult<Option<WebhookDelivery>> {
    db.one(DUE, &[webhook.id.0.into(), now.into()], read).await
}
