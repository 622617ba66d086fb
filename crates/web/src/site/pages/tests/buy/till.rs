//! A shop with an item for sale, the forms that it serves, and a Stripe that a test starts.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::num::NonZeroUsize;
use std::ops::ControlFlow;
use std::thread;

use super::*;

/// A shop with an item for sale, `film`.
pub(super) struct Till {
    pub(super) shop: Shop,
    pub(super) goods: TempDir,
}

/// A form as it was served.
pub(super) struct Form {
    pub(super) path: String,
    pub(super) cookie: String,
    pub(super) token: String,
    pub(super) key: String,
    pub(super) body: String,
}

impl Form {
    pub(super) fn read(path: &str, cookie: String, answer: Answer) -> Self {
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
        let key = answer.body.split_once("name=\"key\" value=\"").map_or("", |(_, rest)| rest);
        Self {
            path: path.split('?').next().unwrap().to_owned(),
            cookie,
            token: between(&answer.body, "name=\"form_token\" value=\"", "\"").to_owned(),
            key: key.split('"').next().unwrap().to_owned(),
            body: answer.body,
        }
    }
}

impl Till {
    pub(super) async fn new() -> Self {
        Self::at(Shop::new().await).await
    }

    /// With a Stripe that answers, or that refuses everything.
    pub(super) async fn with_stripe(answers: bool) -> Self {
        let tiers = vec![tier("outsider", None), tier("fan", Some(300)), tier("patron", Some(500))];
        let shop = Shop::with(PUBLIC_URL, Appearance { tiers, ..Appearance::default() }).await;
        let base_url = stripe(answers).parse().unwrap();
        let key = Secret::new("sk_test").unwrap();
        let (success_url, cancel_url) = (String::new(), String::new());
        let api = StripeApi { base_url, key, success_url, cancel_url };
        let plan = |minor| TierPlan { price: usd(minor), interval: "month", days: 30 };
        let plans = [("fan", plan(300)), ("patron", plan(500))];
        let plans = plans.map(|(tier, plan)| (tier.to_owned(), plan)).into();
        let providers = Providers { stripe_api: Some(api), plans, ..Providers::default() };
        let club = Arc::clone(&shop.site.club);
        let payments = Payments::new(club, providers, Box::new(|| NOW)).unwrap();
        let Shop { fixture, site } = shop;
        let site = Arc::into_inner(site).unwrap().with_payments(Arc::new(payments));
        Self::at(Shop { fixture, site: Arc::new(site) }).await
    }

    pub(super) async fn at(shop: Shop) -> Self {
        let till = Self { shop, goods: tempfile::tempdir().unwrap() };
        let prices = Prices { torrent: Some(usd(225)), direct: Some(usd(300)) };
        till.publish("film", prices).await;
        till
    }

    pub(super) fn site(&self) -> &Site {
        &self.shop.site
    }

    pub(super) async fn publish(&self, name: &str, prices: Prices) {
        let root = self.goods.path().join(format!("{name}.bin"));
        fs::write(&root, name).unwrap();
        let plan =
            TorrentPlan::scan(&root, &MakeOptions { private: true, ..MakeOptions::default() });
        let torrent =
            plan.unwrap().make(NonZeroUsize::MIN, &|_| ControlFlow::Continue(())).unwrap();
        let listing = NewListing {
            name: name.to_owned(),
            title: "A Film".to_owned(),
            policy: "priority".to_owned(),
            prices,
            details: club::Details::default(),
        };
        let club = &self.site().club;
        club.publish(&stamp(), listing, NewGoods { root, torrent }).await.unwrap();
    }

    pub(super) async fn voucher(&self, worth: Worth) -> String {
        let club = &self.site().club;
        let count = club.vouchers(Page::FIRST).await.unwrap().len();
        let new = NewVouchers { worth, count: 1, expires: None, memo: String::new() };
        let issued = club.issue_vouchers(&stamp(), &format!("batch {count}"), new).await.unwrap();
        issued[0].code.to_string()
    }

