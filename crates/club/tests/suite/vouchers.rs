use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use club::{
    Balance, Buyer, Claimant, DeliveryMethod, Email, Fault, IssuedVoucher, NewOrder, NewVouchers,
    OrderState, Page, ProductRequest, Redeemed, Stamp, Store, VoucherId, VoucherState, Worth,
};
use futures_util::future::join_all;
use policy::ItemId;

use super::money::{check_sound, priced, stripe, usd};
use super::{House, NOW, check_refused, stamp};

pub(crate) async fn an_amount_goes_into_the_balance(store: Arc<dyn Store>) {
    let house = stocked(store).await;
    let issued = issue(&house, Worth::Amount(usd(1000)), 3).await;
    assert_eq!(issued.iter().map(|voucher| voucher.id.0).collect::<Vec<_>>(), [1, 2, 3]);
    let code = issued[1].code.to_string().to_lowercase();
    let redeemed = house.club.redeem(&stamp(), &code, "ada").await.unwrap();
    assert_eq!((redeemed.id, redeemed.redeemed_by.unwrap().value()), (VoucherId(2), 1));
    check_held(&house, 1000).await;
    check_sound(&house).await;

    let text = "voucher 2 was redeemed";
    check_refused(house.club.redeem(&stamp(), &code, "ada").await, Fault::Conflict, text);
    check_refused(house.club.redeem(&stamp(), &code, "bob").await, Fault::Conflict, text);
    let states = states(&house, NOW).await;
    assert_eq!(states, [VoucherState::Issued, VoucherState::Redeemed, VoucherState::Issued]);
    check_held(&house, 1000).await;
    let ids = async |state, page| {
        let found = house.club.vouchers_in(state, NOW, page).await.unwrap();
        found.iter().map(|voucher| voucher.id.0).collect::<Vec<_>>()
    };
    assert_eq!(ids(VoucherState::Redeemed, Page::FIRST).await, [2]);
    assert_eq!(ids(VoucherState::Issued, Page { after: 0, limit: 1 }).await, [1]);
    assert_eq!(ids(VoucherState::Issued, Page { after: 1, limit: 9 }).await, [3]);
    house.club.void_voucher(&stamp(), VoucherId(3)).await.unwrap();
    assert_eq!(ids(VoucherState::Void, Page::FIRST).await, [3]);
    assert!(ids(VoucherState::Expired, Page::FIRST).await.is_empty());
}

pub(crate) async fn redeemed_once_under_32_at_once(store: Arc<dyn Store>) {
    check_redeemed_once(store, 1).await;
}

/// So many vouchers one after another, each by 32 at once.
pub(crate) async fn check_redeemed_once(store: Arc<dyn Store>, vouchers: i64) {
    let house = stocked(store).await;
    let now = stamp();
    for number in 1..=vouchers {
        redeem_by_32(&house, &now).await;
        let [ada, bob] = ["ada", "bob"].map(|name| house.club.balance(name));
        let held = [ada.await.unwrap(), bob.await.unwrap()].concat();
        let held: i64 = held.iter().map(|balance| balance.prepaid.minor).sum();
        assert_eq!(held, number * 1000);
    }
    check_sound(&house).await;
}

async fn redeem_by_32(house: &House, now: &Stamp) {
    let code = issue(house, Worth::Amount(usd(1000)), 1).await[0].code.to_string();
    let attempts = (0..32).map(|n| house.club.redeem(now, &code, ["ada", "bob"][n % 2]));
    let redeemed = join_all(attempts).await;
    assert_eq!(redeemed.iter().filter(|redeemed| redeemed.is_ok()).count(), 1);
}

pub(crate) async fn a_right_is_in_force_when_redeemed(store: Arc<dyn Store>) {
    let house = stocked(store.clone()).await;
    let issued = issue(&house, Worth::Item(ItemId(1)), 2).await;
    let redeem =
        async |n: usize| house.club.redeem(&stamp(), &issued[n].code.to_string(), "ada").await;
    redeem(0).await.unwrap();
    let ada = house.club.member("ada").await.unwrap().id;
    assert_eq!(house.right(ItemId(1), ada).unwrap().until, u32::MAX);
    let text = "member `ada` has `reel-1` already, this would be lost";
    check_refused(redeem(1).await, Fault::Conflict, text);
    assert_eq!(House::open(store).await.right(ItemId(1), ada).unwrap().until, u32::MAX);
    check_sound(&house).await;
}

