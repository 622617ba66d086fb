//! What all swarms together hold.

use fixedbitset::FixedBitSet;

use crate::Now;
use crate::tracker::Tracker;

/// What stands at a moment, over all swarms.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Totals {
    /// Swarms, those of items without peers included.
    pub swarms: u32,
    /// Clients with all pieces in the club.
    pub inside_seeders: u32,
    /// Clients with pieces missing in the club.
    pub inside_leechers: u32,
    /// Clients with all pieces outside.
    pub outside_seeders: u32,
    /// Clients with pieces missing outside.
    pub outside_leechers: u32,
    /// Downloads that were completed since the start.
    pub completions: u64,
    /// IPv4 endpoints of clients.
    pub endpoints_v4: u32,
    /// IPv6 endpoints of clients.
    pub endpoints_v6: u32,
    /// Clients remembered in items' swarms.
    pub sessions: usize,
    /// Clients served and not remembered since the start, as there were too many.
    pub left_out: u64,
    /// Swarms in which the guard against starving outsiders stands.
    pub guards_active: usize,
}

impl Totals {
    /// Both sides' clients with all pieces.
    pub const fn seeders(&self) -> u32 {
        self.inside_seeders.saturating_add(self.outside_seeders)
    }

    /// Both sides' clients with pieces missing.
    pub const fn leechers(&self) -> u32 {
        self.inside_leechers.saturating_add(self.outside_leechers)
    }
}

impl Tracker {
    /// What stands now. Costs a look at every item.
    pub fn totals(&self, now: Now) -> Totals {
        let swarms = self.swarms.totals();
        Totals {
            swarms: swarms.swarms,
            inside_seeders: swarms.clients.inside_seeders,
            inside_leechers: swarms.clients.inside_leechers,
            outside_seeders: swarms.clients.outside_seeders,
            outside_leechers: swarms.clients.outside_leechers,
            completions: self.swarms.completions(),
            endpoints_v4: swarms.v4,
            endpoints_v6: swarms.v6,
            sessions: self.sessions.len(),
            left_out: self.sessions.left_out(),
            guards_active: self
                .items
                .iter()
                .filter(|(_, item)| item.guard.is_active(now.secs))
                .count(),
        }
    }

    /// Members who have a client in an item's swarm. Costs a pass over all sessions.
    pub fn members_online(&self) -> usize {
        let mut members = FixedBitSet::new();
        self.sessions.for_each(|session| {
            let member = session.id().member;
            if let Some(number) = member.and_then(|member| usize::try_from(member.value()).ok()) {
                members.grow_and_insert(number);
            }
        });
        members.count_ones(..)
    }
}
