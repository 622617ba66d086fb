//! Money: a whole number of a currency's smallest units.
//!
//! People type and read decimals; no float is on the way. Deliberately absent: exchange.

use std::fmt;

/// A currency of ISO 4217, or `btc`.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Currency {
    code: &'static str,
    exponent: u8,
}

impl Currency {
    /// The currency with this code, in either case.
    ///
    /// # Errors
    ///
    /// There is none.
    pub fn parse(code: &str) -> Result<Self, MoneyError> {
        let known = CURRENCIES.iter().find_map(|(exponent, codes)| {
            let code = codes.split(' ').find(|known| known.eq_ignore_ascii_case(code))?;
            Some(Self { code, exponent: *exponent })
        });
        known.ok_or_else(|| MoneyError::Currency(code.to_owned()))
    }

    /// Its three letters, in lower case.
    pub const fn code(self) -> &'static str {
        self.code
    }

    /// How many decimals it has.
    pub const fn exponent(self) -> u8 {
        self.exponent
    }

    /// So much of it, in its smallest unit.
    pub const fn minor(self, minor: i64) -> Amount {
        Amount { minor, currency: self }
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code)
    }
}

/// An amount of one currency.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Amount {
    /// In the currency's smallest unit: cents of `usd`, whole `jpy`.
    pub minor: i64,
    /// Of what.
    pub currency: Currency,
}

impl Amount {
    /// Reads what a person types: digits, and a point with no more decimals than the currency has.
    ///
    /// # Errors
    ///
    /// Anything else, a sign too; more than [`MAX_MINOR`](Self::MAX_MINOR).
    pub fn parse(text: &str, currency: Currency) -> Result<Self, MoneyError> {
        let (whole, decimals) = text.split_once('.').unwrap_or((text, "0"));
        let is_digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        if !is_digits(whole) || !is_digits(decimals) {
            return Err(MoneyError::Decimal(text.to_owned()));
        }
        let places = usize::from(currency.exponent);
        let (counted, beyond) = decimals.split_at(places.min(decimals.len()));
        if beyond.bytes().any(|b| b != b'0') {
            return Err(MoneyError::TooFine { text: text.to_owned(), currency });
        }
        let minor: Option<i64> = format!("{whole}{counted:0<places$}").parse().ok();
        match minor {
            Some(minor) if minor <= Self::MAX_MINOR => Ok(currency.minor(minor)),
            _ => Err(MoneyError::TooMuch(text.to_owned())),
        }
    }

    /// The number as people read it, all decimals shown: `10.00`, `-0.05`, `700` of `jpy`.
    pub fn decimal(self) -> String {
        let sign = if self.minor < 0 { "-" } else { "" };
        let places = usize::from(self.currency.exponent);
        let digits = format!("{:0>width$}", self.minor.unsigned_abs(), width = places + 1);
        let (whole, decimals) = digits.split_at(digits.len() - places);
        let point = if places == 0 { "" } else { "." };
        format!("{sign}{whole}{point}{decimals}")
    }

    /// The sum, of two amounts of one currency.
    ///
    /// # Errors
    ///
    /// They are of two, or the sum can't be counted.
    pub fn checked_add(self, more: Self) -> Result<Self, MoneyError> {
        if self.currency != more.currency {
            return Err(MoneyError::Mixed(self.currency, more.currency));
        }
        let minor = self.minor.checked_add(more.minor);
        Ok(self.currency.minor(minor.ok_or(MoneyError::Overflow)?))
    }

    /// The most that is taken in one step: ten million million `usd`, ten thousand `btc`.
    pub const MAX_MINOR: i64 = 1_000_000_000_000_000;
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.decimal(), self.currency)
    }
}

/// Why there is no such amount.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum MoneyError {
    /// The code of no currency.
    #[error("no currency `{0}`: use a code of ISO 4217 such as `usd`, or `btc`")]
    Currency(String),
    /// Not a decimal number.
    #[error("`{0}` is no amount: write digits with a point before the decimals, as in 2.25")]
    Decimal(String),
    /// Two currencies where one is needed.
    #[error("{0} and {1} can't be mixed")]
    Mixed(Currency, Currency),
    /// A sum past what 64 bits hold.
    #[error("the sum is more than can be counted")]
    Overflow,
    /// More decimals than the currency has.
    #[error("`{text}` is finer than {currency} with its {} decimals", currency.exponent)]
    TooFine {
        /// What was typed.
        text: String,
        /// In which currency.
        currency: Currency,
    },
    /// Past the limit of one step.
    #[error("`{0}` is more than is taken at once")]
    TooMuch(String),
    /// Nothing, or less, where there must be something.
    #[error("an amount of {0} where more than nothing is needed")]
    TooLittle(Amount),
}

