-- What is known beforehand about the dates of each container, and of the organisation under 0. `rev`: the revision of the norms
-- at which it was last changed.
CREATE TABLE outlooks(
  about INTEGER PRIMARY KEY, outlook TEXT NOT NULL,   -- JSON: domain::forecast::Outlook
  rev INTEGER NOT NULL
) STRICT;

-- Folded anew the next time, with where each task stood so many days before its date.
DELETE FROM outcomes;
