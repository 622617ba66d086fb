//! What to type instead of a command that does not exist.

use clap::builder::StyledStr;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Command, Error};

/// Adds to the error for an unknown command what to type instead, where that is known. `command` is
/// the definition of the whole command line, and `words` are what was typed.
pub fn explain(mut error: Error, command: &Command, words: &[String]) -> Error {
    let unknown = match error.get(ContextKind::InvalidSubcommand) {
        Some(ContextValue::String(name)) if error.kind() == ErrorKind::InvalidSubcommand => {
            name.clone()
        }
        _ => return error,
    };
    let is_checkout = parent(command, words, &unknown).get_name() == "checkout";
    let renamed = RENAMED.iter().find(|(old, _)| *old == unknown).map(|(_, new)| *new);
    let instead = match renamed {
        Some(new) => vec![new.to_owned()],
        None if is_checkout => vec![format!("usher checkout add {unknown} …")],
        None => homes(command, &unknown),
    };
    if instead.is_empty() || instead.len() > MAX_SUGGESTIONS {
        return error;
    }
    error.remove(ContextKind::SuggestedSubcommand);
    let tip = |command: String| StyledStr::from(format!("use `{command}`"));
    let tips = instead.into_iter().map(tip).collect();
    error.insert(ContextKind::Suggested, ContextValue::StyledStrs(tips));
    error
}

/// The command whose subcommand the unknown word would be.
fn parent<'a>(command: &'a Command, words: &[String], unknown: &str) -> &'a Command {
    let before = words.iter().take_while(|word| *word != unknown);
    before.fold(command, |parent, word| parent.find_subcommand(word).unwrap_or(parent))
}

/// All commands that end in a name, such as `usher item verify` for `verify`.
fn homes(command: &Command, name: &str) -> Vec<String> {
    let path = command.get_name();
    let found = |sub: &Command| {
        let here = (sub.get_name() == name).then(|| format!("{path} {name}"));
        let below = homes(sub, name).into_iter().map(|home| format!("{path} {home}"));
        here.into_iter().chain(below).collect::<Vec<_>>()
    };
    command.get_subcommands().flat_map(found).collect()
}

/// Names that were used before 0.1 and are too different to be found by their likeness.
const RENAMED: &[(&str, &str)] = &[
    ("orders", "usher checkout list|show|refund|answer"),
    ("set-policy", "usher item set ITEM --policy POLICY"),
    ("set-tier", "usher member set MEMBER --tier TIER"),
    ("verify-item", "usher item verify ITEM"),
];
/// With more homes a name says too little.
const MAX_SUGGESTIONS: usize = 3;
