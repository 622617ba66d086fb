//! How often a program may ask, by its token, and the headers that tell it so.
//!
//! The headers are those of the IETF's draft (draft-ietf-httpapi-ratelimit-headers): `RateLimit-Policy` says how
//! many requests may come at once and in how many seconds so many come back, `RateLimit` how many are left.

use std::num::NonZeroU32;
use std::time::Duration;

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use club::TokenId;
use governor::clock::{Clock, MonotonicClock, Reference};
use governor::middleware::StateInformationMiddleware;
use governor::state::keyed::DashMapStateStore;
use governor::{Quota, RateLimiter};

/// The limit of each token. It holds an entry for each that was used of late.
#[derive(Debug)]
pub struct TokenLimits<C: Clock = MonotonicClock> {
    clock: C,
    at_once: NonZeroU32,
    limiter: RateLimiter<u32, DashMapStateStore<u32>, C, StateInformationMiddleware>,
}

/// What is left of a token's limit.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct TokenQuota {
    /// Requests that may come at once.
    at_once: u32,
    /// Requests that may still come at once.
    left: u32,
    /// Where the request is one too many: seconds until the next may come, at least 1.
    pub retry_after_secs: Option<u64>,
}

impl TokenLimits {
    /// Limits each token to so many requests a second, and ten times as many at once.
    pub fn new(requests: u32) -> Self {
        Self::with_clock(requests, MonotonicClock)
    }
}

impl<C: Clock + Clone> TokenLimits<C> {
    fn with_clock(requests: u32, clock: C) -> Self {
        let requests = NonZeroU32::new(requests).unwrap_or(NonZeroU32::MIN);
        let at_once = requests.saturating_mul(NonZeroU32::MIN.saturating_add(BURST_SECS - 1));
        let quota = Quota::per_second(requests).allow_burst(at_once);
        let limiter = RateLimiter::dashmap_with_clock(quota, clock.clone());
        Self { clock, at_once, limiter: limiter.with_middleware() }
    }

    /// Counts a request of a token.
    pub fn check(&self, token: TokenId) -> TokenQuota {
        if self.limiter.len() >= MAX_ENTRIES {
            self.limiter.retain_recent();
        }
        let (left, retry_after_secs) = match self.limiter.check_key(&token.0) {
            Ok(state) => (state.remaining_burst_capacity(), None),
            Err(refused) => {
                let wait = refused.earliest_possible().duration_since(self.clock.now());
                (0, Some(Duration::from(wait).as_secs().saturating_add(1)))
            }
        };
        TokenQuota { at_once: self.at_once.get(), left, retry_after_secs }
    }
}

impl TokenQuota {
    /// Says it in an answer's headers.
    pub fn note(&self, headers: &mut HeaderMap) {
        let Self { at_once, left, retry_after_secs } = self;
        let policy = format!("\"token\";q={at_once};w={BURST_SECS}");
        // So long until as many are left as there can be.
        let used = u64::from(at_once.saturating_sub(*left));
        let whole = (used * u64::from(BURST_SECS)).div_ceil(u64::from(*at_once).max(1));
        let reset = retry_after_secs.unwrap_or(0).max(whole);
        let state = format!("\"token\";r={left};t={reset}");
        for (name, text) in [(POLICY, policy), (STATE, state)] {
            if let Ok(value) = HeaderValue::try_from(text) {
                headers.insert(name, value);
            }
        }
    }
}

const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const STATE: HeaderName = HeaderName::from_static("ratelimit");
/// Entries beyond which those are looked for that can go.
const MAX_ENTRIES: usize = 4096;
/// As many requests may come at once as otherwise in so many seconds.
const BURST_SECS: u32 = 10;

#[cfg(test)]
mod tests {
    use governor::clock::FakeRelativeClock;

    use super::*;

    #[test]
    fn each_token_has_a_limit_of_its_own_and_hears_of_it() {
        let clock = FakeRelativeClock::default();
        let limits = TokenLimits::with_clock(2, clock.clone());
        let check = |token, expected: &str| {
            let mut headers = HeaderMap::new();
            let quota = limits.check(TokenId(token));
            quota.note(&mut headers);
            assert_eq!(headers["ratelimit-policy"], "\"token\";q=20;w=10");
            assert_eq!(headers["ratelimit"], expected);
            quota.retry_after_secs
        };
        assert_eq!(check(1, "\"token\";r=19;t=1"), None);
        for _ in 0..18 {
            limits.check(TokenId(1));
        }
        assert_eq!(check(1, "\"token\";r=0;t=10"), None);
        assert_eq!(check(1, "\"token\";r=0;t=10"), Some(1));
        assert_eq!(check(2, "\"token\";r=19;t=1"), None);
        clock.advance(Duration::from_secs(1));
        assert_eq!(check(1, "\"token\";r=1;t=10"), None);
    }
}
