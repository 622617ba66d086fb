//! Deliveries of webhooks, as they are kept with what came of them.
//!
//! Of those that were refused one a second is kept, and the newest, so that a flood of forged ones
//! does not reach the disk. Deliberately absent: what they do, which is [`receive`](super::receive)'s.

use crate::payments::provider::Refused;
use crate::store::club::Club;
use crate::store::sql::{Connection, Row, SqlResult, Value, unreadable};
use crate::store::tx::Tx;
use crate::values::error::Error;
use crate::values::ids::{CheckoutId, DeliveryId};
use crate::values::page::Page;
use crate::values::stamp::Stamp;

/// What came, as far as it is kept.
#[derive(Clone, Debug, Default)]
pub struct Delivery {
    /// From whom: `stripe`, `btcpay`, `kofi`, or a hook's name.
    pub provider: String,
    /// Lines of `name: value`, those that say what it is.
    pub headers: String,
    /// As it came.
    pub body: Vec<u8>,
}

impl Delivery {
    /// An empty one.
    pub fn of(provider: &str) -> Self {
        Self { provider: provider.to_owned(), ..Self::default() }
    }
}

/// A delivery that is kept.
#[derive(Clone, Debug)]
pub struct StoredDelivery {
    /// Its number.
    pub id: DeliveryId,
    /// What came.
    pub delivery: Delivery,
    /// What makes it this event; `None` where it was refused.
    pub key: Option<String>,
    /// The provider's name for what happened.
    pub kind: String,
    /// In Unix seconds.
    pub received: u32,
    /// What was thought of it.
    pub verdict: Verdict,
    /// What it did, or why not, for people.
    pub effect: String,
    /// How often it came after the first time.
    pub again: u32,
    /// When what came was erased with its member, in Unix seconds.
    pub erased: Option<u32>,
}

/// What was thought of a delivery.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Verdict {
    /// It had its effect.
    Applied,
    /// It came before.
    Duplicate,
    /// It is genuine and needs a person: a wrong amount, an unknown order or member.
    Held,
    /// It is genuine and nothing to us.
    Ignored,
    /// It was refused; by which word.
    Refused(&'static str),
}

impl Verdict {
    /// One word.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Applied => "applied",
            Self::Duplicate => "duplicate",
            Self::Held => "held",
            Self::Ignored => "ignored",
            Self::Refused(word) => word,
        }
    }
}

/// Operations on deliveries. Each fails where the database is unavailable.
impl Club {
    /// Keeps a delivery that was refused: one a second of each provider, and the newest 1000. The
    /// next one that is kept says how many were not.
    ///
    /// # Errors
    ///
    /// See above.
    pub async fn keep_refused(
        &self,
        stamp: &Stamp,
        delivery: Delivery,
        refused: &Refused,
    ) -> Result<(), Error> {
        let Some(others) = self.refused().pass(&delivery.provider, stamp.now_unix) else {
            return Ok(());
        };
        let (verdict, mut effect) = (refused.verdict(), refused.to_string());
        if others > 0 {
            effect += &format!("; {others} more were refused before it and are not kept");
        }
        self.change(stamp, move |tx| {
            Box::pin(async move {
                let kept = Kept { key: None, kind: "", verdict, effect: &effect, checkout: None };
                keep(tx, &delivery, kept).await?;
                tx.execute(CUT_REFUSED, &[Value::Int(Some(MAX_REFUSED))]).await?;
                Ok(())
            })
        })
        .await
    }

    /// A page of deliveries, oldest first.
    ///
    /// # Errors
    ///
    /// See above.
    pub async fn deliveries(&self, page: Page) -> Result<Vec<StoredDelivery>, Error> {
        let mut db = self.reader().await?;
        Ok(db.all(LIST, &[page.after.into(), page.limit().into()], read).await?)
    }

    /// A delivery.
    ///
    /// # Errors
    ///
    /// See above; there is none such.
    pub async fn delivery(&self, id: DeliveryId) -> Result<StoredDelivery, Error> {
        let mut db = self.reader().await?;
        db.one(BY_ID, &[id.0.into()], read).await?.ok_or(Error::NoDelivery(id))
    }
}

/// Whether an event of a provider was received.
pub(crate) async fn is_known(
    db: &mut dyn Connection,
    provider: &str,
    key: &str,
) -> SqlResult<bool> {
    Ok(of_key(db, provider, key).await?.is_some())
}

/// The delivery of an event.
pub(crate) async fn of_key(
    db: &mut dyn Connection,
    provider: &str,
    key: &str,
) -> SqlResult<Option<StoredDelivery>> {
    db.one(BY_KEY, &[provider.into(), key.into()], read).await
}

