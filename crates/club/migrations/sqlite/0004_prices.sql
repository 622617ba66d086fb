-- Tiers for sale, prices that buyers choose, discounts and tax; what an order says of them.

-- What a buyer must pay at least, who may choose; NULL: the price is the price.
ALTER TABLE item ADD COLUMN minimum INTEGER CHECK (minimum >= 0);

CREATE TABLE sold (
    id            INTEGER PRIMARY KEY,
    member        INTEGER NOT NULL REFERENCES member (id),
    item          INTEGER REFERENCES item (id), -- an item with a way, or a tier with days
    way           TEXT    CHECK (way IN ('direct', 'torrent')),
    tier          TEXT,
    days          INTEGER CHECK (days >= 0),  -- 0: by a subscription
    currency      TEXT    NOT NULL,
    price         INTEGER NOT NULL CHECK (price >= 0), -- before the discount
    discount      INTEGER NOT NULL CHECK (discount BETWEEN 0 AND price),
    discount_code TEXT,
    amount        INTEGER NOT NULL CHECK (amount = price - discount),
    tax_label     TEXT,
    tax_rate      INTEGER,                    -- in thousandths of a percent
    tax           INTEGER NOT NULL CHECK (tax BETWEEN 0 AND amount), -- is in the amount
    credit        INTEGER NOT NULL CHECK (credit BETWEEN 0 AND amount), -- paid by store credit
    journal       INTEGER NOT NULL UNIQUE REFERENCES journal (id),
    created       INTEGER NOT NULL,
    refunded      INTEGER,                    -- NULL: not all of it was paid back
    CHECK ((item IS NULL) = (way IS NULL) AND (tier IS NULL) = (days IS NULL)),
    CHECK ((item IS NULL) <> (tier IS NULL)),
    CHECK ((tax_label IS NULL) = (tax_rate IS NULL))
) STRICT;
INSERT INTO sold (id, member, item, way, currency, price, discount, amount, tax, credit, journal,
                  created, refunded)
    SELECT id, member, item, way, currency, amount, 0, amount, 0, 0, journal, created, refunded
    FROM orders;
DROP TABLE orders;
ALTER TABLE sold RENAME TO orders;
-- What is bought once need not be bought again; a tier can be, for longer.
CREATE UNIQUE INDEX orders_paid ON orders (member, item, way) WHERE refunded IS NULL;
CREATE INDEX orders_created ON orders (created);

-- A code that takes a share or an amount off. It is no secret.
CREATE TABLE discount (
    code     TEXT    PRIMARY KEY,             -- in capitals
    percent  INTEGER CHECK (percent BETWEEN 1 AND 100),
    currency TEXT,
    amount   INTEGER CHECK (amount > 0),
    item     INTEGER REFERENCES item (id),    -- NULL: everything for sale
    until    INTEGER,                         -- NULL: for ever
    most     INTEGER CHECK (most > 0),        -- how often it may be used; NULL: any number of times
    used     INTEGER NOT NULL,
    created  INTEGER NOT NULL,
    CHECK ((amount IS NULL) = (currency IS NULL) AND (amount IS NULL) <> (percent IS NULL))
) STRICT;
