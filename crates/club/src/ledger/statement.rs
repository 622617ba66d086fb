//! The books as they are read: the journal, a member's statement, the trial balance, and whether
//! they are sound.

use policy::MemberId;

use crate::ledger::account::Account;
use crate::ledger::journal::left_of;
use crate::members::member;
use crate::store::club::Club;
use crate::store::database::Flaw;
use crate::store::sql::{Connection, Row, SqlResult, Value, currency};
use crate::values::error::Error;
use crate::values::ids::EntryId;
use crate::values::money::{Amount, Currency};
use crate::values::page::Page;

/// An entry of the journal.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Entry {
    /// Its number.
    pub id: EntryId,
    /// The key of the request that made it.
    pub key: String,
    /// What was done, as `topup`.
    pub kind: String,
    /// Whose money it moved.
    pub member: Option<MemberId>,
    /// The entry that this one takes back, in whole or in part.
    pub reverses: Option<EntryId>,
    /// When, in Unix seconds.
    pub at: u32,
    /// By whom.
    pub who: String,
    /// For people.
    pub memo: String,
    /// What it moved; they sum to 0. None where nothing was to be paid.
    pub postings: Vec<Posting>,
}

/// What an entry moved on one account.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Posting {
    /// Its name, as `member:7:prepaid`.
    pub account: String,
    /// Debits above 0, credits below.
    pub amount: Amount,
}

/// A line of a member's statement.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Line {
    /// Its number among all postings of the member, from 1.
    pub number: u32,
    /// The entry.
    pub entry: EntryId,
    /// When, in Unix seconds.
    pub at: u32,
    /// What was done, as `topup`.
    pub kind: String,
    /// For people.
    pub memo: String,
    /// The member's, as `member:7:prepaid`.
    pub account: String,
    /// As the member sees it: above 0 is theirs.
    pub amount: Amount,
    /// Of the account after it, as the member sees it.
    pub balance: Amount,
}

/// The sums of all postings in one currency, in its smallest unit.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Trial {
    /// The currency.
    pub currency: Currency,
    /// All above 0.
    pub debits: i128,
    /// All below 0.
    pub credits: i128,
}

impl Trial {
    /// 0, or the books are wrong.
    pub const fn sum(self) -> i128 {
        self.debits.saturating_add(self.credits)
    }
}

/// The books. Each fails where the database is unavailable.
impl Club {
    /// The journal, oldest first.
    ///
    /// # Errors
    ///
    /// See above.
    pub async fn journal(&self, page: Page) -> Result<Vec<Entry>, Error> {
        self.journal_between(0, u32::MAX, page).await
    }

    /// A page of the entries made from `from_unix` until before `to_unix`, oldest first.
    ///
    /// # Errors
    ///
    /// See above.
    pub async fn journal_between(
        &self,
        from_unix: u32,
        to_unix: u32,
        page: Page,
    ) -> Result<Vec<Entry>, Error> {
        let mut db = self.reader().await?;
        let values = [from_unix.into(), to_unix.into(), page.after.into(), page.limit().into()];
        Ok(entries(&mut *db, PAGE, &values).await?)
    }

    /// One entry of the journal.
    ///
    /// # Errors
    ///
    /// See above; there is none such.
    pub async fn entry(&self, id: EntryId) -> Result<Entry, Error> {
        entry(&mut *self.reader().await?, id).await
    }

    /// The last entry that took something of this one back.
    ///
    /// # Errors
    ///
    /// See above; there is none such.
    pub async fn last_reversal(&self, id: EntryId) -> Result<Entry, Error> {
        let mut db = self.reader().await?;
        let last = last_reversal(&mut *db, id).await?;
        entry(&mut *db, last.ok_or(Error::NoEntry(id))?).await
    }

    /// What moved a member's balances, oldest first. O(the member's postings).
    ///
    /// # Errors
    ///
    /// See above; there is no such member, by name or id.
    pub async fn statement(&self, member: &str, page: Page) -> Result<Vec<Line>, Error> {
        let mut db = self.reader().await?;
        let member = member::find(&mut *db, member).await?.id;
        Ok(lines(&mut *db, member, page.after.into(), page.limit()).await?)
    }

    /// The sums of all postings, by currency. O(postings).
    ///
    /// # Errors
    ///
    /// See above.
    pub async fn trial(&self) -> Result<Vec<Trial>, Error> {
        Ok(self.reader().await?.all(TRIAL, &[], trial).await?)
    }
}

