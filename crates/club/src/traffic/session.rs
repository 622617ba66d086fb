//! Traffic: what members' clients say they carried.
//!
//! A client counts from its start, so its counters only grow; a run of them that goes back to less
//! is another run. A row is one run: the lowest counters it was seen with, which are its first and
//! credit nothing, and the highest. Merging takes the lower and the higher, so a flush that comes
//! twice, late or out of order changes nothing. Deliberately absent: whether the client told the
//! truth, and where one run ends and the next begins, which the announce path sees.

use std::cmp::Reverse;
use std::ops::RangeInclusive;
use std::sync::LazyLock;

use policy::{ItemId, MemberId};
use wire::PeerId;

use crate::members::member::find;
use crate::store::club::Club;
use crate::store::sql::{Connection, Places, Row, SqlResult, Value, member_id, unreadable};
use crate::values::error::Error;
use crate::values::page::Page;

/// What a client said of one run of its counters.
///
/// An announce over IPv4 and one over IPv6, and those under a hybrid's two info hashes, are of the
/// same run: the caller sees to that by naming the item.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct SessionCount {
    /// Whose passkey it showed.
    pub member: MemberId,
    /// The item.
    pub item: ItemId,
    /// The client.
    pub peer_id: PeerId,
    /// Its session number, 0 where it sends none.
    pub key: u32,
    /// When the run began, in Unix seconds; tells it from the client's other runs.
    pub epoch: u32,
    /// When the counters were taken, in Unix seconds: the client said them at most a flush before.
    pub seen: u32,
    /// What it carried since its start; more than a PiB counts as one.
    pub counters: Counters,
    /// Bytes missing, where the client knows.
    pub left: Option<u64>,
}

impl SessionCount {
    /// Of which row it is.
    const fn row(&self) -> (MemberId, ItemId, [u8; PeerId::LEN], u32, u32) {
        (self.member, self.item, self.peer_id.0, self.key, self.epoch)
    }
}

/// One run of a client's counters.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Run {
    /// Of what.
    pub item: ItemId,
    /// The client.
    pub peer_id: PeerId,
    /// Its session number, 0 where it sends none.
    pub key: u32,
    /// When it began, in Unix seconds.
    pub epoch: u32,
    /// When it was last seen, in Unix seconds.
    pub last_seen: u32,
    /// The first counters.
    pub low: Counters,
    /// The last counters.
    pub high: Counters,
    /// The fewest and the most bytes missing, where the client ever knew.
    pub left: Option<(u64, u64)>,
}

/// Bytes carried.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Counters {
    /// Sent to peers.
    pub uploaded: u64,
    /// Received from peers and web seeds.
    pub downloaded: u64,
}

impl Counters {
    /// Both sums; they stop at the highest number.
    #[must_use]
    pub const fn saturating_add(self, more: Self) -> Self {
        Self {
            uploaded: self.uploaded.saturating_add(more.uploaded),
            downloaded: self.downloaded.saturating_add(more.downloaded),
        }
    }
}

impl Run {
    /// Whether counters may be later ones of this run.
    pub(crate) fn goes_on_in(&self, counters: Counters) -> bool {
        self.high.uploaded <= counters.uploaded && self.high.downloaded <= counters.downloaded
    }
}

/// Operations on traffic. Each fails where the database is unavailable.
impl Club {
    /// Keeps what clients said, in one transaction. Counts older than 21 days, and those of members
    /// or items that the store does not know, are left out.
    ///
    /// # Errors
    ///
    /// The database is unavailable: none was kept, flush them again.
    pub async fn flush(&self, counts: &[SessionCount], now_unix: u32) -> Result<(), Error> {
        let mut counts: Vec<_> =
            counts.iter().filter(|count| count.seen >= horizon(now_unix)).copied().collect();
        // In the table's order neighbours share a page: this halves the time of a large flush.
        counts.sort_unstable_by_key(SessionCount::row);
        self.write(move |db| {
            Box::pin(async move {
                for counts in parted(counts) {
                    merge(db, &counts).await?;
                }
                Ok(())
            })
        })
        .await
    }

