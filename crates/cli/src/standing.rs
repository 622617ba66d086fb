//! Alerts, the record, traffic and rewards, and a passkey for one item: what may be typed, what is
//! asked, and how the answer looks.

use api::alert::{AlertView, AuditRow};
use api::member::{MemberTraffic, NamedId, RotatePasskey};
use api::money::Money;
use api::reward::RewardView;
use api::right::BoundKey;
use clap::Subcommand;
use http::Method;

use super::ask::{CommandContext, escape, path};
use super::error::CommandError;
use super::ledger::said;
use super::table::{facts, list, or_dash};
use super::when::When;

/// What follows from what members do.
#[derive(Clone, Debug, Subcommand)]
pub enum StandingCommand {
    /// List what somebody should look at: signs of leaked passkeys, upload that cannot be,
    /// items whose files are not what they were
    #[command(after_help = ALERTS)]
    Alerts {
        /// Acknowledged ones too
        #[arg(long)]
        all: bool,
    },
    /// Acknowledge an alert
    #[command(subcommand)]
    Alert(AlertCommand),
    /// Show who changed what, and when
    #[command(after_help = AUDIT)]
    Audit {
        /// What touched a member: the name or id
        #[arg(long)]
        member: Option<String>,
        /// What touched an item: the name, id or info hash
        #[arg(long)]
        item: Option<String>,
    },
    /// Show what a member carried: reported, verified, pending and credited
    Traffic {
        /// The member's name or id
        member: String,
    },
    /// List what verified upload earned, of one member or of all
    #[command(after_help = REWARDS)]
    Rewards {
        /// The member's name or id
        member: Option<String>,
    },
    /// Take a reward back
    #[command(subcommand)]
    Reward(RewardCommand),
    /// Give a member another torrent of one item; passkey and web seed of the present one stop
    #[command(after_help = ROTATE)]
    Rotate {
        /// The member's name or id
        member: String,
        /// The item's name, id or info hash
        item: String,
        /// How long the present passkey answers yet, with a warning, such as 7d; the web seed does not
        /// [default: not at all]
        #[arg(long, value_name = "TIME")]
        grace: Option<When>,
    },
}

/// What to do with an alert.
#[derive(Clone, Debug, Subcommand)]
pub enum AlertCommand {
    /// Note that somebody looked at it; the same seen again opens another
    Ack {
        /// Its number, as `usher alerts` shows it
        id: u32,
    },
}

/// What to do with a reward.
#[derive(Clone, Debug, Subcommand)]
pub enum RewardCommand {
    /// Take it back, pending or credited; what of it was spent is owed then
    Reverse {
        /// Its number, as `usher rewards` shows it
        id: u32,
    },
}

impl CommandContext {
    pub(crate) async fn standing(&self, command: &StandingCommand) -> Result<String, CommandError> {
        match command {
            StandingCommand::Alerts { all } => {
                let path = format!("{}?all={all}", path(&["alerts"]));
                let found = self.pages(&path, |alert: &AlertView| alert.id).await?;
                self.print(&found, |found| alerts(found))
            }
            StandingCommand::Alert(AlertCommand::Ack { id }) => {
                let path = path(&["alerts", &id.to_string(), "ack"]);
                let text = |alert: &AlertView| format!("Alert {} is acknowledged.\n", alert.id);
                self.print(&self.client.ask(Method::POST, &path).await?, text)
            }
            StandingCommand::Audit { member, item } => {
                let mut path = path(&["audit"]) + "?";
                for (name, value) in [("member", member), ("item", item)] {
                    if let Some(value) = value {
                        path += &format!("{name}={}&", escape(value));
                    }
                }
                let path = path.trim_end_matches(['?', '&']);
                let found = self.pages(path, |change: &AuditRow| change.id).await?;
                self.print(&found, |found| changes(found))
            }
            StandingCommand::Traffic { member } => {
                self.print(&self.get(&["members", member, "traffic"]).await?, traffic)
            }
            StandingCommand::Rewards { member } => {
                let path = match member {
                    Some(member) => path(&["members", member, "rewards"]),
                    None => path(&["rewards"]),
                };
                let found = self.pages(&path, |reward: &RewardView| reward.id).await?;
                self.print(&found, |found| rewards(found))
            }
            StandingCommand::Reward(RewardCommand::Reverse { id }) => {
                let path = path(&["rewards", &id.to_string(), "reverse"]);
                let text = |reward: &RewardView| format!("Reward {} is taken back.\n", reward.id);
                self.print(&self.client.ask(Method::POST, &path).await?, text)
            }
            StandingCommand::Rotate { member, item, grace } => {
                let rotate = RotatePasskey { old_until: self.moment(*grace)? };
                let path = path(&["members", member, "rights", item, "rotate"]);
                self.print(&self.client.tell(Method::POST, &path, &rotate).await?, rotated)
            }
        }
    }
}

