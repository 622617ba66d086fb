//! The choice between the two backends that move datagrams.

use std::io;

use serde::{Deserialize, Serialize};
use socket2::Socket;

use crate::udp::datagrams::{DatagramHandler, DatagramSocket};
use crate::udp::mmsg::MmsgSocket;
use crate::udp::ring::RingSocket;

/// `tracker.udp.io`: how datagrams come in and go out.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum UdpIo {
    /// `io_uring` where the kernel allows it, else `recvmmsg`.
    Auto,
    /// `io_uring`, or no start.
    IoUring,
    /// `recvmmsg` and `sendmmsg`.
    Recvmmsg,
}

/// How datagrams move.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum UdpBackend {
    /// `io_uring`.
    IoUring,
    /// `recvmmsg` and `sendmmsg`.
    Recvmmsg,
}

/// A socket opened by one of the backends.
pub enum BackendSocket {
    /// By `io_uring`.
    IoUring(RingSocket),
    /// By `recvmmsg` and `sendmmsg`.
    Recvmmsg(MmsgSocket),
}

impl UdpBackend {
    /// Chooses the backend that the configuration names; `auto` is `io_uring` where the kernel allows it.
    ///
    /// # Errors
    ///
    /// Fails where `io_uring` alone was asked for and the kernel refuses it.
    pub fn choose(asked: UdpIo) -> io::Result<Self> {
        Self::choose_by(asked, RingSocket::probe)
    }

    /// The same; `probe` fails where the kernel refuses `io_uring`.
    fn choose_by(asked: UdpIo, probe: impl FnOnce() -> io::Result<()>) -> io::Result<Self> {
        if asked == UdpIo::Recvmmsg {
            return Ok(Self::Recvmmsg);
        }
        match probe() {
            Ok(()) => Ok(Self::IoUring),
            Err(error) if asked == UdpIo::IoUring => Err(error),
            Err(error) => {
                tracing::debug!(%error, "the kernel refuses io_uring");
                Ok(Self::Recvmmsg)
            }
        }
    }

    /// Takes over a bound socket, for the calling thread.
    ///
    /// # Errors
    ///
    /// Fails where the kernel refuses what this backend needs.
    pub fn open(self, socket: Socket) -> io::Result<BackendSocket> {
        match self {
            Self::IoUring => RingSocket::new(socket).map(BackendSocket::IoUring),
            Self::Recvmmsg => MmsgSocket::new(socket).map(BackendSocket::Recvmmsg),
        }
    }

    /// The backend's name, as `tracker.udp.io` spells it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::IoUring => "io_uring",
            Self::Recvmmsg => "recvmmsg",
        }
    }
}

impl DatagramSocket for BackendSocket {
    fn exchange(&mut self, answer: &mut impl DatagramHandler) -> io::Result<()> {
        match self {
            Self::IoUring(ring) => ring.exchange(answer),
            Self::Recvmmsg(batches) => batches.exchange(answer),
        }
    }

