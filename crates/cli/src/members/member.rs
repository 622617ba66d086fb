//! `usher member`.

use api::links::{ItemLinks, KeyKind, MemberLinks};
use api::mail::MailQueued;
use api::member::{
    AddMember, MemberDetail, MemberKey, MemberTraffic, MemberView, RotatePasskey, SetEmail, SetTier,
};
use api::money::Money;
use api::page::MemberPage;
use api::query::{MAX_PAGE, MemberQuery, PageQuery};
use clap::{Args, Subcommand};
use jiff::Timestamp;

use crate::daemon::{CommandContext, CommandError, RowArgs};
use crate::text::{When, amount, facts, list, or_dash, rights, size};

/// `usher member`.
#[derive(Clone, Debug, Subcommand)]
pub enum MemberCommand {
    /// Add a member, and print the announce URL, which is secret
    #[command(after_help = "Example:\n  usher member add ada --tier fan --until 30d")]
    Add {
        /// A name nobody has: letters, digits, `.`, `_` and `-`, but not digits alone
        name: String,
        /// A tier of the configuration
        #[arg(long, default_value = "outsider")]
        tier: String,
        /// When the tier ends; the member is an outsider afterwards [default: never]
        #[arg(long, value_name = "DATE")]
        until: Option<When>,
    },
    /// List members: all, or those that are looked for
    #[command(after_help = LIST)]
    List(MemberListArgs),
    /// Show a member, including the announce URL with the passkey
    #[command(after_help = "Example:\n  usher member show ada --json")]
    Show {
        /// The member's name or id
        member: String,
    },
    /// Move a member to another tier
    #[command(after_help = "Example:\n  usher member set ada --tier patron --until 30d")]
    Set {
        /// The member's name or id
        member: String,
        /// A tier of the configuration
        #[arg(long)]
        tier: String,
        /// When the tier ends; the member is an outsider afterwards [default: never]
        #[arg(long, value_name = "DATE")]
        until: Option<When>,
    },
    /// Correct a member's e-mail address, and mail a link and the last receipts to the new one
    #[command(after_help = EMAIL)]
    Email {
        /// The member's name or id
        member: String,
        /// The address; the library and open orders get it, and the links mailed before stop working
        #[arg(required_unless_present = "none")]
        address: Option<String>,
        /// Remove the address
        #[arg(long, conflicts_with = "address")]
        none: bool,
    },
    /// Mail a member the links to their orders, and a link that opens their library
    #[command(after_help = "Example:\n  usher member mail ada")]
    Mail {
        /// The member's name or id
        member: String,
    },
    /// Show a member's URLs, which are secret: feeds, torrents and web seeds
    #[command(after_help = "Example:\n  usher member links ada")]
    Links {
        /// The member's name or id
        member: String,
    },
    /// Show a member's traffic: reported, verified, pending and credited
    #[command(after_help = "Example:\n  usher member traffic ada")]
    Traffic {
        /// The member's name or id
        member: String,
    },
    /// Give a member a new passkey, or another key; the current one stops working
    #[command(after_help = ROTATE)]
    Rotate {
        /// The member's name or id
        member: String,
        /// How long the current passkey still works, with a warning, such as 7d [default: not at all]
        #[arg(long, value_name = "TIME")]
        grace: Option<When>,
        /// The key
        #[arg(long, default_value = "announce")]
        key: KeyKind,
    },
    /// Refuse a member everything, until resumed
    #[command(after_help = "Example:\n  usher member suspend ada")]
    Suspend {
        /// The member's name or id
        member: String,
    },
    /// Admit a suspended member again
    #[command(after_help = "Example:\n  usher member resume ada")]
    Resume {
        /// The member's name or id
        member: String,
    },
    /// Remove a member, their name, and what payment providers sent about them; the books stay
    #[command(after_help = "Example:\n  usher member erase ada")]
    Erase {
        /// The member's name or id
        member: String,
    },
    /// Remove a member for good
    #[command(after_help = "Example:\n  usher member remove ada")]
    Remove {
        /// The member's name or id
        member: String,
    },
}

/// `usher member list`.
#[derive(Args, Clone, Debug)]
pub struct MemberListArgs {
    /// List only members with this id, a name that begins so, or an e-mail address that does
    #[arg(long, value_name = "TEXT")]
    search: Option<String>,
    /// List only members of this tier
    #[arg(long)]
    tier: Option<String>,
    /// List only members in this state [default: all but those removed]
    #[arg(long, value_name = "STATE", value_parser = STATES)]
    state: Option<String>,
    #[command(flatten)]
    rows: RowArgs,
}

