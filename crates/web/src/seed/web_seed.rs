//! Who may have which file: asked for each request, and again while a stream runs.
//!
//! | answer | when |
//! |---|---|
//! | 404 | no such token, no such path, another item's token, goods that were withdrawn or are broken |
//! | 403 | a genuine token whose right is over, or that was replaced |
//!
//! So a 404 says to nobody which part was wrong, and a 403 only to who holds a token that once opened.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use club::{Club, Goods, Key, Stamp};
use policy::{Generation, ItemAccess, ItemId, Keyring, Label, MemberId, TierId};
use tracker::Tracker;
use wire::Passkey;

use super::file::Pass;
use super::member_addresses::Whereabouts;
use super::pace::{Pace, Payer, TierTerms};
use super::served_bytes::Tally;
use super::target::{Right, Target};
use crate::http::Clock;

/// Decides about the publisher's goods.
pub struct Gate {
    club: Arc<Club>,
    tracker: Arc<Tracker>,
    keyring: Arc<Keyring>,
    clock: Clock,
    /// How fast streams may go.
    pub pace: Arc<Pace>,
    /// What was sent.
    pub tally: Tally,
    /// Where to.
    whereabouts: Arc<Whereabouts>,
}

/// Why goods are not given out.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Refused {
    /// There is nothing at this URL: 404.
    Missing,
    /// What the URL once opened it opens no more: 403.
    Over,
    /// The database does not answer. No status fits: clients take any for the last word, but come
    /// back where the connection ends.
    Unavailable,
    /// There is no such token: answered as what is missing, and to be counted, since only who
    /// guesses sends one.
    Unknown,
}

/// As what goods are given out.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Served {
    /// Decides who goes first: the tier's place, the best last.
    pub place: u8,
    /// How fast, and how many at once.
    pub terms: TierTerms,
}

/// What a member's URL is for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Kind {
    /// Saving a file in a browser, by whoever bought the direct download.
    Direct,
    /// A client that has the torrent, by whoever has a right to the item.
    WebSeed,
}

impl Kind {
    const fn key(self) -> Key {
        match self {
            Self::Direct => Key::Download,
            Self::WebSeed => Key::WebSeed,
        }
    }

    const fn label(self) -> Label {
        match self {
            Self::Direct => Label::Download,
            Self::WebSeed => Label::WebSeed,
        }
    }
}

/// Who holds a URL.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Holder {
    /// A member, by a key for this and of this turn.
    Member { id: MemberId, kind: Kind, turn: Generation },
    /// Anybody, from this address.
    Stranger(IpAddr),
}

impl Gate {
    /// Joins the parts.
    pub fn new(
        club: Arc<Club>,
        tracker: Arc<Tracker>,
        keyring: Arc<Keyring>,
        pace: Arc<Pace>,
        whereabouts: Arc<Whereabouts>,
        clock: Clock,
    ) -> Self {
        Self { club, tracker, keyring, clock, pace, tally: Tally::default(), whereabouts }
    }

    /// Lets a request in; `client` is who sends it. Nearly always without a read of the store.
    ///
    /// # Errors
    ///
    /// Says how it is refused.
    pub async fn admit(&self, target: &[u8], client: IpAddr) -> Result<Pass, Refused> {
        let Target { right, path } = Target::read(target).ok_or(Refused::Missing)?;
        let (item, holder) = self.holder(right, client)?;
        let served = self.served(item, holder).await?;
        let goods = self.goods(item).await?;
        let index = goods.torrent.find(&path).ok_or(Refused::Missing)?;
        if let Holder::Member { id, .. } = holder {
            self.whereabouts.add(id, client);
        }
        Ok(Pass { item, holder, served, goods, index })
    }

    /// Looks whether a pass still opens, and as what. To be asked every few seconds of a stream.
    ///
    /// # Errors
    ///
    /// Says how the same request would be refused now.
    pub async fn look_again(&self, pass: &Pass) -> Result<Served, Refused> {
        let served = self.served(pass.item, pass.holder).await?;
        self.same_goods(pass).await?;
        Ok(served)
    }

    /// Asserts that what a pass opens is still what its item is.
    async fn same_goods(&self, pass: &Pass) -> Result<(), Refused> {
        let hashes = |goods: &Goods| (goods.torrent.info_hash_v1, goods.torrent.info_hash_v2);
        let is_same = hashes(&*self.goods(pass.item).await?) == hashes(&pass.goods);
        is_same.then_some(()).ok_or(Refused::Missing)
    }

