//! How long a member has a tier.

use policy::MemberId;

use crate::members::member::{self, Member};
use crate::store::tx::Tx;
use crate::values::error::Error;
use crate::values::names::Names;

/// Gives a member days of a tier, after those they have of it.
pub(crate) fn lengthen(
    member: &mut Member,
    tier: &str,
    days: u16,
    names: &Names,
    now_unix: u32,
) -> Result<(), Error> {
    names.check_tier(tier)?;
    let is_live = member.tier_until.is_none_or(|until| now_unix < until);
    let is_better = names.place(&member.tier) > names.place(tier);
    let is_same = member.tier == tier;
    if is_live && (is_better || is_same && member.tier_until.is_none()) {
        return Err(Error::HasAlready { member: member.name.clone(), what: member.tier.clone() });
    }
    let from = member.tier_until.filter(|_| is_same && is_live).unwrap_or(now_unix);
    member.tier_until = Some(from.saturating_add(u32::from(days) * DAY_SECS));
    tier.clone_into(&mut member.tier);
    Ok(())
}

/// Refuses a tier that somebody else may have paid for, where it would end a lesser one that the member has without an
/// end: that would be gone for good, and its owner was not asked.
pub(crate) fn check_not_ended(member: &Member, tier: &str, names: &Names) -> Result<(), Error> {
    // The first tier is everybody's.
    let has = names.place(&member.tier).filter(|has| *has > 0 && member.tier_until.is_none());
    if has.is_some_and(|has| Some(has) < names.place(tier)) {
        return Err(Error::EndsTier { member: member.name.clone(), tier: member.tier.clone() });
    }
    Ok(())
}

/// Takes days of a tier back, where the member still has it.
pub(crate) async fn shorten(
    tx: &mut Tx,
    source: &str,
    member: MemberId,
    tier: &str,
    days: u16,
) -> Result<(), Error> {
    let mut member = member::by_id(tx, member).await?;
    let Some(until) = member.tier_until.filter(|_| member.tier == tier) else { return Ok(()) };
    let until = until.saturating_sub(u32::from(days) * DAY_SECS);
    set_end(&mut member, until, &tx.names, tx.now());
    member::save(tx, TIER, &member, source).await
}

/// Moves the end of a tier from what a subscription gave so far to what it gives now. Time that
/// came from elsewhere stays.
pub(crate) async fn move_end(
    tx: &mut Tx,
    source: &str,
    member: MemberId,
    tier: &str,
    from: Option<u32>,
    to: Option<u32>,
) -> Result<(), Error> {
    let now = tx.now();
    let mut member = member::by_id(tx, member).await?;
    let has_it = member.tier == tier;
    let is_live = member.tier_until.is_none_or(|until| now < until);
    let is_better = tx.names.place(&member.tier) > tx.names.place(tier);
    if is_live && is_better || has_it && member.tier_until.is_none() {
        return Ok(());
    }
    let is_ours = has_it && member.tier_until == from;
    let present = member.tier_until.filter(|_| has_it && is_live && !is_ours).unwrap_or(0);
    let until = to.unwrap_or(0).max(present);
    if !has_it && until <= now {
        return Ok(());
    }
    tier.clone_into(&mut member.tier);
    set_end(&mut member, until, &tx.names, now);
    member::save(tx, TIER, &member, source).await
}

/// Lets the tier end then; where that is over, the member is an outsider.
fn set_end(member: &mut Member, until: u32, names: &Names, now_unix: u32) {
    if until > now_unix {
        member.tier_until = Some(until);
        return;
    }
    if let Some((outsider, _)) = names.tiers.first() {
        outsider.clone_into(&mut member.tier);
    }
    member.tier_until = None;
}

const TIER: &str = "member.tier";
const DAY_SECS: u32 = 86_400;
