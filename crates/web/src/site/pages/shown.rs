//! Which items people may look at, and the words for them that every page uses.

use club::{Item, Tag, Visibility};

use super::price::size;
pub(super) use crate::catalog::title;

/// Whether an item has a page: its files are offered, it is no draft, and it was not removed.
pub(super) fn is_shown(item: &Item) -> bool {
    let is_offered = item.offer.as_ref().is_some_and(|offer| !offer.withdrawn);
    is_offered && item.visibility != Visibility::Draft && !item.removed
}

/// The line below an item's title.
pub(super) fn facts(item: &Item) -> String {
    match (item.subtitle.as_str(), item.size_bytes.map(size)) {
        ("", Some(size)) => size,
        ("", None) => String::new(),
        (subtitle, Some(size)) => format!("{subtitle}, {size}"),
        (subtitle, None) => subtitle.to_owned(),
    }
}

/// A tag as people read it: `science-fiction` is `Science fiction`.
pub(super) fn tag_text(tag: &Tag) -> String {
    capitalised(&tag.as_str().replace('-', " "))
}

pub(super) fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().into_iter().flat_map(char::to_uppercase);
    first.chain(letters).collect()
}
