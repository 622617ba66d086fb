//! `usher publish` and what follows it: what may be typed, what is asked, and how the answer looks.

use std::fs::{self, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use api::item::{ItemView, SetItem, Verified};
use api::publish::{Publish, Published, Stuck, TorrentFormat};
use bendy::decoding::{Decoder, Object};
use clap::Args;
use http::Method;
use indicatif::{ProgressBar, ProgressStyle};
use nix::unistd::{AccessFlags, access};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::ask::{CommandContext, path};
use super::error::CommandError;
use super::price::PriceArgs;
use super::table::list;

/// `usher publish`.
#[derive(Args, Clone, Debug)]
pub struct PublishArgs {
    /// The file or folder, where the daemon finds it; links beneath it and hidden files are left out
    path: PathBuf,
    /// A name no other item has [default: made from the file's name]
    #[arg(long)]
    name: Option<String>,
    /// What people see [default: the file's name]
    #[arg(long)]
    title: Option<String>,
    /// A sentence or two for people
    #[arg(long)]
    description: Option<String>,
    /// A policy of the configuration: free, priority, club, or your own [default: priority]
    #[arg(long)]
    policy: Option<String>,
    /// The lowest tier that has it without buying it
    #[arg(long)]
    tier: Option<String>,
    /// What the torrent costs, such as 2.25
    #[arg(long, value_name = "AMOUNT", requires = "currency")]
    torrent_price: Option<String>,
    /// What direct download costs, not less than the torrent
    #[arg(long, value_name = "AMOUNT", requires = "currency")]
    direct_price: Option<String>,
    /// The prices' currency, such as usd
    #[arg(long)]
    currency: Option<String>,
    /// v1 is read by every client; hybrid gives newer ones a hash of each file, at the price of a
    /// second swarm for old ones and padding: choose it for many files that others share too; v2
    /// shuts old clients out, and those made with libtorrent get its folders from peers alone
    /// [default: v1]
    #[arg(long)]
    format: Option<TorrentFormat>,
    /// Publish this as a new version of an item, which keeps its name, policy, prices and rights
    #[arg(long, value_name = "ITEM", conflicts_with_all = ["name", "policy", "torrent_price", "direct_price"])]
    replaces: Option<String>,
    /// Where to write the .torrent for strangers [default: NAME.torrent here]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// How an item is presented; what is not named stays.
#[derive(Args, Clone, Debug)]
pub struct DetailArgs {
    /// What people see
    #[arg(long)]
    title: Option<String>,
    /// A sentence or two for people
    #[arg(long)]
    description: Option<String>,
    /// The lowest tier that has it without buying it; empty for none
    #[arg(long)]
    tier: Option<String>,
}

impl PublishArgs {
    /// Where the torrent will be written, where that is known before the item is.
    fn torrent_file(&self) -> Option<PathBuf> {
        let item = self.name.as_deref().or(self.replaces.as_deref());
        self.output.clone().or_else(|| item.map(named))
    }
}

impl DetailArgs {
    /// What is to change; `None` for nothing.
    fn change(&self) -> Option<SetItem> {
        let Self { title, description, tier } = self.clone();
        let is_any = title.is_some() || description.is_some() || tier.is_some();
        is_any.then_some(SetItem { title, description, tier })
    }
}

/// What was published, and where its torrent is.
#[derive(Serialize)]
struct Written {
    #[serde(flatten)]
    published: Published,
    torrent_file: PathBuf,
}

impl CommandContext {
    pub(crate) async fn publish(&self, args: &PublishArgs) -> Result<String, CommandError> {
        let whole = whole_path(&args.path)?;
        if whole.to_str().is_none() {
            return Err(CommandError::Name { path: whole });
        }
        // Before hours of hashing, as far as it is known by now.
        if let Some(file) = args.torrent_file() {
            may_write(&file)?;
        }
        let wish = Publish {
            path: Some(whole),
            name: args.name.clone(),
            title: args.title.clone(),
            description: args.description.clone(),
            policy: args.policy.clone(),
            tier: args.tier.clone(),
            torrent_price: args.torrent_price.clone(),
            direct_price: args.direct_price.clone(),
            currency: args.currency.clone(),
            format: args.format,
            replaces: args.replaces.clone(),
        };
        let published: Published = self.follow(&path(&["publish"]), Some(&wish)).await?;
        let path = path(&["items", &published.item, "torrent"]);
        let torrent = self.client.fetch(Method::GET, &path).await?;
        let file = args.output.clone();
        let file = file.unwrap_or_else(|| named(&published.item));
        let torrent_file = write(&file, &torrent, ForAnybody::Yes)?;
        self.print(&Written { published, torrent_file }, written)
    }

    pub(crate) async fn unpublish(&self, item: &str) -> Result<String, CommandError> {
        let path = path(&["items", item, "unpublish"]);
        self.print(&self.client.ask(Method::POST, &path).await?, |item: &ItemView| {
            format!(
                "{0} (item {1}) is unpublished: neither its torrent nor its files are given out. \
                 Rights stay, and its swarm goes on.\n",
                item.name, item.id
            )
        })
    }

    pub(crate) async fn verify_item(&self, item: &str) -> Result<String, CommandError> {
        let path = path(&["items", item, "verify"]);
        let verified: Verified = self.follow(&path, None::<&()>).await?;
        let Verified { item, whole, bad_files } = &verified;
        let printed =
            self.print(&verified, |_| format!("{} is as it was published\n", item.name))?;
        if *whole {
            return Ok(printed);
        }
        let sentence = format!(
            "{0} is not what was published, and is not served until `usher verify-item {0}` finds \
             it whole or `usher publish PATH --replaces {0}` makes it a new version:\n  {1}",
            item.name,
            bad_files.join("\n  ")
        );
        Err(CommandError::Unsound { sentence, document: self.json.then_some(printed) })
    }

    pub(crate) async fn set_item(
        &self,
        item: &str,
        details: &DetailArgs,
        prices: &PriceArgs,
    ) -> Result<String, CommandError> {
        let change = match (details.change(), prices.is_any()) {
            (None, _) => return self.set_prices(item, prices).await,
            (Some(change), false) => change,
            (Some(change), true) => {
                self.set_prices(item, prices).await?;
                change
            }
        };
        let path = path(&["items", item, "details"]);
        self.print(&self.client.tell(Method::PUT, &path, &change).await?, |item: &ItemView| {
            format!("{} (item {}) is titled {:?}.\n", item.name, item.id, item.title)
        })
    }

    /// What lies in the watched folder and can't be published, for people; empty where nothing does.
    pub(crate) async fn stuck(&self) -> Result<String, CommandError> {
        let stuck: Vec<Stuck> = self.client.ask(Method::GET, &path(&["stuck"])).await?;
        if stuck.is_empty() {
            return Ok(String::new());
        }
        let rows = stuck.into_iter().map(|stuck| [stuck.path, stuck.error]);
        Ok("\n".to_owned() + &list(["NOT PUBLISHED", "WHY"], rows))
    }

    /// Lets the daemon hash, with a bar on a terminal.
    async fn follow<T: DeserializeOwned>(
        &self,
        path: &str,
        body: Option<&impl Serialize>,
    ) -> Result<T, CommandError> {
        // It draws on standard error, and only where that is a terminal.
        let bar = ProgressBar::new(0).with_style(style());
        let told = self.client.follow(path, body, |bytes, of| {
            bar.set_length(of);
            bar.set_position(bytes);
        });
        let outcome = told.await;
        bar.finish_and_clear();
        Ok(outcome?)
    }
}

/// Whether a torrent is for anybody, or holds a member's keys.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum ForAnybody {
    No,
    Yes,
}

/// Writes a torrent, in place of another at most, and returns where, as a whole path. One that is
/// not for anybody can be read by its owner alone.
pub(crate) fn write(
    file: &Path,
    torrent: &[u8],
    for_anybody: ForAnybody,
) -> Result<PathBuf, CommandError> {
    let whole = whole_path(file)?;
    may_write(&whole)?;
    put(&whole, torrent, for_anybody)
        .map_err(|error| CommandError::Write { path: file.to_owned(), error })?;
    Ok(whole)
}

fn put(file: &Path, torrent: &[u8], for_anybody: ForAnybody) -> io::Result<()> {
    let mode = if for_anybody == ForAnybody::Yes { 0o666 } else { 0o600 };
    let mut out =
        OpenOptions::new().write(true).create(true).truncate(true).mode(mode).open(file)?;
    // One that was there has the mode it had.
    if for_anybody == ForAnybody::No && out.metadata()?.is_file() {
        out.set_permissions(Permissions::from_mode(mode))?;
    }
    out.write_all(torrent)
}

/// Refuses a file that is there and is no torrent, and a folder that can't be written to; a pipe or a
/// terminal may be.
fn may_write(file: &Path) -> Result<(), CommandError> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    access(folder.unwrap_or_else(|| Path::new(".")), AccessFlags::W_OK)
        .map_err(|error| CommandError::Write { path: file.to_owned(), error: error.into() })?;
    let is_file = fs::metadata(file).is_ok_and(|metadata| metadata.is_file());
    let holds_torrent = || fs::read(file).is_ok_and(|bytes| is_torrent(&bytes));
    if is_file && !holds_torrent() {
        return Err(CommandError::Taken { path: file.to_owned() });
    }
    Ok(())
}

