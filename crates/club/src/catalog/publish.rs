//! Publishing: an item with its files, its versions, and its place among the rest.

use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use metainfo::Torrent;
use policy::ItemId;

use crate::audit::alert::{self, AlertKind, NewAlert};
use crate::catalog::details::{self, Details};
use crate::catalog::item::{self, Item, NewItem};
use crate::catalog::price::{self, Prices};
use crate::store::club::Club;
use crate::store::sql::{Connection, SqlResult, Value};
use crate::store::tx::Tx;
use crate::values::error::Error;
use crate::values::name;
use crate::values::stamp::Stamp;
use crate::values::text::check_line;

/// How an item is presented.
#[derive(Clone, Debug)]
pub struct NewListing {
    /// As in [`NewItem`].
    pub name: String,
    /// For people.
    pub title: String,
    /// The id of a configured policy.
    pub policy: String,
    /// What it costs.
    pub prices: Prices,
    /// The rest; what is not named is empty, and it is published.
    pub details: Details,
}

impl NewListing {
    /// Checks what can be checked before there is a torrent.
    ///
    /// # Errors
    ///
    /// The name can't be one; a text is none; there are too many tags; the prices are none.
    pub fn check(&self) -> Result<(), Error> {
        name::check(&self.name)?;
        check_line("title", &self.title)?;
        self.prices.check()?;
        self.details.check()
    }
}

/// Files, and the torrent that was made of them.
#[derive(Clone, Debug)]
pub struct NewGoods {
    /// The file or folder itself, an absolute path.
    pub root: PathBuf,
    /// The .torrent, without trackers and web seeds.
    pub torrent: Vec<u8>,
}

/// Operations on items with files; as those on items in general.
impl Club {
    /// Adds an item with its files.
    ///
    /// # Errors
    ///
    /// As [`add_item`](Self::add_item) and [`set_prices`](Self::set_prices); the tier is not
    /// configured; the torrent can't be read.
    pub async fn publish(
        &self,
        stamp: &Stamp,
        listing: NewListing,
        goods: NewGoods,
    ) -> Result<Item, Error> {
        listing.check()?;
        self.names().check_policy(&listing.policy)?;
        self.check_tier_of(listing.details.tier.as_ref().and_then(Option::as_deref))?;
        let torrent = Torrent::read(&goods.torrent)?;
        self.change(stamp, move |tx| {
            Box::pin(async move { publish(tx, listing, &goods, &torrent).await })
        })
        .await
    }

    /// Gives an item other files: a new version where the torrent is another one, and otherwise
    /// the same one from another place, or offered again. Rights, prices and keys stay.
    ///
    /// # Errors
    ///
    /// There is no such item; the torrent can't be read, or is another item's.
    pub async fn replace(&self, stamp: &Stamp, item: &str, goods: NewGoods) -> Result<Item, Error> {
        let torrent = Torrent::read(&goods.torrent)?;
        let wanted = item.to_owned();
        self.change(stamp, move |tx| {
            Box::pin(async move { replace(tx, &wanted, &goods, &torrent).await })
        })
        .await
    }

    /// Takes an item's files back: see [`Offer::withdrawn`](crate::Offer::withdrawn). Its swarm
    /// goes on, and rights stay.
    ///
    /// # Errors
    ///
    /// There is no such item, or it has no files.
    pub async fn withdraw(&self, stamp: &Stamp, item: &str) -> Result<Item, Error> {
        self.change_offer(
            stamp,
            item,
            "item.unpublish",
            "UPDATE goods SET withdrawn = 1, \
             broken = $2 WHERE item = $1",
            String::new(),
        )
        .await
    }

    /// Notes why an item's files can't be served, which is an alert if they are offered, or that they
    /// can again.
    ///
    /// # Errors
    ///
    /// There is no such item, or it has no files.
    pub async fn set_broken(
        &self,
        stamp: &Stamp,
        item: &str,
        why: Option<String>,
    ) -> Result<Item, Error> {
        let what = if why.is_some() { BROKEN } else { "item.whole" };
        let sql = "UPDATE goods SET broken = $2 WHERE item = $1";
        self.change_offer(stamp, item, what, sql, why.unwrap_or_default()).await
    }

