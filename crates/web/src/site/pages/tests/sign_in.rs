//! Signing in and out, with real forms.

use axum::http::header::{LOCATION, SET_COOKIE};
use club::provider::Secret;
use club::{Email, LinkSecret, MailText, Member, Names, NewMember, Page, Stamp, Subject, Tried};
use policy::Rules;

use super::*;
use crate::http::Origin;
use crate::mail::{Letterhead, MailConnector, MailServer, Mailer, Security};

#[tokio::test]
async fn a_mailed_link_signs_in_once_and_only_by_its_button() {
    let mut ada = Browser::new(shop(PUBLIC_URL).await);
    assert!(ada.get("/sign-in").await.body.contains("Mail me a link"));
    let sent = ada.post("/sign-in", "email=Ada%40example.org").await;
    assert_eq!(sent.status, 200);
    assert!(sent.body.contains("If ada@example.org is known here"), "{}", sent.body);
    let path = ada.shop.mailed_link().await;
    // A mail scanner opens it, several times, and changes nothing.
    for _ in 0..3 {
        let mut scanner = Browser::new(ada.shop.clone());
        let page = scanner.get(&path).await;
        assert_eq!(page.status, 200);
        assert!(page.body.contains("sign in as ada") && page.body.contains("name=\"robots\""));
        assert_eq!(page.headers["x-robots-tag"], "noindex");
        assert_eq!(page.headers["referrer-policy"], "no-referrer");
        assert_eq!(page.headers["cache-control"], "private, no-cache");
    }
    assert_eq!(ada.shop.sign_ins().await, 0);
    assert_eq!(ada.shop.ada().await.email_verified, None);

    ada.get(&path).await;
    let signed_in = ada.post(&path, "").await;
    assert_eq!(
        (signed_in.status.as_u16(), &signed_in.headers[LOCATION]),
        (303, &"/library".parse().unwrap())
    );
    let cookie = signed_in.headers[SET_COOKIE].to_str().unwrap();
    assert!(cookie.starts_with("__Host-usher-member="), "{cookie}");
    assert!(
        cookie.ends_with("; Path=/; HttpOnly; SameSite=Lax; Secure; Max-Age=15552000"),
        "{cookie}"
    );
    assert_eq!(ada.shop.ada().await.email_verified, Some(NOW.unix));
    let home = ada.get("/").await;
    assert!(home.body.contains(">ada</a>"), "{}", home.body);
    assert_eq!(home.headers["cache-control"], "private, no-store");

    let mut eve = Browser::new(ada.shop.clone());
    eve.get("/sign-in").await;
    assert_eq!(eve.get(&path).await.status, 410);
    let replayed = eve.post(&path, "").await;
    assert_eq!(replayed.status, 410);
    assert!(!replayed.headers.contains_key(SET_COOKIE));
    assert!(replayed.body.contains("ask for another"), "{}", replayed.body);
}

#[tokio::test]
async fn signing_out_ends_the_sign_in_itself() {
    let mut ada = Browser::new(shop(PUBLIC_URL).await);
    ada.sign_in().await;
    let stolen = ada.clone();
    let page = ada.get("/sign-in").await;
    assert!(page.body.contains("signed in as ada"), "{}", page.body);
    let out = ada.post("/sign-out", "").await;
    assert_eq!(out.status, 303);
    assert!(out.headers[SET_COOKIE].to_str().unwrap().ends_with("Max-Age=0"));
    assert!(!stolen.clone().get("/").await.body.contains(">ada</a>"));
    assert_eq!(ada.get("/sign-out").await.status, 405);
    assert_eq!(ada.shop.sign_ins().await, 0);
}

#[tokio::test]
async fn an_unknown_address_gets_the_answer_of_a_known_one() {
    let shop = shop(PUBLIC_URL).await;
    let mut bodies = Vec::new();
    for address in ["ada@example.org", "eve@example.org"] {
        let mut browser = Browser::new(shop.clone());
        browser.get("/sign-in").await;
        let answer = browser.post("/sign-in", &format!("email={address}")).await;
        assert_eq!(answer.status, 200);
        bodies.push(answer.body.replace(address, "ADDRESS"));
    }
    assert_eq!(bodies[0], bodies[1]);
    let club = &shop.site.club;
    assert_eq!(club.mail(None, Page::FIRST).await.unwrap().len(), 1);
    let attempts = club.sign_in_attempts().await.unwrap();
    assert_eq!(
        (attempts[0].email.text(), attempts[0].outcome.text()),
        ("eve@example.org", "unknown")
    );
    let mut browser = Browser::new(shop);
    browser.get("/sign-in").await;
    let wrong = browser.post("/sign-in", "email=%3Cada%3E").await;
    assert_eq!(wrong.status, 422);
    assert!(wrong.body.contains("not an e-mail address") && wrong.body.contains("&#60;ada&#62;"));
}

