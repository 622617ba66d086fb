//! PostgreSQL for tests: a server of their own, on a Unix socket, with a database for each test.
//!
//! Tests run in many processes, and a server takes longer to make than most of them to run. So they
//! share one, in the temporary directory: the first that needs it starts it, the last one stops it
//! and leaves its files for the next run. A test that ends the server itself takes [`Server::own`].

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use nix::fcntl::{Flock, FlockArg};
use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, Uid};
use tempfile::TempDir;

/// A database, empty at first, dropped in the end.
pub struct Database {
    name: String,
    server: Server,
}

impl Database {
    /// A database on the shared server.
    ///
    /// # Panics
    ///
    /// PostgreSQL is not installed, or does not start.
    #[track_caller]
    pub fn make() -> Self {
        Server::shared().into_database()
    }

    /// As `tracker.yaml` names it.
    pub fn url(&self) -> String {
        format!("postgres://{USER}@localhost/{}?host={}", self.name, self.server.folder.display())
    }

    /// What a statement answers, by PostgreSQL's own client; values are parted by `|`.
    ///
    /// # Panics
    ///
    /// The statement fails.
    #[track_caller]
    pub fn ask(&self, sql: &str) -> String {
        self.server.ask(&self.name, sql)
    }

    /// Locks a table against everybody else until the value is dropped.
    ///
    /// # Panics
    ///
    /// There is no such table.
    #[track_caller]
    pub fn lock(&self, table: &str) -> TableLock {
        let mut psql = self.server.psql(&self.name);
        psql.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut psql = psql.spawn().expect("psql");
        let (mut input, output) = (psql.stdin.take(), psql.stdout.take());
        let lock = format!("BEGIN; LOCK TABLE {table}; SELECT 'locked';\n");
        input.as_mut().expect("its input").write_all(lock.as_bytes()).expect("psql reads");
        let line = BufReader::new(output.expect("its output")).lines().next();
        assert!(line.is_some_and(|line| line.is_ok_and(|line| line == "locked")), "{table}");
        TableLock { psql, input }
    }

    /// The server it is on.
    pub fn server(&self) -> &Server {
        &self.server
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if self.server.runs() {
            let drop = format!("DROP DATABASE {} WITH (FORCE)", self.name);
            let _ = self.server.psql("postgres").arg("--command").arg(drop).output();
        }
    }
}

/// A lock that another connection holds.
pub struct TableLock {
    psql: Child,
    /// Its end ends the connection, and with that the lock.
    input: Option<ChildStdin>,
}

impl Drop for TableLock {
    fn drop(&mut self) {
        drop(self.input.take());
        let _ = self.psql.wait();
    }
}

/// A server.
pub struct Server {
    folder: PathBuf,
    held_by: Held,
}

/// What keeps a server.
enum Held {
    /// A folder of its own.
    Alone { _folder: TempDir },
    /// Every test process that uses it holds `users`; who starts or stops it holds `gate`.
    Shared { users: Option<Flock<File>> },
}

