//! `usher serve`: the rooms put together, started, kept going and ended in order.

mod admin;
mod backup;
mod daemon;
mod failure_counts;
mod flush;
pub(crate) mod folder;
mod fronts;
mod items_dir;
mod judge;
mod limits;
mod log;
pub(crate) mod lost;
mod observe;
mod providers;
mod reach;
mod registry;
mod rounds;
mod secret;
mod served;
mod settings;
mod signals;
pub(crate) mod snapshot;
mod startable;
pub(crate) mod store;
mod wait;
mod warn;

pub use admin::AdminError;
pub use daemon::{ServeError, serve};
pub use folder::StateDirError;
pub use fronts::FrontError;
pub use lost::LostClub;
pub use providers::NoSecret;
pub use secret::SecretError;
pub use startable::CannotStart;
pub(crate) use startable::startable;
pub use store::StoreError;
