//! What an item costs: one price as a torrent, whose buyers help to carry it, and one for direct
//! download, which is not lower.

use std::fmt;

use crate::catalog::item::{self, Item};
use crate::store::club::Club;
use crate::store::sql::{Connection, Row, SqlResult, Value, currency};
use crate::store::tx::Tx;
use crate::values::error::Error;
use crate::values::money::{Amount, Currency, MoneyError};
use crate::values::product::DeliveryMethod;
use crate::values::stamp::Stamp;
use crate::values::version::{Expected, Version};

/// What an item costs, in one currency; `None` where it is not sold so. 0 is a price.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Prices {
    /// For the torrent.
    pub torrent: Option<Amount>,
    /// For direct download, not lower than for the torrent.
    pub direct: Option<Amount>,
}

/// What an item is to cost.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct NewPrices {
    /// The prices.
    pub prices: Prices,
    /// The minimum, or that the prices are fixed; `None` leaves it, as far as it fits the prices.
    pub minimum: Option<Option<Amount>>,
}

impl Prices {
    /// The price for one delivery method.
    pub const fn of(self, method: DeliveryMethod) -> Option<Amount> {
        match method {
            DeliveryMethod::Direct => self.direct,
            DeliveryMethod::Torrent => self.torrent,
        }
    }

    /// The currency they are in; `None` where nothing is for sale.
    pub fn currency(self) -> Option<Currency> {
        self.torrent.or(self.direct).map(|price| price.currency)
    }

    /// By how much who pays so much for the torrent pays less than for the direct download, and no
    /// more than is paid; nothing where either is not sold. What a discount takes off is not of it.
    pub(crate) fn saved(self, paid: Amount) -> Amount {
        let saved = match (self.torrent, self.direct) {
            (Some(torrent), Some(direct)) if direct.currency == paid.currency => {
                let dearest = torrent.minor.max(paid.minor);
                direct.minor.saturating_sub(dearest).max(0).min(paid.minor)
            }
            _ => 0,
        };
        paid.currency.minor(saved)
    }

    /// The lower one.
    pub(crate) fn lowest(self) -> Option<Amount> {
        self.torrent.or(self.direct)
    }

    pub(crate) fn check(self) -> Result<(), Error> {
        for price in [self.torrent, self.direct].into_iter().flatten() {
            if price.minor < 0 {
                return Err(MoneyError::TooLittle(price).into());
            }
            if price.minor > Amount::MAX_MINOR {
                return Err(MoneyError::TooMuch(price.decimal()).into());
            }
        }
        match (self.torrent, self.direct) {
            (Some(torrent), Some(direct)) if torrent.currency != direct.currency => {
                Err(MoneyError::Mixed(torrent.currency, direct.currency).into())
            }
            (Some(torrent), Some(direct)) if torrent.minor > direct.minor => {
                Err(Error::Prices { torrent, direct })
            }
            _ => Ok(()),
        }
    }

    /// Reads currency, torrent price and direct price.
    pub(crate) fn read(row: &dyn Row, column: usize) -> SqlResult<Self> {
        let (torrent, direct) = (row.int(column + 1)?, row.int(column + 2)?);
        if torrent.or(direct).is_none() {
            return Ok(Self::default());
        }
        let currency = currency(row, column)?;
        let amount = |minor| currency.minor(minor);
        Ok(Self { torrent: torrent.map(amount), direct: direct.map(amount) })
    }
}

impl fmt::Display for Prices {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let said = |price: Option<Amount>| price.map_or_else(|| "-".to_owned(), |p| p.to_string());
        write!(f, "torrent {}, direct {}", said(self.torrent), said(self.direct))
    }
}

impl Item {
    /// Other prices, or another minimum, have another version.
    pub fn prices_version(&self) -> Version {
        let text = |amount: Option<Amount>| amount.map(|amount| amount.to_string());
        let [torrent, direct, minimum] = [self.prices.torrent, self.prices.direct, self.minimum]
            .map(|amount| text(amount).unwrap_or_default());
        Version::of("prices", &[&self.id.to_string(), &torrent, &direct, &minimum])
    }

    /// Lowest price a buyer may choose for one delivery method; `None` where the price is fixed. The
    /// minimum is that of the cheaper method, and the other keeps its surcharge.
    pub fn least(&self, method: DeliveryMethod) -> Option<Amount> {
        let (minimum, price) = (self.minimum?, self.prices.of(method)?);
        let more = price.minor.saturating_sub(self.prices.lowest()?.minor);
        Some(minimum.currency.minor(minimum.minor.saturating_add(more)))
    }
}

