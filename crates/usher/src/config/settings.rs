//! The settings in force: checked, complete, and with every path resolved.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use club::RewardRules;
use listen::udp::backend::UdpIo;
use policy::Rules;
use web::api::BandwidthPrice;
use web::site::{Appearance, Masthead};

use super::backup::BackupSettings;
use super::database::Database;
use super::goods::WatchedFolder;
use super::mail::MailSettings;
use super::payments::PaymentSettings;
use super::raw::{Limits, LogFormat, LogLevel, Reachability, Tls};
use super::standing::StandingSettings;
use super::tiers::Terms;
use super::units::{Network, Workers};
use super::web::WebSettings;

/// Every setting of `tracker.yaml`, checked. The default is what an empty file means.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Config {
    /// Where everything lies that must last.
    pub state_dir: PathBuf,
    /// Holds the master secret that passkeys derive from.
    pub secret_file: PathBuf,
    /// Where the club is kept.
    pub database: Database,
    /// Where people reach this publisher: `http` or `https`, a host, and no query.
    pub public_url: http::Uri,
    /// What answers announces.
    pub tracker: TrackerSettings,
    /// What answers `usher member` and its like.
    pub admin: AdminSettings,
    /// The folder that is watched.
    pub items_dir: WatchedFolder,
    /// What the publisher is called.
    pub masthead: Masthead,
    /// How the pages look and what they say.
    pub appearance: Appearance,
    /// What a GiB from the publisher's own copy costs; `None` where the file does not say.
    pub bandwidth_price: Option<BandwidthPrice>,
    /// Where mail goes out; `None` where none is sent.
    pub mail: Option<MailSettings>,
    /// The site.
    pub web: WebSettings,
    /// Copies of the club.
    pub backup: BackupSettings,
    /// Bytes of history at most; 0 where none is kept.
    pub history_bytes: u64,
    /// Whether webhooks may be sent to private addresses.
    pub private_webhooks: bool,
    /// Where members pay.
    pub payments: PaymentSettings,
    /// How traffic is judged, and what is kept of where members were.
    pub standing: StandingSettings,
    /// What of every price is tax.
    pub tax: Option<club::Tax>,
    /// This and what is graver is logged.
    pub log_level: LogLevel,
    /// How log lines look.
    pub log_format: LogFormat,
    /// Tiers, policies, clients and ports: who may announce, and how they are seated.
    pub rules: Rules,
    /// What else belongs to each tier, in the order of the rules' tiers.
    pub terms: Vec<Terms>,
}

/// What answers announces.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TrackerSettings {
    /// The HTTP front.
    pub http: HttpSettings,
    /// The UDP front.
    pub udp: UdpSettings,
    /// What announce URLs begin with, where the file says; see [`Config::announce_url`].
    pub announce_url: Option<String>,
    /// From where a client's address is taken from `X-Forwarded-For` or a PROXY v2 header.
    pub trusted_proxies: Vec<Network>,
    /// Own networks and the public address, of the same family, that peers there are known by.
    pub nat: BTreeMap<Network, IpAddr>,
    /// Hard caps.
    pub limits: Limits,
    /// UDP threads and HTTP runtimes.
    pub workers: Workers,
    /// A peer that was silent for longer is forgotten. Whole seconds; longer than every tier's
    /// interval, and with `sweep_interval` under half of what the peer tables can tell apart.
    pub max_peer_age: Duration,
    /// Every table is swept once in so long. Whole seconds.
    pub sweep_interval: Duration,
    /// Swarms and sessions are written to disk once in so long.
    pub snapshot_interval: Duration,
    /// Members' traffic is written to the store once in so long.
    pub flush_interval: Duration,
    /// Whether a member's port answers.
    pub reachability: Reachability,
}

/// The HTTP front.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct HttpSettings {
    /// Where it listens; may be none if UDP does.
    pub listen: Vec<SocketAddr>,
    /// Serves HTTPS alone where it is there.
    pub tls: Option<Tls>,
}

/// The UDP front.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct UdpSettings {
    /// Where it listens; may be none if HTTP does.
    pub listen: Vec<SocketAddr>,
    /// How datagrams come in and go out.
    pub io: UdpIo,
}

