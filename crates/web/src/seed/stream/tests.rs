//! Streams on a clock of their own.

use policy::MemberId;
use proptest::prelude::*;

use super::super::pace::PacingSettings;
use super::*;

#[test]
fn a_member_gets_its_rate_however_many_streams_it_opens() {
    for streams in [1, 2, 6] {
        let pace = pace(None);
        let sent = run(&pace, &vec![(1, FAN); streams], 10);
        near(sent.iter().sum(), 10 * MIB, 5);
        // Each has an even part.
        for part in &sent {
            near(*part, 10 * MIB / u64::try_from(streams).unwrap(), 20);
        }
    }
}

#[test]
fn members_do_not_take_from_each_other() {
    let sent = run(&pace(None), &[(1, FAN), (2, FAN), (3, PATRON)], 10);
    near(sent[0], 10 * MIB, 5);
    near(sent[1], 10 * MIB, 5);
    near(sent[2], 40 * MIB, 5);
}

#[test]
fn streams_past_the_concurrency_trickle() {
    let sent = run(&pace(None), &[(1, FAN); 9], 20);
    for part in &sent[..6] {
        assert!(*part > 2 * MIB, "{sent:?}");
    }
    for part in &sent[6..] {
        assert_eq!(*part, 4 * MIN_PIECE_BYTES, "{sent:?}");
    }
}

#[test]
fn the_lowest_tier_gives_way_first() {
    // Three members could take 4 MiB/s each; 6 MiB/s are there.
    let sent = run(&pace(Some(6 * MIB)), &[(1, PATRON), (2, FAST), (3, PATRON)], 20);
    assert_eq!(sent[1] / MIN_PIECE_BYTES, 4, "{sent:?}");
    near(sent.iter().sum(), 120 * MIB, 5);
}

#[test]
fn what_higher_tiers_leave_goes_to_the_lower() {
    let sent = run(&pace(Some(6 * MIB)), &[(1, PATRON), (2, FAST)], 20);
    near(sent[0], 80 * MIB, 10);
    near(sent[1], 40 * MIB, 20);
}

#[test]
fn members_of_a_tier_share_the_limit_evenly_however_many_streams_each_opens() {
    for streams in [1, 8, 400] {
        let mut of = vec![(1, PATRON); streams];
        of.extend([(2, PATRON), (3, PATRON)]);
        let sent = run(&pace(Some(3 * MIB)), &of, 30);
        near(sent.iter().sum(), 90 * MIB, 5);
        let (many, others) = sent.split_at(streams);
        near(many.iter().sum(), 30 * MIB, 15);
        others.iter().for_each(|sent| near(*sent, 30 * MIB, 15));
    }
}

#[test]
fn a_payer_that_comes_later_gets_its_share_and_no_more() {
    let pace = pace(Some(2 * MIB));
    let mut sent = [0, 0];
    let mut streams = [stream(&pace, 1, PATRON.1), stream(&pace, 2, PATRON.1)];
    for milli in 0..20_000 {
        let now = Duration::from_millis(milli);
        // The second asks for the last ten seconds alone.
        for (number, stream) in
            streams.iter_mut().enumerate().take(1 + usize::from(milli >= 10_000))
        {
            if let NextPiece::Send(bytes) = stream.ask(u64::MAX, now) {
                sent[number] += bytes;
            }
        }
    }
    near(sent[0], 30 * MIB, 10);
    near(sent[1], 10 * MIB, 10);
}

#[test]
fn the_minimum_of_many_streams_is_not_a_rate_of_its_own() {
    let sent = run(
        &pace(None),
        &[(1, TierPacing { rate: 4096, ..FAN.1 }); 400].map(|(m, t)| (m, (1, t))),
        40,
    );
    let sum: u64 = sent.iter().sum();
    assert!(sum <= 11 * 17 * MIN_PIECE_BYTES, "{sum}");
    assert!(sent.iter().all(|sent| *sent > 0));
}

