//! Copies of the club, made while it runs and put in place while it does not.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use club::{
    AccessScope, Amount, ApiSecret, BackupError, Club, Currency, Image, Items, Names, NewMember,
    NewToken, NewTopup, OpenReason, RestoreError, Restored, Sqlite, Stamp, Store,
};
use policy::{Entitlements, Roster, Rules};
use sha2::Digest;
use sqlx::ConnectOptions;
use sqlx::migrate::Migrator;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};

#[tokio::test]
async fn a_backup_brings_back_what_was_committed_when_it_was_made() {
    let (folder, club) = open().await;
    add(&club, "ada").await;
    let backup = folder.path().join("backup.db");
    let bytes = club.backup(&backup).await.unwrap();
    let metadata = fs::metadata(&backup).unwrap();
    assert_eq!((metadata.len(), metadata.permissions().mode() & 0o777), (bytes, 0o600));
    add(&club, "bob").await;
    drop(club);

    let file = folder.path().join("club.db");
    let aside = restore(&backup, &file).await.unwrap().aside.unwrap();
    assert_eq!(names(&reopen(&file).await).await, ["ada"]);
    assert_eq!(aside, folder.path().join("club.db.before-restore"));
    assert_eq!(names(&reopen(&aside).await).await, ["ada", "bob"]);
}

#[tokio::test]
async fn a_backup_holds_no_token_that_works() {
    let (folder, club) = open().await;
    add(&club, "ada").await;
    let member = club.member("ada").await.unwrap().id;
    let scopes = [AccessScope::All].into_iter().collect();
    let new = NewToken { name: "shop".to_owned(), scopes, until: None };
    let (_, secret) = club.add_token(&stamp(), new).await.unwrap();
    let of_member = club.add_member_token(&stamp(), member).await.unwrap();
    let backup = folder.path().join("backup.db");
    club.backup(&backup).await.unwrap();
    let bytes = fs::read(&backup).unwrap();
    for text in [secret.expose(), of_member.expose()] {
        // Neither as text, with its prefix or without, nor as the bytes that it stands for.
        let raw = data_encoding::BASE64URL_NOPAD.decode(&text.as_bytes()[5..]).unwrap();
        for needle in [&text.as_bytes()[5..], &raw] {
            assert!(!bytes.windows(needle.len()).any(|window| window == needle));
        }
    }
    // What is there is the hash, which opens nothing.
    let hash = sha2::Sha256::digest(
        data_encoding::BASE64URL_NOPAD.decode(&secret.expose().as_bytes()[5..]).unwrap(),
    );
    assert!(bytes.windows(32).any(|window| window == &hash[..]));
    let stolen = format!("usht_{}", data_encoding::BASE64URL_NOPAD.encode(&hash));
    let stolen = ApiSecret::parse(&stolen).unwrap();
    assert_eq!(club.token(&stolen, stamp().now_unix).await.unwrap(), None);
}

#[tokio::test]
async fn a_second_restore_leaves_what_the_first_put_aside() {
    let (folder, club) = open().await;
    let backup = folder.path().join("backup.db");
    club.backup(&backup).await.unwrap();
    add(&club, "ada").await;
    drop(club);
    let file = folder.path().join("club.db");
    // What a daemon that was killed leaves beside its file.
    fs::write(folder.path().join("club.db.before-restore-2-wal"), "another's").unwrap();

    let first = restore(&backup, &file).await.unwrap().aside.unwrap();
    let club = reopen(&file).await;
    add(&club, "bob").await;
    drop(club);
    let second = restore(&backup, &file).await.unwrap().aside.unwrap();
    assert_eq!(second, folder.path().join("club.db.before-restore-3"));
    assert_eq!(names(&reopen(&first).await).await, ["ada"]);
    assert_eq!(names(&reopen(&second).await).await, ["bob"]);
    assert_eq!(names(&reopen(&file).await).await, [""; 0]);
    fs::remove_file(&file).unwrap();
    for log in ["-wal", "-shm"] {
        let _ = fs::remove_file(folder.path().join(format!("club.db{log}")));
    }
    assert_eq!(restore(&backup, &file).await.unwrap().aside, None);
}

#[tokio::test]
async fn nothing_is_written_once_another_file_has_the_place() {
    let (folder, club) = open().await;
    add(&club, "ada").await;
    let (file, backup) = (folder.path().join("club.db"), folder.path().join("backup.db"));
    club.backup(&backup).await.unwrap();
    add(&club, "bob").await;
    club.check_place().unwrap();
    fs::rename(&backup, &file).unwrap();
    check_replaced(&club).await;
    assert_eq!(names(&club).await, ["ada", "bob"]);

    // Nothing of the club that was is played into the one that came.
    let came = reopen(&file).await;
    assert_eq!(names(&came).await, ["ada"]);
    assert_eq!(came.verify().await.unwrap(), []);
    add(&came, "dora").await;
    check_replaced(&club).await;
}

