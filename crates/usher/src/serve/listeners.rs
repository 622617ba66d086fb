//! The listeners and the threads that serve them: for each address and worker, one for UDP and one
//! for HTTP.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::thread::{self, JoinHandle};

use listen::clock::Clock;
use listen::context::ListenContext;
use listen::http::epoll::{EpollStop, EpollWorker};
use listen::http::tokio::{self as http, ConnectionSource};
use listen::limit::RequestLimit;
use listen::socket::{SocketKind, bind, check_free, local_address};
use listen::udp::backend::{UdpBackend, UdpIo};
use listen::udp::connection_id::ConnectionIds;
use listen::udp::worker::UdpWorker;
use socket2::Socket;
use thiserror::Error;
use tokio::sync::watch;
use tracker::Tracker;

use crate::config::{Config, UdpSettings, Workers};
use crate::serve::wait::until_let_go;

/// Every listener, bound but not yet served.
pub(crate) struct Listeners {
    http: Vec<Socket>,
    udp: Vec<Socket>,
    backend: UdpBackend,
    /// Where HTTP is heard, a line for each address of the configuration.
    pub(crate) http_addresses: Vec<SocketAddr>,
    /// Where UDP is heard, likewise.
    pub(crate) udp_addresses: Vec<SocketAddr>,
}

/// The threads that serve.
pub(crate) struct ListenerThreads {
    threads: Vec<JoinHandle<()>>,
    stop_udp: Arc<AtomicBool>,
    stop_polls: Vec<EpollStop>,
    stop_http: watch::Sender<bool>,
}

/// Why a listener does not start.
#[derive(Debug, Error)]
pub enum ListenError {
    /// An address could not be bound.
    #[error("cannot listen on {address} ({key}): {source}")]
    Bind {
        /// The key in `tracker.yaml`.
        key: &'static str,
        /// The address.
        address: SocketAddr,
        /// What the system says.
        source: io::Error,
    },
    /// Somebody listens there already.
    #[error(
        "cannot listen on {address} ({key}): somebody does already, perhaps another usher; \
         `ss -lntup` shows who: end that, or name another port in tracker.yaml"
    )]
    InUse {
        /// The key in `tracker.yaml`.
        key: &'static str,
        /// The address.
        address: SocketAddr,
    },
    /// The kernel refuses `io_uring`, and nothing else will do.
    #[error("tracker.udp.io: the kernel refuses io_uring: {0}; `auto` does without")]
    IoUring(io::Error),
    /// A thread or its runtime could not be made.
    #[error("cannot start a worker: {0}")]
    Worker(#[from] io::Error),
}

impl Listeners {
    /// Binds everything that the configuration names, and waits a few seconds for addresses that a
    /// killed daemon still holds.
    ///
    /// # Errors
    ///
    /// Fails at the first address that cannot be bound, and where the kernel refuses the backend that
    /// the configuration names.
    pub(crate) async fn bind(config: &Config) -> Result<Self, ListenError> {
        let workers = workers(config.tracker.workers);
        let UdpSettings { listen: udp, io } = &config.tracker.udp;
        let http = (&config.tracker.http.listen, "tracker.http.listen", SocketKind::Stream);
        let udp = (udp, "tracker.udp.listen", SocketKind::Datagram);
        for (addresses, key, kind) in [http, udp] {
            for address in addresses {
                let is_held = |error: &io::Error| error.kind() == io::ErrorKind::AddrInUse;
                let free = until_let_go(address, is_held, async || check_free(*address, kind));
                free.await.map_err(|error| failed(key, *address, error))?;
            }
        }
        let all = |(addresses, key, kind): (&Vec<SocketAddr>, _, _)| {
            let mut sockets = Vec::new();
            let mut bound = Vec::new();
            for address in addresses {
                let made = bind(*address, kind, workers);
                let made = made.map_err(|error| failed(key, *address, error))?;
                if let Some(first) = made.first() {
                    bound.push(local_address(first)?);
                }
                sockets.extend(made);
            }
            Ok::<_, ListenError>((sockets, bound))
        };
        let (http, http_addresses) = all(http)?;
        let (udp, udp_addresses) = all(udp)?;
        let backend = if udp.is_empty() { UdpBackend::Recvmmsg } else { choose(*io)? };
        Ok(Self { http, udp, backend, http_addresses, udp_addresses })
    }

