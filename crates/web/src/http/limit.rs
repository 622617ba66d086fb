//! How often one network, and one account, may do what costs something or what could be a guess.
//!
//! A key is a keyed hash of 16 bits, so that no table can hold more than 65,536 of them, whatever strangers do. Two
//! networks share a key by chance, and nobody can choose with whom. Deliberately absent: pages that only read,
//! which the listener's places limit; and announces, which have limits of their own.

use std::hash::{BuildHasher, RandomState};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::num::NonZeroU32;
use std::time::Duration;

use governor::clock::{Clock, MonotonicClock, Reference};
use governor::middleware::NoOpMiddleware;
use governor::state::keyed::DashMapStateStore;
use governor::{Quota, RateLimiter};

/// The limits of one daemon.
#[derive(Debug)]
pub struct RateLimits<C: Clock = MonotonicClock> {
    clock: C,
    hash: RandomState,
    forms: Limiter<C>,
    guesses: Limiter<C>,
    messages: Limiter<C>,
    orders: Limiter<C>,
}

/// What is limited.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Action {
    /// A form that is sent: 120 at once and then one a second.
    Form,
    /// What tries a secret, such as a sign-in token, a code or a voucher: 20 at once and then one in 6 s.
    Guess,
    /// What makes us send a message to somebody: 5 at once and then one in 5 minutes.
    Message,
    /// An order that is to be paid at a provider: 20 at once and then one in 6 s.
    Order,
}

/// Who does it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Actor<'a> {
    /// Whoever is in the same IPv4 /24 or IPv6 /56 as this address.
    Network(IpAddr),
    /// An account by its name, id or address, however it is meant.
    Account(&'a str),
}

/// Refused: it may be tried again after a while, rounded up to whole seconds.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct TooMany {
    /// Until then, at least 1.
    pub retry_after_secs: u64,
}

impl RateLimits {
    /// Begins to count, by the machine's clock.
    pub fn new() -> Self {
        Self::with_clock(MonotonicClock)
    }
}

impl Default for RateLimits {
    fn default() -> Self {
        Self::new()
    }
}

impl<C: Clock + Clone> RateLimits<C> {
    fn with_clock(clock: C) -> Self {
        let limiter = |(every, burst)| {
            let quota = Quota::with_period(every).unwrap_or(Quota::per_minute(NonZeroU32::MIN));
            RateLimiter::dashmap_with_clock(quota.allow_burst(burst), clock.clone())
        };
        Self {
            hash: RandomState::new(),
            forms: limiter(FORMS),
            guesses: limiter(GUESSES),
            messages: limiter(MESSAGES),
            orders: limiter(ORDERS),
            clock,
        }
    }

    /// Counts an action.
    ///
    /// # Errors
    ///
    /// The actor did it too often of late.
    pub fn check(&self, action: Action, actor: Actor<'_>) -> Result<(), TooMany> {
        let key = self.key(actor);
        self.limiter(action).check_key(&key).map_err(|refused| {
            let wait = refused.earliest_possible().duration_since(self.clock.now());
            let wait = Duration::from(wait);
            TooMany { retry_after_secs: wait.as_secs().saturating_add(1) }
        })
    }

    /// Forgets whoever did nothing of late. Called now and then, it keeps the tables small.
    pub fn forget_idle(&self) {
        for limiter in [&self.forms, &self.guesses, &self.messages, &self.orders] {
            limiter.retain_recent();
            limiter.shrink_to_fit();
        }
    }

    const fn limiter(&self, action: Action) -> &Limiter<C> {
        match action {
            Action::Form => &self.forms,
            Action::Guess => &self.guesses,
            Action::Message => &self.messages,
            Action::Order => &self.orders,
        }
    }

    fn key(&self, actor: Actor<'_>) -> u16 {
        let hash = match actor {
            Actor::Account(account) => self.hash.hash_one((1, account)),
            Actor::Network(address) => self.hash.hash_one((0, network(address))),
        };
        let [first, second, ..] = hash.to_le_bytes();
        u16::from_le_bytes([first, second])
    }
}

/// The network that one customer may have.
pub(crate) fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => {
            let [a, b, c, _] = address.octets();
            Ipv4Addr::new(a, b, c, 0).into()
        }
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 72)).into(),
    }
}

type Limiter<C> =
    RateLimiter<u16, DashMapStateStore<u16>, C, NoOpMiddleware<<C as Clock>::Instant>>;

/// How often, and how many at once.
const FORMS: (Duration, NonZeroU32) = (Duration::from_secs(1), at_once(120));
const GUESSES: (Duration, NonZeroU32) = (Duration::from_secs(6), at_once(20));
const MESSAGES: (Duration, NonZeroU32) = (Duration::from_secs(300), at_once(5));
const ORDERS: (Duration, NonZeroU32) = (Duration::from_secs(6), at_once(20));

const fn at_once(number: u32) -> NonZeroU32 {
    match NonZeroU32::new(number) {
        Some(number) => number,
        None => NonZeroU32::MIN,
    }
}

#[cfg(test)]
mod tests {
    use governor::clock::FakeRelativeClock;

    use super::*;

    #[test]
    fn who_did_too_much_waits_as_long_as_it_says() {
        let clock = FakeRelativeClock::default();
        let limits = RateLimits::with_clock(clock.clone());
        let ada = Actor::Account("ada");
        for _ in 0..5 {
            assert_eq!(limits.check(Action::Message, ada), Ok(()));
        }
        let TooMany { retry_after_secs } = limits.check(Action::Message, ada).unwrap_err();
        assert!((300..=301).contains(&retry_after_secs), "{retry_after_secs}");
        // Other actions are counted by themselves.
        assert_eq!(limits.check(Action::Guess, ada), Ok(()));
        clock.advance(Duration::from_secs(retry_after_secs));
        assert_eq!(limits.check(Action::Message, ada), Ok(()));
        assert!(limits.check(Action::Message, ada).is_err());
    }

    #[test]
    fn a_customers_addresses_count_together() {
        let limits = RateLimits::new();
        for (one, other, same) in [
            ("192.0.2.1", "192.0.2.255", true),
            ("192.0.2.1", "::ffff:192.0.2.9", true),
            ("192.0.2.1", "192.0.3.1", false),
            ("2001:db8:0:1200::1", "2001:db8:0:12ff:ffff::9", true),
            ("2001:db8:0:1200::1", "2001:db8:0:1300::1", false),
        ] {
            let network = |text: &str| network(text.parse().unwrap());
            assert_eq!(network(one) == network(other), same, "{one} and {other}");
        }
        let key = |text: &str| limits.key(Actor::Network(text.parse().unwrap()));
        assert_eq!(key("192.0.2.1"), key("192.0.2.2"));
    }

    #[test]
    fn strangers_fill_no_memory_and_the_idle_are_forgotten() {
        let clock = FakeRelativeClock::default();
        let limits = RateLimits::with_clock(clock.clone());
        for number in 0..200_000u32 {
            let address = IpAddr::from(Ipv4Addr::from_bits(number << 8));
            let _ = limits.check(Action::Form, Actor::Network(address));
        }
        assert!(limits.forms.len() <= 1 << 16);
        clock.advance(Duration::from_secs(3600));
        limits.forget_idle();
        assert!(limits.forms.is_empty());
    }
}
