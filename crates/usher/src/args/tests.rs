use clap::CommandFactory;

use cli::MemberCommand;

use super::*;
use crate::help;

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
        let DaemonCommand::Member(MemberCommand::Add { name, tier, until }) = daemon(&args) else {
            panic!("{line}");
        };
        assert_eq!((name.as_str(), tier.as_str(), until.is_none()), ("ada", "fan", true));
    }
    for line in ["check", "stats", "item list", "swarm reel", "audit", "revoke ada all"] {
        assert!(parse(&format!("{line} --config x.yaml")).config.is_some(), "{line}");
    }
}

#[test]
fn a_tier_or_a_policy_is_set_by_its_option() {
    parse("member set ada --tier patron --until 30d");
    refuses("member set ada");
    refuses("member set ada patron");
    parse("item set reel --policy club --title Reel --free");
    refuses("item set reel");
    refuses("item set reel club");
}

#[test]
fn a_product_is_an_item_or_a_tier_or_a_topup() {
    let checkout = "checkout add ada --provider stripe";
    parse(&format!("{checkout} reel --as torrent"));
    parse(&format!("{checkout} --tier patron --subscribe"));
    parse(&format!("{checkout} --topup 10.00 --currency usd"));
    for wrong in ["", "reel", "--as torrent", "reel --as torrent --tier fan", "--topup 10.00"] {
        refuses(&format!("{checkout} {wrong}"));
    }
    parse("buy ada reel --as direct");
    parse("buy ada --tier patron");
    for wrong in ["", "reel", "reel --as direct --tier patron", "--tier patron --pay 1"] {
        refuses(&format!("buy ada {wrong}"));
    }
}

#[test]
fn an_order_is_refunded_by_either_name() {
    parse("refund 12 --amount 1.00 --key k");
    parse("order refund 12 --amount 1.00 --key k");
    refuses("order refund");
}

#[test]
fn an_unknown_command_says_what_to_type_instead() {
    suggests("orders list", "usher checkout list|show|refund|answer");
    suggests("checkout ada reel --as torrent", "usher checkout add ada");
    suggests("--json item set-policy reel club", "usher item set ITEM --policy POLICY");
    suggests("member set-tier ada fan", "usher member set MEMBER --tier TIER");
    suggests("verify-item reel", "usher item verify ITEM");
    suggests("unpublish reel", "usher item unpublish");
    suggests("traffic ada", "usher member traffic");
    suggests("item publish reel.mp4", "usher publish");
    for (old, new) in [("events list", "event"), ("alerts", "alert"), ("rewards ada", "reward")] {
        suggests(old, &format!("'{new}'"));
    }
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
fn suggests(line: &str, expected: &str) {
    let command = help::command();
    let words: Vec<_> = words(line).map(str::to_owned).collect();
    let error = command.clone().try_get_matches_from(&words).unwrap_err();
    let error = cli::explain(error, &command, &words).to_string();
    assert!(error.contains("tip: ") && error.contains(expected), "{line}: {error}");
}

#[track_caller]
fn daemon(args: &Args) -> &DaemonCommand {
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
