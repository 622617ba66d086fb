//! The table of all swarms: sorted by any column, searched, and shown in pages.
//!
//! It is made of counts in memory and of items' names, once for everybody who asks, and sorted by a column when
//! somebody first asks for that. Deliberately absent: who is in a swarm.

use std::cmp::Ordering;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use api::member::NamedId;
use api::query::{SwarmColumn, SwarmQuery};
use api::swarm::{SwarmPage, SwarmRow};
use axum::Json;
use axum::extract::State;
use club::{ItemLabel, TransferredBytes};
use policy::ItemId;
use tokio::task::spawn_blocking;
use tracker::SwarmSummary;
use wire::InfoHash;

use super::admin::{Admin, moment};
use super::cached::Cached;
use super::error::ApiError;
use super::extract::Params;

/// Lists swarms: those of all items, and the largest of other torrents.
#[utoipa::path(
    get,
    path = "/swarms",
    operation_id = "list_swarms",
    tag = "tracker",
    params(SwarmQuery),
    responses((status = 200, body = SwarmPage)),
    security(("token" = ["read:stats"]))
)]
pub(super) async fn list(
    State(admin): State<Arc<Admin>>,
    Params(query): Params<SwarmQuery>,
) -> Result<Json<SwarmPage>, ApiError> {
    let wanted = TableQuery::new(&query)?;
    let table = admin.swarm_table().await?;
    let page = spawn_blocking(move || table.page(&wanted)).await;
    Ok(Json(page.map_err(|_| ApiError::broken())?))
}

impl Admin {
    /// The table of a moment ago.
    async fn swarm_table(&self) -> Result<Arc<SwarmTable>, ApiError> {
        let (tracker, club) = (Arc::clone(&self.tracker), Arc::clone(&self.club));
        let labels = Arc::clone(&self.overview.labels);
        let numbers = self.store_numbers().await;
        let make = async move || {
            let edition = club.item_edition();
            let known = labels.load_full().filter(|known| known.edition == edition);
            let known = match known {
                Some(known) => known,
                None => {
                    let read = ItemLabels { edition, labels: club.item_labels().await? };
                    labels.store(Some(Arc::new(read)));
                    labels.load_full().unwrap_or_default()
                }
            };
            let made = spawn_blocking(move || {
                let bytes = numbers.as_deref().map(|numbers| &numbers.bytes);
                let rows = tracker.swarm_summaries(MAX_OTHERS).into_iter().map(|summary| {
                    let label = summary.item.and_then(|item| known.find(item));
                    let bytes = bytes.map(|bytes| {
                        summary.item.and_then(|item| bytes.get(&item)).copied().unwrap_or_default()
                    });
                    TableRow::new(summary, label, bytes)
                });
                SwarmTable { rows: rows.collect(), orders: Default::default() }
            });
            made.await.map_err(|_| ApiError::broken())
        };
        self.overview.swarms.get(make).await
    }
}

/// The names of all items, as long as no item changes.
#[derive(Default)]
pub(super) struct ItemLabels {
    edition: u64,
    /// By id.
    labels: Vec<ItemLabel>,
}

impl ItemLabels {
    fn find(&self, item: ItemId) -> Option<&ItemLabel> {
        let place = self.labels.binary_search_by_key(&item, |label| label.id).ok()?;
        self.labels.get(place)
    }
}

/// All swarms at a moment.
pub(super) struct SwarmTable {
    rows: Vec<TableRow>,
    /// Places of the rows, from the lowest value to the highest; made when first needed.
    orders: [OnceLock<Vec<u32>>; COLUMNS.len()],
}

struct TableRow {
    summary: SwarmSummary,
    name: String,
    title: String,
    /// Name and title in lower case.
    searched: String,
    bytes: Option<TransferredBytes>,
}

impl TableRow {
    fn new(
        summary: SwarmSummary,
        label: Option<&ItemLabel>,
        bytes: Option<TransferredBytes>,
    ) -> Self {
        let text = |of: fn(&ItemLabel) -> &String| label.map(of).cloned().unwrap_or_default();
        let (name, title) = (text(|label| &label.name), text(|label| &label.title));
        let searched = format!("{name}\n{title}").to_lowercase();
        Self { summary, name, title, searched, bytes }
    }

    fn seeders(&self) -> u32 {
        self.summary.inside_seeders.saturating_add(self.summary.outside_seeders)
    }

    fn leechers(&self) -> u32 {
        self.summary.inside_leechers.saturating_add(self.summary.outside_leechers)
    }

