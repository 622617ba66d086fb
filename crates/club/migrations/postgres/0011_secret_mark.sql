-- What tells the master secret that all passkeys derive from: only the same secret gives it. Empty
-- where the operator said that the next secret is taken, whichever it is.
CREATE TABLE secret_mark (
    id   BIGINT  NOT NULL PRIMARY KEY CHECK (id = 1),
    mark BYTEA   NOT NULL CHECK (length(mark) IN (0, 32))
);
