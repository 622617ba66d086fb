-- What lists are ordered and narrowed by.

-- Names and addresses are found by how they begin, in either case.
CREATE INDEX member_folded ON member (lower(name), id);
CREATE INDEX member_address ON member (email, id) WHERE email IS NOT NULL;
CREATE INDEX member_tier ON member (tier, id);
CREATE INDEX member_state ON member (state, id);
DROP INDEX entitlement_member;
CREATE INDEX entitlement_member ON entitlement (member, item);

-- The words of items' names and titles.
CREATE TABLE item_word (
    word TEXT    NOT NULL,
    item INTEGER NOT NULL REFERENCES item (id),
    PRIMARY KEY (word, item)
) WITHOUT ROWID;
CREATE INDEX item_word_item ON item_word (item);
CREATE INDEX item_policy ON item (policy, id);
CREATE INDEX item_visibility ON item (visibility, id);
CREATE INDEX goods_broken ON goods ((CASE WHEN broken IS NULL THEN 0 ELSE 1 END), withdrawn);
CREATE INDEX goods_withdrawn ON goods (item) WHERE withdrawn = 1;
INSERT INTO listing_due SELECT id FROM item WHERE removed = 0 AND id > 0 ON CONFLICT DO NOTHING;

DROP INDEX orders_created;
DROP INDEX orders_member;
CREATE INDEX orders_created ON orders (created, id);
CREATE INDEX orders_member ON orders (member, id);
CREATE INDEX orders_item ON orders (item, id) WHERE item IS NOT NULL;
CREATE INDEX orders_unpaid ON orders (id) WHERE paid IS NULL;
CREATE INDEX orders_refunded ON orders (id) WHERE refunded IS NOT NULL;
CREATE INDEX checkout_created ON checkout (created, id);
CREATE INDEX checkout_session ON checkout (session) WHERE session IS NOT NULL;
CREATE INDEX checkout_subscribed ON checkout (subscription) WHERE subscription IS NOT NULL;
CREATE INDEX payment_name ON payment (name);
CREATE INDEX refund_name ON refund (name) WHERE name IS NOT NULL;
CREATE INDEX webhook_event_key ON webhook_event (key) WHERE key IS NOT NULL;
CREATE INDEX webhook_event_received ON webhook_event (received, id);
CREATE INDEX webhook_event_verdict ON webhook_event (verdict, id);
CREATE INDEX voucher_issue ON voucher (issue, id);
CREATE INDEX voucher_state ON voucher (state, id);
CREATE INDEX voucher_member ON voucher (member, id) WHERE member IS NOT NULL;
CREATE INDEX journal_at ON journal (at, id);
CREATE INDEX journal_member ON journal (member, id) WHERE member IS NOT NULL;
CREATE INDEX reward_pending ON reward (id) WHERE journal IS NULL AND reversed IS NULL;
CREATE INDEX reward_reversed ON reward (id) WHERE reversed IS NOT NULL;
CREATE INDEX audit_at ON audit (at, id);
CREATE INDEX audit_item ON audit (item, id) WHERE item IS NOT NULL;
CREATE INDEX audit_member ON audit (member, id) WHERE member IS NOT NULL;
CREATE INDEX audit_what ON audit (what, id);
CREATE INDEX audit_who ON audit (who, id);
CREATE INDEX alert_open_id ON alert (id) WHERE acked IS NULL;
CREATE INDEX alert_item ON alert (item) WHERE item IS NOT NULL;
CREATE INDEX alert_kind ON alert (kind, id);
CREATE INDEX mail_state ON mail (state, id);
