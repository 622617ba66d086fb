-- A gift is an order whose buyer passes on what it is for: paying it issues a voucher.

ALTER TABLE orders ADD COLUMN gift INTEGER NOT NULL DEFAULT 0 CHECK (gift IN (0, 1));
-- The same gift can be bought again, whatever the buyer has.
DROP INDEX orders_paid;
CREATE UNIQUE INDEX orders_paid ON orders (member, item, way)
    WHERE journal IS NOT NULL AND refunded IS NULL AND gift = 0;

ALTER TABLE voucher ADD COLUMN way TEXT CHECK (way IN ('direct', 'torrent')); -- NULL: the torrent
ALTER TABLE voucher ADD COLUMN gift INTEGER REFERENCES orders (id); -- what paid for it; NULL: it is no gift
-- The order of 0 by which a gift was redeemed; NULL: it was not, or is no gift.
ALTER TABLE voucher ADD COLUMN redeemed_as INTEGER REFERENCES orders (id);
CREATE UNIQUE INDEX voucher_gift ON voucher (gift) WHERE gift IS NOT NULL;
CREATE UNIQUE INDEX voucher_redeemed_as ON voucher (redeemed_as) WHERE redeemed_as IS NOT NULL;
