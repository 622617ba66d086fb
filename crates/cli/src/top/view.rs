//! How it is drawn: totals, a table, and the keys.

use std::iter;

use api::query::SwarmColumn;
use api::stats::Stats;
use api::swarm::{AnnounceView, SwarmPeer, SwarmRow};
use jiff::Timestamp;
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Text};
use ratatui::widgets::{Clear, Paragraph, Row, Table, TableState};

use super::app::{App, Screen};
use crate::text::{ago, amount, named, or_dash, printable, size};

/// Draws everything.
pub(super) fn draw(frame: &mut Frame<'_>, app: &App, now: Timestamp) {
    let areas = Layout::vertical([
        Constraint::Length(TOTALS),
        Constraint::Min(1),
        Constraint::Length(1),
        Constraint::Length(1),
    ]);
    let [totals, table, detail, keys] = areas.areas(frame.area());
    frame.render_widget(Text::from(head(app, now)), totals);
    match app.place() {
        Screen::Announces(member) => announces(frame, app, &member, table),
        Screen::Peers(swarm) => peers(frame, app, &swarm, table),
        Screen::Refusals => refusals(frame, app, table),
        Screen::Swarms => swarms(frame, app, now, table),
    }
    frame.render_widget(Line::from(printable(&selected(app))), detail);
    let keys_line = app.prompt.as_ref().map_or_else(|| keys_of(app), |prompt| prompt.line());
    frame.render_widget(Line::styled(keys_line, Modifier::REVERSED), keys);
    if app.is_help {
        help(frame, table);
    }
}

fn head(app: &App, now: Timestamp) -> Vec<Line<'static>> {
    let up = app.stats.as_ref().map(|stats| format!(", up {}", ago(stats.uptime_secs)));
    let trouble = app.trouble.as_ref().map(|trouble| format!("  ** {trouble} **"));
    let title = format!(
        "usher top  {}{}{}",
        now.strftime("%H:%M:%S UTC"),
        up.unwrap_or_default(),
        trouble.unwrap_or_default()
    );
    let bold = Style::new().add_modifier(Modifier::BOLD);
    let mut lines = vec![Line::styled(printable(&title), bold)];
    if let Some(stats) = &app.stats {
        lines.extend([clients(stats), work(app, stats), money(stats)].map(Line::from));
    }
    lines
}

fn clients(stats: &Stats) -> String {
    format!(
        "clients {}: {} seeders, {} leechers  inside {}  outside {}  swarms {}",
        stats.peers, stats.seeders, stats.leechers, stats.inside, stats.outside, stats.swarms
    )
}

fn work(app: &App, stats: &Stats) -> String {
    let rate = |rate: Option<f64>| or_dash(rate.map(|rate| format!("{rate:.1}")));
    let micros = |micros: Option<f64>| or_dash(micros.map(|micros| format!("{micros:.1}us")));
    format!(
        "announces {}/s  refused {}/s  p50 {}  p99 {}  drops {}  unsent {}",
        rate(app.rates.announces),
        rate(app.rates.refused),
        micros(stats.recent.p50_micros),
        micros(stats.recent.p99_micros),
        stats.kernel_drops,
        stats.unsent_udp
    )
}

fn money(stats: &Stats) -> String {
    let members = format!("members online {}  alerts {}", stats.members_online, stats.alerts_open);
    let traffic = stats.traffic.as_ref().map(|traffic| {
        let saved = traffic.saved.as_ref().map(|saved| format!(" ({} saved)", amount(saved)));
        let (peers, seed) = (size(traffic.from_peers), size(traffic.from_web_seed));
        format!("  p2p {peers}{}  web seed {seed}", saved.unwrap_or_default())
    });
    let revenue = stats.revenue.iter().flatten().map(|of| format!("  today {}", amount(&of.today)));
    iter::once(members).chain(traffic).chain(revenue).collect()
}

fn swarms(frame: &mut Frame<'_>, app: &App, now: Timestamp, area: Rect) {
    let page = app.swarms.as_ref();
    let total = page.map_or(0, |page| page.total);
    let order = if app.is_descending() { "highest first" } else { "lowest first" };
    let mut title = format!("Swarms: {total}, by {}, {order}", column_name(app.sort));
    if !app.search.is_empty() {
        title += &format!(", with \"{}\"", app.search);
    }
    if let Some(few) = app.needs_seeders {
        title += &format!(", with fewer than {few} seeders");
    }
    let header = ["NAME", "SEED", "LEECH", "IN", "OUT", "DONE", "LAST", "SIZE", "P2P", "WEB"];
    let widths = [
        Constraint::Min(16),
        Constraint::Length(6),
        Constraint::Length(6),
        Constraint::Length(6),
        Constraint::Length(6),
        Constraint::Length(6),
        Constraint::Length(8),
        Constraint::Length(9),
        Constraint::Length(9),
        Constraint::Length(9),
    ];
    // A narrow terminal has no room for the bytes.
    let columns = if area.width < WIDE { 8 } else { 10 };
    let rows = page.into_iter().flat_map(|page| &page.swarms).map(|row| swarm(row, now));
    table(frame, area, app, &title, &header, &widths, columns, rows);
}

