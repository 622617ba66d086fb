//! Where a request came from.

use std::net::IpAddr;

/// The client's address behind all trusted proxies; the listener adds it to each request as an extension.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Origin(pub IpAddr);
