use std::sync::Arc;

use club::provider::{Claim, Dispute, Ending, Grant, MemberHint, Notice, Report};
use club::{
    Buyer, Checkout, Claimant, Delivery, Email, MailText, NewOrder, NewVouchers, OrderId,
    ProductRequest, Stamp, Store, Verdict, Worth,
};
use policy::MemberState;

use super::money::{check_sound, usd};
use super::payments::{event, of, paid, stocked};
use super::{House, NOW, names, stamp};

pub(crate) async fn a_present_ends_no_tier_and_eats_none_of_it(store: Arc<dyn Store>) {
    // By a voucher, days, a subscription, and a message that names the member; to who has fan without and with an end.
    for has in [None, Some(300)] {
        for way in ["voucher", "days", "subscription", "claim"] {
            let shop = Shop::open(store.clone(), &format!("{way}{}", has.unwrap_or(0))).await;
            shop.set(0, "fan", has).await;
            match way {
                "voucher" => shop.redeem_as_visitor(0, "patron", 30).await,
                "days" => drop(shop.pay(0, "p", shop.visitor(), days("patron", 30)).await),
                "subscription" => {
                    let made = shop.subscribe(0, "s", shop.visitor(), "patron", 30).await;
                    shop.check(1, "patron", Some(30)).await;
                    shop.end(1, &made, "s").await;
                }
                _ => shop.claim(0, "c", "patron", 30).await,
            }
            let ends = if way == "subscription" { 1 } else { 30 };
            if way != "subscription" {
                shop.check(1, "patron", Some(30)).await;
                // Memory knows what follows before anybody turns it.
                assert_eq!(shop.house.standing(shop.id).then, names().tiers[1].1, "{way}");
            }
            shop.check(ends, "fan", has.map(|days| ends + days)).await;
            check_sound(&shop.house).await;
        }
    }
}

pub(crate) async fn a_present_eats_no_days_of_the_same_tier(store: Arc<dyn Store>) {
    let shop = Shop::open(store, "ada").await;
    shop.set(0, "patron", Some(20)).await;
    let made = shop.pay(0, "p", shop.visitor(), days("patron", 30)).await;
    shop.check(5, "patron", Some(50)).await;
    shop.hear(5, "d", Report { dispute: Dispute::Open, ..of(&made.1) }).await;
    shop.check(5, "patron", Some(20)).await;
    assert_eq!(shop.house.standing(shop.id).state, MemberState::Active);
    check_sound(&shop.house).await;
}

pub(crate) async fn a_subscription_that_a_stranger_ends_takes_nothing_with_it(
    store: Arc<dyn Store>,
) {
    let shop = Shop::open(store, "ada").await;
    shop.set(0, "patron", Some(20)).await;
    let made = shop.subscribe(0, "s", shop.visitor(), "patron", 30).await;
    shop.check(0, "patron", Some(50)).await;
    shop.end(0, &made, "s").await;
    shop.check(0, "patron", Some(20)).await;
    // Bought, then subscribed: the charge is paid back.
    let other = Shop { name: "bob".to_owned(), ..shop };
    other.house.add_member("bob").await;
    other.set(0, "outsider", None).await;
    other.pay(0, "b", other.member(), days("patron", 31)).await;
    other.subscribe(0, "t", other.member(), "patron", 30).await;
    other.check(0, "patron", Some(61)).await;
    other.hear(10, "r", Report { refunded: Some(usd(500)), ..of("bob pi t 30") }).await;
    other.check(10, "patron", Some(31)).await;
}

pub(crate) async fn new_days_begin_when_the_subscription_ends(store: Arc<dyn Store>) {
    let shop = Shop::open(store, "ada").await;
    let made = shop.subscribe(0, "s", shop.member(), "patron", 30).await;
    shop.pay(10, "p", shop.member(), days("patron", 31)).await;
    shop.check(10, "patron", Some(61)).await;
    shop.renew(30, &made, "s", 60).await;
    shop.check(30, "patron", Some(91)).await;
    // It is ended by its provider, and the days are still to come.
    shop.end(60, &made, "s").await;
    shop.check(60, "patron", Some(91)).await;
    shop.hear(60, "r", Report { refunded: Some(usd(500)), ..of("pi p") }).await;
    let member = shop.house.club.member("ada").await.unwrap();
    assert_eq!((&*member.tier, member.tier_until), ("outsider", None));
    check_sound(&shop.house).await;
}

