//! What an admin may do.

use std::fmt;
use std::str::FromStr;

/// What an admin may do on the dashboard.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum AdminRole {
    /// Everything.
    Owner,
    /// Reads everything that staff reads, and changes nothing.
    ReadOnly,
    /// Everything but tokens, admins and settings.
    Staff,
}

impl AdminRole {
    /// Every role.
    pub const ALL: [Self; 3] = [Self::Owner, Self::ReadOnly, Self::Staff];

    /// Its name.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::ReadOnly => "read-only",
            Self::Staff => "staff",
        }
    }
}

impl fmt::Display for AdminRole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

impl FromStr for AdminRole {
    type Err = UnknownAdminRole;

    fn from_str(text: &str) -> Result<Self, UnknownAdminRole> {
        let found = Self::ALL.into_iter().find(|role| role.text() == text);
        found.ok_or_else(|| UnknownAdminRole(text.to_owned()))
    }
}

/// A word that names no role.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("`{0}` is not a role: expected owner, staff or read-only")]
pub struct UnknownAdminRole(String);
