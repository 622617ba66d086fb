"""Pages of a large club, and what an announce costs beside them.

A daemon has 100 000 items and a million members, in SQLite and in PostgreSQL in turn. One client asks for pages, one
after the other; then 200 a second beside 100 000 announces a second.
"""

import contextlib
import csv
import glob
import gzip
import http.client
import io
import json
import os
import pathlib
import random
import re
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time

from . import meanwhile
from .trackers import free_port, until, usher_command

ITEMS = 100_000
MEMBERS = 1_000_000
STORES = ["SQLite", "PostgreSQL"]
KINDS = ["catalogue", "search", "item"]
# Of each kind, one after the other.
PAGES = 1000
PAGES_PER_SEC = 200
ANNOUNCES_PER_SEC = 100_000
CROWD = ["--peers", "100000", "--torrents", "1000"]


def measure(bench, options):
    """Seconds of each page by store and kind, bytes of each kind, and CPU of an announce with and without pages."""
    found = {"seconds": {}, "beside": []}
    for store in STORES:
        with tempfile.TemporaryDirectory(prefix="pages-") as name:
            folder = pathlib.Path(name)
            folder.chmod(0o755)
            with KEEPS[store](folder) as database, filled(bench, folder, database) as running:
                print(f"pages, {store}: {ITEMS} items are listed", flush=True)
                found["seconds"][store] = ask(bench, running)
                for kind, took in found["seconds"][store].items():
                    print(f"pages, {store}, {kind}: p99 {p99(took) * 1000:.1f} ms", flush=True)
                if store == "SQLite":
                    found["bytes"] = weights(running)
                    for number in range(options.rounds):
                        found["beside"].append(beside(bench, running, options.seconds))
                        print(f"pages, round {number + 1}: {found['beside'][-1]}", flush=True)
    return found


class Running:
    """A daemon with the club."""

    def __init__(self, pid, tracker, web):
        self.pid = pid
        self.tracker = tracker
        self.web = web


@contextlib.contextmanager
def in_sqlite(folder):
    yield Sqlite(folder / "state" / "club.db")


@contextlib.contextmanager
def in_postgres(folder):
    """A server of its own, which root leaves to Debian's user for it."""
    [tools] = sorted(glob.glob("/usr/lib/postgresql/*/bin"))[-1:]
    place = folder / "postgres"
    place.mkdir()
    user = []
    if os.geteuid() == 0:
        subprocess.run(["chown", "postgres", place], check=True)
        user = ["runuser", "-u", "postgres", "--"]
    quiet = {"check": True, "stdout": subprocess.DEVNULL, "cwd": place}
    subprocess.run([*user, f"{tools}/initdb", "-D", place / "data", "-U", "usher", "-A", "trust"], **quiet)
    server = [*user, f"{tools}/pg_ctl", "-D", place / "data", "-w"]
    settings = f"-k {place} -c listen_addresses= -c shared_buffers=256MB"
    subprocess.run([*server, "-l", place / "log", "-o", settings, "start"], **quiet)
    try:
        yield Postgres(place)
    finally:
        subprocess.run([*server, "-m", "immediate", "stop"], **quiet)


KEEPS = {"SQLite": in_sqlite, "PostgreSQL": in_postgres}


class Sqlite:
    """The database in the daemon's state folder."""

    setting = ""

    def __init__(self, path):
        self.path = path

    def copy(self, table, columns, rows):
        with contextlib.closing(sqlite3.connect(self.path)) as db, db:
            marks = ", ".join("?" for _ in columns)
            db.executemany(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})", rows)

    def ask(self, sql):
        with contextlib.closing(sqlite3.connect(self.path)) as db:
            return db.execute(sql).fetchone()[0]


class Postgres:
    """A database that psql reaches by the server's socket."""

    def __init__(self, place):
        self.setting = f"database: postgres://usher@localhost/postgres?host={place}\n"
        self.psql = ["psql", "-h", str(place), "-U", "usher", "-d", "postgres", "-qAt", "-v", "ON_ERROR_STOP=1"]

    def copy(self, table, columns, rows):
        text = io.StringIO()
        hexed = ([f"\\x{v.hex()}" if isinstance(v, bytes) else v for v in row] for row in rows)
        # With quotes, as an empty text without them would be NULL.
        csv.writer(text, quoting=csv.QUOTE_NONNUMERIC).writerows(hexed)
        command = f"\\copy {table} ({', '.join(columns)}) FROM STDIN (FORMAT csv)"
        subprocess.run([*self.psql, "-c", command], input=text.getvalue(), text=True, check=True)

    def ask(self, sql):
        asked = subprocess.run([*self.psql, "-c", sql], capture_output=True, text=True, check=True)
        return int(asked.stdout)


