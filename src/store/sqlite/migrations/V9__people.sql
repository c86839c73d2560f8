-- Who hears in a person's place while they are away, and whether a person of the configuration is a team.
ALTER TABLE persons ADD COLUMN deputy INTEGER REFERENCES persons;
ALTER TABLE persons ADD COLUMN team INTEGER NOT NULL DEFAULT 0;

-- When an account was last seen to act, to the hour: of any task, watched or not.
ALTER TABLE accounts ADD COLUMN acted_at INTEGER;
UPDATE accounts SET acted_at = seen.at
  FROM (SELECT account, max(at) AS at FROM changes WHERE account IS NOT NULL AND mark IS NULL GROUP BY account) AS seen
  WHERE seen.account = accounts.id;
