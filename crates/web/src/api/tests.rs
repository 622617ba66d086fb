//! The admin API on a real club and tracker, without a socket.

use std::net::{IpAddr, Ipv4Addr};

use api::error::PROBLEM_TYPE;
use axum::body::{Body, to_bytes};
use axum::http::{Method, Request};
use policy::{MemberState, Roster, Rules};
use serde_json::{Value, json};
use tempfile::TempDir;
use tower::ServiceExt;
use tracker::{Now, Tracker, Via};
use wire::{Announce, AnnounceEvent, InfoHash, Passkey, PeerId};

use super::*;
use crate::catalog::fixture;

mod document;
mod lists;
mod money;
mod presentation;
mod sign_ins;
mod statements;
mod tokens;
mod versions;

#[tokio::test]
async fn a_member_is_added_shown_and_listed() {
    let fixture = Fixture::new().await;
    let added = fixture.post("/members", json!({"name": "ada", "tier": "fan"})).await.created();
    assert_eq!(
        (&added["id"], &added["name"], &added["tier"]),
        (&json!(1), &json!("ada"), &json!("fan"))
    );
    let passkey = added["passkey"].as_str().unwrap();
    assert_eq!(passkey.len(), 32);
    assert_eq!(added["announce_url"], json!(format!("http://t.example/announce/{passkey}")));

    for handle in ["ada", "1"] {
        let shown = fixture.get(&format!("/members/{handle}")).await.ok();
        assert_eq!((&shown["passkey"], &shown["state"]), (&added["passkey"], &json!("active")));
        assert_eq!((&shown["rights"], &shown["traffic"]), (&json!([]), &json!([])));
    }
    fixture.post("/members", json!({"name": "bob", "tier": "outsider"})).await.created();
    assert_eq!(names(&fixture.get("/members").await.ok()), ["ada", "bob"]);
    let first = fixture.get("/members?limit=1").await.ok();
    assert_eq!(names(&first), ["ada"]);
    let next = first["next"].as_str().unwrap();
    let last = fixture.get(&format!("/members?limit=1&after={next}")).await.ok();
    assert_eq!((names(&last), &last["next"]), (vec!["bob"], &Value::Null));
}

#[tokio::test]
async fn only_add_show_and_rotate_tell_the_passkey() {
    let fixture = Fixture::new().await;
    let added = fixture.post("/members", json!({"name": "ada", "tier": "fan"})).await.created();
    let tier = json!({"tier": "patron", "until": "2027-01-31T00:00:00Z"});
    let replies = [
        fixture.put("/members/ada/tier", tier).await.ok(),
        fixture.post("/members/ada/suspend", Value::Null).await.ok(),
        fixture.post("/members/ada/resume", Value::Null).await.ok(),
        fixture.get("/members").await.ok(),
        fixture.get("/members/ada/why").await.ok(),
    ];
    for reply in replies {
        assert!(!reply.to_string().contains(added["passkey"].as_str().unwrap()), "{reply}");
    }
    let rotated = fixture.post("/members/ada/rotate", json!({})).await.ok();
    assert_ne!(rotated["passkey"], added["passkey"]);
    assert_eq!(fixture.get("/members/ada").await.ok()["passkey"], rotated["passkey"]);
}

