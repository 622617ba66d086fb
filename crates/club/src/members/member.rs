//! Members: who has an account, of which tier, in what state.
//!
//! A passkey is derived from a member's id and generation and is not kept here.

use policy::{Generation, MemberId, MemberState};

use crate::audit::log::{LogEntry, record};
use crate::sign_ins::sign_in::{self, Subject};
use crate::store::club::Club;
use crate::store::sql::{Connection, Reading, Row, SqlResult, Value, member_id, unreadable};
use crate::store::tx::Tx;
use crate::values::email::Email;
use crate::values::error::Error;
use crate::values::name::{self, Handle, Kind};
use crate::values::page::Page;
use crate::values::stamp::Stamp;
use crate::values::version::{Expected, Version};

/// A member.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Member {
    /// Counts from 1; never given to another member.
    pub id: MemberId,
    /// Unique among those not removed.
    pub name: String,
    /// The id of a configured tier; where the configuration has it no more, the member is treated
    /// as an outsider.
    pub tier: String,
    /// When the tier ends, in Unix seconds; `None` where it does not.
    pub tier_until: Option<u32>,
    /// The tier that begins when that ends; `None` where none of what was given or paid for waits.
    pub tier_then: Option<String>,
    /// Whether the account may be used.
    pub state: MemberState,
    /// Of the passkey that answers.
    pub generation: Generation,
    /// How long the passkey before the last rotation answers too, in Unix seconds.
    pub old_key_until: Option<u32>,
    /// In Unix seconds.
    pub created: u32,
    /// A tier that was earned by verified upload, held beside the other.
    pub earned: Option<String>,
    /// Where the member is reached, if that is known; no other member has it.
    pub email: Option<Email>,
    /// When the member last showed that mail to that address reaches them, in Unix seconds; `None`
    /// where they did not.
    pub email_verified: Option<u32>,
}

impl Member {
    /// Another tier, another end of it, or another tier after it has another version.
    pub fn tier_version(&self) -> Version {
        let until = self.tier_until.map(|until| until.to_string()).unwrap_or_default();
        let then = self.tier_then.as_deref().unwrap_or_default();
        Version::of("tier", &[&self.id.to_string(), &self.tier, &until, then])
    }

    /// Whatever an operator changes of the member changes this version.
    pub fn version(&self) -> Version {
        let texts = [
            &*self.name,
            &self.tier_version().to_string(),
            state_text(self.state),
            &self.generation.0.to_string(),
            self.email.as_ref().map(Email::text).unwrap_or_default(),
        ];
        Version::of("member", &texts)
    }

    /// Refuses one that was removed.
    pub(crate) fn check_not_removed(&self) -> Result<(), Error> {
        match self.state {
            MemberState::Removed => Err(Error::Removed { kind: Kind::Member, id: self.id.value() }),
            _ => Ok(()),
        }
    }
}

/// What is needed to add a member.
#[derive(Clone, Debug)]
pub struct NewMember {
    /// 1 to 64 of ASCII letters, digits, `.`, `_` and `-`, and not what could be an id or is usher's.
    pub name: String,
    /// The id of a configured tier.
    pub tier: String,
    /// When the tier ends, in Unix seconds; `None` where it does not.
    pub tier_until: Option<u32>,
}

/// Operations on members. Those that change one return it as it is then, and the change is in
/// force on the announce path when they return.
///
/// A `&str` names a member by name or id. Each fails where that is nobody, where the member was
/// removed, and where the database is unavailable.
impl Club {
    /// Adds an active member.
    ///
    /// # Errors
    ///
    /// The name is taken or can't be one; the tier is not configured.
    pub async fn add_member(&self, stamp: &Stamp, new: NewMember) -> Result<Member, Error> {
        name::check_member(&new.name)?;
        self.names().check_tier(&new.tier)?;
        self.change(stamp, move |tx| Box::pin(async move { insert(tx, &new).await })).await
    }

    /// A member, removed ones by id too.
    ///
    /// # Errors
    ///
    /// See above.
    pub async fn member(&self, member: &str) -> Result<Member, Error> {
        find(&mut *self.reader().await?, member).await
    }

    /// The member that has an e-mail address, whether or not it was shown to be theirs.
    ///
    /// # Errors
    ///
    /// The database is unavailable.
    pub async fn member_of_email(&self, email: &Email) -> Result<Option<Member>, Error> {
        Ok(self.reader().await?.one(BY_EMAIL, &[email.text().into()], read).await?)
    }

    /// A page of members, those removed left out.
    ///
    /// # Errors
    ///
    /// See above.
    pub async fn members(&self, page: Page) -> Result<Vec<Member>, Error> {
        let mut db = self.reader().await?;
        Ok(db.all(LIVE_PAGE, &[page.after.into(), page.limit().into()], read).await?)
    }

