//! The one way to read a form. What gets through was sent from a page of ours, by the browser it was made for.
//!
//! A browser says where a form was by `Sec-Fetch-Site`, or by `Origin` where it is too old for that. Neither tells
//! anything on a site without TLS: browsers leave the one out there, and send `null` for the other, because pages here
//! say `Referrer-Policy: no-referrer`. There the token alone decides; nobody can be signed in on such a site.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::StatusCode;
use axum::http::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, ORIGIN};
use axum::response::IntoResponse;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::failure::Failure;
use super::look::Look;
use super::visitor::Visitor;
use crate::http::Action;
use crate::site::state::Site;

/// A form that was checked, and who sent it.
pub(in crate::site) struct CheckedForm<T> {
    pub(in crate::site) visitor: Visitor,
    pub(in crate::site) fields: T,
}

/// The field that every form has.
#[derive(Deserialize)]
struct Token {
    form_token: String,
}

impl<T: DeserializeOwned> FromRequest<Arc<Site>> for CheckedForm<T> {
    type Rejection = Failure;

    async fn from_request(request: Request, site: &Arc<Site>) -> Result<Self, Failure> {
        let (mut parts, body) = request.into_parts();
        let visitor = Visitor::from_request_parts(&mut parts, site).await?;
        check_source(&parts.headers, &visitor.look)?;
        if !is_form(&parts.headers) {
            return Err(Failure::not_a_form());
        }
        visitor.limit(Action::Form)?;
        let body = Bytes::from_request(Request::from_parts(parts, body), site).await;
        let body = body.map_err(|rejection| match rejection.into_response().status() {
            StatusCode::PAYLOAD_TOO_LARGE => Failure::too_large(),
            _ => Failure::bad_request("The form did not arrive whole. Send it again."),
        })?;
        let token = serde_html_form::from_bytes::<Token>(&body);
        if !token.is_ok_and(|Token { form_token }| visitor.has_issued(&form_token)) {
            return Err(Failure::stale_form());
        }
        let fields = serde_html_form::from_bytes(&body).map_err(|error| {
            Failure::bad_request(format!(
                "A field of the form is missing or can't be read: {error}."
            ))
        })?;
        Ok(Self { visitor, fields })
    }
}

/// Refuses what was not sent from a page of this site, by the browser's word.
fn check_source(headers: &HeaderMap, look: &Look) -> Result<(), Failure> {
    let only = |name: &HeaderName| {
        let mut values = headers.get_all(name).iter().map(HeaderValue::as_bytes);
        (values.next(), values.next())
    };
    match (only(&SEC_FETCH_SITE), only(&ORIGIN)) {
        ((Some(b"same-origin"), None), _) => Ok(()),
        ((None, _), (Some(origin), None)) if origin == look.origin.as_bytes() => Ok(()),
        ((None, _), (None | Some(b"null"), None)) if !look.is_trustworthy => Ok(()),
        _ => Err(Failure::foreign_form()),
    }
}

fn is_form(headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let essence = kind.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/x-www-form-urlencoded")
}

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