    fn kernel_drops(&self) -> u32 {
        match self {
            Self::IoUring(ring) => ring.kernel_drops(),
            Self::Recvmmsg(batches) => batches.kernel_drops(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::io::ErrorKind;
    use std::iter;
    use std::net::{IpAddr, Shutdown, SocketAddr, UdpSocket};
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::sync::mpsc;
    use std::time::Duration;

    use super::*;
    use crate::socket::{SocketKind, bind, local_address};
    use crate::udp::datagrams::REQUEST_BYTES;

    #[test]
    fn answers_go_back_to_their_senders_and_silence_to_nobody() {
        check(|mut server, port| {
            let clients = ["127.0.0.1:0", "[::1]:0", "127.0.0.1:0", "[::1]:0"].map(client);
            for (client, word) in clients.iter().zip([&b"ada"[..], b"bob", b"hush", b""]) {
                send(client, port, word);
            }
            let mut echo = Echo::default();
            echo.hear(&mut server, 4);

            for (client, reply) in [(0, &b"ada!"[..]), (1, b"bob!"), (3, b"!")] {
                assert_eq!(receive(&clients[client]), reply);
            }
            drop(server);
            clients[2].set_nonblocking(true).unwrap();
            assert!(clients[2].recv(&mut [0; 16]).is_err());
            for client in clients {
                assert!(echo.heard.contains_key(&client.local_addr().unwrap()), "{:?}", echo.heard);
            }
        });
    }

    #[test]
    fn an_answer_comes_from_the_address_that_was_asked() {
        for any in ["[::]:0", "0.0.0.0:0"] {
            for backend in backends() {
                let socket = bind(any.parse().unwrap(), SocketKind::Datagram, 1).unwrap().remove(0);
                let port = local_address(&socket).unwrap().port();
                let mut server = backend.open(socket).unwrap();
                let clients = ["127.0.0.5", "127.0.0.1", "127.0.0.9", "127.0.0.5"].map(|asked| {
                    // A connected socket hears nobody else.
                    let client = client("127.0.0.1:0");
                    client.connect((asked, port)).unwrap();
                    client.send(asked.as_bytes()).unwrap();
                    (client, asked)
                });
                let mut echo = Echo::default();
                echo.hear(&mut server, clients.len());
                for (client, asked) in clients {
                    assert_eq!(receive(&client), [asked.as_bytes(), b"!"].concat(), "{backend:?}");
                }
            }
        }
    }

    #[test]
    fn a_burst_beyond_all_buffers_is_answered_once_each() {
        check(|mut server, port| {
            // As many as socket buffers of the kernel's default size hold on both sides.
            let client = client("127.0.0.1:0");
            for number in 0..BURST {
                send(&client, port, &number.to_be_bytes());
            }
            let mut echo = Echo::default();
            echo.hear(&mut server, usize::from(BURST));

            let numbers = |_| {
                let reply = receive(&client);
                u16::from_be_bytes([reply[0], reply[1]])
            };
            let mut answered: Vec<u16> = (0..BURST).map(numbers).collect();
            answered.sort_unstable();
            assert_eq!(answered, (0..BURST).collect::<Vec<_>>());
            drop(server);
            client.set_nonblocking(true).unwrap();
            assert!(client.recv(&mut [0; 16]).is_err());
        });
    }

    #[test]
    fn a_datagram_longer_than_the_buffer_is_cut_to_it() {
        check(|mut server, port| {
            let client = client("[::1]:0");
            for bytes in [REQUEST_BYTES, REQUEST_BYTES + 1, 9000] {
                send(&client, port, &vec![b'a'; bytes]);
            }
            let mut length = Length::default();
            while length.0.len() < 3 {
                server.exchange(&mut length).unwrap();
            }
            assert_eq!(length.0, [REQUEST_BYTES; 3]);
        });
    }

    #[test]
    fn replies_that_the_kernel_refuses_are_counted() {
        for backend in backends() {
            let socket =
                bind("[::]:0".parse().unwrap(), SocketKind::Datagram, 1).unwrap().remove(0);
            let port = local_address(&socket).unwrap().port();
            let other_end = socket.try_clone().unwrap();
            let mut server = backend.open(socket).unwrap();
            let (ada, bob) = (client("127.0.0.1:0"), client("[::1]:0"));
            let mut echo = Echo::default();
            send(&ada, port, b"ada");
            echo.hear(&mut server, 1);
            assert_eq!(receive(&ada), b"ada!");
            // Tells that there is nobody to tell, and sends nothing from here on all the same.
            assert!(other_end.shutdown(Shutdown::Write).is_err());
            send(&ada, port, b"ada");
            send(&bob, port, b"bob");
            while echo.unsent < 2 {
                server.exchange(&mut echo).unwrap();
            }
            assert_eq!((echo.unsent, echo.heard.values().sum::<usize>()), (2, 3), "{backend:?}");
        }
    }

    #[test]
    fn datagrams_that_the_kernel_drops_are_counted() {
        for backend in backends() {
            let socket =
                bind("[::]:0".parse().unwrap(), SocketKind::Datagram, 1).unwrap().remove(0);
            socket.set_recv_buffer_size(1).unwrap();
            let port = local_address(&socket).unwrap().port();
            let server = backend.open(socket).unwrap();
            assert_eq!(server.kernel_drops(), 0);
            let client = client("127.0.0.1:0");
            (0..BURST).for_each(|_| send(&client, port, &[b'a'; 1000]));
            let dropped = server.kernel_drops();
            assert!((1..=u32::from(BURST)).contains(&dropped), "{backend:?}: {dropped}");
        }
    }

    #[test]
    fn an_idle_worker_sees_within_a_second_that_it_should_stop() {
        for backend in backends() {
            let socket =
                bind("127.0.0.1:0".parse().unwrap(), SocketKind::Datagram, 1).unwrap().remove(0);
            let stop = Arc::new(AtomicBool::new(false));
            let stopped = Arc::clone(&stop);
            let (ended, end) = mpsc::channel();
            std::thread::spawn(move || {
                let mut server = backend.open(socket).unwrap();
                while !stopped.load(Ordering::Relaxed) {
                    server.exchange(&mut Echo::default()).unwrap();
                }
                drop(server);
                ended.send(()).unwrap();
            });
            stop.store(true, Ordering::Relaxed);
            end.recv_timeout(Duration::from_secs(30)).unwrap();
        }
    }

    #[test]
    fn io_uring_is_chosen_where_it_is_wanted_and_allowed() {
        #[track_caller]
        fn check(asked: UdpIo, is_allowed: bool, expected: Option<UdpBackend>) {
            let probe =
                || if is_allowed { Ok(()) } else { Err(ErrorKind::PermissionDenied.into()) };
            assert_eq!(UdpBackend::choose_by(asked, probe).ok(), expected);
        }
        check(UdpIo::Auto, true, Some(UdpBackend::IoUring));
        check(UdpIo::Auto, false, Some(UdpBackend::Recvmmsg));
        check(UdpIo::IoUring, true, Some(UdpBackend::IoUring));
        check(UdpIo::IoUring, false, None);
        check(UdpIo::Recvmmsg, true, Some(UdpBackend::Recvmmsg));
        check(UdpIo::Recvmmsg, false, Some(UdpBackend::Recvmmsg));
    }

    #[test]
    fn the_kernel_allows_io_uring_to_be_tested() {
        if let Err(error) = RingSocket::probe() {
            ::tests::skip(&format!(
                "the kernel refuses io_uring ({error}): recvmmsg alone is tested"
            ));
        }
    }

    /// More than any backend has buffers for.
    const BURST: u16 = 200;

    /// How often each client was heard, and what was not sent.
    #[derive(Default)]
    struct Echo {
        heard: HashMap<SocketAddr, usize>,
        unsent: usize,
    }

    impl Echo {
        /// Hears so many datagrams, and sends the answers.
        fn hear(&mut self, server: &mut BackendSocket, datagrams: usize) {
            while self.heard.values().sum::<usize>() < datagrams {
                server.exchange(self).unwrap();
            }
            server.exchange(self).unwrap();
        }
    }

    impl DatagramHandler for Echo {
        fn begin_batch(&mut self) {}

        fn answer(&mut self, datagram: &[u8], from: SocketAddr, reply: &mut [u8]) -> usize {
            *self.heard.entry(from).or_default() += 1;
            if datagram == b"hush" {
                return 0;
            }
            reply[..datagram.len()].copy_from_slice(datagram);
            reply[datagram.len()] = b'!';
            datagram.len() + 1
        }

        fn unsent(&mut self, replies: usize) {
            self.unsent += replies;
        }
    }

    /// How long each datagram was.
    #[derive(Default)]
    struct Length(Vec<usize>);

    impl DatagramHandler for Length {
        fn begin_batch(&mut self) {}

        fn answer(&mut self, datagram: &[u8], _: SocketAddr, _: &mut [u8]) -> usize {
            self.0.push(datagram.len());
            0
        }

        fn unsent(&mut self, replies: usize) {
            panic!("{replies} unsent");
        }
    }

    /// Checks a fact of every backend that this kernel allows.
    fn check(fact: impl Fn(BackendSocket, u16)) {
        for backend in backends() {
            let socket =
                bind("[::]:0".parse().unwrap(), SocketKind::Datagram, 1).unwrap().remove(0);
            let port = local_address(&socket).unwrap().port();
            fact(backend.open(socket).unwrap(), port);
        }
    }

    fn backends() -> Vec<UdpBackend> {
        // `the_kernel_allows_io_uring_to_be_tested` says so where it does not.
        let io_uring = RingSocket::probe().ok().map(|()| UdpBackend::IoUring);
        iter::once(UdpBackend::Recvmmsg).chain(io_uring).collect()
    }

    fn client(address: &str) -> UdpSocket {
        let socket = UdpSocket::bind(address).unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        socket
    }

    fn send(client: &UdpSocket, port: u16, datagram: &[u8]) {
        let ip: IpAddr = client.local_addr().unwrap().ip();
        client.send_to(datagram, (ip, port)).unwrap();
    }

    fn receive(client: &UdpSocket) -> Vec<u8> {
        let mut reply = [0; 16];
        let length = client.recv(&mut reply).unwrap();
        reply[..length].to_vec()
    }
}
