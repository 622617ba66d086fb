//! How an item is presented, which changes without publishing it again.

use std::collections::BTreeSet;

use jiff::civil::Date;
use metainfo::{File, FileKind};
use policy::ItemId;

use crate::catalog::goods::torrent_of;
use crate::catalog::item::{self, Item};
use crate::catalog::item_row::days;
use crate::catalog::listing::{description, joined};
use crate::catalog::part::{self, MAX_PARTS};
use crate::catalog::versions::presentation;
use crate::store::club::Club;
use crate::store::sql::{Connection, Value};
use crate::store::tx::Tx;
use crate::values::error::Error;
use crate::values::stamp::Stamp;
use crate::values::tag::Tag;
use crate::values::text::{check_line, check_lines};
use crate::values::version::Expected;
use crate::values::visibility::Visibility;

/// What is to change of how an item is presented; `None` leaves it.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Details {
    /// For people.
    pub title: Option<String>,
    /// A line below the title, such as `Film, 88 minutes`; may be empty.
    pub subtitle: Option<String>,
    /// In Markdown; may be empty.
    pub description: Option<String>,
    /// What it is grouped by, in place of the tags it has.
    pub tags: Option<Vec<Tag>>,
    /// Who sees it on the site.
    pub visibility: Option<Visibility>,
    /// When it was released, or the day on which it was published.
    pub released: Option<Option<Date>>,
    /// The path of a file in its torrent that anybody may play, or none.
    pub preview: Option<Option<String>>,
    /// The id of the lowest tier that has it without buying it, or none.
    pub tier: Option<Option<String>>,
    /// The items that come with it, by name, id or info hash, in place of those that do.
    pub parts: Option<Vec<String>>,
}

impl Details {
    /// Checks what can be checked without the item.
    ///
    /// # Errors
    ///
    /// A text is none; there are too many tags or parts.
    pub fn check(&self) -> Result<(), Error> {
        for (what, line) in [("title", &self.title), ("subtitle", &self.subtitle)] {
            line.as_deref().map_or(Ok(()), |line| check_line(what, line))?;
        }
        let description = self.description.as_deref();
        description.map_or(Ok(()), |text| check_lines("description", text))?;
        match (self.tags.as_ref().map(Vec::len), self.parts.as_ref().map(Vec::len)) {
            (Some(tags), _) if tags > MAX_TAGS => Err(Error::Tags(tags)),
            (_, Some(parts)) if parts > MAX_PARTS => Err(Error::Parts(parts)),
            _ => Ok(()),
        }
    }
}

impl Club {
    /// Changes how an item is presented.
    ///
    /// # Errors
    ///
    /// There is no such item; the tier is not configured; a text is too long or holds control characters; there
    /// are too many tags or parts; the item has no file of the preview's path; there is no item of a part's name;
    /// a part has parts itself.
    pub async fn describe(
        &self,
        stamp: &Stamp,
        item: &str,
        details: Details,
    ) -> Result<Item, Error> {
        self.describe_if(stamp, item, details, Expected::Anything).await
    }

    /// As [`describe`](Self::describe), where the item is presented as expected
    /// ([`Presentation::version`](crate::Presentation::version)).
    ///
    /// # Errors
    ///
    /// As of [`describe`](Self::describe); it is presented otherwise.
    pub async fn describe_if(
        &self,
        stamp: &Stamp,
        item: &str,
        details: Details,
        expected: Expected,
    ) -> Result<Item, Error> {
        details.check()?;
        self.check_tier_of(details.tier.as_ref().and_then(Option::as_deref))?;
        let wanted = item.to_owned();
        self.change(stamp, move |tx| {
            Box::pin(async move {
                let found = item::find_live(tx, &wanted).await?;
                let found = presentation(tx, found).await?;
                expected.check(found.version())?;
                describe(tx, &found.item, details).await
            })
        })
        .await
    }

    /// An item's description in Markdown; empty where it has none.
    ///
    /// # Errors
    ///
    /// The database is unavailable.
    pub async fn description(&self, item: ItemId) -> Result<String, Error> {
        Ok(description(&mut *self.reader().await?, item).await?)
    }
}

