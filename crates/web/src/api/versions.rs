//! Versions over HTTP: `ETag` in answers, `If-Match` in requests.
//!
//! Two operators may look at the same thing and change it. The one who comes second is refused, and is shown what the
//! first one made of it.

use api::error::{CurrentState, ProblemKind};
use axum::Json;
use axum::extract::FromRequestParts;
use axum::http::header;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use club::{Expected, Version};
use serde::Serialize;

use super::error::ApiError;

/// The versions that a change expects to find.
pub(super) struct IfMatch(pub(super) Expected);

impl<S: Send + Sync> FromRequestParts<S> for IfMatch {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let mut tags = Vec::new();
        let mut is_named = false;
        for value in parts.headers.get_all(header::IF_MATCH) {
            is_named = true;
            let text = value.to_str().map_err(|_| malformed("a byte that is not ASCII"))?;
            if text.trim() == "*" {
                // What is not there is refused as missing.
                return Ok(Self(Expected::Anything));
            }
            for tag in text.split(',').map(str::trim).filter(|tag| !tag.is_empty()) {
                tags.extend(read(tag)?);
            }
        }
        Ok(Self(if is_named { Expected::OneOf(tags) } else { Expected::Anything }))
    }
}

/// The version of a tag. A weak tag matches nothing, nor does a tag that this daemon never gave.
fn read(tag: &str) -> Result<Option<Version>, ApiError> {
    let strong = tag.strip_prefix("W/").unwrap_or(tag);
    let quoted = strong.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    let quoted = quoted.filter(|inner| !inner.contains('"')).ok_or_else(|| malformed(tag))?;
    Ok(Version::parse(quoted).filter(|_| strong.len() == tag.len()))
}

fn malformed(found: &str) -> ApiError {
    let text = format!(
        "If-Match has {found:?}: expected `*`, or tags in quotation marks as an ETag has them"
    );
    ApiError::of(ProblemKind::BadRequest, text).in_field("if-match")
}

/// JSON with the version of what it shows.
pub(super) struct Tagged<T>(pub(super) Version, pub(super) T);

impl<T: Serialize> IntoResponse for Tagged<T> {
    fn into_response(self) -> Response {
        ([(header::ETAG, format!("\"{}\"", self.0))], Json(self.1)).into_response()
    }
}

/// A refusal, with what is there now if that is why.
pub(super) async fn stale<T>(
    outcome: Result<T, club::Error>,
    current: impl Future<Output = Result<CurrentState, ApiError>>,
) -> Result<T, ApiError> {
    match outcome {
        Err(club::Error::Stale) => {
            Err(ApiError::from(club::Error::Stale).with_current(current.await?))
        }
        outcome => Ok(outcome?),
    }
}

/// What the header is for, in the document.
pub(super) const IF_MATCH: &str =
    "Versions from `ETag`, one of which must still be there, or the change is refused with 412.";

#[cfg(test)]
mod tests {
    use axum::http::Request;

    use super::*;

    #[tokio::test]
    async fn strong_tags_of_ours_are_expected_and_others_match_nothing() {
        let version = Version::parse(&"0a".repeat(16)).unwrap();
        let ours = format!("\"{version}\"");
        let one = Expected::OneOf(vec![version]);
        let none = Expected::OneOf(Vec::new());
        check(&[], Some(Expected::Anything)).await;
        check(&["*"], Some(Expected::Anything)).await;
        check(&[&ours], Some(one.clone())).await;
        check(&["\"x\", \"\"", &ours], Some(one.clone())).await;
        check(&[&format!("\"x\",{ours},")], Some(one)).await;
        check(&[&format!("W/{ours}")], Some(none.clone())).await;
        check(&["\"x\""], Some(none)).await;
        for wrong in ["x", "\"x", "\"x\"y\"", "W/x", "\"a\" \"b\""] {
            check(&[wrong], None).await;
        }
    }

    async fn check(values: &[&str], expected: Option<Expected>) {
        let mut request = Request::builder();
        for value in values {
            request = request.header(header::IF_MATCH, *value);
        }
        let (mut parts, ()) = request.body(()).unwrap().into_parts();
        let found = IfMatch::from_request_parts(&mut parts, &()).await;
        assert_eq!(found.ok().map(|IfMatch(found)| found), expected, "{values:?}");
    }
}
