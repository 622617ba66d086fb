//! Outgoing webhooks: what they are told of, tries, pauses, and telling of alerts.

use std::sync::Arc;

use club::{
    AlertId, AlertKind, ClubNews, DeliveryMethod, Email, Fault, MAX_QUEUED_WEBHOOKS, NewAlert,
    OrderNews, Stamp, Store, WebhookDelivery, WebhookDeliveryState, WebhookId, WebhookTopics,
    WebhookTry,
};
use policy::ItemId;

use super::money::usd;
use super::{House, NOW, check_refused, names, stamp};

const ALL: WebhookTopics = WebhookTopics { alerts: true, orders: true };

pub(crate) async fn a_webhook_is_told_of_its_topics_by_numbers_alone(store: Arc<dyn Store>) {
    let house = House::open(store).await;
    let club = &house.club;
    let all = add(&house, ALL).await;
    let alerts = add(&house, WebhookTopics { alerts: true, orders: false }).await;
    let mut news = club.news();
    sell(&house).await;
    raise(&house, AlertKind::Disk).await;
    assert_eq!(club.tell_of_alerts(NOW).await.unwrap(), 1);

    let told = told(&house, all).await;
    let events: Vec<_> = told.iter().map(|delivery| delivery.event.as_str()).collect();
    assert_eq!(events, ["order.paid", "alert.opened"]);
    let body = &told[0].body;
    for part in [r#""type":"order.paid""#, r#""order":1"#, r#""item":1"#, r#""minor":100"#] {
        assert!(body.contains(part), "{body}");
    }
    assert!(!body.contains("ada") && told[0].message.starts_with("msg_"), "{body}");
    let [alert] = &self::told(&house, alerts).await[..] else { unreachable!() };
    assert!(alert.event == "alert.opened" && alert.message != told[1].message);

    let order = news.recv().await.unwrap();
    assert!(matches!(order, ClubNews::Order { what: OrderNews::Paid, item: Some(ItemId(1)), .. }));
    let alert = news.recv().await.unwrap();
    assert!(matches!(alert, ClubNews::Alert { kind: "disk", .. }));
    assert!(club.verify().await.unwrap().is_empty());
}

pub(crate) async fn a_kind_of_alert_is_told_once_until_it_clears(store: Arc<dyn Store>) {
    let house = House::open(store).await;
    let club = &house.club;
    let mut with_mail = names();
    (with_mail.has_mail, with_mail.alerts_to) = (true, Email::parse("ops@example.org").ok());
    club.reload(with_mail).await.unwrap();
    let webhook = add(&house, ALL).await;
    let news = async || {
        let news = club.tell_of_alerts(NOW).await.unwrap();
        let mail = club.mail(None, club::Page::FIRST).await.unwrap();
        (news, mail.len(), told(&house, webhook).await.len())
    };
    assert_eq!(news().await, (0, 0, 0));
    raise(&house, AlertKind::Disk).await;
    assert_eq!(news().await, (1, 1, 1));
    raise(&house, AlertKind::Disk).await;
    assert_eq!(news().await, (0, 1, 1));
    let mail = club.mail(None, club::Page::FIRST).await.unwrap().remove(0);
    assert_eq!(
        (mail.to.text(), mail.text.subject.as_str()),
        ("ops@example.org", "usher alert: disk")
    );
    assert!(mail.text.body.contains("3 MiB are left"), "{}", mail.text.body);

    assert!(club.clear_alert(NOW, AlertKind::Disk, None).await.unwrap());
    assert!(!club.clear_alert(NOW, AlertKind::Disk, None).await.unwrap());
    assert_eq!(club.open_alerts(), 0);
    assert_eq!(news().await, (1, 1, 2));
    assert_eq!(told(&house, webhook).await[1].event, "alert.cleared");
    raise(&house, AlertKind::Disk).await;
    raise(&house, AlertKind::Guard).await;
    assert_eq!(news().await, (2, 3, 4));
    // An operator closes one.
    let open = club.alerts(false, club::Page::FIRST).await.unwrap();
    club.ack_alert(&stamp(), open.first().map_or(AlertId(0), |alert| alert.id)).await.unwrap();
    assert_eq!(news().await, (1, 3, 5));
}

