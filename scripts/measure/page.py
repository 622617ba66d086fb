"""BENCHMARKS.md: the budgets with what was measured, then each case."""

import statistics

from . import budgets, cases, club, hashing, pages, plot, steps, webseed
from .budgets import cpu, per_sec


def write(folder, results, facts):
    """Writes the page and its plots from all that was measured so far."""
    plots = folder / "benchmarks"
    plots.mkdir(exist_ok=True)
    parts = [INTRODUCTION, machine(facts), versions(results), "## Budgets\n", budgets.table(results)]
    for name, title, draw in PLOTS:
        svg = draw(results)
        if svg:
            (plots / name).write_text(svg)
            parts.append(f"![{title}](benchmarks/{name})\n")
    parts += [section(results[name]) for name, section in SECTIONS if name in results]
    parts.append("## Cases\n")
    for case in cases.chosen([], False):
        if case.name in results:
            quick = results["made"].get(case.name, {}).get("quick", False)
            [as_run] = [same for same in cases.chosen([], quick) if same.name == case.name]
            parts.append(table(as_run, results[case.name]))
    (folder / "BENCHMARKS.md").write_text("\n".join(parts))


def machine(facts):
    return "\n".join(f"- {name}: {value}" for name, value in facts.items()) + "\n"


def versions(results):
    """What was measured of which usher, as a part that was not run again keeps its figures."""
    by_version = {}
    for name, made in results["made"].items():
        how = f"usher {made['usher']}" + (", `--quick`" if made["quick"] else "")
        by_version.setdefault(how, []).append(name)
    lines = [f"- {how}: {', '.join(sorted(names))}" for how, names in sorted(by_version.items())]
    return "Measured, by version:\n\n" + "\n".join(lines) + "\n"


def table(case, found):
    """What each tracker did in one case."""
    head = ["tracker"]
    head += ["bytes a peer"] if case.only_fill else COLUMNS
    lines = [f"### {case.title}\n", "| " + " | ".join(head) + " |", "|---" * len(head) + "|"]
    for tracker, runs in found.items():
        shares = sorted({run.get("share") for run in runs}, key=lambda share: share or 0)
        for share in shares:
            same = [run for run in runs if run.get("share") == share]
            name = f"{tracker} at {share:.0%} ({same[0]['rate']}/s)" if share else tracker
            lines.append("| " + " | ".join([name, *cells(case, same)]) + " |")
    return "\n".join(lines) + "\n\n" + commands(case)


def cells(case, runs):
    def middle(of):
        return statistics.median(map(of, runs))

    if case.only_fill:
        sizes = [run["memory"]["bytes_per_peer"] for run in runs]
        return [f"{statistics.median(sizes):.1f} ({min(sizes):.1f} to {max(sizes):.1f})"]
    costs = [cpu(run) for run in runs]
    return [
        f"{statistics.median(costs):.2f}",
        f"{min(costs):.2f} to {max(costs):.2f}",
        f"{middle(lambda run: run['tracker']['user_us']):.2f}",
        f"{middle(lambda run: run['tracker']['sys_us']):.2f}",
        f"{middle(per_sec):.0f}",
        f"{middle(lambda run: run['tracker']['cores']):.2f}",
        f"{middle(lambda run: run['reply_bytes']):.0f}",
        f"{middle(lambda run: run['latency_us']['p50']):.0f}",
        f"{middle(lambda run: run['latency_us']['p99']):.0f}",
        f"{middle(lambda run: run['latency_us']['p999']):.0f}",
        f"{sum(run['lost'] for run in runs)} / {sum(run['refused'] for run in runs)}",
    ]


def commands(case):
    """What was run, so that anybody can run it again."""
    url = f"{case.transport}://127.0.0.1:PORT"
    crowd = " ".join(case.crowd)
    keys = " --passkeys KEYS" if case.members else ""
    lines = [f"usher-load fill {url} {crowd}{keys} --pid PID {' '.join(case.fill)}".rstrip()]
    if case.first:
        first = f"--peers {case.first} --torrents {case.torrents}"
        lines[0] += f" --skip {case.first}"
        lines.insert(0, f"usher-load fill {url} {first}{keys} --pid PID")
    if case.old:
        old = f"--peers {case.old} --torrents {case.torrents} --seed 1"
        lines.insert(0, f"usher-load fill {url} {old}")
    if not case.only_fill:
        rate = " --rate RATE" if case.rates else ""
        load = " ".join(case.load)
        lines.append(
            f"usher-load run {url} {crowd}{keys} --pid PID --outstanding {case.outstanding} {load}{rate}"
        )
    return "    " + "\n    ".join(lines) + "\n"


def size_plot(results):
    lines = {}
    for size in [10, 100, 1000, 10_000, 100_000, 1_000_000]:
        for tracker, runs in results.get(f"size-{size}", {}).items():
            costs = [cpu(run) for run in runs]
            lines.setdefault(tracker, []).append((size, statistics.median(costs)))
    labels = ("peers a swarm, 1 M peers in all", "CPU microseconds a reply")
    return plot.lines("UDP: tracker CPU a reply against swarm size", labels, lines, log_y=False)


def latency_plot(results):
    lines = {}
    for tracker, runs in results.get("latency", {}).items():
        for share in sorted({run["share"] for run in runs}):
            same = [run for run in runs if run["share"] == share]
            rate = statistics.median(run["rate"] for run in same)
            for name in ("p50", "p99"):
                value = statistics.median(run["latency_us"][name] for run in same)
                lines.setdefault(f"{tracker}, {name}", []).append((rate, value))
    labels = ("requests a second", "microseconds")
    return plot.lines("UDP: latency against rate, open loop", labels, lines, log_y=True)


INTRODUCTION = """\
# Benchmarks

Written by `scripts/bench`. CPU is what the tracker's process uses for one reply, user and kernel,
as Linux accounts for it; on loopback it has the delivery to the receiver in it. Trackers run in
turn, round after round, each started anew and filled with the same peers; absolute figures move
with the machine, ratios are what counts. A generator that spins sends the load from source
addresses all over 127.0.0.0/8. Latency is counted from when a request was meant to be sent.
aquatic_http, whose two threads wait for each other, may use the generator's core too.
"""

COLUMNS = [
    "CPU a reply, us", "over the rounds", "user", "kernel", "replies/s", "cores busy",
    "reply, B", "p50, us", "p99, us", "p99.9, us", "lost / refused",
]

# Parts of the page beside budgets and cases: under which name a result is kept, and what shows it.
SECTIONS = [
    ("steps", steps.section),
    ("webseed", webseed.section),
    ("hashing", hashing.section),
    ("start", club.section),
    ("pages", pages.section),
]
PLOTS = [
    ("cpu-by-swarm-size.svg", "CPU a reply against swarm size", size_plot),
    ("latency-by-rate.svg", "latency against rate", latency_plot),
]
