//! A JSON document that somebody else wrote.
//!
//! Senders leave fields out, send null, change types and add shapes, and an object that is not ours
//! may hold anything. So no field is an error here: a field that is missing, null or of another type
//! than the caller expects reads as absent, and the caller decides whether it can do without.

use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::event::MAX_NAME;
use super::refused::Refused;

/// A document, or a part of one. Fields are named by JSON pointers (RFC 6901).
#[derive(Clone, Debug)]
pub(super) struct Document(Value);

impl Document {
    /// Reads a whole body.
    pub(super) fn parse(body: &[u8]) -> Result<Self, Refused> {
        Ok(serde_json::from_slice(body)?)
    }

    /// The part at a pointer; nothing is in it where there is none.
    pub(super) fn part(&self, pointer: &str) -> Self {
        Self(self.0.pointer(pointer).cloned().unwrap_or_default())
    }

    /// The elements of a list.
    pub(super) fn list(&self, pointer: &str) -> impl Iterator<Item = Self> {
        let elements = self.0.pointer(pointer).and_then(Value::as_array);
        elements.into_iter().flatten().cloned().map(Self)
    }

    /// A text that is not empty.
    pub(super) fn text(&self, pointer: &str) -> Option<&str> {
        self.0.pointer(pointer)?.as_str().filter(|text| !text.is_empty())
    }

    /// A name of something at the sender, of at most [`MAX_NAME`] bytes; that of an object where
    /// the sender wrote all of it instead.
    pub(super) fn name(&self, pointer: &str) -> Option<String> {
        let name = self.text(pointer).or_else(|| self.text(&format!("{pointer}/id")))?;
        (name.len() <= MAX_NAME).then(|| name.to_owned())
    }

    /// A text that is not empty, or a number as it is written.
    pub(super) fn text_or_number(&self, pointer: &str) -> Option<String> {
        match self.0.pointer(pointer)? {
            Value::Number(number) => Some(number.to_string()),
            _ => self.text(pointer).map(str::to_owned),
        }
    }

    /// A whole number.
    pub(super) fn integer(&self, pointer: &str) -> Option<i64> {
        self.0.pointer(pointer)?.as_i64()
    }

    /// A time in Unix seconds.
    pub(super) fn time(&self, pointer: &str) -> Option<u32> {
        self.integer(pointer)?.try_into().ok()
    }

    /// Whether something is so.
    pub(super) fn flag(&self, pointer: &str) -> Option<bool> {
        self.0.pointer(pointer)?.as_bool()
    }
}

impl<'de> Deserialize<'de> for Document {
    /// A NUL in a text becomes U+FFFD: PostgreSQL stores none, and an event that names itself, a
    /// member or an order by such a text could never be kept.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut value = Value::deserialize(deserializer)?;
        replace_nul(&mut value);
        Ok(Self(value))
    }
}

fn replace_nul(value: &mut Value) {
    match value {
        Value::String(text) if text.contains('\0') => *text = text.replace('\0', "\u{fffd}"),
        Value::Array(elements) => elements.iter_mut().for_each(replace_nul),
        Value::Object(fields) => fields.values_mut().for_each(replace_nul),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_of_another_type_is_absent() {
        let body = br#"{"text": "a", "empty": "", "number": 7, "yes": true, "null": null,
            "list": [{"n": 1}, 2], "object": {"id": "b", "deep": {"text": "c"}}, "float": 2.5}"#;
        let document = Document::parse(body).unwrap();
        assert_eq!(document.text("/text"), Some("a"));
        assert_eq!(document.name("/object").as_deref(), Some("b"));
        assert_eq!(document.text_or_number("/number").as_deref(), Some("7"));
        assert_eq!(document.text_or_number("/float").as_deref(), Some("2.5"));
        assert_eq!((document.integer("/number"), document.time("/number")), (Some(7), Some(7)));
        assert_eq!(document.flag("/yes"), Some(true));
        assert_eq!(document.part("/object").text("/deep/text"), Some("c"));
        assert_eq!(document.list("/list").filter_map(|part| part.integer("/n")).sum::<i64>(), 1);
        for pointer in ["/empty", "/yes", "/null", "/list", "/nowhere", "/text/deep", "/list/9"] {
            assert_eq!(document.name(pointer), None, "{pointer}");
            assert_eq!(document.text_or_number(pointer), None, "{pointer}");
            assert_eq!(document.integer(pointer), None, "{pointer}");
        }
        for pointer in ["/text", "/null", "/number", "/object", "/nowhere"] {
            assert_eq!(document.list(pointer).count(), 0, "{pointer}");
            assert_eq!(document.flag(pointer), None, "{pointer}");
        }
        assert_eq!(document.integer("/float"), None);
        assert_eq!(Document::parse(b"[]").unwrap().text("/text"), None);
    }

    #[test]
    fn a_name_has_a_limit_and_no_nul() {
        let body = |name: &str| format!(r#"{{"id": "{name}"}}"#).into_bytes();
        let name = |name: &str| Document::parse(&body(name)).unwrap().name("/id");
        assert_eq!(name(&"a".repeat(200)), Some("a".repeat(200)));
        assert_eq!(name(&"a".repeat(201)), None);
        assert_eq!(name(r"a\u0000b").as_deref(), Some("a\u{fffd}b"));
        assert_eq!(name(r"a\\u0000b").as_deref(), Some(r"a\u0000b"), "a backslash and letters");
    }
}
