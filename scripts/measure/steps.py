"""What single steps cost, by the benches of the crates themselves."""

import re
import subprocess

CRATES = ["wire", "policy", "swarm"]
MICROS = {"ns": 1e-3, "µs": 1, "ms": 1e3, "s": 1e6}


def measure(root):
    """Runs each crate's benches, and returns what they print."""
    found = {}
    for crate in CRATES:
        command = ["cargo", "bench", "--locked", "-p", crate, "--benches"]
        ran = subprocess.run(command, cwd=root, check=True, capture_output=True, text=True)
        found[crate] = plain(ran.stdout)
    return found


def pauses(root):
    """The longest pauses of a table of a million peers, in microseconds, by what it went through."""
    command = ["cargo", "bench", "--locked", "-p", "swarm", "--bench", "pause"]
    ran = subprocess.run(command, cwd=root, check=True, capture_output=True, text=True)
    longest = {}
    for line in plain(ran.stdout).splitlines():
        found = re.match(r"(a peer.*?)  +.*?([0-9.]+)(ns|µs|ms|s)$", line)
        if found:
            what, number, unit = found.groups()
            longest[what] = float(number) * MICROS[unit]
    if not longest:
        raise SystemExit(f"{' '.join(command)} printed no pause: {ran.stdout}")
    return longest


def section(found):
    """The part of the page that shows them."""
    parts = ["## Single steps\n", "What single steps cost, without sockets: time a call, and what tables take.\n"]
    for crate, text in found.items():
        parts.append(f"### `cargo bench -p {crate}`\n\n```text\n{text}\n```\n")
    return "\n".join(parts)


def plain(text):
    """Without colours, the runner's own lines and the machine's paths."""
    lines = re.sub(r"\033\[[0-9;]*m", "", text).splitlines()
    kept = [line.rstrip() for line in lines if not line.startswith(("running ", "test "))]
    return "\n".join(kept).strip()