/// Makes changes that were checked, and records them.
pub(crate) async fn describe(tx: &mut Tx, item: &Item, details: Details) -> Result<Item, Error> {
    let id = item.id.0.into();
    let parts = match &details.parts {
        Some(parts) => Some(part::set(tx, item, parts).await?),
        None => None,
    };
    let details = Details { tags: details.tags.map(unique), parts, ..details };
    let news = news(&details);
    let Details { title, subtitle, description, tags, visibility, released, preview, tier, .. } =
        details;
    let preview = match preview {
        Some(Some(path)) => Some(find_file(tx, item, path).await?),
        Some(None) => None,
        None => item.preview.clone(),
    };
    if let Some(markdown) = description {
        tx.execute("DELETE FROM description WHERE item = $1", &[id]).await?;
        let sql = "INSERT INTO description (item, markdown) VALUES ($1, $2)";
        if !markdown.is_empty() {
            tx.execute(sql, &[id, markdown.as_str().into()]).await?;
        }
    }
    let title = title.as_ref().unwrap_or(&item.title);
    let subtitle = subtitle.as_ref().unwrap_or(&item.subtitle);
    let tags = joined(tags.as_ref().unwrap_or(&item.tags));
    let visibility = visibility.unwrap_or(item.visibility);
    let released = released.unwrap_or(item.released);
    let tier = tier.as_ref().unwrap_or(&item.tier);
    tx.execute(
        "UPDATE item SET title = $2, subtitle = $3, tags = $4, visibility = $5, released = $6, \
         preview = $7, tier = $8 WHERE id = $1",
        &[
            id,
            title.as_str().into(),
            subtitle.as_str().into(),
            tags.as_str().into(),
            visibility.text().into(),
            Value::Int(released.map(days)),
            preview.as_deref().into(),
            tier.as_deref().into(),
        ],
    )
    .await?;
    item::changed(tx, "item.describe", item.id, &news).await
}

/// Takes the preview of an item away where its torrent has no such file.
pub(crate) async fn check_preview(tx: &mut Tx, item: Item) -> Result<Item, Error> {
    let Some(path) = item.preview.clone() else { return Ok(item) };
    match find_file(tx, &item, path).await {
        Err(Error::NoFile { .. }) => {
            let details = Details { preview: Some(None), ..Details::default() };
            describe(tx, &item, details).await
        }
        found => found.map(|_| item),
    }
}

/// The path of a file that the item's torrent has.
async fn find_file(db: &mut dyn Connection, item: &Item, path: String) -> Result<String, Error> {
    let torrent = torrent_of(db, item.id).await?;
    let torrent = torrent.ok_or_else(|| Error::NoGoods(item.name.clone()))?;
    let is_it =
        |file: &File| file.kind == FileKind::Data && file.path.as_bytes() == path.as_bytes();
    if torrent.files.iter().any(is_it) {
        Ok(path)
    } else {
        Err(Error::NoFile { item: item.name.clone(), path })
    }
}

/// Each tag once, in the order in which they are given.
fn unique(tags: Vec<Tag>) -> Vec<Tag> {
    let mut known = BTreeSet::new();
    tags.into_iter().filter(|tag| known.insert(tag.clone())).collect()
}

/// What changes, for the record.
fn news(details: &Details) -> String {
    let Details { title, subtitle, description, tags, visibility, released, preview, tier, parts } =
        details;
    let or_none = |text: Option<String>| text.unwrap_or_else(|| "none".to_owned());
    let news = [
        title.as_ref().map(|title| format!("title {title:?}")),
        subtitle.as_ref().map(|subtitle| format!("subtitle {subtitle:?}")),
        description
            .as_ref()
            .map(|text| format!("description of {} characters", text.chars().count())),
        tags.as_ref().map(|tags| format!("tags {:?}", joined(tags))),
        visibility.map(|visibility| format!("visibility {visibility}")),
        released.map(|date| format!("released {}", or_none(date.map(|date| date.to_string())))),
        preview.as_ref().map(|path| {
            format!("preview {}", or_none(path.as_ref().map(|path| format!("{path:?}"))))
        }),
        tier.as_ref().map(|tier| format!("tier {}", or_none(tier.clone()))),
        parts.as_ref().map(|parts| format!("parts {:?}", parts.join(" "))),
    ];
    news.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// The most tags of an item.
pub const MAX_TAGS: usize = 16;
