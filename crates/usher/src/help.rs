//! The command line with its commands under headings, as `usher help` lists them.
//!
//! clap has headings for options, and none for commands, so the list is part of the template. Which
//! heading a command belongs under is the only thing that is written twice; a test compares it.

use std::fmt::Write;

use clap::builder::Styles;
use clap::{Command, CommandFactory};

use crate::args::{Args, EVERYWHERE};

/// The definition of the whole command line.
pub fn command() -> Command {
    let command = <Args as CommandFactory>::command();
    let template = template(&command);
    command.help_template(template)
}

fn template(command: &Command) -> String {
    let styles = command.get_styles().clone();
    let mut template = "{about-with-newline}\n{usage-heading} {usage}\n\n".to_owned();
    for (heading, names) in HEADINGS {
        template += &title(&styles, heading);
        for name in *names {
            let about = command.find_subcommand(name).and_then(Command::get_about);
            let about = about.map_or_else(|| HELP.to_owned(), ToString::to_string);
            let literal = styles.get_literal();
            let padding = " ".repeat(NAME_WIDTH.saturating_sub(name.len()));
            let _ = writeln!(template, "  {literal}{name}{literal:#}{padding}  {about}");
        }
        template += "\n";
    }
    template + &title(&styles, EVERYWHERE) + "{options}{after-help}"
}

fn title(styles: &Styles, heading: &str) -> String {
    let header = styles.get_header();
    format!("{header}{heading}:{header:#}\n")
}

const HEADINGS: &[(&str, &[&str])] = &[
    ("Items", &["publish", "item", "torrent", "magnet"]),
    ("Members", &["member", "sign-in", "grant", "revoke", "rotate", "import"]),
    (
        "Money",
        &[
            "topup", "balance", "buy", "refund", "order", "checkout", "event", "voucher",
            "discount", "reward", "ledger", "export",
        ],
    ),
    ("Tracker", &["serve", "demo", "top", "swarm", "stats", "why", "alert"]),
    (
        "Maintenance",
        &[
            "check",
            "admin",
            "audit",
            "mail",
            "token",
            "webhook",
            "verify",
            "backup",
            "restore",
            "forget-secret",
            "completions",
            "help",
        ],
    ),
];
/// clap adds this command when it parses.
const HELP: &str = "Print help for a command, such as `usher help item add`";
/// The longest name.
const NAME_WIDTH: usize = "forget-secret".len();

#[cfg(test)]
mod tests;
