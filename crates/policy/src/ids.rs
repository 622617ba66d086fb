//! The numbers by which members, items and turns of a key are known in memory and in passkeys.

use std::fmt;
use std::num::NonZeroU32;

/// A member, from 1 to [`MAX`](Self::MAX).
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct MemberId(NonZeroU32);

impl MemberId {
    /// The highest id: sixteen million members, which bounds the [`Roster`](crate::Roster).
    pub const MAX: u32 = (1 << 24) - 1;

    /// Checks a number; `None` for 0 and for more than [`MAX`](Self::MAX).
    pub const fn new(id: u32) -> Option<Self> {
        match NonZeroU32::new(id) {
            Some(id) if id.get() <= Self::MAX => Some(Self(id)),
            _ => None,
        }
    }

    /// The number.
    pub const fn value(self) -> u32 {
        self.0.get()
    }
}

impl fmt::Display for MemberId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// An item, or [`ANY`](Self::ANY) of them.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct ItemId(pub u32);

impl ItemId {
    /// Not one item but all: in a passkey, one that opens whatever its member may have; in a
    /// right, an entitlement to everything.
    pub const ANY: Self = Self(0);
}

impl fmt::Display for ItemId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Counts how often a key was rotated; only the present generation of a key opens anything.
///
/// It wraps: after 65 536 rotations the first key would answer again.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub struct Generation(pub u16);

impl Generation {
    /// The one after a rotation.
    pub const fn next(self) -> Self {
        Self(self.0.wrapping_add(1))
    }

    /// The one before the last rotation.
    pub const fn previous(self) -> Self {
        Self(self.0.wrapping_sub(1))
    }

    /// The one of a key that two rotations replace: each of either makes it another.
    pub const fn with(self, other: Self) -> Self {
        Self(self.0.wrapping_add(other.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn member_ids_run_from_1_to_the_limit() {
        assert_eq!(MemberId::new(0), None);
        assert_eq!(MemberId::new(1).map(MemberId::value), Some(1));
        assert_eq!(MemberId::new(MemberId::MAX).map(MemberId::value), Some(MemberId::MAX));
        assert_eq!(MemberId::new(MemberId::MAX + 1), None);
    }

    #[test]
    fn previous_undoes_next() {
        for generation in [Generation(0), Generation(7), Generation(u16::MAX)] {
            assert_eq!(generation.next().previous(), generation);
        }
    }
}
