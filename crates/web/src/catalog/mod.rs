//! What is published, and who may have it: torrents made from files, each member's links, and the types of
//! the files.
//!
//! Deliberately absent: HTTP. The folders that answer requests ask here.

mod access;
#[cfg(test)]
pub(crate) mod fixture;
mod item_name;
mod links;
mod private;
mod publisher;
mod urls;

pub(crate) use access::TorrentAccess;
pub(crate) use links::{LinkBuilder, TorrentOwner};
pub use private::{PrivatePathError, PrivatePaths};
pub use publisher::{Progress, PublishError, Publisher};
pub use urls::PublicUrls;
