-- An order exists from the moment somebody wants to buy, and has any number of checkouts and
-- payments; refunds are rows with a state.

-- What tells this installation's references from those of another that uses the same account.
CREATE TABLE installation (
    id   BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
    name TEXT   NOT NULL
);
INSERT INTO installation (id, name) VALUES (1, right(replace(gen_random_uuid()::text, '-', ''), 12));

-- An address that nobody has shown to be theirs is not verified.
ALTER TABLE member ADD COLUMN email TEXT;     -- in lower case; NULL: none is known
ALTER TABLE member ADD COLUMN email_verified BIGINT; -- NULL: it was never shown to be the member's
CREATE UNIQUE INDEX member_email ON member (email) WHERE state <> 'removed';

-- The order of each checkout: the last one that its payments bought, or the first of a
-- subscription; a new one where there is none.
CREATE TABLE placed AS
    SELECT checkout, sold IS NULL AS is_new,
           coalesce(sold, (SELECT coalesce(max(id), 0) FROM orders)
                          + row_number() OVER (PARTITION BY sold IS NULL ORDER BY checkout)) AS orders
    FROM (SELECT id AS checkout, (
              SELECT CASE WHEN checkout.days = 0 THEN min(orders.id) ELSE max(orders.id) END
              FROM payment JOIN orders ON orders.journal = payment.bought
              WHERE payment.checkout = checkout.id) AS sold
          FROM checkout) AS each_of;

-- An item with a delivery method (way), a tier with days (0: one period of a subscription), or
-- neither: a top-up. paid, refunded, cancelled and revoked are times.
ALTER TABLE orders
    ALTER COLUMN member DROP NOT NULL,        -- NULL: a visitor who has not paid
    ALTER COLUMN journal DROP NOT NULL,       -- what sold it; NULL: nothing did
    ALTER COLUMN saved DROP DEFAULT,          -- tax, credit and saved are known once it is sold
    ADD COLUMN token TEXT UNIQUE,             -- its unguessable name in URLs
    ADD COLUMN key TEXT UNIQUE,               -- the same request again makes no second one
    ADD COLUMN email TEXT,                    -- in lower case; NULL: none was given
    ADD COLUMN renews BIGINT REFERENCES orders (id), -- the first order of its subscription; NULL: this
    ADD COLUMN paid BIGINT,                   -- NULL: it was never paid
    ADD COLUMN cancelled BIGINT;              -- NULL: it can be paid, or was
DO $$
DECLARE
    old TEXT;
BEGIN
    -- An order may be for neither an item nor a tier now.
    SELECT conname INTO STRICT old FROM pg_constraint
        WHERE conrelid = 'orders'::regclass AND contype = 'c'
        AND pg_get_constraintdef(oid) LIKE '%((item IS NULL) <> (tier IS NULL))%';
    EXECUTE format('ALTER TABLE orders DROP CONSTRAINT %I', old);
END $$;
DROP INDEX orders_paid;
UPDATE orders SET token = replace(gen_random_uuid()::text, '-', ''), paid = created;
UPDATE orders SET renews = (
    SELECT placed.orders FROM payment JOIN placed ON placed.checkout = payment.checkout
    WHERE payment.bought = orders.journal AND placed.orders <> orders.id)
    WHERE days = 0;
INSERT INTO orders (id, token, member, item, way, tier, days, currency, price, discount, amount, tax,
                    credit, saved, created, paid, refunded, cancelled)
    SELECT placed.orders, replace(gen_random_uuid()::text, '-', ''), member, item, way, tier, days,
           currency, amount, 0, amount, 0, 0, 0, created, paid_at,
           CASE WHEN kept = 0 AND paid_at IS NOT NULL THEN coalesce(back_at, created) END,
           CASE WHEN closed = 1 AND paid_at IS NULL THEN created END
    FROM (SELECT checkout.*, CASE WHEN days = 0 THEN NULL ELSE (
              SELECT coalesce(min(journal.at), checkout.created)
              FROM payment LEFT JOIN journal ON journal.id = payment.topup
              WHERE payment.checkout = checkout.id AND paid = 1
              HAVING count(*) > 0) END AS paid_at, (
              SELECT max(journal.at) FROM payment JOIN journal ON journal.reverses = payment.topup
              WHERE payment.checkout = checkout.id) AS back_at, (
              SELECT coalesce(sum(kept), 0) FROM payment
              WHERE payment.checkout = checkout.id) AS kept
          FROM checkout) AS known
    JOIN placed ON placed.checkout = known.id AND is_new;
