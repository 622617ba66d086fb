//! Entitlements: a member's right to one item or to all, and the generation of the passkey that
//! is bound to it.
//!
//! A tier can be an entitlement to all, too; that one is the configuration's and not kept here.

use policy::{Generation, ItemId, MemberId, Right};

use crate::audit::log::{LogEntry, record};
use crate::catalog::item::{find, find_scope};
use crate::members::member::{self, find_live};
use crate::rights::bought;
use crate::store::club::Club;
use crate::store::image::Shown;
use crate::store::sql::{Connection, Reading, Row, SqlResult, Value, member_id, unreadable};
use crate::store::tx::Tx;
use crate::values::error::Error;
use crate::values::name::ALL;
use crate::values::page::Page;
use crate::values::stamp::Stamp;

/// What a member holds for one item, or for all of them ([`ItemId::ANY`]).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Entitlement {
    /// The member who holds it.
    pub member: MemberId,
    /// To what.
    pub item: ItemId,
    /// When it ends, in Unix seconds; `None` where it does not.
    pub until: Option<u32>,
    /// Of the passkey bound to the item that answers.
    pub generation: Generation,
    /// How long the bound passkey before the last rotation answers too, in Unix seconds.
    pub old_key_until: Option<u32>,
    /// Where it comes from: `grant`, an order, a voucher.
    pub source: String,
    /// When it was last granted, in Unix seconds.
    pub granted: u32,
    /// When it was revoked, in Unix seconds. A bound passkey that was rotated without a right, as
    /// a tier's member may, is in a revoked row too.
    pub revoked: Option<u32>,
    /// How it ended before its time; `None` where it did not, or there never was a right.
    pub ended: Option<Ended>,
    /// What an order's right stands in front of.
    pub(crate) before: Option<Before>,
}

/// A right that was in force when an order gave one.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Before {
    pub(crate) until: Option<u32>,
    pub(crate) source: String,
}

/// How a right ended before its time.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Ended {
    /// What was paid for it was paid back: the member may seed on.
    Refunded,
    /// It was taken back: the member is refused where a right is needed.
    Revoked,
}

impl Ended {
    /// Its name in lists.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Refunded => "refunded",
            Self::Revoked => "revoked",
        }
    }
}

impl Entitlement {
    /// Whether it is in force.
    pub fn is_live(&self, now_unix: u32) -> bool {
        self.revoked.is_none() && self.until.is_none_or(|until| now_unix < until)
    }

    fn give(&mut self, until: Option<u32>, source: &str, now_unix: u32) {
        self.until = until;
        source.clone_into(&mut self.source);
        self.granted = now_unix;
        self.revoked = None;
        self.ended = None;
        self.before = None;
    }

    /// What the image shows of it.
    pub(crate) fn shown(&self) -> Shown {
        let until = match (self.revoked, self.ended) {
            (None, _) => self.until.unwrap_or(FOREVER),
            (Some(_), None) => 0,
            (Some(_), Some(Ended::Refunded)) => Right::REFUNDED,
            (Some(_), Some(Ended::Revoked)) => Right::REVOKED,
        };
        let right = Right {
            until,
            generation: self.generation,
            old_key_until: self.old_key_until.unwrap_or(0),
        };
        Shown::Right(self.item, self.member, right)
    }

    /// One that gives no right.
    pub(crate) fn none(member: MemberId, item: ItemId, now_unix: u32) -> Self {
        Self {
            member,
            item,
            until: None,
            generation: Generation::default(),
            old_key_until: None,
            source: String::new(),
            granted: now_unix,
            revoked: Some(now_unix),
            ended: None,
            before: None,
        }
    }
}

/// Operations on entitlements; each change is in force on the announce path when they return.
///
/// A member is named by name or id, an item by name, id, info hash, or `all`. Each fails where
/// there is no such member or item, where it was removed, and where the database is unavailable.
impl Club {
    /// Grants a right until a time or for ever, whatever was granted before.
    ///
    /// # Errors
    ///
    /// See above; `until` is not in the future, or it would cut short what the member paid for.
    pub async fn grant(
        &self,
        stamp: &Stamp,
        member: &str,
        item: &str,
        until: Option<u32>,
        source: &str,
    ) -> Result<Entitlement, Error> {
        stamp.check_future(until)?;
        let change = EntitlementChange::Grant { until, source: source.to_owned() };
        self.change_entitlement(stamp, member, item, change).await
    }

