//! Numbers for Prometheus, taken from the tracker whenever somebody asks.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use api::stats::MemoryUse;
use club::Club;
use listen::admission::ByteBudget;
use listen::context::ListenContext;
use metrics::{Counter, Gauge, counter, gauge, with_local_recorder};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle, PrometheusRecorder};
use policy::Refusal;
use tracker::{CounterTotals, LatencyCounts, Now, Route, Totals, Tracker, Via};
use web::pay::Payments;

use crate::serve::budgets;
use crate::serve::failure_counts::FailureCounts;
use crate::serve::metrics::{
    ALERTS, ANNOUNCE_SECONDS, ANNOUNCES, BACKUP_FAILURES, COMPLETIONS, CONNECTS, DATABASE_UP,
    ENDPOINTS, FLUSH_FAILURES, GUARD_ACTIVE, HID_SEEDERS, HIDDEN_CLIENTS, KERNEL_DROPS,
    LAST_BACKUP, LEFT_OUT, LIMITED, MALFORMED, MEMORY, MEMORY_MAX, MEMORY_REFUSALS, PEERS,
    PEERS_GIVEN, REFUSALS, RELOAD_FAILURES, REPLIES, RING_OVERRUNS, SCRAPES, SESSIONS,
    SNAPSHOT_FAILURES, SWARMS, UNLISTED, UNSENT, UNVERIFIED, WEBHOOKS, describe, find,
};

/// Every metric, with its handle made once.
pub(crate) struct Observer {
    tracker: Arc<Tracker>,
    payments: Arc<Payments>,
    club: Arc<Club>,
    buffers: Arc<ByteBudget>,
    shared: Arc<ListenContext>,
    counts: Arc<FailureCounts>,
    alerts: Gauge,
    last_backup: Gauge,
    database_up: Gauge,
    failures: FailureSources,
    recorder: PrometheusRecorder,
    handle: PrometheusHandle,
    counters: CounterSources,
    announces: Vec<RouteMetrics>,
    gauges: GaugeSources,
}

/// CounterSources, and where each takes its number from.
type CounterSources = Vec<(Counter, fn(&CounterTotals) -> u64)>;
/// GaugeSources, likewise.
type GaugeSources = Vec<(Gauge, fn(&Totals) -> usize)>;

/// The announces of one transport and address family.
struct RouteMetrics {
    admitted: Counter,
    refused: Counter,
    /// In the order of [`Refusal::ALL`].
    reasons: Vec<Counter>,
}

/// CounterSources of what went wrong, likewise.
type FailureSources = Vec<(Counter, fn(&FailureCounts) -> &AtomicU64)>;

impl Observer {
    /// Makes the metrics of listeners with their tracker, payments, a club, what is held for clients and the daemon's
    /// own work.
    pub(crate) fn new(
        shared: Arc<ListenContext>,
        payments: Arc<Payments>,
        club: Arc<Club>,
        buffers: Arc<ByteBudget>,
        counts: Arc<FailureCounts>,
    ) -> Self {
        let recorder = PrometheusBuilder::new().build_recorder();
        let handle = recorder.handle();
        let (counters, announces, failures, gauges) = with_local_recorder(&recorder, || {
            describe();
            (counters(), announces(), failures(), gauges())
        });
        let [alerts, last_backup, database_up] = with_local_recorder(&recorder, || {
            [gauge!(ALERTS), gauge!(LAST_BACKUP), gauge!(DATABASE_UP)]
        });
        Self {
            tracker: Arc::clone(&shared.tracker),
            payments,
            club,
            buffers,
            shared,
            counts,
            alerts,
            last_backup,
            database_up,
            failures,
            recorder,
            handle,
            counters,
            announces,
            gauges,
        }
    }

