//! The client of the admin API: HTTP over the daemon's Unix socket.

use std::error::Error;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use api::error::ProblemDocument;
use api::publish::ProgressLine;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::header::CONTENT_TYPE;
use reqwest::redirect::Policy;
use reqwest::{Method, RequestBuilder, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;
use thiserror::Error;

/// A client of the daemon behind a socket.
#[derive(Clone, Debug)]
pub(crate) struct AdminClient {
    http: reqwest::Client,
    socket: PathBuf,
    /// Maximum wait for an answer.
    patience: Duration,
}

impl AdminClient {
    pub(crate) fn new(socket: &Path) -> Result<Self, ClientError> {
        let http = reqwest::Client::builder()
            .unix_socket(socket)
            .no_proxy()
            .redirect(Policy::none())
            .build()
            .map_err(|error| ClientError::Broken(chain(&error)))?;
        Ok(Self { http, socket: socket.to_owned(), patience: PATIENCE })
    }

    /// A request to a path of the API, segment by segment.
    pub(crate) fn request(&self, method: Method, path: &[&str]) -> AdminRequest<'_> {
        let request = url(path).map(|url| self.http.request(method, url));
        AdminRequest { client: self, request, patience: Some(self.patience) }
    }

    fn explain(&self, error: &reqwest::Error, patience: Option<Duration>) -> ClientError {
        let socket = self.socket.clone();
        if let Some(patience) = patience.filter(|_| error.is_timeout()) {
            return ClientError::Silent { socket, seconds: patience.as_secs() };
        }
        match io_cause(error).filter(|_| error.is_connect()) {
            Some(cause) => match cause.kind() {
                io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused => {
                    ClientError::NotRunning { socket }
                }
                _ => ClientError::Socket { socket, error: cause.to_string() },
            },
            None => ClientError::Broken(chain(error)),
        }
    }
}

/// A request that was not sent yet.
#[must_use]
pub(crate) struct AdminRequest<'a> {
    client: &'a AdminClient,
    request: Result<RequestBuilder, ClientError>,
    patience: Option<Duration>,
}

impl AdminRequest<'_> {
    /// With a query.
    pub(crate) fn query(self, query: &impl Serialize) -> Self {
        self.with(|request| request.query(query))
    }

    /// With JSON as its body.
    pub(crate) fn json(self, body: &impl Serialize) -> Self {
        self.with(|request| request.json(body))
    }

    /// With a .torrent file as its body.
    pub(crate) fn torrent(self, torrent: Vec<u8>) -> Self {
        self.with(|request| request.header(CONTENT_TYPE, "application/x-bittorrent").body(torrent))
    }

    /// With an image as its body.
    pub(crate) fn image(self, image: Vec<u8>) -> Self {
        self.with(|request| request.header(CONTENT_TYPE, "application/octet-stream").body(image))
    }

    /// Waits for the answer without a limit, because the daemon reads the whole club for it.
    pub(crate) fn patient(self) -> Self {
        Self { patience: None, ..self }
    }

    /// Sends it, and reads the answer as JSON.
    pub(crate) async fn answer<T: DeserializeOwned>(self) -> Result<T, ClientError> {
        Ok(serde_json::from_slice(&self.bytes().await?)?)
    }

    /// Sends it, and reads the answer as it is.
    pub(crate) async fn bytes(self) -> Result<Vec<u8>, ClientError> {
        let (client, patience) = (self.client, self.patience);
        let bytes = self.response().await?.bytes().await;
        Ok(bytes.map_err(|error| client.explain(&error, patience))?.into())
    }

    /// Sends it, and writes the answer out as it comes, without a limit on the time. Whoever reads no further ends it.
    pub(crate) async fn copy(self, out: &mut impl Write) -> Result<(), ClientError> {
        let client = self.client;
        let mut response = self.patient().response().await?;
        while let Some(chunk) =
            response.chunk().await.map_err(|error| client.explain(&error, None))?
        {
            match out.write_all(&chunk) {
                Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(()),
                written => written.map_err(ClientError::Output)?,
            }
        }
        Ok(())
    }

    /// Sends it without a limit for the answer, which comes in lines; `progress` takes the bytes that
    /// are done and the bytes there are.
    pub(crate) async fn follow<T: DeserializeOwned>(
        self,
        mut progress: impl FnMut(u64, u64),
    ) -> Result<T, ClientError> {
        let client = self.client;
        let mut response = self.patient().response().await?;
        let mut pending = Vec::new();
        while let Some(chunk) =
            response.chunk().await.map_err(|error| client.explain(&error, None))?
        {
            pending.extend_from_slice(&chunk);
            while let Some(end) = pending.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = pending.drain(..=end).collect();
                match serde_json::from_slice(&line)? {
                    ProgressLine::Done(done) => return Ok(done),
                    ProgressLine::Failed(problem) => {
                        return Err(ClientError::Refused(problem.detail));
                    }
                    ProgressLine::Hashed { bytes, of } => progress(bytes, of),
                }
            }
        }
        Err(ClientError::Refused("the daemon stopped before it was done".to_owned()))
    }

    fn with(self, change: impl FnOnce(RequestBuilder) -> RequestBuilder) -> Self {
        Self { request: self.request.map(change), ..self }
    }

    /// The head of an answer that is not a refusal.
    async fn response(self) -> Result<Response, ClientError> {
        let mut request = self.request?;
        if let Some(patience) = self.patience {
            request = request.timeout(patience);
        }
        let explain = |error| self.client.explain(&error, self.patience);
        let response = request.send().await.map_err(explain)?;
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        let body = response.bytes().await.map_err(explain)?;
        let problem = serde_json::from_slice(&body).map(|ProblemDocument { detail, .. }| detail);
        Err(ClientError::Refused(
            problem.unwrap_or_else(|_| format!("the daemon answered {status}")),
        ))
    }
}

