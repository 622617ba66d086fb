-- Mail whose text is written when it is sent, subscriptions that are not to be renewed, and which
-- version of an item a member has.

ALTER TABLE mail ADD COLUMN report TEXT CHECK (report IN ('orders', 'receipt', 'refund')); -- NULL: the text is in the row
ALTER TABLE mail ADD COLUMN orders INTEGER REFERENCES orders (id); -- of a receipt or a refund; NULL: of none
CREATE INDEX mail_orders ON mail (orders) WHERE orders IS NOT NULL;

ALTER TABLE checkout ADD COLUMN cancelled INTEGER; -- when the member cancelled its subscription; NULL: never

-- The version of an item whose torrent a member took last.
CREATE TABLE version_taken (
    member  INTEGER NOT NULL REFERENCES member (id),
    item    INTEGER NOT NULL REFERENCES item (id),
    version INTEGER NOT NULL,
    PRIMARY KEY (member, item)
) STRICT, WITHOUT ROWID;