#[test]
fn a_turn_that_comes_free_is_taken() {
    let pace = pace(None);
    let mut first = stream(&pace, 1, TierPacing { concurrency: 1, ..FAN.1 });
    let mut second = stream(&pace, 1, TierPacing { concurrency: 1, ..FAN.1 });
    assert!(matches!(first.ask(MIB, Duration::ZERO), NextPiece::Send(_)));
    assert_eq!(second.ask(MIB, Duration::ZERO), NextPiece::Wait(LONGEST_WAIT));
    drop(first);
    let later = Duration::from_secs(2);
    assert!(matches!(second.ask(MIB, later), NextPiece::Send(_)));
}

#[test]
fn a_high_rate_is_no_rate() {
    let pace = pace(None);
    let mut stream = stream(&pace, 1, TierPacing { rate: 100 << 30, ..FAN.1 });
    let mut now = Duration::ZERO;
    for _ in 0..1000 {
        assert_eq!(stream.ask(u64::MAX, now), NextPiece::Send(MAX_PIECE_BYTES));
        // Ten times what a memory bus carries.
        now += Duration::from_micros(20);
    }
}

#[test]
fn a_stream_asks_for_no_more_than_is_left() {
    let pace = pace(None);
    let mut stream = stream(&pace, 1, FAN.1);
    assert_eq!(stream.ask(10, Duration::ZERO), NextPiece::Send(10));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn every_stream_is_fed(
        count in 1..40_usize,
        rate in 4096..(8 * MIB),
        bound in prop::option::of(4096..(8 * MIB)),
        concurrency in 1..4_u16,
    ) {
        let pace = pace(bound);
        let terms = TierPacing { enabled: true, rate, concurrency };
        let mut streams: Vec<_> = (0..count)
            .map(|number| stream(&pace, 1 + u32::try_from(number).unwrap() % 3, terms))
            .collect();
        // Every 5 s each is sent 16 KiB or more, whatever there is to share.
        let mut sent = vec![0; count];
        for tick in 0..1000 {
            let now = Duration::from_millis(20 * tick);
            for (stream, sent) in streams.iter_mut().zip(&mut sent) {
                if let NextPiece::Send(bytes) = stream.ask(u64::MAX, now) {
                    *sent += bytes;
                }
            }
            if tick % 250 == 249 {
                prop_assert!(sent.iter().all(|sent| *sent >= MIN_PIECE_BYTES), "{sent:?}");
                sent.fill(0);
            }
        }
    }
}

/// Runs streams of members for so many seconds; returns what each was sent.
fn run(pace: &Arc<Pacer>, of: &[(u32, (u8, TierPacing))], seconds: u64) -> Vec<u64> {
    let mut streams: Vec<_> = of
        .iter()
        .map(|(member, (place, terms))| {
            let payer = Payer::Member(MemberId::new(*member).unwrap());
            (PacedStream::new(pace, payer, *place, *terms, Duration::ZERO), Duration::ZERO, 0)
        })
        .collect();
    for milli in 0..seconds * 1000 {
        let now = Duration::from_millis(milli);
        for (stream, at, sent) in &mut streams {
            if now < *at {
                continue;
            }
            match stream.ask(u64::MAX, now) {
                NextPiece::Send(bytes) => *sent += bytes,
                NextPiece::Wait(wait) => *at = now + wait,
            }
        }
    }
    streams.iter().map(|(_, _, sent)| *sent).collect()
}

fn pace(rate: Option<u64>) -> Arc<Pacer> {
    Arc::new(Pacer::new(PacingSettings { tiers: Vec::new(), rate }))
}

fn stream(pace: &Arc<Pacer>, member: u32, terms: TierPacing) -> PacedStream {
    let payer = Payer::Member(MemberId::new(member).unwrap());
    PacedStream::new(pace, payer, 0, terms, Duration::ZERO)
}

#[track_caller]
fn near(sent: u64, expected: u64, percent: u64) {
    let most = expected * percent / 100;
    assert!(sent.abs_diff(expected) <= most, "{sent} is not near {expected}");
}

const MIB: u64 = 1 << 20;
const FAN: (u8, TierPacing) = (1, TierPacing { enabled: true, rate: MIB, concurrency: 6 });
/// A fan that is as fast as a patron.
const FAST: (u8, TierPacing) = (1, TierPacing { enabled: true, rate: 4 * MIB, concurrency: 8 });
const PATRON: (u8, TierPacing) = (3, TierPacing { enabled: true, rate: 4 * MIB, concurrency: 8 });
