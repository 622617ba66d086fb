//! Entitlements on their way from the store into memory.
//!
//! There may be millions, and what a database takes to hand over a row is many times what it takes
//! to read one. So it is asked for the members of some items in one text. They are
//! asked for in two halves, a connection and a task each, as a database reads each on one processor
//! and putting them into memory takes as long as reading them.

use std::sync::Arc;

use policy::{Entitlements, Generation, ItemId, MemberId, Right};
use tokio::task::JoinSet;

use crate::store::database::Store;
use crate::store::sql::{Connection, SqlResult, unreadable};

/// Loads those of items from the first to the last in a task of its own, which ends with the future;
/// returns how many of them are rights, those that are over left in.
pub(crate) async fn load_beside(
    store: Arc<dyn Store>,
    rights: Arc<Entitlements>,
    items: (u32, u32),
) -> SqlResult<u32> {
    let mut tasks = JoinSet::new();
    tasks.spawn(async move { load(&mut *store.reader().await?, items, Some(&rights)).await });
    match tasks.join_next().await {
        Some(Ok(loaded)) => loaded,
        Some(Err(stopped)) => Err(sqlx::Error::Io(stopped.into())),
        None => Ok(0),
    }
}

/// Reads those of items from the first to the last into memory, or to see that they can be read. O(entitlements), and a text as long as an item
/// has members.
pub(crate) async fn load(
    db: &mut dyn Connection,
    (first, last): (u32, u32),
    rights: Option<&Entitlements>,
) -> SqlResult<u32> {
    let (mut loaded, mut some) = (0, Vec::new());
    for first in (first..=last).step_by(TOGETHER.into()) {
        let last = last.min(first.saturating_add(u32::from(TOGETHER) - 1));
        db.visit(OF_ITEMS, &[first.into(), last.into()], &mut |row| {
            for text in row.text(0)?.split_terminator('\n') {
                read_item(text, &mut some).ok_or_else(|| unreadable(0, text))?;
            }
            loaded += some.iter().filter(|(_, _, right)| right.until > Right::REFUNDED).count();
            match rights {
                Some(rights) => rights.set_all(some.drain(..)),
                None => some.clear(),
            }
            Ok(())
        })
        .await?;
    }
    Ok(u32::try_from(loaded).unwrap_or(u32::MAX))
}

/// The items in two halves of about as many each.
pub(crate) async fn halves(db: &mut dyn Connection) -> SqlResult<[(u32, u32); 2]> {
    let sql = "SELECT coalesce(max(id), 0) FROM item";
    let highest: u32 = db.one(sql, &[], |row| row.number(0)).await?.unwrap_or(0);
    let middle = highest / 2;
    Ok([(0, middle), (middle.saturating_add(1), highest)])
}

/// Reads the rights to an item, `item=member member`.
fn read_item(text: &str, rights: &mut Vec<(ItemId, MemberId, Right)>) -> Option<()> {
    let (item, members) = text.split_once('=')?;
    let item = ItemId(item.parse().ok()?);
    for text in members.split(' ') {
        let (member, right) = read(text)?;
        rights.push((item, member, right));
    }
    Some(())
}

/// A member alone holds the right for ever; `member:until:generation:old_key_until` is all else.
fn read(text: &str) -> Option<(MemberId, Right)> {
    let mut parts = text.split(':');
    let member = MemberId::new(parts.next()?.parse().ok()?)?;
    let Some(until) = parts.next() else {
        return Some((member, Right { until: u32::MAX, ..Right::default() }));
    };
    let right = Right {
        until: until.parse().ok()?,
        generation: Generation(parts.next()?.parse().ok()?),
        old_key_until: parts.next()?.parse().ok()?,
    };
    Some((member, right))
}

const OF_ITEMS: &str = "SELECT coalesce(string_agg(CAST(item AS TEXT) || '=' || members, '\n'), '') \
     FROM (SELECT item, string_agg( \
     CASE WHEN until IS NULL AND revoked IS NULL AND generation = 0 AND old_key_until IS NULL \
     THEN CAST(member AS TEXT) ELSE CAST(member AS TEXT) \
     || ':' || CAST(CASE WHEN revoked IS NULL THEN coalesce(until, 4294967295) \
     WHEN ended = 'revoked' THEN 1 WHEN ended = 'refunded' THEN 2 ELSE 0 END AS TEXT) \
     || ':' || CAST(generation AS TEXT) \
     || ':' || CAST(coalesce(old_key_until, 0) AS TEXT) END, ' ') AS members \
     FROM entitlement WHERE item BETWEEN $1 AND $2 \
     AND (revoked IS NULL OR ended IS NOT NULL OR generation > 0) \
     GROUP BY item) AS by_item";
/// Items in one text. Few, as each may have millions of members.
const TOGETHER: u8 = 32;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_comes_before_its_members() {
        let mut rights = Vec::new();
        assert_eq!(read_item("3=7 8:5:0:0", &mut rights), Some(()));
        let found: Vec<_> = rights.iter().map(|(item, id, _)| (item.0, id.value())).collect();
        assert_eq!(found, [(3, 7), (3, 8)]);
        for text in ["", "3", "x=7", "3=", "3=7 "] {
            assert_eq!(read_item(text, &mut rights), None, "{text}");
        }
    }

    #[test]
    fn a_member_alone_holds_it_for_ever() {
        check("7", Some((7, u32::MAX, 0, 0)));
        check("7:1800000000:3:86400", Some((7, 1_800_000_000, 3, 86_400)));
        for text in ["", "0", "7:", "7:1", "7:1:65536:0", "7:1:0", "x"] {
            check(text, None);
        }
    }

    #[track_caller]
    fn check(text: &str, expected: Option<(u32, u32, u16, u32)>) {
        let found = read(text).map(|(member, right)| {
            (member.value(), right.until, right.generation.0, right.old_key_until)
        });
        assert_eq!(found, expected);
    }
}
