//! Lists for operators: each in pages, narrowed by the database.
//!
//! A page begins after the last row of the page before, by columns that an index has, so a page late in a list costs
//! what the first one does. Rows that are added or removed meanwhile move no others.

pub(crate) mod books;
pub(crate) mod members;
pub(crate) mod page;
pub(crate) mod payments;
pub(crate) mod query;
pub(crate) mod record;
pub(crate) mod sales;
pub(crate) mod stock;
pub(crate) mod traffic;

#[cfg(test)]
mod tests;