pub(crate) async fn two_subscriptions_extend_each_other(store: Arc<dyn Store>) {
    let shop = Shop::open(store, "ada").await;
    let first = shop.subscribe(0, "s", shop.member(), "patron", 30).await;
    let second = shop.subscribe(0, "t", shop.member(), "patron", 30).await;
    shop.check(0, "patron", Some(60)).await;
    shop.renew(30, &first, "s", 60).await;
    shop.check(30, "patron", Some(90)).await;
    shop.end(30, &second, "t").await;
    shop.check(30, "patron", Some(90)).await;
}

pub(crate) async fn a_dispute_that_is_won_gives_back_what_it_took(store: Arc<dyn Store>) {
    let shop = Shop::open(store, "ada").await;
    let made = shop.pay(0, "p", shop.member(), days("patron", 30)).await;
    shop.hear(10, "d", Report { dispute: Dispute::Open, ..of(&made.1) }).await;
    assert_eq!(shop.house.club.member("ada").await.unwrap().tier, "outsider");
    shop.hear(50, "w", Report { dispute: Dispute::Won, ..of(&made.1) }).await;
    shop.check(50, "patron", Some(70)).await;
    check_sound(&shop.house).await;
}

pub(crate) async fn a_gift_that_is_disputed_takes_back_what_has_not_elapsed(store: Arc<dyn Store>) {
    let shop = Shop::open(store, "ada").await;
    let new = NewOrder { gift: true, ..shop.order(shop.visitor(), days("patron", 30)) };
    let order = shop.house.club.place_order(&at(0), "g", new).await.unwrap();
    let made = shop.house.club.add_checkout(&at(0), "g", order.id, "stripe").await.unwrap();
    shop.hear(0, "g", Report { payment: "pi g".to_owned(), ..paid(&made, 500) }).await;
    let gift = shop.house.club.gift(&order).await.unwrap().unwrap();
    shop.house.club.redeem(&at(0), &gift.code.to_string(), "ada").await.unwrap();
    shop.pay(0, "p", shop.member(), days("patron", 30)).await;
    shop.check(20, "patron", Some(60)).await;
    shop.hear(20, "d", Report { dispute: Dispute::Open, ..of("pi g") }).await;
    shop.check(20, "patron", Some(50)).await;
}

pub(crate) async fn what_a_better_tier_keeps_waiting_goes_on_after_it(store: Arc<dyn Store>) {
    let shop = Shop::open(store.clone(), "ada").await;
    shop.pay(0, "f", shop.member(), days("fan", 30)).await;
    shop.pay(10, "p", shop.member(), days("patron", 30)).await;
    shop.check(10, "patron", Some(40)).await;
    // A lesser one that is paid meanwhile waits too.
    shop.pay(20, "g", shop.member(), days("fan", 30)).await;
    shop.check(39, "patron", Some(40)).await;
    let then = names().tiers[1].1;
    let again = House::open(store).await;
    assert_eq!(again.standing(shop.id), shop.house.standing(shop.id), "as it is loaded");
    assert_eq!(again.standing(shop.id).then, then);
    // Nobody turned it in time: what elapsed is counted all the same.
    shop.check(45, "fan", Some(90)).await;
    assert_eq!(shop.house.club.turn_tiers(NOW + 45 * DAY).await.unwrap(), 0, "once");
    assert_eq!(shop.house.club.turn_tiers(NOW + 95 * DAY).await.unwrap(), 0, "nothing follows");
    let member = shop.house.club.member("ada").await.unwrap();
    assert_eq!((&*member.tier, member.tier_until), ("fan", Some(NOW + 90 * DAY)));
    check_sound(&shop.house).await;
}

pub(crate) async fn what_an_operator_sets_stands_in_place_of_all(store: Arc<dyn Store>) {
    let shop = Shop::open(store, "ada").await;
    shop.pay(0, "f", shop.member(), days("fan", 30)).await;
    let made = shop.pay(0, "p", shop.member(), days("patron", 30)).await;
    shop.set(10, "fan", Some(20)).await;
    shop.check(10, "fan", Some(20)).await;
    // What it ended is not taken twice, nor given again.
    shop.hear(11, "d", Report { dispute: Dispute::Open, ..of(&made.1) }).await;
    shop.check(11, "fan", Some(20)).await;
    shop.hear(12, "w", Report { dispute: Dispute::Won, ..of(&made.1) }).await;
    shop.check(12, "fan", Some(20)).await;
    shop.set(13, "patron", None).await;
    shop.check(13, "patron", None).await;
    let (verdict, effect) = shop.sell(13, "q", shop.member(), days("fan", 30)).await;
    assert_eq!(verdict, Verdict::Held, "it would never run: {effect}");
    shop.set(14, "outsider", None).await;
    shop.check(14, "outsider", None).await;
    check_sound(&shop.house).await;
}

