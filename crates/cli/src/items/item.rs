//! `usher item`.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use api::item::{AddItem, ItemDetail, ItemView, SetPolicy};
use api::page::ItemPage;
use api::publish::Stuck;
use api::query::{ItemQuery, MAX_BODY_BYTES, TorrentQuery};
use clap::{ArgGroup, Args, Subcommand};

use super::presentation::{PresentationArgs, set_cover};
use super::price::{PriceArgs, prices};
use super::publish::verify;
use crate::daemon::{CommandContext, CommandError, RowArgs};
use crate::text::{facts, list, or_dash, rights, size, yes_or_no};

/// `usher item`.
#[derive(Clone, Debug, Subcommand)]
pub enum ItemCommand {
    /// Add an item by its torrent; its peers are admitted from now on
    #[command(override_usage = ADD_USAGE, after_help = ADD)]
    Add {
        /// The .torrent file
        #[arg(value_name = "FILE.torrent", required_unless_present = "info_hash")]
        torrent: Option<PathBuf>,
        /// Info hash instead of a file: 40 hexadecimal digits; twice for a hybrid torrent
        #[arg(long, value_name = "HEX", value_parser = info_hash, conflicts_with = "torrent")]
        info_hash: Vec<String>,
        /// A name no other item has: letters, digits, `.`, `_` and `-`, but not digits alone
        #[arg(long)]
        name: String,
        /// A policy of the configuration: free, priority, club, or your own
        #[arg(long)]
        policy: String,
    },
    /// List items: all, or those that are looked for
    #[command(after_help = LIST)]
    List(ItemListArgs),
    /// Show an item, and who has a right to it
    #[command(after_help = "Example:\n  usher item show reel")]
    Show {
        /// The item's name, id or info hash
        item: String,
    },
    /// Change an item's policy, prices, texts or cover, without publishing it again
    #[command(after_help = SET)]
    Set(Box<SetItemArgs>),
    /// Hash an item's files again, and stop serving them if they have changed
    #[command(after_help = "Example:\n  usher item verify reel")]
    Verify {
        /// The item's name, id or info hash
        item: String,
    },
    /// Stop giving out an item's torrent and files; rights and swarm stay
    #[command(after_help = "Example:\n  usher item unpublish reel")]
    Unpublish {
        /// The item's name, id or info hash
        item: String,
    },
    /// Remove an item for good
    #[command(after_help = "Example:\n  usher item remove reel")]
    Remove {
        /// The item's name, id or info hash
        item: String,
    },
}

/// `usher item set`.
#[derive(Args, Clone, Debug)]
#[command(
    override_usage = "usher item set <ITEM> <OPTIONS>",
    group = ArgGroup::new("change").required(true).multiple(true).args([
        "policy", "title", "subtitle", "description", "description_file", "tags", "visibility",
        "released", "preview", "tier", "parts", "cover", "no_cover", "torrent_price", "direct_price",
        "currency", "minimum", "fixed", "free", "not_for_sale",
    ])
)]
pub struct SetItemArgs {
    /// The item's name, id or info hash
    item: String,
    /// A policy of the configuration: free, priority, club, or your own
    #[arg(long)]
    policy: Option<String>,
    /// Title that people see
    #[arg(long)]
    title: Option<String>,
    #[command(flatten)]
    presentation: PresentationArgs,
    /// Take its cover away
    #[arg(long, conflicts_with = "cover")]
    no_cover: bool,
    #[command(flatten)]
    prices: PriceArgs,
}

/// `usher item list`.
#[derive(Args, Clone, Debug)]
pub struct ItemListArgs {
    /// List only items with this id or info hash, or with words that begin so in their name or title
    #[arg(long, value_name = "TEXT")]
    search: Option<String>,
    /// List only items with this policy
    #[arg(long)]
    policy: Option<String>,
    /// List only items that the site shows like this
    #[arg(long, value_parser = ["draft", "published", "unlisted"])]
    visibility: Option<String>,
    /// List only items in this state
    #[arg(long, value_parser = ["published", "unpublished", "broken", "tracked"])]
    state: Option<String>,
    #[command(flatten)]
    rows: RowArgs,
}