fn swarm(row: &SwarmRow, now: Timestamp) -> Vec<String> {
    let name = row.item.as_ref().map_or_else(|| row.info_hash.clone(), |item| item.name.clone());
    let age = row.last_announce.map(|at| short(now.as_second() - at.as_second()));
    vec![
        name,
        row.seeders.to_string(),
        row.leechers.to_string(),
        row.inside.to_string(),
        row.outside.to_string(),
        row.completed.to_string(),
        or_dash(age),
        or_dash(row.size_bytes.map(size)),
        or_dash(row.from_peers.map(size)),
        or_dash(row.from_web_seed.map(size)),
    ]
}

fn peers(frame: &mut Frame<'_>, app: &App, wanted: &str, area: Rect) {
    let swarm = app.peers.as_ref();
    let title = swarm.map_or_else(
        || format!("swarm {wanted}"),
        |swarm| {
            let clients = swarm.peers.len() + swarm.peers_left_out;
            let of = swarm.item.as_ref().map_or(&swarm.info_hash, |item| &item.name);
            let guard = if swarm.guard_active { ", shared evenly" } else { "" };
            format!("{of}: {clients} clients, completed {} times{guard}", swarm.completed)
        },
    );
    let header = ["SIDE", "ROLE", "DONE", "AGE", "MEMBER", "CLIENT", "ADDRESS"];
    let widths = [
        Constraint::Length(7),
        Constraint::Length(7),
        Constraint::Length(7),
        Constraint::Length(6),
        Constraint::Length(12),
        Constraint::Length(17),
        Constraint::Min(16),
    ];
    let rows = swarm.into_iter().flat_map(|swarm| &swarm.peers).map(peer);
    table(frame, area, app, &title, &header, &widths, header.len(), rows);
}

fn peer(peer: &SwarmPeer) -> Vec<String> {
    let role = match (peer.own, peer.seeder, peer.paused) {
        (true, ..) => "own",
        (_, true, _) => "seeder",
        (.., true) => "partial",
        _ => "leecher",
    };
    vec![
        peer.side.clone(),
        role.to_owned(),
        or_dash(peer.progress.map(|done| format!("{:.1}%", done * 100.0))),
        short(peer.age.into()),
        named(peer.member.as_ref()),
        or_dash(peer.client.as_ref()),
        or_dash(peer.addresses.first()),
    ]
}

fn announces(frame: &mut Frame<'_>, app: &App, wanted: &str, area: Rect) {
    let why = app.announces.as_ref();
    let member = why.map_or(wanted, |why| &why.member.name);
    let title = match why {
        Some(why) if why.announces.is_empty() => format!("{member} has not announced recently"),
        _ => format!("last announces of {member}, latest first"),
    };
    let header = ["AT (UTC)", "SWARM", "EVENT", "VIA", "REPLY"];
    let widths = [
        Constraint::Length(8),
        Constraint::Length(16),
        Constraint::Length(9),
        Constraint::Length(4),
        Constraint::Min(20),
    ];
    let rows = why.into_iter().flat_map(|why| &why.announces).map(announce);
    table(frame, area, app, &title, &header, &widths, header.len(), rows);
}

fn announce(announce: &AnnounceView) -> Vec<String> {
    let swarm = announce.item.as_ref().map_or(&announce.info_hash, |item| &item.name);
    vec![
        announce.at.strftime("%H:%M:%S").to_string(),
        swarm.clone(),
        announce.event.clone(),
        announce.via.clone(),
        reply(announce),
    ]
}

fn reply(announce: &AnnounceView) -> String {
    let told = match &announce.side {
        Some(side) => format!("{} peers, seated {side}", announce.peers),
        None => "refused".to_owned(),
    };
    let message = announce.message.as_ref().map(|message| format!(": {message}"));
    told + &message.unwrap_or_default()
}

fn refusals(frame: &mut Frame<'_>, app: &App, area: Rect) {
    let refused = app.stats.as_ref().map(|stats| stats.refused.as_slice()).unwrap_or_default();
    let total: u64 = refused.iter().map(|refusal| refusal.count).sum();
    let title = format!("{total} announces were refused since the start");
    let header = ["COUNT", "REASON", "AS CLIENTS ARE SHOWN IT"];
    let widths = [Constraint::Length(10), Constraint::Length(19), Constraint::Min(20)];
    let rows = refused.iter().map(|refusal| {
        vec![refusal.count.to_string(), refusal.reason.clone(), refusal.why.clone()]
    });
    table(frame, area, app, &title, &header, &widths, header.len(), rows);
}

