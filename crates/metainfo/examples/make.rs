//! Makes a torrent from the command line, to be timed beside other makers:
//! `make PATH OUT.torrent [v1|v2|hybrid] [PIECE_LENGTH] [THREADS]`.

#![expect(clippy::print_stdout, reason = "it is a command")]

use std::num::NonZeroUsize;
use std::ops::ControlFlow;
use std::path::Path;
use std::{env, fs};

use metainfo::{MakeOptions, Torrent, TorrentPlan, TorrentVersion};

fn main() -> anyhow::Result<()> {
    let args: Vec<String> = env::args().skip(1).collect();
    let arg = |index: usize| args.get(index).map(String::as_str);
    let (Some(path), Some(out)) = (arg(0), arg(1)) else {
        anyhow::bail!("usage: make PATH OUT.torrent [v1|v2|hybrid] [PIECE_LENGTH] [THREADS]")
    };
    let format = match arg(2) {
        None | Some("v1") => TorrentVersion::V1,
        Some("v2") => TorrentVersion::V2,
        Some("hybrid") => TorrentVersion::Hybrid,
        Some(other) => anyhow::bail!("no such format: {other}"),
    };
    let piece_length = arg(3).map(str::parse).transpose()?;
    let threads = arg(4).map_or(Ok(NonZeroUsize::MIN), str::parse)?;

    let options = MakeOptions { format, piece_length, private: true, ..MakeOptions::default() };
    let plan = TorrentPlan::scan(Path::new(path), &options)?;
    let bytes = plan.make(threads, &|_| ControlFlow::Continue(()))?;
    let torrent = Torrent::read(&bytes)?;
    torrent.info_hash_v1.iter().for_each(|hash| println!("v1 {hash}"));
    torrent.info_hash_v2.iter().for_each(|hash| println!("v2 {hash}"));
    fs::write(out, bytes)?;
    Ok(())
}
