-- Tokens of the API. Each is stored as the SHA-256 of its secret.

CREATE TABLE api_token (
    id      INTEGER PRIMARY KEY,
    hash    BLOB    NOT NULL UNIQUE CHECK (length(hash) = 32),
    name    TEXT    NOT NULL,
    scopes  TEXT    NOT NULL,               -- their names, with spaces between them
    created INTEGER NOT NULL,
    expires INTEGER,                        -- NULL: it has no end
    used    INTEGER,                        -- to within a minute; NULL: never
    revoked INTEGER
) STRICT;
CREATE UNIQUE INDEX api_token_name ON api_token (name) WHERE revoked IS NULL;

-- With these, members read their own numbers. Revoking one deletes it.
CREATE TABLE member_token (
    id      INTEGER PRIMARY KEY,
    hash    BLOB    NOT NULL UNIQUE CHECK (length(hash) = 32),
    member  INTEGER NOT NULL REFERENCES member (id),
    created INTEGER NOT NULL,
    used    INTEGER                         -- to within a minute; NULL: never
) STRICT;
CREATE INDEX member_token_member ON member_token (member);