    /// The numbers of now, in Prometheus' text format.
    pub(crate) fn render(&self, now: Now) -> String {
        let counted = self.tracker.counted();
        for (counter, of) in &self.counters {
            counter.absolute(of(&counted));
        }
        for (metrics, of) in self.announces.iter().zip(&counted.routes) {
            metrics.admitted.absolute(of.seated);
            metrics.refused.absolute(of.refused());
            for (counter, (_, count)) in metrics.reasons.iter().zip(&of.refusals) {
                counter.absolute(*count);
            }
        }
        let totals = self.tracker.totals(now);
        // Which there are is not known before they come, so they are made here.
        with_local_recorder(&self.recorder, || {
            counter!(COMPLETIONS).absolute(totals.completions);
            counter!(LEFT_OUT).absolute(totals.left_out);
            for (budget, MemoryUse { held, max, refused }) in [
                ("buffers", budgets::of_buffers(&self.buffers)),
                ("swarms", budgets::of_swarms(&self.tracker)),
            ] {
                gauge!(MEMORY, "budget" => budget).set(number(held));
                gauge!(MEMORY_MAX, "budget" => budget).set(number(max));
                counter!(MEMORY_REFUSALS, "budget" => budget).absolute(refused);
            }
            let watch = &self.shared.proxy_watch;
            counter!(HIDDEN_CLIENTS, "proxy" => "untrusted").absolute(watch.untrusted_requests());
            counter!(HIDDEN_CLIENTS, "proxy" => "trusted").absolute(watch.unnamed_requests());
            for (provider, verdict, count) in self.payments.heard().counts() {
                counter!(WEBHOOKS, "provider" => provider, "verdict" => verdict).absolute(count);
            }
        });
        for (counter, of) in &self.failures {
            counter.absolute(of(&self.counts).load(Ordering::Relaxed));
        }
        self.database_up.set(f64::from(u8::from(self.counts.database_is_up())));
        let last_backup = self.counts.last_backup.load(Ordering::Relaxed);
        self.last_backup.set(f64::from(u32::try_from(last_backup).unwrap_or(u32::MAX)));
        self.alerts.set(f64::from(self.club.open_alerts()));
        for (gauge, of) in &self.gauges {
            gauge.set(f64::from(u32::try_from(of(&totals)).unwrap_or(u32::MAX)));
        }
        self.handle.render() + &self.durations()
    }

    /// The samples of the tracker's own work. The exporter takes samples one at a time, and these are sums.
    fn durations(&self) -> String {
        let help = find(ANNOUNCE_SECONDS).map_or("", |metric| metric.help);
        let mut text =
            format!("# HELP {ANNOUNCE_SECONDS} {help}\n# TYPE {ANNOUNCE_SECONDS} histogram\n");
        for via in [Via::Http, Via::Udp] {
            histogram(transport(via), &self.tracker.latency(via), &mut text);
        }
        text
    }
}

/// Writes one series of the histogram, a bucket for each power of two.
fn histogram(transport: &str, counts: &LatencyCounts, text: &mut String) {
    let mut below = 0_u64;
    for (bucket, count) in counts.counts.iter().enumerate() {
        below = below.saturating_add(*count);
        let is_shown = bucket.is_multiple_of(4) && bucket + 1 < LatencyCounts::BUCKETS;
        if is_shown {
            let end = seconds(LatencyCounts::bound(bucket));
            text.push_str(&format!(
                "{ANNOUNCE_SECONDS}_bucket{{transport=\"{transport}\",le=\"{end}\"}} {below}\n"
            ));
        }
    }
    let sum = seconds(counts.total_nanos);
    text.push_str(&format!(
        "{ANNOUNCE_SECONDS}_bucket{{transport=\"{transport}\",le=\"+Inf\"}} {below}\n\
         {ANNOUNCE_SECONDS}_sum{{transport=\"{transport}\"}} {sum}\n\
         {ANNOUNCE_SECONDS}_count{{transport=\"{transport}\"}} {below}\n"
    ));
}

fn seconds(nanos: u64) -> f64 {
    number(nanos) / 1e9
}

const fn transport(via: Via) -> &'static str {
    match via {
        Via::Http => "http",
        Via::Udp => "udp",
    }
}

