"""What single steps cost, by the benches of the rooms themselves."""

import re
import subprocess

ROOMS = ["wire", "policy", "swarm"]


def measure(root):
    """Runs each room's benches, and returns what they print."""
    found = {}
    for room in ROOMS:
        command = ["cargo", "bench", "--locked", "-p", room, "--benches"]
        ran = subprocess.run(command, cwd=root, check=True, capture_output=True, text=True)
        found[room] = plain(ran.stdout)
    return found


def section(found):
    """The part of the page that shows them."""
    parts = ["## Rooms\n", "What single steps cost, without sockets: time a call, and what tables take.\n"]
    for room, text in found.items():
        parts.append(f"### `cargo bench -p {room}`\n\n```text\n{text}\n```\n")
    return "\n".join(parts)


def plain(text):
    """Without colours, the runner's own lines and the machine's paths."""
    lines = re.sub(r"\033\[[0-9;]*m", "", text).splitlines()
    kept = [line.rstrip() for line in lines if not line.startswith(("running ", "test "))]
    return "\n".join(kept).strip()
