//! One announce inside a swarm: the peer, where to look for it, and whom its reply may name.

use fastrand::Rng;
use wire::{CompactV4, CompactV6};

use crate::address_seats::AddressSeats;
use crate::counters::SwarmCounters;
use crate::draw::{Took, Want};
use crate::endpoint::Endpoint;
use crate::hash::KeyHasher;
use crate::list::PeerArray;
use crate::peer_update::{PeerEvent, PeerUpdate};
use crate::scope::{Scope, Scopes, scope_of};
use crate::segment::LINE;
use crate::slot::{Lookup, PeerSlot};
use crate::slot4::{V4Slot, endpoint_of};
use crate::slot6::V6Slot;
use crate::tick::AgeWindow;
use crate::word::PeerWord;

/// An announce with all that is computed of it once.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SwarmUpdate<'a> {
    pub(crate) peer: &'a PeerUpdate<'a>,
    pub(crate) lookup: EndpointLookup,
    pub(crate) scope: Scope,
    pub(crate) counters: SwarmCounters<'a>,
    pub(crate) hasher: &'a KeyHasher,
}

/// The caller's endpoint, by family.
#[derive(Clone, Copy, Debug)]
pub(crate) enum EndpointLookup {
    V4(Lookup<CompactV4>),
    V6(Lookup<CompactV6>),
}

impl EndpointLookup {
    pub(crate) fn new(endpoint: Endpoint, hasher: &KeyHasher) -> Self {
        match endpoint {
            Endpoint::V4(key) => Self::V4(V4Slot::lookup(key, hasher)),
            Endpoint::V6(key) => Self::V6(V6Slot::lookup(key, hasher)),
        }
    }

    pub(crate) const fn v4(&self) -> Option<&Lookup<CompactV4>> {
        match self {
            Self::V4(lookup) => Some(lookup),
            Self::V6(_) => None,
        }
    }

    pub(crate) const fn v6(&self) -> Option<&Lookup<CompactV6>> {
        match self {
            Self::V4(_) => None,
            Self::V6(lookup) => Some(lookup),
        }
    }
}

impl<'a> SwarmUpdate<'a> {
    pub(crate) fn new(
        peer: &'a PeerUpdate<'a>,
        hasher: &'a KeyHasher,
        counters: SwarmCounters<'a>,
    ) -> Self {
        Self {
            peer,
            lookup: EndpointLookup::new(peer.endpoint, hasher),
            scope: scope_of(peer.endpoint.ip()),
            counters,
            hasher,
        }
    }

    pub(crate) fn leaves(&self) -> bool {
        self.peer.event == PeerEvent::Left
    }

    /// Whom this caller may be told of.
    pub(crate) fn view(&self) -> ReplyFilter<'a> {
        ReplyFilter {
            window: self.peer.window(),
            visible: Scopes::visible_to(self.scope),
            others: self.peer.others,
            is_doubled: false,
            is_picky: true,
        }
    }
}

/// Whom a caller may be told of.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ReplyFilter<'a> {
    window: AgeWindow,
    visible: Scopes,
    others: &'a [Endpoint],
    is_doubled: bool,
    /// Whether more must be asked than whether a peer is fresh and not the caller.
    is_picky: bool,
}

/// Why a peer is not given to a caller.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Hidden {
    /// It is in the list, is the caller, belongs to it, or is not there any more.
    Excluded,
    /// Its address means nothing where the caller is.
    OutOfScope,
}

impl ReplyFilter<'_> {
    /// The same among peers of these scopes, of whom some may be in the list already.
    pub(crate) fn among(self, scopes: Scopes, is_doubled: bool) -> Self {
        let is_picky = is_doubled || !self.others.is_empty() || !self.visible.holds(scopes);
        Self { is_doubled, is_picky, ..self }
    }

    /// Adds to the list what is wanted of the peers of a line, among those whom the caller may be told
    /// of; also says whether one was passed over for its address.
    pub(crate) fn take<S: PeerSlot<Key: Into<Endpoint>>>(
        &self,
        line: &[S],
        me: Option<&Lookup<S::Key>>,
        want: Want,
        rng: &mut Rng,
        list: &mut PeerArray<S::Key>,
        limit: Option<&mut AddressSeats>,
    ) -> (Took, bool) {
        let Some((listed, places)) = list.split() else { return Default::default() };
        let mut count = self.sift(line, me, places);
        let mut hid = false;
        let may_be_listed = self.is_doubled || matches!(want, Want::Rest { .. });
        if self.is_picky || may_be_listed {
            count = retain(places, count, |key| {
                let unseen = self.inspect(key.into());
                hid |= unseen == Err(Hidden::OutOfScope);
                unseen.is_ok() && !(may_be_listed && listed.contains(&key))
            });
        }
        if let Some(seats) = &limit {
            count = retain(places, count, |key| seats.has_free(key.into()));
        }
        let mut taken = want.quota(count, rng);
        if taken < count
            && let Some(fresh) = places.get_mut(..count)
        {
            fresh.rotate_left(rng.usize(..count));
        }
        if let Some(seats) = limit {
            let mut left = taken;
            taken = retain(places, count, |key| {
                let is_taken = left > 0 && seats.take(key.into());
                left -= usize::from(is_taken);
                is_taken
            });
        }
        list.keep(taken);
        (Took { taken, is_part: taken < count }, hid)
    }

    /// The endpoint of an IPv4 word, if the caller may be told of it.
    pub(crate) fn admits(
        &self,
        word: PeerWord,
        me: Option<&Lookup<CompactV4>>,
    ) -> Result<CompactV4, Hidden> {
        if !word.is_fresh(self.window) || me.is_some_and(|me| word.name() == me.name) {
            return Err(Hidden::Excluded);
        }
        let endpoint = endpoint_of(word);
        self.inspect(endpoint.into())?;
        Ok(endpoint)
    }

    /// Writes the fresh peers of a line to the first places, without the caller; returns how many.
    ///
    /// Each is written and then kept or not: a branch for each slot would be mispredicted for one in
    /// six.
    fn sift<S: PeerSlot>(
        &self,
        line: &[S],
        me: Option<&Lookup<S::Key>>,
        places: &mut [S::Key; LINE],
    ) -> usize {
        let my_name = me.map_or(u64::MAX, |me| me.name);
        let mut count = 0;
        for slot in line.iter().take(LINE) {
            let word = slot.word();
            if let Some(place) = places.get_mut(count % LINE) {
                *place = slot.key(word);
            }
            let is_me = word.name() == my_name && me.is_some_and(|me| slot.is(word, me));
            count += usize::from(word.is_fresh(self.window) & !is_me);
        }
        count
    }

    fn inspect(&self, endpoint: Endpoint) -> Result<(), Hidden> {
        if self.others.contains(&endpoint) {
            return Err(Hidden::Excluded);
        }
        if !self.visible.holds(Scopes::only(scope_of(endpoint.ip()))) {
            return Err(Hidden::OutOfScope);
        }
        Ok(())
    }
}

/// Moves those of the first `count` places that are wanted to the front; returns how many.
fn retain<K: Copy>(places: &mut [K], count: usize, mut is_wanted: impl FnMut(K) -> bool) -> usize {
    let mut kept = 0;
    for n in 0..count {
        let Some(&key) = places.get(n) else { break };
        if is_wanted(key)
            && let Some(place) = places.get_mut(kept)
        {
            *place = key;
            kept += 1;
        }
    }
    kept
}
