//! The event stream: snapshots of the overview and what happens, as server-sent events.
//!
//! One task makes each event once for all readers, and makes none while nobody reads. Announces cost
//! nothing more for it: it reads the recent ones that the tracker remembers in any case, second by
//! second. A reader has a place in a queue of fixed length; one that falls behind it is told so, and goes
//! on with a snapshot.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use api::member::NamedId;
use api::stream::{StreamAlert, StreamAnnounce, StreamLagged, StreamOrder, StreamQuery};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use club::{AccessScope, ClubNews};
use futures_util::stream::unfold;
use policy::{ItemId, MemberId};
use tokio::sync::broadcast::error::{RecvError, TryRecvError};
use tokio::sync::{broadcast, watch};
use tokio::time::{Instant, MissedTickBehavior, interval, timeout_at};
use tracker::HeardAnnounce;
use wire::AnnounceEvent;

use super::admin::Admin;
use super::caller::Caller;
use super::error::ApiError;
use super::extract::Params;
use super::ledger::money;
use super::observe::hear;
use super::stream_feed::{
    MAX_READERS, ReaderPlace, StreamEvent, StreamKind, StreamRights, json, named,
};

/// Streams what happens, as server-sent events.
///
/// The first event is a `snapshot`, the same document as `GET /api/v1/stats`; another follows each second. Between
/// them come `join` and `completion` (a client began or completed a download), `announce` (a sample of at most ten
/// a second), `order` and `alert`. Under more load than the daemon remembers announces for, joins and completions
/// are samples as well. A reader that is too slow gets `lagged` and a snapshot. At most 32 read at once. The
/// stream ends after ten minutes: connect again.
#[utoipa::path(
    get,
    path = "/stream",
    operation_id = "stream",
    tag = "tracker",
    params(StreamQuery),
    responses(
        (status = 200, body = String, content_type = "text/event-stream"),
        (status = 404, description = "No such item."),
        (status = 422, description = "There is no such event."),
        (status = 503, description = "As many read the stream as may.")
    ),
    security(("token" = ["read:stats"]))
)]
pub(super) async fn stream(
    State(admin): State<Arc<Admin>>,
    Params(query): Params<StreamQuery>,
) -> Result<Response, ApiError> {
    let members = Caller::may(AccessScope::ReadMembers);
    open(&admin, query, StreamRights { members, money: Caller::may(AccessScope::Money) }).await
}

/// Opens a stream for a reader.
async fn open(
    admin: &Arc<Admin>,
    query: StreamQuery,
    rights: StreamRights,
) -> Result<Response, ApiError> {
    let kinds = kinds(query.events.as_deref())?;
    let item = match &query.item {
        Some(item) => Some(admin.club.item(item).await?.id),
        None => None,
    };
    let full = || {
        let why = format!("{MAX_READERS} read the stream already, which is the maximum: try later");
        ApiError::new(StatusCode::SERVICE_UNAVAILABLE, why)
    };
    let place = ReaderPlace::take(&admin.feed.readers).ok_or_else(full)?;
    admin.watch_announces();
    let mut reader = Reader {
        events: admin.feed.events.subscribe(),
        admin: Arc::clone(admin),
        kinds,
        item,
        rights,
        waiting: VecDeque::new(),
        ends: Instant::now() + LONGEST,
        _place: place,
    };
    if reader.kinds.contains(&StreamKind::Snapshot) {
        let snapshot = admin.snapshot().await?;
        reader.take(&snapshot);
    }
    let events = unfold(reader, async |mut reader| {
        Some((Ok::<_, Infallible>(reader.next().await?), reader))
    });
    Ok(Sse::new(events).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)).into_response())
}

/// The events that a query names; all where it names none.
fn kinds(wanted: Option<&str>) -> Result<Vec<StreamKind>, ApiError> {
    let Some(wanted) = wanted else { return Ok(StreamKind::ALL.to_vec()) };
    let find = |text: &str| {
        StreamKind::ALL.into_iter().find(|kind| kind.text() == text).ok_or_else(|| {
            let known = StreamKind::ALL.map(StreamKind::text).join(", ");
            let why = format!("`{text}` is not an event of the stream: expected some of {known}");
            ApiError::unprocessable(why).in_field("events")
        })
    };
    wanted.split(',').map(find).collect()
}

