//! What is in force, as it is shown; and the laws of the environment.

use insta::assert_snapshot;

use super::*;

const TEXT: &str = "mode = \"live\" # at last
[github.acme]
token = { file = '/no/such/token' }
repos = ['acme/web']
[github.acme.states]
waiting = ['Blocked', 'On \"hold\"']
[slack]
bot_token = { env = 'SLACK' }
[people.ana]
also.github = 'ana-k'
[people.zoe]
";

fn in_force(files: &[(&str, &str)], env: &[(&str, &str)]) -> show::InForce {
    let mut sources = sources(files, env);
    sources.flags.only_looks = true;
    match load(&sources) {
        Ok(loaded) => loaded.in_force(),
        Err(found) => panic!("{}", diagnose::report(&found, 1, false, false)),
    }
}

#[test]
fn what_somebody_has_set_is_shown_with_its_origin_and_no_secret() {
    let env = [
        ("GAPWATCH_GITHUB__ACME__POLL", "5m"),
        ("GAPWATCH_RULES__PACE__BEHIND__FROM", "0.25"),
        ("GAPWATCH_DIRECTORY__BOTS", "ci, robot"),
    ];
    let found = in_force(
        &[("gapwatch.toml", TEXT), ("conf.d/more.toml", "[github.acme]\nrepos = ['acme/api', 'acme/app']\n")],
        &env,
    );
    assert_snapshot!(found.toml(false, true), @r#"
    mode = "live"                                     # gapwatch.toml:1

    [github.acme]
    token = "[cannot be read, from file /no/such/token]"  # gapwatch.toml:3
    repos = ["acme/web", "acme/api", "acme/app"]      # gapwatch.toml:4, conf.d/more.toml:2
    poll = "5m"                                       # GAPWATCH_GITHUB__ACME__POLL

    [github.acme.states]
    waiting = ["Blocked", 'On "hold"']                # gapwatch.toml:6

    [slack]
    bot_token = "[set, from env SLACK]"               # gapwatch.toml:8

    [people.ana.also]
    github = "ana-k"                                  # gapwatch.toml:10

    [people.zoe]

    [directory]
    bots = ["ci", "robot"]                            # GAPWATCH_DIRECTORY__BOTS

    [rules.pace.behind]
    from = 0.25                                       # GAPWATCH_RULES__PACE__BEHIND__FROM
    "#);
}

#[test]
fn what_is_shown_can_be_read_again_and_says_the_same() {
    let env = [("GAPWATCH_MESSAGES__WORK_HOURS_ONLY", "false"), ("GAPWATCH_RULES__START__NEVER__RED_DAYS_LEFT", "5")];
    for all in [false, true] {
        let text = in_force(&[("gapwatch.toml", TEXT)], &env).toml(all, true);
        let again = text.replace("\"[cannot be read, from file /no/such/token]\"", "{ env = 'GH' }");
        let again = again.replace("\"[set, from env SLACK]\"", "{ env = 'SLACK' }");
        assert_ne!(again, text);
        let (before, after) =
            (loaded(&TEXT.replace("{ file = '/no/such/token' }", "{ env = 'GH' }"), &env), loaded(&again, &[]));
        let said = |settings: &Settings| {
            let revisions = Revisions::of(settings);
            (settings.mode, settings.messages.clone(), settings.rules.clone(), settings.people.clone(), revisions)
        };
        assert_eq!(said(&before), said(&after), "{again}");
    }
    let text = in_force(&[("gapwatch.toml", TEXT)], &[]).toml(true, false);
    assert!(loaded_error(&text).contains("bad-secret"), "what stands for a secret is none");
}

fn loaded_error(text: &str) -> String {
    found_in(&sources(&[("gapwatch.toml", text)], &[]))
}

#[test]
fn every_default_is_shown_on_demand_and_in_the_order_of_the_reference() {
    let found = in_force(&[("gapwatch.toml", GITHUB)], &[]);
    let text = found.toml(true, true);
    let tables: Vec<&str> = text.lines().filter(|line| line.starts_with('[')).collect();
    assert_eq!(tables[..5], ["[store]", "[server]", "[github.acme]", "[github.acme.filter]", "[github.acme.states]"]);
    assert_eq!(*tables.last().unwrap(), "[rules.sys.rule_useless]");
    assert!(text.contains("settle = \"15m\"") && text.lines().any(|line| line.ends_with("# default")), "{text}");
    assert_eq!(found.values.iter().filter(|shown| !shown.is_default()).count(), 2);
}

#[test]
fn a_literal_secret_is_not_shown() {
    let text = "[github.acme]\ntoken = 'ghp_hushhushhush'\nrepos = ['acme/web']\n";
    let found = in_force(&[("gapwatch.toml", text)], &[]);
    assert!(!format!("{found:?}{}", found.toml(true, true)).contains("hush"));
    assert!(found.toml(false, false).contains("token = \"[set, from the configuration]\""));
}

#[test]
fn a_variable_that_sets_nothing_is_an_error_that_names_it() {
    let said = found_with(&[
        ("GAPWATCH_LOG_LEVLE", "debug"),
        ("GAPWATCH_GITHBU__ACME__POLL", "5m"),
        ("GAPWATCH_MOD", "live"),
        ("GAPWATCH_GITHUB__ACME__POLL_FILE", "/run/x"),
        ("GAPWATCH_", ""),
        ("GAPWATCH_GITHUB____POLL", "5m"),
        ("GAPWATCH_LOG_LEVEL", "debug"),
        ("GAPWATCHER", "not ours"),
    ]);
    let lines = said.lines().filter(|line| !line.is_empty() && *line != " |");
    let without_lists: Vec<&str> = lines.map(|line| line.split(" Known keys").next().unwrap_or_default()).collect();
    assert_snapshot!(without_lists.join("\n"), @r"
    error[unknown-variable]: GAPWATCH_GITHBU__ACME__POLL: unknown key `githbu` at the top
     = help: did you mean `GAPWATCH_GITHUB__ACME__POLL`?
    error[unknown-variable]: GAPWATCH_GITHUB__ACME__POLL_FILE: unknown key `poll_file` in [github.acme]
     = help: did you mean `GAPWATCH_GITHUB__ACME__POLL`?
    error[unknown-variable]: GAPWATCH_LOG_LEVLE: unknown key `log_levle` at the top
     = help: did you mean `GAPWATCH_LOG_LEVEL`?
    error[unknown-variable]: GAPWATCH_MOD: unknown key `mod` at the top
     = help: did you mean `GAPWATCH_MODE`?
    error[unknown-variable]: GAPWATCH_: this names no setting
     = help: the part behind GAPWATCH_ is the path of a setting, with two underscores between its parts
    error[unknown-variable]: GAPWATCH_GITHUB____POLL: this names no setting
     = help: the part behind GAPWATCH_ is the path of a setting, with two underscores between its parts
    gapwatch: 6 errors, 0 warnings in 1 file.
    ");
}

#[test]
fn a_secret_file_that_is_named_but_cannot_be_used_is_an_error_and_never_an_empty_secret() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let unusable = [
        ("/no/such/file".to_owned(), "cannot be read"),
        (folder.path().display().to_string(), "cannot be read"),
        (file("empty", ""), "is empty"),
        (file("line", "\n"), "is empty"),
        (String::new(), "cannot be read"),
    ];
    for (path, why) in unusable {
        let sources = sources(&[("gapwatch.toml", GITHUB)], &[("GAPWATCH_GITHUB__ACME__TOKEN_FILE", &path)]);
        let mut found = load(&sources).unwrap_err();
        found.retain(|found| found.severity == Severity::Error);
        assert_eq!((found.len(), found[0].id), (1, "bad-secret"), "{path}");
        assert!(
            found[0].title.starts_with("GAPWATCH_GITHUB__ACME__TOKEN_FILE: ") && found[0].title.contains(why),
            "{}",
            found[0].title
        );
    }
}

#[test]
fn a_value_given_by_a_file_and_by_the_environment_is_no_conflict() {
    let files = [
        ("a.toml", GITHUB),
        ("b.toml", "[github.acme]\npoll = '1m'\n[directory]\nbots = ['ci']\n"),
        ("c.toml", "directory.bots = ['robot']\n"),
    ];
    let loaded = load(&sources(&files, &[("GAPWATCH_GITHUB__ACME__POLL", "3m")])).unwrap();
    assert_eq!(loaded.settings.github["acme"].poll.to_string(), "3m");
    assert_eq!(loaded.settings.directory.bots, ["ci", "robot"], "lists of several files append");
    assert_eq!(loaded.settings.origin("github.acme.poll").to_string(), "GAPWATCH_GITHUB__ACME__POLL");
}
