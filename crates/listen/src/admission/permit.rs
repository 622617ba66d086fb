//! One connection's place, and the bytes that are held for it.

use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arrayvec::ArrayVec;
use policy::MemberId;
use tokio::sync::Notify;

use super::network::NetworkGroup;
use super::places::{NoPlace, PlaceTable};
use super::registry::ConnectionRegistry;

/// A connection's place, until it is dropped.
pub struct Permit {
    places: Arc<PlaceTable>,
    state: Mutex<PermitState>,
    /// Bytes that are held for it.
    held: AtomicUsize,
    /// Whether it last asked for bytes that it was not given.
    is_short: AtomicBool,
    slot: Option<Arc<Slot>>,
}

/// What a permit takes of its listener's places.
#[derive(Default)]
struct PermitState {
    /// Which buckets count it; the widest network's first.
    buckets: Buckets,
    /// The one among them that is a member's.
    member: Option<u32>,
    /// Whether it takes a reserved place.
    is_reserved: bool,
}

/// The networks of a client, and itself where it is a member.
pub(super) type Buckets = ArrayVec<u32, 4>;

/// What a connection is doing, as far as it matters to whoever wants its place.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Activity {
    /// It is between two requests: nothing is lost with it.
    Waiting,
    /// It has begun something.
    Busy,
    /// It must not be ended for others.
    Pinned,
}

/// Ends connections by a key that it gave them.
pub trait Evict: Send + Sync {
    /// Ends a connection soon.
    fn evict(&self, key: usize);
}

/// What others see of a connection that stays.
pub(super) struct Slot {
    active_secs: AtomicU32,
    activity: AtomicU8,
    /// As the permit's, for whoever looks for bytes.
    pub(super) held: AtomicUsize,
    is_evicted: AtomicBool,
    evictor: Evictor,
    /// Its key in the registry.
    key: AtomicU32,
}

/// How a connection is ended.
enum Evictor {
    Task(Box<Notify>),
    Worker(Arc<dyn Evict>, usize),
}

impl Permit {
    pub(super) fn new(places: Arc<PlaceTable>, buckets: Buckets, is_reserved: bool) -> Self {
        let state = Mutex::new(PermitState { buckets, member: None, is_reserved });
        Self {
            places,
            state,
            held: AtomicUsize::new(0),
            is_short: AtomicBool::new(false),
            slot: None,
        }
    }

    /// Lets the connection, which stays open, be ended for others: by `worker`, under `key`.
    pub fn keep(&mut self, worker: Arc<dyn Evict>, key: usize, activity: Activity, now_secs: u32) {
        self.register(Evictor::Worker(worker, key), activity, now_secs);
    }

    /// The same for a connection that is a task, which ends when [`evicted`](Self::evicted) does.
    pub fn keep_task(&mut self, activity: Activity, now_secs: u32) {
        self.register(Evictor::Task(Box::default()), activity, now_secs);
    }

    fn register(&mut self, evictor: Evictor, activity: Activity, now_secs: u32) {
        self.unregister();
        let slot = Slot {
            active_secs: AtomicU32::new(now_secs),
            activity: AtomicU8::new(activity.number()),
            held: AtomicUsize::new(self.held.load(Ordering::Relaxed)),
            is_evicted: AtomicBool::new(false),
            evictor,
            key: AtomicU32::new(u32::MAX),
        };
        let slot = Arc::new(slot);
        let state = self.state();
        slot.key.store(self.places.registry().insert(&slot, &state.buckets), Ordering::Relaxed);
        drop(state);
        self.slot = Some(slot);
    }

    fn unregister(&mut self) {
        if let Some(slot) = self.slot.take() {
            let mut registry = self.places.registry();
            // One that was told to end is not in the registry any more.
            if slot.is_evicted() {
                self.places.end_eviction();
            } else {
                registry.remove(slot.key());
            }
        }
    }

