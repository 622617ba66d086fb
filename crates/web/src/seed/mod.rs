//! The publisher's own copy over HTTP: who may have which bytes of what, and how fast.
//!
//! Deliberately absent: the bytes themselves. Whoever holds the connection moves them.

mod bucket;
mod file;
mod member_addresses;
mod pace;
mod range;
mod response;
mod served_bytes;
mod shared_bandwidth;
mod stream;
mod target;
mod verify;
mod web_seed;

pub use file::{Broken, Pass};
pub use member_addresses::Whereabouts;
pub use pace::{Pace, PaceTerms, Payer, TierTerms};
pub use range::{Wanted, wanted};
pub use response::{Asked, Reply, refusal, reply};
pub use served_bytes::Tally;
pub use stream::{LEAST_BYTES, Stream, Turn};
pub use target::{Right, Target, is_of_goods};
pub use verify::router;
pub use web_seed::{Gate, Refused, Served};