    /// Gives a member another passkey; the present one answers until `old_key_until`, the ones
    /// before it no more.
    ///
    /// # Errors
    ///
    /// See above.
    pub async fn rotate(
        &self,
        stamp: &Stamp,
        member: &str,
        old_key_until: Option<u32>,
    ) -> Result<Member, Error> {
        self.change_member(stamp, member, "member.rotate", ANYHOW, move |member| {
            member.generation = member.generation.next();
            member.old_key_until = old_key_until;
            format!("generation {}", member.generation.0)
        })
        .await
    }

    /// Refuses a member everything until resumed.
    ///
    /// # Errors
    ///
    /// See above.
    pub async fn suspend(&self, stamp: &Stamp, member: &str) -> Result<Member, Error> {
        self.set_state(stamp, member, MemberState::Suspended, Expected::Anything).await
    }

    /// Ends a suspension.
    ///
    /// # Errors
    ///
    /// See above.
    pub async fn resume(&self, stamp: &Stamp, member: &str) -> Result<Member, Error> {
        self.set_state(stamp, member, MemberState::Active, Expected::Anything).await
    }

    /// Removes a member for good: passkeys are refused and the name is free. The id stays taken
    /// and the books keep their row.
    ///
    /// # Errors
    ///
    /// See above.
    pub async fn remove_member(&self, stamp: &Stamp, member: &str) -> Result<Member, Error> {
        self.remove_member_if(stamp, member, Expected::Anything).await
    }

    /// As [`remove_member`](Self::remove_member), where the member is as expected ([`Member::version`]).
    ///
    /// # Errors
    ///
    /// See above; the member was changed.
    pub async fn remove_member_if(
        &self,
        stamp: &Stamp,
        member: &str,
        expected: Expected,
    ) -> Result<Member, Error> {
        self.set_state(stamp, member, MemberState::Removed, expected).await
    }

    async fn set_state(
        &self,
        stamp: &Stamp,
        member: &str,
        state: MemberState,
        expected: Expected,
    ) -> Result<Member, Error> {
        let what = match state {
            MemberState::Active => "member.resume",
            MemberState::Removed => "member.remove",
            MemberState::Suspended => "member.suspend",
        };
        let version: fn(&Member) -> Version = Member::version;
        self.change_member(stamp, member, what, (expected, version), move |member| {
            member.state = state;
            member.name.clone()
        })
        .await
    }

    /// Edits a member that was not removed; `edit` returns the detail for the record.
    async fn change_member(
        &self,
        stamp: &Stamp,
        member: &str,
        what: &'static str,
        (expected, version): (Expected, fn(&Member) -> Version),
        edit: impl FnOnce(&mut Member) -> String + Send + 'static,
    ) -> Result<Member, Error> {
        let wanted = member.to_owned();
        self.change(stamp, move |tx| {
            Box::pin(async move {
                let mut member = find_live(tx, &wanted).await?;
                expected.check(version(&member))?;
                let detail = edit(&mut member);
                save(tx, what, &member, &detail).await?;
                Ok(member)
            })
        })
        .await
    }
}

/// The member meant by a name or an id.
pub(crate) async fn find(db: &mut dyn Connection, wanted: &str) -> Result<Member, Error> {
    let member = match Handle::from(wanted) {
        Handle::Id(Some(id)) => db.one(BY_ID, &[id.into()], read).await?,
        Handle::Id(None) | Handle::Hash(_) => None,
        Handle::Name(name) => db.one(BY_NAME, &[name.into()], read).await?,
    };
    member.ok_or_else(|| Error::NotFound { kind: Kind::Member, wanted: wanted.to_owned() })
}

/// The member meant by a name or an id, who must not have been removed.
pub(crate) async fn find_live(db: &mut dyn Connection, wanted: &str) -> Result<Member, Error> {
    let member = find(db, wanted).await?;
    member.check_not_removed()?;
    Ok(member)
}

/// The member of an id.
pub(crate) async fn by_id(db: &mut dyn Connection, id: MemberId) -> Result<Member, Error> {
    let found = db.one(BY_ID, &[id.value().into()], read).await?;
    found.ok_or_else(|| Error::NotFound { kind: Kind::Member, wanted: id.to_string() })
}

/// Adds an active member.
pub(crate) async fn insert(tx: &mut Tx, new: &NewMember) -> Result<Member, Error> {
    if let Some(holder) = tx.one(BY_NAME, &[new.name.as_str().into()], read).await? {
        let (id, name) = (holder.id.value(), holder.name);
        return Err(Error::NameTaken { kind: Kind::Member, id, name });
    }
    let added = tx
        .one(
            INSERT,
            &[
                new.name.as_str().into(),
                new.tier.as_str().into(),
                new.tier_until.into(),
                tx.now().into(),
            ],
            read,
        )
        .await?;
    let member = added.ok_or(sqlx::Error::RowNotFound)?;
    let entry =
        LogEntry { what: "member.add", member: Some(member.id), item: None, detail: &member.name };
    record(tx, entry).await?;
    tx.show(member.shown(&tx.names));
    Ok(member)
}