impl Club {
    /// Lets buyers choose the price, from `minimum` for the cheaper delivery method; `None` fixes it.
    ///
    /// # Errors
    ///
    /// There is no such item, or it was removed; it is not for sale, in another currency, or for
    /// less; the database is unavailable.
    pub async fn set_minimum(
        &self,
        stamp: &Stamp,
        item: &str,
        minimum: Option<Amount>,
    ) -> Result<Item, Error> {
        let wanted = item.to_owned();
        self.change(stamp, move |tx| {
            Box::pin(async move {
                let item = item::find_live(tx, &wanted).await?;
                change_minimum(tx, &item, minimum).await
            })
        })
        .await
    }

    /// Changes what an item costs from now on, and the minimum where `edit` returns one: `edit` is given the item as
    /// it is then, and its refusal is returned. Nothing is changed where the prices are others than expected
    /// ([`Item::prices_version`]).
    ///
    /// # Errors
    ///
    /// As of [`set_prices`](Self::set_prices) and [`set_minimum`](Self::set_minimum); the prices are others.
    pub async fn change_prices<E: Send + 'static>(
        &self,
        stamp: &Stamp,
        item: &str,
        expected: Expected,
        edit: impl FnOnce(&Item) -> Result<NewPrices, E> + Send + 'static,
    ) -> Result<Result<Item, E>, Error> {
        let wanted = item.to_owned();
        self.change(stamp, move |tx| {
            Box::pin(async move {
                let item = item::find_live(tx, &wanted).await?;
                expected.check(item.prices_version())?;
                let NewPrices { prices, minimum } = match edit(&item) {
                    Ok(new) => new,
                    Err(refused) => return Ok(Err(refused)),
                };
                prices.check()?;
                let item = change(tx, &item, prices).await?;
                match minimum {
                    None => Ok(Ok(item)),
                    Some(minimum) => change_minimum(tx, &item, minimum).await.map(Ok),
                }
            })
        })
        .await
    }

    /// Changes what an item costs from now on.
    ///
    /// # Errors
    ///
    /// There is no such item, or it was removed; the prices are in two currencies, below 0, or
    /// lower for direct download; the database is unavailable.
    pub async fn set_prices(
        &self,
        stamp: &Stamp,
        item: &str,
        prices: Prices,
    ) -> Result<Item, Error> {
        prices.check()?;
        let wanted = item.to_owned();
        self.change(stamp, move |tx| {
            Box::pin(async move {
                let item = item::find_live(tx, &wanted).await?;
                change(tx, &item, prices).await
            })
        })
        .await
    }
}

/// Changes what an item costs; the prices were checked.
pub(crate) async fn change(tx: &mut Tx, item: &Item, prices: Prices) -> Result<Item, Error> {
    let Some(price) = prices.torrent.or(prices.direct) else {
        let sql = "UPDATE item SET currency = NULL, torrent_price = NULL, direct_price = NULL, \
                   minimum = NULL WHERE id = $1";
        tx.execute(sql, &[item.id.0.into()]).await?;
        return item::changed(tx, WHAT, item.id, "not for sale").await;
    };
    // One that is above the new price, or in another currency, is none.
    let fits =
        |minimum: &Amount| minimum.currency == price.currency && minimum.minor <= price.minor;
    let minimum = item.minimum.filter(fits);
    let minor = |price: Option<Amount>| Value::Int(price.map(|price| price.minor));
    tx.execute(
        "UPDATE item SET currency = $2, torrent_price = $3, direct_price = $4, minimum = $5 \
         WHERE id = $1",
        &[
            item.id.0.into(),
            price.currency.code().into(),
            minor(prices.torrent),
            minor(prices.direct),
            minor(minimum),
        ],
    )
    .await?;
    item::changed(tx, WHAT, item.id, &prices.to_string()).await
}

async fn change_minimum(tx: &mut Tx, item: &Item, minimum: Option<Amount>) -> Result<Item, Error> {
    if let Some(minimum) = minimum {
        let not_sold =
            || Error::NotForSale { item: item.name.clone(), method: DeliveryMethod::Torrent };
        let price = item.prices.lowest().ok_or_else(not_sold)?;
        if price.currency != minimum.currency {
            return Err(MoneyError::Mixed(price.currency, minimum.currency).into());
        }
        if minimum.minor > price.minor {
            return Err(Error::Minimum { minimum, price });
        }
    }
    let values = [item.id.0.into(), Value::Int(minimum.map(|minimum| minimum.minor))];
    tx.execute("UPDATE item SET minimum = $2 WHERE id = $1", &values).await?;
    let detail = minimum.map_or_else(|| "none".to_owned(), |minimum| minimum.to_string());
    item::changed(tx, "item.minimum", item.id, &detail).await
}

const WHAT: &str = "item.prices";
