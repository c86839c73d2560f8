-- The account that the tool names as answering for a container.
ALTER TABLE containers ADD COLUMN responsible INTEGER;
