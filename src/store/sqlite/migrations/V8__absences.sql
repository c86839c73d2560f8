-- Whole days on which whoever is behind an account is away, by the tool's word: first and last, as 2026-03-02.
CREATE TABLE absences(
  account INTEGER NOT NULL REFERENCES accounts, from_day TEXT NOT NULL, to_day TEXT NOT NULL,
  PRIMARY KEY(account, from_day, to_day)
) STRICT, WITHOUT ROWID;
