-- An order exists from the moment somebody wants to buy, and has any number of checkouts and
-- payments; refunds are rows with a state.

-- What tells this installation's references from those of another that uses the same account.
CREATE TABLE installation (
    id   INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    name TEXT    NOT NULL
) STRICT;
INSERT INTO installation (id, name) VALUES (1, lower(hex(randomblob(6))));

-- An address that nobody has shown to be theirs is not verified.
ALTER TABLE member ADD COLUMN email TEXT;     -- in lower case; NULL: none is known
ALTER TABLE member ADD COLUMN email_verified INTEGER; -- NULL: it was never shown to be the member's
CREATE UNIQUE INDEX member_email ON member (email) WHERE state <> 'removed';

ALTER TABLE orders RENAME TO old_orders;
ALTER TABLE checkout RENAME TO old_checkout;
ALTER TABLE payment RENAME TO old_payment;
ALTER TABLE webhook_event RENAME TO old_webhook_event;
DROP INDEX orders_paid;
DROP INDEX orders_created;
DROP INDEX checkout_subscription;
DROP INDEX payment_checkout;
DROP INDEX repayment_checkout;
DROP INDEX webhook_event_checkout;
DROP INDEX webhook_event_ignored;
DROP INDEX webhook_event_refused;

-- An item with a delivery method (way), a tier with days (0: one period of a subscription), or
-- neither: a top-up. paid, refunded, cancelled and revoked are times.
CREATE TABLE orders (
    id            INTEGER PRIMARY KEY,
    token         TEXT    NOT NULL UNIQUE,    -- its unguessable name in URLs
    key           TEXT    UNIQUE,             -- the same request again makes no second one
    member        INTEGER REFERENCES member (id), -- NULL: a visitor who has not paid
    email         TEXT,                       -- in lower case; NULL: none was given
    item          INTEGER REFERENCES item (id),
    way           TEXT    CHECK (way IN ('direct', 'torrent')),
    tier          TEXT,
    days          INTEGER CHECK (days >= 0),
    renews        INTEGER REFERENCES orders (id), -- the first order of its subscription; NULL: this
    currency      TEXT    NOT NULL,
    price         INTEGER NOT NULL CHECK (price >= 0), -- before the discount
    discount      INTEGER NOT NULL CHECK (discount BETWEEN 0 AND price),
    discount_code TEXT,
    amount        INTEGER NOT NULL CHECK (amount = price - discount),
    tax_label     TEXT,                       -- tax, credit and saved are known once it is sold
    tax_rate      INTEGER,                    -- in thousandths of a percent
    tax           INTEGER NOT NULL CHECK (tax BETWEEN 0 AND amount), -- is in the amount
    credit        INTEGER NOT NULL CHECK (credit BETWEEN 0 AND amount), -- paid by store credit
    saved         INTEGER NOT NULL CHECK (saved >= 0), -- against the direct download
    journal       INTEGER UNIQUE REFERENCES journal (id), -- what sold it; NULL: nothing did
    created       INTEGER NOT NULL,
    paid          INTEGER,                    -- NULL: it was never paid
    refunded      INTEGER,                    -- NULL: not all of it was paid back
    cancelled     INTEGER,                    -- NULL: it can be paid, or was
    revoked       INTEGER,                    -- NULL: the right that it gave was not revoked
    CHECK (member IS NOT NULL OR email IS NOT NULL),
    CHECK (paid IS NULL OR member IS NOT NULL),
    CHECK (journal IS NULL OR paid IS NOT NULL),
    CHECK ((item IS NULL) = (way IS NULL) AND (tier IS NULL) = (days IS NULL)),
    CHECK (item IS NULL OR tier IS NULL),
    CHECK ((tax_label IS NULL) = (tax_rate IS NULL))
) STRICT;

-- One attempt to pay an order at a provider. A reference that is a bare number is from before
-- references, and suffices only together with the session.
CREATE TABLE checkout (
    id           INTEGER PRIMARY KEY,
    key          TEXT    NOT NULL UNIQUE,     -- the same request again makes no second one
    orders       INTEGER NOT NULL REFERENCES orders (id),
    provider     TEXT    NOT NULL,
    reference    TEXT    NOT NULL UNIQUE,     -- what the provider is given along
    session      TEXT,                        -- the provider's name for it; NULL: it has none
    url          TEXT,                        -- where it is paid; NULL: nowhere yet
    subscription TEXT,                        -- the provider's name for it
    until        INTEGER,                     -- NULL: no period of a subscription is paid
    ended        INTEGER,                     -- NULL: the subscription goes on
    closed       INTEGER NOT NULL CHECK (closed IN (0, 1)), -- it ran out unpaid
    created      INTEGER NOT NULL,
    UNIQUE (provider, session)
) STRICT;

