//! Load for any tracker, and what it costs: an honest generator for UDP and HTTP, closed or open
//! loop, and the floors that the kernel sets on the same machine.
//!
//! Deliberately absent: anything that only one tracker would understand, and threads that sleep
//! while they measure.

#![forbid(unsafe_code)]

mod clock;
mod error;
pub mod http;
mod pace;
mod plan;
mod pool;
mod population;
mod process;
mod report;
mod run;
mod script;
mod sources;
mod spread;
mod tally;
mod target;
pub mod udp;

pub use error::LoadError;
pub use pace::LoadPace;
pub use plan::LoadPlan;
pub use population::Population;
pub use report::{Cost, Latency, LoadReport, Memory};
pub use script::Mix;
pub use sources::Sources;
pub use spread::Spread;
pub use target::{LoadTarget, Transport};
