//! What every page has: headers, its host, caching, and failures that people can read.

use axum::http::header::{
    CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, LOCATION,
    SET_COOKIE,
};

use super::*;

#[tokio::test]
async fn every_answer_says_what_browsers_may_do_with_it() {
    let targets = vec!["https://pay.example".to_owned()];
    let appearance = Appearance { form_targets: targets, ..Appearance::default() };
    let shop = Shop::with(PUBLIC_URL, appearance).await;
    for path in ["/", "/nonsense", "/feed/public.xml", "/t/free/x.torrent"] {
        let Answer { headers, .. } = shop.get(path).await;
        let policy = headers[CONTENT_SECURITY_POLICY].to_str().unwrap();
        assert!(policy.starts_with("default-src 'none'; style-src 'self';"), "{policy}");
        assert!(policy.ends_with("form-action 'self' https://pay.example"), "{policy}");
        assert!(policy.contains("frame-ancestors 'none'; base-uri 'none'"), "{policy}");
        assert!(!policy.contains("unsafe"), "{policy}");
        assert_eq!(headers["x-content-type-options"], "nosniff", "{path}");
        assert_eq!(headers["referrer-policy"], "no-referrer", "{path}");
        assert_eq!(headers["cross-origin-opener-policy"], "same-origin", "{path}");
        assert!(headers.contains_key("permissions-policy"), "{path}");
    }
}

#[tokio::test]
async fn a_page_holds_nothing_inline_and_escapes_the_publishers_words() {
    let shop = Shop::new().await;
    let Answer { body, headers, status, .. } = shop.get("/").await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(headers[CONTENT_TYPE], "text/html; charset=utf-8");
    assert!(body.contains("Lantern &#60;Street&#62;"), "{body}");
    assert!(!body.contains("<Street>") && !body.contains("<style") && !body.contains("style="));
    assert!(body.contains("<html lang=\"en\">") && body.contains("href=\"#main\""));
}

#[tokio::test]
async fn a_page_without_a_form_sets_no_cookie_and_may_be_kept() {
    let shop = Shop::new().await;
    let first = shop.get("/").await;
    assert!(!first.headers.contains_key(SET_COOKIE));
    assert_eq!(first.headers[CACHE_CONTROL], "public, max-age=60");
    let tag = first.headers[ETAG].to_str().unwrap();
    let again = shop.ask(with(browser(Method::GET, "/"), "if-none-match", tag)).await;
    assert_eq!((again.status, again.body.as_str()), (StatusCode::NOT_MODIFIED, ""));
    assert_eq!(again.headers[ETAG], tag);
    let other = shop.ask(with(browser(Method::GET, "/"), "if-none-match", "\"other\"")).await;
    assert_eq!(other.status, StatusCode::OK);
    let zipped = shop.ask(with(browser(Method::GET, "/"), "accept-encoding", "gzip")).await;
    assert_eq!(zipped.headers[CONTENT_ENCODING], "gzip");
    assert!(zipped.bytes < first.bytes / 2);
}

#[tokio::test]
async fn assets_are_kept_for_ever_under_the_url_of_their_content() {
    let shop = Shop::new().await;
    let page = shop.get("/").await.body;
    let style = between(&page, "rel=\"stylesheet\" href=\"", "\"");
    assert!(style.starts_with("/assets/") && style.ends_with("/style.css"), "{style}");
    let answer = shop.get(style).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.headers[CACHE_CONTROL], "public, max-age=31536000, immutable");
    assert_eq!(answer.headers[CONTENT_TYPE], "text/css; charset=utf-8");
    let tag = answer.headers[ETAG].to_str().unwrap();
    let again = shop.ask(with(browser(Method::GET, style), "if-none-match", tag)).await;
    assert_eq!(again.status, StatusCode::NOT_MODIFIED);
    // A page from before an upgrade still finds a style sheet, which is not kept under the old name.
    let old = shop.get("/assets/0123456789abcdef/style.css").await;
    assert_eq!(
        (old.status, &old.headers[CACHE_CONTROL]),
        (StatusCode::OK, &"no-cache".parse().unwrap())
    );
    assert_eq!(old.body, answer.body);
    assert_eq!(shop.get("/assets/0123456789abcdef/other.css").await.status, 404);
    let zipped = shop.ask(with(browser(Method::GET, style), "accept-encoding", "br, gzip")).await;
    assert_eq!(zipped.headers[CONTENT_ENCODING], "gzip");
    assert!(zipped.bytes < answer.bytes / 2);
}

#[tokio::test]
async fn the_publisher_chooses_colour_logo_and_style_sheet() {
    let svg = b"<svg xmlns='http://www.w3.org/2000/svg'><script>1</script></svg>";
    let appearance = Appearance {
        accent: Colour::parse("#00ff00").unwrap(),
        logo: Some(Picture::new(svg.to_vec()).unwrap()),
        stylesheet: Some(b"body{}"[..].into()),
        ..Appearance::default()
    };
    let shop = Shop::with(PUBLIC_URL, appearance).await;
    let page = shop.get("/").await.body;
    let paths: Vec<&str> = page.split('"').filter(|part| part.starts_with("/assets/")).collect();
    let find = |name: &str| *paths.iter().find(|path| path.ends_with(name)).unwrap();
    assert!(shop.get(find("/theme.css")).await.body.contains("--accent:#00ff00"));
    assert_eq!(shop.get(find("/site.css")).await.body, "body{}");
    let logo = shop.get(find("/logo")).await;
    assert_eq!(logo.headers[CONTENT_TYPE], "image/svg+xml");
    // An SVG that is opened by itself runs no script of this site.
    assert!(logo.headers[CONTENT_SECURITY_POLICY].to_str().unwrap().ends_with("sandbox"));
}

