//! Why something is not published.

use std::io;
use std::path::PathBuf;

use club::MoneyError;
use metainfo::MakeError;
use thiserror::Error;

use super::beneath::OutsideError;
use super::cover::CoverError;
use super::presentation::PresentationError;
use super::private::PrivatePathError;

/// Why something is not published, or can't be verified.
#[derive(Debug, Error)]
pub enum PublishError {
    /// The club refuses it.
    #[error(transparent)]
    Club(#[from] club::Error),
    /// The image can't be a cover.
    #[error(transparent)]
    Cover(#[from] CoverError),
    /// There is nothing in the files.
    #[error("{} has no bytes, and clients refuse a torrent of nothing: put something in", .0.display())]
    Empty(PathBuf),
    /// The work broke off.
    #[error("hashing broke off: {0}")]
    Io(#[from] io::Error),
    /// The files can't be made a torrent of.
    #[error(transparent)]
    Make(#[from] MakeError),
    /// A price is none.
    #[error(transparent)]
    Money(#[from] MoneyError),
    /// It does not lie where whoever asks may publish.
    #[error(transparent)]
    Outside(#[from] OutsideError),
    /// There is no path, or not a whole one.
    #[error("name the file or folder by its absolute path, as the daemon finds it")]
    Path,
    /// There is no such policy.
    #[error("no policy `{0}` in the configuration: `usher check --json` shows those there are")]
    Policy(String),
    /// It is a link, or is reached through one.
    #[error("{} is a symbolic link: put the file or folder itself there", .0.display())]
    Link(PathBuf),
    /// Secrets or books would be published with it.
    #[error(transparent)]
    PrivatePaths(#[from] PrivatePathError),
    /// How it is to be presented makes no sense.
    #[error(transparent)]
    Presentation(#[from] PresentationError),
    /// It has no file that could be the preview.
    #[error("there is no file {0:?} to be the preview: name a file by its path inside the item")]
    Preview(String),
    /// The torrent that was made can't be read.
    #[error(transparent)]
    Read(#[from] metainfo::ReadError),
    /// A file can't be read at the moment.
    #[error("{path} cannot be read: {error}: try again when its disk is back", path = .0.display(), error = .1)]
    Unreadable(PathBuf, #[source] io::Error),
    /// A new version has the name, the policy and the prices that the item has.
    #[error("a new version keeps name, policy and prices: change those with `usher item set`")]
    Replaces,
    /// A price without a currency, or the other way round.
    #[error(
        "a price needs a currency, and a currency a price: --torrent-price 2.25 --currency usd"
    )]
    Price,
}
