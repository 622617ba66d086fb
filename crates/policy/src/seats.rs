//! The seat plan: how many peers of each kind one reply holds.
//!
//! Both plans are functions of counts alone; which peers take the seats is drawn elsewhere. Neither
//! ever leaves a seat empty that a candidate could take, gives a seeder to a seeder, or holds
//! anybody back from a small swarm. O(1).

use crate::{PeerLimit, Permille};

/// Where a peer sits.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Side {
    /// In the club.
    Inside,
    /// Not in the club.
    Outside,
}

/// How many there are of each kind of peer: candidates going in, seats coming out.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Headcount {
    /// Inside, with all pieces.
    pub inside_seeders: u32,
    /// Inside, with pieces missing.
    pub inside_leechers: u32,
    /// Outside, with all pieces.
    pub outside_seeders: u32,
    /// Outside, with pieces missing.
    pub outside_leechers: u32,
}

impl Headcount {
    /// All of them together.
    pub fn total(&self) -> u64 {
        [self.inside_seeders, self.inside_leechers, self.outside_seeders, self.outside_leechers]
            .map(u64::from)
            .iter()
            .sum()
    }

    /// Leaves out seeders where a seeder asks: it could not download from them.
    const fn of_use_to(self, requester: Requester) -> Self {
        if requester.seeder { Self { inside_seeders: 0, outside_seeders: 0, ..self } } else { self }
    }
}

/// Who a reply is for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Requester {
    /// Where it sits.
    pub side: Side,
    /// Whether it has all pieces.
    pub seeder: bool,
}

/// How seats are shared between the sides, and between seeders and leechers.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct SeatRule {
    /// The inside's share of an insider's reply.
    pub inside_for_insiders: Permille,
    /// The inside's share of an outsider's reply.
    pub inside_for_outsiders: Permille,
    /// The outside's least share of a reply of five seats or more, as far as it has peers.
    pub min_outside: Permille,
    /// The inside's least share, likewise; it goes before `min_outside` where both cannot be.
    pub min_inside: Permille,
    /// The seeders' share of each side's seats.
    pub seed_share: Permille,
}

impl SeatRule {
    /// The inside's seats among `n`, before it is known whether there are peers to take them.
    fn inside_seats(
        &self,
        side: Side,
        inside: SideCandidates,
        outside: SideCandidates,
        n: u32,
    ) -> u32 {
        let want = match side {
            Side::Inside => self.inside_for_insiders,
            Side::Outside => self.inside_for_outsiders,
        }
        .of(n);
        if n < FLOORS_FROM {
            return want;
        }
        let floor_outside = outside.total().min(self.min_outside.of_rounded_up(n));
        let floor_inside = inside.total().min(self.min_inside.of_rounded_up(n));
        want.min(n.saturating_sub(floor_outside)).max(floor_inside)
    }
}

impl Default for SeatRule {
    /// 70 % to the inside for insiders and 30 % for outsiders, at least 20 % and 10 % to either
    /// side, half to seeders.
    fn default() -> Self {
        let [seven, three, two, one, five] =
            [700, 300, 200, 100, 500].map(|share| Permille::new(share).unwrap_or(Permille::WHOLE));
        Self {
            inside_for_insiders: seven,
            inside_for_outsiders: three,
            min_outside: two,
            min_inside: one,
            seed_share: five,
        }
    }
}

/// How an item's seats are given.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Seating {
    /// By side, as a rule says.
    Shares(SeatRule),
    /// To everybody alike.
    Uniform,
}

impl Seating {
    /// Plans a reply of `n` seats; `draw` is a random number of any 64 bits, used by
    /// [`uniform_plan`] alone.
    pub fn plan(
        &self,
        requester: Requester,
        candidates: &Headcount,
        n: u32,
        draw: u64,
    ) -> Headcount {
        match self {
            Self::Shares(rule) => seat_plan(rule, requester, candidates, n),
            Self::Uniform => uniform_plan(requester, candidates, n, draw),
        }
    }
}

