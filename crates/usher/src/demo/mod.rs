//! `usher demo`: a daemon in a temporary folder with a small shop, so that every page has something to show.
//!
//! The daemon is the real one, and the shop is made by the commands that a publisher would type. The people and the
//! peers are invented. Deliberately absent: anything that touches the state of another daemon.

mod goods;
mod peers;
mod shop;

use std::io::{self, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::time::Duration;
use std::{fs, thread};

use clap::Parser;
use listen::clock::Clock;
use thiserror::Error;

use crate::args::Args;
use crate::config::Source;
use crate::offline::{self, RunError};
use crate::serve::{ServeError, serve};

/// Runs the demonstration until it is interrupted, then deletes its folder.
///
/// # Errors
///
/// Fails where the daemon cannot start.
pub fn demo(port: u16) -> Result<(), DemoError> {
    let folder = tempfile::Builder::new().prefix("usher-demo-").tempdir()?;
    let place = DemoFolder::new(folder.path(), port)?;
    let config = place.config.clone();
    // The daemon has the main thread, which signals reach; the shop is made by another and dies with it.
    thread::Builder::new().name("demo".to_owned()).spawn(move || {
        if let Err(error) = open(&place) {
            let _ = writeln!(io::stderr(), "usher: the demonstration is incomplete: {error}");
        }
    })?;
    Ok(serve(&Source::File(config))?)
}

/// Where the demonstration is.
#[derive(Clone, Debug)]
struct DemoFolder {
    folder: PathBuf,
    config: PathBuf,
    /// Of the site.
    web_port: u16,
    /// Of announces.
    tracker_port: u16,
}

impl DemoFolder {
    fn new(folder: &Path, port: u16) -> io::Result<Self> {
        let place = Self {
            folder: folder.to_owned(),
            config: folder.join(Source::DEFAULT),
            web_port: free_port(port)?,
            tracker_port: free_port(0)?,
        };
        fs::write(&place.config, shop::config(place.web_port, place.tracker_port))?;
        Ok(place)
    }

    /// The site's address.
    fn url(&self) -> String {
        format!("http://localhost:{}", self.web_port)
    }

    /// Carries out a command as if it had been typed, and returns what it prints.
    fn usher(&self, words: &[&str]) -> Result<String, ShopError> {
        let words = ["usher", "--config"].iter().map(|word| (*word).to_owned()).chain(
            std::iter::once(self.config.display().to_string())
                .chain(words.iter().map(|word| (*word).to_owned())),
        );
        let args = Args::try_parse_from(words)?;
        Ok(offline::run(&args, Clock::start().now().unix)?)
    }
}

/// Makes the shop once the daemon answers, says where it is, and keeps its peers alive.
fn open(place: &DemoFolder) -> Result<(), ShopError> {
    let mut tries = 0;
    while let Err(error) = place.usher(&["stats"]) {
        tries += 1;
        if tries == MAX_TRIES {
            return Err(error);
        }
        thread::sleep(PAUSE);
    }
    let shop = shop::make(place)?;
    let mut out = io::stdout().lock();
    let _ = writeln!(out, "\n{}", shop.welcome(place));
    let _ = out.flush();
    drop(out);
    peers::announce_for_ever(place.tracker_port, &shop.swarms);
    Ok(())
}

/// The wanted port if nothing listens on it, or else any free one.
fn free_port(wanted: u16) -> io::Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, wanted))
        .or_else(|_| TcpListener::bind((Ipv4Addr::LOCALHOST, 0)))?;
    Ok(listener.local_addr()?.port())
}

/// Why the demonstration does not run.
#[derive(Debug, Error)]
pub enum DemoError {
    /// The temporary folder cannot be written.
    #[error("cannot write the demonstration's folder: {0}")]
    Folder(#[from] io::Error),
    /// The daemon does not start.
    #[error(transparent)]
    Serve(#[from] ServeError),
}

/// Why the shop is incomplete.
#[derive(Debug, Error)]
enum ShopError {
    #[error(transparent)]
    Command(#[from] RunError),
    #[error("cannot write the goods: {0}")]
    Goods(#[from] io::Error),
    #[error("a command printed what was not expected: {0}")]
    Printed(#[from] serde_json::Error),
    #[error(transparent)]
    Words(#[from] clap::Error),
}

/// How often the daemon is asked whether it has started: for 20 s.
const MAX_TRIES: u32 = 400;
const PAUSE: Duration = Duration::from_millis(50);