    /// Returns once the connection must end for others; never where it is not a task.
    pub async fn evicted(&self) {
        match &self.slot {
            Some(slot) => match &slot.evictor {
                Evictor::Task(notify) => notify.notified().await,
                Evictor::Worker(..) => std::future::pending().await,
            },
            None => std::future::pending().await,
        }
    }

    /// Whether the connection must end for others.
    pub fn is_evicted(&self) -> bool {
        self.slot.as_ref().is_some_and(|slot| slot.is_evicted())
    }

    /// Notes that something moved on the connection.
    #[inline]
    pub fn touch(&self, activity: Activity, now_secs: u32) {
        if let Some(slot) = &self.slot {
            slot.active_secs.store(now_secs, Ordering::Relaxed);
            slot.activity.store(activity.number(), Ordering::Relaxed);
        }
    }

    /// Notes that a byte moved, whatever the connection is doing.
    #[inline]
    pub fn touch_bytes(&self, now_secs: u32) {
        if let Some(slot) = &self.slot {
            slot.active_secs.store(now_secs, Ordering::Relaxed);
        }
    }

    /// Counts the connection of a trusted proxy for the client whose request it passes on.
    ///
    /// # Errors
    ///
    /// The client's network has its share, and none of its connections can be ended: this one should be.
    pub fn attribute(&self, client: IpAddr, now_secs: u32) -> Result<(), NoPlace> {
        self.leave_groups();
        self.join(&NetworkGroup::networks(client), now_secs)
    }

    /// Counts it for a member, too. One that has its share gives up the connection that was silent longest.
    ///
    /// # Errors
    ///
    /// The member has its share, and none of its connections can be ended: this one should be.
    pub fn attribute_member(&self, member: MemberId, now_secs: u32) -> Result<(), NoPlace> {
        self.leave_member();
        let before = self.state().buckets.len();
        let joined = self.join(&[NetworkGroup::member(member)], now_secs);
        let mut state = self.state();
        state.member = state.buckets.get(before).copied();
        joined
    }

    /// Counts it for a member no longer.
    pub fn leave_member(&self) {
        let mut state = self.state();
        if let Some(member) = state.member.take() {
            state.buckets.retain(|bucket| *bucket != member);
            self.leave(&[member]);
        }
    }

    /// Counts it for nobody until its next request.
    pub fn leave_groups(&self) {
        let mut state = self.state();
        state.member = None;
        self.leave(&std::mem::take(&mut state.buckets));
    }

    fn leave(&self, buckets: &[u32]) {
        self.in_registry(|registry, key| registry.leave(key, buckets));
        let held = self.held.load(Ordering::Relaxed);
        buckets.iter().for_each(|bucket| self.places.leave(*bucket, held));
    }

    fn join(&self, groups: &[NetworkGroup], now_secs: u32) -> Result<(), NoPlace> {
        let mut state = self.state();
        let held = self.held.load(Ordering::Relaxed);
        let joined = self.places.join(groups, &mut state.buckets, held, now_secs);
        self.in_registry(|registry, key| registry.join(key, &state.buckets));
        joined
    }

    /// Takes a reserved place, so that nobody else's wish ends the connection; false where none is left.
    pub fn reserve(&self, now_secs: u32) -> bool {
        let mut state = self.state();
        let has_one = state.is_reserved || self.places.take_reserved();
        if has_one {
            if !std::mem::replace(&mut state.is_reserved, true) {
                self.places.leave_general();
            }
            self.touch(Activity::Pinned, now_secs);
        }
        has_one
    }

    /// Moves a connection that got in by a reserved place to one of its own.
    ///
    /// # Errors
    ///
    /// There is none.
    pub fn settle(&self, now_secs: u32) -> Result<(), NoPlace> {
        let mut state = self.state();
        if state.is_reserved {
            self.places.enter_general(state.buckets.first().copied(), now_secs)?;
            state.is_reserved = false;
            self.places.leave_reserved();
        }
        Ok(())
    }

