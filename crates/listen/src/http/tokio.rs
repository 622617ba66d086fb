//! Announce and scrape over HTTP/1.1, as far as it needs a runtime: TLS, proxies, and what a worker's epoll
//! hands off. A current-thread runtime each.
//!
//! A connection that waits holds no buffer: what comes is read into the thread's one, and kept only as long as
//! it is part of a request or its answer is not sent.

use std::cell::RefCell;
use std::future::poll_fn;
use std::io;
use std::net::IpAddr;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::ready;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::sync::watch;
use tokio::task::LocalSet;
use tokio::time::{Instant, sleep, timeout, timeout_at};

use crate::admission::{Activity, NoPlace, Permit};
use crate::bounds::{DRAIN, HEADER_TIMEOUT, IDLE_TIMEOUT, MAX_UNSENT_BYTES};
use crate::context::ListenContext;
use crate::forwarded::{ConnectionOrigin, TrustedProxies};
use crate::http::handoff::{HandedOffConnection, HandoffStage};
use crate::http::plain::{NextStep, PlainHandler};
use crate::proxy;
use crate::proxy_watch::is_own_network;
use crate::stream::{Metered, close, drain, finish};

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
    /// What is read from any connection.
    read: Rc<RefCell<Box<[u8]>>>,
    /// Buffers for connections that have something to keep.
    spare: Rc<RefCell<Vec<ConnectionBuffers>>>,
    stop: watch::Receiver<bool>,
}

/// Serves connections until `stop` changes, then lets open requests end.
///
/// # Errors
///
/// Fails where the socket cannot be given to the runtime; an error on one connection ends that connection
/// alone.
pub async fn serve(
    shared: Arc<ListenContext>,
    source: ConnectionSource,
    stop: watch::Receiver<bool>,
) -> io::Result<()> {
    let handler = Rc::new(RefCell::new(PlainHandler::new(&shared)));
    let read = Rc::new(RefCell::new(vec![0; READ_BYTES].into_boxed_slice()));
    let worker = RuntimeWorker { shared, handler, read, spare: Rc::default(), stop };
    let connections = LocalSet::new();
    match source {
        ConnectionSource::Listener(listener) => {
            let listener = TcpListener::from_std(listener)?;
            connections.run_until(worker.accept(listener)).await;
        }
        ConnectionSource::HandedOff(handed) => {
            connections.run_until(worker.take_over(handed)).await;
        }
    }
    // Connections that do not finish in time are cut off.
    let _ = timeout(DRAIN, connections).await;
    Ok(())
}

