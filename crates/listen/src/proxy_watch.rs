//! Notices proxies that are set up wrong, behind which every client seems to have the proxy's address.
//!
//! There are two kinds. An address that is not trusted sends a header that names a client; and a trusted proxy names
//! nobody. Requests without such a header, from addresses that are not trusted, cost nothing here.
//!
//! Anybody on the internet may send such a header, so that one alone says nothing. It does from a loopback or private
//! address, which is a machine of the operator's. A public address must send much of all announces. Tables are of a
//! fixed size, and a table that is in use by another thread is left alone: counts are a lower bound.

use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use httparse::Header;

use crate::bounds::FORWARDED_FOR;
use crate::forwarded::{ClientHeader, TrustedProxies};
use crate::head::Head;
use crate::proxy_finding::{ProxyFault, ProxyFinding};

/// Notices proxies that are set up wrong.
#[derive(Debug, Default)]
pub struct ProxyWatch {
    untrusted: AtomicU64,
    unnamed: AtomicU64,
    tables: Mutex<Tables>,
}

#[derive(Debug, Default)]
struct Tables {
    /// Proxies of the operator's, and public addresses that sent much of all announces.
    known: Vec<SeenProxy>,
    /// Other addresses that sent such a header in this window, and how many requests each.
    strangers: Vec<(ProxyFinding, u64)>,
    /// When the window began, and how many announces there had been.
    window: (u32, u64),
}

#[derive(Debug)]
struct SeenProxy {
    finding: ProxyFinding,
    last_secs: u32,
    reported_secs: Option<u32>,
    /// Different clients of a silent proxy since then.
    clients: Vec<u32>,
    clients_since_secs: u32,
}

impl SeenProxy {
    fn is_certain(&self) -> bool {
        self.finding.fault != ProxyFault::Silent || self.clients.len() >= SEVERAL
    }
}

/// What [`ProxyWatch::judge`] found.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ProxyReport {
    /// The proxy.
    pub finding: ProxyFinding,
    /// Whether it was not reported before.
    pub is_new: bool,
}

impl ProxyWatch {
    /// The client behind a request, as [`TrustedProxies::client`] finds it. Notes what is wrong with a proxy that
    /// names its client, or should.
    #[inline]
    pub fn client(
        &self,
        head: &Head<'_, '_>,
        source: IpAddr,
        proxies: &TrustedProxies,
        now_secs: u32,
    ) -> IpAddr {
        match head.client_header {
            None => source,
            Some(header) => self.named(head.headers, header, source, proxies, now_secs),
        }
    }

