use std::sync::Arc;

use club::provider::{Notice, Report};
use club::{Checkout, Delivery, NewCheckout, Page, Store, Verdict};

use super::money::check_sound;
use super::payments::{checkout, event, item, paid, stocked};
use super::{House, stamp};

pub(crate) async fn what_providers_sent_is_erased_with_its_member(store: Arc<dyn Store>) {
    let (house, ..) = stocked(store).await;
    house.add_member("bob").await;
    let club = &house.club;
    let send = async |key: &str, body: &str, notice: Notice| {
        let (provider, headers) = ("stripe".to_owned(), "user-agent: ada\n".to_owned());
        let delivery = Delivery { provider, headers, body: body.as_bytes().to_vec() };
        club.receive(&stamp(), delivery, event(key, notice)).await.unwrap()
    };
    let (order, other) = (checkout(&house, "1", item()).await, checkout(&house, "3", item()).await);
    club.set_session(order.id, "cs_session_1", "https://pay.example.org/1").await.unwrap();
    let report = |order: &Checkout, payment: &str| {
        let payment = payment.to_owned();
        Notice::Payment(Box::new(Report { payment, ..paid(order, 300) }))
    };
    send("settles", r#"{"email":"ada@example.org"}"#, report(&order, "pi_ada_1")).await;
    let wrong = Notice::Payment(Box::new(paid(&order, 299)));
    send("held", r#"{"email":"ada@example.org"}"#, wrong).await;
    for (key, body) in [
        ("names the payment", r#"{"intent":"pi_ada_1","email":"ada@example.org"}"#),
        ("names the session", "data=%7B%22id%22%3A%22cs_session_1%22%7D"),
        ("another's", r#"{"intent":"pi_ada_11"}"#),
    ] {
        send(key, body, Notice::Nothing("not of interest")).await;
    }
    let again = checkout_for(&house, "2", "bob").await;
    send("of bob", r#"{"email":"bob@example.org"}"#, report(&again, "pi_bob_1")).await;
    let effect = send("again", "{}", report(&other, "pi_ada_2")).await.effect;
    assert!(effect.contains("member `ada` has bought"), "{effect}");

    let ada = club.erase_member(&stamp(), "ada").await.unwrap();
    let deliveries = club.deliveries(Page::FIRST).await.unwrap();
    assert_eq!(deliveries.len(), 7);
    for kept in deliveries {
        let key = kept.key.unwrap();
        let stays = ["another's", "of bob"].contains(&key.as_str());
        assert_eq!(kept.erased.is_none(), stays, "{key}");
        assert_eq!(kept.delivery.body.is_empty(), !stays, "{key}");
        assert_eq!(kept.delivery.headers.is_empty(), !stays, "{key}");
        assert!(!kept.effect.contains("ada"), "{}", kept.effect);
        if key == "settles" {
            let effect = "order 1 is paid, 3.00 usd kept";
            assert_eq!((kept.verdict, kept.effect.as_str()), (Verdict::Applied, effect));
        }
        if key == "again" {
            assert!(kept.effect.contains(&format!("member `{}` has", ada.name)), "{}", kept.effect);
        }
    }
    let alerts = club.alerts(false, Page::FIRST).await.unwrap();
    assert!(!alerts.is_empty());
    assert!(alerts.iter().all(|alert| !alert.evidence.contains("ada")), "{alerts:?}");
    check_sound(&house).await;
}

async fn checkout_for(house: &House, key: &str, member: &str) -> Checkout {
    let (provider, member) = ("stripe".to_owned(), member.to_owned());
    let new = NewCheckout { provider, member, product: item() };
    house.club.make_checkout(&stamp(), key, new).await.unwrap()
}
