//! What every answer says about itself, and which hosts pages are served under.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::header::{
    CONTENT_SECURITY_POLICY, HOST, HeaderMap, HeaderName, HeaderValue, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS,
};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};

use super::failure::Failure;
use super::look::{Look, host_of};
use crate::http::text;
use crate::site::state::Site;

/// Says on every answer what browsers may do with it. A handler that says it otherwise is right.
pub(in crate::site) async fn headers(
    State(site): State<Arc<Site>>,
    request: Request,
    next: Next,
) -> Response {
    let policy = site.look().policy();
    let mut response = next.run(request).await;
    let head = response.headers_mut();
    for (name, value) in FIXED {
        head.entry(name).or_insert(HeaderValue::from_static(value));
    }
    if let Ok(policy) = HeaderValue::try_from(policy) {
        head.entry(CONTENT_SECURITY_POLICY).or_insert(policy);
    }
    response
}

/// Serves pages under the site's own host, under an IP address and under a name without a dot, such as `localhost` or
/// a container's, and nowhere else.
///
/// A request for another host means that its name leads here by mistake, or that a page there wants to be taken for
/// ours (DNS rebinding), which no page by an address can. It is answered with 421 and a link, never by a redirect: a
/// proxy that changes `Host` would send browsers in a circle. Where there are no pages, people get what programs get.
pub(in crate::site) async fn gate(
    State(site): State<Arc<Site>>,
    request: Request,
    next: Next,
) -> Response {
    let look = site.look();
    if !look.appearance.pages {
        return bare(request.uri().path());
    }
    if !is_ours(request.headers(), &look) {
        return Failure::other_host(&look.site).into_response();
    }
    next.run(request).await
}

fn is_ours(headers: &HeaderMap, look: &Look) -> bool {
    // The listener refuses two, and HTTP/1.0 has none.
    let Some(host) = headers.get(HOST) else { return true };
    let Ok(host) = host.to_str() else { return false };
    let scheme = look.origin.split_once("://").map_or("", |(scheme, _)| scheme);
    let host = host_of(scheme, host);
    if host == look.host {
        return true;
    }
    let name =
        host.rsplit_once(':').filter(|(_, port)| is_port(port)).map_or(&*host, |(name, _)| name);
    let address = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(name);
    address.parse::<IpAddr>().is_ok() || !(name.is_empty() || name.contains(['.', ':']))
}

fn is_port(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

/// What there is at a page's path where there are no pages.
fn bare(path: &str) -> Response {
    match path {
        "/" => text(axum::http::StatusCode::OK, LANDING),
        // The comment of each torrent names it. Any name goes the same way, so that nobody learns by
        // trying which items there are.
        _ if path.starts_with("/items/") => Redirect::to("/").into_response(),
        _ => Failure::not_found().into_response(),
    }
}

impl Look {
    /// The content security policy: everything from this site alone, and nothing inline.
    fn policy(&self) -> String {
        let mut policy = String::from(
            "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; media-src 'self'; \
             frame-ancestors 'none'; base-uri 'none'; form-action 'self'",
        );
        // Browsers hold a form's redirects to it as well, and a payment begins with one.
        for target in &self.appearance.form_targets {
            policy.push(' ');
            policy.push_str(target);
        }
        policy
    }
}

/// Headers of every answer.
pub(crate) const FIXED: [(HeaderName, &str); 4] = [
    (REFERRER_POLICY, "no-referrer"),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (
        HeaderName::from_static("permissions-policy"),
        "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
    ),
];
const LANDING: &str = "This is a BitTorrent tracker that knows who paid. Its feeds and torrents have links of their own.\n";
