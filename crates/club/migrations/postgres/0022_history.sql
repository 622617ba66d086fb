-- What was counted in each minute, hour and day.

CREATE TABLE history (
    level  BIGINT NOT NULL CHECK (level IN (0, 1, 2)), -- 0: a day, 1: an hour, 2: a minute
    at     BIGINT NOT NULL,               -- when the interval began
    part   BIGINT NOT NULL,               -- 0: of the tracker; else of the items with this remainder
    points BYTEA  NOT NULL,               -- packed: crates/club/src/history/packed.rs
    PRIMARY KEY (level, at, part)
);

-- What each run of a daemon wrote last, so that a write that is made again counts once.
CREATE TABLE history_writer (
    writer BIGINT PRIMARY KEY,
    number BIGINT NOT NULL,
    at     BIGINT NOT NULL
);
