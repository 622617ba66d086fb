//! Items as rows: how they are read, and by which statements.

use std::str::FromStr;

use jiff::civil::Date;
use jiff::{SignedDuration, Span};
use policy::ItemId;
use wire::InfoHash;

use crate::catalog::goods::read_offer;
use crate::catalog::item::Item;
use crate::catalog::price::Prices;
use crate::store::image::ListedItem;
use crate::store::sql::{Reading, Row, SqlResult, unreadable};
use crate::values::cover_digest::CoverDigest;
use crate::values::names::Names;

/// Reads a row of [`select_items`].
pub(crate) fn read(row: &dyn Row) -> SqlResult<Item> {
    let hashes = [info_hash(row, 7)?, info_hash(row, 8)?];
    let prices = Prices::read(row, 10)?;
    let released: Option<i32> = row.optional(23)?;
    Ok(Item {
        id: ItemId(row.number(0)?),
        name: row.text(1)?.to_owned(),
        title: row.text(2)?.to_owned(),
        policy: row.text(3)?.to_owned(),
        size_bytes: row.optional(4)?,
        private: row.number::<u8>(5)? != 0,
        removed: row.number::<u8>(6)? != 0,
        info_hashes: hashes.into_iter().flatten().collect(),
        created: row.number(9)?,
        prices,
        subtitle: row.text(13)?.to_owned(),
        tier: Some(row.text(14)?.to_owned()).filter(|tier| !tier.is_empty()),
        offer: read_offer(row, 15)?,
        minimum: prices.currency().zip(row.int(19)?).map(|(currency, minor)| currency.minor(minor)),
        tags: row
            .text(20)?
            .split_whitespace()
            .map(|tag| word(20, tag))
            .collect::<Result<_, _>>()?,
        visibility: word(21, row.text(21)?)?,
        preview: Some(row.text(22)?.to_owned()).filter(|path| !path.is_empty()),
        released: released.map(|days| date(23, days)).transpose()?,
        cover: cover(row, 24)?,
    })
}

/// Reads a row of [`SHOWN`]: what announces are judged by, and the policy's name.
pub(crate) fn read_shown(row: &dyn Row, names: &Names) -> SqlResult<(ListedItem, String)> {
    let hashes = [info_hash(row, 2)?, info_hash(row, 3)?];
    let (policy, tier) = (row.text(4)?, row.text(5)?);
    let item = ListedItem {
        id: ItemId(row.number(0)?),
        info_hashes: hashes.into_iter().flatten().collect(),
        size_bytes: row.optional(1)?,
        policy: names.policy(policy),
        tier: names.tier(tier),
    };
    Ok((item, policy.to_owned()))
}

/// A date as it is stored: in days since 1970.
pub(crate) fn days(date: Date) -> i64 {
    date.duration_since(EPOCH).as_hours() / 24
}

/// The first second of a day, in Unix seconds.
pub(crate) fn midnight(date: Date) -> i64 {
    date.duration_since(EPOCH).as_secs()
}

fn date(column: usize, days: i32) -> SqlResult<Date> {
    let since = SignedDuration::from_hours(i64::from(days) * 24);
    let since = Span::try_from(since).and_then(|since| EPOCH.checked_add(since));
    since.map_err(|_| unreadable(column, &format!("day {days}")))
}

fn word<T: FromStr<Err: std::fmt::Display>>(column: usize, text: &str) -> SqlResult<T> {
    text.parse().map_err(|error: T::Err| unreadable(column, &error.to_string()))
}

fn cover(row: &dyn Row, column: usize) -> SqlResult<Option<CoverDigest>> {
    let Some(bytes) = row.bytes(column)? else { return Ok(None) };
    let digest = bytes.try_into().map_err(|_| unreadable(column, "another length"))?;
    Ok(Some(CoverDigest(digest)))
}

fn info_hash(row: &dyn Row, column: usize) -> SqlResult<Option<InfoHash>> {
    let Some(bytes) = row.bytes(column)? else { return Ok(None) };
    let hash = bytes.try_into().map_err(|_| unreadable(column, "another length"))?;
    Ok(Some(InfoHash(hash)))
}

/// A statement of items: what it reads in place of `item`, what follows its joins, and columns behind its own.
macro_rules! select_items {
    ($rest:expr) => {
        crate::catalog::item_row::select_items!("item", $rest, "")
    };
    ($from:expr, $rest:expr, $columns:expr) => {
        concat!(
            "SELECT item.id, item.name, item.title, item.policy, size_bytes, private, removed, \
             first.hash, second.hash, created, currency, torrent_price, direct_price, \
             subtitle, coalesce(tier, ''), version, published, withdrawn, coalesce(broken, ''), \
             minimum, item.tags, visibility, coalesce(preview, ''), item.released, cover",
            $columns,
            " FROM ",
            $from,
            " LEFT JOIN goods ON goods.item = item.id \
             LEFT JOIN info_hash first ON first.item = item.id AND first.place = 0 \
             LEFT JOIN info_hash second ON second.item = item.id AND second.place = 1 ",
            $rest
        )
    };
}
pub(crate) use select_items;

/// Every row.
pub(crate) const READING: Reading =
    Reading { table: "item", sql: select_items!(""), read: |row| read(row).map(drop) };
/// What announces are judged by, of all items that were not removed.
pub(crate) const SHOWN: &str = "SELECT id, size_bytes, first.hash, second.hash, policy, coalesce(tier, '') FROM item \
     LEFT JOIN info_hash first ON first.item = item.id AND first.place = 0 \
     LEFT JOIN info_hash second ON second.item = item.id AND second.place = 1 WHERE removed = 0";
pub(crate) const BY_HASH: &str =
    select_items!("WHERE item.id = (SELECT item FROM info_hash WHERE info_hash.hash = $1)");
pub(crate) const BY_ID: &str = select_items!("WHERE item.id = $1");
pub(crate) const BY_NAME: &str = select_items!("WHERE name = $1 AND removed = 0");
pub(crate) const NEWEST: &str = select_items!(
    "WHERE removed = 0 AND withdrawn = 0 AND visibility <> 'draft' \
     ORDER BY published DESC, item.id DESC LIMIT $1"
);
pub(crate) const LIVE_PAGE: &str =
    select_items!("WHERE item.id > $1 AND removed = 0 ORDER BY item.id LIMIT $2");

const EPOCH: Date = jiff::civil::date(1970, 1, 1);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_stored_in_days_before_and_after_1970() {
        for (text, expected) in
            [("1970-01-01", 0), ("1969-12-31", -1), ("1927-01-10", -15_697), ("2026-11-30", 20_787)]
        {
            let day: Date = text.parse().unwrap();
            assert_eq!((days(day), midnight(day)), (expected, expected * 86_400), "{text}");
            assert_eq!(date(0, i32::try_from(expected).unwrap()).unwrap(), day);
        }
        assert!(date(0, i32::MAX).is_err());
        assert_eq!(date(0, i32::try_from(days(Date::MAX)).unwrap()).unwrap(), Date::MAX);
        assert_eq!(date(0, i32::try_from(days(Date::MIN)).unwrap()).unwrap(), Date::MIN);
    }
}
