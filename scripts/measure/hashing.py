"""Making a torrent beside mktorrent and transmission-create: bytes hashed a second."""

import contextlib
import os
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile
import time

LENGTH = 1 << 30
MAKERS = ["usher", "mktorrent", "transmission-create"]


def measure(bench, rounds):
    """Rounds of all three on one core, then on two; they must make the same pieces."""
    one = bench.options.tracker_core
    found = {}
    # In memory: what is timed is hashing, and no disk.
    with tempfile.TemporaryDirectory(prefix="hashing-", dir="/dev/shm") as name:
        folder = pathlib.Path(name)
        block = os.urandom(1 << 20)
        with open(folder / "film.bin", "wb") as film:
            for number in range(LENGTH >> 20):
                film.write(number.to_bytes(4, "big") + block[4:])
        for cores, pinned in [("one", one), ("two", f"{one},{bench.options.load_core}")]:
            found[cores] = {maker: [] for maker in MAKERS}
            with usher(bench, folder, pinned) as publish:
                publish([])
                length = piece_length((folder / "usher.torrent").read_bytes())
                for _ in range(rounds):
                    makers = {
                        "usher": lambda: publish(["--replaces", "film"]),
                        "mktorrent": lambda: mktorrent(folder, pinned, length),
                        "transmission-create": lambda: transmission(folder, pinned, length),
                    }
                    for maker, make in makers.items():
                        begin = time.monotonic()
                        make()
                        found[cores][maker].append(LENGTH / (time.monotonic() - begin))
                    torrents = [(folder / f"{maker}.torrent").read_bytes() for maker in MAKERS]
                    if len(set(map(pieces, torrents))) != 1:
                        sys.exit("the three do not agree on the pieces")
    return found


@contextlib.contextmanager
def usher(bench, folder, cores):
    """A daemon on these cores; gives what publishes the file with it."""
    with tempfile.TemporaryDirectory(prefix="usher-", dir=folder) as state:
        settings = pathlib.Path(state) / "tracker.yaml"
        listen = "{listen: ['127.0.0.1:0']}"
        settings.write_text(
            f"admin: {{listen: '127.0.0.1:0'}}\nweb: {{listen: '127.0.0.1:0'}}\n"
            f"tracker: {{http: {listen}, udp: {listen}, workers: 1}}\n"
        )
        command = ["taskset", "-c", cores, str(bench.usher), "--config", str(settings)]
        daemon = subprocess.Popen(
            [*command, "serve"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )

        def publish(words):
            path = ["publish", str(folder / "film.bin"), "-o", str(folder / "usher.torrent")]
            name = [] if words else ["--name", "film"]
            subprocess.run([*command, *path, *name, *words], check=True, capture_output=True)

        try:
            next(line for line in daemon.stdout if line.startswith("usher is ready"))
            yield publish
        finally:
            daemon.terminate()
            daemon.wait()


def mktorrent(folder, cores, length):
    power = str(length.bit_length() - 1)
    threads = str(len(cores.split(",")))
    run(folder, cores, "mktorrent", "-p", "-l", power, "-t", threads, "-a", URL, "-o")


def transmission(folder, cores, length):
    run(folder, cores, "transmission-create", "-p", "-s", str(length >> 10), "-t", URL, "-o")


def run(folder, cores, maker, *words):
    torrent = folder / f"{maker}.torrent"
    torrent.unlink(missing_ok=True)
    command = ["taskset", "-c", cores, maker, *words, str(torrent), str(folder / "film.bin")]
    subprocess.run(command, check=True, capture_output=True)


def piece_length(torrent):
    return int(re.search(rb"12:piece lengthi(\d+)e", torrent)[1])


def pieces(torrent):
    found = re.search(rb"6:pieces(\d+):", torrent)
    return torrent[found.end() : found.end() + int(found[1])]


def ratios(found, cores, other, other_cores):
    """usher's speed on so many cores over a maker's on so many, in each round."""
    pairs = zip(found[cores]["usher"], found[other_cores][other])
    return [ours / theirs for ours, theirs in pairs]


def section(found):
    """The part of the page that shows it."""
    lines = [
        "## Hashing\n",
        "A v1 torrent of 1 GiB in memory, pieces of the same length, the same pieces made: `usher publish` "
        "from the command to the torrent, and the others from start to end.\n",
        "| cores | " + " | ".join(MAKERS) + " |",
        "|---" * (1 + len(MAKERS)) + "|",
    ]
    for cores, runs in found.items():
        cells = [
            f"{statistics.median(runs[maker]) / 1e9:.2f} GB/s "
            f"({min(runs[maker]) / 1e9:.2f} to {max(runs[maker]) / 1e9:.2f})"
            for maker in MAKERS
        ]
        lines.append("| " + " | ".join([cores, *cells]) + " |")
    lines.append("\n`scripts/bench --only hashing`\n")
    return "\n".join(lines)


URL = "http://tracker.example/announce"
