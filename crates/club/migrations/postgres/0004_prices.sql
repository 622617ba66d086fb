-- Tiers for sale, prices that buyers choose, discounts and tax; what an order says of them.

-- What a buyer must pay at least, who may choose; NULL: the price is the price.
ALTER TABLE item ADD COLUMN minimum BIGINT CHECK (minimum >= 0);

ALTER TABLE orders
    ALTER COLUMN item DROP NOT NULL,          -- an item with a way, or a tier with days
    ALTER COLUMN way DROP NOT NULL,
    ADD COLUMN tier TEXT,
    ADD COLUMN days BIGINT CHECK (days >= 0), -- 0: by a subscription
    ADD COLUMN price BIGINT CHECK (price >= 0), -- before the discount
    ADD COLUMN discount BIGINT NOT NULL DEFAULT 0,
    ADD COLUMN discount_code TEXT,
    ADD COLUMN tax_label TEXT,
    ADD COLUMN tax_rate BIGINT,               -- in thousandths of a percent
    ADD COLUMN tax BIGINT NOT NULL DEFAULT 0 CHECK (tax BETWEEN 0 AND amount), -- is in the amount
    ADD COLUMN credit BIGINT NOT NULL DEFAULT 0 CHECK (credit BETWEEN 0 AND amount); -- paid by store credit
UPDATE orders SET price = amount;
ALTER TABLE orders
    ALTER COLUMN price SET NOT NULL,
    ALTER COLUMN discount DROP DEFAULT,
    ALTER COLUMN tax DROP DEFAULT,
    ALTER COLUMN credit DROP DEFAULT,
    ADD CHECK (discount BETWEEN 0 AND price AND amount = price - discount),
    ADD CHECK ((item IS NULL) = (way IS NULL) AND (tier IS NULL) = (days IS NULL)),
    ADD CHECK ((item IS NULL) <> (tier IS NULL)),
    ADD CHECK ((tax_label IS NULL) = (tax_rate IS NULL));
CREATE INDEX orders_created ON orders (created);

-- A code that takes a share or an amount off. It is no secret.
CREATE TABLE discount (
    code     TEXT   PRIMARY KEY,              -- in capitals
    percent  BIGINT CHECK (percent BETWEEN 1 AND 100),
    currency TEXT,
    amount   BIGINT CHECK (amount > 0),
    item     BIGINT REFERENCES item (id),     -- NULL: everything for sale
    until    BIGINT,                          -- NULL: for ever
    most     BIGINT CHECK (most > 0),         -- how often it may be used; NULL: any number of times
    used     BIGINT NOT NULL,
    created  BIGINT NOT NULL,
    CHECK ((amount IS NULL) = (currency IS NULL) AND (amount IS NULL) <> (percent IS NULL))
);
