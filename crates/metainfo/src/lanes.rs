//! SHA-1 of sixteen messages at once (RFC 3174), one in each lane of vectors of 512 bits.
//!
//! The hash of one message is a chain, in which the processor's SHA instructions do 64 bytes in 80
//! cycles; sixteen chains beside each other take half as long for each. Vectors of 256 bits are
//! slower than SHA instructions, and where there are no wider ones there are no lanes.

#[cfg(target_arch = "x86_64")]
mod avx512;
#[cfg(not(target_arch = "x86_64"))]
mod none;

#[cfg(target_arch = "x86_64")]
use avx512::Vectors;
#[cfg(not(target_arch = "x86_64"))]
use none::Vectors;

/// Messages that are hashed together.
pub(crate) const LANES: usize = 16;

/// Sixteen hashes, of as many bytes each.
pub(crate) struct Lanes {
    vectors: Vectors,
    state: LaneStates,
    /// Bytes of each message so far.
    length: u64,
}

/// The five words of a hash on its way, each for all messages.
type LaneStates = [[u32; LANES]; 5];

impl Lanes {
    /// `None` where this processor has no vectors for it.
    pub(crate) fn new() -> Option<Self> {
        Some(Self { vectors: Vectors::find()?, state: START, length: 0 })
    }

    /// Adds to each message the next `length` bytes, a multiple of 64: those of the first stand at
    /// the beginning of `texts`, then those of the second, and so on.
    pub(crate) fn update(&mut self, texts: &[u8], length: usize) {
        self.vectors.update(&mut self.state, texts, length);
        self.length = self.length.wrapping_add(u64::try_from(length).unwrap_or_default());
    }

    /// The hashes; begins anew.
    pub(crate) fn finish(&mut self) -> [[u8; 20]; LANES] {
        let mut end = [0; CHUNK];
        let [first, ..] = &mut end;
        *first = 0x80;
        if let Some(bits) = end.last_chunk_mut() {
            *bits = self.length.wrapping_mul(8).to_be_bytes();
        }
        self.update([end; LANES].as_flattened(), CHUNK);
        let state = std::mem::replace(&mut self.state, START);
        self.length = 0;
        let mut hashes = [[0; 20]; LANES];
        for (lane, hash) in hashes.iter_mut().enumerate() {
            let (places, _) = hash.as_chunks_mut();
            for (place, words) in places.iter_mut().zip(&state) {
                *place = words.get(lane).copied().unwrap_or_default().to_be_bytes();
            }
        }
        hashes
    }
}

const START: LaneStates = [
    [0x6745_2301; LANES],
    [0xefcd_ab89; LANES],
    [0x98ba_dcfe; LANES],
    [0x1032_5476; LANES],
    [0xc3d2_e1f0; LANES],
];
/// Bytes that go into a hash together.
const CHUNK: usize = 64;

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;
    use sha1::{Digest, Sha1};

    use super::*;

    proptest! {
        #[test]
        fn each_lane_is_the_hash_of_its_message(
            chunks in 0..5_usize,
            texts in vec(any::<u8>(), LANES * 4 * CHUNK),
        ) {
            let Some(mut lanes) = Lanes::new() else { return Ok(()) };
            let length = chunks * CHUNK;
            for _ in 0..2 {
                lanes.update(&texts, length);
                lanes.update(&texts, length);
                for (lane, hash) in lanes.finish().iter().enumerate() {
                    let text = &texts[lane * length..][..length];
                    let expected = Sha1::new().chain_update(text).chain_update(text).finalize();
                    prop_assert_eq!(hash, &<[u8; 20]>::from(expected), "lane {}", lane);
                }
            }
        }
    }
}
