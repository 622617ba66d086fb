use std::sync::Arc;

use club::provider::{Beginning, Ending, Event, Notice, Report};
use club::{Amount, Checkout, Delivery, Handled, Page, ProductRequest, Store, Verdict};

use super::money::{check_sound, usd};
use super::payments::{checkout, item, of, stocked};
use super::{House, stamp};

pub(crate) async fn a_foreign_object_with_our_reference_pays_nothing(store: Arc<dyn Store>) {
    let (house, ada, reel) = stocked(store).await;
    let ours = with_session(&house, "1", "cs_ours_1").await;
    let foreign = Report { session: Some("cs_other_site_1".to_owned()), ..by_reference(&ours) };
    let Handled { verdict, effect, .. } = tell(&house, "evt_1", foreign).await;
    let why = "its session is not the one that was made for checkout 1";
    assert_eq!((verdict, effect.as_str()), (Verdict::Ignored, why));
    // No kind of object is taken for ours by the reference alone.
    let bare = tell(&house, "evt_2", by_reference(&ours)).await;
    assert_eq!((bare.verdict, house.right(reel, ada)), (Verdict::Ignored, None));
    assert_eq!(house.club.journal(Page::FIRST).await.unwrap(), []);

    let session = Some("cs_ours_1".to_owned());
    let paid = tell(&house, "evt_3", Report { session, ..by_reference(&ours) }).await;
    assert_eq!(paid.verdict, Verdict::Applied, "{}", paid.effect);
    assert_eq!(house.right(reel, ada).unwrap().until, u32::MAX);
    check_sound(&house).await;
}

pub(crate) async fn a_reference_of_another_installation_is_ignored(store: Arc<dyn Store>) {
    let (house, ada, reel) = stocked(store).await;
    let ours = checkout(&house, "1", item()).await;
    let parts: Vec<_> = ours.reference.split('-').collect();
    assert_eq!((parts[0], parts[1].len(), parts[2].len()), ("usher", 12, 32));
    let other = checkout(&house, "2", item()).await.reference;
    assert_ne!(ours.reference, other);
    assert!(other.starts_with(&format!("usher-{}-", parts[1])), "one installation has one name");
    for (key, reference) in [
        ("evt_1", format!("usher-0123456789ab-{}", parts[2])),
        ("evt_2", "1".to_owned()),
        ("evt_3", "somebody else's".to_owned()),
        ("evt_4", String::new()),
    ] {
        for by_link in [false, true] {
            let key = format!("{key} {by_link}");
            let report = Report { reference: Some(reference.clone()), by_link, ..paid() };
            let Handled { verdict, effect, .. } = tell(&house, &key, report).await;
            assert_eq!(verdict, Verdict::Ignored, "{effect}");
            assert!(effect.starts_with("its reference"), "{effect}");
        }
    }
    assert_eq!(house.right(reel, ada), None);
    assert_eq!(house.club.open_alerts(), 0);
    let link = Report { by_link: true, ..by_reference(&ours) };
    assert_eq!(tell(&house, "evt_5", link).await.verdict, Verdict::Applied);
}

pub(crate) async fn what_carries_no_reference_is_somebody_elses(store: Arc<dyn Store>) {
    let (house, ..) = stocked(store).await;
    let other = |name: &str| Some(name.to_owned());
    let ending =
        Ending { subscription: "sub_other".to_owned(), reference: None, at: stamp().now_unix };
    for (key, notice) in [
        ("evt_1", Notice::payment(Report { session: other("cs_other"), ..paid() })),
        ("evt_2", Notice::payment(Report { subscription: other("sub_other"), ..paid() })),
        ("evt_3", Notice::payment(Report { by_link: true, ..paid() })),
        ("evt_4", Notice::Ended(ending)),
    ] {
        let Handled { verdict, effect, .. } = send(&house, key, notice).await;
        assert_eq!(verdict, Verdict::Ignored, "{key} {effect}");
    }
    assert_eq!(house.club.open_alerts(), 0);
}

