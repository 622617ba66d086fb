//! `usher serve`: the rooms put together, started, kept going and ended in order.

mod admin;
mod daemon;
mod flush;
mod folder;
mod fronts;
mod log;
mod observe;
mod reach;
mod registry;
mod rounds;
mod secret;
mod settings;
mod snapshot;

pub use admin::AdminError;
pub use daemon::{ServeError, serve};
pub use folder::StateDirError;
pub use fronts::FrontError;
pub use secret::SecretError;
