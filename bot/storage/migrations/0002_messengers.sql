-- Messengers we push to: what is still to be sent there, what came in, and who of the staff is who.

-- 'place' is the place of the turn or delivery itself, so that each chat gets everything in the
-- order it was said. A 'note' is a message of the channel's own, as JSON; NULL once it was sent.
CREATE TABLE outbox (
    place INTEGER PRIMARY KEY,
    session_key TEXT NOT NULL,
    kind TEXT NOT NULL,
    note TEXT,
    note_key TEXT UNIQUE,
    number INTEGER,
    parts_sent INTEGER NOT NULL DEFAULT 0,
    attempts INTEGER NOT NULL DEFAULT 0,
    due_at TEXT,
    reason TEXT,
    sent_at TEXT
);
CREATE INDEX outbox_unsent ON outbox (session_key, place) WHERE sent_at IS NULL;
CREATE INDEX outbox_kept ON outbox (place) WHERE sent_at IS NULL AND reason IS NOT NULL;
CREATE INDEX deliveries_of_words ON deliveries (words_id);

-- Which inquiry a message of ours in a staff chat is about: a reply to it goes there.
CREATE TABLE carried (
    session_key TEXT NOT NULL,
    message_id TEXT NOT NULL,
    number INTEGER NOT NULL,
    at TEXT NOT NULL,
    PRIMARY KEY (session_key, message_id)
);

-- What a messenger delivered, before it is acknowledged; the words go as soon as it is handled,
-- the id stays until the messenger cannot repeat it any more.
CREATE TABLE updates (
    channel TEXT NOT NULL,
    update_id INTEGER NOT NULL,
    incoming TEXT,
    received_at TEXT NOT NULL,
    handled INTEGER NOT NULL,
    PRIMARY KEY (channel, update_id)
);
CREATE INDEX updates_unhandled ON updates (channel, received_at) WHERE handled = 0;
CREATE INDEX updates_by_age ON updates (received_at);

-- Acts of staff that a repeated update must not do again.
CREATE TABLE done_once (
    name TEXT PRIMARY KEY,
    at TEXT NOT NULL
);

CREATE TABLE staff_codes (
    code_hash TEXT PRIMARY KEY,
    name TEXT NOT NULL REFERENCES staff_accounts (name),
    expires_at TEXT NOT NULL,
    used_at TEXT
);

-- 'home' is the chat where a member of staff reads transcripts.
CREATE TABLE staff_people (
    user_key TEXT PRIMARY KEY,
    name TEXT NOT NULL REFERENCES staff_accounts (name),
    home TEXT NOT NULL
);

CREATE TABLE staff_groups (
    session_key TEXT PRIMARY KEY,
    bound_by TEXT NOT NULL
);

-- The poster a parent came from, until an inquiry of theirs carries it.
CREATE TABLE sources (
    session_key TEXT PRIMARY KEY,
    source TEXT NOT NULL,
    at TEXT NOT NULL
);

-- Single facts a channel remembers, such as the commands it last registered.
CREATE TABLE marks (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
);
