//! Every metric: its name, unit and labels, as `docs/metrics.md` shows them and Prometheus is told.

use metrics::{describe_counter, describe_gauge};

/// A metric.
pub(crate) struct Metric {
    /// Its name.
    pub(crate) name: &'static str,
    /// What its values are.
    pub(crate) kind: MetricKind,
    /// What is counted.
    #[cfg_attr(not(test), expect(dead_code, reason = "docs/metrics.md is made of it"))]
    unit: &'static str,
    /// The names of its labels, and their values in Markdown.
    #[cfg_attr(not(test), expect(dead_code, reason = "docs/metrics.md is made of it"))]
    labels: &'static [(&'static str, &'static str)],
    /// What it says.
    pub(crate) help: &'static str,
}

/// What the values of a metric are.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum MetricKind {
    /// They rise until the daemon starts anew.
    Counter,
    /// They rise and fall.
    Gauge,
    /// Counts of samples below each of some bounds.
    Histogram,
}

/// Tells the recorder in force what each metric says.
pub(crate) fn describe() {
    for metric in METRICS {
        match metric.kind {
            MetricKind::Counter => describe_counter!(metric.name, metric.help),
            MetricKind::Gauge => describe_gauge!(metric.name, metric.help),
            MetricKind::Histogram => {}
        }
    }
}

/// The metric of a name.
pub(crate) fn find(name: &str) -> Option<&'static Metric> {
    METRICS.iter().find(|metric| metric.name == name)
}