/// What is wrong with the books: entries that don't balance, balances that are not the sums of their
/// postings, overdrawn accounts, reversals past their entry, rows that lack what they belong to. At
/// most 1000 flaws of each sort. O(postings).
pub(crate) async fn flaws(db: &mut dyn Connection) -> SqlResult<Vec<Flaw>> {
    let mut flaws = Vec::new();
    for (what, table, sql) in CHECKS {
        let found = db.all(sql, &[Page::MAX.into()], |row| row.number::<i64>(0)).await?;
        let flaw = |id| Flaw { what: what.into(), place: format!("{table} {id}") };
        flaws.extend(found.into_iter().map(flaw));
    }
    Ok(flaws)
}

/// The lines of a member's statement after a number, at most so many.
pub(crate) async fn lines(
    db: &mut dyn Connection,
    member: MemberId,
    after: i64,
    limit: u32,
) -> SqlResult<Vec<Line>> {
    let [prepaid, owed, rebate] = names_of(member);
    let values = [
        prepaid.as_str().into(),
        owed.as_str().into(),
        Value::Int(Some(after)),
        limit.into(),
        rebate.as_str().into(),
    ];
    db.all(STATEMENT, &values, line).await
}

/// One entry.
pub(crate) async fn entry(db: &mut dyn Connection, id: EntryId) -> Result<Entry, Error> {
    let found = entries(db, ONE, &[id.0.into()]).await?;
    found.into_iter().next().ok_or(Error::NoEntry(id))
}

/// The last entry that took something of this one back.
pub(crate) async fn last_reversal(
    db: &mut dyn Connection,
    id: EntryId,
) -> SqlResult<Option<EntryId>> {
    let sql = "SELECT max(id) FROM journal WHERE reverses = $1 HAVING max(id) IS NOT NULL";
    db.one(sql, &[id.0.into()], |row| Ok(EntryId(row.number(0)?))).await
}

/// The currencies that a member's accounts are in, by code.
pub(crate) async fn currencies(
    db: &mut dyn Connection,
    member: MemberId,
) -> SqlResult<Vec<Currency>> {
    let sql = "SELECT DISTINCT currency FROM account WHERE name IN ($1, $2, $3) ORDER BY currency";
    let [prepaid, owed, rebate] = names_of(member);
    let values = [prepaid.as_str().into(), owed.as_str().into(), rebate.as_str().into()];
    db.all(sql, &values, |row| currency(row, 0)).await
}

fn names_of(member: MemberId) -> [String; 3] {
    [Account::Prepaid(member), Account::Receivable(member), Account::Rebate(member)]
        .map(|account| account.to_string())
}

/// Entries with their postings, which come in the order of the entries.
pub(crate) async fn entries(
    db: &mut dyn Connection,
    sql: &'static str,
    values: &[Value<'_>],
) -> SqlResult<Vec<Entry>> {
    let mut entries: Vec<Entry> = Vec::new();
    db.visit(sql, values, &mut |row| {
        let id = EntryId(row.number(0)?);
        if entries.last().is_none_or(|last| last.id != id) {
            entries.push(head(row, id)?);
        }
        // An entry without postings comes with NULLs.
        if let (Some(minor), Some(entry)) = (row.int(8)?, entries.last_mut()) {
            let amount = currency(row, 10)?.minor(minor);
            entry.postings.push(Posting { account: row.text(9)?.to_owned(), amount });
        }
        Ok(())
    })
    .await?;
    Ok(entries)
}

fn head(row: &dyn Row, id: EntryId) -> SqlResult<Entry> {
    Ok(Entry {
        id,
        key: row.text(1)?.to_owned(),
        kind: row.text(2)?.to_owned(),
        member: row.optional::<u32>(3)?.and_then(MemberId::new),
        reverses: row.optional(4)?.map(EntryId),
        at: row.number(5)?,
        who: row.text(6)?.to_owned(),
        memo: row.text(7)?.to_owned(),
        postings: Vec::new(),
    })
}

fn line(row: &dyn Row) -> SqlResult<Line> {
    let currency = currency(row, 6)?;
    Ok(Line {
        number: row.number(0)?,
        entry: EntryId(row.number(1)?),
        at: row.number(2)?,
        kind: row.text(3)?.to_owned(),
        memo: row.text(4)?.to_owned(),
        account: row.text(5)?.to_owned(),
        amount: currency.minor(row.number(7)?),
        balance: currency.minor(row.number(8)?),
    })
}

fn trial(row: &dyn Row) -> SqlResult<Trial> {
    let sum = |column| -> SqlResult<i128> {
        let (high, low): (i64, i64) = (row.number(column)?, row.number(column + 1)?);
        Ok(i128::from(high) * 1_000_000_000 + i128::from(low))
    };
    Ok(Trial { currency: currency(row, 0)?, debits: sum(1)?, credits: sum(3)? })
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT journal.id, key, journal.kind, member, reverses, at, who, memo, \
             posting.amount, account.name, account.currency FROM journal \
             LEFT JOIN posting ON posting.journal = journal.id \
             LEFT JOIN account ON account.id = posting.account ",
            $rest
        )
    };
}

