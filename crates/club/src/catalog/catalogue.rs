//! The catalogue: finding, sorting and paging what is listed.
//!
//! Each query is exact and bounded in what it reads. Few matches are fetched and sorted; where there are many, the
//! order is walked from the place at which the page begins, and what does not match is passed over. PostgreSQL takes
//! long to name many matches, so there the first of the walk are looked up one by one: where many match, these fill a
//! page. Deliberately absent: drafts and unlisted items, of which nothing is in the tables that are read here.

use std::fmt::Write;

use crate::catalog::item::Item;
use crate::catalog::item_row::{read, select_items};
use crate::catalog::listing::tag_word;
use crate::store::club::Club;
use crate::store::sql::{Connection, Row, SqlResult, Value, WordIndex};
use crate::values::error::Error;
use crate::values::tag::Tag;
use crate::values::words::words;

/// What is wanted of the catalogue.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct CatalogueQuery {
    /// What people type to find an item: each of its words must begin a word of the item's texts, tags or file names.
    /// The first [`MAX_SEARCH_WORDS`] count. A text of spaces alone finds everything, other texts without any word
    /// find nothing.
    pub search: String,
    /// The tag that items must have.
    pub tag: Option<Tag>,
    /// The order.
    pub sort: CatalogueSort,
    /// The end of the page before, from [`FoundItems::next`].
    pub after: Option<String>,
    /// The most items, up to [`MAX_CATALOGUE_PAGE`].
    pub limit: u32,
}

/// An order of the catalogue.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum CatalogueSort {
    /// By the date of release, the latest first.
    #[default]
    Newest,
    /// By the lowest price, in whatever currency; what has none comes last.
    Price,
    /// By title, without regard to case and accents.
    Title,
}

/// A page of the catalogue.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct FoundItems {
    /// The items, in order.
    pub items: Vec<Item>,
    /// Where the next page begins; `None` on the last one.
    pub next: Option<String>,
    /// How many items match; [`MAX_COUNT`] stands for that many or more.
    pub count: u32,
}

/// A tag of the catalogue.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TagCount {
    /// The tag.
    pub tag: Tag,
    /// How many listed items have it.
    pub items: u32,
}

impl Club {
    /// A page of what is listed.
    ///
    /// # Errors
    ///
    /// The database is unavailable; `after` is no page's end in this order.
    pub async fn catalogue(&self, query: &CatalogueQuery) -> Result<FoundItems, Error> {
        let CatalogueQuery { search, tag, sort, after, limit } = query;
        let start = match after {
            None => sort.start(),
            Some(after) => sort
                .read_end(after)
                .ok_or_else(|| Error::PageEnd(after.chars().take(64).collect()))?,
        };
        let mut db = self.reader().await?;
        let limit = (*limit).min(MAX_CATALOGUE_PAGE);
        let (pages, index) = (sort.statements(), db.word_index());
        let (count, mut items) = match wanted(search, tag.as_ref(), index) {
            Wanted::Nothing => (0, Vec::new()),
            Wanted::All => {
                let count = count(&mut *db, COUNT_ALL, &[MAX_COUNT.into()]).await?;
                (count, start.page(&mut *db, pages.all, limit, None).await?)
            }
            Wanted::Words(words) => {
                let pages = if index == WordIndex::Fts5 { &pages.fts5 } else { &pages.ts_vector };
                let words = Value::from(words.as_str());
                let count = count(&mut *db, pages.count, &[MAX_COUNT.into(), words]).await?;
                let mut items = Vec::new();
                if let Some(sql) = pages.near.filter(|_| count == MAX_COUNT) {
                    items = start.page(&mut *db, sql, limit, Some(words)).await?;
                }
                if !is_more_than(&items, limit) {
                    let sql = if count < MAX_COUNT { pages.few } else { pages.many };
                    items = start.page(&mut *db, sql, limit, Some(words)).await?;
                }
                (count, items)
            }
        };
        let next = if is_more_than(&items, limit) {
            items.pop();
            items.last().map(|(item, end)| format!("{}.{end}", item.id.0))
        } else {
            None
        };
        Ok(FoundItems { items: items.into_iter().map(|(item, _)| item).collect(), next, count })
    }

