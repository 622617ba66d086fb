//! A club is backed up while it runs, and comes back from that as it was.

use std::fs;
use std::time::Duration;

use tests::{Daemon, Database, Http, within};

#[test]
fn a_restored_club_is_the_one_that_was_backed_up() {
    let mut daemon = Daemon::start("", "");
    let ada = daemon.member("ada", "fan");
    daemon.item("reel", [7; 20], "club");
    daemon.json(&["grant", "ada", "reel"]);
    let file = daemon.folder().join("backup.db");
    let path = file.to_str().expect("a name in UTF-8");

    let backup = daemon.json(&["backup", path]);
    assert_eq!(backup["bytes"], fs::metadata(&file).expect("a backup").len());
    assert!(backup["secret"].is_null());
    assert!(daemon.refuses(&["backup", path]).contains("is there already"));
    daemon.json(&["revoke", "ada", "reel"]);
    daemon.member("bob", "fan");

    let running = daemon.refuses(&["restore", path, "--replace"]);
    assert!(running.contains("another usher runs"), "{running}");
    assert_eq!(daemon.json(&["verify"])["clean"], true);
    daemon.terminate();
    assert_eq!(daemon.json(&["verify"])["clean"], true);
    let taken = daemon.refuses(&["restore", path]);
    assert!(taken.contains("`--replace` moves it aside"), "{taken}");
    daemon.json(&["restore", path, "--replace"]);

    daemon.restart();
    assert_eq!(daemon.json(&["member", "show", "ada"])["passkey"], ada["passkey"]);
    let rights = &daemon.json(&["item", "show", "reel"])["rights"];
    assert!(rights[0]["revoked"].is_null(), "{rights}");
    assert!(daemon.refuses(&["member", "show", "bob"]).contains("no member `bob`"));
}

#[test]
fn a_club_whose_file_was_replaced_is_not_written_and_says_so() {
    let mut daemon = Daemon::start("", "");
    daemon.member("ada", "fan");
    let (backup, club) = (daemon.folder().join("backup.db"), daemon.folder().join("state/club.db"));
    daemon.json(&["backup", backup.to_str().expect("a name")]);
    daemon.json(&["topup", "ada", "--amount", "5.00", "--currency", "usd"]);
    let port = daemon.listening().admin.port();
    let ready = || Http::to(port).get("/readyz", "");
    assert_eq!(ready().status, 200);
    fs::rename(&backup, &club).expect("a backup");
    let refused = daemon.refuses(&["topup", "ada", "--amount", "7.00", "--currency", "usd"]);
    assert!(refused.contains("was replaced or moved away while usher ran"), "{refused}");
    let missing = ready();
    assert_eq!(missing.status, 503);
    assert!(String::from_utf8_lossy(&missing.body).contains("was replaced"), "{missing:?}");
    let verified = daemon.refuses(&["verify"]);
    assert!(verified.contains("was replaced or moved away while usher ran"), "{verified}");

    // What has the place now is a club, and not damaged by what the daemon did before it saw.
    daemon.terminate();
    assert_eq!(daemon.json(&["verify"])["clean"], true);
    daemon.restart();
    assert_eq!(daemon.json(&["balance", "ada"]), serde_json::json!([]));
}

#[test]
fn a_damaged_backup_is_not_restored() {
    let mut daemon = Daemon::start("", "");
    daemon.member("ada", "fan");
    let file = daemon.folder().join("backup.db");
    let path = file.to_str().expect("a name");
    daemon.json(&["backup", path]);
    daemon.terminate();
    let mut bytes = fs::read(&file).expect("a backup");
    // In the table and in its index.
    let places = bytes.windows(3).enumerate().filter(|(_, bytes)| bytes == b"fan");
    let places: Vec<usize> = places.map(|(place, _)| place).collect();
    assert!(!places.is_empty());
    places.iter().for_each(|place| bytes[*place] ^= 1);
    fs::write(&file, bytes).expect("the backup");
    let refused = daemon.refuses(&["restore", path, "--replace"]);
    assert!(refused.contains("is damaged, nothing was changed: its digest is"), "{refused}");

    // Without the digest it can't be known; what the configuration does not have is named.
    fs::remove_file(daemon.folder().join("backup.db.b3")).expect("a digest");
    let restored = daemon.json(&["restore", path, "--replace"]);
    assert_eq!(restored["has_digest"], false);
    assert_eq!(restored["unknown"], serde_json::json!(["tier gan, of 1 members"]));
}

