"""What the club does with a million members: its own scale tests, and what they print."""

import re
import statistics
import subprocess

SECONDS = {"ns": 1e-9, "µs": 1e-6, "ms": 1e-3, "s": 1}
# What a line says, under which name it is kept, and what the page calls it.
TIMES = [
    ("start", "start", "start: 1 M members, 100 k items and 5 M entitlements into memory"),
    ("a grant is in force after", "grant", "a grant, until it is in force"),
    (r"flush \d+", "flush", "a flush of 50 000 sessions"),
    ("prune", "prune", "pruning 50 000 old sessions"),
]
SIZES = [
    (r"roster: (\d+) MiB", "roster_mib", "1 M members in memory", "MiB"),
    (r"entitlements: (\d+) B each", "entitlement_bytes", "an entitlement in memory", "B"),
]
TEST = "cargo test --release --locked -p club --test scale -- --ignored --nocapture --test-threads 1"


def measure(root):
    """Runs the tests: seconds of each time that a thing was done, and sizes.

    What is over its budget fails there, and is measured all the same.
    """
    ran = subprocess.run(TEST.split(), cwd=root, capture_output=True, text=True)
    if ran.returncode:
        print(ran.stdout)
    return read(ran.stdout)


def read(said):
    """What the tests printed, by name."""
    found = {}
    for says, name, _ in TIMES:
        times = re.findall(rf"(?:^| ){says}:? ([0-9.]+)(ns|µs|ms|s)$", said, re.MULTILINE)
        found[name] = [float(number) * SECONDS[unit] for number, unit in times]
    for says, name, *_ in SIZES:
        found[name] = [int(number) for number in re.findall(says, said)]
    missing = [name for name, values in found.items() if not values]
    if missing:
        raise SystemExit(f"`{TEST}` did not print {', '.join(missing)}; it printed:\n{said}")
    return found


def section(found):
    """The part of the page that shows them."""
    lines = [
        "## The club\n",
        "SQLite on this machine's disk, with a million members.\n",
        "| what | median | over the rounds |",
        "|---|---|---|",
    ]
    for _, name, what in TIMES:
        millis = [secs * 1000 for secs in found[name]]
        spread = f"{min(millis):.1f} to {max(millis):.1f}"
        lines.append(f"| {what} | {statistics.median(millis):.1f} ms | {spread} |")
    for _, name, what, unit in SIZES:
        lines.append(f"| {what} | {found[name][0]} {unit} | |")
    return "\n".join([*lines, f"\n`{TEST}`\n"])
