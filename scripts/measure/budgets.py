"""The design's budgets, each with what was measured for it, and the issue's that are like them."""

import statistics
from dataclasses import dataclass
from typing import Callable

from . import hashing, pages, webseed
from .why_not import WHY_NOT


@dataclass
class Budget:
    """One bound. `values` finds what it bounds in the results, once for each round."""

    what: str
    bound: str
    values: Callable

    @property
    def name(self):
        """How `WHY_NOT` calls it."""
        return f"{self.what}: {self.bound}"

    def is_met_by(self, value):
        sign, limit = self.bound.split()[:2]
        limit = float(limit)
        return {"<": value < limit, "<=": value <= limit, ">=": value >= limit}[sign]


def table(results):
    """All budgets. A ratio is of two runs of the same round."""
    lines = ["| what | bound | measured | over the rounds | met |", "|---|---|---|---|---|"]
    for budget in BUDGETS:
        values = budget.values(results)
        start = f"| {budget.what} | {budget.bound}"
        if not values:
            lines.append(f"{start} | not measured | | |")
            continue
        median = statistics.median(values)
        verdict = "yes"
        if not budget.is_met_by(median):
            verdict = f"**no**: {WHY_NOT.get(budget.name, UNEXPLAINED)}"
        spread = f"{min(values):.2f} to {max(values):.2f}"
        lines.append(f"{start} | {median:.2f} | {spread} | {verdict} |")
    return "\n".join(lines) + "\n"


def unexplained(results):
    """The names of those that are not met, and of which `WHY_NOT` says nothing."""
    measured = [(budget, budget.values(results)) for budget in BUDGETS]
    return [
        budget.name
        for budget, values in measured
        if values
        and not budget.is_met_by(statistics.median(values))
        and budget.name not in WHY_NOT
    ]


def ratio(what, bound, case, other, value, ours="usher"):
    """usher's figure over another's in the same case."""

    def values(results):
        runs = results.get(case, {})
        pairs = zip(runs.get(ours, []), runs.get(other, []))
        return [value(a) / value(b) for a, b in pairs if value(b)]

    return Budget(what, bound, values)


def growth(results):
    large, small = (results.get(f"size-{size}", {}).get("usher", []) for size in (1_000_000, 1000))
    return [cpu(a) / cpu(b) for a, b in zip(large, small) if cpu(b)]


def bytes_per_peer(case):
    def values(results):
        return [run["memory"]["bytes_per_peer"] for run in results.get(case, {}).get("usher", [])]

    return values


def session(results):
    with_, without = (bytes_per_peer(f"memory-{of}")(results) for of in ("session", "1000"))
    return [a - b for a, b in zip(with_, without)]


def pause(results):
    pauses = results.get("pauses", {}).values()
    return [max(pauses)] if pauses else []


def start(results):
    return results.get("start", {}).get("start", [])


def streams(count):
    def values(results):
        return webseed.ratios(results["webseed"], count) if "webseed" in results else []

    return values


def hashed(cores, other, other_cores):
    def values(results):
        found = results.get("hashing")
        return hashing.ratios(found, cores, other, other_cores) if found else []

    return values


def steady(results):
    return [run["latency_us"]["p99"] / 1000 for run in results.get("steady", {}).get("usher", [])]


def unaccounted(results):
    runs = results.get("steady", {}).get("usher", [])
    return [max(0, run["lost"] - run["dropped"]) for run in runs]


def beside(meanwhile, ours):
    """p99.9 while usher does something beside announces, over that while it does not."""
    what = f"UDP p99.9 at 50 % of peak, {meanwhile}"
    return ratio(what, "<= 2 x without", "meanwhile", "usher, quiet", p999, ours=f"usher, {ours}")


def cpu(run):
    return run["tracker"]["cpu_us"]


def per_sec(run):
    return run["replies_per_sec"]


def p999(run):
    return run["latency_us"]["p999"]


