//! The URLs of a member, each with a key of its own, and the torrent that holds two of them.
//!
//! Each kind of key rotates alone. An item's web seed key also rotates with the item's passkey, because one torrent
//! holds both. Deliberately absent: whether the member may use a URL, which is decided when it is used.

use club::{Goods, KeyGenerations};
use metainfo::{FileKind, Personal, ReadError, personalise};
use policy::{Generation, ItemId, KeyGrant, Keyring, Label, MemberId, TierId};

use super::urls::PublicUrls;

/// Builds URLs and personal torrents.
#[derive(Clone, Copy)]
pub(crate) struct LinkBuilder<'a> {
    pub(crate) keyring: &'a Keyring,
    pub(crate) urls: &'a PublicUrls,
}

/// The member for whom a torrent is made.
#[derive(Clone, Copy)]
pub(crate) struct TorrentOwner {
    pub(crate) member: MemberId,
    /// The generation of the passkey for this item.
    pub(crate) turn: Generation,
    /// Whether they have a right to the item.
    pub(crate) entitled: bool,
    /// The generation of the key for this item's web seed; `None` leaves out a web seed of their own.
    pub(crate) web_seed: Option<Generation>,
    /// Whether the item is free: then the public web seed will do.
    pub(crate) free: bool,
}

impl LinkBuilder<'_> {
    /// An announce URL with a passkey: for one item, or for all.
    pub(crate) fn announce(&self, grant: KeyGrant) -> String {
        format!("{}/{}", self.urls.announce, self.token(Label::Announce, grant))
    }

    /// What the web seed of an item begins with, for one member.
    fn web_seed(&self, member: MemberId, generation: Generation, item: ItemId) -> String {
        let token = self.token(Label::WebSeed, KeyGrant { member, generation, item });
        format!("{}/ws/{token}/", self.urls.site)
    }

    /// The web seed of an item as it stands in a member's torrent.
    pub(crate) fn web_seed_in(&self, goods: &Goods, owner: TorrentOwner) -> Option<String> {
        let own = owner.web_seed.map(|generation| {
            goods.torrent.web_seed_url(&self.web_seed(owner.member, generation, goods.item))
        });
        own.or_else(|| self.open_web_seed(goods, owner.free))
    }

    /// The web seed of one file of an item, for programs that play it.
    pub(crate) fn media(&self, goods: &Goods, owner: TorrentOwner, path: &str) -> String {
        let generation = owner.web_seed.unwrap_or_default();
        self.web_seed(owner.member, generation, goods.item) + path
    }

    /// Where a member saves each file of an item that they bought the direct download of: the first
    /// thousand.
    pub(crate) fn direct(
        &self,
        goods: &Goods,
        member: MemberId,
        generations: KeyGenerations,
    ) -> Vec<String> {
        let grant = KeyGrant { member, generation: generations.download, item: goods.item };
        let base = format!("{}/d/{}/", self.urls.site, self.token(Label::Download, grant));
        let files = goods.torrent.files.iter().enumerate();
        let kept = files.filter(|(_, file)| file.kind == FileKind::Data).take(MAX_FILES);
        kept.filter_map(|(index, _)| goods.torrent.file_url(&base, index)).collect()
    }

    /// The key in the URLs of a member's torrents.
    pub(crate) fn download_token(&self, member: MemberId, generations: KeyGenerations) -> String {
        let grant = KeyGrant { member, generation: generations.download, item: ItemId::ANY };
        self.token(Label::Download, grant)
    }

    /// The key in the URLs of a member's feeds.
    pub(crate) fn feed_token(&self, member: MemberId, generations: KeyGenerations) -> String {
        self.token(
            Label::Feed,
            KeyGrant { member, generation: generations.feed, item: ItemId::ANY },
        )
    }

    /// Where a torrent is; `token` is a member's, or `free`.
    pub(crate) fn torrent(&self, token: &str, item: &str) -> String {
        format!("{}/t/{token}/{item}.torrent", self.urls.site)
    }

    /// Where an item is presented to people.
    pub(crate) fn page(&self, item: &str) -> String {
        format!("{}/items/{item}", self.urls.site)
    }

    /// Where a feed is.
    pub(crate) fn feed(&self, token: &str, name: &str) -> String {
        format!("{}/feed/{token}/{name}.xml", self.urls.site)
    }

    /// A member's own torrent of an item.
    ///
    /// # Errors
    ///
    /// The torrent in the store is none.
    pub(crate) fn personal(
        &self,
        goods: &Goods,
        item: &str,
        owner: TorrentOwner,
    ) -> Result<Vec<u8>, ReadError> {
        let TorrentOwner { member, turn, .. } = owner;
        let announce = self.announce(KeyGrant { member, generation: turn, item: goods.item });
        let web_seed = self.web_seed_in(goods, owner);
        self.make(goods, item, &announce, web_seed.as_deref())
    }

    /// The torrent that anybody may have: by its announce URL they are strangers.
    ///
    /// # Errors
    ///
    /// The torrent in the store is none.
    pub(crate) fn public(
        &self,
        goods: &Goods,
        item: &str,
        free: bool,
    ) -> Result<Vec<u8>, ReadError> {
        let web_seed = self.open_web_seed(goods, free);
        self.make(goods, item, &self.urls.announce, web_seed.as_deref())
    }

    /// The web seed that is everybody's, of a free item and where the publisher has one.
    pub(crate) fn open_web_seed(&self, goods: &Goods, free: bool) -> Option<String> {
        let base = format!("{}/ws/free/{}/", self.urls.site, goods.item.0);
        (free && self.urls.has_web_seed(TierId::OUTSIDER))
            .then(|| goods.torrent.web_seed_url(&base))
    }

    /// The URL of the file that anybody may play.
    pub(crate) fn preview(&self, goods: &Goods) -> Option<String> {
        let base = format!("{}/ws/free/{}/", self.urls.site, goods.item.0);
        goods.torrent.file_url(&base, goods.preview?)
    }

    fn make(
        &self,
        goods: &Goods,
        item: &str,
        announce: &str,
        web_seed: Option<&str>,
    ) -> Result<Vec<u8>, ReadError> {
        let page = self.page(item);
        let personal = Personal {
            announce,
            web_seeds: web_seed.as_slice(),
            comment: Some(&page),
            created: Some(goods.offer.published),
            // Without a version, so that the same item gives the same bytes after an upgrade.
            created_by: Some("usher"),
            ..Personal::default()
        };
        let mut torrent = Vec::new();
        personalise(&goods.bytes, &personal, &mut torrent)?;
        Ok(torrent)
    }

    fn token(&self, label: Label, grant: KeyGrant) -> String {
        String::from_utf8_lossy(self.keyring.issue(label, grant).expose()).into_owned()
    }
}

const MAX_FILES: usize = 1000;
