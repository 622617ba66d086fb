use std::sync::Arc;

use club::provider::{Dispute, Report};
use club::{
    Amount, Buyer, Claimant, DeliveryMethod, Email, Fault, Gift, MailText, NewOrder, NewPurchase,
    NewVouchers, Order, OrderId, OrderState, Page, ProductRequest, Redeemed, Store, Verdict,
    VoucherId, VoucherState, Worth,
};
use futures_util::future::join_all;
use policy::{ItemId, MemberId, MemberState, Right};

use super::money::{check_sound, stripe, usd};
use super::payments::{hear, of, paid, stocked};
use super::{House, NOW, check_refused, stamp};

pub(crate) async fn a_gift_from_the_balance_is_a_voucher_and_no_right(store: Arc<dyn Store>) {
    let (house, ada, reel) = rich(store).await;
    let order = buy(&house, "G", DeliveryMethod::Torrent).await;
    assert_eq!((order.state(), order.amount, order.is_gift), (OrderState::Paid, usd(225), true));
    assert_eq!(house.right(reel, ada), None, "the buyer gets no right");
    let given = gift(&house, order.id).await;
    assert_eq!((given.voucher.state(NOW), given.redeemed_as), (VoucherState::Issued, None));
    assert_eq!(given.voucher.gift, Some(order.id));
    let again = buy(&house, "G", DeliveryMethod::Torrent).await;
    assert_eq!(again.id, order.id, "the same request buys once");
    // It can be bought again, as a gift and for oneself.
    let other = buy(&house, "H", DeliveryMethod::Torrent).await;
    assert_ne!(gift(&house, other.id).await.code.to_string(), given.code.to_string());
    house.club.buy(&stamp(), "own", "ada", "reel", DeliveryMethod::Torrent).await.unwrap();
    buy(&house, "I", DeliveryMethod::Torrent).await;

    let bob = house.add_member("bob").await;
    let code = given.code.to_string();
    let redeemed = house.club.redeem(&stamp(), &code, "bob").await.unwrap();
    assert_eq!((redeemed.id, redeemed.redeemed_by), (given.voucher.id, Some(bob)));
    assert_eq!(house.right(reel, bob).unwrap().until, u32::MAX);
    assert!(!house.club.bought_direct(bob, reel).await.unwrap());
    let taken = gift(&house, order.id).await.redeemed_as.unwrap();
    assert_eq!((taken.member, taken.amount, taken.is_gift), (Some(bob), usd(0), false));
    assert_eq!(house.club.gifts_of(bob).await.unwrap(), [taken.id]);
    assert_eq!(house.club.gifts_of(ada).await.unwrap(), []);
    assert_eq!((taken.price, taken.state()), (usd(0), OrderState::Paid), "no price is told");
    let text = "voucher 1 was redeemed";
    check_refused(house.club.redeem(&stamp(), &code, "ada").await, Fault::Conflict, text);
    check_sound(&house).await;
}

pub(crate) async fn a_direct_gift_is_a_direct_download(store: Arc<dyn Store>) {
    let (house, _, reel) = rich(store).await;
    let bob = house.add_member("bob").await;
    house.club.grant(&stamp(), "bob", "reel", None, "grant").await.unwrap();
    let torrent = code(&house, "G", DeliveryMethod::Torrent).await;
    let has = "member `bob` has `reel` already, this would be lost";
    check_refused(house.club.redeem(&stamp(), &torrent, "bob").await, Fault::Conflict, has);
    let direct = code(&house, "H", DeliveryMethod::Direct).await;
    house.club.redeem(&stamp(), &direct, "bob").await.unwrap();
    assert!(house.club.bought_direct(bob, reel).await.unwrap());
    // A visitor too, by an address that nobody has.
    let direct = code(&house, "I", DeliveryMethod::Direct).await;
    let email = Email::parse("eve@example.org").unwrap();
    let claimant = Claimant { email: email.clone(), consent: true };
    let redeemed = house.club.redeem_for_visitor(&stamp(), &direct, claimant).await.unwrap();
    assert!(matches!(redeemed, Redeemed::Order(order) if order.amount == usd(0)));
    let eve = house.club.member_of_email(&email).await.unwrap().unwrap();
    assert!(house.club.bought_direct(eve.id, reel).await.unwrap());
    // What is bought on the item's own page is paid with the code, too.
    let new = NewOrder { gift: false, ..wanted("cleo@example.org", DeliveryMethod::Torrent) };
    let order = house.club.buy_with_voucher(&stamp(), "V", new, &torrent).await.unwrap();
    assert_eq!((order.amount, order.state()), (usd(0), OrderState::Paid));
    check_sound(&house).await;
}

