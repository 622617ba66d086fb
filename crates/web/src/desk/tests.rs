//! The dashboard on a real club, without a socket.

mod pages;
mod proof;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use axum::body::{Body, to_bytes};
use axum::http::header::{ACCEPT, HOST, HeaderMap, SET_COOKIE};
use axum::http::{Method, Request, StatusCode};
use club::{AdminRole, Stamp};
use data_encoding::BASE32_NOPAD;
use tower::ServiceExt;
use tracker::Now;

use super::*;
use crate::admins::{TotpKey, new_secret};
use crate::api::Admin;
use crate::catalog::fixture::Fixture;
use crate::http::Origin;
use crate::site::Site;

/// A dashboard, and what it stands on.
struct House {
    fixture: Fixture,
    desk: Arc<Dashboard>,
    key: Arc<TotpKey>,
    now: Arc<AtomicU32>,
}

/// A browser with its cookies and the token of the last form.
struct Browser {
    house: Arc<House>,
    cookies: Vec<(String, String)>,
    token: String,
    source: &'static str,
    network: u8,
}

/// An answer.
struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: String,
}

impl House {
    async fn new() -> Arc<Self> {
        let now = Arc::new(AtomicU32::new(NOW));
        let fixture = Fixture::new(Now { secs: 0, unix: NOW }).await;
        let Fixture { club, tracker, keyring, .. } = &fixture;
        let clock = Arc::clone(&now);
        let time = Box::new(move || Now { secs: 0, unix: clock.load(Ordering::Relaxed) });
        let (club, tracker) = (Arc::clone(club), Arc::clone(tracker));
        let site = Site::new(club, tracker, Arc::clone(keyring), Fixture::urls(), time);
        let key = Arc::new(TotpKey::new(&[3; 32]).unwrap());
        let admin = Admin::new(
            Arc::clone(&fixture.club),
            Arc::clone(&fixture.tracker),
            Arc::clone(&fixture.keyring),
            Fixture::urls(),
            fixture.folder.path().join("secret"),
            Box::new(|| Now { secs: 0, unix: NOW }),
        );
        let api = crate::api::router_for_admins(Arc::new(
            admin.with_desk(Arc::clone(&key), String::new()),
        ));
        let desk = Arc::new(Dashboard::new(Arc::new(site), Arc::clone(&key), api));
        Arc::new(Self { fixture, desk, key, now })
    }

    /// A link of a new admin, as a path.
    async fn link(&self, name: &str, role: AdminRole) -> String {
        let totp = self.key.seal(name, &new_secret().unwrap()).unwrap();
        let made = self.fixture.club.add_admin(&stamp(), name, role, totp).await.unwrap();
        format!("/set-up/{}", made.token.expose())
    }

    fn wait(&self, secs: u32) {
        self.now.fetch_add(secs, Ordering::Relaxed);
    }

    /// The code of a secret, now.
    fn code(&self, secret: &[u8]) -> String {
        let totp = totp_rs::Builder::new().with_secret(secret).build().unwrap();
        totp.generate(self.now.load(Ordering::Relaxed).into()).to_string()
    }
}

impl Browser {
    fn new(house: &Arc<House>) -> Self {
        let (cookies, token) = (Vec::new(), String::new());
        Self { house: Arc::clone(house), cookies, token, source: "same-origin", network: 1 }
    }

    async fn get(&mut self, path: &str) -> Answer {
        self.send(request(Method::GET, path)).await
    }

    async fn post(&mut self, path: &str, fields: &str) -> Answer {
        let mut request = request(Method::POST, path);
        *request.body_mut() = format!("form_token={}&{fields}", self.token).into();
        let head = request.headers_mut();
        head.insert("content-type", "application/x-www-form-urlencoded".parse().unwrap());
        head.insert("sec-fetch-site", self.source.parse().unwrap());
        self.send(request).await
    }

    async fn send(&mut self, mut request: Request<Body>) -> Answer {
        request.extensions_mut().insert(Origin([192, 0, self.network, 1].into()));
        let cookies: Vec<_> =
            self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        request.headers_mut().insert("cookie", cookies.join("; ").parse().unwrap());
        let router = router(Arc::clone(&self.house.desk));
        let (parts, body) = router.oneshot(request).await.unwrap().into_parts();
        let body = to_bytes(body, 1 << 20).await.unwrap();
        let body = String::from_utf8_lossy(&body).into_owned();
        for cookie in parts.headers.get_all(SET_COOKIE) {
            let pair = cookie.to_str().unwrap().split(';').next().unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            self.cookies.retain(|(known, _)| known != name);
            if !value.is_empty() {
                self.cookies.push((name.to_owned(), value.to_owned()));
            }
        }
        if let Some((_, rest)) = body.split_once("name=\"form_token\" value=\"") {
            self.token = rest.split('"').next().unwrap().to_owned();
        }
        Answer { status: parts.status, headers: parts.headers, body }
    }

    /// Sets an admin up, who then signs in a minute later. The secret, and the recovery codes.
    async fn arrive(
        house: &Arc<House>,
        name: &str,
        role: AdminRole,
    ) -> (Self, Vec<u8>, Vec<String>) {
        let mut browser = Self::new(house);
        let (secret, codes) = browser.set_up(name, role).await;
        house.wait(60);
        assert_eq!(browser.sign_in(name, PASSWORD, &house.code(&secret)).await.status, 303);
        (browser, secret, codes)
    }

    async fn set_up(&mut self, name: &str, role: AdminRole) -> (Vec<u8>, Vec<String>) {
        let path = self.house.link(name, role).await;
        let secret = secret_of(&self.get(&path).await.body);
        let fields =
            format!("password={PASSWORD}&again={PASSWORD}&code={}", self.house.code(&secret));
        let done = self.post(&path, &fields).await;
        assert_eq!(done.status, 200, "{}", done.body);
        (secret, codes_of(&done.body))
    }

    async fn sign_in(&mut self, name: &str, password: &str, code: &str) -> Answer {
        self.get("/sign-in").await;
        self.post("/sign-in", &format!("name={name}&password={password}&code={code}")).await
    }
}

/// The secret that a page of setting up shows.
fn secret_of(body: &str) -> Vec<u8> {
    let (_, rest) = body.split_once("id=\"secret\">").unwrap();
    let text: String = rest.split('<').next().unwrap().split(' ').collect();
    BASE32_NOPAD.decode(text.as_bytes()).unwrap()
}

fn codes_of(body: &str) -> Vec<String> {
    let (_, list) = body.split_once("codes\">").unwrap();
    let list = list.split("</ul>").next().unwrap();
    let item =
        |line: &str| Some(line.trim().strip_prefix("<li>")?.strip_suffix("</li>")?.to_owned());
    list.lines().filter_map(item).collect()
}

fn request(method: Method, path: &str) -> Request<Body> {
    let request = Request::builder().method(method).uri(path).header(HOST, "127.0.0.1:6970");
    request.header(ACCEPT, "text/html,*/*;q=0.8").body(Body::empty()).unwrap()
}

fn stamp() -> Stamp {
    Stamp { who: "admin".to_owned(), now_unix: NOW }
}

const NOW: u32 = 1_800_000_000;
const PASSWORD: &str = "correct-horse-battery";
