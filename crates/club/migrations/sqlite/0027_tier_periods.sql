-- What a membership is made of. The tier of a member follows from it.

CREATE TABLE tier_period (
    id     INTEGER PRIMARY KEY,
    member INTEGER NOT NULL REFERENCES member (id),
    tier   TEXT    NOT NULL,
    source TEXT    NOT NULL,                  -- 'order 5', 'checkout 3', 'voucher 7', 'operator', 'earlier'
    given  INTEGER NOT NULL,                  -- seconds; those that were taken back are not in it
    rest   INTEGER,                           -- seconds that had not elapsed; NULL: it has no end
    UNIQUE (member, source)
) STRICT;

-- When the rests above were counted; NULL: nobody counted yet, and what the tier says is the first period.
ALTER TABLE member ADD COLUMN tier_counted INTEGER;
-- The tier after the present one, where there is one.
ALTER TABLE member ADD COLUMN tier_then TEXT;
CREATE INDEX member_tier_then ON member (tier_until) WHERE tier_then IS NOT NULL;
