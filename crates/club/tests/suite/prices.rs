use std::sync::Arc;

use club::{
    Balance, Club, DeliveryMethod, Fault, Names, NewDiscount, NewPurchase, Off, Order, Page,
    Product, ProductRequest, RevenueSums, Store, Tax,
};
use policy::MemberId;

use super::money::{check_sound, priced, stripe, usd};
use super::{House, NOW, check_refused, names, stamp};

pub(crate) async fn store_credit_is_spent_first_and_comes_back_last(store: Arc<dyn Store>) {
    let house = stocked(store).await;
    let club = &house.club;
    let gift = async |key, minor| club.give_credit(&stamp(), key, "ada", usd(minor), "sorry").await;
    let given = gift("G1", 100).await.unwrap();
    assert_eq!(gift("G1", 100).await.unwrap(), given);
    assert_eq!(gift("G2", 0).await.unwrap_err().fault(), Fault::Request);
    check_held(&house, 1000, 100).await;
    let order = buy(club, "B1", reel(DeliveryMethod::Torrent)).await;
    assert_eq!((order.amount, order.credit), (usd(225), usd(100)));
    check_held(&house, 875, 0).await;

    let refund = async |key, part| club.refund(&stamp(), key, order.id, part).await.unwrap();
    refund("R1", Some(usd(100))).await;
    check_held(&house, 975, 0).await;
    refund("R2", Some(usd(75))).await;
    check_held(&house, 1000, 50).await;
    refund("R3", None).await;
    check_held(&house, 1000, 100).await;
    let statement = club.statement("ada", Page::FIRST).await.unwrap();
    assert!(statement.iter().any(|line| line.account == "member:1:rebate"));
}

pub(crate) async fn a_tier_is_bought_for_longer_and_taken_back(store: Arc<dyn Store>) {
    let house = stocked(store).await;
    let club = &house.club;
    let first = buy(club, "B1", patron(500)).await;
    let second = buy(club, "B2", patron(500)).await;
    assert_eq!(first.product, Product::Tier { tier: "patron".to_owned(), days: 31 });
    let until = |days: u32| NOW + days * 86_400;
    let standing = house.standing(MemberId::new(1).unwrap());
    assert_eq!((standing.tier.value(), standing.until), (2, until(62)));
    check_held(&house, 0, 0).await;
    let sold = |recent, all| RevenueSums { recent: usd(recent), all: usd(all) };
    assert_eq!(club.revenue_since(0, NOW).await.unwrap(), [sold(1000, 1000)]);
    assert_eq!(club.revenue_since(NOW, NOW + 1).await.unwrap(), [sold(0, 1000)]);
    assert_eq!(club.revenue_since(NOW + 1, NOW + 1).await.unwrap(), []);
    check_refused(
        club.purchase(&stamp(), "B3", patron(500)).await,
        Fault::Conflict,
        "member `ada` has 0.00 usd and needs 5.00 usd: `usher topup` adds to it",
    );
    club.refund(&stamp(), "R1", second.id, Some(usd(100))).await.unwrap();
    assert_eq!(house.standing(MemberId::new(1).unwrap()).until, until(62));
    club.refund(&stamp(), "R2", second.id, None).await.unwrap();
    assert_eq!(house.standing(MemberId::new(1).unwrap()).until, until(31));
    club.refund(&stamp(), "R3", first.id, None).await.unwrap();
    assert_eq!(club.member("ada").await.unwrap().tier, "fan", "that of before");
    check_held(&house, 1000, 0).await;
    assert_eq!(club.revenue_since(0, NOW).await.unwrap(), [sold(0, 0)]);
}

pub(crate) async fn a_buyer_chooses_from_the_minimum_up(store: Arc<dyn Store>) {
    let house = stocked(store).await;
    let club = &house.club;
    let pay = |method, minor| NewPurchase { pay: Some(usd(minor).decimal()), ..reel(method) };
    let text = "the price of 2.25 usd is not for the buyer to choose, or not with a discount: \
                leave `pay` out";
    let fixed = club.purchase(&stamp(), "B1", pay(DeliveryMethod::Torrent, 300)).await;
    check_refused(fixed, Fault::Conflict, text);
    let text = "a minimum of 2.26 usd is more than the price of 2.25 usd: raise the price too";
    let high = club.set_minimum(&stamp(), "reel-1", Some(usd(226))).await;
    check_refused(high, Fault::Conflict, text);
    let item = club.set_minimum(&stamp(), "reel-1", Some(usd(100))).await.unwrap();
    assert_eq!(item, club.item("reel-1").await.unwrap());
    assert_eq!(
        [DeliveryMethod::Torrent, DeliveryMethod::Direct].map(|method| item.least(method)),
        [Some(usd(100)), Some(usd(175))]
    );
    let low = club.purchase(&stamp(), "B1", pay(DeliveryMethod::Direct, 174)).await;
    check_refused(low, Fault::Conflict, "1.74 usd is too little, pay 1.75 usd or more");
    assert_eq!(buy(club, "B1", pay(DeliveryMethod::Torrent, 100)).await.amount, usd(100));
    assert_eq!(buy(club, "B2", pay(DeliveryMethod::Direct, 500)).await.price, usd(500));
    check_held(&house, 400, 0).await;
    club.set_minimum(&stamp(), "reel-1", None).await.unwrap();
    assert_eq!(club.item("reel-1").await.unwrap().minimum, None);
}

