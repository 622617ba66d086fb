//! What the operator says to the process: stop, or read the configuration again.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};

/// What the operator may say to the process.
pub(crate) struct Signals {
    hangup: Signal,
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    /// Listens from now on: what is said before it is asked for is not forgotten.
    ///
    /// # Errors
    ///
    /// The system does not let us.
    pub(crate) fn listen() -> io::Result<Self> {
        Ok(Self {
            hangup: signal(SignalKind::hangup())?,
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    /// Waits until the daemon is told to stop.
    pub(crate) async fn end(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }

    /// Waits until the configuration is to be read again; `false` where the daemon is to stop.
    pub(crate) async fn goes_on(&mut self) -> bool {
        tokio::select! {
            _ = self.terminate.recv() => false,
            _ = self.interrupt.recv() => false,
            _ = self.hangup.recv() => true,
        }
    }
}
