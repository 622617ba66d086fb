//! How an item is presented, as it is typed.

use std::str::FromStr;

use api::item::SetItem;
use club::{BadTag, Details, UnknownVisibility};

/// Reads what is to change of an item's presentation.
///
/// # Errors
///
/// A tag, the visibility or the date is none.
pub fn details(to: SetItem) -> Result<Details, PresentationError> {
    let SetItem { title, subtitle, description, tags, visibility, released, preview, tier, parts } =
        to;
    let tags = tags.map(|tags| {
        // One that is empty stands for none.
        let tags = tags.iter().filter(|tag| !tag.is_empty());
        tags.map(|tag| tag.parse()).collect()
    });
    let date = |text: String| text.parse().map_err(|_| PresentationError::Released(text));
    Ok(Details {
        title,
        subtitle,
        description,
        tags: tags.transpose()?,
        visibility: visibility.map(|word| FromStr::from_str(&word)).transpose()?,
        released: released.map(|text| filled(text).map(date).transpose()).transpose()?,
        preview: preview.map(filled),
        tier: tier.map(filled),
        // One that is empty stands for none.
        parts: parts.map(|parts| parts.into_iter().filter(|part| !part.is_empty()).collect()),
    })
}

/// `None` for a text that is empty.
fn filled(text: String) -> Option<String> {
    Some(text).filter(|text| !text.is_empty())
}

/// What is wrong with a presentation.
#[derive(Debug, thiserror::Error)]
pub enum PresentationError {
    /// The date of release.
    #[error("`{0}` is not a date: expected one such as 2026-11-30")]
    Released(String),
    /// A tag.
    #[error(transparent)]
    Tag(#[from] BadTag),
    /// The visibility.
    #[error(transparent)]
    Visibility(#[from] UnknownVisibility),
}

#[cfg(test)]
mod tests {
    use club::Visibility;

    use super::*;

    #[test]
    fn what_is_empty_is_taken_away_and_what_is_not_named_stays() {
        assert_eq!(details(SetItem::default()).unwrap(), Details::default());
        let empty = || Some(String::new());
        let to = SetItem {
            tags: Some(vec![String::new()]),
            visibility: Some("draft".to_owned()),
            released: empty(),
            preview: empty(),
            tier: empty(),
            ..SetItem::default()
        };
        let expected = Details {
            tags: Some(Vec::new()),
            visibility: Some(Visibility::Draft),
            released: Some(None),
            preview: Some(None),
            tier: Some(None),
            ..Details::default()
        };
        assert_eq!(details(to).unwrap(), expected);
    }

    #[test]
    fn errors_say_what_was_expected() {
        let fails = |to: SetItem, why: &str| assert_eq!(details(to).unwrap_err().to_string(), why);
        let released = Some("30.11.2026".to_owned());
        let why = "`30.11.2026` is not a date: expected one such as 2026-11-30";
        fails(SetItem { released, ..SetItem::default() }, why);
        let visibility = Some("hidden".to_owned());
        let why = "`hidden` is not a visibility: expected draft, published or unlisted";
        fails(SetItem { visibility, ..SetItem::default() }, why);
    }
}
