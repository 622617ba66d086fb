//! The tracker: one announce from request to reply, and all that is remembered in between.
//!
//! [`Tracker::announce`] is the one line that every transport shares. Deliberately absent: sockets,
//! clocks, files and databases; time comes in as [`Now`], snapshots go out as bytes, and traffic as
//! [`SessionTraffic`]s for whoever keeps the books.

#![forbid(unsafe_code)]

mod address;
mod allowance;
mod announce;
mod answer;
mod census;
mod client;
mod context;
mod counters;
mod dicts;
mod guard_watch;
mod item_access;
mod items;
mod latency;
mod now;
mod presence;
mod probes;
mod recent;
mod scrape;
mod scratch;
mod seat;
mod session;
mod session_update;
mod sessions;
mod settings;
mod shard;
mod slab;
mod snapshot;
mod stats;
mod summary;
mod tracker;
mod view;

pub use address::{Mapping, Nat};
pub use census::ItemCensus;
pub use client::client_name;
pub use counters::{CounterTotals, Route, RouteTotals, WorkerCounters};
pub use items::Registration;
pub use latency::LatencyCounts;
pub use now::{Now, Via};
pub use presence::{MemberPresence, PresenceReport};
pub use probes::Probe;
pub use recent::{AnnounceRecord, AnnounceResult, HeardAnnounce};
pub use scratch::Scratch;
pub use session::SessionId;
pub use session_update::SessionTraffic;
pub use settings::Settings;
pub use snapshot::{SnapshotError, SnapshotStats};
pub use stats::Totals;
pub use summary::SwarmSummary;
pub use tracker::{Members, Tracker};
pub use view::{PeerView, SwarmView};
