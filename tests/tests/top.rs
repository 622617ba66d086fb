//! `usher top` in a terminal, as somebody sees it: tmux has the terminal, and its screen is read.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tests::{Ask, Daemon, binary, eventually, skip_without};

#[test]
fn the_screen_shows_swarms_peers_reasons_and_survives_a_restart() {
    if !has_tmux() {
        return;
    }
    let mut daemon = Daemon::start("", "");
    daemon.item("reel", FILM, "free");
    daemon.item("short", SHORT, "club");
    let ada = daemon.member("ada", "fan");
    daemon.announce(&Ask::of(FILM, 1).seeding().by(&ada));
    daemon.announce(&Ask::of(FILM, 2));
    daemon.announce(&Ask::of(SHORT, 3));

    let terminal = Terminal::open(&daemon, "80x24");
    terminal.shows(&[
        "clients 2: 1 seeders, 1 leechers",
        "Swarms: 2, by clients, highest first",
        "reel",
        "? help  q quit",
    ]);
    let screen = terminal.screen();
    let lines: Vec<&str> = screen.lines().collect();
    assert!(lines.len() <= 24 && lines.iter().all(|line| line.chars().count() <= 80), "{screen}");
    let reel = lines.iter().find(|line| line.starts_with("reel")).unwrap();
    let cells: Vec<&str> = reel.split_whitespace().collect();
    assert_eq!(cells[1..6], ["1", "1", "1", "1", "0"], "{screen}");

    // By name, the other way round: `short` comes first.
    terminal.press(&["s"]);
    terminal.shows(&["Swarms: 2, by name, lowest first"]);
    terminal.press(&["r"]);
    terminal.shows(&["Swarms: 2, by name, highest first"]);
    let screen = terminal.screen();
    assert!(screen.find("\nshort") < screen.find("\nreel"), "{screen}");

    terminal.press(&["/", "r", "e", "e", "Enter"]);
    terminal.shows(&["Swarms: 1, by name", "with \"ree\""]);
    terminal.press(&["Enter"]);
    terminal.shows(&["reel: 2 clients", "inside", "outside", "ada"]);
    terminal.press(&["Enter"]);
    terminal.shows(&["last announces of ada, latest first", "seated inside"]);
    terminal.press(&["f"]);
    terminal.shows(&["announces were refused since the start", "members_only"]);
    terminal.press(&["?"]);
    terminal.shows(&["Press any key to go on."]);
    terminal.press(&["Space", "BSpace", "BSpace", "BSpace", "BSpace"]);
    terminal.shows(&["Swarms: 2, by"]);
    terminal.press(&["m", "n", "o", "b", "o", "d", "y", "Enter"]);
    terminal.shows(&["no member `nobody`"]);
    terminal.press(&["BSpace"]);

    assert!(daemon.terminate().success(), "{}", daemon.log());
    terminal.shows(&["waiting for the daemon"]);
    daemon.restart();
    terminal.shows(&["Swarms: 2, by"]);
    eventually("it goes on", || {
        (!terminal.screen().contains("waiting for the daemon")).then_some(())
    });

    terminal.resize(60, 12);
    terminal.shows(&["Swarms: 2, by"]);
    terminal.press(&["q"]);
    terminal.shows(&["$ ended with 0"]);
    assert!(!terminal.screen().contains("Swarms: 2, by"), "{}", terminal.screen());
}

#[test]
fn a_signal_leaves_the_terminal_as_it_was() {
    if !has_tmux() {
        return;
    }
    let daemon = Daemon::start("", "");
    let terminal = Terminal::open(&daemon, "80x24");
    terminal.shows(&["Swarms: 0, by clients"]);
    let pane = terminal.tmux(&["display-message", "-p", "#{pane_pid}"]);
    let shell: i32 = String::from_utf8(pane.stdout).unwrap().trim().parse().unwrap();
    let children = fs::read_to_string(format!("/proc/{shell}/task/{shell}/children")).unwrap();
    let top: i32 = children.trim().parse().unwrap();
    kill(Pid::from_raw(top), Signal::SIGTERM).unwrap();
    terminal.shows(&["$ ended with 0"]);
    // What is typed is echoed again.
    terminal.press(&["e", "c", "h", "o", "Space", "d", "o", "n", "e", "Enter"]);
    terminal.shows(&["echo done"]);
}

#[test]
fn without_a_terminal_it_says_what_to_do() {
    let daemon = Daemon::start("", "");
    daemon.item("reel", FILM, "free");
    let said = daemon.refuses(&["top"]);
    assert!(said.contains("usher top needs a terminal"), "{said}");
    assert!(said.contains("`usher top --once`"), "{said}");

    let once = daemon.run(&["top", "--once"]);
    let screen = String::from_utf8(once.stdout).unwrap();
    assert!(once.status.success() && screen.contains("Swarms: 1, by clients"), "{screen}");
    assert!(screen.contains("\nreel ") && !screen.contains('\u{1b}'), "{screen}");
}

fn has_tmux() -> bool {
    let has_tmux = Command::new("tmux").arg("-V").output().is_ok();
    if !has_tmux {
        skip_without("tmux");
    }
    has_tmux
}

/// A terminal of tmux, which runs `usher top` and then a shell.
struct Terminal {
    socket: PathBuf,
}

impl Terminal {
    #[track_caller]
    fn open(daemon: &Daemon, size: &str) -> Self {
        let (width, height) = size.split_once('x').unwrap();
        let terminal = Self { socket: daemon.folder().join("tmux") };
        let quote = |path: &Path| format!("'{}'", path.display());
        let config = daemon.folder().join("tracker.yaml");
        // `sh` does not replace itself, because it has more to do.
        let script = format!(
            "{} --config {} top; echo \"$ ended with $?\"; exec cat",
            quote(&binary()),
            quote(&config)
        );
        let new = ["-f", "/dev/null", "new-session", "-d", "-x", width, "-y", height, "sh", "-c"];
        let opened = terminal.tmux(&[new.as_slice(), &[&script]].concat());
        assert!(opened.status.success(), "{}", String::from_utf8_lossy(&opened.stderr));
        terminal
    }

    fn tmux(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new("tmux");
        command.arg("-u").arg("-S").arg(&self.socket).args(arguments);
        command.env_remove("TMUX").env("TERM", "xterm-256color").output().unwrap()
    }

    fn press(&self, keys: &[&str]) {
        for key in keys {
            assert!(self.tmux(&["send-keys", key]).status.success(), "{key}");
        }
    }

    fn resize(&self, width: u16, height: u16) {
        let (width, height) = (width.to_string(), height.to_string());
        let resized = self.tmux(&["resize-window", "-x", &width, "-y", &height]);
        assert!(resized.status.success());
    }

    fn screen(&self) -> String {
        let captured = self.tmux(&["capture-pane", "-p"]);
        String::from_utf8(captured.stdout).unwrap()
    }

    /// Waits until all of these are on the screen.
    #[track_caller]
    fn shows(&self, expected: &[&str]) {
        eventually(&format!("{expected:?} on the screen"), || {
            let screen = self.screen();
            expected.iter().all(|part| screen.contains(part)).then_some(())
        });
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        self.tmux(&["kill-server"]);
    }
}

const FILM: [u8; 20] = [0xf1; 20];
const SHORT: [u8; 20] = [0x50; 20];
