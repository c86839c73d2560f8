-- One file is one organisation. Instants are microseconds since 1970, days and deadlines are text as the tool says them,
-- lengths are seconds. What only people or one connector read whole (labels, findings, words) is JSON text.

PRAGMA application_id = 1734439031; -- "gapw"

CREATE TABLE org(
  one INTEGER PRIMARY KEY CHECK(one = 1),
  id TEXT NOT NULL,                                   -- random, made at the first start
  key BLOB NOT NULL CHECK(length(key) = 32),          -- signs our marks; made at the first start
  seq INTEGER NOT NULL,                               -- +1 in every commit the board can see
  epoch INTEGER NOT NULL,                             -- +1 at every start
  last_tick INTEGER NOT NULL,
  rules_rev TEXT, read_rev TEXT, select_rev TEXT,
  people TEXT                                         -- bots, operators, default manager, default hours, as configured
) STRICT;

CREATE TABLE sites(
  id INTEGER PRIMARY KEY, tool TEXT NOT NULL, origin TEXT NOT NULL, tenant TEXT NOT NULL,
  UNIQUE(tool, origin, tenant)
) STRICT;

-- A credential and a selection; never part of a task's identity.
CREATE TABLE connections(
  id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, site INTEGER REFERENCES sites,
  self_account INTEGER, poll INTEGER NOT NULL, configured INTEGER NOT NULL DEFAULT 1, fresh_at INTEGER
) STRICT;

-- Repositories, boards, projects; and what has a date of its own: milestones, sprints, releases.
CREATE TABLE containers(
  id INTEGER PRIMARY KEY, site INTEGER NOT NULL REFERENCES sites, ext TEXT NOT NULL, kind INTEGER NOT NULL,
  name TEXT NOT NULL, handle TEXT NOT NULL, due TEXT, open INTEGER NOT NULL DEFAULT 1,
  reader INTEGER REFERENCES connections,              -- the one connection that reads it; NULL: not selected
  asked_at INTEGER NOT NULL DEFAULT 0, listed_at INTEGER NOT NULL DEFAULT 0,
  warm_at INTEGER, fresh_at INTEGER,
  baseline_at INTEGER,                                -- first full judgement over; NULL: what is found is backlog
  hold TEXT, hold_until INTEGER,
  UNIQUE(site, kind, ext)
) STRICT;
CREATE INDEX containers_reader ON containers(reader) WHERE reader IS NOT NULL;

-- scope: the container's row, 0 for a stream of the whole connection. pass_*: the pass that is under way.
CREATE TABLE streams(
  connection INTEGER NOT NULL REFERENCES connections, kind INTEGER NOT NULL, scope INTEGER NOT NULL,
  cursor TEXT, etag TEXT, backfilled INTEGER NOT NULL DEFAULT 0,
  next_pull_at INTEGER NOT NULL, not_before INTEGER,
  pass_at INTEGER, pass_wrote INTEGER NOT NULL DEFAULT 0, pass_partial INTEGER NOT NULL DEFAULT 0,
  good_at INTEGER, read_at INTEGER, history_since INTEGER, absent INTEGER NOT NULL DEFAULT 0,
  failures INTEGER NOT NULL DEFAULT 0, failing_since INTEGER, failure_kind TEXT, failure TEXT,
  PRIMARY KEY(connection, kind, scope)
) STRICT, WITHOUT ROWID;
CREATE INDEX streams_scope ON streams(scope);

CREATE TABLE persons(
  id INTEGER PRIMARY KEY, handle TEXT NOT NULL UNIQUE, name TEXT NOT NULL, email TEXT, slack TEXT,
  zone TEXT NOT NULL, zone_stated INTEGER NOT NULL, calendar TEXT NOT NULL,
  seen_slack TEXT, seen_zone TEXT,                    -- what Slack says of them; counts where the configuration is silent
  manager INTEGER REFERENCES persons, own_account INTEGER,
  gone INTEGER NOT NULL DEFAULT 0                     -- 1: no longer configured
) STRICT;

-- Everything else points at accounts; a person is a grouping of them that may change.
CREATE TABLE accounts(
  id INTEGER PRIMARY KEY, site INTEGER NOT NULL REFERENCES sites, ext TEXT NOT NULL, handle TEXT, name TEXT, email TEXT,
  kind INTEGER NOT NULL, person INTEGER REFERENCES persons,
  UNIQUE(site, ext)
) STRICT;

-- Accounts that a credential of ours ever wrote as.
CREATE TABLE self_accounts(
  site INTEGER NOT NULL, account INTEGER NOT NULL, PRIMARY KEY(site, account)
) STRICT, WITHOUT ROWID;

