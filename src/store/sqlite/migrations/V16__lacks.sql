-- What a stream does not tell of tasks, though its tool could: the plan, the token or the server does not have it.
-- It counts for as long as the stream is read; scope 0: of everything that the connection reads.
CREATE TABLE lacks(
  connection INTEGER NOT NULL REFERENCES connections, kind INTEGER NOT NULL, scope INTEGER NOT NULL,
  need INTEGER NOT NULL, whole INTEGER NOT NULL, because TEXT NOT NULL, since INTEGER NOT NULL,
  PRIMARY KEY(connection, kind, scope, need)
) STRICT, WITHOUT ROWID;
