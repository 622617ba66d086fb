//! Commands that need no daemon: they read the configuration, or open the club themselves.

mod check;
mod run;
mod upkeep;

pub use run::{RunError, run};
pub use upkeep::UpkeepError;
