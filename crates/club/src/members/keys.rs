//! The turns of a member's keys to downloads, feeds, logins and the web seed: each rotates alone.
//!
//! The passkey's own turn is the member's generation, and that of one bound to an item the
//! entitlement's. Deliberately absent: the keys, which are derived, not kept.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use policy::{Generation, MemberId};

use crate::audit::log::{Entry, Stamp, record};
use crate::members::member::{self, find_live};
use crate::store::club::Club;
use crate::store::sql::{Connection, Row, SqlResult};
use crate::values::error::Error;

/// A kind of key.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Key {
    /// To torrents and direct downloads.
    Download,
    /// To feeds.
    Feed,
    /// To the member's own pages.
    Login,
    /// To the web seed, in each of the member's torrents.
    WebSeed,
}

/// Which turn of each key opens. A rotation shuts out the turns before it at once.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Turns {
    /// Of the key to torrents and direct downloads.
    pub download: Generation,
    /// Of the key to feeds.
    pub feed: Generation,
    /// Of the key to the member's own pages.
    pub login: Generation,
    /// Of all keys to the web seed.
    pub web_seed: Generation,
}

impl Turns {
    /// The turn of one key.
    pub const fn of(self, key: Key) -> Generation {
        match key {
            Key::Download => self.download,
            Key::Feed => self.feed,
            Key::Login => self.login,
            Key::WebSeed => self.web_seed,
        }
    }

    fn rotate(&mut self, key: Key) {
        let turn = match key {
            Key::Download => &mut self.download,
            Key::Feed => &mut self.feed,
            Key::Login => &mut self.login,
            Key::WebSeed => &mut self.web_seed,
        };
        *turn = turn.next();
    }
}

impl Club {
    /// Which turns of a member's keys open; in memory.
    pub fn turns(&self, member: MemberId) -> Turns {
        self.live().turned.turns(member)
    }

    /// Gives a member another key of a kind; the present one opens nothing when this returns.
    ///
    /// # Errors
    ///
    /// There is no such member, or it was removed; the database is unavailable.
    pub async fn rotate_key(&self, stamp: &Stamp, member: &str, key: Key) -> Result<Turns, Error> {
        let (stamp, wanted, live) = (stamp.clone(), member.to_owned(), self.live());
        let (_, turns) = self
            .writer()
            .run(
                move |db| Box::pin(async move { rotate(db, &stamp, &wanted, key).await }),
                move |(member, turns)| live.turned.set(*member, *turns),
            )
            .await?;
        Ok(turns)
    }
}

/// The turns of those members who ever rotated a key.
#[derive(Debug, Default)]
pub(crate) struct Turned(RwLock<HashMap<MemberId, Turns>>);

impl Turned {
    fn turns(&self, member: MemberId) -> Turns {
        let turned = self.0.read().unwrap_or_else(PoisonError::into_inner);
        turned.get(&member).copied().unwrap_or_default()
    }

    fn set(&self, member: MemberId, turns: Turns) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).insert(member, turns);
    }

    /// Reads a member's turns again.
    pub(crate) async fn refresh(&self, db: &mut dyn Connection, member: MemberId) -> SqlResult<()> {
        if let Some(turns) = one(db, member).await? {
            self.set(member, turns);
        }
        Ok(())
    }

    /// Makes it anew. O(members who rotated).
    pub(crate) async fn load(&self, db: &mut dyn Connection) -> SqlResult<()> {
        let sql = "SELECT member, download, feed, login, web_seed FROM turns";
        let mut turned = HashMap::new();
        db.visit(sql, &[], &mut |row| {
            turned.insert(member::id(row, 0)?, read(row, 1)?);
            Ok(())
        })
        .await?;
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = turned;
        Ok(())
    }
}

async fn rotate(
    db: &mut dyn Connection,
    stamp: &Stamp,
    wanted: &str,
    key: Key,
) -> Result<(MemberId, Turns), Error> {
    let member = find_live(db, wanted).await?.id;
    let mut turns = one(db, member).await?.unwrap_or_default();
    turns.rotate(key);
    db.execute(
        "INSERT INTO turns (member, download, feed, login, web_seed) \
         VALUES ($1, $2, $3, $4, $5) ON CONFLICT (member) DO UPDATE SET \
         download = excluded.download, feed = excluded.feed, login = excluded.login, \
         web_seed = excluded.web_seed",
        &[
            member.value().into(),
            turns.download.0.into(),
            turns.feed.0.into(),
            turns.login.0.into(),
            turns.web_seed.0.into(),
        ],
    )
    .await?;
    let detail = format!("{key:?}, generation {}", turns.of(key).0);
    let entry = Entry { what: "member.rotate", member: Some(member), item: None, detail: &detail };
    record(db, stamp, entry).await?;
    Ok((member, turns))
}

async fn one(db: &mut dyn Connection, member: MemberId) -> SqlResult<Option<Turns>> {
    let sql = "SELECT download, feed, login, web_seed FROM turns WHERE member = $1";
    db.one(sql, &[member.value().into()], |row| read(row, 0)).await
}

fn read(row: &dyn Row, column: usize) -> SqlResult<Turns> {
    let turn = |place| row.number(column + place).map(Generation);
    Ok(Turns { download: turn(0)?, feed: turn(1)?, login: turn(2)?, web_seed: turn(3)? })
}
