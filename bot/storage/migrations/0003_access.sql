-- Who may do what: passwords, sessions that can be told apart, failed tries, and the audit.
ALTER TABLE staff_accounts ADD COLUMN password_hash TEXT;
ALTER TABLE staff_sessions ADD COLUMN begun_at TEXT;
ALTER TABLE staff_sessions ADD COLUMN browser TEXT;

-- 'door' is whose account was tried, or from which address, as a hash.
CREATE TABLE sign_in_failures (
    door TEXT NOT NULL,
    at TEXT NOT NULL
);
CREATE INDEX sign_in_failures_of_door ON sign_in_failures (door, at);

-- Every change by staff and every look at what parents said. Rows are only ever added.
CREATE TABLE audit (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at TEXT NOT NULL,
    who TEXT NOT NULL,
    what TEXT NOT NULL,
    about TEXT NOT NULL,
    detail TEXT NOT NULL
);
CREATE INDEX audit_of_person ON audit (who, what, about, id);
CREATE TRIGGER audit_never_changes BEFORE UPDATE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit is only ever added to'); END;
CREATE TRIGGER audit_never_shrinks BEFORE DELETE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit is only ever added to'); END;
CREATE TRIGGER audit_never_overwrites BEFORE INSERT ON audit
WHEN NEW.id IS NOT NULL AND EXISTS (SELECT 1 FROM audit WHERE id = NEW.id)
BEGIN SELECT RAISE(ABORT, 'the audit is only ever added to'); END;
