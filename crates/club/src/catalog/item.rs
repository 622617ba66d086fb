//! Items: what the publisher offers, and by which info hashes swarms know it.
//!
//! Deliberately absent: an item's description, which is long and read by whoever shows it.

use jiff::civil::Date;
use policy::ItemId;
use wire::InfoHash;

use crate::audit::alert;
use crate::audit::log::{LogEntry, record};
use crate::catalog::item_row::{BY_HASH, BY_ID, BY_NAME, LIVE_PAGE, NEWEST, read};
use crate::catalog::listing;
use crate::catalog::price::Prices;
use crate::store::club::Club;
use crate::store::image::{ListedItem, Shown};
use crate::store::sql::{Connection, SqlResult, Value};
use crate::store::tx::Tx;
use crate::values::cover_digest::CoverDigest;
use crate::values::error::Error;
use crate::values::goods::Offer;
use crate::values::money::Amount;
use crate::values::name::{self, ALL, Handle, Kind};
use crate::values::names::Names;
use crate::values::page::Page;
use crate::values::stamp::Stamp;
use crate::values::tag::Tag;
use crate::values::text::check_line;
use crate::values::version::{Expected, Version};
use crate::values::visibility::Visibility;

/// An item.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Item {
    /// Counts from 1; never given to another item.
    pub id: ItemId,
    /// Unique among those not removed.
    pub name: String,
    /// For people.
    pub title: String,
    /// A line below the title, such as `Film, 88 minutes`; may be empty.
    pub subtitle: String,
    /// What it is grouped by; at most [`MAX_TAGS`](crate::MAX_TAGS).
    pub tags: Vec<Tag>,
    /// Who sees it on the site.
    pub visibility: Visibility,
    /// When it was released; `None` stands for the day on which it was published.
    pub released: Option<Date>,
    /// The path of a file in its torrent that anybody may play.
    pub preview: Option<String>,
    /// The digest of its cover, where it has one.
    pub cover: Option<CoverDigest>,
    /// The id of a configured policy; where the configuration has it no more, nobody may have the
    /// item.
    pub policy: String,
    /// One, or for a hybrid the SHA-1 one and the SHA-256 one; none once it was removed.
    pub info_hashes: Vec<InfoHash>,
    /// Of the content, where known.
    pub size_bytes: Option<u64>,
    /// Whether its torrent is private (BEP 27).
    pub private: bool,
    /// What it costs.
    pub prices: Prices,
    /// What a buyer must pay at least, who may choose; `None` where the price is the price.
    pub minimum: Option<Amount>,
    /// The id of the lowest tier that has it without buying it; `None` where only a right or a tier
    /// that is one to all items does.
    pub tier: Option<String>,
    /// How its files are served; `None` where only its info hashes are known.
    pub offer: Option<Offer>,
    /// Whether it was removed.
    pub removed: bool,
    /// In Unix seconds.
    pub created: u32,
}

impl Item {
    /// Refuses one that was removed.
    ///
    /// # Errors
    ///
    /// It was removed.
    pub fn check_not_removed(&self) -> Result<(), Error> {
        if self.removed {
            return Err(Error::Removed { kind: Kind::Item, id: self.id.0 });
        }
        Ok(())
    }

    /// Whether everybody finds it: it is published, its files are offered, and it was not removed.
    pub fn is_listed(&self) -> bool {
        let is_offered = self.offer.as_ref().is_some_and(|offer| !offer.withdrawn);
        is_offered && self.visibility == Visibility::Published && !self.removed
    }

    /// Another policy has another version.
    pub fn policy_version(&self) -> Version {
        Version::of("policy", &[&self.id.to_string(), &self.policy])
    }

    /// What the image shows of the item.
    pub(crate) fn shown(&self, names: &Names) -> Shown {
        if self.removed {
            return Shown::RemovedItem(self.id);
        }
        Shown::Item(ListedItem {
            id: self.id,
            info_hashes: self.info_hashes.clone(),
            size_bytes: self.size_bytes,
            policy: names.policy(&self.policy),
            tier: self.tier.as_deref().and_then(|tier| names.tier(tier)),
        })
    }
}

/// What is needed to add an item.
#[derive(Clone, Debug)]
pub struct NewItem {
    /// 1 to 64 of ASCII letters, digits, `.`, `_` and `-`, and not what could be an id, an info
    /// hash or `all`.
    pub name: String,
    /// For people.
    pub title: String,
    /// The id of a configured policy.
    pub policy: String,
    /// One, or the two of a hybrid.
    pub info_hashes: Vec<InfoHash>,
    /// Of the content, where known.
    pub size_bytes: Option<u64>,
    /// Whether its torrent is private (BEP 27).
    pub private: bool,
}

