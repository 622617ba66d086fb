use std::sync::Arc;

use club::{
    Amount, Balance, Currency, DeliveryMethod, EntryId, Fault, NewTopup, OrderId, Page, Prices,
    Store, Value,
};
use futures_util::future::join_all;
use policy::{ItemId, MemberId, MemberState, Right};

use super::{House, check_refused, stamp};

/// The ledger's vector, T1 to T5: a member pays 10.00, buys, is paid back, buys again and disputes the
/// payment; the books sum to nothing after each.
pub(crate) async fn vector_t1_to_t5_is_spent_paid_back_and_disputed(store: Arc<dyn Store>) {
    let (house, ada, reel) = stocked(store.clone()).await;
    let club = &house.club;
    let paid = club.topup(&stamp(), "T1", stripe("ada", 1000)).await.unwrap();
    check_entry(&house, paid.id, &[("psp:stripe:clearing", 1000), ("member:1:prepaid", -1000)])
        .await;

    let order = club.buy(&stamp(), "T2", "ada", "reel-1", DeliveryMethod::Torrent).await.unwrap();
    let bought = [("member:1:prepaid", 225), ("revenue:item:1", -225)];
    check_entry(&house, order.entry.unwrap(), &bought).await;
    check_held(&house, 775, 0).await;
    assert_eq!(house.right(reel, ada).unwrap().until, u32::MAX);
    let again = club.buy(&stamp(), "T2", "ada", "reel-1", DeliveryMethod::Torrent).await.unwrap();
    assert_eq!(again, order);
    check_held(&house, 775, 0).await;

    let short = club.buy(&stamp(), "T3", "ada", "reel-2", DeliveryMethod::Torrent).await;
    let text = "member `ada` has 7.75 usd and needs 8.00 usd: `usher topup` adds to it";
    check_refused(short, Fault::Conflict, text);
    assert_eq!(club.journal(Page::FIRST).await.unwrap().len(), 2);
    check_held(&house, 775, 0).await;

    let back = club.refund(&stamp(), "T4", order.id, None).await.unwrap();
    check_entry(&house, back.id, &[("revenue:item:1", 225), ("member:1:prepaid", -225)]).await;
    assert_eq!(back.reverses, order.entry);
    check_held(&house, 1000, 0).await;
    assert_eq!(house.right(reel, ada).unwrap().until, Right::REFUNDED);
    let text = "order 1 was paid back already, all 2.25 usd of it: nothing is left";
    check_refused(club.refund(&stamp(), "T4 again", order.id, None).await, Fault::Conflict, text);

    club.buy(&stamp(), "T5", "ada", "reel-1", DeliveryMethod::Torrent).await.unwrap();
    let fee = Some(usd(1500));
    let disputed = club.chargeback(&stamp(), "T5 dispute", paid.id, fee).await.unwrap();
    check_entry(
        &house,
        disputed.id,
        &[("psp:stripe:clearing", -1000), ("member:1:prepaid", 775), ("member:1:receivable", 225)],
    )
    .await;
    let costs = [("expense:chargeback", 1500), ("psp:stripe:clearing", -1500)];
    check_entry(&house, EntryId(disputed.id.0 + 1), &costs).await;
    check_held(&house, 0, 225).await;
    assert_eq!(house.standing(ada).state, MemberState::Suspended);
    assert_eq!(House::open(store).await.standing(ada).state, MemberState::Suspended);
    let suspended = club.buy(&stamp(), "T6", "ada", "reel-2", DeliveryMethod::Torrent).await;
    check_refused(suspended, Fault::Conflict, "member `ada` is suspended");
}

pub(crate) async fn a_debt_is_paid_first(store: Arc<dyn Store>) {
    let (house, ..) = stocked(store).await;
    let paid = house.club.topup(&stamp(), "paid", stripe("ada", 1000)).await.unwrap();
    house.club.buy(&stamp(), "buy", "ada", "reel-1", DeliveryMethod::Torrent).await.unwrap();
    house.club.refund_topup(&stamp(), "back", paid.id, None).await.unwrap();
    check_held(&house, 0, 225).await;
    house.club.topup(&stamp(), "some", stripe("ada", 100)).await.unwrap();
    check_held(&house, 0, 125).await;
    house.club.topup(&stamp(), "more", stripe("ada", 200)).await.unwrap();
    check_held(&house, 75, 0).await;
}

