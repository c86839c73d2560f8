-- Whom a comment names, and whether it asks: a line that is `?` or empty, then one name a line. NULL: nobody.
ALTER TABLE changes ADD COLUMN mentions TEXT;
ALTER TABLE changes_waiting ADD COLUMN mentions TEXT;

-- What an account assigned, by time: many at once are planning. 1: the field that is an owner.
CREATE INDEX changes_assigned ON changes(account, at) WHERE field = 1 AND origin = 0;
