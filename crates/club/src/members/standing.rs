//! The tier that a member holds: what was paid for or given, or what was earned.

use policy::{Standing, TierId};

use crate::members::member::Member;
use crate::store::image::Shown;
use crate::values::names::Names;

impl Member {
    /// What the image shows of the member.
    pub(crate) fn shown(&self, names: &Names) -> Shown {
        let earned = self.earned.as_deref().unwrap_or_default();
        let (tier, until, then) = best(names, &self.tier, self.tier_until, earned);
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

/// The best of the tier that was paid for or given and the one that was earned, when it ends, and
/// the tier held from then on. What was earned is held until a window's close says otherwise. Who
/// has a tier that is not configured is an outsider.
pub(crate) fn best(
    names: &Names,
    paid: &str,
    until: Option<u32>,
    earned: &str,
) -> (TierId, u32, TierId) {
    let is_better = names.place(earned).unwrap_or(0) > names.place(paid).unwrap_or(0);
    let [paid, earned] = [paid, earned].map(|tier| names.tier(tier).unwrap_or(TierId::OUTSIDER));
    if is_better { (earned, FOREVER, paid) } else { (paid, until.unwrap_or(FOREVER), earned) }
}

const FOREVER: u32 = u32::MAX;
