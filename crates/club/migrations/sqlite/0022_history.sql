-- What was counted in each minute, hour and day.

CREATE TABLE history (
    level  INTEGER NOT NULL CHECK (level IN (0, 1, 2)), -- 0: a day, 1: an hour, 2: a minute
    at     INTEGER NOT NULL,               -- when the interval began
    part   INTEGER NOT NULL,               -- 0: of the tracker; else of the items with this remainder
    points BLOB    NOT NULL,               -- packed: crates/club/src/history/packed.rs
    PRIMARY KEY (level, at, part)
) STRICT, WITHOUT ROWID;

-- What each run of a daemon wrote last, so that a write that is made again counts once.
CREATE TABLE history_writer (
    writer INTEGER PRIMARY KEY,
    number INTEGER NOT NULL,
    at     INTEGER NOT NULL
) STRICT;