-- What is known of one payment. paid, refunded and dispute only rise, so that reports may come in
-- any order; kept is what of it is in the books.
CREATE TABLE payment (
    id       INTEGER PRIMARY KEY,
    provider TEXT    NOT NULL,
    name     TEXT    NOT NULL,                -- the provider's
    checkout INTEGER REFERENCES checkout (id), -- NULL: not known yet
    orders   INTEGER REFERENCES orders (id),  -- what it pays; NULL: it was not paid yet
    paid     INTEGER NOT NULL CHECK (paid IN (0, 1)),
    refunded INTEGER NOT NULL CHECK (refunded >= 0), -- in all, by the provider's highest figure
    dispute  INTEGER NOT NULL CHECK (dispute BETWEEN 0 AND 3), -- none, open, won, lost
    currency TEXT    NOT NULL,                -- '': not known yet
    until    INTEGER,                         -- of a subscription: the end of the paid period
    kept     INTEGER NOT NULL CHECK (kept >= 0),
    moves    INTEGER NOT NULL,                -- how often the books changed for it
    topup    INTEGER REFERENCES journal (id), -- what brought the money in
    suspends INTEGER NOT NULL CHECK (suspends IN (0, 1)), -- its dispute suspended the member
    UNIQUE (provider, name)
) STRICT;

-- What was paid back of a payment, or was to be. One that was asked for is noted before the
-- provider is asked.
CREATE TABLE refund (
    id       INTEGER PRIMARY KEY,
    payment  INTEGER NOT NULL REFERENCES payment (id),
    key      TEXT,                            -- our request's; NULL: it was not asked for here
    name     TEXT,                            -- the provider's; NULL: not known
    amount   INTEGER NOT NULL CHECK (amount > 0), -- in the payment's currency
    state    TEXT    NOT NULL CHECK (state IN ('cancelled', 'failed', 'requested', 'succeeded')),
    asked    INTEGER NOT NULL,                -- when it was asked for, or first heard of
    answered INTEGER,                         -- NULL: nobody knows whether the provider made it
    link     TEXT,                            -- where the payer takes it; NULL: nowhere
    entry    INTEGER REFERENCES journal (id), -- what took the order back; NULL: nothing did
    UNIQUE (payment, key),
    UNIQUE (payment, name)
) STRICT;

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
    checkout INTEGER REFERENCES checkout (id), -- of which it spoke; NULL: of none
    erased   INTEGER,                         -- when what came was erased with its member
    UNIQUE (provider, key)
) STRICT;

-- The order of each checkout: the last one that its payments bought, or the first of a
-- subscription; a new one where there is none.
CREATE TABLE placed AS
    SELECT checkout, sold IS NULL AS is_new,
           coalesce(sold, (SELECT coalesce(max(id), 0) FROM old_orders)
                          + row_number() OVER (PARTITION BY sold IS NULL ORDER BY checkout)) AS orders
    FROM (SELECT id AS checkout, (
              SELECT CASE WHEN old_checkout.days = 0 THEN min(old_orders.id) ELSE max(old_orders.id) END
              FROM old_payment JOIN old_orders ON old_orders.journal = old_payment.bought
              WHERE old_payment.checkout = old_checkout.id) AS sold
          FROM old_checkout) AS each_of;

INSERT INTO orders (id, token, member, item, way, tier, days, currency, price, discount,
                    discount_code, amount, tax_label, tax_rate, tax, credit, saved, journal, created,
                    paid, refunded, revoked)
    SELECT id, lower(hex(randomblob(16))), member, item, way, tier, days, currency, price, discount,
           discount_code, amount, tax_label, tax_rate, tax, credit, saved, journal, created,
           created, refunded, revoked
    FROM old_orders;
UPDATE orders SET renews = (
    SELECT placed.orders FROM old_payment JOIN placed ON placed.checkout = old_payment.checkout
    WHERE old_payment.bought = orders.journal AND placed.orders <> orders.id)
    WHERE days = 0;