impl RuntimeWorker {
    /// Takes connections until told to stop.
    async fn accept(self, listener: TcpListener) {
        let mut stopped = self.stop.clone();
        loop {
            let shared = &self.shared;
            if !shared.announces.may_accept() {
                tokio::select! {
                    () = sleep(PAUSE_WHILE_ENDING) => continue,
                    _ = stopped.changed() => break,
                }
            }
            tokio::select! {
                biased;
                accepted = listener.accept() => match accepted {
                    Ok((stream, from)) => {
                        let source = from.ip().to_canonical();
                        if self.welcome(stream, source) == Err(NoPlace::Full) {
                            sleep(PAUSE_AFTER_ERROR).await;
                        }
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

    /// Begins with a connection that was accepted here, if there is a place for it.
    fn welcome(&self, stream: TcpStream, source: IpAddr) -> Result<(), NoPlace> {
        let Self { shared, .. } = self;
        let is_proxy = shared.proxies.load().trusts(source);
        let now_secs = shared.clock.now().secs;
        let permit = shared.admit(&shared.announces, source, is_proxy, now_secs)?;
        tokio::task::spawn_local(self.clone().run(stream, source, permit, HandoffStage::Begin));
        Ok(())
    }

    /// Continues connections until the worker that hands them off has ended.
    async fn take_over(self, mut handed: UnboundedReceiver<HandedOffConnection>) {
        while let Some(handed) = handed.recv().await {
            let HandedOffConnection { stream, source, permit, stage } = handed;
            if let Ok(stream) = TcpStream::from_std(stream) {
                tokio::task::spawn_local(self.clone().run(stream, source, permit, stage));
            }
        }
    }

    /// One connection, until it ends or its place is given to another.
    async fn run(self, stream: TcpStream, source: IpAddr, mut permit: Permit, stage: HandoffStage) {
        permit.keep_task(Activity::Busy, self.shared.clock.now().secs);
        tokio::select! {
            // What goes wrong on a connection ends that connection alone.
            _ = self.serve(stream, source, &permit, stage) => {}
            () = permit.evicted() => {}
        }
    }

    async fn serve(
        &self,
        mut stream: TcpStream,
        mut source: IpAddr,
        permit: &Permit,
        stage: HandoffStage,
    ) -> io::Result<()> {
        let buffers = match stage {
            HandoffStage::End { replies } => return finish(&mut stream, &replies, permit).await,
            HandoffStage::Continue { request, replies } => ConnectionBuffers { request, replies },
            HandoffStage::Begin => ConnectionBuffers::default(),
        };
        if self.shared.proxies.load().trusts(source)
            && let Some(client) = timeout(HEADER_TIMEOUT, proxy::read_header(&mut stream)).await??
        {
            source = client;
            if permit.attribute(client, self.shared.clock.now().secs).is_err() {
                return Ok(());
            }
        }
        if self.shared.tls.is_some() {
            self.note_proxy_header(&stream, source).await?;
        }
        let stream = Metered::new(stream, permit, self.shared.clock);
        match &self.shared.tls {
            None => self.answer(stream, source, permit, buffers).await,
            Some(tls) => {
                let limit = |connection: &mut rustls::ServerConnection| {
                    connection.set_buffer_limit(Some(MAX_UNSENT_BYTES));
                };
                let accept = tls.acceptor().accept_with(stream, limit);
                let stream = timeout(HEADER_TIMEOUT, accept).await??;
                self.answer(stream, source, permit, buffers).await
            }
        }
    }

    /// Notes a PROXY header that is not read, before TLS fails on it. Looks at machines of the operator's alone.
    async fn note_proxy_header(&self, stream: &TcpStream, source: IpAddr) -> io::Result<()> {
        let proxies = self.shared.proxies.load();
        if proxies.trusts(source) || is_own_network(source) {
            let mut start = [0; PROXY_HEADER_START];
            let peeked = timeout(HEADER_TIMEOUT, stream.peek(&mut start)).await??;
            let start = start.get(..peeked).unwrap_or_default();
            let now_secs = self.shared.clock.now().secs;
            self.shared.proxy_watch.connection_begins(start, source, &proxies, now_secs);
        }
        Ok(())
    }

    /// Answers requests until the connection ends, or `stop` changes between two of them.
    async fn answer<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        mut stream: S,
        source: IpAddr,
        permit: &Permit,
        mut buffers: ConnectionBuffers,
    ) -> io::Result<()> {
        let (clock, mut stop) = (self.shared.clock, self.stop.clone());
        let proxies = self.shared.proxies.load_full();
        let origin = ConnectionOrigin { address: source, is_proxy: proxies.trusts(source) };
        let mut deadline = Instant::now() + HEADER_TIMEOUT;
        loop {
            let now = clock.now();
            let next = self.answer_all(&mut buffers, origin, &proxies, now);
            let ConnectionBuffers { request, replies } = &mut buffers;
            if !permit.hold(request.len() + replies.len(), now.secs) {
                return Ok(());
            }
            if !replies.is_empty() {
                timeout(HEADER_TIMEOUT, stream.write_all(replies)).await??;
                replies.clear();
                deadline = Instant::now() + IDLE_TIMEOUT;
            }
            match next {
                NextStep::Close => return close(&mut stream).await,
                NextStep::Drain => return drain(&mut stream, permit).await,
                NextStep::Send => continue,
                NextStep::More => {}
            }
            let now_secs = clock.now().secs;
            let waits = request.is_empty();
            if waits {
                self.keep_spare(std::mem::take(&mut buffers));
                permit.release();
            }
            permit.touch(if waits { Activity::Waiting } else { Activity::Busy }, now_secs);
            let read = tokio::select! {
                biased;
                read = timeout_at(deadline, self.read(&mut stream, &mut buffers)) => read??,
                _ = stop.changed(), if waits => return Ok(()),
            };
            if read == 0 {
                return Ok(());
            }
            permit.touch(Activity::Busy, clock.now().secs);
            if waits {
                deadline = Instant::now() + HEADER_TIMEOUT;
            }
        }
    }

    fn answer_all(
        &self,
        ConnectionBuffers { request, replies }: &mut ConnectionBuffers,
        origin: ConnectionOrigin,
        proxies: &TrustedProxies,
        now: tracker::Now,
    ) -> NextStep {
        let mut handler = self.handler.borrow_mut();
        let (done, next) = handler.answer_all(request, origin, proxies, now, replies);
        request.drain(..done);
        next
    }

    /// Reads into the thread's buffer, and from there to the request.
    async fn read<S: AsyncRead + Unpin>(
        &self,
        stream: &mut S,
        buffers: &mut ConnectionBuffers,
    ) -> io::Result<usize> {
        poll_fn(|context| {
            let mut shared = self.read.borrow_mut();
            let mut read = ReadBuf::new(&mut shared);
            ready!(Pin::new(&mut *stream).poll_read(context, &mut read))?;
            let bytes = read.filled();
            if buffers.request.capacity() == 0
                && let Some(spare) = self.spare.borrow_mut().pop()
            {
                *buffers = spare;
            }
            buffers.request.extend_from_slice(bytes);
            Ok(bytes.len()).into()
        })
        .await
    }

    /// Keeps empty buffers of the usual size for another connection.
    fn keep_spare(&self, mut buffers: ConnectionBuffers) {
        let mut spare = self.spare.borrow_mut();
        if buffers.request.capacity() > 0 && spare.len() < MAX_SPARE {
            buffers.request.shrink_to(KEPT_BYTES);
            buffers.replies.shrink_to(KEPT_BYTES);
            spare.push(buffers);
        }
    }
}

/// What is held for one connection.
#[derive(Debug, Default)]
struct ConnectionBuffers {
    /// What was read and not answered.
    request: Vec<u8>,
    /// What was answered and not sent.
    replies: Vec<u8>,
}

const PAUSE_AFTER_ERROR: Duration = Duration::from_millis(50);
const PAUSE_WHILE_ENDING: Duration = Duration::from_millis(1);
/// Bytes by which a PROXY header of either version is known.
const PROXY_HEADER_START: usize = 12;
/// Twice the longest request: several pipelined ones come in one read.
const READ_BYTES: usize = 16 * 1024;
/// Buffers that are kept on one thread: 1 MiB.
const MAX_SPARE: usize = 128;
/// What a usual request or reply takes.
const KEPT_BYTES: usize = 4096;