    /// Starts a thread for each socket.
    ///
    /// # Errors
    ///
    /// Fails where the system has no room for another thread or runtime.
    pub(crate) fn serve(
        self,
        shared: &Arc<ListenContext>,
        ids: &ConnectionIds,
    ) -> Result<ListenerThreads, ListenError> {
        let (stop_http, stopped) = watch::channel(false);
        let stop_udp = Arc::new(AtomicBool::new(false));
        let mut threads = Vec::new();
        let backend = self.backend;
        let (opened, outcomes) = mpsc::channel();
        for (number, socket) in self.udp.into_iter().enumerate() {
            let ListenContext { tracker, requests, clock, .. } = &**shared;
            let worker = udp_worker(tracker, ids, requests, *clock);
            let (stop, opened) = (Arc::clone(&stop_udp), opened.clone());
            let thread = thread::Builder::new().name(format!("udp-{number}"));
            threads.push(thread.spawn(move || {
                let (socket, outcome) = match backend.open(socket) {
                    Ok(socket) => (Some(socket), Ok(())),
                    Err(error) => (None, Err(error)),
                };
                let _ = opened.send(outcome);
                // Whoever waits for the outcomes waits until nobody can send another.
                drop(opened);
                if let Some(socket) = socket {
                    worker.run(socket, &stop);
                }
            })?);
        }
        drop(opened);
        outcomes.iter().collect::<io::Result<()>>()?;
        let mut stop_polls = Vec::new();
        for (number, socket) in self.http.into_iter().enumerate() {
            let arrivals = if shared.tls.is_some() {
                ConnectionSource::Listener(socket.into())
            } else {
                let (over, handed) = tokio::sync::mpsc::unbounded_channel();
                let worker = EpollWorker::new(Arc::clone(shared), socket.into(), over)?;
                stop_polls.push(worker.stop());
                let thread = thread::Builder::new().name(format!("http-{number}"));
                threads.push(thread.spawn(move || report(worker.run()))?);
                ConnectionSource::HandedOff(handed)
            };
            let (shared, stopped) = (Arc::clone(shared), stopped.clone());
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            let thread = thread::Builder::new().name(format!("http-rt-{number}"));
            let serve = move || report(runtime.block_on(http::serve(shared, arrivals, stopped)));
            threads.push(thread.spawn(serve)?);
        }
        Ok(ListenerThreads { threads, stop_udp, stop_polls, stop_http })
    }
}

impl ListenerThreads {
    /// Takes no more requests, lets those that are open end, and returns once all threads have.
    pub(crate) fn stop(self) {
        self.stop_udp.store(true, Ordering::Relaxed);
        self.stop_polls.iter().for_each(EpollStop::tell);
        let _ = self.stop_http.send(true);
        for thread in self.threads {
            if thread.join().is_err() {
                tracing::error!("a worker panicked");
            }
        }
    }
}

fn failed(key: &'static str, address: SocketAddr, source: io::Error) -> ListenError {
    match source.kind() {
        io::ErrorKind::AddrInUse => ListenError::InUse { key, address },
        _ => ListenError::Bind { key, address, source },
    }
}

/// Chooses how datagrams move, for all workers, and says it once.
fn choose(asked: UdpIo) -> Result<UdpBackend, ListenError> {
    let backend = UdpBackend::choose(asked).map_err(ListenError::IoUring)?;
    tracing::info!(io = backend.name(), "datagrams");
    Ok(backend)
}

fn report(outcome: io::Result<()>) {
    if let Err(error) = outcome {
        tracing::error!(%error, "an HTTP worker stopped");
    }
}

fn udp_worker(
    tracker: &Arc<Tracker>,
    ids: &ConnectionIds,
    requests: &Arc<RequestLimit>,
    clock: Clock,
) -> UdpWorker {
    UdpWorker::new(Arc::clone(tracker), ids.clone(), Arc::clone(requests), clock)
}

/// How many sockets listen, as a configuration has it.
pub(crate) fn sockets(config: &Config) -> usize {
    let addresses = config.tracker.http.listen.len() + config.tracker.udp.listen.len();
    addresses * workers(config.tracker.workers)
}

fn workers(workers: Workers) -> usize {
    match workers {
        Workers::Auto => thread::available_parallelism().map_or(1, usize::from),
        Workers::Count(count) => usize::from(count.get()),
    }
}
