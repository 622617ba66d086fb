//! The overview's numbers: what memory counts now, beside what the store was asked for a moment ago.
//!
//! Deliberately absent: history, which is kept elsewhere.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use api::money::Money;
use api::stats::{AnnounceCount, MemoryUse, RefusalCount, Revenue, Stats, TrafficTotals};
use arc_swap::ArcSwapOption;
use club::{Amount, Currency, MoneyError, TransferredBytes};
use policy::{ItemId, Refusal};
use tokio::time::timeout;
use tracker::{CounterTotals, RouteTotals, Totals, Via};

use super::admin::{Admin, moment};
use super::cached::Cached;
use super::error::ApiError;
use super::money_view::money;
use super::swarm_table::{self, ItemLabels, SwarmTable};
use super::work_window::{WorkReading, WorkWindow};

/// What the overview's numbers are made of, beside the tracker's own.
pub(super) struct Overview {
    window: Mutex<WorkWindow>,
    online: Arc<Cached<u32>>,
    store: Arc<Cached<StoreNumbers>>,
    /// A store that did not answer is not asked before this second since the start.
    store_quiet_until: AtomicU32,
    bandwidth: ArcSwapOption<BandwidthPrice>,
    pub(super) swarms: Arc<Cached<SwarmTable>>,
    pub(super) labels: Arc<ArcSwapOption<ItemLabels>>,
}

/// What the store says.
pub(super) struct StoreNumbers {
    pub(super) bytes: BTreeMap<ItemId, TransferredBytes>,
    revenue: Vec<Revenue>,
}

/// What a GiB from the publisher's own copy costs.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct BandwidthPrice {
    /// In millionths of the currency, because a GiB may cost less than its smallest unit.
    millionths: u64,
    currency: Currency,
}

impl BandwidthPrice {
    /// Reads a price: digits, and a point with at most six decimals.
    ///
    /// # Errors
    ///
    /// There is no such currency; the amount is none, or 0.
    pub fn parse(amount: &str, currency: &str) -> Result<Self, MoneyError> {
        let currency = Currency::parse(currency)?;
        let (whole, decimals) = amount.split_once('.').unwrap_or((amount, ""));
        let is_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        let is_price = !whole.is_empty()
            && is_digits(whole)
            && is_digits(decimals)
            && whole.len() <= MAX_DIGITS
            && decimals.len() <= DECIMALS;
        let millionths = format!("{whole}{decimals:0<DECIMALS$}").parse().unwrap_or(0);
        if !is_price || millionths == 0 {
            return Err(MoneyError::Decimal(amount.to_owned()));
        }
        Ok(Self { millionths, currency })
    }

    /// What so many bytes would have cost, rounded down.
    fn of(self, bytes: u64) -> Amount {
        let units = 10_u128.pow(self.currency.exponent().into());
        let millionths = u128::from(bytes) * u128::from(self.millionths);
        let minor = millionths.saturating_mul(units) / (1_000_000 << 30);
        self.currency.minor(i64::try_from(minor).unwrap_or(i64::MAX))
    }
}

impl Overview {
    pub(super) fn new() -> Self {
        Self {
            window: Mutex::default(),
            online: Arc::new(Cached::new(ONLINE_PAUSE)),
            store: Arc::new(Cached::new(BOOKS_PAUSE)),
            store_quiet_until: AtomicU32::new(0),
            bandwidth: ArcSwapOption::empty(),
            swarms: swarm_table::cached(),
            labels: Arc::default(),
        }
    }
}

impl Admin {
    /// Takes down what the tracker did until now, for calling once a second with the time since the start.
    pub fn tick(&self, since_start: Duration) {
        let reading = WorkReading::of(&self.tracker, since_start);
        let mut window = self.overview.window.lock().unwrap_or_else(PoisonError::into_inner);
        window.push(reading);
        drop(window);
        let _ = self.overview.online.forget_unused();
        let _ = self.overview.store.forget_unused();
        if self.overview.swarms.forget_unused() {
            self.overview.labels.store(None);
        }
    }

