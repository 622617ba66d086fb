//! Values as people write them in `tracker.yaml`: sizes, rates, shares, networks, port ranges.
//!
//! Each type reads and prints one line of text. Durations (`30m`, `5s`) are in `days.rs`.

use std::fmt;
use std::net::IpAddr;
use std::num::NonZeroU16;
use std::str::FromStr;

use bytesize::ByteSize;
use ipnet::IpNet;
use policy::Permille;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::word::{self, Unit, UnitError};

/// Money as people write it, at least 0 and at most 12 digits with the decimals; the currency says
/// how many of those there may be.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AmountText(pub(super) String);

impl FromStr for AmountText {
    type Err = UnitError;

    fn from_str(text: &str) -> Result<Self, UnitError> {
        let (whole, decimals) = text.split_once('.').unwrap_or((text, "0"));
        let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        if digits(whole) && digits(decimals) && text.len() <= 13 {
            return Ok(Self(text.to_owned()));
        }
        Err(UnitError::new::<Self>(text))
    }
}

impl fmt::Display for AmountText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Unit for AmountText {
    const EXPECTED: &'static str = "an amount of money in quotes, such as \"5.00\"";
}

/// A network, or one address.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Network(pub IpNet);

impl FromStr for Network {
    type Err = UnitError;

    fn from_str(text: &str) -> Result<Self, UnitError> {
        let address = || text.parse::<IpAddr>().map(IpNet::from).ok();
        text.parse().ok().or_else(address).map(Self).ok_or_else(|| UnitError::new::<Self>(text))
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Unit for Network {
    const EXPECTED: &'static str = "a network such as 10.0.0.0/8 or an IP address";
}

/// A percentage with up to three decimals, in thousandths of a percent.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Percent(u32);

impl Percent {
    /// The percentage, 0 to 100000.
    pub const fn thousandths(self) -> u32 {
        self.0
    }
}

impl FromStr for Percent {
    type Err = UnitError;

    fn from_str(text: &str) -> Result<Self, UnitError> {
        let number = text.strip_suffix('%').map(str::trim_end);
        let read = |number: &str| {
            let (whole, decimals) = number.split_once('.').unwrap_or((number, "0"));
            let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
            if !digits(whole) || !digits(decimals) || whole.len() > 3 || decimals.len() > 3 {
                return None;
            }
            format!("{whole}{decimals:0<3}").parse().ok().filter(|rate| *rate <= 100_000)
        };
        number.and_then(read).map(Self).ok_or_else(|| UnitError::new::<Self>(text))
    }
}

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = format!("{}.{:03}", self.0 / 1000, self.0 % 1000);
        write!(f, "{}%", text.trim_end_matches('0').trim_end_matches('.'))
    }
}

impl Unit for Percent {
    const EXPECTED: &'static str =
        "a percentage up to 100 with three decimals at most, such as 19% or 8.875%";
}

/// One port, or a range with both ends in it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct PortRange {
    /// The lowest port.
    pub first: u16,
    /// The highest port, at least `first`.
    pub last: u16,
}

impl FromStr for PortRange {
    type Err = UnitError;

    fn from_str(text: &str) -> Result<Self, UnitError> {
        let (first, last) = text.split_once('-').unwrap_or((text, text));
        match (first.parse(), last.parse()) {
            (Ok(first), Ok(last)) if first <= last => Ok(Self { first, last }),
            _ => Err(UnitError::new::<Self>(text)),
        }
    }
}

impl fmt::Display for PortRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.first == self.last {
            return self.first.fmt(f);
        }
        write!(f, "{}-{}", self.first, self.last)
    }
}

impl Unit for PortRange {
    const EXPECTED: &'static str = "a port up to 65535 or a range such as 1-1023";
}

/// Bytes a second.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Rate(pub u64);

impl FromStr for Rate {
    type Err = UnitError;

    fn from_str(text: &str) -> Result<Self, UnitError> {
        text.strip_suffix("/s")
            .and_then(|size| size.parse().ok())
            .map(|Size(bytes)| Self(bytes))
            .ok_or_else(|| UnitError::new::<Self>(text))
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/s", Size(self.0))
    }
}

impl Unit for Rate {
    const EXPECTED: &'static str = "a rate such as 1MiB/s";
}

/// A share of a whole, in permille, at most 1000.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Share(u16);

impl Share {
    /// The whole.
    pub const ONE: Self = Self(1000);

    /// Takes permille; more than a whole is a whole.
    pub const fn from_permille(permille: u16) -> Self {
        if permille > Self::ONE.0 { Self::ONE } else { Self(permille) }
    }

    /// The share, 0 to 1000.
    pub const fn permille(self) -> u16 {
        self.0
    }
}

impl From<Share> for Permille {
    fn from(share: Share) -> Self {
        Self::new(share.0).unwrap_or(Self::WHOLE)
    }
}

impl FromStr for Share {
    type Err = UnitError;

    fn from_str(text: &str) -> Result<Self, UnitError> {
        let (whole, decimals) = text.split_once('.').unwrap_or((text, "0"));
        let permille = match (whole, decimals.len()) {
            ("0" | "1", 1..=3) if decimals.bytes().all(|b| b.is_ascii_digit()) => {
                format!("{whole}{decimals:0<3}").parse().ok()
            }
            _ => None,
        };
        permille
            .filter(|permille| *permille <= Self::ONE.0)
            .map(Self)
            .ok_or_else(|| UnitError::new::<Self>(text))
    }
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:03}", self.0 / 1000, self.0 % 1000)
    }
}