pub(crate) async fn a_discount_is_for_a_time_and_so_many_uses(store: Arc<dyn Store>) {
    let house = stocked(store).await;
    let club = &house.club;
    let half =
        NewDiscount { most: Some(1), until: Some(NOW + 9), ..discount("half", Off::Percent(50)) };
    club.add_discount(&stamp(), half).await.unwrap();
    let only =
        NewDiscount { item: Some("reel-2".to_owned()), ..discount("two", Off::Amount(usd(900))) };
    club.add_discount(&stamp(), only).await.unwrap();
    let again = club.add_discount(&stamp(), discount("HALF", Off::Percent(1))).await;
    check_refused(again, Fault::Conflict, "discount `HALF` is there already: remove it first");

    let with = |code: &str, purchase| NewPurchase { discount: Some(code.to_owned()), ..purchase };
    let refused = async |code, purchase, text| {
        let refused = club.purchase(&stamp(), "R", with(code, purchase)).await;
        check_refused(refused, Fault::Conflict, text);
    };
    refused("two", reel(DeliveryMethod::Torrent), "discount `TWO` is for something else").await;
    let order = buy(club, "B1", with("Half", reel(DeliveryMethod::Torrent))).await;
    assert_eq!(
        (order.price, order.discount, order.amount),
        (usd(225), Some(("HALF".to_owned(), usd(113))), usd(112))
    );
    assert_eq!(buy(club, "B1", with("Half", reel(DeliveryMethod::Torrent))).await.id, order.id);
    refused("half", patron(500), "discount `HALF` is used up").await;
    let other = NewPurchase {
        product: ProductRequest::Item { item: "reel-2".to_owned(), method: DeliveryMethod::Direct },
        ..reel(DeliveryMethod::Direct)
    };
    assert_eq!(buy(club, "B2", with("two", other)).await.amount, usd(0));
    check_held(&house, 888, 0).await;
    let used: Vec<_> = club.discounts().await.unwrap().iter().map(|one| one.used).collect();
    assert_eq!(used, [1, 1]);
    club.remove_discount(&stamp(), "half").await.unwrap();
    let text = "no discount `HALF`: `usher discount list` shows those there are";
    let gone = club.purchase(&stamp(), "B3", with("half", patron(500))).await;
    check_refused(gone, Fault::Missing, text);
}

pub(crate) async fn tax_is_in_the_price_and_goes_back_with_it(store: Arc<dyn Store>) {
    let house = stocked(store).await;
    let club = &house.club;
    let vat = Tax { label: "VAT".to_owned(), rate: 19_000 };
    club.reload(Names { tax: Some(vat.clone()), ..names() }).await.unwrap();
    let order = buy(club, "B1", reel(DeliveryMethod::Direct)).await;
    assert_eq!(order.tax, Some((vat, usd(48))));
    assert_eq!(club.order(order.id).await.unwrap(), order);
    let moved = |entry: &club::Entry| -> Vec<(String, i64)> {
        let postings = entry.postings.iter();
        postings.map(|posting| (posting.account.clone(), posting.amount.minor)).collect()
    };
    let at = |account: &str, minor: i64| (account.to_owned(), minor);
    assert_eq!(
        moved(&club.entry(order.entry.unwrap()).await.unwrap()),
        [at("member:1:prepaid", 300), at("revenue:item:1", -252), at("tax:collected", -48)]
    );
    let part = club.refund(&stamp(), "R1", order.id, Some(usd(100))).await.unwrap();
    assert_eq!(
        moved(&part),
        [at("revenue:item:1", 84), at("tax:collected", 16), at("member:1:prepaid", -100)]
    );
    let rest = club.refund(&stamp(), "R2", order.id, None).await.unwrap();
    assert_eq!(
        moved(&rest),
        [at("revenue:item:1", 168), at("tax:collected", 32), at("member:1:prepaid", -200)]
    );
    check_held(&house, 1000, 0).await;
}

pub(crate) async fn the_direct_download_includes_the_torrent(store: Arc<dyn Store>) {
    let house = stocked(store).await;
    buy(&house.club, "B1", reel(DeliveryMethod::Direct)).await;
    let text = "member `ada` has bought `reel-1` so already, with order 1";
    let torrent = house.club.purchase(&stamp(), "B2", reel(DeliveryMethod::Torrent)).await;
    check_refused(torrent, Fault::Conflict, text);
    check_held(&house, 700, 0).await;
}

async fn buy(club: &Club, key: &str, new: NewPurchase) -> Order {
    club.purchase(&stamp(), key, new).await.unwrap().order
}

fn reel(method: DeliveryMethod) -> NewPurchase {
    let product = ProductRequest::Item { item: "reel-1".to_owned(), method };
    NewPurchase {
        member: "ada".to_owned(),
        product,
        pay: None,
        discount: None,
        consent: false,
        gift: false,
        seen: None,
    }
}

fn patron(minor: i64) -> NewPurchase {
    let product = ProductRequest::Tier { tier: "patron".to_owned(), days: 31, price: usd(minor) };
    NewPurchase {
        member: "ada".to_owned(),
        product,
        pay: None,
        discount: None,
        consent: false,
        gift: false,
        seen: None,
    }
}

fn discount(code: &str, off: Off) -> NewDiscount {
    NewDiscount { code: code.to_owned(), off, item: None, until: None, most: None }
}

/// A house with a member who has 10.00, and two items for sale.
async fn stocked(store: Arc<dyn Store>) -> House {
    let house = House::open(store).await;
    house.add_member("ada").await;
    priced(&house).await;
    house.club.topup(&stamp(), "paid", stripe("ada", 1000)).await.unwrap();
    house
}

async fn check_held(house: &House, prepaid: i64, credit: i64) {
    let balances = house.club.balance("ada").await.unwrap();
    assert_eq!(balances, [Balance { prepaid: usd(prepaid), credit: usd(credit), owed: usd(0) }]);
    check_sound(house).await;
}
