//! What a tracker's reply says.
//!
//! Read by a library, so that a mistake of the daemon's own codec shows.

use std::collections::BTreeMap;

use bendy::decoding::{Decoder, Error, Object};

/// A bencoded value.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Value {
    /// A string of bytes.
    Bytes(Vec<u8>),
    /// A dictionary.
    Dict(BTreeMap<Vec<u8>, Self>),
    /// A number.
    Int(i64),
    /// A list.
    List(Vec<Self>),
}

impl Value {
    /// Reads one whole value.
    #[track_caller]
    pub fn read(bytes: &[u8]) -> Self {
        let mut decoder = Decoder::new(bytes);
        let object = decoder.next_object();
        let value = object.and_then(|object| Self::of(object.expect("a value")));
        value.unwrap_or_else(|error| panic!("{error} in {}", bytes.escape_ascii()))
    }

    /// What a dictionary has under a key.
    pub fn find(&self, key: &str) -> Option<&Self> {
        match self {
            Self::Dict(entries) => entries.get(key.as_bytes()),
            _ => None,
        }
    }

    /// The number that must be under a key.
    #[track_caller]
    pub fn int(&self, key: &str) -> i64 {
        match self.find(key) {
            Some(Self::Int(number)) => *number,
            other => panic!("{key} is {other:?}"),
        }
    }

    /// The bytes that must be under a key.
    #[track_caller]
    pub fn bytes(&self, key: &str) -> &[u8] {
        match self.find(key) {
            Some(Self::Bytes(bytes)) => bytes,
            other => panic!("{key} is {other:?}"),
        }
    }

    /// The text under a key, where there is any.
    pub fn text(&self, key: &str) -> Option<&str> {
        match self.find(key)? {
            Self::Bytes(bytes) => std::str::from_utf8(bytes).ok(),
            _ => None,
        }
    }

    fn of(object: Object<'_, '_>) -> Result<Self, Error> {
        Ok(match object {
            Object::Bytes(bytes) => Self::Bytes(bytes.to_vec()),
            Object::Integer(digits) => Self::Int(digits.parse().map_err(Error::malformed_content)?),
            Object::List(mut list) => {
                let mut values = Vec::new();
                while let Some(object) = list.next_object()? {
                    values.push(Self::of(object)?);
                }
                Self::List(values)
            }
            Object::Dict(mut dict) => {
                let mut entries = BTreeMap::new();
                while let Some((key, object)) = dict.next_pair()? {
                    let key = key.to_vec();
                    entries.insert(key, Self::of(object)?);
                }
                Self::Dict(entries)
            }
        })
    }
}