#[tokio::test]
async fn a_code_signs_in_once_and_a_wrong_one_does_not() {
    let mut ada = Browser::new(shop(PUBLIC_URL).await);
    let club = Arc::clone(&ada.shop.site.club);
    let made = club.hand_out_link(&stamp(), "ada").await.unwrap();
    ada.get("/sign-in/code").await;
    let wrong = ada.post("/sign-in/code", "code=0000-0000-0000-0000").await;
    assert_eq!(wrong.status, 422);
    assert!(wrong.body.contains("This code does not work"), "{}", wrong.body);
    let typed = made.code.to_string().to_lowercase().replace('-', "+");
    assert_eq!(ada.post("/sign-in/code", &format!("code={typed}")).await.status, 303);
    assert!(ada.get("/").await.body.contains(">ada</a>"));
    let mut eve = Browser::new(ada.shop.clone());
    eve.get("/sign-in/code").await;
    assert_eq!(eve.post("/sign-in/code", &format!("code={typed}")).await.status, 422);
    assert_eq!(eve.get(&format!("/sign-in/{}", made.token.expose())).await.status, 410);
}

#[tokio::test]
async fn foreign_expired_and_broken_tokens_open_nothing() {
    let shop = shop(PUBLIC_URL).await;
    let club = Arc::clone(&shop.site.club);
    let ada = Subject::Member(shop.ada().await.id);
    let sign_in = club.start_sign_in(&stamp(), ada, "").await.unwrap();
    let old = Stamp { now_unix: NOW.unix - 86_400, ..stamp() };
    let expired = club.hand_out_link(&old, "ada").await.unwrap().token;
    let open = club.hand_out_link(&stamp(), "ada").await.unwrap().token;
    for token in [sign_in.expose(), expired.expose(), "A".repeat(43), "x".to_owned()] {
        let mut browser = Browser::new(shop.clone());
        browser.get("/sign-in").await;
        let path = format!("/sign-in/{token}");
        assert_eq!(browser.get(&path).await.status, 410);
        assert_eq!(browser.post(&path, "").await.status, 410);
    }
    // A link's token and other values are no cookie of a sign-in.
    for value in [open.expose(), expired.expose(), String::new(), "x".to_owned()] {
        let request =
            with(browser(Method::GET, "/"), "cookie", &format!("__Host-usher-member={value}"));
        assert!(!shop.ask(request).await.body.contains(">ada</a>"));
    }
    let own = format!("__Host-usher-member={}", sign_in.expose());
    let request = with(browser(Method::GET, "/"), "cookie", &own);
    assert!(shop.ask(request).await.body.contains(">ada</a>"));
    club.suspend(&stamp(), "ada").await.unwrap();
    let request = with(browser(Method::GET, "/"), "cookie", &own);
    assert!(!shop.ask(request).await.body.contains(">ada</a>"));
}

#[tokio::test]
async fn a_form_from_elsewhere_signs_nobody_in_or_out() {
    let mut ada = Browser::new(shop(PUBLIC_URL).await);
    let club = Arc::clone(&ada.shop.site.club);
    let made = club.hand_out_link(&stamp(), "ada").await.unwrap();
    let path = format!("/sign-in/{}", made.token.expose());
    ada.get(&path).await;
    ada.source = "cross-site";
    for (path, body) in [
        (path.as_str(), ""),
        ("/sign-in", "email=ada%40example.org"),
        ("/sign-in/code", "code=0"),
        ("/sign-out", ""),
    ] {
        assert_eq!(ada.post(path, body).await.status, 403, "{path}");
    }
    ada.source = "same-origin";
    ada.token.clear();
    assert_eq!(ada.post(&path, "").await.status, 403);
    assert_eq!(ada.shop.sign_ins().await, 0);
    assert_eq!(club.mail(None, Page::FIRST).await.unwrap(), []);
    let secret = LinkSecret::Token(made.token);
    assert!(club.link_offer(&secret, NOW.unix).await.unwrap().is_some());
}

