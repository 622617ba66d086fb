//! `/`: what is offered, with search, tags, orders and pages.

use askama::Template;
use axum::extract::RawQuery;
use axum::response::Response;
use club::{CatalogueQuery, CatalogueSort, CoverSize, Item, Tag};
use form_urlencoded::Serializer;
use serde::Deserialize;

use super::cover;
use super::failure::Failure;
use super::layout::{Layout, Section};
use super::price::{self, PriceLabel};
use super::shown::{facts, tag_text, title};
use super::visitor::Visitor;

#[derive(Template)]
#[template(path = "catalogue.html")]
struct CataloguePage {
    layout: Layout,
    wanted: CatalogueFilter,
    tags: Vec<TagLink>,
    sorts: Vec<SortChoice>,
    count: u32,
    /// How many were found, where something was searched for.
    found: Option<String>,
    cards: Vec<Card>,
    /// The queries of the first page and the next.
    first: String,
    next: Option<String>,
}

/// What the query asks for. What is left out is empty.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(default)]
struct CatalogueFilter {
    q: String,
    tag: String,
    sort: String,
    after: String,
}

/// A tag to choose.
pub(super) struct TagLink {
    pub(super) text: String,
    pub(super) query: String,
    pub(super) is_here: bool,
}

struct SortChoice {
    value: &'static str,
    text: &'static str,
    is_here: bool,
}

/// An item in the catalogue.
struct Card {
    name: String,
    title: String,
    facts: String,
    price: PriceLabel,
    cover: String,
}

pub(super) async fn show(visitor: Visitor, RawQuery(query): RawQuery) -> Result<Response, Failure> {
    let wanted = CatalogueFilter::read(query.as_deref().unwrap_or_default());
    let club = &visitor.site.club;
    let tag: Option<Tag> = wanted.tag.parse().ok();
    let query = CatalogueQuery {
        search: wanted.q.clone(),
        tag: tag.clone(),
        sort: wanted.order(),
        after: Some(wanted.after.clone()).filter(|after| !after.is_empty()),
        limit: ITEMS,
    };
    let page = match club.catalogue(&query).await {
        // A link to a page of another order, or one that was cut: begin at the first.
        Err(club::Error::PageEnd(_)) => {
            club.catalogue(&CatalogueQuery { after: None, ..query }).await?
        }
        page => page?,
    };
    let tags = tags(&visitor, &wanted, tag.as_ref()).await?;

    let access = visitor.site.torrent_access();
    let cards = page.items.iter().map(|item| Card::of(item, access.is_free(item))).collect();
    let found = (!wanted.q.is_empty()).then(|| match page.count {
        1 => "1 item found.".to_owned(),
        club::MAX_COUNT => format!("{} items or more found.", club::MAX_COUNT),
        count => format!("{count} items found."),
    });
    let next = page.next.map(|after| CatalogueFilter { after, ..wanted.clone() }.query());
    let first = CatalogueFilter { after: String::new(), ..wanted.clone() }.query();
    let sorts =
        SORTS.map(|(value, text, _)| SortChoice { value, text, is_here: value == wanted.sort });

    let heading = tag.as_ref().map(tag_text).unwrap_or_default();
    let layout = visitor.layout(Section::Catalogue, heading);
    let description = visitor.look.tagline.clone();
    let layout = if wanted.q.is_empty() && wanted.after.is_empty() {
        layout.public(
            &format!("/{}", CatalogueFilter { sort: String::new(), ..wanted.clone() }.query()),
            &description,
        )
    } else {
        layout
    };
    let (sorts, count) = (sorts.into(), page.count);
    let page = CataloguePage { layout, wanted, tags, sorts, count, found, cards, first, next };
    Ok(visitor.page(&page))
}

/// The tags that most items have, and the one that was chosen.
async fn tags(
    visitor: &Visitor,
    wanted: &CatalogueFilter,
    chosen: Option<&Tag>,
) -> Result<Vec<TagLink>, Failure> {
    let mut known: Vec<Tag> =
        visitor.site.club.tags(TAGS).await?.into_iter().map(|count| count.tag).collect();
    if known.is_empty() {
        return Ok(Vec::new());
    }
    known.extend(chosen.filter(|tag| !known.contains(tag)).cloned());
    let link = |text, tag: &str, is_here| TagLink {
        text,
        query: CatalogueFilter { tag: tag.to_owned(), after: String::new(), ..wanted.clone() }
            .query(),
        is_here,
    };
    let all = link("All".to_owned(), "", chosen.is_none());
    let others = known.iter().map(|tag| link(tag_text(tag), tag.as_str(), chosen == Some(tag)));
    Ok(std::iter::once(all).chain(others).collect())
}

impl Card {
    fn of(item: &Item, is_free: bool) -> Self {
        Self {
            title: title(item),
            facts: facts(item),
            price: price::label(item, is_free),
            cover: cover::path(item, CoverSize::Medium),
            name: item.name.clone(),
        }
    }
}

impl CatalogueFilter {
    /// Reads a query; what can't be read is left out.
    fn read(query: &str) -> Self {
        let wanted: Self = serde_html_form::from_str(query).unwrap_or_default();
        Self { q: wanted.q.trim().chars().take(MAX_SEARCH).collect(), ..wanted }
    }

    fn order(&self) -> CatalogueSort {
        let sort = SORTS.iter().find(|(value, ..)| *value == self.sort);
        sort.map_or(CatalogueSort::Newest, |(_, _, sort)| *sort)
    }

    /// The same as a query, with its `?`; nothing where nothing is asked for.
    fn query(&self) -> String {
        let Self { q, tag, sort, after } = self;
        let pairs = [("q", q), ("tag", tag), ("sort", sort), ("after", after)];
        let mut query = Serializer::new(String::new());
        for (key, value) in pairs.into_iter().filter(|(_, value)| !value.is_empty()) {
            query.append_pair(key, value);
        }
        let query = query.finish();
        if query.is_empty() { query } else { format!("?{query}") }
    }

    fn is_plain(&self) -> bool {
        self.q.is_empty() && self.tag.is_empty()
    }

    fn is_later(&self) -> bool {
        !self.after.is_empty()
    }
}

/// A link to all items with a tag.
pub(super) fn tag_link(tag: &Tag) -> TagLink {
    let wanted = CatalogueFilter { tag: tag.to_string(), ..CatalogueFilter::default() };
    TagLink { text: tag_text(tag), query: wanted.query(), is_here: false }
}

const SORTS: [(&str, &str, CatalogueSort); 3] = [
    ("", "Newest", CatalogueSort::Newest),
    ("price", "Price", CatalogueSort::Price),
    ("title", "Title", CatalogueSort::Title),
];
/// Items on a page: whole rows of two, three and four.
const ITEMS: u32 = 24;
/// Tags to choose from.
const TAGS: u32 = 12;
/// Letters of a search.
const MAX_SEARCH: usize = 200;