fn alerts(found: &[AlertView]) -> String {
    let name = |named: &Option<NamedId>| or_dash(named.as_ref().map(|named| &named.name));
    let rows = found.iter().map(|alert| {
        [
            alert.id.to_string(),
            alert.kind.clone(),
            alert
                .acked_by
                .as_ref()
                .map_or_else(|| "open".to_owned(), |who| format!("closed by {who}")),
            name(&alert.member),
            name(&alert.item),
            alert.last.to_string(),
            alert.times.to_string(),
            alert.evidence.clone(),
        ]
    });
    list(["ID", "KIND", "STATE", "MEMBER", "ITEM", "LAST SEEN", "TIMES", "EVIDENCE"], rows)
}

fn changes(found: &[AuditRow]) -> String {
    let name = |named: &Option<NamedId>| or_dash(named.as_ref().map(|named| &named.name));
    let rows = found.iter().map(|change| {
        [
            change.at.to_string(),
            change.who.clone(),
            change.what.clone(),
            name(&change.member),
            name(&change.item),
            change.detail.clone(),
        ]
    });
    list(["WHEN", "WHO", "WHAT", "MEMBER", "ITEM", "DETAIL"], rows)
}

fn rewards(found: &[RewardView]) -> String {
    let rows = found.iter().map(|reward| {
        [
            reward.id.to_string(),
            reward.member.name.clone(),
            reward.item.name.clone(),
            reward.window.to_string(),
            said(&reward.money),
            reward.state.clone(),
            reward.due.to_string(),
        ]
    });
    list(["ID", "MEMBER", "ITEM", "WINDOW", "AMOUNT", "STATE", "DUE"], rows)
}

fn traffic(found: &MemberTraffic) -> String {
    let sum = |money: &[Money]| {
        let said: Vec<String> = money.iter().map(said).collect();
        if said.is_empty() { "-".to_owned() } else { said.join(", ") }
    };
    let rows = found.items.iter().map(|of| {
        [
            of.item.name.clone(),
            of.uploaded.to_string(),
            of.downloaded.to_string(),
            of.web_seed.to_string(),
            of.judged.to_string(),
            of.verified.to_string(),
        ]
    });
    list(["ITEM", "UPLOADED", "DOWNLOADED", "BY WEB SEED", "JUDGED", "VERIFIED"], rows)
        + &facts([
            ("pending", sum(&found.pending)),
            ("credited", sum(&found.credited)),
            ("earned tier", or_dash(found.earned.as_ref())),
        ])
}

fn rotated(key: &BoundKey) -> String {
    facts([
        ("member", key.member.name.clone()),
        ("item", key.item.name.clone()),
        ("announce URL", key.announce_url.clone()),
    ])
}

pub(crate) const ALERTS: &str = "\
Examples:
  usher alerts
  usher alerts --all --json
  usher alert ack 7";
const AUDIT: &str = "\
Examples:
  usher audit
  usher audit --member ada --json
  usher audit --item reel";
const REWARDS: &str = "\
Examples:
  usher rewards
  usher rewards ada --json
  usher reward reverse 7";
const ROTATE: &str = "\
Examples:
  usher rotate ada reel                   the torrent ada has of it stops working
  usher rotate ada reel --grace 7d        it answers for a week yet";
