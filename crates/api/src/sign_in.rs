//! Sign-ins of members, and the links and codes that sign them in.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::member::NamedId;

/// A browser that is signed in.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct SignInView {
    /// The number.
    pub id: u32,
    /// The browser, as it calls itself.
    pub browser: String,
    /// When it was signed in.
    pub created: Timestamp,
    /// When it was used last, to within five minutes.
    pub used: Timestamp,
    /// When it ends unless it is used again.
    pub ends: Timestamp,
}

/// How many sign-ins were ended.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct SignInsEnded {
    /// The member.
    pub member: NamedId,
    /// The number of sign-ins.
    pub ended: u64,
}

/// A link and a code that sign a member in; both are secret, and one use ends both.
#[derive(Clone, Deserialize, Serialize, ToSchema)]
pub struct SignInLink {
    /// The member.
    pub member: NamedId,
    /// The link.
    pub url: String,
    /// The page that takes the code.
    pub code_url: String,
    /// The code.
    pub code: String,
    /// When both stop working.
    pub until: Timestamp,
}

impl fmt::Debug for SignInLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignInLink").field("member", &self.member).finish_non_exhaustive()
    }
}

/// Attempts to sign in by an address that came to nothing.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct SignInAttempt {
    /// The address that was typed.
    pub email: String,
    /// Why no link was mailed: `unknown`, `suspended`, `too-many` (links are open) or `taken` (another
    /// member has the address).
    pub outcome: String,
    /// When it was first tried.
    pub first: Timestamp,
    /// When it was last tried.
    pub last: Timestamp,
    /// The number of times it was tried.
    pub times: u32,
}
