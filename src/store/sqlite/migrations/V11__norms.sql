-- What a finished task leaves behind for norms. Folded when norms are computed; forgotten when its history, its state, its
-- place or its kind changes, and folded anew the next time.
CREATE TABLE outcomes(
  task INTEGER PRIMARY KEY, container INTEGER NOT NULL, kind TEXT NOT NULL, closed_at INTEGER NOT NULL,
  spans TEXT NOT NULL                                 -- JSON: domain::outcome::Outcome
) STRICT;

-- Norms as they were computed last; see domain::norms::RowKey. `rev`: the revision at which a norm was last changed.
CREATE TABLE norms(
  about INTEGER NOT NULL, kind TEXT NOT NULL, metric INTEGER NOT NULL,
  p50 REAL NOT NULL, p70 REAL NOT NULL, p85 REAL NOT NULL, p95 REAL NOT NULL, samples INTEGER NOT NULL,
  rev INTEGER NOT NULL, PRIMARY KEY(about, kind, metric)
) STRICT, WITHOUT ROWID;

-- One row once norms were computed: of which instant they are, the revision, and the containers that were counted.
CREATE TABLE norms_state(one INTEGER PRIMARY KEY CHECK(one = 1), as_of INTEGER NOT NULL, rev INTEGER NOT NULL,
  counted TEXT NOT NULL) STRICT;

-- What accounts had at hand on each day that norms were computed: open tasks due within ten days, and tasks worked on.
CREATE TABLE loads(account INTEGER NOT NULL, day INTEGER NOT NULL, due_soon INTEGER NOT NULL, in_hand INTEGER NOT NULL,
  PRIMARY KEY(account, day)) STRICT, WITHOUT ROWID;
