-- Times are ISO-8601 text in UTC with microseconds, so that text order is time order.
-- What the parent asked to have removed is NULL afterwards, never an empty text.

-- 'place' numbers everything said, in the order it was committed, across the four tables below.
CREATE TABLE counters (
    name TEXT PRIMARY KEY,
    value INTEGER NOT NULL
);
INSERT INTO counters (name, value) VALUES ('place', 0);

CREATE TABLE sessions (
    session_key TEXT PRIMARY KEY,
    greeted INTEGER NOT NULL,
    misses INTEGER NOT NULL,
    choices TEXT NOT NULL,
    last_entry TEXT,
    current_number INTEGER,
    confirming_deletion INTEGER NOT NULL,
    erased_at TEXT
);

CREATE TABLE inquiries (
    number INTEGER PRIMARY KEY,
    session_key TEXT NOT NULL,
    status TEXT NOT NULL,
    opened_at TEXT NOT NULL,
    changed_at TEXT NOT NULL,
    touched_at TEXT NOT NULL,
    topic TEXT,
    entry TEXT,
    owner TEXT,
    urgent INTEGER NOT NULL,
    previous INTEGER,
    slots TEXT NOT NULL
);
CREATE INDEX inquiries_of_session ON inquiries (session_key, number);
CREATE INDEX inquiries_by_status ON inquiries (status, touched_at);

CREATE TABLE moves (
    id INTEGER PRIMARY KEY,
    number INTEGER NOT NULL REFERENCES inquiries (number),
    at TEXT NOT NULL,
    status_before TEXT,
    status_after TEXT NOT NULL,
    who TEXT NOT NULL,
    why TEXT NOT NULL
);
CREATE INDEX moves_of_inquiry ON moves (number, id);

CREATE TABLE inbox (
    id INTEGER PRIMARY KEY,
    session_key TEXT NOT NULL,
    message_id TEXT NOT NULL,
    channel TEXT NOT NULL,
    user_id TEXT NOT NULL,
    text TEXT,
    pick INTEGER,
    picked TEXT,
    media TEXT,
    received_at TEXT NOT NULL,
    handled INTEGER NOT NULL,
    UNIQUE (session_key, message_id)
);
CREATE INDEX inbox_of_session ON inbox (session_key, id);
CREATE INDEX inbox_unhandled ON inbox (id) WHERE handled = 0;

CREATE TABLE turns (
    id INTEGER PRIMARY KEY,
    inbox_id INTEGER NOT NULL UNIQUE REFERENCES inbox (id),
    decision TEXT NOT NULL,
    replies TEXT,
    entries TEXT NOT NULL,
    confidence DOUBLE PRECISION NOT NULL,
    candidates TEXT NOT NULL,
    number INTEGER REFERENCES inquiries (number)
);
CREATE INDEX turns_of_inquiry ON turns (number, inbox_id);

CREATE TABLE staff_words (
    id INTEGER PRIMARY KEY,
    number INTEGER NOT NULL REFERENCES inquiries (number),
    who TEXT NOT NULL,
    text TEXT,
    at TEXT NOT NULL
);
CREATE INDEX staff_words_of_inquiry ON staff_words (number, id);

CREATE TABLE deliveries (
    id INTEGER PRIMARY KEY,
    session_key TEXT NOT NULL,
    number INTEGER REFERENCES inquiries (number),
    words_id INTEGER REFERENCES staff_words (id),
    text TEXT,
    choices TEXT NOT NULL,
    created_at TEXT NOT NULL,
    sent_at TEXT
);
CREATE INDEX deliveries_of_session ON deliveries (session_key, id);
CREATE INDEX deliveries_of_inquiry ON deliveries (number, id);
CREATE INDEX deliveries_pending ON deliveries (id) WHERE sent_at IS NULL;

CREATE TABLE staff_accounts (
    name TEXT PRIMARY KEY,
    role TEXT NOT NULL DEFAULT 'admin',
    disabled INTEGER NOT NULL DEFAULT 0
);

CREATE TABLE staff_links (
    token_hash TEXT PRIMARY KEY,
    name TEXT NOT NULL REFERENCES staff_accounts (name),
    expires_at TEXT NOT NULL,
    used_at TEXT
);

CREATE TABLE staff_sessions (
    secret_hash TEXT PRIMARY KEY,
    name TEXT NOT NULL REFERENCES staff_accounts (name),
    expires_at TEXT NOT NULL
);
