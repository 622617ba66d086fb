//! From the shape of a file to settings that can stand together.

use std::net::IpAddr;
use std::path::Path;
use std::time::Duration;

use http::Uri;
use http::uri::Authority;
use policy::{ClientList, PeerIdPrefix, Policies, PortSet, Rules, Tiers};
use swarm::Tick;

use super::database::Database;
use super::invalid::{Invalid, whole_seconds, within};
use super::listeners::Addresses;
use super::raw::{Clients, Raw, RawAdmin, RawTracker, RawUnknownTorrents, Reachability, Tls};
use super::settings::{AdminSettings, Config, HttpSettings, TrackerSettings, UdpSettings};
use super::units::{Network, Size};
use super::{backup, goods, history, mail, payments, policies, site, standing, tax, tiers, web};

impl Config {
    /// Checks what a file says. Relative paths are taken from `folder`, where the file lies.
    ///
    /// # Errors
    ///
    /// Names the first key whose value is refused.
    pub fn new(raw: Raw, folder: &Path) -> Result<Self, Invalid> {
        config(raw, folder)
    }
}

impl Default for Config {
    fn default() -> Self {
        #[expect(clippy::expect_used, reason = "a constant; `the_defaults_pass` makes it once")]
        Self::new(Raw::default(), Path::new("")).expect("the defaults pass their own checks")
    }
}

fn config(raw: Raw, folder: &Path) -> Result<Config, Invalid> {
    listeners(&raw)?;
    let (tiers, terms) = tiers::resolve(raw.tiers)?;
    let policies = policies::resolve(raw.policies)?;
    if raw.state_dir.as_os_str().is_empty() {
        return Err(Invalid::new(
            "state_dir",
            "empty: name a folder, which is made where it is not",
        ));
    }
    let state_dir = folder.join(raw.state_dir);
    let home = raw.public_url.trim_end_matches('/');
    let payments = payments::resolve(raw.payments, &terms, home, folder)?;
    let offers = site::tier_offers(&tiers, &terms, &payments.plans);
    let bandwidth_price = site::bandwidth_price(raw.site.bandwidth_price.as_ref())?;
    let (masthead, appearance) = site::resolve(raw.site, payments.form_targets(), offers, folder)?;
    Ok(Config {
        secret_file: within(folder, raw.secret_file).unwrap_or_else(|| state_dir.join("secret")),
        database: Database::new(raw.database, raw.database_file, folder)?,
        public_url: public_url(&raw.public_url)?,
        rules: Rules {
            grace_secs: standing::grace_secs(raw.membership)?,
            ..rules(&raw.tracker, &tiers, policies)?
        },
        tracker: tracker(raw.tracker, &tiers, folder)?,
        admin: admin(raw.admin, &state_dir, folder)?,
        items_dir: goods::items_dir(raw.items_dir, raw.items_settle, folder)?,
        masthead,
        appearance,
        bandwidth_price,
        mail: mail::resolve(raw.mail, folder)?,
        web: web::resolve(&raw.web)?,
        backup: backup::resolve(raw.backup, &state_dir, folder)?,
        history_bytes: history::max_bytes(raw.history)?,
        private_webhooks: raw.webhooks.allow_private,
        payments,
        standing: standing::resolve(raw.rewards, raw.leaks, raw.privacy)?,
        tax: tax::resolve(raw.tax)?,
        log_level: raw.log.level,
        log_format: raw.log.format,
        terms,
        state_dir,
    })
}

fn listeners(raw: &Raw) -> Result<(), Invalid> {
    Addresses::default()
        .with("tracker.http.listen", &raw.tracker.http.listen)
        .with("admin.listen", &[raw.admin.listen])
        .with("web.listen", &[raw.web.listen])
        .checked()?;
    Addresses::default().with("tracker.udp.listen", &raw.tracker.udp.listen).checked()
}

