//! A member's own pages: the library, and the account.
//!
//! Each shows what belongs to the member who is signed in, found by that member's id alone. Deliberately absent:
//! pages of orders, which have unguessable names of their own.

pub(super) mod account;
pub(super) mod data;
pub(super) mod deletion;
mod done;
mod holdings;
pub(super) mod library;
pub(super) mod library_export;
pub(super) mod links;
mod member_visitor;
mod money;
pub(super) mod subscriptions;
pub(super) mod traffic;
mod words;
