use std::collections::BTreeSet;
use std::sync::Arc;

use club::provider::{Notice, Refused, Report};
use club::{Delivery, Error, Fault, LeakLimits, NewTopup, Page, Presence, Store, Verdict};

use super::House;
use super::money::usd;
use super::payments::event;
use super::stamp;

/// What strangers send may hold NUL, which PostgreSQL can't store.
pub(crate) async fn a_text_with_nul_is_looked_up_and_stored_as_any_other(store: Arc<dyn Store>) {
    let house = House::open(store).await;
    let ada = house.add_member("ada").await;
    let club = &house.club;
    for wanted in ["\0", "\0.torrent", "reel\0"] {
        check_missing(club.item(wanted).await);
        check_missing(club.member(wanted).await);
        check_missing(club.grant(&stamp(), "ada", wanted, None, "grant").await);
    }

    let topup = || NewTopup {
        member: "ada".to_owned(),
        amount: usd(100),
        provider: "pro\0vider".to_owned(),
        memo: String::new(),
    };
    let first = club.topup(&stamp(), "key\0", topup()).await.unwrap();
    assert_eq!(club.topup(&stamp(), "key\0", topup()).await.unwrap().id, first.id);

    let delivery = || Delivery {
        provider: "stripe".to_owned(),
        headers: "x: \0".to_owned(),
        body: b"\0".to_vec(),
    };
    let report = Report { payment: "pi\0".to_owned(), paid: Some(usd(100)), ..Report::default() };
    let mut event = event("evt\0", Notice::Payment(Box::new(report)));
    event.kind = "ki\0nd".to_owned();
    let handled = club.receive(&stamp(), delivery(), event.clone()).await.unwrap();
    assert_eq!(handled.verdict, Verdict::Held, "{}", handled.effect);
    club.receive(&stamp(), delivery(), event).await.unwrap();
    let refused = Refused::Malformed("a\0b".to_owned());
    club.keep_refused(&stamp(), delivery(), &refused).await.unwrap();
    let kept = club.deliveries(Page::FIRST).await.unwrap();
    assert_eq!(kept.len(), 2);
    assert_eq!(kept[0].key.as_deref(), Some("evt\u{fffd}"));
    assert_eq!((kept[0].again, &kept[0].delivery.body), (1, &b"\0".to_vec()));

    let clients = BTreeSet::from([("203.0.113.7".parse().unwrap(), "cli\0ent".to_owned())]);
    let limits = LeakLimits { addresses: 9, at_once: 9, kinds: 9 };
    let presence = Presence { member: ada, at_once: 1, clients };
    club.keep_sightings(stamp().now_unix, &[presence], limits).await.unwrap();
    assert_eq!(club.sightings("ada").await.unwrap().len(), 1);
}

#[track_caller]
fn check_missing<T: std::fmt::Debug>(found: Result<T, Error>) {
    assert_eq!(found.unwrap_err().fault(), Fault::Missing);
}
