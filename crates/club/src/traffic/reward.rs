//! Rewards: store credit for verified upload, promised at a window's close and posted after a hold.
//!
//! The money is the price difference: who bought the torrent paid less than for a direct download,
//! and left it to others to carry. What is promised of an item never exceeds that, so the publisher
//! never pays more than was saved. An order's difference is there to be earned once its buyer took
//! something from peers, and not before: buyers who collude with a carrier put in their own alone.
//! Store credit is spent here and never paid out.

use policy::{ItemId, MemberId};

use crate::audit::alert::{AlertKind, NewAlert, raise};
use crate::audit::log::{self, record};
use crate::ledger::account::Account;
use crate::ledger::journal::{EntryRequest, NewEntry, balance, left_of, negated, post};
use crate::members::member;
use crate::store::club::Club;
use crate::store::sql::{Connection, Reading, Row, SqlResult, Value, currency, member_id};
use crate::store::tx::Tx;
use crate::traffic::window::RewardRules;
use crate::values::error::Error;
use crate::values::ids::{EntryId, RewardId};
use crate::values::money::{Amount, Currency};
use crate::values::page::Page;
use crate::values::stamp::Stamp;

/// What a member earns by one item in one window.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Reward {
    /// Its number.
    pub id: RewardId,
    /// Who earned it.
    pub member: MemberId,
    /// By which item.
    pub item: ItemId,
    /// When the window ended, in Unix seconds.
    pub window: u32,
    /// How much: once it is posted, what was.
    pub amount: Amount,
    /// When it is posted, in Unix seconds.
    pub due: u32,
    /// The entry that posted it; `None` while it is held.
    pub entry: Option<EntryId>,
    /// When it was taken back, in Unix seconds.
    pub reversed: Option<u32>,
}

/// What a member carried of an item, as said and as verified, in windows of the last 35 days.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct VerifiedTraffic {
    /// Of what.
    pub item: ItemId,
    /// Bytes uploaded by the member's word, in windows that were judged.
    pub said: u64,
    /// Bytes of them that were verified.
    pub verified: u64,
}

/// Operations on rewards. Each fails where the database is unavailable.
impl Club {
    /// A page of rewards, of one member or of all, oldest first.
    ///
    /// # Errors
    ///
    /// See above; there is no such member, by name or id.
    pub async fn rewards(&self, member: Option<&str>, page: Page) -> Result<Vec<Reward>, Error> {
        let mut db = self.reader().await?;
        let Some(member) = member else {
            return Ok(db.all(PAGE, &[page.after.into(), page.limit().into()], read).await?);
        };
        let member = member::find(&mut *db, member).await?.id.value();
        let values = [page.after.into(), page.limit().into(), member.into()];
        Ok(db.all(OF_MEMBER, &values, read).await?)
    }

    /// What a member earned in windows that ended since a time: the sum of each window and currency, with the end
    /// of the window in Unix seconds, oldest first. What is held counts, what was taken back does not.
    ///
    /// # Errors
    ///
    /// The database is unavailable.
    pub async fn earned_since(
        &self,
        member: MemberId,
        since_unix: u32,
    ) -> Result<Vec<(u32, Amount)>, Error> {
        let values = [member.value().into(), since_unix.into()];
        let read = |row: &dyn Row| Ok((row.number(0)?, currency(row, 1)?.minor(row.number(2)?)));
        Ok(self.reader().await?.all(EARNED, &values, read).await?)
    }

    /// What a member's judged windows came to, by item.
    ///
    /// # Errors
    ///
    /// See above; there is no such member, by name or id.
    pub async fn verified_traffic(&self, member: &str) -> Result<Vec<VerifiedTraffic>, Error> {
        let mut db = self.reader().await?;
        let member = member::find(&mut *db, member).await?.id.value();
        let read = |row: &dyn Row| {
            Ok(VerifiedTraffic {
                item: ItemId(row.number(0)?),
                said: row.number(1)?,
                verified: row.number(2)?,
            })
        };
        Ok(db.all(VERIFIED_OF, &[member.into()], read).await?)
    }