pub(crate) async fn a_part_paid_back_leaves_the_right(store: Arc<dyn Store>) {
    let (house, ada, reel) = stocked(store).await;
    house.club.topup(&stamp(), "paid", stripe("ada", 1000)).await.unwrap();
    let order =
        house.club.buy(&stamp(), "buy", "ada", "reel-1", DeliveryMethod::Direct).await.unwrap();
    let refund =
        async |key, minor| house.club.refund(&stamp(), key, order.id, Some(usd(minor))).await;
    refund("1", 100).await.unwrap();
    refund("2", 150).await.unwrap();
    assert_eq!(house.right(reel, ada).unwrap().until, u32::MAX);
    let text = "0.50 usd of order 1 are left to pay back: name no more, or leave the amount out for \
                all of it";
    check_refused(refund("3", 51).await, Fault::Conflict, text);
    assert_eq!(house.club.order(order.id).await.unwrap().refunded, None);
    assert_eq!(house.club.order(order.id).await.unwrap().paid_back(), usd(250));
    refund("3", 50).await.unwrap();
    assert_eq!(house.right(reel, ada).unwrap().until, Right::REFUNDED);
    assert!(house.club.order(order.id).await.unwrap().refunded.is_some());
    check_held(&house, 1000, 0).await;
}

pub(crate) async fn a_right_paid_twice_ends_with_the_last(store: Arc<dyn Store>) {
    for first_back in [0, 1] {
        let name = ["ada", "bob"][first_back];
        let house = House::open(store.clone()).await;
        let member = house.add_member(name).await;
        let reel = match house.club.item("reel-1").await {
            Ok(item) => item.id,
            Err(_) => priced(&house).await,
        };
        let key = |text: &str| format!("{name} {text}");
        house.club.topup(&stamp(), &key("paid"), stripe(name, 1000)).await.unwrap();
        let mut orders = Vec::new();
        for method in [DeliveryMethod::Torrent, DeliveryMethod::Direct] {
            let key = key(&method.to_string());
            let order = house.club.buy(&stamp(), &key, name, "reel-1", method).await.unwrap();
            orders.push(order.id);
        }
        house.club.refund(&stamp(), &key("one"), orders[first_back], None).await.unwrap();
        assert_eq!(house.right(reel, member).unwrap().until, u32::MAX);
        house.club.refund(&stamp(), &key("two"), orders[1 - first_back], None).await.unwrap();
        assert_eq!(house.right(reel, member).unwrap().until, Right::REFUNDED);
        assert_eq!(house.club.orders(name, Page::FIRST).await.unwrap().len(), 2);
    }
}

pub(crate) async fn what_is_free_is_ordered_without_money(store: Arc<dyn Store>) {
    let (house, ada, reel) = stocked(store).await;
    let free = Prices { torrent: Some(usd(0)), direct: Some(usd(100)) };
    assert_eq!(house.club.set_prices(&stamp(), "reel-1", free).await.unwrap().prices, free);
    let order =
        house.club.buy(&stamp(), "buy", "ada", "reel-1", DeliveryMethod::Torrent).await.unwrap();
    assert_eq!(house.right(reel, ada).unwrap().until, u32::MAX);
    check_entry(&house, order.entry.unwrap(), &[]).await;
    house.club.refund(&stamp(), "back", order.id, None).await.unwrap();
    assert_eq!(house.right(reel, ada).unwrap().until, Right::REFUNDED);
    assert!(house.club.refund(&stamp(), "again", order.id, None).await.is_err());
}

