//! `usher publish`, and the comparison of an item's files with what was published.

use std::fs::{self, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use api::item::Verified;
use api::publish::{Publish, Published, TorrentFormat};
use bendy::decoding::{Decoder, Object};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use nix::unistd::{AccessFlags, access};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::presentation::{PresentationArgs, set_cover};
use crate::daemon::{AdminRequest, CommandContext, CommandError};

/// `usher publish`.
#[derive(Args, Clone, Debug)]
#[command(after_help = PUBLISH)]
pub struct PublishArgs {
    /// The file or folder, where the daemon finds it; hidden files and links in it are left out
    path: PathBuf,
    /// A name no other item has [default: derived from the file's name]
    #[arg(long)]
    name: Option<String>,
    /// Title that people see [default: the file's name]
    #[arg(long)]
    title: Option<String>,
    #[command(flatten)]
    presentation: PresentationArgs,
    /// A policy of the configuration: free, priority, club, or your own [default: priority]
    #[arg(long)]
    policy: Option<String>,
    /// Price of the torrent, such as 2.25
    #[arg(long, value_name = "AMOUNT", requires = "currency")]
    torrent_price: Option<String>,
    /// Price of the direct download, which includes the torrent and may not cost less
    #[arg(long, value_name = "AMOUNT", requires = "currency")]
    direct_price: Option<String>,
    /// Currency of both prices, such as usd
    #[arg(long)]
    currency: Option<String>,
    /// Format of the torrent [default: v1]
    ///
    /// Every client reads v1. Newer clients read a hash of each file in hybrid, at the price of a
    /// second swarm for older clients and of padding: choose it for many files that others share
    /// too. v2 excludes older clients, and clients built on libtorrent get its folders from peers
    /// only.
    #[arg(long, hide_possible_values = true, value_name = "v1|v2|hybrid")]
    format: Option<TorrentFormat>,
    /// Publish this as a new version of an item, which keeps its name, policy, prices and rights
    #[arg(
        long,
        value_name = "ITEM",
        conflicts_with_all = ["name", "policy", "torrent_price", "direct_price"]
    )]
    replaces: Option<String>,
    /// File for the .torrent for strangers [default: NAME.torrent here]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

impl PublishArgs {
    pub(crate) async fn run(&self, context: &CommandContext) -> Result<String, CommandError> {
        let path = absolute(&self.path)?;
        if path.to_str().is_none() {
            return Err(CommandError::Name { path });
        }
        // Before hours of hashing, as far as it is known by now.
        if let Some(file) = self.torrent_file() {
            check_writable(&file)?;
        }
        let cover = self.presentation.cover()?;
        let presented = self.presentation.change(self.title.clone())?.unwrap_or_default();
        let request = Publish {
            path: Some(path),
            name: self.name.clone(),
            policy: self.policy.clone(),
            torrent_price: self.torrent_price.clone(),
            direct_price: self.direct_price.clone(),
            currency: self.currency.clone(),
            format: self.format,
            replaces: self.replaces.clone(),
            ..Publish::default()
        }
        .presented(presented);
        let published: Published = follow(context.post(&["publish"]).json(&request)).await?;
        if let Some(cover) = cover {
            set_cover(context, &published.item, cover).await?;
        }
        let torrent = context.get(&["items", &published.item, "torrent"]).bytes().await?;
        let file = self.output.clone();
        let file = file.unwrap_or_else(|| torrent_name(&published.item));
        let torrent_file = write(&file, &torrent, Readers::Everybody)?;
        context.print(&PublishedFile { published, torrent_file }, published_text)
    }

    /// The file of the torrent, where that is known before the item's name is.
    fn torrent_file(&self) -> Option<PathBuf> {
        let item = self.name.as_deref().or(self.replaces.as_deref());
        self.output.clone().or_else(|| item.map(torrent_name))
    }
}

/// An item that was published, and its torrent's file.
#[derive(Debug, Deserialize, Serialize)]
struct PublishedFile {
    #[serde(flatten)]
    published: Published,
    torrent_file: PathBuf,
}

