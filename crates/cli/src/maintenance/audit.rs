//! `usher audit`.

use api::alert::AuditView;
use api::query::AuditQuery;
use clap::Args;

use crate::daemon::{CommandContext, CommandError};
use crate::text::{list, named};

/// `usher audit`.
#[derive(Args, Clone, Debug)]
#[command(after_help = AUDIT)]
pub struct AuditArgs {
    /// Show only changes of this member: the name or id
    #[arg(long)]
    member: Option<String>,
    /// Show only changes of this item: the name, id or info hash
    #[arg(long)]
    item: Option<String>,
}

impl AuditArgs {
    pub(crate) async fn run(&self, context: &CommandContext) -> Result<String, CommandError> {
        let query =
            |after| AuditQuery { member: self.member.clone(), item: self.item.clone(), after };
        let rows = context.pages(&["audit"], query, |row: &AuditView| row.id).await?;
        context.print(&rows, |rows| rows_text(rows))
    }
}

fn rows_text(rows: &[AuditView]) -> String {
    let rows = rows.iter().map(|row| {
        [
            row.at.to_string(),
            row.who.clone(),
            row.what.clone(),
            named(row.member.as_ref()),
            named(row.item.as_ref()),
            row.detail.clone(),
        ]
    });
    list(["WHEN", "WHO", "WHAT", "MEMBER", "ITEM", "DETAIL"], rows)
}

const AUDIT: &str = "\
Examples:
  usher audit
  usher audit --member ada --json
  usher audit --item reel";
