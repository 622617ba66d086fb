//! Windows: what clients said since the last one is counted once, judged item by item, and earns.
//!
//! A window is closed one longest interval after its end, when every client that was there has
//! said what it carried by then; so what is counted is what was said from close to close. The
//! steps of a close are transactions of their own, and a close that was interrupted goes on where
//! it was. Bytes near a window's edge may be said by their sender in one window and by their
//! taker in the next; the sender then goes without.
//!
//! Deliberately absent: when a window is closed, and the judgement.

use std::collections::{BTreeMap, BTreeSet};

use policy::{ItemId, MemberId};

use crate::audit::alert::{AlertKind, NewAlert, raise};
use crate::store::club::Club;
use crate::store::sql::{Connection, Row, SqlResult, Value, member_id};
use crate::traffic::earned;
use crate::traffic::judge::{Judged, judge};
use crate::values::error::Error;
use crate::values::stamp::Stamp;

/// How traffic is judged, and what it earns.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RewardRules {
    /// Bytes a second that a line carries; upload above it is not believed, and is an alert.
    pub line_rate: u64,
    /// The part of the price difference that goes to those who carry, in thousandths.
    pub pool_permille: u16,
    /// The most that a verified GiB earns: a decimal amount of the item's currency.
    pub per_gib: Option<String>,
    /// How long a reward can be looked at before it is posted, in seconds.
    pub hold_secs: u32,
    /// Tiers that are sold: who has one pays.
    pub sold: BTreeSet<String>,
    /// Tiers that are earned, the best last, each with the bytes verified in thirty days.
    pub earned: Vec<(String, u64)>,
}

/// What the close of a window came to.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Closed {
    /// When it ended, in Unix seconds.
    pub ends: u32,
    /// Items that had traffic.
    pub items: u32,
    /// Bytes of upload that were verified.
    pub verified: u64,
    /// Rewards that were promised.
    pub rewards: u32,
    /// Members whose earned tier changed.
    pub earned: u32,
}

/// A window under way.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Window {
    pub(crate) id: u32,
    pub(crate) ends: u32,
}

impl Club {
    /// When the last window that was closed ended, in Unix seconds; 0 where none was.
    ///
    /// # Errors
    ///
    /// The database is unavailable.
    pub async fn last_window(&self) -> Result<u32, Error> {
        let sql = "SELECT coalesce(max(ends), 0) FROM traffic_window WHERE closed IS NOT NULL";
        let ends = self.reader().await?.one(sql, &[], |row| row.number(0)).await?;
        Ok(ends.unwrap_or(0))
    }

    /// Closes the window that ends at `ends`, or goes on with one that was interrupted; `None`
    /// where it is closed already. `open` are the items of which people without a passkey took
    /// something: what is uploaded there is not compared with what members took. O(sessions).
    ///
    /// # Errors
    ///
    /// The database is unavailable: call again.
    pub async fn close_window(
        &self,
        stamp: &Stamp,
        ends: u32,
        rules: &RewardRules,
        open: &BTreeSet<ItemId>,
    ) -> Result<Option<Closed>, Error> {
        let begun = self.write(move |db| Box::pin(async move { begin(db, ends).await }));
        let Some(window) = begun.await? else { return Ok(None) };
        self.count_sessions(window, rules.line_rate).await?;
        let mut closed = Closed { ends: window.ends, ..Closed::default() };
        for item in self.items_to_judge(window).await? {
            let (rules, is_open) = (rules.clone(), open.contains(&item));
            let judged = self.change(stamp, move |tx| {
                Box::pin(async move {
                    let judged =
                        tx.attempt(async |tx| judge(tx, window, item, &rules, is_open).await);
                    match judged.await? {
                        Ok(judged) => Ok(judged),
                        // The other items do not wait for it.
                        Err(refused) => {
                            let evidence = format!("its traffic is not judged: {refused}");
                            let (kind, item) = (AlertKind::Imbalance, Some(item));
                            raise(tx, &[NewAlert { kind, member: None, item, evidence }]).await?;
                            Ok(Judged::default())
                        }
                    }
                })
            });
            let judged = judged.await?;
            closed.items += 1;
            closed.verified = closed.verified.saturating_add(judged.verified);
            closed.rewards += judged.rewards;
        }
        closed.earned = earned::renew(self, stamp, window.ends, &rules.earned).await?;
        let now = stamp.now_unix;
        self.write(move |db| Box::pin(async move { end(db, window, now).await })).await?;
        Ok(Some(closed))
    }

    /// Counts what was said since the last window, members in steps so that other changes need not
    /// wait long.
    async fn count_sessions(&self, window: Window, line_rate: u64) -> Result<(), Error> {
        let mut db = self.reader().await?;
        let number = |row: &dyn Row| row.number::<u32>(0);
        if db.one(JUDGED, &[window.id.into()], number).await?.unwrap_or(0) > 0 {
            // Interrupted after all were counted: what was said since is the next window's.
            return Ok(());
        }
        let last = db.one("SELECT coalesce(max(id), 0) FROM member", &[], number).await?;
        drop(db);
        for first in (0..=last.unwrap_or(0)).step_by(STEP_MEMBERS) {
            let step = u32::try_from(STEP_MEMBERS).unwrap_or(u32::MAX);
            let range = (first, first.saturating_add(step - 1));
            let step = self.write(move |db| {
                Box::pin(async move { Ok(count(db, window, range, line_rate).await?) })
            });
            step.await?;
        }
        Ok(())
    }

