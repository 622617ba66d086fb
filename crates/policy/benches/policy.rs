//! What an announce pays for: its passkey, two look-ups, the decision, and a seat plan.

#![expect(clippy::expect_used, reason = "a bench that cannot be set up should say so and stop")]

use divan::{Bencher, black_box};
use fastrand::Rng;
use policy::{
    Admission, Aliases, Authorizer, Entitlements, Generation, Headcount, ItemId, ItemRules,
    KeyGrant, Keyring, Label, MasterSecret, MemberId, MemberState, Refusal, Requester, Right,
    Roster, Rules, SeatRule, Side, Standing, TierId, seat_plan, uniform_plan,
};
use wire::{Announce, AnnounceEvent, InfoHash, Passkey, PeerId};

fn main() {
    divan::main();
}

/// Members of which one announces at random: all in the cache, and far beyond it.
const MEMBERS: [u32; 2] = [1_000, 1_000_000];

#[divan::bench(sample_size = 256)]
fn verify_passkey(bencher: Bencher<'_, '_>) {
    let club = Club::new(1_000);
    bencher
        .with_inputs(|| club.passkey(ItemId::ANY))
        .bench_refs(|key| club.keyring.verify(Label::Announce, key));
}

#[divan::bench(sample_size = 256)]
fn refuse_forged_passkey(bencher: Bencher<'_, '_>) {
    let club = Club::new(1_000);
    let other = Keyring::new(&MasterSecret::new([2; 32]), None);
    bencher
        .with_inputs(|| club.passkey(ItemId::ANY))
        .bench_refs(|key| other.verify(Label::Announce, key));
}

#[divan::bench(args = MEMBERS, sample_size = 256)]
fn find_standing(bencher: Bencher<'_, '_>, members: u32) {
    let club = Club::new(members);
    bencher.with_inputs(|| club.member()).bench_values(|member| club.roster.standing(member));
}

#[divan::bench(args = MEMBERS, sample_size = 256)]
fn find_right(bencher: Bencher<'_, '_>, members: u32) {
    let club = Club::new(members);
    bencher.with_inputs(|| club.member()).bench_values(|member| club.rights.right(ITEM, member));
}

#[divan::bench(sample_size = 256)]
fn plan_seats_by_shares(bencher: Bencher<'_, '_>) {
    let rule = SeatRule::default();
    bencher
        .with_inputs(swarm)
        .bench_refs(|(requester, swarm)| seat_plan(black_box(&rule), *requester, swarm, 50));
}

#[divan::bench(sample_size = 256)]
fn plan_seats_uniformly(bencher: Bencher<'_, '_>) {
    bencher
        .with_inputs(|| (swarm(), fastrand::u64(..)))
        .bench_refs(|((requester, swarm), draw)| uniform_plan(*requester, swarm, 50, *draw));
}

/// A fan, who is inside by tier: no right is looked up.
#[divan::bench(args = MEMBERS, sample_size = 256)]
fn admit_member(bencher: Bencher<'_, '_>, members: u32) {
    let club = Club::new(members);
    let priority = club.item("priority");
    bencher
        .with_inputs(|| club.announce(ItemId::ANY))
        .bench_refs(|announce| club.admit(announce, priority));
}

/// The same fan, who bought this item, with the item's own key: one look-up in the rights.
#[divan::bench(args = MEMBERS, sample_size = 256)]
fn admit_buyer(bencher: Bencher<'_, '_>, members: u32) {
    let club = Club::new(members);
    let exclusive = club.item("club");
    bencher
        .with_inputs(|| club.announce(ITEM))
        .bench_refs(|announce| club.admit(announce, exclusive));
}

#[divan::bench(sample_size = 256)]
fn admit_stranger(bencher: Bencher<'_, '_>) {
    let club = Club::new(1);
    let stranger = Announce { passkey: None, ..club.announce(ITEM) };
    let free = club.item("free");
    bencher.bench(|| club.admit(black_box(&stranger), free));
}

/// So many members, all fans with a right to one item.
struct Club {
    rules: Rules,
    keyring: Keyring,
    aliases: Aliases,
    roster: Roster,
    rights: Entitlements,
    members: u32,
}

impl Club {
    fn new(members: u32) -> Self {
        let club = Self {
            rules: Rules::default(),
            keyring: Keyring::new(&MasterSecret::new([1; 32]), None),
            aliases: Aliases::default(),
            roster: Roster::new(),
            rights: Entitlements::default(),
            members,
        };
        let standing = Standing {
            tier: club.rules.tiers.find("fan").expect("a default tier"),
            until: u32::MAX,
            then: TierId::OUTSIDER,
            state: MemberState::Active,
            generation: Generation(0),
            old_key_until: 0,
        };
        for member in (1..=members).filter_map(MemberId::new) {
            club.roster.set(member, standing);
            club.rights.set(ITEM, member, Right { until: u32::MAX, ..Right::default() });
        }
        club
    }

    fn admit(&self, announce: &Announce, item: ItemRules) -> Result<Admission, Refusal> {
        let Self { rules, keyring, aliases, roster, rights, .. } = self;
        Authorizer { rules, keyring, aliases, roster, rights }.admit(announce, Some(item), NOW)
    }

    fn item(&self, policy: &str) -> ItemRules {
        let policy = self.rules.policies.find(policy).expect("a default policy");
        ItemRules { id: ITEM, policy: Some(policy), tier: None }
    }

    fn announce(&self, item: ItemId) -> Announce {
        Announce {
            info_hash: InfoHash([1; 20]),
            peer_id: PeerId(*b"-TR4060-abcdefghijkl"),
            port: 51413,
            uploaded: 0,
            downloaded: 0,
            left: 1000,
            event: AnnounceEvent::None,
            numwant: None,
            key: None,
            passkey: Some(self.passkey(item)),
            compact: true,
            no_peer_id: true,
        }
    }

    fn passkey(&self, item: ItemId) -> Passkey {
        let grant = KeyGrant { member: self.member(), generation: Generation(0), item };
        self.keyring.issue(Label::Announce, grant)
    }

    fn member(&self) -> MemberId {
        MemberId::new(fastrand::u32(1..=self.members)).expect("members are from 1 on")
    }
}

fn swarm() -> (Requester, Headcount) {
    let mut rng = Rng::new();
    let side = if rng.bool() { Side::Inside } else { Side::Outside };
    let [inside_seeders, inside_leechers, outside_seeders, outside_leechers] =
        [(); 4].map(|()| rng.u32(0..1_000));
    let swarm = Headcount { inside_seeders, inside_leechers, outside_seeders, outside_leechers };
    (Requester { side, seeder: rng.bool() }, swarm)
}

const ITEM: ItemId = ItemId(42);
const NOW: u32 = 1_800_000_000;