impl Server {
    /// A server that no other test uses, which may be stopped and started.
    #[track_caller]
    pub fn own() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let server =
            Self { folder: folder.path().to_owned(), held_by: Held::Alone { _folder: folder } };
        server.make();
        server.start();
        server
    }

    #[track_caller]
    fn shared() -> Self {
        let folder = std::env::temp_dir().join(format!("usher-postgres-{}", Uid::effective()));
        fs::create_dir_all(&folder).expect("a temporary folder");
        let gate = lock(&folder.join("gate"), FlockArg::LockExclusive);
        let mut server = Self { folder, held_by: Held::Shared { users: None } };
        if !server.folder.join("data/PG_VERSION").exists() {
            server.make();
        }
        if !server.runs() {
            server.start();
        }
        let users = lock(&server.folder.join("users"), FlockArg::LockShared);
        server.held_by = Held::Shared { users: Some(users) };
        drop(gate);
        server
    }

    /// A database on this server, which goes with it.
    #[track_caller]
    pub fn into_database(self) -> Database {
        static MADE: AtomicU32 = AtomicU32::new(0);
        let number = MADE.fetch_add(1, Ordering::Relaxed);
        let name = format!("test_{}_{number}", std::process::id());
        self.ask("postgres", &format!("DROP DATABASE IF EXISTS {name}"));
        self.ask("postgres", &format!("CREATE DATABASE {name}"));
        Database { name, server: self }
    }

    /// Starts it and waits until it answers.
    #[track_caller]
    pub fn start(&self) {
        let options = format!("-k {} {OPTIONS}", self.folder.display());
        let log = self.folder.join("log").display().to_string();
        self.control(&["start", "--wait", "--silent", "--log", &log, "-o", &options]);
    }

    /// Stops it at once, as a power cut would.
    #[track_caller]
    pub fn stop(&self) {
        self.control(&["stop", "--wait", "--silent", "--mode=immediate"]);
    }

    /// Stops all its processes where they are, as if the machine did not get to them.
    #[track_caller]
    pub fn freeze(&self) {
        self.signal(Signal::SIGSTOP);
    }

    /// Lets them go on.
    #[track_caller]
    pub fn thaw(&self) {
        self.signal(Signal::SIGCONT);
    }

    /// Signals the server and those of its processes that serve connections.
    #[track_caller]
    fn signal(&self, signal: Signal) {
        let file = fs::read_to_string(self.folder.join("data/postmaster.pid"));
        let pid = file.expect("the server runs").lines().next().unwrap_or_default().to_owned();
        let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children"));
        for pid in children.expect("its processes").split_whitespace().chain([pid.as_str()]) {
            let pid = Pid::from_raw(pid.parse().expect("a process id"));
            kill(pid, signal).expect("it takes a signal");
        }
    }

    fn runs(&self) -> bool {
        self.program("pg_ctl").arg("status").output().is_ok_and(|output| output.status.success())
    }

    #[track_caller]
    fn make(&self) {
        // Root must not run it, so it gets the folder of another.
        if let Some(user) = other_user() {
            let chown = Command::new("chown").arg(user).arg(&self.folder).output();
            succeeds(chown, "chown");
        }
        let mut initdb = self.program("initdb");
        initdb.args(["--username", USER, "--auth=trust", "--encoding=UTF8", "--locale=C"]);
        succeeds(initdb.arg("--no-sync").output(), "initdb");
    }

    #[track_caller]
    fn control(&self, arguments: &[&str]) {
        let output = self.program("pg_ctl").args(arguments).output();
        succeeds(output, "pg_ctl");
    }

    #[track_caller]
    fn ask(&self, database: &str, sql: &str) -> String {
        succeeds(self.psql(database).arg("--command").arg(sql).output(), sql).trim().to_owned()
    }

    fn psql(&self, database: &str) -> Command {
        let mut psql = Command::new(folder_of_programs().join("psql"));
        psql.args(["--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--username", USER]);
        psql.arg("--host").arg(&self.folder).arg("--dbname").arg(database);
        psql
    }

    /// One of PostgreSQL's programs, for this server's data, as a user who may run it.
    #[track_caller]
    fn program(&self, name: &str) -> Command {
        let program = folder_of_programs().join(name);
        let mut command = match other_user() {
            Some(user) => {
                let mut command = Command::new("runuser");
                command.args(["-u", user, "--"]).arg(program);
                command
            }
            None => Command::new(program),
        };
        command.env("PGDATA", self.folder.join("data")).current_dir("/");
        command
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let mut gate = None;
        if let Held::Shared { users } = &mut self.held_by {
            // Held to the end: nobody comes in while it stops.
            gate = Some(lock(&self.folder.join("gate"), FlockArg::LockExclusive));
            drop(users.take());
            let users = open(&self.folder.join("users"));
            if Flock::lock(users, FlockArg::LockExclusiveNonblock).is_err() {
                return;
            }
        }
        let stop = ["stop", "--wait", "--silent", "--mode=fast"];
        let _ = self.program("pg_ctl").args(stop).output();
        drop(gate);
    }
}

/// Whom root runs the server as.
fn other_user() -> Option<&'static str> {
    Uid::effective().is_root().then_some("postgres")
}

/// Debian keeps the server's programs out of the path, by version.
#[track_caller]
fn folder_of_programs() -> PathBuf {
    let version = |path: &Path| path.file_name()?.to_str()?.parse::<u32>().ok();
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let newest = versions
        .map(|entry| entry.path())
        .filter(|path| path.join("bin/initdb").exists())
        .max_by_key(|path| version(path))
        .map(|path| path.join("bin"));
    let mut in_path = std::env::var_os("PATH")
        .into_iter()
        .flat_map(|path| std::env::split_paths(&path).collect::<Vec<_>>());
    newest
        .or_else(|| in_path.find(|folder| folder.join("initdb").exists()))
        .expect("PostgreSQL is not installed: `apt-get install postgresql`, as scripts/test does")
}

#[track_caller]
fn succeeds(output: std::io::Result<Output>, what: &str) -> String {
    let output = output.unwrap_or_else(|error| panic!("{what}: {error}"));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{what}: {said}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[track_caller]
fn lock(path: &Path, how: FlockArg) -> Flock<File> {
    Flock::lock(open(path), how).unwrap_or_else(|(_, error)| panic!("{}: {error}", path.display()))
}

#[track_caller]
fn open(path: &Path) -> File {
    let file = File::options().create(true).truncate(false).write(true).open(path);
    file.unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

const USER: &str = "usher";
/// No port; and nothing is synced, for nobody cuts the power: what the daemon waits for is
/// PostgreSQL's word.
const OPTIONS: &str =
    "-c listen_addresses='' -c fsync=off -c max_connections=200 -c shared_buffers=32MB";
