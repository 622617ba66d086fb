//! The site on a real club, without a socket.

use axum::body::{Body, to_bytes};
use axum::http::header::LOCATION;
use axum::http::{Method, Request};
use tower::ServiceExt;
use tracker::Now;

use super::*;
use crate::catalog::fixture::Fixture;

#[tokio::test]
async fn every_answer_keeps_its_address_to_itself() {
    check(Method::GET, "/", 200, "BitTorrent tracker").await;
    check(Method::GET, "/nonsense", 404, "nothing here").await;
    check(Method::GET, "/items/film", 303, "").await;
    check(Method::POST, "/", 405, "does not take that method").await;
}

#[tokio::test]
async fn the_page_that_torrents_name_leads_to_the_site_whatever_its_name() {
    for path in ["/items/film", "/items/a%20b%2Fc", "/items/%ff"] {
        let response = ask(Method::GET, path).await;
        assert_eq!(
            (response.status(), &response.headers()[LOCATION]),
            (StatusCode::SEE_OTHER, &HeaderValue::from_static("/")),
            "{path}"
        );
    }
}

async fn ask(method: Method, path: &str) -> Response {
    let Fixture { club, tracker, keyring, folder: _folder, .. } = Fixture::new(NOW).await;
    let site = Site::new(club, tracker, keyring, Fixture::urls(), Box::new(|| NOW));
    let request = Request::builder().method(method).uri(path).body(Body::empty()).unwrap();
    router(Arc::new(site)).oneshot(request).await.unwrap()
}

async fn check(method: Method, path: &str, status: u16, expected: &str) {
    let response = ask(method, path).await;
    assert_eq!(response.status(), status, "{path}");
    assert_eq!(response.headers()[REFERRER_POLICY], "no-referrer");
    let body = to_bytes(response.into_body(), 1000).await.unwrap();
    assert!(str::from_utf8(&body).unwrap().contains(expected), "{path}");
}

const NOW: Now = Now { secs: 0, unix: 1_800_000_000 };
