//! What each error id means, how it comes about, and what to do: `gapwatch help error ID`.

/// Every id, in the order of the alphabet.
pub fn ids() -> impl Iterator<Item = &'static str> {
    PAGES.iter().map(|(id, _)| *id)
}

/// The page of an id. `None`: there is no such id.
pub fn page(id: &str) -> Option<&'static str> {
    PAGES.iter().find(|(known, _)| *known == id).map(|(_, page)| *page)
}

const PAGES: &[(&str, &str)] = &[
    (
        "bad-calendar",
        "A calendar file (.ics) named by `holidays_ics` or `away_ics` cannot be used: it does not exist, cannot be read,\n\
         or is not in the format that calendar programs export. The message names the line in that file. Calendar files\n\
         are read at every start and reload, so reload after you change one.\n\n\
         As a warning: an event in the file repeats in another way than once a year, and only its first occurrence\n\
         counts. For absences only all-day events count, and events marked as free time do not.\n",
    ),
    (
        "bad-condition",
        "A condition or the message of a rule cannot be used. Both are Jinja expressions: comparisons, `and`, `or`,\n\
         `not`, `in`, and filters such as `task.labels|length`. Text stands in single quotes.\n\n\
         The `match` of an override or a route may ask only for what a task is, not for anything that changes with time:\n\
         which settings apply to a task must not depend on the hour. `gapwatch rules fields` shows which fields are\n\
         steady.\n",
    ),
    (
        "bad-duration",
        "A length of time could not be read.\n\n\
         Write a number and a unit: s, m, h, d or w for time on the clock (\"90s\", \"15m\", \"2h\", \"3d\", \"1w\"), workhours or\n\
         workdays for working time (\"2 workhours\", \"3 workdays\"). Use one unit only: \"90m\", not \"1h30m\". A number without\n\
         a unit is refused, because its unit would be a guess.\n",
    ),
    (
        "bad-name",
        "A table that you name yourself has a name that cannot be used.\n\n\
         Names of connections and people start with a lower-case letter and have only lower-case letters, digits and `_`:\n\
         [github.acme_org], [people.ana]. This lets a variable name them: GAPWATCH_GITHUB__ACME_ORG__POLL. Set `name` to\n\
         change how a person is shown; their accounts go under `also`.\n",
    ),
    (
        "bad-secret",
        "A secret is set but cannot be used: the file or variable is missing or empty, contains a space or a line break,\n\
         or holds a token of another kind.\n\n\
         Refer to a secret by { env = \"NAME\" }, { file = \"/path\" } or { credential = \"name\" } (systemd's LoadCredential=,\n\
         read from $CREDENTIALS_DIRECTORY). In containers you can also use a variable that ends in _FILE, for example\n\
         GAPWATCH_GITHUB__ACME__TOKEN_FILE=/run/secrets/token. A line break at the end of a file is ignored. A secret\n\
         that is set but cannot be read is never treated as empty. Slack's bot token starts with xoxb-, its app-level\n\
         token with xapp-.\n\n\
         Trello needs two: the `key` of a Power-Up (trello.com/power-ups/admin, 32 characters) and the `token` that a\n\
         member grants to that key. To make the token, log in to Trello as that member and open\n\
         https://trello.com/1/authorize?expiration=never&scope=read,write&response_type=token&name=gapwatch&key=KEY. The\n\
         \"secret\" that Trello shows next to the key is neither of them.\n",
    ),
    (
        "bad-type",
        "A value has the wrong type: text where a number is needed, or a single value where a list is needed.\n\n\
         In TOML text stands in quotes (\"acme/web\"); numbers and true or false do not. A list stands in brackets even if\n\
         it has one item: repos = [\"acme/web\"].\n",
    ),
    (
        "bad-url",
        "An address cannot be used.\n\n\
         It must start with https://, name a host, and have no user, password, query or fragment. Credentials are sent\n\
         there, so plain http is allowed only to this machine (127.0.0.1, ::1, localhost). A proxy may use plain http; if\n\
         it needs a password, set HTTPS_PROXY instead. For Jira, give the address of the site as people open it,\n\
         https://NAME.atlassian.net or the address of your own server with its path, and not that of a page on it. For\n\
         Asana and Trello leave the address out; a project or board goes into `projects` or `boards`, where its URL works\n\
         too.\n",
    ),
    (
        "bad-value",
        "A value has the right type but is not allowed: it is out of range, not one of the possible words, or contradicts\n\
         another value. The message says what is expected. `gapwatch config reference` shows the unit of each setting and\n\
         the reason for its default.\n",
    ),
    (
        "bad-version",
        "This gapwatch does not read the `version` at the top of the file.\n\n\
         If the file is older, `gapwatch config migrate` shows an updated one and `gapwatch config migrate --write`\n\
         writes it. Comments stay, and the old file is kept beside the new one. If the file is newer, use the gapwatch it\n\
         was written for. A file without `version` counts as version 1.\n",
    ),
    (
        "bad-zone",
        "A time zone is not known. Use a name from the IANA database, Area/City: \"Europe/Berlin\", \"America/Sao_Paulo\", or\n\
         \"UTC\". Abbreviations such as \"CET\" and offsets are refused because they do not say when daylight saving time\n\
         starts.\n",
    ),
    (
        "duplicate-board",
        "A Trello board would be read twice: it is listed twice (by its URL and its short link, for example) or by two\n\
         connections. Each board belongs to one connection; otherwise people would be told of its gaps twice. In short\n\
         links, upper and lower case differ.\n\n\
         As a warning: one connection names no `boards`, so it reads every board its account can see, and there is\n\
         another connection. The connection that lists a board first keeps it; to decide yourself, name the boards of\n\
         each.\n",
    ),
    (
        "duplicate-key",
        "A value is given twice, in one file or in two. Across files, tables merge and lists append, but a single value\n\
         may stand in one place only; otherwise the order of the files would silently decide. Variables and flags may\n\
         override what a file says.\n",
    ),
    (
        "duplicate-project",
        "A Jira or Asana project would be read twice: it is listed twice, or by two connections to the same site. Each\n\
         project belongs to one connection; otherwise people would be told of its gaps twice.\n\n\
         As a warning: one connection names no `projects`, so it reads every project its account can see, and another one\n\
         reads the same site. The connection that lists a project first keeps it; to decide yourself, name the projects\n\
         of each.\n",
    ),
    (
        "duplicate-repo",
        "A repository would be read twice: it is listed twice, or by two connections to the same server. Each repository\n\
         belongs to one connection; otherwise people would be told of its gaps twice. Upper and lower case do not matter.\n\n\
         As a warning: one connection names a repository and another covers its whole owner (\"acme/*\"). The connection\n\
         that lists it first keeps it.\n",
    ),
    (
        "filter-hides-done",
        "(Warning.) A filter asks for a label that says which state work is in, such as \"in progress\". Such a label is\n\
         removed when the work moves on or is finished, and the task then leaves the filter: it is no longer watched, its\n\
         gaps end without being resolved, and gapwatch never learns how it ended. Filter by something that stays, such as\n\
         a team or a kind of work, and map labels that stand for states under [github.NAME.states].\n\n\
         The same applies to a Jira `select` that leaves out finished work, such as `statusCategory != Done` or\n\
         `resolution = Unresolved`. Finished issues cost nothing; leave that part out.\n",
    ),
    (
        "internal",
        "Something failed inside gapwatch, or it could not write a file it was told to write. The message says what.\n\n\
         Nothing that was saved is lost, and whatever was due is tried again. If the message does not help, run the\n\
         command again with `--log-level debug`.\n",
    ),
    (
        "limited",
        "A service asks gapwatch to wait, because this credential or this machine has used up its rate limit.\n\n\
         The daemon waits by itself for as long as the service asks. A single command exits with 75: run it again later.\n\
         If this happens often, something else uses the same credential, or `poll` is too short for the amount of work.\n",
    ),
    (
        "listen",
        "The web server cannot use the address that `listen` in [server] names: another program uses it, or this machine\n\
         does not have it.\n\n\
         Choose another address, or stop the other program; `ss -ltnp` shows which one it is. If you have not set\n\
         `listen` yourself, gapwatch runs all the same, without health checks, metrics and webhooks over HTTP. The exit\n\
         code is 75 while the address is in use, and 78 otherwise.\n",
    ),
    (
        "literal-secret",
        "(Warning.) A secret is written into the configuration file, so anybody who can read the file, its backups or its\n\
         history can read the secret. It works, but a reference is safer: { env = \"NAME\" }, { file = \"/path\" } or {\n\
         credential = \"name\" }.\n",
    ),
    (
        "malformed",
        "A service answered in a form that gapwatch does not understand.\n\n\
         Usually something else answered: a proxy, a login page or a maintenance page. Check `url` and `proxy`. gapwatch\n\
         keeps what it read before and draws no conclusions from such an answer.\n",
    ),
    (
        "manager-cycle",
        "These people are each other's managers, so a gap that nobody answers would be passed around for ever. Leave\n\
         `manager` out for the person at the top.\n",
    ),
    (
        "misconfigured",
        "A service cannot be used with this configuration: its address, certificate, proxy or version does not fit.\n\
         Trying again does not help; the message says what to change. If a certificate comes from your own authority,\n\
         name that authority's certificate in `ca_file`.\n",
    ),
    (
        "missing-key",
        "A required setting is missing. A GitHub connection needs `token` (or a GitHub App) and `repos`, a Jira\n\
         connection `url` and `token`, an Asana connection `token`, a Trello connection `key` and `token`; [slack] needs\n\
         `bot_token` or `webhook_url`, [email] needs `from` and `smtp`, a webhook needs `url` and `secret`. There must be\n\
         at least one connection.\n",
    ),
    (
        "narrow-access",
        "(Warning.) A credential works but does not allow everything gapwatch would do with it. The message says what is\n\
         missing. gapwatch uses it all the same: without the right to write, for example, it writes no comments.\n",
    ),
    (
        "no-channel",
        "(Warning.) The mode is live, but there is no way to tell anybody: there is neither [slack] nor [email], and\n\
         comments are off.\n",
    ),
    (
        "no-config",
        "No configuration was found, or it cannot be read.\n\n\
         Without `-c`, gapwatch reads the first of these that exists: $GAPWATCH_CONFIG, ./gapwatch.toml,\n\
         /data/gapwatch.toml, /etc/gapwatch/gapwatch.toml together with /etc/gapwatch/conf.d/*.toml. `-c` and\n\
         $GAPWATCH_CONFIG also take a folder, whose *.toml files are read in alphabetical order. If you name a path that\n\
         does not exist, that is an error, and no other place is tried.\n",
    ),
    (
        "no-daemon",
        "No daemon is running on this store, so there is nobody to ask.\n\n\
         `gapwatch run` starts one. If one is running, this command uses another store: `gapwatch config show` shows\n\
         which one, and a service often sets its own by GAPWATCH_STORE__URL. A relative path starts at the working\n\
         directory.\n",
    ),
    (
        "no-email",
        "(Warning.) A Jira Cloud connection has a token but no e-mail address. An API token is only half of a login; the\n\
         other half is `email`, the address of the account that made the token. Only the token of a service account works\n\
         alone, and only at the gateway: if yours is one, set `gateway_url`, and the warning goes away.\n",
    ),
    (
        "not-visible",
        "A service does not show something that the configuration names: it does not exist, or the credential may not see\n\
         it. Services give the same answer in both cases.\n\n\
         Check the spelling, and check that the credential has access: a fine-grained GitHub token lists its\n\
         repositories, and an organisation may have to approve it. gapwatch never treats a gap as resolved because it\n\
         cannot see the task.\n",
    ),
    (
        "odd-secret",
        "(Warning.) A token does not look like one of this tool. gapwatch uses it all the same, because test servers\n\
         accept any token.\n",
    ),
    (
        "readable-secret",
        "(Warning.) Every user of this machine can read a file that holds a secret. `chmod o-r` helps; the user that\n\
         gapwatch runs as must still be able to read it. In containers secrets are always like that, and nobody else logs\n\
         in there.\n",
    ),
    (
        "refused",
        "A service refuses the credential, or the credential does not allow enough.\n\n\
         The message repeats what the service says. Make a new token, or give this one what is missing; the README lists\n\
         what each service needs. A changed secret in a file is picked up by itself; a changed variable needs a restart.\n\
         The exit code is 77.\n",
    ),
    (
        "socket",
        "gapwatch cannot create the socket through which commands reach the running daemon.\n\n\
         The socket is beside the store and ends in `.sock`. The user that gapwatch runs as must be able to write to that\n\
         folder.\n",
    ),
    (
        "store-failed",
        "The database could not be read or written: the disk is full or broken, or its folder is not writable.\n\n\
         Nothing is saved by halves, and nobody is told anything twice. `gapwatch db check` checks the database. To\n\
         restore a copy made by `gapwatch db backup`, stop gapwatch and put the copy in the database's place.\n",
    ),
    (
        "store-locked",
        "Another gapwatch is using the store. Only one process may own it, so that nobody is told anything twice.\n\n\
         Commands that read work beside a running daemon, and so do `snooze` and `unsnooze`. The daemon reads by itself;\n\
         to run `sync` or `run --once` anyway, stop it first. The exit code is 75.\n",
    ),
    (
        "store-taken-over",
        "Another process wrote to the store while this one was running: a copy was put in its place, or the file is on a\n\
         file system where locks do not work. This process has stopped and writes nothing more. Start gapwatch again, and\n\
         only once.\n",
    ),
    (
        "store-unusable",
        "The store cannot be used; the message says why.\n\n\
         If there is none yet, `gapwatch run --once` creates and fills it. If the file is not a gapwatch database,\n\
         gapwatch leaves it alone; name another file as `url` in [store]. If a newer gapwatch wrote it, use that version,\n\
         or a copy from before the upgrade. If the disk is full, free some space and try again.\n",
    ),
    (
        "syntax",
        "A file is not valid TOML. Frequent causes: text without quotes, an unclosed bracket, a line break inside an\n\
         inline table. Until it can be read, nothing else in the configuration is checked. https://toml.io shows the\n\
         syntax.\n",
    ),
    (
        "two-credentials",
        "A GitHub connection has two ways to log in, or a part of one that belongs to the other.\n\n\
         Use either `token` (with `comment_token`, if another account should write the comments) or a GitHub App:\n\
         `app_id` and `private_key`, with `installation_id` if gapwatch cannot find it. Remove the other.\n",
    ),
    (
        "unavailable",
        "A service did not answer. The cause may be the network, DNS, a proxy, or the service itself.\n\n\
         The daemon tries again by itself, and tells the operators if this lasts (rule sys.mirror_stale). A single\n\
         command exits with 69.\n",
    ),
    (
        "unknown-field",
        "A condition names something that is not a field of a task, so it could never be true. `gapwatch rules fields`\n\
         lists every field with its meaning, and `gapwatch rules fields TASK` shows their values now. Write each with its\n\
         subject: `task.state`, not `state`.\n",
    ),
    (
        "unknown-key",
        "A setting is not known. It is refused, because a misspelt setting that was silently ignored would look as if it\n\
         worked. The message lists the settings of the table. \"This version does not have it yet\" means that it is\n\
         planned; remove it until then.\n",
    ),
    (
        "unknown-name",
        "(Warning.) `states` or `fields` names something that no project or board of the connection has: a section, a list, a\n\
         label, a status or a custom field. Most likely it is spelt otherwise there. It does nothing until something is\n\
         called so.\n\n\
         `gapwatch validate` asks the trackers for that; with `--offline` nobody is asked, and such names are not looked at.\n",
    ),
    (
        "unknown-reference",
        "A name refers to something that does not exist: a manager or an operator without a table under [people], or a\n\
         connection without a table. Write connections with their kind: \"github.acme\", \"jira.acme\".\n",
    ),
    (
        "unknown-variable",
        "A variable starts with GAPWATCH_ but names no setting. After GAPWATCH_ comes the path of a setting in capitals,\n\
         with two underscores between its parts: GAPWATCH_STORE__URL is `url` in [store], GAPWATCH_GITHUB__ACME__POLL is\n\
         `poll` in [github.acme]. A variable that you refer to by { env = \"NAME\" } can have any name.\n",
    ),
    (
        "unused-key",
        "(Warning.) A setting has no effect beside another one, or a part of a value has none, such as an order in\n\
         `select`. It is accepted and ignored; remove it, so that nobody thinks it works.\n",
    ),
    (
        "usage",
        "gapwatch did not understand the command line, or it names something that does not exist: a gap, a task, a rule,\n\
         a person, a time.\n\n\
         `gapwatch --help` lists the commands, `gapwatch COMMAND --help` the options of one. Name a task by its URL, the\n\
         id of a gap on it, CONNECTION:KEY, or its key if no other task has that key. The exit code is 2.\n",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_in_order_and_each_has_a_page() {
        let all: Vec<_> = ids().collect();
        assert!(all.is_sorted(), "{all:?}");
        assert!(all.iter().all(|id| page(id).is_some_and(|page| page.ends_with('\n') && page.len() > 60)));
        assert_eq!(page("no-such-id"), None);
    }
}