/// The member that has an address; where there is none, a new one of the outsiders' tier, called
/// `name` or, where that is taken, something like it. Nobody has shown yet that the address is theirs.
pub(crate) async fn of_email(tx: &mut Tx, name: &str, email: &Email) -> Result<Member, Error> {
    if let Some(found) = tx.one(BY_EMAIL, &[email.text().into()], read).await? {
        return Ok(found);
    }
    let tier = tx.names.tiers.first().map_or("", |(outsiders, _)| outsiders.as_str()).to_owned();
    let mut new = NewMember { name: name.to_owned(), tier, tier_until: None };
    let mut tried = 1_u32;
    while tx.one(BY_NAME, &[new.name.as_str().into()], read).await?.is_some() {
        tried += 1;
        new.name = format!("{name}-{tried}");
    }
    let added = insert(tx, &new).await?;
    let sql = "UPDATE member SET email = $2 WHERE id = $1";
    tx.execute(sql, &[added.id.value().into(), email.text().into()]).await?;
    Ok(Member { email: Some(email.clone()), ..added })
}

/// Keeps a member that was edited, and what was done to it. Whoever is not active is signed out.
pub(crate) async fn save(
    tx: &mut Tx,
    what: &'static str,
    member: &Member,
    detail: &str,
) -> Result<(), Error> {
    tx.execute(
        "UPDATE member SET tier = $2, tier_until = $3, state = $4, generation = $5, \
         old_key_until = $6, tier_then = $7 WHERE id = $1",
        &[
            member.id.value().into(),
            member.tier.as_str().into(),
            member.tier_until.into(),
            state_text(member.state).into(),
            Value::from(member.generation.0),
            member.old_key_until.into(),
            member.tier_then.as_deref().into(),
        ],
    )
    .await?;
    if member.state != MemberState::Active {
        sign_in::end_all(tx, Subject::Member(member.id)).await?;
    }
    tx.show(member.shown(&tx.names));
    record(tx, LogEntry { what, member: Some(member.id), item: None, detail }).await
}

pub(crate) fn read(row: &dyn Row) -> SqlResult<Member> {
    Ok(Member {
        id: member_id(row, 0)?,
        name: row.text(1)?.to_owned(),
        tier: row.text(2)?.to_owned(),
        tier_until: row.optional(3)?,
        state: state(row, 4)?,
        generation: Generation(row.number(5)?),
        old_key_until: row.optional(6)?,
        created: row.number(7)?,
        earned: Some(row.text(8)?).filter(|tier| !tier.is_empty()).map(str::to_owned),
        email: Some(row.text(9)?).filter(|email| !email.is_empty()).map(Email::stored),
        email_verified: row.optional(10)?,
        tier_then: Some(row.text(11)?).filter(|tier| !tier.is_empty()).map(str::to_owned),
    })
}

pub(crate) fn state(row: &dyn Row, column: usize) -> SqlResult<MemberState> {
    let text = row.text(column)?;
    state_named(text).ok_or_else(|| unreadable(column, text))
}

pub(crate) fn state_named(text: &str) -> Option<MemberState> {
    match text {
        "active" => Some(MemberState::Active),
        "removed" => Some(MemberState::Removed),
        "suspended" => Some(MemberState::Suspended),
        _ => None,
    }
}

pub(crate) fn state_text(state: MemberState) -> &'static str {
    match state {
        MemberState::Active => "active",
        MemberState::Removed => "removed",
        MemberState::Suspended => "suspended",
    }
}

/// Changes that expect nothing.
const ANYHOW: (Expected, fn(&Member) -> Version) = (Expected::Anything, Member::version);

macro_rules! columns {
    ($before:literal, $after:literal) => {
        concat!(
            $before,
            " id, name, tier, tier_until, state, generation, old_key_until, created, \
             coalesce(earned, ''), coalesce(email, ''), email_verified, coalesce(tier_then, '') ",
            $after
        )
    };
}

/// Every row.
pub(crate) const READING: Reading = Reading {
    table: "member",
    sql: columns!("SELECT", "FROM member"),
    read: |row| read(row).map(drop),
};
/// One that was not removed.
pub(crate) const BY_EMAIL: &str =
    columns!("SELECT", "FROM member WHERE email = $1 AND state <> 'removed'");
const BY_ID: &str = columns!("SELECT", "FROM member WHERE id = $1");
const BY_NAME: &str = columns!("SELECT", "FROM member WHERE name = $1 AND state <> 'removed'");
const INSERT: &str = columns!(
    "INSERT INTO member (name, tier, tier_until, state, generation, created) \
     VALUES ($1, $2, $3, 'active', 0, $4) RETURNING",
    ""
);
const LIVE_PAGE: &str =
    columns!("SELECT", "FROM member WHERE id > $1 AND state <> 'removed' ORDER BY id LIMIT $2");
