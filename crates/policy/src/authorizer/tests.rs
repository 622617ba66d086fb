use wire::{Passkey, PeerId};

use self::club::*;
use super::*;
use crate::{AccessTerms, ClientList, Generation, ItemAccess, PeerIdPrefix, PolicyId};

mod club;
mod following;

#[test]
fn a_stranger_is_seated_outside() {
    let club = Club::new();
    check(&club, announce(), PRIORITY, Ok(Admission { numwant: 30, ..Admission::STRANGER }));
    check(&club, announce(), FREE, Ok(Admission { numwant: 30, ..Admission::STRANGER }));
    check(&club, announce(), CLUB, Err(Refusal::MembersOnly));
    check(&club, Announce { left: 0, ..announce() }, CLUB, Err(Refusal::MembersOnly));
}

#[test]
fn numwant_is_the_tiers() {
    let club = Club::new();
    for (numwant, expected) in [(None, 30), (Some(0), 0), (Some(40), 40), (Some(51), 50)] {
        let announce = Announce { numwant, ..announce() };
        check(&club, announce, FREE, Ok(Admission { numwant: expected, ..Admission::STRANGER }));
    }
    club.hold("fan", FOREVER);
    let fan = Announce { numwant: Some(81), ..club.key() };
    check(&club, fan, FREE, Ok(Admission { numwant: 80, ..club.seat("fan", Side::Inside) }));
}

#[test]
fn a_tier_seats_its_members() {
    let club = Club::new();
    club.hold("outsider", FOREVER);
    check(&club, club.key(), PRIORITY, Ok(club.seat("outsider", Side::Outside)));
    club.hold("fan", FOREVER);
    check(&club, club.key(), PRIORITY, Ok(club.seat("fan", Side::Inside)));
    check(&club, club.key(), CLUB, Err(Refusal::NotEntitled));
    club.hold("patron", FOREVER);
    check(&club, club.key(), CLUB, Ok(club.seat("patron", Side::Inside)));
}

#[test]
fn a_right_to_the_item_or_to_all_seats_inside() {
    for item in [ITEM, ItemId::ANY] {
        let club = Club::new();
        club.hold("outsider", FOREVER);
        club.grant(item, NOW + 1);
        for policy in [FREE, PRIORITY, CLUB] {
            check(&club, club.key(), policy, Ok(club.seat("outsider", Side::Inside)));
        }
        club.grant(item, NOW);
        check(&club, club.key(), PRIORITY, Ok(club.seat("outsider", Side::Outside)));
        check(&club, club.key(), CLUB, Err(Refusal::MembershipExpired));
        club.rights.revoke(item, ada());
        check(&club, club.key(), CLUB, Err(Refusal::NotEntitled));
    }
}

#[test]
fn a_right_to_another_item_is_none() {
    let club = Club::new();
    club.hold("outsider", FOREVER);
    club.grant(ItemId(43), FOREVER);
    check(&club, club.key(), PRIORITY, Ok(club.seat("outsider", Side::Outside)));
    check(&club, club.key(), CLUB, Err(Refusal::NotEntitled));
}

#[test]
fn a_tier_runs_out_by_way_of_grace() {
    let club = Club::new();
    let ending = Some(Warning::MembershipEnding);
    club.hold("patron", NOW + 1);
    check(&club, club.key(), CLUB, Ok(club.seat("patron", Side::Inside)));
    for until in [NOW, NOW - club.rules.grace_secs + 1] {
        club.hold("patron", until);
        let seat = Admission { warning: ending, ..club.seat("patron", Side::Inside) };
        check(&club, club.key(), CLUB, Ok(seat));
    }
    club.hold("patron", NOW - club.rules.grace_secs);
    check(&club, club.key(), CLUB, Err(Refusal::MembershipExpired));
    check(&club, club.key(), PRIORITY, Ok(club.seat("outsider", Side::Outside)));
}

#[test]
fn a_tier_that_runs_out_falls_to_the_next_best() {
    let club = Club::new();
    let fan = club.tier("fan");
    club.roster.set(ada(), Standing { then: fan, ..club.standing("patron", 1) });
    check(&club, club.key(), PRIORITY, Ok(club.seat("fan", Side::Inside)));
    check(&club, club.key(), CLUB, Err(Refusal::MembershipExpired));
}

#[test]
fn members_without_a_right_may_seed_and_get_no_peers() {
    let club = Club::new();
    let seeding = |club: &Club, side| {
        let seat = club.seat("outsider", side);
        Ok(Admission { numwant: 0, warning: Some(Warning::SeedingOnly), ..seat })
    };
    club.hold("patron", 1);
    let seeder = Announce { left: 0, numwant: Some(50), ..club.key() };
    check(&club, seeder, CLUB, seeding(&club, Side::Outside));
    club.hold("outsider", FOREVER);
    check(&club, seeder, CLUB, seeding(&club, Side::Outside));
}

