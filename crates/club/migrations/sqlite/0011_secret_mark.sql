-- What tells the master secret that all passkeys derive from: only the same secret gives it. Empty
-- where the operator said that the next secret is taken, whichever it is.
CREATE TABLE secret_mark (
    id   INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    mark BLOB    NOT NULL CHECK (length(mark) IN (0, 32))
) STRICT;
