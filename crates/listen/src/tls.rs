//! TLS for the HTTP and the admin listener, from a certificate and a key in PEM files.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use arc_swap::ArcSwap;
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use thiserror::Error;
use tokio_rustls::TlsAcceptor;

/// The certificate in force; a reload changes it for the connections that come after.
pub struct ServerTls {
    config: ArcSwap<ServerConfig>,
}

/// Why a certificate cannot be used.
#[derive(Debug, Error)]
pub enum TlsError {
    /// The certificate file is missing, unreadable, or holds no certificate.
    #[error("cannot read a certificate from {}: {source}; `{key}.certificate` names a PEM file with the whole chain", path.display())]
    Certificate {
        /// The key in `tracker.yaml`.
        key: &'static str,
        /// The file.
        path: PathBuf,
        /// What the reader found.
        source: rustls::pki_types::pem::Error,
    },
    /// The key file is missing, unreadable, or holds no key.
    #[error("cannot read a private key from {}: {source}; `{key}.key` names a PEM file", path.display())]
    Key {
        /// The key in `tracker.yaml`.
        key: &'static str,
        /// The file.
        path: PathBuf,
        /// What the reader found.
        source: rustls::pki_types::pem::Error,
    },
    /// The two do not belong together, or are of a kind that is not supported.
    #[error("certificate {} and its key cannot be used together: {source}", path.display())]
    Pair {
        /// The certificate's file.
        path: PathBuf,
        /// What TLS says.
        source: rustls::Error,
    },
}

impl ServerTls {
    /// Reads both files, which `setting` in `tracker.yaml` names.
    ///
    /// # Errors
    ///
    /// Fails where they do not make a usable pair.
    pub fn load(setting: &'static str, certificate: &Path, key: &Path) -> Result<Self, TlsError> {
        Ok(Self { config: ArcSwap::new(read(setting, certificate, key)?) })
    }

    /// Puts another pair in the place of the one in force.
    pub fn replace(&self, other: &Self) {
        self.config.store(other.config.load_full());
    }

    /// What accepts the next connection.
    pub fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(self.config.load_full())
    }
}

fn read(
    setting: &'static str,
    certificate: &Path,
    key: &Path,
) -> Result<Arc<ServerConfig>, TlsError> {
    let chain: Vec<CertificateDer<'static>> =
        CertificateDer::pem_file_iter(certificate).and_then(Iterator::collect).map_err(
            |source| TlsError::Certificate { key: setting, path: certificate.to_owned(), source },
        )?;
    let key = PrivateKeyDer::from_pem_file(key).map_err(|source| TlsError::Key {
        key: setting,
        path: key.to_owned(),
        source,
    })?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let pair = |source| TlsError::Pair { path: certificate.to_owned(), source };
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(pair)?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(pair)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}
