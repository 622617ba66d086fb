//! Deliveries of webhooks: each is kept with what came of it, and has its effect once.
//!
//! A delivery is answered after its effect was committed. What is refused has no effect; of those
//! one a second is kept, and the newest, so that a flood of forged ones does not reach the disk.

use crate::audit::alert::{self, AlertKind, NewAlert};
use crate::payments::apply::{EventContext, EventOutcome, apply};
use crate::payments::provider::{Event, Refused};
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

/// Operations on deliveries. Each fails where the database is unavailable, which the provider must
/// be told, so that it tries again.
impl Club {
    /// Keeps a genuine delivery and does what it says, once however often it comes. What it does
    /// is in force on the announce path when this returns.
    ///
    /// One that was held is looked at anew each time it comes.
    ///
    /// # Errors
    ///
    /// See above.
    pub async fn receive(
        &self,
        stamp: &Stamp,
        delivery: Delivery,
        event: Event,
    ) -> Result<(Verdict, String), Error> {
        self.change(stamp, move |tx| Box::pin(async move { receive(tx, &delivery, &event).await }))
            .await
    }

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
                let bound = [Value::Int(Some(MAX_REFUSED))];
                tx.execute(CUT_REFUSED, &bound).await?;
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
    Ok(db.one(BY_KEY, &[provider.into(), key.into()], read).await?.is_some())
}

/// Keeps a delivery and does what it says, unless it did so before.
pub(crate) async fn receive(
    tx: &mut Tx,
    delivery: &Delivery,
    event: &Event,
) -> Result<(Verdict, String), Error> {
    let mut context = EventContext { provider: &delivery.provider, checkout: None };
    let values = [context.provider.into(), event.key.as_str().into()];
    let known = tx.one(BY_KEY, &values, read).await?;
    if let Some(known) = &known
        && known.verdict != Verdict::Held
    {
        return again(tx, known, Verdict::Duplicate).await;
    }
    let outcome = tx.attempt(async |tx| apply(tx, &mut context, &event.notice).await).await?;
    let outcome = outcome.unwrap_or_else(|refused| EventOutcome::Held(refused.to_string()));
    let (verdict, effect) = match (outcome, &known) {
        (EventOutcome::Applied(effect), _) => (Verdict::Applied, effect),
        (EventOutcome::Held(effect), _) => (Verdict::Held, effect),
        (EventOutcome::Ignored(effect), _) => (Verdict::Ignored, effect.to_owned()),
        (EventOutcome::Known, Some(held)) => return again(tx, held, Verdict::Held).await,
        (EventOutcome::Settled, _) | (EventOutcome::Known, None) => {
            (Verdict::Applied, "all of it was known".to_owned())
        }
    };
    let (key, checkout) = (Some(event.key.as_str()), context.checkout);
    let kept = Kept { key, kind: &event.kind, verdict: verdict.text(), effect: &effect, checkout };
    keep(tx, delivery, kept).await?;
    if verdict == Verdict::Ignored {
        tx.execute(CUT_IGNORED, &[Value::Int(Some(MAX_IGNORED))]).await?;
    }
    if verdict == Verdict::Held {
        let evidence = format!("{} {}: {effect}", delivery.provider, event.kind);
        let alert = NewAlert { kind: AlertKind::Payment, member: None, item: None, evidence };
        alert::raise(tx, &[alert]).await?;
    }
    Ok((verdict, effect))
}

/// Counts a delivery that came again and changed nothing.
async fn again(
    db: &mut dyn Connection,
    known: &StoredDelivery,
    verdict: Verdict,
) -> Result<(Verdict, String), Error> {
    let sql = "UPDATE webhook_event SET again = again + 1 WHERE id = $1";
    db.execute(sql, &[known.id.0.into()]).await?;
    Ok((verdict, known.effect.clone()))
}

struct Kept<'a> {
    key: Option<&'a str>,
    kind: &'a str,
    verdict: &'a str,
    effect: &'a str,
    checkout: Option<CheckoutId>,
}

async fn keep(tx: &mut Tx, delivery: &Delivery, kept: Kept<'_>) -> SqlResult<u64> {
    let values = [
        delivery.provider.as_str().into(),
        kept.key.map_or(Value::Null, Value::Text),
        kept.kind.into(),
        tx.now().into(),
        delivery.headers.as_str().into(),
        Value::Bytes(&delivery.body),
        kept.verdict.into(),
        kept.effect.into(),
        kept.checkout.map(|checkout| checkout.0).into(),
    ];
    tx.execute(KEEP, &values).await
}

fn read(row: &dyn Row) -> SqlResult<StoredDelivery> {
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

const BY_ID: &str = select!("id = $1");
const BY_KEY: &str = select!("provider = $1 AND key = $2");
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
