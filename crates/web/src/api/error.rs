//! What is said where a request can't be done: a problem document of RFC 9457.

use std::error::Error as _;

use api::error::{CurrentState, PROBLEM_TYPE, ProblemDocument, ProblemKind};
use axum::body::to_bytes;
use axum::extract::Request;
use axum::extract::rejection::JsonRejection;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use club::Fault;

/// A problem, as a handler returns it.
#[derive(Debug)]
pub(super) struct ApiError(Box<ProblemDocument>);

impl ApiError {
    /// The problem of a kind.
    pub(super) fn of(kind: ProblemKind, detail: impl Into<String>) -> Self {
        Self(Box::new(kind.because(detail)))
    }

    /// The problem that a status means.
    pub(super) fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        let mut problem = ProblemKind::of(status.as_u16()).because(detail);
        problem.status = status.as_u16();
        Self(Box::new(problem))
    }

    /// What was asked for is not there.
    pub(super) fn missing(detail: impl Into<String>) -> Self {
        Self::of(ProblemKind::NotFound, detail)
    }

    /// The daemon itself failed.
    pub(super) fn broken() -> Self {
        Self::of(ProblemKind::Internal, "the daemon stumbled: see its log")
    }

    /// The path is there, the method is not.
    pub(super) fn method() -> Self {
        Self::of(ProblemKind::Method, "this path does not take that method")
    }

    /// The request is understood and makes no sense.
    pub(super) fn unprocessable(detail: impl Into<String>) -> Self {
        Self::of(ProblemKind::Unprocessable, detail)
    }

    /// With what is there now.
    pub(super) fn with_current(mut self, current: CurrentState) -> Self {
        self.0.current = Some(Box::new(current));
        self
    }

    /// With the field of the request that is to blame.
    pub(super) fn in_field(mut self, field: impl Into<String>) -> Self {
        self.0.field = Some(field.into());
        self
    }

    /// With the scope that is missing.
    pub(super) fn lacking(mut self, scope: &str) -> Self {
        self.0.scope = Some(scope.to_owned());
        self
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.0.status);
        let status = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = serde_json::to_vec(&self.0).unwrap_or_default();
        (status, [(CONTENT_TYPE, PROBLEM_TYPE)], body).into_response()
    }
}

impl From<ApiError> for ProblemDocument {
    fn from(error: ApiError) -> Self {
        *error.0
    }
}

impl From<club::Error> for ApiError {
    fn from(error: club::Error) -> Self {
        let kind = match error.fault() {
            Fault::Conflict => ProblemKind::Conflict,
            Fault::Missing => ProblemKind::NotFound,
            Fault::Ours => ProblemKind::Unavailable,
            Fault::Request => ProblemKind::Unprocessable,
            Fault::Stale => ProblemKind::Stale,
        };
        let problem = Self::of(kind, error.to_string());
        match error {
            club::Error::PageEnd(_) => problem.in_field("after"),
            _ => problem,
        }
    }
}

impl From<JsonRejection> for ApiError {
    fn from(rejection: JsonRejection) -> Self {
        let error = Self::new(rejection.status(), rejection.body_text());
        match field_of(&rejection) {
            Some(field) => error.in_field(field),
            None => error,
        }
    }
}

/// The field to blame, where a body is JSON and does not fit. axum returns the error of `serde_path_to_error` in a
/// box, and its text begins with the path of the field.
fn field_of(rejection: &JsonRejection) -> Option<String> {
    let JsonRejection::JsonDataError(error) = rejection else { return None };
    let text = error.source()?.to_string();
    if let Some((_, rest)) = text.split_once("missing field `") {
        return rest.split('`').next().map(str::to_owned);
    }
    let (path, _) = text.split_once(": ")?;
    let is_path = |c: char| c.is_ascii_alphanumeric() || "_-.[]".contains(c);
    path.chars().all(is_path).then(|| path.to_owned())
}

/// Makes a problem of a refusal that is none yet, such as axum's own.
pub(super) async fn as_problem(request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    let status = response.status();
    let is_refusal = status.is_client_error() || status.is_server_error();
    let has_problem = response
        .headers()
        .get(CONTENT_TYPE)
        .is_some_and(|found| found == HeaderValue::from_static(PROBLEM_TYPE));
    if !is_refusal || has_problem {
        return response;
    }
    let (parts, body) = response.into_parts();
    let text = to_bytes(body, MAX_TEXT).await.unwrap_or_default();
    let text = String::from_utf8_lossy(&text).trim().to_owned();
    let text = if text.is_empty() { ProblemKind::of(status.as_u16()).title() } else { &text };
    let mut problem = ApiError::new(status, text).into_response();
    for (name, value) in &parts.headers {
        if name != CONTENT_TYPE && name != CONTENT_LENGTH {
            problem.headers_mut().append(name, value.clone());
        }
    }
    problem
}

/// Maximum size of a refusal that is made a problem, in bytes.
const MAX_TEXT: usize = 64 << 10;