    fn named(
        &self,
        headers: &[Header<'_>],
        header: ClientHeader,
        source: IpAddr,
        proxies: &TrustedProxies,
        now_secs: u32,
    ) -> IpAddr {
        let hops = || {
            let forwarded =
                headers.iter().filter(|header| header.name.eq_ignore_ascii_case(FORWARDED_FOR));
            forwarded.map(|header| header.value)
        };
        let client = proxies.client(source, hops());
        if !proxies.trusts(source) {
            self.untrusted(source, header, now_secs);
        } else if header != ClientHeader::ForwardedFor {
            self.unnamed(source, ProxyFault::OtherHeader(header), now_secs);
        } else if client == source && !TrustedProxies::names_somebody(hops()) {
            self.unnamed(source, ProxyFault::Unreadable, now_secs);
        }
        client
    }

    /// Notes a connection that begins with a PROXY header where none is read.
    #[cold]
    pub fn connection_begins(
        &self,
        bytes: &[u8],
        source: IpAddr,
        proxies: &TrustedProxies,
        now_secs: u32,
    ) {
        match ClientHeader::at_start_of(bytes) {
            None => {}
            Some(header) if !proxies.trusts(source) => self.untrusted(source, header, now_secs),
            // The second version was read before, or a proxy sent it twice.
            Some(ClientHeader::ProxyV2) => {}
            Some(header) => self.unnamed(source, ProxyFault::OtherHeader(header), now_secs),
        }
    }

    fn untrusted(&self, address: IpAddr, header: ClientHeader, now_secs: u32) {
        self.untrusted.fetch_add(1, Ordering::Relaxed);
        let finding = ProxyFinding { address, fault: ProxyFault::Untrusted(header) };
        let Ok(mut tables) = self.tables.try_lock() else { return };
        if is_own_network(address) || tables.known.iter().any(|known| known.finding == finding) {
            tables.note(finding, now_secs);
        } else {
            tables.note_stranger(finding);
        }
    }

    fn unnamed(&self, address: IpAddr, fault: ProxyFault, now_secs: u32) {
        self.unnamed.fetch_add(1, Ordering::Relaxed);
        if let Ok(mut tables) = self.tables.try_lock() {
            tables.note(ProxyFinding { address, fault }, now_secs);
        }
    }

    /// Notes that a trusted proxy passed on a request and named nobody. `client` tells clients apart as far as the
    /// request does; one alone may be a program on the proxy's own machine.
    pub fn silent(&self, address: IpAddr, client: u32, now_secs: u32) {
        self.unnamed.fetch_add(1, Ordering::Relaxed);
        let Ok(mut tables) = self.tables.try_lock() else { return };
        let finding = ProxyFinding { address, fault: ProxyFault::Silent };
        let Some(known) = tables.note(finding, now_secs) else { return };
        if known.is_certain() {
            return;
        }
        if now_secs.saturating_sub(known.clients_since_secs) > CLIENTS_SECS {
            known.clients.clear();
            known.clients_since_secs = now_secs;
        }
        if !known.clients.contains(&client) {
            known.clients.push(client);
        }
    }

    /// Returns what is to be reported: each proxy when it is found, and again every hour while it lasts. Forgets what
    /// a change of the trusted `proxies` has settled. `announces` counts all announces over HTTP.
    pub fn judge(
        &self,
        now_secs: u32,
        proxies: &TrustedProxies,
        announces: impl FnOnce() -> u64,
    ) -> Vec<ProxyReport> {
        let mut tables = self.tables();
        let tables = &mut *tables;
        if now_secs.saturating_sub(tables.window.0) >= WINDOW_SECS {
            let announces = announces();
            let all = announces.saturating_sub(tables.window.1);
            tables.window = (now_secs, announces);
            for (finding, requests) in std::mem::take(&mut tables.strangers) {
                if requests >= LEAST_REQUESTS && requests.saturating_mul(SHARE) >= all {
                    tables.note(finding, now_secs);
                }
            }
        }
        tables.known.retain(|SeenProxy { finding, last_secs, .. }| {
            let is_of_untrusted = matches!(finding.fault, ProxyFault::Untrusted(_));
            is_of_untrusted != proxies.trusts(finding.address)
                && now_secs.saturating_sub(*last_secs) < FORGOTTEN_SECS
        });
        let mut reports = Vec::new();
        for known in tables.known.iter_mut().filter(|known| known.is_certain()) {
            let is_new = known.reported_secs.is_none();
            // It was seen since the last report, and that was long ago.
            let is_due = known.reported_secs.is_none_or(|reported| {
                known.last_secs > reported && now_secs.saturating_sub(reported) >= AGAIN_SECS
            });
            if is_due {
                known.reported_secs = Some(now_secs);
                reports.push(ProxyReport { finding: known.finding, is_new });
            }
        }
        reports
    }

    /// The proxies that were reported, as long as they were seen in the last two hours.
    pub fn findings(&self) -> Vec<ProxyFinding> {
        let tables = self.tables();
        let reported = tables.known.iter().filter(|known| known.reported_secs.is_some());
        reported.map(|known| known.finding).collect()
    }

    /// Requests that named a client, from addresses that are not trusted.
    pub fn untrusted_requests(&self) -> u64 {
        self.untrusted.load(Ordering::Relaxed)
    }

    /// Requests of trusted proxies that named no client.
    pub fn unnamed_requests(&self) -> u64 {
        self.unnamed.load(Ordering::Relaxed)
    }

    fn tables(&self) -> MutexGuard<'_, Tables> {
        self.tables.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Tables {
    fn note(&mut self, finding: ProxyFinding, now_secs: u32) -> Option<&mut SeenProxy> {
        let place = self.known.iter().position(|known| known.finding == finding);
        let place = place.unwrap_or(self.known.len());
        if place == self.known.len() {
            if place >= MAX_KNOWN {
                return None;
            }
            let (last_secs, clients_since_secs) = (now_secs, now_secs);
            self.known.push(SeenProxy {
                finding,
                last_secs,
                reported_secs: None,
                clients: Vec::new(),
                clients_since_secs,
            });
        }
        let known = self.known.get_mut(place)?;
        known.last_secs = now_secs;
        Some(known)
    }

    /// Counts the most frequent of any number of strangers (Misra and Gries): whoever sends more than one in
    /// [`MAX_STRANGERS`] requests of all that name a client keeps an entry.
    fn note_stranger(&mut self, finding: ProxyFinding) {
        if let Some((_, requests)) =
            self.strangers.iter_mut().find(|(stranger, _)| *stranger == finding)
        {
            *requests += 1;
        } else if self.strangers.len() < MAX_STRANGERS {
            self.strangers.push((finding, 1));
        } else {
            self.strangers.retain_mut(|(_, requests)| {
                *requests -= 1;
                *requests > 0
            });
        }
    }
}

/// Whether an address belongs to a machine of the operator's: loopback, private, link-local, or the shared space of
/// carriers and overlays (RFC 6598).
pub(crate) fn is_own_network(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(ip) => {
            let [first, second, ..] = ip.octets();
            ip.is_loopback()
                || ip.is_private()
                || ip.is_link_local()
                || (first == 100 && second & 0xc0 == 64)
        }
        IpAddr::V6(ip) => ip.is_loopback() || ip.is_unique_local() || ip.is_unicast_link_local(),
    }
}

/// Maximum proxies that are remembered; further ones are counted alone.
const MAX_KNOWN: usize = 16;
/// Maximum strangers whose requests are counted in a window.
const MAX_STRANGERS: usize = 16;
/// How long requests of strangers are counted before they are compared with all announces.
const WINDOW_SECS: u32 = 60;
/// Minimum requests of a stranger in a window.
const LEAST_REQUESTS: u64 = 100;
/// A stranger's requests are at least one in so many announces.
const SHARE: u64 = 4;
/// Clients of a silent proxy that are several.
const SEVERAL: usize = 8;
/// How long these are counted: every client announces at least once in it.
const CLIENTS_SECS: u32 = 3600;
/// How soon the same is reported again.
const AGAIN_SECS: u32 = 3600;
/// How long a proxy is remembered that is not seen.
const FORGOTTEN_SECS: u32 = 2 * 3600;

#[cfg(test)]
mod tests {
    use httparse::EMPTY_HEADER;

