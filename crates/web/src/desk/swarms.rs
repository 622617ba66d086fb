//! `/swarms`: the table of swarms, and who is in one.

use api::member::NamedId;
use askama::Template;
use axum::extract::{Path, Query};
use axum::response::Response;
use serde::Deserialize;

use super::layout::{DeskLayout, DeskPlace};
use super::picture::{self, Dot, sparkline};
use super::stop::Stop;
use super::table::{Cell, DeskRow, Filter, TableColumn, TablePage, path};
use super::visitor::AdminVisitor;
use super::words::{count, size};

/// What narrows and orders the table.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct SwarmsAsked {
    search: String,
    needs_seeders: String,
    sort: String,
    after: String,
}

/// A swarm in a table.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct SwarmLine {
    pub(super) item: Option<NamedId>,
    pub(super) title: Option<String>,
    pub(super) info_hash: String,
    pub(super) seeders: u32,
    pub(super) leechers: u32,
    pub(super) inside: u32,
    pub(super) outside: u32,
    pub(super) completed: u32,
    pub(super) from_peers: Option<u64>,
}

impl SwarmLine {
    /// The item's name, or the info hash.
    pub(super) fn name(&self) -> &str {
        self.item.as_ref().map_or(&self.info_hash, |item| &item.name)
    }

    /// The part of its clients that is inside, in percent.
    pub(super) fn inside_percent(&self) -> u32 {
        bar(self.inside, self.outside)
    }
}