#[tokio::test]
async fn a_link_of_another_address_changes_nobody() {
    let shop = shop(PUBLIC_URL).await;
    let club = Arc::clone(&shop.site.club);
    let new = NewMember { name: "eve".to_owned(), tier: "fan".to_owned(), tier_until: None };
    let eve = club.add_member(&stamp(), new).await.unwrap();
    let address = Email::parse("eve@example.org").unwrap();
    club.request_email(&stamp(), eve.id, address.clone(), text()).await.unwrap();
    let path = shop.mailed_link().await;
    // ada gets the address before eve uses the link.
    club.set_email(&stamp(), "ada", Some(address.clone()), text()).await.unwrap();
    let mut browser = Browser::new(shop.clone());
    browser.get("/sign-in").await;
    assert_eq!(browser.get(&path).await.status, 410);
    assert_eq!(browser.post(&path, "").await.status, 410);
    assert_eq!(shop.ada().await.email, Some(address));
    assert_eq!(club.member("eve").await.unwrap().email, None);
}

#[tokio::test]
async fn a_new_address_is_shown_before_it_is_used() {
    let shop = shop(PUBLIC_URL).await;
    let club = Arc::clone(&shop.site.club);
    let address = Email::parse("new@example.org").unwrap();
    club.request_email(&stamp(), shop.ada().await.id, address.clone(), text()).await.unwrap();
    let path = shop.mailed_link().await;
    let mut browser = Browser::new(shop.clone());
    let page = browser.get(&path).await;
    assert!(page.body.contains("new@example.org becomes the address of ada"), "{}", page.body);
    assert_eq!(browser.post(&path, "").await.status, 303);
    assert_eq!(shop.ada().await.email, Some(address));
}

#[tokio::test]
async fn nobody_signs_in_without_tls() {
    let shop = shop("http://club.example").await;
    let club = Arc::clone(&shop.site.club);
    let ada = Subject::Member(shop.ada().await.id);
    let token = club.start_sign_in(&stamp(), ada, "").await.unwrap().expose();
    let link = club.hand_out_link(&stamp(), "ada").await.unwrap().token.expose();
    let mut browser = Browser::new(shop.clone());
    for path in ["/sign-in", "/sign-in/code", &format!("/sign-in/{link}")] {
        let refused = browser.get(path).await;
        assert_eq!(refused.status, 403);
        assert!(refused.body.contains("not on HTTPS"), "{}", refused.body);
    }
    let request = super::browser(Method::GET, "/");
    let request = with(request, "cookie", &format!("__Host-usher-member={token}"));
    assert!(!shop.ask(request).await.body.contains(">ada</a>"));
    let here = shop_at("http://localhost:8080").await;
    let request = with(super::browser(Method::GET, "/sign-in"), "host", "localhost:8080");
    assert_eq!(here.ask(request).await.status, 200);
}

#[tokio::test]
async fn who_asks_for_too_many_links_waits_whatever_the_address() {
    for address in ["ada@example.org", "eve@example.org"] {
        let shop = shop(PUBLIC_URL).await;
        for network in 0..6 {
            let mut browser = Browser::new(shop.clone());
            browser.network = network;
            browser.get("/sign-in").await;
            let answer = browser.post("/sign-in", &format!("email={address}")).await;
            assert_eq!(answer.status.as_u16(), if network < 5 { 200 } else { 429 }, "{address}");
        }
    }
}

#[tokio::test]
async fn without_mail_one_asks_the_publisher() {
    let shop = shop_at(PUBLIC_URL).await;
    let mut browser = Browser::new(Arc::new(shop));
    let page = browser.get("/sign-in").await;
    assert!(page.body.contains("This site sends no mail"), "{}", page.body);
    browser.get("/sign-in/code").await;
    assert_eq!(browser.post("/sign-in", "email=ada%40example.org").await.status, 400);
}

/// A browser with its cookies and the token of the last form.
#[derive(Clone)]
pub(super) struct Browser {
    pub(super) shop: Arc<Shop>,
    cookies: Vec<(String, String)>,
    pub(super) token: String,
    pub(super) source: &'static str,
    pub(super) network: u8,
}