pub(crate) async fn only_what_has_a_price_is_sold_and_once(store: Arc<dyn Store>) {
    let (house, ..) = stocked(store).await;
    house.club.topup(&stamp(), "paid", stripe("ada", 1000)).await.unwrap();
    let buy = async |key, method| house.club.buy(&stamp(), key, "ada", "reel-1", method).await;
    buy("one", DeliveryMethod::Torrent).await.unwrap();
    let text = "member `ada` has bought `reel-1` so already, with order 1";
    check_refused(buy("two", DeliveryMethod::Torrent).await, Fault::Conflict, text);
    let torrent = Prices { torrent: Some(usd(225)), direct: None };
    house.club.set_prices(&stamp(), "reel-1", torrent).await.unwrap();
    let text = "item `reel-1` is not sold as direct: give it a price";
    check_refused(buy("three", DeliveryMethod::Direct).await, Fault::Conflict, text);
    house.club.set_prices(&stamp(), "reel-1", Prices::default()).await.unwrap();
    assert_eq!(house.club.item("reel-1").await.unwrap().prices, Prices::default());

    let upside_down = Prices { torrent: Some(usd(300)), direct: Some(usd(225)) };
    let text = "direct download for 2.25 usd costs less than the torrent for 3.00 usd";
    let refused = house.club.set_prices(&stamp(), "reel-1", upside_down).await;
    check_refused(refused, Fault::Request, text);
    let eur = Currency::parse("eur").unwrap().minor(300);
    let mixed = Prices { torrent: Some(usd(225)), direct: Some(eur) };
    let refused = house.club.set_prices(&stamp(), "reel-1", mixed).await;
    check_refused(refused, Fault::Request, "usd and eur can't be mixed");
}

pub(crate) async fn a_key_stands_for_one_request(store: Arc<dyn Store>) {
    let (house, ..) = stocked(store).await;
    let topup =
        async |key: &str, minor| house.club.topup(&stamp(), key, stripe("ada", minor)).await;
    let first = topup("paid", 1000).await.unwrap();
    assert_eq!(topup("paid", 1000).await.unwrap(), first);
    let text = "the key `paid` was another request's, see entry 1 of the journal";
    check_refused(topup("paid", 1001).await, Fault::Conflict, text);
    let bought = house.club.buy(&stamp(), "paid", "ada", "reel-1", DeliveryMethod::Torrent).await;
    check_refused(bought, Fault::Conflict, text);
    check_refused(topup("", 1).await, Fault::Request, "a key of 0 bytes, expected 1 to 255");
    assert!(topup(&"k".repeat(255), 1).await.is_ok());
    assert!(topup(&"k".repeat(256), 1).await.is_err());
    check_held(&house, 1001, 0).await;
}

pub(crate) async fn amounts_are_more_than_nothing_and_not_too_much(store: Arc<dyn Store>) {
    let (house, ..) = stocked(store).await;
    let topup = async |minor| house.club.topup(&stamp(), "paid", stripe("ada", minor)).await;
    for minor in [i64::MIN, -1, 0, Amount::MAX_MINOR + 1, i64::MAX] {
        assert_eq!(topup(minor).await.unwrap_err().fault(), Fault::Request, "{minor}");
    }
    topup(Amount::MAX_MINOR).await.unwrap();
    check_held(&house, Amount::MAX_MINOR, 0).await;
}

pub(crate) async fn at_once_as_one_after_another(store: Arc<dyn Store>) {
    let (house, ..) = stocked(store).await;
    let now = stamp();
    let paid = (0..32).map(|_| house.club.topup(&now, "paid", stripe("ada", 1000)));
    let paid: Vec<_> = join_all(paid).await.into_iter().map(|paid| paid.unwrap().id).collect();
    assert_eq!(paid, [EntryId(1); 32]);
    let keys: Vec<String> = (0..32).map(|n| format!("buy {n}")).collect();
    let bought =
        keys.iter().map(|key| house.club.buy(&now, key, "ada", "reel-1", DeliveryMethod::Torrent));
    assert_eq!(join_all(bought).await.iter().filter(|bought| bought.is_ok()).count(), 1);
    let back = keys.iter().map(|key| house.club.refund(&now, &key[4..], OrderId(1), None));
    assert_eq!(join_all(back).await.iter().filter(|back| back.is_ok()).count(), 1);
    check_held(&house, 1000, 0).await;
}

