//! Defaults, files, environment and flags over each other; and that the reference is complete.

use std::collections::BTreeSet;

use insta::assert_snapshot;
use jiff::SignedDuration;
use secrecy::ExposeSecret;

use super::*;

#[test]
fn the_minimal_file_is_enough() {
    let settings = loaded(GITHUB, &[]);
    assert_eq!(settings.mode, Mode::Observe);
    let acme = &settings.github["acme"];
    assert_eq!(acme.url.url().as_str(), "https://api.github.com/");
    assert_eq!(acme.graphql().as_str(), "https://api.github.com/graphql");
    assert_eq!(acme.poll, Length::Elapsed(SignedDuration::from_mins(2)));
    assert_eq!(acme.token.as_ref().unwrap().secret().read().unwrap().expose_secret(), "t0ken");
    assert!(settings.slack.is_none() && settings.people.is_empty() && settings.comments.on.is_none());
    assert_eq!(settings.rules.stalled.idle_3d, Length::Workdays(3.0));
    assert_eq!(settings.messages.backlog, Backlog::Hold);
}

#[test]
fn the_example_is_taken_without_a_word() {
    let env = [("GITHUB_TOKEN", "ghp_x"), ("SLACK_BOT_TOKEN", "xoxb-1")];
    let result = load(&sources(&[("example.toml", EXAMPLE)], &env)).unwrap();
    assert!(result.warnings.is_empty());
    assert_eq!(result.settings.people["ana"].also.slack.0, ["U024BE7LH"]);
}

/// With every setting that has no default; the rest stands in the defaults.
const EVERYTHING: &str = r##"
    [github.NAME]
    token = { env = "GH" }
    repos = ["acme/web"]
    mode = "live"
    [jira.NAME]
    url = "https://acme.atlassian.net"
    email = "gapwatch@acme.org"
    token = { env = "GH" }
    [asana.NAME]
    token = { env = "GH" }
    [trello.NAME]
    key = { env = "KEY" }
    token = { env = "GH" }
    [slack]
    bot_token = { env = "SLACK" }
    channel = "#delivery"
    [email]
    from = "gapwatch@example.org"
    smtp = "smtps://smtp.example.org:465"
    [webhooks.NAME]
    url = "https://example.org/hooks"
    secret = { env = "SIGN" }
    [heartbeat]
    url = { env = "BEAT" }
    [people.NAME]
    [rules.custom.NAME]
    when = "true"
    [teams.NAME]
    manager = "NAME"
    [calendars.NAME]
"##;

/// Tables whose tables somebody names.
const NAMED: [&str; 9] =
    ["github", "jira", "asana", "trello", "webhooks", "people", "teams", "calendars", "rules.custom"];

/// Every key of every table, as the types know them: an unknown key in a table is answered with the list.
fn known_keys() -> BTreeSet<String> {
    let defaults: toml::Table = toml::from_str(DEFAULTS).unwrap();
    let mut tables = vec![String::new()];
    collect_tables(&defaults, "", &mut tables);
    let mut keys = BTreeSet::new();
    for table in tables.iter().filter(|table| !NAMED.contains(&table.as_str())) {
        let text = if table.is_empty() { "zzz = 1".to_owned() } else { format!("[{table}]\nzzz = 1") };
        let error = load(&sources(&[("a.toml", &text), ("b.toml", EVERYTHING)], &[])).unwrap_err();
        let unknown = error.iter().find(|found| found.id == "unknown-key").unwrap();
        let list = unknown.help.as_ref().unwrap().split_once("Known keys: ").unwrap().1;
        keys.extend(list.split(", ").map(|key| tree::join(table, key)));
    }
    keys
}

fn collect_tables(table: &toml::Table, path: &str, tables: &mut Vec<String>) {
    for (key, value) in table {
        if let toml::Value::Table(inner) = value {
            tables.push(tree::join(path, key));
            collect_tables(inner, &tree::join(path, key), tables);
        }
    }
}

#[test]
fn the_reference_names_every_setting_and_no_other() {
    let mut written = BTreeSet::new();
    let mut table = String::new();
    for line in DEFAULTS.lines() {
        // `# key = value   # why` is a setting without a default; other comments have no `=` behind their first word.
        let line = line.strip_prefix("# ").unwrap_or(line);
        if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            table = name.to_owned();
            let parts: Vec<&str> = name.split('.').collect();
            written.extend((1..=parts.len()).map(|end| parts[..end].join(".")));
        } else if let Some((key, _)) = line.split_once(" = ").filter(|(key, _)| !key.contains(' ')) {
            written.insert(tree::join(&table, key));
        }
    }
    // Said once for all rules, at the head of their part.
    written.retain(|key| !key.ends_with("backlog.mode"));
    let of_a_rule = |key: &str| key.starts_with("rules.") && (key.ends_with(".mode") || key.ends_with(".exclude"));
    let known: BTreeSet<String> = known_keys().into_iter().filter(|key| !of_a_rule(key)).collect();
    let of_all = ["messages.mode", "messages.exclude"];
    let written: BTreeSet<String> = written
        .into_iter()
        .filter(|key| !key.strip_suffix(".NAME").is_some_and(|kind| NAMED.contains(&kind)))
        .filter(|key| !of_all.contains(&key.as_str()))
        .collect();
    assert_eq!(written, known);
}

