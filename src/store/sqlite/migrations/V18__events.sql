-- Events for webhooks. One that was taken is gone. state: 1 waiting, 5 given up.
CREATE TABLE events(
  id INTEGER PRIMARY KEY, webhook TEXT NOT NULL, wire TEXT NOT NULL UNIQUE, body TEXT NOT NULL, made_at INTEGER NOT NULL,
  state INTEGER NOT NULL, due_at INTEGER NOT NULL, attempts INTEGER NOT NULL, error TEXT
) STRICT;
CREATE INDEX events_due ON events(due_at) WHERE state = 1;

-- Webhooks whose receiver wants no more events, with the address that said so.
CREATE TABLE webhooks(
  name TEXT PRIMARY KEY, address TEXT NOT NULL, disabled_at INTEGER NOT NULL, because TEXT NOT NULL
) STRICT;