/// What providers say after a payment comes in any order and may come twice.
pub(crate) async fn any_order_of_events_ends_in_one_state(store: Arc<dyn Store>) {
    let (house, _, reel) = stocked(store).await;
    let club = &house.club;
    for (round, order_of_events) in permutations(&[0, 1, 2, 3, 4]).into_iter().enumerate() {
        let name = format!("member-{round}");
        let member = house.add_member(&name).await;
        let key = |text: &str| format!("{name} {text}");
        let topup = stripe(&name, 1000);
        let paid = club.topup(&stamp(), &key("paid"), topup.clone()).await.unwrap().id;
        let order = club
            .buy(&stamp(), &key("buy"), &name, "reel-1", DeliveryMethod::Torrent)
            .await
            .unwrap();
        for event in order_of_events {
            // What comes too late is refused; the state tells whether that was right.
            match event {
                0 => drop(club.topup(&stamp(), &key("paid"), topup.clone()).await.unwrap()),
                1 => drop(club.refund_topup(&stamp(), &key("part"), paid, Some(usd(300))).await),
                2 => drop(club.chargeback(&stamp(), &key("dispute"), paid, None).await.unwrap()),
                3 => drop(club.refund(&stamp(), &key("order"), order.id, None).await.unwrap()),
                _ => drop(club.chargeback(&stamp(), &key("dispute"), paid, None).await.unwrap()),
            }
        }
        let balances = club.balance(&name).await.unwrap();
        assert_eq!(balances, [Balance { prepaid: usd(0), credit: usd(0), owed: usd(0) }], "{name}");
        assert_eq!(house.standing(member).state, MemberState::Suspended);
        assert_eq!(house.right(reel, member).unwrap().until, Right::REFUNDED);
    }
    check_sound(&house).await;
}

pub(crate) async fn a_statement_shows_the_balance_after_each_line(store: Arc<dyn Store>) {
    let (house, ..) = stocked(store).await;
    assert!(house.club.balance("ada").await.unwrap().is_empty());
    let paid = house.club.topup(&stamp(), "paid", stripe("ada", 1000)).await.unwrap();
    house.club.buy(&stamp(), "buy", "ada", "reel-1", DeliveryMethod::Torrent).await.unwrap();
    house.club.chargeback(&stamp(), "dispute", paid.id, None).await.unwrap();
    let lines = house.club.statement("ada", Page::FIRST).await.unwrap();
    let shown: Vec<_> = lines
        .iter()
        .map(|line| (line.number, line.kind.as_str(), line.amount.minor, line.balance.minor))
        .collect();
    let expected = [
        (1, "topup", 1000, 1000),
        (2, "purchase", -225, 775),
        (3, "dispute", -775, 0),
        (4, "dispute", -225, -225),
    ];
    assert_eq!(shown, expected);
    assert_eq!(lines[1].memo, "reel-1 as torrent");
    assert_eq!(lines[3].account, "member:1:receivable");
    let page = Page { after: 1, limit: 2 };
    assert_eq!(house.club.statement("ada", page).await.unwrap(), lines[1..3]);
    assert_eq!(house.club.journal(page).await.unwrap().len(), 2);
}

