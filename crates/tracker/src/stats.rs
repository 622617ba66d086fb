//! What all swarms together hold.

use crate::Now;
use crate::session::Flag;
use crate::tracker::Tracker;

/// What stands at a moment, over all swarms.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Totals {
    /// Swarms, those of items without peers included.
    pub swarms: u32,
    /// Clients with all pieces.
    pub seeders: u32,
    /// Clients with pieces missing.
    pub leechers: u32,
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

/// How many clients in items' swarms sit on which side.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Sides {
    /// In the club.
    pub inside: usize,
    /// Not in the club.
    pub outside: usize,
}

impl Tracker {
    /// What stands now. Costs a look at every item.
    pub fn totals(&self, now: Now) -> Totals {
        let swarms = self.swarms.totals();
        Totals {
            swarms: swarms.swarms,
            seeders: swarms.seeders,
            leechers: swarms.leechers,
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

    /// How clients in items' swarms are seated now. Costs a pass over all sessions.
    pub fn sides(&self) -> Sides {
        let mut sides = Sides::default();
        self.sessions.for_each(|session| {
            if session.flag(Flag::Inside) {
                sides.inside += 1;
            } else {
                sides.outside += 1;
            }
        });
        sides
    }
}