/// Plans a reply of `n` seats, at most [`PeerLimit::MAX`], by a rule.
///
/// `candidates` leave out the requester and its member's other clients. The plan is the same every
/// time.
pub fn seat_plan(
    rule: &SeatRule,
    requester: Requester,
    candidates: &Headcount,
    n: u32,
) -> Headcount {
    let candidates = candidates.of_use_to(requester);
    let n = n.min(PeerLimit::MAX);
    if candidates.total() <= u64::from(n) {
        return candidates;
    }
    let inside =
        SideCandidates { seeders: candidates.inside_seeders, leechers: candidates.inside_leechers };
    let outside = SideCandidates {
        seeders: candidates.outside_seeders,
        leechers: candidates.outside_leechers,
    };

    let want = rule.inside_seats(requester.side, inside, outside, n);
    let first = inside.fill(want, rule.seed_share);
    let others = outside.fill(n - first.total(), rule.seed_share);
    let rest = inside.without(first).fill(n - first.total() - others.total(), rule.seed_share);
    Headcount {
        inside_seeders: first.seeders + rest.seeders,
        inside_leechers: first.leechers + rest.leechers,
        outside_seeders: others.seeders,
        outside_leechers: others.leechers,
    }
}

/// Plans a reply of `n` seats, at most [`PeerLimit::MAX`], in which every candidate is as likely
/// as any other to sit.
///
/// Each kind gets its share of the seats, rounded down or up as `draw`, any random number, has it:
/// up as often as the fraction says. Rounding to the nearest instead would never name the one
/// seeder among a thousand leechers.
pub fn uniform_plan(requester: Requester, candidates: &Headcount, n: u32, draw: u64) -> Headcount {
    let candidates = candidates.of_use_to(requester);
    let n = n.min(PeerLimit::MAX);
    let total = candidates.total();
    if total <= u64::from(n) {
        return candidates;
    }
    // Candidates stand in a row, and every (total / n)th is seated, from a random one on. Products
    // are below 2^8 × 2^34.
    let offset = u64::try_from((u128::from(draw) * u128::from(total)) >> 64).unwrap_or(0);
    let mut standing = 0;
    let mut seated = 0;
    let mut seats_of = |kind: u32| {
        standing += u64::from(kind);
        let upto = (u64::from(n) * standing + offset) / total;
        let seats = upto - seated;
        seated = upto;
        u32::try_from(seats).unwrap_or(n)
    };
    Headcount {
        inside_seeders: seats_of(candidates.inside_seeders),
        inside_leechers: seats_of(candidates.inside_leechers),
        outside_seeders: seats_of(candidates.outside_seeders),
        outside_leechers: seats_of(candidates.outside_leechers),
    }
}

/// One side's peers.
#[derive(Clone, Copy)]
struct SideCandidates {
    seeders: u32,
    leechers: u32,
}

impl SideCandidates {
    const fn total(self) -> u32 {
        self.seeders.saturating_add(self.leechers)
    }

    /// Seats `seats` of these peers: seeders up to their share, then leechers, then seeders again.
    fn fill(self, seats: u32, seed_share: Permille) -> Self {
        let sharing = self.seeders.min(seed_share.of(seats));
        let leechers = self.leechers.min(seats - sharing);
        Self { seeders: self.seeders.min(seats - leechers), leechers }
    }

    const fn without(self, seated: Self) -> Self {
        Self { seeders: self.seeders - seated.seeders, leechers: self.leechers - seated.leechers }
    }
}

