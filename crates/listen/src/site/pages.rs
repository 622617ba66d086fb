//! Pages by hyper, one on a connection.

use std::io;
use std::net::IpAddr;

use ::http::Request;
use ::http::header::HeaderValue;
use axum::Router;
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
        router.call(request)
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
