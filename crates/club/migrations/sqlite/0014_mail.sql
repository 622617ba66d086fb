-- Mail that waits to be sent, and what became of it.

CREATE TABLE mail (
    id        INTEGER PRIMARY KEY,
    recipient TEXT    NOT NULL,               -- in lower case
    member    INTEGER REFERENCES member (id), -- whom it is for; NULL: nobody who is a member
    about     TEXT    NOT NULL,               -- what it reports, such as `receipt 7`
    subject   TEXT    NOT NULL,
    body      TEXT    NOT NULL,               -- '': it was sent
    link      TEXT    CHECK (link IN ('address', 'sign-in')), -- made when it is sent; NULL: none
    state     TEXT    NOT NULL CHECK (state IN ('bounced', 'failed', 'queued', 'sent')),
    created   INTEGER NOT NULL,
    since     INTEGER NOT NULL,               -- when it was queued, or queued again
    due       INTEGER NOT NULL,               -- when it is tried next
    tries     INTEGER NOT NULL CHECK (tries >= 0), -- since then
    ended     INTEGER,                        -- NULL: it is queued
    answer    TEXT    NOT NULL,               -- the server's last words
    CHECK ((state = 'queued') = (ended IS NULL))
) STRICT;
CREATE INDEX mail_due ON mail (due) WHERE state = 'queued';
CREATE INDEX mail_member ON mail (member) WHERE member IS NOT NULL;
CREATE INDEX mail_recipient ON mail (recipient);
CREATE INDEX mail_ended ON mail (ended) WHERE ended IS NOT NULL;
