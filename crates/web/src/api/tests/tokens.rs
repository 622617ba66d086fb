//! The admin API as programs with tokens reach it.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use axum::http::{HeaderMap, Response};
use club::{AccessScope, NewToken};

use super::*;
use crate::api::document::{document, operations};
use crate::http::Origin;

#[tokio::test]
async fn each_route_takes_the_tokens_whose_scopes_include_its_own() {
    let gated = Gated::new().await;
    let folder = gated.fixture._folder.path().to_owned();
    gated.fixture.admin.set_roots(HostRoots { items: Some(folder), backups: None });
    let mut tokens = Vec::new();
    for scope in AccessScope::EACH {
        tokens.push((scope, gated.token(scope.text(), &[scope], None).await));
    }
    let mut routes = 0;
    for (path, item) in &document().paths.paths {
        for (method, _) in operations(item) {
            let needed = scope_of(&method, path).and_then(AccessScope::named);
            let Some(needed) = needed else {
                // What describes the API is for anybody.
                assert!(matches!(path.as_str(), "/openapi.json" | "/docs"), "{path} has no scope");
                assert_eq!(gated.send(&method, path, None, "").await.status, 200, "{path}");
                continue;
            };
            let target = path.split('/').map(|part| match part {
                // The tokens that ask stay.
                "{token}" => "999",
                part if part.starts_with('{') => "1",
                part => part,
            });
            let target = endless(target.collect::<Vec<_>>().join("/"));
            let none = gated.send(&method, &target, None, "{}").await;
            none.is(401, "unauthenticated");
            assert_eq!(none.header("www-authenticate"), "Bearer realm=\"usher\"");
            for (scope, token) in &tokens {
                let answer = gated.send(&method, &target, Some(token), "{}").await;
                let at = format!("{scope} at {method} {path}");
                if scope.includes(needed) {
                    let is_answered = !matches!(answer.status, 401 | 403) && answer.status < 500;
                    assert!(is_answered, "{at}: {} {}", answer.status, answer.text());
                } else {
                    assert_eq!(answer.status, 403, "{at}");
                    answer.is(403, "scope");
                    assert_eq!(answer.json()["scope"], needed.text(), "{at}");
                    let challenge = answer.header("www-authenticate");
                    assert!(challenge.contains(&format!("scope=\"{needed}\"")), "{challenge}");
                }
            }
            routes += 1;
        }
    }
    assert!(routes > 80, "{routes}");
}

#[tokio::test]
async fn who_reads_numbers_reads_no_name_address_or_passkey() {
    let gated = Gated::new().await;
    let fixture = &gated.fixture;
    let ada = json!({"name": "zz-ada-zz", "tier": "fan"});
    let ada = fixture.post("/members", ada).await.created();
    let email = json!({"email": "zz-mail-zz@example.org"});
    fixture.put("/members/zz-ada-zz/email", email).await;
    fixture.demo().await;
    fixture.put("/members/zz-ada-zz/rights/demo", json!({})).await.ok();
    fixture.announce(ada["passkey"].as_str(), 77, 0).unwrap();
    fixture.announce(None, 78, 700).unwrap();
    let order = json!({"key": "a", "amount": "5.00", "currency": "usd", "memo": "zz-memo-zz"});
    fixture.post("/members/zz-ada-zz/topups", order).await;
    // The operator sees all of it.
    let seen = fixture.get("/items/demo").await.ok().to_string();
    assert!(seen.contains("zz-ada-zz"), "{seen}");

    let passkey = ada["passkey"].as_str().unwrap();
    let hidden = ["zz-ada-zz", "zz-mail-zz", "203.0.113.", "zz-memo-zz", "passkey", passkey];
    for scopes in [&[AccessScope::ReadStats][..], &[AccessScope::WriteItems]] {
        let token = gated.token(scopes[0].text(), scopes, None).await;
        let mut read = 0;
        for (path, item) in &document().paths.paths {
            for (method, _) in operations(item) {
                if scope_of(&method, path) != Some("read:stats") {
                    continue;
                }
                let target = path
                    .replace("{item}", "demo")
                    .replace("{swarm}", "demo")
                    .replace("{alert}", "1");
                let target = endless(target);
                assert!(!target.contains('{'), "name a thing for {path} here");
                assert_eq!(method, Method::GET, "{path} changes something");
                let answer = gated.send(&method, &target, Some(&token), "").await;
                for hidden in hidden {
                    assert!(!answer.text().contains(hidden), "{target}: {}", answer.text());
                }
                read += u32::from(answer.status == 200);
            }
        }
        assert!(read >= 3, "{read}");
    }
}

