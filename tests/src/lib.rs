//! What the whole-daemon tests share: a daemon of their own, clients that nobody here wrote, and
//! connections on which a test decides every byte.
//!
//! Everything panics with a sentence where it fails: a test has nothing better to do.

#![forbid(unsafe_code)]

mod ask;
mod bencode;
mod content;
mod crowd;
mod daemon;
mod goods;
mod http;
mod memory_limit;
mod plain_browser;
mod postgres;
mod program;
mod provider;
mod qbittorrent;
mod skip;
mod smtp;
mod stopwatch;
mod stripe;
mod udp;
mod wait;
mod witness;

pub use ask::{Ask, compact, head, peers_of};
pub use bencode::Value;
pub use content::Content;
pub use crowd::invent_peers;
pub use daemon::{Daemon, Listening, binary};
pub use goods::Goods;
pub use http::{Http, Response};
pub use memory_limit::MemoryLimit;
pub use plain_browser::PlainBrowser;
pub use postgres::{Database, Server, TableLock};
pub use program::{Job, Kind, Program, free_port};
pub use provider::{Asked, Provider, btcpay_signature, post, stripe_signature};
pub use qbittorrent::Qbittorrent;
pub use skip::{skip, skip_without};
pub use smtp::{Login, SmtpServer};
pub use stopwatch::Stopwatch;
pub use stripe::{send_stripe_event, stripe_payments};
pub use udp::{MAGIC, Udp};
pub use wait::{eventually, within};
pub use witness::Witness;