    /// Ends a right, wherever it comes from. The generation of its passkey stays.
    ///
    /// # Errors
    ///
    /// See above; the member holds none. One that ran out can be revoked.
    pub async fn revoke(
        &self,
        stamp: &Stamp,
        member: &str,
        item: &str,
    ) -> Result<Entitlement, Error> {
        self.change_entitlement(stamp, member, item, EntitlementChange::Revoke).await
    }

    /// Gives a member another passkey for one item, whether or not there is a right to it beside
    /// the tier; the present one answers until `old_key_until`, the ones before it no more.
    ///
    /// # Errors
    ///
    /// See above.
    pub async fn rotate_bound(
        &self,
        stamp: &Stamp,
        member: &str,
        item: &str,
        old_key_until: Option<u32>,
    ) -> Result<Entitlement, Error> {
        self.change_entitlement(stamp, member, item, EntitlementChange::Rotate { old_key_until })
            .await
    }

    /// A page of what a member holds or held, by item; that to all items has id 0 and is on the
    /// first page only.
    ///
    /// # Errors
    ///
    /// See above.
    pub async fn entitlements_of_member(
        &self,
        member: &str,
        page: Page,
    ) -> Result<Vec<Entitlement>, Error> {
        let mut db = self.reader().await?;
        let member = member::find(&mut *db, member).await?.id.value();
        // The first page begins below 0, the id of all items.
        let after = Value::Int(Some(if page.after == 0 { -1 } else { page.after.into() }));
        Ok(db.all(OF_MEMBER, &[member.into(), after, page.limit().into()], read).await?)
    }

    /// A page of who holds or held a right to an item, or to all of them, by member.
    ///
    /// # Errors
    ///
    /// See above.
    pub async fn entitlements_of_item(
        &self,
        item: &str,
        page: Page,
    ) -> Result<Vec<Entitlement>, Error> {
        let mut db = self.reader().await?;
        let item = if item == ALL { ItemId::ANY } else { find(&mut *db, item).await?.id };
        let values = [item.0.into(), page.after.into(), page.limit().into()];
        Ok(db.all(OF_ITEM, &values, read).await?)
    }

    async fn change_entitlement(
        &self,
        stamp: &Stamp,
        member: &str,
        item: &str,
        to: EntitlementChange,
    ) -> Result<Entitlement, Error> {
        let (member, item) = (member.to_owned(), item.to_owned());
        self.change(stamp, move |tx| Box::pin(async move { change(tx, &member, &item, &to).await }))
            .await
    }
}

/// What an operator does with an entitlement.
enum EntitlementChange {
    Grant { until: Option<u32>, source: String },
    Revoke,
    Rotate { old_key_until: Option<u32> },
}

async fn change(
    tx: &mut Tx,
    member: &str,
    item: &str,
    to: &EntitlementChange,
) -> Result<Entitlement, Error> {
    let member = find_live(tx, member).await?;
    let (item, item_name) = find_scope(tx, item).await?;
    let mut held = match one(tx, member.id, item).await? {
        found if matches!(to, EntitlementChange::Revoke) => found
            .filter(|held| held.revoked.is_none())
            .ok_or(Error::NotGranted { member: member.name, item: item_name })?,
        Some(held) => held,
        None => Entitlement::none(member.id, item, tx.now()),
    };
    let what = match to {
        EntitlementChange::Grant { until, source } => {
            if until.is_some() {
                bought::check_not_paid(tx, member.id, item).await?;
            }
            held.give(*until, source, tx.now());
            GRANT
        }
        EntitlementChange::Revoke => {
            bought::revoke(tx, member.id, item).await?;
            held.revoked = Some(tx.now());
            held.ended = Some(Ended::Revoked);
            held.before = None;
            REVOKE
        }
        EntitlementChange::Rotate { old_key_until } => {
            held.generation = held.generation.next();
            held.old_key_until = *old_key_until;
            "entitlement.rotate"
        }
    };
    put(tx, what, &held).await?;
    Ok(held)
}

/// What a member holds or held for an item.
pub(crate) async fn one(
    db: &mut dyn Connection,
    member: MemberId,
    item: ItemId,
) -> SqlResult<Option<Entitlement>> {
    db.one(ONE, &[member.value().into(), item.0.into()], read).await
}