impl MemberListArgs {
    async fn run(&self, context: &CommandContext) -> Result<String, CommandError> {
        let query = MemberQuery {
            search: self.search.clone(),
            tier: self.tier.clone(),
            state: self.state.clone(),
            newest: self.rows.newest(),
            ..MemberQuery::default()
        };
        let members = context.list::<MemberPage>(&["members"], query, self.rows).await?;
        context.print(&members, |members| members_text(members))
    }
}

impl MemberCommand {
    pub(crate) async fn run(&self, context: &CommandContext) -> Result<String, CommandError> {
        match self {
            Self::Add { name, tier, until } => {
                let until = context.moment(*until)?;
                let member = AddMember { name: name.clone(), tier: tier.clone(), until };
                context.print(&context.post(&["members"]).json(&member).answer().await?, added)
            }
            Self::List(args) => args.run(context).await,
            Self::Show { member } => {
                context.print(&context.get(&["members", member]).answer().await?, member_text)
            }
            Self::Set { member, tier, until } => {
                let set = SetTier { tier: tier.clone(), until: context.moment(*until)? };
                let request = context.put(&["members", member, "tier"]).json(&set);
                context.print(&request.answer().await?, changed)
            }
            Self::Email { member, address, .. } => {
                let set = SetEmail { email: address.clone() };
                let request = context.put(&["members", member, "email"]).json(&set);
                context.print(&request.answer().await?, email_text)
            }
            Self::Mail { member } => {
                let request = context.post(&["members", member, "mail"]);
                context.print(&request.answer().await?, |queued: &MailQueued| {
                    format!("The links of {member} are on their way to {}.\n", queued.to)
                })
            }
            Self::Links { member } => {
                let links = all_links(context, member).await?;
                context.print(&links, links_text)
            }
            Self::Traffic { member } => {
                let traffic = all_traffic(context, member).await?;
                context.print(&traffic, traffic_text)
            }
            Self::Rotate { member, grace, key: KeyKind::Announce } => {
                let rotate = RotatePasskey { old_until: context.moment(*grace)? };
                let request = context.post(&["members", member, "rotate"]).json(&rotate);
                context.print(&request.answer().await?, rotated)
            }
            Self::Rotate { member, key, .. } => {
                let request = context.post(&["members", member, "keys", key.word()]);
                context.print(&request.answer().await?, links_text)
            }
            Self::Suspend { member } => {
                let request = context.post(&["members", member, "suspend"]);
                context.print(&request.answer().await?, changed)
            }
            Self::Resume { member } => {
                let request = context.post(&["members", member, "resume"]);
                context.print(&request.answer().await?, changed)
            }
            Self::Erase { member } => {
                let request = context.post(&["members", member, "erase"]);
                context.print(&request.answer().await?, changed)
            }
            Self::Remove { member } => {
                context.print(&context.delete(&["members", member]).answer().await?, changed)
            }
        }
    }
}

/// A member's URLs, those of all items.
async fn all_links(context: &CommandContext, member: &str) -> Result<MemberLinks, CommandError> {
    let path = ["members", member, "links"];
    let mut all: MemberLinks = context.get(&path).query(&long_page(None)).answer().await?;
    while let Some(next) = all.next.take() {
        let more: MemberLinks = context.get(&path).query(&long_page(Some(next))).answer().await?;
        all.items.extend(more.items);
        all.next = more.next;
    }
    Ok(all)
}

/// A member's traffic, of all items.
async fn all_traffic(
    context: &CommandContext,
    member: &str,
) -> Result<MemberTraffic, CommandError> {
    let path = ["members", member, "traffic"];
    let mut all: MemberTraffic = context.get(&path).query(&long_page(None)).answer().await?;
    while let Some(next) = all.next.take() {
        let more: MemberTraffic = context.get(&path).query(&long_page(Some(next))).answer().await?;
        all.items.extend(more.items);
        all.next = more.next;
    }
    Ok(all)
}

const fn long_page(after: Option<String>) -> PageQuery {
    PageQuery { after, limit: Some(MAX_PAGE) }
}

fn added(key: &MemberKey) -> String {
    let MemberKey { member, announce_url, .. } = key;
    format!(
        "{} is member {}, tier {}. The announce URL, which is secret:\n{announce_url}\n",
        member.name,
        member.id,
        tier(&member.tier, member.tier_until),
    )
}

fn rotated(key: &MemberKey) -> String {
    format!("{} has a new passkey. The announce URL:\n{}\n", key.member.name, key.announce_url)
}