    /// Posts the rewards whose hold is over, at most a page of them, as far as refunds left money
    /// for them; those of suspended members wait, and those for which none is left are taken back.
    /// One that can't be posted is an alert, and waits.
    /// Returns how many were posted.
    ///
    /// # Errors
    ///
    /// See above; some may have been posted.
    pub async fn post_rewards(&self, stamp: &Stamp, pool_permille: u16) -> Result<u32, Error> {
        let mut db = self.reader().await?;
        let values = [stamp.now_unix.into(), Page::MAX.into()];
        let due = db.all(DUE, &values, read).await?;
        drop(db);
        let mut posted = 0;
        for reward in due {
            let paid = self.change(stamp, move |tx| {
                Box::pin(async move {
                    let paid = tx.attempt(async |tx| pay(tx, reward.id, pool_permille).await);
                    match paid.await? {
                        Ok(paid) => Ok(paid),
                        // It waits for a person, and the others do not wait for it.
                        Err(refused) => {
                            let evidence =
                                format!("reward {} is not posted: {refused}", reward.id.0);
                            let (member, item) = (Some(reward.member), Some(reward.item));
                            let kind = AlertKind::Payment;
                            raise(tx, &[NewAlert { kind, member, item, evidence }]).await?;
                            Ok(false)
                        }
                    }
                })
            });
            posted += u32::from(paid.await?);
        }
        Ok(posted)
    }

    /// Takes a reward back, held or posted. What of it was spent is owed from then on.
    ///
    /// # Errors
    ///
    /// See above; there is no such reward, or it was taken back already.
    pub async fn reverse_reward(&self, stamp: &Stamp, id: RewardId) -> Result<Reward, Error> {
        self.change(stamp, move |tx| {
            Box::pin(async move {
                let reward = find(tx, id).await?;
                reverse(tx, reward, "taken back by hand").await
            })
        })
        .await
    }
}

/// What of the price difference is not promised yet, at most what `verified` bytes may earn; `None`
/// where nothing is. Of several currencies, that which the item is sold in comes first.
pub(crate) async fn pool(
    db: &mut dyn Connection,
    item: ItemId,
    rules: &RewardRules,
    verified: u64,
) -> Result<Option<Amount>, Error> {
    for saved in saved(db, item, rules.pool_permille).await? {
        let currency = saved.currency;
        let Promised { posted, held } = promised(db, item, currency).await?;
        let left = saved.minor.saturating_sub(posted).saturating_sub(held);
        if left > 0 {
            let most = match &rules.per_gib {
                Some(per_gib) => per_gib_of(Amount::parse(per_gib, currency)?, verified),
                None => left,
            };
            return Ok(Some(currency.minor(left.min(most))));
        }
    }
    Ok(None)
}

/// Promises a reward.
pub(crate) async fn promise(
    db: &mut dyn Connection,
    window: u32,
    item: ItemId,
    member: MemberId,
    amount: Amount,
    due: u32,
) -> SqlResult<()> {
    let values = [
        window.into(),
        item.0.into(),
        member.value().into(),
        amount.currency.code().into(),
        Value::Int(Some(amount.minor)),
        due.into(),
    ];
    let sql = "INSERT INTO reward (traffic_window, item, member, currency, amount, due) \
               VALUES ($1, $2, $3, $4, $5, $6)";
    db.execute(sql, &values).await.map(drop)
}