#[test]
fn who_was_paid_back_may_seed_and_who_was_revoked_may_not() {
    let club = Club::new();
    club.hold("fan", FOREVER);
    let seeder = Announce { left: 0, ..club.key() };
    let seeds = Admission {
        warning: Some(Warning::SeedingOnly),
        numwant: 0,
        ..club.seat("fan", Side::Inside)
    };
    club.grant(ITEM, Right::REFUNDED);
    check(&club, club.key(), CLUB, Err(Refusal::MembershipExpired));
    check(&club, seeder, CLUB, Ok(seeds));
    club.grant(ITEM, Right::REVOKED);
    for announce in [club.key(), seeder] {
        check(&club, announce, CLUB, Err(Refusal::RightRevoked));
    }
    check(&club, club.key(), PRIORITY, Ok(club.seat("fan", Side::Inside)));
    club.grant(ItemId::ANY, FOREVER);
    check(&club, club.key(), CLUB, Ok(club.seat("fan", Side::Inside)));
}

#[test]
fn a_passkey_must_be_a_known_members() {
    let club = Club::new();
    check(&club, club.key(), FREE, Err(Refusal::PasskeyUnknown));
    club.hold("fan", FOREVER);
    for text in [&b"fz3g2jqyn23gqgzdfcpznpdrbiw66l5n"[..], b"0123456789abcdef", b"a"] {
        let forged = Announce { passkey: Passkey::new(text), ..announce() };
        check(&club, forged, FREE, Err(Refusal::PasskeyUnknown));
    }
    let feed = club.keyring.issue(Label::Feed, member_grant(0));
    check(
        &club,
        Announce { passkey: Some(feed), ..announce() },
        FREE,
        Err(Refusal::PasskeyUnknown),
    );
}

#[test]
fn an_imported_passkey_stands_for_its_members() {
    let club = Club::new();
    club.hold("fan", FOREVER);
    let passkey = Passkey::new(b"0123456789abcdef0123456789abcdef").unwrap();
    club.aliases.set(club.keyring.alias_hash(&passkey), member_grant(0));
    let announce = Announce { passkey: Some(passkey), ..announce() };
    check(&club, announce, PRIORITY, Ok(club.seat("fan", Side::Inside)));
    club.roster.set(ada(), Standing { generation: Generation(1), ..club.standing("fan", FOREVER) });
    check(&club, announce, PRIORITY, Err(Refusal::PasskeyReplaced));
}

#[test]
fn removed_and_suspended_members_are_refused_everywhere() {
    let club = Club::new();
    for (state, refusal) in [
        (MemberState::Removed, Refusal::AccountRemoved),
        (MemberState::Suspended, Refusal::AccountSuspended),
    ] {
        club.roster.set(ada(), Standing { state, ..club.standing("patron", FOREVER) });
        for policy in [FREE, PRIORITY, CLUB] {
            check(&club, club.key(), policy, Err(refusal));
            check(&club, club.item_key(0), policy, Err(refusal));
        }
        assert_eq!(club.authorizer().access(ada(), club.item(ITEM), NOW), None);
    }
}

#[test]
fn a_rotated_key_answers_for_its_grace_alone() {
    let club = Club::new();
    let rotate = |old_key_until| {
        let standing = club.standing("fan", FOREVER);
        club.roster.set(ada(), Standing { generation: Generation(5), old_key_until, ..standing });
    };
    let seat = club.seat("fan", Side::Inside);
    let warned = Admission { warning: Some(Warning::PasskeyReplaced), ..seat };
    rotate(NOW + 1);
    check(&club, club.key_of_turn(5), FREE, Ok(seat));
    check(&club, club.key_of_turn(4), FREE, Ok(warned));
    for past_or_future in [3, 6] {
        let announce = club.key_of_turn(past_or_future);
        check(&club, announce, FREE, Err(Refusal::PasskeyReplaced));
    }
    for over in [0, NOW] {
        rotate(over);
        check(&club, club.key_of_turn(4), FREE, Err(Refusal::PasskeyReplaced));
    }
}

#[test]
fn an_items_key_opens_that_item_alone() {
    let club = Club::new();
    club.hold("patron", FOREVER);
    check(&club, club.item_key(0), CLUB, Ok(club.seat("patron", Side::Inside)));
    let authorizer = club.authorizer();
    let other = ItemRules { id: ItemId(43), policy: Some(club.policy(FREE)), tier: None };
    assert_eq!(
        authorizer.admit(&club.item_key(0), Some(other), NOW),
        Err(Refusal::KeyOfAnotherItem)
    );
    assert_eq!(authorizer.admit(&club.item_key(0), None, NOW), Err(Refusal::KeyOfAnotherItem));
}

