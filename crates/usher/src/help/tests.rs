use std::collections::BTreeSet;

use super::*;

#[test]
fn every_command_is_under_one_heading() {
    let mut built = command();
    built.build();
    let all: BTreeSet<_> = built.get_subcommands().map(Command::get_name).collect();
    let listed: Vec<_> = HEADINGS.iter().flat_map(|(_, names)| *names).copied().collect();
    assert_eq!(listed.iter().copied().collect::<BTreeSet<_>>(), all);
    assert_eq!(listed.len(), all.len(), "one is listed twice");
}

#[test]
fn no_command_is_both_singular_and_plural() {
    for (path, command) in commands() {
        let names: BTreeSet<_> = command.get_subcommands().map(Command::get_name).collect();
        for name in &names {
            assert!(!names.contains(format!("{name}s").as_str()), "{path} {name}");
        }
    }
}

#[test]
fn a_noun_with_several_verbs_is_a_group() {
    for noun in ["alert", "checkout", "discount", "event", "item", "ledger", "member", "order"] {
        let built = command();
        let group = built.find_subcommand(noun).unwrap_or_else(|| panic!("{noun}"));
        assert!(group.get_subcommands().count() > 1, "{noun}");
    }
}

#[test]
fn every_help_shows_an_example_and_fits_80_columns() {
    for (path, mut command) in commands() {
        let help = command.render_long_help().to_string();
        assert!(shows_example(&path, &help), "{path}:\n{help}");
        for line in help.lines() {
            assert!(line.chars().count() <= 80, "{path}: {line}");
        }
    }
}

/// Whether one of the examples is of this command, alone or in a pipeline.
fn shows_example(path: &str, help: &str) -> bool {
    help.split("Example").nth(1).is_some_and(|examples| examples.contains(path))
}

#[test]
fn help_of_every_command() {
    for (path, mut command) in commands() {
        let name = path.replace(' ', "-");
        insta::assert_snapshot!(name, command.render_long_help().to_string());
    }
}

/// Every command with its path, groups too, but for `help`.
fn commands() -> Vec<(String, Command)> {
    let mut built = command();
    built.build();
    let mut commands = vec![("usher".to_owned(), built.clone())];
    collect("usher", &built, &mut commands);
    commands
}

fn collect(path: &str, command: &Command, into: &mut Vec<(String, Command)>) {
    for sub in command.get_subcommands().filter(|sub| sub.get_name() != "help") {
        let path = format!("{path} {}", sub.get_name());
        into.push((path.clone(), sub.clone()));
        collect(&path, sub, into);
    }
}
