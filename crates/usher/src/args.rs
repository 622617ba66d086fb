//! What may be typed after `usher`.

use std::path::PathBuf;

use clap::{Parser, Subcommand};

/// A BitTorrent tracker that knows who paid.
///
/// Without a command it serves. Most other commands ask the running daemon, through the socket in its
/// state directory, and what they change is in force when they return.
#[derive(Clone, Debug, Parser)]
#[command(name = "usher", version, max_term_width = 100, after_long_help = START)]
pub struct Args {
    /// The configuration [default: tracker.yaml if there is one here, else built-in settings]
    #[arg(long, global = true, value_name = "FILE", help_heading = EVERYWHERE)]
    pub config: Option<PathBuf>,
    /// Print one JSON document instead of text for people
    #[arg(long, global = true, help_heading = EVERYWHERE)]
    pub json: bool,
    #[command(subcommand)]
    command: Option<Command>,
}

impl Args {
    /// What to do; without a command, serve.
    pub fn command(&self) -> &Command {
        self.command.as_ref().unwrap_or(&Command::Serve)
    }
}

/// What to do.
#[derive(Clone, Debug, Subcommand)]
pub enum Command {
    /// Run the daemon until it is told to stop (SIGTERM); SIGHUP reads the configuration again
    Serve,
    /// Read the configuration and say whether it is fine; needs no daemon
    #[command(after_help = CHECK)]
    Check,
    /// A command that asks the running daemon
    #[command(flatten)]
    Daemon(Box<cli::Command>),
    /// Put a backup in place of the club; the daemon must be stopped
    #[command(after_help = RESTORE)]
    Restore {
        /// The backup; the master secret is taken from FILE.secret if it is there
        file: PathBuf,
        /// Move aside the club that is there
        #[arg(long)]
        replace: bool,
    },
    /// Go on with another master secret, which voids every passkey; all daemons must be stopped
    #[command(after_help = FORGET_SECRET)]
    ForgetSecret,
    /// See whether the books are sound, with the daemon running or stopped
    Verify,
}

const EVERYWHERE: &str = "Before or after any command";
const START: &str = "\
Examples:
  usher                                                 run the daemon
  usher member add ada --tier fan                       add a member; prints the announce URL
  usher item add reel.torrent --name reel --policy club offer a torrent to who has a right to it
  usher grant ada reel --until 2027-01-31               give ada that right
  usher swarm reel                                      see who shares it
  usher why ada                                         see what ada's client was told";
const CHECK: &str = "\
Examples:
  usher check && systemctl reload usher
  usher check --json        every setting in force, defaults too";
const RESTORE: &str = "\
Examples:
  usher restore /var/backups/usher-2027-01-31.db
  usher restore club.db --replace         put what is there aside, say where";
const FORGET_SECRET: &str = "\
The next start takes what is in the secret file then, or makes a secret where there is none. Passkeys,
feeds and torrents given out before are void, and members need new ones.";

#[cfg(test)]
mod tests;
