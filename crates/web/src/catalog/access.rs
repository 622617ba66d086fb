//! Whether a member may have an item's torrent now, and what is in it.
//!
//! The tracker's own rules decide, so that a torrent is handed out exactly when its passkey is accepted. The web seed
//! is for members with a right to the item: it is the publisher's own copy.

use std::sync::Arc;

use club::{Club, Item, Member};
use policy::{AccessTerms, ItemAccess, TierId};
use tracker::{Now, Tracker};

use super::links::TorrentOwner;
use super::urls::PublicUrls;

/// Decides which torrents a member may have.
pub(crate) struct TorrentAccess<'a> {
    pub(crate) club: &'a Club,
    pub(crate) tracker: &'a Tracker,
    pub(crate) urls: Arc<PublicUrls>,
    pub(crate) now: Now,
}

impl TorrentAccess<'_> {
    /// The member as the owner of a torrent of the item; `None` where they may have none.
    ///
    /// In the grace period after a tier has ended, only items published before its end are open.
    pub(crate) fn own(&self, member: &Member, item: &Item) -> Option<TorrentOwner> {
        if !self.is_private_or_free(item) {
            return None;
        }
        let terms = match self.tracker.item_access(member.id, item.id, self.now) {
            ItemAccess::Open(terms) => terms,
            ItemAccess::Grace(terms) if self.was_there(member, item) => terms,
            ItemAccess::Expired | ItemAccess::Grace(_) | ItemAccess::Refused => return None,
        };
        let is_served = has_web_seed(&terms, self.urls.has_web_seed(terms.tier));
        let keys = self.club.key_generations(member.id);
        let turn = self.tracker.bound_turn(member.id, item.id);
        Some(TorrentOwner {
            member: member.id,
            turn,
            entitled: terms.entitled,
            web_seed: is_served.then_some(keys.web_seed.with(turn)),
            free: self.is_free(item),
        })
    }

    /// The same for an item that belongs to the member: one they have a right to, that is free, or that is not for
    /// sale. What is for sale is listed for nobody who has not got it, though its swarm is open to them.
    pub(crate) fn holds(&self, member: &Member, item: &Item) -> Option<TorrentOwner> {
        let is_for_sale = item.prices.torrent.is_some() || item.prices.direct.is_some();
        self.own(member, item).filter(|owner| owner.entitled || owner.free || !is_for_sale)
    }

    /// Whether the tracker alone decides who gets peers, or need not: otherwise a passkey in the torrent
    /// would protect nothing.
    pub(crate) fn is_private_or_free(&self, item: &Item) -> bool {
        item.private || self.is_free(item)
    }

    /// Whether anybody may have the item from anywhere.
    pub(crate) fn is_free(&self, item: &Item) -> bool {
        self.tracker.policy(&item.policy).is_some_and(|policy| policy.is_free())
    }

    fn was_there(&self, member: &Member, item: &Item) -> bool {
        let published = item.offer.as_ref().map_or(item.created, |offer| offer.published);
        member.tier_until.is_none_or(|until| published <= until)
    }
}

/// Whether the web seed serves a member an item by their right to it; `enabled` is whether it serves their tier.
///
/// Outsiders with a right to an item bought it. Other tiers are served as the publisher set.
pub(crate) fn has_web_seed(terms: &AccessTerms, enabled: bool) -> bool {
    terms.entitled && (enabled || terms.tier == TierId::OUTSIDER)
}