/// Compares an item's files with what was published.
pub(super) async fn verify(context: &CommandContext, item: &str) -> Result<String, CommandError> {
    let verified: Verified = follow(context.post(&["items", item, "verify"])).await?;
    let Verified { item, whole, bad_files } = &verified;
    let printed =
        context.print(&verified, |_| format!("{} is as it was published.\n", item.name))?;
    if *whole {
        return Ok(printed);
    }
    let sentence = format!(
        "{0} is not as it was published, and is not served until `usher item verify {0}` finds it \
         whole or `usher publish PATH --replaces {0}` makes it a new version:\n  {1}",
        item.name,
        bad_files.join("\n  ")
    );
    Err(CommandError::Unsound { sentence, document: context.json().then_some(printed) })
}

/// Waits while the daemon hashes, with a bar on a terminal.
async fn follow<T: DeserializeOwned>(request: AdminRequest<'_>) -> Result<T, CommandError> {
    // It draws on standard error, and only where that is a terminal.
    let bar = ProgressBar::new(0).with_style(style());
    let answer = request.follow(|bytes, of| {
        bar.set_length(of);
        bar.set_position(bytes);
    });
    let answer = answer.await;
    bar.finish_and_clear();
    Ok(answer?)
}

/// Who may read a torrent that is written: one that holds a member's keys is for its owner alone.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Readers {
    Everybody,
    Owner,
}

/// Writes a torrent, replacing at most another torrent, and returns the file's absolute path.
pub(super) fn write(
    file: &Path,
    torrent: &[u8],
    readers: Readers,
) -> Result<PathBuf, CommandError> {
    let path = absolute(file)?;
    check_writable(&path)?;
    put(&path, torrent, readers)
        .map_err(|error| CommandError::Write { path: file.to_owned(), error })?;
    Ok(path)
}

fn put(file: &Path, torrent: &[u8], readers: Readers) -> io::Result<()> {
    let mode = if readers == Readers::Everybody { 0o666 } else { 0o600 };
    let mut out =
        OpenOptions::new().write(true).create(true).truncate(true).mode(mode).open(file)?;
    // A file that existed has the mode it had.
    if readers == Readers::Owner && out.metadata()?.is_file() {
        out.set_permissions(Permissions::from_mode(mode))?;
    }
    out.write_all(torrent)
}

/// Refuses a file that exists and is not a torrent, and a folder that is not writable; a pipe or a
/// terminal is fine.
fn check_writable(file: &Path) -> Result<(), CommandError> {
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

/// Whether a file is a bencoded dictionary with a dictionary `info` in it.
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

/// The file of an item's torrent, unless another is named.
pub(super) fn torrent_name(item: &str) -> PathBuf {
    format!("{item}.torrent").into()
}

/// A path as the daemon needs it, whose working directory is another.
fn absolute(path: &Path) -> Result<PathBuf, CommandError> {
    std::path::absolute(path).map_err(|error| CommandError::File { path: path.to_owned(), error })
}

fn published_text(file: &PublishedFile) -> String {
    let Published { item, id, version, info_hash, info_hash_v2, policy, page, warnings, .. } =
        &file.published;
    let mut text = format!("{item} is item {id}, version {version}, policy {policy}\n");
    // Without a v1 half, clients announce the first bytes of the other hash (BEP 52).
    let is_cut = info_hash_v2.as_ref().is_some_and(|hash| hash.starts_with(info_hash));
    let label = if is_cut { "announced as" } else { "info hash   " };
    text += &format!("{label} {info_hash}\n");
    if let Some(hash) = info_hash_v2 {
        text += &format!("info hash v2 {hash}\n");
    }
    text += &format!("torrent      {}\n", file.torrent_file.display());
    if let Some(page) = page {
        text += &format!("page         {page}\n");
    }
    for warning in warnings {
        text += &format!("warning: {warning}\n");
    }
    text
}

fn style() -> ProgressStyle {
    ProgressStyle::with_template("{wide_bar} {bytes}/{total_bytes} {bytes_per_sec} {eta}")
        .unwrap_or_else(|_| ProgressStyle::default_bar())
}

const PUBLISH: &str = "\
Examples:
  usher publish reel.mp4 --policy club --torrent-price 2.25 --currency usd
  usher publish season-1/ --name season-1 --tier patron
  usher publish season-1-fixed/ --replaces season-1
  usher publish album/ --tag music --cover cover.jpg --visibility draft
  usher publish trailer.mp4 --policy free --json";
