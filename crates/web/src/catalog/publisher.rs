//! From a path to an item: look at the files, hash them, keep the torrent.
//!
//! The daemon itself reads the files, so that what is published is what it can serve. One torrent is
//! made at a time, on all cores; the next waits. Deliberately absent: when to look into a folder, and
//! what a command prints.

use std::io;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::available_parallelism;

use api::publish::{Publish, Published, TorrentFormat};
use arc_swap::ArcSwap;
use club::{Amount, Club, Currency, Details, Goods, Item, NewGoods, NewListing, Prices, Stamp};
use metainfo::{MakeError, MakeOptions, Torrent, TorrentPlan, TorrentVersion, WhySkipped};
use tokio::sync::Mutex;
use tokio::task::spawn_blocking;
use tracker::Tracker;

use super::beneath::{OutsideError, resolve_beneath};
use super::cover::CoverMaker;
use super::item_name::name_of;
use super::presentation;
use super::private::PrivatePaths;
use super::progress::Progress;
use super::publish_error::PublishError;

/// Makes items of files, one after the other.
pub struct Publisher {
    pub(super) club: Arc<Club>,
    tracker: Arc<Tracker>,
    private: ArcSwap<PrivatePaths>,
    covers: CoverMaker,
    /// Held by the job that hashes.
    pub(super) turn: Mutex<()>,
}

/// Whether links on the way to what is published are followed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum RootLinks {
    /// They are as long as they lead beneath this folder: whoever named the path does not own the host.
    Beneath(PathBuf),
    /// They are: an operator named the path.
    Follow,
    /// They are refused: whoever can write to a folder must not publish what lies elsewhere.
    Refuse,
}

impl RootLinks {
    /// Checks a path before anything is done with it.
    ///
    /// # Errors
    ///
    /// It leads out of the folder beneath which it must lie.
    pub fn check(&self, path: Option<&Path>) -> Result<(), OutsideError> {
        match (self, path) {
            (Self::Beneath(folder), Some(path)) => resolve_beneath(path, folder).map(drop),
            _ => Ok(()),
        }
    }
}

impl Publisher {
    /// Works for this club, by the policies of this tracker.
    pub fn new(club: Arc<Club>, tracker: Arc<Tracker>) -> Self {
        Self {
            club,
            tracker,
            private: ArcSwap::default(),
            covers: CoverMaker::default(),
            turn: Mutex::default(),
        }
    }

    /// What is never published from now on.
    pub fn set_private(&self, private: PrivatePaths) {
        self.private.store(Arc::new(private));
    }

    /// Publishes a file or folder, as an item of its own or a new version of one.
    ///
    /// # Errors
    ///
    /// See [`PublishError`]; nothing was published then.
    pub async fn publish(
        &self,
        stamp: &Stamp,
        wish: Publish,
        links: RootLinks,
        progress: &Arc<Progress>,
    ) -> Result<Published, PublishError> {
        let _turn = self.turn.lock().await;
        let path = wish.path.clone().filter(|path| path.is_absolute());
        let path = path.ok_or(PublishError::Path)?;
        links.check(Some(&path))?;
        let before = match &wish.replaces {
            Some(item) => Some(self.club.item(item).await?),
            None => None,
        };
        let job = PublishJob::new(&wish, &path, before.as_ref(), self).await?;
        let private = self.private.load_full();
        let (root, made) = job.make(path, links, private, Arc::clone(progress)).await?;
        let Made { torrent: bytes, warnings } = made;
        let torrent = Torrent::read(&bytes)?;
        let goods = NewGoods { root, torrent: bytes };
        let item = match (job.listing, &before) {
            (Some(listing), _) => self.club.publish(stamp, listing, goods).await?,
            (None, Some(before)) => {
                let item = before.id.to_string();
                let item = self.club.replace(stamp, &item, goods).await?;
                self.describe(stamp, item, &wish).await?
            }
            (None, None) => return Err(PublishError::Path),
        };
        Ok(published(item, &torrent, warnings))
    }