/// What answers `usher member` and its like.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AdminSettings {
    /// The Unix socket of the command line.
    pub socket: PathBuf,
    /// Where the API, metrics and health are served.
    pub listen: SocketAddr,
    /// Serves HTTPS alone where it is there, as it must be anywhere but on a loopback address.
    pub tls: Option<Tls>,
    /// Requests a second of one token, at least 1.
    pub requests_per_token: u32,
}

impl AdminSettings {
    /// Whether others than this machine's own programs may connect.
    pub fn is_public(&self) -> bool {
        !self.listen.ip().to_canonical().is_loopback()
    }

    /// What URLs of the admin listener begin with.
    pub const fn scheme(&self) -> &'static str {
        if self.tls.is_some() { "https" } else { "http" }
    }
}

impl Config {
    /// What the announce URLs of members begin with; `/` and the passkey follow.
    ///
    /// `port` is the first HTTP listener's, or the first UDP listener's where there is none; the
    /// system may have chosen it.
    pub fn announce_url(&self, port: u16) -> String {
        if let Some(url) = &self.tracker.announce_url {
            return url.clone();
        }
        let scheme = match self.tracker.http.listen.as_slice() {
            [] => "udp",
            _ => self.public_url.scheme_str().unwrap_or("http"),
        };
        let host = self.public_url.host().unwrap_or("localhost");
        match (scheme, port) {
            ("http", 80) | ("https", 443) => format!("{scheme}://{host}/announce"),
            _ => format!("{scheme}://{host}:{port}/announce"),
        }
    }

    /// How traffic is judged, with the tiers that are sold and earned.
    pub fn reward_rules(&self) -> RewardRules {
        let StandingSettings { hold_secs, pool_permille, per_gib, line_rate, .. } = &self.standing;
        let sold = self.terms.iter().filter(|terms| terms.price.is_some());
        let earned = self.terms.iter().filter_map(|terms| {
            Some((terms.id.clone(), terms.earn.as_ref()?.verified_upload_30d.0))
        });
        RewardRules {
            line_rate: *line_rate,
            pool_permille: *pool_permille,
            per_gib: per_gib.clone(),
            hold_secs: *hold_secs,
            sold: sold.map(|terms| terms.id.clone()).collect(),
            earned: earned.collect(),
        }
    }

    /// After a window's end, how long until every client has said what it carried by then.
    pub fn longest_interval_secs(&self) -> u32 {
        let tiers = self.rules.tiers.iter();
        let longest = tiers.map(|tier| tier.intervals.regular_secs()).max().unwrap_or(0);
        // Jitter lengthens an interval by up to a tenth.
        longest + longest / 10
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::parse;

    #[test]
    fn announce_url_is_the_public_host_with_the_listeners_port() {
        check("", 6969, "http://localhost:6969/announce");
        check(
            "public_url: https://club.example.org/shop",
            7070,
            "https://club.example.org:7070/announce",
        );
        check("public_url: https://club.example.org", 443, "https://club.example.org/announce");
        check("public_url: http://[2001:db8::1]:8080", 80, "http://[2001:db8::1]/announce");
        check("tracker: {http: {listen: []}}", 6969, "udp://localhost:6969/announce");
    }

    #[test]
    fn announce_url_of_the_file_stands() {
        let file = "tracker: {announce_url: 'https://t.example.org/announce/'}";
        check(file, 6969, "https://t.example.org/announce");
    }

    #[test]
    fn what_is_sold_and_what_is_earned_comes_from_the_tiers() {
        let rules = Config::default().reward_rules();
        assert!(rules.sold.iter().eq(["patron"]));
        assert_eq!(rules.earned, [("seeder".to_owned(), 50 << 30)]);
        assert_eq!((rules.hold_secs, rules.pool_permille), (7 * 24 * 3600, 1000));
    }

    #[track_caller]
    fn check(file: &str, port: u16, expected: &str) {
        assert_eq!(config(file).announce_url(port), expected);
    }

    #[track_caller]
    fn config(file: &str) -> Config {
        Config::new(parse(file).unwrap(), Path::new("")).unwrap()
    }
}