pub(crate) async fn what_came_in_beyond_the_price_is_told(store: Arc<dyn Store>) {
    let (house, ada, reel) = stocked(store).await;
    let ours = with_session(&house, "1", "inv_1").await;
    let session = Some("inv_1".to_owned());
    let report = Report { session, surplus: Some(usd(200)), ..by_reference(&ours) };
    let Handled { verdict, effect, .. } = tell(&house, "evt_1", report).await;
    assert_eq!(verdict, Verdict::Applied, "{effect}");
    assert!(effect.ends_with("2.00 usd more came in: give it back there"), "{effect}");
    assert_eq!(house.right(reel, ada).unwrap().until, u32::MAX);
    let alerts = house.club.alerts(false, Page::FIRST).await.unwrap();
    assert!(alerts[0].evidence.contains("2.00 usd more came in"), "{}", alerts[0].evidence);
    check_sound(&house).await;
}

pub(crate) async fn all_of_a_payment_may_be_paid_back_without_a_figure(store: Arc<dyn Store>) {
    let (house, ada, reel) = stocked(store).await;
    let ours = checkout(&house, "1", item()).await;
    let all = Report { refunded: Some(usd(Amount::MAX_MINOR)), ..of("pi_1") };
    // Whether it comes first or last.
    assert_eq!(tell(&house, "evt_1", all.clone()).await.verdict, Verdict::Held);
    let link = Report { by_link: true, ..by_reference(&ours) };
    assert_eq!(tell(&house, "evt_2", link).await.verdict, Verdict::Applied);
    tell(&house, "evt_3", all).await;
    let payment = &house.club.checkout(ours.id).await.unwrap().payments[0];
    assert_eq!((payment.kept, payment.paid_back()), (0, 300));
    assert_eq!(house.right(reel, ada), None);
    check_sound(&house).await;
}

pub(crate) async fn a_report_that_races_its_session_is_applied_later(store: Arc<dyn Store>) {
    let (house, ada, reel) = stocked(store).await;
    let ours = checkout(&house, "1", item()).await;
    let of_session = |session: &str| Report {
        session: Some(session.to_owned()),
        payment: format!("pi {session}"),
        ..by_reference(&ours)
    };
    for session in ["cs_1", "cs_other"] {
        let Handled { verdict, effect, .. } = tell(&house, session, of_session(session)).await;
        let why = "held until the session of checkout 1 is known";
        assert_eq!((verdict, effect.as_str()), (Verdict::Held, why));
    }
    assert_eq!(house.club.open_alerts(), 1);
    let (_, retry) =
        house.club.set_session(ours.id, "cs_1", "https://pay.example.org").await.unwrap();
    assert_eq!(retry.len(), 2);
    let verdict = async |session| tell(&house, session, of_session(session)).await.verdict;
    assert_eq!(verdict("cs_other").await, Verdict::Ignored);
    assert_eq!(house.right(reel, ada), None);
    assert_eq!(verdict("cs_1").await, Verdict::Applied);
    assert_eq!(house.right(reel, ada).unwrap().until, u32::MAX);
}

pub(crate) async fn a_subscription_is_known_by_its_session(store: Arc<dyn Store>) {
    let (house, ..) = stocked(store).await;
    let product = ProductRequest::Subscription { tier: "patron".to_owned(), price: usd(300) };
    let ours = checkout(&house, "1", product).await;
    house.club.set_session(ours.id, "cs_1", "").await.unwrap();
    let begun = |session: &str, subscription: &str| {
        Notice::Begun(Beginning {
            subscription: subscription.to_owned(),
            session: session.to_owned(),
            reference: Some(ours.reference.clone()),
            by_link: false,
        })
    };
    let period = |subscription: &str| Report {
        subscription: Some(subscription.to_owned()),
        until: Some(stamp().now_unix + 86_400),
        payment: format!("pi {subscription}"),
        ..by_reference(&ours)
    };
    let foreign = send(&house, "evt_1", begun("cs_other", "sub_other")).await;
    assert_eq!(foreign.verdict, Verdict::Ignored, "{}", foreign.effect);
    assert_eq!(send(&house, "evt_2", begun("cs_1", "sub_1")).await.verdict, Verdict::Applied);
    assert_eq!(tell(&house, "evt_3", period("sub_other")).await.verdict, Verdict::Ignored);
    assert_eq!(tell(&house, "evt_4", period("sub_1")).await.verdict, Verdict::Applied);
    let ending = Ending {
        subscription: "sub_other".to_owned(),
        reference: Some(ours.reference.clone()),
        at: stamp().now_unix,
    };
    assert_eq!(send(&house, "evt_5", Notice::Ended(ending)).await.verdict, Verdict::Ignored);
    assert_eq!(house.club.member("ada").await.unwrap().tier, "patron");
}

