//! The list of items, drafts and unlisted ones too.

use crate::catalog::item::Item;
use crate::catalog::item_row;
use crate::lists::page::{KeyType, ListOrder, Listed, PageRequest};
use crate::lists::query::{RowQuery, prefixed};
use crate::store::club::Club;
use crate::store::sql::Value;
use crate::values::error::Error;
use crate::values::name::Handle;
use crate::values::visibility::Visibility;
use crate::values::words::words;

/// Which items are listed. What is `None` narrows nothing.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct ItemFilter {
    /// An id, an info hash, or words, each of which must begin a word of the name or the title. The first 16 words
    /// count.
    pub search: Option<String>,
    /// The name of a policy.
    pub policy: Option<String>,
    /// Who sees them on the site.
    pub visibility: Option<Visibility>,
    /// Whether their files are offered.
    pub state: Option<ItemState>,
}

/// Whether the files of an item are offered.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ItemState {
    /// Its files are not those of its torrent any more.
    Broken,
    /// They are offered.
    Published,
    /// Its info hashes alone are known.
    Tracked,
    /// They were offered.
    Unpublished,
}

impl ItemState {
    /// Every state.
    pub const ALL: [Self; 4] = [Self::Broken, Self::Published, Self::Tracked, Self::Unpublished];

    /// One word for programs.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Broken => "broken",
            Self::Published => "published",
            Self::Tracked => "tracked",
            Self::Unpublished => "unpublished",
        }
    }

    /// The state of an item.
    pub fn of(item: &Item) -> Self {
        match &item.offer {
            None => Self::Tracked,
            Some(offer) if offer.withdrawn => Self::Unpublished,
            Some(offer) if offer.broken.is_some() => Self::Broken,
            Some(_) => Self::Published,
        }
    }
}

impl Club {
    /// A page of items, those removed left out.
    ///
    /// # Errors
    ///
    /// The database is unavailable; the page is to begin after no page's end.
    pub async fn list_items(
        &self,
        filter: &ItemFilter,
        page: &PageRequest,
    ) -> Result<Listed<Item>, Error> {
        let ItemFilter { search, policy, visibility, state } = filter;
        let search = search.as_deref().unwrap_or_default().trim();
        let ranges: Vec<_> = words([search], MAX_WORDS).iter().map(|word| prefixed(word)).collect();
        let hash;
        let mut query = RowQuery::new(item_row::READING.sql);
        query.and("removed = 0", []);
        query.and_if("policy = ?", policy.as_deref());
        query.and_if("visibility = ?", visibility.map(Visibility::text));
        match state {
            None => {}
            Some(ItemState::Broken) => query.and(BROKEN, []),
            Some(ItemState::Published) => query.and("withdrawn = 0 AND broken IS NULL", []),
            Some(ItemState::Tracked) => query.and("goods.item IS NULL", []),
            Some(ItemState::Unpublished) => query.and(WITHDRAWN, []),
        }
        match Handle::from(search) {
            Handle::Hash(wanted) => {
                hash = wanted;
                query.and(
                    "item.id = (SELECT item FROM info_hash WHERE info_hash.hash = ?)",
                    [Value::Bytes(&hash.0)],
                );
            }
            Handle::Id(id) => {
                // A title may begin with a year. No item that is listed has the id 0.
                let [first, end] = ranges.first().map_or([Value::Null; 2], ends);
                query.and(ID_OR_WORD, [id.unwrap_or(0).into(), first, end]);
            }
            Handle::Name("") => {}
            Handle::Name(_) if ranges.is_empty() => query.and("removed <> 0", []),
            Handle::Name(_) => ranges.iter().for_each(|range| query.and(WORD, ends(range))),
        }
        query.page(&mut *self.reader().await?, &BY_ID, page, item_row::read).await
    }
}

fn ends(range: &[String; 2]) -> [Value<'_>; 2] {
    range.each_ref().map(|end| end.as_str().into())
}

const BY_ID: ListOrder<Item> = ListOrder {
    name: "items",
    columns: &[("item.id", KeyType::Number)],
    key: |item| vec![item.id.0.into()],
};
const BROKEN: &str = "item.id IN (SELECT bad.item FROM goods AS bad \
     WHERE CASE WHEN bad.broken IS NULL THEN 0 ELSE 1 END = 1 AND bad.withdrawn = 0)";
const WITHDRAWN: &str = "item.id IN (SELECT back.item FROM goods AS back WHERE back.withdrawn = 1)";
const WORD: &str = "item.id IN (SELECT item FROM item_word WHERE word >= ? AND word < ?)";
const ID_OR_WORD: &str =
    "item.id = ? OR item.id IN (SELECT item FROM item_word WHERE word >= ? AND word < ?)";
/// How many words of a search count.
const MAX_WORDS: usize = 16;
