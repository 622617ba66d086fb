use clap::CommandFactory;

use cli::MemberCommand;

use super::*;

#[test]
fn the_definition_holds_together() {
    <Args as CommandFactory>::command().debug_assert();
}

#[test]
fn alone_it_serves() {
    assert!(matches!(parse("").command(), Command::Serve));
    assert!(matches!(parse("--config x.yaml").command(), Command::Serve));
    assert!(matches!(parse("serve").command(), Command::Serve));
}

#[test]
fn config_and_json_stand_before_or_after_any_subcommand() {
    let everywhere = [
        "--config x.yaml --json member add ada --tier fan",
        "member --config x.yaml --json add ada --tier fan",
        "member add --config x.yaml ada --tier fan --json",
        "member add ada --tier fan --json --config=x.yaml",
    ];
    for line in everywhere {
        let args = parse(line);
        assert_eq!(args.config, Some(PathBuf::from("x.yaml")), "{line}");
        assert!(args.json, "{line}");
        let cli::Command::Member(MemberCommand::Add { name, tier, until }) = daemon(&args) else {
            panic!("{line}");
        };
        assert_eq!((name.as_str(), tier.as_str(), until.is_none()), ("ada", "fan", true));
    }
    for line in ["check", "stats", "item list", "swarm reel", "audit", "revoke ada all"] {
        assert!(parse(&format!("{line} --config x.yaml")).config.is_some(), "{line}");
    }
}

#[test]
fn tier_and_policy_are_named_with_or_without_the_option() {
    for line in ["member set-tier ada patron", "member set-tier ada --tier patron"] {
        let args = parse(line);
        let cli::Command::Member(MemberCommand::SetTier { tier, named, .. }) = daemon(&args) else {
            panic!("{line}");
        };
        assert_eq!(tier.as_ref().or(named.as_ref()).unwrap(), "patron");
    }
    refuses("member set-tier ada");
    refuses("member set-tier ada fan --tier patron");
    parse("item set-policy reel club");
    parse("item set-policy reel --policy club");
}

#[test]
fn an_item_is_a_file_or_an_info_hash() {
    let hash = "c1463792a1ff36a237e3a0f68badeb0d3764e9bb";
    parse("item add reel.torrent --name reel --policy club");
    parse(&format!("item add --info-hash {hash} --name reel --policy club"));
    refuses("item add --name reel --policy club");
    refuses(&format!("item add reel.torrent --info-hash {hash} --name reel --policy club"));
    refuses("item add --info-hash c146 --name reel --policy club");
    refuses("item add reel.torrent --policy club");
    refuses("item add reel.torrent --name reel");
}

#[test]
fn a_date_that_is_none_is_refused() {
    parse("grant ada reel --until 2027-01-31");
    parse("grant ada all --until 30d");
    refuses("grant ada reel --until soon");
    refuses("grant ada");
}

#[track_caller]
fn daemon(args: &Args) -> &cli::Command {
    let Command::Daemon(command) = args.command() else { panic!("{args:?}") };
    command
}

#[track_caller]
fn parse(line: &str) -> Args {
    Args::try_parse_from(words(line)).unwrap()
}

#[track_caller]
fn refuses(line: &str) {
    assert!(Args::try_parse_from(words(line)).is_err(), "{line}");
}

fn words(line: &str) -> impl Iterator<Item = &str> {
    std::iter::once("usher").chain(line.split_whitespace())
}
