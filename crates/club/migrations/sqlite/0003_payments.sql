-- What members pay at providers, and what providers said of it.

-- What a member is asked to pay for; its number is the order's, which the provider is given along.
-- An item with a way, a tier with days (0: by subscription), or neither: a top-up.
CREATE TABLE checkout (
    id           INTEGER PRIMARY KEY,
    key          TEXT    NOT NULL UNIQUE,     -- the same request again makes no second one
    provider     TEXT    NOT NULL,
    session      TEXT,                        -- the provider's name for it; NULL: it has none
    url          TEXT,                        -- where it is paid; NULL: nowhere yet
    member       INTEGER NOT NULL REFERENCES member (id),
    currency     TEXT    NOT NULL,
    amount       INTEGER NOT NULL CHECK (amount > 0), -- of one payment
    item         INTEGER REFERENCES item (id),
    way          TEXT    CHECK (way IN ('direct', 'torrent')),
    tier         TEXT,
    days         INTEGER CHECK (days >= 0),
    subscription TEXT,                        -- the provider's name for it
    until        INTEGER,                     -- NULL: no period of a subscription is paid
    ended        INTEGER,                     -- NULL: the subscription goes on
    closed       INTEGER NOT NULL CHECK (closed IN (0, 1)), -- it ran out unpaid
    created      INTEGER NOT NULL,
    CHECK ((item IS NULL) = (way IS NULL) AND (tier IS NULL) = (days IS NULL)),
    CHECK (item IS NULL OR tier IS NULL),
    UNIQUE (provider, session)
) STRICT;
CREATE INDEX checkout_subscription ON checkout (provider, subscription);

-- What is known of one payment. paid, refunded and dispute only rise, so that reports may come in
-- any order; kept is what of it is in the books.
CREATE TABLE payment (
    id       INTEGER PRIMARY KEY,
    provider TEXT    NOT NULL,
    name     TEXT    NOT NULL,                -- the provider's
    checkout INTEGER REFERENCES checkout (id), -- NULL: not known yet
    paid     INTEGER NOT NULL CHECK (paid IN (0, 1)),
    refunded INTEGER NOT NULL CHECK (refunded >= 0),
    dispute  INTEGER NOT NULL CHECK (dispute BETWEEN 0 AND 3), -- none, open, won, lost
    currency TEXT    NOT NULL,                -- '': not known yet
    until    INTEGER,                         -- of a subscription: the end of the paid period
    kept     INTEGER NOT NULL CHECK (kept >= 0),
    moves    INTEGER NOT NULL,                -- how often the books changed for it
    topup    INTEGER REFERENCES journal (id), -- what brought the money in
    bought   INTEGER REFERENCES journal (id), -- what spent it; NULL: it is in the balance
    suspends INTEGER NOT NULL CHECK (suspends IN (0, 1)), -- its dispute suspended the member
    UNIQUE (provider, name)
) STRICT;
CREATE INDEX payment_checkout ON payment (checkout);

-- Every delivery, with what came of it. Those refused have no key; the oldest of them go.
CREATE TABLE webhook_event (
    id       INTEGER PRIMARY KEY,
    provider TEXT    NOT NULL,
    key      TEXT,
    kind     TEXT    NOT NULL,
    received INTEGER NOT NULL,
    headers  TEXT    NOT NULL,
    body     BLOB    NOT NULL,                -- as it came; without Ko-fi's token
    verdict  TEXT    NOT NULL CHECK (verdict IN
                     ('applied', 'forged', 'held', 'ignored', 'malformed', 'oversized', 'stale')),
    effect   TEXT    NOT NULL,
    again    INTEGER NOT NULL,                -- how often it came after the first time
    UNIQUE (provider, key)
) STRICT;
CREATE INDEX webhook_event_ignored ON webhook_event (id) WHERE verdict = 'ignored';
CREATE INDEX webhook_event_refused ON webhook_event (id) WHERE key IS NULL;
