//! Discount codes: words that take a share or an amount off a price, for a time or so many times.

use policy::ItemId;

use crate::audit::log::{LogEntry, record};
use crate::catalog::item;
use crate::ledger::balance::check_amount;
use crate::store::club::Club;
use crate::store::sql::{Connection, Reading, Row, SqlResult, Value, currency, unreadable};
use crate::store::tx::Tx;
use crate::values::error::Error;
use crate::values::money::{Amount, MoneyError};
use crate::values::page::Page;
use crate::values::stamp::Stamp;

/// What a code takes off.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Off {
    /// So much, and no more than the price.
    Amount(Amount),
    /// 1 to 100 hundredths of the price.
    Percent(u8),
}

impl Off {
    /// What it takes off a price; a share is rounded half up.
    pub(crate) fn of(self, price: Amount) -> Result<Amount, MoneyError> {
        match self {
            Self::Amount(off) if off.currency != price.currency => {
                Err(MoneyError::Mixed(off.currency, price.currency))
            }
            Self::Amount(off) => Ok(price.currency.minor(off.minor.min(price.minor))),
            Self::Percent(percent) => {
                let part = (i128::from(price.minor) * i128::from(percent) + 50) / 100;
                let part = i64::try_from(part).map_err(|_| MoneyError::Overflow)?;
                Ok(price.currency.minor(part.min(price.minor)))
            }
        }
    }
}

/// What is needed to make a discount code.
#[derive(Clone, Debug)]
pub struct NewDiscount {
    /// 1 to 32 ASCII letters, digits and `-`, in either case.
    pub code: String,
    /// What it takes off.
    pub off: Off,
    /// Off which item, by name, id or info hash; `None` for all that is for sale, tiers too.
    pub item: Option<String>,
    /// When it ends, in Unix seconds; `None` where it does not.
    pub until: Option<u32>,
    /// How often it may be used, at least once; `None` for any number of times.
    pub most: Option<u32>,
}

/// A discount code.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Discount {
    /// In capitals.
    pub code: String,
    /// What it takes off.
    pub off: Off,
    /// Off which item; `None` for all that is for sale.
    pub item: Option<ItemId>,
    /// When it ends, in Unix seconds; `None` where it does not.
    pub until: Option<u32>,
    /// How often it may be used; `None` for any number of times.
    pub most: Option<u32>,
    /// How often it was; an order that is paid back counts.
    pub used: u32,
}

/// Operations on discount codes. Each fails where the database is unavailable.
impl Club {
    /// Makes a discount code.
    ///
    /// # Errors
    ///
    /// See above; the code can't be one, or there is such a one; the share, the amount or the
    /// number of uses is out of bounds; the end has passed; there is no such item.
    pub async fn add_discount(&self, stamp: &Stamp, new: NewDiscount) -> Result<Discount, Error> {
        stamp.check_future(new.until)?;
        let code = canonical(&new.code)?;
        match new.off {
            Off::Amount(amount) => check_amount(amount)?,
            Off::Percent(1..=100) => {}
            Off::Percent(percent) => return Err(Error::Percent(percent)),
        }
        if new.most == Some(0) {
            return Err(Error::Uses);
        }
        self.change(stamp, move |tx| Box::pin(async move { add(tx, code, &new).await })).await
    }

    /// All discount codes, by code; at most a page of them.
    ///
    /// # Errors
    ///
    /// See above.
    pub async fn discounts(&self) -> Result<Vec<Discount>, Error> {
        Ok(self.reader().await?.all(LIST, &[Page::MAX.into()], read).await?)
    }

    /// Removes a discount code; what was bought with it stays.
    ///
    /// # Errors
    ///
    /// See above; there is none such.
    pub async fn remove_discount(&self, stamp: &Stamp, code: &str) -> Result<Discount, Error> {
        let code = canonical(code)?;
        self.change(stamp, move |tx| {
            Box::pin(async move {
                let found = find(tx, &code).await?;
                let sql = "DELETE FROM discount WHERE code = $1";
                tx.execute(sql, &[code.as_str().into()]).await?;
                note(tx, "discount.remove", &found).await?;
                Ok(found)
            })
        })
        .await
    }
}

/// What a code takes off the price of something.
pub(crate) async fn quote(
    tx: &mut Tx,
    code: &str,
    item: Option<ItemId>,
    price: Amount,
) -> Result<(String, Amount), Error> {
    let found = find(tx, &canonical(code)?).await?;
    let refused = |why| Err(Error::Discount { code: found.code.clone(), why });
    if found.item.is_some() && found.item != item {
        return refused("is for something else");
    }
    if found.until.is_some_and(|until| until <= tx.now()) {
        return refused("has run out");
    }
    if found.most.is_some_and(|most| most <= found.used) {
        return refused("is used up");
    }
    let off = found.off.of(price)?;
    Ok((found.code, off))
}