#[tokio::test]
async fn pages_are_served_under_their_host_under_addresses_and_under_no_other() {
    let shop = Shop::new().await;
    for (host, status) in [
        ("club.example", 200),
        ("CLUB.example:443", 200),
        ("127.0.0.1:8080", 200),
        ("[::1]:8080", 200),
        ("[::1]", 200),
        ("192.0.2.7", 200),
        ("localhost:1234", 200),
        ("usher", 200),
        ("club.example:8443", 421),
        ("evil.example", 421),
        ("club.example.evil.example", 421),
        ("localhost.evil.example", 421),
        ("127.0.0.1.evil.example", 421),
        ("", 421),
    ] {
        let answer = shop.ask(with(browser(Method::GET, "/"), "host", host)).await;
        assert_eq!(answer.status, status, "{host}");
        assert_eq!(answer.body.contains("This site is at https://club.example"), status == 421);
        assert!(!answer.body.contains("evil.example"), "{host}");
    }
    // What programs fetch has no such limit.
    let feed =
        shop.ask(with(browser(Method::GET, "/feed/public.xml"), "host", "evil.example")).await;
    assert_eq!(feed.status, 200);
}

#[tokio::test]
async fn links_begin_with_the_path_of_the_public_url() {
    let shop = Shop::with("https://club.example/shop", Appearance::default()).await;
    let page = shop.get("/").await.body;
    assert!(
        page.contains("href=\"/shop/feeds\"") && page.contains("href=\"/shop/assets/"),
        "{page}"
    );
    assert!(page.contains("rel=\"canonical\" href=\"https://club.example/shop/\""), "{page}");
    assert!(!page.contains("href=\"/feeds\""));
}

#[tokio::test]
async fn people_read_a_page_about_what_went_wrong_and_programs_a_line() {
    let shop = Shop::new().await;
    for (method, path, status, expected) in [
        (Method::GET, "/nonsense", 404, "There is nothing at this address"),
        (Method::GET, "/about", 404, "There is nothing at this address"),
        (Method::POST, "/", 405, "does not take that kind of request"),
        (Method::GET, "/%00", 404, "There is nothing at this address"),
    ] {
        let answer = shop.ask(browser(method, path)).await;
        assert_eq!(answer.status, status, "{path}");
        assert!(answer.body.contains(expected) && answer.body.contains("<h1>"), "{}", answer.body);
        assert!(answer.body.contains("noindex"));
    }
    for (path, expected) in [
        ("/nonsense", "nothing here\n"),
        ("/t/free/x.torrent", "nothing here\n"),
        ("/feed/x/club.xml", "nothing here\n"),
    ] {
        let request = Request::get(path).body(Body::empty()).unwrap();
        assert_eq!(shop.ask(request).await.body, expected);
        // A browser that opens what is meant for a program gets the same.
        if path != "/nonsense" {
            assert_eq!(shop.get(path).await.body, expected);
        }
    }
}

#[tokio::test]
async fn texts_of_the_publisher_are_pages() {
    let texts = Texts {
        terms: "First.\n\n<script>2</script> & last.".to_owned(),
        footer: "An independent studio.".to_owned(),
        ..Texts::default()
    };
    let contact = Some("mailto:ada@example.org".to_owned());
    let shop = Shop::with(PUBLIC_URL, Appearance { texts, contact, ..Appearance::default() }).await;
    let terms = shop.get("/terms").await;
    assert_eq!(terms.status, 200);
    assert!(
        terms.body.contains("<p>First.</p>") && !terms.body.contains("<script>"),
        "{}",
        terms.body
    );
    assert!(terms.body.contains("An independent studio."));
    assert!(terms.body.contains("href=\"mailto:ada@example.org\""));
    assert!(terms.body.contains("href=\"/terms\"") && !terms.body.contains("href=\"/privacy\""));
    assert_eq!(shop.get("/privacy").await.status, 404);
}

#[tokio::test]
async fn without_pages_people_get_what_programs_get() {
    let appearance = Appearance { pages: false, ..Appearance::default() };
    let shop = Shop::with(PUBLIC_URL, appearance).await;
    let landing = shop.get("/").await;
    assert!(landing.body.starts_with("This is a BitTorrent tracker"), "{}", landing.body);
    let item = shop.get("/items/film").await;
    assert_eq!(
        (item.status, &item.headers[LOCATION]),
        (StatusCode::SEE_OTHER, &"/".parse().unwrap())
    );
    assert_eq!(shop.get("/terms").await.body, "nothing here\n");
}

/// What stands between two texts.
fn between<'a>(text: &'a str, start: &str, end: &str) -> &'a str {
    text.split_once(start).unwrap().1.split_once(end).unwrap().0
}