/// One reader of the stream.
struct Reader {
    events: broadcast::Receiver<Arc<StreamEvent>>,
    admin: Arc<Admin>,
    kinds: Vec<StreamKind>,
    item: Option<ItemId>,
    rights: StreamRights,
    /// At most two.
    waiting: VecDeque<Event>,
    ends: Instant,
    _place: ReaderPlace,
}

impl Reader {
    /// The next event for this reader; `None` at the end.
    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.waiting.pop_front() {
                return Some(event);
            }
            match timeout_at(self.ends, self.events.recv()).await {
                Err(_) | Ok(Err(RecvError::Closed)) => return None,
                Ok(Ok(event)) if event.kind == StreamKind::End => return None,
                Ok(Ok(event)) => self.take(&event),
                Ok(Err(RecvError::Lagged(missed))) => {
                    // What is still in the queue is as old: go on with what comes now.
                    self.events = self.events.resubscribe();
                    self.waiting.push_back(named("lagged", json(&StreamLagged { missed })));
                    if let Some(snapshot) = self.admin.feed.snapshot.load_full() {
                        self.waiting.push_back(snapshot.text(self.rights));
                    }
                }
            }
        }
    }

    /// Lets an event wait, where the reader wants it and may read it.
    fn take(&mut self, event: &StreamEvent) {
        let is_wanted = self.kinds.contains(&event.kind)
            && (event.kind == StreamKind::Snapshot
                || self.item.is_none()
                || self.item == event.item);
        if is_wanted && event.is_for(self.rights) {
            self.waiting.push_back(event.text(self.rights));
        }
    }
}

impl Admin {
    /// Makes the events of the stream while somebody reads it, until `stop` changes.
    pub async fn feed_stream(self: Arc<Self>, mut stop: watch::Receiver<bool>) {
        let mut pace = interval(PACE);
        pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let (mut since, mut news) = (None, self.club.news());
        loop {
            tokio::select! {
                _ = pace.tick() => {}
                _ = stop.changed() => break,
            }
            if self.feed.readers.load(Ordering::Relaxed) == 0 {
                if self.feed.is_watched.swap(false, Ordering::Relaxed) {
                    self.tracker.watch_announces(false);
                    self.feed.snapshot.store(None);
                }
                (since, news) = (None, news.resubscribe());
                continue;
            }
            // A reader that came while the last one left may have found it on.
            self.watch_announces();
            let now = self.now().unix;
            let from = since.get_or_insert_with(|| self.feed.began.load(Ordering::Relaxed));
            if let Ok(snapshot) = self.snapshot().await {
                let _ = self.feed.events.send(snapshot);
            }
            self.feed_news(&mut news).await;
            // A second is looked at once it is over. A clock that was set back begins anew.
            self.feed_announces((*from).min(now), now).await;
            *from = now;
        }
        self.tracker.watch_announces(false);
        let end =
            StreamEvent { kind: StreamKind::End, item: None, whole: String::new(), part: None };
        self.feed.send(end);
    }

    /// Has all announces remembered from now on, where they are not.
    fn watch_announces(&self) {
        if !self.feed.is_watched.swap(true, Ordering::Relaxed) {
            self.feed.began.store(self.now().unix, Ordering::Relaxed);
            self.tracker.watch_announces(true);
        }
    }

    /// The overview's numbers of now.
    async fn snapshot(&self) -> Result<Arc<StreamEvent>, ApiError> {
        let mut stats = self.stats().await?;
        let whole = json(&stats);
        stats.revenue = None;
        let part = Some(json(&stats));
        let event = Arc::new(StreamEvent { kind: StreamKind::Snapshot, item: None, whole, part });
        self.feed.snapshot.store(Some(Arc::clone(&event)));
        Ok(event)
    }

