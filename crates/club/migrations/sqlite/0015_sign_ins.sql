-- Who is signed in on which browser, by what links and codes, and who tried in vain.

CREATE TABLE sign_in (
    id      INTEGER PRIMARY KEY,
    token   BLOB    NOT NULL UNIQUE CHECK (length(token) = 32), -- the SHA-256 of what the browser has
    member  INTEGER REFERENCES member (id), -- NULL: an admin's
    admin   INTEGER,                        -- NULL: a member's
    agent   TEXT    NOT NULL,               -- the browser, as it calls itself
    created INTEGER NOT NULL,
    used    INTEGER NOT NULL,               -- to within some minutes
    CHECK ((member IS NULL) <> (admin IS NULL))
) STRICT;
CREATE INDEX sign_in_member ON sign_in (member) WHERE member IS NOT NULL;
CREATE INDEX sign_in_admin ON sign_in (admin) WHERE admin IS NOT NULL;
CREATE INDEX sign_in_used ON sign_in (used);

-- Using one deletes it.
CREATE TABLE sign_in_link (
    id      INTEGER PRIMARY KEY,
    token   BLOB    NOT NULL UNIQUE CHECK (length(token) = 32), -- the SHA-256 of what is in the URL
    code    BLOB    UNIQUE CHECK (length(code) = 32), -- the SHA-256 of what is typed; NULL: it has none
    member  INTEGER NOT NULL REFERENCES member (id),
    email   TEXT,                           -- where it was mailed to; NULL: it was handed out
    changes INTEGER NOT NULL CHECK (changes IN (0, 1)), -- it makes that the member's address
    created INTEGER NOT NULL,
    expires INTEGER NOT NULL,
    CHECK (changes = 0 OR email IS NOT NULL)
) STRICT;
CREATE INDEX sign_in_link_member ON sign_in_link (member);
CREATE INDEX sign_in_link_expires ON sign_in_link (expires);

CREATE TABLE sign_in_attempt (
    id       INTEGER PRIMARY KEY,
    email    TEXT    NOT NULL,
    outcome  TEXT    NOT NULL CHECK (outcome IN ('suspended', 'taken', 'too-many', 'unknown')),
    first_at INTEGER NOT NULL,
    last_at  INTEGER NOT NULL,
    times    INTEGER NOT NULL,
    UNIQUE (email, outcome)
) STRICT;