pub(crate) async fn days_of_before_periods_are_paid_back_alone(store: Arc<dyn Store>) {
    let shop = Shop::open(store.clone(), "ada").await;
    let made = shop.pay(0, "p", shop.member(), days("patron", 30)).await;
    shop.set(0, "outsider", None).await;
    forget(&*store, "patron", Some(50)).await;
    shop.hear(40, "r", Report { refunded: Some(usd(500)), ..of(&made.1) }).await;
    let member = shop.house.club.member("ada").await.unwrap();
    assert_eq!((&*member.tier, member.tier_until), ("outsider", None), "ten days were left");
    forget(&*store, "patron", Some(100)).await;
    shop.pay(50, "q", shop.member(), days("patron", 30)).await;
    shop.check(50, "patron", Some(130)).await;
}

pub(crate) async fn a_subscription_of_before_periods_goes_on(store: Arc<dyn Store>) {
    let shop = Shop::open(store.clone(), "ada").await;
    let made = shop.subscribe(0, "s", shop.member(), "patron", 30).await;
    forget(&*store, "patron", Some(40)).await;
    shop.renew(30, &made, "s", 60).await;
    shop.check(30, "patron", Some(70)).await;
    shop.hear(30, "r", Report { refunded: Some(usd(500)), ..of("pi s 60") }).await;
    shop.check(30, "patron", Some(40)).await;
    forget(&*store, "patron", Some(40)).await;
    shop.end(20, &made, "s").await;
    shop.check(20, "patron", Some(30)).await;
}

/// As an older version left it: no periods, and a tier until a day.
async fn forget(store: &dyn Store, tier: &str, day: Option<u32>) {
    let mut db = store.writer().await.unwrap();
    db.execute("DELETE FROM tier_period", &[]).await.unwrap();
    let sql = "UPDATE member SET tier = $1, tier_until = $2, tier_then = NULL, tier_counted = NULL \
               WHERE name = 'ada'";
    let until = day.map(|day| NOW + day * DAY);
    db.execute(sql, &[tier.into(), until.into()]).await.unwrap();
}

/// A member of a shop, who has an address that others know.
struct Shop {
    house: House,
    name: String,
    id: policy::MemberId,
}

impl Shop {
    async fn open(store: Arc<dyn Store>, name: &str) -> Self {
        let house = if name == "ada" { stocked(store).await.0 } else { House::open(store).await };
        let id = match house.club.member(name).await {
            Ok(member) => member.id,
            Err(_) => house.add_member(name).await,
        };
        let shop = Self { house, name: name.to_owned(), id };
        let email = Some(shop.email());
        shop.house.club.set_email(&stamp(), name, email, MailText::default()).await.unwrap();
        shop
    }

    fn email(&self) -> Email {
        Email::parse(&format!("{}@example.org", self.name)).unwrap()
    }

    fn member(&self) -> Buyer {
        Buyer::Member(self.name.clone())
    }

    fn visitor(&self) -> Buyer {
        Buyer::Visitor(self.email())
    }

    fn order(&self, buyer: Buyer, product: ProductRequest) -> NewOrder {
        NewOrder {
            buyer,
            product,
            pay: None,
            discount: None,
            consent: false,
            gift: false,
            seen: None,
        }
    }

    fn key(&self, key: &str) -> String {
        if self.name == "ada" { key.to_owned() } else { format!("{} {key}", self.name) }
    }

    async fn set(&self, day: u32, tier: &str, until: Option<u32>) {
        let until = until.map(|until| NOW + until * DAY);
        self.house.club.set_tier(&at(day), &self.name, tier, until).await.unwrap();
    }

    async fn place(&self, day: u32, key: &str, buyer: Buyer, product: ProductRequest) -> Checkout {
        let (key, new) = (self.key(key), self.order(buyer, product));
        let order = self.house.club.place_order(&at(day), &key, new).await.unwrap();
        self.house.club.add_checkout(&at(day), &key, order.id, "stripe").await.unwrap()
    }

