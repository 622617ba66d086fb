//! Lists of the books: the journal, statements, and rewards.

use policy::{ItemId, MemberId};

use crate::ledger::statement::{self, Entry, Line};
use crate::lists::page::{KeyPart, KeyType, ListOrder, Listed, PageRequest};
use crate::lists::query::{RowQuery, known};
use crate::store::club::Club;
use crate::store::sql::{Row, currency};
use crate::traffic::reward::{self, Reward};
use crate::values::error::Error;
use crate::values::money::Amount;

/// Which entries of the journal are listed. What is `None` narrows nothing.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct EntryFilter {
    /// The key of the request that made the entry.
    pub key: Option<String>,
    /// The member whose money they moved.
    pub member: Option<MemberId>,
    /// The kind of transaction, such as `topup`.
    pub kind: Option<String>,
    /// Those made at this time or later, in Unix seconds.
    pub from: Option<u32>,
    /// Those made before this time, in Unix seconds.
    pub until: Option<u32>,
}

/// Which rewards are listed. What is `None` narrows nothing.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct RewardFilter {
    /// The member who earned them.
    pub member: Option<MemberId>,
    /// The item by which they were earned.
    pub item: Option<ItemId>,
    /// How far they are.
    pub state: Option<RewardState>,
}

/// How far a reward is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum RewardState {
    /// It is in the balance.
    Credited,
    /// It is held.
    Pending,
    /// It was taken back.
    Reversed,
}

impl RewardState {
    /// Every state.
    pub const ALL: [Self; 3] = [Self::Credited, Self::Pending, Self::Reversed];

    /// One word for programs.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Credited => "credited",
            Self::Pending => "pending",
            Self::Reversed => "reversed",
        }
    }

    /// The state of a reward.
    pub const fn of(reward: &Reward) -> Self {
        match (reward.reversed, reward.entry) {
            (Some(_), _) => Self::Reversed,
            (None, Some(_)) => Self::Credited,
            (None, None) => Self::Pending,
        }
    }
}

/// Lists. Each fails where the database is unavailable, and where the page is to begin after no page's end.
impl Club {
    /// A page of the journal: by number, or by time where there is a limit to it.
    ///
    /// # Errors
    ///
    /// See above.
    pub async fn list_entries(
        &self,
        filter: &EntryFilter,
        page: &PageRequest,
    ) -> Result<Listed<Entry>, Error> {
        let EntryFilter { key, member, kind, from, until } = filter;
        let mut query = RowQuery::new("SELECT id FROM journal");
        query.and_if("key = ?", key.as_deref());
        query.and_if("member = ?", member.map(MemberId::value));
        query.and_if("kind = ?", kind.as_deref());
        let timed = query.and_within(("at >= ?", *from), ("at < ?", *until));
        let order = if timed { &ENTRY_BY_TIME } else { &ENTRY_BY_ID };
        let after = order.after(page)?;
        let (ids, values) = query.ordered(order, after.as_deref(), page);
        let direction = if page.newest { " DESC" } else { "" };
        let time = if timed { format!("at{direction}, ") } else { String::new() };
        let sql = format!(
            "{}WHERE journal.id IN ({ids}) ORDER BY {time}journal.id{direction}, seq",
            statement::WITH_POSTINGS
        );
        let db = &mut *self.reader().await?;
        let rows = statement::entries(db, known(sql), &values).await?;
        Ok(order.cut(rows, page))
    }

    /// A page of what moved a member's balances, oldest first. O(the member's postings), because each line has the
    /// balance after it.
    ///
    /// # Errors
    ///
    /// See above.
    pub async fn list_statement(
        &self,
        member: MemberId,
        page: &PageRequest,
    ) -> Result<Listed<Line>, Error> {
        let page = PageRequest { newest: false, ..page.clone() };
        let after = match LINE_BY_NUMBER.after(&page)?.as_deref() {
            Some([KeyPart::Number(number)]) => *number,
            _ => 0,
        };
        let db = &mut *self.reader().await?;
        let rows = statement::lines(db, member, after, page.limit() + 1).await?;
        Ok(LINE_BY_NUMBER.cut(rows, &page))
    }

    /// What a member's rewards come to that were not taken back, by whether they are credited or pending, and currency.
    ///
    /// # Errors
    ///
    /// The database is unavailable.
    pub async fn reward_sums(&self, member: MemberId) -> Result<Vec<(RewardState, Amount)>, Error> {
        let read = |row: &dyn Row| {
            let state = if row.number::<u8>(0)? == 1 {
                RewardState::Credited
            } else {
                RewardState::Pending
            };
            Ok((state, currency(row, 1)?.minor(row.number(2)?)))
        };
        Ok(self.reader().await?.all(SUMS, &[member.value().into()], read).await?)
    }

    /// A page of rewards.
    ///
    /// # Errors
    ///
    /// See above.
    pub async fn list_rewards(
        &self,
        filter: &RewardFilter,
        page: &PageRequest,
    ) -> Result<Listed<Reward>, Error> {
        let RewardFilter { member, item, state } = *filter;
        let mut query = RowQuery::new(reward::READING.sql);
        query.and_if("reward.member = ?", member.map(MemberId::value));
        query.and_if("item = ?", item.map(|item| item.0));
        match state {
            None => {}
            Some(RewardState::Credited) => {
                query.and("journal IS NOT NULL AND reversed IS NULL", []);
            }
            Some(RewardState::Pending) => query.and("journal IS NULL AND reversed IS NULL", []),
            Some(RewardState::Reversed) => query.and("reversed IS NOT NULL", []),
        }
        query.page(&mut *self.reader().await?, &REWARD_BY_ID, page, reward::read).await
    }
}

const SUMS: &str = "SELECT CASE WHEN journal IS NULL THEN 0 ELSE 1 END AS credited, currency, \
     CAST(sum(amount) AS BIGINT) FROM reward WHERE member = $1 AND reversed IS NULL \
     GROUP BY credited, currency ORDER BY credited, currency";
const ENTRY_BY_ID: ListOrder<Entry> = ListOrder {
    name: "entries",
    columns: &[("id", KeyType::Number)],
    key: |entry| vec![entry.id.0.into()],
};
const ENTRY_BY_TIME: ListOrder<Entry> = ListOrder {
    name: "entries by time",
    columns: &[("at", KeyType::Number), ("id", KeyType::Number)],
    key: |entry| vec![entry.at.into(), entry.id.0.into()],
};
const LINE_BY_NUMBER: ListOrder<Line> = ListOrder {
    name: "statement",
    columns: &[("number", KeyType::Number)],
    key: |line| vec![line.number.into()],
};
const REWARD_BY_ID: ListOrder<Reward> = ListOrder {
    name: "rewards",
    columns: &[("reward.id", KeyType::Number)],
    key: |reward| vec![reward.id.0.into()],
};