/// A path as it is asked for where it would go on for ever: of an item that is not there, which has an answer.
fn endless(path: String) -> String {
    if path.ends_with("/stream") { format!("{path}?item=nothing") } else { path }
}

#[tokio::test]
async fn a_token_that_does_not_work_is_refused_alike_whatever_is_wrong() {
    let gated = Gated::new().await;
    let token = gated.token("shop", &[AccessScope::All], None).await;
    let expected = gated.send(&Method::GET, "/api/v1/stats", Some("usht_x"), "").await;
    expected.is(401, "unauthenticated");
    assert_eq!(
        expected.header("www-authenticate"),
        "Bearer realm=\"usher\", error=\"invalid_token\""
    );
    let other = format!("{}{}", &token[..47], if token.ends_with('A') { "E" } else { "A" });
    for wrong in ["", "usht_", &token[5..], &other, &format!("{token}x"), &token.to_uppercase()] {
        let refused = gated.send(&Method::GET, "/api/v1/stats", Some(wrong), "").await;
        assert_eq!((refused.status, refused.text()), (401, expected.text()), "{wrong}");
    }
    assert_eq!(gated.send(&Method::GET, "/api/v1/stats", Some(&token), "").await.status, 200);
    // Another scheme, and two headers at once.
    for values in [vec![format!("Basic {token}")], vec![format!("Bearer {token}"); 2]] {
        let refused = gated.headed(&Method::GET, "/api/v1/stats", &values, "").await;
        assert_eq!(refused.status, 401, "{values:?}");
    }
    gated.fixture.delete("/tokens/shop").await.ok();
    gated.send(&Method::GET, "/api/v1/stats", Some(&token), "").await.is(401, "unauthenticated");
}

#[tokio::test]
async fn paths_and_methods_that_are_not_there_are_told_to_tokens_alone() {
    let gated = Gated::new().await;
    let token = gated.token("shop", &[AccessScope::ReadStats], None).await;
    gated.send(&Method::GET, "/api/v1/nothing", None, "").await.is(401, "unauthenticated");
    gated.send(&Method::GET, "/api/v1/nothing", Some(&token), "").await.is(404, "not-found");
    gated.send(&Method::PUT, "/api/v1/stats", Some(&token), "").await.is(405, "method");
    gated.send(&Method::HEAD, "/api/v1/stats", Some(&token), "").await;
    gated.send(&Method::HEAD, "/api/v1/members", Some(&token), "").await.is(403, "");
}

#[tokio::test]
async fn guesses_are_limited_by_network_and_cost_nobody_who_has_a_token() {
    let gated = Gated::new().await;
    let token = gated.token("shop", &[AccessScope::ReadStats], None).await;
    let other = gated.token("till", &[AccessScope::ReadStats], None).await;
    let ask =
        async |token: &str, from| gated.from(from, &Method::GET, "/api/v1/stats", token).await;
    let (guesser, away) = ([192, 0, 2, 9], [198, 51, 100, 9]);
    assert_eq!(ask(&token, guesser).await.status, 200);
    for _ in 0..10 {
        ask("usht_guess", guesser).await.is(401, "unauthenticated");
    }
    let refused = ask("usht_guess", [192, 0, 2, 10]).await;
    refused.is(429, "too-many");
    assert_eq!(refused.header("retry-after"), "60");
    // The token was used before the guesses; the other one is not known yet.
    assert_eq!(ask(&token, guesser).await.status, 200);
    ask(&other, guesser).await.is(429, "too-many");
    assert_eq!(ask(&other, away).await.status, 200);
}