fn counters() -> CounterSources {
    vec![
        (counter!(SCRAPES, "transport" => "http"), |counted| counted.scrapes_http),
        (counter!(SCRAPES, "transport" => "udp"), |counted| counted.scrapes_udp),
        (counter!(MALFORMED, "transport" => "http"), |counted| counted.malformed_http),
        (counter!(MALFORMED, "transport" => "udp"), |counted| counted.malformed_udp),
        (counter!(CONNECTS), |counted| counted.connects),
        (counter!(UNVERIFIED), |counted| counted.unverified),
        (counter!(LIMITED), |counted| counted.limited),
        (counter!(REPLIES), |counted| counted.replies_udp),
        (counter!(UNSENT), |counted| counted.unsent),
        (counter!(KERNEL_DROPS), |counted| counted.kernel_drops),
        (counter!(RING_OVERRUNS), |counted| counted.ring_overruns),
        (counter!(PEERS_GIVEN), |counted| counted.peers_given),
        (counter!(HID_SEEDERS), |counted| counted.hid_seeders),
        (counter!(UNLISTED), |counted| counted.unlisted),
    ]
}

/// In the order of [`Route::ALL`].
fn announces() -> Vec<RouteMetrics> {
    let of_route = |route: Route| {
        let transport = transport(route.via);
        let family = if route.is_ipv6 { "ipv6" } else { "ipv4" };
        let outcome = |outcome: &'static str| counter!(ANNOUNCES, "transport" => transport, "family" => family, "outcome" => outcome);
        let reason = |refusal: &Refusal| {
            let reason = refusal.name();
            counter!(REFUSALS, "transport" => transport, "family" => family, "reason" => reason)
        };
        RouteMetrics {
            admitted: outcome("admitted"),
            refused: outcome("refused"),
            reasons: Refusal::ALL.iter().map(reason).collect(),
        }
    };
    Route::ALL.map(of_route).into()
}

fn failures() -> FailureSources {
    vec![
        (counter!(FLUSH_FAILURES), |counts| &counts.flush_failures),
        (counter!(SNAPSHOT_FAILURES), |counts| &counts.snapshot_failures),
        (counter!(BACKUP_FAILURES), |counts| &counts.backup_failures),
        (counter!(RELOAD_FAILURES), |counts| &counts.reload_failures),
    ]
}

fn gauges() -> GaugeSources {
    vec![
        (gauge!(SWARMS), |totals| count(totals.swarms)),
        (peers("seeder", "inside"), |totals| count(totals.inside_seeders)),
        (peers("leecher", "inside"), |totals| count(totals.inside_leechers)),
        (peers("seeder", "outside"), |totals| count(totals.outside_seeders)),
        (peers("leecher", "outside"), |totals| count(totals.outside_leechers)),
        (gauge!(ENDPOINTS, "family" => "ipv4"), |totals| count(totals.endpoints_v4)),
        (gauge!(ENDPOINTS, "family" => "ipv6"), |totals| count(totals.endpoints_v6)),
        (gauge!(SESSIONS), |totals| totals.sessions),
        (gauge!(GUARD_ACTIVE), |totals| totals.guards_active),
    ]
}

fn peers(kind: &'static str, side: &'static str) -> Gauge {
    gauge!(PEERS, "kind" => kind, "side" => side)
}

fn count(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

/// A number of bytes as Prometheus takes it; exact up to 2^53.
fn number(bytes: u64) -> f64 {
    let part = |bytes: u64| f64::from(u32::try_from(bytes).unwrap_or(u32::MAX));
    part(bytes >> 32) * 4_294_967_296.0 + part(bytes & u64::from(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[expect(clippy::float_cmp, reason = "whole numbers are exact")]
    fn bytes_beyond_four_gigabytes_are_exact() {
        for (bytes, expected) in [(0, 0.0), (7, 7.0), (5 << 32 | 9, 21_474_836_489.0)] {
            assert_eq!(number(bytes), expected);
        }
    }
}
