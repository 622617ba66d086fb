//! Members of another tracker go on announcing with the passkeys they have.

use std::fs;

use tests::{Ask, Daemon};

const ADA: &str = "0123456789abcdef0123456789abcdef";
const BOB: &str = "fedcba9876543210fedcba9876543210";

#[test]
fn an_imported_passkey_answers_until_it_is_rotated() {
    let mut daemon = Daemon::start("", "");
    daemon.item("reel", [7; 20], "priority");
    let file = export(
        &daemon,
        &format!(
            "ID,Username,torrent_pass,PermissionID,Enabled\n1,ada,{ADA},2,1\n2,bob,{BOB},3,1\n3,eve,x,2,2\n"
        ),
    );
    let classes = ["--tier", "2=fan", "--default-tier", "outsider"];
    let tried = daemon.json(&[&["import", &file, "--dry-run"], &classes[..]].concat());
    assert_eq!((&tried["added"], &tried["left_out"][0]["name"]), (&2.into(), &"eve".into()));
    assert!(daemon.json(&["member", "list"]).as_array().expect("a list").is_empty());

    let done = daemon.json(&[&["import", &file], &classes[..]].concat());
    assert_eq!((&done["added"], &done["present"]), (&2.into(), &0.into()));
    let again = daemon.json(&[&["import", &file], &classes[..]].concat());
    assert_eq!((&again["added"], &again["present"]), (&0.into(), &2.into()));

    let announce = |daemon: &Daemon, passkey: &str| {
        daemon.announce(&Ask { passkey: Some(passkey.to_owned()), ..Ask::of([7; 20], 1) })
    };
    assert_eq!(announce(&daemon, ADA).text("failure reason"), None);
    assert_eq!(daemon.json(&["swarm", "reel"])["inside_leechers"], 1);
    daemon.terminate();
    daemon.restart();
    assert_eq!(announce(&daemon, ADA).text("failure reason"), None);
    daemon.json(&["member", "rotate", "ada"]);
    let refused = announce(&daemon, ADA);
    assert!(refused.text("failure reason").is_some(), "{refused:?}");
    assert_eq!(announce(&daemon, BOB).text("failure reason"), None);
}

#[test]
fn nobody_is_imported_where_somebody_can_not_be() {
    let daemon = Daemon::start("", "");
    daemon.member("bob", "fan");
    let file = export(&daemon, "name,tier\nada,fan\nbob,fan\nc c,fan\n");
    let said = daemon.refuses(&["import", &file]);
    for part in [
        "nothing was changed, because 2 cannot be imported",
        "bob: member 1 has the name",
        "c c: ' ' can't",
    ] {
        assert!(said.contains(part), "{said}");
    }
    let file = export(&daemon, "name,tier,passkey\nada,fan,x\n");
    assert!(
        daemon.refuses(&["import", &file]).contains("line 2: the passkey of `ada` can be guessed")
    );
    let file = export(&daemon, "name,tier\nseedbox,fan\n");
    assert!(daemon.refuses(&["import", &file]).contains("usher keeps the name `seedbox`"));
    let file = export(&daemon, "name,class\nada,VIP\n");
    assert!(daemon.refuses(&["import", &file]).contains("--tier 'VIP=fan'"));
    let file = export(&daemon, "name\nada\nada\n");
    assert!(daemon.refuses(&["import", &file]).contains("of another person in the file"));
    assert_eq!(daemon.json(&["member", "list"]).as_array().map(Vec::len), Some(1));
}

#[test]
fn who_was_shut_out_there_is_not_let_in_here() {
    let daemon = Daemon::start("", "");
    daemon.item("reel", [7; 20], "priority");
    let people = format!(
        r#"{{"users": [
            {{"username": "ada", "passkey": "{ADA}", "group": {{"name": "User", "slug": "user"}},
              "active": 1, "can_download": null, "deleted_at": null}},
            {{"username": "banned1", "passkey": "{BOB}", "active": 1, "can_download": 0,
              "group": {{"name": "Banned", "slug": "banned"}}}},
            {{"username": "parked1", "parked": "yes", "group": {{"name": "User"}}}},
            {{"username": "gone", "deleted_at": "2024-05-01 10:00:00", "group": {{"name": "User"}}}},
            {{"username": "bot", "group": {{"name": "Bot"}}}}]}}"#
    );
    let file = export(&daemon, &people);
    let options = ["--tier", "User=fan", "--default-tier", "outsider", "--skip", "Bot"];
    let dry = [&["import", &file, "--dry-run"], &options[..]].concat();
    let tried = daemon.json(&dry);
    assert_eq!(tried["added"], 1, "{tried}");
    let left_out = tried["left_out"].as_array().expect("those left out");
    let names: Vec<_> = left_out.iter().map(|person| person["name"].as_str()).collect();
    assert_eq!(names, ["banned1", "parked1", "gone", "bot"].map(Some));
    let shown = String::from_utf8(daemon.run(&dry).stdout).expect("text");
    for said in ["banned1  `can_download` is `0`", "parked1  `parked` is `yes`", "class `Bot`"] {
        assert!(shown.contains(said), "{shown}");
    }
    daemon.json(&[&["import", &file], &options[..]].concat());
    let members = daemon.json(&["member", "list"]);
    assert_eq!(members.as_array().map(Vec::len), Some(1), "{members}");
    let announce = |passkey: &str| {
        daemon.announce(&Ask { passkey: Some(passkey.to_owned()), ..Ask::of([7; 20], 1) })
    };
    assert_eq!(announce(ADA).text("failure reason"), None);
    assert!(announce(BOB).text("failure reason").is_some());
}

#[test]
fn what_mysql_prints_with_batch_is_imported() {
    let daemon = Daemon::start("", "");
    let file = export(
        &daemon,
        &format!(
            "username\tpasskey\tenabled\tdeleted_at\n\
             ada\t{ADA}\tyes\tNULL\nbob\tNULL\tyes\t\\N\neve\t{BOB}\tno\tNULL\n"
        ),
    );
    let done = daemon.json(&["import", &file]);
    assert_eq!((&done["added"], &done["left_out"][0]["name"]), (&2.into(), &"eve".into()));
}

fn export(daemon: &Daemon, text: &str) -> String {
    let file = daemon.folder().join("export");
    fs::write(&file, text).expect("an export");
    file.into_os_string().into_string().expect("a name in UTF-8")
}
