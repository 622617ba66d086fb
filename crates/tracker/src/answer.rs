//! What an announce is answered with.

use policy::{Admission, Refusal, Warning, interval_secs};
use wire::{AnnounceReply, FailureReply, RetryIn};

use crate::context::AnnounceContext;
use crate::scratch::ReplyBuffers;
use crate::settings::Settings;

/// How an announce that was let in is answered; its peers are in the worker's buffers.
#[derive(Clone, Copy)]
pub(crate) struct AnnounceAnswer {
    pub(crate) admission: Admission,
    pub(crate) complete: u32,
    pub(crate) incomplete: u32,
    pub(crate) downloaded: u32,
    pub(crate) warning: Option<Warning>,
}

impl AnnounceAnswer {
    /// Without counts where the `stopped` would be refused if it were anything else: it may go, and
    /// learns nothing.
    pub(crate) const fn for_admission(self) -> Self {
        match self.admission.refused {
            Some(_) => Self { complete: 0, incomplete: 0, downloaded: 0, warning: None, ..self },
            None => self,
        }
    }

    pub(crate) fn reply<'s>(
        &self,
        context: &AnnounceContext<'_>,
        buffers: &'s mut ReplyBuffers,
    ) -> AnnounceReply<'s> {
        let AnnounceContext { settings, announce, from, .. } = context;
        let tier = settings.rules.tiers.tier(self.admission.tier);
        buffers.text.clear();
        if let Some(warning) = self.warning {
            buffers.text.push_str(settings.notices.warning(warning));
        }
        AnnounceReply {
            complete: self.complete,
            incomplete: self.incomplete,
            downloaded: self.downloaded,
            interval_secs: interval_secs(tier.intervals, &announce.peer_id),
            min_interval_secs: Some(tier.intervals.min_secs()),
            peers: &buffers.peers.v4,
            peers6: &buffers.peers.v6,
            external_ip: Some(*from),
            warning: self.warning.map(|_| buffers.text.as_str()),
        }
    }
}

/// The refusal's text, and when to try again, in every way that some client understands.
pub(crate) fn failure<'s>(
    settings: &Settings,
    refusal: Refusal,
    buffers: &'s mut ReplyBuffers,
) -> FailureReply<'s> {
    buffers.text.clear();
    buffers.text.push_str(settings.notices.refusal(refusal));
    let retry_in = refusal.retry_in();
    let interval_secs = match retry_in {
        RetryIn::Minutes(minutes) => minutes.saturating_mul(60),
        RetryIn::Never => HOPELESS_SECS,
    };
    FailureReply {
        reason: &buffers.text,
        interval_secs: Some(interval_secs),
        min_interval_secs: Some(interval_secs),
        retry_in: Some(retry_in),
    }
}

/// For clients that know an interval but no `never`: rarely enough to be no burden, and often
/// enough that nobody need restart the client once the cause is gone.
const HOPELESS_SECS: u32 = 3 * 3600;
