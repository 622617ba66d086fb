//! The tracker: everything an announce passes through, held together.

use std::io::{self, Read, Seek, Write};
use std::sync::Arc;

use arc_swap::ArcSwap;
use policy::{Aliases, Authorizer, Entitlements, ItemId, Keyring, MemberId, Roster};
use swarm::{MemoryBudget, Swarms, Tick};
use wire::InfoHash;

use crate::counters::{AllCounters, CounterTotals};
use crate::items::{ItemEntry, ItemTable, Registration, SECOND_HASH};
use crate::latency::LatencyCounts;
use crate::probes::{Probe, Probes};
use crate::recent::{AnnounceRecord, HeardAnnounce, RecentRecords};
use crate::scratch::Scratch;
use crate::session_update::SessionTraffic;
use crate::sessions::Sessions;
use crate::settings::Settings;
use crate::snapshot::{self, SnapshotError, SnapshotStats};
use crate::{Now, SessionId, Via};

/// Swarms, sessions and items, and who may do what in them.
pub struct Tracker {
    pub(crate) settings: Arc<ArcSwap<Settings>>,
    pub(crate) members: Members,
    pub(crate) swarms: Swarms,
    pub(crate) sessions: Sessions,
    pub(crate) items: ItemTable,
    pub(crate) recent: RecentRecords,
    pub(crate) probes: Probes,
    counters: AllCounters,
    seed: u64,
}

/// What is known of members: kept up to date by whoever keeps their books.
pub struct Members {
    /// Verifies passkeys.
    pub keyring: Arc<Keyring>,
    /// Passkeys brought along from another tracker.
    pub aliases: Arc<Aliases>,
    /// Where each member stands.
    pub roster: Arc<Roster>,
    /// Who has a right to what.
    pub rights: Arc<Entitlements>,
}

impl Tracker {
    /// Makes a tracker without swarms; `seed` is random, and secret from clients.
    pub fn new(settings: Settings, members: Members, seed: u64) -> Self {
        let swarms = Swarms::new(settings.limits, seed);
        Self {
            sessions: Sessions::new(seed, swarms.memory()),
            swarms,
            settings: Arc::new(ArcSwap::from_pointee(settings)),
            members,
            items: ItemTable::new(),
            recent: RecentRecords::new(),
            probes: Probes::default(),
            counters: AllCounters::default(),
            seed,
        }
    }

    /// What one worker needs to answer announces.
    pub fn scratch(&self) -> Scratch {
        let (counters, worker) = self.counters.worker();
        Scratch::new(&self.settings, counters, worker, self.seed)
    }

    /// The bytes that swarms and sessions take together.
    pub fn memory(&self) -> &MemoryBudget {
        self.swarms.memory()
    }

    /// Puts other settings in force for the announces from now on.
    pub fn set_settings(&self, settings: Settings) {
        self.swarms.set_limits(settings.limits);
        self.settings.store(Arc::new(settings));
    }

    /// Takes an item in, or changes it: its swarms are there from now on, and run by its policy.
    ///
    /// Returns false where the number is past the last one there can be.
    pub fn register(&self, item: &Registration) -> bool {
        let before = self.items.get(item.id).map(ItemEntry::hashes).unwrap_or_default();
        for gone in before.iter().filter(|hash| !item.hashes.contains(hash)) {
            self.untag(gone, item.id);
        }
        if !self.items.set(item) {
            return false;
        }
        for (hash, second) in item.hashes.iter().zip([0, SECOND_HASH]) {
            self.swarms.tag(hash, item.id.0 | second);
        }
        true
    }

    /// Forgets an item and its sessions; its swarms go on as an unknown torrent's, if at all.
    pub fn remove(&self, item: ItemId, now: Now) {
        for hash in self.items.remove(item) {
            self.untag(&hash, item);
        }
        self.sessions.remove_item(item, now);
    }

    /// What a member's announces were told of late, oldest first.
    pub fn why(&self, member: MemberId) -> Vec<AnnounceRecord> {
        self.recent.of(member)
    }

    /// Remembers what strangers announce from now on, for [`announces_between`](Self::announces_between), or no
    /// more. While nobody looks, that costs each of their announces one relaxed load.
    pub fn watch_announces(&self, is_watched: bool) {
        self.recent.watch(is_watched);
    }

    /// Visits the announces from one Unix second to before another, each worker's latest first, as far as they are
    /// still known: the last 8192 of members, and 1024 of strangers, of each worker.
    pub fn announces_between(&self, from: u32, until: u32, visit: impl FnMut(HeardAnnounce)) {
        self.recent.between(from, until, visit);
    }

