-- What orders saved, and what was held before them.

-- By how much a buyer of the torrent paid less than for a direct download at the time of the sale,
-- never more than was paid; 0 for all other orders.
ALTER TABLE orders ADD COLUMN saved BIGINT NOT NULL DEFAULT 0 CHECK (saved >= 0);
UPDATE orders SET saved = (
    SELECT CASE WHEN direct_price - least < amount THEN direct_price - least ELSE amount END
    FROM (SELECT item.direct_price, CASE WHEN orders.amount > item.torrent_price
                                    THEN orders.amount ELSE item.torrent_price END AS least
          FROM item WHERE item.id = orders.item) AS priced)
    WHERE way = 'torrent' AND EXISTS (
        SELECT 1 FROM item WHERE item.id = orders.item AND item.currency = orders.currency
        AND item.torrent_price IS NOT NULL AND item.direct_price > orders.amount);

-- What was in force when an order gave a right instead, and is again once that is paid back.
ALTER TABLE entitlement ADD COLUMN before_source TEXT; -- NULL: nothing was
ALTER TABLE entitlement ADD COLUMN before_until BIGINT; -- NULL: for ever
-- When the right that an order gave was revoked: it does not come back. NULL: it was not.
ALTER TABLE orders ADD COLUMN revoked BIGINT;
UPDATE orders SET revoked = (
    SELECT entitlement.revoked FROM entitlement
    WHERE entitlement.item = orders.item AND entitlement.member = orders.member
    AND ended = 'revoked')
    WHERE item IS NOT NULL AND refunded IS NULL;
