-- What boards say of tasks, mirrored or not, in the words of the task model (JSON). A task's own columns hold both together.
CREATE TABLE supplements(
  connection INTEGER NOT NULL REFERENCES connections, source TEXT NOT NULL, ref TEXT NOT NULL, site INTEGER NOT NULL REFERENCES sites,
  rank INTEGER NOT NULL,                              -- place of the board among others: the lowest counts
  at INTEGER NOT NULL, said TEXT NOT NULL,
  seen_at INTEGER NOT NULL,                           -- when it was last found there
  PRIMARY KEY(connection, source, ref)
) STRICT, WITHOUT ROWID;
CREATE INDEX supplements_of ON supplements(site, ref);

-- What a task that boards speak of says itself, in the columns they add to.
CREATE TABLE task_base(
  task INTEGER PRIMARY KEY REFERENCES tasks, said TEXT NOT NULL
) STRICT;

-- Fingerprint of what a connection's answers are read with (words for states, names of fields); another one: read again.
ALTER TABLE connections ADD COLUMN reading TEXT;
