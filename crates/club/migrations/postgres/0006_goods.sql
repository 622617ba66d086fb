-- What is served of an item, by whose keys, and how much of it was.

ALTER TABLE item ADD COLUMN description TEXT NOT NULL DEFAULT '';
ALTER TABLE item ADD COLUMN tier TEXT;        -- NULL: no tier has it without buying it

-- The files of an item. There is no row for one of which only the info hash is known.
CREATE TABLE goods (
    item      BIGINT PRIMARY KEY REFERENCES item (id),
    root      BYTEA  NOT NULL,                -- the file or folder itself, an absolute path
    torrent   BYTEA  NOT NULL,                -- as it was made: without trackers and web seeds
    version   BIGINT NOT NULL,                -- counts from 1
    published BIGINT NOT NULL,                -- when this version was
    withdrawn BIGINT NOT NULL CHECK (withdrawn IN (0, 1)),
    broken    TEXT   NOT NULL                 -- why the files can't be served; empty where they can
);

-- How often a member's keys were rotated; no row where none was. The passkey's is the member's.
CREATE TABLE turns (
    member   BIGINT PRIMARY KEY REFERENCES member (id),
    download BIGINT NOT NULL CHECK (download BETWEEN 0 AND 65535),
    feed     BIGINT NOT NULL CHECK (feed BETWEEN 0 AND 65535),
    login    BIGINT NOT NULL CHECK (login BETWEEN 0 AND 65535),
    web_seed BIGINT NOT NULL CHECK (web_seed BETWEEN 0 AND 65535)
);

-- Bytes that the publisher's own copy sent.
CREATE TABLE served (
    item   BIGINT NOT NULL REFERENCES item (id),
    member BIGINT NOT NULL,                   -- 0: strangers
    day    BIGINT NOT NULL,                   -- since 1970
    bytes  BIGINT NOT NULL,
    PRIMARY KEY (item, member, day)
);
CREATE INDEX served_member ON served (member);

-- What a feed said when it last changed, so that its date changes with it and only then.
CREATE TABLE feed (
    member  BIGINT NOT NULL,                  -- 0: everybody
    kind    TEXT   NOT NULL,
    digest  BYTEA  NOT NULL CHECK (length(digest) = 32),
    changed BIGINT NOT NULL,
    PRIMARY KEY (member, kind)
);
