//! What a member may do with an item now: one answer for downloads, feeds and pages, and the same
//! that announces are judged by.
//!
//! | state | announce | web seed | .torrent and feed |
//! |---|---|---|---|
//! | open | as the tier | at the tier's rate | all |
//! | grace | as the tier, with a warning | at the lowest rate | what there was |
//! | expired | an outsider; may seed where a right is needed | refused | public ones |
//! | refused | refused | refused | refused |
//!
//! States that time brings about follow from when a tier or right ends: nothing is written for them.

use crate::{AccessDetails, Audience, Authorizer, ItemRules, MemberId, TierId};

/// What a member may do with an item.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ItemAccess {
    /// Seed alone: the right to the item ran out, was paid back, or never was.
    Expired,
    /// What the tier allows, for a while yet: it ran out. Downloads go at the lowest rate.
    Grace(AccessTerms),
    /// What the tier allows.
    Open(AccessTerms),
    /// Nothing: the member is unknown, removed or suspended, the right was taken back, or the item
    /// is closed.
    Refused,
}

/// As what a member is let in.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct AccessTerms {
    /// The tier held now.
    pub tier: TierId,
    /// Whether the tier or a right entitles to this very item. Where it does not the item is open
    /// to anyone, and the member gets no more of it than the tier gives.
    pub entitled: bool,
}

impl Authorizer<'_> {
    /// What a member may do with an item at that time. Takes no lock for longer than a look-up.
    pub fn item_access(&self, member: MemberId, item: ItemRules, now_unix: u32) -> ItemAccess {
        let policy = self.rules.policies.of(item);
        let access = self.access(member, item, now_unix);
        let (Some(policy), Some(access)) = (policy, access) else { return ItemAccess::Refused };
        let AccessDetails { tier, entitled, in_grace, revoked, .. } = access;
        let terms = AccessTerms { tier, entitled };
        match policy.who {
            Audience::Entitled if revoked => ItemAccess::Refused,
            Audience::Entitled if !entitled => ItemAccess::Expired,
            _ if in_grace => ItemAccess::Grace(terms),
            _ => ItemAccess::Open(terms),
        }
    }
}
