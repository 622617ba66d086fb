//! Problem documents of RFC 9457, and the tokens of requests that may be answered with one.

use api::error::{PROBLEM_TYPE, ProblemKind};
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};

/// A refusal of a kind.
pub(crate) fn problem(kind: ProblemKind, detail: impl Into<String>) -> Response {
    let status = StatusCode::from_u16(kind.status());
    let status = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let body = serde_json::to_vec(&kind.because(detail)).unwrap_or_default();
    (status, [(CONTENT_TYPE, PROBLEM_TYPE)], body).into_response()
}

/// What is sent as a bearer token: `None` where nothing is, and `Some(None)` where it can't be one.
pub(crate) fn bearer(headers: &HeaderMap) -> Option<Option<&str>> {
    let mut sent = headers.get_all(AUTHORIZATION).iter();
    let value = sent.next()?;
    if sent.next().is_some() {
        return Some(None);
    }
    let text = value.to_str().ok().and_then(|text| text.split_once(' '));
    let is_bearer = |scheme: &str| scheme.eq_ignore_ascii_case("bearer");
    Some(text.filter(|(scheme, _)| is_bearer(scheme)).map(|(_, token)| token.trim()))
}