#[test]
fn an_items_key_rotates_apart_from_the_members() {
    let club = Club::new();
    let patron = club.standing("patron", FOREVER);
    club.roster.set(ada(), Standing { generation: Generation(9), ..patron });
    let seat = club.seat("patron", Side::Inside);
    check(&club, club.item_key(0), CLUB, Ok(seat));

    let rotated = Right { generation: Generation(1), ..Right::default() };
    club.rights.set(ITEM, ada(), rotated);
    check(&club, club.item_key(1), CLUB, Ok(seat));
    check(&club, club.item_key(0), CLUB, Err(Refusal::PasskeyReplaced));

    club.rights.set(ITEM, ada(), Right { old_key_until: NOW + 1, ..rotated });
    let warned = Admission { warning: Some(Warning::PasskeyReplaced), ..seat };
    check(&club, club.item_key(0), CLUB, Ok(warned));
}

#[test]
fn the_keys_warning_goes_before_the_memberships() {
    let club = Club::new();
    let standing = club.standing("patron", NOW);
    let rotated = Standing { generation: Generation(1), old_key_until: NOW + 1, ..standing };
    club.roster.set(ada(), rotated);
    let seat = club.seat("patron", Side::Inside);
    let warned = |warning| Ok(Admission { warning: Some(warning), ..seat });
    check(&club, club.key_of_turn(0), CLUB, warned(Warning::PasskeyReplaced));
    check(&club, club.key_of_turn(1), CLUB, warned(Warning::MembershipEnding));
}

#[test]
fn unknown_torrents_are_refused_or_free() {
    let mut club = Club::new();
    club.hold("fan", FOREVER);
    for announce in [announce(), club.key()] {
        assert_eq!(club.authorizer().admit(&announce, None, NOW), Err(Refusal::TorrentUnknown));
    }
    club.rules.unknown_torrents = UnknownTorrents::Free;
    let stranger = Admission { numwant: 30, ..Admission::STRANGER };
    assert_eq!(club.authorizer().admit(&announce(), None, NOW), Ok(stranger));
    let fan = club.seat("fan", Side::Outside);
    assert_eq!(club.authorizer().admit(&club.key(), None, NOW), Ok(fan));
}

#[test]
fn a_client_and_its_port_must_be_allowed() {
    let mut club = Club::new();
    for port in [0, 80, 8080] {
        check(&club, Announce { port, ..announce() }, FREE, Err(Refusal::PortForbidden));
    }
    let denied = PeerIdPrefix::new(b"-XX").unwrap();
    club.rules.clients = ClientList::new(vec![], vec![denied]).unwrap();
    let forbidden = Announce { peer_id: PeerId(*b"-XX0001-abcdefghijkl"), port: 80, ..announce() };
    check(&club, forbidden, FREE, Err(Refusal::ClientForbidden));
}

#[test]
fn a_stop_is_never_refused_and_gets_no_peers() {
    let club = Club::new();
    club.hold("fan", FOREVER);
    let stop = |announce| Announce { event: AnnounceEvent::Stopped, port: 0, ..announce };
    let fan = Admission { numwant: 0, ..club.seat("fan", Side::Inside) };
    check(&club, stop(club.key()), FREE, Ok(fan));

    let refused =
        |member, refusal| Ok(Admission { member, refused: Some(refusal), ..Admission::STRANGER });
    check(&club, stop(announce()), CLUB, refused(None, Refusal::MembersOnly));
    check(&club, stop(club.key()), CLUB, refused(Some(ada()), Refusal::NotEntitled));
    let forged = Announce { passkey: Passkey::new(b"a"), ..announce() };
    check(&club, stop(forged), FREE, refused(None, Refusal::PasskeyUnknown));
    let unknown = club.authorizer().admit(&stop(announce()), None, NOW);
    assert_eq!(unknown, refused(None, Refusal::TorrentUnknown));
}

