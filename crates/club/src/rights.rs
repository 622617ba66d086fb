//! Entitlements on their way from the store into memory.
//!
//! There may be millions, and what a database takes to hand over a row is many times what it takes
//! to read one. So it is asked for a row for each item, with all its members in one text. They are
//! asked for in two halves, on a connection each, as a database reads each on one processor.

use policy::{Entitlements, Generation, ItemId, MemberId, Right};

use crate::sql::{Connection, SqlResult, unreadable};

/// Loads those of items from the first to the last; returns how many of them are rights, those that
/// are over left in. O(entitlements), and a text as long as an item has members.
pub(crate) async fn load(
    db: &mut dyn Connection,
    rights: &Entitlements,
    (first, last): (u32, u32),
) -> SqlResult<u32> {
    let mut loaded = 0;
    db.visit(OF_ITEMS, &[first.into(), last.into()], &mut |row| {
        let item = ItemId(row.number(0)?);
        for text in row.text(1)?.split(' ') {
            let (member, right) = read(text).ok_or_else(|| unreadable(1, text))?;
            loaded += u32::from(right.until > Right::REFUNDED);
            rights.set(item, member, right);
        }
        Ok(())
    })
    .await?;
    Ok(loaded)
}

/// The items in two halves of about as many each.
pub(crate) async fn halves(db: &mut dyn Connection) -> SqlResult<[(u32, u32); 2]> {
    let sql = "SELECT coalesce(max(id), 0) / 2 FROM item";
    let middle = db.one(sql, &[], |row| row.number(0)).await?.unwrap_or(0);
    Ok([(0, middle), (middle + 1, u32::MAX)])
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

const OF_ITEMS: &str = "SELECT item, string_agg( \
     CASE WHEN until IS NULL AND revoked IS NULL AND generation = 0 AND old_key_until IS NULL \
     THEN CAST(member AS TEXT) ELSE CAST(member AS TEXT) \
     || ':' || CAST(CASE WHEN revoked IS NULL THEN coalesce(until, 4294967295) \
     WHEN ended = 'revoked' THEN 1 WHEN ended = 'refunded' THEN 2 ELSE 0 END AS TEXT) \
     || ':' || CAST(generation AS TEXT) \
     || ':' || CAST(coalesce(old_key_until, 0) AS TEXT) END, ' ') \
     FROM entitlement WHERE item BETWEEN $1 AND $2 \
     AND (revoked IS NULL OR ended IS NOT NULL OR generation > 0) \
     GROUP BY item";

#[cfg(test)]
mod tests {
    use super::*;

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
