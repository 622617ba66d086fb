//! The durable truth: members, items, entitlements, traffic and money.
//!
//! [`Club`] is the face. A change goes to the [`Store`], then to the [`Image`] that announces are
//! judged by, then returns: it is in force by then. Time comes in as an argument. Deliberately
//! absent: passkeys (they are derived, not stored), the configuration, and sockets.

#![forbid(unsafe_code)]

mod account;
mod alert;
mod audit;
mod backup;
mod books;
mod checkout;
mod club;
mod earned;
mod elsewhere;
mod entitlement;
mod erase;
mod error;
mod facts;
mod feed;
mod goods;
mod image;
mod import;
mod inbox;
mod item;
mod judge;
mod ledger;
mod member;
mod migrations;
mod money;
mod name;
mod names;
mod open;
mod order;
mod page;
mod payment;
mod postgres;
mod price;
pub mod provider;
mod publish;
mod reward;
mod served;
mod settle;
mod shelf;
mod sighting;
mod sql;
mod sqlite;
mod store;
mod term;
mod traffic;
mod turns;
mod verified;
mod voucher;
mod voucher_code;
mod window;
mod writer;

pub use alert::{Alert, AlertId, AlertKind, MAX_OPEN as MAX_OPEN_ALERTS, NewAlert};
pub use audit::{AuditRow, Stamp};
pub use backup::{BackupError, RestoreError, restore};
pub use books::{Entry, Flaw, Line, Posting, Trial, verify};
pub use checkout::{Buys, Checkout, CheckoutId, NewCheckout, Payment, Wants};
pub use club::Club;
pub use entitlement::{Ended, Entitlement};
pub use error::{Error, Fault, Kind, Unavailable};
pub use facts::{Facts, Phase};
pub use feed::FeedKind;
pub use goods::{Goods, Offer};
pub use image::{Image, Items, Loaded};
pub use import::{Arrival, MAX_IMPORT, Newcomer};
pub use inbox::{Delivery, DeliveryId, StoredDelivery, Verdict};
pub use item::{Item, NewItem};
pub use ledger::EntryId;
pub use member::{Member, NewMember};
pub use money::{Amount, Currency, MoneyError};
pub use name::NameError;
pub use names::Names;
pub use open::{OpenError, OpenReason};
pub use order::{Order, OrderId};
pub use page::Page;
pub use payment::{Balance, NewTopup};
pub use postgres::{BadUrl, Postgres, PostgresUrl};
pub use price::{Prices, Way};
pub use publish::{Details, NewGoods, NewListing};
pub use reward::{Reward, RewardId, VerifiedTraffic};
pub use served::Served;
pub use sighting::{LeakLimits, Presence, Sighting};
pub use sql::{BoxFuture, Connection, Row, SqlResult, Value, Visit};
pub use sqlite::Sqlite;
pub use store::Store;
pub use traffic::{Counters, Run, SessionCount};
pub use turns::{Key, Turns};
pub use voucher::{IssuedVoucher, NewVouchers, Voucher, VoucherId, VoucherState, Worth};
pub use voucher_code::{BadCode, VoucherCode};
pub use window::{Closed, RewardRules};
