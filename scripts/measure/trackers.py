"""The trackers: how each is installed, set up, started and stopped."""

import contextlib
import http.client
import json
import os
import pathlib
import platform
import shutil
import socket
import subprocess
import tempfile
import time

from . import meanwhile

AQUATIC = "0.9.0"


class Bench:
    """Where everything is, and how it is started."""

    def __init__(self, root, options):
        self.root = root
        self.options = options
        self.rivals = options.rivals or root / "target" / "rivals"
        profile = "debug" if options.smoke else "release"
        target = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", root / "target"))
        self.usher = options.usher or target / profile / "usher"
        self.load = options.usher_load or target / profile / "usher-load"
        self.prepared = None

    def build(self):
        """Builds usher and the generator, unless they were given or it is only a smoke test."""
        flags = [] if self.options.smoke else ["--release"]
        for package, given in [("usher", self.options.usher), ("load", self.options.usher_load)]:
            if given is None:
                command = ["cargo", "build", "--quiet", "--locked", "-p", package, *flags]
                subprocess.run(command, cwd=self.root, check=True)

    def install(self, trackers):
        """Installs those of these rivals that are not there yet."""
        for name, folder, crate, features in [
            ("aquatic_udp", "udp", "aquatic_udp", "mimalloc"),
            ("aquatic_udp, io_uring", "udp-ring", "aquatic_udp", "mimalloc,io-uring"),
            ("aquatic_http", "http", "aquatic_http", "mimalloc"),
        ]:
            if name in trackers and not (self.rivals / folder / "bin" / crate).exists():
                print(f"installing {crate} {AQUATIC} ({features})")
                install = f"cargo install {crate} --version {AQUATIC} --no-default-features"
                command = [*install.split(), "--features", features]
                where = ["--root", str(self.rivals / folder)]
                there = {"CARGO_TARGET_DIR": str(self.rivals / "build")}
                subprocess.run([*command, *where], env=os.environ | there, check=True)
        if "opentracker" in trackers:
            self.install_package("opentracker")

    def install_package(self, program, package=None):
        """Installs one of Debian's programs, if it is not there."""
        if not shutil.which(program, path=f"{os.environ['PATH']}:/usr/sbin"):
            apt = [*([] if os.geteuid() == 0 else ["sudo"]), "apt-get", "-qq", "-y"]
            subprocess.run([*apt, "update"], check=True)
            subprocess.run([*apt, "install", "--no-install-recommends", package or program], check=True)

    def run_load(self, words, core=None, **more):
        """Runs the generator and returns what it reports."""
        pinned = ["taskset", "-c", core or self.options.load_core]
        command = [*pinned, str(self.load), *words, "--json"]
        done = subprocess.run(command, capture_output=True, text=True, check=True, **more)
        return json.loads(done.stdout)

    def hashes(self, crowd):
        """The info hashes that a crowd announces, one a line."""
        command = [str(self.load), "hashes", *crowd]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    @contextlib.contextmanager
    def start(self, tracker, case, reply_bytes):
        """Runs a tracker for as long as the context lasts; gives a `Running`."""
        with tempfile.TemporaryDirectory(prefix="bench-") as folder:
            folder = pathlib.Path(folder)
            folder.chmod(0o755)
            port = free_port()
            command = STARTS[tracker](self, folder, port, case, reply_bytes)
            pinned = ["taskset", "-c", case.cores or self.cores_of(tracker)]
            # Backtraces make aquatic_http twice as slow.
            backtraces = {"RUST_BACKTRACE", "RUST_LIB_BACKTRACE"}
            clean = {key: value for key, value in os.environ.items() if key not in backtraces}
            with open(folder / "output", "w+") as output:
                process = subprocess.Popen(
                    [*pinned, *map(str, command)],
                    env=clean, cwd=folder, stdout=output, stderr=output,
                )
                try:
                    wait_for(case.transport, port, process, folder / "output")
                    yield Running(process.pid, f"{case.transport}://127.0.0.1:{port}", folder)
                finally:
                    process.terminate()
                    try:
                        process.wait(10)
                    except subprocess.TimeoutExpired:
                        process.kill()
                        process.wait()

    def cores_of(self, tracker):
        """One core, but for aquatic_http: it has two threads that poll, and on a single core each
        spends its time slice waiting for the other, at six times the CPU a reply."""
        one, other = self.options.tracker_core, self.options.load_core
        return f"{one},{other}" if tracker == "aquatic_http" else one

    def facts(self):
        """The machine and the versions, for the page."""
        cpu = next(
            line.split(":")[1].strip()
            for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines()
            if line.startswith("model name")
        )
        head = ["git", "-C", str(self.root), "rev-parse", "--short", "HEAD"]
        debian = ["dpkg-query", "-W", "-f=${Version}", "opentracker"]
        return {
            "machine": f"{os.cpu_count()} cores, {cpu}, Linux {platform.release()}",
            "usher": output_of(head),
            "aquatic_udp, aquatic_http": AQUATIC,
            "opentracker": output_of(debian),
            "rustc": output_of(["rustc", "--version"]),
        }


