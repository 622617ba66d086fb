-- Collections: items that others come with.

CREATE TABLE part (
    collection BIGINT NOT NULL REFERENCES item (id),
    item       BIGINT NOT NULL REFERENCES item (id),
    place      BIGINT NOT NULL,               -- in the order in which they are shown
    PRIMARY KEY (collection, item)
);
CREATE INDEX part_item ON part (item);

-- What an order of a collection gives besides the collection: its parts when it was sold.
CREATE TABLE order_part (
    orders  BIGINT NOT NULL REFERENCES orders (id),
    item    BIGINT NOT NULL REFERENCES item (id),
    revoked BIGINT,                           -- NULL: the right that it gave was not revoked
    PRIMARY KEY (orders, item)
);
CREATE INDEX order_part_item ON order_part (item);
