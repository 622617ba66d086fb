//! The judgement of one item's window: who took how much from peers, whose upload is believed, what
//! it earns, and what looks wrong.

use std::collections::BTreeMap;
use std::net::IpAddr;

use policy::{ItemId, MemberId};

use crate::audit::alert::{AlertKind, NewAlert, raise};
use crate::store::sql::{Connection, Row, SqlResult, member_id};
use crate::store::tx::Tx;
use crate::traffic::reward;
use crate::traffic::verified::{Part, households, share_out, verify};
use crate::traffic::window::{RewardRules, Window, stored};
use crate::values::error::Error;

/// What an item's window came to.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Judged {
    pub(crate) verified: u64,
    pub(crate) rewards: u32,
}

/// Judges one item, all of it in the caller's transaction.
pub(crate) async fn judge(
    tx: &mut Tx,
    window: Window,
    item: ItemId,
    rules: &RewardRules,
    is_open: bool,
) -> Result<Judged, Error> {
    let carriers = carriers(tx, window, item).await?;
    if carriers.is_empty() {
        // Another process of this database judged it a moment ago.
        return Ok(Judged::default());
    }
    let took = took(tx, item, &carriers).await?;
    let houses = houses(tx, window, item).await?;
    let parts: Vec<Part> = carriers
        .iter()
        .zip(&took)
        .zip(houses.len()..)
        .map(|((carrier, took), own)| Part {
            member: carrier.member,
            household: houses.get(&carrier.member).copied().unwrap_or(own),
            // What a suspended member carried is frozen: it is looked at, and earns nothing.
            uploaded: if carrier.is_active { carrier.possible } else { 0 },
            took: if carrier.pays(rules) { *took } else { 0 },
        })
        .collect();
    let verified = verify(&parts);
    let all: u64 = verified.iter().fold(0, |sum, bytes| sum.saturating_add(*bytes));
    let pool = reward::pool(tx, item, rules, all).await?;
    let credits = share_out(pool.map_or(0, |pool| pool.minor), &verified);

    let mut judged = Judged { verified: all, rewards: 0 };
    for ((carrier, bytes), credit) in carriers.iter().zip(&verified).zip(credits) {
        let values =
            [window.id.into(), item.0.into(), carrier.member.value().into(), stored(*bytes)];
        tx.execute(VERIFIED, &values).await?;
        if let Some(pool) = pool.filter(|_| credit > 0) {
            let amount = pool.currency.minor(credit);
            let due = tx.now().saturating_add(rules.hold_secs);
            reward::promise(tx, window.id, item, carrier.member, amount, due).await?;
            judged.rewards += 1;
        }
    }
    let suspicions = suspicions(item, &carriers, is_open);
    if !suspicions.is_empty() {
        raise(tx, &suspicions).await?;
    }
    Ok(judged)
}

/// A member with something to say of the item's window.
struct Carrier {
    member: MemberId,
    uploaded: u64,
    possible: u64,
    fell: u64,
    is_active: bool,
    tier: String,
    /// The paid tier has not ended.
    has_tier: bool,
    has_right: bool,
}

impl Carrier {
    fn pays(&self, rules: &RewardRules) -> bool {
        self.has_right || self.has_tier && rules.sold.contains(&self.tier)
    }
}

async fn carriers(
    db: &mut dyn Connection,
    window: Window,
    item: ItemId,
) -> SqlResult<Vec<Carrier>> {
    db.all(CARRIERS, &[window.id.into(), item.0.into(), window.ends.into()], |row| {
        Ok(Carrier {
            member: member_id(row, 0)?,
            uploaded: row.number(1)?,
            possible: row.number(2)?,
            fell: row.number(3)?,
            is_active: row.text(4)? == "active",
            tier: row.text(5)?.to_owned(),
            has_tier: row.number::<u8>(6)? == 1,
            has_right: row.number::<u8>(7)? == 1,
        })
    })
    .await
}

/// What each took from peers in this window, paying or not: the fall of `left` in all windows, no
/// more than the item is large, less what the web seed sent, less what earlier windows knew of.
async fn took(db: &mut dyn Connection, item: ItemId, carriers: &[Carrier]) -> SqlResult<Vec<u64>> {
    let size = db.one(SIZE, &[item.0.into()], |row| row.optional::<u64>(0)).await?.flatten();
    let served = served(db, item).await?;
    let mut took = Vec::with_capacity(carriers.len());
    for carrier in carriers {
        let key = [item.0.into(), carrier.member.value().into()];
        let read = |row: &dyn Row| Ok((row.number::<u64>(0)?, row.number::<u64>(1)?));
        let (fell, known) = db.one(TAKEN, &key, read).await?.unwrap_or_default();
        let fell = fell.saturating_add(carrier.fell);
        let of_size = size.map_or(fell, |size| fell.min(size));
        let sent = served.get(&carrier.member).copied().unwrap_or(0);
        let from_peers = of_size.saturating_sub(sent).max(known);
        let [item, member] = key;
        db.execute(KEEP_TAKEN, &[item, member, stored(fell), stored(from_peers)]).await?;
        took.push(from_peers - known);
    }
    Ok(took)
}

