//! `tracker.yaml`: what may stand in it, what is in force where it is silent, and what is refused.
//!
//! A file becomes a [`Config`] in three steps: [`Source`] finds and reads it, [`Raw`] is its shape
//! with every default, and the checks turn that into settings that later code need not doubt.
//! Deliberately absent: the environment, and secrets; the file only names where they are kept, and
//! the password that a database's URL may hold is not shown.

mod backup;
mod check;
mod database;
mod days;
mod effective;
mod goods;
mod history;
mod invalid;
mod listeners;
mod mail;
mod parse;
mod payments;
mod policies;
mod raw;
mod settings;
mod site;
mod source;
mod standing;
mod tax;
mod tiers;
mod unique;
mod units;
mod web;
mod webhooks;
mod word;

pub use backup::{BackupSettings, RawBackup};
pub use database::{Database, RawDatabase};
pub use goods::WatchedFolder;
pub use history::RawHistory;
pub use invalid::Invalid;
pub use mail::{MailSettings, RawMail};
pub use parse::{ParseError, parse};
pub use payments::{
    AmountUnit, BtcpaySettings, CustomHookSettings, Gives, KofiSettings, PaymentSettings,
    RawAlgorithm, RawBtcpay, RawFormat, RawHook, RawKofi, RawPayments, RawStripe, SecretSource,
    StripeSettings,
};
pub use policies::{Guard, InsideShare, RawPolicy, SeatShares, Seats, Who};
pub use raw::{
    Clients, Limits, LogFormat, LogLevel, Raw, RawAdmin, RawHttp, RawLog, RawTracker, RawUdp,
    RawUnknownTorrents, Reachability, Tls,
};
pub use settings::{AdminSettings, Config, HttpSettings, TrackerSettings, UdpSettings};
pub use site::{RawBandwidthPrice, RawSite, RawText, TextFile};
pub use source::{LoadedConfig, Source, SourceError};
pub use standing::{RawLeaks, RawMembership, RawPrivacy, RawRewards, StandingSettings};
pub use tax::RawTax;
pub use tiers::{
    Earn, Entitles, Period, RawAnnounce, RawSide, RawTier, RawWebseed, Terms, TierPrice, Webseed,
};
pub use units::{AmountText, Network, Percent, PortRange, Rate, Share, Size, Workers};
pub use web::{RawWeb, WebSettings};
pub use webhooks::RawWebhooks;
pub use word::{Unit, UnitError};
