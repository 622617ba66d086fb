//! Members' traffic on its way from the sessions to the books.
//!
//! Every few seconds what rose is kept, in one transaction unless it is much. Where that fails the
//! counts wait for the next time; they are maxima, so nothing is lost or counted twice.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use club::{Club, Counters};
use tracker::{Now, SessionId, SessionTraffic, Tracker};

use crate::serve::flows::Flows;

/// Counts that are not yet in the books.
pub(crate) struct Flush {
    tracker: Arc<Tracker>,
    club: Arc<Club>,
    flows: Arc<Flows>,
    waiting: Vec<SessionTraffic>,
}

impl Flush {
    /// Nothing waits yet.
    pub(crate) fn new(tracker: Arc<Tracker>, club: Arc<Club>, flows: Arc<Flows>) -> Self {
        Self { tracker, club, flows, waiting: Vec::new() }
    }

    /// Writes what rose since the last time; returns how many counts that were.
    ///
    /// # Errors
    ///
    /// Fails where the store does; the counts are kept.
    pub(crate) async fn run(&mut self, now: Now) -> Result<usize, club::Error> {
        let mut written = 0;
        for part in 0..Tracker::COUNT_PARTS {
            // More than a transaction takes waits only where the last one failed.
            if self.waiting.len() < TRANSACTION {
                self.drain(part, now);
            }
            if self.waiting.len() >= TRANSACTION {
                written += self.write(now).await?;
            }
        }
        Ok(written + self.write(now).await?)
    }

    /// Takes what rose besides what waits already, and tells of how many clients that is.
    pub(crate) fn unwritten(&mut self, now: Now) -> usize {
        for part in 0..Tracker::COUNT_PARTS {
            self.drain(part, now);
        }
        let members = self.waiting.iter().filter(|count| count.id.member.is_some());
        members.map(|count| count.id).collect::<HashSet<SessionId>>().len()
    }

    fn drain(&mut self, part: usize, now: Now) {
        let before = self.waiting.len();
        self.tracker.drain_counts(part, now, &mut self.waiting);
        self.flows.carried(self.waiting.get(before..).unwrap_or_default());
    }

    /// Writes what waits, in transactions that keep no other waiting for long.
    async fn write(&mut self, now: Now) -> Result<usize, club::Error> {
        let mut written = 0;
        if !self.waiting.is_empty() {
            self.resume().await?;
        }
        while !self.waiting.is_empty() {
            let some = self.waiting.len().min(TRANSACTION);
            let counts: Vec<club::SessionCount> =
                self.waiting.iter().take(some).filter_map(booked).collect();
            self.club.flush(&counts, now.unix).await?;
            self.waiting.drain(..some);
            written += counts.len();
        }
        // A burst must not hold its memory for ever.
        self.waiting.shrink_to(TRANSACTION);
        Ok(written)
    }

    /// A client that the books know from before goes on where it was, so that what it carried while
    /// nobody remembered it is credited.
    async fn resume(&mut self) -> Result<(), club::Error> {
        let opens = |count: &&SessionTraffic| count.opens && count.id.member.is_some();
        let opening: Vec<SessionTraffic> = self.waiting.iter().filter(opens).copied().collect();
        let asked: Vec<club::SessionCount> = opening.iter().filter_map(booked).collect();
        let earlier = self.club.earlier_epochs(&asked).await?;
        let mut resumed: HashMap<(SessionId, u32), u32> = HashMap::new();
        for (count, earlier) in opening.iter().zip(earlier) {
            if let Some(epoch) = earlier {
                self.tracker.adopt(&count.id, count.epoch, epoch);
                resumed.insert((count.id, count.epoch), epoch);
            }
        }
        for count in &mut self.waiting {
            if let Some(epoch) = resumed.get(&(count.id, count.epoch)) {
                count.epoch = *epoch;
                count.opens = false;
            }
        }
        Ok(())
    }
}

/// As the books have it; `None` for a stranger, whose traffic is nobody's.
fn booked(count: &SessionTraffic) -> Option<club::SessionCount> {
    let SessionId { item, member, peer_id, key } = count.id;
    Some(club::SessionCount {
        member: member?,
        item,
        peer_id,
        key,
        epoch: count.epoch,
        seen: count.seen,
        counters: Counters { uploaded: count.uploaded, downloaded: count.downloaded },
        left: count.left,
    })
}

/// Counts of one transaction, some 2 MiB. While the store is down so many wait here, and the others
/// in the shards of the sessions.
const TRANSACTION: usize = 1 << 14;