/// A title and a table of the first `columns`, with the selected row marked.
#[expect(clippy::too_many_arguments, reason = "each table differs in all of them")]
fn table(
    frame: &mut Frame<'_>,
    area: Rect,
    app: &App,
    title: &str,
    header: &[&str],
    widths: &[Constraint],
    columns: usize,
    rows: impl Iterator<Item = Vec<String>>,
) {
    let [title_area, table_area] =
        Layout::vertical([Constraint::Length(1), Constraint::Min(1)]).areas(area);
    let title = app.refused.as_deref().unwrap_or(title);
    frame.render_widget(Line::from(printable(title)), title_area);
    let shown = |cells: Vec<String>| {
        Row::new(cells.into_iter().take(columns).map(|cell| printable(&cell)).collect::<Vec<_>>())
    };
    let bold = Style::new().add_modifier(Modifier::BOLD);
    let header = Row::new(header.iter().copied().take(columns).collect::<Vec<_>>()).style(bold);
    let widget = Table::new(rows.map(shown), widths.iter().copied().take(columns))
        .header(header)
        .row_highlight_style(Style::new().add_modifier(Modifier::REVERSED));
    let is_any = app.rows() > 0;
    let mut state = TableState::new().with_selected(is_any.then_some(app.row));
    frame.render_stateful_widget(widget, table_area, &mut state);
}

/// More of the selected row than the table has room for.
fn selected(app: &App) -> String {
    match app.place() {
        Screen::Announces(_) => {
            let of = app.announces.as_ref().and_then(|why| why.announces.get(app.row));
            of.map(reply).unwrap_or_default()
        }
        Screen::Peers(_) => {
            let of = app.peers.as_ref().and_then(|swarm| swarm.peers.get(app.row));
            of.map(|peer| {
                let all: Vec<_> = peer.addresses.iter().map(ToString::to_string).collect();
                format!("{}  up {}", all.join(" "), or_dash(peer.uploaded.map(size)))
            })
            .unwrap_or_default()
        }
        Screen::Refusals => {
            let of = app.stats.as_ref().and_then(|stats| stats.refused.get(app.row));
            of.map(|refusal| refusal.why.clone()).unwrap_or_default()
        }
        Screen::Swarms => {
            let of = app.swarms.as_ref().and_then(|page| page.swarms.get(app.row));
            of.map(|row| format!("{}  {}", row.info_hash, row.title.as_deref().unwrap_or_default()))
                .unwrap_or_default()
        }
    }
}

fn keys_of(app: &App) -> String {
    let keys = match app.place() {
        Screen::Swarms => "Enter peers  / find  s sort  r turn  n few  f refused  m member  ",
        Screen::Peers(_) => "Enter announces  Esc back  f refused  m member  ",
        Screen::Announces(_) | Screen::Refusals => "Esc back  f refused  m member  ",
    };
    format!("{keys}? help  q quit")
}

fn help(frame: &mut Frame<'_>, area: Rect) {
    frame.render_widget(Clear, area);
    frame.render_widget(Paragraph::new(HELP), area);
}

/// A span of time in at most six characters.
fn short(seconds: i64) -> String {
    let seconds = seconds.max(0);
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3600 => format!("{}m", seconds / 60),
        3600..86_400 => format!("{}h", seconds / 3600),
        _ => format!("{}d", seconds / 86_400),
    }
}

const fn column_name(column: SwarmColumn) -> &'static str {
    match column {
        SwarmColumn::Completed => "completed downloads",
        SwarmColumn::FromPeers => "bytes between peers",
        SwarmColumn::FromWebSeed => "bytes from the web seed",
        SwarmColumn::Inside => "clients inside",
        SwarmColumn::LastAnnounce => "last announce",
        SwarmColumn::Leechers => "leechers",
        SwarmColumn::Name => "name",
        SwarmColumn::Outside => "clients outside",
        SwarmColumn::Peers => "clients",
        SwarmColumn::Seeders => "seeders",
        SwarmColumn::Size => "size",
    }
}

const TOTALS: u16 = 4;
/// From this width on the table has all its columns.
const WIDE: u16 = 100;
const HELP: &str = "\
Up Down k j       select a row        PgUp PgDn g G   go further
Enter             open the row: a swarm's clients, a member's announces
Esc               go back; in the table of swarms, drop search and filter
/                 search by name, title or the beginning of an info hash
s S               sort by the next or the previous column
r                 reverse the order
n                 show swarms with few seeders
f                 show refusals by reason
m                 show a member's last announces, with the reason of each reply
q Ctrl-C          quit

Rates are of the last second or two; p50 and p99 are of the last minute.
Press any key to go on.";
