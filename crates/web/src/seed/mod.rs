//! The publisher's own copy over HTTP: who may have which bytes of what, and how fast.
//!
//! Deliberately absent: the bytes themselves. Whoever holds the connection moves them.

mod bound;
mod bucket;
mod gate;
mod pace;
mod pass;
mod range;
mod reply;
mod stream;
mod tally;
mod target;
mod verify;
mod whereabouts;

pub use gate::{Gate, Refused, Served};
pub use pace::{Pace, PaceTerms, Payer, TierTerms};
pub use pass::{Broken, Pass};
pub use range::{Wanted, wanted};
pub use reply::{Asked, Reply, refusal, reply};
pub use stream::{LEAST_BYTES, Stream, Turn};
pub use tally::Tally;
pub use target::{Right, Target, is_of_goods};
pub use verify::router;
pub use whereabouts::Whereabouts;