    async fn sell(
        &self,
        day: u32,
        key: &str,
        buyer: Buyer,
        product: ProductRequest,
    ) -> (Verdict, String) {
        let made = self.place(day, key, buyer, product).await;
        let payment = format!("pi {key}");
        self.say(day, key, Notice::payment(Report { payment, ..paid(&made, 500) })).await
    }

    async fn pay(
        &self,
        day: u32,
        key: &str,
        buyer: Buyer,
        product: ProductRequest,
    ) -> (OrderId, String) {
        let made = self.place(day, key, buyer, product).await;
        let payment = self.key(&format!("pi {key}"));
        let report = Report { payment: payment.clone(), ..paid(&made, 500) };
        self.hear(day, key, report).await;
        (made.order.id, payment)
    }

    async fn subscribe(&self, day: u32, key: &str, buyer: Buyer, tier: &str, to: u32) -> Checkout {
        let product = ProductRequest::Subscription { tier: tier.to_owned(), price: usd(500) };
        let made = self.place(day, key, buyer, product).await;
        self.renew(day, &made, key, to).await;
        made
    }

    async fn renew(&self, day: u32, made: &Checkout, key: &str, to: u32) {
        let report = Report {
            payment: self.key(&format!("pi {key} {to}")),
            subscription: Some(self.key(key)),
            until: Some(NOW + to * DAY),
            ..paid(made, 500)
        };
        self.hear(day, &format!("{key} {to}"), report).await;
    }

    async fn end(&self, day: u32, made: &Checkout, key: &str) {
        let ending = Ending {
            subscription: self.key(key),
            reference: Some(made.reference.clone()),
            at: NOW + day * DAY,
        };
        let (verdict, effect) = self.say(day, &format!("end {key}"), Notice::Ended(ending)).await;
        assert_eq!(verdict, Verdict::Applied, "{effect}");
    }

    async fn claim(&self, day: u32, key: &str, tier: &str, days: u16) {
        let claim = Claim {
            member: MemberHint::Explicit(self.name.clone()),
            grant: Grant { tier: tier.to_owned(), days, price: usd(500) },
        };
        let payment = self.key(&format!("pi {key}"));
        let report =
            Report { payment: payment.clone(), paid: Some(usd(500)), claim: Some(claim), ..of("") };
        self.hear(day, key, Report { payment, ..report }).await;
    }

    async fn redeem_as_visitor(&self, day: u32, tier: &str, days: u16) {
        let worth = Worth::Tier { tier: tier.to_owned(), days };
        let new = NewVouchers { worth, count: 1, expires: None, memo: String::new() };
        let issued = self.house.club.issue_vouchers(&at(day), &self.key("v"), new).await.unwrap();
        let code = issued[0].code.to_string();
        let claimant = Claimant { email: self.email(), consent: true };
        self.house.club.redeem_for_visitor(&at(day), &code, claimant).await.unwrap();
    }

    async fn hear(&self, day: u32, key: &str, report: Report) {
        let (verdict, effect) = self.say(day, key, Notice::payment(report)).await;
        assert_eq!(verdict, Verdict::Applied, "{effect}");
    }

    async fn say(&self, day: u32, key: &str, notice: Notice) -> (Verdict, String) {
        let event = event(&self.key(&format!("evt {key}")), notice);
        let said = self.house.club.receive(&at(day), Delivery::of("stripe"), event).await.unwrap();
        (said.verdict, said.effect)
    }

    /// Whether the member has the tier on a day, until another or without an end.
    #[track_caller]
    fn check(&self, day: u32, tier: &str, until: Option<u32>) -> impl Future<Output = ()> {
        let place = std::panic::Location::caller();
        async move {
            self.house.club.turn_tiers(NOW + day * DAY).await.unwrap();
            let member = self.house.club.member(&self.name).await.unwrap();
            let until = until.map(|until| NOW + until * DAY);
            assert_eq!((&*member.tier, member.tier_until), (tier, until), "{place}");
            let id = member.id;
            let standing = self.house.standing(id);
            let (_, number) = names().tiers.into_iter().find(|(known, _)| known == tier).unwrap();
            let found = (standing.tier, standing.until);
            assert_eq!(found, (number, until.unwrap_or(u32::MAX)), "{place}");
        }
    }
}

fn days(tier: &str, days: u16) -> ProductRequest {
    ProductRequest::Tier { tier: tier.to_owned(), days, price: usd(500) }
}

fn at(day: u32) -> Stamp {
    Stamp { now_unix: NOW + day * DAY, ..stamp() }
}

const DAY: u32 = 86_400;
