-- A task under every id it ever had, for what boards say under any of them.
CREATE INDEX task_alias_of ON task_alias(task);

-- An open task with the birthday of one that has just come. Small, for most tasks of a mirror are closed.
CREATE INDEX tasks_made ON tasks(site, created_at) WHERE closed_at IS NULL AND gone_at IS NULL;

-- The latest bulk of a container, however many there were.
CREATE INDEX bulks_latest ON bulks(container, to_at);
