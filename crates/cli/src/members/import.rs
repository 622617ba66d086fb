//! `usher import`: members of another tracker, from its export.
//!
//! The whole file is tried first, and nothing is changed unless all of it can be. An import that was
//! cut short goes on where it stopped when it is repeated.

use std::collections::HashSet;
use std::path::PathBuf;

use api::import::{ImportMembers, ImportOutcome, ImportRow, MAX_MEMBERS};
use clap::Args;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::export_file::{self, ExportError, LeftOut, Person};
use crate::daemon::{CommandContext, CommandError};

/// `usher import`.
#[derive(Args, Clone, Debug)]
#[command(after_help = IMPORT)]
pub struct ImportArgs {
    /// CSV or tab-separated with a header line, or JSON: `name` or `username`; `passkey` or
    /// `torrent_pass`; `tier`, `group`, `class` or `PermissionID`; and what says that an account
    /// is shut out there, such as `enabled`, `can_download`, `banned` or `deleted_at`
    file: PathBuf,
    /// Only say what would be done
    #[arg(long)]
    dry_run: bool,
    /// The tier here of one of their classes or groups; repeat it for each
    #[arg(long, value_name = "CLASS=TIER", value_parser = class_is_tier)]
    tier: Vec<(String, String)>,
    /// A class or group to leave out; repeat it for each
    #[arg(long, value_name = "CLASS")]
    skip: Vec<String>,
    /// The tier of everybody else
    #[arg(long, value_name = "TIER")]
    default_tier: Option<String>,
}

/// The result of an import.
#[derive(Debug, Deserialize, Serialize)]
struct ImportReport {
    /// Whether nothing was changed.
    dry_run: bool,
    /// Members that were added, or would be.
    added: usize,
    /// Members that an earlier import added.
    present: usize,
    /// Accounts that were left out: shut out there, or of a class that is skipped.
    left_out: Vec<LeftOut>,
}

impl ImportArgs {
    pub(crate) async fn run(&self, context: &CommandContext) -> Result<String, CommandError> {
        let export = export_file::read(&self.file, &self.skip).map_err(ImportError::from)?;
        let people = export.people.into_iter();
        let rows: Vec<_> =
            people.map(|person| self.row(context, person)).collect::<Result<_, _>>()?;
        check_unique(&rows)?;

        let tried = send(context, &rows, true).await?;
        let refused: Vec<_> = tried
            .iter()
            .filter_map(|row| row.why.as_ref().map(|why| format!("{}: {why}", row.name)))
            .collect();
        if !refused.is_empty() {
            return Err(ImportError::Refused(refused).into());
        }
        let outcomes = if self.dry_run { tried } else { send(context, &rows, false).await? };
        let count = |outcome| outcomes.iter().filter(|row| row.outcome == outcome).count();
        let report = ImportReport {
            dry_run: self.dry_run,
            added: count("added"),
            present: count("present"),
            left_out: export.left_out,
        };
        context.print(&report, report_text)
    }

    fn row(&self, context: &CommandContext, person: Person) -> Result<ImportRow, ImportError> {
        let named = person.class.as_deref();
        let tier = match named {
            Some(class) => {
                let given = self.tier.iter().rev().find(|(theirs, _)| theirs == class);
                let same = || context.tiers().iter().find(|tier| *tier == class);
                given.map(|(_, tier)| tier).or_else(same).or(self.default_tier.as_ref())
            }
            None => return Ok(row(person, self.default_tier.as_deref().unwrap_or("outsider"))),
        };
        match tier {
            Some(tier) => Ok(row(person, tier)),
            None => Err(ImportError::Class {
                class: named.unwrap_or_default().to_owned(),
                name: person.name,
            }),
        }
    }
}

fn row(person: Person, tier: &str) -> ImportRow {
    ImportRow { name: person.name, tier: tier.to_owned(), until: None, passkey: person.passkey }
}

async fn send(
    context: &CommandContext,
    rows: &[ImportRow],
    dry_run: bool,
) -> Result<Vec<ImportOutcome>, CommandError> {
    let mut outcomes = Vec::with_capacity(rows.len());
    for members in rows.chunks(MAX_MEMBERS) {
        let import = ImportMembers { members: members.to_vec(), dry_run };
        let request = context.post(&["import"]).json(&import).patient();
        outcomes.extend(request.answer::<Vec<_>>().await?);
    }
    Ok(outcomes)
}

/// Checks that no two people have the same name or passkey; the daemon sees only a part at a time.
fn check_unique(rows: &[ImportRow]) -> Result<(), ImportError> {
    let (mut names, mut passkeys) = (HashSet::new(), HashSet::new());
    for row in rows {
        let has_passkey = row.passkey.as_ref().is_none_or(|passkey| passkeys.insert(passkey));
        if !names.insert(&row.name) || !has_passkey {
            return Err(ImportError::Twice(row.name.clone()));
        }
    }
    Ok(())
}

fn report_text(report: &ImportReport) -> String {
    let ImportReport { dry_run, added, present, left_out } = report;
    let verb = if *dry_run { "would be added" } else { "added" };
    let mut text = format!("{added} members {verb}, {present} were imported before.\n");
    if !left_out.is_empty() {
        let lines: Vec<_> =
            left_out.iter().map(|out| format!("{}  {}", out.name, out.why)).collect();
        text += &format!("{} left out:\n  {}\n", left_out.len(), shown(&lines));
    }
    if *dry_run {
        text += "Nothing was changed: leave out --dry-run to do it.\n";
    } else {
        text += "Their passkeys work at our announce URLs, until `usher member rotate`.\n";
    }
    text
}

impl From<ImportError> for CommandError {
    fn from(error: ImportError) -> Self {
        Self::Input(error.to_string())
    }
}

/// Why nobody was imported.
#[derive(Debug, Error)]
enum ImportError {
    /// A class without a tier here.
    #[error(
        "`{name}` has the class `{class}` there: name its tier here, such as `--tier \
         '{class}=fan'`, or the tier of all other classes, such as `--default-tier outsider`"
    )]
    Class {
        /// The member.
        name: String,
        /// The class.
        class: String,
    },
    /// The file cannot be read.
    #[error(transparent)]
    Export(#[from] ExportError),
    /// People who cannot be members.
    #[error("nothing was changed, because {} cannot be imported:\n  {}", .0.len(), shown(.0))]
    Refused(Vec<String>),
    /// Two people with one name or passkey.
    #[error(
        "nothing was changed, because `{0}` has the name or passkey of another person in the file"
    )]
    Twice(String),
}

/// The first of many lines.
fn shown(lines: &[String]) -> String {
    let first: Vec<_> = lines.iter().take(MAX_SHOWN).map(String::as_str).collect();
    let more = lines.len().saturating_sub(MAX_SHOWN);
    let rest = if more > 0 { format!("\n  and {more} more") } else { String::new() };
    first.join("\n  ") + &rest
}

/// From `CLASS=TIER`.
fn class_is_tier(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((class, tier)) if !class.is_empty() && !tier.is_empty() => {
            Ok((class.to_owned(), tier.to_owned()))
        }
        _ => Err("expected CLASS=TIER, such as `Power User=fan`".to_owned()),
    }
}

const MAX_SHOWN: usize = 20;
const IMPORT: &str = "\
Examples:
  usher import users.csv --dry-run --default-tier outsider
  usher import users.json --tier 'Power User=fan' --tier VIP=patron --skip Bot

The whole file is tried first, and nothing is changed unless all of it can be
imported. Accounts that their tracker shut out are left out; the dry run lists
them with the reason. Passkeys work until `usher member rotate`; only a keyed
hash of each is stored.";
