//! How many deliveries came of each provider, and what was thought of them.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use club::Verdict;

/// Counts by provider and verdict. Bounded: providers are those of the configuration.
#[derive(Debug, Default)]
pub struct Heard(Mutex<BTreeMap<(String, &'static str), u64>>);

impl Heard {
    pub(super) fn count(&self, provider: &str, verdict: Verdict) {
        self.count_word(provider, verdict.text());
    }

    /// One that was answered with 503.
    pub(super) fn count_failed(&self, provider: &str) {
        self.count_word(provider, "failed");
    }

    fn count_word(&self, provider: &str, word: &'static str) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *counts.entry((provider.to_owned(), word)).or_default() += 1;
    }

    /// Provider, verdict, and how often.
    pub fn counts(&self) -> Vec<(String, &'static str, u64)> {
        let counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        counts.iter().map(|((provider, word), count)| (provider.clone(), *word, *count)).collect()
    }
}