pub(crate) async fn days_of_a_tier_follow_those_there_are(store: Arc<dyn Store>) {
    let house = stocked(store).await;
    let worth = |tier: &str, days| Worth::Tier { tier: tier.to_owned(), days };
    let redeem = async |worth| {
        let code = issue(&house, worth, 1).await[0].code.to_string();
        house.club.redeem(&stamp(), &code, "ada").await
    };
    let ada = house.club.member("ada").await.unwrap().id;
    let text = "member `ada` has `fan` already, this would be lost";
    check_refused(redeem(worth("fan", 30)).await, Fault::Conflict, text);
    for days in [30, 60] {
        redeem(worth("patron", 30)).await.unwrap();
        let standing = house.standing(ada);
        assert_eq!((standing.tier.value(), standing.until), (2, NOW + days * 86_400));
    }
    check_refused(redeem(worth("fan", 30)).await, Fault::Conflict, text);
    check_refused(
        house.club.issue_vouchers(&stamp(), &key(), new(worth("patron", 0), 1)).await,
        Fault::Request,
        "a tier's voucher is for 1 day or more",
    );
    assert!(house.club.issue_vouchers(&stamp(), &key(), new(worth("king", 1), 1)).await.is_err());
}

pub(crate) async fn void_and_expired_ones_are_refused(store: Arc<dyn Store>) {
    let house = stocked(store).await;
    let short = NewVouchers { expires: Some(NOW + 1), ..new(Worth::Amount(usd(1000)), 2) };
    let issued = house.club.issue_vouchers(&stamp(), &key(), short).await.unwrap();
    house.club.void_voucher(&stamp(), VoucherId(1)).await.unwrap();
    check_sound(&house).await;
    let again = house.club.void_voucher(&stamp(), VoucherId(1)).await;
    check_refused(again, Fault::Conflict, "voucher 1 was taken back");

    let later = Stamp { now_unix: NOW + 1, ..stamp() };
    let redeem =
        async |n: usize| house.club.redeem(&later, &issued[n].code.to_string(), "ada").await;
    check_refused(redeem(0).await, Fault::Conflict, "voucher 1 was taken back");
    check_refused(redeem(1).await, Fault::Conflict, "voucher 2 has run out");
    assert_eq!(states(&house, NOW + 1).await, [VoucherState::Void, VoucherState::Expired]);
    house.club.void_voucher(&later, VoucherId(2)).await.unwrap();
    assert!(house.club.balance("ada").await.unwrap().is_empty());
    check_sound(&house).await;
}

pub(crate) async fn a_batch_is_issued_once(store: Arc<dyn Store>) {
    let house = stocked(store).await;
    let batch = async || {
        let new = new(Worth::Amount(usd(1000)), 2);
        house.club.issue_vouchers(&stamp(), "fair", new).await
    };
    assert_eq!(batch().await.unwrap().len(), 2);
    let text = "entry 1 of the journal issued these vouchers already, and their codes were shown \
                then: `usher voucher list` shows them, `usher voucher void` takes back what was lost";
    check_refused(batch().await, Fault::Conflict, text);
    assert_eq!(states(&house, NOW).await, [VoucherState::Issued; 2]);
    check_sound(&house).await;
}

