//! The one line from announce to reply, the same for every transport.
//!
//! `policy` says whether and on which side; the sessions say who else the client is; `swarm` takes
//! the peer in and draws the seats. No lock outlives the call that took it, nothing here waits, and
//! nothing allocates once the tables have room.

use std::net::{IpAddr, SocketAddr};

use policy::{Admission, ItemId, Label, MemberId, Refusal, Warning, interval_secs};
use swarm::{Endpoint, Found, How};
use wire::{Announce, AnnounceReply, Event, Failure, Passkey, RetryIn};

use crate::items::Item;
use crate::probes::Probe;
use crate::recent::{Heard, Told};
use crate::scratch::{Scratch, Slate};
use crate::seat::Sitting;
use crate::sessions::Visited;
use crate::settings::Settings;
use crate::tracker::{Members, Tracker};
use crate::{Now, Via};

/// One announce on its way through.
#[derive(Clone, Copy)]
pub(crate) struct Caller<'a> {
    pub(crate) announce: &'a Announce,
    /// Where the announce came from.
    pub(crate) from: IpAddr,
    /// Where the peer can be reached.
    pub(crate) endpoint: Endpoint,
    pub(crate) via: Via,
    pub(crate) now: Now,
}

/// How an announce was answered.
#[derive(Clone, Copy)]
pub(crate) struct Answer {
    pub(crate) admission: Admission,
    pub(crate) complete: u32,
    pub(crate) incomplete: u32,
    pub(crate) downloaded: u32,
    pub(crate) warning: Option<Warning>,
}

impl Tracker {
    /// Answers one announce that came from `from`.
    ///
    /// The reply's peers are drawn into `scratch`, which each worker has of its own.
    ///
    /// # Errors
    ///
    /// Fails with what the client should be told where it is refused.
    pub fn announce<'s>(
        &self,
        announce: &Announce,
        from: IpAddr,
        via: Via,
        now: Now,
        scratch: &'s mut Scratch,
    ) -> Result<AnnounceReply<'s>, Failure<'s>> {
        let Scratch { settings, slate } = scratch;
        let settings: &Settings = settings.load();
        slate.peers.clear();
        let endpoint = Endpoint::new(settings.nat.public(from), announce.port);
        let caller = Caller { announce, from, endpoint, via, now };
        let found = self.swarms.find(&announce.info_hash);
        let item = self.item_of(found.tag());

        let answer = self.answer(settings, &caller, &found, item, slate);
        self.note(&caller, item.map(|(id, _)| id), &answer, slate);
        match answer {
            Ok(answer) => {
                slate.counters.announced(via, slate.peers.len());
                Ok(answer.reply(settings, &caller, slate))
            }
            Err(refusal) => {
                slate.counters.refused(via, refusal);
                Err(failure(settings, refusal, slate))
            }
        }
    }

    fn answer(
        &self,
        settings: &Settings,
        caller: &Caller<'_>,
        found: &Found,
        item: Option<(ItemId, &Item)>,
        slate: &mut Slate,
    ) -> Result<Answer, Refusal> {
        let view = match item {
            Some((id, item)) => item.view(id),
            None => None,
        };
        let admission =
            settings.authorizer(&self.members).admit(caller.announce, view, caller.now.unix)?;
        let answer = match item {
            Some((id, item)) => {
                let sitting = Sitting::in_item(settings, caller, &admission, item);
                let visited = self.visit(&sitting, id, found)?;
                sitting.watch(item, &visited);
                // Who only leaves by IPv4 is still counted by the other one.
                if let Some(endpoint) = visited.uncount
                    && caller.announce.event != Event::Stopped
                {
                    self.uncount(&sitting, found, endpoint, &mut slate.rng);
                }
                if let Some(endpoint) = visited.moved {
                    self.clear_seat(&sitting, item, endpoint, &mut slate.rng);
                }
                let (answer, how) =
                    self.sit(&sitting, found, &visited, slate).inspect_err(|_| {
                        self.forget(&sitting, id, found, &visited);
                    })?;
                if how == How::Held {
                    self.forget(&sitting, id, found, &visited);
                }
                if visited.may_be_second && self.sessions.is_second(&sitting.visit(id, found)) {
                    self.uncount(&sitting, found, caller.endpoint, &mut slate.rng);
                }
                answer
            }
            None => {
                let sitting = Sitting::in_unknown(settings, caller, &admission);
                self.sit(&sitting, found, &Visited::default(), slate)?.0
            }
        };
        Ok(if admission.refused.is_some() { Answer::to_nobody(admission) } else { answer })
    }

    /// Makes or touches the client's session.
    fn visit(&self, sitting: &Sitting<'_>, id: ItemId, found: &Found) -> Result<Visited, Refusal> {
        let Sitting { caller, admission, .. } = sitting;
        let visit = sitting.visit(id, found);
        let visited = self.sessions.visit(&visit).map_err(|_| Refusal::TooManyClients)?;
        if sitting.settings.probe_ports && !visited.probed && admission.member.is_some() {
            let address = SocketAddr::new(caller.from, caller.announce.port);
            self.probes.ask(Probe { session: visit.id(), address });
        }
        Ok(visited)
    }

    /// Remembers no client that was not there before and has no seat.
    fn forget(&self, sitting: &Sitting<'_>, id: ItemId, found: &Found, visited: &Visited) {
        if visited.is_new {
            self.sessions.forget(&sitting.visit(id, found).id());
        }
    }

    /// Remembers what a member was told.
    fn note(
        &self,
        caller: &Caller<'_>,
        item: Option<ItemId>,
        answer: &Result<Answer, Refusal>,
        slate: &Slate,
    ) {
        let (member, told) = match answer {
            Ok(Answer { admission, warning, .. }) => {
                let peers = u16::try_from(slate.peers.len()).unwrap_or(u16::MAX);
                (admission.member, Told::Seated { side: admission.side, peers, warning: *warning })
            }
            Err(refusal) => {
                let passkey = caller.announce.passkey.as_ref();
                (passkey.and_then(|passkey| self.holder(passkey)), Told::Refused(*refusal))
            }
        };
        if let Some(member) = member {
            let heard = Heard {
                member,
                unix: caller.now.unix,
                info_hash: caller.announce.info_hash,
                item,
                event: caller.announce.event,
                left: caller.announce.left,
                via: caller.via,
                told,
            };
            self.recent.note(slate.worker, heard);
        }
    }

    /// Whose passkey that is, be it in force or not.
    fn holder(&self, passkey: &Passkey) -> Option<MemberId> {
        let Members { keyring, aliases, .. } = &self.members;
        let grant = keyring.verify(Label::Announce, passkey);
        Some(grant.or_else(|| aliases.find(keyring, passkey))?.member)
    }
}

