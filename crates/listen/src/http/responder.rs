//! What an HTTP request is answered, whichever way it was read.

use std::net::IpAddr;
use std::sync::Arc;

use tracker::{Now, Scratch, Via};
use wire::http::{HttpRequest, TargetError, encode_announce, encode_failure, parse_target};
use wire::{FailureReply, RetryIn};

use crate::context::ListenContext;

/// Answers requests, one at a time; each worker has its own.
pub struct Responder {
    shared: Arc<ListenContext>,
    scratch: Scratch,
}

/// Whether a target is one of the tracker's.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum TargetKind {
    /// It is not: 404.
    Unknown,
    /// It is, and the body is there: 200, refusals included.
    Tracker,
}

impl Responder {
    /// A responder for one worker.
    pub fn new(shared: &Arc<ListenContext>) -> Self {
        Self { shared: Arc::clone(shared), scratch: shared.tracker.scratch() }
    }

    /// Appends the body that answers a request for `target`, path and query as raw bytes.
    pub fn respond(
        &mut self,
        target: &[u8],
        client: IpAddr,
        now: Now,
        body: &mut Vec<u8>,
    ) -> TargetKind {
        let request = match parse_target(target) {
            Err(TargetError::UnknownPath) => return TargetKind::Unknown,
            request => request,
        };
        let Self { shared, scratch } = self;
        if !shared.requests.allow(client, now.secs) {
            scratch.counters().limited();
            encode_failure(&SLOW_DOWN, body);
            return TargetKind::Tracker;
        }
        match request {
            Ok(HttpRequest::Announce(announce)) => {
                let begun = scratch.is_sample(now).then(|| shared.clock.nanos());
                match shared.tracker.announce(&announce, client, Via::Http, now, scratch) {
                    Ok(reply) if announce.compact => encode_announce(&reply, body),
                    Ok(reply) => shared.tracker.encode_dicts(&announce, &reply, body),
                    Err(failure) => encode_failure(&failure, body),
                }
                if let Some(begun) = begun {
                    let took = shared.clock.nanos().saturating_sub(begun);
                    scratch.counters().took(Via::Http, took);
                }
            }
            Ok(HttpRequest::Scrape(scrape)) => {
                scratch.counters().scraped(Via::Http);
                if let Err(failure) = shared.tracker.scrape(&scrape, now, scratch, body) {
                    encode_failure(&failure, body);
                }
            }
            Err(error) => {
                scratch.counters().malformed(Via::Http);
                encode_failure(&FailureReply { reason: error.text(), ..SENSELESS }, body);
            }
        }
        TargetKind::Tracker
    }
}

/// The same request will make no more sense later; for clients that know no `never`, a few hours.
const SENSELESS: FailureReply<'_> = FailureReply {
    reason: "",
    interval_secs: Some(3 * 3600),
    min_interval_secs: Some(3 * 3600),
    retry_in: Some(RetryIn::Never),
};
const SLOW_DOWN: FailureReply<'_> = FailureReply {
    reason: "too many requests from your network: slow down",
    interval_secs: Some(600),
    min_interval_secs: Some(600),
    retry_in: Some(RetryIn::Minutes(10)),
};
