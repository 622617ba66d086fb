//! `usher member`.

use api::links::KeyKind;
use clap::Subcommand;

use crate::when::When;

/// What to do with members.
#[derive(Clone, Debug, Subcommand)]
pub enum MemberCommand {
    /// Add a member and print the announce URL, which is theirs alone
    Add {
        /// A name nobody has: letters, digits, `.`, `_` and `-`, but not digits alone
        name: String,
        /// A tier of the configuration
        #[arg(long, default_value = "outsider")]
        tier: String,
        /// When the tier ends; then they are an outsider again [default: never]
        #[arg(long, value_name = "DATE")]
        until: Option<When>,
    },
    /// List all members
    List,
    /// Show a member, the announce URL with the passkey too
    Show {
        /// The member's name or id
        member: String,
    },
    /// Put a member into another tier
    #[command(override_usage = "usher member set-tier [OPTIONS] <MEMBER> <TIER>")]
    SetTier {
        /// The member's name or id
        member: String,
        /// A tier of the configuration
        #[arg(required_unless_present = "named")]
        tier: Option<String>,
        /// The same, by name
        #[arg(long = "tier", id = "named", value_name = "TIER", conflicts_with = "tier")]
        named: Option<String>,
        /// When it ends; then they are an outsider again [default: never]
        #[arg(long, value_name = "DATE")]
        until: Option<When>,
    },
    /// Show the URLs that are a member's alone: feeds, torrents and web seeds
    Links {
        /// The member's name or id
        member: String,
    },
    /// Give a member another passkey, or another key; the present one stops answering
    Rotate {
        /// The member's name or id
        member: String,
        /// How long the present passkey answers yet, with a warning, such as 7d [default: not at all]
        #[arg(long, value_name = "TIME")]
        grace: Option<When>,
        /// Which key
        #[arg(long, default_value = "announce")]
        key: KeyKind,
    },
    /// Refuse a member everything, until resumed
    Suspend {
        /// The member's name or id
        member: String,
    },
    /// Let a suspended member in again
    Resume {
        /// The member's name or id
        member: String,
    },
    /// Forget who a member was, and remove them for good, with what providers sent of them; the
    /// books still balance
    Erase {
        /// The member's name or id
        member: String,
    },
    /// Remove a member for good
    Remove {
        /// The member's name or id
        member: String,
    },
}

pub(crate) const MEMBER: &str = "\
Examples:
  usher member add ada --tier fan
  usher member set-tier ada patron --until 30d
  usher member rotate ada --grace 7d      both passkeys answer for a week
  usher member show ada --json";
