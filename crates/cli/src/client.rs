//! The admin API, as the command line asks it: HTTP over the daemon's Unix socket.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use api::error::ErrorBody;
use api::publish::ProgressLine;
use http::header::{CONTENT_TYPE, HOST};
use http::{Method, Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper_util::rt::TokioIo;
use serde::Serialize;
use serde::de::DeserializeOwned;
use thiserror::Error;
use tokio::net::UnixStream;
use tokio::time::timeout;

/// A daemon, by its socket.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    socket: PathBuf,
    /// For how long an answer is waited for; `None` for ever.
    patience: Option<Duration>,
}

impl Client {
    pub(crate) fn new(socket: &Path) -> Self {
        Self { socket: socket.to_owned(), patience: Some(PATIENCE) }
    }

    /// The same for what goes through all of the club, and may take its time.
    pub(crate) fn patient(&self) -> Self {
        Self { patience: None, ..self.clone() }
    }

    /// Asks without a body.
    pub(crate) async fn ask<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
    ) -> Result<T, ClientError> {
        self.send(method, path, None, Bytes::new()).await
    }

    /// Asks with JSON.
    pub(crate) async fn tell<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: &impl Serialize,
    ) -> Result<T, ClientError> {
        let body = serde_json::to_vec(body)?;
        self.send(method, path, Some("application/json"), body.into()).await
    }

    /// Hands over a torrent.
    pub(crate) async fn hand_over<T: DeserializeOwned>(
        &self,
        path: &str,
        torrent: Vec<u8>,
    ) -> Result<T, ClientError> {
        self.send(Method::POST, path, Some("application/x-bittorrent"), torrent.into()).await
    }

    /// Asks for a file.
    pub(crate) async fn fetch(&self, method: Method, path: &str) -> Result<Bytes, ClientError> {
        let response = self.request(method, path, None, Bytes::new()).await?;
        Ok(response.into_body().collect().await?.to_bytes())
    }

    /// Asks for what takes its time, and hears how many bytes of how many are done.
    pub(crate) async fn follow<T: DeserializeOwned>(
        &self,
        path: &str,
        body: Option<&impl Serialize>,
        mut hears: impl FnMut(u64, u64),
    ) -> Result<T, ClientError> {
        let (kind, body) = match body {
            Some(body) => (Some("application/json"), serde_json::to_vec(body)?),
            None => (None, Vec::new()),
        };
        let asked = self.patient();
        let mut response = asked.request(Method::POST, path, kind, body.into()).await?;
        let mut pending = Vec::new();
        while let Some(frame) = response.frame().await.transpose()? {
            pending.extend_from_slice(frame.data_ref().map(Bytes::as_ref).unwrap_or_default());
            while let Some(end) = pending.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = pending.drain(..=end).collect();
                match serde_json::from_slice(&line)? {
                    ProgressLine::Done(done) => return Ok(done),
                    ProgressLine::Failed(told) => return Err(ClientError::Refused(told.error)),
                    ProgressLine::Hashed { bytes, of } => hears(bytes, of),
                }
            }
        }
        Err(ClientError::Refused("the daemon stopped before it was done".to_owned()))
    }

    async fn send<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        content_type: Option<&str>,
        body: Bytes,
    ) -> Result<T, ClientError> {
        let response = self.request(method, path, content_type, body).await?;
        Ok(serde_json::from_slice(&response.into_body().collect().await?.to_bytes())?)
    }

    /// One request on a connection of its own, which the daemon has not refused.
    async fn request(
        &self,
        method: Method,
        path: &str,
        content_type: Option<&str>,
        body: Bytes,
    ) -> Result<Response<Incoming>, ClientError> {
        let answer = self.head(method, path, content_type, body);
        let response = match self.patience {
            None => answer.await?,
            Some(patience) => timeout(patience, answer).await.map_err(|_| {
                ClientError::Silent { socket: self.socket.clone(), seconds: patience.as_secs() }
            })??,
        };
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        let body = response.into_body().collect().await?.to_bytes();
        let told: ErrorBody = serde_json::from_slice(&body)
            .unwrap_or_else(|_| ErrorBody { error: format!("the daemon answered {status}") });
        Err(ClientError::Refused(told.error))
    }

    /// Connects and asks; returns when the answer begins.
    async fn head(
        &self,
        method: Method,
        path: &str,
        content_type: Option<&str>,
        body: Bytes,
    ) -> Result<Response<Incoming>, ClientError> {
        let stream =
            UnixStream::connect(&self.socket).await.map_err(|error| self.explain(error))?;
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);

        let mut request = Request::builder().method(method).uri(path).header(HOST, "usher");
        if let Some(content_type) = content_type {
            request = request.header(CONTENT_TYPE, content_type);
        }
        Ok(sender.send_request(request.body(Full::new(body))?).await?)
    }

    fn explain(&self, error: io::Error) -> ClientError {
        let socket = self.socket.clone();
        match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused => {
                ClientError::NotRunning { socket }
            }
            _ => ClientError::Socket { socket, error },
        }
    }
}

