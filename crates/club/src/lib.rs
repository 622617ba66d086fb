//! The durable truth: members, items, entitlements, traffic and money.
//!
//! [`Club`] is the face. A change goes to the [`Store`], then to the [`Image`] that announces are
//! judged by, then returns: it is in force by then. Time comes in as an argument. Deliberately
//! absent: passkeys (they are derived, not stored), the configuration, and sockets.

#![forbid(unsafe_code)]

// The name by which files that the unit tests share with the suite call this crate.
#[cfg(test)]
extern crate self as club;

mod admins;
mod audit;
mod catalog;
mod history;
mod hooks;
mod ledger;
mod lists;
mod load;
mod mail;
mod members;
mod payments;
mod rights;
mod sales;
mod sign_ins;
mod store;
mod tokens;
mod traffic;
mod values;

pub use admins::admin::{AdminAccount, AdminLink, MAX_ADMINS};
pub use admins::proof::{AdminProof, SecondFactor};
pub use admins::vain_attempt::{VainAttempt, WrongPart};
pub use audit::alert::{Alert, AlertKind, MAX_OPEN as MAX_OPEN_ALERTS, NewAlert};
pub use audit::log::AuditRow;
pub use catalog::catalogue::{
    CatalogueQuery, CatalogueSort, FoundItems, MAX_CATALOGUE_PAGE, MAX_COUNT, MAX_SEARCH_WORDS,
    MAX_TAG_COUNTS, TagCount,
};
pub use catalog::cover::{Cover, CoverImages, CoverSize};
pub use catalog::details::{Details, MAX_TAGS};
pub use catalog::feed::FeedKind;
pub use catalog::item::{Item, NewItem};
pub use catalog::label::ItemLabel;
pub use catalog::part::MAX_PARTS;
pub use catalog::price::{NewPrices, Prices};
pub use catalog::publish::{NewGoods, NewListing};
pub use catalog::versions::Presentation;
pub use history::keep::{HistoryInterval, HistoryWrite, MAX_INTERVALS as MAX_HISTORY_INTERVALS};
pub use history::point::{HistoryPoint, HistorySample, HistoryStep};
pub use hooks::delivery::WebhookTry;
pub use hooks::queue::{MAX_QUEUED as MAX_QUEUED_WEBHOOKS, WebhookDelivery, WebhookDeliveryState};
pub use hooks::webhook::{MAX_WEBHOOKS, Webhook, WebhookTopics};
pub use ledger::balance::{Balance, NewTopup};
pub use ledger::revenue::RevenueSums;
pub use ledger::statement::{Entry, Line, Posting, Trial};
pub use lists::books::{EntryFilter, RewardFilter, RewardState};
pub use lists::members::{MemberFilter, RightsOf};
pub use lists::page::{Listed, PageRequest};
pub use lists::payments::{CheckoutFilter, DeliveryFilter};
pub use lists::record::{AlertFilter, AuditFilter, QueueFilter};
pub use lists::sales::{OrderFilter, VoucherFilter};
pub use lists::stock::{ItemFilter, ItemState};
pub use lists::traffic::CarriedItem;
pub use load::restore::{RestoreError, Restored, restore};
pub use load::startup::Loaded;
pub use load::verify::verify;
pub use mail::delivery::Tried;
pub use mail::queue::{LINK, LinkKind, MAX_QUEUED as MAX_QUEUED_MAIL, MailText, QueuedMail};
pub use mail::report::{MAX_AN_HOUR as MAX_REPORTS_AN_HOUR, MailReport};
pub use members::import::{Arrival, MAX_IMPORT, Newcomer};
pub use members::link::{HandedOut, LinkOffer, LinkUsed};
pub use members::member::{Member, NewMember};
pub use members::sighting::{LeakLimits, Presence, Sighting, WEB_SEED};
pub use payments::checkout::{Checkout, NewCheckout};
pub use payments::facts::{Facts, Phase};
pub use payments::inbox::{Delivery, StoredDelivery, Verdict};
pub use payments::member_subscriptions::Subscription;
pub use payments::payment::Payment;
pub use payments::provider;
pub use payments::receive::Handled;
pub use payments::refund::Refund;
pub use payments::refunding::{Begun, NewRefund, RefundAnswer, RefundOf};
pub use rights::entitlement::{Ended, Entitlement};
pub use rights::order::{Order, OrderState};
pub use sales::discount::{Discount, NewDiscount, Off};
pub use sales::gift::Gift;
pub use sales::placing::{Buyer, NewOrder};
pub use sales::purchase::{NewPurchase, Purchase};
pub use sales::voucher::{IssuedVoucher, NewVouchers, Voucher, Worth};
pub use sales::voucher_sale::{Claimant, Redeemed};
pub use sign_ins::attempt::{Attempt, Outcome};
pub use sign_ins::link::{LinkSecret, MAILED_SECS};
pub use sign_ins::sign_in::{MAX_SIGN_INS, SignIn, Subject};
pub use store::backup::BackupError;
pub use store::club::Club;
pub use store::database::{Flaw, Store};
pub use store::digest::digest_beside;
pub use store::image::{Image, Items, ListedItem};
pub use store::open::{OpenError, OpenReason};
pub use store::postgres::{BadUrl, Postgres, PostgresUrl};
pub use store::secret_mark::{SecretMark, forget_secret, note_secret, secret_mark};
pub use store::sql::{BoxFuture, Connection, Places, Row, RowVisitor, SqlResult, Value, WordIndex};
pub use store::sqlite::Sqlite;
pub use tokens::member_token::{MAX_MEMBER_TOKENS, MemberSecret, MemberToken};
pub use tokens::scope::{AccessScope, AccessScopes};
pub use tokens::token::{ApiSecret, ApiToken, MAX_TOKENS, NewToken};
pub use traffic::item_traffic::{CarriedBytes, TakenBytes};
pub use traffic::reward::{Reward, VerifiedTraffic};
pub use traffic::served::Served;
pub use traffic::session::{Counters, Run, SessionCount};
pub use traffic::totals::TransferredBytes;
pub use traffic::window::{Closed, RewardRules};
pub use values::admin_role::{AdminRole, UnknownAdminRole};
pub use values::cover_digest::CoverDigest;
pub use values::email::{BadEmail, Email};
pub use values::error::Error;
pub use values::fault::Fault;
pub use values::goods::{Goods, Offer};
pub use values::ids::{
    AdminId, AlertId, CheckoutId, DeliveryId, EntryId, MailId, OrderId, RefundId, RewardId,
    SignInId, TokenId, VoucherId, WebhookDeliveryId, WebhookId,
};
pub use values::key_generations::{Key, KeyGenerations};
pub use values::mail_state::MailState;
pub use values::money::{Amount, Currency, MoneyError};
pub use values::name::{Kind, NameError};
pub use values::names::Names;
pub use values::news::{ClubNews, OrderNews};
pub use values::page::Page;
pub use values::product::{DeliveryMethod, Product, ProductRequest, UnknownDeliveryMethod};
pub use values::secret_token::SecretToken;
pub use values::sign_in_code::SignInCode;
pub use values::stamp::Stamp;
pub use values::tag::{BadTag, Tag};
pub use values::tax::Tax;
pub use values::text::{BadText, MAX_DESCRIPTION, MAX_TEXT};
pub use values::tries::TRY_LEASE;
pub use values::unavailable::Unavailable;
pub use values::version::{Expected, Version};
pub use values::visibility::{UnknownVisibility, Visibility};
pub use values::voucher_code::{BadCode, VoucherCode};
pub use values::voucher_state::VoucherState;
