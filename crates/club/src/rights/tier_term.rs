//! How long a member has a tier: what gives it, what takes it back, and what comes after it.

use policy::MemberId;

use crate::members::member::{self, Member};
use crate::rights::membership::{OPERATOR, TierPeriods};
use crate::store::club::Club;
use crate::store::sql::member_id;
use crate::store::tx::Tx;
use crate::values::error::Error;
use crate::values::stamp::Stamp;
use crate::values::version::Expected;

/// Operations on tiers, in force on the announce path when they return. Each fails where the database is unavailable.
impl Club {
    /// Gives a member, by name or id, a tier in place of all that the member has, until a time or without an end.
    ///
    /// # Errors
    ///
    /// See above; there is no such member, or it was removed; the tier is not configured, or ended already.
    pub async fn set_tier(
        &self,
        stamp: &Stamp,
        member: &str,
        tier: &str,
        until: Option<u32>,
    ) -> Result<Member, Error> {
        self.set_tier_if(stamp, member, (tier, until), Expected::Anything).await
    }

    /// As [`set_tier`](Self::set_tier), where the member has the tier that is expected ([`Member::tier_version`]).
    ///
    /// # Errors
    ///
    /// As of [`set_tier`](Self::set_tier); the member has another tier.
    pub async fn set_tier_if(
        &self,
        stamp: &Stamp,
        member: &str,
        (tier, until): (&str, Option<u32>),
        expected: Expected,
    ) -> Result<Member, Error> {
        self.names().check_tier(tier)?;
        stamp.check_future(until)?;
        let (wanted, tier) = (member.to_owned(), tier.to_owned());
        self.change(stamp, move |tx| {
            Box::pin(async move { set(tx, &wanted, (&tier, until), &expected).await })
        })
        .await
    }

    /// Goes on to the next tier for members whose present one is over, at most 200, and returns how many those were. On
    /// the announce path they hold it without this.
    ///
    /// # Errors
    ///
    /// See above.
    pub async fn turn_tiers(&self, now_unix: u32) -> Result<usize, Error> {
        let values = [now_unix.into(), MAX_TURNED.into()];
        let due = self.reader().await?.all(DUE, &values, |row| member_id(row, 0)).await?;
        if due.is_empty() {
            return Ok(0);
        }
        let stamp = Stamp::of_daemon(now_unix);
        self.change(&stamp, move |tx| Box::pin(async move { turn(tx, due).await })).await
    }
}

/// Gives a member days of a tier.
pub(crate) async fn give(
    tx: &mut Tx,
    member: MemberId,
    tier: &str,
    days: u16,
    source: &str,
) -> Result<(), Error> {
    tx.names.check_tier(tier)?;
    let mut held = TierPeriods::load(tx, member, source).await?;
    if let Some(endless) = held.endless_before(tier, &tx.names) {
        let (member, what) = (held.member.name.clone(), endless.to_owned());
        return Err(Error::HasAlready { member, what });
    }
    if held.give_in_all(source, tier, secs(days)) {
        held.store(tx, source).await?;
    }
    Ok(())
}

/// Takes back what is left of the days that a source gave.
pub(crate) async fn take_back(
    tx: &mut Tx,
    member: MemberId,
    tier: &str,
    days: u16,
    source: &str,
) -> Result<(), Error> {
    let mut held = TierPeriods::load(tx, member, source).await?;
    held.part(source, tier, secs(days));
    if held.give_in_all(source, tier, 0) {
        held.store(tx, &format!("{source} was paid back")).await?;
    }
    Ok(())
}

/// Has a subscription that gave a tier until `from` give it until `to`.
pub(crate) async fn move_end(
    tx: &mut Tx,
    member: MemberId,
    tier: &str,
    source: &str,
    (from, to): (Option<u32>, Option<u32>),
) -> Result<(), Error> {
    let now = tx.now();
    let mut held = TierPeriods::load(tx, member, source).await?;
    let is_changed = if to > from {
        let begins = from.unwrap_or(now);
        // Where other days came between, a period that is paid late is whole; otherwise some of it has elapsed.
        let begins = if held.has(tier) { begins } else { begins.max(now) };
        held.give(source, tier, to.unwrap_or(0).saturating_sub(begins))
    } else {
        held.part(source, tier, from.unwrap_or(0).saturating_sub(now));
        held.take_back(source, from.unwrap_or(0).saturating_sub(to.unwrap_or(0)))
    };
    if is_changed {
        held.store(tx, source).await?;
    }
    Ok(())
}

async fn set(
    tx: &mut Tx,
    wanted: &str,
    (tier, until): (&str, Option<u32>),
    expected: &Expected,
) -> Result<Member, Error> {
    let member = member::find_live(tx, wanted).await?;
    expected.check(member.tier_version())?;
    let mut held = TierPeriods::load(tx, member.id, OPERATOR).await?;
    let now = tx.now();
    held.replace(tier, until.map(|until| until.saturating_sub(now)), &tx.names);
    held.store(tx, &format!("{} -> {tier}", member.tier)).await
}

async fn turn(tx: &mut Tx, due: Vec<MemberId>) -> Result<usize, Error> {
    let mut turned = 0;
    for id in due {
        let held = TierPeriods::load(tx, id, "").await?;
        let was = held.member.tier.clone();
        if held.member.tier_until.is_some_and(|until| until <= tx.now()) {
            held.store(tx, &format!("{was} is over")).await?;
            turned += 1;
        }
    }
    Ok(turned)
}

fn secs(days: u16) -> u32 {
    u32::from(days) * 86_400
}

const DUE: &str = "SELECT id FROM member WHERE tier_then IS NOT NULL AND tier_until <= $1 \
     AND state <> 'removed' ORDER BY tier_until LIMIT $2";
const MAX_TURNED: u32 = 200;
