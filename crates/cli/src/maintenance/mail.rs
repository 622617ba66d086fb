//! `usher mail`.

use api::mail::{MailView, SendTest, TestSent};
use api::page::MailPage;
use api::query::MailQuery;
use clap::{Subcommand, ValueEnum};

use crate::daemon::{CommandContext, CommandError, RowArgs};
use crate::text::list;

/// `usher mail`.
#[derive(Clone, Debug, Subcommand)]
pub enum MailCommand {
    /// List mail, with the mail server's last words
    #[command(after_help = "Example:\n  usher mail list --state bounced")]
    List {
        /// List mail in this state only
        #[arg(long)]
        state: Option<MailFilter>,
        /// List mail to this address only
        #[arg(long, value_name = "ADDRESS")]
        to: Option<String>,
        /// How much of the list is printed
        #[command(flatten)]
        rows: RowArgs,
    },
    /// Try a mail again at once that waits, bounced or failed
    #[command(after_help = "Example:\n  usher mail retry 7")]
    Retry {
        /// The mail's number, from `usher mail list`
        mail: u32,
    },
    /// Send a test message at once, and print what the mail server said
    #[command(after_help = "Example:\n  usher mail test ada@example.org")]
    Test {
        /// The address it goes to
        address: String,
    },
}

/// The mail that is listed, by how far it is.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum MailFilter {
    /// The server refused it for good
    Bounced,
    /// It was tried for two days
    Failed,
    /// It waits for its first or its next try
    Queued,
    /// The server took it
    Sent,
}

impl MailFilter {
    const fn word(self) -> &'static str {
        match self {
            Self::Bounced => "bounced",
            Self::Failed => "failed",
            Self::Queued => "queued",
            Self::Sent => "sent",
        }
    }
}

impl MailCommand {
    pub(crate) async fn run(&self, context: &CommandContext) -> Result<String, CommandError> {
        match self {
            Self::List { state, to, rows } => {
                let state = state.map(|state| state.word().to_owned());
                let query = MailQuery {
                    state,
                    to: to.clone(),
                    newest: rows.newest(),
                    ..MailQuery::default()
                };
                let mail = context.list::<MailPage>(&["mail"], query, *rows).await?;
                context.print(&mail, |mail| mail_text(mail))
            }
            Self::Retry { mail } => {
                let request = context.post(&["mail", &mail.to_string(), "retry"]);
                context.print(&request.answer().await?, |mail: &MailView| {
                    format!("Mail {} to {} is queued again.\n", mail.id, mail.to)
                })
            }
            Self::Test { address } => {
                let test = SendTest { to: address.clone() };
                let request = context.post(&["mail-tests"]).json(&test).patient();
                context.print(&request.answer().await?, |sent: &TestSent| {
                    format!("A test message to {} was sent. {}\n", sent.to, sent.answer)
                })
            }
        }
    }
}

fn mail_text(mail: &[MailView]) -> String {
    let rows = mail.iter().map(|mail| {
        let at = mail.ended.or(mail.due).unwrap_or(mail.created);
        [
            mail.id.to_string(),
            mail.state.clone(),
            mail.to.clone(),
            mail.about.clone(),
            mail.tries.to_string(),
            at.to_string(),
            mail.answer.clone(),
        ]
    });
    list(["ID", "STATE", "TO", "ABOUT", "TRIES", "SENT OR DUE", "ANSWER"], rows)
}

pub(crate) const MAIL: &str = "\
Examples:
  usher mail test ada@example.org         needs mail.server in tracker.yaml
  usher mail list --state bounced
  usher mail retry 7";