impl Answer {
    /// For a `stopped` that would be refused if it were anything else: it may go, and learn nothing.
    const fn to_nobody(admission: Admission) -> Self {
        Self { admission, complete: 0, incomplete: 0, downloaded: 0, warning: None }
    }

    fn reply<'s>(
        &self,
        settings: &Settings,
        caller: &Caller<'_>,
        slate: &'s mut Slate,
    ) -> AnnounceReply<'s> {
        let tier = settings.rules.tiers.tier(self.admission.tier);
        slate.text.clear();
        if let Some(warning) = self.warning {
            slate.text.push_str(settings.notices.warning(warning));
        }
        AnnounceReply {
            complete: self.complete,
            incomplete: self.incomplete,
            downloaded: self.downloaded,
            interval_secs: interval_secs(tier.intervals, &caller.announce.peer_id),
            min_interval_secs: Some(tier.intervals.min_secs()),
            peers: &slate.peers.v4,
            peers6: &slate.peers.v6,
            external_ip: Some(caller.from),
            warning: self.warning.map(|_| slate.text.as_str()),
        }
    }
}

/// What a refused client is told, in every way that some client understands.
fn failure<'s>(settings: &Settings, refusal: Refusal, slate: &'s mut Slate) -> Failure<'s> {
    slate.text.clear();
    slate.text.push_str(settings.notices.refusal(refusal));
    let retry_in = refusal.retry_in();
    let interval_secs = match retry_in {
        RetryIn::Minutes(minutes) => minutes.saturating_mul(60),
        RetryIn::Never => HOPELESS_SECS,
    };
    Failure {
        reason: &slate.text,
        interval_secs: Some(interval_secs),
        min_interval_secs: Some(interval_secs),
        retry_in: Some(retry_in),
    }
}

/// For clients that know an interval but no `never`: rarely enough to be no burden, and often
/// enough that who mends the cause need not restart the client.
const HOPELESS_SECS: u32 = 3 * 3600;

/// Whether an announce may come at any time: it says what the tracker must know.
pub(crate) const fn is_news(event: Event) -> bool {
    matches!(event, Event::Completed | Event::Stopped)
}
