//! What came out of a run, for people and for machines.

use std::fmt;
use std::time::{Duration, Instant};

use serde::Serialize;

use crate::plan::LoadPlan;
use crate::process::Cpu;
use crate::tally::LoadTally;

/// What a tracker did under a load, and what that cost it.
#[derive(Clone, Debug, Serialize)]
pub struct LoadReport {
    /// How long was measured, in seconds.
    pub seconds: f64,
    /// Answers in that time.
    pub replies: u64,
    /// The same, a second.
    pub replies_per_sec: f64,
    /// Requests sent.
    pub sent: u64,
    /// Announces answered.
    pub announces: u64,
    /// Connects answered.
    pub connects: u64,
    /// Scrapes answered.
    pub scrapes: u64,
    /// Answers that were an error or a failure reason.
    pub refused: u64,
    /// The first of them.
    pub refusal: Option<String>,
    /// Requests without an answer in time.
    pub lost: u64,
    /// Answers that came later than that.
    pub late: u64,
    /// Datagrams that the kernel dropped for want of room, on this machine, the tracker's and ours.
    pub dropped: u64,
    /// Mean bytes of an answer.
    pub reply_bytes: f64,
    /// Mean peers of an announce's answer (UDP alone).
    pub reply_peers: f64,
    /// From when a request was meant to be sent to its answer.
    pub latency_us: Latency,
    /// What it cost the tracker, where it is on this machine.
    pub tracker: Option<Cost>,
    /// The share of the time in which the generator had nothing to do but wait. Near 0 it was the
    /// generator that set the rate, not the tracker.
    pub generator_idle: f64,
    /// What the peers take, after a fill.
    pub memory: Option<Memory>,
}

/// The figures of one moment, which a report subtracts from each other.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sample {
    /// When.
    pub(crate) at: Instant,
    /// Answers so far.
    pub(crate) answered: u64,
    /// The tracker's CPU time, and its resident memory in bytes.
    pub(crate) tracker: Option<(Cpu, u64)>,
    /// How long the generator's threads had nothing to do, together.
    pub(crate) idle: Duration,
    /// Datagrams that the kernel dropped for want of room.
    pub(crate) dropped: u64,
}

/// Quantiles, in microseconds.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Latency {
    /// Half were faster.
    pub p50: f64,
    /// 99 in 100 were faster.
    pub p99: f64,
    /// 999 in 1000 were faster.
    pub p999: f64,
    /// The slowest.
    pub max: f64,
}

/// CPU time and memory of a process.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Cost {
    /// CPU microseconds a reply.
    pub cpu_us: f64,
    /// Of these, in the process.
    pub user_us: f64,
    /// Of these, in the kernel.
    pub sys_us: f64,
    /// How many cores were busy, of those it may use.
    pub cores: f64,
    /// Resident memory at the end, in bytes.
    pub rss_bytes: u64,
}

/// What a fill took.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Memory {
    /// Peers that announced.
    pub peers: u64,
    /// Resident memory before, in bytes.
    pub before_bytes: u64,
    /// Resident memory after, in bytes.
    pub after_bytes: u64,
    /// What one peer takes.
    pub bytes_per_peer: f64,
}

impl LoadReport {
    /// Reads off what was sampled at the start of all, and before and after what was measured.
    pub(crate) fn new(
        plan: &LoadPlan,
        tally: &LoadTally,
        [begin, before, after]: [Sample; 3],
    ) -> Self {
        let took = after.at.saturating_duration_since(before.at);
        let replies = after.answered.saturating_sub(before.answered);
        let counts = tally.counts;
        let micros = |cpu: Duration| cpu.as_secs_f64() * 1e6 / real(replies.max(1));
        let cost = before.tracker.zip(after.tracker).map(|((from, _), (to, rss_bytes))| {
            let cpu = to - from;
            Cost {
                cpu_us: micros(cpu.total()),
                user_us: micros(cpu.user),
                sys_us: micros(cpu.sys),
                cores: cpu.total().as_secs_f64() / took.as_secs_f64(),
                rss_bytes,
            }
        });
        let idle = after.idle.saturating_sub(before.idle);
        let threads = real(u64::try_from(plan.threads).unwrap_or(1).max(1));
        let filled = begin.tracker.zip(after.tracker).filter(|_| plan.fill);
        Self {
            seconds: took.as_secs_f64(),
            replies,
            replies_per_sec: real(replies) / took.as_secs_f64(),
            sent: counts.sent,
            announces: counts.announces,
            connects: counts.connects,
            scrapes: counts.scrapes,
            refused: counts.refused,
            refusal: tally.refusal.clone(),
            lost: counts.lost,
            late: counts.late,
            dropped: after.dropped.saturating_sub(before.dropped),
            reply_bytes: real(counts.reply_bytes) / real(counts.replies().max(1)),
            reply_peers: real(counts.peers) / real(counts.announces.max(1)),
            latency_us: Latency::of(tally),
            tracker: cost,
            generator_idle: idle.as_secs_f64() / took.as_secs_f64() / threads,
            memory: filled.map(|((_, before_bytes), (_, after_bytes))| Memory {
                peers: counts.announces,
                before_bytes,
                after_bytes,
                bytes_per_peer: real(after_bytes.saturating_sub(before_bytes))
                    / real(counts.announces.max(1)),
            }),
        }
    }
}

impl Latency {
    fn of(tally: &LoadTally) -> Self {
        let at = |quantile| real(tally.latency.value_at_quantile(quantile)) / 1e3;
        Self { p50: at(0.5), p99: at(0.99), p999: at(0.999), max: at(1.0) }
    }
}

impl fmt::Display for LoadReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { replies, seconds, replies_per_sec, .. } = self;
        writeln!(f, "{replies} replies in {seconds:.2} s, {replies_per_sec:.0} a second")?;
        let Latency { p50, p99, p999, max } = self.latency_us;
        writeln!(
            f,
            "latency: p50 {p50:.0} us, p99 {p99:.0} us, p99.9 {p999:.0} us, max {max:.0} us"
        )?;
        if let Some(Cost { cpu_us, user_us, sys_us, cores, rss_bytes }) = self.tracker {
            writeln!(
                f,
                "tracker: {cpu_us:.3} us CPU a reply ({user_us:.3} user, {sys_us:.3} sys)"
            )?;
            writeln!(f, "         {cores:.2} cores busy, {} MiB resident", rss_bytes >> 20)?;
        }
        writeln!(f, "generator: idle for {:.0} % of the time", self.generator_idle * 100.0)?;
        writeln!(f, "a reply: {:.0} bytes, {:.1} peers", self.reply_bytes, self.reply_peers)?;
        if let Some(Memory { peers, bytes_per_peer, .. }) = self.memory {
            writeln!(f, "memory: {peers} peers, {bytes_per_peer:.1} bytes each")?;
        }
        let Self { refused, lost, late, dropped, .. } = self;
        write!(
            f,
            "errors: {refused} refused, {lost} lost, {late} late, {dropped} dropped by the kernel"
        )?;
        match &self.refusal {
            Some(reason) => write!(f, "\nfirst refusal: {reason}"),
            None => Ok(()),
        }
    }
}

/// A count as a number to divide by: exact up to 2^53.
#[expect(clippy::as_conversions, reason = "there is no other conversion to floating point")]
const fn real(count: u64) -> f64 {
    count as f64
}
