//! Rotating a member's keys to downloads, feeds, logins and the web seed: each rotates alone.
//!
//! Deliberately absent: the keys, which are derived and not stored.

use policy::{Generation, MemberId};

use crate::audit::log::{LogEntry, record};
use crate::members::member::find_live;
use crate::store::club::Club;
use crate::store::image::Shown;
use crate::store::sql::{Connection, Row, SqlResult, member_id};
use crate::store::tx::Tx;
use crate::values::error::Error;
use crate::values::key_generations::{Key, KeyGenerations};
use crate::values::stamp::Stamp;

impl Club {
    /// The valid generations of a member's keys; in memory.
    pub fn key_generations(&self, member: MemberId) -> KeyGenerations {
        self.live().key_generations(member)
    }

    /// Gives a member another key of a kind; the present one opens nothing when this returns.
    ///
    /// # Errors
    ///
    /// There is no such member, or it was removed; the database is unavailable.
    pub async fn rotate_key(
        &self,
        stamp: &Stamp,
        member: &str,
        key: Key,
    ) -> Result<KeyGenerations, Error> {
        self.rotate_keys(stamp, member, vec![key]).await
    }

    /// Gives a member other keys of some kinds at once; the present ones open nothing when this
    /// returns.
    ///
    /// # Errors
    ///
    /// See [`rotate_key`](Self::rotate_key).
    pub async fn rotate_keys(
        &self,
        stamp: &Stamp,
        member: &str,
        keys: Vec<Key>,
    ) -> Result<KeyGenerations, Error> {
        let wanted = member.to_owned();
        self.change(stamp, move |tx| Box::pin(async move { rotate(tx, &wanted, &keys).await }))
            .await
    }
}

async fn rotate(tx: &mut Tx, wanted: &str, keys: &[Key]) -> Result<KeyGenerations, Error> {
    let member = find_live(tx, wanted).await?.id;
    let mut generations = find(tx, member).await?.unwrap_or_default();
    keys.iter().for_each(|key| generations.rotate(*key));
    tx.execute(
        "INSERT INTO turns (member, download, feed, login, web_seed) \
         VALUES ($1, $2, $3, $4, $5) ON CONFLICT (member) DO UPDATE SET \
         download = excluded.download, feed = excluded.feed, login = excluded.login, \
         web_seed = excluded.web_seed",
        &[
            member.value().into(),
            generations.download.0.into(),
            generations.feed.0.into(),
            generations.login.0.into(),
            generations.web_seed.0.into(),
        ],
    )
    .await?;
    let detail: Vec<_> =
        keys.iter().map(|key| format!("{key:?}, generation {}", generations.of(*key).0)).collect();
    let detail = detail.join("; ");
    let entry =
        LogEntry { what: "member.rotate", member: Some(member), item: None, detail: &detail };
    record(tx, entry).await?;
    tx.show(Shown::Keys(member, generations));
    Ok(generations)
}

/// Those of a member who ever rotated a key.
pub(crate) async fn find(
    db: &mut dyn Connection,
    member: MemberId,
) -> SqlResult<Option<KeyGenerations>> {
    Ok(db.one(OF_MEMBER, &[member.value().into()], read).await?.map(|(_, generations)| generations))
}

/// Reads a row of `select!`.
pub(crate) fn read(row: &dyn Row) -> SqlResult<(MemberId, KeyGenerations)> {
    let generation = |column| row.number(column).map(Generation);
    let generations = KeyGenerations {
        download: generation(1)?,
        feed: generation(2)?,
        login: generation(3)?,
        web_seed: generation(4)?,
    };
    Ok((member_id(row, 0)?, generations))
}

macro_rules! select {
    ($rest:literal) => {
        concat!("SELECT member, download, feed, login, web_seed FROM turns ", $rest)
    };
}

/// Those of all members who ever rotated a key.
pub(crate) const ALL: &str = select!("");
const OF_MEMBER: &str = select!("WHERE member = $1");