impl ItemListArgs {
    async fn run(&self, context: &CommandContext) -> Result<String, CommandError> {
        let query = ItemQuery {
            search: self.search.clone(),
            policy: self.policy.clone(),
            visibility: self.visibility.clone(),
            state: self.state.clone(),
            newest: self.rows.newest(),
            ..ItemQuery::default()
        };
        let items = context.list::<ItemPage>(&["items"], query, self.rows).await?;
        let stuck = if context.json() { String::new() } else { stuck(context).await? };
        context.print(&items, |items| items_text(items) + &stuck)
    }
}

impl ItemCommand {
    pub(crate) async fn run(&self, context: &CommandContext) -> Result<String, CommandError> {
        match self {
            Self::Add { torrent: Some(torrent), name, policy, .. } => {
                let query = TorrentQuery { name: name.clone(), policy: policy.clone() };
                let request = context.post(&["items"]).query(&query).torrent(read(torrent)?);
                context.print(&request.answer().await?, added)
            }
            Self::Add { torrent: None, info_hash, name, policy } => {
                let item = AddItem {
                    name: name.clone(),
                    policy: policy.clone(),
                    info_hashes: info_hash.clone(),
                };
                context.print(&context.post(&["items"]).json(&item).answer().await?, added)
            }
            Self::List(args) => args.run(context).await,
            Self::Show { item } => {
                context.print(&context.get(&["items", item]).answer().await?, item_text)
            }
            Self::Set(args) => args.run(context).await,
            Self::Verify { item } => verify(context, item).await,
            Self::Unpublish { item } => {
                let path = ["items", item, "unpublish"];
                context.print(&context.post(&path).answer().await?, |item: &ItemView| {
                    format!(
                        "{} (item {}) is unpublished: the site no longer serves its torrent \
                         and files. Rights to it stay, and its swarm goes on.\n",
                        item.name, item.id
                    )
                })
            }
            Self::Remove { item } => {
                let removed = context.delete(&["items", item]).answer().await?;
                context.print(&removed, |item: &ItemView| {
                    format!("{} (item {}) is removed.\n", item.name, item.id)
                })
            }
        }
    }
}

impl SetItemArgs {
    async fn run(&self, context: &CommandContext) -> Result<String, CommandError> {
        // Files that can't be read stop it before anything is changed.
        let details = self.presentation.change(self.title.clone())?;
        let cover = self.presentation.cover()?;
        let mut item: Option<ItemView> = None;
        if let Some(policy) = &self.policy {
            let request = context.put(&["items", &self.item, "policy"]);
            item = Some(request.json(&SetPolicy { policy: policy.clone() }).answer().await?);
        }
        if let Some(prices) = self.prices.change() {
            let request = context.put(&["items", &self.item, "prices"]);
            item = Some(request.json(&prices).answer().await?);
        }
        if let Some(details) = details {
            let request = context.put(&["items", &self.item, "details"]);
            item = Some(request.json(&details).answer().await?);
        }
        if let Some(cover) = cover {
            item = Some(set_cover(context, &self.item, cover).await?);
        }
        if self.no_cover {
            item = Some(context.delete(&["items", &self.item, "cover"]).answer().await?);
        }
        match item {
            Some(item) => context.print(&item, set_text),
            None => Ok(String::new()),
        }
    }
}

/// The files in the watched folder that could not be published; empty where there are none.
async fn stuck(context: &CommandContext) -> Result<String, CommandError> {
    let stuck: Vec<Stuck> = context.get(&["stuck"]).answer().await?;
    if stuck.is_empty() {
        return Ok(String::new());
    }
    let rows = stuck.into_iter().map(|stuck| [stuck.path, stuck.error]);
    Ok("\n".to_owned() + &list(["NOT PUBLISHED", "WHY"], rows))
}

/// Reads a file up to the size at which the daemon refuses it.
fn read(path: &Path) -> Result<Vec<u8>, CommandError> {
    let most = u64::try_from(MAX_BODY_BYTES).unwrap_or(u64::MAX);
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(most).read_to_end(&mut bytes))
        .map_err(|error| CommandError::File { path: path.to_owned(), error })?;
    Ok(bytes)
}

fn info_hash(text: &str) -> Result<String, &'static str> {
    let is_hash = text.len() == 40 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_hash { Ok(text.to_owned()) } else { Err("expected 40 hexadecimal digits") }
}

fn added(item: &ItemView) -> String {
    format!(
        "{} is item {}, policy {}, info hash {}.\n",
        item.name,
        item.id,
        item.policy,
        item.info_hashes.join(" and ")
    )
}

