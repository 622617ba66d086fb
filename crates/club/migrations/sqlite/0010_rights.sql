-- What orders saved.

-- By how much a buyer of the torrent paid less than for a direct download at the time of the sale,
-- never more than was paid; 0 for all other orders.
ALTER TABLE orders ADD COLUMN saved INTEGER NOT NULL DEFAULT 0 CHECK (saved >= 0);
UPDATE orders SET saved = (
    SELECT CASE WHEN direct_price - least < amount THEN direct_price - least ELSE amount END
    FROM (SELECT item.direct_price, CASE WHEN orders.amount > item.torrent_price
                                    THEN orders.amount ELSE item.torrent_price END AS least
          FROM item WHERE item.id = orders.item) AS priced)
    WHERE way = 'torrent' AND EXISTS (
        SELECT 1 FROM item WHERE item.id = orders.item AND item.currency = orders.currency
        AND item.torrent_price IS NOT NULL AND item.direct_price > orders.amount);
