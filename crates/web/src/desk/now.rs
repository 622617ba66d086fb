//! `/`: what is going on.
//!
//! A script asks for the same page again while it is looked at, and takes the numbers over.

use std::cmp::Reverse;
use std::sync::Arc;

use api::alert::AlertView;
use api::stats::Stats;
use askama::Template;
use axum::response::Response;
use serde::Deserialize;

use super::call::ApiCalls;
use super::layout::{DeskLayout, DeskPlace};
use super::picture::sparkline;
use super::stop::Stop;
use super::swarms::SwarmLine;
use super::visitor::AdminVisitor;
use super::words::{count, moment, money, size};

#[derive(Template)]
#[template(path = "desk/now.html")]
struct NowPage {
    layout: DeskLayout,
    was_it_you: Option<WasItYou>,
    alerts: Vec<AlertLine>,
    alerts_open: u32,
    tiles: Vec<Tile>,
    refusals: Vec<(String, String)>,
    swarms: Vec<SwarmLine>,
    facts: Vec<(&'static str, String)>,
}

/// Vain attempts to sign in as whoever looks.
struct WasItYou {
    times: usize,
    last: String,
    address: String,
}

struct AlertLine {
    text: String,
    link: String,
}

/// A number with what stands beside it, and how it went.
struct Tile {
    label: &'static str,
    value: String,
    about: String,
    /// SVG within a picture of 100 by 24.
    line: String,
}

/// What the page shows of the tracker's history.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Past {
    points: Vec<PastPoint>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct PastPoint {
    inside_seeders: f64,
    inside_leechers: f64,
    outside_seeders: f64,
    outside_leechers: f64,
    announces: Option<f64>,
    refusals: Option<f64>,
    completions: f64,
    bytes_p2p: f64,
}

/// Shows it.
pub(super) async fn show(own: AdminVisitor) -> Result<Response, Stop> {
    let calls = own.calls();
    let AdminVisitor { mut visitor, admin } = own;
    let desk = Arc::clone(&visitor.desk);
    let since = desk.now_unix().saturating_sub(DAY);
    let attempts = desk.site.club.vain_attempts(Some(admin.id), since).await?;
    let was_it_you = attempts.first().map(|last| WasItYou {
        times: attempts.len(),
        last: moment(last.at),
        address: last.address.clone(),
    });
    let stats: Stats = calls.get(&["stats"], &[]).await?;
    // What is not there yet, or does not answer, leaves its place empty.
    let past: Past = calls.get(&["history"], &[("range", "day")]).await.unwrap_or_default();
    let alerts = alerts(&calls).await?;
    let swarms = calls.list(&["swarms"], &[("limit", "12")]).await;
    let page = NowPage {
        layout: visitor.layout(DeskPlace::Now, "Now"),
        was_it_you,
        alerts,
        alerts_open: stats.alerts_open,
        tiles: tiles(&stats, &past),
        refusals: refusals(&stats),
        swarms: swarms.map(|page| page.rows).unwrap_or_default(),
        facts: facts(&stats),
    };
    Ok(visitor.page(&page))
}

async fn alerts(calls: &ApiCalls) -> Result<Vec<AlertLine>, Stop> {
    let found = calls.list::<AlertView>(&["alerts"], &[]).await?;
    let line = |alert: AlertView| {
        let about = match (&alert.item, &alert.member) {
            (Some(item), _) => format!("{}: ", item.name),
            (None, Some(member)) => format!("{}: ", member.name),
            (None, None) => String::new(),
        };
        AlertLine {
            text: format!("{about}{}", alert.evidence),
            link: format!("/alerts#alert-{}", alert.id),
        }
    };
    Ok(found.rows.into_iter().rev().take(SHOWN_ALERTS).map(line).collect())
}

fn tiles(stats: &Stats, past: &Past) -> Vec<Tile> {
    let line = |of: fn(&PastPoint) -> f64| {
        let numbers: Vec<_> = past.points.iter().map(of).collect();
        sparkline(&numbers)
    };
    let recent = &stats.recent;
    let refused = share(recent.refused, recent.announces);
    let revenue = stats.revenue.as_deref().unwrap_or_default();
    let sums = |sum: fn(&api::stats::Revenue) -> &api::money::Money| {
        let sums: Vec<_> = revenue.iter().map(|revenue| money(sum(revenue))).collect();
        if sums.is_empty() { "0".to_owned() } else { sums.join(", ") }
    };
    let (peers_sent, saved) =
        stats.traffic.as_ref().map_or((String::new(), String::new()), |traffic| {
            let saved =
                traffic.saved.as_ref().map(|saved| format!("{} at your price", money(saved)));
            let web_seed = format!("{} from our copy", size(traffic.from_web_seed));
            (size(traffic.from_peers), saved.unwrap_or(web_seed))
        });
    vec![
        Tile {
            label: "Peers",
            value: count(stats.peers.into()),
            about: format!(
                "{} seed, {} in the club",
                count(stats.seeders.into()),
                count(stats.inside.into())
            ),
            line: line(|point| {
                point.inside_seeders
                    + point.inside_leechers
                    + point.outside_seeders
                    + point.outside_leechers
            }),
        },
        Tile {
            label: "Announces",
            value: format!("{:.0} /s", recent.announces_per_second),
            about: match (recent.p50_micros, recent.p99_micros) {
                (Some(p50), Some(p99)) => format!("p50 {p50:.0} µs, p99 {p99:.0} µs"),
                _ => "none in the last minute".to_owned(),
            },
            line: line(|point| point.announces.unwrap_or_default()),
        },
        Tile {
            label: "Refused",
            value: refused,
            about: "of the last minute".to_owned(),
            line: line(|point| point.refusals.unwrap_or_default()),
        },
        Tile {
            label: "Saved by sharing",
            value: peers_sent,
            about: saved,
            line: line(|point| point.bytes_p2p),
        },
        Tile {
            label: "Revenue today",
            value: sums(|revenue| &revenue.today),
            about: format!("{} in 30 days", sums(|revenue| &revenue.last_30_days)),
            line: String::new(),
        },
        Tile {
            label: "Completed",
            value: count(stats.completions),
            about: format!("{} members online", count(stats.members_online.into())),
            line: line(|point| point.completions),
        },
    ]
}

fn refusals(stats: &Stats) -> Vec<(String, String)> {
    let mut refused = stats.refused.clone();
    refused.sort_by_key(|refusal| Reverse(refusal.count));
    refused.into_iter().map(|refusal| (refusal.why, count(refusal.count))).collect()
}

fn facts(stats: &Stats) -> Vec<(&'static str, String)> {
    vec![
        (
            "Up since",
            super::words::at(stats.at - jiff::SignedDuration::from_secs(stats.uptime_secs.into())),
        ),
        ("Swarms", count(stats.swarms.into())),
        ("Inside: seeders, leechers", pair(stats.inside_seeders, stats.inside_leechers)),
        ("Outside: seeders, leechers", pair(stats.outside_seeders, stats.outside_leechers)),
        ("Announces over HTTP", count(stats.announces_http)),
        ("Announces over UDP", count(stats.announces_udp)),
        ("Datagrams that the kernel dropped", count(stats.kernel_drops)),
        ("Replies that the kernel refused to send", count(stats.unsent_udp)),
        ("Requests above a limit", count(stats.limited)),
        ("Guards active", count(u64::try_from(stats.guards_active).unwrap_or(u64::MAX))),
    ]
}

fn pair(one: u32, other: u32) -> String {
    format!("{}, {}", count(one.into()), count(other.into()))
}

/// A part of a whole in percent, with one digit behind the point.
fn share(part: u64, whole: u64) -> String {
    let permille = u128::from(part) * 1000 / u128::from(whole.max(1));
    format!("{}.{} %", permille / 10, permille % 10)
}

const DAY: u32 = 86_400;
/// Alerts on the first page.
const SHOWN_ALERTS: usize = 5;
