//! Decides which files a URL opens, for each request and again while a stream runs.
//!
//! | answer | when |
//! |---|---|
//! | 404 | unknown token, unknown path, another item's token, an item that is unpublished or broken |
//! | 403 | a genuine token whose right has ended, or that was rotated |
//!
//! A 404 reveals to nobody which part was wrong. A 403 goes only to a token that once opened the file.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use club::{AlertKind, Club, Goods, Key, NewAlert, Stamp};
use policy::{Generation, ItemAccess, ItemId, Keyring, Label, MemberId, TierId};
use tracker::Tracker;
use wire::Passkey;

use super::alert_limit::AlertLimit;
use super::file::{AuthorizedFile, FileError};
use super::member_addresses::MemberAddresses;
use super::pace::{Pacer, Payer, TierPacing};
use super::served_bytes::ServedBytes;
use super::target::{Credential, FileTarget};
use crate::catalog::has_web_seed;
use crate::http::TimeSource;

/// Authorizes requests for the publisher's own copies, paces them and counts what was sent.
pub struct WebSeed {
    club: Arc<Club>,
    tracker: Arc<Tracker>,
    keyring: Arc<Keyring>,
    clock: TimeSource,
    /// Paces streams.
    pub pacer: Arc<Pacer>,
    /// Counts the bytes sent.
    pub served_bytes: ServedBytes,
    /// Collects the addresses from which members use their URLs.
    member_addresses: Arc<MemberAddresses>,
    /// Limits alerts about files that can't be read.
    unreadable: AlertLimit,
}

/// Why a request is not served.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Denied {
    /// Nothing is at this URL: 404.
    Missing,
    /// The URL opened this file once, and the right has ended: 403.
    Expired,
    /// The database or the disk does not answer. The connection is closed without a status: clients take
    /// any status as final, and retry after a closed connection.
    Unavailable,
    /// The token is unknown. Answered like [`Missing`](Self::Missing), and counted, because only a
    /// guesser sends one.
    Unknown,
}

/// How a request is served.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ServiceLevel {
    /// The tier's place, lowest first; a higher one goes first.
    pub place: u8,
    /// Rate, and streams at once.
    pub terms: TierPacing,
}

/// What a member's URL is for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum UrlKind {
    /// Saves a file in a browser, for buyers of the direct download.
    Direct,
    /// Serves a client that has the torrent, for members with a right to the item.
    WebSeed,
}

impl UrlKind {
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

/// The holder of a URL.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Holder {
    /// A member, by a key of this kind and generation.
    Member { id: MemberId, kind: UrlKind, turn: Generation },
    /// Anybody, from this address.
    Stranger(IpAddr),
}

impl WebSeed {
    /// Joins the parts.
    pub fn new(
        club: Arc<Club>,
        tracker: Arc<Tracker>,
        keyring: Arc<Keyring>,
        pacer: Arc<Pacer>,
        member_addresses: Arc<MemberAddresses>,
        clock: TimeSource,
    ) -> Self {
        Self {
            club,
            tracker,
            keyring,
            clock,
            pacer,
            served_bytes: ServedBytes::default(),
            member_addresses,
            unreadable: AlertLimit::default(),
        }
    }

    /// Authorizes a request from `client`. Reads the store only for an item that is not cached.
    ///
    /// # Errors
    ///
    /// The reason for refusing it.
    pub async fn authorize(&self, target: &[u8], client: IpAddr) -> Result<AuthorizedFile, Denied> {
        let FileTarget { credential, path } = FileTarget::read(target).ok_or(Denied::Missing)?;
        let (item, holder) = self.holder(credential, client)?;
        let served = self.served_to_member(item, holder).await?;
        let goods = self.goods(item).await?;
        let torrent = &goods.torrent;
        let index = torrent.find(&path).or_else(|| torrent.find_renamed(&path));
        let index = index.ok_or(Denied::Missing)?;
        let served = served.or_else(|| self.served_to_all(&goods, index)).ok_or(Denied::Missing)?;
        if let Holder::Member { id, .. } = holder {
            self.member_addresses.add(id, client);
        }
        Ok(AuthorizedFile { item, holder, served, goods, index })
    }

    /// Checks again whether a file may be served, and how. Call it every few seconds of a stream.
    ///
    /// # Errors
    ///
    /// The reason for refusing the same request now.
    pub async fn recheck(&self, file: &AuthorizedFile) -> Result<ServiceLevel, Denied> {
        let served = self.served_to_member(file.item, file.holder).await?;
        let goods = self.same_goods(file).await?;
        served.or_else(|| self.served_to_all(&goods, file.index)).ok_or(Denied::Missing)
    }

    /// Refuses a file of a version that was replaced.
    async fn same_goods(&self, file: &AuthorizedFile) -> Result<Arc<Goods>, Denied> {
        let hashes = |goods: &Goods| (goods.torrent.info_hash_v1, goods.torrent.info_hash_v2);
        let goods = self.goods(file.item).await?;
        let is_same = hashes(&goods) == hashes(&file.goods);
        is_same.then_some(goods).ok_or(Denied::Missing)
    }