SELECT setval(pg_get_serial_sequence('orders', 'id'), (SELECT max(id) FROM orders));
ALTER TABLE orders
    ALTER COLUMN token SET NOT NULL,
    ADD CHECK (member IS NOT NULL OR email IS NOT NULL),
    ADD CHECK (paid IS NULL OR member IS NOT NULL),
    ADD CHECK (journal IS NULL OR paid IS NOT NULL),
    ADD CHECK (item IS NULL OR tier IS NULL);

-- One attempt to pay an order at a provider. A reference that is a bare number is from before
-- references, and suffices only together with the session.
ALTER TABLE checkout
    ADD COLUMN orders BIGINT REFERENCES orders (id),
    ADD COLUMN reference TEXT UNIQUE;         -- what the provider is given along
UPDATE checkout SET
    reference = CASE WHEN session IS NULL
        AND NOT EXISTS (SELECT 1 FROM payment WHERE payment.checkout = checkout.id)
        THEN 'usher-' || (SELECT name FROM installation) || '-'
            || replace(gen_random_uuid()::text, '-', '')
        ELSE id::text END,
    orders = (SELECT placed.orders FROM placed WHERE placed.checkout = checkout.id);

ALTER TABLE payment
    ADD COLUMN orders BIGINT REFERENCES orders (id); -- what it pays; NULL: it was not paid yet
UPDATE payment SET orders = coalesce(
    (SELECT orders.id FROM orders WHERE orders.journal = bought),
    (SELECT placed.orders FROM placed JOIN orders ON orders.id = placed.orders
     WHERE placed.checkout = payment.checkout AND payment.paid = 1
     AND coalesce(orders.days, 1) > 0));
ALTER TABLE payment DROP COLUMN bought;

ALTER TABLE checkout
    ALTER COLUMN orders SET NOT NULL,
    ALTER COLUMN reference SET NOT NULL,
    DROP COLUMN member,
    DROP COLUMN currency,
    DROP COLUMN amount,
    DROP COLUMN item,
    DROP COLUMN way,
    DROP COLUMN tier,
    DROP COLUMN days;

-- What was paid back of a payment, or was to be. One that was asked for is noted before the
-- provider is asked.
CREATE TABLE refund (
    id       BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    payment  BIGINT  NOT NULL REFERENCES payment (id),
    key      TEXT,                            -- our request's; NULL: it was not asked for here
    name     TEXT,                            -- the provider's; NULL: not known
    amount   BIGINT  NOT NULL CHECK (amount > 0), -- in the payment's currency
    state    TEXT    NOT NULL CHECK (state IN ('cancelled', 'failed', 'requested', 'succeeded')),
    asked    BIGINT  NOT NULL,                -- when it was asked for, or first heard of
    answered BIGINT,                          -- NULL: nobody knows whether the provider made it
    link     TEXT,                            -- where the payer takes it; NULL: nowhere
    entry    BIGINT  REFERENCES journal (id), -- what took the order back; NULL: nothing did
    UNIQUE (payment, key),
    UNIQUE (payment, name)
);
INSERT INTO refund (payment, key, amount, state, asked, answered, link, entry)
    SELECT payment.id, repayment.key, amount,
           CASE WHEN made = 1 THEN 'succeeded' ELSE 'requested' END, asked,
           CASE WHEN made = 1 THEN asked END, link, entry
    FROM repayment JOIN payment
    ON payment.provider = repayment.provider AND payment.name = repayment.payment
    ORDER BY repayment.id;

DROP TABLE placed;
DROP TABLE repayment;

-- What is bought once need not be bought again; a tier can be, for longer.
CREATE UNIQUE INDEX orders_paid ON orders (member, item, way)
    WHERE journal IS NOT NULL AND refunded IS NULL;
CREATE INDEX orders_email ON orders (email) WHERE email IS NOT NULL;
CREATE INDEX orders_member ON orders (member);
CREATE INDEX checkout_orders ON checkout (orders);
CREATE INDEX payment_orders ON payment (orders);
CREATE INDEX refund_key ON refund (key);
