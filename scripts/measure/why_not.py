"""Why a budget is not met: written by hand, shown in BENCHMARKS.md where it is so.

By the budget's name: what it bounds, a colon, and the bound, as the page says them. `scripts/bench
--page` names those that want a reason, and writes the page again without measuring.
"""

UDP = "UDP announce, tracker CPU per reply, one core"
WHY_NOT = {
    f"{UDP}: <= 0.95 x aquatic_udp with io_uring": (
        "it is at the bound, on either side of it from run to run; user time is what is less, the kernel's is the same"
    ),
    f"{UDP}: <= 1.08 x a bare recvmmsg/sendmmsg echo": (
        "the kernel takes what the echo takes, and on this machine that is half of what it was where the bound was set: "
        "the announce's own 0.6 us, mostly caches missed in 100 k swarms, weigh twice as much"
    ),
    "the same with passkey verified, session kept and seat plan drawn: <= 1.0 x aquatic_udp with io_uring": (
        "0.4 us are the session's cache and TLB misses (huge pages save them, and cost memory), the rest is the passkey, "
        "the ring of recent announces and what of the flush runs on the same core"
    ),
    "HTTP announce, keep-alive: <= 1.15 x a bare epoll loop with httparse": (
        "the kernel takes the same; reading the query and the announce itself are 1.1 us, the loop's whole user time is 0.3"
    ),
    "HTTP announce, one request a connection: <= 1.06 x the bare loop": (
        "the kernel takes less than the loop's; reading the query and the announce itself are 1.2 us"
    ),
    "memory, IPv4, a peer, open tracker: <= 13 B at 100 a swarm": (
        "the tables take 12.5 (`cargo bench -p swarm`); the rest is what the allocator needs for 10 k small tables"
    ),
    "a session: <= 96 B": (
        "a session is 84 and its place 6 to 11; this is measured right after a million came in six seconds, when their "
        "counts wait for the database; 146 remain once they are written, as what they leave free is not given back"
    ),
    "hashing on one core: >= 1.0 x mktorrent": (
        "it is level, on either side of the bound from run to run: both are bound by the processor's SHA instructions"
    ),
}
