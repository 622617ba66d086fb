//! The shape of `tracker.yaml`, with every default.
//!
//! What these fields mean, in which unit and why, stands in `tracker.yaml` itself, beside the same
//! names; a test holds the two together.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

use listen::udp::backend::UdpIo;
use policy::PortSet;
use serde::de::{Deserializer, Error};
use serde::{Deserialize, Serialize};

use super::backup::RawBackup;
use super::database::RawDatabase;
use super::days;
use super::history::RawHistory;
use super::mail::RawMail;
use super::payments::RawPayments;
use super::policies::{self, RawPolicy};
use super::site::RawSite;
use super::standing::{RawLeaks, RawMembership, RawPrivacy, RawRewards};
use super::tax::RawTax;
use super::tiers::{self, RawTier};
use super::unique;
use super::units::{Network, PortRange, Size, Workers};
use super::web::RawWeb;
use super::webhooks::RawWebhooks;

/// The whole file.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
#[expect(missing_docs, reason = "tracker.yaml says it")]
pub struct Raw {
    #[serde(deserialize_with = "named")]
    pub state_dir: PathBuf,
    pub secret_file: Option<PathBuf>,
    pub database: Option<RawDatabase>,
    pub database_file: Option<PathBuf>,
    pub public_url: String,
    pub items_dir: Option<PathBuf>,
    #[serde(with = "days::required")]
    pub items_settle: Duration,
    pub site: RawSite,
    pub tracker: RawTracker,
    pub admin: RawAdmin,
    pub web: RawWeb,
    pub mail: RawMail,
    pub backup: RawBackup,
    pub history: RawHistory,
    pub webhooks: RawWebhooks,
    pub payments: RawPayments,
    pub membership: RawMembership,
    pub rewards: RawRewards,
    pub leaks: RawLeaks,
    pub privacy: RawPrivacy,
    pub tax: Option<RawTax>,
    pub log: RawLog,
    pub tiers: Vec<RawTier>,
    #[serde(deserialize_with = "unique::map")]
    pub policies: BTreeMap<String, RawPolicy>,
}

impl Default for Raw {
    fn default() -> Self {
        Self {
            state_dir: PathBuf::from("state"),
            secret_file: None,
            database: None,
            database_file: None,
            public_url: "http://localhost:8080".to_owned(),
            items_dir: None,
            items_settle: Duration::from_secs(10),
            site: RawSite::default(),
            tracker: RawTracker::default(),
            admin: RawAdmin::default(),
            web: RawWeb::default(),
            mail: RawMail::default(),
            backup: RawBackup::default(),
            history: RawHistory::default(),
            webhooks: RawWebhooks::default(),
            payments: RawPayments::default(),
            membership: RawMembership::default(),
            rewards: RawRewards::default(),
            leaks: RawLeaks::default(),
            privacy: RawPrivacy::default(),
            tax: None,
            log: RawLog::default(),
            tiers: tiers::defaults(),
            policies: policies::defaults(),
        }
    }
}

/// `tracker`: what answers announces.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
#[expect(missing_docs, reason = "tracker.yaml says it")]
pub struct RawTracker {
    pub http: RawHttp,
    pub udp: RawUdp,
    pub announce_url: Option<String>,
    pub unknown_torrents: RawUnknownTorrents,
    pub trusted_proxies: Vec<Network>,
    #[serde(deserialize_with = "unique::map")]
    pub nat: BTreeMap<Network, IpAddr>,
    pub limits: Limits,
    pub workers: Workers,
    pub enforce_min_interval: bool,
    pub forbidden_ports: Vec<PortRange>,
    pub clients: Clients,
    #[serde(with = "days::optional")]
    pub max_peer_age: Option<Duration>,
    #[serde(with = "days::required")]
    pub sweep_interval: Duration,
    #[serde(with = "days::required")]
    pub snapshot_interval: Duration,
    #[serde(with = "days::required")]
    pub flush_interval: Duration,
    pub reachability: Reachability,
}

impl Default for RawTracker {
    fn default() -> Self {
        Self {
            http: RawHttp::default(),
            udp: RawUdp::default(),
            announce_url: None,
            unknown_torrents: RawUnknownTorrents::Deny,
            trusted_proxies: Vec::new(),
            nat: BTreeMap::new(),
            limits: Limits::default(),
            workers: Workers::Auto,
            enforce_min_interval: false,
            forbidden_ports: forbidden_ports(),
            clients: Clients::default(),
            max_peer_age: None,
            sweep_interval: Duration::from_secs(2 * 60),
            snapshot_interval: Duration::from_secs(5 * 60),
            flush_interval: Duration::from_secs(3),
            reachability: Reachability::default(),
        }
    }
}