    /// What was counted since the start.
    pub fn counted(&self) -> CounterTotals {
        self.counters.total()
    }

    /// Samples of the tracker's own work on announces over one transport, since the start.
    pub fn latency(&self, via: Via) -> LatencyCounts {
        self.counters.latency(via)
    }

    /// Moves what the books do not know of members' sessions into `counts`, each session's news in
    /// its order: one part of [`COUNT_PARTS`](Self::COUNT_PARTS), from 0.
    pub fn drain_counts(&self, part: usize, now: Now, counts: &mut Vec<SessionTraffic>) {
        self.sessions.drain_dirty(part, now, counts);
    }

    /// Parts that counters are moved in, so that nobody need hold all of them at once.
    pub const COUNT_PARTS: usize = Sessions::SHARDS;

    /// Lets a session that `opened` an epoch go on in one that the books already hold.
    pub fn adopt(&self, session: &SessionId, opened: u32, epoch: u32) {
        self.sessions.adopt(session, opened, epoch);
    }

    /// A member's port that waits to be tried, where the settings ask for that.
    pub fn take_probe(&self) -> Option<Probe> {
        self.probes.take()
    }

    /// Notes whether the port of a session could be reached.
    pub fn set_reachable(&self, session: &SessionId, reachable: bool) {
        self.sessions.set_reachable(session, reachable);
    }

    /// Notes that what was found of a session's port is believed no more: its next announce asks for
    /// another probe.
    pub fn forget_reachable(&self, session: &SessionId) {
        self.sessions.forget_reachable(session);
    }

    /// Writes all swarms and sessions, so that they survive a restart.
    ///
    /// # Errors
    ///
    /// Fails where `out` does.
    pub fn save(&self, now: Now, out: &mut impl Write) -> io::Result<SnapshotStats> {
        snapshot::write(&self.swarms, &self.sessions, now, out)
    }

    /// Puts back what [`save`](Self::save) wrote, less what has grown too old since. ItemTable must be
    /// registered before.
    ///
    /// # Errors
    ///
    /// Fails where `input` does, or its bytes are not those that were written. Nothing was put back then, unless
    /// they carry a good checksum over records that make no sense.
    pub fn load(
        &self,
        input: &mut (impl Read + Seek),
        now: Now,
    ) -> Result<SnapshotStats, SnapshotError> {
        let max_age_secs = self.settings.load().max_age_secs;
        snapshot::read(input, &self.swarms, &self.sessions, &self.items, now, max_age_secs)
    }

    /// One step of a sweep over everything: peers and sessions that were silent too long are
    /// forgotten. `step` runs from 0 to [`SWEEP_STEPS`](Self::SWEEP_STEPS), and no step holds a
    /// lock for long; `rest` lets others have it, see [`Swarms::sweep`].
    pub fn sweep(&self, step: usize, now: Now, rest: impl Fn()) {
        let max_age_secs = self.settings.load().max_age_secs;
        let max_age = swarm::Age::from_secs(max_age_secs);
        self.swarms.sweep(step, Tick::at(now.secs), max_age, rest);
        if step.is_multiple_of(Self::SWEEP_STEPS / Sessions::SHARDS) {
            let shard = step / (Self::SWEEP_STEPS / Sessions::SHARDS);
            self.sessions.expire(shard, now, max_age_secs);
        }
    }

    /// Steps of a whole sweep.
    pub const SWEEP_STEPS: usize = Swarms::SHARDS;

    /// Leaves a swarm to nobody, unless another item has taken its info hash over.
    fn untag(&self, hash: &InfoHash, item: ItemId) {
        self.swarms.untag(hash, |tag| tag & !SECOND_HASH == item.0);
    }

    /// The item of a swarm's tag; `None` where it is nobody's, or the item was just removed.
    pub(crate) fn item_of(&self, tag: u32) -> Option<(ItemId, &ItemEntry)> {
        let id = ItemId(tag & !SECOND_HASH);
        if tag == 0 { None } else { Some((id, self.items.get(id)?)) }
    }
}

impl Settings {
    /// What decides about announces under these settings.
    pub(crate) fn authorizer<'a>(&'a self, members: &'a Members) -> Authorizer<'a> {
        Authorizer {
            rules: &self.rules,
            keyring: &members.keyring,
            aliases: &members.aliases,
            roster: &members.roster,
            rights: &members.rights,
        }
    }
}
