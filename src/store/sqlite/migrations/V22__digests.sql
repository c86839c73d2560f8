-- The last turn of every digest: of which day (20260314), and when one was made last. kind: 0 person, 1 manager, 2 weekly,
-- 3 what a connection was found with.
CREATE TABLE digests(
  kind INTEGER NOT NULL, whose INTEGER NOT NULL, day INTEGER NOT NULL, made_at INTEGER,
  PRIMARY KEY(kind, whose)
) STRICT;

-- Of what was watched before there were digests nobody needs to hear what it was found with.
INSERT INTO digests(kind, whose, day)
  SELECT DISTINCT 3, reader, 0 FROM containers WHERE reader IS NOT NULL AND baseline_at IS NOT NULL;
