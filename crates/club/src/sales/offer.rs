//! What is for sale and at which price.

use crate::catalog::item::{self, Item};
use crate::ledger::balance::check_amount;
use crate::sales::discount;
use crate::store::tx::Tx;
use crate::values::error::Error;
use crate::values::money::{Amount, MoneyError};
use crate::values::product::{Product, ProductRequest};

/// What somebody chose, as it is for sale.
pub(crate) struct PricedOffer {
    pub(crate) product: Product,
    pub(crate) item: Option<Item>,
    price: Result<Amount, Error>,
    /// The lowest price, where the buyer chooses.
    least: Option<Amount>,
}

/// What an order costs.
pub(crate) struct Price {
    pub(crate) price: Amount,
    /// What is taken off, and by which code.
    pub(crate) discount: Option<(String, Amount)>,
}

impl Price {
    /// What is to be paid.
    pub(crate) fn amount(&self) -> Amount {
        let off = self.discount.as_ref().map_or(0, |(_, off)| off.minor);
        self.price.currency.minor(self.price.minor - off)
    }
}

impl PricedOffer {
    /// An amount that the buyer typed, in the currency of the price. The item may be sold by
    /// another delivery method alone by now: what was bought before is found all the same.
    pub(crate) fn parse(&self, text: &str) -> Result<Amount, Error> {
        let currency = match self.item.as_ref().and_then(|item| item.prices.currency()) {
            Some(currency) => currency,
            None => self.price.clone()?.currency,
        };
        Ok(Amount::parse(text, currency)?)
    }

    /// The price with a discount, or as the buyer chose it; none above the one that the buyer saw.
    pub(crate) async fn price(
        &self,
        tx: &mut Tx,
        pay: Option<Amount>,
        code: Option<&str>,
        seen: Option<Amount>,
    ) -> Result<Price, Error> {
        let price = match pay {
            None => self.price.clone()?,
            Some(pay) => self.chosen(pay, code.is_some())?,
        };
        let discount = match code {
            None => None,
            Some(code) => Some(discount::quote(tx, code, self.product.item(), price).await?),
        };
        let price = Price { price, discount };
        let now = price.amount();
        match seen {
            Some(seen) if seen.currency != now.currency || seen.minor < now.minor => {
                Err(Error::PriceRose { seen, now })
            }
            _ => Ok(price),
        }
    }

    /// The price that a buyer chose.
    fn chosen(&self, pay: Amount, with_discount: bool) -> Result<Amount, Error> {
        let price = self.price.clone()?;
        let Some(least) = self.least.filter(|_| !with_discount) else {
            return Err(Error::FixedPrice(price));
        };
        if pay.currency != least.currency {
            return Err(MoneyError::Mixed(pay.currency, least.currency).into());
        }
        if pay.minor < least.minor {
            return Err(Error::LowPrice { paid: pay, least });
        }
        if pay.minor > Amount::MAX_MINOR {
            return Err(MoneyError::TooMuch(pay.decimal()).into());
        }
        Ok(pay)
    }
}

/// What a request asks for. An item may have been removed.
pub(crate) async fn offer(tx: &mut Tx, wanted: &ProductRequest) -> Result<PricedOffer, Error> {
    let (product, price) = match wanted {
        ProductRequest::Item { item, method } => {
            let (item, method) = (item::find(tx, item).await?, *method);
            let not_sold = || Error::NotForSale { item: item.name.clone(), method };
            return Ok(PricedOffer {
                product: Product::Item { item: item.id, method },
                price: item.prices.of(method).ok_or_else(not_sold),
                least: item.least(method),
                item: Some(item),
            });
        }
        ProductRequest::Subscription { tier, price } => {
            tx.names.check_tier(tier)?;
            (Product::Subscription { tier: tier.clone() }, *price)
        }
        ProductRequest::Tier { days: 0, .. } => return Err(Error::Days),
        ProductRequest::Tier { tier, days, price } => {
            tx.names.check_tier(tier)?;
            (Product::Tier { tier: tier.clone(), days: *days }, *price)
        }
        ProductRequest::Topup(amount) => (Product::Topup, *amount),
    };
    check_amount(price)?;
    Ok(PricedOffer { product, item: None, price: Ok(price), least: None })
}
