//! Whoever changes what another changed meanwhile is refused, and sees what is there.

use axum::http::HeaderMap;
use futures_util::future::join_all;

use super::*;

#[tokio::test]
async fn a_change_of_what_was_changed_is_refused_and_shows_what_is_there() {
    let fixture = shop().await;
    for (path, first, second, current) in [
        (
            "/items/reel/details",
            json!({"title": "One", "description": "Long"}),
            json!({"title": "Two"}),
            json!({"title": "One", "subtitle": "", "description": "Long", "tags": [],
                "visibility": "published", "released": null, "preview": null, "tier": null,
                "parts": []}),
        ),
        (
            "/items/reel/prices",
            json!({"torrent_price": "2.25", "currency": "usd", "minimum": "1.00"}),
            json!({"torrent_price": "3.00"}),
            json!({"torrent_price": {"amount": "2.25", "currency": "usd", "minor": 225},
                "direct_price": null,
                "minimum": {"amount": "1.00", "currency": "usd", "minor": 100}}),
        ),
        (
            "/items/reel/policy",
            json!({"policy": "club"}),
            json!({"policy": "priority"}),
            json!({"policy": "club"}),
        ),
        (
            "/members/ada/tier",
            json!({"tier": "patron"}),
            json!({"tier": "outsider"}),
            json!({"tier": "patron", "until": null}),
        ),
    ] {
        let (tag, seen) = fixture.tagged(path).await;
        assert_ne!(seen, current, "{path}");
        let (status, headers, _) = fixture.change(Method::PUT, path, &tag, &first).await;
        assert_eq!(status, 200, "{path}");
        let (now, shown) = fixture.tagged(path).await;
        assert_eq!((headers["etag"].to_str().unwrap(), &shown), (&*now, &current), "{path}");
        let (status, _, problem) = fixture.change(Method::PUT, path, &tag, &second).await;
        assert_eq!(status, 412, "{path}: {problem}");
        assert_eq!(problem["type"], "urn:usher:problem:stale", "{path}");
        assert_eq!(problem["current"], current, "{path}");
        assert_eq!(fixture.tagged(path).await, (now.clone(), current), "{path}");
        // Who saw it may change it, and so may who does not say what they saw.
        for (tag, body) in [(format!("\"x\", {now}"), &second), ("*".to_owned(), &first)] {
            assert_eq!(fixture.change(Method::PUT, path, &tag, body).await.0, 200, "{path}");
        }
        fixture.put(path, second).await.ok();
        assert_eq!(fixture.change(Method::PUT, path, "x", &first).await.0, 400, "{path}");
    }
}

#[tokio::test]
async fn of_many_changes_at_once_that_saw_the_same_one_is_made() {
    let fixture = shop().await;
    let (tag, _) = fixture.tagged("/items/reel/details").await;
    let changes = (0..8).map(|number| {
        let (fixture, tag) = (&fixture, &tag);
        async move {
            let body = json!({ "title": format!("Title {number}") });
            fixture.change(Method::PATCH, "/items/reel/details", tag, &body).await.0
        }
    });
    let mut statuses = join_all(changes).await;
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 412, 412, 412, 412, 412, 412, 412]);
}

#[tokio::test]
async fn what_was_changed_is_not_removed() {
    let fixture = shop().await;
    for (path, change, body) in [
        ("/items/reel", "/items/reel/policy", json!({"policy": "club"})),
        ("/members/ada", "/members/ada/tier", json!({"tier": "patron"})),
    ] {
        let (tag, _) = fixture.tagged(path).await;
        fixture.put(change, body).await.ok();
        let (status, _, problem) = fixture.change(Method::DELETE, path, &tag, &Value::Null).await;
        assert_eq!((status, problem["current"].is_object()), (412, true), "{path}");
        let (tag, _) = fixture.tagged(path).await;
        let (status, ..) = fixture.change(Method::DELETE, path, &tag, &Value::Null).await;
        assert_eq!(status, 200, "{path}");
    }
}

async fn shop() -> Fixture {
    let fixture = Fixture::new().await;
    fixture.post("/members", json!({"name": "ada", "tier": "fan"})).await.created();
    let item = json!({"name": "reel", "policy": "free", "info_hashes": ["01".repeat(20)]});
    fixture.post("/items", item).await.created();
    fixture
}

impl Fixture {
    /// The tag of what a path shows, and what it shows.
    async fn tagged(&self, path: &str) -> (String, Value) {
        let (status, headers, body) = self.change(Method::GET, path, "*", &Value::Null).await;
        assert_eq!(status, 200, "{path}: {body}");
        (headers["etag"].to_str().unwrap().to_owned(), body)
    }

    /// Sends a request with `If-Match`.
    async fn change(
        &self,
        method: Method,
        path: &str,
        tag: &str,
        body: &Value,
    ) -> (u16, HeaderMap, Value) {
        let request = Request::builder().method(method).uri(format!("/api/v1{path}"));
        let request = request.header("content-type", "application/json").header("if-match", tag);
        let request = request.body(Body::from(body.to_string())).unwrap();
        let response = router(Arc::clone(&self.admin)).oneshot(request).await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let body = to_bytes(response.into_body(), 1 << 20).await.unwrap();
        (status, headers, serde_json::from_slice(&body).unwrap())
    }
}