/// Every metric, those of announces first.
pub(crate) const METRICS: &[Metric] = &[
    Metric {
        name: ANNOUNCE_SECONDS,
        kind: MetricKind::Histogram,
        unit: "seconds",
        labels: &[("transport", "`http`, `udp`")],
        help: "The tracker's own work on an announce, from the parsed request to the written reply. Each worker times the first announce of each second, and one in 1024",
    },
    Metric {
        name: ANNOUNCES,
        kind: MetricKind::Counter,
        unit: "announces",
        labels: &[
            ("transport", "`http`, `udp`"),
            ("family", "`ipv4`, `ipv6`: that of the client's address"),
            ("outcome", "`admitted`, `refused`"),
        ],
        help: "Announces answered",
    },
    Metric {
        name: REFUSALS,
        kind: MetricKind::Counter,
        unit: "announces",
        labels: &[
            ("transport", "`http`, `udp`"),
            ("family", "`ipv4`, `ipv6`"),
            ("reason", REASONS),
        ],
        help: "Announces refused, by reason",
    },
    Metric {
        name: SCRAPES,
        kind: MetricKind::Counter,
        unit: "scrapes",
        labels: &[("transport", "`http`, `udp`")],
        help: "Scrapes answered",
    },
    Metric {
        name: PEERS_GIVEN,
        kind: MetricKind::Counter,
        unit: "peers",
        labels: &[],
        help: "Peers in all replies",
    },
    Metric {
        name: COMPLETIONS,
        kind: MetricKind::Counter,
        unit: "downloads",
        labels: &[],
        help: "Completed downloads",
    },
    Metric {
        name: MALFORMED,
        kind: MetricKind::Counter,
        unit: "requests",
        labels: &[("transport", "`http`, `udp`")],
        help: "Requests that are not valid",
    },
    Metric {
        name: LIMITED,
        kind: MetricKind::Counter,
        unit: "requests",
        labels: &[],
        help: "Requests refused because of a limit on their network: see `requests_per_prefix`",
    },
    Metric {
        name: CONNECTS,
        kind: MetricKind::Counter,
        unit: "connection ids",
        labels: &[],
        help: "UDP connection ids given out",
    },
    Metric {
        name: UNVERIFIED,
        kind: MetricKind::Counter,
        unit: "datagrams",
        labels: &[],
        help: "Datagrams whose connection id was forged or too old",
    },
    Metric {
        name: REPLIES,
        kind: MetricKind::Counter,
        unit: "replies",
        labels: &[],
        help: "Replies over UDP that the kernel took to send",
    },
    Metric {
        name: UNSENT,
        kind: MetricKind::Counter,
        unit: "replies",
        labels: &[],
        help: "Replies over UDP that the kernel refused to send",
    },
    Metric {
        name: KERNEL_DROPS,
        kind: MetricKind::Counter,
        unit: "datagrams",
        labels: &[],
        help: "Datagrams that the kernel dropped because a socket's queue was full: raise `net.core.rmem_max`, or use more workers",
    },
    Metric {
        name: RING_OVERRUNS,
        kind: MetricKind::Counter,
        unit: "overruns",
        labels: &[],
        help: "Times that `io_uring` had no buffer left for a datagram. The datagrams wait in the socket's queue",
    },
    Metric {
        name: HID_SEEDERS,
        kind: MetricKind::Counter,
        unit: "replies",
        labels: &[],
        help: "Replies without a seeder whose address the caller could not reach: see `tracker.nat`",
    },
    Metric {
        name: UNLISTED,
        kind: MetricKind::Counter,
        unit: "announces",
        labels: &[],
        help: "Announces of peers whose address has the maximum of peers: see `max_peers_per_address`",
    },
    Metric {
        name: LEFT_OUT,
        kind: MetricKind::Counter,
        unit: "announces",
        labels: &[],
        help: "Announces of clients for whose session there was no room",
    },
    Metric {
        name: HIDDEN_CLIENTS,
        kind: MetricKind::Counter,
        unit: "requests",
        labels: &[(
            "proxy",
            "`trusted`: it names no client; `untrusted`: it is not in `tracker.trusted_proxies`",
        )],
        help: "Requests through a proxy that hides its client",
    },
    Metric {
        name: WEBHOOKS,
        kind: MetricKind::Counter,
        unit: "events",
        labels: &[
            ("provider", "`btcpay`, `stripe`, or the name of a hook in `tracker.yaml`"),
            ("verdict", "what became of it, such as `applied` or `ignored`"),
        ],
        help: "Events from payment providers",
    },
    Metric {
        name: FLUSH_FAILURES,
        kind: MetricKind::Counter,
        unit: "flushes",
        labels: &[],
        help: "Times that traffic could not be written, and waited",
    },
    Metric {
        name: SNAPSHOT_FAILURES,
        kind: MetricKind::Counter,
        unit: "snapshots",
        labels: &[],
        help: "Times that swarms and sessions could not be written",
    },
    Metric {
        name: BACKUP_FAILURES,
        kind: MetricKind::Counter,
        unit: "backups",
        labels: &[],
        help: "Times that a backup that was due was not made",
    },
    Metric {
        name: RELOAD_FAILURES,
        kind: MetricKind::Counter,
        unit: "reloads",
        labels: &[],
        help: "Times that a configuration was not put in force",
    },
    Metric {
        name: SWARMS,
        kind: MetricKind::Gauge,
        unit: "swarms",
        labels: &[],
        help: "Swarms, including those of items without peers",
    },
    Metric {
        name: PEERS,
        kind: MetricKind::Gauge,
        unit: "clients",
        labels: &[("kind", "`seeder`, `leecher`"), ("side", "`inside`, `outside`")],
        help: "Clients in swarms",
    },
    Metric {
        name: ENDPOINTS,
        kind: MetricKind::Gauge,
        unit: "addresses",
        labels: &[("family", "`ipv4`, `ipv6`")],
        help: "Addresses of clients in swarms",
    },
    Metric {
        name: SESSIONS,
        kind: MetricKind::Gauge,
        unit: "clients",
        labels: &[],
        help: "Clients remembered in items' swarms",
    },
    Metric {
        name: GUARD_ACTIVE,
        kind: MetricKind::Gauge,
        unit: "swarms",
        labels: &[],
        help: "Swarms whose peers are shared evenly, because outsiders fell behind",
    },
    Metric {
        name: MEMORY,
        kind: MetricKind::Gauge,
        unit: "bytes",
        labels: &[(
            "budget",
            "`swarms`: of swarms and sessions; `buffers`: of what clients sent and were answered",
        )],
        help: "Memory held",
    },
    Metric {
        name: MEMORY_MAX,
        kind: MetricKind::Gauge,
        unit: "bytes",
        labels: &[("budget", "`swarms`: `max_memory_mib`; `buffers`: `buffer_memory`")],
        help: "Maximum of that memory; 0 means no limit",
    },
    Metric {
        name: MEMORY_REFUSALS,
        kind: MetricKind::Counter,
        unit: "refusals",
        labels: &[("budget", "`swarms`, `buffers`")],
        help: "Swarms, peers and sessions that were not taken in, and connections that were cut off, at that maximum",
    },
    Metric {
        name: ALERTS,
        kind: MetricKind::Gauge,
        unit: "alerts",
        labels: &[],
        help: "Alerts that nobody acknowledged",
    },
    Metric {
        name: LAST_BACKUP,
        kind: MetricKind::Gauge,
        unit: "seconds since 1970",
        labels: &[],
        help: "When the last scheduled backup was made; 0 means that none is known",
    },
    Metric {
        name: DATABASE_UP,
        kind: MetricKind::Gauge,
        unit: "0 or 1",
        labels: &[],
        help: "1 while the database answers and traffic can be written",
    },
];