class Running:
    """A tracker under way."""

    def __init__(self, pid, url, folder):
        self.pid = pid
        self.url = url
        self.folder = folder


def usher(bench, folder, port, case, _):
    state = folder / "state"
    unknown = "free"
    if case.members:
        shutil.copytree(prepared(bench, case), state)
        unknown = "deny"
    return usher_command(bench, folder, state, port, unknown, case.workers)


def usher_beside(settings):
    """An open tracker whose own work comes as often as these settings say."""

    def command(bench, folder, port, case, _):
        words = usher_command(bench, folder, folder / "state", port, "free", case.workers)
        config = folder / "tracker.yaml"
        more = "".join(f"  {key}: {value}\n" for key, value in (settings | meanwhile.AGE).items())
        text = config.read_text().replace("tracker:\n", f"tracker:\n{more}")
        config.write_text(text + meanwhile.TIERS)
        return words

    return command


def usher_command(bench, folder, state, port, unknown, workers):
    config = folder / "tracker.yaml"
    # The generator has few addresses for its many peers. An older build does not know the key.
    key = "max_peers_per_address"
    is_known = key.encode() in pathlib.Path(bench.usher).read_bytes()
    limits = f"limits: {{{key}: 0}}" if is_known else ""
    config.write_text(f"""\
state_dir: {state}
public_url: http://localhost:{free_port()}
tracker:
  unknown_torrents: {unknown}
  workers: {workers}
  {limits}
  http: {{listen: ["127.0.0.1:{port}"]}}
  udp: {{listen: ["127.0.0.1:{port}"]}}
admin: {{listen: "127.0.0.1:{free_port()}"}}
web: {{listen: "127.0.0.1:{free_port()}"}}
log: {{level: warn}}
""")
    return [bench.usher, "--config", config, "serve"]


def prepared(bench, case):
    """A state folder with as many members as items, these of policy `priority`; made once."""
    if bench.prepared is None:
        bench.prepared = tempfile.TemporaryDirectory(prefix="bench-state-")
        folder = pathlib.Path(bench.prepared.name)
        command = usher_command(bench, folder, folder / "state", free_port(), "deny", 1)
        process = subprocess.Popen(list(map(str, command)), stdout=subprocess.DEVNULL)
        try:
            socket_path = folder / "state" / "admin.sock"
            until(socket_path.exists, process)
            api = AdminApi(socket_path)
            members = [
                api.post("/members", {"name": f"member{n}", "tier": "fan" if n % 2 else "outsider"})
                for n in range(case.torrents)
            ]
            keys = "".join(member["passkey"] + "\n" for member in members)
            for n, info_hash in enumerate(bench.hashes(case.crowd).split()):
                named = {"name": f"item{n}", "policy": "priority", "info_hashes": [info_hash]}
                api.post("/items", named)
            (folder / "state" / "passkeys").write_text(keys)
        finally:
            process.terminate()
            process.wait()
    return pathlib.Path(bench.prepared.name) / "state"


