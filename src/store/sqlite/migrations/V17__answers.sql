-- The last answer to a gap that still counts, as JSON.
ALTER TABLE alerts ADD COLUMN said TEXT;

-- A line in a comment of ours for whoever answered in a way that could not be obeyed.
ALTER TABLE posts ADD COLUMN remark TEXT;

-- Who wants to hear nothing but their digest; the account that stands for them.
CREATE TABLE mutes(account INTEGER PRIMARY KEY, since INTEGER NOT NULL) STRICT;
