//! HTTP/1.1 by hyper: for every request that is not a plain announce or scrape.

use std::cell::RefCell;
use std::convert::Infallible;
use std::net::IpAddr;
use std::rc::Rc;

use ::http::header::{ALLOW, CONTENT_TYPE, HeaderValue};
use ::http::{Method, Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::watch;
use tracker::Now;

use crate::bounds::{FORWARDED_FOR, HEADER_TIMEOUT, MAX_HEADERS, MAX_REQUEST_BYTES};
use crate::clock::Clock;
use crate::forwarded::TrustedProxies;
use crate::http::plain::PlainHandler;
use crate::http::responder::{Responder, TargetKind};

/// Serves a connection until it ends, or `stop` changes and its open request has ended.
pub(super) async fn serve(
    stream: impl AsyncRead + AsyncWrite + Unpin + 'static,
    handler: Rc<RefCell<PlainHandler>>,
    proxies: &TrustedProxies,
    (source, clock): (IpAddr, Clock),
    mut stop: watch::Receiver<bool>,
) {
    let service = service_fn(|request: Request<Incoming>| {
        let forwarded = request.headers().get_all(FORWARDED_FOR);
        let hops: Vec<&[u8]> = forwarded.iter().map(HeaderValue::as_bytes).collect();
        let client = proxies.client(source, hops.into_iter());
        let response = respond(handler.borrow_mut().responder(), &request, client, clock.now());
        std::future::ready(Ok::<_, Infallible>(response))
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .half_close(true)
        .header_read_timeout(HEADER_TIMEOUT)
        .max_buf_size(MAX_REQUEST_BYTES)
        .max_headers(MAX_HEADERS)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = std::pin::pin!(connection);
    tokio::select! {
        _ = connection.as_mut() => return,
        _ = stop.changed() => connection.as_mut().graceful_shutdown(),
    }
    // What goes wrong on a connection ends it, and is nobody else's matter.
    let _ = connection.await;
}

fn respond(
    responder: &mut Responder,
    request: &Request<Incoming>,
    client: IpAddr,
    now: Now,
) -> Response<Full<Bytes>> {
    if request.method() != Method::GET && request.method() != Method::HEAD {
        let mut refused = text(StatusCode::METHOD_NOT_ALLOWED, "use GET\n".into());
        refused.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
        return refused;
    }
    let target = request.uri().path_and_query().map_or("", |target| target.as_str());
    let mut body = Vec::new();
    match responder.respond(target.as_bytes(), client, now, &mut body) {
        TargetKind::Tracker => text(StatusCode::OK, body.into()),
        TargetKind::Unknown => text(
            StatusCode::NOT_FOUND,
            "nothing here: a tracker's paths are /announce and /scrape\n".into(),
        ),
    }
}

fn text(status: StatusCode, body: Bytes) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain"));
    response
}
