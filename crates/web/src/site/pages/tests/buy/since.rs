//! What changed since a page was shown, or an order placed.

use club::{LinkSecret, MailText, Names};
use policy::Rules;

use super::*;

#[tokio::test]
async fn nobody_pays_more_than_the_form_showed() {
    let till = Till::new().await;
    let cookie = till.sign_in(5000).await;
    let code = till.voucher(Worth::Amount(usd(5000))).await;
    let form = till.open_as("/items/film/buy", &cookie).await;
    let visitors = till.open("/items/film/buy").await;
    let sale = NewDiscount {
        code: "SALE".to_owned(),
        off: Off::Percent(10),
        item: None,
        until: None,
        most: None,
    };
    till.site().club.add_discount(&stamp(), sale).await.unwrap();
    let (listed, seen) = (listed(&form), [("seen", "2.25 usd")]);
    till.price(1900).await;
    for (form, fields) in [
        (&form, &balance()[..]),
        (&form, &[&balance()[..], &[("discount", "SALE")]].concat()),
        (&visitors, &bought(&code)),
    ] {
        for shown in [&[("listed", &*listed)][..], &seen] {
            let answer = till.send(form, &[fields, shown].concat()).await;
            assert_eq!(answer.status, 422, "{}", answer.body);
            assert!(answer.body.contains("Nothing was bought"), "{}", answer.body);
            assert!(!answer.body.contains("name=\"seen\""), "the next button is told anew");
        }
    }
    assert_eq!(till.orders().await, []);
    // A lower price is taken.
    till.price(200).await;
    location(&till.send(&form, &[&balance()[..], &seen].concat()).await);
    assert_eq!(till.orders().await[0].amount, usd(200));
}

#[tokio::test]
async fn what_became_free_is_not_sold() {
    let till = Till::new().await;
    let cookie = till.sign_in(1000).await;
    let form = till.open_as("/items/film/buy", &cookie).await;
    till.site().club.set_policy(&stamp(), "film", "free").await.unwrap();
    assert_eq!(location(&till.send(&form, &balance()).await), "/items/film");
    assert_eq!(till.orders().await, []);
}

#[tokio::test]
async fn an_order_keeps_its_price_for_a_day() {
    let till = Till::with_stripe(true).await;
    for (age, expected) in [(86_399, "https://pay.example/cs_1"), (86_400, "")] {
        let old = Stamp { now_unix: NOW.unix - age, ..stamp() };
        let order = till.order_at(&old, &format!("order {age}")).await;
        let path = format!("/orders/{}", order.token);
        let page = till.shop.get(&path).await;
        assert_eq!(page.body.contains("Pay again"), !expected.is_empty(), "{}", page.body);
        assert_eq!(page.body.contains("older than a day"), expected.is_empty());
        let form = Form { path: format!("{path}/pay"), ..till.open("/items/film/buy").await };
        let sent = location(&till.send(&form, &[("way", "stripe")]).await);
        assert_eq!(sent, if expected.is_empty() { path } else { expected.to_owned() });
    }
}

#[tokio::test]
async fn a_stranger_gets_no_torrent_of_a_member_whose_address_they_typed() {
    let till = Till::new().await;
    let buy = async |method: &'static str| {
        let code = till.voucher(Worth::Amount(usd(300))).await;
        let form = till.open(&format!("/items/film/buy?method={method}")).await;
        let mut fields = bought(&code);
        fields[0].1 = method;
        location(&till.send(&form, &fields).await)
    };
    let first = buy("torrent").await;
    let torrent = format!("{first}/film.torrent");
    assert_eq!(till.shop.get(&torrent).await.status, 200, "the buyer has it at once");
    let cookie = till.verify("eve@example.org").await;
    let strangers = buy("direct").await;
    for path in [&first, &strangers] {
        let page = till.shop.get(path).await;
        assert!(page.body.contains("Sign in to download it"), "{}", page.body);
        assert!(!page.body.contains("film.torrent") && !page.body.contains("/d/"));
        let torrent = format!("{path}/film.torrent");
        assert_eq!(till.shop.get(&torrent).await.status, 404);
        let owner = with(browser(Method::GET, &torrent), "cookie", &cookie);
        assert_eq!(till.shop.ask(owner).await.status, 200);
    }
}

/// The fields of a torrent bought from the balance.
fn balance() -> [(&'static str, &'static str); 3] {
    [("method", "torrent"), ("way", "balance"), ("consent", "yes")]
}

fn listed(form: &Form) -> String {
    let listed = between(&form.body, "name=\"listed\" value=\"", "\"").to_owned();
    assert_eq!(listed, "direct 3.00 usd,torrent 2.25 usd");
    listed
}

impl Till {
    async fn price(&self, minor: i64) {
        let prices = Prices { torrent: Some(usd(minor)), direct: Some(usd(minor)) };
        self.site().club.set_prices(&stamp(), "film", prices).await.unwrap();
    }

    /// Has a member answer mail to their address; returns the cookie.
    async fn verify(&self, address: &str) -> String {
        let club = &self.site().club;
        club.reload(Names { has_mail: true, ..Names::from(&Rules::default()) }).await.unwrap();
        let text = || MailText { subject: "Hello".to_owned(), body: "{link}".to_owned() };
        club.request_link(&stamp(), Email::parse(address).unwrap(), text()).await.unwrap();
        let mail = club.take_mail(NOW.unix).await.unwrap().unwrap();
        let token = club.make_mailed_link(NOW.unix, &mail).await.unwrap().unwrap();
        let used = club.use_link(&stamp(), LinkSecret::Token(token), "", text()).await.unwrap();
        format!("__Host-usher-member={}", used.unwrap().token.expose())
    }
}
