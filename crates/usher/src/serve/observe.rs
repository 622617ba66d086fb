//! Numbers for Prometheus, taken from the tracker whenever somebody asks.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use api::swarm::MemoryUse;
use club::Club;
use listen::admission::ByteBudget;
use listen::context::ListenContext;
use metrics::{
    Counter, Gauge, counter, describe_counter, describe_gauge, gauge, with_local_recorder,
};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle, PrometheusRecorder};
use policy::Refusal;
use tracker::{CounterTotals, Now, Totals, Tracker};
use web::pay::Payments;

use crate::serve::budgets;
use crate::serve::failure_counts::FailureCounts;

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
    refusals: Vec<Counter>,
    gauges: GaugeSources,
}

/// CounterSources, and where each takes its number from.
type CounterSources = Vec<(Counter, fn(&CounterTotals) -> u64)>;
/// GaugeSources, likewise.
type GaugeSources = Vec<(Gauge, fn(&Totals) -> usize)>;

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
        let (counters, refusals, failures, gauges) = with_local_recorder(&recorder, || {
            describe();
            (counters(), refusals(), failures(), gauges())
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
            refusals,
            gauges,
        }
    }

    /// The numbers of now, in Prometheus' text format.
    pub(crate) fn render(&self, now: Now) -> String {
        let counted = self.tracker.counted();
        for (counter, of) in &self.counters {
            counter.absolute(of(&counted));
        }
        for (counter, (_, count)) in self.refusals.iter().zip(&counted.refusals) {
            counter.absolute(*count);
        }
        let totals = self.tracker.totals(now);
        // Which there are is not known before they come, so they are made here.
        with_local_recorder(&self.recorder, || {
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
        self.handle.render()
    }
}

fn counters() -> CounterSources {
    vec![
        (counter!(ANNOUNCES, "via" => "http"), |counted| counted.announces_http),
        (counter!(ANNOUNCES, "via" => "udp"), |counted| counted.announces_udp),
        (counter!(SCRAPES, "via" => "http"), |counted| counted.scrapes_http),
        (counter!(SCRAPES, "via" => "udp"), |counted| counted.scrapes_udp),
        (counter!(MALFORMED, "via" => "http"), |counted| counted.malformed_http),
        (counter!(MALFORMED, "via" => "udp"), |counted| counted.malformed_udp),
        (counter!(CONNECTS), |counted| counted.connects),
        (counter!(UNVERIFIED), |counted| counted.unverified),
        (counter!(LIMITED), |counted| counted.limited),
        (counter!(UNSENT), |counted| counted.unsent),
        (counter!(PEERS_GIVEN), |counted| counted.peers_given),
        (counter!(HID_SEEDERS), |counted| counted.hid_seeders),
        (counter!(UNLISTED), |counted| counted.unlisted),
    ]
}

fn failures() -> FailureSources {
    vec![
        (counter!(FLUSH_FAILURES), |counts| &counts.flush_failures),
        (counter!(SNAPSHOT_FAILURES), |counts| &counts.snapshot_failures),
        (counter!(BACKUP_FAILURES), |counts| &counts.backup_failures),
        (counter!(RELOAD_FAILURES), |counts| &counts.reload_failures),
    ]
}

fn refusals() -> Vec<Counter> {
    let reason = |refusal: &Refusal| format!("{refusal:?}");
    Refusal::ALL.iter().map(|refusal| counter!(REFUSALS, "reason" => reason(refusal))).collect()
}

fn gauges() -> GaugeSources {
    vec![
        (gauge!(SWARMS), |totals| count(totals.swarms)),
        (gauge!(PEERS, "kind" => "seeder"), |totals| count(totals.seeders)),
        (gauge!(PEERS, "kind" => "leecher"), |totals| count(totals.leechers)),
        (gauge!(ENDPOINTS, "family" => "ipv4"), |totals| count(totals.endpoints_v4)),
        (gauge!(ENDPOINTS, "family" => "ipv6"), |totals| count(totals.endpoints_v6)),
        (gauge!(SESSIONS), |totals| totals.sessions),
        (gauge!(GUARD_ACTIVE), |totals| totals.guards_active),
    ]
}

fn count(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

/// A number of bytes as Prometheus takes it; exact up to 2^53.
fn number(bytes: u64) -> f64 {
    let part = |bytes: u64| f64::from(u32::try_from(bytes).unwrap_or(u32::MAX));
    part(bytes >> 32) * 4_294_967_296.0 + part(bytes & u64::from(u32::MAX))
}

fn describe() {
    describe_counter!(ANNOUNCES, "Announces answered, refused ones included");
    describe_counter!(SCRAPES, "Scrapes answered");
    describe_counter!(MALFORMED, "Requests that made no sense");
    describe_counter!(CONNECTS, "UDP connection ids given out");
    describe_counter!(UNVERIFIED, "Datagrams whose connection id was forged or too old");
    describe_counter!(LIMITED, "Requests turned away because their network sent too many");
    describe_counter!(UNSENT, "UDP replies that the kernel refused to send");
    describe_counter!(PEERS_GIVEN, "Peers given out in replies");
    describe_counter!(
        HID_SEEDERS,
        "Replies without a seeder whose address the caller could not reach: see tracker.nat"
    );
    describe_counter!(
        UNLISTED,
        "Announces of peers whose address has the maximum of peers: see max_peers_per_address"
    );
    describe_counter!(REFUSALS, "Announces refused, by reason");
    describe_counter!(WEBHOOKS, "Events from payment providers, by what was thought of them");
    describe_counter!(FLUSH_FAILURES, "Times that traffic could not be written and waited");
    describe_counter!(SNAPSHOT_FAILURES, "Times that swarms and sessions could not be written");
    describe_counter!(BACKUP_FAILURES, "Times that a copy of the club that was due was not made");
    describe_counter!(RELOAD_FAILURES, "Times that a configuration was not put in force");
    describe_gauge!(
        LAST_BACKUP,
        "Unix time of the last copy made on schedule, 0 where none is known"
    );
    describe_gauge!(DATABASE_UP, "1 while the database answers and traffic can be written, else 0");
    describe_gauge!(ALERTS, "Alerts that nobody acknowledged");
    describe_gauge!(SWARMS, "Swarms, those of items without peers included");
    describe_gauge!(PEERS, "Clients in swarms");
    describe_gauge!(ENDPOINTS, "Addresses of clients in swarms");
    describe_gauge!(SESSIONS, "Clients remembered in items' swarms");
    describe_counter!(LEFT_OUT, "Announces of clients for whose session there was no room");
    describe_gauge!(
        MEMORY,
        "Bytes held: of swarms and sessions (max_memory_mib), and of clients' buffers (buffer_memory)"
    );
    describe_gauge!(MEMORY_MAX, "Their maximum, 0 where there is none");
    describe_counter!(
        MEMORY_REFUSALS,
        "Swarms, peers and sessions not taken in, and connections cut off, because of that maximum"
    );
    describe_counter!(
        HIDDEN_CLIENTS,
        "Requests that hide their client: of proxies that are not trusted, or that name no client"
    );
    describe_gauge!(GUARD_ACTIVE, "Swarms where starving outsiders are seated like everybody");
}

const FLUSH_FAILURES: &str = "usher_flush_failures_total";
const SNAPSHOT_FAILURES: &str = "usher_snapshot_failures_total";
const BACKUP_FAILURES: &str = "usher_backup_failures_total";
const RELOAD_FAILURES: &str = "usher_reload_failures_total";
const LAST_BACKUP: &str = "usher_last_backup_timestamp_seconds";
const DATABASE_UP: &str = "usher_database_up";
const ALERTS: &str = "usher_alerts_open";
const ANNOUNCES: &str = "usher_announces_total";
const SCRAPES: &str = "usher_scrapes_total";
const MALFORMED: &str = "usher_malformed_total";
const CONNECTS: &str = "usher_udp_connects_total";
const UNVERIFIED: &str = "usher_udp_unverified_total";
const LIMITED: &str = "usher_limited_total";
const UNSENT: &str = "usher_udp_unsent_total";
const PEERS_GIVEN: &str = "usher_peers_given_total";
const HID_SEEDERS: &str = "usher_hidden_seeder_replies_total";
const UNLISTED: &str = "usher_unlisted_announces_total";
const REFUSALS: &str = "usher_refusals_total";
const WEBHOOKS: &str = "usher_webhooks_total";
const SWARMS: &str = "usher_swarms";
const PEERS: &str = "usher_peers";
const ENDPOINTS: &str = "usher_endpoints";
const SESSIONS: &str = "usher_sessions";
const LEFT_OUT: &str = "usher_sessions_left_out_total";
const MEMORY: &str = "usher_memory_bytes";
const MEMORY_MAX: &str = "usher_memory_max_bytes";
const MEMORY_REFUSALS: &str = "usher_memory_refusals_total";
const HIDDEN_CLIENTS: &str = "usher_hidden_client_requests_total";
const GUARD_ACTIVE: &str = "policy_guard_active";

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
