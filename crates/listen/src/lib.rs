//! The sockets: datagrams and requests in, replies out. What they mean is decided in `tracker` and `web`.
//!
//! Deliberately absent: the configuration; whoever starts a listener passes what it needs.

pub mod admin;
pub mod admission;
pub mod bounds;
pub mod clock;
pub mod context;
pub mod forwarded;
mod framing;
pub mod head;
pub mod head_refusal;
pub mod http;
pub mod limit;
pub mod local;
pub mod proxy;
pub mod proxy_finding;
pub mod proxy_watch;
pub mod shortage;
pub mod site;
pub mod socket;
pub mod stream;
pub mod tls;
pub mod udp;