#[test]
fn a_backup_with_the_secret_moves_the_club_to_another_machine() {
    let old = Daemon::start("", "");
    let ada = old.member("ada", "fan");
    let file = old.folder().join("backup.db");
    let path = file.to_str().expect("a name in UTF-8");
    old.json(&["backup", path, "--with-secret"]);
    let secret = fs::read(old.folder().join("state/secret")).expect("a secret");
    assert_eq!(fs::read(old.folder().join("backup.db.secret")).expect("its copy"), secret);
    assert!(!fs::read(&file).expect("a backup").windows(32).any(|bytes| bytes == secret));

    let mut new = Daemon::start("", "");
    new.terminate();
    let other = new.refuses(&["restore", path, "--replace"]);
    assert!(other.contains("move one of them away"), "{other}");
    fs::remove_dir_all(new.folder().join("state")).expect("an empty machine");
    new.json(&["restore", path]);
    new.restart();
    assert_eq!(new.json(&["member", "show", "ada"])["passkey"], ada["passkey"]);
}

#[test]
fn books_that_are_not_sound_are_told_with_exit_code_1() {
    let mut daemon = Daemon::start("", "");
    daemon.terminate();
    fs::write(daemon.folder().join("state/club.db"), [7; 8192]).expect("a damaged club");
    let said = daemon.refuses(&["verify"]);
    assert!(said.contains("not a database"), "{said}");
}

#[test]
fn an_empty_file_is_no_club() {
    let mut daemon = Daemon::start("", "");
    daemon.member("ada", "fan");
    daemon.terminate();
    let club = daemon.folder().join("state/club.db");
    let empty = daemon.folder().join("empty");
    fs::write(&empty, "").expect("a file");
    let refused = daemon.refuses(&["restore", empty.to_str().expect("a name"), "--replace"]);
    assert!(refused.contains("holds no club, nothing was changed"), "{refused}");

    let aside = daemon.folder().join("aside");
    fs::rename(&club, &aside).expect("a club");
    fs::write(&club, "").expect("a file");
    let verified = daemon.refuses(&["verify"]);
    assert!(verified.contains("it holds no club"), "{verified}");
    let started = daemon.refuses(&["serve"]);
    assert!(started.contains("it holds no club: `usher restore FILE --replace`"), "{started}");
    assert_eq!(fs::metadata(&club).expect("the file").len(), 0, "it is as it was");
    fs::rename(&aside, &club).expect("a club");
    daemon.restart();
    daemon.json(&["member", "show", "ada"]);
}

#[test]
fn a_club_that_is_gone_is_not_begun_anew_without_a_word() {
    let mut daemon = Daemon::start("", "");
    daemon.member("ada", "fan");
    let file = daemon.folder().join("backup.db");
    daemon.json(&["backup", file.to_str().expect("a name")]);
    daemon.terminate();
    let state = daemon.folder().join("state");
    fs::remove_file(state.join("club.db")).expect("a club");
    let refused = daemon.refuses(&["serve"]);
    assert!(refused.contains("there was one that left"), "{refused}");
    assert!(refused.contains("swarms.snapshot"), "{refused}");
    assert!(refused.contains("`usher restore FILE`"), "{refused}");
    assert!(!fs::exists(state.join("club.db")).expect("a folder"));

    daemon.json(&["restore", file.to_str().expect("a name")]);
    daemon.restart();
    daemon.json(&["member", "show", "ada"]);
    daemon.terminate();
    // A beginning that is meant.
    fs::rename(state.join("backups"), daemon.folder().join("aside")).expect("a folder");
    for entry in fs::read_dir(&state).expect("a folder") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        if name.starts_with("club.db") || name == "swarms.snapshot" {
            fs::remove_file(path).expect("a file");
        }
    }
    daemon.restart();
    assert!(daemon.refuses(&["member", "show", "ada"]).contains("no member"));
}

#[test]
fn a_secret_laid_there_before_the_first_start_is_taken() {
    let mut daemon = Daemon::start("", "");
    daemon.terminate();
    let state = daemon.folder().join("state");
    let secret = fs::read(state.join("secret")).expect("a secret");
    fs::remove_dir_all(&state).expect("an empty machine");
    fs::create_dir(&state).expect("a folder");
    fs::write(state.join("secret"), &secret).expect("a file");
    let for_its_owner = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    fs::set_permissions(state.join("secret"), for_its_owner).expect("a file");
    daemon.restart();
    daemon.member("ada", "fan");
}

