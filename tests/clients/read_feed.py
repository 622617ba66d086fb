"""Reads a feed on standard input as feedparser sees it, and prints that as JSON."""

import json
import sys

import feedparser

feed = feedparser.parse(sys.stdin.buffer.read())
print(json.dumps({
    "wrong": bool(feed.bozo),
    "title": feed.feed.title,
    "updated": feed.feed.updated,
    "entries": [
        {
            "title": entry.title,
            "id": entry.id,
            "link": entry.link,
            "published": entry.published,
            "enclosures": [dict(enclosure) for enclosure in entry.enclosures],
            "size": entry.torrent_contentlength,
        }
        for entry in feed.entries
    ],
}))