/// The values of the label `reason`.
const REASONS: &str = "as in `GET /api/v1/stats`, such as `torrent_unknown`; 18 in all";

pub(crate) const ANNOUNCE_SECONDS: &str = "usher_announce_duration_seconds";
pub(crate) const ANNOUNCES: &str = "usher_announces_total";
pub(crate) const REFUSALS: &str = "usher_refusals_total";
pub(crate) const SCRAPES: &str = "usher_scrapes_total";
pub(crate) const PEERS_GIVEN: &str = "usher_peers_given_total";
pub(crate) const COMPLETIONS: &str = "usher_completions_total";
pub(crate) const MALFORMED: &str = "usher_malformed_total";
pub(crate) const LIMITED: &str = "usher_limited_total";
pub(crate) const CONNECTS: &str = "usher_udp_connects_total";
pub(crate) const UNVERIFIED: &str = "usher_udp_unverified_total";
pub(crate) const REPLIES: &str = "usher_udp_replies_total";
pub(crate) const UNSENT: &str = "usher_udp_unsent_total";
pub(crate) const KERNEL_DROPS: &str = "usher_udp_kernel_drops_total";
pub(crate) const RING_OVERRUNS: &str = "usher_udp_ring_overruns_total";
pub(crate) const HID_SEEDERS: &str = "usher_hidden_seeder_replies_total";
pub(crate) const UNLISTED: &str = "usher_unlisted_announces_total";
pub(crate) const LEFT_OUT: &str = "usher_sessions_left_out_total";
pub(crate) const HIDDEN_CLIENTS: &str = "usher_hidden_client_requests_total";
pub(crate) const WEBHOOKS: &str = "usher_webhooks_total";
pub(crate) const FLUSH_FAILURES: &str = "usher_flush_failures_total";
pub(crate) const SNAPSHOT_FAILURES: &str = "usher_snapshot_failures_total";
pub(crate) const BACKUP_FAILURES: &str = "usher_backup_failures_total";
pub(crate) const RELOAD_FAILURES: &str = "usher_reload_failures_total";
pub(crate) const SWARMS: &str = "usher_swarms";
pub(crate) const PEERS: &str = "usher_peers";
pub(crate) const ENDPOINTS: &str = "usher_endpoints";
pub(crate) const SESSIONS: &str = "usher_sessions";
pub(crate) const GUARD_ACTIVE: &str = "policy_guard_active";
pub(crate) const MEMORY: &str = "usher_memory_bytes";
pub(crate) const MEMORY_MAX: &str = "usher_memory_max_bytes";
pub(crate) const MEMORY_REFUSALS: &str = "usher_memory_refusals_total";
pub(crate) const ALERTS: &str = "usher_alerts_open";
pub(crate) const LAST_BACKUP: &str = "usher_last_backup_timestamp_seconds";
pub(crate) const DATABASE_UP: &str = "usher_database_up";

#[cfg(test)]
mod tests {
    use std::fmt::Write;
    use std::path::Path;
    use std::{env, fs};

    use serde_json::Value;

    use super::*;

