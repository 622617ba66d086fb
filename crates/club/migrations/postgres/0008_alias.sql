-- Passkeys that members brought along from another tracker, each by its keyed hash alone; one
-- stands for its member while the member's generation is this one.
CREATE TABLE alias (
    hash       BYTEA   NOT NULL PRIMARY KEY CHECK (length(hash) = 16),
    member     BIGINT NOT NULL REFERENCES member (id),
    generation BIGINT NOT NULL
);
CREATE INDEX alias_member ON alias (member);
