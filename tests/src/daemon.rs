//! One daemon in a folder of its own, stopped when the test ends.

use std::ffi::OsStr;
use std::fs;
use std::io::{BufRead, BufReader};
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use tempfile::TempDir;

use crate::{Ask, Http, MemoryLimit};

/// A running daemon.
pub struct Daemon {
    folder: TempDir,
    child: Child,
    listening: Listening,
    /// What a shell does before each start.
    before: Option<String>,
}

/// Where a daemon listens, as it said when it was ready.
#[derive(Clone, Debug)]
pub struct Listening {
    /// Announce and scrape over HTTP.
    pub http: SocketAddr,
    /// Announce and scrape over UDP.
    pub udp: SocketAddr,
    /// Metrics and health.
    pub admin: SocketAddr,
    /// The site: torrents, feeds, the web seed.
    pub web: SocketAddr,
}

impl Daemon {
    /// Starts a daemon with ports of its own and these lines of `tracker.yaml` besides.
    ///
    /// `tracker` holds what stands under that key, each line indented by two; `rest` is anything
    /// else at the top.
    #[track_caller]
    pub fn start(tracker: &str, rest: &str) -> Self {
        Self::start_in(&std::env::temp_dir(), tracker, rest)
    }

    /// Starts a daemon whose folder lies in another.
    #[track_caller]
    pub fn start_in(parent: &Path, tracker: &str, rest: &str) -> Self {
        let folder = tempfile::tempdir_in(parent).expect("a temporary folder");
        configure(folder.path(), tracker, rest);
        let (child, listening) = spawn(usher(folder.path()), folder.path());
        Self { folder, child, listening, before: None }
    }

    /// Starts a daemon that may have so many files open.
    #[track_caller]
    pub fn start_with_open_files(most: u32, tracker: &str, rest: &str) -> Self {
        Self::start_after(format!("ulimit -n {most}"), tracker, rest)
    }

    /// Starts a daemon with a limit on its memory, which it has at each start.
    #[track_caller]
    pub fn start_within(limit: &MemoryLimit, tracker: &str, rest: &str) -> Self {
        Self::start_after(limit.enter(), tracker, rest)
    }

