//! The site on a real club, without a socket.

use axum::body::{Body, to_bytes};
use axum::http::{Method, Request};
use club::{Club, Image, Items, Names, Sqlite};
use policy::{Entitlements, Keyring, MasterSecret, PolicyId, Roster, Rules};
use tempfile::TempDir;
use tower::ServiceExt;
use tracker::Now;

use super::*;

#[tokio::test]
async fn every_answer_keeps_its_address_to_itself() {
    check(Method::GET, "/", 200, "BitTorrent tracker").await;
    check(Method::GET, "/nonsense", 404, "nothing here").await;
    check(Method::POST, "/", 405, "does not take that method").await;
}

async fn check(method: Method, path: &str, status: u16, expected: &str) {
    let folder = tempfile::tempdir().unwrap();
    let request = Request::builder().method(method).uri(path).body(Body::empty()).unwrap();
    let response = router(site(&folder).await).oneshot(request).await.unwrap();
    assert_eq!(response.status(), status, "{path}");
    assert_eq!(response.headers()[REFERRER_POLICY], "no-referrer");
    let body = to_bytes(response.into_body(), 1000).await.unwrap();
    assert!(str::from_utf8(&body).unwrap().contains(expected), "{path}");
}

async fn site(folder: &TempDir) -> Arc<Site> {
    let image = Image {
        roster: Arc::new(Roster::new()),
        rights: Arc::new(Entitlements::default()),
        aliases: Arc::default(),
        items: Arc::new(Nowhere),
    };
    let store = Arc::new(Sqlite::open(&folder.path().join("club.db")).await.unwrap());
    let names = Names::from(&Rules::default());
    let club = Arc::new(Club::open(store, image, names).await.unwrap().0);
    let keyring = Arc::new(Keyring::new(&MasterSecret::new([1; 32]), None));
    let addresses = Addresses {
        site: "https://club.example".to_owned(),
        announce: "https://club.example/announce".to_owned(),
    };
    Arc::new(Site::new(club, keyring, addresses, Box::new(|| Now { secs: 0, unix: 1_800_000_000 })))
}

/// No tracker stands behind this house.
struct Nowhere;

impl Items for Nowhere {
    fn put(&self, _: &club::Item, _: Option<PolicyId>) {}
    fn remove(&self, _: &club::Item) {}
}
