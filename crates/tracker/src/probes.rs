//! Ports of members that somebody with sockets should try to reach.

use std::collections::VecDeque;
use std::net::SocketAddr;

use parking_lot::Mutex;

use crate::SessionId;

/// One port to be tried. The address is the one that the announce came from, so that nobody can
/// point the tracker at another's.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Probe {
    /// Whose it is.
    pub session: SessionId,
    /// Where to connect to.
    pub address: SocketAddr,
}

/// Ports waiting to be tried; past [`MAX_WAITING`] a session waits for its next announce.
#[derive(Debug, Default)]
pub(crate) struct Probes {
    waiting: Mutex<VecDeque<Probe>>,
}

impl Probes {
    pub(crate) fn ask(&self, probe: Probe) {
        let mut waiting = self.waiting.lock();
        if waiting.len() < MAX_WAITING && !waiting.contains(&probe) {
            waiting.push_back(probe);
        }
    }

    pub(crate) fn take(&self) -> Option<Probe> {
        self.waiting.lock().pop_front()
    }
}

/// A handful of seconds' work for whoever tries them.
const MAX_WAITING: usize = 256;
