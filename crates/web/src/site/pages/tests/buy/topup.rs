//! Money into a balance, and what one click does with it.

use super::till::usd;
use super::*;

#[tokio::test]
async fn a_member_tops_up_through_a_checkout_and_buys_with_one_click() {
    let till = Till::with_stripe(true).await;
    let cookie = till.sign_in(100).await;
    let page = till.shop.ask(with(browser(Method::GET, "/items/film"), "cookie", &cookie)).await;
    assert!(!page.body.contains("one-click"), "a dollar is not enough: {}", page.body);
    let buy = till.open_as("/items/film/buy", &cookie).await;
    for text in ["Your balance of $1.00 is not enough", "href=\"/top-up?currency=usd\""] {
        assert!(buy.body.contains(text), "{text}: {}", buy.body);
    }

    let form = till.open_as("/top-up?currency=usd", &cookie).await;
    for text in ["$5.00", "$10.00", "$20.00", "$1.00 to $500.00", "value=\"stripe\" checked"] {
        assert!(form.body.contains(text), "{text}: {}", form.body);
    }
    assert!(!form.body.contains("type=\"email\""), "{}", form.body);
    let url = location(&till.send(&form, &added("20.00", "")).await);
    assert_eq!(url, "https://pay.example/cs_1");
    assert_eq!(
        location(&till.send(&form, &added("20.00", "")).await),
        url,
        "sent twice, one order"
    );
    let order = till.orders().await.remove(0);
    assert_eq!((till.orders().await.len(), order.amount), (1, usd(2000)));
    let path = format!("/orders/{}", order.token);
    assert!(till.shop.get(&path).await.body.contains("Waiting for the payment"));
    assert_eq!(till.held().await, usd(100), "coming back gives nothing");
    let report = Report {
        payment: "pi_1".to_owned(),
        reference: Some(till.reference().await),
        session: Some("cs_1".to_owned()),
        paid: Some(usd(2000)),
        ..Report::default()
    };
    till.hear("evt_1", report).await;
    let paid = till.shop.get(&path).await.body;
    for text in ["The money is in your balance", "Balance", "$20.00", "Receipt"] {
        assert!(paid.contains(text), "{text}: {paid}");
    }
    assert_eq!(till.held().await, usd(2100));

    let item = till.open_as("/items/film", &cookie).await;
    for text in ["Buy the torrent for $2.25 from your balance", "With this button you say"] {
        assert!(item.body.contains(text), "{text}: {}", item.body);
    }
    let click = Form { path: "/items/film/buy".to_owned(), ..item };
    let fields = clicked();
    let answers = join_all([0, 1].map(|_| till.send(&click, &fields))).await;
    assert_eq!(location(&answers[0]), location(&answers[1]));
    assert!(till.shop.get(&location(&answers[0])).await.body.contains("Download the torrent"));
    assert_eq!(till.held().await, usd(1875));
    let kept = till.site().club.audit(Page::FIRST).await.unwrap();
    assert_eq!(kept.iter().filter(|entry| entry.what == "order.consent").count(), 1);
}

#[tokio::test]
async fn a_visitor_tops_up_and_paying_makes_the_account() {
    let till = Till::with_stripe(true).await;
    let buy = till.open("/items/film/buy").await;
    assert!(buy.body.contains("Pay once, then buy with one click."), "{}", buy.body);
    let form = till.open("/top-up").await;
    let fields = [&added("10.00", "")[..], &[("email", "eve@example.org")]].concat();
    assert_eq!(location(&till.send(&form, &fields).await), "https://pay.example/cs_1");
    assert_eq!(till.members().await, 0);
    let report = Report {
        payment: "pi_1".to_owned(),
        reference: Some(till.reference().await),
        session: Some("cs_1".to_owned()),
        paid: Some(usd(1000)),
        ..Report::default()
    };
    till.hear("evt_1", report).await;
    let eve = till.member("eve@example.org").await.unwrap();
    let balance = till.site().club.balance(&eve.id.to_string()).await.unwrap();
    assert_eq!(balance[0].prepaid, usd(1000));
}

#[tokio::test]
async fn a_top_up_is_one_of_three_amounts_or_another_within_bounds() {
    let till = Till::with_stripe(true).await;
    let form = till.open("/top-up").await;
    let eve = ("email", "eve@example.org");
    for (fields, expected) in [
        (added("7.00", ""), "Choose an amount"),
        (added("", ""), "Choose an amount"),
        (added("5.00", "0.99"), "$0.99 can&#39;t be added at once. Write $1.00 to $500.00."),
        (added("5.00", "500.01"), "can&#39;t be added at once"),
        (added("5.00", "-3"), "Write an amount in digits"),
        (added("5.00", "3.333"), "Write an amount in digits"),
        (added("5.00", "many"), "Write an amount in digits"),
    ] {
        let answer = till.send(&form, &[&fields[..], &[eve]].concat()).await;
        assert_eq!(answer.status, 422, "{}", answer.body);
        assert!(answer.body.contains(expected), "{expected}: {}", answer.body);
    }
    for more in [("currency", "xyz"), ("way", "balance"), ("way", "voucher"), ("email", "eve")] {
        let fields = [&added("5.00", "")[..], &[eve, more]].concat();
        let answer = till.send(&form, &fields).await;
        assert_eq!(answer.status, 422, "{more:?}: {}", answer.body);
    }
    assert_eq!(till.orders().await.len(), 0);
    let own = [&added("5.00", "7,50")[..], &[eve]].concat();
    assert_eq!(location(&till.send(&form, &own).await), "https://pay.example/cs_1");
    assert_eq!(till.orders().await[0].amount, usd(750));
    // The same form with another amount is another order, which needs another key.
    let other = [&added("20.00", "")[..], &[eve]].concat();
    let answer = till.send(&form, &other).await;
    assert!(answer.status == 422 && answer.body.contains("sent before"), "{}", answer.body);
}