    #[track_caller]
    fn start_after(before: String, tracker: &str, rest: &str) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        configure(folder.path(), tracker, rest);
        let (child, listening) = spawn(usher_after(&before, folder.path()), folder.path());
        Self { folder, child, listening, before: Some(before) }
    }

    /// How many files the daemon has open.
    #[track_caller]
    pub fn open_files(&self) -> usize {
        fs::read_dir(format!("/proc/{}/fd", self.pid())).expect("its open files").count()
    }

    /// The same, by its `tracker.yaml` in the working directory, as who types `usher serve` does.
    #[track_caller]
    pub fn start_in_its_folder(tracker: &str, rest: &str) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        configure(folder.path(), tracker, rest);
        let mut command = Command::new(binary());
        command.current_dir(folder.path()).env_remove("RUST_LOG");
        let (child, listening) = spawn(command, folder.path());
        Self { folder, child, listening, before: None }
    }

    /// Starts a daemon that must refuse to, and returns what it said.
    #[track_caller]
    pub fn fails_to_start(tracker: &str, rest: &str) -> String {
        let folder = tempfile::tempdir().expect("a temporary folder");
        configure(folder.path(), tracker, rest);
        refusal(folder.path())
    }

    /// Starts a daemon that must refuse to keep its state in `state`, and returns what it said.
    #[track_caller]
    pub fn fails_to_start_in(state: &Path) -> String {
        let folder = tempfile::tempdir().expect("a temporary folder");
        configure(folder.path(), "", "");
        let yaml = folder.path().join("tracker.yaml");
        let text = fs::read_to_string(&yaml).expect("tracker.yaml");
        let line = format!("state_dir: {}\n", state.display());
        fs::write(&yaml, text.replace("state_dir: state\n", &line))
            .expect("tracker.yaml is written");
        refusal(folder.path())
    }

    /// Starts a second daemon in the same folder, and returns what came of it.
    pub fn start_another(&self) -> Output {
        usher(self.folder.path()).arg("serve").output().expect("usher runs")
    }

    /// Writes `tracker.yaml` anew, for the next start.
    pub fn configure(&self, tracker: &str, rest: &str) {
        configure(self.folder.path(), tracker, rest);
    }

    /// Changes `tracker.yaml` and tells the daemon to read it again.
    pub fn reconfigure(&self, tracker: &str, rest: &str) {
        configure(self.folder.path(), tracker, rest);
        self.signal(Signal::SIGHUP);
    }

    /// Everything logged so far.
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).expect("a log")
    }

    /// The value of a metric that has no labels.
    #[track_caller]
    pub fn metric(&self, name: &str) -> Option<f64> {
        let metrics = Http::to(self.listening.admin.port()).get("/metrics", "");
        assert_eq!(metrics.status, 200, "{metrics:?}");
        let start = format!("{name} ");
        text(&metrics.body).lines().find_map(|line| line.strip_prefix(&start)?.parse().ok())
    }

    /// Runs a subcommand, which must fail with 1, and returns what it said.
    #[track_caller]
    pub fn refuses(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert_eq!(output.status.code(), Some(1), "usher {arguments:?}: {}", text(&output.stdout));
        text(&output.stderr)
    }

    /// Adds an item by its info hash.
    #[track_caller]
    pub fn item(&self, name: &str, info_hash: [u8; 20], policy: &str) -> Value {
        let hash: String = info_hash.iter().map(|byte| format!("{byte:02x}")).collect();
        self.json(&["item", "add", "--info-hash", &hash, "--name", name, "--policy", policy])
    }

    /// Announces over HTTP from 127.0.0.1.
    #[track_caller]
    pub fn announce(&self, ask: &Ask) -> crate::Value {
        Http::to(self.listening.http.port()).announce(ask)
    }

    /// Announces over HTTP from another address.
    #[track_caller]
    pub fn announce_from(&self, source: impl Into<IpAddr>, ask: &Ask) -> crate::Value {
        Http::from(source.into(), self.listening.http.port()).announce(ask)
    }

    /// Where it listens.
    pub fn listening(&self) -> &Listening {
        &self.listening
    }

    /// The announce URL for strangers over HTTP, on the IPv4 loopback.
    pub fn http_url(&self) -> String {
        format!("http://127.0.0.1:{}/announce", self.listening.http.port())
    }

    /// The announce URL for strangers over UDP, on the IPv4 loopback.
    pub fn udp_url(&self) -> String {
        format!("udp://127.0.0.1:{}/announce", self.listening.udp.port())
    }

    /// The folder that holds `tracker.yaml` and `state`.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The daemon's process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Runs a subcommand and returns what came of it, whatever that was.
    pub fn run(&self, arguments: &[impl AsRef<OsStr>]) -> Output {
        usher(self.folder.path()).args(arguments).output().expect("usher runs")
    }

    /// Runs a subcommand with `--json`, which must succeed, and returns its document.
    #[track_caller]
    pub fn json(&self, arguments: &[&str]) -> Value {
        let output = self.run(&[arguments, &["--json"]].concat());
        let (out, err) = (text(&output.stdout), text(&output.stderr));
        assert!(output.status.success(), "usher {arguments:?} failed: {err}");
        serde_json::from_str(&out).unwrap_or_else(|error| panic!("{error} in {out}"))
    }

    /// Adds a member and returns what is shown of it.
    #[track_caller]
    pub fn member(&self, name: &str, tier: &str) -> Value {
        self.json(&["member", "add", name, "--tier", tier])
    }

    /// Sends a signal to the daemon.
    pub fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.child.id()).expect("a process id");
        kill(Pid::from_raw(pid), signal).expect("the daemon takes a signal");
    }

    /// Ends the daemon in order and returns how it ended.
    pub fn terminate(&mut self) -> ExitStatus {
        self.signal(Signal::SIGTERM);
        self.child.wait().expect("the daemon ends")
    }

    /// Ends the daemon at once, as a power cut would.
    pub fn kill(&mut self) {
        self.child.kill().expect("the daemon can be killed");
        self.child.wait().expect("the daemon ends");
    }

    /// Kills the daemon and starts the next at once, before the first has ended; returns what that one said
    /// where it refuses to start.
    ///
    /// # Errors
    ///
    /// What the new daemon logged, where it did not get ready.
    pub fn kill_and_restart(&mut self) -> Result<(), String> {
        let before = self.log().len();
        self.child.kill().expect("the daemon can be killed");
        let mut next = begin(self.command(), self.folder.path(), Stdio::piped());
        self.child.wait().expect("the daemon ends");
        let listening = try_heard(&mut next);
        self.child = next;
        self.listening = listening.ok_or_else(|| self.log().split_off(before))?;
        Ok(())
    }

    /// Starts the daemon again in the same folder, on other ports.
    #[track_caller]
    pub fn restart(&mut self) {
        self.restart_and(|_| {});
    }

    /// The same, and does something with its process before it is ready.
    #[track_caller]
    pub fn restart_and(&mut self, meanwhile: impl FnOnce(Pid)) {
        let mut child = begin(self.command(), self.folder.path(), Stdio::piped());
        meanwhile(Pid::from_raw(i32::try_from(child.id()).expect("a process id")));
        self.listening = heard(&mut child, self.folder.path());
        self.child = child;
    }

    /// Starts the daemon again with nowhere to say that it is ready; where it listens is not known.
    pub fn restart_mute(&mut self) {
        let full = fs::OpenOptions::new().write(true).open("/dev/full").expect("a full device");
        self.child = begin(self.command(), self.folder.path(), full.into());
    }

    /// What starts it again.
    fn command(&self) -> Command {
        let folder = self.folder.path();
        self.before.as_ref().map_or_else(|| usher(folder), |before| usher_after(before, folder))
    }

    /// Whether the process is there still.
    pub fn runs(&mut self) -> bool {
        self.child.try_wait().expect("the process can be asked about").is_none()
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Writes `tracker.yaml` for a daemon on ports of its own.
/// Why a daemon in this folder does not start.
#[track_caller]
fn refusal(folder: &Path) -> String {
    let output = usher(folder).arg("serve").output().expect("usher runs");
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}{}", text(&output.stdout));
    said
}