    /// Sets what a GiB from the publisher's own copy costs, where the configuration says so.
    pub fn set_bandwidth_price(&self, price: Option<BandwidthPrice>) {
        self.overview.bandwidth.store(price.map(Arc::new));
    }

    /// What the store says of traffic and revenue; `None` while the database does not answer.
    pub(super) async fn store_numbers(&self) -> Option<Arc<StoreNumbers>> {
        let (club, now) = (Arc::clone(&self.club), self.now().unix);
        let read = async move || {
            let bytes = club.bytes_by_item().await?;
            let today = now - now % DAY;
            let sums = club.revenue_since(now.saturating_sub(30 * DAY), today).await?;
            let revenue = sums
                .into_iter()
                .map(|sum| Revenue { today: money(sum.recent), last_30_days: money(sum.all) });
            Ok::<_, club::Error>(StoreNumbers { bytes, revenue: revenue.collect() })
        };
        let (secs, quiet_until) = (self.now().secs, &self.overview.store_quiet_until);
        if secs < quiet_until.load(Ordering::Relaxed) {
            return None;
        }
        let numbers = timeout(MAX_WAIT, self.overview.store.get(read)).await;
        if !matches!(numbers, Ok(Ok(_))) {
            quiet_until.store(secs.saturating_add(QUIET_SECS), Ordering::Relaxed);
        }
        numbers.ok()?.ok()
    }

    /// The overview's numbers. Costs a look at every item, and now and then one at all sessions and at the books.
    ///
    /// # Errors
    ///
    /// The daemon is stopping.
    pub(super) async fn stats(&self) -> Result<Stats, ApiError> {
        let stopping = || ApiError::unprocessable("the daemon is stopping");
        let (tracker, now) = (Arc::clone(&self.tracker), self.now());
        let look = tokio::task::spawn_blocking(move || (tracker.totals(now), tracker.counted()));
        let (totals, counted) = look.await.map_err(|_| stopping())?;
        let tracker = Arc::clone(&self.tracker);
        let count = async move || {
            let counted = tokio::task::spawn_blocking(move || tracker.members_online()).await;
            counted.map(|members| u32::try_from(members).unwrap_or(u32::MAX))
        };
        let online = self.overview.online.get(count).await.map_err(|_| stopping())?;
        let books = self.store_numbers().await;
        let window = self.overview.window.lock().unwrap_or_else(PoisonError::into_inner);
        let recent = window.work();
        drop(window);
        let memory = self.tracker.memory();
        Ok(Stats {
            members_online: *online,
            alerts_open: self.club.open_alerts(),
            recent,
            traffic: books.as_deref().map(|books| self.traffic(books)),
            revenue: books.as_deref().map(|books| books.revenue.clone()),
            memory: MemoryUse { held: memory.used(), max: memory.max(), refused: memory.refused() },
            buffers: self.buffers(),
            proxy_faults: self.proxy_faults(),
            ..self.counts(&totals, &counted)
        })
    }