#[tokio::test]
async fn a_file_that_was_moved_away_holds_all_and_is_written_once_it_is_back() {
    let (folder, club) = open().await;
    add(&club, "ada").await;
    let (file, aside) = (folder.path().join("club.db"), folder.path().join("aside.db"));
    fs::rename(&file, &aside).unwrap();
    check_replaced(&club).await;
    let copy = folder.path().join("copy.db");
    fs::copy(&aside, &copy).unwrap();
    assert_eq!(names(&reopen(&copy).await).await, ["ada"]);

    fs::rename(&aside, &file).unwrap();
    add(&club, "bob").await;
    club.check_place().unwrap();
    assert_eq!(names(&club).await, ["ada", "bob"]);
}

#[tokio::test]
async fn nothing_is_written_to_a_log_that_was_removed() {
    let (folder, club) = open().await;
    add(&club, "ada").await;
    fs::remove_file(folder.path().join("club.db-wal")).unwrap();
    check_replaced(&club).await;
    // The writer's next connection has a log again.
    add(&club, "bob").await;
    assert_eq!(names(&reopen(&folder.path().join("club.db")).await).await, ["ada", "bob"]);
}

async fn check_replaced(club: &Club) {
    let new = NewMember { name: "cleo".to_owned(), tier: "outsider".to_owned(), tier_until: None };
    let refused = club.add_member(&stamp(), new).await.unwrap_err().to_string();
    assert!(refused.contains("club.db was replaced or moved away"), "{refused}");
}

#[tokio::test]
async fn nobody_else_may_read_the_club() {
    let (folder, club) = open().await;
    add(&club, "ada").await;
    let files = ["club.db", "club.db-wal", "club.db-shm"].map(|name| folder.path().join(name));
    let modes = || files.each_ref().map(|file| fs::metadata(file).unwrap().permissions().mode());
    assert_eq!(modes().map(|mode| mode & 0o777), [0o600; 3]);

    for file in &files {
        fs::set_permissions(file, fs::Permissions::from_mode(0o644)).unwrap();
    }
    let again = reopen(&files[0]).await;
    assert_eq!(modes().map(|mode| mode & 0o777), [0o600; 3]);
    drop((club, again));
}

#[tokio::test]
async fn a_backup_overwrites_nothing() {
    let (folder, club) = open().await;
    let taken = folder.path().join("taken");
    fs::write(&taken, "mine").unwrap();
    let refused = club.backup(&taken).await.unwrap_err();
    assert!(matches!(refused, BackupError::Exists(_)), "{refused}");
    assert_eq!(fs::read(&taken).unwrap(), b"mine");
    let nowhere = folder.path().join("no/such/folder");
    assert!(matches!(club.backup(&nowhere).await, Err(BackupError::Io { .. })));
}

#[tokio::test]
async fn what_an_interrupted_backup_left_is_in_nobodys_way() {
    let (folder, club) = open().await;
    let backup = folder.path().join("backup.db");
    fs::write(folder.path().join("backup.db.new"), "half").unwrap();
    club.backup(&backup).await.unwrap();
    assert!(!fs::exists(folder.path().join("backup.db.new")).unwrap());
}

#[tokio::test]
async fn what_is_not_sound_takes_no_place() {
    let (folder, club) = open().await;
    add(&club, "ada").await;
    let backup = folder.path().join("backup.db");
    club.backup(&backup).await.unwrap();
    drop(club);
    let file = folder.path().join("club.db");

    let junk = folder.path().join("junk");
    fs::write(&junk, [7; 4096]).unwrap();
    assert!(matches!(restore(&junk, &file).await, Err(RestoreError::Open(_))));
    let missing = restore(&folder.path().join("none"), &file).await;
    assert!(matches!(missing, Err(RestoreError::Io { .. })));

    let store = Sqlite::open(&backup).await.unwrap();
    let mut db = store.writer().await.unwrap();
    db.execute("UPDATE balance SET amount = amount - 1", &[]).await.unwrap();
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)", &[]).await.unwrap();
    drop((db, store));
    fs::remove_file(club::digest_beside(&backup)).unwrap();
    let flawed = restore(&backup, &file).await.unwrap_err();
    assert!(matches!(flawed, RestoreError::Flawed(_)), "{flawed}");

    assert_eq!(names(&reopen(&file).await).await, ["ada"]);
    assert!(!fs::exists(folder.path().join("club.db.restoring")).unwrap());
}

