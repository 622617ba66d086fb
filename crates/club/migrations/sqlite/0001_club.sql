-- Who is in the club, what it offers, who may have what, and who carried how much.
-- Times are Unix seconds, sizes and counters bytes. Rows of members and items are never deleted:
-- the books refer to them, and their ids, which are inside passkeys, must not come back.

CREATE TABLE member (
    id            INTEGER PRIMARY KEY CHECK (id BETWEEN 1 AND 16777215),
    name          TEXT    NOT NULL,
    tier          TEXT    NOT NULL,
    tier_until    INTEGER,                    -- NULL: for ever
    state         TEXT    NOT NULL CHECK (state IN ('active', 'removed', 'suspended')),
    generation    INTEGER NOT NULL CHECK (generation BETWEEN 0 AND 65535),
    old_key_until INTEGER,                    -- NULL: the passkey before this generation is dead
    created       INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX member_name ON member (name) WHERE state <> 'removed';

CREATE TABLE item (
    id         INTEGER PRIMARY KEY CHECK (id BETWEEN 0 AND 4294967295),
    name       TEXT    NOT NULL,
    title      TEXT    NOT NULL,
    policy     TEXT    NOT NULL,
    size_bytes INTEGER,                       -- NULL: not known
    private    INTEGER NOT NULL CHECK (private IN (0, 1)),
    removed    INTEGER NOT NULL CHECK (removed IN (0, 1)),
    created    INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX item_name ON item (name) WHERE removed = 0;

-- Stands for all items, so that an entitlement to all of them has something to refer to.
INSERT INTO item VALUES (0, 'all', '', '', NULL, 0, 1, 0);

-- One row, or two for a hybrid (SHA-1, and SHA-256 cut to 20 bytes); none once the item is removed.
CREATE TABLE info_hash (
    item  INTEGER NOT NULL REFERENCES item (id),
    place INTEGER NOT NULL CHECK (place IN (0, 1)),
    hash  BLOB    NOT NULL UNIQUE CHECK (length(hash) = 20),
    PRIMARY KEY (item, place)
) STRICT, WITHOUT ROWID;

-- The member's passkey for this item has a generation of its own, which outlasts the right.
CREATE TABLE entitlement (
    item          INTEGER NOT NULL REFERENCES item (id),
    member        INTEGER NOT NULL REFERENCES member (id),
    until         INTEGER,                    -- NULL: for ever
    generation    INTEGER NOT NULL CHECK (generation BETWEEN 0 AND 65535),
    old_key_until INTEGER,                    -- NULL: the passkey before this generation is dead
    source        TEXT    NOT NULL,
    granted       INTEGER NOT NULL,
    revoked       INTEGER,                    -- NULL: not revoked
    PRIMARY KEY (item, member)
) STRICT, WITHOUT ROWID;
CREATE INDEX entitlement_member ON entitlement (member);

-- One row for each run of a client's counters: the lowest and the highest it was seen with. The
-- credit of a run is high - low.
CREATE TABLE session (
    member          INTEGER NOT NULL REFERENCES member (id),
    item            INTEGER NOT NULL REFERENCES item (id),
    peer_id         BLOB    NOT NULL CHECK (length(peer_id) = 20),
    peer_key        INTEGER NOT NULL,         -- 0: the client sends none
    epoch           INTEGER NOT NULL,         -- when the run began
    last_seen       INTEGER NOT NULL,
    low_uploaded    INTEGER NOT NULL,
    low_downloaded  INTEGER NOT NULL,
    low_left        INTEGER NOT NULL,         -- 2^63 - 1 while not known
    high_uploaded   INTEGER NOT NULL CHECK (high_uploaded >= low_uploaded),
    high_downloaded INTEGER NOT NULL CHECK (high_downloaded >= low_downloaded),
    high_left       INTEGER NOT NULL,         -- -1 while not known
    PRIMARY KEY (member, item, peer_id, peer_key, epoch)
) STRICT, WITHOUT ROWID;

-- The credit of sessions that were pruned.
CREATE TABLE traffic (
    member     INTEGER NOT NULL REFERENCES member (id),
    item       INTEGER NOT NULL REFERENCES item (id),
    uploaded   INTEGER NOT NULL,
    downloaded INTEGER NOT NULL,
    PRIMARY KEY (member, item)
) STRICT, WITHOUT ROWID;

CREATE TABLE audit (
    id     INTEGER PRIMARY KEY,
    at     INTEGER NOT NULL,
    who    TEXT    NOT NULL,
    what   TEXT    NOT NULL,
    member INTEGER REFERENCES member (id),
    item   INTEGER REFERENCES item (id),
    detail TEXT    NOT NULL
) STRICT;
