//! Mistakes in a single key or value, as people see them.

use insta::assert_snapshot;

use super::*;

#[test]
fn an_unknown_key_is_shown_with_what_was_meant() {
    assert_snapshot!(found_after("pol = '1m'\n[rules.pace.behind]\nallowed_frist = 0.2\nwhy = 1\n"), @r#"
    error[unknown-key]: unknown key `pol` in [github.acme]
     --> gapwatch.toml:4:1
      |
    4 | pol = '1m'
      | ^^^ unknown
      |
      = note: key: github.acme.pol
      = help: did you mean `poll`? Known keys: app_id, ca_file, comment_token, fields, filter, graphql_url, installation_id, mode, poll, private_key, projects, proxy, repos, states, statuses, token, url, webhook_secret

    error[unknown-key]: unknown key `allowed_frist` in [rules.pace.behind]
     --> gapwatch.toml:6:1
      |
    6 | allowed_frist = 0.2
      | ^^^^^^^^^^^^^ unknown
      |
      = note: key: rules.pace.behind.allowed_frist
      = help: did you mean `allowed_first`? Known keys: allowed_first, allowed_last, enabled, exclude, from, min_span, mode, red_extra, red_from

    error[unknown-key]: unknown key `why` in [rules.pace.behind]
     --> gapwatch.toml:7:1
      |
    7 | why = 1
      | ^^^ unknown
      |
      = note: key: rules.pace.behind.why
      = help: Known keys: allowed_first, allowed_last, enabled, exclude, from, min_span, mode, red_extra, red_from

    gapwatch: 3 errors, 0 warnings in 1 file.
    "#);
}

#[test]
fn keys_of_later_versions_are_refused_by_name() {
    assert_snapshot!(found_after("[comments]\nstyle = 'short'\n"), @r"
    error[unknown-key]: unknown key `style` in [comments]
     --> gapwatch.toml:5:1
      |
    5 | style = 'short'
      | ^^^^^ unknown
      |
      = note: key: comments.style
      = help: this version does not have it yet; take it out. Known keys: from_stage, on

    gapwatch: 1 error, 0 warnings in 1 file.
    ");
}

#[test]
fn a_missing_key_is_shown_at_its_table_and_all_are_named() {
    assert_snapshot!(found("[github.acme]\n[slack]\nchannel = '#x'\n"), @r#"
    error[missing-key]: missing key `repos` in [github.acme]
     --> gapwatch.toml:1:9
      |
    1 | [github.acme]
      |         ^^^^ `repos` is needed here
      |
      = note: key: github.acme.repos
      = help: write repos = ["owner/name"]

    error[missing-key]: missing key `token` in [github.acme]
     --> gapwatch.toml:1:9
      |
    1 | [github.acme]
      |         ^^^^ `token` is needed here
      |
      = note: key: github.acme.token
      = help: write token = { file = "/run/secrets/github_token" }, or { env = "NAME" }, { credential = "name" }; for a GitHub App app_id and private_key instead

    error[missing-key]: missing key `bot_token` in [slack]
     --> gapwatch.toml:2:2
      |
    2 | [slack]
      |  ^^^^^ `bot_token` is needed here
      |
      = note: key: slack.bot_token
      = help: write bot_token = { file = "/run/secrets/slack_bot_token" }, or { env = "NAME" }, { credential = "name" }; or webhook_url

    gapwatch: 3 errors, 0 warnings in 1 file.
    "#);
    assert_snapshot!(found("mode = 'live'\n"), @r"
    error[missing-key]: no connection is configured: nothing would be watched
     |
     = help: add a table [github.NAME] with `token` and `repos`, [jira.NAME] with `url`, `email` and `token`, [asana.NAME] with `token`, or [trello.NAME] with `key` and `token`

    gapwatch: 1 error, 0 warnings in 1 file.
    ");
}

#[test]
fn lengths_of_time() {
    assert_snapshot!(found_after("[rules.stalled]\nidle_3d = \"3 fortnights\"\n[messages]\nsettle = 15\nclear_after = '2 workhours'\n"), @r#"
    error[bad-duration]: "3 fortnights" is not a length of time
     --> gapwatch.toml:5:11
      |
    5 | idle_3d = "3 fortnights"
      |           ^^^^^^^^^^^^^^ expected e.g. "90m", "3 workdays", "2 workhours"
      |
      = note: key: rules.stalled.idle_3d
      = help: units: s m h d w, workhours, workdays

    error[bad-duration]: 15 is not a length of time
     --> gapwatch.toml:7:10
      |
    7 | settle = 15
      |          ^^ expected e.g. "90m", "3 workdays", "2 workhours"
      |
      = note: key: messages.settle
      = help: did you mean "15s"? units: s m h d w, workhours, workdays

    error[bad-value]: "2 workhours" is not a time of at most one day
     --> gapwatch.toml:8:15
      |
    8 | clear_after = '2 workhours'
      |               ^^^^^^^^^^^^^ out of range
      |
      = note: key: messages.clear_after
      = help: this one counts on the wall clock: s m h d

    gapwatch: 3 errors, 0 warnings in 1 file.
    "#);
}

#[test]
fn values_of_another_type() {
    assert_snapshot!(found("mode = true\ngithub.acme = { token = { env = 'GH' }, repos = 'acme/web' }\npeople.ana = 'Ana'\n[rules.pace]\nbehind.from = 'half'\noverdue = 1\n"), @r#"
    error[bad-type]: true is not a word
     --> gapwatch.toml:1:8
      |
    1 | mode = true
      |        ^^^^ expected a word
      |
      = note: key: mode

    error[bad-type]: "acme/web" is not a list
     --> gapwatch.toml:2:49
      |
    2 | github.acme = { token = { env = 'GH' }, repos = 'acme/web' }
      |                                                 ^^^^^^^^^^ expected a list
      |
      = note: key: github.acme.repos
      = help: write ["acme/web"]

    error[bad-type]: "Ana" is not a table
     --> gapwatch.toml:3:14
      |
    3 | people.ana = 'Ana'
      |              ^^^^^ expected a table
      |
      = note: key: people.ana

    error[bad-type]: "half" is not a number
     --> gapwatch.toml:5:15
      |
    5 | behind.from = 'half'
      |               ^^^^^^ expected a number
      |
      = note: key: rules.pace.behind.from

    error[unknown-key]: unknown key `overdue` in [rules.pace]
     --> gapwatch.toml:6:1
      |
    6 | overdue = 1
      | ^^^^^^^ unknown
      |
      = note: key: rules.pace.overdue
      = help: Known keys: behind, stuck_near_done

    gapwatch: 5 errors, 0 warnings in 1 file.
    "#);
}

#[test]
fn values_out_of_range() {
    assert_snapshot!(found_after("poll = '2d'\n[rules.pace.behind]\nfrom = 1.5\nallowed_last = 0.5\n[rules.sys.mirror_stale]\nafter_polls = -1\n[rules.start.never]\nred_days_left = 1000\nmin_span = '4000 workdays'\n"), @r#"
    error[bad-value]: "2d" is not a time from one second to one day
     --> gapwatch.toml:4:8
      |
    4 | poll = '2d'
      |        ^^^^ out of range
      |
      = note: key: github.acme.poll
      = help: this one counts on the wall clock: s m h d

    error[bad-value]: 1.5 is not a share between 0 and 1
     --> gapwatch.toml:6:8
      |
    6 | from = 1.5
      |        ^^^ out of range
      |
      = note: key: rules.pace.behind.from

    error[bad-value]: 0.5 is not a share of at most `allowed_first` (what is allowed shrinks towards the deadline)
     --> gapwatch.toml:7:16
      |
    7 | allowed_last = 0.5
      |                ^^^ out of range
      |
      = note: key: rules.pace.behind.allowed_last

    error[bad-value]: -1 is not a whole number, 0 or more
     --> gapwatch.toml:9:15
      |
    9 | after_polls = -1
      |               ^^ expected a whole number, 0 or more
      |
      = note: key: rules.sys.mirror_stale.after_polls

    error[bad-value]: 1000 is not a number of days from 0 to 365
      --> gapwatch.toml:11:17
       |
    11 | red_days_left = 1000
       |                 ^^^^ out of range
       |
       = note: key: rules.start.never.red_days_left

    error[bad-duration]: "4000 workdays" is not a length of time below ten years
      --> gapwatch.toml:12:12
       |
    12 | min_span = '4000 workdays'
       |            ^^^^^^^^^^^^^^^ too long
       |
       = note: key: rules.start.never.min_span
       = help: units: s m h d w, workhours, workdays

    gapwatch: 6 errors, 0 warnings in 1 file.
    "#);
}

#[test]
fn words_that_are_not_among_those_there_are() {
    assert_snapshot!(found(&format!("mode = 'lvie'\nversion = 2\n{GITHUB}[messages]\nbacklog = 'x'\n")), @r#"
    error[bad-value]: "lvie" is not a possible value
     --> gapwatch.toml:1:8
      |
    1 | mode = 'lvie'
      |        ^^^^^^ expected "observe" or "live"
      |
      = note: key: mode
      = help: did you mean "live"?

    error[bad-version]: this file is of version 2, and this gapwatch reads no newer one than 1
     --> gapwatch.toml:2:11
      |
    2 | version = 2
      |           ^ not this version
      |
      = note: key: version
      = help: a newer gapwatch has written it: run that one, or take the copy that was kept of the old file

    error[bad-value]: "x" is not a possible value
     --> gapwatch.toml:7:11
      |
    7 | backlog = 'x'
      |           ^^^ expected "hold" or "tell"
      |
      = note: key: messages.backlog

    gapwatch: 3 errors, 0 warnings in 1 file.
    "#);
}

#[test]
fn a_value_given_twice_names_both_places() {
    let files = [
        ("a.toml", GITHUB),
        ("b.toml", "[github.acme]\npoll = '1m'\nrepos = ['acme/api']\n"),
        ("c.toml", "[github.acme]\npoll = '5m'\n"),
    ];
    assert_snapshot!(found_in(&sources(&files, &[])), @r#"
    error[duplicate-key]: key `poll` is given twice
     --> c.toml:2:1
      |
    2 | poll = '5m'
      | ^^^^ given again here
      |
     ::: b.toml:2:1
      |
    2 | poll = '1m'
      | ---- first given here
      |
      = note: key: github.acme.poll
      = help: tables of several files merge and lists append, but a single value may stand in one file only

    gapwatch: 1 error, 0 warnings in 3 files.
    "#);
    assert_snapshot!(found("mode = 'live'\nmode = 'observe'\n"), @r#"
    error[duplicate-key]: key `mode` is given twice
     --> gapwatch.toml:2:1
      |
    2 | mode = 'observe'
      | ^^^^ given again here
      |
     ::: gapwatch.toml:1:1
      |
    1 | mode = 'live'
      | ---- first given here
      |
      = help: in one file a key, or the header of a table, may stand only once

    gapwatch: 1 error, 0 warnings in 1 file.
    "#);
}

#[test]
fn a_file_that_is_not_toml_is_all_that_is_said_and_shows_no_secret() {
    assert_snapshot!(found("mode = observe\n[slack]\nbot_token = 'xoxb-hush\nname = 1\nnonsense = 2\n"), @r#"
    error[syntax]: this is not TOML
     --> gapwatch.toml:1:8
      |
    1 | mode = observe
      |        ^^^^^^^ string values must be quoted, expected literal string
      |
      = help: strings need quotes, tables a header in brackets; https://toml.io shows each form

    error[syntax]: this is not TOML
     --> gapwatch.toml:3:23
      |
    3 | bot_token = '*********
      |                       ^ invalid literal string, expected `'`
      |
      = help: strings need quotes, tables a header in brackets; https://toml.io shows each form

    gapwatch: 2 errors, 0 warnings in 1 file.
    "#);
}

#[cfg(unix)]
#[test]
fn the_last_line_says_what_became_of_it() {
    let found = load(&sources(&[("gapwatch.toml", "mode = 5\n")], &[])).unwrap_err();
    let report = diagnose::report(&found, 1, true, false);
    assert!(report.ends_with("gapwatch: 2 errors, 0 warnings in 1 file. The running configuration is unchanged.\n"));
    assert!(diagnose::report(&found, 2, false, true).contains("\u{1b}["), "colour on demand");
}

proptest::proptest! {
    #[test]
    fn no_text_makes_it_panic(text in "(\\PC|\n){0,60}", key in "[a-z.]{0,20}", value in "[a-z0-9'{}\\[\\]=., ]{0,20}") {
        let _ = found(&text);
        let _ = found_after(&format!("{key} = {value}\n"));
        let _ = found(&format!("{key} = {value}\n{GITHUB}"));
        let _ = found_with(&[(&format!("GAPWATCH_{}", key.to_uppercase().replace('.', "__")), value.as_str())]);
    }
}

#[test]
fn a_condition_that_leaves_tasks_out_is_checked_where_it_stands() {
    let misspelt = found_after("[rules.owner.none]\nexclude = \"'triage' in task.label\"\n");
    assert!(misspelt.contains("error[unknown-field]: `task.label` is not a field of a task"), "{misspelt}");
    assert!(misspelt.contains("gapwatch.toml:5:24"), "{misspelt}");
    let growing = found_after("[rules.stalled]\nexclude = 'task.idle_days > 3'\n");
    assert!(growing.contains("`exclude` cannot ask for `task.idle_days`: it changes with time"), "{growing}");
    let of_nobody = found_after("[rules.wip.limit]\nexclude = 'true'\n");
    assert!(of_nobody.contains("error[unknown-key]: unknown key `exclude` in [rules.wip.limit]"), "{of_nobody}");
    let over = "[[overrides]]\nmatch = 'true'\nrules.owner.none.exclude = 'task.label'\n";
    let over = found_after(over);
    assert!(over.contains("error[unknown-field]: `task.label`"), "{over}");
    loaded(&format!("{GITHUB}[rules.owner.none]\nexclude = \"'triage' in task.labels\"\n"), &[]);
}

#[test]
fn a_mistake_that_many_make_is_answered_with_what_to_write() {
    let connection = "[github.acme]\ntoken = { env = 'GH' }\nrepos = ['acme/web']\n";
    for (text, help) in [
        (format!("{connection}poll = '2 minutes'\n"), "did you mean \"2m\"? units:"),
        (format!("{connection}[rules.stalled]\nidle_3d = '3 working days'\n"), "did you mean \"3 workdays\"? units:"),
        (format!("{connection}[rules.pace.behind]\nfrom = 30\n"), "30 % is 0.3"),
        (format!("{connection}[rules.pace.behind]\nfrom = '30%'\n"), "shares run from 0 to 1: write 0.3"),
        (format!("{connection}version = 1\n"), "`version` belongs above the first table of the file."),
        (format!("{connection}[server]\nauth = 'password'\n"), "this version does not have it yet; take it out."),
        (connection.replace("acme/web", "https://github.com/acme/web"), "did you mean \"acme/web\"?"),
    ] {
        let found = found(&text);
        assert!(found.contains(help), "{text}\n{found}");
    }
}

#[test]
fn a_table_that_stands_twice_is_one_mistake() {
    let table = "[github.acme]\ntoken = { env = 'GH' }\nrepos = ['acme/web']\n";
    let found = found(&format!("{table}{table}[slack]\nchannel = '#a'\nchannel = '#b'\n"));
    assert_eq!(found.matches("error[duplicate-key]").count(), 2, "{found}");
    assert!(found.contains("key `acme` is given twice") && found.contains("key `channel` is given twice"), "{found}");
}