    /// Notes that an item's files are not what its torrent says: it is served no more until it is
    /// verified or published again. The log names the item, and the file within it. Says nothing of
    /// a new version of it, which may have the same files.
    pub async fn mark_broken(&self, pass: &Pass, why: &str) {
        if self.same_goods(pass).await.is_err() {
            return;
        }
        let path = pass.file().map_or_else(String::new, |file| file.path.to_string());
        let why = format!("{path}: {why}");
        tracing::error!(item = pass.item.0, %why, "an item is broken and not served any more");
        let stamp = Stamp { who: "web seed".to_owned(), now_unix: (self.clock)().unix };
        let noted = self.club.set_broken(&stamp, &pass.item.to_string(), Some(why)).await;
        if let Err(error) = noted {
            tracing::error!(item = pass.item.0, %error, "that it is broken could not be noted");
        }
    }

    fn holder(&self, right: Right, client: IpAddr) -> Result<(ItemId, Holder), Refused> {
        let (kind, token) = match right {
            Right::Direct(token) => (Kind::Direct, token),
            Right::Free(item) => return Ok((item, Holder::Stranger(client))),
            Right::WebSeed(token) => (Kind::WebSeed, token),
        };
        self.member(kind, &token).ok_or(Refused::Unknown)
    }

    fn member(&self, kind: Kind, token: &Passkey) -> Option<(ItemId, Holder)> {
        let grant = self.keyring.verify(kind.label(), token)?;
        let holder = Holder::Member { id: grant.member, kind, turn: grant.generation };
        (grant.item != ItemId::ANY).then_some((grant.item, holder))
    }

    /// As what the holder of a URL is served now.
    async fn served(&self, item: ItemId, holder: Holder) -> Result<Served, Refused> {
        let (id, kind, turn) = match holder {
            Holder::Member { id, kind, turn } => (id, kind, turn),
            Holder::Stranger(_) => {
                let (place, terms) = self.pace.tier(TierId::OUTSIDER);
                let is_open = terms.enabled && self.is_free(item);
                return is_open.then_some(Served { place, terms }).ok_or(Refused::Missing);
            }
        };
        let key = self.club.turns(id).of(kind.key());
        let present = match kind {
            Kind::Direct => key,
            Kind::WebSeed => key.with(self.tracker.bound_turn(id, item)),
        };
        if turn != present {
            return Err(Refused::Over);
        }
        let (access, in_grace) = match self.tracker.item_access(id, item, (self.clock)()) {
            ItemAccess::Open(access) => (access, false),
            ItemAccess::Grace(access) => (access, true),
            ItemAccess::Expired | ItemAccess::Refused => return Err(Refused::Over),
        };
        let (place, mut terms) = self.pace.tier(access.tier);
        let is_right = match kind {
            Kind::Direct => access.entitled && self.bought_direct(id, item).await?,
            // Outsiders with a right to an item bought it; other tiers are served as the publisher
            // set.
            Kind::WebSeed if access.entitled => terms.enabled || access.tier == TierId::OUTSIDER,
            Kind::WebSeed => terms.enabled && self.is_free(item),
        };
        if in_grace {
            terms.rate = terms.rate.min(self.pace.lowest_rate());
        }
        is_right.then_some(Served { place, terms }).ok_or(Refused::Over)
    }

    /// Whether a member paid for an item's direct download, whatever else gives them a right to it.
    async fn bought_direct(&self, member: MemberId, item: ItemId) -> Result<bool, Refused> {
        self.club.bought_direct(member, item).await.map_err(unavailable)
    }

    /// Whether anybody may have an item from anywhere.
    fn is_free(&self, item: ItemId) -> bool {
        self.tracker.policy_of(item).is_some_and(|policy| policy.is_free())
    }

    /// An item's files, while they are given out.
    async fn goods(&self, item: ItemId) -> Result<Arc<Goods>, Refused> {
        match self.club.goods(item).await {
            Ok(Some(goods)) if !goods.offer.withdrawn && goods.offer.broken.is_none() => Ok(goods),
            Ok(_) => Err(Refused::Missing),
            Err(error) => Err(unavailable(error)),
        }
    }
}

#[expect(clippy::needless_pass_by_value, reason = "as `map_err` hands it over")]
fn unavailable(error: club::Error) -> Refused {
    tracing::error!(%error, "goods cannot be served");
    Refused::Unavailable
}

impl fmt::Debug for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gate").finish_non_exhaustive()
    }
}

impl Holder {
    pub(super) const fn payer(self) -> Payer {
        match self {
            Self::Member { id, .. } => Payer::Member(id),
            Self::Stranger(address) => Payer::Stranger(address),
        }
    }
}

#[cfg(test)]
mod tests;
