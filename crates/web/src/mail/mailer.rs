//! Sends what is due, and notes what the server said.

use std::fmt;
use std::sync::Arc;

use arc_swap::{ArcSwap, ArcSwapOption};
use club::{Club, Email, Error, Fault, QueuedMail, Tried};
use tracker::Now;

use super::letters::{self, Letterhead};
use super::message::{message, with_link};
use super::server::{MailConnector, ServerReply};
use super::texts;
use crate::http::TimeSource;

/// Sends the club's mail by the publisher's server, where there is one.
pub struct Mailer {
    club: Arc<Club>,
    server: ArcSwapOption<MailConnector>,
    head: ArcSwap<Letterhead>,
    clock: TimeSource,
}

impl Mailer {
    /// A mailer without a server.
    pub fn new(club: Arc<Club>, clock: TimeSource) -> Self {
        Self { club, server: ArcSwapOption::empty(), head: ArcSwap::default(), clock }
    }

    /// Sends by another server from now on, or by none, and in another name.
    pub fn set(&self, server: Option<MailConnector>, head: Letterhead) {
        self.server.store(server.map(Arc::new));
        self.head.store(Arc::new(head));
    }

    /// Whether there is a server.
    pub fn is_on(&self) -> bool {
        self.server.load().is_some()
    }

    /// Sends what is due, oldest first: at most a hundred mails, and no more once the server is
    /// away.
    ///
    /// # Errors
    ///
    /// The club can't be asked, or can't note what came of a mail; it is sent again then.
    pub async fn deliver(&self) -> Result<DeliveryRound, Error> {
        let mut round = DeliveryRound::default();
        let Some(connector) = self.server.load_full() else { return Ok(round) };
        while round.tried < MOST_A_ROUND {
            let Some(mail) = self.club.take_mail(self.now().unix).await? else { break };
            let ServerReply { tried, is_away } = self.send(&connector, &mail).await?;
            round.tried += 1;
            if is_away && let Tried::Later(words) = &tried {
                round.away = Some(words.clone());
            }
            self.club.settle_mail(self.now().unix, mail.id, tried).await?;
            if round.away.is_some() {
                break;
            }
        }
        Ok(round)
    }

    /// Sends a test message at once; what the server said.
    ///
    /// # Errors
    ///
    /// No server is configured; it did not take the message, with what it said.
    pub async fn test(&self, to: &Email) -> Result<String, TestError> {
        let connector = self.server.load_full().ok_or(TestError::NoServer)?;
        let text = texts::test(&connector.title);
        let message = message(&connector, None, to, &text)
            .map_err(|error| TestError::Refused(error.to_string()))?;
        match connector.send(message).await.tried {
            Tried::Sent(words) => Ok(words),
            Tried::Bounced(words) | Tried::Later(words) | Tried::Void(words) => {
                Err(TestError::Refused(words))
            }
        }
    }

    async fn send(
        &self,
        connector: &MailConnector,
        mail: &QueuedMail,
    ) -> Result<ServerReply, Error> {
        let here = |tried| ServerReply { tried, is_away: false };
        let head = self.head.load_full();
        let text = match mail.report {
            None => mail.text.clone(),
            Some(report) => {
                let written =
                    letters::write(&self.club, &connector.title, &head, mail, report).await;
                match written {
                    Ok(Some(text)) => text,
                    Ok(None) => return Ok(here(Tried::Void(NOTHING_TO_REPORT.to_owned()))),
                    Err(error) if error.fault() == Fault::Ours => return Err(error),
                    // What it reports is gone, and will be.
                    Err(error) => return Ok(here(Tried::Void(format!("not sent: {error}")))),
                }
            }
        };
        let (text, link) = match mail.link {
            None => (text, None),
            Some(_) => match self.club.make_mailed_link(self.now().unix, mail).await? {
                Some(token) => (with_link(&text, &link_url(&head.site, &token)), Some(token)),
                None => return Ok(here(Tried::Void(NOT_THEIRS.to_owned()))),
            },
        };
        let reply = match message(connector, Some((mail.id, mail.created)), &mail.to, &text) {
            Ok(message) => connector.send(message).await,
            Err(error) => here(Tried::Bounced(error.to_string())),
        };
        if let Some(token) = link.filter(|_| !matches!(reply.tried, Tried::Sent(_))) {
            self.club.void_mailed_link(self.now().unix, token).await?;
        }
        Ok(reply)
    }

    fn now(&self) -> Now {
        (self.clock)()
    }
}

impl fmt::Debug for Mailer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mailer").field("server", &self.server.load()).finish_non_exhaustive()
    }
}

/// What one round of deliveries came to.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct DeliveryRound {
    /// Mails that were tried.
    pub tried: u32,
    /// Why no more were tried, where the server takes nothing at all.
    pub away: Option<String>,
}

/// Why a test message was not taken.
#[derive(Clone, Debug, thiserror::Error)]
pub enum TestError {
    /// There is no server.
    #[error("no mail server is configured: set mail.server and mail.from in tracker.yaml")]
    NoServer,
    /// What the server said, or what kept us from it.
    #[error("the test message was not sent: {0}")]
    Refused(String),
}

/// The URL that a secret token of a link makes.
pub(crate) fn link_url(site: &str, token: &club::SecretToken) -> String {
    format!("{site}/sign-in/{}", token.expose())
}

const NOT_THEIRS: &str = "not sent: the member can't sign in, or the address is not theirs now";
const NOTHING_TO_REPORT: &str = "not sent: nothing of the order is paid back any more";
const MOST_A_ROUND: u32 = 100;
