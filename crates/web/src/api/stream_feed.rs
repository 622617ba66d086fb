//! What goes to the readers of the stream: events, each for who may read it, and the readers' places.
//!
//! Deliberately absent: where events come from, which `stream` knows.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};

use arc_swap::ArcSwapOption;
use axum::response::sse::Event;
use policy::ItemId;
use serde::Serialize;
use tokio::sync::broadcast;

/// What goes to readers.
pub(super) struct StreamFeed {
    pub(super) events: broadcast::Sender<Arc<StreamEvent>>,
    pub(super) snapshot: ArcSwapOption<StreamEvent>,
    pub(super) readers: Arc<AtomicUsize>,
    /// Whether the tracker remembers strangers' announces for this.
    pub(super) is_watched: AtomicBool,
    /// Since when, in Unix seconds.
    pub(super) began: AtomicU32,
}

/// An event, for each who may read it.
#[derive(Debug)]
pub(super) struct StreamEvent {
    pub(super) kind: StreamKind,
    pub(super) item: Option<ItemId>,
    /// JSON for who may read members; for a snapshot and an order, money.
    pub(super) whole: String,
    /// JSON for who may not; `None` where they get nothing.
    pub(super) part: Option<String>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum StreamKind {
    Alert,
    Announce,
    Completion,
    /// The daemon stops.
    End,
    Join,
    Order,
    Snapshot,
}

impl StreamKind {
    /// Those that can be asked for.
    pub(super) const ALL: [Self; 6] =
        [Self::Alert, Self::Announce, Self::Completion, Self::Join, Self::Order, Self::Snapshot];

    pub(super) const fn text(self) -> &'static str {
        match self {
            Self::Alert => "alert",
            Self::Announce => "announce",
            Self::Completion => "completion",
            Self::End => "end",
            Self::Join => "join",
            Self::Order => "order",
            Self::Snapshot => "snapshot",
        }
    }
}

/// What a reader may see.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct StreamRights {
    /// Members: their names and numbers.
    pub(super) members: bool,
    /// Revenue and orders.
    pub(super) money: bool,
}

impl StreamFeed {
    pub(super) fn new() -> Self {
        Self {
            events: broadcast::Sender::new(QUEUE),
            snapshot: ArcSwapOption::empty(),
            readers: Arc::default(),
            is_watched: AtomicBool::new(false),
            began: AtomicU32::new(0),
        }
    }

    pub(super) fn send(&self, event: StreamEvent) {
        // Where nobody reads it is not kept.
        let _ = self.events.send(Arc::new(event));
    }
}

/// A reader's place, which is free again once it is dropped.
pub(super) struct ReaderPlace(Arc<AtomicUsize>);

impl ReaderPlace {
    pub(super) fn take(readers: &Arc<AtomicUsize>) -> Option<Self> {
        let add = |count: usize| (count < MAX_READERS).then_some(count + 1);
        readers.fetch_update(Ordering::Relaxed, Ordering::Relaxed, add).ok()?;
        Some(Self(Arc::clone(readers)))
    }
}

impl Drop for ReaderPlace {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl StreamEvent {
    /// Whether all of it is for such a reader.
    pub(super) const fn is_whole_for(&self, rights: StreamRights) -> bool {
        match self.kind {
            StreamKind::Order => rights.members || rights.money,
            StreamKind::Snapshot => rights.money,
            _ => rights.members,
        }
    }

    pub(super) const fn is_for(&self, rights: StreamRights) -> bool {
        self.part.is_some() || self.is_whole_for(rights)
    }

    pub(super) fn text(&self, rights: StreamRights) -> Event {
        let whole = self.is_whole_for(rights);
        let text = if whole { &self.whole } else { self.part.as_ref().unwrap_or(&self.whole) };
        named(self.kind.text(), text.clone())
    }
}

pub(super) fn named(name: &'static str, data: String) -> Event {
    Event::default().event(name).data(data)
}

pub(super) fn json(value: &impl Serialize) -> String {
    // Our documents have no maps whose keys are not texts.
    serde_json::to_string(value).unwrap_or_default()
}

/// Events that a reader may be behind by.
const QUEUE: usize = 256;
pub(super) const MAX_READERS: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_may_not_read_members_or_money_gets_a_part_or_nothing() {
        let check =
            |kind: StreamKind, part: Option<&str>, members, money, expected: Option<&str>| {
                let part = part.map(str::to_owned);
                let event = StreamEvent { kind, item: None, whole: "whole".to_owned(), part };
                let rights = StreamRights { members, money };
                let whole = event.is_whole_for(rights);
                let found = event.is_for(rights).then_some(if whole { "whole" } else { "part" });
                assert_eq!(found, expected, "{kind:?} {rights:?}");
            };
        check(StreamKind::Join, Some("part"), false, false, Some("part"));
        check(StreamKind::Join, Some("part"), false, true, Some("part"));
        check(StreamKind::Join, Some("part"), true, false, Some("whole"));
        check(StreamKind::Order, None, false, false, None);
        check(StreamKind::Order, None, true, false, Some("whole"));
        check(StreamKind::Order, None, false, true, Some("whole"));
        check(StreamKind::Snapshot, Some("part"), true, false, Some("part"));
        check(StreamKind::Snapshot, Some("part"), false, true, Some("whole"));
    }

    #[test]
    fn readers_have_a_maximum() {
        let readers = Arc::default();
        let mut places: Vec<_> =
            (0..MAX_READERS).map(|_| ReaderPlace::take(&readers).unwrap()).collect();
        assert!(ReaderPlace::take(&readers).is_none());
        places.pop();
        assert!(ReaderPlace::take(&readers).is_some());
    }
}
