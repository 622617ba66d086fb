"""The web seed beside nginx: bytes a second, CPU a gigabyte, and what a paced stream costs."""

import contextlib
import pathlib
import re
import resource
import selectors
import socket
import statistics
import subprocess
import sys
import tempfile
import time

from .trackers import free_port

MIB = 1 << 20
LENGTH = 256 * MIB
STREAMS = [1, 100]
PACED = 1000
TARGET = {"usher": "/ws/free/1/film.bin", "nginx": "/film.bin"}


def measure(bench, rounds, seconds):
    """Rounds of usher, nginx, usher, nginx; then a thousand paced streams of usher."""
    found = {"streams": {str(count): {"usher": [], "nginx": []} for count in STREAMS}}
    with tempfile.TemporaryDirectory(prefix="webseed-") as name:
        folder = pathlib.Path(name)
        folder.chmod(0o755)
        (folder / "items").mkdir()
        # What the page cache holds of it are pages of bytes like any other.
        (folder / "items" / "film.bin").write_bytes(bytes(range(256)) * (LENGTH // 256))
        for _ in range(rounds):
            for count in STREAMS:
                for server, start in [("usher", usher), ("nginx", nginx)]:
                    with start(bench, folder, "100GiB/s") as (pid, port):
                        run = drain(bench, server, pid, port, count, seconds)
                    found["streams"][str(count)][server].append(run)
        with usher(bench, folder, "16MiB/s") as (pid, port):
            found["paced"] = paced(pid, port)
    return found


@contextlib.contextmanager
def usher(bench, folder, rate):
    """A daemon that serves the file to anybody at that rate: process and port."""
    with tempfile.TemporaryDirectory(prefix="usher-") as state:
        settings = pathlib.Path(state) / "tracker.yaml"
        listen = "{listen: ['127.0.0.1:0']}"
        settings.write_text(
            f"admin: {{listen: '127.0.0.1:0'}}\nweb: {{listen: '127.0.0.1:0'}}\n"
            f"tracker: {{http: {listen}, udp: {listen}, workers: 1}}\n"
            "tiers: [{id: outsider, webseed: {enabled: true, "
            f"rate: {rate}, concurrency: {PACED}}}}}]\n"
        )
        command = [str(bench.usher), "--config", str(settings)]
        pinned = ["taskset", "-c", bench.options.tracker_core]
        daemon = subprocess.Popen([*pinned, *command, "serve"], stdout=subprocess.PIPE, text=True)
        try:
            ready = next(line for line in daemon.stdout if line.startswith("usher is ready"))
            film = str(folder / "items" / "film.bin")
            publish = ["publish", film, "--policy", "free", "-o", f"{state}/film.torrent"]
            subprocess.run([*command, *publish], check=True, capture_output=True)
            yield daemon.pid, int(re.search(r"web=http://[^ ]*:(\d+)", ready)[1])
        finally:
            daemon.terminate()
            daemon.wait()


@contextlib.contextmanager
def nginx(bench, folder, _rate):
    """nginx with one worker on the file: the worker and the port."""
    port = free_port()
    (folder / "nginx.conf").write_text(
        "daemon off; master_process off; user root; pid nginx.pid; error_log stderr;\n"
        "events { worker_connections 2048; }\n"
        "http { access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000;\n"
        f"server {{ listen 127.0.0.1:{port}; root {folder}/items; }} }}\n"
    )
    pinned = ["taskset", "-c", bench.options.tracker_core]
    command = ["/usr/sbin/nginx", "-p", str(folder), "-e", "stderr", "-c", "nginx.conf"]
    server = subprocess.Popen([*pinned, *command], stderr=subprocess.DEVNULL)
    try:
        for _ in range(100):
            with contextlib.suppress(OSError):
                socket.create_connection(("127.0.0.1", port)).close()
                break
            time.sleep(0.05)
        yield server.pid, port
    finally:
        server.terminate()
        server.wait()


def drain(bench, server, pid, port, count, seconds):
    """What so many connections take that ask again and again, from the generator's core."""
    words = [str(port), TARGET[server], str(count), str(seconds)]
    pinned = ["taskset", "-c", bench.options.load_core]
    before = cpu_secs(pid)
    command = [*pinned, sys.executable, "-c", f"{DRAIN}", *words]
    total, took = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    spent = cpu_secs(pid) - before
    return {"bytes_per_s": int(total) / float(took), "cpu_s_per_gb": spent / (int(total) / 1e9)}


def paced(pid, port):
    """A thousand streams that share 16 MiB/s: memory each, and the longest silence of any."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (4 * PACED, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    before, streams, room = resident(pid), selectors.DefaultSelector(), bytearray(1 << 16)
    heard = {}
    for _ in range(PACED):
        stream = connect(port, TARGET["usher"], 1)
        streams.register(stream, selectors.EVENT_READ)
        heard[stream] = time.monotonic()
    end, silence, peak = time.monotonic() + 10, 0, 0
    while time.monotonic() < end:
        for key, _ in streams.select(0.2):
            key.fileobj.recv_into(room)
            now = time.monotonic()
            silence = max(silence, now - heard[key.fileobj])
            heard[key.fileobj] = now
        peak = max(peak, resident(pid))
    return {"kib_each": (peak - before) / PACED, "longest_silence_s": silence}


def connect(port, target, times):
    stream = socket.create_connection(("127.0.0.1", port))
    stream.sendall(f"GET {target} HTTP/1.1\r\nHost: t\r\n\r\n".encode() * times)
    stream.setblocking(False)
    return stream


def cpu_secs(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / 100


def resident(pid):
    return int(re.search(r"VmRSS:\s+(\d+)", pathlib.Path(f"/proc/{pid}/status").read_text())[1])


def ratios(found, count):
    """usher's bytes a second over nginx's in each round, with so many streams."""
    runs = found["streams"].get(str(count), {"usher": [], "nginx": []})
    return [a["bytes_per_s"] / b["bytes_per_s"] for a, b in zip(runs["usher"], runs["nginx"])]


def section(found):
    """The part of the page that shows it."""
    lines = [
        "## The web seed\n",
        "One file of 256 MiB in the page cache, over loopback; one core serves, another takes. nginx: one "
        "worker, `sendfile on`.\n",
        "| streams | usher | nginx | usher / nginx, bound >= 0.9 | CPU s a GB, usher | nginx |",
        "|---|---|---|---|---|---|",
    ]
    for count, runs in found["streams"].items():
        ours, theirs = runs["usher"], runs["nginx"]
        over = ratios(found, count)
        speed = [f"{middle(of, 'bytes_per_s') / 1e9:.2f} GB/s" for of in (ours, theirs)]
        costs = [f"{middle(of, 'cpu_s_per_gb'):.2f}" for of in (ours, theirs)]
        ratio = f"{statistics.median(over):.2f} ({min(over):.2f} to {max(over):.2f})"
        lines.append("| " + " | ".join([count, *speed, ratio, *costs]) + " |")
    cost = found["paced"]
    lines.append(
        f"\n{PACED} streams that share 16 MiB/s cost {cost['kib_each']:.1f} KiB of memory each (bound: 64), and "
        f"none was silent for longer than {cost['longest_silence_s']:.1f} s (bound: 5)."
    )
    lines.append("\n`scripts/bench --only webseed`\n")
    return "\n".join(lines)


def middle(runs, key):
    return statistics.median(run[key] for run in runs)


# Run by an interpreter of its own, so that it can be pinned: prints bytes and seconds.
DRAIN = """
import selectors, socket, sys, time
port, target, count, seconds = int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), float(sys.argv[4])
streams, room = selectors.DefaultSelector(), bytearray(1 << 20)
for _ in range(count):
    stream = socket.create_connection(("127.0.0.1", port))
    stream.sendall(f"GET {target} HTTP/1.1\\r\\nHost: t\\r\\n\\r\\n".encode() * 50)
    stream.setblocking(False)
    streams.register(stream, selectors.EVENT_READ)
begin, total = time.monotonic(), 0
while time.monotonic() - begin < seconds:
    for key, _ in streams.select(1):
        total += key.fileobj.recv_into(room)
print(total, time.monotonic() - begin)
"""
