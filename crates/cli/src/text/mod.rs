//! The forms that output and typed values share.

mod phrases;
mod table;
mod when;

pub(crate) use phrases::{ago, amount, buyer, named, printable, product, rights, size, yes_or_no};
pub(crate) use table::{facts, list, or_dash};
pub use when::{When, WhenError};