    use super::*;
    use crate::bounds::MAX_HEADERS;
    use crate::head::{self, Parsed};

    #[test]
    fn a_private_address_that_names_clients_is_a_proxy_that_is_not_trusted() {
        for address in [
            "127.0.0.1",
            "192.168.1.2",
            "172.17.0.1",
            "169.254.1.1",
            "100.64.0.1",
            "::1",
            "fd00::1",
            "fe80::1",
        ] {
            for (headers, header) in [
                ("X-Forwarded-For: 203.0.113.5\r\n", ClientHeader::ForwardedFor),
                ("x-real-ip: 203.0.113.5\r\n", ClientHeader::RealIp),
                ("Forwarded: for=203.0.113.5\r\n", ClientHeader::Forwarded),
                (
                    "X-Forwarded-For: 203.0.113.5\r\nX-Real-IP: 203.0.113.5\r\n",
                    ClientHeader::ForwardedFor,
                ),
            ] {
                let watch = ProxyWatch::default();
                assert_eq!(ask(&watch, address, headers), address.parse::<IpAddr>().unwrap());
                reports(&watch, 2, &[(address, ProxyFault::Untrusted(header))]);
                assert_eq!((watch.untrusted_requests(), watch.unnamed_requests()), (1, 0));
            }
        }
    }

    #[test]
    fn a_request_that_names_nobody_is_nothing() {
        let watch = ProxyWatch::default();
        ask(&watch, "127.0.0.1", "Accept-Encoding: gzip\r\nX-Request: 1\r\n");
        reports(&watch, 2, &[]);
        assert_eq!((watch.untrusted_requests(), watch.unnamed_requests()), (0, 0));
    }