#[derive(Template)]
#[template(path = "desk/swarm.html")]
struct DeskSwarmPage {
    layout: DeskLayout,
    name: String,
    item: Option<NamedId>,
    info_hashes: Vec<String>,
    facts: Vec<(&'static str, String)>,
    is_guarded: bool,
    /// SVG.
    picture: String,
    /// SVG lines of the last day, each with what it says.
    lines: Vec<(&'static str, String)>,
    peers: Vec<PeerRow>,
    left_out: usize,
    next: Option<String>,
}

struct PeerRow {
    side: String,
    role: &'static str,
    client: String,
    progress: String,
    member: Option<NamedId>,
    own: bool,
    addresses: String,
    families: String,
    reachable: &'static str,
    sent: String,
    age: u32,
}

/// A swarm, as the API describes it.
#[derive(Default, Deserialize)]
#[serde(default)]
struct SwarmSeen {
    item: Option<NamedId>,
    info_hash: String,
    info_hashes: Vec<String>,
    inside_seeders: u64,
    inside_leechers: u64,
    outside_seeders: u64,
    outside_leechers: u64,
    completed: u64,
    guard_active: bool,
    peers: Vec<PeerSeen>,
    peers_left_out: usize,
    next: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct PeerSeen {
    side: String,
    seeder: bool,
    paused: bool,
    client: Option<String>,
    progress: Option<f64>,
    age: u32,
    member: Option<NamedId>,
    own: bool,
    addresses: Vec<String>,
    families: Vec<String>,
    uploaded: Option<u64>,
    reachable: Option<bool>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct SwarmPast {
    points: Vec<SwarmPastPoint>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct SwarmPastPoint {
    inside_seeders: f64,
    inside_leechers: f64,
    outside_seeders: f64,
    outside_leechers: f64,
    bytes_p2p: f64,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct PeersAsked {
    after: String,
}

/// The table.
pub(super) async fn list(
    own: AdminVisitor,
    Query(asked): Query<SwarmsAsked>,
) -> Result<Response, Stop> {
    let SwarmsAsked { search, needs_seeders, sort, after } = asked;
    let query = [
        ("search", search.as_str()),
        ("needs_seeders", &needs_seeders),
        ("sort", &sort),
        ("after", &after),
    ];
    let found = own.calls().list::<SwarmLine>(&["swarms"], &query).await?;
    let narrowed = [("search", search.as_str()), ("needs_seeders", &needs_seeders)];
    let column = |text, key: &str, is_number| TableColumn {
        text,
        is_number,
        sort: Some(path("/swarms", &[&narrowed[..], &[("sort", key)]].concat())),
        is_sorted: sort == key,
    };
    let next = found.next.map(|next| {
        path("/swarms", &[&narrowed[..], &[("sort", sort.as_str()), ("after", &next)]].concat())
    });
    let mut visitor = own.visitor;
    let page = TablePage {
        layout: visitor.layout(DeskPlace::Swarms, "Swarms"),
        lead: "",
        tabs: Vec::new(),
        filters: vec![
            Filter::text("search", "Name, title or info hash", &search),
            Filter::choice(
                "needs_seeders",
                "Seeders",
                &needs_seeders,
                &[("", "Any"), ("1", "None"), ("3", "Fewer than 3"), ("10", "Fewer than 10")],
            ),
        ],
        notice: None,
        caption: "Swarms",
        columns: vec![
            column("Item", "name", false),
            column("Seeders", "seeders", true),
            column("Leechers", "leechers", true),
            column("In the club", "inside", false),
            column("Completed", "completed", true),
            column("Between peers", "from_peers", true),
        ],
        rows: found.rows.iter().map(row).collect(),
        empty: "No swarm is like that.",
        next,
        total: found.total,
        bulk: None,
        export: None,
    };
    Ok(visitor.page(&page))
}

fn row(line: &SwarmLine) -> DeskRow {
    let name = line.title.as_deref().filter(|title| !title.is_empty());
    let name = name.unwrap_or_else(|| line.name());
    DeskRow::of(vec![
        Cell::link(name, format!("/swarms/{}", line.name())),
        Cell::number(count(line.seeders.into())).bad_if(line.seeders == 0 && line.leechers > 0),
        Cell::number(count(line.leechers.into())),
        Cell {
            bar: Some(line.inside_percent()),
            ..Cell::text(format!("{} of {}", line.inside, line.inside.saturating_add(line.outside)))
        },
        Cell::number(count(line.completed.into())),
        Cell::number(line.from_peers.map(size).unwrap_or_default()),
    ])
}

/// The part of clients that is inside, in percent.
pub(super) fn bar(inside: u32, outside: u32) -> u32 {
    let all = u64::from(inside) + u64::from(outside);
    u32::try_from(u64::from(inside) * 100 / all.max(1)).unwrap_or(100)
}

/// One swarm.
pub(super) async fn show(
    own: AdminVisitor,
    Path(swarm): Path<String>,
    Query(PeersAsked { after }): Query<PeersAsked>,
) -> Result<Response, Stop> {
    let calls = own.calls();
    let seen: SwarmSeen = calls.get(&["swarms", &swarm], &[("after", &after)]).await?;
    let past = match &seen.item {
        Some(item) => {
            let query = [("item", item.name.as_str()), ("range", "day")];
            calls.get::<SwarmPast>(&["history"], &query).await.unwrap_or_default()
        }
        None => SwarmPast::default(),
    };
    let line = |of: fn(&SwarmPastPoint) -> f64| {
        let numbers: Vec<_> = past.points.iter().map(of).collect();
        sparkline(&numbers)
    };
    let lines = vec![
        ("In the club", line(|point| point.inside_seeders + point.inside_leechers)),
        ("Outside", line(|point| point.outside_seeders + point.outside_leechers)),
        ("Between peers", line(|point| point.bytes_p2p)),
    ];
    let dots: Vec<_> = seen.peers.iter().map(dot).collect();
    let mut peers: Vec<_> = seen.peers.into_iter().map(peer_row).collect();
    // Own peers first; the API's order holds otherwise.
    peers.sort_by_key(|peer| !peer.own);
    let name = seen.item.as_ref().map_or(seen.info_hash, |item| item.name.clone());
    let mut visitor = own.visitor;
    let page = DeskSwarmPage {
        layout: visitor.layout(DeskPlace::Swarms, name.clone()),
        name,
        item: seen.item,
        info_hashes: seen.info_hashes,
        facts: vec![
            ("Seeders in the club", count(seen.inside_seeders)),
            ("Leechers in the club", count(seen.inside_leechers)),
            ("Seeders outside", count(seen.outside_seeders)),
            ("Leechers outside", count(seen.outside_leechers)),
            ("Completed", count(seen.completed)),
        ],
        is_guarded: seen.guard_active,
        picture: picture::swarm(&dots),
        lines: lines.into_iter().filter(|(_, line)| !line.is_empty()).collect(),
        peers,
        left_out: seen.peers_left_out,
        next: seen.next.map(|next| path(&format!("/swarms/{swarm}"), &[("after", &next)])),
    };
    Ok(visitor.page(&page))
}

fn dot(peer: &PeerSeen) -> Dot {
    Dot {
        is_inside: peer.side == "inside",
        is_seeder: peer.seeder,
        progress: peer.progress.unwrap_or(0.5).clamp(0.0, 1.0),
    }
}

fn peer_row(peer: PeerSeen) -> PeerRow {
    let is_v6 = |address: &String| address.starts_with('[');
    let families = match (
        peer.addresses.iter().any(|address| !is_v6(address)),
        peer.addresses.iter().any(is_v6),
    ) {
        _ if !peer.families.is_empty() => peer.families.join(", "),
        (true, true) => "ipv4, ipv6".to_owned(),
        (true, false) => "ipv4".to_owned(),
        (false, true) => "ipv6".to_owned(),
        (false, false) => String::new(),
    };
    PeerRow {
        role: match (peer.seeder, peer.paused) {
            (true, _) => "seeder",
            (false, true) => "partial seed",
            (false, false) => "leecher",
        },
        side: peer.side,
        client: peer.client.unwrap_or_default(),
        progress: peer.progress.map(|part| format!("{:.0} %", part * 100.0)).unwrap_or_default(),
        member: peer.member,
        own: peer.own,
        addresses: peer.addresses.join(", "),
        families,
        reachable: match peer.reachable {
            None => "not tried",
            Some(false) => "no",
            Some(true) => "yes",
        },
        sent: peer.uploaded.map(size).unwrap_or_default(),
        age: peer.age,
    }
}