    /// Gives an item a cover: a JPEG, PNG or WebP file.
    ///
    /// # Errors
    ///
    /// There is no such item; the upload is no such image, or a larger one than is decoded.
    pub async fn set_cover(
        &self,
        stamp: &Stamp,
        item: &str,
        upload: impl AsRef<[u8]> + Send + 'static,
    ) -> Result<Item, PublishError> {
        // Not after the work of decoding it.
        self.club.item(item).await?.check_not_removed()?;
        let images = self.covers.make(upload).await?;
        Ok(self.club.set_cover(stamp, item, Some(images)).await?)
    }

    /// Presents an item as a wish says; what the wish does not name stays.
    ///
    /// # Errors
    ///
    /// A text, a tag, the visibility or the date is none; it has no such file to be the preview.
    pub async fn describe(
        &self,
        stamp: &Stamp,
        item: Item,
        wish: &Publish,
    ) -> Result<Item, PublishError> {
        let details = details(wish)?;
        if details == Details::default() {
            return Ok(item);
        }
        Ok(self.club.describe(stamp, &item.id.to_string(), details).await?)
    }
}

/// One thing to publish, checked as far as it can be before hours of hashing.
struct PublishJob {
    /// `None` for a new version.
    listing: Option<NewListing>,
    options: MakeOptions,
    preview: Option<String>,
}

impl PublishJob {
    async fn new(
        wish: &Publish,
        path: &Path,
        before: Option<&Item>,
        publisher: &Publisher,
    ) -> Result<Self, PublishError> {
        let policy = match (&wish.policy, before) {
            (Some(_), Some(_)) => return Err(PublishError::Replaces),
            (Some(policy), None) => policy.clone(),
            (None, Some(item)) => item.policy.clone(),
            (None, None) => POLICY.to_owned(),
        };
        let private = publisher.tracker.policy(&policy).map(|policy| policy.private);
        let private = private.ok_or(PublishError::Policy(policy.clone()))?;
        let format = match (wish.format, before) {
            (Some(wished), _) => format(wished),
            (None, Some(item)) => format_of(publisher.club.goods(item.id).await?.as_deref()),
            (None, None) => TorrentVersion::V1,
        };
        let options = MakeOptions { format, private, ..MakeOptions::default() };
        let details = details(wish)?;
        details.check()?;
        publisher.club.check_tier_of(details.tier.as_ref().and_then(Option::as_deref))?;
        let preview = details.preview.clone().flatten();
        if before.is_some() {
            let fixed = [&wish.name, &wish.torrent_price, &wish.direct_price, &wish.currency];
            if fixed.iter().any(|given| given.is_some()) {
                return Err(PublishError::Replaces);
            }
            return Ok(Self { listing: None, options, preview });
        }
        let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let name = wish.name.clone().unwrap_or_else(|| name_of(&file, path.is_file()));
        if let Ok(Item { id, removed: false, .. }) = publisher.club.item(&name).await {
            let kind = club::Kind::Item;
            return Err(club::Error::NameTaken { kind, id: id.0, name }.into());
        }
        let listing = NewListing {
            name,
            title: wish.title.clone().unwrap_or(file),
            policy,
            prices: prices(wish)?,
            details: Details { title: None, ..details },
        };
        listing.check()?;
        Ok(Self { listing: Some(listing), options, preview })
    }

    /// Hashes the files; the root comes back without symbolic links on the way to it.
    async fn make(
        &self,
        path: PathBuf,
        links: RootLinks,
        private: Arc<PrivatePaths>,
        progress: Arc<Progress>,
    ) -> Result<(PathBuf, Made), PublishError> {
        let (options, preview) = (self.options.clone(), self.preview.clone());
        let made = spawn_blocking(move || {
            let at_path = |error| MakeError::Io(path.clone(), error);
            let root = match &links {
                RootLinks::Beneath(folder) => resolve_beneath(&path, folder)?,
                _ => path.canonicalize().map_err(at_path)?,
            };
            if links == RootLinks::Refuse && root != path {
                return Err(PublishError::Link(path));
            }
            private.allow(&root)?;
            let plan = TorrentPlan::scan(&root, &options)?;
            if plan.length() == 0 {
                return Err(PublishError::Empty(root));
            }
            if let Some(preview) = preview.filter(|preview| !plan.has_file(preview.as_bytes())) {
                return Err(PublishError::Preview(preview));
            }
            progress.of.store(plan.length(), Ordering::Relaxed);
            let torrent = plan.make(threads(), &|bytes| progress.watch(bytes))?;
            // Nothing that was put in the root's place meanwhile is published under its name.
            if root.canonicalize().map_err(at_path)? != root {
                return Err(MakeError::Changed(root).into());
            }
            let lints = Torrent::read(&torrent)?.lint(options.private);
            let skipped = plan.skipped().iter().map(|skipped| {
                format!("{} was left out: {}", skipped.path.display(), why(skipped.why))
            });
            let lints = lints.iter().map(ToString::to_string);
            let warnings = lints.chain(skipped).take(MAX_WARNINGS).collect();
            Ok::<_, PublishError>((root, Made { torrent, warnings }))
        });
        made.await.map_err(io::Error::from)?
    }
}

