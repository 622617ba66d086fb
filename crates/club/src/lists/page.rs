//! Pages of lists, and cursors, which say where a page ends.
//!
//! A cursor holds the list, the order and the sort key of the last row. It is data of a client's: whatever it holds,
//! it is compared with columns of its own types, or refused.

use data_encoding::BASE64URL_NOPAD;
use serde::{Deserialize, Serialize};

use crate::values::error::Error;
use crate::values::page::Page;

/// A page that is asked for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PageRequest {
    /// The end of the page before, from [`Listed::next`]; `None` for the first page.
    pub after: Option<String>,
    /// Maximum number of rows, from 1 to [`Page::MAX`]; another number is taken for the nearest of these.
    pub limit: u32,
    /// Whether the newest rows come first, or the last in the order of the list.
    pub newest: bool,
}

impl PageRequest {
    pub(crate) fn limit(&self) -> u32 {
        self.limit.clamp(1, Page::MAX)
    }
}

impl Default for PageRequest {
    fn default() -> Self {
        Self { after: None, limit: Page::MAX, newest: false }
    }
}

/// A page of a list.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Listed<T> {
    /// The rows, in order. There may be fewer than were asked for, even none, while more follow.
    pub rows: Vec<T>,
    /// What the next page is asked for with; `None` on the last page.
    pub next: Option<String>,
}

impl<T> Listed<T> {
    /// The page with each row made into something else.
    pub fn map<U>(self, make: impl FnMut(T) -> U) -> Listed<U> {
        Listed { rows: self.rows.into_iter().map(make).collect(), next: self.next }
    }
}

/// An order of a list: columns that together are different in every row.
pub(crate) struct ListOrder<T: 'static> {
    /// The list and the order, as they stand in a cursor.
    pub(crate) name: &'static str,
    pub(crate) columns: &'static [(&'static str, KeyType)],
    /// The values of the columns in a row.
    pub(crate) key: fn(&T) -> Vec<KeyPart>,
}

/// What a column of an order holds.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum KeyType {
    Number,
    Text,
}

/// The value of a column of an order.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(untagged)]
pub(crate) enum KeyPart {
    Number(i64),
    Text(String),
}

impl KeyPart {
    const fn kind(&self) -> KeyType {
        match self {
            Self::Number(_) => KeyType::Number,
            Self::Text(_) => KeyType::Text,
        }
    }
}

impl From<u32> for KeyPart {
    fn from(number: u32) -> Self {
        Self::Number(number.into())
    }
}

impl<T> ListOrder<T> {
    /// The key after which a page begins.
    pub(crate) fn after(&self, page: &PageRequest) -> Result<Option<Vec<KeyPart>>, Error> {
        let Some(cursor) = &page.after else { return Ok(None) };
        let key = self.read(cursor, page.newest);
        key.map(Some).ok_or_else(|| Error::PageEnd(cursor.chars().take(SHOWN).collect()))
    }

    /// A page of rows, of which one more than wanted was read.
    pub(crate) fn cut(&self, mut rows: Vec<T>, page: &PageRequest) -> Listed<T> {
        let limit = usize::try_from(page.limit()).unwrap_or(usize::MAX);
        let has_more = rows.len() > limit;
        rows.truncate(limit);
        let last = rows.last().filter(|_| has_more);
        let next = last.map(|last| self.cursor(page.newest, &(self.key)(last)));
        Listed { rows, next }
    }

    fn cursor(&self, newest: bool, key: &[KeyPart]) -> String {
        // Names, numbers and texts are always written.
        let text = serde_json::to_vec(&(self.name, newest, key)).unwrap_or_default();
        BASE64URL_NOPAD.encode(&text)
    }

    fn read(&self, cursor: &str, newest: bool) -> Option<Vec<KeyPart>> {
        if cursor.len() > MAX_CURSOR {
            return None;
        }
        let text = BASE64URL_NOPAD.decode(cursor.as_bytes()).ok()?;
        let (name, was_newest, key): (String, bool, Vec<KeyPart>) =
            serde_json::from_slice(&text).ok()?;
        let is_of_this = name == self.name && was_newest == newest;
        let kinds = self.columns.iter().map(|(_, kind)| *kind);
        (is_of_this && key.iter().map(KeyPart::kind).eq(kinds)).then_some(key)
    }
}

/// Longest cursor, in bytes: the longest text in a key is an address.
const MAX_CURSOR: usize = 1024;
/// How many characters of a wrong cursor are quoted.
const SHOWN: usize = 64;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ORDER: ListOrder<(u32, String)> = ListOrder {
        name: "pets by name",
        columns: &[("name", KeyType::Text), ("id", KeyType::Number)],
        key: |(id, name)| vec![KeyPart::Text(name.clone()), (*id).into()],
    };

    fn after(cursor: &str) -> PageRequest {
        PageRequest { after: Some(cursor.to_owned()), ..PageRequest::default() }
    }

    #[test]
    fn a_cursor_is_read_as_it_was_written() {
        let rows = vec![(3, "ada".to_owned()), (7, "b\0\u{10ffff}\"".to_owned())];
        let page = PageRequest { limit: 1, ..PageRequest::default() };
        let cut = ORDER.cut(rows.clone(), &page);
        assert_eq!(cut.rows, rows[..1]);
        let key = ORDER.after(&after(&cut.next.unwrap())).unwrap().unwrap();
        assert_eq!(key, [KeyPart::Text("ada".to_owned()), KeyPart::Number(3)]);
        assert_eq!(ORDER.cut(rows.clone(), &PageRequest::default()), Listed { rows, next: None });
    }

    #[test]
    fn a_cursor_of_another_list_order_or_type_is_refused() {
        let encode = |text: &str| BASE64URL_NOPAD.encode(text.as_bytes());
        let good = r#"["pets by name",false,["ada",3]]"#;
        assert!(ORDER.after(&after(&encode(good))).is_ok());
        for text in [
            "",
            "[]",
            r#"["pets",false,["ada",3]]"#,
            r#"["pets by name",true,["ada",3]]"#,
            r#"["pets by name",false,["ada"]]"#,
            r#"["pets by name",false,["ada",3,4]]"#,
            r#"["pets by name",false,[3,"ada"]]"#,
            r#"["pets by name",false,["ada",3.5]]"#,
            r#"["pets by name",false,["ada",9223372036854775808]]"#,
        ] {
            assert!(matches!(ORDER.after(&after(&encode(text))), Err(Error::PageEnd(_))), "{text}");
        }
        let long = format!(r#"["pets by name",false,["{}",3]]"#, "a".repeat(MAX_CURSOR));
        assert!(ORDER.after(&after(&encode(&long))).is_err());
    }

    proptest! {
        #[test]
        fn no_text_is_more_than_refused(text in ".{0,80}") {
            let quoted = match ORDER.after(&after(&text)) {
                Err(Error::PageEnd(quoted)) => quoted,
                other => panic!("{other:?}"),
            };
            prop_assert!(quoted.chars().count() <= SHOWN);
        }
    }
}
