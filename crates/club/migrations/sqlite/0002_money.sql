-- What members paid, hold and bought. Amounts are whole numbers of a currency's smallest unit.

-- NULL: not for sale in that way.
ALTER TABLE item ADD COLUMN currency TEXT;
ALTER TABLE item ADD COLUMN torrent_price INTEGER CHECK (torrent_price >= 0);
ALTER TABLE item ADD COLUMN direct_price INTEGER CHECK (direct_price >= 0);

CREATE TABLE account (
    id       INTEGER PRIMARY KEY,
    name     TEXT    NOT NULL,
    currency TEXT    NOT NULL,
    kind     TEXT    NOT NULL CHECK (kind IN ('asset', 'expense', 'liability', 'revenue')),
    floored  INTEGER NOT NULL CHECK (floored IN (0, 1)), -- whether it must never be a debit
    UNIQUE (name, currency)
) STRICT;

-- The same key again is the same request again; the hash tells whether it is.
CREATE TABLE journal (
    id           INTEGER PRIMARY KEY,
    key          TEXT    NOT NULL UNIQUE,
    request_hash BLOB    NOT NULL CHECK (length(request_hash) = 32),
    kind         TEXT    NOT NULL,
    member       INTEGER REFERENCES member (id),
    reverses     INTEGER REFERENCES journal (id),        -- several may, up to what it moved
    at           INTEGER NOT NULL,
    who          TEXT    NOT NULL,
    memo         TEXT    NOT NULL
) STRICT;
CREATE INDEX journal_reverses ON journal (reverses) WHERE reverses IS NOT NULL;

-- Debits are above 0, credits below; those of one entry sum to 0 in each currency.
CREATE TABLE posting (
    journal INTEGER NOT NULL REFERENCES journal (id),
    seq     INTEGER NOT NULL,
    account INTEGER NOT NULL REFERENCES account (id),
    amount  INTEGER NOT NULL CHECK (amount <> 0),
    PRIMARY KEY (journal, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX posting_account ON posting (account);

-- The sum of an account's postings, kept beside them.
CREATE TABLE balance (
    account INTEGER PRIMARY KEY REFERENCES account (id),
    amount  INTEGER NOT NULL
) STRICT;

CREATE TRIGGER journal_is_not_edited BEFORE UPDATE ON journal
BEGIN SELECT RAISE(ABORT, 'the journal is only added to'); END;
CREATE TRIGGER journal_is_not_cut BEFORE DELETE ON journal
BEGIN SELECT RAISE(ABORT, 'the journal is only added to'); END;
CREATE TRIGGER posting_is_not_edited BEFORE UPDATE ON posting
BEGIN SELECT RAISE(ABORT, 'the journal is only added to'); END;
CREATE TRIGGER posting_is_not_cut BEFORE DELETE ON posting
BEGIN SELECT RAISE(ABORT, 'the journal is only added to'); END;

CREATE TABLE orders (
    id       INTEGER PRIMARY KEY,
    member   INTEGER NOT NULL REFERENCES member (id),
    item     INTEGER NOT NULL REFERENCES item (id),
    way      TEXT    NOT NULL CHECK (way IN ('direct', 'torrent')),
    currency TEXT    NOT NULL,
    amount   INTEGER NOT NULL CHECK (amount >= 0),
    journal  INTEGER NOT NULL UNIQUE REFERENCES journal (id),
    created  INTEGER NOT NULL,
    refunded INTEGER                          -- NULL: not all of it was paid back
) STRICT;
-- What is bought once need not be bought again.
CREATE UNIQUE INDEX orders_paid ON orders (member, item, way) WHERE refunded IS NULL;

-- A code is known by its SHA-256 alone. Worth an amount, an item for ever, or days of a tier.
CREATE TABLE voucher (
    id       INTEGER PRIMARY KEY,
    hash     BLOB    NOT NULL UNIQUE CHECK (length(hash) = 32),
    state    TEXT    NOT NULL CHECK (state IN ('issued', 'redeemed', 'void')),
    issue    INTEGER NOT NULL REFERENCES journal (id),
    expires  INTEGER,                         -- NULL: never
    currency TEXT,
    amount   INTEGER CHECK (amount > 0),
    item     INTEGER REFERENCES item (id),
    tier     TEXT,
    days     INTEGER CHECK (days > 0),
    member   INTEGER REFERENCES member (id),  -- who redeemed it
    CHECK ((amount IS NULL) = (currency IS NULL) AND (tier IS NULL) = (days IS NULL)),
    CHECK ((amount IS NULL) + (item IS NULL) + (tier IS NULL) = 2),
    CHECK ((state = 'redeemed') = (member IS NOT NULL))
) STRICT;
