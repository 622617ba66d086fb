//! The path of one announce from request to reply, the same for every transport.
//!
//! `policy` decides whether and on which side it is let in; the sessions know the client's other
//! endpoints; `swarm` takes the peer in and draws the seats. No lock outlives the call that took
//! it, nothing here waits, and nothing allocates once the tables have room.

use std::net::{IpAddr, SocketAddr};

use policy::{Admission, Label, MemberId, Refusal};
use swarm::{Endpoint, UpdateOutcome};
use wire::{Announce, AnnounceEvent, AnnounceReply, FailureReply, Passkey};

use crate::answer::{AnnounceAnswer, failure};
use crate::context::AnnounceContext;
use crate::counters::Route;
use crate::probes::Probe;
use crate::recent::{AnnounceResult, HeardAnnounce};
use crate::scratch::{ReplyBuffers, Scratch};
use crate::session_update::{KnownClient, SessionUpdate};
use crate::settings::Settings;
use crate::tracker::{Members, Tracker};
use crate::{Now, Via};

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
    ) -> Result<AnnounceReply<'s>, FailureReply<'s>> {
        let Scratch { settings, buffers, .. } = scratch;
        let settings: &Settings = settings.load();
        buffers.peers.clear();
        let endpoint = Endpoint::new(settings.nat.public(from), announce.port);
        let swarm = self.swarms.find(&announce.info_hash);
        let item = self.item_of(swarm.tag());
        let policy = item.and_then(|(_, item)| settings.rules.policies.policy(item.policy()?));
        if let Some((_, item)) = item {
            item.announced(now.unix);
        }
        let context =
            AnnounceContext { settings, announce, from, endpoint, via, now, swarm, item, policy };

        let answer = self.answer(&context, buffers);
        self.note(&context, &answer, buffers);
        match answer {
            Ok(answer) => {
                buffers.counters.announced(Route::of(via, from), buffers.peers.len());
                Ok(answer.reply(&context, buffers))
            }
            Err(refusal) => {
                buffers.counters.refused(Route::of(via, from), refusal);
                Err(failure(settings, refusal, buffers))
            }
        }
    }

    fn answer(
        &self,
        context: &AnnounceContext<'_>,
        buffers: &mut ReplyBuffers,
    ) -> Result<AnnounceAnswer, Refusal> {
        let AnnounceContext { settings, announce, now, .. } = *context;
        let admission =
            settings.authorizer(&self.members).admit(announce, context.item_view(), now.unix)?;
        let mut peer = context.peer_update(&admission);
        let Some((id, item)) = context.item else {
            let known = KnownClient::default();
            let (answer, _) = self.seat(context, &admission, &peer, &known, buffers)?;
            return Ok(answer.for_admission());
        };
        let session = context.session_update(id, &admission);
        let known = self.update_session(context, &session)?;
        context.watch(item, &admission, &known);
        // A client that only leaves by IPv4 is still counted by its IPv6 endpoint.
        if let Some(endpoint) = known.uncount
            && announce.event != AnnounceEvent::Stopped
        {
            self.uncount(&context.swarm, &peer, endpoint, &mut buffers.rng);
        }
        if let Some(endpoint) = known.moved {
            self.remove_endpoint(item, &peer, endpoint, &mut buffers.rng);
        }
        peer.second = known.second;
        let (answer, outcome) = self
            .seat(context, &admission, &peer, &known, buffers)
            .inspect_err(|_| self.forget_new(&session, &known))?;
        let is_a_stranger_unlisted =
            outcome == UpdateOutcome::Unlisted && admission.member.is_none();
        if outcome == UpdateOutcome::Held || is_a_stranger_unlisted {
            self.forget_new(&session, &known);
        }
        if known.may_be_second && self.sessions.is_second(&session) {
            self.uncount(&context.swarm, &peer, context.endpoint, &mut buffers.rng);
        }
        Ok(answer.for_admission())
    }

    /// Makes or touches the client's session.
    fn update_session(
        &self,
        context: &AnnounceContext<'_>,
        session: &SessionUpdate<'_>,
    ) -> Result<KnownClient, Refusal> {
        let known = self.sessions.update(session).map_err(|_| Refusal::TooManyClients)?;
        if context.settings.probe_ports && !known.probed && session.member.is_some() {
            let address = SocketAddr::new(context.from, context.announce.port);
            self.probes.ask(Probe { session: session.id(), address });
        }
        Ok(known)
    }

    /// Remembers no client that was not there before and has no seat.
    fn forget_new(&self, session: &SessionUpdate<'_>, known: &KnownClient) {
        if known.is_new {
            self.sessions.forget(&session.id());
        }
    }

    /// Remembers how an announce was answered.
    fn note(
        &self,
        context: &AnnounceContext<'_>,
        answer: &Result<AnnounceAnswer, Refusal>,
        buffers: &ReplyBuffers,
    ) {
        let (member, outcome) = match answer {
            Ok(AnnounceAnswer { admission: Admission { member, side, .. }, warning, .. }) => {
                let peers = u16::try_from(buffers.peers.len()).unwrap_or(u16::MAX);
                (*member, AnnounceResult::Seated { side: *side, peers, warning: *warning })
            }
            Err(refusal) => {
                let passkey = context.announce.passkey.as_ref();
                let member = passkey.and_then(|passkey| self.holder(passkey));
                (member, AnnounceResult::Refused(*refusal))
            }
        };
        if member.is_some() || self.recent.is_watched() {
            let heard = HeardAnnounce {
                member,
                unix: context.now.unix,
                info_hash: context.announce.info_hash,
                item: context.item.map(|(id, _)| id),
                event: context.announce.event,
                left: context.announce.left,
                via: context.via,
                outcome,
            };
            self.recent.hear(buffers.worker, heard);
        }
    }

    /// The member that a passkey names, whether or not it is in force.
    fn holder(&self, passkey: &Passkey) -> Option<MemberId> {
        let Members { keyring, aliases, .. } = &self.members;
        let grant = keyring.verify(Label::Announce, passkey);
        Some(grant.or_else(|| aliases.find(keyring, passkey))?.member)
    }
}