#[test]
fn every_key_of_the_defaults_reads_as_a_file_of_its_own() {
    let defaults = DEFAULTS.replace("NAME", "acme");
    let found = load(&sources(&[("default.toml", &defaults), ("own.toml", &EVERYTHING.replace("NAME", "acme"))], &[]));
    let settings = found.unwrap().settings;
    let own = loaded(&format!("{GITHUB}[rules.custom.acme]\nwhen = 'true'\n"), &[]);
    assert_eq!(settings.rules, own.rules);
}

#[test]
fn the_environment_is_over_the_files_and_flags_over_both() {
    let text = format!("mode = 'live'\n{GITHUB}[rules.overdue]\nmode = 'live'\n");
    let env = [
        ("GAPWATCH_MODE", "live"),
        ("GAPWATCH_STORE__URL", "sqlite:/data/x.db"),
        ("GAPWATCH_GITHUB__ACME__POLL", "5m"),
        ("GAPWATCH_GITHUB__ACME__REPOS", "acme/api, acme/app"),
        ("GAPWATCH_MESSAGES__WORK_HOURS_ONLY", "false"),
        ("GAPWATCH_RULES__PACE__BEHIND__FROM", "0.25"),
        ("GAPWATCH_RULES__START__NEVER__RED_DAYS_LEFT", "5"),
        ("GAPWATCH_LOG_LEVEL", "debug"),
        ("GAPWATCH_CONFIG", "/x"),
        ("PATH", "/bin"),
    ];
    let mut sources = sources(&[("gapwatch.toml", &text)], &env);
    let settings = load(&sources).unwrap().settings;
    assert_eq!(settings.mode, Mode::Live);
    assert_eq!(settings.store.url.path(), std::path::Path::new("/data/x.db"));
    assert_eq!(settings.github["acme"].poll.to_string(), "5m");
    assert_eq!(settings.github["acme"].repos.iter().map(Repo::to_string).collect::<Vec<_>>(), ["acme/api", "acme/app"]);
    assert!(!settings.messages.work_hours_only);
    assert_eq!(settings.rules.pace.behind.from, 0.25);
    assert_eq!(settings.rules.start.never.red_days_left, 5);
    let origin = |key: &str| settings.origin(key).to_string();
    assert_eq!(origin("mode"), "GAPWATCH_MODE");
    assert_eq!(origin("rules.pace.behind.from"), "GAPWATCH_RULES__PACE__BEHIND__FROM");
    assert_eq!(origin("rules.pace.behind.red_extra"), "default");
    assert_eq!(origin("rules.overdue.mode"), "gapwatch.toml:6");

    sources.flags = Flags { mode: Some(Mode::Observe), backlog: Some(Backlog::Tell), only_looks: false };
    let settings = load(&sources).unwrap().settings;
    assert_eq!((settings.mode, settings.messages.backlog), (Mode::Observe, Backlog::Tell));
    assert_eq!(settings.rules.overdue.mode, None, "whoever types --mode observe wants silence everywhere");
    assert_eq!(settings.origin("mode").to_string(), "--mode");
}

#[test]
fn secrets_of_containers_come_by_a_variable_that_names_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("token");
    std::fs::write(&path, "from-file\n").unwrap();
    let read = |text: &str, env: &[(&str, &str)]| {
        let settings = loaded(text, env);
        let token = settings.github["acme"].token.as_ref().unwrap();
        let origin = settings.origin("github.acme.token").to_string();
        (token.secret().read().unwrap().expose_secret().to_owned(), origin)
    };
    let file = ("GAPWATCH_GITHUB__ACME__TOKEN_FILE", path.to_str().unwrap());
    let expected = ("from-file".to_owned(), file.0.to_owned());
    assert_eq!(read(GITHUB, &[file]), expected);
    assert_eq!(read(&GITHUB.replace("{ env = 'GH' }", "'literal'"), &[file]), expected);
    assert_eq!(read("[github.acme]\nrepos = ['acme/web']\n", &[file]), expected);

    let value = ("GAPWATCH_GITHUB__ACME__TOKEN", "from-variable");
    let expected = ("from-variable".to_owned(), value.0.to_owned());
    assert_eq!(read(GITHUB, &[value]), expected);
    let all_from_variables = [value, ("GAPWATCH_GITHUB__ACME__REPOS", "acme/web")];
    assert_eq!(read("", &all_from_variables), expected);

    let referred = GITHUB.replace("'GH'", "'GAPWATCH_MY_TOKEN'");
    assert_eq!(read(&referred, &[("GAPWATCH_MY_TOKEN", "mine")]).0, "mine");
}