    async fn feed_news(&self, news: &mut broadcast::Receiver<ClubNews>) {
        for _ in 0..MAX_NEWS {
            match news.try_recv() {
                Ok(news) => self.feed.send(self.of_news(news).await),
                Err(TryRecvError::Lagged(_)) => {}
                Err(TryRecvError::Closed | TryRecvError::Empty) => return,
            }
        }
    }

    async fn of_news(&self, news: ClubNews) -> StreamEvent {
        match news {
            ClubNews::Alert { id, kind, member, item, evidence } => {
                let part = StreamAlert {
                    alert: id.0,
                    kind: kind.to_owned(),
                    item: self.item_named(item).await,
                    member: None,
                    evidence: None,
                };
                let member = self.member_named(member).await;
                let whole = StreamAlert { member, evidence: Some(evidence), ..part.clone() };
                let (whole, part) = (json(&whole), Some(json(&part)));
                StreamEvent { kind: StreamKind::Alert, item, whole, part }
            }
            ClubNews::Order { id, what, member, item, amount } => {
                let whole = json(&StreamOrder {
                    order: id.0,
                    what: what.text().to_owned(),
                    member: self.member_named(member).await,
                    item: self.item_named(item).await,
                    amount: money(amount),
                });
                StreamEvent { kind: StreamKind::Order, item, whole, part: None }
            }
        }
    }

    async fn feed_announces(&self, from: u32, until: u32) {
        let (mut changes, mut samples) = (Vec::new(), Vec::new());
        self.tracker.announces_between(from, until, |heard| {
            if let Some(kind) = change(&heard) {
                if changes.len() < MAX_CHANGES {
                    changes.push((kind, heard));
                }
            } else if samples.len() < MAX_SAMPLES {
                samples.push((StreamKind::Announce, heard));
            }
        });
        for (kind, heard) in changes.into_iter().chain(samples).rev() {
            if let Ok(event) = self.of_announce(kind, heard).await {
                self.feed.send(event);
            }
        }
    }

    async fn of_announce(
        &self,
        kind: StreamKind,
        heard: HeardAnnounce,
    ) -> Result<StreamEvent, ApiError> {
        let announce = hear(self, heard).await?;
        let part = StreamAnnounce { announce, member: None };
        let member = self.member_named(heard.member).await;
        let whole = StreamAnnounce { member, ..part.clone() };
        Ok(StreamEvent { kind, item: heard.item, whole: json(&whole), part: Some(json(&part)) })
    }

    async fn item_named(&self, item: Option<ItemId>) -> Option<NamedId> {
        self.name_item(item?).await.ok()
    }

    async fn member_named(&self, member: Option<MemberId>) -> Option<NamedId> {
        self.name_member(member?).await.ok()
    }
}

/// What an admitted announce changed.
fn change(heard: &HeardAnnounce) -> Option<StreamKind> {
    if matches!(heard.outcome, tracker::AnnounceResult::Refused(_)) {
        return None;
    }
    match heard.event {
        AnnounceEvent::Completed => Some(StreamKind::Completion),
        AnnounceEvent::Started => Some(StreamKind::Join),
        AnnounceEvent::None | AnnounceEvent::Paused | AnnounceEvent::Stopped => None,
    }
}

const PACE: Duration = Duration::from_secs(1);
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// A stream ends after so long, so that who may not read it any more does not.
const LONGEST: Duration = Duration::from_secs(600);
/// Of a second: joins and completions, announces, and news.
const MAX_CHANGES: usize = 100;
const MAX_SAMPLES: usize = 10;
const MAX_NEWS: usize = 100;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_named_and_another_word_is_refused() {
        assert_eq!(kinds(None).unwrap().len(), 6);
        assert_eq!(kinds(Some("join,order")).unwrap(), [StreamKind::Join, StreamKind::Order]);
        for wrong in ["", "joins", "join,", "end", "lagged"] {
            assert!(kinds(Some(wrong)).is_err(), "{wrong}");
        }
    }
}
