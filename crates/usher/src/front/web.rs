//! The site's listener: HTTP/1.1, on the runtime of the store and the rounds.
//!
//! It brings each request the address of its client, seen through trusted proxies. TLS is the proxy's
//! business.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use ::http::Request;
use ::http::header::HeaderValue;
use axum::Router;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::time::{sleep, timeout};
use web::site::Origin;

use crate::front::forwarded::TrustedProxies;
use crate::front::http::{FORWARDED_FOR, HEADER_TIMEOUT, MAX_HEADERS, MAX_REQUEST_BYTES, Shared};
use crate::front::proxy;

/// What every connection to the site shares.
#[derive(Clone)]
pub struct Web {
    shared: Arc<Shared>,
    router: Router,
}

impl Web {
    /// Serves a router; proxies and the limit of connections are those of the announce listener.
    pub fn new(shared: Arc<Shared>, router: Router) -> Self {
        Self { shared, router }
    }

    /// Serves until `stop` changes, then lets open requests end.
    pub async fn serve(self, listener: TcpListener, mut stop: watch::Receiver<bool>) {
        let room = Arc::new(Semaphore::new(MAX_CONNECTIONS));
        loop {
            // At the bound new connections wait in the kernel's queue; nobody is sent away.
            let Ok(place) = Arc::clone(&room).acquire_owned().await else { break };
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                _ = stop.changed() => break,
            };
            match accepted {
                Ok((stream, from)) => {
                    let connection = self.clone().connect(stream, from, stop.clone());
                    tokio::spawn(async move {
                        connection.await;
                        drop(place);
                    });
                }
                Err(error) => {
                    tracing::warn!(%error, "accepting a connection failed: too many open files?");
                    sleep(PAUSE_AFTER_ERROR).await;
                }
            }
        }
        drop(listener);
        // Every place is free once all connections have ended; whoever does not in time is cut off.
        let all = u32::try_from(MAX_CONNECTIONS).unwrap_or(u32::MAX);
        let _ = timeout(DRAIN, room.acquire_many(all)).await;
    }

    async fn connect(self, mut stream: TcpStream, from: SocketAddr, stop: watch::Receiver<bool>) {
        let mut source = from.ip().to_canonical();
        let proxies = self.shared.proxies.load_full();
        if proxies.trusts(source) {
            match timeout(HEADER_TIMEOUT, proxy::read_header(&mut stream)).await {
                Ok(Ok(client)) => source = client.unwrap_or(source),
                Ok(Err(_)) | Err(_) => return,
            }
        }
        // A proxy of ours speaks for many, and a connection of its is not one of theirs.
        let counted = self.shared.connections.enter(source);
        if counted.is_none() && !proxies.trusts(source) {
            return;
        }
        let _ = stream.set_nodelay(true);
        let _ = pages(stream, self.router, &proxies, source, stop).await;
    }
}

/// Serves pages on a connection until it ends, or `stop` changes and its open request has ended.
async fn pages(
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
        .header_read_timeout(HEADER_TIMEOUT)
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

/// Connections open at once.
const MAX_CONNECTIONS: usize = 4096;
/// How long open requests may take once the daemon is told to stop.
const DRAIN: Duration = Duration::from_secs(5);
const PAUSE_AFTER_ERROR: Duration = Duration::from_millis(50);
