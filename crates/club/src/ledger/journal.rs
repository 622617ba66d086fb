//! The journal: balanced entries, only ever added to.
//!
//! A debit is above 0, a credit below. An entry is corrected by another that reverses it, or a
//! part of it; the reversals of an entry never move more than it did. Deliberately absent: which
//! postings an operation makes, which stands with the operation.

use std::collections::BTreeMap;

use policy::MemberId;
use sha2::{Digest, Sha256};

use crate::ledger::account::Account;
use crate::store::sql::{Connection, Row, SqlResult, Value};
use crate::store::tx::Tx;
use crate::values::error::Error;
use crate::values::ids::EntryId;
use crate::values::money::{Amount, Currency, MoneyError};

/// What an operation enters.
pub(crate) struct NewEntry<'a> {
    pub(crate) request: &'a EntryRequest,
    pub(crate) kind: &'static str,
    pub(crate) member: Option<MemberId>,
    pub(crate) reverses: Option<EntryId>,
    pub(crate) memo: &'a str,
    /// Those of nothing are left out.
    pub(crate) postings: &'a [(Account<'a>, Amount)],
}

/// A request that changes the books once, however often it comes.
pub(crate) struct EntryRequest {
    key: String,
    hash: [u8; 32],
}

impl EntryRequest {
    /// `parts` say all that was asked for: the same key with other parts is refused.
    pub(crate) fn new(key: &str, parts: &[&str]) -> Result<Self, Error> {
        if key.is_empty() || key.len() > MAX_KEY {
            return Err(Error::Key(key.len()));
        }
        let mut hash = Sha256::new();
        for part in parts {
            hash.update(part.len().to_be_bytes());
            hash.update(part);
        }
        Ok(Self { key: key.to_owned(), hash: hash.finalize().into() })
    }

    /// The entry that this request made when it came before.
    ///
    /// # Errors
    ///
    /// Another request had its key.
    pub(crate) async fn answered(&self, db: &mut dyn Connection) -> Result<Option<EntryId>, Error> {
        let read = |row: &dyn Row| {
            Ok((EntryId(row.number(0)?), row.bytes(1)?.unwrap_or_default().to_owned()))
        };
        let sql = "SELECT id, request_hash FROM journal WHERE key = $1";
        match db.one(sql, &[self.key.as_str().into()], read).await? {
            None => Ok(None),
            Some((entry, hash)) if hash == self.hash => Ok(Some(entry)),
            Some((entry, _)) => Err(Error::KeyReused { key: self.key.clone(), entry }),
        }
    }
}

/// Enters an entry, its balances with it.
///
/// # Errors
///
/// It does not balance; an account that must not be overdrawn would be; a sum can't be counted;
/// it reverses more than there is to reverse.
pub(crate) async fn post(tx: &mut Tx, entry: NewEntry<'_>) -> Result<EntryId, Error> {
    check_balanced(entry.postings)?;
    let who = tx.stamp.who.clone();
    let id = tx
        .one(
            "INSERT INTO journal (key, request_hash, kind, member, reverses, at, who, memo) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING id",
            &[
                entry.request.key.as_str().into(),
                Value::Bytes(&entry.request.hash),
                entry.kind.into(),
                entry.member.map(MemberId::value).into(),
                entry.reverses.map(|reversed| reversed.0).into(),
                tx.now().into(),
                who.as_str().into(),
                entry.memo.into(),
            ],
            |row| Ok(EntryId(row.number(0)?)),
        )
        .await?
        .ok_or(sqlx::Error::RowNotFound)?;
    for (seq, (account, amount)) in (0u32..).zip(entry.postings) {
        if amount.minor != 0 {
            enter(tx, id, seq, *account, *amount).await?;
        }
    }
    if let Some(reversed) = entry.reverses
        && unreversed(tx, reversed).await? < 0
    {
        return Err(Error::Reversed(reversed));
    }
    Ok(id)
}

