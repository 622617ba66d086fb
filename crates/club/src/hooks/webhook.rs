//! Webhooks: addresses of other programs that are told of orders and alerts.
//!
//! The secret that signs is not stored: it derives from the master secret and the salt that is stored,
//! so a copy of the database signs nothing. Deliberately absent: the address's safety, which whoever
//! connects must see to.

use crate::audit::log::{LogEntry, record};
use crate::store::club::Club;
use crate::store::sql::{Connection, Reading, Row, SqlResult, Value, unreadable};
use crate::store::tx::Tx;
use crate::values::error::Error;
use crate::values::ids::WebhookId;
use crate::values::stamp::Stamp;

/// A webhook.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Webhook {
    /// Its number.
    pub id: WebhookId,
    /// Where it is sent to.
    pub url: String,
    /// The events that it reports.
    pub topics: WebhookTopics,
    /// What its secret derives from, with the master secret.
    pub salt: [u8; SALT],
    /// When it was added, in Unix seconds.
    pub created: u32,
    /// Since when every try failed, in Unix seconds; `None` where the last one did not.
    pub failing: Option<u32>,
    /// When it was paused, in Unix seconds.
    pub paused: Option<u32>,
    /// Deliveries that wait.
    pub queued: u32,
}

/// The kinds of events that a webhook reports.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct WebhookTopics {
    /// Alerts that open, and kinds of them that clear.
    pub alerts: bool,
    /// Orders that are paid, paid back or disputed.
    pub orders: bool,
}

/// Webhooks. Each operation fails where the database is unavailable.
impl Club {
    /// Adds a webhook.
    ///
    /// # Errors
    ///
    /// See above; there are [`MAX_WEBHOOKS`], or the system gives no randomness.
    pub async fn add_webhook(
        &self,
        stamp: &Stamp,
        url: String,
        topics: WebhookTopics,
    ) -> Result<Webhook, Error> {
        self.change(stamp, move |tx| Box::pin(async move { add(tx, &url, topics).await })).await
    }

    /// All webhooks that are not removed, by number.
    ///
    /// # Errors
    ///
    /// See above.
    pub async fn webhooks(&self) -> Result<Vec<Webhook>, Error> {
        Ok(self.reader().await?.all(ALL, &[], read).await?)
    }

    /// Sends to a paused webhook again: what waits is due at once.
    ///
    /// # Errors
    ///
    /// See above; there is none such.
    pub async fn resume_webhook(&self, stamp: &Stamp, id: WebhookId) -> Result<Webhook, Error> {
        self.change(stamp, move |tx| {
            Box::pin(async move {
                let webhook = find(tx, id).await?;
                let values = [id.0.into(), tx.now().into()];
                tx.execute(RESUME, &values[..1]).await?;
                tx.execute(MAKE_DUE, &values).await?;
                note(tx, "webhook.resume", &webhook).await?;
                find(tx, id).await
            })
        })
        .await
    }

    /// Removes a webhook, and what waits for it.
    ///
    /// # Errors
    ///
    /// See above; there is none such.
    pub async fn remove_webhook(&self, stamp: &Stamp, id: WebhookId) -> Result<Webhook, Error> {
        self.change(stamp, move |tx| {
            Box::pin(async move {
                let webhook = find(tx, id).await?;
                let values = [id.0.into(), tx.now().into()];
                tx.execute(REMOVE, &values).await?;
                tx.execute(DROP_QUEUED, &values).await?;
                note(tx, "webhook.remove", &webhook).await?;
                Ok(webhook)
            })
        })
        .await
    }
}

async fn add(tx: &mut Tx, url: &str, topics: WebhookTopics) -> Result<Webhook, Error> {
    let count = tx.one(COUNT, &[], |row| row.number::<u32>(0)).await?;
    if count.unwrap_or(0) >= MAX_WEBHOOKS {
        return Err(Error::WebhooksFull(MAX_WEBHOOKS));
    }
    let mut salt = [0; SALT];
    getrandom::fill(&mut salt).map_err(|_| Error::NoRandomness)?;
    let values = [
        url.into(),
        topics.orders.into(),
        topics.alerts.into(),
        Value::Bytes(&salt),
        tx.now().into(),
    ];
    let id = tx.one(INSERT, &values, |row| row.number(0)).await?.unwrap_or(0);
    let webhook = find(tx, WebhookId(id)).await?;
    note(tx, "webhook.add", &webhook).await?;
    Ok(webhook)
}

pub(crate) async fn note(tx: &mut Tx, what: &'static str, webhook: &Webhook) -> Result<(), Error> {
    let detail = format!("webhook {}: {}", webhook.id.0, webhook.url);
    record(tx, LogEntry { what, member: None, item: None, detail: &detail }).await
}

pub(crate) async fn find(db: &mut dyn Connection, id: WebhookId) -> Result<Webhook, Error> {
    db.one(BY_ID, &[id.0.into()], read).await?.ok_or(Error::NoWebhook(id))
}

pub(crate) fn read(row: &dyn Row) -> SqlResult<Webhook> {
    let salt = row.bytes(4)?.and_then(|bytes| bytes.try_into().ok());
    Ok(Webhook {
        id: WebhookId(row.number(0)?),
        url: row.text(1)?.to_owned(),
        topics: WebhookTopics {
            orders: row.number::<u32>(2)? == 1,
            alerts: row.number::<u32>(3)? == 1,
        },
        salt: salt.ok_or_else(|| unreadable(4, "a salt of another length"))?,
        created: row.number(5)?,
        failing: row.optional(6)?,
        paused: row.optional(7)?,
        queued: row.number(8)?,
    })
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, url, orders, alerts, salt, created, failing, paused, \
             (SELECT count(*) FROM webhook_delivery WHERE webhook = webhook.id \
             AND state = 'queued') FROM webhook ",
            $rest
        )
    };
}

/// Every row.
pub(crate) const READING: Reading =
    Reading { table: "webhook", sql: select!(""), read: |row| read(row).map(drop) };
/// Those that are sent to.
pub(crate) const READY: &str = select!("WHERE removed IS NULL AND paused IS NULL ORDER BY id");
const ALL: &str = select!("WHERE removed IS NULL ORDER BY id");
const BY_ID: &str = select!("WHERE id = $1 AND removed IS NULL");
const COUNT: &str = "SELECT count(*) FROM webhook WHERE removed IS NULL";
const INSERT: &str = "INSERT INTO webhook (url, orders, alerts, salt, created) \
     VALUES ($1, $2, $3, $4, $5) RETURNING id";
const RESUME: &str = "UPDATE webhook SET paused = NULL, failing = NULL WHERE id = $1";
const MAKE_DUE: &str = "UPDATE webhook_delivery SET since = $2, due = $2, tries = 0 \
     WHERE webhook = $1 AND state = 'queued'";
const REMOVE: &str = "UPDATE webhook SET removed = $2 WHERE id = $1";
const DROP_QUEUED: &str = "UPDATE webhook_delivery SET state = 'failed', ended = $2, \
     answer = 'the webhook was removed' WHERE webhook = $1 AND state = 'queued'";

/// Bytes of a salt.
pub(crate) const SALT: usize = 16;
/// Maximum webhooks.
pub const MAX_WEBHOOKS: u32 = 20;
