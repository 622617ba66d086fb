//! The one way to read a form of the dashboard. What gets through was sent from a page of ours, by the browser it was
//! made for, by somebody who may.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, MatchedPath, Request};
use axum::http::HeaderMap;
use axum::http::header::{CONTENT_TYPE, HOST, HeaderName, HeaderValue, ORIGIN};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::access;
use super::state::Dashboard;
use super::stop::Stop;
use super::visitor::DeskVisitor;
use crate::http::Action;
use crate::site::Failure;

/// A form that was checked, and who sent it.
pub(super) struct DeskForm<T> {
    pub(super) visitor: DeskVisitor,
    pub(super) fields: T,
}

/// The fields that every form has.
#[derive(Deserialize)]
struct Common {
    form_token: String,
    /// The page where the form was, for coming back to it.
    #[serde(default)]
    back: String,
}

/// A form with a button alone.
#[derive(Deserialize)]
pub(super) struct ButtonOnly {}

impl<T: DeserializeOwned> FromRequest<Arc<Dashboard>> for DeskForm<T> {
    type Rejection = Stop;

    async fn from_request(request: Request, desk: &Arc<Dashboard>) -> Result<Self, Stop> {
        let (mut parts, body) = request.into_parts();
        let visitor = DeskVisitor::from_request_parts(&mut parts, desk).await?;
        if !is_from_here(&parts.headers) {
            return Err(Failure::foreign_form().into());
        }
        if !is_form(&parts.headers) {
            return Err(Failure::not_a_form().into());
        }
        visitor.limit(Action::Form)?;
        let route = parts.extensions.get::<MatchedPath>().map(|path| path.as_str().to_owned());
        let body = Bytes::from_request(Request::from_parts(parts, body), desk).await;
        let body = body.map_err(|_| Failure::too_large())?;
        let Ok(common) = serde_html_form::from_bytes::<Common>(&body) else {
            return Err(Failure::stale_form().into());
        };
        if !visitor.has_issued(&common.form_token) {
            return Err(Failure::stale_form().into());
        }
        check_access(&visitor, route.as_deref().unwrap_or_default(), common.back)?;
        let fields = serde_html_form::from_bytes(&body).map_err(|error| {
            Failure::bad_request(format!(
                "A field of the form is missing or can't be read: {error}."
            ))
        })?;
        Ok(Self { visitor, fields })
    }
}

/// Refuses a form to whom it is not for.
fn check_access(visitor: &DeskVisitor, route: &str, back: String) -> Result<(), Stop> {
    let need = access::need(route).ok_or_else(Failure::not_found)?;
    if need == access::Need::Nothing {
        return Ok(());
    }
    let signed_in = visitor.signed_in.as_ref().ok_or(Stop::SignIn)?;
    if !need.is_met_by(signed_in.admin.role) {
        return Err(Stop::role(signed_in.admin.role));
    }
    if need.wants_confirmation() && !visitor.is_confirmed() {
        return Err(Stop::Confirm(back));
    }
    Ok(())
}

/// Whether a page of this origin sent it, by the browser's word.
fn is_from_here(headers: &HeaderMap) -> bool {
    let only = |name: &HeaderName| {
        let mut values = headers.get_all(name).iter().map(HeaderValue::as_bytes);
        (values.next(), values.next())
    };
    match (only(&SEC_FETCH_SITE), only(&ORIGIN), only(&HOST)) {
        ((Some(b"same-origin"), None), ..) => true,
        // Older browsers say where the form was.
        ((None, _), (Some(origin), None), (Some(host), None)) => [&b"https://"[..], b"http://"]
            .iter()
            .any(|scheme| origin.strip_prefix(*scheme) == Some(host)),
        _ => false,
    }
}

fn is_form(headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let essence = kind.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/x-www-form-urlencoded")
}

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
