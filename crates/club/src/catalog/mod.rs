//! Items, their files, prices and publication.

pub(crate) mod feed;
pub(crate) mod goods;
pub(crate) mod item;
pub(crate) mod price;
pub(crate) mod publish;