INSERT INTO orders (id, token, member, item, way, tier, days, currency, price, discount, amount, tax,
                    credit, saved, created, paid, refunded, cancelled)
    SELECT placed.orders, lower(hex(randomblob(16))), member, item, way, tier, days, currency, amount,
           0, amount, 0, 0, 0, created, paid_at,
           CASE WHEN kept = 0 AND paid_at IS NOT NULL THEN coalesce(back_at, created) END,
           CASE WHEN closed = 1 AND paid_at IS NULL THEN created END
    FROM (SELECT old_checkout.*, CASE WHEN days = 0 THEN NULL ELSE (
              SELECT coalesce(min(journal.at), old_checkout.created)
              FROM old_payment LEFT JOIN journal ON journal.id = old_payment.topup
              WHERE old_payment.checkout = old_checkout.id AND paid = 1
              HAVING count(*) > 0) END AS paid_at, (
              SELECT max(journal.at) FROM old_payment JOIN journal ON journal.reverses = old_payment.topup
              WHERE old_payment.checkout = old_checkout.id) AS back_at, (
              SELECT coalesce(sum(kept), 0) FROM old_payment
              WHERE old_payment.checkout = old_checkout.id) AS kept
          FROM old_checkout) AS known
    JOIN placed ON placed.checkout = known.id AND is_new;

INSERT INTO checkout (id, key, orders, provider, reference, session, url, subscription, until, ended,
                      closed, created)
    SELECT id, key, placed.orders, provider,
           CASE WHEN session IS NULL
                AND NOT EXISTS (SELECT 1 FROM old_payment WHERE old_payment.checkout = old_checkout.id)
           THEN 'usher-' || (SELECT name FROM installation) || '-' || lower(hex(randomblob(16)))
           ELSE CAST(id AS TEXT) END,
           session, url, subscription, until, ended, closed, created
    FROM old_checkout JOIN placed ON placed.checkout = old_checkout.id;
INSERT INTO payment (id, provider, name, checkout, orders, paid, refunded, dispute, currency, until,
                     kept, moves, topup, suspends)
    SELECT id, provider, name, old_payment.checkout, coalesce(
               (SELECT old_orders.id FROM old_orders WHERE old_orders.journal = bought),
               (SELECT placed.orders FROM placed JOIN orders ON orders.id = placed.orders
                WHERE placed.checkout = old_payment.checkout AND old_payment.paid = 1
                AND coalesce(orders.days, 1) > 0)),
           paid, refunded, dispute, currency, until, kept, moves, topup, suspends
    FROM old_payment;
INSERT INTO refund (payment, key, amount, state, asked, answered, link, entry)
    SELECT payment.id, repayment.key, amount,
           CASE WHEN made = 1 THEN 'succeeded' ELSE 'requested' END, asked,
           CASE WHEN made = 1 THEN asked END, link, entry
    FROM repayment JOIN payment
    ON payment.provider = repayment.provider AND payment.name = repayment.payment
    ORDER BY repayment.id;
INSERT INTO webhook_event SELECT id, provider, key, kind, received, headers, body, verdict, effect,
                                 again, checkout, erased FROM old_webhook_event;

DROP TABLE placed;
DROP TABLE old_webhook_event;
DROP TABLE repayment;
DROP TABLE old_payment;
DROP TABLE old_checkout;
DROP TABLE old_orders;

-- What is bought once need not be bought again; a tier can be, for longer.
CREATE UNIQUE INDEX orders_paid ON orders (member, item, way)
    WHERE journal IS NOT NULL AND refunded IS NULL;
CREATE INDEX orders_created ON orders (created);
CREATE INDEX orders_email ON orders (email) WHERE email IS NOT NULL;
CREATE INDEX orders_member ON orders (member);
CREATE INDEX checkout_orders ON checkout (orders);
CREATE INDEX checkout_subscription ON checkout (provider, subscription);
CREATE INDEX payment_checkout ON payment (checkout);
CREATE INDEX payment_orders ON payment (orders);
CREATE INDEX refund_key ON refund (key);
CREATE INDEX webhook_event_checkout ON webhook_event (checkout);
CREATE INDEX webhook_event_ignored ON webhook_event (id) WHERE verdict = 'ignored';
CREATE INDEX webhook_event_refused ON webhook_event (id) WHERE key IS NULL;