fn rules(raw: &RawTracker, tiers: &Tiers, policies: Policies) -> Result<Rules, Invalid> {
    let ports = raw.forbidden_ports.iter().map(|range| range.first..=range.last).collect();
    let at_ports = |why: String| Invalid::new("tracker.forbidden_ports", why);
    let forbidden_ports = PortSet::new(ports).map_err(|error| at_ports(error.to_string()))?;
    if (1..=u16::MAX).all(|port| forbidden_ports.contains(port)) {
        let why = "every port is forbidden, so nobody could announce: leave out those of clients";
        return Err(at_ports(why.to_owned()));
    }
    Ok(Rules {
        tiers: tiers.clone(),
        policies,
        clients: clients(&raw.clients)?,
        forbidden_ports,
        enforce_min_interval: raw.enforce_min_interval,
        unknown_torrents: match raw.unknown_torrents {
            RawUnknownTorrents::Deny => policy::UnknownTorrents::Deny,
            RawUnknownTorrents::Free => policy::UnknownTorrents::Free,
        },
        ..Rules::default()
    })
}

fn tracker(raw: RawTracker, tiers: &Tiers, folder: &Path) -> Result<TrackerSettings, Invalid> {
    if raw.http.listen.is_empty() && raw.udp.listen.is_empty() {
        return Err(Invalid::new("tracker.http.listen", "empty, and so is tracker.udp.listen"));
    }
    let http_tls = raw.http.tls.map(|tls| tls_in(folder, tls));
    for (network, address) in &raw.nat {
        nat(network, address)?;
    }
    reachability(&raw.reachability)?;
    if raw.limits.buffer_memory < LEAST_BUFFER_MEMORY {
        let why = format!("at least {LEAST_BUFFER_MEMORY}");
        return Err(Invalid::new("tracker.limits.buffer_memory", why));
    }
    for (key, interval) in [
        ("tracker.snapshot_interval", raw.snapshot_interval),
        ("tracker.flush_interval", raw.flush_interval),
    ] {
        if interval < SHORTEST_TASK || interval > LONGEST_TASK {
            let why = format!("from {SHORTEST_TASK:?} to {LONGEST_TASK:?}, not {interval:?}");
            return Err(Invalid::new(key, why));
        }
    }
    Ok(TrackerSettings {
        http: HttpSettings { listen: raw.http.listen, tls: http_tls },
        udp: UdpSettings { listen: raw.udp.listen, io: raw.udp.io },
        announce_url: raw.announce_url.as_deref().map(announce_url).transpose()?,
        trusted_proxies: raw.trusted_proxies,
        nat: raw.nat,
        limits: raw.limits,
        workers: raw.workers,
        max_peer_age: max_peer_age(raw.max_peer_age, raw.sweep_interval, tiers)?,
        sweep_interval: raw.sweep_interval,
        snapshot_interval: raw.snapshot_interval,
        flush_interval: raw.flush_interval,
        reachability: raw.reachability,
    })
}

/// The age limit: long enough for every tier's interval, short enough for the peer tables.
fn max_peer_age(
    asked_for: Option<Duration>,
    sweep_interval: Duration,
    tiers: &Tiers,
) -> Result<Duration, Invalid> {
    // Ages beyond half the peer tables' ring of ticks would look like ages to come.
    let half_ring = Duration::from_secs(Tick::HALF_RING_SECS.into());
    let range = Duration::from_secs(1)..=half_ring;
    whole_seconds("tracker.sweep_interval", sweep_interval, &range)?;
    let longest = tiers.iter().map(|tier| tier.intervals.regular_secs()).max().unwrap_or(0);
    let two_and_a_quarter = Duration::from_secs(u64::from(longest) * 9 / 4);
    let age = asked_for.unwrap_or(two_and_a_quarter);
    let age_secs = whole_seconds("tracker.max_peer_age", age, &range)?;
    // Jitter lengthens an interval by up to a tenth.
    if age_secs <= longest + longest / 10 {
        let why = format!("{age:?} forgets peers between two announces, {longest}s apart");
        return Err(Invalid::new("tracker.max_peer_age", why));
    }
    if age + sweep_interval >= half_ring {
        let why = format!("{age:?} with sweep_interval must stay under {half_ring:?}");
        return Err(Invalid::new("tracker.max_peer_age", why));
    }
    Ok(age)
}

