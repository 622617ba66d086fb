//! Members that come from another tracker, with the passkeys they have there.
//!
//! Such a passkey derives from nothing, so its keyed hash is kept, and stands for the member until
//! the member's key is rotated. Deliberately absent: the passkey itself, and the formats of others.

use std::sync::Arc;

use policy::{AliasHash, Generation, ItemId, KeyGrant, MemberId};

use crate::audit::log::{LogEntry, record};
use crate::members::member::{self, Member, NewMember};
use crate::store::club::Club;
use crate::store::image::Shown;
use crate::store::sql::{Connection, Row, SqlResult, Value, member_id, unreadable};
use crate::store::tx::Tx;
use crate::values::error::Error;
use crate::values::name::{self, Kind};
use crate::values::names::Names;
use crate::values::stamp::Stamp;

/// Somebody who comes from another tracker.
#[derive(Clone, Debug)]
pub struct Newcomer {
    /// As for any other member.
    pub member: NewMember,
    /// The keyed hash of the passkey that goes on answering.
    pub passkey: Option<AliasHash>,
}

/// What becomes of a newcomer.
#[derive(Clone, Debug)]
pub enum Arrival {
    /// A member from now on; from a trial, would be.
    Added,
    /// Imported before, the same name with the same passkey: nothing changes.
    Present,
    /// Can't be a member, and why.
    Refused(Error),
}

impl Club {
    /// Says what would become of newcomers, and changes nothing; at most [`MAX_IMPORT`] at once.
    /// What two of them take from each other is not seen.
    ///
    /// # Errors
    ///
    /// They are too many; the database is unavailable.
    pub async fn try_import(&self, newcomers: &[Newcomer]) -> Result<Vec<Arrival>, Error> {
        check_count(newcomers)?;
        let mut db = self.reader().await?;
        let names = self.names();
        let mut arrivals = Vec::with_capacity(newcomers.len());
        for newcomer in newcomers {
            arrivals.push(arrival(&mut *db, &names, newcomer).await?);
        }
        Ok(arrivals)
    }

    /// Adds newcomers, all of them or none, and answers for each; at most [`MAX_IMPORT`] at once.
    /// Their passkeys are in force when this returns.
    ///
    /// # Errors
    ///
    /// The first that is refused; they are too many; the database is unavailable.
    pub async fn import(
        &self,
        stamp: &Stamp,
        newcomers: Vec<Newcomer>,
    ) -> Result<Vec<Arrival>, Error> {
        check_count(&newcomers)?;
        self.change(stamp, move |tx| Box::pin(async move { admit(tx, &newcomers).await })).await
    }
}

async fn admit(tx: &mut Tx, newcomers: &[Newcomer]) -> Result<Vec<Arrival>, Error> {
    let mut arrivals = Vec::with_capacity(newcomers.len());
    let names = Arc::clone(&tx.names);
    for newcomer in newcomers {
        let arrival = match arrival(tx, &names, newcomer).await? {
            Arrival::Refused(why) => return Err(why),
            Arrival::Present => Arrival::Present,
            Arrival::Added => {
                let member = member::insert(tx, &newcomer.member).await?;
                if let Some(passkey) = newcomer.passkey {
                    keep(tx, passkey, &member).await?;
                }
                Arrival::Added
            }
        };
        arrivals.push(arrival);
    }
    Ok(arrivals)
}

/// What becomes of one, as the store stands.
async fn arrival(
    db: &mut dyn Connection,
    names: &Names,
    newcomer: &Newcomer,
) -> Result<Arrival, Error> {
    let NewMember { name, tier, .. } = &newcomer.member;
    let allowed =
        name::check_member(name).map_err(Error::from).and_then(|()| names.check_tier(tier));
    if let Err(why) = allowed {
        return Ok(Arrival::Refused(why));
    }
    let holder = match newcomer.passkey {
        Some(passkey) => db.one(HOLDER, &[Value::Bytes(&passkey.0)], |row| row.number(0)).await?,
        None => None,
    };
    let namesake = match member::find(db, name).await {
        Ok(member) => Some(member),
        Err(Error::NotFound { .. }) => None,
        Err(error) => return Err(error),
    };
    Ok(match (namesake, holder) {
        (Some(member), Some(holder)) if member.id.value() == holder => Arrival::Present,
        (Some(member), _) => {
            let (id, name) = (member.id.value(), member.name);
            Arrival::Refused(Error::NameTaken { kind: Kind::Member, id, name })
        }
        (None, Some(holder)) => Arrival::Refused(Error::PasskeyTaken { member: holder }),
        (None, None) => Arrival::Added,
    })
}

async fn keep(tx: &mut Tx, passkey: AliasHash, member: &Member) -> Result<(), Error> {
    let values =
        [Value::Bytes(&passkey.0), member.id.value().into(), Value::from(member.generation.0)];
    tx.execute(INSERT, &values).await?;
    let entry = LogEntry {
        what: "member.alias",
        member: Some(member.id),
        item: None,
        detail: "a passkey of another tracker",
    };
    tx.show(Shown::Alias(passkey, grant(member.id, member.generation)));
    record(tx, entry).await
}

fn grant(member: MemberId, generation: Generation) -> KeyGrant {
    KeyGrant { member, generation, item: ItemId::ANY }
}

/// A row of [`ALIASES`].
pub(crate) fn read_alias(row: &dyn Row) -> SqlResult<Shown> {
    let hash = row.bytes(0)?.and_then(|hash| hash.try_into().ok());
    let hash = hash.ok_or_else(|| unreadable(0, "a hash of another length"))?;
    Ok(Shown::Alias(AliasHash(hash), grant(member_id(row, 1)?, Generation(row.number(2)?))))
}

fn check_count(newcomers: &[Newcomer]) -> Result<(), Error> {
    if newcomers.len() > MAX_IMPORT {
        Err(Error::Newcomers { count: newcomers.len(), max: MAX_IMPORT })
    } else {
        Ok(())
    }
}

/// The most newcomers in one call.
pub const MAX_IMPORT: usize = 1000;

pub(crate) const ALIASES: &str = "SELECT hash, member, generation FROM alias";
pub(crate) const OF_MEMBER: &str = "SELECT hash, member, generation FROM alias WHERE member = $1";
const HOLDER: &str = "SELECT member FROM alias WHERE hash = $1";
const INSERT: &str = "INSERT INTO alias (hash, member, generation) VALUES ($1, $2, $3)";
