//! `usher audit`.

use api::alert::AuditView;
use api::page::AuditPage;
use api::query::AuditQuery;
use clap::Args;

use crate::daemon::{CommandContext, CommandError, DayArgs, RowArgs};
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
    /// Show only changes made by this one, such as admin
    #[arg(long)]
    who: Option<String>,
    /// Show only changes by this operation, such as member.tier
    #[arg(long, value_name = "OPERATION")]
    what: Option<String>,
    #[command(flatten)]
    days: DayArgs,
    #[command(flatten)]
    rows: RowArgs,
}

impl AuditArgs {
    pub(crate) async fn run(&self, context: &CommandContext) -> Result<String, CommandError> {
        let query = AuditQuery {
            member: self.member.clone(),
            item: self.item.clone(),
            who: self.who.clone(),
            what: self.what.clone(),
            from: self.days.from,
            to: self.days.to,
            newest: self.rows.newest(),
            ..AuditQuery::default()
        };
        let rows = context.list::<AuditPage>(&["audit"], query, self.rows).await?;
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
  usher audit --who admin --what member.tier --newest --limit 20
  usher audit --item reel";
