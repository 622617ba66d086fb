//! What the README tells a newcomer to type, typed exactly so, on a machine with no state.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use nix::sched::{CloneFlags, unshare};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tests::{PlainBrowser, binary, skip, within};

#[test]
fn a_newcomer_opens_a_shop_with_two_commands_and_has_a_paid_download_with_five_steps() {
    let section = section("## Sell a file");
    let commands = commands(&section);
    let [serve, publish, issue, download] = &commands[..] else { panic!("{commands:?}") };
    // With the purchase in the browser these are five steps, and after two there is a shop.
    assert_eq!(serve, "usher");
    assert!(publish.starts_with("usher publish film.mp4 "), "{publish}");
    assert!(issue.starts_with("usher voucher issue "), "{issue}");
    assert!(download.starts_with("aria2c "), "{download}");
    let page = section.split(['<', '>']).find(|part| part.ends_with("/items/film"));
    let path = page.and_then(|page| page.strip_prefix("http://localhost:8080"));
    let path = path.expect("the README says where the film's page is");

    if !own_network() && TcpListener::bind("127.0.0.1:8080").is_err() {
        return skip(
            "the README's ports are taken, and this user may not make a network of its own",
        );
    }
    let home = tempfile::tempdir().expect("a folder");
    let downloads = home.path().join("Downloads");
    fs::create_dir(&downloads).expect("a folder");
    let mut film = vec![0; 3_000_000];
    fastrand::Rng::with_seed(7).fill(&mut film);
    fs::write(home.path().join("film.mp4"), &film).expect("a film");

    let mut daemon = begin(serve, home.path());
    run(publish, home.path());
    let mut buyer = PlainBrowser::at(8080);
    let shown = buyer.read(path);
    assert!(shown.contains("film.mp4") && shown.contains("$2.25"), "{shown}");

    let issued = run(issue, home.path());
    let code = issued.split_whitespace().find(|word| word.matches('-').count() == 5);
    let code = code.unwrap_or_else(|| panic!("no code in {issued}"));
    // The README names what there is to click and to fill in.
    for word in ["Buy", "e-mail", "Voucher", "Torrent"] {
        assert!(section.contains(word), "{word}");
    }
    buyer.read(&format!("{path}/buy"));
    let fields = [
        ("method", "torrent"),
        ("email", "ada@example.org"),
        ("way", "voucher"),
        ("voucher", code),
        ("consent", "yes"),
    ];
    let order = buyer.submit(&format!("{path}/buy"), &fields);
    let receipt = buyer.read(&order);
    let link = receipt.split('"').find(|part| part.ends_with("/film.torrent"));
    let torrent = buyer.get(link.expect("a link to the torrent"));
    fs::write(downloads.join("film.torrent"), &torrent.body).expect("the torrent is saved");

    run(download, home.path());
    assert!(fs::read(downloads.join("film.mp4")).is_ok_and(|bytes| bytes == film));
    let orders = run("usher order list --json", home.path());
    assert!(orders.contains("\"state\": \"paid\""), "{orders}");

    // A tracker.yaml that comes after the start is read at a reload.
    fs::write(home.path().join("tracker.yaml"), "site: {title: Film House}\n").expect("a file");
    let pid = i32::try_from(daemon.0.id()).expect("a process id");
    kill(Pid::from_raw(pid), Signal::SIGHUP).expect("it takes a signal");
    within(Duration::from_secs(30), "the reload", || {
        buyer.read("/").contains("Film House").then_some(())
    });
    let _ = daemon.0.kill();
}

/// The text of the README below a heading.
fn section(heading: &str) -> String {
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("../README.md");
    let readme = fs::read_to_string(readme).expect("the README");
    let (_, rest) = readme.split_once(&format!("\n{heading}\n")).expect("the section");
    rest.split("\n## ").next().expect("its text").to_owned()
}

/// The lines of its blocks of commands.
fn commands(section: &str) -> Vec<String> {
    let blocks = section.split("```sh\n").skip(1).filter_map(|block| block.split("```").next());
    let lines = blocks.flat_map(str::lines).map(|line| line.split(" #").next().unwrap_or(line));
    lines.map(|line| line.trim().to_owned()).filter(|line| !line.is_empty()).collect()
}

/// Puts this thread, and what it starts, into a network with nothing in it, where no port is taken; false where this
/// user may not.
fn own_network() -> bool {
    if unshare(CloneFlags::CLONE_NEWNET).is_err() {
        return false;
    }
    // aria2 looks up no name where there is no address but 127.0.0.1.
    for words in
        ["link set lo up", "addr add 192.0.2.1/32 dev lo", "addr add 2001:db8::1/128 dev lo"]
    {
        let set = Command::new("ip").args(words.split(' ')).status();
        assert!(set.is_ok_and(|status| status.success()), "ip {words}");
    }
    true
}

fn shell(command: &str, home: &Path) -> Command {
    let programs = binary();
    let programs = programs.parent().expect("a folder").display().to_string();
    let path = std::env::var("PATH").expect("a path");
    let mut shell = Command::new("sh");
    shell.arg("-c").arg(command).current_dir(home).env_clear();
    shell.env("PATH", format!("{programs}:{path}")).env("HOME", home);
    shell
}

/// Runs a command to its end, which must be good; returns what it printed.
#[track_caller]
fn run(command: &str, home: &Path) -> String {
    let output = shell(&format!("timeout 100 {command}"), home).output().expect("a shell");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command}: {said}{errors}");
    said
}

/// Starts the daemon and waits until it says that it is ready.
fn begin(command: &str, home: &Path) -> Killed {
    let child = shell(&format!("exec {command}"), home).stdout(Stdio::piped()).spawn();
    let mut child = child.expect("a shell");
    let lines = BufReader::new(child.stdout.take().expect("its output")).lines();
    let mut lines = lines.map_while(Result::ok);
    let is_ready = lines.any(|line| line.starts_with("usher is ready"));
    std::thread::spawn(move || lines.for_each(drop));
    let daemon = Killed(child);
    assert!(is_ready, "the daemon starts");
    daemon
}

/// A process that ends with the test.
struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
