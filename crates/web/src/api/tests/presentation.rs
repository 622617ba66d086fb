//! Texts and covers of items, over the admin API.

use std::io::Cursor;

use axum::http::HeaderMap;
use image::{DynamicImage, ImageFormat, RgbImage};

use super::*;

#[tokio::test]
async fn texts_change_one_by_one_and_are_recorded() {
    let fixture = Fixture::new().await;
    fixture.demo().await;
    let shown = fixture.get("/items/demo").await.ok();
    assert_eq!((&shown["visibility"], &shown["tags"]), (&json!("published"), &json!([])));
    let texts = json!({
        "title": "The Reel", "subtitle": "Film, 88 minutes", "description": "A *quiet*\n\tnight",
        "tags": ["Science Fiction", "4k", "4K"], "visibility": "unlisted", "released": "1927-01-10",
    });
    fixture.patch("/items/demo/details", texts).await.ok();
    let shown = fixture.put("/items/demo/details", json!({"subtitle": "Film"})).await.ok();
    assert_eq!((&shown["title"], &shown["subtitle"]), (&json!("The Reel"), &json!("Film")));
    assert_eq!(
        (&shown["tags"], &shown["visibility"]),
        (&json!(["science-fiction", "4k"]), &json!("unlisted"))
    );
    assert_eq!((&shown["released"], &shown["cover"]), (&json!("1927-01-10"), &Value::Null));
    assert_eq!(shown.get("description"), None, "it is long");
    let shown = fixture.get("/items/demo").await.ok();
    assert_eq!(shown["description"], "A *quiet*\n\tnight");
    let none = json!({"tags": [], "released": "", "description": ""});
    let shown = fixture.put("/items/demo/details", none).await.ok();
    assert_eq!((&shown["tags"], &shown["released"]), (&json!([]), &Value::Null));
    assert_eq!(fixture.get("/items/demo").await.ok()["description"], "");

    let audit = fixture.get("/audit").await.ok();
    let described = rows(&audit).iter().filter(|row| row["what"] == "item.describe");
    assert_eq!(described.count(), 3);
    for (field, value, status, why) in [
        ("visibility", json!("hidden"), 422, "expected draft, published or unlisted"),
        ("released", json!("soon"), 422, "expected one such as 2026-11-30"),
        ("tags", json!(["c++"]), 422, "is not a tag"),
        ("tags", json!((0..17).map(|n| format!("t{n}")).collect::<Vec<_>>()), 422, "16 at most"),
        ("description", json!("ä".repeat(10_001)), 422, "10000 characters at most"),
        ("subtitle", json!("a\nb"), 422, "can't be in a subtitle"),
        ("preview", json!("a.mp4"), 409, "item `demo` has no files here"),
        ("colour", json!("red"), 422, "unknown field `colour`"),
    ] {
        fixture.put("/items/demo/details", json!({field: value})).await.fails(status, why);
    }
}

#[tokio::test]
async fn a_cover_is_an_image_within_bounds() {
    let fixture = Fixture::new().await;
    fixture.demo().await;
    let set = async |body: Vec<u8>| {
        fixture.send(Method::PUT, "/items/demo/cover", "application/octet-stream", body).await
    };
    fixture.get("/items/demo/cover").await.fails(404, "item `demo` has no cover");
    let mut png = Cursor::new(Vec::new());
    DynamicImage::from(RgbImage::new(1000, 500)).write_to(&mut png, ImageFormat::Png).unwrap();
    let png = png.into_inner();
    let item = set(png.clone()).await.ok();
    let digest = item["cover"].as_str().unwrap().to_owned();
    assert_eq!(digest.len(), 32);
    let (headers, jpeg) = fixture.cover().await;
    assert_eq!(headers["content-type"], "image/jpeg");
    assert_eq!(headers["etag"], format!("\"{digest}\""));
    assert_eq!(image::load_from_memory(&jpeg).unwrap().width(), 960);
    assert_eq!(set(png).await.ok()["cover"], digest, "the same image");

    set(b"GIF89a".to_vec()).await.fails(422, "expected a JPEG, PNG or WebP file");
    set(vec![0; MAX_COVER_BYTES]).await.fails(422, "expected a JPEG");
    set(vec![0; MAX_COVER_BYTES + 1]).await.fails(422, "a cover has 8388608 bytes at most");
    set(vec![0; MAX_COVER_BYTES + 2]).await.fails(413, "");
    assert_eq!(fixture.get("/items/demo").await.ok()["cover"], digest);
    assert_eq!(fixture.delete("/items/demo/cover").await.ok()["cover"], Value::Null);
    fixture.delete("/items/demo").await.ok();
    fixture.send(Method::PUT, "/items/1/cover", "", vec![1]).await.fails(409, "was removed");
}

impl Fixture {
    async fn patch(&self, path: &str, body: Value) -> Answer {
        self.send(Method::PATCH, path, "application/json", body.to_string().into()).await
    }

    /// The cover of `demo`, as it is.
    async fn cover(&self) -> (HeaderMap, Vec<u8>) {
        let request = Request::get("/api/v1/items/demo/cover").body(Body::empty()).unwrap();
        let response = router(Arc::clone(&self.admin)).oneshot(request).await.unwrap();
        let headers = response.headers().clone();
        (headers, to_bytes(response.into_body(), 1 << 20).await.unwrap().into())
    }
}