#[tokio::test]
async fn answers_say_how_much_of_the_limit_is_left() {
    let gated = Gated::limited(1).await;
    let token = gated.token("shop", &[AccessScope::ReadStats], None).await;
    for left in (0..10).rev() {
        let answer = gated.send(&Method::GET, "/api/v1/stats", Some(&token), "").await;
        assert_eq!(answer.header("ratelimit-policy"), "\"token\";q=10;w=10");
        let state = answer.header("ratelimit");
        assert!(state.starts_with(&format!("\"token\";r={left};t=")), "{state}");
        assert_eq!(answer.status, 200);
    }
    let refused = gated.send(&Method::GET, "/api/v1/stats", Some(&token), "").await;
    refused.is(429, "too-many");
    assert_eq!(refused.header("retry-after"), "1");
    assert!(refused.header("ratelimit").starts_with("\"token\";r=0;t="));
    // Another token has a limit of its own.
    let other = gated.token("till", &[AccessScope::ReadStats], None).await;
    assert_eq!(gated.send(&Method::GET, "/api/v1/stats", Some(&other), "").await.status, 200);
}

#[tokio::test]
async fn no_token_makes_one_that_does_more_or_lasts_longer() {
    let gated = Gated::new().await;
    let new = |name: &str, scope: &str, until: Value| {
        json!({"name": name, "scopes": [scope], "until": until}).to_string()
    };
    for scope in AccessScope::EACH.into_iter().filter(|scope| *scope != AccessScope::All) {
        let token = gated.token(scope.text(), &[scope], None).await;
        let body = new("mine", scope.text(), Value::Null);
        gated.send(&Method::POST, "/api/v1/tokens", Some(&token), &body).await.is(403, "scope");
        gated.send(&Method::GET, "/api/v1/tokens", Some(&token), "").await.is(403, "scope");
        let own = format!("/api/v1/tokens/{}", scope.text().replace(':', "-"));
        gated.send(&Method::DELETE, &own, Some(&token), "").await.is(403, "scope");
    }
    let token = gated.token("all", &[AccessScope::All], Some(NOW.unix + 3600)).await;
    let make = async |until| {
        gated.send(&Method::POST, "/api/v1/tokens", Some(&token), &new("mine", "all", until)).await
    };
    for longer in [Value::Null, json!("2026-11-22T13:00:01Z"), json!("2027-01-31T00:00:00Z")] {
        let refused = make(longer).await;
        refused.is(403, "scope");
        assert_eq!(refused.json()["field"], "until");
    }
    let made = make(json!("2026-11-22T13:00:00Z")).await;
    assert_eq!(made.status, 201);
    assert_eq!(made.json()["token"]["scopes"], json!(["all"]));
    let secret = made.json()["secret"].as_str().unwrap().to_owned();
    assert_eq!(gated.send(&Method::GET, "/api/v1/tokens", Some(&secret), "").await.status, 200);
    let listed = gated.fixture.get("/tokens").await.ok().to_string();
    assert!(!listed.contains(&secret) && listed.contains("mine"), "{listed}");
}

#[tokio::test]
async fn the_record_names_who_made_a_change() {
    let gated = Gated::new().await;
    let token = gated.token("shop", &[AccessScope::WriteMembers], None).await;
    gated.fixture.post("/members", json!({"name": "ada", "tier": "fan"})).await.created();
    let bob = json!({"name": "bob", "tier": "fan"}).to_string();
    assert_eq!(gated.send(&Method::POST, "/api/v1/members", Some(&token), &bob).await.status, 201);
    let record = gated.fixture.get("/audit").await.ok();
    let rows: Vec<_> = rows(&record)
        .iter()
        .map(|row| (row["who"].as_str().unwrap(), row["what"].as_str().unwrap()))
        .collect();
    assert!(rows.contains(&("socket", "member.add")), "{rows:?}");
    assert!(rows.contains(&("token shop", "member.add")), "{rows:?}");
}

#[tokio::test]
async fn a_use_is_written_down_once_a_minute_and_not_waited_for() {
    let gated = Gated::new().await;
    let token = gated.token("shop", &[AccessScope::ReadStats], None).await;
    for _ in 0..5 {
        assert_eq!(gated.send(&Method::GET, "/api/v1/stats", Some(&token), "").await.status, 200);
    }
    for _ in 0..100 {
        let listed = gated.fixture.get("/tokens").await.ok();
        if rows(&listed)[0]["used"] == "2026-11-22T12:00:00Z" {
            return;
        }
        tokio::task::yield_now().await;
    }
    panic!("the use was not noted");
}

