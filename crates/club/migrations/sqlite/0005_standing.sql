-- How rights ended, what upload earned, what was verified of it, and what looks wrong.

ALTER TABLE member ADD COLUMN earned TEXT;    -- a tier; NULL: none
-- NULL in a revoked row: there never was a right, only a passkey that was rotated.
ALTER TABLE entitlement ADD COLUMN ended TEXT CHECK (ended IN ('refunded', 'revoked'));
UPDATE entitlement SET ended = 'revoked' WHERE revoked IS NOT NULL AND source <> '';

-- What closed windows took of a run: so much of high - low, and when it was last seen by then.
ALTER TABLE session ADD COLUMN counted_uploaded INTEGER NOT NULL DEFAULT 0;
ALTER TABLE session ADD COLUMN counted_left INTEGER NOT NULL DEFAULT 0;
ALTER TABLE session ADD COLUMN counted_seen INTEGER NOT NULL DEFAULT 0;

-- Traffic is judged in windows, one after another.
CREATE TABLE traffic_window (
    id     INTEGER PRIMARY KEY,
    ends   INTEGER NOT NULL UNIQUE,
    closed INTEGER                            -- NULL: under way
) STRICT;

-- What a member's clients said in a window, and what of it is believed.
CREATE TABLE carried (
    traffic_window INTEGER NOT NULL REFERENCES traffic_window (id),
    item           INTEGER NOT NULL REFERENCES item (id),
    member         INTEGER NOT NULL REFERENCES member (id),
    uploaded       INTEGER NOT NULL,
    possible       INTEGER NOT NULL,          -- of it, as far as a line can carry it
    fell           INTEGER NOT NULL,          -- by so much `left` did
    verified       INTEGER,                   -- of the upload; NULL: not judged yet
    PRIMARY KEY (traffic_window, item, member)
) STRICT, WITHOUT ROWID;
CREATE INDEX carried_member ON carried (member);

-- What a member took of an item in all judged windows.
CREATE TABLE taken (
    item   INTEGER NOT NULL REFERENCES item (id),
    member INTEGER NOT NULL REFERENCES member (id),
    fell   INTEGER NOT NULL,                  -- by so much `left` did
    peers  INTEGER NOT NULL,                  -- of it, what was taken from peers
    PRIMARY KEY (item, member)
) STRICT, WITHOUT ROWID;

-- Store credit for verified upload: promised, then posted, and either can be taken back.
CREATE TABLE reward (
    id             INTEGER PRIMARY KEY,
    traffic_window INTEGER NOT NULL REFERENCES traffic_window (id),
    item           INTEGER NOT NULL REFERENCES item (id),
    member         INTEGER NOT NULL REFERENCES member (id),
    currency       TEXT    NOT NULL,
    amount         INTEGER NOT NULL CHECK (amount > 0),
    due            INTEGER NOT NULL,
    journal        INTEGER UNIQUE REFERENCES journal (id), -- NULL: not posted
    reversed       INTEGER,                   -- NULL: it stands
    UNIQUE (traffic_window, item, member)
) STRICT;
CREATE INDEX reward_due ON reward (due) WHERE journal IS NULL AND reversed IS NULL;
CREATE INDEX reward_item ON reward (item);
CREATE INDEX reward_member ON reward (member);

-- From where and with which client a member's passkey was used; kept for days.
CREATE TABLE sighting (
    member     INTEGER NOT NULL REFERENCES member (id),
    address    TEXT    NOT NULL,
    client     TEXT    NOT NULL,
    first_seen INTEGER NOT NULL,
    last_seen  INTEGER NOT NULL,
    PRIMARY KEY (member, address, client)
) STRICT, WITHOUT ROWID;
CREATE INDEX sighting_seen ON sighting (last_seen);

-- What somebody should look at. One is open for each subject; when it shows again it counts.
CREATE TABLE alert (
    id       INTEGER PRIMARY KEY,
    kind     TEXT    NOT NULL,
    subject  TEXT    NOT NULL,
    member   INTEGER REFERENCES member (id),
    item     INTEGER REFERENCES item (id),
    first_at INTEGER NOT NULL,
    last_at  INTEGER NOT NULL,
    times    INTEGER NOT NULL,
    evidence TEXT    NOT NULL,
    acked    INTEGER,                         -- NULL: open
    acked_by TEXT
) STRICT;
CREATE UNIQUE INDEX alert_open ON alert (subject) WHERE acked IS NULL;
CREATE INDEX alert_member ON alert (member);
