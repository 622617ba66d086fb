WITH RECURSIVE n (n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM n WHERE n < 1000000)
INSERT INTO member (id, name, tier, state, generation, created)
SELECT n, 'member-' || n, 'fan', 'active', 0, 0 FROM n;

WITH RECURSIVE n (n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM n WHERE n < 100000)
INSERT INTO item (id, name, title, policy, size_bytes, private, removed, created)
SELECT n, 'item-' || n, 'Item ' || n, 'free', 1, 0, 0, 0 FROM n;

INSERT INTO info_hash SELECT id, 0, randomblob(20) FROM item WHERE id > 0;

WITH RECURSIVE n (n) AS (VALUES (0) UNION ALL SELECT n + 1 FROM n WHERE n < 49)
INSERT INTO entitlement (item, member, generation, source, granted)
SELECT id, (id * 13 + n * 20011) % 1000000 + 1, 0, 'order 7', 0 FROM item, n WHERE id > 0;