/// The currencies in use, by how many decimals they have (ISO 4217, list one), and bitcoin in
/// millisatoshi.
const CURRENCIES: [(u8, &str); 4] = [
    (0, "bif clp djf gnf isk jpy kmf krw pyg rwf ugx vnd vuv xaf xof xpf"),
    (
        2,
        "aed afn all amd aoa ars aud awg azn bam bbd bdt bgn bmd bnd bob brl bsd btn bwp byn bzd \
         cad cdf chf cny cop crc cup cve czk dkk dop dzd egp ern etb eur fjd fkp gbp gel ghs gip \
         gmd gtq gyd hkd hnl htg huf idr ils inr irr jmd kes kgs khr kpw kyd kzt lak lbp lkr lrd \
         lsl mad mdl mga mkd mmk mnt mop mru mur mvr mwk mxn myr mzn nad ngn nio nok npr nzd pab \
         pen pgk php pkr pln qar ron rsd rub sar sbd scr sdg sek sgd shp sle sos srd ssp stn svc \
         syp szl thb tjs tmt top try ttd twd tzs uah usd uyu uzs ves wst xcd xcg yer zar zmw zwg",
    ),
    (3, "bhd iqd jod kwd lyd omr tnd"),
    (11, "btc"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_read_and_printed_without_loss() {
        #[track_caller]
        fn check(text: &str, code: &str, minor: i64, printed: &str) {
            let amount = Amount::parse(text, Currency::parse(code).unwrap()).unwrap();
            assert_eq!((amount.minor, amount.decimal().as_str()), (minor, printed), "{text}");
            assert_eq!(Amount::parse(printed, amount.currency).unwrap(), amount);
        }
        check("10.00", "usd", 1000, "10.00");
        check("10", "USD", 1000, "10.00");
        check("2.5", "eur", 250, "2.50");
        check("0.05", "usd", 5, "0.05");
        check("007.10", "usd", 710, "7.10");
        check("1.2300", "usd", 123, "1.23");
        check("0.1", "bhd", 100, "0.100");
        check("700", "jpy", 700, "700");
        check("700.0", "jpy", 700, "700");
        check("0.00000000001", "btc", 1, "0.00000000001");
        check("10000000000000", "usd", Amount::MAX_MINOR, "10000000000000.00");
    }

    #[test]
    fn what_is_no_amount_is_refused() {
        #[track_caller]
        fn check(text: &str, code: &str, expected: fn(String) -> MoneyError) {
            let refused = Amount::parse(text, Currency::parse(code).unwrap());
            assert_eq!(refused, Err(expected(text.to_owned())), "{text}");
        }
        for text in ["", ".", "1.", ".5", "-1", "+1", "1e3", "1,00", "1.0.0", " 1", "١", "NaN"] {
            check(text, "usd", MoneyError::Decimal);
        }
        for text in ["10000000000000.01", "99999999999999999999"] {
            check(text, "usd", MoneyError::TooMuch);
        }
        let too_fine = |code: &str| {
            Amount::parse("1.001", Currency::parse(code).unwrap()).unwrap_err().to_string()
        };
        assert_eq!(too_fine("usd"), "`1.001` is finer than usd with its 2 decimals");
        assert_eq!(too_fine("jpy"), "`1.001` is finer than jpy with its 0 decimals");
    }

    #[test]
    fn a_currency_is_known_by_its_code_in_either_case() {
        for (code, exponent) in [("JPY", 0), ("usd", 2), ("Eur", 2), ("bhd", 3), ("BTC", 11)] {
            assert_eq!(Currency::parse(code).unwrap().exponent(), exponent, "{code}");
        }
        for code in ["", " ", "us", "usd eur", "xyz", "usdd"] {
            assert_eq!(Currency::parse(code), Err(MoneyError::Currency(code.to_owned())));
        }
    }

    #[test]
    fn sums_are_of_one_currency_and_never_wrap() {
        let [usd, eur] = ["usd", "eur"].map(|code| Currency::parse(code).unwrap());
        assert_eq!(usd.minor(7).checked_add(usd.minor(-9)), Ok(usd.minor(-2)));
        assert_eq!(usd.minor(-2).decimal(), "-0.02");
        assert_eq!(usd.minor(i64::MIN).decimal(), "-92233720368547758.08");
        assert_eq!(usd.minor(7).checked_add(eur.minor(7)), Err(MoneyError::Mixed(usd, eur)));
        assert_eq!(usd.minor(i64::MAX).checked_add(usd.minor(1)), Err(MoneyError::Overflow));
    }
}
