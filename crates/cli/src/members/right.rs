//! `usher grant`, `revoke` and `rotate`.

use api::member::RotatePasskey;
use api::right::{BoundKey, GrantRight, RightView};
use clap::Args;

use crate::daemon::{CommandContext, CommandError};
use crate::text::{When, facts};

/// `usher grant`.
#[derive(Args, Clone, Debug)]
#[command(after_help = GRANT)]
pub struct GrantArgs {
    /// The member's name or id
    member: String,
    /// The item's name or id, or `all`
    item: String,
    /// When it ends: 2027-01-31 (to the end of that day, UTC), 2027-01-31T18:00:00Z, or 30d from now
    /// [default: never]
    #[arg(long, value_name = "DATE")]
    until: Option<When>,
}

/// `usher revoke`.
#[derive(Args, Clone, Debug)]
#[command(after_help = "Example:\n  usher revoke ada reel")]
pub struct RevokeArgs {
    /// The member's name or id
    member: String,
    /// The item's name or id, or `all`
    item: String,
}

/// `usher rotate`.
#[derive(Args, Clone, Debug)]
#[command(after_help = ROTATE)]
pub struct RotateArgs {
    /// The member's name or id
    member: String,
    /// The item's name, id or info hash
    item: String,
    /// How long the current passkey still works, with a warning, such as 7d; the web seed stops at once
    /// [default: not at all]
    #[arg(long, value_name = "TIME")]
    grace: Option<When>,
}

impl GrantArgs {
    pub(crate) async fn run(&self, context: &CommandContext) -> Result<String, CommandError> {
        let grant = GrantRight { until: context.moment(self.until)? };
        let path = ["members", &self.member, "rights", &self.item];
        context.print(&context.put(&path).json(&grant).answer().await?, granted)
    }
}

impl RevokeArgs {
    pub(crate) async fn run(&self, context: &CommandContext) -> Result<String, CommandError> {
        let path = ["members", &self.member, "rights", &self.item];
        context.print(&context.delete(&path).answer().await?, revoked)
    }
}

impl RotateArgs {
    pub(crate) async fn run(&self, context: &CommandContext) -> Result<String, CommandError> {
        let rotate = RotatePasskey { old_until: context.moment(self.grace)? };
        let path = ["members", &self.member, "rights", &self.item, "rotate"];
        context.print(&context.post(&path).json(&rotate).answer().await?, rotated)
    }
}

fn granted(right: &RightView) -> String {
    let end = right.until.map_or_else(|| "for ever".to_owned(), |end| format!("until {end}"));
    format!("{} has a right to {} {end}.\n", right.member.name, right.item.name)
}

fn revoked(right: &RightView) -> String {
    format!("{} no longer has a right to {}.\n", right.member.name, right.item.name)
}

fn rotated(key: &BoundKey) -> String {
    facts([
        ("member", key.member.name.clone()),
        ("item", key.item.name.clone()),
        ("announce URL", key.announce_url.clone()),
    ])
}

const GRANT: &str = "\
Examples:
  usher grant ada reel                    for ever
  usher grant ada all --until 30d         every item, for thirty days
  usher grant bob reel --until 2027-01-31";
const ROTATE: &str = "\
Examples:
  usher rotate ada reel                   the torrent ada has of it stops working
  usher rotate ada reel --grace 7d        it still works for a week";