/// The URL of a path, none of whose segments can leave its place.
fn url(path: &[&str]) -> Result<String, ClientError> {
    let mut url = "http://usher/api/v1".to_owned();
    for segment in path {
        // A URL's parser resolves these, escaped or not.
        if matches!(*segment, "." | "..") {
            return Err(ClientError::NoName((*segment).to_owned()));
        }
        url.push('/');
        url.extend(utf8_percent_encode(segment, ESCAPED));
    }
    Ok(url)
}

/// An error with its causes: the last says what happened.
fn chain(error: &(dyn Error + 'static)) -> String {
    let causes = std::iter::successors(error.source(), |&error| error.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}

fn io_cause<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a io::Error> {
    let mut causes = std::iter::successors(Some(error), |&error| error.source());
    causes.find_map(|error| error.downcast_ref())
}

const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.');
/// Longer than the daemon waits for its database, or for a payment provider.
const PATIENCE: Duration = Duration::from_secs(60);

/// Why the daemon did not answer, or refused.
#[derive(Debug, Error)]
pub enum ClientError {
    /// The connection broke.
    #[error("the daemon broke off: {0}")]
    Broken(String),
    /// The answer is of another version.
    #[error("cannot parse the daemon's answer, is it the same version? {0}")]
    Garbled(#[from] serde_json::Error),
    /// A name that no path can hold.
    #[error("`{0}` is not a name: expected the name or id of a member or an item")]
    NoName(String),
    /// Nobody listens.
    #[error(
        "no daemon at {}: start it with `usher serve`, or name its configuration with --config",
        socket.display()
    )]
    NotRunning {
        /// The socket.
        socket: PathBuf,
    },
    /// The answer cannot be written out.
    #[error("cannot write the answer: {0}")]
    Output(io::Error),
    /// The daemon refused, in its words.
    #[error("{0}")]
    Refused(String),
    /// Somebody listens and does not answer.
    #[error(
        "the daemon at {} has not answered for {seconds} seconds, and may still do what was asked: \
         see its log, and start it again if it hangs",
        socket.display()
    )]
    Silent {
        /// The socket.
        socket: PathBuf,
        /// The seconds that were waited.
        seconds: u64,
    },
    /// The socket cannot be used.
    #[error("cannot use {}, run this as the daemon's user: {error}", socket.display())]
    Socket {
        /// The socket.
        socket: PathBuf,
        /// What the system says.
        error: String,
    },
}

#[cfg(test)]
mod tests {
    use api::error::ProblemKind;
    use axum::body::Bytes;
    use axum::http::{HeaderMap, StatusCode};
    use axum::routing::{get, post};
    use axum::{Json, Router};
    use serde_json::{Value, json};
    use tempfile::TempDir;
    use tokio::net::UnixListener;
    use tokio::time::timeout;

