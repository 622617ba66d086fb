//! The site on a real club, without a socket.

use axum::body::{Body, to_bytes};
use axum::http::{Method, Request};
use club::{Club, Image, Items, Names, Sqlite};
use policy::{
    Aliases, Entitlements, Keyring, MasterSecret, Notices, PolicyId, Roster, Rules, TierId,
};
use tempfile::TempDir;
use tower::ServiceExt;
use tracker::{Members, Nat, Now, Registration, Settings, Tracker};

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
    let keyring = Arc::new(Keyring::new(&MasterSecret::new([1; 32]), None));
    let members = Members {
        keyring: Arc::clone(&keyring),
        aliases: Arc::new(Aliases::default()),
        roster: Arc::new(Roster::new()),
        rights: Arc::new(Entitlements::default()),
    };
    let (roster, rights) = (Arc::clone(&members.roster), Arc::clone(&members.rights));
    let aliases = Arc::clone(&members.aliases);
    let settings = Settings {
        rules: Rules::default(),
        notices: Notices::new("https://club.example"),
        nat: Nat::default(),
        limits: swarm::Limits::default(),
        max_age_secs: 4050,
        probe_ports: false,
    };
    let tracker = Arc::new(Tracker::new(settings, members, 7));
    let items = Arc::new(Register(Arc::clone(&tracker)));
    let image = Image { roster, rights, aliases, items };
    let store = Arc::new(Sqlite::open(&folder.path().join("club.db")).await.unwrap());
    let names = Names::from(&Rules::default());
    let club = Arc::new(Club::open(store, image, names).await.unwrap().0);
    let addresses = Addresses {
        site: "https://club.example".to_owned(),
        announce: "https://club.example/announce".to_owned(),
    };
    let now = Now { secs: 0, unix: NOW };
    Arc::new(Site::new(club, tracker, keyring, addresses, Box::new(move || now)))
}

/// Registers the club's items with the tracker.
struct Register(Arc<Tracker>);

impl Items for Register {
    fn put(&self, item: &club::Item, policy: Option<PolicyId>, tier: Option<TierId>) {
        self.0.register(&Registration {
            id: item.id,
            hashes: item.info_hashes.iter().copied().collect(),
            policy: policy.unwrap(),
            tier,
            size: item.size_bytes.unwrap_or(0),
        });
    }

    fn remove(&self, item: &club::Item) {
        self.0.remove(item.id, Now { secs: 0, unix: NOW });
    }
}

const NOW: u32 = 1_800_000_000;
