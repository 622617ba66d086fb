//! The site's listener: HTTP/1.1, on a runtime of its own, whose threads may wait for disks.
//!
//! Files go out by `web_seed.rs`, pages by hyper (`pages.rs`). A page ends its connection, because the two
//! ways of reading requests cannot take turns on one. TLS is the business of a proxy in front.

use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use socket2::SockRef;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep, timeout};
use web::seed::WebSeed;

use crate::admission::{Activity, NoPlace, Permit};
use crate::bounds::{DRAIN, HEADER_TIMEOUT};
use crate::context::ListenContext;
use crate::limit::RequestLimit;
use crate::proxy;
use crate::site::pages::Pages;
use crate::site::web_seed::{STALLED, WebSeedConnection, WebSeedEnd};

/// What every connection to the site shares.
#[derive(Clone)]
pub struct SiteListener {
    shared: Arc<ListenContext>,
    web_seed: Arc<WebSeed>,
    pages: Pages,
    start: Instant,
    guesses: Arc<RequestLimit>,
}

impl SiteListener {
    /// Serves files by the web seed and everything else by pages; proxies are those of the announce listener.
    /// `seed` is a random number.
    pub fn new(
        shared: Arc<ListenContext>,
        web_seed: Arc<WebSeed>,
        pages: Pages,
        seed: u64,
    ) -> Self {
        let guesses = Arc::new(RequestLimit::new(WRONG_TOKENS, seed));
        Self { shared, web_seed, pages, start: Instant::now(), guesses }
    }

    /// Serves until `stop` changes, then lets open requests end.
    ///
    /// # Errors
    ///
    /// Fails where the socket cannot be given to the runtime.
    pub async fn serve(
        self,
        listener: std::net::TcpListener,
        mut stop: watch::Receiver<bool>,
    ) -> io::Result<()> {
        let listener = TcpListener::from_std(listener)?;
        // Every connection has a copy of the first, so that the second ends with the last of them.
        let (open, mut all_ended) = mpsc::channel::<()>(1);
        loop {
            if !self.shared.site.may_accept() {
                sleep(PAUSE_WHILE_ENDING).await;
                continue;
            }
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                _ = stop.changed() => break,
            };
            match accepted {
                Ok((stream, from)) => {
                    if self.welcome(stream, from.ip().to_canonical(), &stop, open.clone())
                        == Err(NoPlace::Full)
                    {
                        sleep(PAUSE_AFTER_ERROR).await;
                    }
                }
                Err(error) => {
                    self.shared.tell_short(&error);
                    sleep(PAUSE_AFTER_ERROR).await;
                }
            }
        }
        drop((listener, open));
        let _ = timeout(2 * DRAIN, all_ended.recv()).await;
        Ok(())
    }

    /// Begins with a connection, if there is a place for it.
    fn welcome(
        &self,
        stream: TcpStream,
        source: IpAddr,
        stop: &watch::Receiver<bool>,
        open: mpsc::Sender<()>,
    ) -> Result<(), NoPlace> {
        let Self { shared, .. } = self;
        let others = shared.site.open();
        let is_proxy = shared.proxies.load().trusts(source);
        let permit = shared.admit(&shared.site, source, is_proxy, shared.clock.now().secs)?;
        let max_unsent = if others < FEW { MAX_UNSENT_OF_FEW } else { MAX_UNSENT };
        // What waits in the kernel was counted as sent, and comes late after a revocation.
        let _ = SockRef::from(&stream).set_tcp_notsent_lowat(max_unsent);
        // Of what was left to the kernel, too, when the connection was closed.
        let _ = SockRef::from(&stream).set_tcp_user_timeout(Some(STALLED));
        let connection = self.clone().run(stream, source, permit, stop.clone());
        let cut = cut(stop.clone());
        tokio::spawn(async move {
            tokio::select! {
                () = connection => {}
                () = cut => {}
            }
            drop(open);
        });
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
        tokio::select! {
            // What goes wrong on a connection ends that connection alone.
            _ = self.connect(stream, source, &permit, stop) => {}
            () = permit.evicted() => {}
        }
    }

    async fn connect(
        &self,
        mut stream: TcpStream,
        mut source: IpAddr,
        permit: &Permit,
        mut stop: watch::Receiver<bool>,
    ) -> io::Result<()> {
        let Self { shared, web_seed, pages, start, guesses } = self;
        let proxies = shared.proxies.load_full();
        if proxies.trusts(source)
            && let Some(client) = timeout(HEADER_TIMEOUT, proxy::read_header(&mut stream)).await??
        {
            source = client;
            if permit.attribute(client, shared.clock.now().secs).is_err() {
                return Ok(());
            }
        }
        let _ = stream.set_nodelay(true);
        let connection = WebSeedConnection {
            web_seed,
            clock: shared.clock,
            start: *start,
            proxies: &proxies,
            proxy_watch: &shared.proxy_watch,
            source,
            permit,
            guesses,
            shortage: &shared.shortage,
        };
        let end = connection.serve(&mut stream, &mut stop).await?;
        if let WebSeedEnd::HandOver { read, has_body } = end {
            let from = (source, shared.clock);
            let served = pages.serve(stream, read, &proxies, from, permit, (stop, has_body));
            timeout(PAGE_TIMEOUT, served).await??;
        }
        Ok(())
    }
}

/// Returns when connections that are still served have had their time.
async fn cut(mut stop: watch::Receiver<bool>) {
    let _ = stop.changed().await;
    sleep(DRAIN).await;
}

/// How long a page may take, from its request's head to its last byte: hyper bounds the head alone. Enough
/// for the largest torrent at 100 KiB/s, and for a webhook whose sender and provider are both slow.
const PAGE_TIMEOUT: Duration = Duration::from_secs(120);
/// Wrong tokens a second that one network is answered.
const WRONG_TOKENS: u32 = 20;
const PAUSE_AFTER_ERROR: Duration = Duration::from_millis(50);
const PAUSE_WHILE_ENDING: Duration = Duration::from_millis(1);
/// Bytes of a connection that the kernel may hold unsent: of many, what stays in the processor's cache.
const MAX_UNSENT: u32 = 256 << 10;
/// Of few, as many as keep a fast network busy while the daemon does something else.
const MAX_UNSENT_OF_FEW: u32 = 4 << 20;
/// Connections beside which one more is still of few.
const FEW: u32 = 4;
