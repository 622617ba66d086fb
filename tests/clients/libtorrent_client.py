"""One libtorrent client with one torrent, until its standard input ends.

Prints one JSON object a line: {"tracker": …} for what the tracker said, {"listening": …} for where
it listens, {"web_seed": …} for what a web seed refused, {"progress": …} as that changes, with how
many blocks each address gave.
"""

import json
import select
import sys

import libtorrent as lt

torrent, folder, interfaces, role = sys.argv[1:]


def say(**what):
    print(json.dumps(what), flush=True)


session = lt.session({
    "listen_interfaces": interfaces,
    # One for each block, at least.
    "alert_queue_size": 100000,
    "alert_mask": lt.alert.category_t.error_notification
    | lt.alert.category_t.status_notification
    | lt.alert.category_t.tracker_notification
    | lt.alert.category_t.block_progress_notification,
    # The tracker is the only way to a peer.
    "enable_dht": False,
    "enable_lsd": False,
    "enable_upnp": False,
    "enable_natpmp": False,
    # All clients of a test share an address.
    "allow_multiple_connections_per_ip": True,
    "announce_to_all_trackers": True,
    "announce_to_all_tiers": True,
    "min_announce_interval": 1,
    "min_reconnect_time": 1,
    "stop_tracker_timeout": 5,
    "tracker_backoff": 5,
})
flags = lt.torrent_flags.disable_dht | lt.torrent_flags.disable_lsd | lt.torrent_flags.disable_pex
if role == "seed":
    flags |= lt.torrent_flags.seed_mode
handle = session.add_torrent({
    "ti": lt.torrent_info(torrent),
    "save_path": folder,
    "flags": flags,
})

# How many blocks each address gave, web seeds among them.
gave = {}


def report():
    for alert in session.pop_alerts():
        if isinstance(alert, (lt.tracker_alert, lt.torrent_error_alert)):
            say(tracker=alert.message())
        elif isinstance(alert, lt.url_seed_alert):
            say(web_seed=alert.message())
        elif isinstance(alert, (lt.listen_succeeded_alert, lt.listen_failed_alert)):
            say(listening=alert.message())
        elif isinstance(alert, lt.block_finished_alert):
            giver = "%s:%d" % alert.endpoint
            gave[giver] = gave.get(giver, 0) + 1


progress = None
while True:
    ready, _, _ = select.select([sys.stdin], [], [], 0.1)
    if ready and not sys.stdin.readline():
        break
    status = handle.status()
    report()
    if status.progress != progress:
        progress = status.progress
        say(progress=progress, complete=status.is_seeding, gave=gave)

# A tracker hears `stopped` from a client that leaves in order, and this waits for its answer.
session.remove_torrent(handle)
report()
