"""Prints the info hashes that libtorrent gives to a file or folder, `-` for a half it lacks,
or `unreadable` if it refuses its own torrent.

Usage: info_hashes.py v1|v2|hybrid PIECE_LENGTH PATH

Files are given in the order of their paths: libtorrent keeps it in a v1 torrent and sorts for itself
in the others.
"""

import os
import sys
import warnings

import libtorrent as lt

warnings.simplefilter("ignore")
form, piece_length, root = sys.argv[1], int(sys.argv[2]), os.path.abspath(sys.argv[3])
flags = {"v1": int(lt.create_torrent.v1_only), "v2": int(lt.create_torrent.v2_only), "hybrid": 0}[form]

paths = [root]
if os.path.isdir(root):
    paths = [os.path.join(folder, name) for folder, _, names in os.walk(root) for name in names]
storage = lt.file_storage()
for path in sorted(paths, key=os.fsencode):
    storage.add_file(os.path.relpath(path, os.path.dirname(root)), os.path.getsize(path))

torrent = lt.create_torrent(storage, piece_length, flags)
torrent.set_priv(True)
lt.set_piece_hashes(torrent, os.path.dirname(root))
try:
    hashes = lt.torrent_info(lt.bdecode(lt.bencode(torrent.generate()))).info_hashes()
except RuntimeError:
    print("unreadable")
    sys.exit()
print(hashes.v1 if hashes.has_v1() else "-", hashes.v2 if hashes.has_v2() else "-")