fn admin(raw: RawAdmin, state_dir: &Path, folder: &Path) -> Result<AdminSettings, Invalid> {
    if raw.requests_per_token == 0 {
        return Err(Invalid::new("admin.requests_per_token", "at least 1"));
    }
    if !raw.listen.ip().to_canonical().is_loopback() && raw.tls.is_none() {
        let why = format!(
            "{} is not a loopback address, and tokens would cross the network in the clear: name a \
             certificate and its key in admin.tls, or listen on 127.0.0.1",
            raw.listen.ip()
        );
        return Err(Invalid::new("admin.listen", why));
    }
    if raw.socket.as_ref().is_some_and(|path| path.as_os_str().is_empty()) {
        let why = "empty: name a path, or leave it out for `admin.sock` in state_dir";
        return Err(Invalid::new("admin.socket", why));
    }
    let socket = within(folder, raw.socket).unwrap_or_else(|| state_dir.join("admin.sock"));
    let length = socket.as_os_str().len();
    if length > MAX_SOCKET {
        let path = socket.display();
        let why = format!(
            "{path} has {length} bytes, and a Unix socket's path {MAX_SOCKET} at most: name a \
             shorter one, such as /run/usher.sock"
        );
        return Err(Invalid::new("admin.socket", why));
    }
    let tls = raw.tls.map(|tls| tls_in(folder, tls));
    let RawAdmin { listen, requests_per_token, .. } = raw;
    Ok(AdminSettings { socket, listen, tls, requests_per_token })
}

/// With both files taken from `folder`.
fn tls_in(folder: &Path, tls: Tls) -> Tls {
    Tls { certificate: folder.join(tls.certificate), key: folder.join(tls.key) }
}

fn nat(network: &Network, address: &IpAddr) -> Result<(), Invalid> {
    let key = || format!("tracker.nat.{network}");
    if network.0.addr().is_ipv4() != address.is_ipv4() {
        return Err(Invalid::new(key(), format!("{address} is of the other address family")));
    }
    if address.is_unspecified() || address.is_multicast() {
        return Err(Invalid::new(key(), format!("{address} is no host's address")));
    }
    Ok(())
}

fn clients(clients: &Clients) -> Result<ClientList, Invalid> {
    let prefixes = |list: &str, prefixes: &[String]| -> Result<Vec<_>, Invalid> {
        let prefix = |(index, text): (usize, &String)| {
            PeerIdPrefix::new(text.as_bytes()).ok_or_else(|| {
                let why = format!("`{text}` is not the first 1 to 20 bytes of a peer id");
                Invalid::new(format!("tracker.clients.{list}[{index}]"), why)
            })
        };
        prefixes.iter().enumerate().map(prefix).collect()
    };
    let allow = prefixes("allow", &clients.allow)?;
    let deny = prefixes("deny", &clients.deny)?;
    ClientList::new(allow, deny).map_err(|error| Invalid::new("tracker.clients", error.to_string()))
}

fn reachability(check: &Reachability) -> Result<(), Invalid> {
    if check.at_once == 0 {
        return Err(Invalid::new("tracker.reachability.at_once", "at least 1"));
    }
    let second = Duration::from_secs(1);
    whole_seconds("tracker.reachability.timeout", check.timeout, &(second..=second * 60))?;
    whole_seconds("tracker.reachability.keep", check.keep, &(second..=LONGEST_TASK))?;
    Ok(())
}

