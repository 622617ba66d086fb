-- Texts and covers of items, and what the catalogue lists of them.

-- A line below the title, such as `Film, 88 minutes`; may be empty.
ALTER TABLE item ADD COLUMN subtitle TEXT NOT NULL DEFAULT '';
ALTER TABLE item ADD COLUMN tags TEXT NOT NULL DEFAULT ''; -- with a space between them
ALTER TABLE item ADD COLUMN visibility TEXT NOT NULL DEFAULT 'published'
    CHECK (visibility IN ('draft', 'published', 'unlisted'));
ALTER TABLE item ADD COLUMN released BIGINT;  -- days since 1970; NULL: the day on which it was published
ALTER TABLE item ADD COLUMN preview TEXT;     -- the file that anybody may play; NULL: none
ALTER TABLE item ADD COLUMN cover BYTEA CHECK (length(cover) = 32); -- digest of its images; NULL: none

-- The digest of the side-car that presents it, so that each is heeded once. NULL: none was read; empty: one may have
-- been, before there were digests.
ALTER TABLE goods ADD COLUMN side_car BYTEA;
UPDATE goods SET side_car = '';

-- Descriptions are long: whatever reads an item must not read them too. There is no row for an empty one.
CREATE TABLE description (
    item     BIGINT PRIMARY KEY REFERENCES item (id),
    markdown TEXT   NOT NULL
);
INSERT INTO description SELECT id, description FROM item WHERE description <> '';
ALTER TABLE item DROP COLUMN description;

CREATE TABLE cover (
    item  BIGINT NOT NULL REFERENCES item (id),
    size  TEXT   NOT NULL CHECK (size IN ('large', 'medium', 'small')),
    jpeg  BYTEA  NOT NULL,
    PRIMARY KEY (item, size)
);

-- What everybody may find, with what it is sorted by: a row for each item that is published, offered
-- and not removed. It can be made again from the rest.
CREATE TABLE listing (
    item     BIGINT PRIMARY KEY REFERENCES item (id),
    released BIGINT NOT NULL,                 -- in Unix seconds
    title    TEXT   COLLATE "C" NOT NULL,     -- in lower case, without accents; sorted as SQLite does
    price    BIGINT NOT NULL,                 -- the lowest; without one, more than any price
    tags     TEXT   NOT NULL                  -- as they are counted
);
CREATE INDEX listing_released ON listing (released, item);
CREATE INDEX listing_title ON listing (title, item);
CREATE INDEX listing_price ON listing (price, item);

-- How many listed items have a tag.
CREATE TABLE tag (
    tag   TEXT   COLLATE "C" PRIMARY KEY,
    items BIGINT NOT NULL CHECK (items > 0)
);
CREATE INDEX tag_items ON tag (items);

-- The words and tags of listed items, by which they are found. Words are split and folded before they
-- come here, so that both databases find the same.
CREATE TABLE item_search (
    item  BIGINT   PRIMARY KEY REFERENCES item (id),
    words TSVECTOR NOT NULL
) WITH (toast_tuple_target = 128);
-- Words are beside the rows, because only the index is read. It is always the better plan, as the planner,
-- which does not know what reading them costs, believes as long as it has no statistics of them.
ALTER TABLE item_search ALTER COLUMN words SET STORAGE EXTERNAL;
ALTER TABLE item_search ALTER COLUMN words SET STATISTICS 0;
CREATE INDEX item_search_words ON item_search USING gin (words);

-- Items whose listing is to be made again.
CREATE TABLE listing_due (
    item BIGINT PRIMARY KEY REFERENCES item (id)
);
INSERT INTO listing_due SELECT item FROM goods;