#[tokio::test]
async fn a_change_of_a_member_is_in_force_when_it_is_answered() {
    let fixture = Fixture::new().await;
    fixture.post("/members", json!({"name": "ada", "tier": "fan"})).await.created();
    let tier = json!({"tier": "patron", "until": "2027-01-31T00:00:00Z"});
    let changed = fixture.put("/members/ada/tier", tier).await.ok();
    assert_eq!(changed["tier_until"], json!("2027-01-31T00:00:00Z"));
    let rules = Rules::default();
    assert_eq!(rules.tiers.tier(fixture.standing().tier).id, "patron");
    assert_eq!(fixture.standing().until, 1_801_353_600);

    assert_eq!(fixture.post("/members/ada/suspend", Value::Null).await.ok()["state"], "suspended");
    assert_eq!(fixture.standing().state, MemberState::Suspended);
    assert_eq!(fixture.post("/members/ada/resume", Value::Null).await.ok()["state"], "active");

    let old_until = json!({"old_until": "2026-11-30T00:00:00Z"});
    fixture.post("/members/ada/rotate", old_until).await.ok();
    assert_eq!(
        (fixture.standing().generation.0, fixture.standing().old_key_until),
        (1, 1_795_996_800)
    );

    assert_eq!(fixture.delete("/members/ada").await.ok()["state"], "removed");
    assert_eq!(fixture.standing().state, MemberState::Removed);
    assert_eq!(fixture.get("/members").await.ok(), json!({"members": [], "next": null}));
    fixture.delete("/members/ada").await.fails(404, "no member `ada`");
    fixture.delete("/members/1").await.fails(409, "was removed");
}

#[tokio::test]
async fn an_item_comes_as_a_torrent_or_as_info_hashes() {
    let fixture = Fixture::new().await;
    let torrent = b"d4:infod6:lengthi700e4:name8:reel.mp412:piece lengthi16384e6:pieces20:\
        aaaaaaaaaaaaaaaaaaaa7:privatei1eee";
    let added = fixture.send_torrent("/items?name=reel&policy=club", torrent).await.created();
    assert_eq!((&added["title"], &added["size_bytes"]), (&json!("reel.mp4"), &json!(700)));
    assert_eq!((&added["private"], &added["policy"]), (&json!(true), &json!("club")));
    assert_eq!(added["info_hashes"], json!([added["info_hash"]]));

    let free = json!({"name": "demo", "policy": "free", "info_hashes": [HASH]});
    let added = fixture.post("/items", free).await.created();
    assert_eq!((&added["id"], &added["info_hash"]), (&json!(2), &json!(HASH)));
    assert_eq!(added["size_bytes"], Value::Null);

    for handle in ["demo", "2", HASH] {
        assert_eq!(fixture.get(&format!("/items/{handle}")).await.ok()["name"], "demo");
    }
    assert_eq!(names(&fixture.get("/items").await.ok()), ["reel", "demo"]);

    let policy = json!({"policy": "priority"});
    assert_eq!(fixture.put("/items/demo/policy", policy).await.ok()["policy"], "priority");
    assert_eq!(fixture.delete("/items/demo").await.ok()["removed"], true);
    fixture.get("/swarms/demo").await.fails(404, "no item `demo`");
}

#[tokio::test]
async fn a_right_is_granted_and_revoked() {
    let fixture = Fixture::new().await;
    fixture.post("/members", json!({"name": "ada", "tier": "outsider"})).await.created();
    fixture.demo().await;

    let until = json!({"until": "2027-01-31T00:00:00Z"});
    let right = fixture.put("/members/ada/rights/demo", until).await.ok();
    assert_eq!(right["member"], json!({"id": 1, "name": "ada"}));
    assert_eq!(right["item"], json!({"id": 1, "name": "demo"}));
    assert_eq!(
        (&right["until"], &right["revoked"]),
        (&json!("2027-01-31T00:00:00Z"), &Value::Null)
    );

    let right = fixture.put("/members/1/rights/all", json!({})).await.ok();
    assert_eq!(right["item"], json!({"id": 0, "name": "all"}));
    assert_eq!(fixture.get("/members/ada").await.ok()["rights"].as_array().unwrap().len(), 2);
    assert_eq!(fixture.get("/items/demo").await.ok()["rights"].as_array().unwrap().len(), 1);

    assert!(fixture.delete("/members/ada/rights/demo").await.ok()["revoked"].is_string());
    fixture.delete("/members/ada/rights/demo").await.fails(404, "holds no entitlement");
    let over = json!({"until": "2020-01-01T00:00:00Z"});
    fixture.put("/members/ada/rights/demo", over).await.fails(422, "not in the future");
}

