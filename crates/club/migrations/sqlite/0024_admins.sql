-- Who may open the dashboard, with what they prove it by, and who tried in vain.

CREATE TABLE admin (
    id           INTEGER PRIMARY KEY,
    name         TEXT    NOT NULL UNIQUE,
    role         TEXT    NOT NULL CHECK (role IN ('owner', 'staff', 'read-only')),
    totp         BLOB    NOT NULL,   -- the secret of the codes, sealed under a key that is not here
    step         INTEGER NOT NULL,   -- of the last code that was accepted; 0: none
    password     TEXT,               -- argon2id, as a PHC string; NULL: the link was not used yet
    link         BLOB    UNIQUE CHECK (length(link) = 32), -- the SHA-256 of what is in the URL; NULL: it was used
    link_expires INTEGER,
    created      INTEGER NOT NULL,
    CHECK ((link IS NULL) = (link_expires IS NULL)),
    CHECK (link IS NOT NULL OR password IS NOT NULL)
) STRICT;

-- Recovery codes. Using one deletes it.
CREATE TABLE admin_code (
    code  BLOB    NOT NULL PRIMARY KEY CHECK (length(code) = 32), -- the SHA-256 of what is typed
    admin INTEGER NOT NULL REFERENCES admin (id)
) STRICT;
CREATE INDEX admin_code_admin ON admin_code (admin);

CREATE TABLE admin_attempt (
    id      INTEGER PRIMARY KEY,
    admin   INTEGER REFERENCES admin (id), -- NULL: nobody has the name, which may be a password
    address TEXT    NOT NULL,
    wrong   TEXT    NOT NULL CHECK (wrong IN ('code', 'name', 'password')),
    at      INTEGER NOT NULL
) STRICT;
CREATE INDEX admin_attempt_admin ON admin_attempt (admin, id);

-- When its admin gave password or code last; NULL: a member's.
ALTER TABLE sign_in ADD COLUMN confirmed INTEGER;