    async fn change_offer(
        &self,
        stamp: &Stamp,
        item: &str,
        what: &'static str,
        sql: &'static str,
        why: String,
    ) -> Result<Item, Error> {
        let wanted = item.to_owned();
        self.change(stamp, move |tx| {
            Box::pin(async move {
                let item = item::find_live(tx, &wanted).await?;
                let Some(offer) = &item.offer else { return Err(Error::NoGoods(item.name)) };
                tx.execute(sql, &[item.id.0.into(), why.as_str().into()]).await?;
                let detail = if why.is_empty() { item.name.clone() } else { why.clone() };
                if what == BROKEN && !offer.withdrawn {
                    raise_broken(tx, item.id, why).await?;
                } else {
                    alert::settle_files(tx, item.id).await?;
                }
                item::changed(tx, what, item.id, &detail).await
            })
        })
        .await
    }

    /// Checks the tier that an item is to be of, if any.
    ///
    /// # Errors
    ///
    /// It is not configured.
    pub fn check_tier_of(&self, tier: Option<&str>) -> Result<(), Error> {
        tier.map_or(Ok(()), |tier| self.names().check_tier(tier))
    }
}

async fn raise_broken(tx: &mut Tx, item: ItemId, why: String) -> SqlResult<()> {
    let kind = AlertKind::BrokenItem;
    let alert = NewAlert { kind, member: None, item: Some(item), evidence: why };
    alert::raise(tx, &[alert]).await.map(drop)
}

async fn publish(
    tx: &mut Tx,
    listing: NewListing,
    goods: &NewGoods,
    torrent: &Torrent,
) -> Result<Item, Error> {
    let new = NewItem {
        name: listing.name,
        title: listing.title,
        policy: listing.policy,
        info_hashes: torrent.info_hashes().collect(),
        size_bytes: Some(torrent.length),
        private: torrent.private,
    };
    let item = item::insert(tx, &new).await?;
    if listing.prices != Prices::default() {
        price::change(tx, &item, listing.prices).await?;
    }
    let item = put(tx, &item, goods, 1, tx.now()).await?;
    if listing.details == Details::default() {
        return Ok(item);
    }
    // Behind the files, of which one may be the preview.
    details::describe(tx, &item, listing.details).await
}

async fn replace(
    tx: &mut Tx,
    wanted: &str,
    goods: &NewGoods,
    torrent: &Torrent,
) -> Result<Item, Error> {
    let item = item::find_live(tx, wanted).await?;
    let hashes: Vec<_> = torrent.info_hashes().collect();
    item::check_hashes(tx, &hashes, Some(item.id)).await?;
    let is_same = hashes == item.info_hashes;
    let (version, published) = match &item.offer {
        None => (1, tx.now()),
        Some(offer) if is_same => (offer.version, offer.published),
        Some(offer) => (offer.version.saturating_add(1), tx.now()),
    };
    if !is_same {
        item::take_hashes(tx, item.id).await?;
        item::put_hashes(tx, item.id, &hashes).await?;
        let size = i64::try_from(torrent.length).unwrap_or(i64::MAX);
        tx.execute(
            "UPDATE item SET size_bytes = $2, private = $3 WHERE id = $1",
            &[item.id.0.into(), Value::Int(Some(size)), torrent.private.into()],
        )
        .await?;
    }
    alert::settle_files(tx, item.id).await?;
    let item = put(tx, &item, goods, version, published).await?;
    details::check_preview(tx, item).await
}

/// Keeps files as those of an item, offered and whole.
async fn put(
    tx: &mut Tx,
    item: &Item,
    goods: &NewGoods,
    version: u32,
    published: u32,
) -> Result<Item, Error> {
    tx.execute(
        "INSERT INTO goods (item, root, torrent, version, published, withdrawn, broken) \
         VALUES ($1, $2, $3, $4, $5, 0, '') ON CONFLICT (item) DO UPDATE SET \
         root = excluded.root, torrent = excluded.torrent, version = excluded.version, \
         published = excluded.published, withdrawn = 0, broken = ''",
        &[
            item.id.0.into(),
            Value::Bytes(goods.root.as_os_str().as_bytes()),
            Value::Bytes(&goods.torrent),
            version.into(),
            published.into(),
        ],
    )
    .await?;
    let before: Vec<_> = item.info_hashes.iter().map(ToString::to_string).collect();
    let detail =
        format!("version {version} from {}, was {}", goods.root.display(), before.join(" "));
    item::changed(tx, "item.publish", item.id, &detail).await
}

const BROKEN: &str = "item.broken";
