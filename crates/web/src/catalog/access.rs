//! Whether a member may have an item's torrent now, and what is in it.
//!
//! The answer is that of the tracker's door, so that a torrent is given to whoever its passkey lets
//! in. The web seed is for those with a right to the item: it is the publisher's own copy.

use club::{Club, Item, Member};
use policy::{AccessTerms, ItemAccess};
use tracker::{Now, Tracker};

use super::links::Owner;

/// Who may have what.
#[derive(Clone, Copy)]
pub(crate) struct May<'a> {
    pub(crate) club: &'a Club,
    pub(crate) tracker: &'a Tracker,
    pub(crate) now: Now,
}

impl May<'_> {
    /// The member as the owner of a torrent of the item; `None` where they may have none.
    ///
    /// Who keeps a tier for a while after it ran out has what there was by then.
    pub(crate) fn own(self, member: &Member, item: &Item) -> Option<Owner> {
        if !self.is_private_or_free(item) {
            return None;
        }
        let AccessTerms { entitled, .. } =
            match self.tracker.item_access(member.id, item.id, self.now) {
                ItemAccess::Open(terms) => terms,
                ItemAccess::Grace(terms) if self.was_there(member, item) => terms,
                ItemAccess::Expired | ItemAccess::Grace(_) | ItemAccess::Refused => return None,
            };
        let turns = self.club.turns(member.id);
        let turn = self.tracker.bound_turn(member.id, item.id);
        Some(Owner {
            member: member.id,
            turn,
            web_seed: entitled.then_some(turns.web_seed.with(turn)),
            free: self.is_free(item),
        })
    }

    /// Whether a torrent of the item leaks no peers past the tracker, or need not keep them: else
    /// a passkey in it would be for nothing.
    pub(crate) fn is_private_or_free(self, item: &Item) -> bool {
        item.private || self.is_free(item)
    }

    /// Whether anybody may have the item from anywhere.
    pub(crate) fn is_free(self, item: &Item) -> bool {
        self.tracker.policy(&item.policy).is_some_and(|policy| policy.is_free())
    }

    fn was_there(self, member: &Member, item: &Item) -> bool {
        let published = item.offer.as_ref().map_or(item.created, |offer| offer.published);
        member.tier_until.is_none_or(|until| published <= until)
    }
}