/// Longer than the daemon waits for its database, or for a payment provider.
const PATIENCE: Duration = Duration::from_secs(60);

/// Why the daemon gave no answer, or which.
#[derive(Debug, Error)]
pub enum ClientError {
    /// The connection broke.
    #[error("the daemon broke off: {0}")]
    Broken(#[from] hyper::Error),
    /// The daemon speaks another language: another version.
    #[error("the daemon's answer is not understood, is it of this version? {0}")]
    Garbled(#[from] serde_json::Error),
    /// The request could not be put into words.
    #[error("no such request: {0}")]
    Unspeakable(#[from] http::Error),
    /// Nobody listens.
    #[error(
        "no daemon at {}: start it with `usher serve`, or name its configuration with --config",
        socket.display()
    )]
    NotRunning {
        /// The socket that was tried.
        socket: PathBuf,
    },
    /// The daemon says why not.
    #[error("{0}")]
    Refused(String),
    /// Somebody listens, and says nothing.
    #[error(
        "the daemon at {} has not answered for {seconds} seconds, and may still do what was asked: \
         see its log, and start it again if it hangs",
        socket.display()
    )]
    Silent {
        /// The socket that was tried.
        socket: PathBuf,
        /// For how long it was waited.
        seconds: u64,
    },
    /// The socket cannot be used.
    #[error("cannot use {}, run this as the daemon's user: {error}", socket.display())]
    Socket {
        /// The socket that was tried.
        socket: PathBuf,
        /// What the system says.
        error: io::Error,
    },
}

#[cfg(test)]
mod tests {
    use axum::body::Bytes as Body;
    use axum::http::{HeaderMap, StatusCode};
    use axum::routing::{get, post};
    use axum::{Json, Router};
    use serde_json::{Value, json};
    use tempfile::TempDir;
    use tokio::net::UnixListener;

    use super::*;

    #[tokio::test]
    async fn hands_over_what_it_was_given_and_returns_the_answer() {
        let (client, _folder) = daemon();
        let echo: Value =
            client.tell(Method::POST, "/echo?name=a%20b", &json!({"x": 1})).await.unwrap();
        assert_eq!(echo, json!(["application/json", "{\"x\":1}"]));
        let echo: Value = client.hand_over("/echo", b"d4:infoe".to_vec()).await.unwrap();
        assert_eq!(echo, json!(["application/x-bittorrent", "d4:infoe"]));
    }

    #[tokio::test]
    async fn a_refusal_is_told_in_the_daemons_words() {
        let (client, _folder) = daemon();
        fails(&client, "/refuse", "no tier `king`").await;
        fails(&client, "/stumble", "the daemon answered 500").await;
        fails(&client, "/babble", "the daemon's answer is not understood").await;
    }

    #[tokio::test]
    async fn without_a_daemon_it_says_how_to_start_one() {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("admin.sock");
        let expected = format!("no daemon at {}: start it with `usher serve`", socket.display());
        let client = Client::new(&socket);
        fails(&client, "/", &expected).await;
        drop(UnixListener::bind(&socket).unwrap());
        fails(&client, "/", &expected).await;
    }

    #[tokio::test]
    async fn a_daemon_that_hangs_is_not_waited_for_without_end() {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("admin.sock");
        // The system takes connections for who does not.
        let _hangs = UnixListener::bind(&socket).unwrap();
        let client = Client { socket, patience: Some(Duration::from_millis(50)) };
        fails(&client, "/", "the daemon at ").await;
        let patient = client.patient();
        let asked = patient.ask::<Value>(Method::GET, "/");
        assert!(timeout(Duration::from_millis(200), asked).await.is_err());
    }

    async fn fails(client: &Client, path: &str, expected: &str) {
        let error = client.ask::<Value>(Method::GET, path).await.unwrap_err().to_string();
        assert!(error.starts_with(expected), "{error}");
    }

    /// A daemon of few words, for as long as the folder is kept.
    fn daemon() -> (Client, TempDir) {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("admin.sock");
        let listener = UnixListener::bind(&socket).unwrap();
        let echo = async |headers: HeaderMap, body: Body| {
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            Json([text(headers[CONTENT_TYPE].as_bytes()), text(&body)])
        };
        let refuse =
            async || (StatusCode::UNPROCESSABLE_ENTITY, Json(json!({"error": "no tier `king`"})));
        let router = Router::new()
            .route("/echo", post(echo))
            .route("/refuse", get(refuse))
            .route("/stumble", get(async || StatusCode::INTERNAL_SERVER_ERROR))
            .route("/babble", get(async || "babble"));
        tokio::spawn(async move { axum::serve(listener, router).await });
        (Client::new(&socket), folder)
    }
}
