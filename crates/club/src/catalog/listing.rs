//! What the catalogue knows of an item: what it is sorted by, its words, and its tags as they are counted.
//!
//! Each change of an item makes them again, in its own transaction. Deliberately absent: finding items, which
//! `catalogue` does.

use std::collections::BTreeSet;

use metainfo::{FileKind, Torrent};
use policy::ItemId;

use crate::catalog::goods::torrent_of;
use crate::catalog::item::{self, Item};
use crate::catalog::item_row::midnight;
use crate::catalog::item_words;
use crate::store::club::Club;
use crate::store::sql::{Connection, Row, SqlResult, Value, WordIndex};
use crate::values::error::Error;
use crate::values::tag::Tag;
use crate::values::words::words;

impl Club {
    /// Lists some of the items that an older version left unlisted, and returns how many are left, for
    /// calling until none is. The catalogue is without them so long.
    ///
    /// # Errors
    ///
    /// The database is unavailable.
    pub async fn list_due(&self) -> Result<u32, Error> {
        self.write(|db| Box::pin(list_due(db))).await
    }
}

async fn list_due(db: &mut dyn Connection) -> Result<u32, Error> {
    let sql = "SELECT item FROM listing_due ORDER BY item LIMIT $1";
    let due = db.all(sql, &[MAX_AT_ONCE.into()], |row| row.number(0).map(ItemId)).await?;
    for id in due {
        let item = item::by_id(db, id).await?;
        refresh(db, &item).await?;
        db.execute("DELETE FROM listing_due WHERE item = $1", &[id.0.into()]).await?;
    }
    let left = db.one("SELECT count(*) FROM listing_due", &[], |row| row.number(0)).await?;
    Ok(left.unwrap_or(0))
}

/// Makes an item's listing again, or takes it away. O(the words of its texts and file names).
pub(crate) async fn refresh(db: &mut dyn Connection, item: &Item) -> SqlResult<()> {
    let id = item.id.0.into();
    let read = |row: &dyn Row| row.text(0).map(str::to_owned);
    let before = db.one("SELECT tags FROM listing WHERE item = $1", &[id], read).await?;
    if item.is_listed() {
        put(db, item).await?;
        put_words(db, item).await?;
    } else if before.is_some() {
        db.execute("DELETE FROM listing WHERE item = $1", &[id]).await?;
        let sql = match db.word_index() {
            WordIndex::Fts5 => "DELETE FROM item_search WHERE rowid = $1",
            WordIndex::TsVector => "DELETE FROM item_search WHERE item = $1",
        };
        db.execute(sql, &[id]).await?;
    }
    let texts = if item.removed { ["", ""] } else { [&*item.name, &*item.title] };
    item_words::put(db, item.id, texts).await?;
    let before = before.unwrap_or_default();
    let before: BTreeSet<&str> = before.split_whitespace().collect();
    let now = if item.is_listed() { &*item.tags } else { &[] };
    count(db, &before, &now.iter().map(Tag::as_str).collect()).await
}

async fn put(db: &mut dyn Connection, item: &Item) -> SqlResult<()> {
    let published = item.offer.as_ref().map_or(item.created, |offer| offer.published);
    let released = item.released.map_or_else(|| i64::from(published), midnight);
    let title: String = words([&*item.title], MAX_TITLE_WORDS).join(" ");
    let price = item.minimum.or_else(|| item.prices.lowest()).map_or(i64::MAX, |price| price.minor);
    db.execute(
        "INSERT INTO listing (item, released, title, price, tags) VALUES ($1, $2, $3, $4, $5) \
         ON CONFLICT (item) DO UPDATE SET released = excluded.released, title = excluded.title, \
         price = excluded.price, tags = excluded.tags",
        &[
            item.id.0.into(),
            Value::Int(Some(released)),
            title.as_str().into(),
            Value::Int(Some(price)),
            joined(&item.tags).as_str().into(),
        ],
    )
    .await
    .map(drop)
}

async fn put_words(db: &mut dyn Connection, item: &Item) -> SqlResult<()> {
    let description = description(db, item.id).await?;
    let torrent = torrent_of(db, item.id).await?;
    let files = torrent.iter().flat_map(file_names).collect::<Vec<_>>();
    let texts = [&*item.title, &item.subtitle, &item.name, &description];
    let texts = texts.into_iter().chain(item.tags.iter().map(Tag::as_str));
    let mut found = words(texts.chain(files.iter().map(String::as_str)), MAX_WORDS);
    found.extend(item.tags.iter().map(tag_word));
    let sql = match db.word_index() {
        WordIndex::Fts5 => "INSERT OR REPLACE INTO item_search (rowid, words) VALUES ($1, $2)",
        WordIndex::TsVector => {
            "INSERT INTO item_search (item, words) \
             VALUES ($1, array_to_tsvector(string_to_array($2, ' '))) \
             ON CONFLICT (item) DO UPDATE SET words = excluded.words"
        }
    };
    db.execute(sql, &[item.id.0.into(), found.join(" ").as_str().into()]).await.map(drop)
}

/// Counts a listing's tags. A tag that no listing has any more goes.
async fn count(
    db: &mut dyn Connection,
    before: &BTreeSet<&str>,
    now: &BTreeSet<&str>,
) -> SqlResult<()> {
    for tag in before.difference(now) {
        let tag = Value::from(*tag);
        db.execute("DELETE FROM tag WHERE tag = $1 AND items = 1", &[tag]).await?;
        db.execute("UPDATE tag SET items = items - 1 WHERE tag = $1", &[tag]).await?;
    }
    for tag in now.difference(before) {
        let sql = "INSERT INTO tag (tag, items) VALUES ($1, 1) \
                   ON CONFLICT (tag) DO UPDATE SET items = tag.items + 1";
        db.execute(sql, &[(*tag).into()]).await?;
    }
    Ok(())
}

/// An item's description in Markdown.
pub(crate) async fn description(db: &mut dyn Connection, item: ItemId) -> SqlResult<String> {
    let sql = "SELECT markdown FROM description WHERE item = $1";
    let found = db.one(sql, &[item.0.into()], |row| row.text(0).map(str::to_owned)).await?;
    Ok(found.unwrap_or_default())
}

/// The names that people see of a torrent's files, and of its folder.
fn file_names(torrent: &Torrent) -> impl Iterator<Item = String> {
    let files = torrent.files.iter().filter(|file| file.kind == FileKind::Data);
    let names = files.take(MAX_FILES).map(|file| file.path.to_string());
    std::iter::once(torrent.name.to_string()).chain(names)
}

/// Tags as they are stored.
pub(crate) fn joined(tags: &[Tag]) -> String {
    tags.iter().map(Tag::as_str).collect::<Vec<_>>().join(" ")
}

/// What stands for a tag among the words, and is none of them: private characters stand before the tag and for
/// its hyphens.
pub(crate) fn tag_word(tag: &Tag) -> String {
    format!("\u{e000}{}", tag.as_str().replace('-', "\u{e001}"))
}

/// How many items are listed in one transaction: others wait for it.
const MAX_AT_ONCE: u32 = 100;
/// The most words of an item that are searched; its files come last.
const MAX_WORDS: usize = 4000;
/// The most files whose names are searched.
const MAX_FILES: usize = 2000;
/// The most words of a title by which it is sorted.
const MAX_TITLE_WORDS: usize = 8;
