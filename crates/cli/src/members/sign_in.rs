//! `usher sign-in`.

use api::page::{AttemptPage, SignInPage};
use api::query::{AttemptQuery, SignInQuery};
use api::sign_in::{SignInAttempt, SignInLink, SignInView, SignInsEnded};
use clap::Subcommand;

use crate::daemon::{CommandContext, CommandError, RowArgs};
use crate::text::list;

/// `usher sign-in`.
#[derive(Clone, Debug, Subcommand)]
pub enum SignInCommand {
    /// List the addresses that got no link, and why
    #[command(after_help = "Example:\n  usher sign-in attempts")]
    Attempts {
        /// List only attempts with this address
        #[arg(long, value_name = "ADDRESS")]
        email: Option<String>,
        /// Maximum number of rows [default: all]
        #[arg(long, value_name = "ROWS")]
        limit: Option<u32>,
    },
    /// End one or all sign-ins of a member
    #[command(after_help = END)]
    End {
        /// The member's name or id
        member: String,
        /// The sign-in's number, from `usher sign-in list` [default: all, and open links too]
        sign_in: Option<u32>,
    },
    /// Print a link and a code that sign a member in once, within a day
    #[command(after_help = "Example:\n  usher sign-in link ada")]
    Link {
        /// The member's name or id
        member: String,
    },
    /// List the browsers that are signed in as a member
    #[command(after_help = "Example:\n  usher sign-in list ada")]
    List {
        /// The member's name or id
        member: String,
    },
}

impl SignInCommand {
    pub(crate) async fn run(&self, context: &CommandContext) -> Result<String, CommandError> {
        match self {
            Self::Attempts { email, limit } => {
                // The last attempt comes first.
                let query = AttemptQuery {
                    email: email.clone(),
                    newest: Some(true),
                    ..AttemptQuery::default()
                };
                let rows = RowArgs::first(*limit);
                let attempts =
                    context.list::<AttemptPage>(&["sign-in-attempts"], query, rows).await?;
                context.print(&attempts, |attempts| attempts_text(attempts))
            }
            Self::End { member, sign_in } => {
                let one = sign_in.map(|id| id.to_string());
                let mut path = vec!["members", member, "sign-ins"];
                path.extend(one.as_deref());
                let ended = context.delete(&path).answer().await?;
                context.print(&ended, |ended: &SignInsEnded| match ended.ended {
                    1 => format!("1 sign-in of {} was ended.\n", ended.member.name),
                    many => format!("{many} sign-ins of {} were ended.\n", ended.member.name),
                })
            }
            Self::Link { member } => {
                let link = context.post(&["members", member, "sign-in-links"]).answer().await?;
                context.print(&link, link_text)
            }
            Self::List { member } => {
                let path = ["members", member, "sign-ins"];
                let query = SignInQuery { newest: Some(true), ..SignInQuery::default() };
                let sign_ins = context.list::<SignInPage>(&path, query, RowArgs::default()).await?;
                context.print(&sign_ins, |sign_ins| sign_ins_text(sign_ins))
            }
        }
    }
}

fn link_text(link: &SignInLink) -> String {
    format!(
        "This link signs {} in, once, until {}. It is secret:\n{}\n\nOr this code, typed at {}:\n{}\n",
        link.member.name, link.until, link.url, link.code_url, link.code
    )
}

fn sign_ins_text(sign_ins: &[SignInView]) -> String {
    let rows = sign_ins.iter().map(|sign_in| {
        [
            sign_in.id.to_string(),
            sign_in.created.to_string(),
            sign_in.used.to_string(),
            sign_in.ends.to_string(),
            sign_in.browser.clone(),
        ]
    });
    list(["ID", "SIGNED IN", "LAST USED", "ENDS", "BROWSER"], rows)
}

fn attempts_text(attempts: &[SignInAttempt]) -> String {
    let rows = attempts.iter().map(|attempt| {
        [
            attempt.email.clone(),
            attempt.outcome.clone(),
            attempt.times.to_string(),
            attempt.last.to_string(),
        ]
    });
    list(["ADDRESS", "OUTCOME", "TIMES", "LAST"], rows)
}

pub(crate) const SIGN_IN: &str = "\
Examples:
  usher sign-in link ada                  a link and a code to hand out
  usher sign-in list ada
  usher sign-in end ada 7";
const END: &str = "\
Examples:
  usher sign-in end ada 7
  usher sign-in end ada                   all of them, and open links too";
