//! Tokens of programs and of members.

use std::sync::Arc;

use club::{
    AccessScope, AccessScopes, ApiSecret, Error, Fault, MAX_TOKENS, NewToken, Stamp, Store, TokenId,
};

use super::{House, NOW, check_refused, stamp};

pub(crate) async fn a_token_works_until_its_end_or_until_it_is_revoked(store: Arc<dyn Store>) {
    let house = House::open(store).await;
    let (token, secret) =
        add(&house, "shop", &[AccessScope::Money, AccessScope::ReadStats], Some(NOW + 60)).await;
    assert_eq!((token.scopes.to_string().as_str(), token.used), ("money read:stats", None));
    let found = async |secret: &ApiSecret, at| house.club.token(secret, at).await.unwrap();
    assert_eq!(found(&secret, NOW).await, Some(token.clone()));
    assert!(found(&secret, NOW + 59).await.is_some());
    assert_eq!(found(&secret, NOW + 60).await, None);

    house.club.revoke_token(&stamp(), "shop").await.unwrap();
    assert_eq!(found(&secret, NOW).await, None);
    let tokens = house.club.tokens().await.unwrap();
    assert_eq!(tokens.len(), 1);
    let revoked = &tokens[0];
    assert_eq!((revoked.id, revoked.revoked), (token.id, Some(NOW)));
    let again = house.club.revoke_token(&stamp(), "shop").await;
    let text = "no token `shop` works: `usher token list` shows those that do";
    check_refused(again, Fault::Missing, text);
    let (other, other_secret) = add(&house, "shop", &[AccessScope::All], None).await;
    assert_ne!(other.id, token.id);
    let by_number = house.club.revoke_token(&stamp(), &other.id.0.to_string()).await.unwrap();
    assert_eq!((by_number.id, found(&other_secret, NOW).await), (other.id, None));
}

pub(crate) async fn tokens_have_a_scope_a_name_of_their_own_and_a_future(store: Arc<dyn Store>) {
    let house = House::open(store).await;
    add(&house, "shop", &[AccessScope::All], Some(NOW + 60)).await;
    let taken = house.club.add_token(&stamp(), new("shop", &[AccessScope::All], None)).await;
    check_refused(
        taken,
        Fault::Conflict,
        "token 1 has the name `shop` already: choose another name, or revoke that one first with \
         `usher token revoke shop`",
    );
    let nothing = house.club.add_token(&stamp(), new("till", &[], None)).await;
    assert!(matches!(nothing, Err(Error::NoScope)), "{nothing:?}");
    let over = house.club.add_token(&stamp(), new("till", &[AccessScope::All], Some(NOW))).await;
    assert!(matches!(over, Err(Error::Ended { .. })), "{over:?}");
    let unnamed = house.club.add_token(&stamp(), new("a b", &[AccessScope::All], None)).await;
    assert!(matches!(unnamed, Err(Error::Name(_))), "{unnamed:?}");
    // One whose end has passed gives its name away.
    let later = Stamp { now_unix: NOW + 60, ..stamp() };
    house.club.add_token(&later, new("shop", &[AccessScope::All], None)).await.unwrap();
}

pub(crate) async fn there_is_a_maximum_of_tokens(store: Arc<dyn Store>) {
    let house = House::open(store).await;
    for number in 0..MAX_TOKENS {
        add(&house, &format!("t{number}"), &[AccessScope::ReadStats], None).await;
    }
    let more = house.club.add_token(&stamp(), new("more", &[AccessScope::ReadStats], None)).await;
    let text = "200 tokens work, which is the maximum: revoke one with `usher token revoke`";
    check_refused(more, Fault::Conflict, text);
    for number in 0..MAX_TOKENS {
        house.club.revoke_token(&stamp(), &format!("t{number}")).await.unwrap();
        add(&house, &format!("u{number}"), &[AccessScope::ReadStats], None).await;
    }
    house.club.revoke_token(&stamp(), "u0").await.unwrap();
    add(&house, "last", &[AccessScope::ReadStats], None).await;
    let (working, over): (Vec<_>, Vec<_>) =
        house.club.tokens().await.unwrap().into_iter().partition(|token| token.works(NOW));
    assert_eq!((working.len(), over.len()), (200, 200));
    // The oldest of those that no longer work is forgotten.
    assert!(over.iter().all(|token| token.name != "t0"));
}

pub(crate) async fn a_use_is_noted_and_changes_leave_a_record(store: Arc<dyn Store>) {
    let house = House::open(store).await;
    let (token, secret) = add(&house, "shop", &[AccessScope::Money], Some(NOW + 60)).await;
    house.club.note_token_use(token.id, NOW + 7).await.unwrap();
    house.club.note_token_use(token.id, NOW + 5).await.unwrap();
    let found = house.club.token(&secret, NOW).await.unwrap().unwrap();
    assert_eq!(found.used, Some(NOW + 7));
    house.club.revoke_token(&stamp(), "shop").await.unwrap();
    let record = house.club.audit(club::Page::FIRST).await.unwrap();
    let rows: Vec<_> = record.iter().map(|row| (row.what.as_str(), row.detail.as_str())).collect();
    let until = format!("shop: money, until {}", NOW + 60);
    assert_eq!(rows, [("token.add", until.as_str()), ("token.revoke", "shop")]);
}

pub(crate) async fn a_members_tokens_stop_with_the_member(store: Arc<dyn Store>) {
    let house = House::open(store).await;
    let (ada, bob) = (house.add_member("ada").await, house.add_member("bob").await);
    let secret = house.club.add_member_token(&stamp(), ada).await.unwrap();
    let found = async || house.club.member_token(&secret).await.unwrap();
    let token = found().await.unwrap();
    assert_eq!((token.member, token.used), (ada, None));
    house.club.note_member_token_use(token.id, NOW + 7).await.unwrap();
    assert_eq!(house.club.member_tokens(ada).await.unwrap()[0].used, Some(NOW + 7));
    let others = house.club.revoke_member_token(&stamp(), bob, token.id).await;
    assert!(matches!(others, Err(Error::NoToken(_))), "{others:?}");

    house.club.suspend(&stamp(), "ada").await.unwrap();
    assert_eq!(found().await, None);
    assert!(house.club.add_member_token(&stamp(), ada).await.is_err());
    house.club.resume(&stamp(), "ada").await.unwrap();
    assert!(found().await.is_some());
    for _ in 0..club::MAX_MEMBER_TOKENS {
        house.club.add_member_token(&stamp(), ada).await.unwrap();
    }
    assert_eq!(found().await, None);
    let kept = house.club.member_tokens(ada).await.unwrap();
    assert_eq!(kept.len(), 5);
    house.club.revoke_member_token(&stamp(), ada, kept[0].id).await.unwrap();
    house.club.erase_member(&stamp(), "ada").await.unwrap();
    assert_eq!(house.club.member_tokens(ada).await.unwrap(), []);
    assert!(house.club.revoke_member_token(&stamp(), ada, TokenId(1)).await.is_err());
}

async fn add(
    house: &House,
    name: &str,
    scopes: &[AccessScope],
    until: Option<u32>,
) -> (club::ApiToken, ApiSecret) {
    house.club.add_token(&stamp(), new(name, scopes, until)).await.unwrap()
}

fn new(name: &str, scopes: &[AccessScope], until: Option<u32>) -> NewToken {
    let scopes: AccessScopes = scopes.iter().copied().collect();
    NewToken { name: name.to_owned(), scopes, until }
}
