//! nginx serves the files and asks the daemon, by the configuration in `docs/nginx.md`.

use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;
use tests::{Daemon, Goods, Http, Stopwatch, within};

const SLOW: &str = "tiers:
- {id: outsider}
- {id: fan, side: inside, webseed: {enabled: true, rate: 200KiB/s, concurrency: 6}}
";
const MANUAL: &str = include_str!("../../docs/nginx.md");

#[test]
fn nginx_serves_whom_the_daemon_lets_in() {
    let daemon = Daemon::start("", SLOW);
    let goods = Goods::folder("album", &[("one.bin", 300 << 10), ("deep/two.bin", 1000)]);
    goods.publish(&daemon, "album", "club");
    daemon.member("ada", "fan");
    daemon.json(&["grant", "ada", "album"]);
    let target = goods.target(&daemon, "ada", "album");
    let nginx = Nginx::start(goods.root(), daemon.listening().web.port());

    let get = |target: &str, header: &str| Http::to(nginx.port).get(target, header);
    let part = get(&format!("{target}album/deep/two.bin"), "Range: bytes=10-19\r\n");
    assert_eq!((part.status, part.body.as_slice()), (206, &goods.bytes("deep/two.bin")[10..20]));

    // The rate is the tier's: 300 KiB at 200 KiB/s.
    let begin = Stopwatch::start();
    let whole = get(&format!("{target}album/one.bin"), "");
    assert_eq!((whole.status, whole.body == goods.bytes("one.bin")), (200, true));
    assert!(begin.elapsed() > Duration::from_millis(400), "{:?}", begin.elapsed());

    let wrong = format!("/ws/{}/album/one.bin", "a".repeat(32));
    for (target, status) in [
        (wrong.as_str(), 401),
        (&format!("{target}album/three.bin"), 401),
        (&format!("{target}album/%2e%2e/album/one.bin"), 401),
    ] {
        assert_eq!(get(target, "").status, status, "{target}");
    }
    daemon.json(&["revoke", "ada", "album"]);
    assert_eq!(get(&format!("{target}album/one.bin"), "").status, 403);
    // The rest of the site is passed on.
    assert_eq!(get("/", "").status, 200);
}

/// nginx with the manual's locations, for items that lie in one folder.
struct Nginx {
    child: Child,
    port: u16,
    _folder: TempDir,
}

impl Nginx {
    fn start(items: &Path, usher: u16) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        // nginx takes no port 0; somebody else may take this one before nginx does.
        let free = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = free.local_addr().expect("its address").port();
        drop(free);
        let locations = MANUAL.split("```nginx").nth(1).and_then(|rest| rest.split("```").next());
        let locations = locations
            .expect("a configuration in the manual")
            .replace("/srv/items", &items.display().to_string())
            .replace("127.0.0.1:8080", &format!("127.0.0.1:{usher}"));
        let temporary: String = ["client_body", "fastcgi", "proxy", "scgi", "uwsgi"]
            .map(|kind| format!("{kind}_temp_path {}/{kind};\n", folder.path().display()))
            .concat();
        // As the user who runs the test: Debian's user for nginx reads no temporary folder.
        let user = if nix::unistd::geteuid().is_root() { "user root;" } else { "" };
        let configuration = format!(
            "daemon off; {user} worker_processes 1; pid {0}/pid; error_log stderr;\n\
             events {{}}\nhttp {{ access_log off; {temporary}\n\
             server {{ listen 127.0.0.1:{port};\n{locations}\n}} }}\n",
            folder.path().display(),
        );
        let file = folder.path().join("nginx.conf");
        fs::write(&file, configuration).expect("its configuration is written");
        let mut command = Command::new("/usr/sbin/nginx");
        command.arg("-p").arg(folder.path()).arg("-e").arg("stderr").arg("-c").arg(&file);
        let child = command.stdout(Stdio::null()).spawn();
        let child = child.unwrap_or_else(|error| {
            panic!("nginx does not start ({error}): scripts/test installs it")
        });
        within(Duration::from_secs(30), "nginx listens", || {
            std::net::TcpStream::connect(("127.0.0.1", port)).ok()
        });
        Self { child, port, _folder: folder }
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // The master ends its workers only where it is asked to end.
        let pid = i32::try_from(self.child.id()).expect("a process id");
        let _ = nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid), nix::sys::signal::SIGTERM);
        let _ = self.child.wait();
    }
}
