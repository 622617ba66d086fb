//! `/me/traffic`: what the member's clients were told lately, what they carried, and what that earned.

use std::collections::BTreeMap;

use askama::Template;
use axum::response::Response;
use club::{Amount, Currency, Member};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use policy::{ItemId, Notices, Refusal, Side};
use tracker::{AnnounceRecord, AnnounceResult};
use wire::{AnnounceEvent, InfoHash};

use super::member_visitor::MemberVisitor;
use crate::http::{Action, Actor};
use crate::site::pages::failure::Failure;
use crate::site::pages::layout::{Layout, Section};
use crate::site::pages::price::{money, size};
use crate::site::pages::shown::title;
use crate::site::pages::visitor::Visitor;

#[derive(Template)]
#[template(path = "traffic.html")]
struct TrafficPage {
    layout: Layout,
    announces: Vec<AnnounceRow>,
    /// Info hashes that the member's clients announce and nobody offers here.
    unknown: Vec<String>,
    items: Vec<CarriedRow>,
    months: Vec<MonthRow>,
    earned: Vec<String>,
}

/// An announce, and the answer to it.
struct AnnounceRow {
    at: String,
    title: String,
    said: &'static str,
    told: String,
    is_refused: bool,
}

/// What went through the member's clients of one item.
struct CarriedRow {
    title: String,
    sent: String,
    received: String,
    verified: String,
    served: String,
}

/// A month in the graph: what the publisher's copy sent, and what seeding earned.
struct MonthRow {
    name: String,
    served: String,
    earned: String,
    /// Of 100: the height of the bar.
    height: u64,
    /// Where the bar begins, from the left.
    left: usize,
}

pub(in crate::site::pages) async fn show(own: MemberVisitor) -> Result<Response, Failure> {
    let MemberVisitor { visitor, member } = own;
    // It reads a year of the member's books.
    let account = format!("traffic {}", member.id);
    visitor.site.limits.check(Action::Form, Actor::Account(&account))?;
    let heard = visitor.site.tracker.why(member.id);
    let months = months(&visitor, &member).await?;
    let page = TrafficPage {
        layout: visitor.layout(Section::Me, "Your traffic"),
        announces: announces(&visitor, &heard).await?,
        unknown: unknown(&heard),
        items: items(&visitor, &member).await?,
        earned: sums(&months).into_iter().map(money).collect(),
        months: rows(&months),
    };
    Ok(visitor.page(&page))
}

/// The last announces, the newest first.
async fn announces(
    visitor: &Visitor,
    heard: &[AnnounceRecord],
) -> Result<Vec<AnnounceRow>, Failure> {
    let notices = Notices::new(&visitor.look.site);
    let mut rows = Vec::new();
    for record in heard.iter().rev().take(ANNOUNCES) {
        let told = match record.outcome {
            AnnounceResult::Refused(refusal) => notices.refusal(refusal).to_owned(),
            AnnounceResult::Seated { side, peers, warning } => {
                let seat = match side {
                    Side::Inside => "Seated in the club",
                    Side::Outside => "Seated outside the club",
                };
                let s = if peers == 1 { "" } else { "s" };
                let warning = warning.map(|warning| format!("; {}", notices.warning(warning)));
                format!("{seat}, {peers} peer{s}{}", warning.unwrap_or_default())
            }
        };
        rows.push(AnnounceRow {
            at: time(record.unix),
            title: match record.item {
                Some(item) => name(visitor, item).await?,
                None => format!("Torrent {}", short(&record.info_hash)),
            },
            said: said(record),
            told,
            is_refused: matches!(record.outcome, AnnounceResult::Refused(_)),
        });
    }
    Ok(rows)
}

const fn said(record: &AnnounceRecord) -> &'static str {
    match record.event {
        AnnounceEvent::Started => "started",
        AnnounceEvent::Completed => "completed",
        AnnounceEvent::Stopped => "stopped",
        AnnounceEvent::Paused => "paused",
        AnnounceEvent::None if record.left == 0 => "seeds",
        AnnounceEvent::None => "goes on",
    }
}

/// What was announced and is offered by nobody here, each once, the latest first.
fn unknown(heard: &[AnnounceRecord]) -> Vec<String> {
    let mut found = Vec::new();
    for record in heard.iter().rev() {
        let is_unknown = record.outcome == AnnounceResult::Refused(Refusal::TorrentUnknown);
        let hash = record.info_hash.to_string();
        if is_unknown && !found.contains(&hash) && found.len() < UNKNOWN {
            found.push(hash);
        }
    }
    found
}

