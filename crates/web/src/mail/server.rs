//! The publisher's SMTP server, and what it says to one message.

use std::error::Error;
use std::fmt;

use club::provider::Secret;
use club::{Email, TRY_LEASE, Tried};
use lettre::message::Mailbox;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Tls, TlsParameters};
use lettre::transport::smtp::response::Response;
use lettre::{Address, AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use thiserror::Error;
use tokio::time::timeout;

/// Where mail goes out, and in whose name.
#[derive(Clone, Debug)]
pub struct MailServer {
    /// The server's name or address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is kept secret.
    pub security: Security,
    /// Who logs in there, and with which password.
    pub login: Option<(String, Secret)>,
    /// The publisher's name, which stands before the address.
    pub name: String,
    /// Whom mail comes from.
    pub from: Email,
    /// Whom answers go to.
    pub contact: Email,
}

/// How a connection to the server is kept secret.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Security {
    /// It is not: the server is on this machine.
    None,
    /// By TLS once the connection stands (STARTTLS), or nothing is sent.
    StartTls,
    /// By TLS from the first byte.
    Tls,
}

/// A server's settings that can't be used.
#[derive(Debug, Error)]
pub enum MailServerError {
    /// The library takes fewer addresses than we do.
    #[error("mail: {0} can't be used as a sender")]
    Address(Email),
    /// The system has no certificates, or the name of the server can't be checked.
    #[error("mail: TLS can't be used: {0}")]
    Tls(lettre::transport::smtp::Error),
}

/// A server that is ready to be connected to.
pub struct MailConnector {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    /// For messages: host and port.
    pub(super) name: String,
    /// The publisher's.
    pub(super) title: String,
    pub(super) from: Mailbox,
    pub(super) contact: Mailbox,
}

impl MailConnector {
    /// Makes ready; nothing is connected to yet.
    ///
    /// # Errors
    ///
    /// The settings can't be used.
    pub fn new(server: MailServer) -> Result<Self, MailServerError> {
        let tls = |wrap: fn(TlsParameters) -> Tls| {
            TlsParameters::new(server.host.clone()).map(wrap).map_err(MailServerError::Tls)
        };
        let tls = match server.security {
            Security::None => Tls::None,
            Security::StartTls => tls(Tls::Required)?,
            Security::Tls => tls(Tls::Wrapper)?,
        };
        let mut transport = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&server.host)
            .port(server.port)
            .timeout(Some(TRY_LEASE / 2))
            .tls(tls);
        if let Some((user, password)) = server.login {
            let password = String::from_utf8_lossy(password.expose()).into_owned();
            transport = transport.credentials(Credentials::new(user, password));
        }
        let mailbox = |name: Option<&String>, email: &Email| {
            let address: Address =
                email.text().parse().map_err(|_| MailServerError::Address(email.clone()))?;
            Ok(Mailbox::new(name.filter(|name| !name.is_empty()).cloned(), address))
        };
        Ok(Self {
            transport: transport.build(),
            name: format!("{}:{}", server.host, server.port),
            from: mailbox(Some(&server.name), &server.from)?,
            contact: mailbox(None, &server.contact)?,
            title: server.name,
        })
    }

    /// Sends one message over a connection of its own.
    pub(super) async fn send(&self, message: Message) -> ServerReply {
        match timeout(TRY_LEASE, self.transport.send(message)).await {
            Err(_) => {
                let words = format!("{} did not answer in {} s", self.name, TRY_LEASE.as_secs());
                ServerReply { tried: Tried::Later(words), is_away: true }
            }
            Ok(Ok(response)) => {
                ServerReply { tried: Tried::Sent(self.words(&spoken(&response))), is_away: false }
            }
            Ok(Err(error)) => self.failed(&error),
        }
    }

    /// What a failure means for the message. A refusal of us, rather than of the message, is no
    /// fault of the message.
    fn failed(&self, error: &lettre::transport::smtp::Error) -> ServerReply {
        let Some(code) = error.status() else {
            let words = format!("cannot send by {}: {error}", self.name);
            return ServerReply { tried: Tried::Later(words), is_away: true };
        };
        let source = error.source().map(ToString::to_string).unwrap_or_default();
        let words = self.words(&format!("{code} {source}"));
        let code = u16::from(code);
        let refuses_us = OF_LOGIN.contains(&code) || code == CLOSING;
        let tried = match error.is_permanent() && !refuses_us {
            true => Tried::Bounced(words),
            false => Tried::Later(words),
        };
        ServerReply { tried, is_away: refuses_us }
    }

    fn words(&self, spoken: &str) -> String {
        format!("{} said: {}", self.name, spoken.trim())
    }
}

impl fmt::Debug for MailConnector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MailConnector").field("name", &self.name).finish_non_exhaustive()
    }
}

/// What came of a try.
pub(super) struct ServerReply {
    pub(super) tried: Tried,
    /// Whether another message would have fared no better.
    pub(super) is_away: bool,
}

fn spoken(response: &Response) -> String {
    let mut text = response.code().to_string();
    for line in response.message() {
        text.push(' ');
        text.push_str(line);
    }
    text
}

/// The server wants a login, another one, or TLS.
const OF_LOGIN: [u16; 4] = [530, 534, 535, 538];
/// The server goes away.
const CLOSING: u16 = 421;