@contextlib.contextmanager
def filled(bench, folder, database):
    """Has a daemon make the tables, fills them, and starts it again; waits until every item is listed."""
    with started(bench, folder, database):
        pass
    for table, columns, rows in tables():
        database.copy(table, columns, rows)
    with started(bench, folder, database) as running:
        deadline = time.monotonic() + 600
        while database.ask("SELECT count(*) FROM listing_due"):
            if time.monotonic() > deadline:
                raise SystemExit("the daemon did not list the items within 10 minutes")
            time.sleep(1)
        yield running


@contextlib.contextmanager
def started(bench, folder, database):
    port = free_port()
    command = usher_command(bench, folder, folder / "state", port, "free", 1)
    config = folder / "tracker.yaml"
    quiet = "".join(f"  {key}: {value}\n" for key, value in meanwhile.QUIET.items())
    text = config.read_text().replace("tracker:\n", f"tracker:\n{quiet}")
    config.write_text(database.setting + text)
    web = int(re.search(r'web: {listen: "127.0.0.1:(\d+)"}', text)[1])
    pinned = ["taskset", "-c", bench.options.tracker_core]
    with open(folder / "output", "w+") as output:
        daemon = subprocess.Popen([*pinned, *map(str, command)], stdout=output, stderr=output)
        try:
            until(lambda: "usher is ready" in (folder / "output").read_text(), daemon, folder / "output")
            yield Running(daemon.pid, f"udp://127.0.0.1:{port}", web)
        finally:
            daemon.terminate()
            daemon.wait()


def tables():
    """Rows of each table: titles of four words, descriptions of sixty, three tags."""
    chance = random.Random(1)

    def text(words):
        return " ".join(word(skewed(chance)) for _ in range(words))

    items, descriptions, goods = [], [], []
    for number in range(1, ITEMS + 1):
        tags = " ".join(sorted({f"tag-{skewed(chance) // 200}" for _ in range(3)}))
        item = (number, f"item-{number}", text(4), "priority", 0, 0, 0, tags, "usd", chance.randrange(3000))
        items.append(item)
        descriptions.append((number, text(60)))
        torrent = b"d4:infod6:lengthi1e4:name12:file-%07d12:piece lengthi16384e6:pieces20:%see" % (number, b"a" * 20)
        goods.append((number, b"/nowhere", torrent, 1, chance.randrange(1 << 30), 0, ""))
    yield "item", ITEM, items
    yield "description", ["item", "markdown"], descriptions
    yield "goods", ["item", "root", "torrent", "version", "published", "withdrawn", "broken"], goods
    yield "listing_due", ["item"], [(item[0],) for item in items]
    members = ((n, f"member-{n}", "fan", "active", 0, 0) for n in range(1, MEMBERS + 1))
    yield "member", ["id", "name", "tier", "state", "generation", "created"], members


ITEM = ["id", "name", "title", "policy", "private", "removed", "created", "tags", "currency", "torrent_price"]


def word(number):
    """A word by how common it is, 0 first; its letters depend on nothing else."""
    letters = random.Random(number)
    return "".join(letters.choice("abcdefghijklmnopqrstuvwxyz") for _ in range(3 + letters.randrange(6)))


def skewed(chance):
    """Below 20 000, small ones far more often, as words of a language are."""
    return int(chance.random() * chance.random() * chance.random() * 20_000)


def targets(chance, kind):
    if kind == "item":
        return f"/items/item-{chance.randrange(1, ITEMS + 1)}"
    sort = chance.choice(["", "sort=title", "sort=price"])
    if kind == "catalogue":
        tag = chance.choice(["", f"tag=tag-{skewed(chance) // 200}"])
        return "/?" + "&".join(filter(None, [tag, sort]))
    words = [word(skewed(chance)), word(chance.randrange(20)), word(skewed(chance))[:3]]
    return "/?" + "&".join(filter(None, ["q=" + "+".join(words[: chance.randrange(1, 4)]), sort]))


def ask(bench, running):
    """Seconds that each page took, from the generator's core, by kind."""
    chance = random.Random(2)
    # The first of each kind warms what a running site has warm.
    wanted = [(kind, targets(chance, kind)) for _ in range(PAGES) for kind in KINDS]
    wanted = [(kind, f"/items/item-{n}" if kind == "item" else "/") for n in (1, 2) for kind in KINDS] + wanted
    words = [str(running.web), "0", json.dumps([target for _, target in wanted])]
    asked = subprocess.run(asker(bench, words), check=True, capture_output=True, text=True)
    took = {kind: [] for kind in KINDS}
    for (kind, _), seconds in list(zip(wanted, json.loads(asked.stdout)))[6:]:
        took[kind].append(seconds)
    return took


def asker(bench, words):
    return ["taskset", "-c", bench.options.load_core, sys.executable, "-c", ASK, *words]


def weights(running):
    """Bytes over the wire of each kind of page, with style sheet and script, covers aside."""
    target = {"catalogue": "/", "search": "/?q=a", "item": "/items/item-1"}
    return {kind: weight(running.web, target[kind]) for kind in KINDS}


