//! Gifts: bought, passed on, redeemed and paid back.

use super::till::usd;
use super::*;

#[tokio::test]
async fn a_visitor_gives_a_gift_that_somebody_redeems_and_a_refund_takes_back() {
    let till = Till::with_stripe(true).await;
    let form = till.open("/items/film/buy").await;
    assert!(form.body.contains("name=\"gift\" value=\"yes\""), "{}", form.body);
    let mut fields = [&bought("")[..], &[("gift", "yes")]].concat();
    fields[2].1 = "stripe";
    assert_eq!(location(&till.send(&form, &fields).await), "https://pay.example/cs_1");
    let order = till.orders().await.remove(0);
    let path = format!("/orders/{}", order.token);
    assert_eq!(till.shop.get(&format!("{path}/gift")).await.status, 404, "nothing is paid");
    let report = Report {
        payment: "pi_1".to_owned(),
        reference: Some(till.reference().await),
        session: Some("cs_1".to_owned()),
        paid: Some(usd(225)),
        ..Report::default()
    };
    till.hear("evt_1", report.clone()).await;

    let page = till.shop.get(&path).await;
    let code = till.code(&path).await;
    for text in ["Your gift is paid", "A code to pass on", "Nobody has redeemed it yet", "$2.25"] {
        assert!(page.body.contains(text), "{text}: {}", page.body);
    }
    assert!(!page.body.contains("Download the torrent"), "{}", page.body);
    assert_eq!(till.shop.get(&format!("{path}/film.torrent")).await.status, 404);
    assert_eq!(till.code(&path).await, code, "it is shown again and again");
    let print = till.shop.get(&format!("{path}/gift")).await;
    assert_eq!(print.headers["cache-control"], "private, no-store");
    assert_eq!(print.headers["x-robots-tag"], "noindex");
    for text in [&*code, "A Film, torrent", "https://club.example/redeem"] {
        assert!(print.body.contains(text), "{text}: {}", print.body);
    }
    assert!(!print.body.contains("2.25"), "what it cost is nobody's business: {}", print.body);

    let redeem = till.open("/redeem").await;
    let given = [("code", &*code), ("email", "bob@example.org"), ("consent", "yes")];
    let taken = location(&till.send(&redeem, &given).await);
    assert!(!taken.contains(&code));
    let recipient = till.shop.get(&taken).await.body;
    assert!(recipient.contains("Download the torrent"), "{recipient}");
    assert!(!recipient.contains("2.25") && recipient.contains("$0.00"), "{recipient}");
    assert_eq!(till.shop.get(&format!("{taken}/film.torrent")).await.status, 200);
    let again = till.send(&redeem, &given).await;
    assert!(again.status == 422 && again.body.contains("was redeemed already"), "{}", again.body);
    let page = till.shop.get(&path).await.body;
    assert!(page.contains("It was redeemed.") && !page.contains(&code), "{page}");
    assert!(!page.contains("bob@example.org"), "{page}");

    till.hear("evt_2", Report { refunded: Some(usd(225)), ..report }).await;
    let page = till.shop.get(&path).await.body;
    for text in ["Its code had been redeemed, and what it gave was taken back", "Paid back"] {
        assert!(page.contains(text), "{text}: {page}");
    }
    let recipient = till.shop.get(&taken).await.body;
    assert!(recipient.contains("The voucher that this came with was taken back"), "{recipient}");
    assert_eq!(till.shop.get(&format!("{taken}/film.torrent")).await.status, 404);
    let log = till.site().club.audit(Page::FIRST).await.unwrap();
    assert!(log.iter().any(|entry| entry.what == "gift.take_back"));
    assert!(!format!("{log:?}").contains(&code), "the log holds no code");
}

#[tokio::test]
async fn an_owner_gives_away_what_they_have() {
    let till = Till::with_stripe(true).await;
    let cookie = till.sign_in(1000).await;
    let club = &till.site().club;
    club.buy(&stamp(), "own", "ada", "film", DeliveryMethod::Torrent).await.unwrap();
    let item = till.shop.ask(with(browser(Method::GET, "/items/film"), "cookie", &cookie)).await;
    assert!(item.body.contains("/items/film/buy?gift=yes"), "{}", item.body);
    let form = till.open_as("/items/film/buy?gift=yes", &cookie).await;
    assert!(form.body.contains("name=\"gift\" value=\"yes\" checked"), "{}", form.body);
    let mut fields = bought("").to_vec();
    fields[2].1 = "balance";
    let own = till.send(&form, &fields).await;
    assert!(own.status == 422 && own.body.contains("or buy it as a gift"), "{}", own.body);
    let fields = [&fields[..], &[("gift", "yes")]].concat();
    let answers = join_all([0, 1].map(|_| till.send(&form, &fields))).await;
    let path = location(&answers[0]);
    assert_eq!(path, location(&answers[1]), "sent twice, given once");
    assert_eq!(club.balance("ada").await.unwrap()[0].prepaid, usd(550));
    let code = till.code(&path).await;
    let account = till.shop.ask(with(browser(Method::GET, "/me"), "cookie", &cookie)).await.body;
    assert!(account.contains("A Film, a gift") && !account.contains(&code), "{account}");

    club.refund(&stamp(), "R", till.orders().await[1].id, None).await.unwrap();
    let page = till.shop.get(&path).await.body;
    assert!(page.contains("paid back, and its code is void") && !page.contains(&code), "{page}");
    assert!(!till.shop.get(&format!("{path}/gift")).await.body.contains(&code));
    let redeem = till.open("/redeem").await;
    let fields = [("code", &*code), ("email", "bob@example.org"), ("consent", "yes")];
    let answer = till.send(&redeem, &fields).await;
    assert!(answer.status == 422 && answer.body.contains("was taken back"), "{}", answer.body);
}