    /// A member's credit for each item there is any for, by item.
    ///
    /// # Errors
    ///
    /// There is no such member, by name or id.
    pub async fn traffic(&self, member: &str) -> Result<Vec<(ItemId, Counters)>, Error> {
        let mut db = self.reader().await?;
        let member = find(&mut *db, member).await?.id;
        let mut by_item: Vec<(ItemId, Counters)> = Vec::new();
        db.visit(CREDIT_OF_MEMBER, &[member.value().into()], &mut |row| {
            add(&mut by_item, ItemId(row.number(0)?), counters(row, 1)?);
            Ok(())
        })
        .await?;
        Ok(by_item)
    }

    /// A member's runs of the last 21 days, those seen last first; no more than a page.
    ///
    /// # Errors
    ///
    /// There is no such member, by name or id.
    pub async fn runs(&self, member: &str) -> Result<Vec<Run>, Error> {
        let mut db = self.reader().await?;
        let member = find(&mut *db, member).await?.id;
        let mut runs = db.all(RUNS, &[member.value().into(), Page::MAX.into()], read).await?;
        runs.sort_by_key(|run| (Reverse(run.last_seen), run.item, run.peer_id, run.key, run.epoch));
        Ok(runs)
    }

    /// Forgets sessions not seen for 21 days; their credit stays. Returns how many those were.
    /// O(sessions); for once a day. It goes through the members in steps, so that other changes
    /// need not wait long.
    ///
    /// # Errors
    ///
    /// See above; some may have been pruned.
    pub async fn prune_sessions(&self, now_unix: u32) -> Result<u64, Error> {
        let before = horizon(now_unix);
        let last = self
            .reader()
            .await?
            .one("SELECT coalesce(max(id), 0) FROM member", &[], |row| row.number::<u32>(0))
            .await?;
        let mut pruned = 0;
        for first in (0..=last.unwrap_or(0)).step_by(PRUNE_MEMBERS) {
            let last = first.saturating_add(u32::try_from(PRUNE_MEMBERS).unwrap_or(u32::MAX) - 1);
            let step = self.write(move |db| {
                Box::pin(async move { Ok(prune(db, first..=last, before).await?) })
            });
            pruned += step.await?;
        }
        Ok(pruned)
    }
}

/// Counts in the order of their rows, parted so that none has two of a row, which `PostgreSQL` merges
/// once a statement. The first and the last counters of a run often come together.
fn parted(counts: Vec<SessionCount>) -> Vec<Vec<SessionCount>> {
    let mut parts: Vec<Vec<SessionCount>> = vec![Vec::with_capacity(counts.len())];
    let (mut last, mut part) = (None, 0);
    for count in counts {
        part = if last == Some(count.row()) { part + 1 } else { 0 };
        last = Some(count.row());
        match parts.get_mut(part) {
            Some(some) => some.push(count),
            None => parts.push(vec![count]),
        }
    }
    parts
}

async fn merge(db: &mut dyn Connection, counts: &[SessionCount]) -> SqlResult<()> {
    let statements = match db.places() {
        Places::InOrder => &*IN_ORDER,
        Places::Numbered => &*NUMBERED,
    };
    let mut counts = counts;
    let mut values = Vec::new();
    for (rows, sql) in MERGE_ROWS.into_iter().zip(statements) {
        let (many, fewer) = counts.split_at(counts.len() - counts.len() % rows);
        for some in many.chunks(rows) {
            values.clear();
            values.extend(some.iter().flat_map(row_values));
            db.execute(sql, &values).await?;
        }
        counts = fewer;
    }
    Ok(())
}

