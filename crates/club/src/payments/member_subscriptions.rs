//! The subscriptions of a member, and that one is not to be renewed.
//!
//! Deliberately absent: the provider, whom the web asks before.

use policy::MemberId;

use crate::audit::log::{LogEntry, record};
use crate::store::club::Club;
use crate::store::sql::{Connection, Row, SqlResult, currency, member_id};
use crate::store::tx::Tx;
use crate::values::error::Error;
use crate::values::ids::CheckoutId;
use crate::values::money::Amount;
use crate::values::stamp::Stamp;

/// A subscription, by the checkout that began it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Subscription {
    /// The checkout.
    pub checkout: CheckoutId,
    /// Where it is paid.
    pub provider: String,
    /// The provider's name for it.
    pub name: String,
    /// The tier that it gives.
    pub tier: String,
    /// What a period costs.
    pub amount: Amount,
    /// Until when it is paid, in Unix seconds; `None` before the first payment.
    pub until: Option<u32>,
    /// When the provider ended it, in Unix seconds.
    pub ended: Option<u32>,
    /// When it was cancelled here, in Unix seconds; it runs to the end of what is paid.
    pub cancelled: Option<u32>,
}

impl Subscription {
    /// Whether another period will be charged.
    pub fn renews(&self, now_unix: u32) -> bool {
        self.cancelled.is_none() && self.ended.is_none_or(|ended| now_unix < ended)
    }
}

/// Subscriptions. Each operation fails where the database is unavailable.
impl Club {
    /// The last subscriptions of a member, the latest first: at most 50.
    ///
    /// # Errors
    ///
    /// The database is unavailable.
    pub async fn subscriptions(&self, member: MemberId) -> Result<Vec<Subscription>, Error> {
        let values = [member.value().into(), MAX_SUBSCRIPTIONS.into()];
        Ok(self.reader().await?.all(OF_MEMBER, &values, read).await?)
    }

    /// The subscriptions at a provider whose members were removed and that would be charged again, oldest first: at most
    /// 50. A checkout that was open then may have begun one since.
    ///
    /// # Errors
    ///
    /// The database is unavailable.
    pub async fn subscriptions_of_nobody(
        &self,
        provider: &str,
        now_unix: u32,
    ) -> Result<Vec<(MemberId, Subscription)>, Error> {
        let values = [provider.into(), now_unix.into(), MAX_SUBSCRIPTIONS.into()];
        let read = |row: &dyn Row| Ok((member_id(row, 9)?, read(row)?));
        Ok(self.reader().await?.all(OF_NOBODY, &values, read).await?)
    }

    /// Notes that a subscription was cancelled at its provider, and is not renewed.
    ///
    /// # Errors
    ///
    /// The database is unavailable.
    pub async fn note_cancelled(
        &self,
        stamp: &Stamp,
        member: MemberId,
        checkout: CheckoutId,
    ) -> Result<(), Error> {
        self.change(stamp, move |tx| Box::pin(async move { note(tx, member, checkout).await }))
            .await
    }
}

async fn note(tx: &mut Tx, member: MemberId, checkout: CheckoutId) -> Result<(), Error> {
    let sql = "UPDATE checkout SET cancelled = $2 WHERE id = $1 AND cancelled IS NULL";
    tx.execute(sql, &[checkout.0.into(), tx.now().into()]).await?;
    let detail = format!("checkout {}", checkout.0);
    let (what, member) = ("subscription.cancel", Some(member));
    record(tx, LogEntry { what, member, item: None, detail: &detail }).await
}

fn read(row: &dyn Row) -> SqlResult<Subscription> {
    Ok(Subscription {
        checkout: CheckoutId(row.number(0)?),
        provider: row.text(1)?.to_owned(),
        name: row.text(2)?.to_owned(),
        tier: row.text(3)?.to_owned(),
        amount: currency(row, 4)?.minor(row.number(5)?),
        until: row.optional(6)?,
        ended: row.optional(7)?,
        cancelled: row.optional(8)?,
    })
}

const OF_MEMBER: &str = "SELECT checkout.id, provider, subscription, tier, currency, amount, until, \
     ended, checkout.cancelled FROM checkout JOIN orders ON orders.id = checkout.orders \
     WHERE member = $1 AND days = 0 AND subscription IS NOT NULL ORDER BY checkout.id DESC LIMIT $2";
const OF_NOBODY: &str = "SELECT checkout.id, provider, subscription, orders.tier, currency, amount, until, \
     ended, checkout.cancelled, member.id FROM checkout JOIN orders ON orders.id = checkout.orders \
     JOIN member ON member.id = orders.member WHERE provider = $1 AND subscription IS NOT NULL \
     AND days = 0 AND member.state = 'removed' AND checkout.cancelled IS NULL \
     AND (ended IS NULL OR ended > $2) ORDER BY checkout.id LIMIT $3";
/// Maximum subscriptions that are listed.
const MAX_SUBSCRIPTIONS: u32 = 50;
