//! The admin listener: the admin API, metrics and health over TCP, by TLS where there is a certificate.
//!
//! Its places are its own, so that nobody on the other listeners takes them. Whoever comes from this machine, or
//! from a trusted proxy, is not counted; others share by networks, as everywhere. A stranger makes it hold 8 KiB: a
//! body is read after the head was judged. Deliberately absent: who may ask, which is the router's business.

use std::convert::Infallible;
use std::io;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use ::http::header::HeaderValue;
use ::http::{Request, Response};
use axum::Router;
use axum::body::Body;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time::{sleep, timeout};
use web::http::Origin;

use crate::admission::{Activity, ConnectionLimits, NoPlace, Permit};
use crate::bounds::{DRAIN, FORWARDED_FOR, HEADER_TIMEOUT, MAX_HEADERS, MAX_REQUEST_BYTES};
use crate::context::ListenContext;
use crate::stream::Metered;
use crate::tls::ServerTls;

/// What every connection to the admin listener shares.
#[derive(Clone)]
pub struct AdminListener {
    shared: Arc<ListenContext>,
    places: ConnectionLimits,
    tls: Option<Arc<ServerTls>>,
    router: Router,
}

impl AdminListener {
    /// Answers by `router`. Proxies, the clock and the log of short files are those of the other listeners.
    pub fn new(
        shared: Arc<ListenContext>,
        places: ConnectionLimits,
        tls: Option<Arc<ServerTls>>,
        router: Router,
    ) -> Self {
        Self { shared, places, tls, router }
    }

    /// Serves until `stop` changes, then lets open requests end.
    pub async fn serve(self, listener: TcpListener, mut stop: watch::Receiver<bool>) {
        loop {
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                _ = stop.changed() => return,
            };
            match accepted {
                Ok((stream, from)) => {
                    let source = from.ip().to_canonical();
                    if self.welcome(stream, source, &stop) == Err(NoPlace::Full) {
                        sleep(PAUSE_AFTER_ERROR).await;
                    }
                }
                Err(error) => {
                    self.shared.tell_short(&error);
                    sleep(PAUSE_AFTER_ERROR).await;
                }
            }
        }
    }

    /// Begins with a connection, if there is a place for it.
    fn welcome(
        &self,
        stream: TcpStream,
        source: IpAddr,
        stop: &watch::Receiver<bool>,
    ) -> Result<(), NoPlace> {
        let now_secs = self.shared.clock.now().secs;
        let is_counted = !(source.is_loopback() || self.shared.proxies.load().trusts(source));
        let permit = if is_counted {
            self.places.admit(source, now_secs)?
        } else {
            self.places.admit_uncounted(now_secs)?
        };
        tokio::spawn(self.clone().run(stream, source, permit, stop.clone()));
        Ok(())
    }

    /// One connection, until it ends or its place is given to another.
    async fn run(
        self,
        stream: TcpStream,
        source: IpAddr,
        mut permit: Permit,
        stop: watch::Receiver<bool>,
    ) {
        permit.keep_task(Activity::Busy, self.shared.clock.now().secs);
        let cut = cut(stop.clone());
        tokio::select! {
            // What goes wrong on a connection ends that connection alone.
            _ = self.connect(stream, source, &permit, stop) => {}
            () = permit.evicted() => {}
            () = cut => {}
        }
    }

    async fn connect(
        &self,
        stream: TcpStream,
        source: IpAddr,
        permit: &Permit,
        stop: watch::Receiver<bool>,
    ) -> io::Result<()> {
        let _ = stream.set_nodelay(true);
        let stream = Metered::watched(stream, permit, self.shared.clock);
        match &self.tls {
            None => self.answer(stream, source, stop).await,
            Some(tls) => {
                let stream = timeout(HEADER_TIMEOUT, tls.acceptor().accept(stream)).await??;
                self.answer(stream, source, stop).await
            }
        }
    }

    /// Answers requests until the connection ends, or `stop` changes between two of them.
    async fn answer<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        stream: S,
        source: IpAddr,
        mut stop: watch::Receiver<bool>,
    ) -> io::Result<()> {
        let service = service_fn(|request: Request<Incoming>| self.ask(source, request));
        let mut connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEADER_TIMEOUT)
            .max_buf_size(MAX_REQUEST_BYTES)
            .max_headers(MAX_HEADERS)
            .serve_connection(TokioIo::new(stream), service);
        let ended = tokio::select! {
            ended = &mut connection => Some(ended),
            _ = stop.changed() => None,
        };
        match ended {
            Some(ended) => ended.map_err(io::Error::other),
            None => {
                Pin::new(&mut connection).graceful_shutdown();
                connection.await.map_err(io::Error::other)
            }
        }
    }

    async fn ask(
        &self,
        source: IpAddr,
        mut request: Request<Incoming>,
    ) -> Result<Response<Body>, Infallible> {
        let forwarded = request.headers().get_all(FORWARDED_FOR);
        let hops: Vec<&[u8]> = forwarded.iter().map(HeaderValue::as_bytes).collect();
        let client = self.shared.proxies.load().client(source, hops.into_iter());
        request.extensions_mut().insert(Origin(client));
        TowerToHyperService::new(self.router.clone()).call(request).await
    }
}

/// Returns when connections that are still served have had their time.
async fn cut(mut stop: watch::Receiver<bool>) {
    let _ = stop.changed().await;
    sleep(DRAIN).await;
}

const PAUSE_AFTER_ERROR: Duration = Duration::from_millis(50);
