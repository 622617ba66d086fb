//! The seat plan against its vectors: 300 cases over four policies.

use std::collections::HashMap;

use policy::{Headcount, Permille, Requester, SeatRule, Side, seat_plan};
use serde::Deserialize;

#[test]
fn every_vector_holds() {
    let vectors: Vectors = serde_json::from_str(include_str!("data/seat-plan.json")).unwrap();
    assert_eq!(vectors.cases.len(), 300);
    for case in &vectors.cases {
        let rule = vectors.policies[&case.policy].rule().unwrap();
        let requester =
            Requester { side: case.requester.side.into(), seeder: case.requester.seeder };
        let n = u32::try_from(case.numwant.min(case.numwant_cap)).unwrap_or(0);
        let seats = seat_plan(&rule, requester, &case.swarm.into(), n);
        assert_eq!(seats, case.seats.into(), "{}", case.case);
    }
}

#[derive(Deserialize)]
struct Vectors {
    policies: HashMap<String, PolicyCase>,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct PolicyCase {
    inside_share_permille: InsideShare,
    min_outside_permille: u16,
    min_inside_permille: u16,
    seed_share_permille: u16,
}

impl PolicyCase {
    fn rule(&self) -> Option<SeatRule> {
        Some(SeatRule {
            inside_for_insiders: Permille::new(self.inside_share_permille.inside)?,
            inside_for_outsiders: Permille::new(self.inside_share_permille.outside)?,
            min_outside: Permille::new(self.min_outside_permille)?,
            min_inside: Permille::new(self.min_inside_permille)?,
            seed_share: Permille::new(self.seed_share_permille)?,
        })
    }
}

#[derive(Deserialize)]
struct InsideShare {
    inside: u16,
    outside: u16,
}

#[derive(Deserialize)]
struct Case {
    case: String,
    policy: String,
    requester: RequesterCase,
    numwant: i64,
    numwant_cap: i64,
    swarm: Counts,
    seats: Counts,
}

#[derive(Deserialize)]
struct RequesterCase {
    side: SideCase,
    seeder: bool,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum SideCase {
    Inside,
    Outside,
}

impl From<SideCase> for Side {
    fn from(side: SideCase) -> Self {
        match side {
            SideCase::Inside => Self::Inside,
            SideCase::Outside => Self::Outside,
        }
    }
}

#[derive(Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
struct Counts {
    inside_seeders: u32,
    inside_leechers: u32,
    outside_seeders: u32,
    outside_leechers: u32,
}

impl From<Counts> for Headcount {
    fn from(counts: Counts) -> Self {
        let Counts { inside_seeders, inside_leechers, outside_seeders, outside_leechers } = counts;
        Self { inside_seeders, inside_leechers, outside_seeders, outside_leechers }
    }
}