/// What the web seed sent to each member, ever.
async fn served(db: &mut dyn Connection, item: ItemId) -> SqlResult<BTreeMap<MemberId, u64>> {
    let mut served = BTreeMap::new();
    db.visit(SERVED, &[item.0.into()], &mut |row| {
        served.insert(member_id(row, 0)?, row.number(1)?);
        Ok(())
    })
    .await?;
    Ok(served)
}

/// Which carriers share a network, by the addresses they were seen at in the day before.
async fn houses(
    db: &mut dyn Connection,
    window: Window,
    item: ItemId,
) -> SqlResult<BTreeMap<MemberId, usize>> {
    let mut seen = Vec::new();
    let since = window.ends.saturating_sub(DAY);
    db.visit(SEEN_AT, &[window.id.into(), item.0.into(), since.into()], &mut |row| {
        if let Some(network) = network(row.text(1)?) {
            seen.push((member_id(row, 0)?, network));
        }
        Ok(())
    })
    .await?;
    Ok(households(&seen))
}

/// An address's /24 or /64; `None` for this machine, which is nobody's home.
fn network(address: &str) -> Option<String> {
    let address: IpAddr = address.parse().ok()?;
    match address.to_canonical() {
        address if address.is_loopback() => None,
        IpAddr::V4(v4) => {
            let [a, b, c, _] = v4.octets();
            Some(format!("{a}.{b}.{c}"))
        }
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            Some(format!("{a:x}:{b:x}:{c:x}:{d:x}"))
        }
    }
}

/// What looks wrong, with what was seen. In a swarm that strangers take from too, nobody knows how
/// much was taken, and nothing is compared.
fn suspicions(item: ItemId, carriers: &[Carrier], is_open: bool) -> Vec<NewAlert> {
    let mut alerts = Vec::new();
    let (mut up, mut down) = (0_u64, 0_u64);
    for carrier in carriers {
        up = up.saturating_add(carrier.uploaded);
        down = down.saturating_add(carrier.fell);
    }
    for carrier in carriers {
        let about = |kind, evidence| NewAlert {
            kind,
            member: Some(carrier.member),
            item: Some(item),
            evidence,
        };
        let Carrier { uploaded, possible, fell, .. } = *carrier;
        if uploaded > possible {
            let text = format!("says {uploaded} bytes up, a line carries {possible} in that time");
            alerts.push(about(AlertKind::Speed, text));
        }
        if !is_open && uploaded >= NOTABLE && down == fell {
            let text = format!("says {uploaded} bytes up, and no other member took anything");
            alerts.push(about(AlertKind::NobodyTook, text));
        }
    }
    let apart = up.abs_diff(down);
    if !is_open && apart >= NOTABLE && apart > up.max(down) / TWENTIETH {
        let evidence = format!("members say {up} bytes up and took {down}");
        alerts.push(NewAlert {
            kind: AlertKind::Imbalance,
            member: None,
            item: Some(item),
            evidence,
        });
    }
    alerts
}

const CARRIERS: &str = "SELECT carried.member, uploaded, possible, fell, state, tier, \
     CAST(CASE WHEN tier_until IS NULL OR tier_until > $3 THEN 1 ELSE 0 END AS BIGINT), \
     CAST(CASE WHEN EXISTS (SELECT 1 FROM entitlement \
     WHERE entitlement.member = carried.member AND entitlement.item IN ($2, 0) \
     AND revoked IS NULL AND (until IS NULL OR until > $3)) THEN 1 ELSE 0 END AS BIGINT) \
     FROM carried JOIN member ON member.id = carried.member \
     WHERE traffic_window = $1 AND carried.item = $2 AND verified IS NULL ORDER BY carried.member";
const KEEP_TAKEN: &str = "INSERT INTO taken (item, member, fell, peers) VALUES ($1, $2, $3, $4) \
     ON CONFLICT (item, member) DO UPDATE SET fell = excluded.fell, peers = excluded.peers";
const SEEN_AT: &str = "SELECT member, address FROM sighting WHERE last_seen >= $3 AND member IN \
     (SELECT member FROM carried WHERE traffic_window = $1 AND item = $2)";
const SERVED: &str = "SELECT member, CAST(sum(bytes) AS BIGINT) FROM served \
     WHERE item = $1 AND member > 0 GROUP BY member";
const SIZE: &str = "SELECT size_bytes FROM item WHERE id = $1";
const TAKEN: &str = "SELECT fell, peers FROM taken WHERE item = $1 AND member = $2";
const VERIFIED: &str = "UPDATE carried SET verified = $4 \
     WHERE traffic_window = $1 AND item = $2 AND member = $3";
const DAY: u32 = 86_400;
/// Less than this is what lost announces and clients' habits explain.
const NOTABLE: u64 = 64 << 20;
/// A part in so many, 5 %, is no imbalance.
const TWENTIETH: u64 = 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_is_a_24_or_a_64() {
        let networks = ["203.0.113.7", "::ffff:203.0.113.9", "2001:db8:1:2::7", "127.0.0.1", "x"];
        let found = networks.map(network);
        let expected = [Some("203.0.113"), Some("203.0.113"), Some("2001:db8:1:2"), None, None];
        assert_eq!(found.each_ref().map(Option::as_deref), expected);
    }
}