    /// Holds this many bytes for the connection, instead of those before; false where neither it nor its
    /// network may hold as many, and then it holds what it did.
    pub fn hold(&self, bytes: usize, now_secs: u32) -> bool {
        let before = self.held.load(Ordering::Relaxed);
        if bytes == before {
            return true;
        }
        let state = self.state();
        let is_given = self.places.hold(before, bytes, &state.buckets, now_secs);
        drop(state);
        // One that is given less holds less, and is not helped by it.
        if !is_given || bytes > before {
            self.is_short.store(!is_given, Ordering::Relaxed);
        }
        if !is_given {
            return false;
        }
        self.held.store(bytes, Ordering::Relaxed);
        if let Some(slot) = &self.slot {
            slot.held.store(bytes, Ordering::Relaxed);
        }
        true
    }

    /// Holds more bytes; false where that many are not left.
    pub fn hold_more(&self, bytes: usize, now_secs: u32) -> bool {
        self.hold(self.held().saturating_add(bytes), now_secs)
    }

    /// Holds nothing any more.
    pub fn release(&self) {
        self.hold(0, 0);
    }

    /// Bytes that are held for the connection.
    pub fn held(&self) -> usize {
        self.held.load(Ordering::Relaxed)
    }

    /// Changes what the registry knows of the connection, unless it was told to end.
    fn in_registry(&self, change: impl FnOnce(&mut ConnectionRegistry, u32)) {
        if let Some(slot) = &self.slot {
            let mut registry = self.places.registry();
            if !slot.is_evicted() {
                change(&mut registry, slot.key());
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, PermitState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        // One that was told to end was counted then.
        let was_told = self.slot.as_ref().is_some_and(|slot| slot.is_evicted());
        self.unregister();
        let state = std::mem::take(self.state.get_mut().unwrap_or_else(PoisonError::into_inner));
        let held = *self.held.get_mut();
        self.places.give_back(held);
        if *self.is_short.get_mut() && !was_told {
            self.places.count_cut_off();
        }
        state.buckets.iter().for_each(|bucket| self.places.leave(*bucket, held));
        if state.is_reserved { self.places.leave_reserved() } else { self.places.leave_general() }
    }
}

impl std::fmt::Debug for Permit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Permit").field("held", &self.held()).finish_non_exhaustive()
    }
}

impl Slot {
    /// Ends the connection. Only for whoever holds the registry, and has taken it from there.
    pub(super) fn evict(&self) {
        self.is_evicted.store(true, Ordering::Relaxed);
        match &self.evictor {
            // A task that does not wait yet finds it.
            Evictor::Task(notify) => notify.notify_one(),
            Evictor::Worker(worker, key) => worker.evict(*key),
        }
    }

    pub(super) fn is_evicted(&self) -> bool {
        self.is_evicted.load(Ordering::Relaxed)
    }

    pub(super) fn key(&self) -> u32 {
        self.key.load(Ordering::Relaxed)
    }

    pub(super) fn active_secs(&self) -> u32 {
        self.active_secs.load(Ordering::Relaxed)
    }

    /// Whether nothing is lost with it: it is between two requests, or silent for long.
    pub(super) fn is_idle(&self, now_secs: u32) -> bool {
        match self.activity() {
            Activity::Waiting => true,
            Activity::Busy => now_secs.saturating_sub(self.active_secs()) >= SILENT_SECS,
            Activity::Pinned => false,
        }
    }

    pub(super) fn is_pinned(&self) -> bool {
        self.activity() == Activity::Pinned
    }

    fn activity(&self) -> Activity {
        match self.activity.load(Ordering::Relaxed) {
            0 => Activity::Waiting,
            1 => Activity::Busy,
            _ => Activity::Pinned,
        }
    }
}

impl Activity {
    const fn number(self) -> u8 {
        match self {
            Self::Waiting => 0,
            Self::Busy => 1,
            Self::Pinned => 2,
        }
    }
}

/// A connection on which nothing moves for this long makes room for others.
const SILENT_SECS: u32 = 5;