pub(crate) async fn paying_back_a_gift_voids_its_voucher(store: Arc<dyn Store>) {
    let (house, ..) = rich(store).await;
    house.add_member("bob").await;
    let order = buy(&house, "G", DeliveryMethod::Torrent).await;
    let code = gift(&house, order.id).await.code.to_string();
    let by_hand = house.club.void_voucher(&stamp(), VoucherId(1)).await;
    let text = "voucher 1 is the gift of order 1: `usher order refund 1` voids it";
    check_refused(by_hand, Fault::Conflict, text);
    house.club.refund(&stamp(), "R", order.id, Some(usd(25))).await.unwrap();
    let part = gift(&house, order.id).await.voucher;
    assert_eq!(part.state(NOW), VoucherState::Issued, "a part paid back leaves it");
    house.club.refund(&stamp(), "S", order.id, None).await.unwrap();
    let order = house.club.order(order.id).await.unwrap();
    assert_eq!((order.state(), order.paid_back()), (OrderState::Refunded, usd(225)));
    assert_eq!(gift(&house, order.id).await.voucher.state(NOW), VoucherState::Void);
    let text = "voucher 1 was taken back";
    check_refused(house.club.redeem(&stamp(), &code, "bob").await, Fault::Conflict, text);
    check_sound(&house).await;
}

pub(crate) async fn paying_back_a_redeemed_gift_takes_back_its_right(store: Arc<dyn Store>) {
    let (house, _, reel) = rich(store).await;
    let bob = house.add_member("bob").await;
    house.club.grant(&stamp(), "bob", "reel", Some(NOW + 60), "grant").await.unwrap();
    let order = buy(&house, "G", DeliveryMethod::Torrent).await;
    let code = gift(&house, order.id).await.code.to_string();
    house.club.redeem(&stamp(), &code, "bob").await.unwrap();
    assert_eq!(house.right(reel, bob).unwrap().until, u32::MAX);
    house.club.refund(&stamp(), "R", order.id, None).await.unwrap();
    assert_eq!(house.right(reel, bob).unwrap().until, NOW + 60, "what was before is in force");
    let given = gift(&house, order.id).await;
    assert_eq!(given.voucher.state(NOW), VoucherState::Redeemed);
    assert_eq!(given.redeemed_as.unwrap().state(), OrderState::Refunded);
    check_sound(&house).await;
}

pub(crate) async fn days_of_a_tier_are_given_and_taken_back(store: Arc<dyn Store>) {
    let (house, ada, _) = rich(store).await;
    let bob = house.add_member("bob").await;
    house.club.set_tier(&stamp(), "bob", "outsider", None).await.unwrap();
    let product = ProductRequest::Tier { tier: "patron".to_owned(), days: 30, price: usd(500) };
    let new = NewPurchase { product, ..purchase(DeliveryMethod::Torrent) };
    let order = house.club.purchase(&stamp(), "G", new).await.unwrap().order;
    assert_eq!(house.standing(ada).tier.value(), 0, "the buyer is no patron");
    let code = gift(&house, order.id).await.code.to_string();
    house.club.redeem(&stamp(), &code, "bob").await.unwrap();
    assert_eq!(house.standing(bob).until, NOW + 30 * 86_400);
    house.club.refund(&stamp(), "R", order.id, None).await.unwrap();
    assert_eq!(house.club.member("bob").await.unwrap().tier, "outsider");
    check_sound(&house).await;
}

pub(crate) async fn a_gift_follows_its_payment(store: Arc<dyn Store>) {
    let (house, _, reel) = stocked(store).await;
    let bob = house.add_member("bob").await;
    let new = wanted("eve@example.org", DeliveryMethod::Direct);
    let order = house.club.place_order(&stamp(), "G", new).await.unwrap();
    assert_eq!(house.club.gift(&order).await.unwrap(), None, "nothing is given before it is paid");
    let checkout = house.club.add_checkout(&stamp(), "c", order.id, "stripe").await.unwrap();
    let say = async |key: &str, report: Report| {
        let (verdict, effect) = hear(&house, key, report).await;
        assert_eq!(verdict, Verdict::Applied, "{effect}");
    };
    say("evt_1", paid(&checkout, 300)).await;
    let eve = house.club.order(order.id).await.unwrap().member.unwrap();
    assert_eq!(house.right(reel, eve), None);
    let code = gift(&house, order.id).await.code.to_string();

    // A dispute closes the voucher until it is won, and suspends the payer alone.
    say("evt_2", Report { dispute: Dispute::Open, ..of("pi_1") }).await;
    assert_eq!(state(&house, order.id).await, VoucherState::Void);
    check_refused(
        house.club.redeem(&stamp(), &code, "bob").await,
        Fault::Conflict,
        "voucher 1 was taken back",
    );
    say("evt_3", Report { dispute: Dispute::Won, ..of("pi_1") }).await;
    assert_eq!(state(&house, order.id).await, VoucherState::Issued);
    house.club.redeem(&stamp(), &code, "bob").await.unwrap();
    check_right(&house, reel, bob, u32::MAX);
    say("evt_4", Report { refunded: Some(usd(100)), ..of("pi_1") }).await;
    check_right(&house, reel, bob, u32::MAX);
    say("evt_5", Report { refunded: Some(usd(300)), ..of("pi_1") }).await;
    check_right(&house, reel, bob, Right::REFUNDED);
    assert_eq!(house.standing(bob).state, MemberState::Active);
    check_sound(&house).await;
}