/// Posts a reward whose hold is over, as far as it is covered; `false` where it was taken back
/// instead, or is no longer due.
async fn pay(tx: &mut Tx, id: RewardId, pool_permille: u16) -> Result<bool, Error> {
    let promised = find(tx, id).await?;
    if promised.entry.is_some() || promised.reversed.is_some() {
        return Ok(false);
    }
    let amount = covered(tx, &promised, pool_permille).await?;
    if amount.minor == 0 {
        reverse(tx, promised, UNCOVERED).await?;
        return Ok(false);
    }
    let reward = Reward { amount, ..promised };
    let entry = NewEntry {
        request: &EntryRequest::new(&format!("reward:{}", id.0), &[])?,
        kind: "reward",
        member: Some(reward.member),
        reverses: None,
        memo: &format!("verified upload of item {}", reward.item.0),
        postings: &[
            (Account::Rebates, reward.amount),
            (Account::Rebate(reward.member), negated(reward.amount)?),
        ],
    };
    let entry = post(tx, entry).await?;
    let sql = "UPDATE reward SET journal = $2, amount = $3 WHERE id = $1";
    tx.execute(sql, &[id.0.into(), entry.0.into(), Value::Int(Some(amount.minor))]).await?;
    if amount != promised.amount {
        let cut = amount.currency.minor(promised.amount.minor - amount.minor);
        let detail = format!("reward {}, {cut} of {}: {UNCOVERED}", id.0, promised.amount);
        note_reversed(tx, &reward, &detail).await?;
    }
    Ok(true)
}

/// What of a reward that is held the orders that stand pay for: all that are held share alike what
/// those that were posted leave.
async fn covered(
    db: &mut dyn Connection,
    reward: &Reward,
    pool_permille: u16,
) -> Result<Amount, Error> {
    let Reward { item, amount, .. } = *reward;
    let saved = saved(db, item, pool_permille).await?;
    let saved = saved.iter().find(|saved| saved.currency == amount.currency);
    let Promised { posted, held } = promised(db, item, amount.currency).await?;
    let left = saved.map_or(0, |saved| saved.minor).saturating_sub(posted).max(0);
    if held <= left {
        return Ok(amount);
    }
    let part = i128::from(amount.minor) * i128::from(left) / i128::from(held);
    Ok(amount.currency.minor(i64::try_from(part).unwrap_or(amount.minor)))
}

async fn reverse(tx: &mut Tx, reward: Reward, why: &str) -> Result<Reward, Error> {
    if reward.reversed.is_some() {
        return Err(Error::NoReward(reward.id));
    }
    if let Some(posted) = reward.entry {
        let Reward { member, amount, .. } = reward;
        let has = negated(balance(tx, Account::Rebate(member), amount.currency).await?)?;
        let back = amount.currency.minor(amount.minor.min(has.minor.max(0)));
        let owed = amount.currency.minor(amount.minor - back.minor);
        let entry = NewEntry {
            request: &EntryRequest::new(&format!("reward:{}:back", reward.id.0), &[])?,
            kind: "reward.back",
            member: Some(member),
            reverses: Some(posted),
            memo: why,
            postings: &[
                (Account::Rebate(member), back),
                (Account::Receivable(member), owed),
                (Account::Rebates, negated(amount)?),
            ],
        };
        post(tx, entry).await?;
    }
    let sql = "UPDATE reward SET reversed = $2 WHERE id = $1";
    tx.execute(sql, &[reward.id.0.into(), tx.now().into()]).await?;
    let detail = format!("reward {}, {}: {why}", reward.id.0, reward.amount);
    note_reversed(tx, &reward, &detail).await?;
    Ok(Reward { reversed: Some(tx.now()), ..reward })
}

async fn note_reversed(tx: &mut Tx, reward: &Reward, detail: &str) -> Result<(), Error> {
    let (member, item) = (Some(reward.member), Some(reward.item));
    record(tx, log::LogEntry { what: "reward.reverse", member, item, detail }).await
}

/// What orders of the torrent whose buyers took from peers saved the publisher, in each currency:
/// of each order, the difference to the direct price when it was sold, and never more than is kept.
async fn saved(
    db: &mut dyn Connection,
    item: ItemId,
    pool_permille: u16,
) -> SqlResult<Vec<Amount>> {
    let read = |row: &dyn Row| Ok(currency(row, 0)?.minor(row.number(1)?));
    let saved = db.all(SAVED, &[item.0.into()], read).await?;
    let part = |saved: Amount| {
        let part = i128::from(saved.minor) * i128::from(pool_permille) / 1000;
        saved.currency.minor(i64::try_from(part).unwrap_or(i64::MAX))
    };
    Ok(saved.into_iter().map(part).collect())
}

