//! How long a member has a tier that was paid at a provider.

use policy::MemberId;

use crate::audit::log::Stamp;
use crate::members::member::{self, Member};
use crate::payments::apply::Hearing;
use crate::store::sql::Connection;
use crate::values::error::Error;
use crate::values::names::Names;

/// Takes days of a tier back, where the member still has it.
pub(crate) async fn shorten(
    db: &mut dyn Connection,
    stamp: &Stamp,
    names: &Names,
    source: &str,
    member: MemberId,
    tier: &str,
    days: u16,
) -> Result<Option<Member>, Error> {
    let mut member = find(db, member).await?;
    let Some(until) = member.tier_until.filter(|_| member.tier == tier) else { return Ok(None) };
    let until = until.saturating_sub(u32::from(days) * DAY_SECS);
    set_end(&mut member, until, names, stamp.now_unix);
    member::save(db, stamp, TIER, &member, source).await?;
    Ok(Some(member))
}

/// Moves the end of a tier from what a subscription gave so far to what it gives now. Time that
/// came from elsewhere stays.
pub(crate) async fn move_end(
    db: &mut dyn Connection,
    hearing: &Hearing<'_>,
    member: MemberId,
    tier: &str,
    from: Option<u32>,
    to: Option<u32>,
) -> Result<Option<Member>, Error> {
    let now = hearing.stamp.now_unix;
    let mut member = find(db, member).await?;
    let has_it = member.tier == tier;
    let is_live = member.tier_until.is_none_or(|until| now < until);
    let is_better = hearing.names.place(&member.tier) > hearing.names.place(tier);
    if is_live && is_better || has_it && member.tier_until.is_none() {
        return Ok(None);
    }
    let is_ours = has_it && member.tier_until == from;
    let present = member.tier_until.filter(|_| has_it && is_live && !is_ours).unwrap_or(0);
    let until = to.unwrap_or(0).max(present);
    if !has_it && until <= now {
        return Ok(None);
    }
    tier.clone_into(&mut member.tier);
    set_end(&mut member, until, hearing.names, now);
    member::save(db, hearing.stamp, TIER, &member, hearing.provider).await?;
    Ok(Some(member))
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

async fn find(db: &mut dyn Connection, member: MemberId) -> Result<Member, Error> {
    member::find(db, &member.value().to_string()).await
}

const TIER: &str = "member.tier";
const DAY_SECS: u32 = 86_400;
