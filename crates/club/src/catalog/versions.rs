//! Versions of items: of how they are presented, of what they cost, of their policy, and of all of it.

use policy::ItemId;

use crate::catalog::item::{self, Item};
use crate::catalog::listing::{description, joined};
use crate::catalog::part;
use crate::store::club::Club;
use crate::store::sql::{Connection, SqlResult};
use crate::values::error::Error;
use crate::values::stamp::Stamp;
use crate::values::version::{Expected, Version};

/// How an item is presented.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Presentation {
    /// The item.
    pub item: Item,
    /// The description in Markdown; empty where there is none.
    pub description: String,
    /// The names of the items that come with it.
    pub parts: Vec<String>,
}

impl Presentation {
    /// Another one has another version.
    pub fn version(&self) -> Version {
        let Self { item, description, parts } = self;
        let texts = [
            &*item.id.to_string(),
            &item.title,
            &item.subtitle,
            description,
            &joined(&item.tags),
            item.visibility.text(),
            &item.released.map(|day| day.to_string()).unwrap_or_default(),
            item.preview.as_deref().unwrap_or_default(),
            item.tier.as_deref().unwrap_or_default(),
            &parts.join(" "),
        ];
        Version::of("presentation", &texts)
    }

    /// Whatever an operator changes of the item changes this version.
    pub fn item_version(&self) -> Version {
        let item = &self.item;
        let hashes: Vec<String> = item.info_hashes.iter().map(ToString::to_string).collect();
        let texts = [
            &*item.name,
            &self.version().to_string(),
            &item.prices_version().to_string(),
            &item.policy_version().to_string(),
            &hashes.join(" "),
            &item.cover.map(|cover| cover.to_string()).unwrap_or_default(),
            &format!("{:?}", item.offer),
            if item.removed { "removed" } else { "" },
        ];
        Version::of("item", &texts)
    }
}

impl Club {
    /// How an item is presented; removed ones by id too.
    ///
    /// # Errors
    ///
    /// There is no such item, by name, id or info hash; the database is unavailable.
    pub async fn presentation(&self, item: &str) -> Result<Presentation, Error> {
        let mut db = self.reader().await?;
        let item = item::find(&mut *db, item).await?;
        Ok(presentation(&mut *db, item).await?)
    }

    /// As [`remove_item`](Self::remove_item), where the item is as expected
    /// ([`Presentation::item_version`]).
    ///
    /// # Errors
    ///
    /// As of [`remove_item`](Self::remove_item); it was changed.
    pub async fn remove_item_if(
        &self,
        stamp: &Stamp,
        item: &str,
        expected: Expected,
    ) -> Result<Item, Error> {
        let wanted = item.to_owned();
        self.change(stamp, move |tx| {
            Box::pin(async move {
                let found = item::find_live(tx, &wanted).await?;
                let found = presentation(tx, found).await?;
                expected.check(found.item_version())?;
                item::remove(tx, found.item).await
            })
        })
        .await
    }

    /// As [`presentation`](Self::presentation), of an item that was read.
    ///
    /// # Errors
    ///
    /// The database is unavailable.
    pub async fn presentation_of(&self, item: Item) -> Result<Presentation, Error> {
        Ok(presentation(&mut *self.reader().await?, item).await?)
    }
}

/// How an item is presented.
pub(crate) async fn presentation(db: &mut dyn Connection, item: Item) -> SqlResult<Presentation> {
    let id: ItemId = item.id;
    let description = description(db, id).await?;
    let parts = part::parts(db, id).await?.into_iter().map(|part| part.name).collect();
    Ok(Presentation { item, description, parts })
}
