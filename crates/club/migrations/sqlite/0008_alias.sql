-- Passkeys that members brought along from another tracker, each by its keyed hash alone; one
-- stands for its member while the member's generation is this one.
CREATE TABLE alias (
    hash       BLOB    NOT NULL PRIMARY KEY CHECK (length(hash) = 16),
    member     INTEGER NOT NULL REFERENCES member (id),
    generation INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX alias_member ON alias (member);