    use super::*;

    #[test]
    fn names_cannot_leave_their_place_in_a_path() {
        let path = |path: &[&str]| url(path).unwrap();
        assert_eq!(path(&["members", "ada"]), "http://usher/api/v1/members/ada");
        let right = path(&["members", "a/b?c", "rights", "d e"]);
        assert_eq!(right, "http://usher/api/v1/members/a%2Fb%3Fc/rights/d%20e");
        for name in [".", ".."] {
            let error = url(&["members", "ada", "rights", name, "rotate"]).unwrap_err();
            assert!(error.to_string().contains("is not a name"), "{error}");
        }
        assert_eq!(path(&["members", "..."]), "http://usher/api/v1/members/...");
    }

    #[tokio::test]
    async fn sends_what_it_was_given_and_returns_the_answer() {
        let (client, _folder) = daemon();
        let post = || client.request(Method::POST, &["echo"]);
        let query = [("name", "a b")];
        let echo: Value = post().query(&query).json(&json!({"x": 1})).answer().await.unwrap();
        assert_eq!(echo, json!(["application/json", "{\"x\":1}"]));
        let echo: Value = post().torrent(b"d4:infoe".to_vec()).answer().await.unwrap();
        assert_eq!(echo, json!(["application/x-bittorrent", "d4:infoe"]));
    }

    #[tokio::test]
    async fn a_refusal_is_reported_in_the_daemons_words() {
        let (client, _folder) = daemon();
        fails(&client, "refuse", "no tier `king`").await;
        fails(&client, "stumble", "the daemon answered 500").await;
        fails(&client, "babble", "cannot parse the daemon's answer").await;
        fails(&client, "elsewhere", "the daemon answered 307").await;
    }

    #[tokio::test]
    async fn without_a_daemon_it_says_how_to_start_one() {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("admin.sock");
        let expected = format!("no daemon at {}: start it with `usher serve`", socket.display());
        let client = AdminClient::new(&socket).unwrap();
        fails(&client, "x", &expected).await;
        drop(UnixListener::bind(&socket).unwrap());
        fails(&client, "x", &expected).await;
    }

    #[tokio::test]
    async fn a_daemon_that_hangs_is_not_waited_for_without_end() {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("admin.sock");
        // The kernel accepts connections for it.
        let _hangs = UnixListener::bind(&socket).unwrap();
        let client = AdminClient {
            patience: Duration::from_millis(50),
            ..AdminClient::new(&socket).unwrap()
        };
        fails(&client, "x", "the daemon at ").await;
        let patient = client.request(Method::GET, &["x"]).patient().answer::<Value>();
        assert!(timeout(Duration::from_millis(200), patient).await.is_err());
    }

    async fn fails(client: &AdminClient, path: &str, expected: &str) {
        let answer = client.request(Method::GET, &[path]).answer::<Value>().await;
        let error = answer.unwrap_err().to_string();
        assert!(error.starts_with(expected), "{error}");
    }

    /// A daemon of few words, for as long as the folder is kept.
    fn daemon() -> (AdminClient, TempDir) {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("admin.sock");
        let listener = UnixListener::bind(&socket).unwrap();
        let echo = async |headers: HeaderMap, body: Bytes| {
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            Json([text(headers[CONTENT_TYPE].as_bytes()), text(&body)])
        };
        let refuse = async || {
            let problem = ProblemKind::Unprocessable.because("no tier `king`");
            (StatusCode::UNPROCESSABLE_ENTITY, Json(problem))
        };
        let elsewhere = async || (StatusCode::TEMPORARY_REDIRECT, [("location", "/api/v1/refuse")]);
        let router = Router::new()
            .route("/api/v1/echo", post(echo))
            .route("/api/v1/refuse", get(refuse))
            .route("/api/v1/stumble", get(async || StatusCode::INTERNAL_SERVER_ERROR))
            .route("/api/v1/babble", get(async || "babble"))
            .route("/api/v1/elsewhere", get(elsewhere));
        tokio::spawn(async move { axum::serve(listener, router).await });
        (AdminClient::new(&socket).unwrap(), folder)
    }
}
