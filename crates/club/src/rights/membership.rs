//! The periods that a membership is made of, and how much of each is left.
//!
//! One period runs at a time: those of the best tier first, and those of one tier in the order in which they were given.
//! The others wait meanwhile, so nothing that is given uses up what was there before. Only what is left of a period can be
//! taken back, and the ones behind it move up. A member's tier and its end follow from the periods.
//! Deliberately absent: tiers that are earned, which are held beside these.

use std::cmp::Reverse;

use policy::MemberId;

use crate::members::member::{self, Member};
use crate::store::sql::{Connection, Reading, Row, SqlResult};
use crate::store::tx::Tx;
use crate::values::error::Error;
use crate::values::names::Names;

/// A member with the periods that are not over, counted up to now.
pub(crate) struct TierPeriods {
    pub(crate) member: Member,
    /// In the order in which they run. One that is asked for by its source is here although it is over.
    periods: Vec<TierPeriod>,
}

struct TierPeriod {
    /// `u32::MAX` before it is stored.
    id: u32,
    tier: String,
    /// What gave it: `order 5`, `checkout 3` (a subscription), `voucher 7`, [`OPERATOR`] or [`EARLIER`].
    source: String,
    /// Seconds that it has given and will give; 0 where it has no end.
    given: u32,
    /// Seconds that have not elapsed; `None` where it has no end.
    rest: Option<u32>,
}

impl TierPeriods {
    /// That of a member, with the period from `source` whether or not it is over. O(periods of the member).
    pub(crate) async fn load(tx: &mut Tx, id: MemberId, source: &str) -> Result<Self, Error> {
        let member = member::by_id(tx, id).await?;
        let counted = tx.one(COUNTED, &[id.value().into()], |row| row.optional::<u32>(0)).await?;
        let db: &mut dyn Connection = tx;
        let mut periods = db.all(OF_MEMBER, &[id.value().into(), source.into()], read).await?;
        let counted = counted.flatten();
        if counted.is_none() {
            periods.extend(earlier(&member, &tx.names, tx.now()));
        }
        let mut membership = Self { member, periods };
        membership.sort(&tx.names);
        membership.elapse(tx.now().saturating_sub(counted.unwrap_or(u32::MAX)));
        Ok(membership)
    }

    /// Whether some of a tier is left, now or later.
    pub(crate) fn has(&self, tier: &str) -> bool {
        self.left().any(|period| period.tier == tier)
    }

    /// The tier without an end that keeps any period of `tier` from running, where there is one.
    pub(crate) fn endless_before(&self, tier: &str, names: &Names) -> Option<&str> {
        let mut endless = self.periods.iter().filter(|period| period.rest.is_none());
        let found = endless.find(|period| names.place(&period.tier) >= names.place(tier))?;
        Some(&found.tier)
    }

    /// Has a source give `secs` in all, those that elapsed included. Returns whether that changes anything.
    pub(crate) fn give_in_all(&mut self, source: &str, tier: &str, secs: u32) -> bool {
        let given = self.of(source).map_or(0, |period| period.given);
        if secs < given {
            self.take_back(source, given - secs)
        } else {
            self.give(source, tier, secs - given)
        }
    }

    /// Has a source give `secs` more. Returns whether that changes anything.
    pub(crate) fn give(&mut self, source: &str, tier: &str, secs: u32) -> bool {
        if secs == 0 {
            return false;
        }
        if let Some(period) = self.of(source) {
            period.given = period.given.saturating_add(secs);
            period.rest = period.rest.map(|rest| rest.saturating_add(secs));
        } else {
            self.push(source, tier, Some(secs));
        }
        true
    }

    /// Takes back `secs` of what a source gave, as far as they have not elapsed. Returns whether that changes anything.
    pub(crate) fn take_back(&mut self, source: &str, secs: u32) -> bool {
        let Some(period) = self.of(source) else { return false };
        let taken = period.rest.unwrap_or(0).min(secs);
        period.given = period.given.saturating_sub(taken);
        period.rest = period.rest.map(|rest| rest - taken);
        taken > 0
    }

    /// Tells a source that gave `secs` before periods were kept from the rest of that time.
    pub(crate) fn part(&mut self, source: &str, tier: &str, secs: u32) {
        if self.of(source).is_some() {
            return;
        }
        let Some(earlier) = self.of(EARLIER).filter(|period| period.tier == tier) else { return };
        let Some(rest) = earlier.rest else { return };
        let part = rest.min(secs);
        earlier.rest = Some(rest - part);
        earlier.given = earlier.given.saturating_sub(part);
        self.push(source, tier, Some(part));
    }

    /// Ends all that was given, for a tier in its place: `secs` of it, or without an end.
    pub(crate) fn replace(&mut self, tier: &str, secs: Option<u32>, names: &Names) {
        for period in &mut self.periods {
            period.rest = Some(0);
        }
        self.member.tier_until = None;
        // The first tier is everybody's.
        if secs.is_none() && names.place(tier) == Some(0) {
            return;
        }
        match self.of(OPERATOR) {
            Some(period) => {
                tier.clone_into(&mut period.tier);
                (period.given, period.rest) = (secs.unwrap_or(0), secs);
            }
            None => self.push(OPERATOR, tier, secs),
        }
    }

