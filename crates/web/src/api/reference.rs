//! The OpenAPI document for programs and for people: `/openapi.json`, and `/docs`, a page that is made of it.
//!
//! `docs/api-reference.md` is the same page in the repository; a test compares the two. Anybody may read both,
//! because they hold nothing of this daemon's.

use std::sync::LazyLock;

use askama::Template;
use axum::Router;
use axum::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::response::IntoResponse;
use pulldown_cmark::{Options, Parser, html};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::document::document;
use super::reference_text::markdown;

/// Routes the document and the page.
pub fn reference() -> Router {
    documented().split_for_parts().0
}

/// The same with their own part of the document.
pub(super) fn documented<S: Clone + Send + Sync + 'static>() -> OpenApiRouter<S> {
    OpenApiRouter::default().routes(routes!(json)).routes(routes!(page))
}

/// Returns the OpenAPI document.
#[utoipa::path(
    get,
    path = "/openapi.json",
    operation_id = "show_document",
    tag = "reference",
    responses((status = 200, content_type = "application/json", body = Object)),
    security(())
)]
async fn json() -> impl IntoResponse {
    ([(CONTENT_TYPE, "application/json")], JSON.as_str())
}

/// Returns the reference as a page.
#[utoipa::path(
    get,
    path = "/docs",
    operation_id = "show_reference",
    tag = "reference",
    responses((status = 200, content_type = "text/html; charset=utf-8", body = String)),
    security(())
)]
async fn page() -> impl IntoResponse {
    let head =
        [(CONTENT_TYPE, "text/html; charset=utf-8"), (CONTENT_SECURITY_POLICY, NOTHING_FOREIGN)];
    (head, PAGE.as_str())
}

/// The page around the text.
#[derive(Template)]
#[template(path = "api-reference.html")]
struct ReferencePage {
    body: String,
}

static JSON: LazyLock<String> = LazyLock::new(|| {
    // utoipa writes `u-int32`; the registry of formats has `uint32`.
    let json = document().to_json().unwrap_or_default();
    json.replace("\"format\":\"u-int", "\"format\":\"uint")
});

static PAGE: LazyLock<String> = LazyLock::new(|| {
    let text = markdown(document());
    let mut body = String::new();
    html::push_html(
        &mut body,
        Parser::new_ext(&text, Options::ENABLE_TABLES | Options::ENABLE_HEADING_ATTRIBUTES),
    );
    ReferencePage { body }.render().unwrap_or_default()
});

const NOTHING_FOREIGN: &str = "default-src 'none'; style-src 'unsafe-inline'";