#[tokio::test]
async fn what_is_no_club_takes_no_place() {
    let (folder, club) = open().await;
    add(&club, "ada").await;
    drop(club);
    let file = folder.path().join("club.db");
    let empty = folder.path().join("empty");
    fs::write(&empty, "").unwrap();
    let foreign = folder.path().join("foreign");
    make_foreign(&foreign).await;

    for other in [&empty, &foreign] {
        let refused = restore(other, &file).await.unwrap_err();
        assert!(matches!(refused, RestoreError::NoClub(_)), "{refused}");
        assert!(refused.to_string().contains(other.to_str().unwrap()), "{refused}");
    }
    assert_eq!(names(&reopen(&file).await).await, ["ada"]);
    assert!(!fs::exists(folder.path().join("club.db.restoring")).unwrap());
}

#[tokio::test]
async fn a_file_that_is_there_and_no_club_is_not_made_one() {
    let folder = tempfile::tempdir().unwrap();
    let empty = folder.path().join("club.db");
    fs::write(&empty, "").unwrap();
    let foreign = folder.path().join("foreign");
    make_foreign(&foreign).await;
    for other in [&empty, &foreign] {
        let before = fs::read(other).unwrap();
        for refused in [Sqlite::open(other).await, Sqlite::look(other).await] {
            let refused = refused.unwrap_err();
            assert!(matches!(refused.reason, OpenReason::NoClub), "{refused}");
        }
        assert_eq!(fs::read(other).unwrap(), before);
    }
}

#[tokio::test]
async fn who_looks_changes_nothing() {
    let (folder, club) = open().await;
    add(&club, "ada").await;
    let backup = folder.path().join("backup.db");
    club.backup(&backup).await.unwrap();
    let store = Sqlite::look(&backup).await.unwrap();
    assert_eq!(club::verify(&store).await.unwrap(), []);
    assert!(store.writer().await.unwrap().execute("DELETE FROM audit", &[]).await.is_err());
    drop(store);

    let missing = folder.path().join("none");
    assert!(Sqlite::look(&missing).await.is_err());
    assert!(!fs::exists(&missing).unwrap());
}

#[tokio::test]
async fn an_older_schema_is_restored_and_not_looked_at() {
    let folder = tempfile::tempdir().unwrap();
    let backup = folder.path().join("backup.db");
    let steps = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/migrations/sqlite"));
    let steps = Migrator::new(steps).await.unwrap();
    let older = steps.iter().filter(|step| step.version <= 6).cloned().collect();
    let mut db = connect(&backup).await;
    Migrator::with_migrations(older).run(&mut db).await.unwrap();
    let ada = "INSERT INTO member (id, name, tier, state, generation, created) \
               VALUES (1, 'ada', 'fan', 'active', 0, 0)";
    sqlx::query(ada).execute(&mut db).await.unwrap();
    sqlx::Connection::close(db).await.unwrap();

    let refused = Sqlite::look(&backup).await.unwrap_err();
    assert!(matches!(refused.reason, OpenReason::Older { found: 6, .. }), "{refused}");
    assert!(refused.to_string().contains("start the daemon once"), "{refused}");
    let file = folder.path().join("club.db");
    restore(&backup, &file).await.unwrap();
    assert_eq!(names(&reopen(&file).await).await, ["ada"]);
}

/// A database of somebody else's.
async fn make_foreign(path: &Path) {
    let mut db = connect(path).await;
    sqlx::query("CREATE TABLE urls (url TEXT)").execute(&mut db).await.unwrap();
    sqlx::Connection::close(db).await.unwrap();
}

async fn connect(path: &Path) -> SqliteConnection {
    let options = SqliteConnectOptions::new().filename(path).create_if_missing(true);
    options.connect().await.unwrap()
}

#[tokio::test]
async fn a_backup_of_which_a_bit_flipped_is_refused() {
    let (folder, club) = open().await;
    add(&club, "ada").await;
    let (backup, file) = (folder.path().join("backup.db"), folder.path().join("other.db"));
    club.backup(&backup).await.unwrap();
    let whole = fs::read(&backup).unwrap();
    for place in (0..whole.len()).step_by(whole.len() / 100) {
        let mut flipped = whole.clone();
        flipped[place] ^= 1 << (place % 8);
        fs::write(&backup, flipped).unwrap();
        let refused = restore(&backup, &file).await;
        assert!(matches!(refused, Err(RestoreError::Digest { .. })), "{place}: {refused:?}");
    }
    fs::write(club::digest_beside(&backup), "none").unwrap();
    assert!(matches!(restore(&backup, &file).await, Err(RestoreError::Io { .. })));
    let left: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|e| e.unwrap().path()).collect();
    assert!(!left.iter().any(|path| path.starts_with(&file)), "{left:?}");

    fs::write(&backup, &whole).unwrap();
    fs::remove_file(club::digest_beside(&backup)).unwrap();
    assert!(!restore(&backup, &file).await.unwrap().has_digest);
}