    /// Keeps the periods, and the tier that follows from them.
    pub(crate) async fn store(mut self, tx: &mut Tx, detail: &str) -> Result<Member, Error> {
        let now = tx.now();
        self.sort(&tx.names);
        let running = self.running(&tx.names, now);
        (self.member.tier, self.member.tier_until, self.member.tier_then) = running;
        let id = self.member.id.value();
        for TierPeriod { tier, source, given, rest, .. } in &self.periods {
            let (tier, source) = (tier.as_str().into(), source.as_str().into());
            let values = [id.into(), tier, source, (*given).into(), (*rest).into()];
            tx.execute(PUT, &values).await?;
        }
        let sql = "UPDATE member SET tier_counted = $2 WHERE id = $1";
        tx.execute(sql, &[id.into(), now.into()]).await?;
        member::save(tx, "member.tier", &self.member, detail).await?;
        Ok(self.member)
    }

    /// The tier that runs, when it ends, and the one after it.
    fn running(&self, names: &Names, now_unix: u32) -> (String, Option<u32>, Option<String>) {
        let mut left = self.left();
        let Some(first) = left.next() else {
            let Member { tier, tier_until, .. } = &self.member;
            if tier_until.is_some_and(|until| until <= now_unix) {
                return (tier.clone(), *tier_until, None);
            }
            let outsider = names.tiers.first().map(|(outsider, _)| outsider.clone());
            return (outsider.unwrap_or_default(), None, None);
        };
        let mut until = first.rest.map(|rest| now_unix.saturating_add(rest));
        for period in left {
            if period.tier != first.tier {
                let then = until.map(|_| period.tier.clone());
                return (first.tier.clone(), until, then);
            }
            until = until.zip(period.rest).map(|(until, rest)| until.saturating_add(rest));
        }
        (first.tier.clone(), until, None)
    }

    fn left(&self) -> impl Iterator<Item = &TierPeriod> {
        self.periods.iter().filter(|period| period.rest != Some(0))
    }

    fn of(&mut self, source: &str) -> Option<&mut TierPeriod> {
        self.periods.iter_mut().find(|period| period.source == source)
    }

    fn push(&mut self, source: &str, tier: &str, rest: Option<u32>) {
        let (tier, source) = (tier.to_owned(), source.to_owned());
        self.periods.push(TierPeriod {
            id: u32::MAX,
            tier,
            source,
            given: rest.unwrap_or(0),
            rest,
        });
    }

    /// One without an end comes after those that have one.
    fn sort(&mut self, names: &Names) {
        self.periods.sort_by_key(|period| {
            (Reverse(names.place(&period.tier)), period.rest.is_none(), period.id)
        });
    }

    fn elapse(&mut self, mut secs: u32) {
        for period in &mut self.periods {
            let Some(rest) = &mut period.rest else { return };
            let elapsed = secs.min(*rest);
            *rest -= elapsed;
            secs -= elapsed;
        }
    }
}

/// What a member has of whom no periods are kept.
fn earlier(member: &Member, names: &Names, now_unix: u32) -> Option<TierPeriod> {
    let rest = member.tier_until.map(|until| until.saturating_sub(now_unix));
    // The first tier is everybody's.
    if rest == Some(0) || names.place(&member.tier) == Some(0) {
        return None;
    }
    let (tier, source) = (member.tier.clone(), EARLIER.to_owned());
    Some(TierPeriod { id: u32::MAX, tier, source, given: rest.unwrap_or(0), rest })
}

fn read(row: &dyn Row) -> SqlResult<TierPeriod> {
    Ok(TierPeriod {
        id: row.number(0)?,
        tier: row.text(1)?.to_owned(),
        source: row.text(2)?.to_owned(),
        given: row.number(3)?,
        rest: row.optional(4)?,
    })
}

/// Every row.
pub(crate) const READING: Reading = Reading {
    table: "tier_period",
    sql: "SELECT id, tier, source, given, rest FROM tier_period",
    read: |row| read(row).map(drop),
};
/// The source of what an operator set.
pub(super) const OPERATOR: &str = "operator";
/// The source of what a member had when the first period was kept.
const EARLIER: &str = "earlier";
const COUNTED: &str = "SELECT tier_counted FROM member WHERE id = $1";
const OF_MEMBER: &str = "SELECT id, tier, source, given, rest FROM tier_period \
     WHERE member = $1 AND (rest IS NULL OR rest > 0 OR source = $2) ORDER BY id";
const PUT: &str = "INSERT INTO tier_period (member, tier, source, given, rest) \
     VALUES ($1, $2, $3, $4, $5) ON CONFLICT (member, source) DO UPDATE SET \
     tier = excluded.tier, given = excluded.given, rest = excluded.rest";