class AdminApi:
    """The admin API over its Unix socket."""

    def __init__(self, path):
        self.connection = http.client.HTTPConnection("usher")
        self.connection.sock = socket.socket(socket.AF_UNIX)
        self.connection.sock.connect(str(path))

    def post(self, path, body):
        headers = {"Content-Type": "application/json"}
        self.connection.request("POST", f"/api/v1{path}", json.dumps(body), headers)
        response = self.connection.getresponse()
        text = response.read()
        if response.status != 201:
            raise SystemExit(f"{path}: {response.status} {text.decode()}")
        return json.loads(text)


def aquatic_udp(folder_of_binary):
    def command(bench, folder, port, case, _):
        return aquatic(
            bench.rivals / folder_of_binary / "bin" / "aquatic_udp",
            folder,
            {
                "socket_workers = 1": f"socket_workers = {case.workers}",
                "0.0.0.0:3000": f"127.0.0.1:{port}",
            },
        )

    return command


def aquatic_http(bench, folder, port, case, _):
    return aquatic(
        bench.rivals / "http" / "bin" / "aquatic_http",
        folder,
        {
            "keep_alive = true": f"keep_alive = {str(not case.close).lower()}",
            "0.0.0.0:3000": f"127.0.0.1:{port}",
        },
    )


def aquatic(binary, folder, changes):
    """Writes aquatic's own defaults with some changes to them."""
    config = output_of([str(binary), "-p"])
    for old, new in changes.items():
        if old not in config:
            raise SystemExit(f"{binary.name} has no setting `{old}`")
        config = config.replace(old, new)
    (folder / "config.toml").write_text(config)
    return [binary, "-c", folder / "config.toml"]


def opentracker(bench, folder, port, case, _):
    # It changes its root to the folder, drops its privileges, and reads the list then.
    (folder / "allowed").write_text(bench.hashes(case.crowd))
    (folder / "config").write_text(
        f"listen.udp 127.0.0.1:{port}\nlisten.tcp 127.0.0.1:{port}\n"
        f"access.whitelist allowed\ntracker.rootdir {folder}\ntracker.user nobody\n"
    )
    return [shutil.which("opentracker"), "-f", folder / "config"]


def floor(kind):
    def command(bench, _folder, port, _case, reply_bytes):
        listen = ["--listen", f"127.0.0.1:{port}"]
        return [bench.load, kind, *listen, "--bytes", str(round(reply_bytes))]

    return command


def wait_for(transport, port, process, output):
    """Waits until a tracker answers a connect, of UDP or of TCP."""

    def answers():
        kind = socket.SOCK_DGRAM if transport == "udp" else socket.SOCK_STREAM
        with socket.socket(socket.AF_INET, kind) as probe:
            probe.settimeout(0.2)
            try:
                probe.connect(("127.0.0.1", port))
                if transport == "udp":
                    probe.send(CONNECT)
                    probe.recv(16)
                return True
            except OSError:
                return False

    until(answers, process, output)


def until(happens, process, output=None):
    for _ in range(600):
        if happens():
            return
        if process.poll() is not None:
            said = output.read_text() if output else ""
            raise SystemExit(f"{process.args} ended with {process.returncode}: {said}")
        time.sleep(0.05)
    raise SystemExit(f"{process.args} is not ready after half a minute")


def free_port():
    """A port that is free for TCP and UDP now, and was not returned before: a daemon has several."""
    with socket.socket() as tcp, socket.socket(type=socket.SOCK_DGRAM) as udp:
        tcp.bind(("127.0.0.1", 0))
        port = tcp.getsockname()[1]
        try:
            udp.bind(("127.0.0.1", port))
        except OSError:
            return free_port()
    if port in RETURNED_PORTS:
        return free_port()
    RETURNED_PORTS.add(port)
    return port


RETURNED_PORTS = set()


def output_of(command):
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout.strip()


CONNECT = bytes.fromhex("00000417271019800000000000000000")

STARTS = {
    "usher": usher,
    **{name: usher_beside(settings) for name, settings in meanwhile.KINDS.items()},
    "aquatic_udp": aquatic_udp("udp"),
    "aquatic_udp, io_uring": aquatic_udp("udp-ring"),
    "aquatic_http": aquatic_http,
    "opentracker": opentracker,
    "bare echo": floor("echo"),
    "bare epoll loop": floor("bare-http"),
}
