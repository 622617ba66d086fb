//! `usher top`: swarms, live, in a terminal.
//!
//! `app` is what is shown and what a key does, `view` draws it, `question` asks the daemon, and `screen` has the
//! terminal. Deliberately absent: any change of what the daemon has; it only reads.

mod app;
mod prompt;
mod question;
mod screen;
mod view;

use std::io::{IsTerminal, stdin, stdout};

use clap::Args;

use crate::daemon::{CommandContext, CommandError};

/// `usher top`.
#[derive(Clone, Debug, Args)]
#[command(after_help = TOP)]
pub struct TopArgs {
    /// Print one screen and end
    #[arg(long)]
    once: bool,
}

impl TopArgs {
    /// Shows swarms until somebody quits.
    pub(crate) async fn run(&self, context: &CommandContext) -> Result<String, CommandError> {
        if context.json() {
            return Err(CommandError::Input(NO_JSON.to_owned()));
        }
        if self.once {
            return screen::once(context).await;
        }
        if !stdin().is_terminal() || !stdout().is_terminal() {
            return Err(CommandError::Input(NO_TERMINAL.to_owned()));
        }
        screen::run(context).await?;
        Ok(String::new())
    }
}

const NO_JSON: &str = "usher top draws a screen and prints no JSON: use `usher stats --json`";
const NO_TERMINAL: &str = "usher top needs a terminal, and its input or output is none: \
     use `usher top --once` for one screen, or `usher stats` for the numbers";
const TOP: &str = "\
Keys: arrows move, Enter opens, Esc goes back, / searches, s sorts by another
column, ? shows all keys, q quits.

Examples:
  usher top
  usher top --once";
