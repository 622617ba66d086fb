//! Tax that is in a price: the price that is shown is the price that is paid.
//!
//! One rate for everything, or none. Deliberately absent: rates by country and kind of goods, and
//! prices without tax; whoever must have those needs an accountant's program, to which
//! `usher export` gives the orders.

use crate::values::money::Amount;

/// A tax, as it is shown on receipts.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Tax {
    /// What it is called, as `VAT`.
    pub label: String,
    /// In thousandths of a percent: 19 % are 19 000.
    pub rate: u32,
}

impl Tax {
    /// What of an amount is the tax, rounded half up.
    pub fn part_of(&self, amount: Amount) -> Amount {
        let (minor, rate) = (i128::from(amount.minor.max(0)), i128::from(self.rate));
        let whole = WHOLE + rate;
        let part = (2 * minor * rate + whole) / (2 * whole);
        amount.currency.minor(i64::try_from(part).unwrap_or(amount.minor))
    }
}

/// The part of `whole` that falls on `share` of `of`, rounded down: shares that add up to all of
/// it add up to the whole.
pub(crate) fn proportion(whole: i64, share: i64, of: i64) -> i64 {
    let product = i128::from(whole) * i128::from(share);
    let part = product.checked_div(i128::from(of)).unwrap_or(0);
    i64::try_from(part).unwrap_or(whole)
}

/// 100 %.
const WHOLE: i128 = 100_000;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::values::money::Currency;

    #[test]
    fn the_tax_is_in_the_price() {
        #[track_caller]
        fn check(rate: u32, minor: i64, expected: i64) {
            let tax = Tax { label: "VAT".to_owned(), rate };
            let usd = Currency::parse("usd").unwrap();
            assert_eq!(tax.part_of(usd.minor(minor)).minor, expected);
        }
        check(19_000, 1190, 190);
        check(19_000, 225, 36);
        check(20_000, 300, 50);
        check(8_875, 1000, 82);
        check(0, 1000, 0);
        check(100_000, 3, 2);
        check(19_000, 0, 0);
        check(19_000, i64::MAX, 1_472_639_232_775_132_272);
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 10_000, ..ProptestConfig::default() })]

        #[test]
        fn parts_paid_back_in_any_steps_add_up(
            whole in 0i64..1_000_000, of in 1i64..1_000_000, steps in prop::collection::vec(1i64..400_000, 0..8),
        ) {
            let whole = whole.min(of);
            let (mut done, mut sum) = (0, 0);
            for step in steps.into_iter().chain([of]) {
                let to = (done + step).min(of);
                let part = proportion(whole, to, of) - proportion(whole, done, of);
                prop_assert!((0..=to - done).contains(&part));
                (done, sum) = (to, sum + part);
            }
            prop_assert_eq!(sum, whole);
        }
    }
}
