//! What may be typed after `usher`.

use std::path::PathBuf;

use clap::{Parser, Subcommand};
use clap_complete::Shell;
use cli::DaemonCommand;

/// A BitTorrent tracker that knows who paid.
///
/// Without a command it runs the daemon. Most commands ask the running daemon, through the socket in
/// its state directory. A change is in force when the command returns.
#[derive(Clone, Debug, Parser)]
#[command(name = "usher", version, max_term_width = 80, after_help = START)]
pub struct Args {
    /// The configuration [default: tracker.yaml in this folder, or else built-in settings]
    #[arg(long, global = true, value_name = "FILE", help_heading = EVERYWHERE)]
    pub config: Option<PathBuf>,
    /// Print one JSON document instead of text
    #[arg(long, global = true, help_heading = EVERYWHERE)]
    pub json: bool,
    #[command(subcommand)]
    command: Option<Command>,
}

impl Args {
    /// The command; without one, `serve`.
    pub fn command(&self) -> &Command {
        self.command.as_ref().unwrap_or(&Command::Serve)
    }
}

/// A command.
#[derive(Clone, Debug, Subcommand)]
pub enum Command {
    /// Check the configuration; needs no daemon
    #[command(after_help = CHECK)]
    Check,
    /// Print completions for a shell
    #[command(after_help = COMPLETIONS)]
    Completions {
        /// The shell
        shell: Shell,
    },
    /// Run a shop with made-up goods, members and peers
    #[command(after_help = DEMO)]
    Demo {
        /// Port of the site, if it is free; 0 means any free one
        #[arg(long, default_value_t = 8080)]
        port: u16,
    },
    /// A command that asks the running daemon
    #[command(flatten)]
    Daemon(Box<DaemonCommand>),
    /// Continue with another master secret, which voids every passkey
    #[command(after_help = FORGET_SECRET)]
    ForgetSecret,
    /// Put a backup in place of the club; the daemon must be stopped
    #[command(after_help = RESTORE)]
    Restore {
        /// The backup; the master secret is read from FILE.secret if that exists
        file: PathBuf,
        /// Move the current club aside
        #[arg(long)]
        replace: bool,
    },
    /// Run the daemon
    #[command(after_help = SERVE)]
    Serve,
    /// Check the books, with or without a running daemon
    #[command(after_help = VERIFY)]
    Verify,
}

/// The heading of the options that stand before or after any command.
pub(crate) const EVERYWHERE: &str = "Before or after any command";
const START: &str = "\
Examples:
  usher                                        run the daemon
  usher member add ada --tier fan              prints her announce URL
  usher publish reel.mp4 --policy club         make an item and its torrent
  usher grant ada reel --until 2027-01-31      give her the right to it
  usher torrent ada reel                       write her own torrent of it
  usher why ada                                see what her client was told";
const CHECK: &str = "\
Examples:
  usher check && systemctl reload usher
  usher check --json        all settings in force, including defaults";
const COMPLETIONS: &str = "\
Examples:
  usher completions bash > /usr/share/bash-completion/completions/usher
  usher completions fish > ~/.config/fish/completions/usher.fish";
const DEMO: &str = "\
Example:
  usher demo

It runs in a temporary folder, touches no other daemon, and deletes the folder
when Ctrl-C ends it.";
const FORGET_SECRET: &str = "\
Example:
  systemctl stop usher && usher forget-secret

All daemons must be stopped. The next start reads the secret file as it is
then, or makes a secret where there is none. Passkeys, feeds and torrents given
out before are void, and members need new ones.";
const RESTORE: &str = "\
Examples:
  usher restore /var/backups/usher-2027-01-31.db
  usher restore club.db --replace         prints where the current club is now";
const SERVE: &str = "\
Example:
  usher serve --config /etc/usher/tracker.yaml

SIGTERM stops it. SIGHUP makes it read the configuration again.";
const VERIFY: &str = "\
Example:
  usher verify && echo sound

To compare an item's files with what was published, see `usher item verify`.";

#[cfg(test)]
mod tests;
