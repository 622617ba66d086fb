//! `usher item`.

use std::path::PathBuf;

use clap::Subcommand;

use crate::price::PriceArgs;
use crate::publish::DetailArgs;

/// What to do with items.
#[derive(Clone, Debug, Subcommand)]
pub enum ItemCommand {
    /// Offer a torrent; peers that announce it are let in from now on
    #[command(override_usage = ITEM_ADD_USAGE)]
    Add {
        /// The .torrent file
        #[arg(value_name = "FILE.torrent", required_unless_present = "info_hash")]
        torrent: Option<PathBuf>,
        /// Instead of a file: the info hash, 40 hexadecimal digits; twice for a hybrid torrent
        #[arg(long, value_name = "HEX", value_parser = info_hash, conflicts_with = "torrent")]
        info_hash: Vec<String>,
        /// A name no other item has: letters, digits, `.`, `_` and `-`, but not digits alone
        #[arg(long)]
        name: String,
        /// A policy of the configuration: free, priority, club, or your own
        #[arg(long)]
        policy: String,
    },
    /// List all items
    List,
    /// Show an item and who has a right to it
    Show {
        /// The item's name, id or info hash
        item: String,
    },
    /// Change how an item is presented, and what it costs
    Set {
        /// The item's name, id or info hash
        item: String,
        /// How it is presented
        #[command(flatten)]
        details: DetailArgs,
        /// What it costs
        #[command(flatten)]
        prices: PriceArgs,
    },
    /// Run an item's swarm by another policy
    #[command(override_usage = "usher item set-policy [OPTIONS] <ITEM> <POLICY>")]
    SetPolicy {
        /// The item's name, id or info hash
        item: String,
        /// A policy of the configuration
        #[arg(required_unless_present = "named")]
        policy: Option<String>,
        /// The same, by name
        #[arg(long = "policy", id = "named", value_name = "POLICY", conflicts_with = "policy")]
        named: Option<String>,
    },
    /// Offer an item no longer
    Remove {
        /// The item's name, id or info hash
        item: String,
    },
}

fn info_hash(text: &str) -> Result<String, &'static str> {
    let is_hash = text.len() == 40 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_hash { Ok(text.to_owned()) } else { Err("expected 40 hexadecimal digits") }
}

pub(crate) const ITEM: &str = "\
Examples:
  usher item add reel.torrent --name reel --policy priority
  usher item add --info-hash c1463792a1ff36a237e3a0f68badeb0d3764e9bb --name reel --policy free
  usher item set-policy reel club
  usher item set reel --torrent-price 2.25 --direct-price 3.00 --currency usd";
const ITEM_ADD_USAGE: &str =
    "usher item add [OPTIONS] <FILE.torrent|--info-hash <HEX>> --name <NAME> --policy <POLICY>";