CREATE TABLE tasks(
  id INTEGER PRIMARY KEY, site INTEGER NOT NULL REFERENCES sites, ext TEXT NOT NULL,
  key TEXT NOT NULL COLLATE NOCASE, url TEXT NOT NULL, handle TEXT NOT NULL, title TEXT NOT NULL, kind TEXT,
  container INTEGER NOT NULL REFERENCES containers,
  status_raw TEXT NOT NULL, category INTEGER NOT NULL, declared INTEGER NOT NULL,
  start TEXT, due TEXT, due_source INTEGER,
  created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL, closed_at INTEGER,
  priority INTEGER, progress REAL, progress_source INTEGER, progress_items INTEGER,
  estimate INTEGER, spent INTEGER, remaining INTEGER,
  parent INTEGER, parent_ref TEXT,                    -- parent NULL beside a parent_ref: not (yet) mirrored
  reporter INTEGER, labels TEXT NOT NULL, description_hash INTEGER NOT NULL,
  restricted INTEGER NOT NULL, ineligible INTEGER NOT NULL,
  hash BLOB NOT NULL, links_hash BLOB, asked_at INTEGER NOT NULL, changed_at INTEGER NOT NULL,
  missing INTEGER NOT NULL DEFAULT 0, gone_at INTEGER,
  facts BLOB NOT NULL, facts_rev TEXT NOT NULL,
  UNIQUE(site, ext)
) STRICT;
CREATE INDEX tasks_open ON tasks(container) WHERE closed_at IS NULL AND gone_at IS NULL;
CREATE INDEX tasks_closed ON tasks(closed_at) WHERE closed_at IS NOT NULL;
CREATE INDEX tasks_parent ON tasks(parent) WHERE parent IS NOT NULL;
CREATE INDEX tasks_orphan ON tasks(parent_ref) WHERE parent IS NULL AND parent_ref IS NOT NULL;
CREATE INDEX tasks_key ON tasks(site, key);
CREATE INDEX tasks_url ON tasks(url);

-- Ids under which a task was known before (transferred, imported again).
CREATE TABLE task_alias(
  site INTEGER NOT NULL, ext TEXT NOT NULL, task INTEGER NOT NULL REFERENCES tasks, PRIMARY KEY(site, ext)
) STRICT, WITHOUT ROWID;

CREATE TABLE task_owners(
  task INTEGER NOT NULL REFERENCES tasks, account INTEGER NOT NULL REFERENCES accounts, PRIMARY KEY(task, account)
) STRICT, WITHOUT ROWID;

CREATE TABLE task_homes(
  task INTEGER NOT NULL REFERENCES tasks, container INTEGER NOT NULL REFERENCES containers, PRIMARY KEY(task, container)
) STRICT, WITHOUT ROWID;
CREATE INDEX task_homes_of ON task_homes(container);

-- What a task says of its own links; other NULL: not (yet) mirrored.
CREATE TABLE links(
  task INTEGER NOT NULL REFERENCES tasks, kind INTEGER NOT NULL, ref TEXT NOT NULL, other INTEGER,
  PRIMARY KEY(task, kind, ref)
) STRICT, WITHOUT ROWID;
CREATE INDEX links_other ON links(other) WHERE other IS NOT NULL;
CREATE INDEX links_dangling ON links(ref) WHERE other IS NULL;

-- Raw and append-only; who counts as a bot or as ourselves is decided by the fold.
-- origin: 0 the tool's own entry, 1 observed between two reads (deleted when the tool's own entry arrives).
CREATE TABLE changes(
  task INTEGER NOT NULL REFERENCES tasks, at INTEGER NOT NULL, vkey TEXT NOT NULL, field INTEGER NOT NULL,
  old TEXT, new TEXT, account INTEGER, via TEXT, mark TEXT, origin INTEGER NOT NULL,
  PRIMARY KEY(task, at, vkey)
) STRICT, WITHOUT ROWID;

-- The same for tasks that are not mirrored yet.
CREATE TABLE changes_waiting(
  site INTEGER NOT NULL, ref TEXT NOT NULL, at INTEGER NOT NULL, vkey TEXT NOT NULL, field INTEGER NOT NULL,
  old TEXT, new TEXT, account INTEGER, via TEXT, mark TEXT, seen_at INTEGER NOT NULL,
  PRIMARY KEY(site, ref, at, vkey)
) STRICT, WITHOUT ROWID;