pub(crate) async fn verify_finds_what_is_wrong(store: Arc<dyn Store>) {
    let (house, ..) = stocked(store.clone()).await;
    house.club.topup(&stamp(), "paid", stripe("ada", 1000)).await.unwrap();
    house.club.buy(&stamp(), "buy", "ada", "reel-1", DeliveryMethod::Torrent).await.unwrap();
    check_sound(&house).await;
    let mut db = store.writer().await.unwrap();
    let hash: &[Value<'_>] = &[Value::Bytes(&[0; 32])];
    for (sql, values) in [
        ("UPDATE balance SET amount = 7 WHERE account = 2", &[][..]),
        ("INSERT INTO posting VALUES (1, 9, 1, 5)", &[]),
        ("UPDATE orders SET refunded = 1", &[]),
        ("INSERT INTO journal VALUES (9, 'key', $1, 'refund', NULL, 2, 0, '', '')", hash),
        ("INSERT INTO posting VALUES (9, 0, 3, 226), (9, 1, 1, -226)", &[]),
    ] {
        db.execute(sql, values).await.unwrap();
    }
    let flaws = house.club.verify().await.unwrap();
    let flaws: Vec<String> = flaws.iter().map(ToString::to_string).collect();
    let expected = [
        "journal entry 1: the postings do not sum to 0",
        "account 1: the balance is not the sum of the postings",
        "account 2: the balance is not the sum of the postings",
        "account 3: the balance is not the sum of the postings",
        "account 2: it is overdrawn",
        "journal entry 2: more was reversed than it moved",
        "order 1: what is left paid does not fit its state",
    ];
    assert_eq!(flaws, expected);
    assert_eq!(house.club.trial().await.unwrap()[0].sum(), 5);
}

pub(crate) async fn what_was_entered_stays(store: Arc<dyn Store>) {
    let (house, ..) = stocked(store.clone()).await;
    house.club.topup(&stamp(), "paid", stripe("ada", 1000)).await.unwrap();
    let mut db = store.writer().await.unwrap();
    for sql in [
        "UPDATE journal SET memo = 'other'",
        "UPDATE posting SET amount = 6",
        "DELETE FROM posting",
        "DELETE FROM journal",
    ] {
        let refused = db.execute(sql, &[]).await.unwrap_err().to_string();
        assert!(refused.contains("only added to"), "{refused}");
    }
    check_sound(&house).await;
}

pub(crate) fn usd(minor: i64) -> Amount {
    Currency::parse("usd").unwrap().minor(minor)
}

pub(crate) fn stripe(member: &str, minor: i64) -> NewTopup {
    NewTopup {
        member: member.to_owned(),
        amount: usd(minor),
        provider: "stripe".to_owned(),
        memo: String::new(),
    }
}

/// Two items for sale; returns the first.
pub(crate) async fn priced(house: &House) -> ItemId {
    let reel = house.add_item("reel-1", &[1]).await;
    house.add_item("reel-2", &[2]).await;
    for (item, torrent, direct) in [("reel-1", 225, 300), ("reel-2", 800, 800)] {
        let prices = Prices { torrent: Some(usd(torrent)), direct: Some(usd(direct)) };
        house.club.set_prices(&stamp(), item, prices).await.unwrap();
    }
    reel
}

/// The books balance and nothing is wrong with them.
pub(crate) async fn check_sound(house: &House) {
    assert!(house.club.trial().await.unwrap().iter().all(|trial| trial.sum() == 0));
    assert_eq!(house.club.verify().await.unwrap(), []);
}

/// A house with a member and two items for sale, the first of which is returned.
async fn stocked(store: Arc<dyn Store>) -> (House, MemberId, ItemId) {
    let house = House::open(store).await;
    let ada = house.add_member("ada").await;
    let reel = priced(&house).await;
    (house, ada, reel)
}

async fn check_held(house: &House, prepaid: i64, owed: i64) {
    let balances = house.club.balance("ada").await.unwrap();
    assert_eq!(balances, [Balance { prepaid: usd(prepaid), credit: usd(0), owed: usd(owed) }]);
    check_sound(house).await;
}

async fn check_entry(house: &House, id: EntryId, expected: &[(&str, i64)]) {
    let entry = house.club.entry(id).await.unwrap();
    let postings = entry.postings.iter().map(|posting| {
        assert_eq!(posting.amount.currency.code(), "usd");
        (posting.account.as_str(), posting.amount.minor)
    });
    assert!(postings.eq(expected.iter().copied()), "{entry:?}");
    check_sound(house).await;
}

fn permutations(of: &[u8]) -> Vec<Vec<u8>> {
    if of.is_empty() {
        return vec![Vec::new()];
    }
    let mut all = Vec::new();
    for (place, first) in of.iter().enumerate() {
        let rest = [&of[..place], &of[place + 1..]].concat();
        all.extend(permutations(&rest).into_iter().map(|rest| [vec![*first], rest].concat()));
    }
    all
}