#[tokio::test]
async fn what_a_start_could_not_load_is_a_flaw_and_is_not_restored() {
    let (folder, club) = open().await;
    add(&club, "ada").await;
    let file = folder.path().join("other.db");
    for (number, damage) in [
        "UPDATE member SET tier = CAST(x'ff' AS TEXT)",
        "UPDATE member SET old_key_until = -1",
        "INSERT INTO turns VALUES (1, 70000, 0, 0, 0)",
        "INSERT INTO discount VALUES ('A', 300, NULL, NULL, NULL, NULL, NULL, 0, 0)",
        "INSERT INTO voucher (hash, state, issue, currency, amount) VALUES (x'00', 'issued', 1, 'xyz', 1)",
    ]
    .into_iter()
    .enumerate()
    {
        let backup = folder.path().join(format!("backup-{number}.db"));
        club.backup(&backup).await.unwrap();
        let mut db = connect(&backup).await;
        for sql in ["PRAGMA ignore_check_constraints = ON", damage] {
            sqlx::query(sql).execute(&mut db).await.unwrap();
        }
        sqlx::Connection::close(db).await.unwrap();
        fs::remove_file(club::digest_beside(&backup)).unwrap();
        let flaws = club::verify(&Sqlite::open(&backup).await.unwrap()).await.unwrap();
        assert!(!flaws.is_empty(), "{damage}");
        let refused = restore(&backup, &file).await;
        assert!(matches!(refused, Err(RestoreError::Flawed(_))), "{damage}: {refused:?}");
    }
}

#[tokio::test]
async fn damage_to_the_file_is_a_flaw() {
    let (folder, club) = open().await;
    add(&club, "ada").await;
    let backup = folder.path().join("backup.db");
    club.backup(&backup).await.unwrap();
    let store = Sqlite::open(&backup).await.unwrap();
    assert_eq!(club::verify(&store).await.unwrap(), []);
    let mut db = store.writer().await.unwrap();
    db.execute("PRAGMA foreign_keys = OFF", &[]).await.unwrap();
    db.execute("INSERT INTO info_hash VALUES (7, 0, randomblob(20))", &[]).await.unwrap();
    let flaws = club::verify(&store).await.unwrap();
    assert!(flaws[0].to_string().ends_with("it needs a row of item that is missing"), "{flaws:?}");
}

async fn restore(backup: &Path, file: &Path) -> Result<Restored, RestoreError> {
    club::restore(backup, file, &names_of_rules()).await
}

fn names_of_rules() -> Names {
    Names::from(&Rules::default())
}

async fn open() -> (tempfile::TempDir, Club) {
    let folder = tempfile::tempdir().unwrap();
    let club = reopen(&folder.path().join("club.db")).await;
    (folder, club)
}

async fn reopen(file: &Path) -> Club {
    let store: Arc<dyn Store> = Arc::new(Sqlite::open(&PathBuf::from(file)).await.unwrap());
    let image = Image {
        roster: Arc::new(Roster::new()),
        rights: Arc::new(Entitlements::default()),
        aliases: Arc::default(),
        items: Arc::new(Nowhere),
    };
    Club::open(store, image, names_of_rules()).await.unwrap().0
}

fn stamp() -> Stamp {
    Stamp { who: "admin".to_owned(), now_unix: 1_800_000_000 }
}

/// A member with ten dollars.
async fn add(club: &Club, name: &str) {
    let stamp = stamp();
    let new = NewMember { name: name.to_owned(), tier: "outsider".to_owned(), tier_until: None };
    club.add_member(&stamp, new).await.unwrap();
    let topup = NewTopup {
        member: name.to_owned(),
        amount: Amount::parse("10", Currency::parse("usd").unwrap()).unwrap(),
        provider: "hand".to_owned(),
        memo: String::new(),
    };
    club.topup(&stamp, name, topup).await.unwrap();
}

async fn names(club: &Club) -> Vec<String> {
    let members = club.members(club::Page::FIRST).await.unwrap();
    members.into_iter().map(|member| member.name).collect()
}

struct Nowhere;

impl Items for Nowhere {
    fn put(&self, _: &club::ListedItem) {}

    fn remove(&self, _: policy::ItemId) {}
}
