//! Maximum requests a second from one network.
//!
//! A network is an IPv4 /24 or an IPv6 /64. The limit counts in a fixed table of buckets, so that an attack
//! with many addresses costs no memory; networks that share a bucket share its allowance, which is why the
//! default is far above what a carrier's address translator needs. A keyed limiter that makes an entry for
//! each new network would itself be the attack's target.

use std::net::IpAddr;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use foldhash::fast::FixedState;
use std::hash::BuildHasher;

/// Counts requests of each network in windows of one second.
#[derive(Debug)]
pub struct RequestLimit {
    buckets: Box<[AtomicU64]>,
    hasher: FixedState,
    per_second: AtomicU32,
}

impl RequestLimit {
    /// Allows so many requests a second from one network; 0 is no limit.
    pub fn new(per_second: u32, seed: u64) -> Self {
        Self {
            buckets: (0..BUCKETS).map(|_| AtomicU64::new(0)).collect(),
            hasher: FixedState::with_seed(seed),
            per_second: AtomicU32::new(per_second),
        }
    }

    /// Changes the allowance, as a reload of the configuration does.
    pub fn set(&self, per_second: u32) {
        self.per_second.store(per_second, Ordering::Relaxed);
    }

    /// Counts a request; false where the network has had its share of this second.
    ///
    /// Two threads may count at once and one be forgotten: a limit this coarse can bear it.
    pub fn allow(&self, ip: IpAddr, now_secs: u32) -> bool {
        let limit = self.per_second.load(Ordering::Relaxed);
        if limit == 0 {
            return true;
        }
        let Some(bucket) = self.buckets.get(bucket_of(&self.hasher, ip)) else { return true };
        let word = bucket.load(Ordering::Relaxed);
        let (second, count) = (word >> 32, word & u64::from(u32::MAX));
        let count = if second == u64::from(now_secs) { count + 1 } else { 1 };
        bucket.store(u64::from(now_secs) << 32 | count, Ordering::Relaxed);
        count <= u64::from(limit)
    }
}

/// Which of [`BUCKETS`] counts an address.
fn bucket_of(hasher: &FixedState, ip: IpAddr) -> usize {
    usize::try_from(hasher.hash_one(network(ip))).unwrap_or_default() % BUCKETS
}

/// The /24 or /64 that an address belongs to; IPv4 maps to numbers that no IPv6 /64 has.
fn network(ip: IpAddr) -> u128 {
    match ip {
        IpAddr::V4(ip) => u128::from(u32::from(ip) >> 8),
        IpAddr::V6(ip) => u128::from(ip) >> 64 | 1 << 127,
    }
}

/// 512 KiB of request buckets.
const BUCKETS: usize = 1 << 16;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_gets_its_requests_and_not_one_more() {
        let limit = RequestLimit::new(3, 1);
        let asks = |ip: &str, now| limit.allow(ip.parse().unwrap(), now);
        assert!((1..=3).all(|host| asks(&format!("203.0.113.{host}"), 10)));
        assert!(!asks("203.0.113.200", 10));
        assert!(asks("198.51.100.1", 10));
        assert!(asks("203.0.113.200", 11));
    }

    #[test]
    fn zero_is_no_limit() {
        let limit = RequestLimit::new(0, 1);
        assert!((0..1000).all(|_| limit.allow("2001:db8::1".parse().unwrap(), 1)));
    }
}
