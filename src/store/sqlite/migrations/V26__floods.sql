-- Messages that a flood holds back: since when, and those that were let go all the same.
ALTER TABLE messages ADD COLUMN held_since INTEGER;
ALTER TABLE messages ADD COLUMN let_go INTEGER NOT NULL DEFAULT 0;

-- How many left of late, and when.
CREATE INDEX messages_left ON messages(attempt_at) WHERE op <> 1 AND attempts > 0;
