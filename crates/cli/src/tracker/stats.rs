//! `usher stats`: the overview's numbers, in groups.

use api::stats::{MemoryUse, RecentWork, Stats, TrafficTotals};

use crate::daemon::{CommandContext, CommandError};
use crate::text::{ago, amount, facts, list, or_dash, size};

/// Shows what the tracker is doing.
pub(crate) async fn stats(context: &CommandContext) -> Result<String, CommandError> {
    context.print(&context.get(&["stats"]).answer().await?, stats_text)
}

fn stats_text(stats: &Stats) -> String {
    let groups =
        [swarms(stats), announces(stats), datagrams(stats), memory(stats), money(stats)].concat();
    groups + &warnings(stats)
}

fn swarms(stats: &Stats) -> String {
    let side = |seeders: u32, leechers: u32| format!("{seeders} seeders, {leechers} leechers");
    let rows = facts([
        ("up", ago(stats.uptime_secs)),
        ("swarms", stats.swarms.to_string()),
        ("clients", format!("{}: {}", stats.peers, side(stats.seeders, stats.leechers))),
        ("inside", side(stats.inside_seeders, stats.inside_leechers)),
        ("outside", side(stats.outside_seeders, stats.outside_leechers)),
        ("addresses", format!("{} IPv4, {} IPv6", stats.endpoints_v4, stats.endpoints_v6)),
        ("sessions", stats.sessions.to_string()),
        ("members online", stats.members_online.to_string()),
        ("completed", stats.completions.to_string()),
        ("guards active", stats.guards_active.to_string()),
        ("alerts open", stats.alerts_open.to_string()),
    ]);
    format!("SWARMS\n{rows}")
}

fn announces(stats: &Stats) -> String {
    let mut text = facts([
        ("announces", format!("{} HTTP, {} UDP", stats.announces_http, stats.announces_udp)),
        ("last minute", recent(&stats.recent)),
        ("tracker's work", work(&stats.recent)),
        ("scrapes", format!("{} HTTP, {} UDP", stats.scrapes_http, stats.scrapes_udp)),
        ("peers given", stats.peers_given.to_string()),
        ("malformed", format!("{} HTTP, {} UDP", stats.malformed_http, stats.malformed_udp)),
        ("limited", stats.limited.to_string()),
    ]);
    let is_used = |count: &&_| {
        let api::stats::AnnounceCount { admitted, refused, .. } = count;
        admitted + refused > 0
    };
    let rows = stats.announces.iter().filter(is_used).map(|count| {
        [
            count.transport.clone(),
            count.family.clone(),
            count.admitted.to_string(),
            count.refused.to_string(),
        ]
    });
    if stats.announces_http + stats.announces_udp > 0 {
        text += "\n";
        text += &list(["TRANSPORT", "FAMILY", "ADMITTED", "REFUSED"], rows);
    }
    if !stats.refused.is_empty() {
        let rows =
            stats.refused.iter().map(|refused| [refused.count.to_string(), refused.why.clone()]);
        text += "\n";
        text += &list(["REFUSED", "WHY"], rows);
    }
    format!("\nANNOUNCES\n{text}")
}

fn datagrams(stats: &Stats) -> String {
    let rows = facts([
        ("connection ids", stats.connects_udp.to_string()),
        ("unverified", stats.unverified_udp.to_string()),
        ("replies sent", stats.replies_udp.to_string()),
        ("replies not sent", stats.unsent_udp.to_string()),
        ("kernel drops", stats.kernel_drops.to_string()),
        ("ring overruns", stats.ring_overruns.to_string()),
    ]);
    format!("\nUDP\n{rows}")
}

fn memory(stats: &Stats) -> String {
    let rows = facts([("swarms", held(stats.memory)), ("client buffers", held(stats.buffers))]);
    format!("\nMEMORY\n{rows}")
}

/// Bytes and what was sold, as far as the store says.
fn money(stats: &Stats) -> String {
    let mut rows = Vec::new();
    if let Some(TrafficTotals { from_peers, from_web_seed, saved }) = &stats.traffic {
        rows.push(("between peers", size(*from_peers)));
        rows.push(("from the web seed", size(*from_web_seed)));
        rows.extend(saved.iter().map(|saved| ("saved by peers", amount(saved))));
    }
    for revenue in stats.revenue.iter().flatten() {
        let (today, month) = (amount(&revenue.today), amount(&revenue.last_30_days));
        rows.push(("revenue", format!("{today} today, {month} in 30 days")));
    }
    if rows.is_empty() { String::new() } else { format!("\nTRAFFIC AND REVENUE\n{}", facts(rows)) }
}

fn warnings(stats: &Stats) -> String {
    let mut text = String::new();
    if stats.hid_seeders > 0 {
        text += &format!(
            "\n{} replies left out a seeder because its address is private: see tracker.nat in \
             tracker.yaml\n",
            stats.hid_seeders
        );
    }
    if stats.memory.refused > 0 {
        text += &format!(
            "\nSwarms and sessions reached their maximum memory: {} peers or sessions were not taken \
             in. See tracker.limits.max_memory_mib in tracker.yaml.\n",
            stats.memory.refused
        );
    }
    if stats.buffers.refused > 0 {
        text += &format!(
            "\nClient buffers reached their maximum memory: {} connections were cut off or answered \
             with 503. See tracker.limits.buffer_memory in tracker.yaml.\n",
            stats.buffers.refused
        );
    }
    for fault in &stats.proxy_faults {
        text += &format!("\nproxy: {fault}\n");
    }
    text
}

/// Announces a second, and how many were refused.
fn recent(recent: &RecentWork) -> String {
    let RecentWork { announces_per_second, refused, .. } = recent;
    format!("{announces_per_second:.1} a second, {refused} refused")
}

/// Half of the timed announces, and 99 % of them.
pub(crate) fn work(recent: &RecentWork) -> String {
    let micros = |micros: Option<f64>| or_dash(micros.map(|micros| format!("{micros:.1} µs")));
    format!("p50 {}, p99 {}", micros(recent.p50_micros), micros(recent.p99_micros))
}

fn held(used: MemoryUse) -> String {
    match used.max {
        0 => format!("{}, no limit", size(used.held)),
        max => format!("{} of {}", size(used.held), size(max)),
    }
}

pub(crate) const STATS: &str = "\
Example:
  usher stats --json";
