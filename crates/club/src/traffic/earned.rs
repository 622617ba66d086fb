//! Tiers that are earned: who uploaded enough in thirty days, by what was verified, holds one
//! without paying, until it is no longer enough.

use std::collections::BTreeMap;

use policy::MemberId;

use crate::audit::log::{LogEntry, record};
use crate::members::member::{self, Member};
use crate::store::club::Club;
use crate::store::sql::{Connection, SqlResult, Value, member_id};
use crate::store::tx::Tx;
use crate::traffic::window::stored;
use crate::values::error::Error;
use crate::values::stamp::Stamp;

/// Gives and takes earned tiers by the windows that ended in the thirty days before `ends`; in force
/// on the announce path when it returns. `tiers` are the earned ones with their bytes, the best
/// last. Returns how many members' tier changed.
pub(crate) async fn renew(
    club: &Club,
    stamp: &Stamp,
    ends: u32,
    tiers: &[(String, u64)],
) -> Result<u32, Error> {
    let mut changed = 0;
    for (member, tier) in due(&mut *club.reader().await?, ends, tiers).await? {
        club.change(stamp, move |tx| Box::pin(async move { set(tx, member, tier).await })).await?;
        changed += 1;
    }
    Ok(changed)
}

/// Who must have another earned tier than now.
async fn due(
    db: &mut dyn Connection,
    ends: u32,
    tiers: &[(String, u64)],
) -> SqlResult<Vec<(MemberId, Option<String>)>> {
    let mut members = BTreeMap::<MemberId, (Option<String>, u64)>::new();
    db.visit("SELECT id, earned FROM member WHERE earned IS NOT NULL", &[], &mut |row| {
        members.insert(member_id(row, 0)?, (Some(row.text(1)?.to_owned()), 0));
        Ok(())
    })
    .await?;
    let least = tiers.iter().map(|(_, bytes)| *bytes).min().unwrap_or(u64::MAX);
    let since = ends.saturating_sub(THIRTY_DAYS);
    let values = [since.into(), stored(least)];
    db.visit(VERIFIED, &values, &mut |row| {
        members.entry(member_id(row, 0)?).or_default().1 = row.number(1)?;
        Ok(())
    })
    .await?;
    let due = members.into_iter().filter_map(|(member, (has, verified))| {
        let best = tiers.iter().rev().find(|(_, bytes)| *bytes <= verified);
        let best = best.map(|(tier, _)| tier.clone());
        (best != has).then_some((member, best))
    });
    Ok(due.collect())
}

async fn set(tx: &mut Tx, id: MemberId, tier: Option<String>) -> Result<(), Error> {
    let member = member::by_id(tx, id).await?;
    let text = |tier: &Option<String>| tier.clone().unwrap_or_else(|| "none".to_owned());
    let detail = format!("{} -> {}", text(&member.earned), text(&tier));
    let earned = tier.as_deref().map_or(Value::Null, Into::into);
    let sql = "UPDATE member SET earned = $2 WHERE id = $1";
    tx.execute(sql, &[id.value().into(), earned]).await?;
    let entry = LogEntry { what: "member.earn", member: Some(id), item: None, detail: &detail };
    record(tx, entry).await?;
    tx.show(Member { earned: tier, ..member }.shown(&tx.names));
    Ok(())
}

const THIRTY_DAYS: u32 = 30 * 86_400;
const VERIFIED: &str = "SELECT member, CAST(sum(verified) AS BIGINT) FROM carried \
     JOIN traffic_window ON traffic_window.id = traffic_window \
     WHERE ends > $1 GROUP BY member HAVING sum(verified) >= $2";