    /// What memory says alone.
    fn counts(&self, totals: &Totals, counted: &CounterTotals) -> Stats {
        let now = self.now();
        let used = |refusal: Refusal| {
            let count = Some(counted.refused_for(refusal)).filter(|count| *count > 0)?;
            let reason = refusal.name().to_owned();
            Some(RefusalCount { reason, why: self.refusal(refusal), count })
        };
        let mut refused: Vec<_> = Refusal::ALL.into_iter().filter_map(used).collect();
        refused.sort_by_key(|refusal| std::cmp::Reverse(refusal.count));
        Stats {
            at: moment(now.unix),
            uptime_secs: now.secs,
            swarms: totals.swarms,
            peers: totals.seeders().saturating_add(totals.leechers()),
            seeders: totals.seeders(),
            leechers: totals.leechers(),
            inside: totals.inside_seeders.saturating_add(totals.inside_leechers),
            outside: totals.outside_seeders.saturating_add(totals.outside_leechers),
            inside_seeders: totals.inside_seeders,
            inside_leechers: totals.inside_leechers,
            outside_seeders: totals.outside_seeders,
            outside_leechers: totals.outside_leechers,
            completions: totals.completions,
            endpoints_v4: totals.endpoints_v4,
            endpoints_v6: totals.endpoints_v6,
            sessions: totals.sessions,
            guards_active: totals.guards_active,
            announces_http: counted.announces(Via::Http),
            announces_udp: counted.announces(Via::Udp),
            announces: counted.routes.iter().map(announce_count).collect(),
            refused,
            scrapes_http: counted.scrapes_http,
            scrapes_udp: counted.scrapes_udp,
            peers_given: counted.peers_given,
            connects_udp: counted.connects,
            replies_udp: counted.replies_udp,
            unsent_udp: counted.unsent,
            kernel_drops: counted.kernel_drops,
            ring_overruns: counted.ring_overruns,
            malformed_http: counted.malformed_http,
            malformed_udp: counted.malformed_udp,
            unverified_udp: counted.unverified,
            limited: counted.limited,
            hid_seeders: counted.hid_seeders,
            members_online: 0,
            alerts_open: 0,
            recent: api::stats::RecentWork::default(),
            traffic: None,
            revenue: None,
            memory: MemoryUse::default(),
            buffers: MemoryUse::default(),
            proxy_faults: Vec::new(),
        }
    }

    fn traffic(&self, books: &StoreNumbers) -> TrafficTotals {
        let sum = |of: fn(&TransferredBytes) -> u64| {
            books.bytes.values().map(of).fold(0, u64::saturating_add)
        };
        let from_peers = sum(|bytes| bytes.from_peers);
        let price = self.overview.bandwidth.load();
        let saved: Option<Money> = price.as_deref().map(|price| money(price.of(from_peers)));
        TrafficTotals { from_peers, from_web_seed: sum(|bytes| bytes.from_web_seed), saved }
    }
}

fn announce_count(of: &RouteTotals) -> AnnounceCount {
    AnnounceCount {
        transport: transport(of.route.via).to_owned(),
        family: if of.route.is_ipv6 { "ipv6" } else { "ipv4" }.to_owned(),
        admitted: of.seated,
        refused: of.refused(),
    }
}

pub(super) const fn transport(via: Via) -> &'static str {
    match via {
        Via::Http => "http",
        Via::Udp => "udp",
    }
}

const ONLINE_PAUSE: Duration = Duration::from_secs(15);
const BOOKS_PAUSE: Duration = Duration::from_secs(60);
/// A database that does not answer keeps nobody from the other numbers for longer.
const MAX_WAIT: Duration = Duration::from_secs(2);
const QUIET_SECS: u32 = 10;
const DAY: u32 = 24 * 3600;
const DECIMALS: usize = 6;
const MAX_DIGITS: usize = 12;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_cost_what_the_price_of_a_gib_says() {
        for (price, currency, bytes, expected) in [
            ("0.02", "usd", 100 << 30, "2.00"),
            ("0.0085", "usd", 1 << 40, "8.70"),
            ("3", "jpy", 1 << 29, "1"),
            ("0.000001", "usd", 1 << 30, "0.00"),
            ("999999999999", "usd", u64::MAX, "92233720368547758.07"),
        ] {
            let price = BandwidthPrice::parse(price, currency).unwrap();
            assert_eq!(price.of(bytes).decimal(), expected, "{price:?} {bytes}");
        }
    }

    #[test]
    fn a_price_of_nothing_or_of_too_many_digits_is_none() {
        for price in ["", ".", "0", "0.0000001", "1.0000000", "-1", "1e3", "1,5", "1234567890123"] {
            assert!(BandwidthPrice::parse(price, "usd").is_err(), "{price}");
        }
        assert!(BandwidthPrice::parse("0.02", "xyz").is_err());
    }
}
