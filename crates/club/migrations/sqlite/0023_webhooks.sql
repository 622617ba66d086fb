-- Outgoing webhooks, what is sent to them, and of which kinds of alert somebody was told.

CREATE TABLE webhook (
    id       INTEGER PRIMARY KEY,
    url      TEXT    NOT NULL,
    orders   INTEGER NOT NULL CHECK (orders IN (0, 1)), -- whether it is told of orders
    alerts   INTEGER NOT NULL CHECK (alerts IN (0, 1)), -- whether it is told of alerts
    salt     BLOB    NOT NULL,               -- the secret derives from it and the master secret
    created  INTEGER NOT NULL,
    failing  INTEGER,                        -- since when every try failed; NULL: the last one did not
    paused   INTEGER,                        -- NULL: it is sent to
    removed  INTEGER
) STRICT;

CREATE TABLE webhook_delivery (
    id       INTEGER PRIMARY KEY,
    webhook  INTEGER NOT NULL REFERENCES webhook (id),
    event    TEXT    NOT NULL,               -- such as `order.paid`
    message  TEXT    NOT NULL,               -- the webhook-id, the same at each try
    body     TEXT    NOT NULL,
    state    TEXT    NOT NULL CHECK (state IN ('delivered', 'failed', 'queued')),
    created  INTEGER NOT NULL,
    since    INTEGER NOT NULL,               -- when it was queued, or queued again
    due      INTEGER NOT NULL,               -- when it is tried next
    tries    INTEGER NOT NULL CHECK (tries >= 0), -- since then
    ended    INTEGER,                        -- NULL: it is queued
    answer   TEXT    NOT NULL,               -- what came of the last try
    CHECK ((state = 'queued') = (ended IS NULL))
) STRICT;
CREATE INDEX webhook_delivery_due ON webhook_delivery (webhook, due) WHERE state = 'queued';
CREATE INDEX webhook_delivery_webhook ON webhook_delivery (webhook, id);
CREATE INDEX webhook_delivery_ended ON webhook_delivery (ended) WHERE ended IS NOT NULL;

-- Kinds of alert that somebody was told of, until the last one of the kind is closed.
CREATE TABLE alert_told (
    kind TEXT    NOT NULL PRIMARY KEY,
    at   INTEGER NOT NULL
) STRICT;