/// Grants a right, whatever was granted before.
pub(crate) async fn give(
    tx: &mut Tx,
    member: MemberId,
    item: ItemId,
    until: Option<u32>,
    source: &str,
) -> Result<(), Error> {
    let found = one(tx, member, item).await?;
    let held = found.unwrap_or_else(|| Entitlement::none(member, item, tx.now()));
    replace(tx, held, until, source, None).await
}

/// Grants a right in place of what is held, with what it stands in front of.
pub(crate) async fn replace(
    tx: &mut Tx,
    mut held: Entitlement,
    until: Option<u32>,
    source: &str,
    before: Option<Before>,
) -> Result<(), Error> {
    held.give(until, source, tx.now());
    held.before = before;
    put(tx, GRANT, &held).await
}

/// Ends a right that was paid back.
pub(crate) async fn end(tx: &mut Tx, held: Entitlement) -> Result<(), Error> {
    let (revoked, ended) = (Some(tx.now()), Some(Ended::Refunded));
    let held = Entitlement { revoked, ended, ..held };
    put(tx, "entitlement.refund", &held).await
}

/// Stores what a member holds, and records and shows it.
async fn put(tx: &mut Tx, what: &'static str, held: &Entitlement) -> Result<(), Error> {
    let before = held.before.as_ref();
    tx.execute(
        "INSERT INTO entitlement (item, member, until, generation, old_key_until, source, \
         granted, revoked, ended, before_source, before_until) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) \
         ON CONFLICT (item, member) DO UPDATE SET until = excluded.until, \
         generation = excluded.generation, old_key_until = excluded.old_key_until, \
         source = excluded.source, granted = excluded.granted, revoked = excluded.revoked, \
         ended = excluded.ended, before_source = excluded.before_source, \
         before_until = excluded.before_until",
        &[
            held.item.0.into(),
            held.member.value().into(),
            held.until.into(),
            held.generation.0.into(),
            held.old_key_until.into(),
            held.source.as_str().into(),
            held.granted.into(),
            held.revoked.into(),
            held.ended.map_or(Value::Null, |ended| ended.text().into()),
            before.map_or(Value::Null, |before| before.source.as_str().into()),
            before.and_then(|before| before.until).into(),
        ],
    )
    .await?;
    let until = held.until.map_or_else(|| "for ever".to_owned(), |until| format!("until {until}"));
    let detail = format!("{until}, generation {}, from {:?}", held.generation.0, held.source);
    let entry =
        LogEntry { what, member: Some(held.member), item: Some(held.item), detail: &detail };
    tx.show(held.shown());
    record(tx, entry).await
}

pub(crate) fn read(row: &dyn Row) -> SqlResult<Entitlement> {
    Ok(Entitlement {
        item: ItemId(row.number(0)?),
        member: member_id(row, 1)?,
        until: row.optional(2)?,
        generation: Generation(row.number(3)?),
        old_key_until: row.optional(4)?,
        source: row.text(5)?.to_owned(),
        granted: row.number(6)?,
        revoked: row.optional(7)?,
        ended: match row.text(8)? {
            "" => None,
            "refunded" => Some(Ended::Refunded),
            "revoked" => Some(Ended::Revoked),
            other => return Err(unreadable(8, other)),
        },
        before: match row.text(9)? {
            "" => None,
            source => Some(Before { until: row.optional(10)?, source: source.to_owned() }),
        },
    })
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT item, member, until, generation, old_key_until, source, granted, revoked, \
             coalesce(ended, ''), coalesce(before_source, ''), before_until FROM entitlement WHERE ",
            $rest
        )
    };
}

/// Every row.
pub(crate) const READING: Reading =
    Reading { table: "entitlement", sql: select!("item >= 0"), read: |row| read(row).map(drop) };
const OF_ITEM: &str = select!("item = $1 AND member > $2 ORDER BY member LIMIT $3");
const OF_MEMBER: &str = select!("member = $1 AND item > $2 ORDER BY item LIMIT $3");
const ONE: &str = select!("member = $1 AND item = $2");
const FOREVER: u32 = u32::MAX;
const GRANT: &str = "entitlement.grant";
const REVOKE: &str = "entitlement.revoke";
