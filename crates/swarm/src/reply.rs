//! One reply's peers: the candidates of each group, the plan for them, and the draw.

use fastrand::Rng;

use crate::address_seats::AddressSeats;
use crate::draw::draw;
use crate::endpoint::{Endpoint, Families};
use crate::group::{Census, Group};
use crate::large_peer_map::LargePeerMap;
use crate::list::{PeerArray, PeerList};
use crate::peer_tables::PeerTables;
use crate::peer_update::UpdateOutcome;
use crate::slot::{Lookup, PeerSlot};
use crate::swarm_update::{ReplyFilter, SwarmUpdate};

impl LargePeerMap {
    /// Draws peers by a plan; whether a seeder was passed over for its address.
    ///
    /// The plan is made for all who are live, and some of them the caller may not be told of: they
    /// were not seen for too long, or their address means nothing to it. Where that leaves a seat
    /// empty, the group has been read to its end and its true number is known; the plan is then made
    /// again.
    pub(crate) fn seat(
        &self,
        update: &SwarmUpdate<'_>,
        outcome: UpdateOutcome,
        plan: &mut impl FnMut(&Census) -> Census,
        rng: &mut Rng,
        list: &mut PeerList,
    ) -> bool {
        let mut candidates = self.candidates(update, outcome);
        let mut hid_seeders = false;
        let shares_addresses =
            update.counters.limits.max_peers_per_address != 0 && self.shares_addresses();
        for nth in 0..MOST_PLANS {
            list.clear();
            let seats = plan(&candidates.sum());
            if shares_addresses && nth == 0 {
                list.seats.reset(seats.total(), candidates.sum().total());
            } else if shares_addresses {
                list.seats.clear();
            }
            if seats.total() == 0 {
                break;
            }
            let seats = candidates.split(&seats, rng);
            let v4 = Draw {
                peers: &self.v4,
                view: update.view().among(self.scopes.load(), self.v4.is_doubled()),
                me: update.lookup.v4(),
            };
            let mut limit = shares_addresses.then_some(&mut list.seats);
            let mut is_short =
                v4.fill(&seats.v4, &mut candidates.v4, rng, &mut list.v4, limit.as_deref_mut());
            if let Some(v6) = &self.v6 {
                let v6 = Draw {
                    peers: v6,
                    view: update.view().among(self.scopes.load(), v6.is_doubled()),
                    me: update.lookup.v6(),
                };
                is_short.join(v6.fill(&seats.v6, &mut candidates.v6, rng, &mut list.v6, limit));
            }
            hid_seeders |= is_short.hid_seeders;
            if !is_short.is_short {
                break;
            }
        }
        hid_seeders
    }

    /// The live peers of each group, without the caller and its others.
    fn candidates(&self, update: &SwarmUpdate<'_>, outcome: UpdateOutcome) -> Candidates {
        let families = update.peer.families;
        let mut candidates = Candidates::default();
        if families.holds_v4() {
            candidates.v4 = self.v4.census();
        }
        if families.holds_v6()
            && let Some(v6) = &self.v6
        {
            candidates.v6 = v6.census();
        }
        let me = update.peer.endpoint;
        match outcome {
            UpdateOutcome::Inserted | UpdateOutcome::Moved | UpdateOutcome::Refreshed => {
                candidates.leave_out(me, update.peer.group, families);
            }
            UpdateOutcome::Absent
            | UpdateOutcome::Held
            | UpdateOutcome::Left
            | UpdateOutcome::Unlisted => {
                if let Some(group) = self.group_of(me, update) {
                    candidates.leave_out(me, group, families);
                }
            }
        }
        let others = update.peer.others;
        for (n, other) in others.iter().enumerate() {
            if *other == me || others.iter().take(n).any(|earlier| earlier == other) {
                continue;
            }
            if let Some(group) = self.group_of(*other, update) {
                candidates.leave_out(*other, group, families);
            }
        }
        candidates
    }
}

/// Peers or seats of each group, by family.
#[derive(Clone, Copy, Debug, Default)]
struct Candidates {
    v4: Census,
    v6: Census,
}

impl Candidates {
    fn sum(&self) -> Census {
        let mut sum = self.v4;
        for group in Group::ALL {
            *sum.of_mut(group) += self.v6.of(group);
        }
        sum
    }

    fn leave_out(&mut self, endpoint: Endpoint, group: Group, families: Families) {
        let count = match endpoint {
            Endpoint::V4(_) if families.holds_v4() => self.v4.of_mut(group),
            Endpoint::V6(_) if families.holds_v6() => self.v6.of_mut(group),
            Endpoint::V4(_) | Endpoint::V6(_) => return,
        };
        *count = count.saturating_sub(1);
    }

    /// Splits each group's seats over the families, as its candidates are.
    ///
    /// What is left of a seat goes to one or the other by chance, so that the only IPv6 peer among
    /// many is given as often as any.
    fn split(&self, seats: &Census, rng: &mut Rng) -> Self {
        let mut split = Self::default();
        for group in Group::ALL {
            let (v4, v6) = (self.v4.of(group), self.v6.of(group));
            let seats = seats.of(group).min(v4.saturating_add(v6));
            if seats == 0 {
                continue;
            }
            let for_v6 = if v6 == 0 || v4 == 0 {
                seats.min(v6)
            } else {
                let all = u64::from(v4) + u64::from(v6);
                let share = (u64::from(seats) * u64::from(v6) + rng.u64(..all)) / all;
                u32::try_from(share).unwrap_or(u32::MAX).clamp(seats.saturating_sub(v4), v6)
            };
            *split.v6.of_mut(group) = for_v6;
            *split.v4.of_mut(group) = seats - for_v6;
        }
        split
    }
}

/// A draw from the four tables of one family.
struct Draw<'a, S: PeerSlot> {
    peers: &'a PeerTables<S>,
    view: ReplyFilter<'a>,
    me: Option<&'a Lookup<S::Key>>,
}

/// What stood in the way of a full list.
#[derive(Clone, Copy, Debug, Default)]
struct Shortfall {
    is_short: bool,
    hid_seeders: bool,
}

impl<S: PeerSlot<Key: Into<Endpoint>>> Draw<'_, S> {
    /// Fills seats. Where a group has fewer, its number of candidates is set right.
    fn fill(
        &self,
        seats: &Census,
        candidates: &mut Census,
        rng: &mut Rng,
        list: &mut PeerArray<S::Key>,
        mut limit: Option<&mut AddressSeats>,
    ) -> Shortfall {
        let mut shortfall = Shortfall::default();
        for (group, table) in self.peers.tables() {
            let wanted = usize::try_from(seats.of(group)).unwrap_or(usize::MAX);
            let wanted = wanted.min(list.room());
            let taken = draw(table, wanted, rng, |line, want, rng| {
                let (took, hid) =
                    self.view.take(line, self.me, want, rng, list, limit.as_deref_mut());
                shortfall.hid_seeders |= hid && group.is_seeders();
                took
            });
            if taken < wanted {
                shortfall.is_short = true;
                *candidates.of_mut(group) = u32::try_from(taken).unwrap_or(u32::MAX);
            }
        }
        shortfall
    }
}

impl Shortfall {
    fn join(&mut self, other: Self) {
        self.is_short |= other.is_short;
        self.hid_seeders |= other.hid_seeders;
    }
}

/// Each plan after the first knows the true number of one group more, of eight; but more than two
/// groups that come up short in turn is a swarm in which nearly everybody is hidden.
const MOST_PLANS: usize = 9;
