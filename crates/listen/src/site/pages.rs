//! Pages by hyper, one on a connection.

use std::convert::Infallible;
use std::io;
use std::net::IpAddr;

use ::http::header::{ALLOW, CONTENT_LENGTH, CONTENT_TYPE, HeaderValue};
use ::http::{Method, Request, Response, StatusCode};
use axum::Router;
use axum::body::Body;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::watch;
use web::http::Origin;

use crate::bounds::{FORWARDED_FOR, HEADER_TIMEOUT, MAX_HEADERS, MAX_REQUEST_BYTES};
use crate::forwarded::TrustedProxies;

/// Serves a page on a connection.
pub(super) async fn pages(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    router: Router,
    proxies: &TrustedProxies,
    source: IpAddr,
    mut stop: watch::Receiver<bool>,
) -> io::Result<()> {
    let router = TowerToHyperService::new(router);
    let service = service_fn(|mut request: Request<Incoming>| {
        let forwarded = request.headers().get_all(FORWARDED_FOR);
        let hops: Vec<&[u8]> = forwarded.iter().map(HeaderValue::as_bytes).collect();
        let client = proxies.client(source, hops.into_iter());
        request.extensions_mut().insert(Origin(client));
        let asks_for_methods = request.method() == Method::OPTIONS;
        let answer = router.call(request);
        async move { Ok::<_, Infallible>(with_allow(answer.await?, asks_for_methods)) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .half_close(true)
        .header_read_timeout(HEADER_TIMEOUT)
        .keep_alive(false)
        .max_buf_size(MAX_REQUEST_BYTES)
        .max_headers(MAX_HEADERS)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = std::pin::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        _ = stop.changed() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    ended.map_err(io::Error::other)
}

/// Names the methods of a path in a 405, and makes of one that answers OPTIONS what that asks for.
fn with_allow(mut response: Response<Body>, asks_for_methods: bool) -> Response<Body> {
    if response.status() != StatusCode::METHOD_NOT_ALLOWED {
        return response;
    }
    let allow = response.headers_mut().entry(ALLOW).or_insert(HeaderValue::from_static("GET,HEAD"));
    if let Ok(methods) = HeaderValue::try_from([allow.as_bytes(), b",OPTIONS"].concat()) {
        *allow = methods;
    }
    if asks_for_methods {
        *response.status_mut() = StatusCode::NO_CONTENT;
        *response.body_mut() = Body::empty();
        response.headers_mut().remove(CONTENT_TYPE);
        response.headers_mut().remove(CONTENT_LENGTH);
    }
    response
}