    /// `UPDATE_DOCS=1 cargo test -p usher --lib metrics` writes it anew.
    #[test]
    fn the_page_of_metrics_is_made_of_this_table() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/metrics.md");
        if env::var_os("UPDATE_DOCS").is_some() {
            fs::write(&path, page()).unwrap();
        }
        assert_eq!(fs::read_to_string(path).unwrap(), page(), "see this test's comment");
    }

    #[test]
    fn a_counter_ends_with_total_and_no_metric_stands_twice() {
        for (place, metric) in METRICS.iter().enumerate() {
            let is_counter = metric.kind == MetricKind::Counter;
            assert_eq!(metric.name.ends_with("_total"), is_counter, "{}", metric.name);
            assert!(METRICS.iter().skip(place + 1).all(|other| other.name != metric.name));
        }
    }

    #[test]
    fn the_dashboard_asks_for_metrics_and_labels_that_there_are() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/grafana.json");
        let dashboard: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
        let panels = dashboard["panels"].as_array().unwrap();
        let targets = panels.iter().flat_map(|panel| panel["targets"].as_array().unwrap());
        let asked: Vec<_> = targets.map(|target| target["expr"].as_str().unwrap()).collect();
        let found: Vec<_> = asked.iter().map(|expression| check(expression)).collect();
        assert!(found.iter().all(Result::is_ok), "{found:?}");
        let used =
            |metric: &&Metric| asked.iter().any(|expression| expression.contains(metric.name));
        let unused: Vec<_> =
            METRICS.iter().filter(|metric| !used(metric)).map(|metric| metric.name).collect();
        assert_eq!(unused, Vec::<&str>::new());
    }

    #[test]
    fn an_expression_with_another_metric_or_label_is_found() {
        assert!(
            check("sum by (outcome) (rate(usher_announces_total{family=\"ipv4\"}[1m]))").is_ok()
        );
        assert!(check("usher_announce_duration_seconds_bucket{le=\"1\"}").is_ok());
        assert!(check("usher_announced_total").is_err());
        assert!(check("usher_announces_total_bucket").is_err());
        assert!(check("usher_announces_total{via=\"udp\"}").is_err());
        assert!(check("sum by (via) (usher_announces_total)").is_err());
        assert!(check("1 + 1").is_err());
    }

    /// The labels of an expression must be those of all its metrics, of which there is at least one.
    fn check(expression: &str) -> Result<(), String> {
        let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let words = || expression.split(|c| !is_name(c)).filter(|word| !word.is_empty());
        let is_metric = |word: &&str| word.starts_with("usher_") || word.starts_with("policy_");
        let mut metrics = Vec::new();
        for word in words().filter(is_metric) {
            let parts = ["_bucket", "_count", "_sum"];
            let whole = parts.iter().find_map(|part| word.strip_suffix(part)).and_then(find);
            let whole = whole.filter(|metric| metric.kind == MetricKind::Histogram);
            metrics.push(find(word).or(whole).ok_or_else(|| format!("no metric {word}"))?);
        }
        let matched = expression.split('{').skip(1).filter_map(|rest| rest.split('}').next());
        let matched = matched.flat_map(|matchers| matchers.split(','));
        let matched = matched.filter_map(|matcher| matcher.split(['=', '!']).next());
        let grouped = expression.split("by (").skip(1).filter_map(|rest| rest.split(')').next());
        let labels = matched.chain(grouped.flat_map(|labels| labels.split(','))).map(str::trim);
        for label in labels {
            let of_prometheus = ["instance", "job"].contains(&label);
            let has = |metric: &&Metric| {
                let is_bound = label == "le" && metric.kind == MetricKind::Histogram;
                is_bound || metric.labels.iter().any(|(own, _)| *own == label)
            };
            if !of_prometheus && !metrics.iter().all(has) {
                return Err(format!("no label {label} in {expression}"));
            }
        }
        if metrics.is_empty() { Err(format!("no metric in {expression}")) } else { Ok(()) }
    }

    fn page() -> String {
        let mut page = PREAMBLE.to_owned();
        for Metric { name, kind, unit, labels, help } in METRICS {
            let labels: Vec<_> =
                labels.iter().map(|(label, values)| format!("`{label}`: {values}")).collect();
            let labels = if labels.is_empty() { "-".to_owned() } else { labels.join("<br>") };
            let kind = format!("{kind:?}").to_lowercase();
            writeln!(page, "| `{name}` | {kind} | {unit} | {labels} | {help} |").unwrap();
        }
        page
    }

    const PREAMBLE: &str = "\
# Metrics

<!-- made of crates/usher/src/serve/metrics.rs: UPDATE_DOCS=1 cargo test -p usher --lib metrics -->

`http://<admin.listen>/metrics` has these in Prometheus' text format. A counter rises until the daemon starts anew.
Labels have few values: none is a member, an item, an address or an info hash.

[grafana.json](grafana.json) is a dashboard of them: import it in Grafana, and choose the Prometheus that scrapes
usher.

| metric | type | unit | labels | what it is |
|---|---|---|---|---|
";
}
