//! What a member may have, and how they came by it.
//!
//! The rules of torrents decide, so that the library lists exactly what can be downloaded. An item that is not listed
//! in the catalogue is here only for members with a right to it.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};

use club::{Entitlement, Item, Member, OrderId, Page};
use policy::ItemId;

use super::words::day;
use crate::catalog::TorrentOwner;
use crate::site::pages::failure::Failure;
use crate::site::pages::shown::is_shown;
use crate::site::state::Site;

/// An item that a member may have.
pub(super) struct Holding {
    pub(super) item: Item,
    pub(super) owner: TorrentOwner,
    pub(super) source: HoldingSource,
    /// When the right was granted, or the item published where no right was, in Unix seconds.
    pub(super) since: u32,
}

/// How a member came by an item.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum HoldingSource {
    Bought(OrderId),
    Free,
    /// Somebody else paid for it.
    Gift,
    Granted,
    Membership,
    /// Every member may have it.
    Open,
    Voucher,
}

/// What a member may have, the latest first. Reads at most [`MAX_LOOKED_AT`] items of the catalogue, the newest, and as
/// many of the member's rights.
pub(super) async fn holdings(site: &Site, member: &Member) -> Result<Vec<Holding>, Failure> {
    let page = Page { after: 0, limit: MAX_LOOKED_AT };
    let rights = site.club.entitlements_of_member(&member.id.to_string(), page).await?;
    let now = site.now().unix;
    let live = rights.into_iter().filter(|right| right.is_live(now));
    let rights: HashMap<ItemId, Entitlement> = live.map(|right| (right.item, right)).collect();

    let mut items = site.club.newest(MAX_LOOKED_AT).await?;
    let seen: HashSet<ItemId> = items.iter().map(|item| item.id).collect();
    let older = rights.keys().filter(|id| **id != ItemId::ANY && !seen.contains(id));
    for id in older {
        items.push(site.club.item(&id.to_string()).await?);
    }

    let gifts: HashSet<OrderId> = site.club.gifts_of(member.id).await?.into_iter().collect();
    let access = site.torrent_access();
    let mut holdings: Vec<_> = items
        .into_iter()
        .filter(is_shown)
        .filter_map(|item| {
            let owner = access.holds(member, &item)?;
            let mut holding = Holding::of(item, owner, &rights);
            if let HoldingSource::Bought(order) = holding.source
                && gifts.contains(&order)
            {
                holding.source = HoldingSource::Gift;
            }
            (holding.item.is_listed() || owner.entitled).then_some(holding)
        })
        .collect();
    holdings.sort_by_key(|holding| Reverse((holding.since, holding.item.id.0)));
    Ok(holdings)
}

impl Holding {
    fn of(item: Item, owner: TorrentOwner, rights: &HashMap<ItemId, Entitlement>) -> Self {
        let published = item.offer.as_ref().map_or(item.created, |offer| offer.published);
        let (source, since) = match (rights.get(&item.id), rights.get(&ItemId::ANY)) {
            (Some(right), _) => (HoldingSource::of(&right.source), right.granted),
            (None, _) if owner.free => (HoldingSource::Free, published),
            (None, Some(right)) => (HoldingSource::of(&right.source), right.granted.max(published)),
            (None, None) if owner.entitled => (HoldingSource::Membership, published),
            (None, None) => (HoldingSource::Open, published),
        };
        Self { item, owner, source, since }
    }

    /// How the member came by it, for people.
    pub(super) fn text(&self) -> String {
        match self.source {
            HoldingSource::Bought(OrderId(order)) => {
                format!("Bought {}, order {order}", day(self.since))
            }
            HoldingSource::Free => "Free".to_owned(),
            HoldingSource::Gift => format!("A gift, {}", day(self.since)),
            HoldingSource::Granted => format!("Given to you {}", day(self.since)),
            HoldingSource::Membership => "With your membership".to_owned(),
            HoldingSource::Open => "Open to every member".to_owned(),
            HoldingSource::Voucher => format!("With a voucher, {}", day(self.since)),
        }
    }
}

impl HoldingSource {
    /// Reads the source of a right: `order 7`, `voucher 3`, or whatever granted it.
    fn of(source: &str) -> Self {
        let order = source.strip_prefix("order ").and_then(|number| number.parse().ok());
        match order {
            Some(number) => Self::Bought(OrderId(number)),
            None if source.starts_with("voucher ") => Self::Voucher,
            None => Self::Granted,
        }
    }

    /// One word for programs.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Bought(_) => "bought",
            Self::Free => "free",
            Self::Gift => "gift",
            Self::Granted => "granted",
            Self::Membership => "membership",
            Self::Open => "open",
            Self::Voucher => "voucher",
        }
    }
}

/// Maximum items of the catalogue, and maximum rights, that are looked at for one answer.
const MAX_LOOKED_AT: u32 = 1000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_source_of_a_right_tells_how_it_was_come_by() {
        for (source, expected) in [
            ("order 7", HoldingSource::Bought(OrderId(7))),
            ("order x", HoldingSource::Granted),
            ("voucher 3", HoldingSource::Voucher),
            ("grant", HoldingSource::Granted),
            ("", HoldingSource::Granted),
        ] {
            assert_eq!(HoldingSource::of(source), expected, "{source}");
        }
    }
}
