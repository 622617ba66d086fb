//! Of two who change the same thing at once, the second is refused.

use std::sync::Arc;

use club::{Details, Error, Expected, Fault, MailText, NewPrices, Prices, Store, Version};
use futures_util::future::join_all;

use super::money::{priced, usd};
use super::{House, check_refused, stamp};

pub(crate) async fn one_of_two_changes_that_saw_the_same_is_made(store: Arc<dyn Store>) {
    let house = House::open(store).await;
    let club = &house.club;
    house.add_member("ada").await;
    priced(&house).await;
    let seen = |version: Version| Expected::OneOf(vec![version]);
    let details = |title: &str| Details { title: Some(title.to_owned()), ..Details::default() };
    let version = club.presentation("reel-1").await.unwrap().version();
    let both = ["One", "Two"].map(|title| async move {
        club.describe_if(&stamp(), "reel-1", details(title), seen(version)).await.map(drop)
    });
    check_one(join_all(both).await);
    let version = club.item("reel-1").await.unwrap().policy_version();
    let both = ["free", "club"].map(|policy| async move {
        club.set_policy_if(&stamp(), "reel-1", policy, seen(version)).await.map(drop)
    });
    check_one(join_all(both).await);
    let version = club.item("reel-1").await.unwrap().prices_version();
    let both = [100, 200].map(|minor| async move {
        let prices = Prices { torrent: Some(usd(minor)), direct: None };
        let new = NewPrices { prices, minimum: Some(Some(usd(50))) };
        let edit = move |_: &club::Item| Ok::<_, ()>(new);
        club.change_prices(&stamp(), "reel-1", seen(version), edit).await.map(drop)
    });
    check_one(join_all(both).await);
    assert_eq!(club.item("reel-1").await.unwrap().minimum, Some(usd(50)));
    let version = club.member("ada").await.unwrap().tier_version();
    let both = ["patron", "outsider"].map(|tier| async move {
        club.set_tier_if(&stamp(), "ada", (tier, None), seen(version)).await.map(drop)
    });
    check_one(join_all(both).await);
    club.verify().await.unwrap();
}

pub(crate) async fn a_refused_change_of_prices_changes_nothing(store: Arc<dyn Store>) {
    let house = House::open(store).await;
    let club = &house.club;
    priced(&house).await;
    let before = club.item("reel-1").await.unwrap();
    let changes = club.audit(club::Page::FIRST).await.unwrap().len();
    let refused = |_: &club::Item| Err("no currency");
    let outcome = club.change_prices(&stamp(), "reel-1", Expected::Anything, refused).await;
    assert_eq!(outcome.unwrap(), Err("no currency"));
    // The prices would do, but not the minimum, which comes after them.
    let dear = NewPrices { prices: before.prices, minimum: Some(Some(usd(9999))) };
    let edit = move |_: &club::Item| Ok::<_, ()>(dear);
    let outcome = club.change_prices(&stamp(), "reel-1", Expected::Anything, edit).await;
    assert!(matches!(outcome, Err(Error::Minimum { .. })), "{outcome:?}");
    assert_eq!(club.item("reel-1").await.unwrap(), before);
    assert_eq!(club.audit(club::Page::FIRST).await.unwrap().len(), changes);
}

pub(crate) async fn whatever_is_changed_has_another_version(store: Arc<dyn Store>) {
    let house = House::open(store).await;
    let club = &house.club;
    house.add_member("ada").await;
    priced(&house).await;
    let item = async || club.presentation("reel-1").await.unwrap().item_version();
    let presented = async || club.presentation("reel-1").await.unwrap().version();
    let member = async || club.member("ada").await.unwrap().version();
    let (first, shown) = (item().await, presented().await);
    let details = Details { description: Some("Long".to_owned()), ..Details::default() };
    club.describe(&stamp(), "reel-1", details).await.unwrap();
    let second = item().await;
    assert!(second != first && presented().await != shown);
    club.set_policy(&stamp(), "reel-1", "club").await.unwrap();
    let third = item().await;
    club.set_policy(&stamp(), "reel-1", "priority").await.unwrap();
    assert!(third != second && item().await == second, "what is undone is as it was");
    let stale = Expected::OneOf(vec![first, third]);
    let text = "this was changed since you looked at it: look again, then repeat your change on \
                what is there now";
    check_refused(club.remove_item_if(&stamp(), "reel-1", stale).await, Fault::Stale, text);
    check_refused(
        club.remove_item_if(&stamp(), "reel-1", Expected::OneOf(Vec::new())).await,
        Fault::Stale,
        text,
    );
    let now = Expected::OneOf(vec![first, second]);
    club.remove_item_if(&stamp(), "reel-1", now).await.unwrap();

    let first = member().await;
    club.suspend(&stamp(), "ada").await.unwrap();
    let second = member().await;
    let address = Some(club::Email::parse("ada@example.org").unwrap());
    club.set_email(&stamp(), "ada", address, MailText::default()).await.unwrap();
    let third = member().await;
    assert!(first != second && second != third);
    let stale = Expected::OneOf(vec![second]);
    check_refused(club.remove_member_if(&stamp(), "ada", stale).await, Fault::Stale, text);
    club.remove_member_if(&stamp(), "ada", Expected::OneOf(vec![third])).await.unwrap();
}

#[track_caller]
fn check_one(outcomes: Vec<Result<(), Error>>) {
    let made = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
    let stale = outcomes.iter().filter(|outcome| matches!(outcome, Err(Error::Stale))).count();
    assert_eq!((made, stale), (1, 1), "{outcomes:?}");
}