/// Every row.
pub(crate) const WITH_POSTINGS: &str = select!("");
const ONE: &str = select!("WHERE journal.id = $1 ORDER BY journal.id, seq");
const PAGE: &str = select!(
    "WHERE journal.id IN (SELECT id FROM journal WHERE at >= $1 AND at < $2 AND id > $3 \
     ORDER BY id LIMIT $4) ORDER BY journal.id, seq"
);
const STATEMENT: &str = "SELECT * FROM ( \
     SELECT row_number() OVER (ORDER BY journal.id, seq) AS number, journal.id, at, \
     journal.kind, memo, name, currency, -posting.amount, \
     CAST(-sum(posting.amount) OVER (PARTITION BY posting.account ORDER BY journal.id, seq) \
     AS BIGINT) FROM posting \
     JOIN account ON account.id = posting.account \
     JOIN journal ON journal.id = posting.journal WHERE name IN ($1, $2, $5)) AS line \
     WHERE number > $3 ORDER BY number LIMIT $4";

/// In two halves, as a sum of all postings may be more than the databases can count.
const TRIAL: &str = "SELECT currency, \
     CAST(sum(CASE WHEN amount > 0 THEN amount / 1000000000 ELSE 0 END) AS BIGINT), \
     CAST(sum(CASE WHEN amount > 0 THEN amount % 1000000000 ELSE 0 END) AS BIGINT), \
     CAST(sum(CASE WHEN amount < 0 THEN amount / 1000000000 ELSE 0 END) AS BIGINT), \
     CAST(sum(CASE WHEN amount < 0 THEN amount % 1000000000 ELSE 0 END) AS BIGINT) \
     FROM posting JOIN account ON account.id = posting.account \
     GROUP BY currency ORDER BY currency";

/// What can be wrong, with which table's rows, and the ids of those that are.
const CHECKS: [(&str, &str, &str); 8] = [
    (
        "the postings do not sum to 0",
        "journal entry",
        "SELECT DISTINCT journal FROM (SELECT journal, currency FROM posting \
         JOIN account ON account.id = posting.account \
         GROUP BY journal, currency HAVING sum(amount) <> 0) AS wrong ORDER BY 1 LIMIT $1",
    ),
    (
        "the balance is not the sum of the postings",
        "account",
        "SELECT account.id FROM account LEFT JOIN balance ON balance.account = account.id \
         LEFT JOIN (SELECT account, sum(amount) AS amount FROM posting GROUP BY account) AS posted \
         ON posted.account = account.id \
         WHERE balance.amount IS NULL OR balance.amount <> coalesce(posted.amount, 0) ORDER BY 1 LIMIT $1",
    ),
    (
        "it is overdrawn",
        "account",
        "SELECT id FROM account JOIN balance ON balance.account = account.id \
         WHERE floored = 1 AND amount > 0 ORDER BY 1 LIMIT $1",
    ),
    (
        "more was reversed than it moved",
        "journal entry",
        concat!(
            "SELECT id FROM journal WHERE id IN (SELECT reverses FROM journal) AND ",
            left_of!("journal.id"),
            " < 0 ORDER BY 1 LIMIT $1"
        ),
    ),
    (
        "a posting lacks its entry or its account",
        "journal entry",
        "SELECT journal FROM posting \
         WHERE NOT EXISTS (SELECT 1 FROM journal WHERE journal.id = posting.journal) \
         OR NOT EXISTS (SELECT 1 FROM account WHERE account.id = posting.account) ORDER BY 1 LIMIT $1",
    ),
    (
        "a balance lacks its account",
        "account",
        "SELECT account FROM balance \
         WHERE NOT EXISTS (SELECT 1 FROM account WHERE account.id = balance.account) ORDER BY 1 LIMIT $1",
    ),
    (
        "what is left paid does not fit its state",
        "order",
        concat!(
            "SELECT id FROM orders WHERE journal IS NOT NULL AND amount > 0 AND (",
            left_of!("orders.journal"),
            " = 0) <> (refunded IS NOT NULL) OR journal IS NULL AND paid IS NOT NULL \
             AND (refunded IS NOT NULL) <> (SELECT coalesce(sum(kept), 0) = 0 FROM payment \
             WHERE payment.orders = orders.id) ORDER BY 1 LIMIT $1"
        ),
    ),
    (
        "it is not the sum of the vouchers not redeemed",
        "account",
        "SELECT account.id FROM account JOIN balance ON balance.account = account.id \
         WHERE name = 'voucher:outstanding' AND balance.amount + coalesce(( \
         SELECT sum(voucher.amount) FROM voucher \
         WHERE state = 'issued' AND voucher.currency = account.currency), 0) <> 0 \
         ORDER BY 1 LIMIT $1",
    ),
];
