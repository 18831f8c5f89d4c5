-- Messengers that answer in the response itself, and let us write only for a while after that.

-- What a parent's message was answered in the response: NULL until that is decided, empty for
-- silence. The platform repeats a call whose answer it missed: it gets the same one again.
-- 'more' says that the parent was told to write again for the rest; 'late' that the reply was not
-- ready: 1, it is sent when it is, 2, the response stands in its place.
CREATE TABLE passive_replies (
    session_key TEXT NOT NULL,
    message_id TEXT NOT NULL,
    tries INTEGER NOT NULL,
    first_at TEXT NOT NULL,
    said TEXT,
    more INTEGER NOT NULL DEFAULT 0,
    late INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (session_key, message_id)
);
CREATE INDEX passive_replies_by_age ON passive_replies (first_at);

-- How long, and how often, we may still write to a parent by ourselves.
CREATE TABLE windows (
    session_key TEXT NOT NULL,
    kind TEXT NOT NULL,
    closes_at TEXT NOT NULL,
    messages_left INTEGER NOT NULL,
    PRIMARY KEY (session_key, kind)
);
