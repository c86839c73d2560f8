-- Words to people of which it is not known yet whether they helped.
CREATE TABLE heeds(
  notice INTEGER PRIMARY KEY, rule TEXT NOT NULL, alert INTEGER NOT NULL, episode INTEGER NOT NULL,
  account INTEGER NOT NULL, told_at INTEGER NOT NULL, until INTEGER NOT NULL
) STRICT;

-- What became of the others, by rule and day (UTC, 20260314).
CREATE TABLE heeded(
  rule TEXT NOT NULL, day INTEGER NOT NULL, told INTEGER NOT NULL, acted INTEGER NOT NULL, wrong INTEGER NOT NULL,
  PRIMARY KEY(rule, day)
) STRICT, WITHOUT ROWID;
