//! Announce and scrape over HTTP/1.1, as far as it needs a runtime: TLS, proxies, and what a worker's
//! epoll hands over. A current-thread runtime each.

use std::cell::RefCell;
use std::io;
use std::net::IpAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::sync::watch;
use tokio::task::LocalSet;
use tokio::time::{Instant, sleep, timeout, timeout_at};

use crate::bounds::{DRAIN, HEADER_TIMEOUT, IDLE_TIMEOUT};
use crate::budget::Permit;
use crate::clock::Clock;
use crate::context::ListenContext;
use crate::forwarded::TrustedProxies;
use crate::http::handoff::HandedOffConnection;
use crate::http::plain::{NextStep, PlainHandler};
use crate::http::responder::Responder;
use crate::proxy;
use crate::stream::{close, drain, finish};

/// Where connections come from.
pub enum ConnectionSource {
    /// From a listening socket.
    Listener(std::net::TcpListener),
    /// From a worker's epoll.
    HandedOff(UnboundedReceiver<HandedOffConnection>),
}

/// What connections share, on one thread.
#[derive(Clone)]
struct RuntimeWorker {
    shared: Arc<ListenContext>,
    handler: Rc<RefCell<PlainHandler>>,
    /// Buffers of ended connections, kept for new ones.
    spare: Rc<RefCell<Vec<ConnectionBuffers>>>,
    stop: watch::Receiver<bool>,
}

/// Serves connections until `stop` changes, then lets open requests end.
///
/// # Errors
///
/// Fails where the socket cannot be given to the runtime; what goes wrong on one connection ends
/// that connection alone.
pub async fn serve(
    shared: Arc<ListenContext>,
    source: ConnectionSource,
    stop: watch::Receiver<bool>,
) -> io::Result<()> {
    let handler = Rc::new(RefCell::new(PlainHandler::new(Responder::new(&shared))));
    let worker = RuntimeWorker { shared, handler, spare: Rc::default(), stop };
    let connections = LocalSet::new();
    match source {
        ConnectionSource::Listener(listener) => {
            let listener = TcpListener::from_std(listener)?;
            connections.run_until(worker.accept(listener)).await;
        }
        ConnectionSource::HandedOff(handed) => {
            connections.run_until(worker.take_over(handed)).await
        }
    }
    // Whoever does not finish in time is cut off.
    let _ = timeout(DRAIN, connections).await;
    Ok(())
}

impl RuntimeWorker {
    /// Takes connections until told to stop.
    async fn accept(self, listener: TcpListener) {
        let mut stopped = self.stop.clone();
        loop {
            let shared = &self.shared;
            if !shared.has_room() {
                tokio::select! {
                    () = sleep(PAUSE_AFTER_ERROR) => continue,
                    _ = stopped.changed() => break,
                }
            }
            tokio::select! {
                biased;
                accepted = listener.accept() => match accepted {
                    Ok((stream, from)) => {
                        let (permit, source) = (shared.budget.enter(), from.ip().to_canonical());
                        tokio::task::spawn_local(self.clone().connect(stream, source, permit));
                    }
                    Err(error) => {
                        shared.tell_short(&error);
                        sleep(PAUSE_AFTER_ERROR).await;
                    }
                },
                _ = stopped.changed() => break,
            }
        }
    }

    /// Goes on with connections until the worker that hands them over has ended.
    async fn take_over(self, mut handed: UnboundedReceiver<HandedOffConnection>) {
        while let Some(handed) = handed.recv().await {
            tokio::task::spawn_local(self.clone().resume(handed));
        }
    }

    /// One connection from its first byte to its last.
    async fn connect(self, mut stream: TcpStream, mut source: IpAddr, _permit: Permit) {
        if self.shared.proxies.load().trusts(source) {
            match timeout(HEADER_TIMEOUT, proxy::read_header(&mut stream)).await {
                Ok(Ok(client)) => source = client.unwrap_or(source),
                Ok(Err(_)) | Err(_) => return,
            }
        }
        // A proxy of ours speaks for many, and its connections are not one network's.
        let is_proxy = self.shared.proxies.load().trusts(source);
        let counted = if is_proxy { None } else { self.shared.connections.enter(source) };
        if counted.is_none() && !is_proxy {
            return;
        }
        match &self.shared.tls {
            None => self.serve_requests(stream, source, None).await,
            Some(tls) => {
                let accepted = timeout(HEADER_TIMEOUT, tls.acceptor().accept(stream)).await;
                if let Ok(Ok(stream)) = accepted {
                    self.serve_requests(stream, source, None).await;
                }
            }
        }
    }

