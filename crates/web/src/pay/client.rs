//! HTTP to providers: one request, one bounded answer, no redirects, within a time.

use std::io;
use std::time::Duration;

use axum::body::Bytes;
use axum::http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, USER_AGENT};
use axum::http::{HeaderName, HeaderValue, Method, Request, Uri};
use club::provider::Secret;
use http_body_util::{BodyExt, Full, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client as Pool;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde::de::DeserializeOwned;
use thiserror::Error;
use tokio::time::timeout;

/// Connections to providers.
#[derive(Clone, Debug)]
pub(super) struct ProviderClient {
    pool: Pool<HttpsConnector<HttpConnector>, Full<Bytes>>,
}

/// What is asked of a provider.
pub(super) struct Call<'a> {
    pub(super) provider: &'static str,
    pub(super) method: Method,
    pub(super) base: &'a Uri,
    pub(super) path: &'a str,
    /// What stands before the key in `Authorization`.
    pub(super) scheme: &'static str,
    pub(super) key: &'a Secret,
    pub(super) headers: &'a [(&'static str, &'a str)],
    pub(super) content_type: &'static str,
    pub(super) body: String,
}

impl ProviderClient {
    /// Trusts the certificate authorities that browsers do.
    pub(super) fn new() -> io::Result<Self> {
        let https = HttpsConnectorBuilder::new()
            .with_provider_and_webpki_roots(rustls::crypto::ring::default_provider())
            .map_err(io::Error::other)?
            .https_or_http()
            .enable_http1()
            .build();
        Ok(Self { pool: Pool::builder(TokioExecutor::new()).build(https) })
    }

    /// Asks, and reads the JSON of the answer.
    pub(super) async fn call<T: DeserializeOwned>(
        &self,
        call: Call<'_>,
    ) -> Result<T, ProviderError> {
        let provider = call.provider;
        let unreachable = |why: String| ProviderError::Unreachable { provider, why };
        let no_answer = |why: String| ProviderError::NoAnswer { provider, why };
        let request = request(call).map_err(|error| unreachable(error.to_string()))?;
        let answer = async {
            let response = self.pool.request(request).await.map_err(|error| {
                let failed =
                    |why| if error.is_connect() { unreachable(why) } else { no_answer(why) };
                failed(chain(&error))
            })?;
            let status = response.status();
            let body = Limited::new(response.into_body(), MAX_ANSWER_BYTES).collect().await;
            let body = body.map_err(|error| no_answer(error.to_string()))?.to_bytes();
            Ok((status, body))
        };
        let answered = timeout(PATIENCE, answer).await;
        let (status, body) =
            answered.unwrap_or_else(|_| Err(no_answer(format!("nothing came in {PATIENCE:?}"))))?;
        if !status.is_success() {
            let status = status.as_u16();
            return Err(ProviderError::Refused { provider, status, why: explain(&body) });
        }
        serde_json::from_slice(&body).map_err(|_| ProviderError::Garbled { provider })
    }
}

fn request(call: Call<'_>) -> Result<Request<Full<Bytes>>, axum::http::Error> {
    let base = call.base.to_string();
    let uri = format!("{}{}", base.trim_end_matches('/'), call.path);
    let key = String::from_utf8_lossy(call.key.expose());
    let mut authorization = HeaderValue::try_from(format!("{} {key}", call.scheme))?;
    authorization.set_sensitive(true);
    let mut request = Request::builder()
        .method(call.method)
        .uri(uri)
        .header(AUTHORIZATION, authorization)
        .header(ACCEPT, "application/json")
        .header(USER_AGENT, concat!("usher/", env!("CARGO_PKG_VERSION")));
    if !call.body.is_empty() {
        request = request.header(CONTENT_TYPE, call.content_type);
    }
    for (name, value) in call.headers {
        request = request.header(HeaderName::from_static(name), *value);
    }
    request.body(Full::new(call.body.into()))
}

/// What a provider says is wrong, cut short.
fn explain(body: &[u8]) -> String {
    let said: Option<serde_json::Value> = serde_json::from_slice(body).ok();
    let at = |pointer: &str| Some(said.as_ref()?.pointer(pointer)?.as_str()?.to_owned());
    let why = ["/error/message", "/message", "/0/message"].into_iter().find_map(at);
    why.unwrap_or_else(|| "no reason".to_owned()).chars().take(MAX_REASON_CHARS).collect()
}

/// An error with its causes: the last says what happened.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

/// Why a provider did not do what was asked.
#[derive(Clone, Debug, Error)]
pub enum ProviderError {
    /// It answered what nobody understands.
    #[error("{provider} answered what is not understood: is payments.{provider}.base_url right?")]
    Garbled {
        /// The provider, as `payments` names it.
        provider: &'static str,
    },
    /// It was asked, and nobody knows what it did.
    #[error("{provider} did not answer: {why}")]
    NoAnswer {
        /// The provider, as `payments` names it.
        provider: &'static str,
        /// What happened.
        why: String,
    },
    /// It refused.
    #[error("{provider} refused with {status}: {why}")]
    Refused {
        /// The provider, as `payments` names it.
        provider: &'static str,
        /// Its status code.
        status: u16,
        /// Its reason.
        why: String,
    },
    /// It was not asked.
    #[error("{provider} is not reached, try again: {why}")]
    Unreachable {
        /// The provider, as `payments` names it.
        provider: &'static str,
        /// What happened.
        why: String,
    },
}

impl ProviderError {
    /// Whether it is certain that nothing was done.
    pub(super) fn did_nothing(&self) -> bool {
        match self {
            // 408 and 409 are for what may still be under way, and Stripe says so if the same key
            // came before with other parameters.
            Self::Refused { status, why, .. } => {
                (400..500).contains(status)
                    && ![408, 409].contains(status)
                    && !why.contains("idempotent")
            }
            Self::Unreachable { .. } => true,
            Self::Garbled { .. } | Self::NoAnswer { .. } => false,
        }
    }
}

const PATIENCE: Duration = Duration::from_secs(20);
const MAX_ANSWER_BYTES: usize = 1 << 20;
const MAX_REASON_CHARS: usize = 300;