#[test]
fn access_is_what_an_announce_is_seated_by() {
    let club = Club::new();
    let access = |item| club.authorizer().access(ada(), club.item(item), NOW);
    assert_eq!(access(ITEM), None);
    club.hold("patron", NOW);
    let patron = AccessDetails {
        tier: club.tier("patron"),
        entitled: true,
        side: Side::Inside,
        lapsed: false,
        in_grace: true,
        revoked: false,
    };
    assert_eq!(access(ITEM), Some(patron));
    club.hold("patron", 1);
    let lapsed = AccessDetails {
        tier: TierId::OUTSIDER,
        entitled: false,
        side: Side::Outside,
        lapsed: true,
        in_grace: false,
        revoked: false,
    };
    assert_eq!(access(ITEM), Some(lapsed));
    club.grant(ITEM, FOREVER);
    let entitled = AccessDetails { entitled: true, side: Side::Inside, lapsed: false, ..lapsed };
    assert_eq!(access(ITEM), Some(entitled));
    assert_eq!(access(ItemId(43)), Some(lapsed));
}

#[test]
fn item_access_follows_the_table_of_states() {
    let club = Club::new();
    let access = |policy: &str| {
        club.authorizer().item_access(
            ada(),
            ItemRules { id: ITEM, policy: Some(club.policy(policy)), tier: None },
            NOW,
        )
    };
    let terms = |tier: &str, entitled| AccessTerms { tier: club.tier(tier), entitled };
    assert_eq!([FREE, CLUB].map(access), [ItemAccess::Refused; 2]);
    club.hold("patron", FOREVER);
    assert_eq!([FREE, CLUB].map(access), [ItemAccess::Open(terms("patron", true)); 2]);
    club.hold("patron", NOW);
    assert_eq!([FREE, CLUB].map(access), [ItemAccess::Grace(terms("patron", true)); 2]);
    club.hold("patron", 1);
    let open = ItemAccess::Open(terms("outsider", false));
    assert_eq!([FREE, CLUB].map(access), [open, ItemAccess::Expired]);
    club.grant(ITEM, FOREVER);
    assert_eq!([FREE, CLUB].map(access), [ItemAccess::Open(terms("outsider", true)); 2]);
    club.grant(ITEM, Right::REFUNDED);
    assert_eq!([FREE, CLUB].map(access), [open, ItemAccess::Expired]);
    club.grant(ITEM, Right::REVOKED);
    assert_eq!([FREE, CLUB].map(access), [open, ItemAccess::Refused]);
    club.hold("fan", FOREVER);
    club.grant(ITEM, 0);
    assert_eq!(
        [FREE, CLUB].map(access),
        [ItemAccess::Open(terms("fan", false)), ItemAccess::Expired]
    );
    let state = MemberState::Suspended;
    club.roster.set(ada(), Standing { state, ..club.standing("patron", FOREVER) });
    assert_eq!([FREE, CLUB].map(access), [ItemAccess::Refused; 2]);
}

#[test]
fn an_item_may_be_part_of_a_tier_and_those_above() {
    let club = Club::new();
    let fan = club.rules.tiers.find("fan");
    let item = ItemRules { id: ITEM, policy: Some(club.policy(CLUB)), tier: fan };
    let entitled = |item| club.authorizer().access(ada(), item, NOW).unwrap().entitled;
    for (tier, expected) in [("outsider", false), ("fan", true), ("seeder", true)] {
        club.hold(tier, FOREVER);
        assert_eq!(entitled(item), expected, "{tier}");
        assert!(!entitled(ItemRules { tier: None, ..item }), "{tier}");
    }
    club.hold("fan", 1);
    let access = club.authorizer().access(ada(), item, NOW).unwrap();
    assert!(access.lapsed && !access.entitled);
}

#[test]
fn a_passkey_names_its_member_where_it_opens() {
    let club = Club::new();
    let member =
        |announce: Announce, item| club.authorizer().member(&announce.passkey.unwrap(), item, NOW);
    assert_eq!(member(club.key(), ITEM), None);
    club.hold("outsider", FOREVER);
    assert_eq!(member(club.key(), ITEM), Some(ada()));
    assert_eq!(member(club.item_key(0), ITEM), Some(ada()));
    assert_eq!(member(club.item_key(0), ItemId(43)), None);
    assert_eq!(member(club.key_of_turn(1), ITEM), None);
    let suspended = MemberState::Suspended;
    let standing = Standing { state: suspended, ..club.standing("outsider", FOREVER) };
    club.roster.set(ada(), standing);
    assert_eq!(member(club.key(), ITEM), None);
}

#[test]
fn decisions_are_small_enough_to_remember() {
    assert!(size_of::<Result<Admission, Refusal>>() <= 16);
}

/// Asserts what becomes of an announce to the item under a policy.
#[track_caller]
fn check(club: &Club, announce: Announce, policy: &str, expected: Result<Admission, Refusal>) {
    let item = ItemRules { id: ITEM, policy: Some(club.policy(policy)), tier: None };
    assert_eq!(club.authorizer().admit(&announce, Some(item), NOW), expected, "{policy}");
}
