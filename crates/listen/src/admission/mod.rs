//! Who may hold a place on a listener, and how many bytes, while others want one.
//!
//! | file | holds |
//! |---|---|
//! | `network.rs` | the groups that a client is counted in |
//! | `bytes.rs` | the byte budget of all listeners |
//! | `permit.rs` | one connection's place and bytes |
//! | `registry.rs` | the connections that can be ended for others, idlest first |
//! | `places.rs` | the places of one listener |

mod bytes;
mod network;
mod permit;
mod places;
mod registry;

pub use bytes::ByteBudget;
pub use permit::{Activity, Evict, Permit};
pub use places::{ConnectionLimits, NoPlace};