    #[test]
    fn a_stranger_is_one_only_with_much_of_all_announces() {
        let finding = ("203.0.113.9", ProxyFault::Untrusted(ClientHeader::ForwardedFor));
        let check = |requests: u64, announces: u64, expected: &[(&str, ProxyFault)]| {
            let watch = ProxyWatch::default();
            ask_often(&watch, finding.0, requests);
            let found: Vec<_> = watch
                .judge(60, &proxies(), || announces)
                .iter()
                .map(|report| report.finding)
                .collect();
            assert_eq!(
                found,
                expected.iter().map(proxy).collect::<Vec<_>>(),
                "{requests} of {announces}"
            );
        };
        check(100, 400, &[finding]);
        check(100, 401, &[]);
        check(99, 99, &[]);
        check(1, 1, &[]);
        check(1000, 100_000, &[]);
    }

    #[test]
    fn a_stranger_is_judged_by_each_minute_alone() {
        let watch = ProxyWatch::default();
        for minute in 1..=10 {
            ask_often(&watch, "203.0.113.9", 99);
            assert_eq!(watch.judge(minute * 60, &proxies(), || u64::from(minute) * 99), []);
        }
    }

    #[test]
    fn many_strangers_take_no_memory_and_hide_nobody() {
        let watch = ProxyWatch::default();
        for request in 0..10_000_u32 {
            let forger = format!("198.18.{}.{}", request >> 8, request & 255);
            ask(&watch, &forger, "X-Forwarded-For: 1.1.1.1\r\n");
            ask(&watch, "203.0.113.9", "X-Forwarded-For: 1.1.1.1\r\n");
        }
        assert!(watch.tables().strangers.len() <= MAX_STRANGERS);
        reports(&watch, 60, &[("203.0.113.9", ProxyFault::Untrusted(ClientHeader::ForwardedFor))]);
    }

    #[test]
    fn as_many_proxies_as_there_is_room_for_are_remembered() {
        let watch = ProxyWatch::default();
        for host in 0..40 {
            ask(&watch, &format!("192.168.0.{host}"), "X-Forwarded-For: 1.1.1.1\r\n");
        }
        assert_eq!(watch.judge(2, &proxies(), || 0).len(), MAX_KNOWN);
        assert_eq!(watch.untrusted_requests(), 40);
    }

    #[test]
    fn a_trusted_proxy_names_its_clients_in_the_header_that_is_read() {
        for (headers, fault) in [
            ("X-Real-IP: 203.0.113.5\r\n", Some(ProxyFault::OtherHeader(ClientHeader::RealIp))),
            (
                "Forwarded: for=203.0.113.5\r\n",
                Some(ProxyFault::OtherHeader(ClientHeader::Forwarded)),
            ),
            ("X-Forwarded-For: unix:\r\n", Some(ProxyFault::Unreadable)),
            ("X-Forwarded-For:\r\n", Some(ProxyFault::Unreadable)),
            ("X-Forwarded-For: 203.0.113.5\r\n", None),
            ("X-Forwarded-For: nonsense, 203.0.113.5\r\nX-Real-IP: 203.0.113.5\r\n", None),
            // Whoever asks from the proxy's own machine.
            ("X-Forwarded-For: 10.0.0.1\r\n", None),
        ] {
            let watch = ProxyWatch::default();
            ask(&watch, "10.0.0.1", headers);
            let fault = fault.map(|fault| ("10.0.0.1", fault));
            reports(&watch, 2, fault.as_slice());
        }
    }

    #[test]
    fn a_silent_proxy_is_told_from_a_client_beside_it_by_its_many_clients() {
        let watch = ProxyWatch::default();
        let address = "10.0.0.1".parse().unwrap();
        let silent = ("10.0.0.1", ProxyFault::Silent);
        (0..1000).for_each(|_| watch.silent(address, 6881, 1));
        reports(&watch, 2, &[]);
        (1..7).for_each(|port| watch.silent(address, port, 2));
        reports(&watch, 4, &[]);
        // They were seen in another hour.
        watch.silent(address, 7, 2 + CLIENTS_SECS);
        reports(&watch, 3 + CLIENTS_SECS, &[]);
        (1..=8).for_each(|port| watch.silent(address, port, 4 + CLIENTS_SECS));
        reports(&watch, 5 + CLIENTS_SECS, &[silent]);
    }