/// Operations on items. Those that change one return it as it is then, and the change is in force
/// on the announce path when they return.
///
/// A `&str` names an item by name, id or info hash. Each fails where there is none such, where it
/// was removed, and where the database is unavailable.
impl Club {
    /// Adds an item.
    ///
    /// # Errors
    ///
    /// The name or an info hash is another item's; the name can't be one; the policy is not
    /// configured; not one or two info hashes.
    pub async fn add_item(&self, stamp: &Stamp, new: NewItem) -> Result<Item, Error> {
        name::check(&new.name)?;
        check_line("title", &new.title)?;
        self.names().check_policy(&new.policy)?;
        match new.info_hashes.as_slice() {
            [_] => {}
            [first, second] if first != second => {}
            hashes => return Err(Error::Hashes(hashes.len())),
        }
        self.change(stamp, move |tx| Box::pin(async move { insert(tx, &new).await })).await
    }

    /// An item, removed ones by id too.
    ///
    /// # Errors
    ///
    /// See above.
    pub async fn item(&self, item: &str) -> Result<Item, Error> {
        find(&mut *self.reader().await?, item).await
    }

    /// A page of items, those removed left out.
    ///
    /// # Errors
    ///
    /// See above.
    pub async fn items(&self, page: Page) -> Result<Vec<Item>, Error> {
        let mut db = self.reader().await?;
        Ok(db.all(LIVE_PAGE, &[page.after.into(), page.limit().into()], read).await?)
    }

    /// The items published last that are offered, the newest first.
    ///
    /// # Errors
    ///
    /// See above.
    pub async fn newest(&self, limit: u32) -> Result<Vec<Item>, Error> {
        let limit = limit.min(Page::MAX);
        Ok(self.reader().await?.all(NEWEST, &[limit.into()], read).await?)
    }

    /// Changes the policy by which an item's swarm is run.
    ///
    /// # Errors
    ///
    /// See above; the policy is not configured.
    pub async fn set_policy(&self, stamp: &Stamp, item: &str, policy: &str) -> Result<Item, Error> {
        self.set_policy_if(stamp, item, policy, Expected::Anything).await
    }

    /// As [`set_policy`](Self::set_policy), where the item has the policy that is expected
    /// ([`Item::policy_version`]).
    ///
    /// # Errors
    ///
    /// As of [`set_policy`](Self::set_policy); it has another policy.
    pub async fn set_policy_if(
        &self,
        stamp: &Stamp,
        item: &str,
        policy: &str,
        expected: Expected,
    ) -> Result<Item, Error> {
        self.names().check_policy(policy)?;
        let (wanted, policy) = (item.to_owned(), policy.to_owned());
        self.change(stamp, move |tx| {
            Box::pin(async move {
                let item = find_live(tx, &wanted).await?;
                expected.check(item.policy_version())?;
                change_policy(tx, &item, &policy).await
            })
        })
        .await
    }

    /// Removes an item for good: its swarms are unknown, its name and info hashes are free. The id
    /// stays taken and the books keep its row. Returns it with the info hashes it had.
    ///
    /// # Errors
    ///
    /// See above.
    pub async fn remove_item(&self, stamp: &Stamp, item: &str) -> Result<Item, Error> {
        let wanted = item.to_owned();
        self.change(stamp, move |tx| {
            Box::pin(async move {
                let item = find_live(tx, &wanted).await?;
                remove(tx, item).await
            })
        })
        .await
    }
}

/// The item meant by a name, an id or an info hash.
pub(crate) async fn find(db: &mut dyn Connection, wanted: &str) -> Result<Item, Error> {
    let item = match Handle::from(wanted) {
        Handle::Hash(hash) => by_hash(db, hash).await?,
        // 0 stands for all items and is none itself.
        Handle::Id(None | Some(0)) => None,
        Handle::Id(Some(id)) => db.one(BY_ID, &[id.into()], read).await?,
        Handle::Name(name) => db.one(BY_NAME, &[name.into()], read).await?,
    };
    item.ok_or_else(|| Error::NotFound { kind: Kind::Item, wanted: wanted.to_owned() })
}

/// The item meant by a name, an id or an info hash, which must not have been removed.
pub(crate) async fn find_live(db: &mut dyn Connection, wanted: &str) -> Result<Item, Error> {
    let item = find(db, wanted).await?;
    item.check_not_removed()?;
    Ok(item)
}

/// The id and name of the item meant, or those of all items.
pub(crate) async fn find_scope(
    db: &mut dyn Connection,
    wanted: &str,
) -> Result<(ItemId, String), Error> {
    if wanted == ALL {
        return Ok((ItemId::ANY, ALL.to_owned()));
    }
    let item = find_live(db, wanted).await?;
    Ok((item.id, item.name))
}

/// The item of an id.
pub(crate) async fn by_id(db: &mut dyn Connection, id: ItemId) -> Result<Item, Error> {
    let found = db.one(BY_ID, &[id.0.into()], read).await?;
    found.ok_or_else(|| Error::NotFound { kind: Kind::Item, wanted: id.to_string() })
}