/// The seats from which on the floors hold.
const FLOORS_FROM: u32 = 5;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_plan_is_full_and_seats_only_candidates(
            (rule, requester, candidates) in (rules(), requesters(), headcounts()),
            n: u8,
            draw: u64,
        ) {
            let n = u32::from(n);
            for seating in [Seating::Shares(rule), Seating::Uniform] {
                let seats = seating.plan(requester, &candidates, n, draw);
                let useful = candidates.of_use_to(requester);
                prop_assert_eq!(seats.total(), useful.total().min(u64::from(n.min(200))));
                for (seats, useful) in kinds(seats).into_iter().zip(kinds(useful)) {
                    prop_assert!(seats <= useful);
                }
            }
        }

        #[test]
        fn floors_hold_as_far_as_there_are_peers(
            (mut rule, requester, candidates) in (rules(), requesters(), headcounts()),
            n in 5..=200u32,
        ) {
            // Floors that leave room for each other.
            rule.min_outside = Permille::new(rule.min_outside.value() / 2).unwrap();
            rule.min_inside = Permille::new(rule.min_inside.value() / 2).unwrap();
            let useful = candidates.of_use_to(requester);
            let seats = seat_plan(&rule, requester, &candidates, n);
            let [inside, outside] = sides(seats);
            let [inside_there, outside_there] = sides(useful);
            let floor = |share: Permille| share.of_rounded_up(n);
            prop_assert!(inside >= floor(rule.min_inside).min(inside_there));
            // Where both are rounded up, the outside's may be one less.
            prop_assert!(outside + 1 >= floor(rule.min_outside).min(outside_there));
        }

        #[test]
        fn uniform_seats_are_the_share_rounded_down_or_up(
            candidates in headcounts(),
            n in 1..=200u32,
            draw: u64,
        ) {
            prop_assume!(candidates.total() > u64::from(n));
            let requester = Requester { side: Side::Inside, seeder: false };
            let seats = uniform_plan(requester, &candidates, n, draw);
            for (seats, there) in kinds(seats).into_iter().zip(kinds(candidates)) {
                let share = u64::from(n) * u64::from(there);
                let down = share / candidates.total();
                let up = share.div_ceil(candidates.total());
                prop_assert!((down..=up).contains(&u64::from(seats)));
            }
        }
    }

    #[test]
    fn uniform_seating_names_a_lone_seeder_as_often_as_anybody() {
        let candidates =
            Headcount { outside_seeders: 1, outside_leechers: 999, ..Headcount::default() };
        let requester = Requester { side: Side::Outside, seeder: false };
        let mut rng = fastrand::Rng::with_seed(1);
        let named: u32 = (0..100_000)
            .map(|_| uniform_plan(requester, &candidates, 50, rng.u64(..)).outside_seeders)
            .sum();
        assert!((4800..=5200).contains(&named), "{named} of 100 000 replies with 50 of 1000");
    }

    #[test]
    fn counts_beyond_any_swarm_do_not_overflow() {
        let [inside_seeders, inside_leechers, outside_seeders, outside_leechers] = [u32::MAX; 4];
        let candidates =
            Headcount { inside_seeders, inside_leechers, outside_seeders, outside_leechers };
        let requester = Requester { side: Side::Inside, seeder: false };
        for seating in [Seating::Shares(SeatRule::default()), Seating::Uniform] {
            for draw in [0, u64::MAX] {
                let seats = seating.plan(requester, &candidates, u32::MAX, draw);
                assert_eq!(seats.total(), 200);
            }
        }
    }

    fn kinds(count: Headcount) -> [u32; 4] {
        [count.inside_seeders, count.inside_leechers, count.outside_seeders, count.outside_leechers]
    }

    fn sides(count: Headcount) -> [u32; 2] {
        let [a, b, c, d] = kinds(count);
        [a + b, c + d]
    }

    fn rules() -> impl Strategy<Value = SeatRule> {
        let share = || (0..=1000u16).prop_map(|share| Permille::new(share).unwrap());
        (share(), share(), share(), share(), share()).prop_map(|(a, b, c, d, e)| SeatRule {
            inside_for_insiders: a,
            inside_for_outsiders: b,
            min_outside: c,
            min_inside: d,
            seed_share: e,
        })
    }

    fn requesters() -> impl Strategy<Value = Requester> {
        (any::<bool>(), any::<bool>()).prop_map(|(inside, seeder)| Requester {
            side: if inside { Side::Inside } else { Side::Outside },
            seeder,
        })
    }

    fn headcounts() -> impl Strategy<Value = Headcount> {
        let count = || prop_oneof![Just(0), 0..10u32, 0..300u32, 0..1_000_000u32];
        (count(), count(), count(), count()).prop_map(|(a, b, c, d)| Headcount {
            inside_seeders: a,
            inside_leechers: b,
            outside_seeders: c,
            outside_leechers: d,
        })
    }
}
