//! The databases, the one writer, the image in memory, and [`Club`](club::Club) over them.

pub(crate) mod backup;
pub(crate) mod club;
pub(crate) mod database;
pub(crate) mod digest;
pub(crate) mod files;
pub(crate) mod goods_cache;
pub(crate) mod image;
pub(crate) mod migrations;
pub(crate) mod open;
pub(crate) mod place;
pub(crate) mod postgres;
pub(crate) mod second_gate;
pub(crate) mod secret_mark;
pub(crate) mod sql;
pub(crate) mod sqlite;
#[cfg(test)]
pub(crate) mod testing;
pub(crate) mod tx;
pub(crate) mod writer;