/// Counts a use of a code, where it is still there: an order keeps the price that it was made at.
pub(crate) async fn count_use(db: &mut dyn Connection, code: &str) -> SqlResult<()> {
    let sql = "UPDATE discount SET used = used + 1 WHERE code = $1";
    db.execute(sql, &[code.into()]).await.map(drop)
}

async fn add(tx: &mut Tx, code: String, new: &NewDiscount) -> Result<Discount, Error> {
    if tx.one(BY_CODE, &[code.as_str().into()], read).await?.is_some() {
        return Err(Error::Discount { code, why: "is there already: remove it first" });
    }
    let item = match &new.item {
        None => None,
        Some(wanted) => Some(item::find_live(tx, wanted).await?.id),
    };
    let made = Discount { code, off: new.off, item, until: new.until, most: new.most, used: 0 };
    let (percent, amount) = match made.off {
        Off::Amount(amount) => (None, Some(amount)),
        Off::Percent(percent) => (Some(u32::from(percent)), None),
    };
    let values = [
        made.code.as_str().into(),
        percent.into(),
        amount.map_or(Value::Null, |amount| amount.currency.code().into()),
        Value::Int(amount.map(|amount| amount.minor)),
        item.map(|item| item.0).into(),
        made.until.into(),
        made.most.into(),
        tx.now().into(),
    ];
    tx.execute(INSERT, &values).await?;
    note(tx, "discount.add", &made).await?;
    Ok(made)
}

async fn find(db: &mut dyn Connection, code: &str) -> Result<Discount, Error> {
    let found = db.one(BY_CODE, &[code.into()], read).await?;
    found.ok_or_else(|| Error::NoDiscount(code.to_owned()))
}

async fn note(tx: &mut Tx, what: &'static str, discount: &Discount) -> Result<(), Error> {
    let entry = LogEntry { what, member: None, item: discount.item, detail: &discount.code };
    record(tx, entry).await
}

/// The code as it is kept.
fn canonical(code: &str) -> Result<String, Error> {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    if !(1..=MAX_CODE).contains(&code.len()) || !code.bytes().all(is_allowed) {
        return Err(Error::DiscountCode);
    }
    Ok(code.to_ascii_uppercase())
}

pub(crate) fn read(row: &dyn Row) -> SqlResult<Discount> {
    let off = match (row.optional::<u8>(1)?, row.int(3)?) {
        (Some(percent), None) => Off::Percent(percent),
        (None, Some(minor)) => Off::Amount(currency(row, 2)?.minor(minor)),
        _ => return Err(unreadable(1, "a discount of nothing, or of two")),
    };
    Ok(Discount {
        code: row.text(0)?.to_owned(),
        off,
        item: row.optional(4)?.map(ItemId),
        until: row.optional(5)?,
        most: row.optional(6)?,
        used: row.number(7)?,
    })
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT code, percent, currency, amount, item, until, most, used FROM discount ",
            $rest
        )
    };
}

/// Every row.
pub(crate) const READING: Reading =
    Reading { table: "discount", sql: select!(""), read: |row| read(row).map(drop) };
const BY_CODE: &str = select!("WHERE code = $1");
const LIST: &str = select!("ORDER BY code LIMIT $1");
const INSERT: &str = "INSERT INTO discount \
     (code, percent, currency, amount, item, until, most, used, created) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, 0, $8)";
const MAX_CODE: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::values::money::Currency;

    #[test]
    fn no_discount_is_more_than_the_price() {
        #[track_caller]
        fn check(off: Off, price: i64, expected: i64) {
            let usd = Currency::parse("usd").unwrap();
            assert_eq!(off.of(usd.minor(price)), Ok(usd.minor(expected)));
        }
        let usd = Currency::parse("usd").unwrap();
        check(Off::Percent(10), 225, 23);
        check(Off::Percent(100), 225, 225);
        check(Off::Percent(1), 0, 0);
        check(Off::Percent(50), 1, 1);
        check(Off::Amount(usd.minor(100)), 225, 100);
        check(Off::Amount(usd.minor(300)), 225, 225);
        let eur = Currency::parse("eur").unwrap();
        assert_eq!(Off::Amount(eur.minor(1)).of(usd.minor(1)), Err(MoneyError::Mixed(eur, usd)));
    }

    #[test]
    fn a_code_is_one_in_either_case() {
        assert_eq!(canonical("Fair-10").unwrap(), "FAIR-10");
        for text in ["", "10 %", "fä", &"a".repeat(33)] {
            assert!(canonical(text).is_err(), "{text}");
        }
    }
}
