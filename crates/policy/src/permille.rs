//! Shares of a whole in thousandths, so that seats are counted in integers alone.

/// A share from 0 to 1000 thousandths.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Permille(u16);

impl Permille {
    /// The whole.
    pub const WHOLE: Self = Self(1000);

    /// Checks a share; `None` above 1000.
    pub const fn new(thousandths: u16) -> Option<Self> {
        if thousandths > 1000 { None } else { Some(Self(thousandths)) }
    }

    /// The thousandths.
    pub const fn value(self) -> u16 {
        self.0
    }

    /// This share of `n`, rounded to the nearest, halves up.
    pub(crate) fn of(self, n: u32) -> u32 {
        self.scale(n, 500)
    }

    /// This share of `n`, rounded up.
    pub(crate) fn of_rounded_up(self, n: u32) -> u32 {
        self.scale(n, 999)
    }

    fn scale(self, n: u32, rounding: u64) -> u32 {
        let scaled = (u64::from(n) * u64::from(self.0) + rounding) / 1000;
        u32::try_from(scaled).unwrap_or(u32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holds_0_to_1000() {
        assert_eq!(Permille::new(0).map(Permille::value), Some(0));
        assert_eq!(Permille::new(1000), Some(Permille::WHOLE));
        assert_eq!(Permille::new(1001), None);
    }

    #[test]
    fn rounds_to_nearest_or_up() {
        let fifth = Permille::new(200).unwrap();
        let scaled = [0, 2, 3, 7, 10].map(|n| (fifth.of(n), fifth.of_rounded_up(n)));
        assert_eq!(scaled, [(0, 0), (0, 1), (1, 1), (1, 2), (2, 2)]);
        assert_eq!(Permille::WHOLE.of(u32::MAX), u32::MAX);
    }
}
