-- Open tasks that the census under way has shown so far; judged when it is complete, and emptied then.
CREATE TABLE census(
  container INTEGER NOT NULL REFERENCES containers, task INTEGER NOT NULL, PRIMARY KEY(container, task)
) STRICT, WITHOUT ROWID;

-- Open tasks that a complete census did not show, each to be asked for directly at look_at. hidden_at: since when it is
-- not to be seen although its place is. moved_at: since when it is said to live elsewhere. known: 1, it no longer counts
-- as missing all at once with others.
CREATE TABLE suspects(
  task INTEGER PRIMARY KEY REFERENCES tasks, since INTEGER NOT NULL, look_at INTEGER NOT NULL,
  hidden_at INTEGER, moved_at INTEGER, known INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX suspects_due ON suspects(look_at);

-- Beside containers.hold: since when, and how many of how many open tasks were missing in one pass.
-- tasks.missing: 0 seen, 1 not to be seen at the first direct look, 2 at a second one on another day; with gone_at:
-- 0 deleted, 3 moved where nobody looks.
ALTER TABLE containers ADD COLUMN hold_at INTEGER;
ALTER TABLE containers ADD COLUMN missing INTEGER NOT NULL DEFAULT 0;
ALTER TABLE containers ADD COLUMN missing_of INTEGER NOT NULL DEFAULT 0;

-- Stretches of time in which one account changed many tasks of a container: an import, a migration, a bulk edit.
CREATE TABLE bulks(
  container INTEGER NOT NULL REFERENCES containers, account INTEGER NOT NULL, from_at INTEGER NOT NULL,
  to_at INTEGER NOT NULL, tasks INTEGER NOT NULL, PRIMARY KEY(container, account, from_at)
) STRICT, WITHOUT ROWID;