/// The item of an id, which must not have been removed.
pub(crate) async fn live_by_id(db: &mut dyn Connection, id: ItemId) -> Result<Item, Error> {
    let item = by_id(db, id).await?;
    item.check_not_removed()?;
    Ok(item)
}

async fn by_hash(db: &mut dyn Connection, hash: InfoHash) -> SqlResult<Option<Item>> {
    db.one(BY_HASH, &[Value::Bytes(&hash.0)], read).await
}

pub(crate) async fn insert(tx: &mut Tx, new: &NewItem) -> Result<Item, Error> {
    if let Some(holder) = tx.one(BY_NAME, &[new.name.as_str().into()], read).await? {
        let (id, name) = (holder.id.0, holder.name);
        return Err(Error::NameTaken { kind: Kind::Item, id, name });
    }
    check_hashes(tx, &new.info_hashes, None).await?;
    let size = new.size_bytes.map(|size| i64::try_from(size).unwrap_or(i64::MAX));
    let id = tx
        .one(
            "INSERT INTO item (name, title, policy, size_bytes, private, removed, created) \
             VALUES ($1, $2, $3, $4, $5, 0, $6) RETURNING id",
            &[
                new.name.as_str().into(),
                new.title.as_str().into(),
                new.policy.as_str().into(),
                Value::Int(size),
                new.private.into(),
                tx.now().into(),
            ],
            |row| row.number::<u32>(0),
        )
        .await?
        .ok_or(sqlx::Error::RowNotFound)?;
    put_hashes(tx, ItemId(id), &new.info_hashes).await?;
    changed(tx, "item.add", ItemId(id), &new.name).await
}

/// Refuses info hashes that another item has than `own`.
pub(crate) async fn check_hashes(
    db: &mut dyn Connection,
    hashes: &[InfoHash],
    own: Option<ItemId>,
) -> Result<(), Error> {
    for hash in hashes {
        match by_hash(db, *hash).await? {
            Some(holder) if own != Some(holder.id) => {
                return Err(Error::HashTaken { hash: *hash, item: holder.name });
            }
            _ => {}
        }
    }
    Ok(())
}

/// Gives an item these info hashes beside those it has.
pub(crate) async fn put_hashes(
    db: &mut dyn Connection,
    item: ItemId,
    hashes: &[InfoHash],
) -> SqlResult<()> {
    for (place, hash) in (0u32..).zip(hashes) {
        db.execute(
            "INSERT INTO info_hash (item, place, hash) VALUES ($1, $2, $3)",
            &[item.0.into(), place.into(), Value::Bytes(&hash.0)],
        )
        .await?;
    }
    Ok(())
}

async fn change_policy(tx: &mut Tx, item: &Item, policy: &str) -> Result<Item, Error> {
    let sql = "UPDATE item SET policy = $2 WHERE id = $1";
    tx.execute(sql, &[item.id.0.into(), policy.into()]).await?;
    changed(tx, "item.policy", item.id, &format!("{} -> {policy}", item.policy)).await
}

/// Removes an item that was not removed.
pub(crate) async fn remove(tx: &mut Tx, item: Item) -> Result<Item, Error> {
    let id = item.id.0.into();
    tx.execute("UPDATE item SET removed = 1, cover = NULL WHERE id = $1", &[id]).await?;
    take_hashes(tx, item.id).await?;
    for sql in FORGET {
        tx.execute(sql, &[id]).await?;
    }
    alert::settle_files(tx, item.id).await?;
    let hashes: Vec<String> = item.info_hashes.iter().map(InfoHash::to_string).collect();
    let detail = format!("{} {}", item.name, hashes.join(" "));
    changed(tx, "item.remove", item.id, &detail).await?;
    Ok(Item { removed: true, ..item })
}

/// Takes an item's info hashes away.
pub(crate) async fn take_hashes(db: &mut dyn Connection, item: ItemId) -> SqlResult<u64> {
    db.execute("DELETE FROM info_hash WHERE item = $1", &[item.0.into()]).await
}

/// Records a change of an item, lists it accordingly, and shows and returns it as it is now.
pub(crate) async fn changed(
    tx: &mut Tx,
    what: &'static str,
    id: ItemId,
    detail: &str,
) -> Result<Item, Error> {
    record(tx, LogEntry { what, member: None, item: Some(id), detail }).await?;
    let item = by_id(tx, id).await?;
    listing::refresh(tx, &item).await?;
    tx.show(item.shown(&tx.names));
    Ok(item)
}

/// What is not kept of an item that was removed.
const FORGET: [&str; 4] = [
    "DELETE FROM goods WHERE item = $1",
    "DELETE FROM description WHERE item = $1",
    "DELETE FROM cover WHERE item = $1",
    "DELETE FROM part WHERE collection = $1 OR item = $1",
];
