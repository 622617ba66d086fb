"""What usher does beside announces: sweeps, snapshots, scrapes of its metrics; each by itself.

Peers that announced a while ago grow old during the run, so that a sweep has something to remove.
"""

import contextlib
import http.client
import re
import subprocess
import sys

# As seldom as can be: nothing comes due during a run.
QUIET = {"sweep_interval": "1h", "snapshot_interval": "24h"}
KINDS = {
    "usher, quiet": QUIET,
    "usher, swept": QUIET | {"sweep_interval": "10s"},
    "usher, saved": QUIET | {"snapshot_interval": "10s"},
    "usher, scraped": QUIET,
}
# An age under which those who go on announcing stay, as they do so every other second.
AGE = {"max_peer_age": "16s"}
TIERS = "tiers: [{id: outsider, announce: {interval: 10s, min_interval: 5s}}]\n"


@contextlib.contextmanager
def scraping(bench, tracker, folder):
    """Reads the metrics ten times a second for as long as the context lasts, if the tracker is one for that."""
    if tracker != "usher, scraped":
        yield
        return
    settings = (folder / "tracker.yaml").read_text()
    port = int(re.search(r'admin: {listen: "127.0.0.1:(\d+)"}', settings)[1])
    connection = http.client.HTTPConnection("127.0.0.1", port)
    connection.request("GET", "/metrics")
    status = connection.getresponse().status
    if status != 200:
        raise SystemExit(f"/metrics answered {status}")
    pinned = ["taskset", "-c", bench.options.load_core]
    scraper = subprocess.Popen([*pinned, sys.executable, "-c", SCRAPE, str(port)])
    try:
        yield
        if scraper.poll() is not None:
            raise SystemExit("the daemon closed the connection that read its metrics")
    finally:
        scraper.terminate()
        scraper.wait()


# Run by an interpreter of its own. It shares the generator's core, so it wakes once a scrape.
SCRAPE = """
import contextlib, socket, sys, time
stream = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
stream.setblocking(False)
room = bytearray(1 << 20)
while True:
    stream.send(b"GET /metrics HTTP/1.1\\r\\nHost: bench\\r\\n\\r\\n")
    time.sleep(0.1)
    with contextlib.suppress(BlockingIOError):
        if stream.recv_into(room) == 0:
            break
"""