    fn inside(&self) -> u32 {
        self.summary.inside_seeders.saturating_add(self.summary.inside_leechers)
    }

    fn outside(&self) -> u32 {
        self.summary.outside_seeders.saturating_add(self.summary.outside_leechers)
    }

    /// What the row is sorted by.
    fn value(&self, column: SwarmColumn) -> SortValue<'_> {
        let bytes = self.bytes.unwrap_or_default();
        let number = match column {
            SwarmColumn::Name => return SortValue::name(&self.name),
            SwarmColumn::Completed => self.summary.completed.into(),
            SwarmColumn::FromPeers => bytes.from_peers,
            SwarmColumn::FromWebSeed => bytes.from_web_seed,
            SwarmColumn::Inside => self.inside().into(),
            SwarmColumn::LastAnnounce => self.summary.last_announce.unwrap_or(0).into(),
            SwarmColumn::Leechers => self.leechers().into(),
            SwarmColumn::Outside => self.outside().into(),
            SwarmColumn::Peers => u64::from(self.inside()) + u64::from(self.outside()),
            SwarmColumn::Seeders => self.seeders().into(),
            SwarmColumn::Size => self.summary.size.unwrap_or(0),
        };
        SortValue::Number(number)
    }

    fn place(&self, column: SwarmColumn) -> (SortValue<'_>, [u8; 20]) {
        (self.value(column), self.summary.info_hash.0)
    }

    fn matches(&self, wanted: &TableQuery) -> bool {
        let has_few = |below| self.seeders() < below;
        let is_found = |search: &String| {
            self.searched.contains(search)
                || (wanted.is_hex && self.summary.info_hash.to_string().starts_with(search))
        };
        wanted.needs_seeders.is_none_or(has_few) && wanted.search.as_ref().is_none_or(is_found)
    }

    fn view(&self) -> SwarmRow {
        let is_item = self.summary.item.is_some();
        let named = |item: ItemId| NamedId { id: item.0, name: self.name.clone() };
        SwarmRow {
            item: self.summary.item.map(named),
            title: is_item.then(|| self.title.clone()),
            info_hash: self.summary.info_hash.to_string(),
            seeders: self.seeders(),
            leechers: self.leechers(),
            inside: self.inside(),
            outside: self.outside(),
            completed: self.summary.completed,
            last_announce: self.summary.last_announce.map(moment),
            size_bytes: self.summary.size,
            from_peers: self.bytes.map(|bytes| bytes.from_peers),
            from_web_seed: self.bytes.map(|bytes| bytes.from_web_seed),
        }
    }
}

/// A value of a column; a name comes before what has none.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum SortValue<'a> {
    Number(u64),
    Name(&'a str),
    Nameless,
}

impl<'a> SortValue<'a> {
    fn name(name: &'a str) -> Self {
        if name.is_empty() { Self::Nameless } else { Self::Name(name) }
    }
}

/// What somebody asked for, checked.
struct TableQuery {
    /// In lower case.
    search: Option<String>,
    /// Whether it may be the beginning of an info hash.
    is_hex: bool,
    needs_seeders: Option<u32>,
    column: SwarmColumn,
    descending: bool,
    after: Option<PageStart>,
    limit: usize,
}

/// The last row of the page before.
struct PageStart {
    number: u64,
    name: String,
    info_hash: InfoHash,
}

impl PageStart {
    /// Reads a cursor: the value, `~` and the info hash.
    fn parse(text: &str, column: SwarmColumn) -> Option<Self> {
        let (value, info_hash) = text.rsplit_once('~')?;
        let info_hash = InfoHash::from_hex(info_hash)?;
        if column == SwarmColumn::Name {
            return Some(Self { number: 0, name: value.to_owned(), info_hash });
        }
        Some(Self { number: value.parse().ok()?, name: String::new(), info_hash })
    }

    fn place(&self, column: SwarmColumn) -> (SortValue<'_>, [u8; 20]) {
        let value = match column {
            SwarmColumn::Name => SortValue::name(&self.name),
            _ => SortValue::Number(self.number),
        };
        (value, self.info_hash.0)
    }
}