pub(crate) async fn a_refund_that_fails_gives_the_gift_again(store: Arc<dyn Store>) {
    let (house, _, reel) = stocked(store).await;
    let [bob, cleo] = [house.add_member("bob").await, house.add_member("cleo").await];
    let dan = house.add_member("dan").await;
    for (number, name) in [(1, "bob"), (2, "cleo"), (3, "dan")] {
        let new = wanted("eve@example.org", DeliveryMethod::Torrent);
        let (key, pi) = (format!("G{number}"), format!("pi_{number}"));
        let order = house.club.place_order(&stamp(), &key, new).await.unwrap();
        let made = house.club.add_checkout(&stamp(), &key, order.id, "stripe").await.unwrap();
        hear(&house, &key, Report { payment: pi.clone(), ..paid(&made, 225) }).await;
        let code = gift(&house, order.id).await.code.to_string();
        house.club.redeem(&stamp(), &code, name).await.unwrap();
        if name == "dan" {
            house.club.revoke(&stamp(), "dan", "reel").await.unwrap();
        }
        let lost = Report { dispute: Dispute::Open, ..of(&pi) };
        assert_eq!(hear(&house, &format!("open {number}"), lost).await.0, Verdict::Applied);
    }
    check_right(&house, reel, bob, Right::REFUNDED);
    // Cleo bought it meanwhile: the money is the payer's, and a person looks at it.
    house.club.topup(&stamp(), "T", stripe("cleo", 500)).await.unwrap();
    house.club.buy(&stamp(), "B", "cleo", "reel", DeliveryMethod::Torrent).await.unwrap();
    for (number, expected) in [(1, Verdict::Applied), (2, Verdict::Held), (3, Verdict::Applied)] {
        let won = Report { dispute: Dispute::Won, ..of(&format!("pi_{number}")) };
        assert_eq!(hear(&house, &format!("won {number}"), won).await.0, expected);
    }
    check_right(&house, reel, bob, u32::MAX);
    check_right(&house, reel, cleo, u32::MAX);
    // What was revoked does not come back.
    check_right(&house, reel, dan, Right::REVOKED);
    assert_eq!(held(&house, "eve@example.org").await, usd(225));
    check_sound(&house).await;
}

pub(crate) async fn a_corrected_address_gives_a_gift_another_code(store: Arc<dyn Store>) {
    let (house, _, reel) = rich(store).await;
    let bob = house.add_member("bob").await;
    let correct = async |address: &str| {
        let email = Some(Email::parse(address).unwrap());
        house.club.set_email(&stamp(), "ada", email, MailText::default()).await.unwrap();
    };
    correct("ada@exmaple.org").await;
    let order = buy(&house, "G", DeliveryMethod::Torrent).await;
    let mailed = gift(&house, order.id).await.code.to_string();
    correct("ada@example.org").await;
    // Whoever got the mail at the wrong address has the order's page of before, and could have read the code there.
    let text = "no such voucher";
    let refused = house.club.redeem(&stamp(), &mailed, "bob").await;
    check_refused(refused, Fault::Missing, text);
    let shown = gift(&house, order.id).await.code.to_string();
    house.club.redeem(&stamp(), &shown, "bob").await.unwrap();
    check_right(&house, reel, bob, u32::MAX);
    correct("ada@example.net").await;
    assert_eq!(state(&house, order.id).await, VoucherState::Redeemed);
    check_sound(&house).await;
}

