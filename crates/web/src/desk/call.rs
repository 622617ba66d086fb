//! Calls of the admin API within the process, as the admin who is signed in.
//!
//! Lists are read in either form that the API writes: an object with the rows and `next`, or the rows alone.

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::http::header::{CONTENT_TYPE, HeaderValue};
use axum::http::response::Parts;
use axum::http::{Method, Request, StatusCode};
use club::{AdminAccount, AdminRole};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::de::DeserializeOwned;
use serde_json::Value;
use tower::ServiceExt;

use super::stop::Stop;
use crate::api::Caller;
use crate::site::Failure;

/// Who calls.
pub(super) struct ApiCalls {
    pub(super) router: Router,
    pub(super) admin: AdminAccount,
}

/// A page of a list.
pub(super) struct CalledPage<T> {
    pub(super) rows: Vec<T>,
    /// What the next page is asked for with.
    pub(super) next: Option<String>,
    /// How many there are on all pages, where that is known.
    pub(super) total: Option<u64>,
}

/// What the API answered.
pub(super) struct ApiAnswer {
    pub(super) status: StatusCode,
    pub(super) value: Value,
}

impl ApiAnswer {
    /// What is wrong and what to do, of a refusal.
    pub(super) fn detail(&self) -> String {
        let text = |key| self.value.get(key).and_then(Value::as_str);
        text("detail").or_else(|| text("error")).unwrap_or("It was refused.").to_owned()
    }

    /// The document, where it was no refusal.
    pub(super) fn document<T: DeserializeOwned>(self) -> Result<T, Stop> {
        if !self.status.is_success() {
            return Err(Stop::refused(self.status, self.detail()));
        }
        serde_json::from_value(self.value).map_err(|error| {
            tracing::error!(%error, "the dashboard can't read what the API answers");
            Failure::unavailable().into()
        })
    }
}

impl ApiCalls {
    /// Reads a document.
    pub(super) async fn get<T: DeserializeOwned>(
        &self,
        path: &[&str],
        query: &[(&str, &str)],
    ) -> Result<T, Stop> {
        self.answer(Method::GET, path, query, None).await?.document()
    }

    /// Reads a page of a list.
    pub(super) async fn list<T: DeserializeOwned>(
        &self,
        path: &[&str],
        query: &[(&str, &str)],
    ) -> Result<CalledPage<T>, Stop> {
        let mut document: Value = self.get(path, query).await?;
        let next = document.get("next").and_then(Value::as_str).map(str::to_owned);
        let total = document.get("total").and_then(Value::as_u64);
        let mut fields =
            document.as_object_mut().into_iter().flat_map(|fields| fields.values_mut());
        let rows = fields.find(|value| value.is_array()).map(Value::take);
        let rows = serde_json::from_value(rows.unwrap_or_default()).map_err(|error| {
            tracing::error!(%error, "the dashboard can't read what the API lists");
            Failure::unavailable()
        })?;
        Ok(CalledPage { rows, next, total })
    }

    /// Changes something, and returns the answer, refusals too.
    pub(super) async fn send(
        &self,
        method: Method,
        path: &[&str],
        body: Option<Value>,
    ) -> Result<ApiAnswer, Stop> {
        self.answer(method, path, &[], body).await
    }

    /// Reads a file.
    pub(super) async fn file(&self, method: Method, path: &[&str]) -> Result<Bytes, Stop> {
        let (parts, bytes) = self.ask(method, path, &[], None).await?;
        if !parts.status.is_success() {
            return Err(Stop::refused(parts.status, "It can't be read.".to_owned()));
        }
        Ok(bytes)
    }

    /// Asks, and returns the answer, refusals too.
    async fn answer(
        &self,
        method: Method,
        path: &[&str],
        query: &[(&str, &str)],
        body: Option<Value>,
    ) -> Result<ApiAnswer, Stop> {
        let (parts, bytes) = self.ask(method, path, query, body).await?;
        let value = serde_json::from_slice(&bytes).unwrap_or_default();
        Ok(ApiAnswer { status: parts.status, value })
    }

    async fn ask(
        &self,
        method: Method,
        path: &[&str],
        query: &[(&str, &str)],
        body: Option<Value>,
    ) -> Result<(Parts, Bytes), Stop> {
        // The table of forms says the same; this holds whatever a page may ask for.
        if method != Method::GET && self.admin.role == AdminRole::ReadOnly {
            return Err(Stop::role(self.admin.role));
        }
        let request = Request::builder().method(method).uri(uri(path, query));
        let content = body.map(|body| body.to_string());
        let has_body = content.is_some();
        let mut request =
            request.body(content.map(Body::from).unwrap_or_default()).map_err(|error| {
                tracing::error!(%error, "the dashboard can't ask the API");
                Failure::unavailable()
            })?;
        if has_body {
            let json = HeaderValue::from_static("application/json");
            request.headers_mut().insert(CONTENT_TYPE, json);
        }
        // The record names the admin, and the role is judged there too.
        let AdminAccount { name, role, .. } = self.admin.clone();
        request.extensions_mut().insert(Caller::Admin { name, role });
        let answered = match self.router.clone().oneshot(request).await {
            Ok(answered) => answered,
            Err(never) => match never {},
        };
        let (parts, body) = answered.into_parts();
        let bytes = to_bytes(body, MAX_ANSWER).await.map_err(|_| Failure::unavailable())?;
        Ok((parts, bytes))
    }
}

/// The path of an operation, with its query.
fn uri(path: &[&str], query: &[(&str, &str)]) -> String {
    let mut uri = "/api/v1".to_owned();
    for segment in path {
        uri.push('/');
        uri.extend(utf8_percent_encode(segment, SEGMENT));
    }
    let filled: Vec<_> = query.iter().filter(|(_, value)| !value.is_empty()).collect();
    if !filled.is_empty() {
        let mut pairs = form_urlencoded::Serializer::new(String::new());
        pairs.extend_pairs(filled);
        uri.push('?');
        uri.push_str(&pairs.finish());
    }
    uri
}

/// What is written otherwise in a segment of a path.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_');
/// The largest answer that is read, in bytes.
const MAX_ANSWER: usize = 16 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_and_a_query_hold_what_was_typed_and_nothing_more() {
        for (path, query, expected) in [
            (&["members", "ada"][..], &[][..], "/api/v1/members/ada"),
            (&["members", "a/../b?c"], &[], "/api/v1/members/a%2F..%2Fb%3Fc"),
            (&["items"], &[("search", "a&b=c"), ("after", "")], "/api/v1/items?search=a%26b%3Dc"),
        ] {
            assert_eq!(uri(path, query), expected);
        }
    }
}