    #[test]
    fn a_proxy_header_is_known_by_its_beginning() {
        let proxies = proxies();
        let check = |source: &str, bytes: &[u8], fault: Option<ProxyFault>| {
            let watch = ProxyWatch::default();
            watch.connection_begins(bytes, source.parse().unwrap(), &proxies, 1);
            reports(&watch, 2, fault.map(|fault| (source, fault)).as_slice());
        };
        let (first, second) = (b"PROXY TCP4 1.1.1.1", b"\r\n\r\n\0\r\nQUIT\n\x21\x11");
        check("127.0.0.1", first, Some(ProxyFault::Untrusted(ClientHeader::ProxyV1)));
        check("127.0.0.1", second, Some(ProxyFault::Untrusted(ClientHeader::ProxyV2)));
        check("10.0.0.1", first, Some(ProxyFault::OtherHeader(ClientHeader::ProxyV1)));
        check("10.0.0.1", second, None);
        check("127.0.0.1", b"nonsense", None);
        check("127.0.0.1", b"", None);
    }

    #[test]
    fn the_same_is_reported_once_an_hour_while_it_lasts() {
        let watch = ProxyWatch::default();
        let mut reported = Vec::new();
        for now in (0..4 * 3600).step_by(60) {
            ask_at(&watch, "127.0.0.1", "X-Real-IP: 203.0.113.5\r\n", now);
            reported.extend(
                watch.judge(now, &proxies(), || 0).iter().map(|report| (now, report.is_new)),
            );
        }
        assert_eq!(reported, [(0, true), (3600, false), (7200, false), (10_800, false)]);
        assert_eq!(watch.findings().len(), 1);
        assert_eq!(watch.judge(6 * 3600, &proxies(), || 0), []);
        assert_eq!(watch.findings(), []);
    }

    #[test]
    fn a_proxy_that_is_trusted_after_all_is_no_finding_any_more() {
        let watch = ProxyWatch::default();
        ask(&watch, "127.0.0.1", "X-Forwarded-For: 203.0.113.5\r\n");
        ask(&watch, "10.0.0.1", "X-Real-IP: 203.0.113.5\r\n");
        assert_eq!(watch.judge(2, &proxies(), || 0).len(), 2);
        let swapped = TrustedProxies::new(vec!["127.0.0.0/8".parse().unwrap()]);
        assert_eq!(watch.judge(4, &swapped, || 0), []);
        assert_eq!(watch.findings(), []);
    }

    fn proxies() -> TrustedProxies {
        TrustedProxies::new(vec!["10.0.0.0/8".parse().unwrap()])
    }

    fn ask(watch: &ProxyWatch, source: &str, headers: &str) -> IpAddr {
        ask_at(watch, source, headers, 1)
    }

    fn ask_often(watch: &ProxyWatch, source: &str, requests: u64) {
        for _ in 0..requests {
            ask(watch, source, "X-Forwarded-For: 1.1.1.1\r\n");
        }
    }

    /// Who asks, by a request with these headers from `source`.
    fn ask_at(watch: &ProxyWatch, source: &str, headers: &str, now_secs: u32) -> IpAddr {
        let request = format!("GET /announce HTTP/1.1\r\nHost: t\r\n{headers}\r\n");
        let mut room = [EMPTY_HEADER; MAX_HEADERS];
        let Parsed::Head(head) = head::read(request.as_bytes(), &mut room) else {
            panic!("{request:?}")
        };
        watch.client(&head, source.parse().unwrap(), &proxies(), now_secs)
    }

    fn proxy((address, fault): &(&str, ProxyFault)) -> ProxyFinding {
        ProxyFinding { address: address.parse().unwrap(), fault: *fault }
    }

    #[track_caller]
    fn reports(watch: &ProxyWatch, now_secs: u32, expected: &[(&str, ProxyFault)]) {
        let found: Vec<_> =
            watch.judge(now_secs, &proxies(), || 0).iter().map(|report| report.finding).collect();
        assert_eq!(found, expected.iter().map(proxy).collect::<Vec<_>>());
    }
}
