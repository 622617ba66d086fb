//! Ports that no client is believed to listen on.
//!
//! A swarm sends hundreds of strangers to the port that a peer names. A port where a service lives
//! that is no BitTorrent client is either a mistake or a port that another service listens on.

use std::ops::RangeInclusive;

use thiserror::Error;

/// A set of ports.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PortSet {
    /// The lowest end first. Compared from the other end: most clients' ports are above all.
    ranges: Vec<RangeInclusive<u16>>,
}

impl PortSet {
    /// The most ranges a set holds: each announce is compared with all of them.
    pub const MAX_RANGES: usize = 64;

    /// Checks a list of ranges; one port is a range of itself.
    ///
    /// # Errors
    ///
    /// Fails where a range ends before it starts, or where there are more than
    /// [`MAX_RANGES`](Self::MAX_RANGES).
    pub fn new(mut ranges: Vec<RangeInclusive<u16>>) -> Result<Self, PortsError> {
        if ranges.len() > Self::MAX_RANGES {
            return Err(PortsError::TooMany(ranges.len()));
        }
        match ranges.iter().find(|range| range.is_empty()) {
            Some(range) => Err(PortsError::Backwards(*range.start(), *range.end())),
            None => {
                ranges.sort_unstable_by_key(|range| (*range.end(), *range.start()));
                Ok(Self { ranges })
            }
        }
    }

    /// Whether a port is in the set.
    pub fn contains(&self, port: u16) -> bool {
        let mut reaching = self.ranges.iter().rev().take_while(|range| port <= *range.end());
        reaching.any(|range| *range.start() <= port)
    }

    /// The ranges, the lowest end first.
    pub fn ranges(&self) -> &[RangeInclusive<u16>] {
        &self.ranges
    }
}

impl Default for PortSet {
    /// Ports of the system, of web proxies and remote desktops, and of file sharing before
    /// BitTorrent, as other trackers refuse them. Not 1: by it libtorrent says that nobody can
    /// connect to it, as behind a proxy.
    fn default() -> Self {
        let single = [1214, 3389, 4662, 6346, 6347, 6699, 8080, 8081];
        let ranges = std::iter::once(2..=1023).chain(single.map(|port| port..=port));
        Self { ranges: ranges.collect() }
    }
}

/// What is wrong with a list of ports.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum PortsError {
    /// A range ends before it starts.
    #[error("range {0}-{1} ends before it starts")]
    Backwards(u16, u16),
    /// There are too many ranges.
    #[error("{0} ranges are more than {max}", max = PortSet::MAX_RANGES)]
    TooMany(usize),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_forbids_the_usual_suspects_and_nothing_else() {
        let ports = PortSet::default();
        let expected: Vec<u16> =
            (2..=1023).chain([1214, 3389, 4662, 6346, 6347, 6699, 8080, 8081]).collect();
        let forbidden: Vec<u16> = (0..=u16::MAX).filter(|port| ports.contains(*port)).collect();
        assert_eq!(forbidden, expected);
        assert_eq!(PortSet::new(ports.ranges().to_vec()), Ok(ports));
    }

    #[test]
    fn ranges_may_overlap_and_come_in_any_order() {
        let ports = PortSet::new(vec![5..=9, 1..=20, 30..=30, 7..=7]).unwrap();
        let held: Vec<u16> = (0..=40).filter(|port| ports.contains(*port)).collect();
        assert_eq!(held, (1..=20).chain([30]).collect::<Vec<_>>());
    }

    #[test]
    fn a_range_runs_forwards() {
        assert!(PortSet::new(vec![7..=7]).unwrap().contains(7));
        let backwards = RangeInclusive::new(8, 7);
        assert_eq!(PortSet::new(vec![backwards]), Err(PortsError::Backwards(8, 7)));
    }

    #[test]
    fn a_set_holds_64_ranges_and_no_more() {
        assert!(PortSet::new(vec![7..=7; 64]).is_ok());
        assert_eq!(PortSet::new(vec![7..=7; 65]), Err(PortsError::TooMany(65)));
        assert!(!PortSet::new(vec![]).unwrap().contains(1));
    }
}