-- state: 0 pending, 1 firing, 2 resolved. gap: what people see and type, the same over episodes.
CREATE TABLE alerts(
  id INTEGER PRIMARY KEY, gap TEXT NOT NULL, rule TEXT NOT NULL, subject_kind INTEGER NOT NULL, subject INTEGER NOT NULL,
  scope TEXT NOT NULL, episode INTEGER NOT NULL, state INTEGER NOT NULL, stage INTEGER NOT NULL, stage_at INTEGER NOT NULL,
  backlog INTEGER NOT NULL, since INTEGER NOT NULL, fired_at INTEGER, clear_since INTEGER, resolved_at INTEGER, ending TEXT,
  rung INTEGER NOT NULL, round INTEGER NOT NULL, acked_until INTEGER, snoozed_until INTEGER, snooze_reason TEXT,
  step_at INTEGER, withheld TEXT, finding TEXT NOT NULL, told TEXT NOT NULL,
  UNIQUE(rule, subject_kind, subject, scope)
) STRICT;
CREATE INDEX alerts_live ON alerts(state) WHERE state < 2;
CREATE INDEX alerts_subject ON alerts(subject_kind, subject);
CREATE INDEX alerts_gap ON alerts(gap);

CREATE TABLE alert_log(
  alert INTEGER NOT NULL REFERENCES alerts, n INTEGER NOT NULL, at INTEGER NOT NULL, what INTEGER NOT NULL,
  reason TEXT, account INTEGER, PRIMARY KEY(alert, n)
) STRICT, WITHOUT ROWID;

-- A comment or message we own; want <> have: edit it. about_kind: 0 a task, 1 a day (yyyymmdd), 2 an alert's episode.
CREATE TABLE posts(
  id INTEGER PRIMARY KEY, place TEXT NOT NULL, about_kind INTEGER NOT NULL, about INTEGER NOT NULL, episode INTEGER NOT NULL,
  generation INTEGER NOT NULL, mark TEXT NOT NULL, ref TEXT, want TEXT NOT NULL, have TEXT, open INTEGER NOT NULL,
  UNIQUE(place, about_kind, about, episode, generation)
) STRICT;
CREATE INDEX posts_about ON posts(about_kind, about);

-- state: 1 sealed, 2 sending, 3 unsure | 4 sent, 5 dead, 9 withdrawn. op: 0 post, 1 edit, 2 reply.
CREATE TABLE messages(
  id INTEGER PRIMARY KEY, wire TEXT NOT NULL, mac TEXT NOT NULL, op INTEGER NOT NULL, channel TEXT NOT NULL,
  address TEXT NOT NULL, post INTEGER NOT NULL REFERENCES posts, body TEXT NOT NULL, state INTEGER NOT NULL,
  due_at INTEGER NOT NULL, attempts INTEGER NOT NULL, attempt_at INTEGER, attempt_epoch INTEGER, error TEXT,
  insist INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX messages_wire ON messages(wire) WHERE op <> 1; -- an edit carries the mark of its post
CREATE INDEX messages_due ON messages(due_at) WHERE state < 4;

-- state: 0 open, 1 sealed, 2 told, 3 unsure, 5 dead, 9 withdrawn. reason: 0 opened, 1 worsened, 2 escalated, 3 resolved.
CREATE TABLE notices(
  id INTEGER PRIMARY KEY, alert INTEGER NOT NULL REFERENCES alerts, episode INTEGER NOT NULL, reason INTEGER NOT NULL,
  rung INTEGER NOT NULL, round INTEGER NOT NULL, account INTEGER NOT NULL, channel TEXT NOT NULL, address TEXT NOT NULL,
  state INTEGER NOT NULL, why TEXT, message INTEGER REFERENCES messages, post INTEGER REFERENCES posts,
  evidence TEXT NOT NULL, decided_at INTEGER NOT NULL, told_at INTEGER
) STRICT;
CREATE UNIQUE INDEX notices_once ON notices(alert, episode, reason, rung, round, account, address) WHERE state NOT IN (5, 9);
CREATE INDEX notices_of ON notices(alert);
CREATE INDEX notices_waiting ON notices(state) WHERE state < 2;
CREATE INDEX notices_decided ON notices(decided_at);

CREATE TABLE inbox(
  id INTEGER PRIMARY KEY, source TEXT NOT NULL, key TEXT NOT NULL, at INTEGER NOT NULL, account INTEGER,
  verb TEXT NOT NULL, args TEXT NOT NULL, done_at INTEGER, answer TEXT,
  UNIQUE(source, key)
) STRICT;
CREATE INDEX inbox_waiting ON inbox(at) WHERE done_at IS NULL;