fn public_url(text: &str) -> Result<Uri, Invalid> {
    let fails = || Invalid::new("public_url", format!("`{text}` is not {URL}"));
    let url: Uri = text.parse().map_err(|_| fails())?;
    let plain = matches!(url.scheme_str(), Some("http" | "https"))
        && url.host().is_some_and(|host| !host.is_empty())
        && url.query().is_none()
        && has_port(&url)
        && !url.authority().is_some_and(|authority| authority.as_str().contains('@'));
    if plain { Ok(url) } else { Err(fails()) }
}

/// The URL without a last `/`.
fn announce_url(text: &str) -> Result<String, Invalid> {
    let fails = || Invalid::new("tracker.announce_url", format!("`{text}` is not {URL}"));
    let url: Uri = text.parse().map_err(|_| fails())?;
    let plain = matches!(url.scheme_str(), Some("http" | "https" | "udp"))
        && url.host().is_some_and(|host| !host.is_empty())
        && url.query().is_none()
        && has_port(&url);
    if plain { Ok(text.trim_end_matches('/').to_owned()) } else { Err(fails()) }
}

/// Whether what is behind the host, if anything, is a port that there can be.
fn has_port(url: &Uri) -> bool {
    let bare = |authority: &Authority| authority.as_str().ends_with(authority.host());
    url.authority().is_some_and(|all| bare(all) || all.port_u16().is_some())
}

