//! Covers of items: each in the sizes in which pages show it.
//!
//! They are in the database, so that a backup holds them and every machine of a shared database shows them.
//! Deliberately absent: decoding and resizing what was uploaded, which is done before.

use blake3::Hasher;
use policy::ItemId;

use crate::catalog::item::{self, Item};
use crate::store::club::Club;
use crate::store::sql::{Connection, Row, SqlResult, Value};
use crate::store::tx::Tx;
use crate::values::cover_digest::CoverDigest;
use crate::values::error::Error;
use crate::values::stamp::Stamp;

/// A size in which pages show a cover.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum CoverSize {
    /// For an item's own page, and for other sites that link to it.
    Large,
    /// For the catalogue.
    Medium,
    /// For lists.
    Small,
}

impl CoverSize {
    /// All, from the largest to the smallest.
    pub const ALL: [Self; 3] = [Self::Large, Self::Medium, Self::Small];

    /// The most pixels from left to right.
    pub const fn width(self) -> u32 {
        match self {
            Self::Large => 960,
            Self::Medium => 480,
            Self::Small => 160,
        }
    }

    const fn text(self) -> &'static str {
        match self {
            Self::Large => "large",
            Self::Medium => "medium",
            Self::Small => "small",
        }
    }
}

/// A cover in one size.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Cover {
    /// A JPEG.
    pub jpeg: Vec<u8>,
    /// The digest of the cover in all sizes.
    pub digest: CoverDigest,
}

/// A cover in all sizes, as JPEG: an array in the order of [`CoverSize::ALL`].
pub type CoverImages = [Vec<u8>; CoverSize::ALL.len()];

/// Operations on covers; as those on items in general.
impl Club {
    /// An item's cover; `None` where it has none, or is not there.
    ///
    /// # Errors
    ///
    /// The database is unavailable.
    pub async fn cover(&self, item: ItemId, size: CoverSize) -> Result<Option<Cover>, Error> {
        let sql = "SELECT jpeg, item.cover FROM cover JOIN item ON item.id = cover.item \
                   WHERE cover.item = $1 AND size = $2";
        let read = |row: &dyn Row| -> SqlResult<Option<Cover>> {
            let jpeg = row.bytes(0)?.unwrap_or_default().to_vec();
            let digest = row.bytes(1)?.and_then(|digest| digest.try_into().ok());
            Ok(digest.map(|digest| Cover { jpeg, digest: CoverDigest(digest) }))
        };
        let values = [item.0.into(), size.text().into()];
        Ok(self.reader().await?.one(sql, &values, read).await?.flatten())
    }

    /// Gives an item another cover, or none.
    ///
    /// # Errors
    ///
    /// There is no such item.
    pub async fn set_cover(
        &self,
        stamp: &Stamp,
        item: &str,
        images: Option<CoverImages>,
    ) -> Result<Item, Error> {
        let wanted = item.to_owned();
        self.change(stamp, move |tx| {
            Box::pin(async move { set(tx, &wanted, images.as_ref()).await })
        })
        .await
    }
}

async fn set(tx: &mut Tx, wanted: &str, images: Option<&CoverImages>) -> Result<Item, Error> {
    let item = item::find_live(tx, wanted).await?;
    let id = item.id.0.into();
    tx.execute("DELETE FROM cover WHERE item = $1", &[id]).await?;
    for (size, jpeg) in CoverSize::ALL.into_iter().zip(images.into_iter().flatten()) {
        let sql = "INSERT INTO cover (item, size, jpeg) VALUES ($1, $2, $3)";
        tx.execute(sql, &[id, size.text().into(), Value::Bytes(jpeg)]).await?;
    }
    let digest = images.map(digest);
    let sql = "UPDATE item SET cover = $2 WHERE id = $1";
    match &digest {
        Some(CoverDigest(bytes)) => tx.execute(sql, &[id, Value::Bytes(bytes)]).await?,
        None => tx.execute("UPDATE item SET cover = NULL WHERE id = $1", &[id]).await?,
    };
    let detail = digest.map_or_else(|| "none".to_owned(), |digest| digest.to_string());
    item::changed(tx, "item.cover", item.id, &detail).await
}

fn digest(images: &CoverImages) -> CoverDigest {
    let mut hasher = Hasher::new();
    for image in images {
        hasher.update(blake3::hash(image).as_bytes());
    }
    CoverDigest(hasher.finalize().into())
}