impl TableQuery {
    fn new(query: &SwarmQuery) -> Result<Self, ApiError> {
        let column = query.sort.unwrap_or_default();
        let search = query.search.as_ref().filter(|search| !search.is_empty());
        if search.is_some_and(|search| search.len() > MAX_SEARCH) {
            let why = format!("`search` is too long: expected at most {MAX_SEARCH} bytes");
            return Err(ApiError::unprocessable(why).in_field("search"));
        }
        let limit = query.limit.unwrap_or(DEFAULT_LIMIT);
        if !(1..=api::query::MAX_PAGE).contains(&limit) {
            let why = format!("`limit` is {limit}: expected 1 to {}", api::query::MAX_PAGE);
            return Err(ApiError::unprocessable(why).in_field("limit"));
        }
        let after = query.after.as_ref().map(|after| {
            PageStart::parse(after, column).ok_or_else(|| {
                let why = format!(
                    "`{after}` is not a cursor of this order: expected the `next` of the page before"
                );
                ApiError::unprocessable(why).in_field("after")
            })
        });
        let search = search.map(|search| search.to_lowercase());
        Ok(Self {
            is_hex: search.as_ref().is_some_and(|text| text.bytes().all(|b| b.is_ascii_hexdigit())),
            search,
            needs_seeders: query.needs_seeders,
            column,
            descending: query.descending.unwrap_or(column != SwarmColumn::Name),
            after: after.transpose()?,
            limit: usize::try_from(limit).unwrap_or(usize::MAX),
        })
    }
}

impl SwarmTable {
    /// A page, and how many rows match. O(n) in rows, and once O(n log n) for each column.
    fn page(&self, wanted: &TableQuery) -> SwarmPage {
        let order = self.order(wanted.column);
        let row = |place: &u32| self.rows.get(usize::try_from(*place).ok()?);
        // Rows that come before the page, in the order of the array.
        let start = match &wanted.after {
            None => 0,
            Some(after) => {
                let last = after.place(wanted.column);
                let before = |place: &u32| {
                    let found = row(place).map(|row| row.place(wanted.column).cmp(&last));
                    match found {
                        Some(Ordering::Less) => true,
                        Some(Ordering::Equal) => !wanted.descending,
                        Some(Ordering::Greater) | None => false,
                    }
                };
                let split = order.partition_point(before);
                if wanted.descending { order.len() - split } else { split }
            }
        };
        let matching = |row: &&TableRow| row.matches(wanted);
        let total = self.rows.iter().filter(matching).count();
        let ascending = order.iter().filter_map(row);
        let mut rows: Vec<&TableRow> = if wanted.descending {
            ascending.rev().skip(start).filter(matching).take(wanted.limit + 1).collect()
        } else {
            ascending.skip(start).filter(matching).take(wanted.limit + 1).collect()
        };
        let has_more = rows.len() > wanted.limit;
        rows.truncate(wanted.limit);
        let next = rows.last().filter(|_| has_more).map(|row| cursor(row, wanted.column));
        SwarmPage { swarms: rows.into_iter().map(TableRow::view).collect(), next, total }
    }

    fn order(&self, column: SwarmColumn) -> &[u32] {
        let place = COLUMNS.iter().position(|other| *other == column);
        let Some(order) = place.and_then(|place| self.orders.get(place)) else { return &[] };
        order.get_or_init(|| {
            let mut places: Vec<_> = (0_u32..).zip(&self.rows).collect();
            places.sort_unstable_by_key(|(_, row)| row.place(column));
            places.into_iter().map(|(place, _)| place).collect()
        })
    }
}

fn cursor(row: &TableRow, column: SwarmColumn) -> String {
    let info_hash = row.summary.info_hash;
    match row.value(column) {
        SortValue::Number(number) => format!("{number}~{info_hash}"),
        SortValue::Name(name) => format!("{name}~{info_hash}"),
        SortValue::Nameless => format!("~{info_hash}"),
    }
}

/// Every column.
const COLUMNS: [SwarmColumn; 11] = [
    SwarmColumn::Completed,
    SwarmColumn::FromPeers,
    SwarmColumn::FromWebSeed,
    SwarmColumn::Inside,
    SwarmColumn::LastAnnounce,
    SwarmColumn::Leechers,
    SwarmColumn::Name,
    SwarmColumn::Outside,
    SwarmColumn::Peers,
    SwarmColumn::Seeders,
    SwarmColumn::Size,
];
/// Swarms of torrents that are not an item's.
const MAX_OTHERS: usize = 10_000;
const DEFAULT_LIMIT: u32 = 100;
const MAX_SEARCH: usize = 200;
/// A table is shown for so long before the next one is made.
pub(super) const PAUSE: Duration = Duration::from_secs(1);

/// The table, kept.
pub(super) fn cached() -> Arc<Cached<SwarmTable>> {
    Arc::new(Cached::new(PAUSE))
}

#[cfg(test)]
mod tests;
