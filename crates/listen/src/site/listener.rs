//! The site's listener: HTTP/1.1, on a runtime of its own, whose threads may wait for disks.
//!
//! Files go out by `web_seed.rs`, pages by hyper (`pages.rs`). A page ends its connection, because the two ways of
//! reading requests cannot take turns on one. TLS is the business of a proxy in front.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use socket2::SockRef;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::time::{Instant, sleep, timeout};
use web::seed::WebSeed;

use crate::bounds::HEADER_TIMEOUT;
use crate::context::ListenContext;
use crate::limit::RequestLimit;
use crate::proxy;
use crate::site::pages::pages;
use crate::site::web_seed::{STALLED, WebSeedConnection, WebSeedEnd};
use crate::stream::Rewound;

/// What every connection to the site shares.
#[derive(Clone)]
pub struct SiteListener {
    shared: Arc<ListenContext>,
    web_seed: Arc<WebSeed>,
    router: Router,
    start: Instant,
    guesses: Arc<RequestLimit>,
}

impl SiteListener {
    /// Serves files by the web seed and pages by a router; proxies are those of the announce listener. `seed`
    /// is a random number.
    pub fn new(
        shared: Arc<ListenContext>,
        web_seed: Arc<WebSeed>,
        router: Router,
        seed: u64,
    ) -> Self {
        let guesses = Arc::new(RequestLimit::new(WRONG_TOKENS, seed));
        Self { shared, web_seed, router, start: Instant::now(), guesses }
    }

    /// Serves until `stop` changes, then lets open requests end. `connections` may be open at once.
    ///
    /// # Errors
    ///
    /// Fails where the socket cannot be given to the runtime.
    pub async fn serve(
        self,
        listener: std::net::TcpListener,
        connections: u32,
        mut stop: watch::Receiver<bool>,
    ) -> io::Result<()> {
        let listener = TcpListener::from_std(listener)?;
        let room = Arc::new(Semaphore::new(usize::try_from(connections).unwrap_or(usize::MAX)));
        loop {
            // At the bound new connections wait in the kernel's queue; nobody is sent away.
            let place = tokio::select! {
                place = Arc::clone(&room).acquire_owned() => place.map_err(io::Error::other)?,
                _ = stop.changed() => break,
            };
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                _ = stop.changed() => break,
            };
            match accepted {
                Ok((stream, from)) => {
                    let others = connections.saturating_sub(1).saturating_sub(free(&room));
                    let max_unsent = if others < FEW { MAX_UNSENT_OF_FEW } else { MAX_UNSENT };
                    // What waits in the kernel was counted as sent, and comes late after a
                    // revocation.
                    let _ = SockRef::from(&stream).set_tcp_notsent_lowat(max_unsent);
                    // Of what was left to the kernel, too, when the connection was closed.
                    let _ = SockRef::from(&stream).set_tcp_user_timeout(Some(STALLED));
                    let connection = self.clone().connect(stream, from, stop.clone());
                    let cut = cut(stop.clone());
                    tokio::spawn(async move {
                        tokio::select! {
                            () = connection => {}
                            () = cut => {}
                        }
                        drop(place);
                    });
                }
                Err(error) => {
                    self.shared.tell_short(&error);
                    sleep(PAUSE_AFTER_ERROR).await;
                }
            }
        }
        drop(listener);
        // Every place is free once all connections have ended.
        let _ = timeout(2 * DRAIN, room.acquire_many(connections)).await;
        Ok(())
    }

    async fn connect(
        self,
        mut stream: TcpStream,
        from: SocketAddr,
        mut stop: watch::Receiver<bool>,
    ) {
        let mut source = from.ip().to_canonical();
        let proxies = self.shared.proxies.load_full();
        if proxies.trusts(source) {
            match timeout(HEADER_TIMEOUT, proxy::read_header(&mut stream)).await {
                Ok(Ok(client)) => source = client.unwrap_or(source),
                Ok(Err(_)) | Err(_) => return,
            }
        }
        // A proxy of ours speaks for many, and its connections are not one network's.
        let counted = self.shared.site_connections.enter(source);
        if counted.is_none() && !proxies.trusts(source) {
            return;
        }
        let _ = stream.set_nodelay(true);
        let Self { shared, web_seed, router, start, guesses } = self;
        let connection = WebSeedConnection {
            web_seed: &web_seed,
            clock: shared.clock,
            start,
            proxies: &proxies,
            source,
            guesses: &guesses,
            shortage: &shared.shortage,
        };
        if let Ok(WebSeedEnd::HandOver(read)) = connection.serve(&mut stream, &mut stop).await {
            let stream = Rewound::new(read, stream);
            // What goes wrong on a connection ends it, and is nobody else's matter.
            let _ = timeout(PAGE_TIMEOUT, pages(stream, router, &proxies, source, stop)).await;
        }
    }
}

/// How many more connections there is room for.
fn free(room: &Semaphore) -> u32 {
    u32::try_from(room.available_permits()).unwrap_or(u32::MAX)
}

/// Returns when whoever is still served has had its time.
async fn cut(mut stop: watch::Receiver<bool>) {
    let _ = stop.changed().await;
    sleep(DRAIN).await;
}

/// How long open requests may take once the daemon is told to stop.
const DRAIN: Duration = Duration::from_secs(5);
/// How long a page may take, from its request's head to its last byte: hyper bounds the head alone. Enough
/// for the largest torrent at 100 KiB/s, and for a webhook whose sender and provider are both slow.
const PAGE_TIMEOUT: Duration = Duration::from_secs(120);
/// Wrong tokens a second that one network is answered.
const WRONG_TOKENS: u32 = 20;
const PAUSE_AFTER_ERROR: Duration = Duration::from_millis(50);
/// Bytes of a connection that the kernel may hold unsent: of many, what stays in the processor's cache.
const MAX_UNSENT: u32 = 256 << 10;
/// Of few, as many as keep a fast network busy while the daemon does something else.
const MAX_UNSENT_OF_FEW: u32 = 4 << 20;
/// Connections beside which one more is still of few.
const FEW: u32 = 4;