    pub(super) async fn order(&self, key: &str) -> club::Order {
        self.order_at(&stamp(), key).await
    }

    pub(super) async fn order_at(&self, stamp: &Stamp, key: &str) -> club::Order {
        let new = NewOrder {
            buyer: Buyer::Visitor(Email::parse("eve@example.org").unwrap()),
            product: ProductRequest::Item {
                item: "film".to_owned(),
                method: DeliveryMethod::Torrent,
            },
            pay: None,
            discount: None,
            consent: true,
            gift: false,
            seen: None,
        };
        self.site().club.place_order(stamp, key, new).await.unwrap()
    }

    pub(super) async fn orders(&self) -> Vec<club::Order> {
        self.site().club.orders_between(0, u32::MAX, Page::FIRST).await.unwrap()
    }

    pub(super) async fn members(&self) -> usize {
        self.site().club.members(Page::FIRST).await.unwrap().len()
    }

    pub(super) async fn member(&self, address: &str) -> Option<club::Member> {
        let email = Email::parse(address).unwrap();
        self.site().club.member_of_email(&email).await.unwrap()
    }

    /// Signs ada in, who has so much to spend.
    pub(super) async fn sign_in(&self, minor: i64) -> String {
        let club = &self.site().club;
        let ada =
            NewMember { name: "ada".to_owned(), tier: "outsider".to_owned(), tier_until: None };
        let ada = club.add_member(&stamp(), ada).await.unwrap().id;
        let topup = NewTopup {
            member: "ada".to_owned(),
            amount: usd(minor),
            provider: "hand".to_owned(),
            memo: "cash".to_owned(),
        };
        club.topup(&stamp(), "T", topup).await.unwrap();
        let token = club.start_sign_in(&stamp(), Subject::Member(ada), "").await.unwrap();
        format!("__Host-usher-member={}", token.expose())
    }

    pub(super) async fn open(&self, path: &str) -> Form {
        let answer = self.shop.get(path).await;
        let cookie = answer.headers[SET_COOKIE].to_str().unwrap();
        let cookie = cookie.split(';').next().unwrap().to_owned();
        Form::read(path, cookie, answer)
    }

    pub(super) async fn open_as(&self, path: &str, cookie: &str) -> Form {
        let answer = self.shop.ask(with(browser(Method::GET, path), "cookie", cookie)).await;
        Form::read(path, cookie.to_owned(), answer)
    }

    pub(super) async fn send(&self, form: &Form, fields: &[(&str, &str)]) -> Answer {
        self.send_from(form, fields, 2).await
    }

    /// Sends from one of 256 networks.
    pub(super) async fn send_from(
        &self,
        form: &Form,
        fields: &[(&str, &str)],
        network: u8,
    ) -> Answer {
        let mut body = form_urlencoded::Serializer::new(String::new());
        body.append_pair("form_token", &form.token).append_pair("key", &form.key);
        // Whatever is named last counts: a browser sends each field once.
        let last = |name: &str| fields.iter().rposition(|(known, _)| *known == name);
        let fields =
            fields.iter().enumerate().filter(|(place, (name, _))| last(name) == Some(*place));
        body.extend_pairs(fields.map(|(_, pair)| pair));
        let mut request = browser(Method::POST, &form.path);
        *request.body_mut() = body.finish().into();
        request.extensions_mut().insert(Origin([192, 0, network, 1].into()));
        request = with(request, "content-type", "application/x-www-form-urlencoded");
        request = with(request, "cookie", &form.cookie);
        self.shop.ask(with(request, "sec-fetch-site", "same-origin")).await
    }

    pub(super) async fn send_owned(&self, form: &Form, fields: Vec<(&str, &str)>) -> Answer {
        self.send(form, &fields).await
    }

    pub(super) async fn hear(&self, key: &str, report: Report) {
        self.receive(key, Notice::Payment(Box::new(report))).await;
    }

