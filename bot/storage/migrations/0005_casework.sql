-- What staff do beside the conversation: notes, transfers, switches; how parents rate; news.

-- Notes never leave the desk. 'text' is NULL once the parent had everything removed.
CREATE TABLE notes (
    id INTEGER PRIMARY KEY,
    number INTEGER NOT NULL REFERENCES inquiries (number),
    who TEXT NOT NULL,
    text TEXT,
    at TEXT NOT NULL
);
CREATE INDEX notes_of_inquiry ON notes (number, id);

CREATE TABLE transfers (
    id INTEGER PRIMARY KEY,
    number INTEGER NOT NULL REFERENCES inquiries (number),
    who TEXT NOT NULL,
    to_whom TEXT NOT NULL,
    at TEXT NOT NULL
);
CREATE INDEX transfers_of_inquiry ON transfers (number, id);

-- One rating for each time an inquiry was resolved.
CREATE TABLE ratings (
    number INTEGER NOT NULL REFERENCES inquiries (number),
    resolved_at TEXT NOT NULL,
    helped INTEGER NOT NULL,
    at TEXT NOT NULL,
    PRIMARY KEY (number, resolved_at)
);

-- The notice before all answers, and whether the bot answers at all.
CREATE TABLE switches (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL,
    who TEXT NOT NULL,
    at TEXT NOT NULL
);

-- What staff are told of without asking, once each ('name'). Holds no word of a parent.
CREATE TABLE news (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    number INTEGER NOT NULL REFERENCES inquiries (number),
    owner TEXT,
    at TEXT NOT NULL
);
CREATE INDEX news_of_inquiry ON news (number, id);
