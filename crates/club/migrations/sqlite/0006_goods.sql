-- What is served of an item, by whose keys, and how much of it was.

ALTER TABLE item ADD COLUMN description TEXT NOT NULL DEFAULT '';
ALTER TABLE item ADD COLUMN tier TEXT;        -- NULL: no tier has it without buying it

-- The files of an item. There is no row for one of which only the info hash is known.
CREATE TABLE goods (
    item      INTEGER PRIMARY KEY REFERENCES item (id),
    root      BLOB    NOT NULL,               -- the file or folder itself, an absolute path
    torrent   BLOB    NOT NULL,               -- as it was made: without trackers and web seeds
    version   INTEGER NOT NULL,               -- counts from 1
    published INTEGER NOT NULL,               -- when this version was
    withdrawn INTEGER NOT NULL CHECK (withdrawn IN (0, 1)),
    broken    TEXT    NOT NULL                -- why the files can't be served; empty where they can
) STRICT;

-- How often a member's keys were rotated; no row where none was. The passkey's is the member's.
CREATE TABLE turns (
    member   INTEGER PRIMARY KEY REFERENCES member (id),
    download INTEGER NOT NULL CHECK (download BETWEEN 0 AND 65535),
    feed     INTEGER NOT NULL CHECK (feed BETWEEN 0 AND 65535),
    login    INTEGER NOT NULL CHECK (login BETWEEN 0 AND 65535),
    web_seed INTEGER NOT NULL CHECK (web_seed BETWEEN 0 AND 65535)
) STRICT;

-- Bytes that the publisher's own copy sent.
CREATE TABLE served (
    item   INTEGER NOT NULL REFERENCES item (id),
    member INTEGER NOT NULL,                  -- 0: strangers
    day    INTEGER NOT NULL,                  -- since 1970
    bytes  INTEGER NOT NULL,
    PRIMARY KEY (item, member, day)
) STRICT, WITHOUT ROWID;
CREATE INDEX served_member ON served (member);

-- What a feed said when it last changed, so that its date changes with it and only then.
CREATE TABLE feed (
    member  INTEGER NOT NULL,                 -- 0: everybody
    kind    TEXT    NOT NULL,
    digest  BLOB    NOT NULL CHECK (length(digest) = 32),
    changed INTEGER NOT NULL,
    PRIMARY KEY (member, kind)
) STRICT, WITHOUT ROWID;
