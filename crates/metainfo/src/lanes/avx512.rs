//! The rounds of SHA-1 in vectors of 512 bits, a word of each of sixteen messages in one.
#![expect(
    clippy::indexing_slicing,
    reason = "by the numbers of rounds and rows, which nobody sends"
)]

use std::arch::x86_64::__m512i;

use pulp::x86::V4;
use pulp::{NullaryFnOnce, cast};

use super::{CHUNK, LANES, LaneStates};

/// A processor that has such vectors (x86-64-v4).
#[derive(Clone, Copy)]
pub(super) struct Vectors(V4);

impl Vectors {
    /// `None` where it has none.
    pub(super) fn find() -> Option<Self> {
        V4::try_new().map(Self)
    }

    /// Takes in `length` bytes of each message, as [`Lanes::update`](super::Lanes::update) has them.
    pub(super) fn update(self, state: &mut LaneStates, texts: &[u8], length: usize) {
        self.0.vectorize(Update { with: self, state, texts, length });
    }
}

/// Compiled as a whole for a processor that has the vectors.
struct Update<'a> {
    with: Vectors,
    state: &'a mut LaneStates,
    texts: &'a [u8],
    length: usize,
}

impl NullaryFnOnce for Update<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self { with, state, texts, length } = self;
        let mut sums = state.map(cast);
        for start in (0..length).step_by(CHUNK) {
            let rows = std::array::from_fn(|lane| {
                let text = texts.get(lane * length + start..).and_then(<[u8]>::first_chunk);
                cast(text.copied().unwrap_or([0; CHUNK]))
            });
            with.add(&mut sums, with.words(rows));
        }
        *state = sums.map(cast);
    }
}

/// A chunk's words, those of the same place in all messages together.
type Words = [__m512i; 16];

impl Vectors {
    /// The words of chunks, one chunk in each of `rows`: from big-endian, and turned about their
    /// diagonal. Row and column are four bits each of a word's place, and to interleave each row with
    /// the one eight behind it moves the highest bit to the end; so four times change rows for
    /// columns.
    #[inline(always)]
    fn words(self, rows: [__m512i; LANES]) -> Words {
        let Self(V4 { avx512f, avx512bw, .. }) = self;
        let swap = cast(SWAPPED_BYTES);
        let mut rows = rows.map(|row| avx512bw._mm512_shuffle_epi8(row, swap));
        let halves = INTERLEAVED.map(cast);
        for _ in 0..4 {
            rows = std::array::from_fn(|place| {
                let (row, half) = (place / 2, halves[place % 2]);
                avx512f._mm512_permutex2var_epi32(rows[row], half, rows[row + 8])
            });
        }
        rows
    }

    /// Adds one chunk to the sums.
    #[inline(always)]
    fn add(self, sums: &mut [__m512i; 5], mut words: Words) {
        let Self(V4 { avx512f, .. }) = self;
        let add = |a, b| avx512f._mm512_add_epi32(a, b);
        let mut state = *sums;
        for round in 0..80 {
            let place = round % 16;
            if round >= 16 {
                let [w3, w8, w14, w16] = [13, 8, 2, 0].map(|next| words[(place + next) % 16]);
                let sum = avx512f._mm512_ternarylogic_epi32::<PARITY>(w3, w8, w14);
                let sum = avx512f._mm512_xor_si512(sum, w16);
                words[place] = avx512f._mm512_rol_epi32::<1>(sum);
            }
            let [a, b, c, d, e] = state;
            let (mixed, constant) = match round {
                0..20 => (avx512f._mm512_ternarylogic_epi32::<CHOICE>(b, c, d), 0x5a82_7999_u32),
                20..40 => (avx512f._mm512_ternarylogic_epi32::<PARITY>(b, c, d), 0x6ed9_eba1),
                40..60 => (avx512f._mm512_ternarylogic_epi32::<MAJORITY>(b, c, d), 0x8f1b_bcdc),
                _ => (avx512f._mm512_ternarylogic_epi32::<PARITY>(b, c, d), 0xca62_c1d6),
            };
            let known = add(add(words[place], cast([constant; LANES])), e);
            let next = add(add(known, mixed), avx512f._mm512_rol_epi32::<5>(a));
            state = [next, a, avx512f._mm512_rol_epi32::<30>(b), c, d];
        }
        *sums = std::array::from_fn(|place| add(sums[place], state[place]));
    }
}

/// The bytes of each word in the other order, by their places in a quarter of a vector.
const SWAPPED_BYTES: [u8; CHUNK] = {
    let quarter = [3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12];
    let mut bytes = [0; CHUNK];
    let mut place = 0;
    while place < CHUNK {
        bytes[place] = quarter[place % 16];
        place += 1;
    }
    bytes
};

/// The words of two vectors in turn: the first halves of both, and the second. Those of the second
/// vector count from 16.
const INTERLEAVED: [[u32; LANES]; 2] = [
    [0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23],
    [8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31],
];

/// Functions of three bits (RFC 3174, 5), by their values for 000 to 111 from the lowest bit on.
const CHOICE: i32 = 0b1100_1010;
const PARITY: i32 = 0b1001_0110;
const MAJORITY: i32 = 0b1110_1000;