    /// The tags that most listed items have, those of most items first.
    ///
    /// # Errors
    ///
    /// The database is unavailable.
    pub async fn tags(&self, limit: u32) -> Result<Vec<TagCount>, Error> {
        let sql = "SELECT tag, items FROM tag ORDER BY items DESC, tag LIMIT $1";
        let read = |row: &dyn Row| Ok((row.text(0)?.to_owned(), row.number(1)?));
        let values = [limit.min(MAX_TAG_COUNTS).into()];
        let found = self.reader().await?.all(sql, &values, read).await?;
        let count = |(tag, items): (String, u32)| Some(TagCount { tag: tag.parse().ok()?, items });
        Ok(found.into_iter().filter_map(count).collect())
    }
}

fn is_more_than<T>(items: &[T], limit: u32) -> bool {
    items.len() > usize::try_from(limit).unwrap_or(usize::MAX)
}

async fn count(db: &mut dyn Connection, sql: &'static str, values: &[Value<'_>]) -> SqlResult<u32> {
    Ok(db.one(sql, values, |row| row.number(0)).await?.unwrap_or(0))
}

/// What a search and a tag ask for.
enum Wanted {
    All,
    Nothing,
    /// An expression of the word index.
    Words(String),
}

fn wanted(search: &str, tag: Option<&Tag>, index: WordIndex) -> Wanted {
    let searched = words([search], MAX_SEARCH_WORDS);
    if searched.is_empty() && !search.trim().is_empty() {
        return Wanted::Nothing;
    }
    let mut expression = String::new();
    // Words hold letters and digits alone, so nothing in a quoted one needs to be escaped.
    let terms = searched.iter().map(|word| (word.clone(), true));
    for (word, is_prefix) in terms.chain(tag.map(|tag| (tag_word(tag), false))) {
        if !expression.is_empty() {
            expression.push_str(if index == WordIndex::Fts5 { " AND " } else { " & " });
        }
        let _ = match (index, is_prefix) {
            (WordIndex::Fts5, true) => write!(expression, "\"{word}\" *"),
            (WordIndex::Fts5, false) => write!(expression, "\"{word}\""),
            (WordIndex::TsVector, true) => write!(expression, "'{word}':*"),
            (WordIndex::TsVector, false) => write!(expression, "'{word}'"),
        };
    }
    if expression.is_empty() { Wanted::All } else { Wanted::Words(expression) }
}

/// A place in an order: that of an item, whether or not it is there still.
struct PagePlace {
    key: SortKey,
    item: i64,
}

enum SortKey {
    Number(i64),
    Text(String),
}

impl PagePlace {
    /// Items after this place, one more than wanted, each with its sort key.
    async fn page(
        &self,
        db: &mut dyn Connection,
        sql: &'static str,
        limit: u32,
        words: Option<Value<'_>>,
    ) -> SqlResult<Vec<(Item, String)>> {
        let key = match &self.key {
            SortKey::Number(number) => Value::Int(Some(*number)),
            SortKey::Text(text) => text.as_str().into(),
        };
        let values = [key, Value::Int(Some(self.item)), (limit + 1).into()];
        let values: Vec<_> = values.into_iter().chain(words).collect();
        let read: fn(&dyn Row) -> SqlResult<(Item, String)> = match &self.key {
            SortKey::Number(_) => {
                |row| Ok((read(row)?, row.number::<i64>(KEY_COLUMN)?.to_string()))
            }
            SortKey::Text(_) => |row| Ok((read(row)?, row.text(KEY_COLUMN)?.to_owned())),
        };
        db.all(sql, &values, read).await
    }
}

impl CatalogueSort {
    /// The place before the first item.
    fn start(self) -> PagePlace {
        match self {
            Self::Newest => PagePlace { key: SortKey::Number(i64::MAX), item: i64::MAX },
            Self::Price => PagePlace { key: SortKey::Number(-1), item: 0 },
            Self::Title => PagePlace { key: SortKey::Text(String::new()), item: 0 },
        }
    }

    /// Reads the end of a page in this order.
    fn read_end(self, text: &str) -> Option<PagePlace> {
        let (item, key) = text.split_once('.')?;
        let item: u32 = item.parse().ok()?;
        let key = match self {
            Self::Newest | Self::Price => SortKey::Number(key.parse().ok()?),
            Self::Title if key.len() <= MAX_KEY_BYTES => SortKey::Text(key.to_owned()),
            Self::Title => return None,
        };
        Some(PagePlace { key, item: item.into() })
    }

    const fn statements(self) -> &'static OrderStatements {
        match self {
            Self::Newest => &NEWEST,
            Self::Price => &PRICE,
            Self::Title => &TITLE,
        }
    }
}

