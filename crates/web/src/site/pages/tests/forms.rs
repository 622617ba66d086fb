//! Forms: what is let through, and everything else.

use axum::extract::State;
use axum::http::header::SET_COOKIE;
use axum::response::Response;
use axum::routing::get;
use serde::Deserialize;

use super::*;
use crate::http::Origin;
use crate::site::pages::form::CheckedForm;
use crate::site::pages::layout::Section;
use crate::site::pages::visitor::Visitor;

#[tokio::test]
async fn a_form_gets_through_with_its_token_from_its_own_page() {
    let site = FormSite::new(PUBLIC_URL).await;
    let (cookie, token) = site.open().await;
    assert!(cookie.starts_with("__Host-usher-visitor="), "{cookie}");
    let answer = site.send(&cookie, &token, &[("sec-fetch-site", "same-origin")]).await;
    assert_eq!((answer.status, answer.body.as_str()), (StatusCode::OK, "got ada & bob"));
    // An older browser says where the form was by Origin alone.
    let answer = site.send(&cookie, &token, &[("origin", PUBLIC_URL)]).await;
    assert_eq!(answer.status, 200);
}

#[tokio::test]
async fn a_form_from_elsewhere_is_refused() {
    let site = FormSite::new(PUBLIC_URL).await;
    let (cookie, token) = site.open().await;
    for source in [
        &[("sec-fetch-site", "cross-site")][..],
        &[("sec-fetch-site", "same-site")],
        &[("sec-fetch-site", "none")],
        &[("sec-fetch-site", "")],
        &[("sec-fetch-site", "cross-site"), ("origin", PUBLIC_URL)],
        &[("origin", "https://evil.example")],
        &[("origin", "http://club.example")],
        &[("origin", "https://club.example:8443")],
        &[("origin", "null")],
        &[],
    ] {
        let answer = site.send(&cookie, &token, source).await;
        assert_eq!(answer.status, 403, "{source:?}");
        assert!(answer.body.contains("nothing was changed"), "{}", answer.body);
    }
}

#[tokio::test]
async fn a_form_without_its_own_token_is_refused() {
    let site = FormSite::new(PUBLIC_URL).await;
    let (cookie, token) = site.open().await;
    let (foreign_cookie, foreign_token) = site.open().await;
    assert_ne!((&cookie, &token), (&foreign_cookie, &foreign_token));
    let twice = format!("{token}&form_token={token}");
    for (cookie, token) in [
        (&*cookie, ""),
        (&*cookie, "00"),
        (&*cookie, &*foreign_token),
        (&*foreign_cookie, &*token),
        ("", &*token),
        ("__Host-usher-visitor=", &*token),
        ("usher-visitor=0123", &*token),
        (&*format!("{cookie}; {foreign_cookie}"), &*token),
        (&*cookie, &*twice),
    ] {
        let answer = site.send(cookie, token, &[("sec-fetch-site", "same-origin")]).await;
        assert_eq!(answer.status, 403, "{cookie} {token}");
        assert!(answer.body.contains("reload the page"), "{}", answer.body);
    }
    let body = "who=ada".to_owned();
    let answer = site.post(&cookie, body, FORM, &[("sec-fetch-site", "same-origin")]).await;
    assert_eq!(answer.status, 403);
}

#[tokio::test]
async fn a_site_without_tls_goes_by_the_token_alone() {
    let site = FormSite::new("http://club.example").await;
    let (cookie, token) = site.open().await;
    assert!(cookie.starts_with("usher-visitor="), "{cookie}");
    for source in [&[][..], &[("origin", "null")], &[("origin", "http://club.example")]] {
        assert_eq!(site.send(&cookie, &token, source).await.status, 200, "{source:?}");
    }
    for source in [&[("origin", "http://evil.example")][..], &[("sec-fetch-site", "cross-site")]] {
        assert_eq!(site.send(&cookie, &token, source).await.status, 403, "{source:?}");
    }
    assert_eq!(site.send(&cookie, "", &[]).await.status, 403);
}