def weight(port, target):
    def get(path):
        connection = http.client.HTTPConnection("127.0.0.1", port)
        connection.request("GET", path, headers={"Accept-Encoding": "gzip"})
        response = connection.getresponse()
        body = response.read()
        if response.status != 200:
            raise SystemExit(f"{path}: {response.status}")
        zipped = response.headers.get("Content-Encoding") == "gzip"
        return len(body), (gzip.decompress(body) if zipped else body).decode()

    total, text = get(target)
    assets = set(re.findall(r'(?:href|src)="[^"]*?(/assets/[^"]+)"', text))
    return total + sum(get(asset)[0] for asset in assets)


def beside(bench, running, seconds):
    """CPU seconds of the UDP worker for an announce: without pages, with them, and without again."""
    bench.run_load(["fill", running.tracker, *CROWD, "--numwant", "5"])
    load = ["run", running.tracker, *CROWD, "--numwant", "30", "--outstanding", "128", "--warm-up", "0"]
    load += ["--rate", str(ANNOUNCES_PER_SEC), "--duration", str(seconds)]

    def cost():
        before = worker_ns(running.pid)
        replies = bench.run_load(load)["replies"]
        return (worker_ns(running.pid) - before) / 1e3 / replies

    without = cost()
    chance = random.Random(3)
    many = [targets(chance, KINDS[n % 3]) for n in range(int(PAGES_PER_SEC * (seconds + 2)))]
    asking = subprocess.Popen(
        asker(bench, [str(running.web), str(PAGES_PER_SEC), json.dumps(many)]), stdout=subprocess.PIPE
    )
    time.sleep(0.5)
    cost_with = cost()
    took = json.loads(asking.communicate()[0])
    if asking.returncode:
        raise SystemExit("the pages were not asked for to the end")
    return {"without": without, "with": cost_with, "again": cost(), "pages_median_s": statistics.median(took)}


def worker_ns(pid):
    """Nanoseconds of CPU that the UDP workers have used."""
    spent = 0
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        if (task / "comm").read_text().startswith("udp-"):
            spent += int((task / "schedstat").read_text().split()[0])
    return spent


def p99(took):
    return sorted(took)[(len(took) - 1) * 99 // 100]


def slowest(store):
    """The p99 of the slowest kind of page, in milliseconds."""

    def values(results):
        found = results.get("pages", {}).get("seconds", {}).get(store)
        return [max(p99(took) for took in found.values()) * 1000] if found else []

    return values


def heaviest(results):
    found = results.get("pages", {}).get("bytes")
    return [max(found.values()) / 1024] if found else []


def dearer(results):
    """The announce beside pages over the one without, in each round; less what two runs without differ by."""
    rounds = results.get("pages", {}).get("beside", [])
    if not rounds:
        return []
    noise = max(abs(run["again"] / run["without"] - 1) for run in rounds)
    return [run["with"] / statistics.mean([run["without"], run["again"]]) - noise for run in rounds]


def section(found):
    """The part of the page that shows it."""
    lines = [
        "## Pages\n",
        f"{ITEMS} items and {MEMBERS} members. One client asks for one page after the other, over loopback: every "
        "sort, tags, searches for one to three words, common and rare.\n",
        "| page | " + " | ".join(f"{store}, median | p99" for store in found["seconds"]) + " | over the wire |",
        "|---" * (2 + 2 * len(found["seconds"])) + "|",
    ]
    for kind in KINDS:
        cells = []
        for took in found["seconds"].values():
            cells += [f"{statistics.median(took[kind]) * 1000:.1f} ms", f"{p99(took[kind]) * 1000:.1f} ms"]
        weight = f"{found['bytes'][kind] / 1024:.1f} KiB"
        lines.append("| " + " | ".join([kind, *cells, weight]) + " |")
    rounds = found["beside"]
    costs = [statistics.median(run[key] for run in rounds) for key in ("without", "with", "again")]
    lines.append(
        f"\n{ANNOUNCES_PER_SEC} announces a second, CPU of the UDP worker for each: {costs[0]:.2f} us, beside "
        f"{PAGES_PER_SEC} pages a second on the same core {costs[1]:.2f} us, without them again {costs[2]:.2f} us "
        f"(medians of {len(rounds)} rounds)."
    )
    lines.append("\n`scripts/bench --only pages`\n")
    return "\n".join(lines)


# Run by an interpreter of its own, so that it can be pinned: asks for pages, so many a second or one after the other,
# and prints the seconds that each took.
ASK = """
import http.client, json, sys, time
port, rate, targets = int(sys.argv[1]), float(sys.argv[2]), json.loads(sys.argv[3])
connection, took, begin = http.client.HTTPConnection("127.0.0.1", port), [], time.monotonic()
for number, target in enumerate(targets):
    if rate:
        time.sleep(max(0, begin + number / rate - time.monotonic()))
    asked = time.monotonic()
    connection.request("GET", target, headers={"Accept-Encoding": "gzip"})
    response = connection.getresponse()
    response.read()
    took.append(time.monotonic() - asked)
    if response.status != 200:
        sys.exit(f"{target}: {response.status}")
print(json.dumps(took))
"""