    /// Draws the conclusion from a file that can't be opened or sent, and returns how its request is denied.
    ///
    /// A file that is not what its torrent says makes its item [broken](Self::mark_broken). One that can't be
    /// read at the moment is an alert, at most one a minute for each item, and is tried again for the next
    /// request.
    pub async fn report(&self, file: &AuthorizedFile, error: &FileError) -> Denied {
        if !matches!(error, FileError::Unreadable(_)) {
            self.mark_broken(file, &error.to_string()).await;
            return Denied::Missing;
        }
        let now = (self.clock)();
        if self.unreadable.allows(file.item, now.secs) {
            let evidence = format!("{}: {error}", file.path());
            tracing::error!(item = file.item.0, %evidence, "a file cannot be read");
            let (kind, item) = (AlertKind::UnreadableItem, Some(file.item));
            let alert = NewAlert { kind, member: None, item, evidence };
            if let Err(error) = self.club.raise(now.unix, vec![alert]).await {
                tracing::error!(item = file.item.0, %error, "the alert could not be raised");
            }
        }
        Denied::Unavailable
    }

    /// Marks an item as broken because a file is not what its torrent says. The item is not served until
    /// it is verified or published again. The log names the item and the file. A new version, which may
    /// have the same files, is left alone.
    pub async fn mark_broken(&self, file: &AuthorizedFile, why: &str) {
        if self.same_goods(file).await.is_err() {
            return;
        }
        let why = format!("{}: {why}", file.path());
        tracing::error!(item = file.item.0, %why, "an item is broken and not served any more");
        let stamp = Stamp { who: "web seed".to_owned(), now_unix: (self.clock)().unix };
        let noted = self.club.set_broken(&stamp, &file.item.to_string(), Some(why)).await;
        if let Err(error) = noted {
            tracing::error!(item = file.item.0, %error, "that it is broken could not be noted");
        }
    }

    fn holder(&self, credential: Credential, client: IpAddr) -> Result<(ItemId, Holder), Denied> {
        let (kind, token) = match credential {
            Credential::Direct(token) => (UrlKind::Direct, token),
            Credential::Free(item) => return Ok((item, Holder::Stranger(client))),
            Credential::WebSeed(token) => (UrlKind::WebSeed, token),
        };
        self.member(kind, &token).ok_or(Denied::Unknown)
    }

    fn member(&self, kind: UrlKind, token: &Passkey) -> Option<(ItemId, Holder)> {
        let grant = self.keyring.verify(kind.label(), token)?;
        let holder = Holder::Member { id: grant.member, kind, turn: grant.generation };
        (grant.item != ItemId::ANY).then_some((grant.item, holder))
    }

    /// How anybody is served a file: one of a free item where outsiders have a web seed, and an item's preview. Nothing of
    /// a draft, whose number and names can be guessed.
    fn served_to_all(&self, goods: &Goods, index: usize) -> Option<ServiceLevel> {
        let (place, terms) = self.pacer.tier(TierId::OUTSIDER);
        let is_open = terms.enabled && !goods.is_draft && self.is_free(goods.item);
        let is_preview = goods.preview == Some(index);
        (is_open || is_preview).then_some(ServiceLevel { place, terms: terms.at_least_minimum() })
    }

    /// How a member's URL is served now; `None` where it is nobody's own.
    async fn served_to_member(
        &self,
        item: ItemId,
        holder: Holder,
    ) -> Result<Option<ServiceLevel>, Denied> {
        let Holder::Member { id, kind, turn } = holder else { return Ok(None) };
        let key = self.club.key_generations(id).of(kind.key());
        let present = match kind {
            UrlKind::Direct => key,
            UrlKind::WebSeed => key.with(self.tracker.bound_turn(id, item)),
        };
        if turn != present {
            return Err(Denied::Expired);
        }
        let (access, in_grace) = match self.tracker.item_access(id, item, (self.clock)()) {
            ItemAccess::Open(access) => (access, false),
            ItemAccess::Grace(access) => (access, true),
            ItemAccess::Expired | ItemAccess::Refused => return Err(Denied::Expired),
        };
        let (place, mut terms) = self.pacer.tier(access.tier);
        let is_right = match kind {
            UrlKind::Direct => access.entitled && self.bought_direct(id, item).await?,
            UrlKind::WebSeed if has_web_seed(&access, terms.enabled) => true,
            UrlKind::WebSeed => terms.enabled && self.is_free(item),
        };
        if in_grace {
            terms.rate = terms.rate.min(self.pacer.lowest_rate());
        }
        is_right.then_some(Some(ServiceLevel { place, terms })).ok_or(Denied::Expired)
    }

    /// Whether a member paid for an item's direct download; no other right counts.
    async fn bought_direct(&self, member: MemberId, item: ItemId) -> Result<bool, Denied> {
        self.club.bought_direct(member, item).await.map_err(unavailable)
    }

    /// Whether anybody may have an item from anywhere.
    fn is_free(&self, item: ItemId) -> bool {
        self.tracker.policy_of(item).is_some_and(|policy| policy.is_free())
    }

    /// An item's files, while they are served.
    async fn goods(&self, item: ItemId) -> Result<Arc<Goods>, Denied> {
        match self.club.goods(item).await {
            Ok(Some(goods)) if !goods.offer.withdrawn && goods.offer.broken.is_none() => Ok(goods),
            Ok(_) => Err(Denied::Missing),
            Err(error) => Err(unavailable(error)),
        }
    }
}

#[expect(clippy::needless_pass_by_value, reason = "as `map_err` hands it over")]
fn unavailable(error: club::Error) -> Denied {
    tracing::error!(%error, "goods cannot be served");
    Denied::Unavailable
}

impl fmt::Debug for WebSeed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebSeed").finish_non_exhaustive()
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
