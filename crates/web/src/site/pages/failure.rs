//! Why a page is not shown. Programs get a line of text; `dress.rs` makes a page of it for people.

use std::borrow::Cow;

use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use axum::response::{IntoResponse, Response};

use crate::http::TooMany;

/// What went wrong, and what to do.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Failure {
    status: StatusCode,
    title: &'static str,
    /// For people.
    text: Cow<'static, str>,
    /// For programs; `None` for what people get.
    plain: Option<&'static str>,
    retry_after_secs: Option<u64>,
}

impl Failure {
    fn new(status: StatusCode, title: &'static str, text: impl Into<Cow<'static, str>>) -> Self {
        Self { status, title, text: text.into(), plain: None, retry_after_secs: None }
    }

    /// There is no such page, or none that may be known of.
    pub(crate) fn not_found() -> Self {
        let text = "There is nothing at this address. It may have been moved or withdrawn.";
        let plain = Some("nothing here\n");
        Self { plain, ..Self::new(StatusCode::NOT_FOUND, "Not found", text) }
    }

    /// There is no such thing: `text` says what was looked for.
    pub(crate) fn not_found_because(text: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "Not found", text)
    }

    /// There was something, and there is no more: `text` says why and what to do.
    pub(crate) fn gone(title: &'static str, text: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::GONE, title, text)
    }

    /// The path does not take the method.
    pub(crate) fn wrong_method() -> Self {
        let text = "This address does not take that kind of request.";
        let plain = Some("this path does not take that method\n");
        Self { plain, ..Self::new(StatusCode::METHOD_NOT_ALLOWED, "Not possible here", text) }
    }

    /// The request can't be read: `text` says what was expected, what was found and what to do.
    pub(crate) fn bad_request(text: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "That did not work", text)
    }

    /// Known, and not allowed: `text` says why and what to do.
    pub(crate) fn forbidden(title: &'static str, text: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::FORBIDDEN, title, text)
    }

    /// A form that can't have come from one of our pages.
    pub(crate) fn foreign_form() -> Self {
        let text = "Your browser says that this form was on another site, so nothing was changed. Go to the page on \
                    this site and send the form there.";
        Self::forbidden("Form refused", text)
    }

    /// A form whose token is missing, is somebody else's, or has expired.
    pub(crate) fn stale_form() -> Self {
        let text = "This form is out of date, or your browser did not send our cookie, so nothing was changed. Go back, \
                    reload the page and send the form again; cookies of this site must be allowed.";
        Self::forbidden("Form out of date", text)
    }

    /// A form in another encoding than browsers use.
    pub(crate) fn not_a_form() -> Self {
        let text = "Expected a form (application/x-www-form-urlencoded).";
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "That is not a form", text)
    }

    /// A body of too many bytes.
    pub(crate) fn too_large() -> Self {
        let text = "This form is longer than the site takes. Shorten the text and send it again.";
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "Too long", text)
    }

    /// The request names another host than the site's.
    pub(crate) fn other_host(site: &str) -> Self {
        let text = format!("This site is at {site}. The request asked for another host.");
        Self::new(StatusCode::MISDIRECTED_REQUEST, "Another address", text)
    }

    /// Too often: `TooMany` says when it may be tried again.
    pub(crate) fn too_many(too_many: TooMany) -> Self {
        let seconds = too_many.retry_after_secs;
        let text = match seconds {
            0..90 => format!("That was tried too often. Try again in {seconds} seconds."),
            _ => {
                format!("That was tried too often. Try again in {} minutes.", seconds.div_ceil(60))
            }
        };
        let retry_after_secs = Some(seconds);
        let failure = Self::new(StatusCode::TOO_MANY_REQUESTS, "Too often", text);
        Self { retry_after_secs, ..failure }
    }

    /// The daemon can't say, now.
    pub(crate) fn unavailable() -> Self {
        let text =
            "Something on our side does not answer. Nothing was changed; try again in a minute.";
        let failure = Self::new(StatusCode::SERVICE_UNAVAILABLE, "Not now", text);
        Self { plain: Some("try again later\n"), retry_after_secs: Some(60), ..failure }
    }

    pub(crate) fn title(&self) -> &'static str {
        self.title
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }
}

impl From<club::Error> for Failure {
    fn from(error: club::Error) -> Self {
        match error {
            club::Error::NotFound { .. } => Self::not_found(),
            error => {
                tracing::error!(%error, "a page can't be served");
                Self::unavailable()
            }
        }
    }
}

impl From<TooMany> for Failure {
    fn from(too_many: TooMany) -> Self {
        Self::too_many(too_many)
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let plain = self.plain.map_or_else(|| format!("{}\n", self.text), str::to_owned);
        let mut response = (self.status, plain).into_response();
        let head = response.headers_mut();
        head.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
        head.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(seconds) = self.retry_after_secs {
            head.insert(RETRY_AFTER, seconds.into());
        }
        response.extensions_mut().insert(self);
        response
    }
}
