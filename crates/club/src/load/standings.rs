//! Members' standings on their way from the store into memory.
//!
//! What a database takes to hand over a row is many times what it takes to read one. So it is asked
//! for thousands of members in one text, whose ids follow each other.

use std::collections::BTreeMap;

use policy::{Generation, MemberId, MemberState, Standing};

use crate::members::member::state_named;
use crate::members::standing::best;
use crate::store::sql::{Connection, SqlResult, unreadable};
use crate::values::names::Names;

/// What was found.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// Members, those removed left out.
    pub(crate) members: u32,
    /// Tiers that they have and the configuration has not, and how many have each.
    pub(crate) unknown_tiers: BTreeMap<String, u32>,
}

/// Calls `f` with each member's standing. O(members).
pub(crate) async fn load(
    db: &mut dyn Connection,
    names: &Names,
    mut f: impl FnMut(MemberId, Standing) + Send,
) -> SqlResult<Found> {
    let sql = "SELECT coalesce(max(id), 0) FROM member";
    let highest: u32 = db.one(sql, &[], |row| row.number(0)).await?.unwrap_or(0);
    let mut found = Found::default();
    for before in (0..highest).step_by(TOGETHER.into()) {
        let range = [before.into(), before.saturating_add(TOGETHER.into()).into()];
        db.visit(MEMBERS, &range, &mut |row| {
            for text in row.text(0)?.split_terminator(BETWEEN) {
                let row = read(text).ok_or_else(|| unreadable(0, text))?;
                f(row.id, row.standing(names));
                found.add(&row, names);
            }
            Ok(())
        })
        .await?;
    }
    Ok(found)
}

impl Found {
    fn add(&mut self, row: &MemberRow<'_>, names: &Names) {
        if row.state == MemberState::Removed {
            return;
        }
        self.members += 1;
        if names.tier(row.tier).is_none() {
            match self.unknown_tiers.get_mut(row.tier) {
                Some(members) => *members += 1,
                None => drop(self.unknown_tiers.insert(row.tier.to_owned(), 1)),
            }
        }
    }
}

/// A member as far as the announce path must know.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct MemberRow<'a> {
    id: MemberId,
    tier: &'a str,
    until: Option<u32>,
    state: MemberState,
    generation: Generation,
    old_key_until: u32,
    /// Empty where none was.
    earned: &'a str,
    /// What follows the tier; empty where nothing does.
    next: &'a str,
}

impl MemberRow<'_> {
    fn standing(&self, names: &Names) -> Standing {
        let (tier, until, then) = best(names, (self.tier, self.until, self.next), self.earned);
        Standing {
            tier,
            until,
            then,
            state: self.state,
            generation: self.generation,
            old_key_until: self.old_key_until,
        }
    }
}

/// A member of whom id and tier alone are given is active, for ever, with a first key.
fn read(text: &str) -> Option<MemberRow<'_>> {
    let mut parts = text.split(WITHIN);
    let id = MemberId::new(parts.next()?.parse().ok()?)?;
    let tier = parts.next()?;
    let Some(until) = parts.next() else {
        let (state, generation) = (MemberState::Active, Generation(0));
        return Some(MemberRow {
            id,
            tier,
            until: None,
            state,
            generation,
            old_key_until: 0,
            earned: "",
            next: "",
        });
    };
    Some(MemberRow {
        id,
        tier,
        until: if until.is_empty() { None } else { Some(until.parse().ok()?) },
        state: state_named(parts.next()?)?,
        generation: Generation(parts.next()?.parse().ok()?),
        old_key_until: parts.next()?.parse().ok()?,
        earned: parts.next()?,
        next: parts.next()?,
    })
}

/// Characters that no tier's name has.
const BETWEEN: char = '\u{1e}';
const WITHIN: char = '\u{1f}';

const MEMBERS: &str = "SELECT coalesce(string_agg( \
     CASE WHEN tier_until IS NULL AND state = 'active' AND generation = 0 \
     AND old_key_until IS NULL AND earned IS NULL \
     THEN CAST(id AS TEXT) || '\u{1f}' || tier \
     ELSE CAST(id AS TEXT) || '\u{1f}' || tier \
     || '\u{1f}' || coalesce(CAST(tier_until AS TEXT), '') \
     || '\u{1f}' || state \
     || '\u{1f}' || CAST(generation AS TEXT) \
     || '\u{1f}' || CAST(coalesce(old_key_until, 0) AS TEXT) \
     || '\u{1f}' || coalesce(earned, '') \
     || '\u{1f}' || coalesce(tier_then, '') END, '\u{1e}'), '') \
     FROM member WHERE id > $1 AND id <= $2";

/// How many members' ids one text covers.
const TOGETHER: u16 = 8192;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_of_whom_id_and_tier_alone_are_given_is_active_for_ever() {
        let plain = MemberRow {
            id: MemberId::new(7).unwrap(),
            tier: "fan",
            until: None,
            state: MemberState::Active,
            generation: Generation(0),
            old_key_until: 0,
            earned: "",
            next: "",
        };
        check("7|fan", Some(plain));
        check("7|fan||active|0|0||", Some(plain));
        let other = MemberRow {
            until: Some(1_800_000_000),
            state: MemberState::Suspended,
            generation: Generation(3),
            old_key_until: 86_400,
            earned: "seeder",
            next: "guest",
            ..plain
        };
        check("7|fan|1800000000|suspended|3|86400|seeder|guest", Some(other));
        for text in [
            "",
            "7",
            "0|fan",
            "7|fan|",
            "7|fan||asleep|0|0||",
            "7|fan||active|65536|0||",
            "7|fan||active|0|0|",
        ] {
            check(text, None);
        }
    }

    #[track_caller]
    fn check(text: &str, expected: Option<MemberRow<'_>>) {
        assert_eq!(read(&text.replace('|', "\u{1f}")), expected);
    }
}
