-- What providers were asked to pay back. It is noted before they are asked, so that what they did
-- not answer is not asked for again by another request.
CREATE TABLE repayment (
    id       INTEGER PRIMARY KEY,
    provider TEXT    NOT NULL,
    key      TEXT    NOT NULL,                -- the request's: the same again pays nothing more
    checkout INTEGER NOT NULL REFERENCES checkout (id),
    payment  TEXT    NOT NULL,                -- the provider's name for what is paid back
    amount   INTEGER NOT NULL CHECK (amount > 0), -- in the order's currency
    refunded INTEGER NOT NULL,                -- of the payment in all, with this
    asked    INTEGER NOT NULL,
    made     INTEGER NOT NULL CHECK (made IN (0, 1)), -- 0: the provider's answer is not known
    link     TEXT,                            -- where the payer takes it; NULL: nowhere
    entry    INTEGER REFERENCES journal (id), -- what took the purchase back; NULL: nothing did
    UNIQUE (provider, key)
) STRICT;
CREATE INDEX repayment_checkout ON repayment (checkout);

-- Of which order a delivery spoke, and when what came was erased with its member.
ALTER TABLE webhook_event ADD COLUMN checkout INTEGER REFERENCES checkout (id);
ALTER TABLE webhook_event ADD COLUMN erased INTEGER;
CREATE INDEX webhook_event_checkout ON webhook_event (checkout);
