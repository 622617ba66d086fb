//! Values that are one word of `tracker.yaml`, in quotes or not.
//!
//! serde_with's `DeserializeFromStr` takes no numbers, as in `workers: 2`, and expects no more than
//! "a string".

use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;

use serde::de::{self, Deserializer, Visitor};
use thiserror::Error;

/// A type whose value is one word of the file.
pub trait Unit: FromStr<Err = UnitError> {
    /// What to write, for the message that refuses something else.
    const EXPECTED: &'static str;
}

/// A word that is not of its type.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[error("`{found}` is not {expected}")]
pub struct UnitError {
    found: String,
    expected: &'static str,
}

impl UnitError {
    pub(super) fn new<U: Unit>(found: &str) -> Self {
        Self { found: found.to_owned(), expected: U::EXPECTED }
    }
}

/// Reads a [`Unit`] from a word or a whole number.
///
/// # Errors
///
/// Says what was expected.
pub(super) fn read<'de, U: Unit, D: Deserializer<'de>>(deserializer: D) -> Result<U, D::Error> {
    deserializer.deserialize_any(Word(PhantomData))
}

struct Word<U>(PhantomData<U>);

impl<U: Unit> Visitor<'_> for Word<U> {
    type Value = U;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(U::EXPECTED)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<U, E> {
        text.parse().map_err(E::custom)
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<U, E> {
        self.visit_str(&number.to_string())
    }
}
