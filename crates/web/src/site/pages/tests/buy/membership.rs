//! Memberships, joined, renewed and upgraded on their pages.

use super::till::usd;
use super::*;

#[tokio::test]
async fn a_member_joins_renews_and_upgrades_from_the_balance() {
    let till = Till::with_stripe(true).await;
    let cookie = till.sign_in(3000).await;
    let club = till.look("/club", &cookie).await;
    for text in ["href=\"/club/fan/buy\">Join<", "href=\"/club/patron/buy\">Join<"] {
        assert!(club.contains(text), "{text}: {club}");
    }
    let form = till.open_as("/club/fan/buy", &cookie).await;
    for text in ["Join Fan", "30 days", "$3.00", "Subscription", "$3.00 a month", "Your balance"] {
        assert!(form.body.contains(text), "{text}: {}", form.body);
    }
    let path = location(&till.send(&form, &term("days", "balance")).await);
    let page = till.shop.get(&path).await.body;
    for text in ["Membership: fan, 30 days", "$3.00", "until when your membership lasts"] {
        assert!(page.contains(text), "{text}: {page}");
    }
    assert_eq!(till.tier().await, ("fan".to_owned(), Some(NOW.unix + 30 * DAY)));

    let club = till.look("/club", &cookie).await;
    for text in ["href=\"/club/fan/buy\">Renew<", "href=\"/club/patron/buy\">Upgrade<"] {
        assert!(club.contains(text), "{text}: {club}");
    }
    let form = till.open_as("/club/fan/buy", &cookie).await;
    let until = "You have Fan until 14 February 2027. The new days begin when those end.";
    assert!(form.body.contains(until), "{}", form.body);
    location(&till.send(&form, &term("days", "balance")).await);
    assert_eq!(till.tier().await, ("fan".to_owned(), Some(NOW.unix + 60 * DAY)));

    let form = till.open_as("/club/patron/buy", &cookie).await;
    let waits = "Its days that are left wait, and go on when Patron ends.";
    assert!(form.body.contains("Upgrade to Patron") && form.body.contains(waits), "{}", form.body);
    let sent =
        join_all((0..2).map(|_| till.send_owned(&form, term("days", "balance").to_vec()))).await;
    assert_eq!(location(&sent[0]), location(&sent[1]), "sent twice, bought once");
    assert_eq!(till.tier().await, ("patron".to_owned(), Some(NOW.unix + 30 * DAY)));
    assert_eq!(till.site().club.balance("ada").await.unwrap()[0].prepaid, usd(3000 - 600 - 500));

    let form = till.open_as("/club/fan/buy", &cookie).await;
    let answer = till.send(&form, &term("days", "balance")).await;
    assert_eq!(answer.status, 422);
    assert!(answer.body.contains("You have Patron, which holds more than this"), "{}", answer.body);
    assert!(!till.look("/club", &cookie).await.contains("/club/fan/buy\""));
}

#[tokio::test]
async fn a_visitor_joins_by_card_or_voucher_and_subscribes_by_card_alone() {
    let till = Till::with_stripe(true).await;
    let form = till.open("/club/patron/buy").await;
    let eve = ("email", "eve@example.org");
    let code = till.voucher(Worth::Amount(usd(700))).await;
    let fields = [&term("days", "voucher")[..], &[eve, ("voucher", &code)]].concat();
    let path = location(&till.send(&form, &fields).await);
    assert!(till.shop.get(&path).await.body.contains("Membership: patron, 30 days"));
    let member = till.member("eve@example.org").await.unwrap();
    assert_eq!((&*member.tier, member.tier_until), ("patron", Some(NOW.unix + 30 * DAY)));
    assert_eq!(till.site().club.balance(&member.name).await.unwrap()[0].prepaid, usd(200));

    let form = till.open("/club/fan/buy").await;
    for (way, expected) in [("voucher", "A subscription is paid by card"), ("btcpay", "by card")] {
        let answer = till.send(&form, &[&term("subscription", way)[..], &[eve]].concat()).await;
        assert!(answer.status == 422 && answer.body.contains(expected), "{}", answer.body);
    }
    let answer = till.send(&form, &[&term("weeks", "stripe")[..], &[eve]].concat()).await;
    assert!(answer.status == 422 && answer.body.contains("Choose for how long"));
    let bob = ("email", "bob@example.org");
    let sent = till.send(&form, &[&term("subscription", "stripe")[..], &[bob]].concat()).await;
    assert_eq!(location(&sent), "https://pay.example/cs_1");
    let order = till.orders().await.pop().unwrap();
    assert_eq!(order.product, club::Product::Subscription { tier: "fan".to_owned() });
    let checkout = till.site().club.checkouts_of(order.id).await.unwrap().remove(0);
    let until = NOW.unix + 31 * DAY;
    let report = Report {
        payment: "pi_1".to_owned(),
        reference: Some(checkout.reference),
        session: Some("cs_1".to_owned()),
        subscription: Some("sub_1".to_owned()),
        until: Some(until),
        paid: Some(usd(300)),
        ..Report::default()
    };
    till.hear("evt_1", report).await;
    let bob = till.member("bob@example.org").await.unwrap();
    assert_eq!((&*bob.tier, bob.tier_until), ("fan", Some(until)));
}

#[tokio::test]
async fn what_is_no_membership_for_sale_has_no_form() {
    let till = Till::with_stripe(true).await;
    for tier in ["outsider", "none", "%00", "fan%20"] {
        assert_eq!(till.shop.get(&format!("/club/{tier}/buy")).await.status, 404, "{tier}");
    }
    // Without prices of the configuration nothing is for sale.
    assert_eq!(Till::new().await.shop.get("/club/fan/buy").await.status, 404);
}

/// The fields of a membership.
fn term(method: &'static str, way: &'static str) -> [(&'static str, &'static str); 4] {
    [("method", method), ("way", way), ("consent", "yes"), ("step", "buy")]
}

impl Till {
    async fn look(&self, path: &str, cookie: &str) -> String {
        let page = self.shop.ask(with(browser(Method::GET, path), "cookie", cookie)).await.body;
        page.replace("<span class=\"hidden\">", "<")
    }

    /// Ada's tier.
    async fn tier(&self) -> (String, Option<u32>) {
        let ada = self.site().club.member("ada").await.unwrap();
        (ada.tier, ada.tier_until)
    }
}

const DAY: u32 = 86_400;