#[tokio::test]
async fn without_a_provider_the_page_says_how() {
    let till = Till::new().await;
    let page = till.shop.get("/top-up").await;
    assert!(page.status == 200 && page.body.contains("topped up with a voucher"), "{}", page.body);
    assert!(!page.body.contains("<form"), "{}", page.body);
    assert!(!till.open("/items/film/buy").await.body.contains("/top-up"));
}

#[tokio::test]
async fn a_sentence_of_the_publishers_must_be_ticked_before_one_click() {
    let mut appearance = Appearance::default();
    appearance.texts.consent = "Begin at once.".to_owned();
    let till = Till::at(Shop::with(PUBLIC_URL, appearance).await).await;
    let cookie = till.sign_in(1000).await;
    let item = till.open_as("/items/film", &cookie).await;
    assert!(!item.body.contains("name=\"consent\" value=\"yes\">"), "{}", item.body);
    assert!(item.body.contains("type=\"checkbox\" name=\"consent\" value=\"yes\" required"));
    let click = Form { path: "/items/film/buy".to_owned(), ..item };
    let mut fields = clicked().to_vec();
    fields[2].1 = "";
    let answer = till.send(&click, &fields).await;
    assert!(answer.status == 422 && answer.body.contains("Tick this box"), "{}", answer.body);
    location(&till.send(&click, &clicked()).await);
}

#[tokio::test]
async fn one_click_pays_the_price_on_the_button_or_nothing() {
    let till = Till::new().await;
    let cookie = till.sign_in(1000).await;
    let item = till.open_as("/items/film", &cookie).await;
    let click = Form { path: "/items/film/buy".to_owned(), ..item };
    let rose = "The price is $2.25 now";
    for (seen, expected) in
        [("0.01 usd", rose), ("2.25 eur", rose), ("2.24 usd", rose), ("free", "can&#39;t be read")]
    {
        let answer = till.send(&click, &[&clicked()[..], &[("seen", seen)]].concat()).await;
        assert_eq!(answer.status, 422, "{seen}: {}", answer.body);
        assert!(answer.body.contains(expected), "{}", answer.body);
    }
    assert_eq!(till.held().await, usd(1000));
    // A price that a form names is compared and never charged.
    location(&till.send(&click, &[&clicked()[..], &[("price", "0.01")]].concat()).await);
    assert_eq!(till.held().await, usd(775));
    let owned = till.shop.ask(with(browser(Method::GET, "/items/film"), "cookie", &cookie)).await;
    assert!(owned.body.contains("You have this") && !owned.body.contains("one-click"));
}

#[tokio::test]
async fn a_balance_is_spent_by_one_click_from_32_at_once_as_far_as_it_goes() {
    let till = Till::new().await;
    let cookie = till.sign_in(1000).await;
    let mut clicks = Vec::new();
    for number in 0..32 {
        let name = format!("part-{number}");
        till.publish(&name, Prices { torrent: Some(usd(300)), direct: None }).await;
        let item = till.open_as(&format!("/items/{name}"), &cookie).await;
        clicks.push(Form { path: format!("/items/{name}/buy"), ..item });
    }
    let fields = [&clicked()[..], &[("seen", "3.00 usd")]].concat();
    let answers = join_all(clicks.iter().map(|click| till.send(click, &fields))).await;
    let count = |status| answers.iter().filter(|answer| answer.status == status).count();
    assert_eq!((count(StatusCode::SEE_OTHER), count(StatusCode::UNPROCESSABLE_ENTITY)), (3, 29));
    assert_eq!(till.held().await, usd(100));
}

/// The fields of a top-up by card.
fn added<'a>(amount: &'a str, own: &'a str) -> [(&'static str, &'a str); 4] {
    [("currency", "usd"), ("amount", amount), ("own", own), ("way", "stripe")]
}

/// The fields of the one button.
fn clicked() -> [(&'static str, &'static str); 5] {
    [
        ("method", "torrent"),
        ("way", "balance"),
        ("consent", "yes"),
        ("seen", "2.25 usd"),
        ("step", "buy"),
    ]
}

impl Till {
    /// What ada can spend.
    async fn held(&self) -> Amount {
        self.site().club.balance("ada").await.unwrap()[0].prepaid
    }
}
