-- Collections: items that others come with.

CREATE TABLE part (
    collection INTEGER NOT NULL REFERENCES item (id),
    item       INTEGER NOT NULL REFERENCES item (id),
    place      INTEGER NOT NULL,              -- in the order in which they are shown
    PRIMARY KEY (collection, item)
) STRICT, WITHOUT ROWID;
CREATE INDEX part_item ON part (item);

-- What an order of a collection gives besides the collection: its parts when it was sold.
CREATE TABLE order_part (
    orders  INTEGER NOT NULL REFERENCES orders (id),
    item    INTEGER NOT NULL REFERENCES item (id),
    revoked INTEGER,                          -- NULL: the right that it gave was not revoked
    PRIMARY KEY (orders, item)
) STRICT, WITHOUT ROWID;
CREATE INDEX order_part_item ON order_part (item);
