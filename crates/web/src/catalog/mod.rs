//! What is published, and who may have it: torrents made from files, each member's links, and the types of
//! the files.
//!
//! Deliberately absent: HTTP. The folders that answer requests ask here.

mod access;
mod beneath;
mod cover;
#[cfg(test)]
pub(crate) mod fixture;
mod item_name;
mod links;
mod markdown;
mod media_type;
mod presentation;
mod private;
mod progress;
mod publish_error;
mod publisher;
mod receipt;
mod urls;
mod verification;
mod wording;

pub(crate) use access::{TorrentAccess, has_web_seed};
pub use beneath::OutsideError;
pub(crate) use beneath::resolve_new_beneath;
pub use cover::{CoverError, MAX_COVER_BYTES};
pub(crate) use links::{LinkBuilder, TorrentOwner};
pub use markdown::{description_html, description_text};
pub(crate) use media_type::{playable_type, served_type};
pub use presentation::{PresentationError, details};
pub use private::{PrivatePathError, PrivatePaths};
pub use progress::Progress;
pub use publish_error::PublishError;
pub use publisher::{Publisher, RootLinks};
pub(crate) use receipt::{ReceiptLine, product, receipt};
pub use urls::PublicUrls;
pub(crate) use wording::{day, money, title};