/// Forgets all of a member's clients; their credit stays.
pub(crate) async fn forget(db: &mut dyn Connection, member: MemberId) -> SqlResult<u64> {
    prune(db, member.value()..=member.value(), u32::MAX).await
}

async fn prune(
    db: &mut dyn Connection,
    members: RangeInclusive<u32>,
    before: u32,
) -> SqlResult<u64> {
    let range = [(*members.start()).into(), (*members.end()).into(), before.into()];
    let mut credits: Vec<((MemberId, ItemId), Counters)> = Vec::new();
    db.visit(OLD, &range, &mut |row| {
        let key = (member_id(row, 0)?, ItemId(row.number(1)?));
        add(&mut credits, key, counters(row, 2)?);
        Ok(())
    })
    .await?;
    for ((member, item), credit) in credits {
        let values = [
            member.value().into(),
            item.0.into(),
            stored(credit.uploaded),
            stored(credit.downloaded),
        ];
        db.execute(KEEP_CREDIT, &values).await?;
    }
    db.execute("DELETE FROM session WHERE member BETWEEN $1 AND $2 AND last_seen < $3", &range)
        .await
}

/// Adds to the last entry where it is of the same key: the rows come in the order of their keys.
fn add<K: PartialEq>(credits: &mut Vec<(K, Counters)>, key: K, credit: Counters) {
    match credits.last_mut() {
        Some((last, sum)) if *last == key => *sum = sum.saturating_add(credit),
        _ => credits.push((key, credit)),
    }
}

/// What was last seen before this is pruned, and not taken in again.
const fn horizon(now_unix: u32) -> u32 {
    now_unix.saturating_sub(KEEP_SECS)
}

/// In the order of the table's columns.
pub(crate) fn row_values(count: &SessionCount) -> [Value<'_>; COLUMNS] {
    let [uploaded, downloaded] =
        [count.counters.uploaded, count.counters.downloaded].map(|bytes| stored(bytes.min(PIB)));
    let left = |unknown| count.left.map_or(Value::Int(Some(unknown)), stored);
    [
        count.member.value().into(),
        count.item.0.into(),
        Value::Bytes(&count.peer_id.0),
        count.key.into(),
        count.epoch.into(),
        count.seen.into(),
        uploaded,
        downloaded,
        left(NEVER_LOW),
        uploaded,
        downloaded,
        left(NEVER_HIGH),
    ]
}

/// The databases' numbers are signed.
fn stored(bytes: u64) -> Value<'static> {
    Value::Int(Some(i64::try_from(bytes).unwrap_or(i64::MAX)))
}

/// Reads a row of `select!`.
pub(crate) fn read(row: &dyn Row) -> SqlResult<Run> {
    let peer_id = row.bytes(1)?.and_then(|bytes| bytes.try_into().ok());
    Ok(Run {
        item: ItemId(row.number(0)?),
        peer_id: PeerId(peer_id.ok_or_else(|| unreadable(1, "another length"))?),
        key: row.number(2)?,
        epoch: row.number(3)?,
        last_seen: row.number(4)?,
        low: counters(row, 5)?,
        high: counters(row, 8)?,
        left: match row.int(10)? {
            Some(NEVER_HIGH) => None,
            _ => Some((row.number(7)?, row.number(10)?)),
        },
    })
}

pub(crate) fn counters(row: &dyn Row, column: usize) -> SqlResult<Counters> {
    Ok(Counters { uploaded: row.number(column)?, downloaded: row.number(column + 1)? })
}

/// A query of runs of `$1`, for `read`.
macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT item, peer_id, peer_key, epoch, last_seen, low_uploaded, low_downloaded, \
             low_left, high_uploaded, high_downloaded, high_left FROM session WHERE member = $1 ",
            $rest
        )
    };
}

pub(crate) use select;

