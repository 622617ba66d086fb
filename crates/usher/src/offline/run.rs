//! From a command to what it prints.

use std::io;

use cli::{CommandContext, CommandError};
use thiserror::Error;

use super::check;
use super::upkeep::{self, UpkeepError};
use crate::args::{Args, Command};
use crate::config::{Config, Source, SourceError};
use crate::help;
use crate::serve::{CannotStart, startable};

/// Carries out a command other than `serve`, and returns what to print; now is `now_unix`, in Unix
/// seconds.
///
/// # Errors
///
/// Says what to do next: start the daemon, correct the configuration, or ask otherwise.
pub fn run(args: &Args, now_unix: u32) -> Result<String, RunError> {
    if let Command::Completions { shell } = args.command() {
        let mut script = Vec::new();
        clap_complete::generate(*shell, &mut help::command(), "usher", &mut script);
        return Ok(String::from_utf8_lossy(&script).into_owned());
    }
    let source = Source::find(args.config.clone());
    let loaded = source.load()?;
    if matches!(args.command(), Command::Check) {
        startable(&loaded.config)?;
        return Ok(check::report(&source, &loaded, args.json)?);
    }
    let config = loaded.config;
    let tiers = config.rules.tiers.iter().map(|tier| tier.id.clone()).collect();
    let context = CommandContext::new(&config.admin.socket, tiers, args.json, now_unix)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(carry_out(args.command(), &context, &config))
}

async fn carry_out(
    command: &Command,
    context: &CommandContext,
    config: &Config,
) -> Result<String, RunError> {
    Ok(match command {
        Command::Check | Command::Completions { .. } | Command::Demo { .. } | Command::Serve => {
            String::new()
        }
        Command::Daemon(command) => command.run(context).await?,
        Command::ForgetSecret => {
            context.print(&upkeep::forget_secret(config).await?, upkeep::forgotten)?
        }
        Command::Restore { file, replace } => {
            context.print(&upkeep::restore(config, file, *replace).await?, upkeep::restored)?
        }
        Command::Verify => {
            let books = match context.books().await? {
                Some(books) => books,
                None => upkeep::verify(config).await?,
            };
            context.print_books(&books)?
        }
    })
}

/// Why a command failed.
#[derive(Debug, Error)]
pub enum RunError {
    /// The configuration names something that is missing or unusable.
    #[error(transparent)]
    CannotStart(#[from] CannotStart),
    /// A command that asks the daemon.
    #[error(transparent)]
    Command(#[from] CommandError),
    /// The configuration.
    #[error(transparent)]
    Config(#[from] SourceError),
    /// A report that cannot be written as JSON.
    #[error("cannot write the report as JSON: {0}")]
    Print(#[from] serde_json::Error),
    /// The runtime cannot start.
    #[error("cannot start: {0}")]
    Start(#[from] io::Error),
    /// A backup or the club itself.
    #[error(transparent)]
    Upkeep(#[from] UpkeepError),
}
