//! Pages on a real club, without a socket.

mod buy;
mod forms;
mod frame;
mod leaving;
mod me;
mod post;
mod shop;
mod sign_in;

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::header::{ACCEPT, HOST, HeaderMap};
use axum::http::{Method, Request, StatusCode};
use tower::ServiceExt;
use tracker::Now;

use super::*;
use crate::catalog::PublicUrls;
use crate::catalog::fixture::Fixture;
use crate::site::{Masthead, Site, router};

/// A site, and what it stands on.
struct Shop {
    fixture: Fixture,
    site: Arc<Site>,
}

/// An answer.
struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    /// Of the body as it came.
    bytes: usize,
    body: String,
}

impl Shop {
    async fn new() -> Self {
        Self::with(PUBLIC_URL, Appearance::default()).await
    }

    async fn with(public_url: &str, appearance: Appearance) -> Self {
        let fixture = Fixture::new(NOW).await;
        let urls = PublicUrls { site: public_url.to_owned(), ..Fixture::urls() };
        let Fixture { club, tracker, keyring, .. } = &fixture;
        let (club, tracker) = (Arc::clone(club), Arc::clone(tracker));
        let time = Box::new(|| NOW);
        let site = Site::new(club, tracker, Arc::clone(keyring), urls.clone(), time);
        let masthead = Masthead { title: "Lantern <Street>".to_owned(), ..Masthead::default() };
        site.set_face(urls, masthead, appearance);
        Self { fixture, site: Arc::new(site) }
    }

    fn router(&self) -> Router {
        router(Arc::clone(&self.site))
    }

    /// Asks as a browser does.
    async fn get(&self, path: &str) -> Answer {
        self.ask(browser(Method::GET, path)).await
    }

    async fn ask(&self, request: Request<Body>) -> Answer {
        ask(self.router(), request).await
    }
}

async fn ask(router: Router, request: Request<Body>) -> Answer {
    let (parts, body) = router.oneshot(request).await.unwrap().into_parts();
    let body = to_bytes(body, 1 << 20).await.unwrap();
    let bytes = body.len();
    let body = String::from_utf8_lossy(&body).into_owned();
    Answer { status: parts.status, headers: parts.headers, bytes, body }
}

fn browser(method: Method, path: &str) -> Request<Body> {
    let request = Request::builder().method(method).uri(path).header(HOST, "club.example");
    request.header(ACCEPT, "text/html,*/*;q=0.8").body(Body::empty()).unwrap()
}

fn with(mut request: Request<Body>, name: &'static str, value: &str) -> Request<Body> {
    request.headers_mut().insert(name, value.parse().unwrap());
    request
}

const PUBLIC_URL: &str = "https://club.example";
const NOW: Now = Now { secs: 0, unix: 1_800_000_000 };