#[test]
fn mistakes_of_the_environment_name_the_variable_and_no_line() {
    assert_snapshot!(found_with(&[
        ("GAPWATCH_GITHUB__ACME__POL", "5m"),
        ("GAPWATCH_SERVER__LISTEN", "x"),
        ("GAPWATCH_STORE", "x"),
        ("GAPWATCH_GITHUB__ACME__POLL", "soon"),
        ("GAPWATCH_GITHUB__ACME__REPOS", "acme"),
        ("GAPWATCH_GITHUB__NEW__POLL", "1m"),
        ("GAPWATCH_MODE", ""),
        ("GAPWATCH_RULES__OVERDUE__ENABLED", "yes"),
        ("GAPWATCH_RULES__PACE__BEHIND__FROM", "2"),
        ("GAPWATCH_DIRECTORY__DEFAULT_MANAGER", "max"),
    ]), @r#"
    error[missing-key]: GAPWATCH_GITHUB__NEW__POLL: missing key `repos` in [github.new]
     |
     = help: write repos = ["owner/name"]

    error[unknown-variable]: GAPWATCH_GITHUB__ACME__POL: unknown key `pol` in [github.acme]
     |
     = help: did you mean `GAPWATCH_GITHUB__ACME__POLL`? Known keys: app_id, ca_file, comment_token, fields, filter, graphql_url, installation_id, mode, poll, private_key, projects, proxy, repos, states, statuses, token, url, webhook_secret

    error[bad-duration]: GAPWATCH_GITHUB__ACME__POLL="soon" is not a length of time; expected e.g. "90m", "3 workdays", "2 workhours"
     |
     = help: units: s m h d w, workhours, workdays

    error[bad-value]: GAPWATCH_GITHUB__ACME__REPOS="acme" is not a repository; expected "owner/name" or "owner/*"
     |
     = help: as in the address https://github.com/owner/name

    error[bad-value]: GAPWATCH_MODE="" is not a possible value; expected "observe" or "live"

    error[bad-type]: GAPWATCH_RULES__OVERDUE__ENABLED="yes" is not true or false

    error[bad-value]: GAPWATCH_SERVER__LISTEN="x" is not an address to listen at; expected address:port, e.g. "127.0.0.1:8080"
     |
     = help: use an IP address of this machine (0.0.0.0 and [::] mean all of them), or "off"

    error[bad-type]: GAPWATCH_STORE="x" is not a table

    error[unknown-reference]: GAPWATCH_DIRECTORY__DEFAULT_MANAGER: no person named `max`
     |
     = help: People are the tables under [people]

    error[bad-value]: GAPWATCH_RULES__PACE__BEHIND__FROM=2 is not a share between 0 and 1

    error[missing-key]: GAPWATCH_GITHUB__NEW__POLL: missing key `token` in [github.new]
     |
     = help: write token = { file = "/run/secrets/github_token" }, or { env = "NAME" }, { credential = "name" }; for a GitHub App app_id and private_key instead

    gapwatch: 11 errors, 0 warnings in 1 file.
    "#);
    let hush = found_with(&[
        ("GAPWATCH_GITHUB__ACME__TOKEN", "xoxb-hush"),
        ("GAPWATCH_GITHUB__ACME__TOKEN_FILE", "/no/such/file"),
    ]);
    assert!(!hush.contains("hush"));
    assert_snapshot!(hush, @r#"
    error[bad-secret]: GAPWATCH_GITHUB__ACME__TOKEN and GAPWATCH_GITHUB__ACME__TOKEN_FILE both give the same secret; keep one of them

    error[bad-secret]: GAPWATCH_GITHUB__ACME__TOKEN: this is a token of Slack, not of GitHub

    gapwatch: 2 errors, 0 warnings in 1 file.
    "#);
}

#[test]
fn a_command_that_only_looks_needs_no_credentials() {
    let text = "[github.acme]\ntoken = { env = \"NOT_SET\" }\nrepos = [\"acme/web\"]\n";
    let mut sources = Sources { files: vec![("a.toml".into(), text.to_owned())], ..Sources::default() };
    assert!(load(&sources).is_err());
    sources.flags.only_looks = true;
    assert!(load(&sources).unwrap().warnings.is_empty());
}