/// Those that are held for a checkout and have a body to read again, oldest first.
pub(crate) async fn held_for(
    db: &mut dyn Connection,
    checkout: CheckoutId,
) -> SqlResult<Vec<DeliveryId>> {
    let values = [checkout.0.into(), Page::MAX.into()];
    db.all(HELD_FOR, &values, |row| Ok(DeliveryId(row.number(0)?))).await
}

/// Counts a delivery that came again and changed nothing.
pub(crate) async fn count_again(db: &mut dyn Connection, id: DeliveryId) -> SqlResult<()> {
    let sql = "UPDATE webhook_event SET again = again + 1 WHERE id = $1";
    db.execute(sql, &[id.0.into()]).await.map(drop)
}

/// What is kept beside a delivery.
pub(crate) struct Kept<'a> {
    pub(crate) key: Option<&'a str>,
    pub(crate) kind: &'a str,
    pub(crate) verdict: &'a str,
    pub(crate) effect: &'a str,
    pub(crate) checkout: Option<CheckoutId>,
}

/// Keeps a delivery with what came of it. Of those that mean nothing here only the newest are kept.
pub(crate) async fn keep(tx: &mut Tx, delivery: &Delivery, kept: Kept<'_>) -> SqlResult<()> {
    let values = [
        delivery.provider.as_str().into(),
        kept.key.into(),
        kept.kind.into(),
        tx.now().into(),
        delivery.headers.as_str().into(),
        Value::Bytes(&delivery.body),
        kept.verdict.into(),
        kept.effect.into(),
        kept.checkout.map(|checkout| checkout.0).into(),
    ];
    tx.execute(KEEP, &values).await?;
    if kept.verdict == Verdict::Ignored.text() {
        tx.execute(CUT_IGNORED, &[Value::Int(Some(MAX_IGNORED))]).await?;
    }
    Ok(())
}

pub(crate) fn read(row: &dyn Row) -> SqlResult<StoredDelivery> {
    let key = row.text(2)?;
    Ok(StoredDelivery {
        id: DeliveryId(row.number(0)?),
        delivery: Delivery {
            provider: row.text(1)?.to_owned(),
            headers: row.text(5)?.to_owned(),
            body: row.bytes(6)?.unwrap_or_default().to_owned(),
        },
        key: (!key.is_empty()).then(|| key.to_owned()),
        kind: row.text(3)?.to_owned(),
        received: row.number(4)?,
        verdict: verdict(row.text(7)?)?,
        effect: row.text(8)?.to_owned(),
        again: row.number(9)?,
        erased: row.optional(10)?,
    })
}

fn verdict(text: &str) -> SqlResult<Verdict> {
    let refused = ["forged", "malformed", "oversized", "stale"];
    match text {
        "applied" => Ok(Verdict::Applied),
        "held" => Ok(Verdict::Held),
        "ignored" => Ok(Verdict::Ignored),
        other => refused
            .into_iter()
            .find(|word| *word == other)
            .map(Verdict::Refused)
            .ok_or_else(|| unreadable(7, other)),
    }
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, provider, coalesce(key, ''), kind, received, headers, body, verdict, \
             effect, again, erased FROM webhook_event WHERE ",
            $rest
        )
    };
}

/// Every row.
pub(crate) const ANY: &str = select!("id > 0");
const BY_ID: &str = select!("id = $1");
const BY_KEY: &str = select!("provider = $1 AND key = $2");
const HELD_FOR: &str = "SELECT id FROM webhook_event WHERE checkout = $1 AND verdict = 'held' \
     AND length(body) > 0 ORDER BY id LIMIT $2";
const LIST: &str = select!("id > $1 ORDER BY id LIMIT $2");
const KEEP: &str = "INSERT INTO webhook_event \
     (provider, key, kind, received, headers, body, verdict, effect, checkout, again) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0) \
     ON CONFLICT (provider, key) DO UPDATE SET verdict = excluded.verdict, \
     effect = excluded.effect, checkout = coalesce(excluded.checkout, webhook_event.checkout), \
     again = webhook_event.again + 1";
const CUT_IGNORED: &str = "DELETE FROM webhook_event WHERE verdict = 'ignored' AND id <= ( \
     SELECT id FROM webhook_event WHERE verdict = 'ignored' ORDER BY id DESC LIMIT 1 OFFSET $1)";
const CUT_REFUSED: &str = "DELETE FROM webhook_event WHERE key IS NULL AND id <= ( \
     SELECT id FROM webhook_event WHERE key IS NULL ORDER BY id DESC LIMIT 1 OFFSET $1)";
const MAX_IGNORED: i64 = 10_000;
const MAX_REFUSED: i64 = 1000;