#[tokio::test]
async fn a_membership_is_given_by_whoever_has_a_better_one() {
    let till = Till::with_stripe(true).await;
    let cookie = till.sign_in(1000).await;
    let club = &till.site().club;
    club.set_tier(&stamp(), "ada", "patron", None).await.unwrap();
    let page = till.shop.ask(with(browser(Method::GET, "/club"), "cookie", &cookie)).await.body;
    assert!(page.contains("/club/fan/buy?gift=yes") && !page.contains("/club/fan/buy\""), "{page}");
    let form = till.open_as("/club/fan/buy?gift=yes", &cookie).await;
    let fields =
        |method| [("method", method), ("way", "balance"), ("consent", "yes"), ("gift", "yes")];
    let subscription = [&fields("subscription")[..], &[("way", "stripe")]].concat();
    let subscribed = till.send(&form, &subscription).await;
    let text = "A gift can&#39;t be a subscription";
    assert!(subscribed.status == 422 && subscribed.body.contains(text), "{}", subscribed.body);
    let path = location(&till.send(&form, &fields("days")).await);
    assert_eq!(club.member("ada").await.unwrap().tier, "patron");
    let redeem = till.open("/redeem").await;
    let code = till.code(&path).await;
    let given = [("code", &*code), ("email", "bob@example.org"), ("consent", "yes")];
    location(&till.send(&redeem, &given).await);
    let bob = till.member("bob@example.org").await.unwrap();
    assert_eq!((&*bob.tier, bob.tier_until), ("fan", Some(NOW.unix + 30 * 86_400)));
}

#[tokio::test]
async fn a_direct_gift_is_bought_with_a_voucher_and_opens_the_direct_download() {
    let till = Till::new().await;
    let voucher = till.voucher(Worth::Amount(usd(300))).await;
    let form = till.open("/items/film/buy?method=direct&gift=yes").await;
    let mut fields = [&bought(&voucher)[..], &[("gift", "yes")]].concat();
    fields[0].1 = "direct";
    let path = location(&till.send(&form, &fields).await);
    assert!(!till.shop.get(&path).await.body.contains("/d/"));
    let code = till.code(&path).await;
    let redeem = till.open("/redeem").await;
    let given = [("code", &*code), ("email", "bob@example.org"), ("consent", "yes")];
    let taken = location(&till.send(&redeem, &given).await);
    assert!(till.shop.get(&taken).await.body.contains("https://club.example/d/"));
    let bob = till.member("bob@example.org").await.unwrap().id;
    let token = till.site().club.start_sign_in(&stamp(), Subject::Member(bob), "").await.unwrap();
    let cookie = format!("__Host-usher-member={}", token.expose());
    for (source, is_there) in [("gifts", true), ("bought", false)] {
        let path = format!("/library?source={source}");
        let page = till.shop.ask(with(browser(Method::GET, &path), "cookie", &cookie)).await.body;
        assert_eq!(page.contains("A gift, 15 January 2027"), is_there, "{source}: {page}");
    }
}

#[tokio::test]
async fn a_gift_redeemed_by_32_at_once_is_one_persons() {
    let till = Till::new().await;
    let voucher = till.voucher(Worth::Amount(usd(225))).await;
    let form = till.open("/items/film/buy").await;
    let fields = [&bought(&voucher)[..], &[("gift", "yes")]].concat();
    let code = till.code(&location(&till.send(&form, &fields).await)).await;
    let redeem = till.open("/redeem").await;
    let addresses: Vec<_> = (0..32).map(|number| format!("m{number}@example.org")).collect();
    let claim = async |address: &str, network: u8| {
        let fields = [("code", &*code), ("email", address), ("consent", "yes")];
        till.send_from(&redeem, &fields, network).await.status
    };
    let answers = join_all((0..32).map(|n| claim(&addresses[n], u8::try_from(n).unwrap()))).await;
    let count = |status| answers.iter().filter(|answer| **answer == status).count();
    assert_eq!((count(StatusCode::SEE_OTHER), count(StatusCode::UNPROCESSABLE_ENTITY)), (1, 31));
    assert_eq!(till.members().await, 2, "the giver, and one recipient");
}

impl Till {
    /// The code that an order's page shows.
    async fn code(&self, path: &str) -> String {
        let page = self.shop.get(path).await.body;
        between(&page, "id=\"gift-code\" readonly value=\"", "\"").to_owned()
    }
}