/// Enough for some clients at once, whatever each may hold.
const LEAST_BUFFER_MEMORY: Size = Size(1 << 20);
const SHORTEST_TASK: Duration = Duration::from_millis(100);
const LONGEST_TASK: Duration = Duration::from_secs(24 * 3600);
/// The most bytes of a Unix socket's path on Linux, the 0 at its end left out.
const MAX_SOCKET: usize = 107;
const URL: &str = "a URL such as https://club.example.org, without a query";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::parse;

    #[test]
    fn the_defaults_pass() {
        assert_eq!(Config::default(), check("").unwrap());
    }

    #[test]
    fn peers_are_forgotten_after_two_and_a_quarter_of_the_longest_interval() {
        let interval = |text| format!("tiers: [{{id: outsider, announce: {{interval: {text}}}}}]");
        let age = |file: &str| check(file).unwrap().tracker.max_peer_age;
        assert_eq!(age(&interval("40m")), Duration::from_secs(90 * 60));
        assert_eq!(age("tracker: {max_peer_age: 1h}"), Duration::from_secs(3600));
        assert!(check(&interval("3h")).is_ok());
    }

    #[test]
    fn age_limit_and_sweep_stay_under_half_the_ring() {
        assert!(check("tracker: {max_peer_age: 32640s, sweep_interval: 127s}").is_ok());
        refuses(
            "tracker: {max_peer_age: 32640s, sweep_interval: 128s}",
            "tracker.max_peer_age: 32640s with sweep_interval",
        );
        refuses("tracker: {sweep_interval: 10h}", "tracker.sweep_interval: ");
        refuses("tracker: {sweep_interval: 1500ms}", "tracker.sweep_interval: ");
    }

    #[test]
    fn peers_outlive_the_longest_interval() {
        assert!(check("tracker: {max_peer_age: 33m1s}").is_ok());
        refuses("tracker: {max_peer_age: 33m}", "tracker.max_peer_age: 1980s forgets peers");
    }

    #[test]
    fn settings_that_cannot_stand_are_named() {
        refuses("tracker: {http: {listen: []}, udp: {listen: []}}", "tracker.http.listen: empty");
        refuses("tracker: {flush_interval: 1ms}", "tracker.flush_interval: ");
        refuses("tracker: {snapshot_interval: 25h}", "tracker.snapshot_interval: ");
        refuses("tracker: {nat: {10.0.0.0/8: '::1'}}", "tracker.nat.10.0.0.0/8: ");
        refuses("tracker: {nat: {10.0.0.0/8: 0.0.0.0}}", "tracker.nat.10.0.0.0/8: ");
        refuses("tracker: {clients: {deny: ['-XL', '']}}", "tracker.clients.deny[1]: ");
        refuses("tracker: {reachability: {at_once: 0}}", "tracker.reachability.at_once: ");
        refuses("tracker: {reachability: {timeout: 2m}}", "tracker.reachability.timeout: ");
        refuses("state_dir: ''", "state_dir: empty");
        refuses("admin: {listen: '192.0.2.1:6970'}", "admin.listen: 192.0.2.1 is not a loopback");
        refuses("admin: {requests_per_token: 0}", "admin.requests_per_token: ");
        for every in ["1-65535", "40000-65535, 2-50000, 1"] {
            let file = format!("tracker: {{forbidden_ports: [{every}]}}");
            refuses(&file, "tracker.forbidden_ports: every port is forbidden");
        }
        assert!(check("tracker: {forbidden_ports: [1-6880, 6882-65535]}").is_ok());
    }

    #[test]
    fn the_admin_socket_has_a_path_that_sockets_can_have() {
        let socket = |len: usize| format!("admin: {{socket: /{}}}", "s".repeat(len - 1));
        assert!(check(&socket(107)).is_ok());
        refuses(&socket(108), "admin.socket: /sss");
        let deep = format!("state_dir: /{}", "d".repeat(100));
        refuses(&deep, "admin.socket: /ddd");
        refuses("admin: {socket: ''}", "admin.socket: empty");
        assert!(check(&format!("{deep}\nadmin: {{socket: /run/usher.sock}}")).is_ok());
    }

    #[test]
    fn urls_name_scheme_and_host_and_hold_no_query() {
        for url in [
            "club.example.org",
            "ftp://a",
            "http://a/?b",
            "http://ada:pw@a",
            "/a",
            "''",
            "http://a:70000",
        ] {
            refuses(&format!("public_url: {url}"), "public_url: ");
        }
        for url in
            ["t.example.org", "http://t/announce?key=1", "wss://t/announce", "udp://[::1]:65536"]
        {
            refuses(&format!("tracker: {{announce_url: '{url}'}}"), "tracker.announce_url: ");
        }
    }

    #[test]
    fn listeners_have_addresses_of_their_own() {
        refuses("admin: {listen: '127.0.0.1:6969'}", "admin.listen: 127.0.0.1:6969 is taken by");
        refuses("web: {listen: '127.0.0.1:6970'}", "web.listen: ");
        let twice = "tracker: {udp: {listen: ['[::1]:6969', '[::1]:6969']}}";
        refuses(twice, "tracker.udp.listen: [::1]:6969 stands there twice");
        assert!(check("public_url: 'http://[::1]:65535/shop'").is_ok());
    }

    #[test]
    fn the_admin_listener_leaves_loopback_with_a_certificate() {
        let tls = "tls: {certificate: a.pem, key: /b.pem}";
        let file = format!("admin: {{listen: '192.0.2.1:6970', {tls}}}");
        let checked = config(parse(&file).unwrap(), Path::new("/etc/usher")).unwrap().admin;
        let tls = checked.tls.as_ref().unwrap();
        assert_eq!(tls.certificate, Path::new("/etc/usher/a.pem"));
        assert_eq!(tls.key, Path::new("/b.pem"));
        assert!(checked.is_public() && !Config::default().admin.is_public());
    }

    #[test]
    fn loopback_is_of_either_family() {
        for listen in ["127.0.0.2:0", "[::1]:6970", "[::ffff:127.0.0.1]:6970"] {
            assert!(check(&format!("admin: {{listen: '{listen}'}}")).is_ok(), "{listen}");
        }
    }

    #[track_caller]
    fn refuses(file: &str, expected: &str) {
        let message = check(file).unwrap_err().to_string();
        assert!(message.starts_with(expected), "{message}");
    }

    #[track_caller]
    fn check(file: &str) -> Result<Config, Invalid> {
        config(parse(file).unwrap(), Path::new(""))
    }
}