#[tokio::test]
async fn tokens_publish_what_lies_beneath_items_dir_alone() {
    let gated = Gated::new().await;
    let home = gated.fixture._folder.path().canonicalize().unwrap();
    let (items, outside) = (home.join("items"), home.join("outside"));
    for folder in [&items, &outside] {
        fs::create_dir(folder).unwrap();
        fs::write(folder.join("film.mp4"), "film").unwrap();
    }
    symlink(&outside, items.join("out")).unwrap();
    symlink(outside.join("film.mp4"), items.join("out.mp4")).unwrap();
    let token = gated.token("shop", &[AccessScope::WriteItems], None).await;
    let publish = async |path: &Path| {
        let body = json!({"path": path, "policy": "free"}).to_string();
        gated.send(&Method::POST, "/api/v1/publish", Some(&token), &body).await
    };
    publish(&items.join("film.mp4")).await.is(403, "outside-roots");
    gated.fixture.admin.set_roots(HostRoots { items: Some(items.clone()), backups: None });
    for path in [
        outside.join("film.mp4"),
        items.join("../outside/film.mp4"),
        items.join("out/film.mp4"),
        items.join("out"),
        items.join("out.mp4"),
        items.clone(),
        "/etc/passwd".into(),
        "/etc/no-such-file".into(),
        "film.mp4".into(),
    ] {
        let refused = publish(&path).await;
        assert_eq!(refused.status, 403, "{}: {}", path.display(), refused.text());
        refused.is(403, "outside-roots");
        assert!(!refused.text().contains("No such file"), "{}", refused.text());
    }
    let published = publish(&items.join("film.mp4")).await;
    assert!(published.text().contains("\"done\""), "{}", published.text());
    // The operator publishes anything.
    let body = json!({"path": outside.join("film.mp4"), "name": "other"});
    let router = router(Arc::clone(&gated.fixture.admin));
    let request = Request::post("/api/v1/publish").header("content-type", "application/json");
    let response = router.oneshot(request.body(Body::from(body.to_string())).unwrap()).await;
    let body = to_bytes(response.unwrap().into_body(), 1 << 20).await.unwrap();
    assert!(String::from_utf8_lossy(&body).contains("\"done\""), "{body:?}");
}

#[tokio::test]
async fn tokens_make_backups_in_their_folder_and_never_with_the_secret() {
    let gated = Gated::new().await;
    let home = gated.fixture._folder.path().canonicalize().unwrap();
    let (backups, outside) = (home.join("backups"), home.join("outside"));
    fs::create_dir(&backups).unwrap();
    fs::create_dir(&outside).unwrap();
    fs::write(home.join("secret"), "the master secret").unwrap();
    symlink(&outside, backups.join("out")).unwrap();
    let token = gated.token("all", &[AccessScope::All], None).await;
    let backup = async |file: &Path, with_secret: bool| {
        let body = json!({"file": file, "with_secret": with_secret}).to_string();
        gated.send(&Method::POST, "/api/v1/backup", Some(&token), &body).await
    };
    backup(&backups.join("a.db"), false).await.is(403, "outside-roots");
    gated.fixture.admin.set_roots(HostRoots { items: None, backups: Some(backups.clone()) });
    for file in [
        outside.join("a.db"),
        backups.join("../outside/a.db"),
        backups.join("out/a.db"),
        "/tmp/usher-a.db".into(),
    ] {
        let refused = backup(&file, false).await;
        refused.is(403, "outside-roots");
        assert_eq!(refused.json()["field"], "file");
    }
    backup(&backups.join("a.db"), true).await.is(403, "scope");
    assert_eq!(fs::read_dir(&outside).unwrap().count(), 0);
    let made = backup(&backups.join("a.db"), false).await;
    assert_eq!(made.status, 201, "{}", made.text());
    assert_eq!(made.json()["file"], json!(backups.join("a.db")));
    assert!(!fs::exists(backups.join("a.db.secret")).unwrap());
    // The operator may have it.
    let body = json!({"file": outside.join("b.db"), "with_secret": true});
    gated.fixture.post("/backup", body).await.created();
    assert_eq!(fs::read(outside.join("b.db.secret")).unwrap(), b"the master secret");
}