    async fn items_to_judge(&self, window: Window) -> Result<Vec<ItemId>, Error> {
        let mut db = self.reader().await?;
        let sql = "SELECT DISTINCT item FROM carried WHERE traffic_window = $1 \
                   AND verified IS NULL ORDER BY item";
        Ok(db.all(sql, &[window.id.into()], |row| Ok(ItemId(row.number(0)?))).await?)
    }
}

async fn begin(db: &mut dyn Connection, ends: u32) -> Result<Option<Window>, Error> {
    let read = |row: &dyn Row| Ok(Window { id: row.number(0)?, ends: row.number(1)? });
    let sql = "SELECT id, ends FROM traffic_window WHERE closed IS NULL ORDER BY id LIMIT 1";
    if let Some(interrupted) = db.one(sql, &[], read).await? {
        return Ok(Some(interrupted));
    }
    let sql = "INSERT INTO traffic_window (ends) SELECT $1 \
               WHERE NOT EXISTS (SELECT 1 FROM traffic_window WHERE ends >= $1) \
               RETURNING id, ends";
    Ok(db.one(sql, &[ends.into()], read).await?)
}

async fn count(
    db: &mut dyn Connection,
    window: Window,
    (first, last): (u32, u32),
    line_rate: u64,
) -> SqlResult<()> {
    let mut sums = BTreeMap::<(MemberId, ItemId), Said>::new();
    db.visit(NEWS, &[first.into(), last.into()], &mut |row| {
        let uploaded = positive(row, 2)?;
        let active_secs = positive(row, 4)?.max(1);
        let said = sums.entry((member_id(row, 0)?, ItemId(row.number(1)?))).or_default();
        said.uploaded = said.uploaded.saturating_add(uploaded);
        let possible = uploaded.min(line_rate.saturating_mul(active_secs));
        said.possible = said.possible.saturating_add(possible);
        said.fell = said.fell.saturating_add(positive(row, 3)?);
        Ok(())
    })
    .await?;
    for ((member, item), said) in sums {
        if said.uploaded > 0 || said.fell > 0 {
            let [uploaded, possible, fell] = [said.uploaded, said.possible, said.fell]
                .map(|bytes| stored(bytes.min(MOST_CARRIED)));
            let values =
                [window.id.into(), item.0.into(), member.value().into(), uploaded, possible, fell];
            db.execute(CARRIED, &values).await?;
        }
    }
    db.execute(COUNTED, &[first.into(), last.into()]).await.map(drop)
}

async fn end(db: &mut dyn Connection, window: Window, now_unix: u32) -> Result<(), Error> {
    let closed = [window.id.into(), now_unix.into()];
    db.execute("UPDATE traffic_window SET closed = $2 WHERE id = $1", &closed).await?;
    let old = [window.ends.saturating_sub(KEEP_SECS).into()];
    let sql = "DELETE FROM carried WHERE traffic_window IN \
               (SELECT id FROM traffic_window WHERE ends < $1)";
    db.execute(sql, &old).await?;
    Ok(())
}

/// What a member's clients said of an item.
#[derive(Default)]
struct Said {
    uploaded: u64,
    possible: u64,
    fell: u64,
}

fn positive(row: &dyn Row, column: usize) -> SqlResult<u64> {
    Ok(u64::try_from(row.number::<i64>(column)?).unwrap_or(0))
}

/// The databases' numbers are signed.
pub(crate) fn stored(bytes: u64) -> Value<'static> {
    Value::Int(Some(i64::try_from(bytes).unwrap_or(i64::MAX)))
}

const CARRIED: &str = "INSERT INTO carried (traffic_window, item, member, uploaded, possible, \
     fell) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (traffic_window, item, member) DO UPDATE \
     SET uploaded = carried.uploaded + excluded.uploaded, \
     possible = carried.possible + excluded.possible, fell = carried.fell + excluded.fell";
const COUNTED: &str = "UPDATE session SET counted_uploaded = high_uploaded - low_uploaded, \
     counted_left = CASE WHEN high_left > low_left THEN high_left - low_left ELSE 0 END, \
     counted_seen = last_seen WHERE member BETWEEN $1 AND $2 AND last_seen > counted_seen";
const JUDGED: &str = "SELECT count(*) FROM carried WHERE traffic_window = $1 \
     AND verified IS NOT NULL";
const NEWS: &str = "SELECT member, item, high_uploaded - low_uploaded - counted_uploaded, \
     CASE WHEN high_left > low_left THEN high_left - low_left ELSE 0 END - counted_left, \
     last_seen - CASE WHEN counted_seen > epoch THEN counted_seen ELSE epoch END \
     FROM session WHERE member BETWEEN $1 AND $2 AND last_seen > counted_seen";
/// 128 TiB: more than any line carries in a window, and the databases can still add up all windows of
/// many items.
const MOST_CARRIED: u64 = 1 << 47;
/// How many members' sessions are counted in one transaction.
const STEP_MEMBERS: usize = 10_000;
/// What was carried is kept for longer than a tier's thirty days look back.
const KEEP_SECS: u32 = 35 * 86_400;
