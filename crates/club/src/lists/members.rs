//! Lists of members, of their rights, and of their sign-ins.

use policy::{ItemId, MemberId, MemberState};

use crate::lists::page::{KeyPart, KeyType, ListOrder, Listed, PageRequest};
use crate::lists::query::{RowQuery, prefixed};
use crate::members::member::{self, Member};
use crate::rights::entitlement::{self, Entitlement};
use crate::sign_ins::attempt::{self, Attempt};
use crate::sign_ins::sign_in::{self, SignIn, Subject};
use crate::store::club::Club;
use crate::store::sql::Value;
use crate::values::error::Error;
use crate::values::name::Handle;

/// Which members are listed. What is `None` narrows nothing.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct MemberFilter {
    /// An id, the beginning of a name in either case, or the beginning of an e-mail address that goes as far as the
    /// `@`. Those found by a name or an address are ordered by it.
    pub search: Option<String>,
    /// The id of a tier.
    pub tier: Option<String>,
    /// `None` for all but those removed.
    pub state: Option<MemberState>,
}

/// Whose rights are listed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum RightsOf {
    /// Those to an item, or to all items, by member.
    Item(ItemId),
    /// Those of a member, by item; the right to all items comes first.
    Member(MemberId),
}

/// Lists. Each fails where the database is unavailable, and where the page is to begin after no page's end.
impl Club {
    /// A page of members.
    ///
    /// # Errors
    ///
    /// See above.
    pub async fn list_members(
        &self,
        filter: &MemberFilter,
        page: &PageRequest,
    ) -> Result<Listed<Member>, Error> {
        let MemberFilter { search, tier, state } = filter;
        let search = search.as_deref().unwrap_or_default().to_lowercase();
        let [first, end] = prefixed(&search);
        let mut query = RowQuery::new(member::READING.sql);
        match state {
            None => query.and("state <> 'removed'", []),
            Some(state) => query.and("state = ?", [member::state_text(*state).into()]),
        }
        query.and_if("tier = ?", tier.as_deref());
        let range = [Value::from(first.as_str()), end.as_str().into()];
        let order = match Handle::from(search.as_str()) {
            Handle::Id(id) => {
                // No member has the id 0.
                query.and("id = ?", [id.unwrap_or(0).into()]);
                &MEMBER_BY_ID
            }
            Handle::Name("") => &MEMBER_BY_ID,
            Handle::Name(text) if text.contains('@') => {
                query.and("email >= ? AND email < ?", range);
                &MEMBER_BY_EMAIL
            }
            Handle::Name(_) | Handle::Hash(_) => {
                query.and("lower(name) >= ? AND lower(name) < ?", range);
                &MEMBER_BY_NAME
            }
        };
        query.page(&mut *self.reader().await?, order, page, member::read).await
    }

    /// A page of rights, ended ones too.
    ///
    /// # Errors
    ///
    /// See above.
    pub async fn list_rights(
        &self,
        of: RightsOf,
        page: &PageRequest,
    ) -> Result<Listed<Entitlement>, Error> {
        let mut query = RowQuery::narrowed(entitlement::READING.sql);
        let order = match of {
            RightsOf::Item(item) => {
                query.and("item = ?", [item.0.into()]);
                &RIGHT_BY_MEMBER
            }
            RightsOf::Member(member) => {
                query.and("member = ?", [member.value().into()]);
                &RIGHT_BY_ITEM
            }
        };
        query.page(&mut *self.reader().await?, order, page, entitlement::read).await
    }

    /// A page of the sign-ins of a member or an admin that have not ended, in the order in which they began.
    ///
    /// # Errors
    ///
    /// See above.
    pub async fn list_sign_ins(
        &self,
        subject: Subject,
        now_unix: u32,
        page: &PageRequest,
    ) -> Result<Listed<SignIn>, Error> {
        let mut query = RowQuery::new(sign_in::READING.sql);
        match subject {
            Subject::Admin(id) => query.and("admin = ?", [id.0.into()]),
            Subject::Member(id) => query.and("member = ?", [id.value().into()]),
        }
        let db = &mut *self.reader().await?;
        let mut found = query.page(db, &SIGN_IN_BY_ID, page, sign_in::read).await?;
        found.rows.retain(|sign_in| now_unix < sign_in.ends());
        Ok(found)
    }

    /// A page of the attempts to sign in that came to nothing, by the time of the last one; of an address, or of all.
    ///
    /// # Errors
    ///
    /// See above.
    pub async fn list_sign_in_attempts(
        &self,
        email: Option<&str>,
        page: &PageRequest,
    ) -> Result<Listed<Attempt>, Error> {
        let email = email.map(str::to_lowercase);
        let mut query = RowQuery::new(attempt::NUMBERED);
        query.and_if("email = ?", email.as_deref());
        let db = &mut *self.reader().await?;
        let found = query.page(db, &ATTEMPT_BY_TIME, page, attempt::read_numbered).await?;
        Ok(found.map(|(_, attempt)| attempt))
    }
}

const MEMBER_BY_EMAIL: ListOrder<Member> = ListOrder {
    name: "members by address",
    columns: &[("email", KeyType::Text), ("id", KeyType::Number)],
    key: |member| {
        let email = member.email.as_ref().map(|email| email.text().to_owned());
        vec![KeyPart::Text(email.unwrap_or_default()), member.id.value().into()]
    },
};
const MEMBER_BY_ID: ListOrder<Member> = ListOrder {
    name: "members",
    columns: &[("id", KeyType::Number)],
    key: |member| vec![member.id.value().into()],
};
const MEMBER_BY_NAME: ListOrder<Member> = ListOrder {
    name: "members by name",
    columns: &[("lower(name)", KeyType::Text), ("id", KeyType::Number)],
    key: |member| vec![KeyPart::Text(member.name.to_ascii_lowercase()), member.id.value().into()],
};
const RIGHT_BY_ITEM: ListOrder<Entitlement> = ListOrder {
    name: "rights by item",
    columns: &[("item", KeyType::Number)],
    key: |right| vec![right.item.0.into()],
};
const RIGHT_BY_MEMBER: ListOrder<Entitlement> = ListOrder {
    name: "rights by member",
    columns: &[("member", KeyType::Number)],
    key: |right| vec![right.member.value().into()],
};
const SIGN_IN_BY_ID: ListOrder<SignIn> = ListOrder {
    name: "sign-ins",
    columns: &[("id", KeyType::Number)],
    key: |sign_in| vec![sign_in.id.0.into()],
};
const ATTEMPT_BY_TIME: ListOrder<(u32, Attempt)> = ListOrder {
    name: "attempts by time",
    columns: &[("last_at", KeyType::Number), ("id", KeyType::Number)],
    key: |(id, attempt)| vec![attempt.last_at.into(), (*id).into()],
};