fn configure(folder: &Path, tracker: &str, rest: &str) {
    let own = |key: &str, value: &str| {
        let given = tracker.lines().any(|line| line.starts_with(&format!("  {key}:")));
        if given { String::new() } else { format!("  {key}: {value}\n") }
    };
    // Whoever says something of `web` says where it listens, too.
    let unless = |key: &str, line: &'static str| {
        if rest.lines().any(|line| line.starts_with(key)) { "" } else { line }
    };
    let yaml = [
        "state_dir: state\n",
        unless("admin:", "admin: {listen: '127.0.0.1:0'}\n"),
        unless("public_url:", "public_url: http://127.0.0.1\n"),
        unless("web:", "web: {listen: '127.0.0.1:0'}\n"),
        "tracker:\n",
        &own("http", "{listen: ['[::]:0']}"),
        &own("udp", "{listen: ['[::]:0']}"),
        "  workers: 2\n",
        tracker,
        "\n",
        rest,
        "\n",
    ];
    fs::write(folder.join("tracker.yaml"), yaml.concat()).expect("tracker.yaml is written");
}

/// Starts the daemon and waits for the line that says it is ready.
#[track_caller]
fn spawn(command: Command, folder: &Path) -> (Child, Listening) {
    let mut child = begin(command, folder, Stdio::piped());
    let listening = heard(&mut child, folder);
    (child, listening)
}

fn begin(mut command: Command, folder: &Path, output: Stdio) -> Child {
    command
        .arg("serve")
        .stdout(output)
        .stderr(Stdio::from(
            fs::OpenOptions::new()
                .create(true)
                .append(true)
                .open(folder.join("log"))
                .expect("a log file"),
        ))
        .spawn()
        .expect("usher starts")
}

/// Where a daemon listens, by the line that says it is ready.
#[track_caller]
fn heard(child: &mut Child, folder: &Path) -> Listening {
    let log = || fs::read_to_string(folder.join("log")).unwrap_or_default();
    try_heard(child).unwrap_or_else(|| panic!("usher did not get ready:\n{}", log()))
}

fn try_heard(child: &mut Child) -> Option<Listening> {
    let mut lines = BufReader::new(child.stdout.take().expect("its output")).lines();
    let ready =
        lines.by_ref().map_while(Result::ok).find(|line| line.starts_with("usher is ready"));
    let ready = ready?;
    // What it prints later must go somewhere.
    std::thread::spawn(move || lines.for_each(drop));
    let find = |schemes: &[&str]| {
        let of = |word| schemes.iter().find_map(|scheme| str::strip_prefix(word, scheme));
        let address =
            ready.split_whitespace().find_map(of).and_then(|address| address.parse().ok());
        address.unwrap_or_else(|| panic!("no {schemes:?} in: {ready}"))
    };
    Some(Listening {
        http: find(&["http://", "https://"]),
        udp: find(&["udp://"]),
        admin: find(&["admin=http://", "admin=https://"]),
        web: find(&["web=http://"]),
    })
}

/// The built binary, beside the test that runs.
fn usher(folder: &Path) -> Command {
    let mut command = Command::new(binary());
    command.arg("--config").arg(folder.join("tracker.yaml")).env_remove("RUST_LOG");
    command
}

/// The same, run by a shell that does something before.
fn usher_after(before: &str, folder: &Path) -> Command {
    let mut command = Command::new("sh");
    command.arg("-c").arg(format!("{before} && exec \"$0\" \"$@\"")).arg(binary());
    command.arg("--config").arg(folder.join("tracker.yaml")).env_remove("RUST_LOG");
    command
}

/// The daemon's binary, as built beside the running test.
pub fn binary() -> PathBuf {
    let test = std::env::current_exe().expect("a running test has a path");
    let profile = test.ancestors().nth(2).expect("target/<profile>/deps/<test>");
    let binary = profile.join("usher");
    assert!(binary.exists(), "{} is missing: run `cargo build` first", binary.display());
    binary
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