/// `tracker.http`.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
#[expect(missing_docs, reason = "tracker.yaml says it")]
pub struct RawHttp {
    pub listen: Vec<SocketAddr>,
    pub tls: Option<Tls>,
}

impl Default for RawHttp {
    fn default() -> Self {
        Self { listen: vec![every_address()], tls: None }
    }
}

/// `tracker.http.tls` and `admin.tls`: PEM files.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "tracker.yaml says it")]
pub struct Tls {
    pub certificate: PathBuf,
    pub key: PathBuf,
}

/// `tracker.udp`.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
#[expect(missing_docs, reason = "tracker.yaml says it")]
pub struct RawUdp {
    pub listen: Vec<SocketAddr>,
    pub io: UdpIo,
}

impl Default for RawUdp {
    fn default() -> Self {
        Self { listen: vec![every_address()], io: UdpIo::Auto }
    }
}

/// `tracker.unknown_torrents`: what an announce of no item gets.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum RawUnknownTorrents {
    /// A refusal.
    Deny,
    /// Peers: an open tracker.
    Free,
}

/// `tracker.limits`: 0 is none.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
#[expect(missing_docs, reason = "tracker.yaml says it")]
pub struct Limits {
    pub max_memory_mib: Option<u32>,
    pub max_torrents: u32,
    pub max_peers_per_torrent: u32,
    pub max_peers_per_address: u32,
    pub max_peers_per_prefix: u32,
    pub requests_per_prefix: u32,
    pub connections_per_prefix: u32,
    pub buffer_memory: Size,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_memory_mib: None,
            max_torrents: 10_000_000,
            max_peers_per_torrent: 5_000_000,
            max_peers_per_address: 16,
            max_peers_per_prefix: 0,
            requests_per_prefix: 1_000_000,
            connections_per_prefix: 50_000,
            buffer_memory: Size(16 << 20),
        }
    }
}

/// `tracker.clients`: beginnings of peer ids.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
#[expect(missing_docs, reason = "tracker.yaml says it")]
pub struct Clients {
    pub allow: Vec<String>,
    pub deny: Vec<String>,
}

/// `tracker.reachability`: whether a member's port answers.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
#[expect(missing_docs, reason = "tracker.yaml says it")]
pub struct Reachability {
    pub enabled: bool,
    #[serde(with = "days::required")]
    pub timeout: Duration,
    #[serde(with = "days::required")]
    pub keep: Duration,
    pub at_once: u16,
}

impl Default for Reachability {
    fn default() -> Self {
        Self {
            enabled: false,
            timeout: Duration::from_secs(5),
            keep: Duration::from_secs(3600),
            at_once: 64,
        }
    }
}

/// `admin`.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
#[expect(missing_docs, reason = "tracker.yaml says it")]
pub struct RawAdmin {
    pub socket: Option<PathBuf>,
    pub listen: SocketAddr,
    pub tls: Option<Tls>,
    pub requests_per_token: u32,
}

impl Default for RawAdmin {
    fn default() -> Self {
        let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, 6970));
        Self { socket: None, listen, tls: None, requests_per_token: 20 }
    }
}

/// `log`.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
#[expect(missing_docs, reason = "tracker.yaml says it")]
pub struct RawLog {
    pub level: LogLevel,
    pub format: LogFormat,
}

/// `log.level`: this and what is graver is written.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names say it")]
pub enum LogLevel {
    Error,
    Warn,
    #[default]
    Info,
    Debug,
    Trace,
}

/// `log.format`.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// One object a line, for machines.
    Json,
    /// One line an event, for people.
    #[default]
    Text,
}

const NO_FOLDER: &str = "state_dir: empty: name a folder, which is made where it is not";

/// `state_dir`, which is not null: serde would take that for a folder of the name.
fn named<'de, D: Deserializer<'de>>(deserializer: D) -> Result<PathBuf, D::Error> {
    let path = Option::deserialize(deserializer)?;
    path.ok_or_else(|| D::Error::custom(NO_FOLDER))
}

/// The tracker's port, on every address of both families.
fn every_address() -> SocketAddr {
    SocketAddr::from((Ipv6Addr::UNSPECIFIED, 6969))
}

fn forbidden_ports() -> Vec<PortRange> {
    let range =
        |range: &RangeInclusive<u16>| PortRange { first: *range.start(), last: *range.end() };
    PortSet::default().ranges().iter().map(range).collect()
}