#[tokio::test]
async fn numbers_for_prometheus_need_a_token_that_reads_them() {
    let gated = Gated::new().await;
    let metrics = Router::new().route("/metrics", axum::routing::any(async || "usher_up 1\n"));
    let router = gated.gate.for_readers(metrics);
    let ask = async |token: Option<&str>| {
        let mut request = Request::get("/metrics");
        if let Some(token) = token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let request = request.body(Body::empty()).unwrap();
        router.clone().oneshot(request).await.unwrap().status().as_u16()
    };
    let reader = gated.token("grafana", &[AccessScope::ReadStats], None).await;
    let other = gated.token("shop", &[AccessScope::Money], None).await;
    let asked = [ask(None).await, ask(Some(&other)).await, ask(Some(&reader)).await];
    assert_eq!(asked, [401, 403, 200]);
}

/// The admin API behind its gate.
struct Gated {
    fixture: Fixture,
    gate: Arc<Gate>,
    router: Router,
}

impl Gated {
    async fn new() -> Self {
        Self::limited(1000).await
    }

    /// With so many requests a second for each token.
    async fn limited(requests: u32) -> Self {
        let fixture = Fixture::new().await;
        let gate = Arc::new(Gate::new(Arc::clone(&fixture.admin), requests));
        let router = gate.router();
        Self { fixture, gate, router }
    }

    /// The secret of a new token.
    async fn token(&self, name: &str, scopes: &[AccessScope], until: Option<u32>) -> String {
        let new = NewToken {
            name: name.replace(':', "-").replace("all", "everything"),
            scopes: scopes.iter().copied().collect(),
            until,
        };
        let stamp = club::Stamp { who: "test".to_owned(), now_unix: NOW.unix };
        self.fixture.admin.club.add_token(&stamp, new).await.unwrap().1.expose()
    }

    async fn send(&self, method: &Method, target: &str, token: Option<&str>, body: &str) -> Told {
        let value = token.map(|token| format!("Bearer {token}"));
        self.headed(method, target, value.as_slice(), body).await
    }

    async fn headed(&self, method: &Method, target: &str, values: &[String], body: &str) -> Told {
        let mut request = Request::builder().method(method).uri(target);
        request = request.header("content-type", "application/json");
        for value in values {
            request = request.header("authorization", value);
        }
        self.answer(request.body(Body::from(body.to_owned())).unwrap()).await
    }

    async fn from(&self, address: [u8; 4], method: &Method, target: &str, token: &str) -> Told {
        let request = Request::builder().method(method).uri(target);
        let request = request.header("authorization", format!("Bearer {token}"));
        let mut request = request.body(Body::empty()).unwrap();
        request.extensions_mut().insert(Origin(IpAddr::from(address)));
        self.answer(request).await
    }

    async fn answer(&self, request: Request<Body>) -> Told {
        let response: Response<Body> = self.router.clone().oneshot(request).await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let body = to_bytes(response.into_body(), 1 << 20).await.unwrap();
        Told { status, headers, body: String::from_utf8_lossy(&body).into_owned() }
    }
}

struct Told {
    status: u16,
    headers: HeaderMap,
    body: String,
}

impl Told {
    /// A problem of this kind.
    #[track_caller]
    fn is(&self, status: u16, kind: &str) {
        assert_eq!(self.status, status, "{}", self.body);
        assert_eq!(self.header("content-type"), PROBLEM_TYPE);
        if !kind.is_empty() {
            assert_eq!(self.json()["type"], format!("urn:usher:problem:{kind}"), "{}", self.body);
        }
    }

    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    fn text(&self) -> &str {
        &self.body
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

/// The rows of a list, in whatever form it comes.
fn rows(list: &Value) -> &[Value] {
    let inside = || list.as_object().and_then(|list| list.values().find_map(Value::as_array));
    list.as_array().or_else(inside).unwrap()
}
