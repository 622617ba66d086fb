//! Pages and webhooks by hyper, one on a connection.
//!
//! What a request's body and its answer take of memory is held from the byte budget before they are there, and
//! a webhook that looks genuine takes a reserved place: whoever floods the site keeps no provider out.

use std::convert::Infallible;
use std::future::poll_fn;
use std::io;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use ::http::header::{ALLOW, CONTENT_LENGTH, CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use ::http::{Method, Request, Response, StatusCode};
use axum::Router;
use axum::body::{Body, HttpBody};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::sleep;
use web::http::Origin;
use web::pay::{MAX_BODY_BYTES, Payments, Screening};

use crate::admission::Permit;
use crate::bounds::{FORWARDED_FOR, HEADER_TIMEOUT, MAX_HEADERS, MAX_REQUEST_BYTES};
use crate::clock::Clock;
use crate::forwarded::TrustedProxies;
use crate::stream::{Metered, Rewound, drain, finish};

/// Everything that the site answers beside files.
#[derive(Clone)]
pub struct Pages {
    router: Router,
    payments: Arc<Payments>,
}

/// A connection that asks for a page.
#[derive(Clone, Copy)]
struct PageConnection<'a> {
    pages: &'a Pages,
    proxies: &'a TrustedProxies,
    source: IpAddr,
    clock: Clock,
    permit: &'a Permit,
}

type Answer<'a> = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send + 'a>>;

impl Pages {
    /// Serves a router, among whose routes are the webhooks of payment providers.
    pub fn new(router: Router, payments: Arc<Payments>) -> Self {
        Self { router, payments }
    }

    /// Serves one page on a connection, of which `read` was read already.
    pub(super) async fn serve(
        &self,
        mut stream: TcpStream,
        read: Vec<u8>,
        proxies: &TrustedProxies,
        (source, clock): (IpAddr, Clock),
        permit: &Permit,
        (mut stop, has_body): (watch::Receiver<bool>, bool),
    ) -> io::Result<()> {
        let page = PageConnection { pages: self, proxies, source, clock, permit };
        if !page.hold(0).await {
            return finish(&mut stream, UNAVAILABLE, permit).await;
        }
        let stream = Rewound::new(read, Metered::watched(stream, permit, clock));
        let service = service_fn(|request: Request<Incoming>| -> Answer<'_> {
            Box::pin(async move { Ok(page.answer(request).await) })
        });
        let mut connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .half_close(true)
            .header_read_timeout(HEADER_TIMEOUT)
            .keep_alive(false)
            .max_buf_size(MAX_REQUEST_BYTES)
            .max_headers(MAX_HEADERS)
            .serve_connection(TokioIo::new(stream), service);
        let mut ends = poll_fn(|context| connection.poll_without_shutdown(context));
        let ended = tokio::select! {
            ended = &mut ends => Some(ended),
            _ = stop.changed() => None,
        };
        match ended {
            Some(ended) => ended.map_err(io::Error::other)?,
            None => {
                Pin::new(&mut connection).graceful_shutdown();
                let ends = poll_fn(|context| connection.poll_without_shutdown(context));
                ends.await.map_err(io::Error::other)?;
            }
        }
        let mut stream = connection.into_parts().io.into_inner();
        if has_body {
            // It may not have been read to its end.
            return drain(&mut stream, permit).await;
        }
        tokio::io::AsyncWriteExt::shutdown(&mut stream).await
    }
}

impl PageConnection<'_> {
    async fn answer(&self, mut request: Request<Incoming>) -> Response<Body> {
        let Self { pages: Pages { router, payments }, proxies, source, clock, permit } = self;
        let forwarded = request.headers().get_all(FORWARDED_FOR);
        let hops: Vec<&[u8]> = forwarded.iter().map(HeaderValue::as_bytes).collect();
        let client = proxies.client(*source, hops.into_iter());
        request.extensions_mut().insert(Origin(client));
        let now_secs = clock.now().secs;
        let screening = payments.screen(request.method(), request.uri().path(), request.headers());
        // A webhook gets in whoever holds the places, and others only where there is one for them.
        let is_due = screening == Screening::Plausible && permit.reserve(now_secs);
        let is_counted = !proxies.trusts(*source)
            || proxies.trusts(client)
            || permit.attribute(client, now_secs).is_ok();
        if !(is_due || is_counted && permit.settle(now_secs).is_ok()) {
            return unavailable();
        }
        let body = match (screening, request.body().size_hint().upper()) {
            // Nobody reads it.
            (Screening::Refused, _) => 0,
            (_, Some(bytes)) => usize::try_from(bytes).unwrap_or(usize::MAX).min(MAX_BODY_BYTES),
            (_, None) => MAX_BODY_BYTES,
        };
        if !self.hold(body).await {
            return unavailable();
        }
        let asks_for_methods = request.method() == Method::OPTIONS;
        let Ok(answer) = TowerToHyperService::new(router.clone()).call(request).await;
        let answer = with_allow(answer, asks_for_methods);
        let bytes = answer.body().size_hint().upper().map_or(0, |bytes| bytes);
        if self.hold(usize::try_from(bytes).unwrap_or(usize::MAX)).await {
            answer
        } else {
            unavailable()
        }
    }

    /// Holds bytes beside those of hyper's own buffer; waits a moment for others to give theirs back.
    async fn hold(&self, bytes: usize) -> bool {
        for _ in 0..ATTEMPTS {
            let bytes = bytes.saturating_add(MAX_REQUEST_BYTES);
            if self.permit.hold(bytes, self.clock.now().secs) {
                return true;
            }
            sleep(PAUSE).await;
        }
        false
    }
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

/// Says that the site is busy: a provider sends its webhook again.
fn unavailable() -> Response<Body> {
    let mut response = Response::new(Body::from("busy: try again in a moment\n"));
    *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain"));
    response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("30"));
    response
}

const UNAVAILABLE: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\
    Retry-After: 30\r\nConnection: close\r\n\r\n";
/// How often bytes are asked for: for two seconds.
const ATTEMPTS: u32 = 20;
const PAUSE: Duration = Duration::from_millis(100);
