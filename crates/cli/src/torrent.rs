//! Members' torrents, magnets and URLs: what may be typed, what is asked, and how the answer looks.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use api::links::{ItemLinks, KeyKind, Magnet, MemberLinks};
use api::member::RotatePasskey;
use clap::Args;
use http::Method;
use serde::Serialize;

use super::ask::{CommandContext, path};
use super::error::CommandError;
use super::publish::{ForAnybody, write};
use super::show;
use super::table::{facts, list, or_dash};
use super::when::When;

/// `usher torrent`.
#[derive(Args, Clone, Debug)]
#[command(
    override_usage = "usher torrent [OPTIONS] <MEMBER> <ITEM>\n       usher torrent [OPTIONS] --seed <ITEM>"
)]
pub struct TorrentArgs {
    /// The member's name or id
    #[arg(value_name = "MEMBER")]
    first: String,
    /// The item's name, id or info hash
    #[arg(value_name = "ITEM", required_unless_present = "seed")]
    second: Option<String>,
    /// For your own seed box, which is the member `seedbox` with a right to all: no web seed in it
    #[arg(long, conflicts_with = "second")]
    seed: bool,
    /// Where to write it, `-` for standard output [default: ITEM.torrent here]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// A torrent that was written.
#[derive(Serialize)]
struct Written {
    item: String,
    torrent_file: PathBuf,
}

impl CommandContext {
    pub(crate) async fn torrent(&self, args: &TorrentArgs) -> Result<String, CommandError> {
        let (item, torrent) = match &args.second {
            None => {
                let path = path(&["items", &args.first, "seed"]);
                (&args.first, self.client.fetch(Method::POST, &path).await?)
            }
            Some(item) => {
                let path = path(&["members", &args.first, "torrents", item]);
                (item, self.client.fetch(Method::GET, &path).await?)
            }
        };
        if args.output.as_deref() == Some(Path::new("-")) {
            let mut out = io::stdout().lock();
            let written = out.write_all(&torrent).and_then(|()| out.flush());
            let to = || PathBuf::from("standard output");
            return match written {
                Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                    Err(CommandError::Write { path: to(), error })
                }
                _ => Ok(String::new()),
            };
        }
        let file = args.output.clone().unwrap_or_else(|| format!("{item}.torrent").into());
        let torrent_file = write(&file, &torrent, ForAnybody::No)?;
        self.print(&Written { item: item.clone(), torrent_file }, |written| {
            format!("{}\n", written.torrent_file.display())
        })
    }

    pub(crate) async fn magnet(&self, item: &str) -> Result<String, CommandError> {
        self.print(&self.get(&["items", item, "magnet"]).await?, |magnet: &Magnet| {
            format!("{}\n", magnet.magnet)
        })
    }

    pub(crate) async fn links(&self, member: &str) -> Result<String, CommandError> {
        self.print(&self.get(&["members", member, "links"]).await?, links)
    }

    pub(crate) async fn rotate(
        &self,
        member: &str,
        key: KeyKind,
        grace: Option<When>,
    ) -> Result<String, CommandError> {
        if key == KeyKind::Announce {
            let rotate = RotatePasskey { old_until: self.moment(grace)? };
            let path = path(&["members", member, "rotate"]);
            return self
                .print(&self.client.tell(Method::POST, &path, &rotate).await?, show::rotated);
        }
        let path = path(&["members", member, "keys", key.word()]);
        self.print(&self.client.ask(Method::POST, &path).await?, links)
    }
}

fn links(links: &MemberLinks) -> String {
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
    let of = |item: &ItemLinks| {
        item.direct.iter().map(|url| [item.item.clone(), url.clone()]).collect::<Vec<_>>()
    };
    let mut bought = links.items.iter().flat_map(of).peekable();
    if bought.peek().is_some() {
        text += "\n";
        text += &list(["ITEM", "DIRECT DOWNLOAD"], bought);
    }
    text
}

pub(crate) const TORRENT: &str = "\
Examples:
  usher torrent ada reel-1 -o ada-reel-1.torrent     a passkey for reel-1 alone is in it
  usher torrent --seed reel-1 -o reel-1.torrent      for the client beside the tracker that seeds";
