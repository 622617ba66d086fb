-- Texts and covers of items, and what the catalogue lists of them.

-- A line below the title, such as `Film, 88 minutes`; may be empty.
ALTER TABLE item ADD COLUMN subtitle TEXT NOT NULL DEFAULT '';
ALTER TABLE item ADD COLUMN tags TEXT NOT NULL DEFAULT ''; -- with a space between them
ALTER TABLE item ADD COLUMN visibility TEXT NOT NULL DEFAULT 'published'
    CHECK (visibility IN ('draft', 'published', 'unlisted'));
ALTER TABLE item ADD COLUMN released INTEGER; -- days since 1970; NULL: the day on which it was published
ALTER TABLE item ADD COLUMN preview TEXT;     -- the file that anybody may play; NULL: none
ALTER TABLE item ADD COLUMN cover BLOB CHECK (length(cover) = 32); -- digest of its images; NULL: none

-- The digest of the side-car that presents it, so that each is heeded once. NULL: none was read; empty: one may have
-- been, before there were digests.
ALTER TABLE goods ADD COLUMN side_car BLOB;
UPDATE goods SET side_car = x'';

-- Descriptions are long: whatever reads an item must not read them too. There is no row for an empty one.
CREATE TABLE description (
    item     INTEGER PRIMARY KEY REFERENCES item (id),
    markdown TEXT    NOT NULL
) STRICT;
INSERT INTO description SELECT id, description FROM item WHERE description <> '';
ALTER TABLE item DROP COLUMN description;

CREATE TABLE cover (
    item  INTEGER NOT NULL REFERENCES item (id),
    size  TEXT    NOT NULL CHECK (size IN ('large', 'medium', 'small')),
    jpeg  BLOB    NOT NULL,
    PRIMARY KEY (item, size)
) STRICT;

-- What everybody may find, with what it is sorted by: a row for each item that is published, offered
-- and not removed. It can be made again from the rest.
CREATE TABLE listing (
    item     INTEGER PRIMARY KEY REFERENCES item (id),
    released INTEGER NOT NULL,                -- in Unix seconds
    title    TEXT    NOT NULL,                -- in lower case, without accents
    price    INTEGER NOT NULL,                -- the lowest; without one, more than any price
    tags     TEXT    NOT NULL                 -- as they are counted
) STRICT;
CREATE INDEX listing_released ON listing (released, item);
CREATE INDEX listing_title ON listing (title, item);
CREATE INDEX listing_price ON listing (price, item);

-- How many listed items have a tag.
CREATE TABLE tag (
    tag   TEXT    PRIMARY KEY,
    items INTEGER NOT NULL CHECK (items > 0)
) STRICT;
CREATE INDEX tag_items ON tag (items);

-- The words and tags of listed items, by which they are found. Words are split and folded before they
-- come here, so that both databases find the same.
CREATE VIRTUAL TABLE item_search USING fts5 (
    words, content = '', contentless_delete = 1, detail = none, prefix = '1 2 3', tokenize = 'ascii'
);

-- Items whose listing is to be made again.
CREATE TABLE listing_due (
    item INTEGER PRIMARY KEY REFERENCES item (id)
) STRICT;
INSERT INTO listing_due SELECT item FROM goods;