pub(crate) async fn a_failing_webhook_is_tried_less_often_then_paused(store: Arc<dyn Store>) {
    let house = House::open(store).await;
    let club = &house.club;
    let id = add(&house, ALL).await;
    club.test_webhook(&stamp(), id).await.unwrap();
    let take = async |now| club.take_webhook_deliveries(now).await.unwrap();
    let fails = || WebhookTry::Failed("it said 500".to_owned());
    let (webhook, first) = take(NOW).await.remove(0);
    assert_eq!((webhook.id, first.tries, take(NOW).await.len()), (id, 1, 0));
    club.settle_webhook_delivery(NOW, first.id, fails()).await.unwrap();
    assert!(take(NOW + 4).await.is_empty());
    let (webhook, again) = take(NOW + 5).await.remove(0);
    assert_eq!(
        (again.message.clone(), again.tries, webhook.failing),
        (first.message, 2, Some(NOW))
    );
    assert_eq!(again.body, first.body);

    // A daemon that dies with it tries it again.
    let (_, again) = take(NOW + 65).await.remove(0);
    let late = NOW + 12 * 3600;
    club.settle_webhook_delivery(late, again.id, fails()).await.unwrap();
    let paused = club.webhooks().await.unwrap().remove(0);
    assert_eq!((paused.paused, paused.queued), (Some(late), 1));
    assert!(take(late + 7200).await.is_empty());
    let [alert] = &club.alerts(false, club::Page::FIRST).await.unwrap()[..] else { unreachable!() };
    assert_eq!(alert.kind, AlertKind::Webhook);
    assert!(alert.evidence.contains("it said 500"), "{}", alert.evidence);

    let resumed = Stamp { now_unix: late + 8000, ..stamp() };
    club.resume_webhook(&resumed, id).await.unwrap();
    let (_, last) = take(late + 8000).await.remove(0);
    let taken = WebhookTry::Delivered("it said 200".to_owned());
    club.settle_webhook_delivery(late + 8001, last.id, taken).await.unwrap();
    let [done] = &told(&house, id).await[..] else { unreachable!() };
    assert_eq!(
        (done.state, done.answer.as_str()),
        (WebhookDeliveryState::Delivered, "it said 200")
    );
    let found = club.webhooks().await.unwrap().remove(0);
    assert_eq!((found.failing, found.paused, found.queued), (None, None, 0));

    // What was delivered is sent again under its id, if somebody asks.
    club.replay_webhook(&stamp(), done.id).await.unwrap();
    assert_eq!(take(late + 9000).await.remove(0).1.message, done.message);
}

pub(crate) async fn webhooks_and_what_waits_for_them_have_a_maximum(store: Arc<dyn Store>) {
    let house = House::open(store).await;
    let club = &house.club;
    let id = add(&house, ALL).await;
    let other = WebhookId(99);
    let missing = "no webhook 99: `usher webhook list` shows those there are";
    check_refused(club.test_webhook(&stamp(), other).await, Fault::Missing, missing);
    for _ in 0..MAX_QUEUED_WEBHOOKS {
        club.test_webhook(&stamp(), id).await.unwrap();
    }
    let full = "1000 deliveries wait for webhook 1, which is the maximum: nothing more is queued";
    check_refused(club.test_webhook(&stamp(), id).await, Fault::Conflict, full);
    // An order is sold all the same.
    sell(&house).await;
    for _ in 1..club::MAX_WEBHOOKS {
        add(&house, ALL).await;
    }
    assert!(club.add_webhook(&stamp(), "https://a.example".to_owned(), ALL).await.is_err());
    club.remove_webhook(&stamp(), id).await.unwrap();
    assert!(club.webhooks().await.unwrap().iter().all(|webhook| webhook.id != id));
    add(&house, ALL).await;
}

async fn add(house: &House, topics: WebhookTopics) -> WebhookId {
    let url = "https://shop.example/hook".to_owned();
    house.club.add_webhook(&stamp(), url, topics).await.unwrap().id
}

/// Oldest first.
async fn told(house: &House, id: WebhookId) -> Vec<WebhookDelivery> {
    let mut told = house.club.webhook_deliveries(id, None, 1000).await.unwrap();
    told.reverse();
    told
}

async fn sell(house: &House) {
    let club = &house.club;
    house.add_member("ada").await;
    house.add_item("film", &[9]).await;
    let prices = club::Prices { torrent: Some(usd(100)), ..club::Prices::default() };
    club.set_prices(&stamp(), "film", prices).await.unwrap();
    let topup = super::money::stripe("ada", 1000);
    club.topup(&stamp(), "t", topup).await.unwrap();
    club.buy(&stamp(), "b", "ada", "film", DeliveryMethod::Torrent).await.unwrap();
}

async fn raise(house: &House, kind: AlertKind) {
    let evidence = "3 MiB are left".to_owned();
    let alert = NewAlert { kind, member: None, item: None, evidence };
    house.club.raise(NOW, vec![alert]).await.unwrap();
}
