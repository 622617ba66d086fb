//! Tokens with which programs ask the admin API.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a token may do. `all` includes each of the others; a scope that writes includes the one that reads the same.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize, ToSchema)]
#[cfg_attr(feature = "clap", derive(clap::ValueEnum))]
pub enum TokenScope {
    /// Everything, tokens included
    #[serde(rename = "all")]
    #[cfg_attr(feature = "clap", value(name = "all"))]
    All,
    /// Orders, refunds, vouchers, discounts, checkouts, events and the books
    #[serde(rename = "money")]
    #[cfg_attr(feature = "clap", value(name = "money"))]
    Money,
    /// Members and what they did, orders, mail, sign-ins, alerts and the audit
    #[serde(rename = "read:members")]
    #[cfg_attr(feature = "clap", value(name = "read:members"))]
    ReadMembers,
    /// Numbers of the tracker, swarms and items, without anybody's name
    #[serde(rename = "read:stats")]
    #[cfg_attr(feature = "clap", value(name = "read:stats"))]
    ReadStats,
    /// Items, their files beneath items_dir, texts, prices and policies
    #[serde(rename = "write:items")]
    #[cfg_attr(feature = "clap", value(name = "write:items"))]
    WriteItems,
    /// Members, their keys, rights, tiers and sign-ins
    #[serde(rename = "write:members")]
    #[cfg_attr(feature = "clap", value(name = "write:members"))]
    WriteMembers,
}

impl TokenScope {
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
}

/// Makes a token. A token makes others only if it has the scope `all`, and none that lasts longer than itself.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AddToken {
    /// The name, which stands in the record of changes; unique among the tokens that work.
    pub name: String,
    /// What it may do: at least one scope.
    pub scopes: Vec<TokenScope>,
    /// When it stops working; by default never.
    #[serde(default)]
    pub until: Option<Timestamp>,
}

/// A token, without its secret.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct TokenView {
    /// The number.
    pub id: u32,
    /// The name.
    pub name: String,
    /// What it may do.
    pub scopes: Vec<TokenScope>,
    /// `active`, `ended` or `revoked`.
    pub state: String,
    /// When it was made.
    pub created: Timestamp,
    /// When it stops working; `null` for never.
    pub until: Option<Timestamp>,
    /// When it was used last, to within a minute; `null` for never.
    pub used: Option<Timestamp>,
    /// When it was revoked.
    pub revoked: Option<Timestamp>,
}

/// A token that was made, with its secret, which is not shown again.
#[derive(Clone, Deserialize, Serialize, ToSchema)]
pub struct TokenAdded {
    /// The token.
    pub token: TokenView,
    /// What is sent as `Authorization: Bearer SECRET`.
    pub secret: String,
}

impl fmt::Debug for TokenAdded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenAdded").field("token", &self.token).finish_non_exhaustive()
    }
}