pub(crate) async fn a_gift_is_redeemed_once_under_32_at_once(store: Arc<dyn Store>) {
    let (house, _, reel) = rich(store).await;
    let code = code(&house, "G", DeliveryMethod::Torrent).await;
    let mut members = Vec::new();
    for number in 0..32 {
        members.push(house.add_member(&format!("m{number}")).await);
    }
    let now = stamp();
    let names: Vec<_> = (0..32).map(|number| format!("m{number}")).collect();
    let redeemed = join_all(names.iter().map(|name| house.club.redeem(&now, &code, name))).await;
    assert_eq!(redeemed.iter().filter(|redeemed| redeemed.is_ok()).count(), 1);
    let has = |member: &&MemberId| house.right(reel, **member).is_some();
    assert_eq!(members.iter().filter(has).count(), 1);
    check_sound(&house).await;
}

pub(crate) async fn a_voucher_pays_for_a_gift_of_an_amount_alone(store: Arc<dyn Store>) {
    let (house, _, reel) = stocked(store).await;
    let issue = async |worth: Worth, key: &str| {
        let new = NewVouchers { worth, count: 1, expires: None, memo: String::new() };
        house.club.issue_vouchers(&stamp(), key, new).await.unwrap()[0].code.to_string()
    };
    let pay = async |key: &'static str, code: String| {
        let new = wanted("eve@example.org", DeliveryMethod::Torrent);
        house.club.buy_with_voucher(&stamp(), key, new, &code).await
    };
    let item = issue(Worth::Item(reel), "1").await;
    let text = "voucher 1 is not for this: redeem it by itself";
    check_refused(pay("a", item).await, Fault::Conflict, text);
    let order = pay("b", issue(Worth::Amount(usd(500)), "2").await).await.unwrap();
    assert_eq!((order.state(), order.is_gift), (OrderState::Paid, true));
    assert_eq!(state(&house, order.id).await, VoucherState::Issued);
    assert_eq!(held(&house, "eve@example.org").await, usd(275));
    for (product, what) in [
        (ProductRequest::Topup(usd(500)), "a top-up"),
        (
            ProductRequest::Subscription { tier: "fan".to_owned(), price: usd(500) },
            "a subscription",
        ),
    ] {
        let new = NewOrder { product, ..wanted("eve@example.org", DeliveryMethod::Torrent) };
        let text = format!("{what} can't be a gift: give an item, or a tier for some days");
        let refused = house.club.place_order(&stamp(), what, new).await;
        check_refused(refused, Fault::Request, &text);
    }
    let vouchers = house.club.vouchers(Page::FIRST).await.unwrap();
    assert_eq!(vouchers.iter().filter(|voucher| voucher.gift.is_some()).count(), 1);
    check_sound(&house).await;
}

/// A house with ada, who has 50.00, and the item `reel`.
async fn rich(store: Arc<dyn Store>) -> (House, MemberId, ItemId) {
    let (house, ada, reel) = stocked(store).await;
    house.club.topup(&stamp(), "paid", stripe("ada", 5000)).await.unwrap();
    (house, ada, reel)
}

fn purchase(method: DeliveryMethod) -> NewPurchase {
    NewPurchase {
        member: "ada".to_owned(),
        product: ProductRequest::Item { item: "reel".to_owned(), method },
        pay: None,
        discount: None,
        consent: false,
        gift: true,
        seen: None,
    }
}

fn wanted(address: &str, method: DeliveryMethod) -> NewOrder {
    NewOrder {
        buyer: Buyer::Visitor(Email::parse(address).unwrap()),
        product: ProductRequest::Item { item: "reel".to_owned(), method },
        pay: None,
        discount: None,
        consent: false,
        gift: true,
        seen: None,
    }
}

async fn buy(house: &House, key: &str, method: DeliveryMethod) -> Order {
    house.club.purchase(&stamp(), key, purchase(method)).await.unwrap().order
}

/// The code of a gift that is bought for it.
async fn code(house: &House, key: &str, method: DeliveryMethod) -> String {
    let order = buy(house, key, method).await;
    gift(house, order.id).await.code.to_string()
}

async fn gift(house: &House, order: OrderId) -> Gift {
    let order = house.club.order(order).await.unwrap();
    house.club.gift(&order).await.unwrap().unwrap()
}

async fn state(house: &House, order: OrderId) -> VoucherState {
    gift(house, order).await.voucher.state(NOW)
}

/// What the account of an address can spend.
async fn held(house: &House, address: &str) -> Amount {
    let email = Email::parse(address).unwrap();
    let member = house.club.member_of_email(&email).await.unwrap().unwrap();
    house.club.balance(&member.name).await.unwrap()[0].prepaid
}

#[track_caller]
fn check_right(house: &House, item: ItemId, member: MemberId, until: u32) {
    assert_eq!(house.right(item, member).unwrap().until, until);
}