#[tokio::test]
async fn what_is_no_form_or_too_long_is_named() {
    let site = FormSite::new(PUBLIC_URL).await;
    let (cookie, token) = site.open().await;
    let same = [("sec-fetch-site", "same-origin")];
    let whole = format!("form_token={token}&who=ada");
    let json = site.post(&cookie, whole.clone(), "application/json", &same).await;
    assert_eq!(json.status, 415);
    let padded = format!("{whole}&x={}", "x".repeat((64 << 10) - whole.len() - 3));
    assert_eq!(padded.len(), 64 << 10);
    assert_eq!(site.post(&cookie, padded.clone(), FORM, &same).await.status, 200);
    assert_eq!(site.post(&cookie, padded + "x", FORM, &same).await.status, 413);
    let missing = site.post(&cookie, format!("form_token={token}"), FORM, &same).await;
    assert_eq!(missing.status, 400);
    assert!(
        missing.body.contains("missing field `who`") || missing.body.contains("missing field"),
        "{}",
        missing.body
    );
}

#[tokio::test]
async fn a_network_that_sends_too_many_forms_waits() {
    let site = FormSite::new(PUBLIC_URL).await;
    let (cookie, token) = site.open().await;
    let same = [("sec-fetch-site", "same-origin")];
    for _ in 0..120 {
        assert_eq!(site.send(&cookie, &token, &same).await.status, 200);
    }
    let refused = site.send(&cookie, &token, &same).await;
    assert_eq!(refused.status, 429);
    let wait: u64 = refused.headers["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=2).contains(&wait), "{wait}");
    assert!(refused.body.contains("Try again in"), "{}", refused.body);
}

/// A site with one form.
struct FormSite {
    shop: Shop,
}

#[derive(Deserialize)]
struct Fields {
    who: String,
}

impl FormSite {
    async fn new(public_url: &str) -> Self {
        Self { shop: Shop::with(public_url, Appearance::default()).await }
    }

    fn router(&self) -> Router {
        let site = Arc::clone(&self.shop.site);
        let routes = Router::new().route("/form", get(page).post(receive));
        routes
            .layer(axum::extract::DefaultBodyLimit::max(crate::site::MAX_BODY_BYTES))
            .layer(from_fn_with_state(Arc::clone(&site), failures))
            .with_state(site)
    }

    /// Opens the page: its cookie and its token.
    async fn open(&self) -> (String, String) {
        let answer = ask(self.router(), browser(Method::GET, "/form")).await;
        let cookie = answer.headers[SET_COOKIE].to_str().unwrap();
        assert!(
            cookie.ends_with("; Path=/; HttpOnly; SameSite=Lax; Secure")
                || cookie.starts_with("usher-visitor=")
        );
        assert_eq!(answer.headers["cache-control"], "private, no-cache");
        (cookie.split(';').next().unwrap().to_owned(), answer.body)
    }

    async fn send(&self, cookie: &str, token: &str, source: &[(&'static str, &str)]) -> Answer {
        self.post(cookie, format!("form_token={token}&who=ada+%26+bob"), FORM, source).await
    }

    async fn post(
        &self,
        cookie: &str,
        body: String,
        kind: &str,
        source: &[(&'static str, &str)],
    ) -> Answer {
        let mut request = browser(Method::POST, "/form");
        *request.body_mut() = body.into();
        request.extensions_mut().insert(Origin([192, 0, 2, 1].into()));
        request = with(request, "content-type", kind);
        request = with(request, "cookie", cookie);
        for (name, value) in source {
            request = with(request, name, value);
        }
        ask(self.router(), request).await
    }
}

async fn page(State(_): State<Arc<Site>>, mut visitor: Visitor) -> Response {
    let token = visitor.form_token();
    visitor.page(&Bare(token))
}

async fn receive(CheckedForm { visitor, fields }: CheckedForm<Fields>) -> Response {
    let _ = visitor.layout(Section::Elsewhere, "");
    visitor.page(&Bare(format!("got {}", fields.who)))
}

/// A page that is nothing but a text.
#[derive(askama::Template)]
#[template(source = "{{ self.0|safe }}", ext = "html")]
struct Bare(String);

const FORM: &str = "application/x-www-form-urlencoded; charset=UTF-8";
