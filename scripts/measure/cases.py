"""The cases: which trackers meet which load."""

from dataclasses import dataclass, field, replace

from . import meanwhile

MILLION = 1_000_000
AQUATICS = ["aquatic_udp, io_uring", "aquatic_udp"]
NUMWANT = ["--numwant", "30"]
# Filled in two seconds; as many peers a torrent as in the large one.
SMALL = {"peers": 200_000, "torrents": 100_000}


@dataclass
class Case:
    """One load, and who meets it. The first tracker's replies set the size of a floor's."""

    name: str
    title: str
    trackers: list
    transport: str = "udp"
    peers: int = 100_000
    torrents: int = 1000
    load: list = field(default_factory=list)  # words for `usher-load run`
    fill: list = field(default_factory=list)  # words for `usher-load fill`
    # How many requests are out: a burst of so many fits in a socket's default buffer, so that nobody
    # is measured losing.
    outstanding: int = 128
    close: bool = False
    members: bool = False  # usher has items, and all who announce to it are members
    workers: int = 1
    cores: str = ""  # where the tracker runs, if not on its core
    load_cores: str = ""
    rates: list = field(default_factory=list)  # shares of the first tracker's peak (open loop)
    old: int = 0  # other peers, who announced before and do not come again
    first: int = 0  # of the peers, those who come before what is measured
    only_fill: bool = False
    seconds: float = 0.0  # of each run, if not as asked for
    most_rounds: int = 0  # fewer than asked for, if not 0
    rivals_once: bool = False  # after its first round only the first tracker goes on

    @property
    def crowd(self):
        """The words that say which peers there are, and in which torrents."""
        return ["--peers", str(self.peers), "--torrents", str(self.torrents)]


def everything():
    udp = ["usher", *AQUATICS, "opentracker", "bare echo"]
    http = ["usher", "aquatic_http", "opentracker", "bare epoll loop"]
    yield Case(
        "udp", "UDP, aquatic's own mix, one core", udp,
        peers=2 * MILLION, torrents=MILLION, load=["--aquatic", *NUMWANT], fill=["--aquatic"],
    )
    yield Case("udp-30", "UDP, 30 peers in every reply, one core", udp, load=NUMWANT)
    yield Case(
        "udp-members", "UDP, usher's announces with passkey, session and seat plan, one core",
        ["usher", "aquatic_udp, io_uring"], load=NUMWANT, members=True,
    )
    yield Case(
        "udp-two", "UDP, aquatic's own mix, two workers, generator on the same two cores",
        ["usher", *AQUATICS], peers=2 * MILLION, torrents=MILLION,
        load=["--aquatic", *NUMWANT, "--threads", "2", "--sources", "64"],
        fill=["--aquatic"], workers=2, cores="0,1", load_cores="0,1",
    )
    yield Case(
        "http-keep-alive", "HTTP, keep-alive, one core", ["usher", "aquatic_http", "bare epoll loop"],
        transport="http", load=NUMWANT, outstanding=64,
    )
    yield Case(
        "http-close", "HTTP, one request a connection, one core", http,
        transport="http", load=[*NUMWANT, "--close"], outstanding=64, close=True,
    )
    for torrents in [100_000, 10_000, 1000, 100, 10, 1]:
        size = MILLION // torrents
        yield Case(
            f"size-{size}", f"UDP, {torrents} swarms of {size}",
            ["usher", "aquatic_udp, io_uring", "opentracker"],
            peers=MILLION, torrents=torrents, load=NUMWANT,
        )
    for torrents, size in [(10_000, 100), (500_000, 2), (1, MILLION)]:
        yield Case(
            f"memory-{size}", f"memory, {torrents} swarms of {size}",
            ["usher", "aquatic_udp", "opentracker"],
            peers=MILLION, torrents=torrents, only_fill=True,
        )
    yield Case(
        "memory-session", "memory, 1000 items of 1000, all members with sessions", ["usher"],
        peers=MILLION + 400_000, members=True, only_fill=True, first=400_000,
    )
    yield Case(
        "memory-1000", "memory, 1000 swarms of 1000", ["usher"], peers=MILLION, only_fill=True
    )
    yield Case(
        "latency", "UDP, latency at a fixed rate", ["usher", "aquatic_udp, io_uring", "opentracker"],
        load=NUMWANT, rates=[0.1, 0.3, 0.5, 0.7, 0.8, 0.9],
    )
    yield Case(
        # The echo at the same rate: what of the latency is the machine's.
        "steady", "UDP, 70 % of peak for two minutes", ["usher", "bare echo"], load=NUMWANT, rates=[0.7],
        seconds=120,
    )
    yield Case(
        "meanwhile", "UDP, latency at 50 % of peak beside sweeps, snapshots and scrapes",
        list(meanwhile.KINDS), load=NUMWANT, rates=[0.5], seconds=40, old=MILLION,
    )


def quick():
    """The cases of every budget and plot in less than half an hour.

    Crowds are smaller where the budget does not name one. What a budget weighs against a rival or
    against itself has all its rounds, but memory, which is the same each time; rivals of memory
    and of the plots have one.
    """
    for case in everything():
        match case.name.split("-"):
            case ["udp"]:
                trackers = [name for name in case.trackers if name != "aquatic_udp"]
                yield replace(case, trackers=trackers, **SMALL)
            case ["udp", "two"]:
                yield replace(case, **SMALL)
            case ["udp", "30"] | ["size", "100" | "100000"]:
                pass
            case ["http", "close"]:
                yield replace(case, peers=30_000, torrents=300)
            case ["size", "1000" | "1000000"]:
                yield replace(case, rivals_once=True)
            case ["size", _]:
                yield replace(case, most_rounds=1)
            case ["memory", *_]:
                yield replace(case, most_rounds=3, rivals_once=True)
            case ["latency"]:
                yield replace(case, rates=[0.1, 0.5, 0.7, 0.9], most_rounds=1)
            case ["steady"]:
                yield replace(case, most_rounds=1)
            case ["meanwhile"]:
                yield replace(case, most_rounds=2)
            case _:
                yield case


def chosen(names, is_quick):
    """Those cases whose name starts with one of `names`; all if there is none."""
    cases = quick() if is_quick else everything()
    return [case for case in cases if not names or case.name.startswith(tuple(names))]


def smoke():
    """Every kind of case, as small as can be."""
    small = {"peers": 1000, "torrents": 100, "load": NUMWANT, "seconds": 0.3}
    yield Case("udp", "", ["usher", "bare echo"], fill=["--aquatic"], **small)
    yield Case("udp-members", "", ["usher"], members=True, **small)
    yield Case("http", "", ["usher", "bare epoll loop"], transport="http", **small)
    close = {**small, "load": [*NUMWANT, "--close"]}
    yield Case("http-close", "", ["usher", "bare epoll loop"], transport="http", close=True, **close)
    yield Case("memory", "", ["usher"], only_fill=True, **small)
    yield Case("latency", "", ["usher"], rates=[0.5], **small)
    yield Case("meanwhile", "", list(meanwhile.KINDS), rates=[0.5], old=1000, **small)