/// Whether a file is a dictionary with an `info` in it.
fn is_torrent(bytes: &[u8]) -> bool {
    let mut decoder = Decoder::new(bytes);
    let Ok(Some(Object::Dict(mut torrent))) = decoder.next_object() else { return false };
    while let Ok(Some((key, value))) = torrent.next_pair() {
        if key == b"info" {
            return matches!(value, Object::Dict(_));
        }
    }
    false
}

/// Where an item's torrent is written if nobody says where.
fn named(item: &str) -> PathBuf {
    format!("{item}.torrent").into()
}

/// A path as the daemon needs it, which has another working directory.
fn whole_path(path: &Path) -> Result<PathBuf, CommandError> {
    std::path::absolute(path).map_err(|error| CommandError::File { path: path.to_owned(), error })
}

fn written(written: &Written) -> String {
    let Published { item, id, version, info_hash, info_hash_v2, policy, warnings, .. } =
        &written.published;
    let mut text = format!("{item} is item {id}, version {version}, policy {policy}\n");
    // Without a v1 half, clients announce the first bytes of the other hash (BEP 52).
    let is_cut = info_hash_v2.as_ref().is_some_and(|hash| hash.starts_with(info_hash));
    let label = if is_cut { "announced as" } else { "info hash   " };
    text += &format!("{label} {info_hash}\n");
    if let Some(hash) = info_hash_v2 {
        text += &format!("info hash v2 {hash}\n");
    }
    text += &format!("torrent      {}\n", written.torrent_file.display());
    for warning in warnings {
        text += &format!("warning: {warning}\n");
    }
    text
}

fn style() -> ProgressStyle {
    ProgressStyle::with_template("{wide_bar} {bytes}/{total_bytes} {bytes_per_sec} {eta}")
        .unwrap_or_else(|_| ProgressStyle::default_bar())
}

pub(crate) const PUBLISH: &str = "\
Examples:
  usher publish reel-1.mp4 --policy club --torrent-price 2.25 --direct-price 3.00 --currency usd
  usher publish season-1/ --name season-1 --tier patron
  usher publish season-1-fixed/ --replaces season-1      whoever has season-1 has this now
  usher publish trailer.mp4 --policy free --json";
