//! Members from another tracker.

use std::sync::Arc;

use club::{Arrival, Fault, MAX_IMPORT, NewMember, Newcomer, Page, Store};
use policy::{Keyring, MasterSecret};
use wire::Passkey;

use super::{House, check_refused, stamp};

pub(crate) async fn a_brought_passkey_stands_for_its_member_until_rotated(store: Arc<dyn Store>) {
    let house = House::open(store.clone()).await;
    house.club.import(&stamp(), vec![newcomer("ada", Some(ADA))]).await.unwrap();
    let grant = house.aliases.find(&keyring(), &passkey(ADA)).unwrap();
    assert_eq!(grant.member.value(), 1);
    assert_eq!(house.standing(grant.member).generation, grant.generation);
    assert_eq!(house.aliases.find(&keyring(), &passkey("another")), None);

    house.club.rotate(&stamp(), "ada", None).await.unwrap();
    let again = House::open(store).await;
    let grant = again.aliases.find(&keyring(), &passkey(ADA)).unwrap();
    assert_ne!(again.standing(grant.member).generation, grant.generation);
}

pub(crate) async fn a_trial_changes_nothing(store: Arc<dyn Store>) {
    let house = House::open(store).await;
    house.club.import(&stamp(), vec![newcomer("ada", Some(ADA))]).await.unwrap();
    let tried = [
        newcomer("ada", Some(ADA)),
        newcomer("ada", Some(BOB)),
        newcomer("bob", Some(ADA)),
        newcomer("bob", None),
        newcomer("b b", None),
        Newcomer {
            member: NewMember { tier: "king".to_owned(), ..newcomer("bob", None).member },
            passkey: None,
        },
    ];
    let told = house.club.try_import(&tried).await.unwrap();
    let told: Vec<_> = told
        .iter()
        .map(|arrival| match arrival {
            Arrival::Added => "added".to_owned(),
            Arrival::Present => "present".to_owned(),
            Arrival::Refused(why) => why.to_string(),
        })
        .collect();
    assert_eq!(
        told,
        [
            "present",
            "member 1 has the name `ada` already",
            "member 1 has this passkey already",
            "added",
            "' ' can't be in a name: use ASCII letters, digits, `.`, `_` and `-`",
            "no tier `king` in the configuration, which has outsider, fan, patron",
        ]
    );
    assert_eq!(house.club.members(Page::FIRST).await.unwrap().len(), 1);
}

pub(crate) async fn all_or_none_are_imported_and_again_is_no_harm(store: Arc<dyn Store>) {
    let house = House::open(store).await;
    let both = || vec![newcomer("ada", Some(ADA)), newcomer("bob", Some(BOB))];
    let mut flawed = both();
    flawed.push(newcomer("cleo", Some(ADA)));
    let refused = house.club.import(&stamp(), flawed).await;
    check_refused(refused, Fault::Conflict, "member 1 has this passkey already");
    assert_eq!(house.club.members(Page::FIRST).await.unwrap(), []);
    assert_eq!(house.aliases.find(&keyring(), &passkey(ADA)), None);

    for expected in ["Added", "Present"] {
        let arrivals = house.club.import(&stamp(), both()).await.unwrap();
        let told: Vec<_> = arrivals.iter().map(|arrival| format!("{arrival:?}")).collect();
        assert_eq!(told, [expected; 2]);
    }
    assert_eq!(house.club.members(Page::FIRST).await.unwrap().len(), 2);
}

pub(crate) async fn too_many_at_once_are_refused(store: Arc<dyn Store>) {
    let house = House::open(store).await;
    let many = |count| (0..count).map(|number| newcomer(&format!("m{number}"), None)).collect();
    house.club.import(&stamp(), many(MAX_IMPORT)).await.unwrap();
    let refused = house.club.import(&stamp(), many(MAX_IMPORT + 1)).await;
    check_refused(refused, Fault::Request, "1001 newcomers at once, expected 1000 at most");
}

fn newcomer(name: &str, key: Option<&str>) -> Newcomer {
    let member = NewMember { name: name.to_owned(), tier: "fan".to_owned(), tier_until: None };
    Newcomer { member, passkey: key.map(|key| keyring().alias_hash(&passkey(key))) }
}

fn passkey(text: &str) -> Passkey {
    Passkey::new(text.as_bytes()).unwrap()
}

fn keyring() -> Keyring {
    Keyring::new(&MasterSecret::new([7; 32]), None)
}

const ADA: &str = "0123456789abcdef0123456789abcdef";
const BOB: &str = "fedcba9876543210fedcba9876543210";
