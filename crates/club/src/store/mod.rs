//! The databases, the one writer, the image in memory, and [`Club`](club::Club) over them.

pub(crate) mod backup;
pub(crate) mod club;
pub(crate) mod database;
pub(crate) mod image;
pub(crate) mod migrations;
pub(crate) mod open;
pub(crate) mod postgres;
pub(crate) mod secret_mark;
pub(crate) mod sql;
pub(crate) mod sqlite;
pub(crate) mod writer;