RING = "aquatic_udp, io_uring"
LOOP = "bare epoll loop"
UDP = "UDP announce, tracker CPU per reply, one core"
MEMBERS = "the same with passkey verified, session kept and seat plan drawn"
TWO = "UDP announce, replies/s, two cores"
ALIVE = "HTTP announce, keep-alive"
CLOSE = "HTTP announce, one request a connection"
MEMORY = "memory, IPv4, a peer, open tracker"
BUDGETS = [
    ratio(UDP, "<= 0.95 x aquatic_udp with io_uring", "udp", RING, cpu),
    ratio(UDP, "<= 1.08 x a bare recvmmsg/sendmmsg echo", "udp", "bare echo", cpu),
    ratio(UDP, "<= 0.70 x opentracker", "udp", "opentracker", cpu),
    ratio(MEMBERS, "<= 1.0 x aquatic_udp with io_uring", "udp-members", RING, cpu),
    ratio(TWO, ">= 1.0 x aquatic_udp with io_uring, two workers", "udp-two", RING, per_sec),
    ratio(TWO, ">= 1.0 x aquatic_udp, two workers", "udp-two", "aquatic_udp", per_sec),
    ratio(ALIVE, "<= 1.15 x a bare epoll loop with httparse", "http-keep-alive", LOOP, cpu),
    ratio(ALIVE, "< 1.0 x aquatic_http, which has two cores", "http-keep-alive", "aquatic_http", cpu),
    ratio(CLOSE, "<= 1.06 x the bare loop", "http-close", LOOP, cpu),
    ratio(CLOSE, "<= 0.95 x opentracker", "http-close", "opentracker", cpu),
    ratio(CLOSE, "< 1.0 x aquatic_http, which has two cores", "http-close", "aquatic_http", cpu),
    Budget(MEMORY, "<= 13 B at 100 a swarm", bytes_per_peer("memory-100")),
    Budget(MEMORY, "<= 12 B in one swarm of 1 M", bytes_per_peer("memory-1000000")),
    Budget(MEMORY, "<= 62 B at 2 a swarm", bytes_per_peer("memory-2")),
    Budget("a session", "<= 96 B", session),
    Budget("growth: an announce in a swarm of 1 M", "<= 1.3 x one in 1 k swarms of 1 k", growth),
    Budget("longest pause of a growing, shrinking or swept table", "<= 500 us", pause),
    Budget("start with 1 M members, 100 k items, 5 M entitlements", "<= 2 s", start),
    Budget("web seed, one stream", ">= 0.9 x nginx bytes/s, unlimited rate", streams(1)),
    Budget("web seed, 100 streams", ">= 0.9 x nginx bytes/s, unlimited rate", streams(100)),
    Budget("hashing on one core", ">= 1.0 x mktorrent", hashed("one", "mktorrent", "one")),
    Budget(
        "hashing on one core",
        ">= 1.0 x transmission-create",
        hashed("one", "transmission-create", "one"),
    ),
    Budget("hashing on two cores", ">= 1.8 x on one", hashed("two", "usher", "one")),
    Budget("UDP p99 at 70 % of peak for two minutes", "<= 2 ms", steady),
    Budget("replies lost there that the kernel did not drop", "<= 0", unaccounted),
    Budget("p99 of a page with 100 k items and 1 M members, SQLite", "<= 50 ms", pages.slowest("SQLite")),
    Budget("the same, PostgreSQL", "<= 50 ms", pages.slowest("PostgreSQL")),
    Budget("a page with style sheet and script, covers aside", "<= 100 KiB", pages.heaviest),
    Budget(
        "CPU of 100 k announces/s beside 200 pages/s, less the noise of two runs without",
        "<= 1.02 x without",
        pages.dearer,
    ),
    beside("while a crowd grows old and is swept", "swept"),
    beside("while snapshots are written", "saved"),
    beside("while the metrics are scraped", "scraped"),
]
UNEXPLAINED = "the table of its case says where the time goes, user or kernel"
