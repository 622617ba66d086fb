//! Announce and scrape over UDP (BEP 15).

pub mod backend;
pub mod connection_id;
pub mod datagrams;
pub mod mmsg;
pub mod ring;
pub mod worker;