const RUNS: &str = select!("ORDER BY last_seen DESC LIMIT $2");
/// Sums are made here and not there: the databases fail where one overflows, and clients choose
/// the numbers.
const CREDIT_OF_MEMBER: &str = "SELECT item, uploaded, downloaded FROM traffic \
     WHERE member = $1 UNION ALL \
     SELECT item, high_uploaded - low_uploaded, high_downloaded - low_downloaded \
     FROM session WHERE member = $1 ORDER BY item";
const OLD: &str = "SELECT member, item, high_uploaded - low_uploaded, \
     high_downloaded - low_downloaded FROM session \
     WHERE member BETWEEN $1 AND $2 AND last_seen < $3 ORDER BY member, item";
const KEEP_CREDIT: &str = "INSERT INTO traffic (member, item, uploaded, downloaded) \
     VALUES ($1, $2, $3, $4) ON CONFLICT (member, item) DO UPDATE SET \
     uploaded = traffic.uploaded + \
     CASE WHEN excluded.uploaded > 9223372036854775807 - traffic.uploaded \
     THEN 9223372036854775807 - traffic.uploaded ELSE excluded.uploaded END, \
     downloaded = traffic.downloaded + \
     CASE WHEN excluded.downloaded > 9223372036854775807 - traffic.downloaded \
     THEN 9223372036854775807 - traffic.downloaded ELSE excluded.downloaded END";

static IN_ORDER: LazyLock<[&str; 3]> =
    LazyLock::new(|| MERGE_ROWS.map(|rows| merge_sql(rows, |_| "?".to_owned())));
static NUMBERED: LazyLock<[&str; 3]> =
    LazyLock::new(|| MERGE_ROWS.map(|rows| merge_sql(rows, |n| format!("${n}"))));

/// The statement that merges so many counts; made once for each number and kept.
fn merge_sql(rows: usize, place: fn(usize) -> String) -> &'static str {
    let places: Vec<String> = (1..=rows * COLUMNS).map(place).collect();
    let rows: Vec<String> =
        places.chunks(COLUMNS).map(|row| format!("({})", row.join(", "))).collect();
    let merges = [(LOWER.as_slice(), '<'), (&HIGHER, '>')].into_iter().flat_map(|(names, sign)| {
        names.iter().map(move |name| {
            format!(
                "{name} = CASE WHEN excluded.{name} {sign} session.{name} \
                 THEN excluded.{name} ELSE session.{name} END"
            )
        })
    });
    let merges: Vec<String> = merges.collect();
    format!(
        "INSERT INTO session (member, item, peer_id, peer_key, epoch, last_seen, low_uploaded, \
         low_downloaded, low_left, high_uploaded, high_downloaded, high_left) \
         SELECT * FROM (VALUES {}) AS new \
         WHERE EXISTS (SELECT 1 FROM member WHERE id = column1) \
         AND EXISTS (SELECT 1 FROM item WHERE id = column2) \
         ON CONFLICT (member, item, peer_id, peer_key, epoch) DO UPDATE SET {}",
        rows.join(", "),
        merges.join(", "),
    )
    .leak()
}

/// The columns of which a merge keeps the lower, and those of which it keeps the higher.
const LOWER: [&str; 3] = ["low_uploaded", "low_downloaded", "low_left"];
const HIGHER: [&str; 4] = ["last_seen", "high_uploaded", "high_downloaded", "high_left"];
pub(crate) const COLUMNS: usize = 12;
/// Rows that one statement merges; SQLite allows 32 766 values. Each statement is two switches of
/// threads, or a way to the server and back.
const MERGE_ROWS: [usize; 3] = [1024, 32, 1];
/// How many members' sessions are pruned in one transaction.
const PRUNE_MEMBERS: usize = 10_000;
/// 21 days.
const KEEP_SECS: u32 = 21 * 86_400;
/// More than a client carries in one run, and thousands of such runs still sum up.
const PIB: u64 = 1 << 50;
/// What the lowest and the highest `left` are until it is known.
const NEVER_LOW: i64 = i64::MAX;
const NEVER_HIGH: i64 = -1;