    pub(super) async fn expire(&self, session: &str) {
        let body = serde_json::json!({
            "id": "evt_expired", "object": "event", "type": "checkout.session.expired", "created": NOW.unix,
            "livemode": false,
            "data": {"object": {"id": session, "object": "checkout.session", "mode": "payment",
                "client_reference_id": self.reference().await, "payment_status": "unpaid"}},
        });
        let stripe = club::provider::Stripe { secrets: Vec::new(), live: None };
        let event = stripe.parse(body.to_string().as_bytes()).unwrap();
        let delivery = Delivery { provider: "stripe".to_owned(), ..Delivery::default() };
        let handled = self.site().club.receive(&stamp(), delivery, event).await.unwrap();
        assert_eq!(handled.verdict, Verdict::Applied, "{}", handled.effect);
    }

    pub(super) async fn reference(&self) -> String {
        let order = self.orders().await.remove(0);
        self.site().club.checkouts_of(order.id).await.unwrap().remove(0).reference
    }

    pub(super) async fn receive(&self, key: &str, notice: Notice) {
        let delivery = Delivery { provider: "stripe".to_owned(), ..Delivery::default() };
        let event = Event { key: key.to_owned(), kind: "test".to_owned(), notice };
        let handled = self.site().club.receive(&stamp(), delivery, event).await.unwrap();
        assert_eq!(handled.verdict, Verdict::Applied, "{}", handled.effect);
    }
}

/// A tier as pages present it.
fn tier(id: &str, minor: Option<i64>) -> TierOffer {
    TierOffer {
        id: id.to_owned(),
        price: minor.map(|minor| (usd(minor), "month")),
        earned_by: None,
        is_inside: minor.is_some(),
        entitles_all: false,
        web_seed_rate: None,
        max_peers: 50,
    }
}

/// The fields of a torrent bought with a voucher.
pub(super) fn bought(code: &str) -> [(&'static str, &str); 5] {
    [
        ("method", "torrent"),
        ("email", "eve@example.org"),
        ("way", "voucher"),
        ("voucher", code),
        ("consent", "yes"),
    ]
}

#[track_caller]
pub(super) fn location(answer: &Answer) -> String {
    assert_eq!(answer.status, 303, "{}", answer.body);
    answer.headers[LOCATION].to_str().unwrap().to_owned()
}

/// Stripe's API as far as sessions go: each has the next number, and a call that is repeated gets the same answer.
pub(super) fn stripe(answers: bool) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        let mut keys: Vec<String> = Vec::new();
        for mut stream in listener.incoming().map_while(Result::ok) {
            let mut read = Vec::new();
            let mut piece = [0; 4096];
            while !is_whole(&read) {
                match stream.read(&mut piece) {
                    Ok(length) if length > 0 => read.extend_from_slice(&piece[..length]),
                    _ => break,
                }
            }
            let text = String::from_utf8_lossy(&read).to_lowercase();
            let key = between(&text, "idempotency-key: ", "\r\n").to_owned();
            let place = keys.iter().position(|known| *known == key).unwrap_or_else(|| {
                keys.push(key);
                keys.len() - 1
            });
            let number = place + 1;
            let body =
                format!("{{\"id\":\"cs_{number}\",\"url\":\"https://pay.example/cs_{number}\"}}");
            let status = if answers { "200 OK" } else { "500 Broken" };
            let length = body.len();
            let answer = format!(
                "HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}"
            );
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    format!("http://{address}")
}

pub(super) fn is_whole(read: &[u8]) -> bool {
    let text = String::from_utf8_lossy(read).to_lowercase();
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    length.is_none_or(|length| body.len() >= length.trim().parse().unwrap())
}

pub(super) fn between<'a>(text: &'a str, start: &str, end: &str) -> &'a str {
    text.split_once(start).unwrap().1.split_once(end).unwrap().0
}

pub(super) fn usd(minor: i64) -> Amount {
    Currency::parse("usd").unwrap().minor(minor)
}

pub(super) fn stamp() -> Stamp {
    Stamp { who: "admin".to_owned(), now_unix: NOW.unix }
}