/// What of an entry's debits stands, in minor units: what was reversed is not in it, and is again
/// once the reversal is reversed.
pub(crate) async fn unreversed(db: &mut dyn Connection, entry: EntryId) -> Result<i64, Error> {
    let read = |row: &dyn Row| row.number::<i64>(0);
    Ok(db.one(UNREVERSED, &[entry.0.into()], read).await?.unwrap_or(0))
}

/// The reversals of an entry that stand in whole or in part, newest first, together with what of
/// each to reverse so that `amount` of the entry stands again.
///
/// # Errors
///
/// Less than `amount` of the entry is reversed.
pub(crate) async fn reversals(
    db: &mut dyn Connection,
    entry: EntryId,
    amount: i64,
) -> Result<Vec<(EntryId, i64)>, Error> {
    let read = |row: &dyn Row| Ok((EntryId(row.number(0)?), row.number::<i64>(1)?));
    let found = db.all(REVERSALS, &[entry.0.into()], read).await?;
    let (mut parts, mut rest) = (Vec::new(), amount);
    for (reversal, left) in found {
        let part = left.min(rest);
        if part > 0 {
            parts.push((reversal, part));
            rest -= part;
        }
    }
    if rest > 0 { Err(Error::Reversed(entry)) } else { Ok(parts) }
}

/// The balance of an account; 0 where there is none yet.
pub(crate) async fn balance(
    db: &mut dyn Connection,
    account: Account<'_>,
    currency: Currency,
) -> Result<Amount, Error> {
    let found = find(db, &account.to_string(), currency).await?;
    Ok(currency.minor(found.map_or(0, |(_, minor)| minor)))
}

async fn enter(
    db: &mut dyn Connection,
    entry: EntryId,
    seq: u32,
    account: Account<'_>,
    amount: Amount,
) -> Result<(), Error> {
    let name = account.to_string();
    let (id, before) = match find(db, &name, amount.currency).await? {
        Some(found) => found,
        None => (open(db, account, &name, amount.currency).await?, 0),
    };
    let after = amount.currency.minor(before).checked_add(amount)?;
    if account.is_floored() && after.minor > 0 {
        return Err(Error::Overdrawn {
            account: name,
            holds: amount.currency.minor(before.saturating_neg()),
            needed: amount,
        });
    }
    let minor = Value::Int(Some(amount.minor));
    let values = [entry.0.into(), seq.into(), id.into(), minor];
    db.execute(
        "INSERT INTO posting (journal, seq, account, amount) VALUES ($1, $2, $3, $4)",
        &values,
    )
    .await?;
    let values = [id.into(), Value::Int(Some(after.minor))];
    db.execute("UPDATE balance SET amount = $2 WHERE account = $1", &values).await?;
    Ok(())
}

async fn find(
    db: &mut dyn Connection,
    name: &str,
    currency: Currency,
) -> SqlResult<Option<(u32, i64)>> {
    let sql = "SELECT id, amount FROM account JOIN balance ON balance.account = account.id \
               WHERE name = $1 AND currency = $2";
    let read = |row: &dyn Row| Ok((row.number(0)?, row.number(1)?));
    db.one(sql, &[name.into(), currency.code().into()], read).await
}

async fn open(
    db: &mut dyn Connection,
    account: Account<'_>,
    name: &str,
    currency: Currency,
) -> SqlResult<u32> {
    let sql = "INSERT INTO account (name, currency, kind, floored) VALUES ($1, $2, $3, $4) \
               RETURNING id";
    let values =
        [name.into(), currency.code().into(), account.kind().into(), account.is_floored().into()];
    let id = db.one(sql, &values, |row| row.number::<u32>(0)).await?;
    let id = id.ok_or(sqlx::Error::RowNotFound)?;
    db.execute("INSERT INTO balance (account, amount) VALUES ($1, 0)", &[id.into()]).await?;
    Ok(id)
}

