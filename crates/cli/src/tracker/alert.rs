//! `usher alert`.

use api::alert::AlertView;
use api::page::AlertPage;
use api::query::AlertQuery;
use clap::Subcommand;

use crate::daemon::{CommandContext, CommandError, RowArgs};
use crate::text::{list, named};

/// `usher alert`.
#[derive(Clone, Debug, Subcommand)]
pub enum AlertCommand {
    /// List open alerts: signs of leaked passkeys, impossible upload, changed files and held payments
    #[command(after_help = "Example:\n  usher alert list --all")]
    List {
        /// List closed alerts too
        #[arg(long)]
        all: bool,
        /// List only closed alerts
        #[arg(long, conflicts_with = "all")]
        closed: bool,
        /// List only alerts of this kind, such as leak
        #[arg(long)]
        kind: Option<String>,
        /// How much of the list is printed
        #[command(flatten)]
        rows: RowArgs,
    },
    /// Acknowledge an alert; the same thing seen again opens another
    #[command(after_help = "Example:\n  usher alert ack 7")]
    Ack {
        /// The alert's number, from `usher alert list`
        alert: u32,
    },
}

impl AlertCommand {
    pub(crate) async fn run(&self, context: &CommandContext) -> Result<String, CommandError> {
        match self {
            Self::List { all, closed, kind, rows } => {
                let state = match (all, closed) {
                    (true, _) => "all",
                    (false, true) => "closed",
                    (false, false) => "open",
                };
                let query = AlertQuery {
                    state: Some(state.to_owned()),
                    kind: kind.clone(),
                    newest: rows.newest(),
                    ..AlertQuery::default()
                };
                let alerts = context.list::<AlertPage>(&["alerts"], query, *rows).await?;
                context.print(&alerts, |alerts| alerts_text(alerts))
            }
            Self::Ack { alert } => {
                let request = context.post(&["alerts", &alert.to_string(), "ack"]);
                context.print(&request.answer().await?, |alert: &AlertView| {
                    format!("Alert {} is acknowledged.\n", alert.id)
                })
            }
        }
    }
}

fn alerts_text(alerts: &[AlertView]) -> String {
    let rows = alerts.iter().map(|alert| {
        let closed = alert.acked_by.as_ref().map(|who| format!("closed by {who}"));
        [
            alert.id.to_string(),
            alert.kind.clone(),
            closed.unwrap_or_else(|| "open".to_owned()),
            named(alert.member.as_ref()),
            named(alert.item.as_ref()),
            alert.last.to_string(),
            alert.times.to_string(),
            alert.evidence.clone(),
        ]
    });
    list(["ID", "KIND", "STATE", "MEMBER", "ITEM", "LAST SEEN", "TIMES", "EVIDENCE"], rows)
}

pub(crate) const ALERT: &str = "\
Examples:
  usher alert list
  usher alert list --all --json
  usher alert ack 7";
