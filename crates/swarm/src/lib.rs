//! Who is in which swarm: peer tables that many threads read and write at once.
//!
//! A peer is a word or three in a slot, changed by one compare-exchange; that part is lock-free. The
//! directory that leads from an info hash to its tables is sharded, with a lock for each shard, and
//! announces take it for reading unless they change more than slots. Time, randomness and the plan
//! of who is drawn come in as arguments. Deliberately absent: members, tiers and any opinion; I/O
//! and clocks; threads of its own; `unsafe`.
//!
//! What is read while others write may be a moment old: counts can lag behind a slot, and a peer
//! that moves can for that moment stand in two groups, never in none.

#![forbid(unsafe_code)]

mod address_seats;
mod counters;
mod draw;
mod endpoint;
mod group;
mod hash;
#[cfg(all(test, loom))]
mod interleavings;
mod large_peer_map;
mod list;
mod listing;
mod memory;
mod peer_map;
mod peer_tables;
mod peer_update;
mod reply;
mod scope;
mod segment;
mod slot;
mod slot4;
mod slot6;
mod small_peer_map;
mod swarm_update;
mod swarms;
mod sweep;
mod sync;
mod table;
mod tick;
mod word;

pub use counters::SwarmTotals;
pub use endpoint::{Endpoint, Families};
pub use group::{Census, Group};
pub use list::{PeerArray, PeerList};
pub use listing::PeerEntry;
pub use memory::MemoryBudget;
pub use peer_update::{
    LimitReached, PeerEvent, PeerUpdate, SwarmCounts, SwarmLimits, SwarmReply, UpdateOutcome,
};
pub use scope::{Scope, scope_of};
pub use swarms::{SwarmLocation, Swarms};
pub use sweep::SweepStats;
pub use tick::{Age, Tick};
