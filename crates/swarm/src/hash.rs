//! The hashes of info hashes and endpoints, keyed so that nobody outside can aim at one place.

use std::hash::{BuildHasher, Hasher};
use std::sync::OnceLock;

use foldhash::SharedSeed;
use foldhash::quality::{FoldHasher, SeedableRandomState};
use wire::{CompactV6, InfoHash};

/// A keyed hash.
///
/// The first one made in a process sets half of the key for all; the other half is its own.
#[derive(Clone, Debug)]
pub(crate) struct KeyHasher(SeedableRandomState);

impl KeyHasher {
    pub(crate) fn new(seed: u64) -> Self {
        static SHARED: OnceLock<SharedSeed> = OnceLock::new();
        let shared = SHARED.get_or_init(|| SharedSeed::from_u64(seed));
        Self(SeedableRandomState::with_seed(seed, shared))
    }

    pub(crate) fn info_hash(&self, info_hash: &InfoHash) -> u64 {
        let mut hasher = self.0.build_hasher();
        for word in info_hash.0.as_chunks::<4>().0 {
            hasher.write_u32(u32::from_ne_bytes(*word));
        }
        hasher.finish()
    }

    pub(crate) fn v6(&self, key: CompactV6) -> u64 {
        let mut hasher = self.0.build_hasher();
        hasher.write_u128(key.ip().to_bits());
        hasher.write_u16(key.port());
        hasher.finish()
    }

    pub(crate) fn number(&self, number: u64) -> u64 {
        let mut hasher = self.0.build_hasher();
        hasher.write_u64(number);
        hasher.finish()
    }
}

impl BuildHasher for KeyHasher {
    type Hasher = FoldHasher<'static>;

    fn build_hasher(&self) -> Self::Hasher {
        self.0.build_hasher()
    }
}