#[tokio::test]
async fn a_swarm_shows_each_client_and_why_what_it_was_told() {
    let fixture = Fixture::new().await;
    let ada = fixture.post("/members", json!({"name": "ada", "tier": "fan"})).await.created();
    fixture.demo().await;
    fixture.announce(ada["passkey"].as_str(), 1, 0).unwrap();
    fixture.announce(None, 2, 700).unwrap();
    fixture.announce(Some("nobodys"), 3, 700).unwrap_err();

    for handle in ["demo", "1", HASH] {
        let swarm = fixture.get(&format!("/swarms/{handle}")).await.ok();
        let counts = ["inside_seeders", "inside_leechers", "outside_seeders", "outside_leechers"];
        assert_eq!(counts.map(|count| swarm[count].as_u64().unwrap()), [1, 0, 0, 1]);
        let [insider, outsider] = swarm["peers"].as_array().unwrap().as_slice() else { panic!() };
        assert_eq!((&insider["side"], &outsider["side"]), (&json!("inside"), &json!("outside")));
        assert_eq!(insider["member"], json!({"id": 1, "name": "ada"}));
        assert_eq!(insider["client"], "libtorrent 2.1.1");
        assert_eq!((&insider["progress"], &insider["age"]), (&json!(1.0), &json!(0)));
        assert_eq!(outsider["addresses"], json!(["203.0.113.2:6881"]));
    }

    fixture.post("/members/ada/suspend", Value::Null).await.ok();
    fixture.announce(ada["passkey"].as_str(), 1, 0).unwrap_err();
    let why = fixture.get("/members/ada/why").await.ok();
    let [refused, seated] = why["announces"].as_array().unwrap().as_slice() else { panic!() };
    assert_eq!((&seated["side"], &seated["peers"]), (&json!("inside"), &json!(0)));
    assert_eq!((&refused["admitted"], &refused["side"]), (&json!(false), &Value::Null));
    let text = refused["message"].as_str().unwrap();
    assert!(text.contains("suspended") && text.contains("http://club.example"), "{text}");

    let stats = fixture.get("/stats").await.ok();
    assert_eq!((&stats["inside"], &stats["outside"]), (&json!(1), &json!(1)));
    assert_eq!(stats["announces_http"], json!(4));
    assert_eq!(stats["refused"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn the_table_of_swarms_names_items_and_follows_their_titles() {
    let fixture = Fixture::new().await;
    let ada = fixture.post("/members", json!({"name": "ada", "tier": "fan"})).await.created();
    fixture.demo().await;
    let other = json!({"name": "quiet", "policy": "free", "info_hashes": ["ab".repeat(20)]});
    fixture.post("/items", other).await.created();
    fixture.announce(ada["passkey"].as_str(), 1, 0).unwrap();
    fixture.announce(None, 2, 700).unwrap();

    let page = fixture.get("/swarms").await.ok();
    assert_eq!((&page["total"], &page["next"]), (&json!(2), &Value::Null));
    let demo = &page["swarms"][0];
    assert_eq!(demo["item"], json!({"id": 1, "name": "demo"}));
    let counts = ["seeders", "leechers", "inside", "outside", "completed"];
    assert_eq!(counts.map(|count| demo[count].as_u64().unwrap()), [1, 1, 1, 1, 0]);
    assert_eq!((&demo["info_hash"], &demo["from_peers"]), (&json!(HASH), &json!(0)));
    assert!(demo["last_announce"].is_string() && page["swarms"][1]["last_announce"].is_null());

    let first = fixture.get("/swarms?sort=name&limit=1").await.ok();
    let next = first["next"].as_str().unwrap();
    let second = fixture.get(&format!("/swarms?sort=name&limit=1&after={next}")).await.ok();
    assert_eq!(second["swarms"][0]["item"]["name"], "quiet");
    for query in ["needs_seeders=1", "search=QUI", "search=abab"] {
        let found = fixture.get(&format!("/swarms?{query}")).await.ok();
        assert_eq!(found["total"], json!(1), "{query}");
        assert_eq!(found["swarms"][0]["item"]["name"], "quiet", "{query}");
    }
    fixture.get("/swarms?after=7").await.fails(422, "not a cursor");
    fixture.get("/swarms?limit=0").await.fails(422, "expected 1 to 1000");
    fixture.get("/swarms?sort=colour").await.fails(400, "unknown variant `colour`");

    let title = json!({"title": "A quiet film"});
    fixture.put("/items/quiet/details", title).await.ok();
    for _ in 0..100 {
        let found = fixture.get("/swarms?search=a%20quiet%20film").await.ok();
        if found["total"] == json!(1) {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("the new title is not found");
}

#[tokio::test]
async fn errors_say_in_json_what_is_wrong() {
    let fixture = Fixture::new().await;
    let ada = || json!({"name": "ada", "tier": "fan"});
    fixture.post("/members", ada()).await.created();
    fixture.post("/members", ada()).await.fails(409, "has the name `ada` already");
    fixture
        .post("/members", json!({"name": "7", "tier": "fan"}))
        .await
        .fails(422, "taken for an id");
    fixture
        .post("/members", json!({"name": "bob", "tier": "king"}))
        .await
        .fails(422, "no tier `king`");
    let refused = fixture.post("/members", json!({"name": "bob"})).await;
    assert_eq!(refused.body["field"], "tier");
    refused.fails(422, "missing field `tier`");
    let unknown = json!({"name": "bob", "tier": "fan", "vip": true});
    let refused = fixture.post("/members", unknown).await;
    assert_eq!(refused.body["field"], "vip");
    refused.fails(422, "unknown field `vip`");
    let short = json!({"name": "bob", "tier": "fan", "passkey": "0123456789abcde"});
    let import = json!({"members": [short]});
    fixture.post("/import", import).await.fails(422, "`bob` is none: 16 to 64 letters");
    fixture.get("/members?limit=x").await.fails(400, "limit");
    fixture.get("/members/bob").await.fails(404, "no member `bob`");
    fixture.get("/swarms/reel").await.fails(404, "no item `reel`");
    fixture.get("/nothing").await.fails(404, "no such path");
    fixture.put("/stats", Value::Null).await.fails(405, "does not take that method");
    let hashless = json!({"name": "x", "policy": "free", "info_hashes": ["abc"]});
    fixture.post("/items", hashless).await.fails(422, "`abc` is not an info hash");
    fixture.send_torrent("/items?name=x&policy=free", b"d4:spam").await.fails(422, "not a torrent");
    fixture.send_torrent("/items?name=x", b"").await.fails(400, "policy");
    // What axum refuses by itself is a problem too.
    fixture.get("/orders/x").await.fails(400, "`x`");
    fixture.send(Method::POST, "/members", "text/plain", Vec::new()).await.fails(415, "json");
    fixture
        .send(Method::POST, "/members", "application/json", b"{".to_vec())
        .await
        .fails(400, "EOF");
}

#[tokio::test]
async fn a_torrent_of_10_mib_is_read_and_a_larger_one_is_not() {
    let fixture = Fixture::new().await;
    let path = "/items?name=x&policy=free";
    let most = vec![b' '; metainfo::MAX_TORRENT_BYTES];
    fixture.send_torrent(path, &most).await.fails(422, "not a torrent");
    fixture.send_torrent(path, &[most, vec![b' ']].concat()).await.fails(413, "");
}

/// A club and a tracker with their admin API.
struct Fixture {
    admin: Arc<Admin>,
    tracker: Arc<Tracker>,
    roster: Arc<Roster>,
    _folder: TempDir,
}

impl Fixture {
    async fn new() -> Self {
        Self::over(fixture::Fixture::new(NOW).await)
    }

    fn over(parts: fixture::Fixture) -> Self {
        let fixture::Fixture { club, tracker, keyring, roster, folder } = parts;
        let admin = Admin::new(
            club,
            Arc::clone(&tracker),
            keyring,
            fixture::Fixture::urls(),
            folder.path().join("secret"),
            Box::new(|| NOW),
        );
        Self { admin: Arc::new(admin), tracker, roster, _folder: folder }
    }

    /// Adds the item of [`HASH`].
    async fn demo(&self) {
        let demo = json!({"name": "demo", "policy": "priority", "info_hashes": [HASH]});
        self.post("/items", demo).await.created();
    }

    /// Lets a client announce [`HASH`].
    fn announce(&self, passkey: Option<&str>, client: u8, left: u64) -> Result<(), String> {
        let announce = Announce {
            info_hash: InfoHash::from_hex(HASH).unwrap(),
            peer_id: PeerId(*b"-LT2110-abcdefghijkl"),
            port: 6881,
            uploaded: 0,
            downloaded: 0,
            left,
            event: AnnounceEvent::Started,
            numwant: None,
            key: None,
            passkey: passkey.map(|text| Passkey::new(text.as_bytes()).unwrap()),
            compact: true,
            no_peer_id: false,
        };
        let from = IpAddr::V4(Ipv4Addr::new(203, 0, 113, client));
        let mut scratch = self.tracker.scratch();
        let told = self.tracker.announce(&announce, from, Via::Http, NOW, &mut scratch);
        told.map(drop).map_err(|failure| failure.reason.to_owned())
    }

    /// Where member 1 stands on the announce path.
    fn standing(&self) -> policy::Standing {
        self.roster.standing(policy::MemberId::new(1).unwrap()).unwrap()
    }

    async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, "", Vec::new()).await
    }

    async fn delete(&self, path: &str) -> Answer {
        self.send(Method::DELETE, path, "", Vec::new()).await
    }

    async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(Method::POST, path, "application/json", body.to_string().into()).await
    }

    async fn put(&self, path: &str, body: Value) -> Answer {
        self.send(Method::PUT, path, "application/json", body.to_string().into()).await
    }

    async fn send_torrent(&self, path: &str, torrent: &[u8]) -> Answer {
        self.send(Method::POST, path, "application/x-bittorrent", torrent.to_vec()).await
    }

    async fn send(&self, method: Method, path: &str, kind: &str, body: Vec<u8>) -> Answer {
        let request = Request::builder().method(method).uri(format!("/api/v1{path}"));
        let request = request.header("content-type", kind).body(Body::from(body)).unwrap();
        let response = router(Arc::clone(&self.admin)).oneshot(request).await.unwrap();
        let status = response.status().as_u16();
        let kind = response.headers().get("content-type").map(|kind| kind.to_str().unwrap());
        let kind = kind.unwrap_or_default().to_owned();
        let body = to_bytes(response.into_body(), 1 << 20).await.unwrap();
        Answer { status, kind, body: serde_json::from_slice(&body).unwrap() }
    }
}

struct Answer {
    status: u16,
    /// The media type.
    kind: String,
    body: Value,
}

impl Answer {
    #[track_caller]
    fn ok(self) -> Value {
        assert_eq!(self.status, 200, "{}", self.body);
        self.body
    }

    #[track_caller]
    fn created(self) -> Value {
        assert_eq!(self.status, 201, "{}", self.body);
        self.body
    }

    #[track_caller]
    fn fails(self, status: u16, expected: &str) {
        let message = self.body["detail"].as_str().unwrap();
        assert_eq!((self.status, self.kind.as_str()), (status, PROBLEM_TYPE), "{message}");
        assert_eq!(self.body["status"], status, "{message}");
        assert!(message.contains(expected), "{message}");
    }
}

/// The rows of a page.
fn rows(page: &Value) -> &[Value] {
    page.as_object().unwrap().values().find_map(Value::as_array).unwrap()
}

fn names(list: &Value) -> Vec<&str> {
    rows(list).iter().map(|entry| entry["name"].as_str().unwrap()).collect()
}

const HASH: &str = "c1463792a1ff36a237e3a0f68badeb0d3764e9bb";
/// 22 November 2026, a minute after the start.
const NOW: Now = Now { secs: 60, unix: 1_795_348_800 };