struct Made {
    torrent: Vec<u8>,
    warnings: Vec<String>,
}

/// What a new version says of itself besides.
fn details(wish: &Publish) -> Result<Details, PublishError> {
    Ok(presentation::details(wish.presentation())?)
}

fn prices(wish: &Publish) -> Result<Prices, PublishError> {
    let is_priced = wish.torrent_price.is_some() || wish.direct_price.is_some();
    let currency = match &wish.currency {
        Some(currency) if is_priced => Currency::parse(currency)?,
        None if !is_priced => return Ok(Prices::default()),
        _ => return Err(PublishError::Price),
    };
    let price = |text: &Option<String>| {
        text.as_deref().map(|text| Amount::parse(text, currency)).transpose()
    };
    Ok(Prices { torrent: price(&wish.torrent_price)?, direct: price(&wish.direct_price)? })
}

fn published(item: Item, torrent: &Torrent, warnings: Vec<String>) -> Published {
    let first = item.info_hashes.first().map(ToString::to_string);
    Published {
        id: item.id.0,
        version: item.offer.map_or(1, |offer| offer.version),
        info_hash: first.unwrap_or_default(),
        info_hash_v2: torrent.info_hash_v2.map(|hash| hash.to_string()),
        item: item.name,
        policy: item.policy,
        private: item.private,
        size_bytes: torrent.length,
        page: None,
        warnings,
    }
}

fn format_of(goods: Option<&Goods>) -> TorrentVersion {
    let torrent = goods.map(|goods| &goods.torrent);
    match torrent.map(|torrent| (torrent.info_hash_v1, torrent.info_hash_v2)) {
        Some((Some(_), Some(_))) => TorrentVersion::Hybrid,
        Some((None, Some(_))) => TorrentVersion::V2,
        _ => TorrentVersion::V1,
    }
}

const fn format(format: TorrentFormat) -> TorrentVersion {
    match format {
        TorrentFormat::Hybrid => TorrentVersion::Hybrid,
        TorrentFormat::V1 => TorrentVersion::V1,
        TorrentFormat::V2 => TorrentVersion::V2,
    }
}

const fn why(why: WhySkipped) -> &'static str {
    match why {
        WhySkipped::Hidden => "its name starts with a dot",
        WhySkipped::Special => "it is no file",
        WhySkipped::Symlink => "it is a symbolic link",
    }
}

pub(super) fn threads() -> NonZeroUsize {
    available_parallelism().unwrap_or(NonZeroUsize::MIN)
}

/// What an item is run by if nobody says otherwise.
const POLICY: &str = "priority";
/// Maximum warnings, or names of bad files, in one reply.
pub(super) const MAX_WARNINGS: usize = 1000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prices_and_currency_come_together() {
        let wish = |price: Option<&str>, currency: Option<&str>| Publish {
            torrent_price: price.map(str::to_owned),
            currency: currency.map(str::to_owned),
            ..Publish::default()
        };
        assert_eq!(prices(&wish(None, None)).unwrap(), Prices::default());
        let both = prices(&wish(Some("2.25"), Some("usd"))).unwrap();
        assert_eq!((both.torrent.unwrap().minor, both.direct), (225, None));
        assert!(matches!(prices(&wish(Some("2.25"), None)), Err(PublishError::Price)));
        assert!(matches!(prices(&wish(None, Some("usd"))), Err(PublishError::Price)));
        assert!(matches!(prices(&wish(Some("x"), Some("usd"))), Err(PublishError::Money(_))));
    }
}