impl Unit for Share {
    const EXPECTED: &'static str =
        "a share from 0 to 1 in quotes, such as \"0.70\", with at most three decimals";
}

/// Bytes. Prints in the largest binary unit that is exact.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Size(pub u64);

impl FromStr for Size {
    type Err = UnitError;

    fn from_str(text: &str) -> Result<Self, UnitError> {
        let size: ByteSize = text.parse().map_err(|_| UnitError::new::<Self>(text))?;
        Ok(Self(size.as_u64()))
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = self.0;
        let mut unit = "B";
        for larger in ["KiB", "MiB", "GiB", "TiB", "PiB"] {
            if bytes == 0 || !bytes.is_multiple_of(1024) {
                break;
            }
            bytes /= 1024;
            unit = larger;
        }
        write!(f, "{bytes}{unit}")
    }
}

impl Unit for Size {
    const EXPECTED: &'static str = "a size such as 50GiB";
}

/// How many threads serve.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Workers {
    /// One a core.
    Auto,
    /// So many.
    Count(NonZeroU16),
}

impl FromStr for Workers {
    type Err = UnitError;

    fn from_str(text: &str) -> Result<Self, UnitError> {
        if text == "auto" {
            return Ok(Self::Auto);
        }
        text.parse().map(Self::Count).map_err(|_| UnitError::new::<Self>(text))
    }
}

impl fmt::Display for Workers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => f.write_str("auto"),
            Self::Count(count) => count.fmt(f),
        }
    }
}

impl Unit for Workers {
    const EXPECTED: &'static str = "`auto` or a number from 1 to 65535";
}

macro_rules! serde_as_word {
    ($($unit:ty),*) => {$(
        impl<'de> Deserialize<'de> for $unit {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                word::read(deserializer)
            }
        }

        impl Serialize for $unit {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
    )*};
}

serde_as_word!(AmountText, Network, Percent, PortRange, Rate, Share, Size, Workers);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_permille() {
        reads("0.70", Share(700));
        reads("0.125", Share(125));
        reads("1", Share(1000));
        reads("1.000", Share(1000));
        reads("0", Share(0));
        for text in ["1.001", "0.1234", "-0.5", ".5", "0.", "70%", "2", "", "0.7_0", "+0.5"] {
            refuses::<Share>(text);
        }
    }

    #[test]
    fn a_percentage_is_read_and_printed_without_loss() {
        for (text, rate) in [("19%", 19_000), ("8.875%", 8_875), ("7.7%", 7_700), ("0%", 0)] {
            let percent: Percent = text.parse().unwrap();
            assert_eq!((percent.0, percent.to_string().as_str()), (rate, text));
        }
        for text in ["19", "19 percent", "100.001%", "1.2345%", "-1%", "%", ".5%", "1e1%"] {
            assert!(text.parse::<Percent>().is_err(), "{text}");
        }
    }

    #[test]
    fn sizes_and_rates_take_binary_and_decimal_prefixes() {
        reads("50GiB", Size(50 << 30));
        reads("2MB", Size(2_000_000));
        reads("1MiB/s", Rate(1 << 20));
        refuses::<Rate>("1MiB");
        refuses::<Rate>("1MiB/h");
        refuses::<Size>("fifty");
        refuses::<Size>("-1KiB");
    }

    #[test]
    fn ports_stand_alone_or_as_ranges() {
        reads("6881", PortRange { first: 6881, last: 6881 });
        reads("0-1023", PortRange { first: 0, last: 1023 });
        for text in ["65536", "10-9", "10-", "-10", "http"] {
            refuses::<PortRange>(text);
        }
    }

    #[test]
    fn one_address_is_a_network() {
        reads("127.0.0.1", Network("127.0.0.1/32".parse().unwrap()));
        reads("::1", Network("::1/128".parse().unwrap()));
        reads("10.0.0.0/8", Network("10.0.0.0/8".parse().unwrap()));
        for text in ["10.0.0.0/33", "10.0.0", "proxy.example.org"] {
            refuses::<Network>(text);
        }
    }

    #[test]
    fn workers_are_auto_or_a_number_above_0() {
        reads("auto", Workers::Auto);
        reads("2", Workers::Count(NonZeroU16::new(2).unwrap()));
        for text in ["0", "65536", "all"] {
            refuses::<Workers>(text);
        }
    }

    #[test]
    fn money_is_digits_with_decimals() {
        reads("5.00", AmountText("5.00".to_owned()));
        reads("500", AmountText("500".to_owned()));
        for text in ["5,00", "-5", "5.", ".5", "1e3", "12345678901234"] {
            refuses::<AmountText>(text);
        }
    }

    #[test]
    fn what_prints_reads_back() {
        fn check<U: Unit + PartialEq + fmt::Debug + fmt::Display>(value: U) {
            assert_eq!(value.to_string().parse(), Ok(value));
        }
        check(Share(705));
        check(Size(50 << 30));
        check(Size((1 << 20) + 1));
        check(Rate(4 << 20));
        check(PortRange { first: 1, last: 1023 });
        check(Workers::Auto);
        check(Network("2001:db8::/32".parse().unwrap()));
    }

    #[track_caller]
    fn reads<U: Unit + PartialEq + fmt::Debug>(text: &str, expected: U) {
        assert_eq!(text.parse(), Ok(expected), "{text}");
    }

    #[track_caller]
    fn refuses<U: Unit + PartialEq + fmt::Debug>(text: &str) {
        let error = text.parse::<U>().unwrap_err().to_string();
        assert!(error.contains(text) && error.contains(U::EXPECTED), "{error}");
    }
}