pub(crate) async fn what_is_no_code_is_refused(store: Arc<dyn Store>) {
    let house = stocked(store).await;
    let code = issue(&house, Worth::Amount(usd(1000)), 1).await[0].code.to_string();
    let text = "this is no voucher's code: look for a mistyped character";
    for typed in ["", "7", &code[1..], &format!("{code}0")] {
        check_refused(house.club.redeem(&stamp(), typed, "ada").await, Fault::Request, text);
    }
    let unknown = house.club.redeem(&stamp(), "00000-00000-00000-00000-00000-00", "ada").await;
    check_refused(unknown, Fault::Missing, "no such voucher");
    house.club.suspend(&stamp(), "ada").await.unwrap();
    let suspended = house.club.redeem(&stamp(), &code, "ada").await;
    check_refused(suspended, Fault::Conflict, "member `ada` is suspended");
    for count in [0, 1001] {
        let text = format!("a batch of {count} vouchers, expected 1 to 1000");
        let refused =
            house.club.issue_vouchers(&stamp(), &key(), new(Worth::Item(ItemId(1)), count)).await;
        check_refused(refused, Fault::Request, &text);
    }
    assert_eq!(issue(&house, Worth::Item(ItemId(1)), 1000).await.len(), 1000);
}

pub(crate) async fn a_voucher_pays_a_visitors_order(store: Arc<dyn Store>) {
    let house = stocked(store).await;
    let club = &house.club;
    let money = issue(&house, Worth::Amount(usd(1000)), 2).await;
    let small = issue(&house, Worth::Amount(usd(1)), 1).await[0].code.to_string();
    let code = money[0].code.to_string();
    let order = async |key: &str, code: &str| {
        club.buy_with_voucher(&stamp(), key, visitors("eve@example.org"), code).await
    };
    let text = "voucher 3 holds 0.01 usd and 2.25 usd are to be paid: redeem it by itself, then buy from the balance";
    check_refused(order("1", &small).await, Fault::Conflict, text);
    assert_eq!(club.members(Page::FIRST).await.unwrap().len(), 2, "nobody paid");
    assert_eq!(club.orders_between(0, u32::MAX, Page::FIRST).await.unwrap(), []);

    let bought = order("1", &code).await.unwrap();
    assert_eq!(
        (bought.state(), bought.kept, bought.discount.clone()),
        (OrderState::Paid, usd(225), None)
    );
    let eve =
        club.member_of_email(&Email::parse("eve@example.org").unwrap()).await.unwrap().unwrap();
    assert_eq!(
        (eve.id, eve.name.as_str()),
        (bought.member.unwrap(), &*format!("buyer-{}", bought.id.0))
    );
    assert_eq!(house.right(ItemId(1), eve.id).unwrap().until, u32::MAX);
    assert_eq!(club.balance(&eve.name).await.unwrap()[0].prepaid, usd(775));
    // The same request again, with another code too, buys nothing more.
    let other = money[1].code.to_string();
    assert_eq!(order("1", &other).await.unwrap(), bought);
    assert_eq!(states(&house, NOW).await[1], VoucherState::Issued);
    check_refused(order("2", &code).await, Fault::Conflict, "voucher 1 was redeemed");
    // What the account has already is not sold to it again: the money is in its balance.
    let again = order("3", &other).await.unwrap();
    assert_eq!(
        (again.state(), again.entry, again.member),
        (OrderState::Refunded, None, Some(eve.id))
    );
    assert_eq!(club.balance(&eve.name).await.unwrap()[0].prepaid, usd(1775));
    let one = issue(&house, Worth::Item(ItemId(1)), 1).await[0].code.to_string();
    let refused = order("5", &one).await.unwrap_err();
    assert_eq!(refused.fault(), Fault::Conflict, "{refused}");
    assert_eq!(states(&house, NOW).await.last(), Some(&VoucherState::Issued));
    // A visitor does not spend what is in the account.
    let left = issue(&house, Worth::Amount(usd(1)), 1).await[0].code.to_string();
    assert!(order("4", &left).await.is_err());
    club.refund(&stamp(), "r", bought.id, None).await.unwrap();
    assert_eq!(order("5", &one).await.unwrap().state(), OrderState::Paid);
    assert_eq!(house.right(ItemId(1), eve.id).unwrap().until, u32::MAX);
    check_sound(&house).await;
}