pub(crate) async fn an_old_number_needs_its_session(store: Arc<dyn Store>) {
    let (house, ada, reel) = stocked(store.clone()).await;
    let old = with_session(&house, "1", "cs_1").await;
    let product = ProductRequest::Subscription { tier: "patron".to_owned(), price: usd(300) };
    let subscription = checkout(&house, "2", product).await;
    house.club.set_session(subscription.id, "cs_2", "").await.unwrap();
    // As the migration leaves them.
    let mut db = store.writer().await.unwrap();
    let sql = "UPDATE checkout SET reference = CAST(id AS TEXT)";
    db.execute(sql, &[]).await.unwrap();
    drop(db);

    let number = |id: u32| Report { reference: Some(id.to_string()), ..paid() };
    let session = |session: &str| Some(session.to_owned());
    for (key, report) in [
        ("evt_1", number(1)),
        ("evt_2", Report { by_link: true, ..number(1) }),
        ("evt_3", Report { session: session("cs_other"), ..number(1) }),
        ("evt_4", number(2)),
        ("evt_5", number(99)),
    ] {
        let Handled { verdict, effect, .. } = tell(&house, key, report).await;
        assert_eq!(verdict, Verdict::Ignored, "{key} {effect}");
    }
    // Which subscription is meant is known once the session says so.
    let period = Report {
        subscription: Some("sub_1".to_owned()),
        payment: "pi_2".to_owned(),
        until: Some(stamp().now_unix + 86_400),
        ..number(2)
    };
    assert_eq!(tell(&house, "evt_6", period.clone()).await.verdict, Verdict::Held);
    let begun = Beginning {
        subscription: "sub_1".to_owned(),
        session: "cs_2".to_owned(),
        reference: Some("2".to_owned()),
        by_link: false,
    };
    let begun = send(&house, "evt_7", Notice::Begun(begun)).await;
    assert_eq!((begun.verdict, begun.retry.len()), (Verdict::Applied, 1), "{}", begun.effect);
    assert_eq!(tell(&house, "evt_6", period).await.verdict, Verdict::Applied);
    assert_eq!(house.right(reel, ada), None);
    let paid = tell(&house, "evt_8", Report { session: session("cs_1"), ..number(1) }).await;
    assert_eq!(paid.verdict, Verdict::Applied, "{}", paid.effect);
    assert_eq!(house.right(reel, ada).unwrap().until, u32::MAX);
    assert_eq!(old.order.id.0, 1);
}

async fn with_session(house: &House, key: &str, session: &str) -> Checkout {
    let made = checkout(house, key, item()).await;
    house.club.set_session(made.id, session, "https://pay.example.org").await.unwrap().0
}

fn paid() -> Report {
    Report { paid: Some(usd(300)), ..of("pi_1") }
}

fn by_reference(checkout: &Checkout) -> Report {
    Report { reference: Some(checkout.reference.clone()), ..paid() }
}

async fn tell(house: &House, key: &str, report: Report) -> Handled {
    send(house, key, Notice::Payment(Box::new(report))).await
}

async fn send(house: &House, key: &str, notice: Notice) -> Handled {
    let event = Event { key: key.to_owned(), kind: "test".to_owned(), notice };
    let delivery = Delivery { body: b"{}".to_vec(), ..Delivery::of("stripe") };
    house.club.receive(&stamp(), delivery, event).await.unwrap()
}