fn items_text(items: &[ItemView]) -> String {
    let rows = items.iter().map(|item| {
        [
            item.id.to_string(),
            item.name.clone(),
            item.policy.clone(),
            state(item),
            or_dash(item.size_bytes.map(size)),
            prices(item),
            item.info_hashes.join("\n"),
        ]
    });
    list(["ID", "NAME", "POLICY", "STATE", "SIZE", "PRICES", "INFO HASH"], rows)
}

fn item_text(detail: &ItemDetail) -> String {
    let (item, traffic) = (&detail.item, &detail.traffic);
    let mut text = facts([
        ("id", item.id.to_string()),
        ("name", item.name.clone()),
        ("title", item.title.clone()),
        ("subtitle", or_dash(filled(&item.subtitle))),
        ("tags", or_dash(filled(&item.tags.join(" ")))),
        ("visibility", item.visibility.clone()),
        ("released", or_dash(item.released)),
        ("preview", or_dash(item.preview.clone())),
        ("cover", yes_or_no(item.cover.is_some())),
        ("policy", item.policy.clone()),
        ("state", item.broken.clone().unwrap_or_else(|| item.state.clone())),
        ("version", or_dash(item.version)),
        ("lowest tier", or_dash(item.tier.clone())),
        ("info hash", item.info_hashes.join(" ")),
        ("size", or_dash(item.size_bytes.map(size))),
        ("private", yes_or_no(item.private)),
        ("prices", prices(item)),
        ("downloads", detail.completed.to_string()),
        ("parts", or_dash(filled(&detail.parts.join(" ")))),
        ("served", size(detail.served_bytes)),
        (
            "taken",
            format!(
                "{}, {} of it from peers",
                size(traffic.taken_bytes),
                size(traffic.saved_bytes)
            ),
        ),
        (
            "carried",
            format!(
                "{} in 35 days, {} of it verified",
                size(traffic.reported_bytes),
                size(traffic.verified_bytes)
            ),
        ),
        ("added", item.created.to_string()),
    ]);
    if let Some(description) = filled(&detail.description) {
        text += &format!("\n{}\n", description.trim_end());
    }
    if !detail.rights.is_empty() {
        text += "\n";
        text += &rights(&detail.rights);
    }
    text
}

fn set_text(item: &ItemView) -> String {
    format!("{} (item {}) is now:\n", item.name, item.id)
        + &facts([
            ("title", item.title.clone()),
            ("subtitle", or_dash(filled(&item.subtitle))),
            ("tags", or_dash(filled(&item.tags.join(" ")))),
            ("visibility", item.visibility.clone()),
            ("released", or_dash(item.released)),
            ("preview", or_dash(item.preview.clone())),
            ("cover", yes_or_no(item.cover.is_some())),
            ("policy", item.policy.clone()),
            ("lowest tier", or_dash(item.tier.clone())),
            ("prices", prices(item)),
        ])
}

/// Whether it is given out, and if so whether everybody sees it.
fn state(item: &ItemView) -> String {
    let is_offered = item.state == "published";
    if is_offered { item.visibility.clone() } else { item.state.clone() }
}

/// `None` for a text that is empty.
fn filled(text: &str) -> Option<&str> {
    Some(text).filter(|text| !text.is_empty())
}

pub(crate) const ITEM: &str = "\
Examples:
  usher item add reel.torrent --name reel --policy priority
  usher item set reel --policy club
  usher item list";
const ADD_USAGE: &str = "usher item add --name <NAME> --policy <POLICY> <FILE.torrent>
       usher item add --name <NAME> --policy <POLICY> --info-hash <HEX>";
const LIST: &str = "\
Examples:
  usher item list
  usher item list --search \"big buck\" --policy club";
const ADD: &str = "\
Examples:
  usher item add reel.torrent --name reel --policy priority
  usher item add --name reel --policy free \\
      --info-hash c1463792a1ff36a237e3a0f68badeb0d3764e9bb";
const SET: &str = "\
Examples:
  usher item set reel --policy club
  usher item set reel --torrent-price 2.25 --direct-price 3.00 --currency usd
  usher item set reel --title 'The Reel' --tag film --tag 4k --cover reel.jpg
  usher item set reel --description-file reel.md --released 2026-11-30
  usher item set reel --visibility draft";