pub(crate) async fn a_visitor_redeems_by_address(store: Arc<dyn Store>) {
    let house = stocked(store).await;
    let claim = async |code: String, address: &str| {
        let email = Email::parse(address).unwrap();
        house.club.redeem_for_visitor(&stamp(), &code, Claimant { email, consent: true }).await
    };
    let worth = Worth::Tier { tier: "fan".to_owned(), days: 30 };
    for (worth, address) in [
        (Worth::Item(ItemId(1)), "eve@example.org"),
        (Worth::Amount(usd(1000)), "eve@example.org"),
        (worth, "cleo@example.org"),
    ] {
        let code = issue(&house, worth.clone(), 1).await[0].code.to_string();
        let got = claim(code.clone(), address).await.unwrap();
        match (worth, got) {
            (Worth::Amount(worth), Redeemed::Amount(amount)) => assert_eq!(amount, worth),
            (_, Redeemed::Order(order)) => {
                assert_eq!((order.state(), order.amount), (OrderState::Paid, usd(0)));
                let source = order.discount.unwrap().0;
                assert!(source.starts_with("voucher "), "{source}");
            }
            (worth, got) => unreachable!("{worth:?} gave {got:?}"),
        }
        let again = claim(code, "bob@example.org").await.unwrap_err();
        assert_eq!(again.fault(), Fault::Conflict);
    }
    let eve = house.club.member("buyer-1").await.unwrap();
    assert_eq!(house.right(ItemId(1), eve.id).unwrap().until, u32::MAX);
    assert_eq!(house.club.balance("buyer-1").await.unwrap()[0].prepaid, usd(1000));
    let cleo = house.club.member("buyer-2").await.unwrap();
    assert_eq!((cleo.tier.as_str(), cleo.tier_until), ("fan", Some(NOW + 30 * 86_400)));
    assert_eq!(house.club.members(Page::FIRST).await.unwrap().len(), 4);
    let consents = house.club.audit(Page::FIRST).await.unwrap();
    assert_eq!(consents.iter().filter(|row| row.what == "order.consent").count(), 2);
    check_sound(&house).await;
}

fn visitors(address: &str) -> NewOrder {
    NewOrder {
        buyer: Buyer::Visitor(Email::parse(address).unwrap()),
        product: ProductRequest::Item {
            item: "reel-1".to_owned(),
            method: DeliveryMethod::Torrent,
        },
        pay: None,
        discount: None,
        consent: false,
        gift: false,
        seen: None,
    }
}

pub(crate) async fn verify_misses_no_voucher(store: Arc<dyn Store>) {
    let house = stocked(store.clone()).await;
    house.club.topup(&stamp(), "paid", stripe("ada", 1000)).await.unwrap();
    issue(&house, Worth::Amount(usd(1000)), 2).await;
    check_sound(&house).await;
    let mut db = store.writer().await.unwrap();
    db.execute("UPDATE voucher SET state = 'void' WHERE id = 1", &[]).await.unwrap();
    let flaws = house.club.verify().await.unwrap();
    let flaws: Vec<String> = flaws.iter().map(ToString::to_string).collect();
    assert_eq!(flaws, ["account 4: it is not the sum of the vouchers not redeemed"]);
}

async fn stocked(store: Arc<dyn Store>) -> House {
    let house = House::open(store).await;
    house.add_member("ada").await;
    house.add_member("bob").await;
    priced(&house).await;
    house
}

async fn issue(house: &House, worth: Worth, count: u32) -> Vec<IssuedVoucher> {
    house.club.issue_vouchers(&stamp(), &key(), new(worth, count)).await.unwrap()
}

/// A key that no other request has.
fn key() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    format!("batch {}", NEXT.fetch_add(1, Ordering::Relaxed))
}

fn new(worth: Worth, count: u32) -> NewVouchers {
    NewVouchers { worth, count, expires: None, memo: "for friends".to_owned() }
}

async fn states(house: &House, now: u32) -> Vec<VoucherState> {
    let vouchers = house.club.vouchers(Page::FIRST).await.unwrap();
    vouchers.iter().map(|voucher| voucher.state(now)).collect()
}

async fn check_held(house: &House, prepaid: i64) {
    let balances = house.club.balance("ada").await.unwrap();
    assert_eq!(balances, [Balance { prepaid: usd(prepaid), credit: usd(0), owed: usd(0) }]);
}
