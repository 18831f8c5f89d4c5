-- What staff made of a message that the desk did not understand; without a row it is still to do.
CREATE TABLE reviews (
    inbox_id INTEGER PRIMARY KEY REFERENCES inbox (id),
    outcome TEXT NOT NULL,
    target TEXT NOT NULL,
    rejected TEXT NOT NULL,
    who TEXT NOT NULL,
    at TEXT NOT NULL
);