/// The statements of one order. Their values are the key and the item after which the page begins, the limit, and the
/// expression of the word index.
struct OrderStatements {
    all: &'static str,
    fts5: MatchStatements,
    ts_vector: MatchStatements,
}

/// The statements of one order and one word index.
struct MatchStatements {
    /// How many match: its values are the limit and the expression.
    count: &'static str,
    few: &'static str,
    many: &'static str,
    /// Those of the next 400 in the order: all of a page, or not enough.
    near: Option<&'static str>,
}

/// The page of one order: those of `$from` that fit `$fits`.
macro_rules! page {
    ($key:literal, $beyond:literal, $direction:literal, $with:expr, $from:expr, $fits:expr) => {
        select_items!(
            concat!(
                "(",
                $with,
                "SELECT listing.item AS listed, listing.",
                $key,
                " AS sort_key FROM ",
                $from,
                " WHERE (listing.",
                $key,
                ", listing.item) ",
                $beyond,
                " ($1, $2)",
                $fits,
                " ORDER BY listing.",
                $key,
                " ",
                $direction,
                ", listing.item ",
                $direction,
                " LIMIT $3) AS page JOIN item ON item.id = page.listed"
            ),
            concat!("ORDER BY page.sort_key ", $direction, ", page.listed ", $direction),
            ", page.sort_key"
        )
    };
}

macro_rules! statements {
    ($key:literal, $beyond:literal, $direction:literal) => {
        OrderStatements {
            all: page!($key, $beyond, $direction, "", "listing", ""),
            fts5: MatchStatements {
                count: "SELECT count(*) FROM (SELECT rowid FROM item_search WHERE item_search MATCH $2 LIMIT $1)",
                // A cross join is made in the order in which it is written.
                few: page!(
                    $key, $beyond, $direction, "",
                    "item_search CROSS JOIN listing ON listing.item = item_search.rowid",
                    " AND item_search MATCH $4"
                ),
                // The plus keeps the planner from looking matches up one by one.
                many: page!(
                    $key, $beyond, $direction, "",
                    concat!("listing INDEXED BY listing_", $key),
                    " AND +listing.item IN (SELECT rowid FROM item_search WHERE item_search MATCH $4)"
                ),
                near: None,
            },
            ts_vector: MatchStatements {
                count: "SELECT count(*) FROM (SELECT 1 FROM item_search WHERE words @@ $2::tsquery LIMIT $1) AS found",
                few: page!(
                    $key, $beyond, $direction,
                    "WITH found AS MATERIALIZED (SELECT item FROM item_search WHERE words @@ $4::tsquery) ",
                    "found JOIN listing ON listing.item = found.item",
                    ""
                ),
                // Inside an expression it is made a hash table, once, not a join.
                many: page!(
                    $key, $beyond, $direction,
                    "WITH found AS MATERIALIZED (SELECT item FROM item_search WHERE words @@ $4::tsquery) ",
                    "listing",
                    " AND (listing.item IN (SELECT item FROM found)) IS TRUE"
                ),
                // A query of its own in the condition is asked for each row, and no more rows than a page needs.
                near: Some(page!(
                    $key, $beyond, $direction, "",
                    concat!(
                        "(SELECT item, ", $key, " FROM listing WHERE (", $key, ", item) ", $beyond,
                        " ($1, $2) ORDER BY ", $key, " ", $direction, ", item ", $direction,
                        " LIMIT 400) AS listing"
                    ),
                    " AND (SELECT words FROM item_search WHERE item_search.item = listing.item) @@ $4::tsquery"
                )),
            },
        }
    };
}

const NEWEST: OrderStatements = statements!("released", "<", "DESC");
const PRICE: OrderStatements = statements!("price", ">", "ASC");
const TITLE: OrderStatements = statements!("title", ">", "ASC");
const COUNT_ALL: &str = "SELECT count(*) FROM (SELECT item FROM listing LIMIT $1) AS listed";

/// The column of the sort key, after those of the item.
const KEY_COLUMN: usize = 25;
/// The longest sort key of a title that a query may name.
const MAX_KEY_BYTES: usize = 2048;
/// The longest page.
pub const MAX_CATALOGUE_PAGE: u32 = 100;
/// The highest count of matches.
pub const MAX_COUNT: u32 = 1000;
/// The most words of a search that count.
pub const MAX_SEARCH_WORDS: usize = 16;
/// The most tags in one answer.
pub const MAX_TAG_COUNTS: u32 = 200;
