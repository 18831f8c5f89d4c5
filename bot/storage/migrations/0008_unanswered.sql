-- A parent's last words that got no answer yet: what follows within moments belongs to them.
ALTER TABLE sessions ADD COLUMN unanswered TEXT NOT NULL DEFAULT '';
ALTER TABLE sessions ADD COLUMN unanswered_at TEXT;