#[test]
fn no_other_secret_is_taken_without_a_word() {
    no_other_secret_is_taken("");
    let database = Database::make();
    no_other_secret_is_taken(&format!("database: {}", database.url()));
}

#[track_caller]
fn no_other_secret_is_taken(rest: &str) {
    let mut daemon = Daemon::start("", rest);
    let ada = daemon.member("ada", "fan");
    daemon.terminate();
    let secret = daemon.folder().join("state/secret");
    let aside = daemon.folder().join("aside");
    fs::rename(&secret, &aside).expect("a secret");
    let missing = daemon.refuses(&["serve"]);
    assert!(missing.contains("put it back") && missing.contains("forget-secret"), "{missing}");
    assert!(!fs::exists(&secret).expect("a folder"), "none was made");

    fs::copy(&aside, &secret).expect("a secret");
    let mut bytes = fs::read(&secret).expect("a secret");
    bytes[7] ^= 1;
    fs::write(&secret, bytes).expect("another secret");
    let other = daemon.refuses(&["serve"]);
    assert!(other.contains("another secret") && other.contains("forget-secret"), "{other}");

    fs::copy(&aside, &secret).expect("a secret");
    daemon.restart();
    assert_eq!(daemon.json(&["member", "show", "ada"])["passkey"], ada["passkey"]);
    assert!(daemon.refuses(&["forget-secret"]).contains("another usher runs"));
    daemon.terminate();

    fs::remove_file(&secret).expect("a secret");
    daemon.json(&["forget-secret"]);
    daemon.restart();
    assert_ne!(daemon.json(&["member", "show", "ada"])["passkey"], ada["passkey"]);
    daemon.terminate();
    fs::copy(&aside, &secret).expect("a secret");
    let other = daemon.refuses(&["serve"]);
    assert!(other.contains("another secret"), "the new one was noted: {other}");
}

#[test]
fn a_club_moves_to_another_folder_with_its_secret_alone() {
    let old = Daemon::start("", "");
    let ada = old.member("ada", "fan");
    let file = old.folder().join("backup.db");
    let path = file.to_str().expect("a name in UTF-8");
    old.json(&["backup", path]);
    let mut new = Daemon::start("", "");
    new.terminate();
    let state = new.folder().join("state");
    fs::remove_dir_all(&state).expect("an empty machine");

    assert_eq!(new.json(&["restore", path])["has_secret"], false);
    let missing = new.refuses(&["serve"]);
    assert!(missing.contains("no secret file") && missing.contains("put it back"), "{missing}");
    fs::copy(old.folder().join("state/secret"), state.join("secret")).expect("a secret");
    new.restart();
    assert_eq!(new.json(&["member", "show", "ada"])["passkey"], ada["passkey"]);
}

#[test]
fn copies_are_made_on_schedule_and_the_oldest_goes() {
    let mut daemon = Daemon::start("", "backup: {every: 1m, keep: 2, with_secret: true}");
    let folder = daemon.folder().join("state/backups");
    let copies = || {
        let names = fs::read_dir(&folder).into_iter().flatten();
        let mut names: Vec<_> = names
            .map(|entry| entry.expect("a file").file_name().into_string().expect("a name"))
            .filter(|name| name.ends_with(".db"))
            .collect();
        names.sort();
        (!names.is_empty()).then_some(names)
    };
    let first = within(Duration::from_secs(30), "the first copy", copies);
    assert!(fs::exists(folder.join(format!("{}.secret", first[0]))).expect("a folder"));
    daemon.terminate();

    // As if they were made long ago: one is due, and there are too many.
    for more in ["", ".b3", ".secret"] {
        let (from, to) = (format!("{}{more}", first[0]), format!("club-20200101T000000Z.db{more}"));
        fs::rename(folder.join(from), folder.join(to)).expect("a copy");
    }
    fs::write(folder.join("club-20200102T000000Z.db"), "").expect("another");
    daemon.restart();
    within(Duration::from_secs(30), "another copy", || {
        let copies = copies()?;
        (copies.len() == 2 && copies[0] == "club-20200102T000000Z.db").then_some(())
    });
    let left = fs::read_dir(&folder).expect("a folder").count();
    assert_eq!(left, 4, "a digest and a secret go with their copy");
}
