//! The tier that a member holds: what was paid for or given, or what was earned.

use policy::{Standing, TierId};

use crate::members::member::Member;
use crate::store::image::Shown;
use crate::values::names::Names;

impl Member {
    /// What the image shows of the member.
    pub(crate) fn shown(&self, names: &Names) -> Shown {
        let earned = self.earned.as_deref().unwrap_or_default();
        let next = self.tier_then.as_deref().unwrap_or_default();
        let (tier, until, then) = best(names, (&self.tier, self.tier_until, next), earned);
        let standing = Standing {
            tier,
            until,
            then,
            state: self.state,
            generation: self.generation,
            old_key_until: self.old_key_until.unwrap_or(0),
        };
        Shown::Member(self.id, standing)
    }
}

/// The best of the tier that was paid for or given, with its end and what follows it, and the one that was earned;
/// when it ends, and the tier held from then on. What was earned is held until a window's close says otherwise. Who
/// has a tier that is not configured is an outsider.
pub(crate) fn best(
    names: &Names,
    (paid, until, next): (&str, Option<u32>, &str),
    earned: &str,
) -> (TierId, u32, TierId) {
    let is_better =
        |one: &str, other: &str| names.place(one).unwrap_or(0) > names.place(other).unwrap_or(0);
    let number = |tier: &str| names.tier(tier).unwrap_or(TierId::OUTSIDER);
    if is_better(earned, paid) {
        return (number(earned), FOREVER, number(paid));
    }
    let then = if is_better(earned, next) { earned } else { next };
    (number(paid), until.unwrap_or(FOREVER), number(then))
}

const FOREVER: u32 = u32::MAX;
