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

pub(crate) use access::May;
pub(crate) use links::{Links, Owner};
pub use private::{Private, Secluded};
pub use publisher::{Press, Progress, PublishError};
pub use urls::Addresses;
