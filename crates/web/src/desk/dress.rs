//! What happens to every request and answer of the dashboard: the host is checked, headers are set, a failure becomes
//! a page, and assets are served.

use std::net::IpAddr;
use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, Request, State};
use axum::http::HeaderMap;
use axum::http::header::{
    CONTENT_LENGTH, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HOST, HeaderValue,
};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::layout::{DeskLayout, DeskPlace};
use super::state::Dashboard;
use super::stop::Stop;
use crate::site::{FIXED_HEADERS, Failure};

/// The page of a failure.
#[derive(Template)]
#[template(path = "desk/failure.html")]
struct DeskFailurePage<'a> {
    layout: DeskLayout,
    text: &'a str,
}

/// Serves pages under an IP address, a name without a dot and, without TLS, nothing else: a name of somebody's that
/// leads here (DNS rebinding) would be taken for ours. With TLS the certificate proves the name.
pub(super) async fn gate(
    State(desk): State<Arc<Dashboard>>,
    request: Request,
    next: Next,
) -> Response {
    if !desk.has_tls && !is_local(request.headers()) {
        let text = "The dashboard is served under an IP address or localhost, as long as \
                    `admin.tls` is not set. The request asked for another host.";
        return Failure::forbidden("Another address", text).into_response();
    }
    next.run(request).await
}

fn is_local(headers: &HeaderMap) -> bool {
    let Some(host) = headers.get(HOST) else { return true };
    let Ok(host) = host.to_str() else { return false };
    let is_port = |port: &str| port.bytes().all(|byte| byte.is_ascii_digit());
    let name =
        host.rsplit_once(':').filter(|(_, port)| is_port(port)).map_or(host, |(name, _)| name);
    let address = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(name);
    address.parse::<IpAddr>().is_ok() || !(name.is_empty() || name.contains(['.', ':']))
}

/// Makes pages of failures, and says on every answer what browsers may do with it.
pub(super) async fn pages(
    State(desk): State<Arc<Dashboard>>,
    request: Request,
    next: Next,
) -> Response {
    let mut response = next.run(request).await;
    if let Some(failure) = response.extensions_mut().remove::<Failure>() {
        let title = failure.title().to_owned();
        let layout = DeskLayout::new(&desk, None, DeskPlace::Elsewhere, title, String::new());
        let page = DeskFailurePage { layout, text: failure.text() };
        if let Ok(html) = page.render() {
            *response.body_mut() = html.into();
            let html = HeaderValue::from_static("text/html; charset=utf-8");
            response.headers_mut().insert(CONTENT_TYPE, html);
            response.headers_mut().remove(CONTENT_LENGTH);
        }
    }
    let head = response.headers_mut();
    for (name, value) in FIXED_HEADERS {
        head.entry(name).or_insert(HeaderValue::from_static(value));
    }
    head.entry(CONTENT_SECURITY_POLICY).or_insert(HeaderValue::from_static(POLICY));
    response
}

/// `/assets/<digest>/<name>`: the dashboard's own files, and those that it shares with the site.
pub(super) async fn asset(
    State(desk): State<Arc<Dashboard>>,
    Path((digest, name)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, Stop> {
    let own = [&desk.style, &desk.script].into_iter().find(|asset| asset.name() == name);
    if let Some(own) = own {
        return Ok(own.respond(&digest, &headers));
    }
    let look = desk.site.look();
    let shared = look.asset(&name).ok_or_else(Failure::not_found)?;
    Ok(shared.respond(&digest, &headers))
}

/// Everything from here alone, and nothing inline.
const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; \
                      connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'";