impl Browser {
    pub(super) fn new(shop: Arc<Shop>) -> Self {
        let (cookies, token) = (Vec::new(), String::new());
        Self { shop, cookies, token, source: "same-origin", network: 1 }
    }

    pub(super) async fn get(&mut self, path: &str) -> Answer {
        self.send(browser(Method::GET, path)).await
    }

    pub(super) async fn post(&mut self, path: &str, fields: &str) -> Answer {
        let mut request = browser(Method::POST, path);
        *request.body_mut() = format!("form_token={}&{fields}", self.token).into();
        let request = with(request, "content-type", "application/x-www-form-urlencoded");
        let request = with(request, "sec-fetch-site", self.source);
        self.send(request).await
    }

    async fn send(&mut self, mut request: Request<Body>) -> Answer {
        request.extensions_mut().insert(Origin([192, 0, self.network, 1].into()));
        let cookies: Vec<_> =
            self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let answer = self.shop.ask(with(request, "cookie", &cookies.join("; "))).await;
        for cookie in answer.headers.get_all(SET_COOKIE) {
            let pair = cookie.to_str().unwrap().split(';').next().unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            self.cookies.retain(|(known, _)| known != name);
            if !value.is_empty() {
                self.cookies.push((name.to_owned(), value.to_owned()));
            }
        }
        let start = "name=\"form_token\" value=\"";
        if let Some((_, rest)) = answer.body.split_once(start) {
            self.token = rest.split('"').next().unwrap().to_owned();
        }
        answer
    }

    pub(super) async fn sign_in(&mut self) {
        self.sign_in_as("ada").await;
    }

    pub(super) async fn sign_in_as(&mut self, member: &str) {
        let club = Arc::clone(&self.shop.site.club);
        let token = club.hand_out_link(&stamp(), member).await.unwrap().token;
        let path = format!("/sign-in/{}", token.expose());
        self.get(&path).await;
        assert_eq!(self.post(&path, "").await.status, 303);
    }
}

impl Shop {
    /// The path of the next mail's link.
    async fn mailed_link(&self) -> String {
        let club = &self.site.club;
        let mail = club.take_mail(NOW.unix).await.unwrap().unwrap();
        let token = club.make_mailed_link(NOW.unix, &mail).await.unwrap().unwrap();
        let sent = Tried::Sent(String::new());
        club.settle_mail(NOW.unix, mail.id, sent).await.unwrap();
        format!("/sign-in/{}", token.expose())
    }

    async fn ada(&self) -> Member {
        self.site.club.member("ada").await.unwrap()
    }

    async fn sign_ins(&self) -> usize {
        let ada = Subject::Member(self.ada().await.id);
        self.site.club.sign_ins_of(ada, NOW.unix).await.unwrap().len()
    }
}

/// A shop that mails links, with ada, who has an address.
pub(super) async fn shop(public_url: &str) -> Arc<Shop> {
    let Shop { fixture, site } = shop_at(public_url).await;
    let club = Arc::clone(&site.club);
    let new = NewMember { name: "ada".to_owned(), tier: "fan".to_owned(), tier_until: None };
    club.add_member(&stamp(), new).await.unwrap();
    let address = Email::parse("ada@example.org").unwrap();
    club.set_email(&stamp(), "ada", Some(address.clone()), text()).await.unwrap();
    club.reload(Names { has_mail: true, ..Names::from(&Rules::default()) }).await.unwrap();
    let mailer = Mailer::new(club, Box::new(|| NOW));
    let server = MailServer {
        host: "127.0.0.1".to_owned(),
        port: 25,
        security: Security::None,
        login: Secret::new("pw").map(|password| ("shop".to_owned(), password)),
        name: "Lantern".to_owned(),
        from: address.clone(),
        contact: address,
    };
    let head = Letterhead { site: public_url.to_owned(), contact: None };
    mailer.set(Some(MailConnector::new(server).unwrap()), head);
    let site = Arc::into_inner(site).unwrap().with_mailer(Arc::new(mailer));
    Arc::new(Shop { fixture, site: Arc::new(site) })
}

async fn shop_at(public_url: &str) -> Shop {
    Shop::with(public_url, Appearance::default()).await
}

fn text() -> MailText {
    MailText { subject: String::new(), body: String::new() }
}

pub(super) fn stamp() -> Stamp {
    Stamp { who: "admin".to_owned(), now_unix: NOW.unix }
}
