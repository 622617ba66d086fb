//! What is judged while one configuration follows another, and of what it left without a policy.

use super::*;

#[test]
fn nobody_has_more_while_other_rules_come_in_force() {
    let mut club = Club::new();
    club.hold("seeder", FOREVER);
    let tiers: Vec<_> = club.rules.tiers.iter().cloned().collect();
    let friend = crate::Tier { id: "friend".to_owned(), ..tiers[1].clone() };
    let mut more = tiers.clone();
    more.insert(1, friend);
    let more = Rules { tiers: crate::Tiers::new(more).unwrap(), ..club.rules.clone() };
    // What stands in the roster is of the rules before, where a patron stood at the seeder's place.
    let before = std::mem::replace(&mut club.rules, more);
    club.rules = club.rules.clone().following(&before).unwrap();
    check(&club, club.key(), CLUB, Err(Refusal::NotEntitled));
    check(&club, club.key(), PRIORITY, Ok(club.seat("seeder", Side::Inside)));

    // And the other way round: an item is for a tier that the rules do not have yet.
    let item = ItemRules { tier: Some(club.tier("friend")), ..club.item(ITEM) };
    let access = |club: &Club| club.authorizer().access(ada(), item, NOW).unwrap();
    assert!(access(&club).entitled);
    club.rules = before;
    assert!(!access(&club).entitled);
}

#[test]
fn an_item_without_a_policy_is_closed() {
    let club = Club::new();
    club.hold("patron", FOREVER);
    for policy in [None, PolicyId::new(63)] {
        let item = ItemRules { id: ITEM, policy, tier: None };
        for announce in [announce(), club.key()] {
            assert_eq!(
                club.authorizer().admit(&announce, Some(item), NOW),
                Err(Refusal::ItemClosed)
            );
        }
        assert_eq!(club.authorizer().item_access(ada(), item, NOW), ItemAccess::Refused);
    }
}