/// The items that most went through the member's clients.
async fn items(visitor: &Visitor, member: &Member) -> Result<Vec<CarriedRow>, Failure> {
    let (club, id) = (&visitor.site.club, member.id.to_string());
    let mut carried = club.traffic(&id).await?;
    carried.sort_by_key(|(_, counters)| std::cmp::Reverse(counters.uploaded));
    let verified = club.verified_traffic(&id).await?;
    let served: BTreeMap<_, _> = club.served_by_item(&id).await?.into_iter().collect();
    let mut rows = Vec::new();
    for (item, counters) in carried.into_iter().take(ITEMS) {
        let verified = verified.iter().find(|of| of.item == item).map_or(0, |of| of.verified);
        rows.push(CarriedRow {
            title: name(visitor, item).await?,
            sent: size(counters.uploaded),
            received: size(counters.downloaded),
            verified: size(verified),
            served: size(served.get(&item).copied().unwrap_or(0)),
        });
    }
    Ok(rows)
}

/// What happened in a month.
#[derive(Default)]
struct Month {
    served: u64,
    earned: BTreeMap<Currency, i64>,
}

/// This month and the eleven before it, each with what the publisher's copy sent and what seeding earned.
async fn months(visitor: &Visitor, member: &Member) -> Result<BTreeMap<Date, Month>, Failure> {
    let club = &visitor.site.club;
    let this = first_of_month(visitor.site.now().unix);
    let mut months: BTreeMap<Date, Month> = BTreeMap::new();
    let mut month = this;
    for _ in 0..MONTHS {
        months.insert(month, Month::default());
        month = month.yesterday().map_or(month, Date::first_of_month);
    }
    let since = months.keys().next().copied().unwrap_or(this);
    let since_day = u32::try_from(since.duration_since(EPOCH).as_hours() / 24).unwrap_or(0);
    for (day, bytes) in club.served_by_day(member.id, since_day).await? {
        if let Some(month) = months.get_mut(&first_of_month(day.saturating_mul(DAY))) {
            month.served = month.served.saturating_add(bytes);
        }
    }
    for (ended, amount) in club.earned_since(member.id, since_day.saturating_mul(DAY)).await? {
        if let Some(month) = months.get_mut(&first_of_month(ended)) {
            *month.earned.entry(amount.currency).or_default() += amount.minor;
        }
    }
    Ok(months)
}

/// What all of these months earned, by currency.
fn sums(months: &BTreeMap<Date, Month>) -> Vec<Amount> {
    let mut sums: BTreeMap<Currency, i64> = BTreeMap::new();
    for (currency, minor) in months.values().flat_map(|month| &month.earned) {
        *sums.entry(*currency).or_default() += minor;
    }
    sums.into_iter().map(|(currency, minor)| currency.minor(minor)).collect()
}

/// None where nothing happened in any of them.
fn rows(months: &BTreeMap<Date, Month>) -> Vec<MonthRow> {
    let most = months.values().map(|month| month.served).max().unwrap_or(0);
    if most == 0 && months.values().all(|month| month.earned.is_empty()) {
        return Vec::new();
    }
    let row = |(place, (date, month)): (usize, (&Date, &Month))| {
        let earned = month.earned.iter().map(|(currency, minor)| money(currency.minor(*minor)));
        let earned: Vec<_> = earned.collect();
        MonthRow {
            name: date.strftime("%b %Y").to_string(),
            served: size(month.served),
            earned: if earned.is_empty() { "nothing".to_owned() } else { earned.join(", ") },
            height: month.served.saturating_mul(100).checked_div(most).unwrap_or(0),
            left: place * BAR,
        }
    };
    months.iter().enumerate().map(row).collect()
}

async fn name(visitor: &Visitor, item: ItemId) -> Result<String, Failure> {
    Ok(title(&visitor.site.club.item(&item.to_string()).await?))
}

fn first_of_month(unix: u32) -> Date {
    let at = Timestamp::from_second(unix.into()).unwrap_or_default();
    at.to_zoned(TimeZone::UTC).date().first_of_month()
}

/// The time of a day, in UTC: announces that are remembered are of the last hours.
fn time(unix: u32) -> String {
    let at = Timestamp::from_second(unix.into()).unwrap_or_default();
    at.strftime("%H:%M:%S").to_string()
}

/// So much of an info hash that two of them differ.
fn short(hash: &InfoHash) -> String {
    hash.to_string().chars().take(12).collect()
}

const EPOCH: Date = jiff::civil::date(1970, 1, 1);
/// Announces that are shown.
const ANNOUNCES: usize = 20;
/// Unknown torrents that are shown.
const UNKNOWN: usize = 20;
/// Items that are shown.
const ITEMS: usize = 100;
const MONTHS: usize = 12;
/// Seconds.
const DAY: u32 = 86_400;
/// The width of a bar with the room beside it.
const BAR: usize = 20;
