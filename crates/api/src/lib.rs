//! The JSON documents of the admin API, as the daemon writes them and its clients read them.
//!
//! Types that a request carries are named by a verb ([`member::AddMember`]); types that an answer
//! carries are named by a noun, with `View` at the end where the domain has a type of that name
//! ([`member::MemberView`]). Moments are RFC 3339 in UTC. Amounts of money are whole
//! minor units with their currency, and the decimal that people read beside them.
//! Deliberately absent: HTTP, and the domain itself; the daemon converts its own types into these.

#![forbid(unsafe_code)]

pub mod admin;
pub mod alert;
pub mod backup;
pub mod checkout;
pub mod discount;
pub mod error;
pub mod event;
pub mod history;
pub mod import;
pub mod item;
pub mod ledger;
pub mod links;
pub mod mail;
pub mod me;
pub mod member;
pub mod money;
pub mod order;
pub mod page;
pub mod product;
pub mod publish;
pub mod query;
pub mod reward;
pub mod right;
pub mod sign_in;
pub mod stats;
pub mod stream;
pub mod swarm;
pub mod token;
pub mod voucher;
pub mod webhook;
