//! One member's standing in two atomic words.

#[cfg(loom)]
use loom::sync::atomic::{AtomicU64, Ordering};
#[cfg(not(loom))]
use std::sync::atomic::{AtomicU64, Ordering};

use crate::{Generation, MemberState, Standing, TierId};

/// A standing, or none. Any thread may read; one may write at a time.
#[derive(Debug)]
pub(crate) struct Record {
    /// Until 32, generation 16, state 4, then 6, tier 6; all zero where there is no member.
    standing: AtomicU64,
    /// Generation 16 and until 32 of the one older key that still answers.
    old_key: AtomicU64,
}

impl Record {
    pub(crate) fn write(&self, standing: Standing) {
        let [a, b] = standing.generation.previous().0.to_be_bytes();
        let [c, d, e, f] = standing.old_key_until.to_be_bytes();
        self.old_key.store(u64::from_be_bytes([0, 0, a, b, c, d, e, f]), Ordering::Relaxed);
        // Pairs with the load in `read`: who sees this word sees the one above, or a later one.
        self.standing.store(pack(standing), Ordering::Release);
    }

    pub(crate) fn read(&self) -> Option<Standing> {
        // Pairs with the store in `write`.
        let standing = unpack(self.standing.load(Ordering::Acquire))?;
        let [_, _, a, b, c, d, e, f] = self.old_key.load(Ordering::Relaxed).to_be_bytes();
        // The word may be of a later write than the first; then it names another generation.
        let belongs = Generation(u16::from_be_bytes([a, b])) == standing.generation.previous();
        let old_key_until = if belongs { u32::from_be_bytes([c, d, e, f]) } else { 0 };
        Some(Standing { old_key_until, ..standing })
    }
}

impl Default for Record {
    fn default() -> Self {
        Self { standing: AtomicU64::new(0), old_key: AtomicU64::new(0) }
    }
}

fn pack(standing: Standing) -> u64 {
    let [a, b, c, d] = standing.until.to_be_bytes();
    let [e, f] = standing.generation.0.to_be_bytes();
    let state = match standing.state {
        MemberState::Active => 1,
        MemberState::Removed => 2,
        MemberState::Suspended => 3,
    };
    let tiers = u16::from(standing.then.value()) << 6 | u16::from(standing.tier.value());
    let [g, h] = (state << 12 | tiers).to_be_bytes();
    u64::from_be_bytes([a, b, c, d, e, f, g, h])
}

fn unpack(word: u64) -> Option<Standing> {
    let [a, b, c, d, e, f, g, h] = word.to_be_bytes();
    let tiers = u16::from_be_bytes([g, h]);
    let tier = |shift: u32| {
        let [_, tier] = (tiers >> shift & 0x3f).to_be_bytes();
        TierId::new(tier)
    };
    Some(Standing {
        state: match g >> 4 {
            1 => MemberState::Active,
            2 => MemberState::Removed,
            3 => MemberState::Suspended,
            _ => return None,
        },
        tier: tier(0)?,
        then: tier(6)?,
        generation: Generation(u16::from_be_bytes([e, f])),
        until: u32::from_be_bytes([a, b, c, d]),
        old_key_until: 0,
    })
}

#[cfg(test)]
#[cfg(not(loom))]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn reads_what_was_written(first in standings(), second in standings()) {
            let record = Record::default();
            prop_assert_eq!(record.read(), None);
            for standing in [first, second] {
                record.write(standing);
                prop_assert_eq!(record.read(), Some(standing));
            }
        }
    }

    fn standings() -> impl Strategy<Value = Standing> {
        let state = prop::sample::select(vec![
            MemberState::Active,
            MemberState::Removed,
            MemberState::Suspended,
        ]);
        (0..64u8, any::<u32>(), 0..64u8, state, any::<u16>(), any::<u32>()).prop_map(
            |(tier, until, then, state, generation, old_key_until)| Standing {
                tier: TierId::new(tier).unwrap(),
                until,
                then: TierId::new(then).unwrap(),
                state,
                generation: Generation(generation),
                old_key_until,
            },
        )
    }
}

#[cfg(test)]
#[cfg(loom)]
mod loom_tests {
    use loom::sync::Arc;
    use loom::thread;

    use super::*;

    #[test]
    fn a_reader_never_grants_what_no_writer_did() {
        loom::model(|| {
            let [first, second, last] = read_twice_while_writing([turn(2, 9), turn(3, 0)]);
            for read in [first, second] {
                // While the key is rotated again, its grace may be over a moment early.
                assert!(matches!((read.generation.0, read.old_key_until), (1..=3, 0) | (2, 9)));
            }
            assert!(first.generation.0 <= second.generation.0);
            assert_eq!(last, turn(3, 0));
        });
    }

    #[test]
    fn a_rotation_comes_together_with_its_grace() {
        loom::model(|| {
            let [first, second, last] = read_twice_while_writing([turn(2, 9)]);
            assert!([turn(1, 0), turn(2, 9)].contains(&first));
            assert!([first, turn(2, 9)].contains(&second));
            assert_eq!(last, turn(2, 9));
        });
    }

    /// Reads a record of turn 1 twice while another thread writes, and once afterwards.
    fn read_twice_while_writing<const N: usize>(turns: [Standing; N]) -> [Standing; 3] {
        let record = Arc::new(Record::default());
        record.write(turn(1, 0));
        let writer = thread::spawn({
            let record = Arc::clone(&record);
            move || turns.iter().for_each(|turn| record.write(*turn))
        });
        let [first, second] = [(); 2].map(|()| record.read().unwrap());
        writer.join().unwrap();
        [first, second, record.read().unwrap()]
    }

    const fn turn(generation: u16, old_key_until: u32) -> Standing {
        Standing {
            tier: TierId::OUTSIDER,
            until: u32::MAX,
            then: TierId::OUTSIDER,
            state: MemberState::Active,
            generation: Generation(generation),
            old_key_until,
        }
    }
}
