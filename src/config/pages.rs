//! What each error id means, how it comes about, and what to do: `gapwatch help error ID`.

/// Every id, in the order of the alphabet.
pub fn ids() -> impl Iterator<Item = &'static str> {
    PAGES.iter().map(|(id, _)| *id)
}

/// The page of an id. `None`: there is no such id.
pub fn page(id: &str) -> Option<&'static str> {
    PAGES.iter().find(|(known, _)| *known == id).map(|(_, page)| *page)
}

const PAGES: [(&str, &str); 21] = [
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
         secret that is set but cannot be read is never taken for an empty one. Slack's bot token begins with xoxb-.\n",
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
         asks for a password is set by HTTPS_PROXY instead.\n",
    ),
    (
        "bad-value",
        "A value is of the right kind, but none that the setting knows: outside its range, not one of its words, or in\n\
         conflict with another value. The message says what is expected; config/default.toml has the unit and the reason of\n\
         each default.\n",
    ),
    (
        "bad-zone",
        "A time zone is not known. Zones are named as in the IANA database, Area/City: \"Europe/Berlin\",\n\
         \"America/Sao_Paulo\", or \"UTC\". Abbreviations such as \"CET\" and offsets do not know when daylight saving begins.\n",
    ),
    (
        "duplicate-key",
        "A value is given twice, in one file or in two. Tables of several files merge and lists append, but a single value\n\
         may stand in one place only: otherwise the order of files would decide, and nobody would see it. Variables and flags\n\
         may replace what a file says.\n",
    ),
    (
        "duplicate-repo",
        "A repository is read twice: listed twice, or by two connections to the same address. Each repository has one\n\
         connection that reads it, or its gaps would be told twice. Upper and lower case are the same.\n",
    ),
    (
        "literal-secret",
        "(Warning.) A secret stands in the configuration itself, where whoever may read the file, its backups and its\n\
         history can read it. It works. Better refer to it: { env = \"NAME\" }, { file = \"/path\" } or { credential = \"name\" }.\n",
    ),
    (
        "manager-cycle",
        "People lead each other in a circle, so a gap that nobody answers would wander round for ever. Somebody stands at\n\
         the top: leave `manager` out there.\n",
    ),
    (
        "missing-key",
        "A key without which nothing can work is missing: a connection needs `token` and `repos`, Slack needs `bot_token` or\n\
         `webhook_url`, and there must be at least one connection.\n",
    ),
    (
        "no-channel",
        "(Warning.) The mode is live, but there is no way to tell anybody anything: no [slack], and comments are off.\n",
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
        "odd-secret",
        "(Warning.) A token does not look like one of its tool. It is used all the same: test servers take any.\n",
    ),
    (
        "readable-secret",
        "(Warning.) A file with a secret can be read by every user of the machine. `chmod o-r` helps, and it must stay\n\
         readable for the user that gapwatch runs as. Secrets of containers are always like that; nobody else logs in there.\n",
    ),
    (
        "syntax",
        "A file is not TOML. Frequent reasons: text without quotes, a bracket that is not closed, a line break inside a\n\
         one-line table. Nothing else in the configuration is looked at until it can be read. https://toml.io shows each\n\
         form.\n",
    ),
    (
        "unknown-key",
        "A key is not known, so it would do nothing. It is refused, because a misspelt setting that is ignored looks like one\n\
         that works. The message lists the keys of the table. \"Not in this version yet\" means that it is planned: take it\n\
         out, nothing does what it says.\n",
    ),
    (
        "unknown-reference",
        "A name refers to something that is not there: a manager or an operator without a table under [people], a connection\n\
         without a table of its own. Connections are written with their kind: \"github.acme\".\n",
    ),
    (
        "unknown-variable",
        "A variable begins with GAPWATCH_ but sets nothing. The part behind is the path of a setting, in capitals, with two\n\
         underscores between its parts: GAPWATCH_STORE__URL is `url` in [store], GAPWATCH_GITHUB__ACME__POLL is `poll` in\n\
         [github.acme]. Variables named by { env = \"NAME\" } may be called anything.\n",
    ),
    (
        "unused-key",
        "(Warning.) A key is set that has no effect beside another one. It is taken, and does nothing: leave it out, so that\n\
         nobody believes it works.\n",
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