/// What was promised of an item and stands, in minor units.
struct Promised {
    posted: i64,
    held: i64,
}

async fn promised(
    db: &mut dyn Connection,
    item: ItemId,
    currency: Currency,
) -> SqlResult<Promised> {
    let read = |row: &dyn Row| Ok(Promised { posted: row.number(0)?, held: row.number(1)? });
    let found = db.one(PROMISED, &[item.0.into(), currency.code().into()], read).await?;
    Ok(found.unwrap_or(Promised { posted: 0, held: 0 }))
}

async fn find(db: &mut dyn Connection, id: RewardId) -> Result<Reward, Error> {
    db.one(BY_ID, &[id.0.into()], read).await?.ok_or(Error::NoReward(id))
}

fn per_gib_of(per_gib: Amount, bytes: u64) -> i64 {
    let minor = i128::from(per_gib.minor) * i128::from(bytes) / (1 << 30);
    i64::try_from(minor).unwrap_or(i64::MAX)
}

pub(crate) fn read(row: &dyn Row) -> SqlResult<Reward> {
    Ok(Reward {
        id: RewardId(row.number(0)?),
        member: member_id(row, 1)?,
        item: ItemId(row.number(2)?),
        window: row.number(3)?,
        amount: currency(row, 4)?.minor(row.number(5)?),
        due: row.number(6)?,
        entry: row.optional(7)?.map(EntryId),
        reversed: row.optional(8)?,
    })
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT reward.id, reward.member, item, ends, currency, amount, due, journal, \
             reversed FROM reward JOIN traffic_window ON traffic_window.id = traffic_window ",
            $rest
        )
    };
}

/// Every row.
pub(crate) const READING: Reading =
    Reading { table: "reward", sql: select!(""), read: |row| read(row).map(drop) };
const BY_ID: &str = select!("WHERE reward.id = $1");
const DUE: &str = select!(
    "JOIN member ON member.id = reward.member WHERE due <= $1 AND journal IS NULL \
     AND reversed IS NULL AND state = 'active' ORDER BY reward.id LIMIT $2"
);
const EARNED: &str = "SELECT ends, currency, CAST(sum(amount) AS BIGINT) \
     FROM reward JOIN traffic_window ON traffic_window.id = traffic_window \
     WHERE reward.member = $1 AND ends >= $2 AND reversed IS NULL \
     GROUP BY ends, currency ORDER BY ends, currency";
const OF_MEMBER: &str =
    select!("WHERE reward.id > $1 AND reward.member = $3 ORDER BY reward.id LIMIT $2");
const PAGE: &str = select!("WHERE reward.id > $1 ORDER BY reward.id LIMIT $2");
const PROMISED: &str = "SELECT \
     CAST(coalesce(sum(CASE WHEN journal IS NULL THEN 0 ELSE amount END), 0) AS BIGINT), \
     CAST(coalesce(sum(CASE WHEN journal IS NULL THEN amount ELSE 0 END), 0) AS BIGINT) FROM reward \
     WHERE item = $1 AND currency = $2 AND reversed IS NULL";
const SAVED: &str = concat!(
    "SELECT sale.currency, CAST(sum(CASE WHEN saved < kept THEN saved ELSE kept END) AS BIGINT) \
     FROM (SELECT orders.currency, saved, ",
    left_of!("orders.journal"),
    " AS kept FROM orders JOIN taken ON taken.item = orders.item AND taken.member = orders.member \
     WHERE orders.item = $1 AND saved > 0 AND refunded IS NULL AND peers > 0) AS sale \
     JOIN item ON item.id = $1 GROUP BY sale.currency, item.currency \
     ORDER BY CASE WHEN sale.currency = item.currency THEN 0 ELSE 1 END, sale.currency"
);
const UNCOVERED: &str = "orders that stand do not cover it";
const VERIFIED_OF: &str = "SELECT item, CAST(sum(uploaded) AS BIGINT), \
     CAST(sum(verified) AS BIGINT) FROM carried \
     WHERE member = $1 AND verified IS NOT NULL GROUP BY item ORDER BY item";
