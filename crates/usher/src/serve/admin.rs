//! The admin socket, and the listeners of one address: metrics and health, and the site.

use std::fs::{self, Permissions};
use std::io;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use axum::Router;
use thiserror::Error;
use tokio::net::{TcpListener, UnixListener, UnixStream};
use tokio::sync::watch;

/// Why one of these listeners does not start.
#[derive(Debug, Error)]
pub enum AdminError {
    /// The address could not be bound.
    #[error("cannot listen on {address} ({key}): {source}")]
    Listen {
        /// The key in `tracker.yaml`.
        key: &'static str,
        /// The address.
        address: SocketAddr,
        /// What the system says.
        source: io::Error,
    },
    /// The Unix socket could not be made.
    #[error("cannot make the admin socket {} (admin.socket): {source}", path.display())]
    Socket {
        /// The socket.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

/// Makes the Unix socket, for the daemon's user alone. What a daemon that died left behind is
/// taken away; the state directory's lock says that no other one runs.
///
/// # Errors
///
/// Fails where the socket cannot be made, or somebody answers there.
pub(crate) async fn bind_socket(path: &Path) -> Result<UnixListener, AdminError> {
    let fails = |source| AdminError::Socket { path: path.to_owned(), source };
    if UnixStream::connect(path).await.is_ok() {
        return Err(fails(io::ErrorKind::AddrInUse.into()));
    }
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(fails(error)),
        _ => {}
    }
    let listener = UnixListener::bind(path).map_err(fails)?;
    fs::set_permissions(path, Permissions::from_mode(0o600)).map_err(fails)?;
    Ok(listener)
}

/// Binds a listener of one address, which `key` in `tracker.yaml` names.
///
/// # Errors
///
/// Fails where the address cannot be bound.
pub(crate) async fn listen(
    key: &'static str,
    address: SocketAddr,
) -> Result<(TcpListener, SocketAddr), AdminError> {
    let fails = |source| AdminError::Listen { key, address, source };
    let listener = TcpListener::bind(address).await.map_err(fails)?;
    let bound = listener.local_addr().map_err(fails)?;
    Ok((listener, bound))
}

/// Serves a router until `stop` changes.
pub(crate) async fn serve<L>(listener: L, router: Router, mut stop: watch::Receiver<bool>)
where
    L: axum::serve::Listener,
    L::Addr: std::fmt::Debug,
{
    let stopped = async move {
        let _ = stop.changed().await;
    };
    let served = axum::serve(listener, router).with_graceful_shutdown(stopped).await;
    if let Err(error) = served {
        tracing::error!(%error, "an admin listener stopped");
    }
}
