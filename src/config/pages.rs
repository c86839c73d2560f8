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
        "A calendar file (.ics) named by `holidays_ics` or `away_ics` cannot be taken: it is not there, cannot be read, or is no\n\
         calendar as calendar programs export it. The message names the line in that file. Such files are read at every start\n\
         and reload; after a change of one, reload.\n\n\
         As a warning: an event in it comes again otherwise than once a year, and only its first time counts. Of absences only\n\
         whole days count, and events that leave the time free do not.\n",
    ),
    (
        "bad-condition",
        "A condition or the words of a rule cannot be used. Both are Jinja: comparisons, `and`, `or`, `not`, `in`, filters as\n\
         `task.labels|length`; text stands in single quotes.\n\n\
         `match` of an override may ask only for what a task is, not for what grows with time: which settings hold for a task\n\
         must not depend on the hour. `gapwatch rules fields` says which fields are steady.\n",
    ),
    (
        "bad-duration",
        "A length of time could not be read.\n\n\
         Lengths are words: a number and one of s, m, h, d, w for time on the wall clock (\"90s\", \"15m\", \"2h\", \"3d\",\n\
         \"1w\"), or workhours, workdays for working time (\"2 workhours\", \"3 workdays\"). One unit only: \"90m\" instead of\n\
         \"1h30m\". A number alone is refused, because nobody can tell its unit.\n",
    ),
    (
        "bad-name",
        "A table that you name yourself has a name that cannot be used.\n\n\
         Names of connections and people begin with a small letter and have only small letters, digits and `_`:\n\
         [github.acme_org], [people.ana]. So a variable can name them: GAPWATCH_GITHUB__ACME_ORG__POLL. How a person is\n\
         shown is `name`; accounts stand under `also`.\n",
    ),
    (
        "bad-secret",
        "A secret is set but cannot be used: the file or variable is missing or empty, has a space or a line break inside,\n\
         or holds a token of another kind.\n\n\
         Refer to a secret by { env = \"NAME\" }, { file = \"/path\" } or { credential = \"name\" } (systemd's LoadCredential=,\n\
         read from $CREDENTIALS_DIRECTORY); in containers also by a variable that ends in _FILE, as in\n\
         GAPWATCH_GITHUB__ACME__TOKEN_FILE=/run/secrets/token. One line break at the end of a file does not matter. A\n\
         secret that is set but cannot be read is never taken for an empty one. Slack's bot token begins with xoxb-, its\n\
         app token with xapp-.\n\n\
         Trello takes two: the `key` of a Power-Up (trello.com/power-ups/admin, 32 characters) and the `token` that a member\n\
         gives to that key, made in the browser, logged in as that member:\n\
         https://trello.com/1/authorize?expiration=never&scope=read,write&response_type=token&name=gapwatch&key=KEY. The secret\n\
         beside the key is neither.\n",
    ),
    (
        "bad-type",
        "A value is of another kind than the setting: text where a number is wanted, one value where a list is.\n\n\
         In TOML text stands in quotes (\"acme/web\"), numbers and true or false do not, and a list stands in brackets even\n\
         if it holds one value: repos = [\"acme/web\"].\n",
    ),
    (
        "bad-url",
        "An address cannot be used.\n\n\
         It begins with https://, names a host, and carries no user, password, query or fragment. Credentials are sent\n\
         there, so plain http is allowed to this machine alone (127.0.0.1, ::1, localhost). A proxy may be plain http; one that\n\
         asks for a password is set by HTTPS_PROXY instead. For Jira it is the site as people open it,\n\
         https://NAME.atlassian.net or the address of your own server with its path, and no page below it. For Asana and Trello\n\
         it is left out: a project or board stands in `projects` or `boards`, where the address of its page will do.\n",
    ),
    (
        "bad-value",
        "A value is of the right kind, but none that the setting knows: outside its range, not one of its words, or in\n\
         conflict with another value. The message says what is expected; `gapwatch config reference` has the unit and the reason of\n\
         each default.\n",
    ),
    (
        "bad-version",
        "The `version` at the top of a file is not the one that this gapwatch reads.\n\n\
         An older one is rewritten by `gapwatch config migrate`, which shows what it would write, and by\n\
         `gapwatch config migrate --write`: comments stay, and the old file is kept beside the new one. A newer one needs the\n\
         gapwatch that it was written for. A file without `version` is of version 1.\n",
    ),
    (
        "bad-zone",
        "A time zone is not known. Zones are named as in the IANA database, Area/City: \"Europe/Berlin\",\n\
         \"America/Sao_Paulo\", or \"UTC\". Abbreviations such as \"CET\" and offsets do not know when daylight saving begins.\n",
    ),
    (
        "duplicate-board",
        "A board of Trello is read twice: listed twice, by address or short link, or by two connections. Each board has one\n\
         connection that reads it, or its gaps would be told twice. In short links upper and lower case are not the same.\n\n\
         As a warning: one connection names no `boards` and so reads all that its account can see, and there is another one.\n\
         Whichever lists a board first keeps it; name the boards of each.\n",
    ),
    (
        "duplicate-key",
        "A value is given twice, in one file or in two. Tables of several files merge and lists append, but a single value\n\
         may stand in one place only: otherwise the order of files would decide, and nobody would see it. Variables and flags\n\
         may replace what a file says.\n",
    ),
    (
        "duplicate-project",
        "A project of Jira or Asana is read twice: listed twice, or by two connections to the same site. Each project has\n\
         one connection that reads it, or its gaps would be told twice.\n\n\
         As a warning: one connection names no `projects` and so reads all that its account can see, and another reads the same\n\
         site. Whichever lists a project first keeps it; name the projects of each.\n",
    ),
    (
        "duplicate-repo",
        "A repository is read twice: listed twice, or by two connections to the same address. Each repository has one\n\
         connection that reads it, or its gaps would be told twice. Upper and lower case are the same.\n\n\
         As a warning: one connection names a repository and another covers its whole owner (\"acme/*\"). Whichever lists it\n\
         first keeps it.\n",
    ),
    (
        "filter-hides-done",
        "(Warning.) A filter of a connection asks for a label that says in which state work is, such as \"in progress\". Such a\n\
         label is taken off when work goes on or is finished, and then the task leaves the filter: it is no longer watched, its\n\
         gaps end without being resolved, and what became of it is never learnt. Filter by what stays (a team, a kind of work),\n\
         and map labels of states under [github.NAME.states].\n\n\
         The same for `select` of a connection to Jira that leaves out finished work, as `statusCategory != Done` or\n\
         `resolution = Unresolved` do. Finished issues cost nothing; leave that part out.\n",
    ),
    (
        "internal",
        "Something failed inside gapwatch, or a file it was told to write could not be written; the message says what.\n\n\
         Nothing that was committed is lost: what was due is still due, and is done by the next try. If the message is no help,\n\
         run the command again with `--log-level debug`.\n",
    ),
    (
        "limited",
        "A service asks to wait: the limit of its calls is used up, for this credential or for this machine.\n\n\
         gapwatch waits by itself for as long as the service says. A command that ends now exits with 75: try again later. If\n\
         it happens often, something else uses the same credential, or `poll` is too short for so much.\n",
    ),
    (
        "listen",
        "The web server cannot take the address that `listen` in [server] names: another program has it, or this machine does\n\
         not have it.\n\n\
         Name another, or end what uses it; `ss -ltnp` shows who that is. Where nobody has set `listen` gapwatch watches all\n\
         the same, without health, metrics and hooks over HTTP. The exit code is 75 while the address is in use, else 78.\n",
    ),
    (
        "literal-secret",
        "(Warning.) A secret stands in the configuration itself, where whoever may read the file, its backups and its\n\
         history can read it. It works. Better refer to it: { env = \"NAME\" }, { file = \"/path\" } or { credential = \"name\" }.\n",
    ),
    (
        "malformed",
        "A service answered in a form that gapwatch does not know.\n\n\
         Mostly it is not the service that answered: a proxy, a login page or a maintenance page stands in between; look at\n\
         `url` and `proxy`. What was read before is kept, and nothing is concluded from such an answer.\n",
    ),
    (
        "manager-cycle",
        "People lead each other in a circle, so a gap that nobody answers would wander round for ever. Somebody stands at\n\
         the top: leave `manager` out there.\n",
    ),
    (
        "misconfigured",
        "A service cannot be asked at all as it is configured: its address, certificate, proxy or version does not fit. Trying\n\
         again does not help; the message says what to change. A certificate of your own authority is named by `ca_file`.\n",
    ),
    (
        "missing-key",
        "A key without which nothing can work is missing: a connection to GitHub needs `token` and `repos`, one to Jira `url` and\n\
         `token`, one to Asana `token`, one to Trello `key` and `token`, Slack needs `bot_token` or `webhook_url`,\n\
         e-mail `from` and `smtp`, a webhook `url` and `secret`, and there must be at least one connection.\n",
    ),
    (
        "narrow-access",
        "(Warning.) A credential works, and cannot do everything that gapwatch would do with it; the message says what is\n\
         missing. It is used all the same: without the right to write, for example, there are no comments.\n",
    ),
    (
        "no-channel",
        "(Warning.) The mode is live, but there is no way to tell anybody anything: neither [slack] nor [email], and comments are off.\n",
    ),
    (
        "no-config",
        "No configuration was found, or it cannot be read.\n\n\
         Without `-c` the first of these is read: $GAPWATCH_CONFIG, ./gapwatch.toml, /data/gapwatch.toml,\n\
         /etc/gapwatch/gapwatch.toml together with /etc/gapwatch/conf.d/*.toml. `-c` and $GAPWATCH_CONFIG also take a folder;\n\
         its *.toml are read in the order of their names. A path that is named but is not there is an error; no other is\n\
         tried then.\n",
    ),
    (
        "no-daemon",
        "No daemon is running on this store, so there is nobody to ask.\n\n\
         `gapwatch run` starts one. If one is running, the command looks at another store: `gapwatch config show` says which,\n\
         and a service often has its own by GAPWATCH_STORE__URL. A relative path counts from the working directory.\n",
    ),
    (
        "no-email",
        "(Warning.) A connection to Jira Cloud has a token and no e-mail address. An API token is half of a login: the other half\n\
         is the address of the account that made it, `email`. Only the token of a service account stands for itself, and only at\n\
         the gateway; name that as `gateway_url`, and the warning is gone.\n",
    ),
    (
        "not-visible",
        "A service does not show something that is configured: it is not there, or the credential may not see it. Services\n\
         answer both in the same way.\n\n\
         Look at the spelling, and whether the credential was given access to it: a fine-grained token of GitHub names its\n\
         repositories, and an organisation may have to approve it. What cannot be seen resolves nothing.\n",
    ),
    (
        "odd-secret",
        "(Warning.) A token does not look like one of its tool. It is used all the same: test servers take any.\n",
    ),
    (
        "readable-secret",
        "(Warning.) A file with a secret can be read by every user of the machine. `chmod o-r` helps, and it must stay\n\
         readable for the user that gapwatch runs as. Secrets of containers are always like that; nobody else logs in there.\n",
    ),
    (
        "refused",
        "A service refuses the credential, or what it may do is not enough.\n\n\
         The message repeats what the service says. Make a new token, or give the present one what is missing; the README says\n\
         what each service needs. A secret in a file is read anew by itself, one in a variable after a restart. The exit code\n\
         is 77.\n",
    ),
    (
        "socket",
        "The socket beside the store, by which commands reach a running daemon, cannot be made.\n\n\
         It stands in the folder of the store and ends in `.sock`: that folder must be writable for the user that gapwatch runs\n\
         as.\n",
    ),
    (
        "store-failed",
        "The database could not be read or written: the disk is full or broken, or its folder is not writable.\n\n\
         Nothing half done is kept, and nothing is said twice. `gapwatch db check` looks at the database; a copy that\n\
         `gapwatch db backup` made can be put in its place while nothing runs.\n",
    ),
    (
        "store-locked",
        "Another gapwatch uses the store. One process owns it, so that nothing is said twice.\n\n\
         Reading commands work beside a daemon, and so do `snooze` and `unsnooze`. For `sync` and `run --once` stop it first; it\n\
         reads by itself anyway. The exit code is 75.\n",
    ),
    (
        "store-taken-over",
        "Another process has begun to write to the store while this one was at work: a copy was put in its place, or the file\n\
         lies where locks do not work. This one has stopped; it can write nothing any more. Start it again, once.\n",
    ),
    (
        "store-unusable",
        "The store cannot be used as it is; the message says why.\n\n\
         There is none yet: `gapwatch run --once` makes and fills it. It is no database of gapwatch: it is left alone; name\n\
         another file as `url` in [store]. A newer gapwatch has written it: use that one, or a copy from before the upgrade.\n",
    ),
    (
        "syntax",
        "A file is not TOML. Frequent reasons: text without quotes, a bracket that is not closed, a line break inside a\n\
         one-line table. Nothing else in the configuration is looked at until it can be read. https://toml.io shows each\n\
         form.\n",
    ),
    (
        "two-credentials",
        "A connection to GitHub names two ways to log in, or a part of one that belongs to another.\n\n\
         Either `token` (and, if comments are to be written by another account, `comment_token`), or a GitHub App: `app_id`\n\
         with `private_key`, and `installation_id` where it is not to be found by itself. Keep one.\n",
    ),
    (
        "unavailable",
        "A service did not answer: the network, a name, a proxy, or the service itself.\n\n\
         gapwatch tries again by itself and says so once it has lasted (rule sys.mirror_stale). A command that ends now exits\n\
         with 69.\n",
    ),
    (
        "unknown-field",
        "A condition names something that is not a field of a task, so it would never hold. `gapwatch rules fields` lists all\n\
         fields with what they mean, `gapwatch rules fields TASK` with their values now. Each is written with its subject:\n\
         `task.state`, not `state`.\n",
    ),
    (
        "unknown-key",
        "A key is not known, so it would do nothing. It is refused, because a misspelt setting that is ignored looks like one\n\
         that works. The message lists the keys of the table. \"Not in this version yet\" means that it is planned: take it\n\
         out, nothing does what it says.\n",
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
        "A name refers to something that is not there: a manager or an operator without a table under [people], a connection\n\
         without a table of its own. Connections are written with their kind: \"github.acme\", \"jira.acme\".\n",
    ),
    (
        "unknown-variable",
        "A variable begins with GAPWATCH_ but sets nothing. The part behind is the path of a setting, in capitals, with two\n\
         underscores between its parts: GAPWATCH_STORE__URL is `url` in [store], GAPWATCH_GITHUB__ACME__POLL is `poll` in\n\
         [github.acme]. Variables named by { env = \"NAME\" } may be called anything.\n",
    ),
    (
        "unused-key",
        "(Warning.) A key is set that has no effect beside another one, or a part of a value that has none, as an order in `select`.\n\
         It is taken, and does nothing: leave it out, so that nobody believes it works.\n",
    ),
    (
        "usage",
        "The command line was not understood, or names something that is not there: a gap, a task, a rule, a person, a moment.\n\n\
         `gapwatch --help` lists the commands, `gapwatch COMMAND --help` the options of one. A task is a browser address, a gap\n\
         id, CONNECTION:KEY, or a key that only one task has. The exit code is 2.\n",
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
