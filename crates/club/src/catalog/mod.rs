//! Items, their texts, files, prices and publication, and the catalogue of what is published.

pub(crate) mod catalogue;
pub(crate) mod cover;
pub(crate) mod details;
pub(crate) mod feed;
pub(crate) mod goods;
pub(crate) mod item;
pub(crate) mod item_row;
pub(crate) mod item_words;
pub(crate) mod label;
pub(crate) mod listing;
pub(crate) mod part;
pub(crate) mod price;
pub(crate) mod publish;
pub(crate) mod unseeded;
pub(crate) mod versions;
