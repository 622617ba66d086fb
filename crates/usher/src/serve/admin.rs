//! The admin socket, and the listeners of one address: metrics and health, and the site.

use std::fs::{self, Permissions};
use std::io;
use std::net::SocketAddr;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::{Path, PathBuf};

use axum::Router;
use axum::serve::Listener;
use thiserror::Error;
use tokio::net::{TcpListener, UnixListener, UnixStream};
use tokio::sync::watch;

use crate::serve::wait::until_let_go;

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
    /// Something else lies where the Unix socket should be.
    #[error("admin.socket: {} is there and is no socket: name another path", path.display())]
    NoSocket {
        /// The path.
        path: PathBuf,
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

/// Makes the Unix socket, for the daemon's user alone. Removes the socket of a daemon that died, and waits
/// a few seconds for one that is dying; the state directory's lock says that no other one runs.
///
/// # Errors
///
/// Fails where the socket cannot be made, somebody answers there, or something else is there.
pub(crate) async fn bind_socket(path: &Path) -> Result<UnixListener, AdminError> {
    let fails = |source| AdminError::Socket { path: path.to_owned(), source };
    let nobody_listens = async || match UnixStream::connect(path).await {
        Ok(_) => Err(fails(io::ErrorKind::AddrInUse.into())),
        Err(_) => Ok(()),
    };
    until_let_go(path.display(), |_| true, nobody_listens).await?;
    match fs::symlink_metadata(path) {
        Ok(found) if found.file_type().is_socket() => fs::remove_file(path).map_err(fails)?,
        Ok(_) => return Err(AdminError::NoSocket { path: path.to_owned() }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(fails(error)),
    }
    let listener = UnixListener::bind(path).map_err(fails)?;
    fs::set_permissions(path, Permissions::from_mode(0o600)).map_err(fails)?;
    Ok(listener)
}

/// Takes the socket away at the end, but not what somebody else put in its place.
pub(crate) fn remove_socket(path: &Path) {
    if fs::symlink_metadata(path).is_ok_and(|found| found.file_type().is_socket()) {
        let _ = fs::remove_file(path);
    }
}

/// Binds a listener of one address, which `key` in `tracker.yaml` names. Waits a few seconds for an address
/// that a killed daemon still holds.
///
/// # Errors
///
/// Fails where the address cannot be bound.
pub(crate) async fn listen(
    key: &'static str,
    address: SocketAddr,
) -> Result<(TcpListener, SocketAddr), AdminError> {
    let fails = |source| AdminError::Listen { key, address, source };
    let is_held = |error: &io::Error| error.kind() == io::ErrorKind::AddrInUse;
    let bound = until_let_go(address, is_held, async || TcpListener::bind(address).await).await;
    let listener = bound.map_err(fails)?;
    let bound = listener.local_addr().map_err(fails)?;
    Ok((listener, bound))
}

/// Serves a router until `stop` changes.
pub(crate) async fn serve<L>(listener: L, router: Router, mut stop: watch::Receiver<bool>)
where
    L: Listener,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_a_stale_socket_is_taken_away() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("admin.sock");
        drop(bind_socket(&path).await.unwrap());
        let bound = bind_socket(&path).await.unwrap();
        let taken = bind_socket(&path).await.unwrap_err().to_string();
        assert!(taken.contains("admin.socket"), "{taken}");
        drop(bound);
        remove_socket(&path);
        assert!(!path.exists());

        fs::write(&path, "mine").unwrap();
        let refused = bind_socket(&path).await.unwrap_err().to_string();
        assert!(
            refused.starts_with("admin.socket: ") && refused.contains("no socket"),
            "{refused}"
        );
        remove_socket(&path);
        assert_eq!(fs::read(&path).unwrap(), b"mine");
        let link = folder.path().join("link");
        std::os::unix::fs::symlink(&path, &link).unwrap();
        assert!(bind_socket(&link).await.is_err() && link.is_symlink());
    }
}
