//! Sightings: from where and with which client a member's keys are used, and whether that is one
//! person.
//!
//! They are kept for days, to tell a leaked passkey and who shares a network, and then forgotten. A
//! sign of a leak is an alert and never a ban: people move, and so do their addresses.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv6Addr};

use policy::MemberId;

use crate::audit::alert::{AlertKind, NewAlert, raise};
use crate::members::member;
use crate::store::club::Club;
use crate::store::sql::{Connection, Row, SqlResult, unreadable};
use crate::values::error::Error;
use crate::values::page::Page;
use crate::values::stamp::Stamp;

/// What of a member's clients is in sight now.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Presence {
    /// Whose passkey they show.
    pub member: MemberId,
    /// How many there are at once, each item's swarm counted as one place.
    pub at_once: u32,
    /// Where they are, and what they call themselves; [`WEB_SEED`] where a URL was used.
    pub clients: BTreeSet<(IpAddr, String)>,
}

/// What one person may look like; more is a sign that a passkey leaked.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct LeakLimits {
    /// Addresses in 24 hours; an IPv6 /64 is one.
    pub addresses: u32,
    /// Clients at once.
    pub at_once: u32,
    /// Kinds of client in 24 hours, their versions aside.
    pub kinds: u32,
}

/// One way a passkey was used.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Sighting {
    /// From where.
    pub address: IpAddr,
    /// By which client.
    pub client: String,
    /// When first, in Unix seconds.
    pub first_seen: u32,
    /// When last, in Unix seconds.
    pub last_seen: u32,
}

/// Operations on sightings. Each fails where the database is unavailable.
impl Club {
    /// Keeps what is in sight, and raises an alert for each member that looks like more than one
    /// person. Of a member no more than 64 ways are kept at a time. O(presences).
    ///
    /// # Errors
    ///
    /// See above; some may have been kept.
    pub async fn keep_sightings(
        &self,
        now_unix: u32,
        present: &[Presence],
        limits: LeakLimits,
    ) -> Result<(), Error> {
        let stamp = Stamp::of_daemon(now_unix);
        for some in present.chunks(STEP) {
            let some = some.to_vec();
            self.change(&stamp, move |tx| {
                Box::pin(async move {
                    let mut alerts = Vec::new();
                    for presence in &some {
                        keep(tx, now_unix, presence).await?;
                        alerts.extend(leak(tx, now_unix, presence, limits).await?);
                    }
                    if !alerts.is_empty() {
                        raise(tx, &alerts).await?;
                    }
                    Ok(())
                })
            })
            .await?;
        }
        Ok(())
    }

    /// Forgets what was last seen before a time. Returns how many sightings those were.
    ///
    /// # Errors
    ///
    /// See above.
    pub async fn forget_sightings(&self, before: u32) -> Result<u64, Error> {
        let sql = "DELETE FROM sighting WHERE last_seen < $1";
        self.write(move |db| Box::pin(async move { Ok(db.execute(sql, &[before.into()]).await?) }))
            .await
    }

    /// How a member's passkey was used, the latest first.
    ///
    /// # Errors
    ///
    /// See above; there is no such member, by name or id.
    pub async fn sightings(&self, member: &str) -> Result<Vec<Sighting>, Error> {
        let mut db = self.reader().await?;
        let member = member::find(&mut *db, member).await?.id.value();
        Ok(db.all(OF_MEMBER, &[member.into(), 0u32.into(), Page::MAX.into()], read).await?)
    }
}

async fn keep(db: &mut dyn Connection, now_unix: u32, presence: &Presence) -> SqlResult<()> {
    for (address, client) in presence.clients.iter().take(MAX_WAYS) {
        let address = address.to_canonical().to_string();
        let values = [
            presence.member.value().into(),
            address.as_str().into(),
            client.as_str().into(),
            now_unix.into(),
            u32::try_from(MAX_WAYS).unwrap_or(u32::MAX).into(),
        ];
        db.execute(KEEP, &values).await?;
    }
    Ok(())
}

/// The alert of a member that looks like more than one person.
async fn leak(
    db: &mut dyn Connection,
    now_unix: u32,
    presence: &Presence,
    limits: LeakLimits,
) -> SqlResult<Option<NewAlert>> {
    let since = now_unix.saturating_sub(DAY);
    let values = [presence.member.value().into(), since.into(), Page::MAX.into()];
    let seen = db.all(OF_MEMBER, &values, read).await?;
    let addresses = count(seen.iter().map(|seen| place(seen.address)));
    // The same client, or a browser.
    let clients = seen.iter().filter(|seen| seen.client != WEB_SEED);
    let kinds = count(clients.map(|seen| kind(&seen.client)));
    let at_once = presence.at_once;
    if addresses <= limits.addresses && at_once <= limits.at_once && kinds <= limits.kinds {
        return Ok(None);
    }
    let evidence = format!(
        "{addresses} addresses and {kinds} kinds of client in 24 h, {at_once} clients at once; \
         usual are up to {}, {} and {}",
        limits.addresses, limits.kinds, limits.at_once
    );
    Ok(Some(NewAlert {
        kind: AlertKind::Leak,
        member: Some(presence.member),
        item: None,
        evidence,
    }))
}

fn count<T: Ord>(of: impl Iterator<Item = T>) -> u32 {
    u32::try_from(of.collect::<BTreeSet<T>>().len()).unwrap_or(u32::MAX)
}

/// An IPv4 address, or an IPv6 /64: within one a client changes its address as it likes.
fn place(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(v6) => Ipv6Addr::from(u128::from(v6) >> 64 << 64).into(),
    }
}

/// A client's name without its version.
fn kind(client: &str) -> &str {
    client.split([' ', '/']).next().unwrap_or(client)
}

fn read(row: &dyn Row) -> SqlResult<Sighting> {
    let address = row.text(0)?;
    Ok(Sighting {
        address: address.parse().map_err(|_| unreadable(0, "no address"))?,
        client: row.text(1)?.to_owned(),
        first_seen: row.number(2)?,
        last_seen: row.number(3)?,
    })
}

const KEEP: &str = "INSERT INTO sighting (member, address, client, first_seen, last_seen) \
     SELECT $1, $2, $3, $4, $4 WHERE EXISTS (SELECT 1 FROM member WHERE id = $1) \
     AND (EXISTS (SELECT 1 FROM sighting WHERE member = $1 AND address = $2 AND client = $3) \
     OR (SELECT count(*) FROM sighting WHERE member = $1) < $5) \
     ON CONFLICT (member, address, client) DO UPDATE SET last_seen = excluded.last_seen";
const OF_MEMBER: &str = "SELECT address, client, first_seen, last_seen FROM sighting \
     WHERE member = $1 AND last_seen >= $2 ORDER BY last_seen DESC, address, client LIMIT $3";
const DAY: u32 = 86_400;
/// What stands for a client where a member's URL of the publisher's own copy was used.
pub const WEB_SEED: &str = "the web seed";
/// Ways of one member that are kept at a time.
const MAX_WAYS: usize = 64;
/// Members in one transaction.
const STEP: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_64_is_one_place_and_a_version_no_kind() {
        let place = |address: &str| place(address.parse().unwrap());
        assert_eq!(place("2001:db8::1"), place("2001:db8::ffff:2"));
        assert_ne!(place("2001:db8::1"), place("2001:db8:0:1::1"));
        assert_ne!(place("203.0.113.1"), place("203.0.113.2"));
        assert_eq!((kind("Transmission 4.0.6"), kind("aria2/1.36")), ("Transmission", "aria2"));
    }
}
