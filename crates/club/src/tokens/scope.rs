//! What a token may do.

use std::fmt;

/// What a route of the admin API needs, and a token may have.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum AccessScope {
    /// Everything, tokens included.
    All,
    /// What moves money, and the books.
    Money,
    /// Who the members are and what they did.
    ReadMembers,
    /// Numbers of the tracker, swarms and items, without anybody's name.
    ReadStats,
    /// What is published, and how it is presented.
    WriteItems,
    /// Members, their keys and their rights.
    WriteMembers,
}

impl AccessScope {
    /// All of them.
    pub const EACH: [Self; 6] = [
        Self::All,
        Self::Money,
        Self::ReadMembers,
        Self::ReadStats,
        Self::WriteItems,
        Self::WriteMembers,
    ];

    /// Its name.
    pub const fn text(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Money => "money",
            Self::ReadMembers => "read:members",
            Self::ReadStats => "read:stats",
            Self::WriteItems => "write:items",
            Self::WriteMembers => "write:members",
        }
    }

    /// The one with this name.
    pub fn named(text: &str) -> Option<Self> {
        Self::EACH.into_iter().find(|scope| scope.text() == text)
    }

    /// Whether it includes another one. A scope that writes includes the one that reads the same.
    pub const fn includes(self, needed: Self) -> bool {
        match (self, needed) {
            (Self::All, _)
            | (Self::WriteMembers, Self::ReadMembers)
            | (Self::WriteItems, Self::ReadStats) => true,
            _ => self.bit() == needed.bit(),
        }
    }

    const fn bit(self) -> u8 {
        match self {
            Self::All => 1,
            Self::Money => 1 << 1,
            Self::ReadMembers => 1 << 2,
            Self::ReadStats => 1 << 3,
            Self::WriteItems => 1 << 4,
            Self::WriteMembers => 1 << 5,
        }
    }
}

impl fmt::Display for AccessScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

/// The scopes of one token.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct AccessScopes(u8);

impl AccessScopes {
    /// Whether one of them includes a scope.
    pub fn include(self, needed: AccessScope) -> bool {
        self.each().any(|scope| scope.includes(needed))
    }

    /// Whether there are none.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Each of them.
    pub fn each(self) -> impl Iterator<Item = AccessScope> {
        AccessScope::EACH.into_iter().filter(move |scope| self.0 & scope.bit() != 0)
    }

    /// Reads what [`fmt::Display`] writes; `None` for a word that is no scope.
    pub(crate) fn stored(text: &str) -> Option<Self> {
        text.split_whitespace().map(AccessScope::named).collect()
    }
}

impl FromIterator<AccessScope> for AccessScopes {
    fn from_iter<I: IntoIterator<Item = AccessScope>>(scopes: I) -> Self {
        Self(scopes.into_iter().fold(0, |bits, scope| bits | scope.bit()))
    }
}

impl fmt::Display for AccessScopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, scope) in self.each().enumerate() {
            let gap = if index == 0 { "" } else { " " };
            write!(f, "{gap}{scope}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_is_read_as_it_is_written() {
        for scope in AccessScope::EACH {
            assert_eq!(AccessScope::named(scope.text()), Some(scope));
        }
        assert_eq!(AccessScope::named("admin"), None);
        let scopes: AccessScopes =
            [AccessScope::ReadStats, AccessScope::Money].into_iter().collect();
        assert_eq!(scopes.to_string(), "money read:stats");
        assert_eq!(AccessScopes::stored("money read:stats"), Some(scopes));
        assert_eq!(AccessScopes::stored("money king"), None);
    }

    #[test]
    fn what_writes_reads_and_all_does_everything() {
        let one = |scope| [scope].into_iter().collect::<AccessScopes>();
        for needed in AccessScope::EACH {
            assert!(one(AccessScope::All).include(needed), "{needed}");
            assert!(one(needed).include(needed), "{needed}");
            assert!(!AccessScopes::default().include(needed), "{needed}");
        }
        assert!(one(AccessScope::WriteMembers).include(AccessScope::ReadMembers));
        assert!(one(AccessScope::WriteItems).include(AccessScope::ReadStats));
        for (has, needed) in [
            (AccessScope::WriteMembers, AccessScope::Money),
            (AccessScope::WriteItems, AccessScope::ReadMembers),
            (AccessScope::ReadMembers, AccessScope::ReadStats),
            (AccessScope::ReadMembers, AccessScope::WriteMembers),
            (AccessScope::ReadStats, AccessScope::WriteItems),
            (AccessScope::Money, AccessScope::ReadMembers),
            (AccessScope::Money, AccessScope::All),
        ] {
            assert!(!one(has).include(needed), "{has} {needed}");
        }
    }
}
