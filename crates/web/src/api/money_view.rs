//! Amounts as JSON.

use api::money::Money;
use club::Amount;

/// An amount as JSON.
pub(super) fn money(amount: Amount) -> Money {
    Money {
        amount: amount.decimal(),
        currency: amount.currency.code().to_owned(),
        minor: amount.minor,
    }
}
