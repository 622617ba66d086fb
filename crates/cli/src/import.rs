//! `usher import`: members of another tracker, from its export.
//!
//! The whole file is tried first; nothing is changed unless all of it can be. Done again after it
//! was cut short, it goes on where it was.

use std::collections::{BTreeMap, HashSet};
use std::path::Path;

use api::import::{ImportMembers, ImportOutcome, ImportRow, MAX_MEMBERS};
use http::Method;
use serde::Serialize;
use thiserror::Error;

use super::client::Client;
use super::error::CommandError;
use super::export_file::{self, ExportError};

/// What is to be done with an export.
pub(crate) struct Plan<'a> {
    pub(crate) file: &'a Path,
    pub(crate) dry_run: bool,
    /// From their classes to our tiers.
    pub(crate) classes: BTreeMap<String, String>,
    /// What our tiers are called; a class of that name is one.
    pub(crate) tiers: Vec<String>,
    /// For those of a class that is not named.
    pub(crate) default_tier: Option<&'a str>,
}

/// What became of an export.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    /// Whether nothing was changed.
    dry_run: bool,
    /// How many are members now, or would be.
    added: usize,
    /// How many were imported before.
    present: usize,
    /// How many were left out, as their accounts are closed there.
    closed: usize,
}

pub(crate) async fn import(client: &Client, plan: &Plan<'_>) -> Result<Report, CommandError> {
    let export = export_file::read(plan.file).map_err(ImportError::from)?;
    let newcomers: Vec<_> =
        export.people.into_iter().map(|person| plan.newcomer(person)).collect::<Result<_, _>>()?;
    check_alone(&newcomers)?;

    let tried = send(client, &newcomers, true).await?;
    let refused: Vec<_> = tried
        .iter()
        .filter_map(|told| told.why.as_ref().map(|why| format!("{}: {why}", told.name)))
        .collect();
    if !refused.is_empty() {
        return Err(ImportError::Refused(refused).into());
    }
    let told = if plan.dry_run { tried } else { send(client, &newcomers, false).await? };
    let count = |outcome| told.iter().filter(|told| told.outcome == outcome).count();
    Ok(Report {
        dry_run: plan.dry_run,
        added: count("added"),
        present: count("present"),
        closed: export.closed,
    })
}

pub(crate) fn imported(report: &Report) -> String {
    let Report { dry_run, added, present, closed } = report;
    let verb = if *dry_run { "would be added" } else { "added" };
    let mut text = format!("{added} members {verb}, {present} were imported before\n");
    if *closed > 0 {
        text += &format!("{closed} left out: their accounts are closed\n");
    }
    if *dry_run {
        text += "Nothing was changed: leave out --dry-run to do it.\n";
    } else {
        text += "Their passkeys answer at our announce URLs, until `usher member rotate`.\n";
    }
    text
}

impl Plan<'_> {
    fn newcomer(&self, person: export_file::Person) -> Result<ImportRow, ImportError> {
        let named = person.class.as_deref();
        let tier = match named {
            Some(class) => self
                .classes
                .get(class)
                .or_else(|| self.tiers.iter().find(|tier| *tier == class))
                .map(String::as_str),
            None => Some(self.default_tier.unwrap_or("outsider")),
        };
        let tier = tier.or(self.default_tier).ok_or_else(|| ImportError::Class {
            name: person.name.clone(),
            class: named.unwrap_or_default().to_owned(),
        })?;
        let tier = tier.to_owned();
        Ok(ImportRow { name: person.name, tier, until: None, passkey: person.passkey })
    }
}

async fn send(
    client: &Client,
    newcomers: &[ImportRow],
    dry_run: bool,
) -> Result<Vec<ImportOutcome>, CommandError> {
    let mut told = Vec::with_capacity(newcomers.len());
    for members in newcomers.chunks(MAX_MEMBERS) {
        let asked = ImportMembers { members: members.to_vec(), dry_run };
        let answer: Vec<ImportOutcome> =
            client.patient().tell(Method::POST, "/api/v1/import", &asked).await?;
        told.extend(answer);
    }
    Ok(told)
}

/// What two of a file would take from each other; the daemon sees a part at a time.
fn check_alone(newcomers: &[ImportRow]) -> Result<(), ImportError> {
    let (mut names, mut passkeys) = (HashSet::new(), HashSet::new());
    for newcomer in newcomers {
        let has_passkey = newcomer.passkey.as_ref().is_none_or(|passkey| passkeys.insert(passkey));
        if !names.insert(&newcomer.name) || !has_passkey {
            return Err(ImportError::Twice(newcomer.name.clone()));
        }
    }
    Ok(())
}

impl From<ImportError> for CommandError {
    fn from(error: ImportError) -> Self {
        Self::Input(error.to_string())
    }
}

/// Why nobody was imported.
#[derive(Debug, Error)]
pub enum ImportError {
    /// Nobody said what their class is here.
    #[error(
        "`{name}` has the class `{class}` there: say what that is here, as `--tier {class}=fan`, \
         or give all others one by `--default-tier outsider`"
    )]
    Class {
        /// Who.
        name: String,
        /// Of what.
        class: String,
    },
    /// The file.
    #[error(transparent)]
    Export(#[from] ExportError),
    /// Who can't be a member.
    #[error("nothing was changed, {} can't be imported:\n  {}", .0.len(), shown(.0))]
    Refused(Vec<String>),
    /// One name or passkey is two people's.
    #[error("`{0}` has the name or the passkey of another in the file, nothing was changed")]
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
pub(crate) fn class_is_tier(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((class, tier)) if !class.is_empty() && !tier.is_empty() => {
            Ok((class.to_owned(), tier.to_owned()))
        }
        _ => Err("not CLASS=TIER, as `Power User=fan`".to_owned()),
    }
}

const MAX_SHOWN: usize = 20;