    /// One connection from where it was handed over.
    async fn resume(self, handed: HandedOffConnection) {
        let HandedOffConnection { stream, source, permit, counted, request, replies, ends } =
            handed;
        let Ok(mut stream) = TcpStream::from_std(stream) else { return };
        let Some(_counted) = counted else { return self.connect(stream, source, permit).await };
        if ends {
            // What goes wrong now is nobody else's matter.
            let _ = finish(&mut stream, &replies).await;
        } else {
            self.serve_requests(stream, source, Some(ConnectionBuffers { request, replies })).await;
        }
    }

    /// Answers requests until the connection ends.
    async fn serve_requests(
        &self,
        mut stream: impl AsyncRead + AsyncWrite + Unpin,
        source: IpAddr,
        begun: Option<ConnectionBuffers>,
    ) {
        let Self { shared, handler, spare, stop } = self;
        let proxies = shared.proxies.load_full();
        let mut stop = stop.clone();
        let spared = || spare.borrow_mut().pop().unwrap_or_default();
        let mut buffers = begun.unwrap_or_else(spared);
        let from = (source, shared.clock);
        // What goes wrong on a connection ends that connection alone.
        let _ = answer(&mut stream, &mut buffers, handler, &proxies, from, &mut stop).await;
        buffers.reset();
        if spare.borrow().len() < MAX_SPARE {
            spare.borrow_mut().push(buffers);
        }
    }
}

/// What one connection reads into and writes from.
#[derive(Debug, Default)]
struct ConnectionBuffers {
    /// What was read and not answered.
    request: Vec<u8>,
    /// What was answered and not sent.
    replies: Vec<u8>,
}

impl ConnectionBuffers {
    /// Makes ready for another connection, keeping what room a usual one needs.
    fn reset(&mut self) {
        for buffer in [&mut self.request, &mut self.replies] {
            buffer.clear();
            buffer.shrink_to(KEPT_BYTES);
        }
    }
}

/// Answers requests until the connection ends, or `stop` changes between two of them.
async fn answer<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut S,
    buffers: &mut ConnectionBuffers,
    handler: &Rc<RefCell<PlainHandler>>,
    proxies: &TrustedProxies,
    (source, clock): (IpAddr, Clock),
    stop: &mut watch::Receiver<bool>,
) -> io::Result<()> {
    let mut deadline = Instant::now() + HEADER_TIMEOUT;
    loop {
        let ConnectionBuffers { request, replies } = buffers;
        let (done, next) =
            handler.borrow_mut().answer_all(request, source, proxies, clock.now(), replies);
        request.drain(..done);
        if !replies.is_empty() {
            timeout(HEADER_TIMEOUT, stream.write_all(replies)).await??;
            replies.clear();
            deadline = Instant::now() + IDLE_TIMEOUT;
        }
        match next {
            NextStep::Close => return close(stream).await,
            NextStep::Drain => return drain(stream).await,
            NextStep::Send => continue,
            NextStep::More => {}
        }
        let waits = request.is_empty();
        let read = tokio::select! {
            biased;
            read = timeout_at(deadline, stream.read_buf(request)) => read??,
            _ = stop.changed(), if waits => return Ok(()),
        };
        if read == 0 {
            return Ok(());
        }
        if waits {
            deadline = Instant::now() + HEADER_TIMEOUT;
        }
    }
}

const PAUSE_AFTER_ERROR: Duration = Duration::from_millis(50);
/// Connections whose buffers are kept for others: 12 MiB a worker at most.
const MAX_SPARE: usize = 1024;
/// What a usual request or reply takes; buffers that grew larger shrink to this between connections.
const KEPT_BYTES: usize = 4096;
