//! `usher serve`: puts the crates together, starts them, keeps them going and ends them in order.

mod admin;
mod background_tasks;
mod backup;
mod daemon;
mod failure_counts;
mod flush;
pub(crate) mod folder;
mod items_dir;
mod judge;
mod limits;
mod listeners;
mod log;
pub(crate) mod lost_club;
mod observe;
mod providers;
mod reachability;
mod registry;
mod secret;
mod served_bytes;
pub(crate) mod settings;
mod signals;
pub(crate) mod snapshot;
mod startable;
pub(crate) mod store;
mod wait;
mod warnings;

pub use admin::AdminError;
pub use daemon::{ServeError, serve};
pub use folder::StateDirError;
pub use listeners::ListenError;
pub use lost_club::LostClub;
pub use providers::NoSecret;
pub use secret::SecretError;
pub use startable::CannotStart;
pub(crate) use startable::startable;
pub use store::StoreError;
