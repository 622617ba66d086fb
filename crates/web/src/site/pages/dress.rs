//! What happens to every answer on its way out: a failure becomes a page for people, what may be kept gets an
//! entity tag, and text is compressed.

use std::sync::Arc;

use askama::Template;
use axum::body::{Body, Bytes, HttpBody, to_bytes};
use axum::extract::{Request, State};
use axum::http::header::{
    ACCEPT, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, ETAG, HeaderMap,
    HeaderValue, IF_NONE_MATCH, VARY,
};
use axum::http::{Method, StatusCode};
use axum::middleware::Next;
use axum::response::Response;

use super::asset::digest;
use super::failure::Failure;
use super::layout::{Layout, Section};
use super::look::Look;
use crate::http::{EntityTag, gzip, takes_gzip};
use crate::site::state::Site;

/// The page of a failure.
#[derive(Template)]
#[template(path = "failure.html")]
struct FailurePage<'a> {
    layout: Layout,
    status: u16,
    text: &'a str,
}

/// Makes pages of failures, for whoever takes HTML.
pub(in crate::site) async fn failures(
    State(site): State<Arc<Site>>,
    request: Request,
    next: Next,
) -> Response {
    let look = site.look();
    let takes_html = look.appearance.pages
        && takes_html(request.headers())
        && !is_for_programs(request.uri().path());
    let mut response = next.run(request).await;
    if takes_html && let Some(failure) = response.extensions_mut().remove::<Failure>() {
        return dressed(response, &failure, look);
    }
    response
}

fn dressed(mut response: Response, failure: &Failure, look: Arc<Look>) -> Response {
    let layout = Layout::new(look, Section::Elsewhere, failure.title(), None);
    let status = response.status().as_u16();
    let page = FailurePage { layout, status, text: failure.text() };
    if let Ok(html) = page.render() {
        *response.body_mut() = html.into();
        response.headers_mut().insert(CONTENT_TYPE, HTML);
        response.headers_mut().remove(CONTENT_LENGTH);
    }
    response
}

/// Gives answers that may be kept an entity tag, and compresses text. Only what is in memory as a whole.
pub(in crate::site) async fn shorten(request: Request, next: Next) -> Response {
    let headers = request.headers().clone();
    let is_get = request.method() == Method::GET;
    let response = next.run(request).await;
    let head = response.headers();
    let is_whole = response.body().size_hint().exact().is_some_and(|bytes| bytes <= MAX_BYTES);
    if !is_whole || !is_text(head) || head.contains_key(CONTENT_ENCODING) {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    let Ok(bytes) = to_bytes(body, usize::MAX).await else {
        return Response::from_parts(parts, Body::empty());
    };
    let gzipped = if takes_gzip(&headers) { gzip(&bytes) } else { None };
    let is_kept = |control: &HeaderValue| control.as_bytes().starts_with(b"public");
    if is_get
        && parts.status == StatusCode::OK
        && parts.headers.get(CACHE_CONTROL).is_some_and(is_kept)
    {
        let tag = EntityTag::new(digest(&bytes));
        let mut known = headers.get_all(IF_NONE_MATCH).iter();
        let is_known = known.any(|known| tag.is_weakly_in(known.as_bytes()));
        // Weak, as it names the page and not its coding.
        if let Ok(tag) = HeaderValue::try_from(format!("W/{tag}")) {
            parts.headers.insert(ETAG, tag);
        }
        if is_known {
            parts.status = StatusCode::NOT_MODIFIED;
            parts.headers.remove(CONTENT_LENGTH);
            parts.headers.remove(CONTENT_TYPE);
            return Response::from_parts(parts, Body::empty());
        }
    }
    parts.headers.append(VARY, HeaderValue::from_static("Accept-Encoding"));
    let bytes = match gzipped {
        Some(gzipped) => {
            parts.headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
            parts.headers.remove(CONTENT_LENGTH);
            Bytes::from(gzipped)
        }
        None => bytes,
    };
    Response::from_parts(parts, bytes.into())
}

fn is_text(headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE).map_or(&b""[..], HeaderValue::as_bytes);
    [&b"text/html"[..], b"image/svg+xml", b"application/xml"]
        .iter()
        .any(|text| kind.starts_with(text))
}

/// Whether a client asks for HTML by name: browsers do, and programs say `*/*` or nothing.
fn takes_html(headers: &HeaderMap) -> bool {
    let mut lists = headers.get_all(ACCEPT).iter().filter_map(|list| list.to_str().ok());
    lists.any(|list| list.contains("text/html"))
}

/// Whether a path is of what clients fetch by themselves: torrents, feeds, files and webhooks.
fn is_for_programs(path: &str) -> bool {
    ["/t/", "/feed/", "/ws/", "/d/", "/webhooks/"].iter().any(|start| path.starts_with(start))
}

/// Every page's media type.
pub(super) const HTML: HeaderValue = HeaderValue::from_static("text/html; charset=utf-8");
/// Nothing that is longer is held in memory once more.
const MAX_BYTES: u64 = 1 << 20;
