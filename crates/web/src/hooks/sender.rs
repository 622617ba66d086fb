//! Sends what is due to webhooks, and notes what came of it.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::body::Bytes;
use axum::http::header::{CONTENT_TYPE, HOST, USER_AGENT};
use axum::http::{HeaderValue, Request, StatusCode};
use club::{Club, Error, TRY_LEASE, Webhook, WebhookDelivery, WebhookTry};
use futures_util::future::join_all;
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1;
use hyper_rustls::ConfigBuilderExt;
use hyper_util::rt::TokioIo;
use policy::Keyring;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tracker::Now;

use super::address::WebhookUrl;
use super::signature::sign;
use crate::http::TimeSource;

/// Sends to webhooks.
pub struct WebhookSender {
    club: Arc<Club>,
    keyring: Arc<Keyring>,
    tls: TlsConnector,
    clock: TimeSource,
    allows_private: AtomicBool,
}

impl WebhookSender {
    /// A sender that sends to public addresses alone. It trusts the certificate authorities that browsers do.
    ///
    /// # Errors
    ///
    /// TLS cannot be used.
    pub fn new(
        club: Arc<Club>,
        keyring: Arc<Keyring>,
        clock: TimeSource,
    ) -> Result<Self, rustls::Error> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_webpki_roots()
            .with_no_client_auth();
        let tls = TlsConnector::from(Arc::new(tls));
        Ok(Self { club, keyring, tls, clock, allows_private: AtomicBool::new(false) })
    }

    /// Sends to private addresses from now on, or no more.
    pub fn allow_private(&self, allows: bool) {
        self.allows_private.store(allows, Ordering::Relaxed);
    }

    /// Reads a webhook's URL.
    ///
    /// # Errors
    ///
    /// None may be sent there.
    pub fn url(&self, text: &str) -> Result<WebhookUrl, super::BadWebhookUrl> {
        WebhookUrl::parse(text, self.allows_private.load(Ordering::Relaxed))
    }

    /// The secret that signs what a webhook is sent.
    pub fn secret(&self, webhook: &Webhook) -> [u8; 32] {
        self.keyring.webhook_secret(&webhook.salt)
    }

    /// Sends what is due, to all webhooks at once, one delivery to each. Returns how many were tried.
    ///
    /// # Errors
    ///
    /// The club can't be asked, or can't note what came of a delivery; it is sent again then.
    pub async fn deliver(&self) -> Result<usize, Error> {
        let due = self.club.take_webhook_deliveries(self.now().unix).await?;
        let sent = join_all(due.iter().map(async |(webhook, delivery)| {
            let sent = timeout(TRY_LEASE / 3, self.send(webhook, delivery)).await;
            let late = || format!("no answer came in {} s", TRY_LEASE.as_secs() / 3);
            (delivery.id, sent.unwrap_or_else(|_| WebhookTry::Failed(late())))
        }));
        for (id, tried) in sent.await {
            self.club.settle_webhook_delivery(self.now().unix, id, tried).await?;
        }
        Ok(due.len())
    }

    async fn send(&self, webhook: &Webhook, delivery: &WebhookDelivery) -> WebhookTry {
        let allows_private = self.allows_private.load(Ordering::Relaxed);
        let url = match self.url(&webhook.url) {
            Ok(url) => url,
            Err(error) => return WebhookTry::Refused(error.to_string()),
        };
        let request = match self.request(&url, webhook, delivery) {
            Ok(request) => request,
            Err(error) => return WebhookTry::Refused(error.to_string()),
        };
        let failed = |error: &dyn fmt::Display| WebhookTry::Failed(format!("not sent: {error}"));
        let stream = match url.connect(allows_private).await {
            Ok(stream) => stream,
            Err(error) => return failed(&error),
        };
        let status = if url.is_https {
            let name = match ServerName::try_from(url.host.clone()) {
                Ok(name) => name,
                Err(error) => return WebhookTry::Refused(error.to_string()),
            };
            match self.tls.connect(name, stream).await {
                Ok(stream) => exchange(stream, request).await,
                Err(error) => return failed(&error),
            }
        } else {
            exchange(stream, request).await
        };
        match status {
            Err(error) => failed(&error),
            Ok(status) if status.is_success() => {
                WebhookTry::Delivered(format!("it answered {status}"))
            }
            Ok(StatusCode::GONE) => WebhookTry::Refused("it wants no more (410 Gone)".to_owned()),
            Ok(status) if status.is_redirection() => {
                WebhookTry::Failed(format!("it answered {status}; redirects are not followed"))
            }
            Ok(status) => WebhookTry::Failed(format!("it answered {status}")),
        }
    }

    fn request(
        &self,
        url: &WebhookUrl,
        webhook: &Webhook,
        delivery: &WebhookDelivery,
    ) -> Result<Request<Full<Bytes>>, axum::http::Error> {
        let now = self.now().unix;
        let signature = sign(&self.secret(webhook), &delivery.message, now, &delivery.body);
        let path = url.uri.path_and_query().map_or("/", |path| path.as_str());
        let authority = url.uri.authority().map_or("", |authority| authority.as_str());
        Request::post(path)
            .header(HOST, HeaderValue::try_from(authority)?)
            .header(CONTENT_TYPE, "application/json")
            .header(USER_AGENT, concat!("usher/", env!("CARGO_PKG_VERSION")))
            .header("webhook-id", &delivery.message)
            .header("webhook-timestamp", now)
            .header("webhook-signature", signature)
            .body(Full::new(Bytes::from(delivery.body.clone())))
    }

    fn now(&self) -> Now {
        (self.clock)()
    }
}

impl fmt::Debug for WebhookSender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebhookSender").finish_non_exhaustive()
    }
}

/// Sends a request over a connection of its own; what is in the answer does not matter.
async fn exchange<S>(stream: S, request: Request<Full<Bytes>>) -> Result<StatusCode, hyper::Error>
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let (mut sender, connection) =
        http1::Builder::new().max_buf_size(MAX_HEAD).handshake(TokioIo::new(stream)).await?;
    let connection = tokio::spawn(connection);
    let answered = async {
        let response = sender.send_request(request).await?;
        let status = response.status();
        // A receiver that sends its page to the end sees no broken connection.
        let _ = Limited::new(response.into_body(), MAX_ANSWER).collect().await;
        Ok(status)
    };
    let answered = answered.await;
    connection.abort();
    answered
}

const MAX_HEAD: usize = 16 << 10;
const MAX_ANSWER: usize = 64 << 10;
