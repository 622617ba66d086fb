//! The amounts of a top-up: three to choose from, and bounds for any other.

use club::{Amount, Currency};

/// Three amounts of one currency to choose from, the lowest first.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct TopupAmounts([Amount; 3]);

impl TopupAmounts {
    /// Takes three amounts; `None` unless they are above zero, rise, and are of one currency.
    pub fn new(amounts: [Amount; 3]) -> Option<Self> {
        let [low, middle, high] = amounts;
        let is_one_currency = amounts.iter().all(|amount| amount.currency == low.currency);
        let rises = 0 < low.minor && low.minor < middle.minor && middle.minor < high.minor;
        (is_one_currency && rises).then_some(Self(amounts))
    }

    /// Those of a currency for which the publisher names none.
    pub fn usual(currency: Currency) -> Self {
        let known =
            USUAL.iter().find(|(codes, _)| codes.split(' ').any(|it| it == currency.code()));
        let texts = match known {
            Some((_, texts)) => texts,
            None if currency.exponent() == 0 => &["1000", "2000", "5000"],
            None => &["5", "10", "20"],
        };
        Self(texts.map(|text| Amount::parse(text, currency).unwrap_or_else(|_| currency.minor(0))))
    }

    /// All three.
    pub(super) const fn all(self) -> [Amount; 3] {
        self.0
    }

    pub(super) const fn currency(self) -> Currency {
        let [low, ..] = self.0;
        low.currency
    }

    /// The lowest amount of one's own: a fifth of the lowest suggestion.
    pub(super) fn least(self) -> Amount {
        let [low, ..] = self.0;
        low.currency.minor((low.minor / 5).max(1))
    }

    /// The highest amount of one's own: 25 times the highest suggestion.
    pub(super) fn most(self) -> Amount {
        let [.., high] = self.0;
        high.currency.minor(high.minor.saturating_mul(25).min(Amount::MAX_MINOR))
    }
}

/// Where 5, 10 and 20 would be too little or too much.
const USUAL: [(&str, [&str; 3]); 10] = [
    ("bhd iqd jod kwd lyd omr tnd", ["2", "5", "10"]),
    ("brl cny ils myr pln ron", ["20", "50", "100"]),
    ("btc", ["0.0001", "0.0002", "0.0005"]),
    ("czk dkk nok sek hkd mxn php thb try twd uah zar", ["50", "100", "200"]),
    ("huf ngn pkr", ["2000", "5000", "10000"]),
    ("idr vnd", ["50000", "100000", "200000"]),
    ("inr rub", ["200", "500", "1000"]),
    ("jpy", ["500", "1000", "3000"]),
    ("krw clp cop", ["5000", "10000", "30000"]),
    ("kzt lkr bdt egp", ["500", "1000", "2000"]),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usual_amounts_rise_in_every_currency_and_have_bounds_around_them() {
        for (code, least, low, most) in [
            ("usd", 100, 500, 50_000),
            ("eur", 100, 500, 50_000),
            ("jpy", 100, 500, 75_000),
            ("xaf", 200, 1000, 125_000),
            ("kwd", 400, 2000, 250_000),
            ("btc", 2_000_000, 10_000_000, 1_250_000_000),
        ] {
            let usual = TopupAmounts::usual(Currency::parse(code).unwrap());
            assert!(TopupAmounts::new(usual.all()).is_some(), "{code}");
            let found = (usual.least().minor, usual.all()[0].minor, usual.most().minor);
            assert_eq!(found, (least, low, most), "{code}");
        }
        for (codes, texts) in USUAL {
            for code in codes.split(' ') {
                let usual = TopupAmounts::usual(Currency::parse(code).unwrap());
                assert!(TopupAmounts::new(usual.all()).is_some(), "{code} {texts:?}");
            }
        }
    }

    #[test]
    fn three_amounts_rise_and_are_of_one_currency() {
        let [usd, eur] = ["usd", "eur"].map(|code| Currency::parse(code).unwrap());
        for (amounts, is_good) in [
            ([usd.minor(1), usd.minor(2), usd.minor(3)], true),
            ([usd.minor(0), usd.minor(2), usd.minor(3)], false),
            ([usd.minor(1), usd.minor(1), usd.minor(3)], false),
            ([usd.minor(1), usd.minor(3), usd.minor(2)], false),
            ([usd.minor(1), usd.minor(2), eur.minor(3)], false),
        ] {
            assert_eq!(TopupAmounts::new(amounts).is_some(), is_good, "{amounts:?}");
        }
        let high = usd.minor(Amount::MAX_MINOR);
        let amounts = TopupAmounts::new([usd.minor(1), usd.minor(2), high]).unwrap();
        assert_eq!((amounts.least().minor, amounts.most()), (1, high));
    }
}
