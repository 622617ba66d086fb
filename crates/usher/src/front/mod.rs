//! The sockets: datagrams and requests in, replies out. What is decided is decided in `tracker`.

pub mod connection_id;
pub mod datagrams;
pub mod forwarded;
pub mod full;
pub mod goods;
pub mod handover;
pub mod http;
pub mod limit;
pub mod mmsg;
pub mod plain;
pub mod poll;
pub mod proxy;
pub mod respond;
pub mod ring;
pub mod room;
pub mod socket;
pub mod stream;
pub mod tls;
pub mod udp;
pub mod web;
