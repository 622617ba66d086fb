//! `usher torrent` and `usher magnet`.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use api::links::Magnet;
use clap::Args;
use serde::{Deserialize, Serialize};

use super::publish::{Readers, torrent_name, write};
use crate::daemon::{CommandContext, CommandError};

/// `usher torrent`.
#[derive(Args, Clone, Debug)]
#[command(override_usage = USAGE, after_help = TORRENT)]
pub struct TorrentArgs {
    /// The member's name or id
    #[arg(value_name = "MEMBER")]
    first: String,
    /// The item's name, id or info hash
    #[arg(value_name = "ITEM", required_unless_present = "seed")]
    second: Option<String>,
    /// Write the torrent for your own seed box: the member `seedbox`, who has a right to all items;
    /// it has no web seed
    #[arg(long, conflicts_with = "second")]
    seed: bool,
    /// File to write, `-` for standard output [default: ITEM.torrent here]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// A torrent that was written.
#[derive(Debug, Deserialize, Serialize)]
struct TorrentFile {
    item: String,
    torrent_file: PathBuf,
}

impl TorrentArgs {
    pub(crate) async fn run(&self, context: &CommandContext) -> Result<String, CommandError> {
        let (item, torrent) = match &self.second {
            None => {
                let request = context.post(&["items", &self.first, "seed"]);
                (&self.first, request.bytes().await?)
            }
            Some(item) => {
                let request = context.get(&["members", &self.first, "torrents", item]);
                (item, request.bytes().await?)
            }
        };
        if self.output.as_deref() == Some(Path::new("-")) {
            return to_standard_output(&torrent);
        }
        let file = self.output.clone().unwrap_or_else(|| torrent_name(item));
        let torrent_file = write(&file, &torrent, Readers::Owner)?;
        context.print(&TorrentFile { item: item.clone(), torrent_file }, |written| {
            format!("{}\n", written.torrent_file.display())
        })
    }
}

/// Prints the magnet link of a free item.
pub(crate) async fn magnet(context: &CommandContext, item: &str) -> Result<String, CommandError> {
    let magnet = context.get(&["items", item, "magnet"]).answer().await?;
    context.print(&magnet, |magnet: &Magnet| format!("{}\n", magnet.magnet))
}

fn to_standard_output(torrent: &[u8]) -> Result<String, CommandError> {
    let mut out = io::stdout().lock();
    match out.write_all(torrent).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(CommandError::Write { path: "standard output".into(), error })
        }
        _ => Ok(String::new()),
    }
}

const USAGE: &str =
    "usher torrent [OPTIONS] <MEMBER> <ITEM>\n       usher torrent [OPTIONS] --seed <ITEM>";
const TORRENT: &str = "\
Examples:
  usher torrent ada reel -o ada-reel.torrent    with a passkey for reel alone
  usher torrent --seed reel -o reel.torrent     for the client that seeds it";
pub(crate) const MAGNET: &str = "\
Example:
  usher magnet trailer";