fn changed(member: &MemberView) -> String {
    let tier = tier(&member.tier, member.tier_until);
    format!("{} (member {}) is {}, tier {tier}.\n", member.name, member.id, member.state)
}

fn email_text(member: &MemberView) -> String {
    match &member.email {
        Some(email) => format!("{} (member {}) has the address {email}.\n", member.name, member.id),
        None => format!("{} (member {}) has no address.\n", member.name, member.id),
    }
}

/// An address, and whether it was verified.
fn address(member: &MemberView) -> String {
    match (&member.email, member.email_verified) {
        (None, _) => or_dash(None::<String>),
        (Some(email), Some(when)) => format!("{email}, verified {when}"),
        (Some(email), None) => format!("{email}, not verified"),
    }
}

fn members_text(members: &[MemberView]) -> String {
    let rows = members.iter().map(|member| {
        let tier = tier(&member.tier, member.tier_until);
        [member.id.to_string(), member.name.clone(), tier, member.state.clone()]
    });
    list(["ID", "NAME", "TIER", "STATE"], rows)
}

fn member_text(detail: &MemberDetail) -> String {
    let MemberKey { member, passkey, announce_url } = &detail.key;
    let mut text = facts([
        ("id", member.id.to_string()),
        ("name", member.name.clone()),
        ("tier", tier(&member.tier, member.tier_until)),
        ("state", member.state.clone()),
        ("added", member.created.to_string()),
        ("e-mail", address(member)),
        ("passkey", passkey.clone()),
        ("announce URL", announce_url.clone()),
    ]);
    if !detail.rights.is_empty() {
        text += "\n";
        text += &rights(&detail.rights);
    }
    if !detail.traffic.is_empty() {
        let rows = detail.traffic.iter().map(|traffic| {
            [traffic.item.name.clone(), size(traffic.uploaded), size(traffic.downloaded)]
        });
        text += "\n";
        text += &list(["ITEM", "UPLOADED", "DOWNLOADED"], rows);
    }
    text
}

fn links_text(links: &MemberLinks) -> String {
    let mut text = facts([
        ("announce URL", links.announce_url.clone()),
        ("club feed", links.club_feed.clone()),
        ("podcast feed", links.podcast_feed.clone()),
    ]);
    if !links.items.is_empty() {
        let rows = links.items.iter();
        let rows = rows
            .map(|item| [item.item.clone(), item.torrent.clone(), or_dash(item.web_seed.clone())]);
        text += "\n";
        text += &list(["ITEM", "TORRENT", "WEB SEED"], rows);
    }
    let files = |item: &ItemLinks| {
        item.direct.iter().map(|url| [item.item.clone(), url.clone()]).collect::<Vec<_>>()
    };
    let files: Vec<_> = links.items.iter().flat_map(files).collect();
    if !files.is_empty() {
        text += "\n";
        text += &list(["ITEM", "DIRECT DOWNLOAD"], files);
    }
    text
}

fn traffic_text(traffic: &MemberTraffic) -> String {
    let rows = traffic.items.iter().map(|of| {
        [
            of.item.name.clone(),
            size(of.uploaded),
            size(of.downloaded),
            size(of.web_seed),
            size(of.judged),
            size(of.verified),
        ]
    });
    list(["ITEM", "UPLOADED", "DOWNLOADED", "BY WEB SEED", "JUDGED", "VERIFIED"], rows)
        + "\n"
        + &facts([
            ("pending", sums(&traffic.pending)),
            ("credited", sums(&traffic.credited)),
            ("earned tier", or_dash(traffic.earned.as_ref())),
        ])
}

fn sums(money: &[Money]) -> String {
    let sums: Vec<String> = money.iter().map(amount).collect();
    if sums.is_empty() { "-".to_owned() } else { sums.join(", ") }
}

fn tier(tier: &str, end: Option<Timestamp>) -> String {
    end.map_or_else(|| tier.to_owned(), |end| format!("{tier} until {end}"))
}

const STATES: [&str; 3] = ["active", "suspended", "removed"];
const LIST: &str = "\
Examples:
  usher member list
  usher member list --tier fan --state suspended
  usher member list --search ada@example.org";
pub(crate) const MEMBER: &str = "\
Examples:
  usher member add ada --tier fan
  usher member set ada --tier patron --until 30d
  usher member rotate ada --grace 7d      both passkeys work for a week";
const EMAIL: &str = "\
Examples:
  usher member email ada ada@example.org
  usher member email ada --none";
const ROTATE: &str = "\
Examples:
  usher member rotate ada --grace 7d      both passkeys work for a week
  usher member rotate ada --key feed      the feeds get new URLs";