fn check_balanced(postings: &[(Account<'_>, Amount)]) -> Result<(), Error> {
    let mut sums: BTreeMap<Currency, Amount> = BTreeMap::new();
    for (_, amount) in postings {
        let sum = sums.entry(amount.currency).or_insert_with(|| amount.currency.minor(0));
        *sum = sum.checked_add(*amount)?;
    }
    match sums.into_values().find(|sum| sum.minor != 0) {
        Some(sum) => Err(Error::Unbalanced(sum)),
        None => Ok(()),
    }
}

/// The opposite of an amount that was posted.
pub(crate) fn negated(amount: Amount) -> Result<Amount, MoneyError> {
    let minor = amount.minor.checked_neg().ok_or(MoneyError::Overflow)?;
    Ok(amount.currency.minor(minor))
}

/// What of the debits of an entry stands, as an expression of SQL.
macro_rules! left_of {
    ($entry:literal) => {
        concat!(
            "(SELECT CAST(coalesce(sum(minor), 0) AS BIGINT) FROM ( \
             SELECT amount AS minor FROM posting WHERE journal = ",
            $entry,
            " AND amount > 0 UNION ALL SELECT -amount FROM journal AS back \
             JOIN posting ON posting.journal = back.id WHERE back.reverses = ",
            $entry,
            " AND amount > 0 UNION ALL SELECT amount FROM journal AS back \
             JOIN journal AS again ON again.reverses = back.id \
             JOIN posting ON posting.journal = again.id WHERE back.reverses = ",
            $entry,
            " AND amount > 0) AS moved)"
        )
    };
}
pub(crate) use left_of;

const UNREVERSED: &str = concat!("SELECT ", left_of!("$1"));
const REVERSALS: &str = concat!(
    "SELECT reversal.id, ",
    left_of!("reversal.id"),
    " FROM journal AS reversal WHERE reverses = $1 ORDER BY reversal.id DESC"
);
/// A provider's names for its events are shorter.
pub(crate) const MAX_KEY: usize = 255;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::testing;

    #[test]
    fn an_entry_balances_in_each_currency() {
        let [usd, eur] = ["usd", "eur"].map(|code| Currency::parse(code).unwrap());
        let (a, b) = (Account::Clearing("hand"), Account::Chargebacks);
        for (postings, sum) in [
            (vec![(a, usd.minor(5)), (b, usd.minor(-5))], None),
            (vec![(a, usd.minor(5)), (b, usd.minor(-4))], Some(usd.minor(1))),
            (vec![(a, usd.minor(5)), (b, eur.minor(-5))], Some(eur.minor(-5))),
            (
                vec![(a, usd.minor(5)), (b, eur.minor(-5)), (b, usd.minor(-5)), (a, eur.minor(5))],
                None,
            ),
        ] {
            let refused = check_balanced(&postings).err();
            let found = refused.map(|error| match error {
                Error::Unbalanced(sum) => sum,
                other => panic!("{other}"),
            });
            assert_eq!(found, sum);
        }
    }

    #[tokio::test]
    async fn sums_that_can_not_be_counted_are_refused() {
        let dir = tempfile::tempdir().unwrap();
        let mut tx = testing::tx(dir.path()).await;
        let usd = Currency::parse("usd").unwrap();
        for (key, refused) in [("first", false), ("second", true)] {
            let request = EntryRequest::new(key, &[]).unwrap();
            let postings =
                [(Account::Clearing("hand"), i64::MAX), (Account::Chargebacks, -i64::MAX)]
                    .map(|(account, minor)| (account, usd.minor(minor)));
            let entry = NewEntry {
                request: &request,
                kind: "topup",
                member: None,
                reverses: None,
                memo: "",
                postings: &postings,
            };
            let posted = post(&mut tx, entry).await;
            let overflowed = matches!(posted, Err(Error::Money(MoneyError::Overflow)));
            assert_eq!(overflowed, refused, "{posted:?}");
        }
    }
}
