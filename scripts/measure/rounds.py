"""Runs a case: its trackers in turn, round after round."""

import time

from . import meanwhile


def measure(bench, case, rounds):
    """Returns, for each tracker, what the generator reported in each of its runs."""
    found = {tracker: [] for tracker in case.trackers}
    for number in range(min(rounds, case.most_rounds or rounds)):
        for tracker in case.trackers[: 1 if case.rivals_once and number else None]:
            with (
                bench.start(tracker, case, reply_bytes(case, found)) as running,
                meanwhile.scraping(bench, tracker, running.folder),
            ):
                for run in one(bench, case, tracker, running, found):
                    found[tracker].append({**run, "round": number})
                    show(case, tracker, number, run)
    return found


def reply_bytes(case, found):
    """How many bytes a floor answers with: as many as the first tracker did."""
    runs = found[case.trackers[0]]
    return runs[0]["reply_bytes"] if runs else 200


def one(bench, case, tracker, running, found):
    """What a tracker does in one round: yields one report, or one for each rate."""
    target = [running.url, "--pid", str(running.pid)]
    if case.members and tracker == "usher":
        target += ["--passkeys", str(running.folder / "state" / "passkeys")]
    common = [*target, *case.crowd]
    core = case.load_cores or None
    if case.old:
        crowd = ["--peers", str(case.old), "--torrents", str(case.torrents), "--seed", "1"]
        bench.run_load(["fill", running.url, *crowd, *FILL])
    fill = case.fill
    if case.first:
        # The caches of the database are as full as they will ever be once these are written.
        crowd = ["--peers", str(case.first), "--torrents", str(case.torrents)]
        bench.run_load(["fill", *target, *crowd, *FILL])
        time.sleep(WRITTEN)
        fill = [*fill, "--skip", str(case.first)]
    is_floor = tracker.startswith("bare")
    if not is_floor:
        filled = bench.run_load(["fill", *common, *fill, *FILL], core)
        if case.only_fill:
            yield filled
            return
    seconds = case.seconds or bench.options.seconds
    words = ["run", *common, "--outstanding", str(case.outstanding), *case.load]
    words += ["--warm-up", str(min(1, seconds / 2))]
    if not case.rates:
        yield bench.run_load([*words, "--duration", str(seconds)], core)
        return
    peak = peak_of(bench, case, words, found)
    for share in case.rates:
        rate = round(peak * share)
        run = bench.run_load([*words, "--duration", str(seconds), "--rate", str(rate)], core)
        yield {**run, "rate": rate, "share": share, "peak": peak}


def peak_of(bench, case, words, found):
    """The first tracker's replies a second in the closed loop, measured once."""
    for runs in found.values():
        if runs:
            return runs[0]["peak"]
    seconds = min(bench.options.seconds, case.seconds or bench.options.seconds)
    return bench.run_load([*words, "--duration", str(seconds)])["replies_per_sec"]


def show(case, tracker, number, run):
    """One line for people."""
    parts = [f"{case.name:16} {number + 1} {tracker:22}", f"{run['replies_per_sec']:9.0f}/s"]
    if case.only_fill:
        parts.append(f"{run['memory']['bytes_per_peer']:7.1f} B a peer")
    else:
        parts.append(f"{run['tracker']['cpu_us']:7.3f} us a reply")
        parts.append(f"{run['reply_bytes']:5.0f} B, p99 {run['latency_us']['p99']:6.0f} us")
        parts.append(f"{run['tracker']['cores']:.2f} cores, generator idle {run['generator_idle']:.2f}")
    for trouble in ["refused", "lost", "dropped"]:
        if run[trouble]:
            parts.append(f"{run[trouble]} {trouble}")
    print("  ".join(parts), flush=True)


# Seconds after which the first of a crowd of members are in the database.
WRITTEN = 5
# Peers reply with few peers while a tracker is filled: it is not that which is measured.
FILL = ["--numwant", "5"]
