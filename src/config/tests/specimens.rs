//! One specimen of each mistake, as people see it: kept in `tests/errors/`, shown in `docs/errors.md`.

use super::*;
use crate::golden::golden;

/// The mistake with this id among what is found in a file behind the smallest one.
fn after(id: &str, text: &str) -> String {
    among(id, &sources(&[("gapwatch.toml", &format!("{GITHUB}{text}"))], &[]))
}

fn among(id: &str, sources: &Sources) -> String {
    let found = match load(sources) {
        Ok(loaded) => loaded.warnings,
        Err(found) => found,
    };
    let one = found.iter().find(|found| found.id == id);
    one.map_or_else(|| panic!("{id} is not among {found:#?}"), |found| found.render(false))
}

#[test]
fn each_mistake_in_a_file_is_shown_with_its_place() {
    for (id, text) in [
        ("bad-duration", "[rules.stalled]\nidle_3d = \"3 fortnights\"\n"),
        ("bad-name", "[people.Ana-K]\n"),
        ("bad-type", "[rules.pace.behind]\nfrom = \"half\"\n"),
        ("bad-url", "url = \"http://ghe.example.org/api/v3\"\n"),
        ("bad-value", "[messages]\nbacklog = \"hodl\"\n"),
        ("bad-zone", "[people.ana]\ntz = \"CEST\"\n"),
        ("duplicate-key", "poll = \"5m\"\npoll = \"2m\"\n"),
        ("duplicate-repo", "[github.other]\ntoken = { env = \"GH\" }\nrepos = [\"Acme/Web\"]\n"),
        (
            "duplicate-project",
            "[jira.a]\nurl = 'https://acme.atlassian.net'\nemail = 'g@acme.org'\ntoken = { env = 'GH' }\nprojects = ['OPS', 'OPS']\n",
        ),
        (
            "duplicate-board",
            "[trello.a]\nkey = { env = 'KEY' }\ntoken = { env = 'GH' }\nboards = ['nC8QJJoZ', 'https://trello.com/b/nC8QJJoZ/work']\n",
        ),
        ("no-email", "[jira.acme]\nurl = 'https://acme.atlassian.net'\ntoken = { env = 'GH' }\n"),
        ("filter-hides-done", "filter.labels = [\"doing\"]\nstates.active = [\"Doing\"]\n"),
        ("two-credentials", "app_id = 5\n"),
        ("manager-cycle", "[people]\nana.manager = \"max\"\nmax.manager = \"ana\"\n"),
        ("missing-key", "[slack]\nchannel = \"#delivery\"\n"),
        ("syntax", "[people.ana]\nname = Ana K.\n"),
        ("unknown-field", "[rules.custom.review_waits]\nwhen = \"task.state == 'review' and task.idle_dayz > 2\"\n"),
        ("bad-condition", "[[overrides]]\nmatch = \"task.idle_days > 2\"\nrules.stalled.idle_7d = \"1 workday\"\n"),
        ("unknown-key", "[rules.pace.behind]\nallowed_frist = 0.2\n"),
        ("unknown-reference", "[people.ana]\nmanager = \"maks\"\n[people.max]\n"),
        ("bad-secret", "[slack]\nbot_token = { env = \"NO_SUCH_VARIABLE\" }\n"),
        ("unused-key", "[slack]\nwebhook_url = 'https://hooks.slack.com/services/T1/B2/x3'\nchannel = '#delivery'\n"),
        ("literal-secret", "[slack]\nbot_token = \"xoxb-0123456789\"\n"),
        ("odd-secret", "[slack]\nbot_token = { env = \"GH\" }\n"),
    ] {
        golden(id, &after(id, text));
    }
}

#[test]
fn a_mistake_above_the_tables_is_shown_with_its_place() {
    for (id, text) in [("bad-version", "version = 2\n"), ("no-channel", "mode = \"live\"\ncomments.on = []\n")] {
        golden(id, &among(id, &sources(&[("gapwatch.toml", &format!("{text}{GITHUB}"))], &[])));
    }
}

#[test]
fn a_mistake_of_the_environment_names_the_variable() {
    let sources = sources(&[("gapwatch.toml", GITHUB)], &[("GAPWATCH_GITHUB__ACME__POL", "5m")]);
    golden("unknown-variable", &among("unknown-variable", &sources));
}

#[test]
fn a_configuration_that_is_not_there_is_told_with_the_places_that_were_looked_in() {
    let env = std::collections::BTreeMap::from([("GAPWATCH_CONFIG".to_owned(), "/no/such/gapwatch.toml".to_owned())]);
    let found = find_and_read(&[], &env).unwrap_err();
    golden("no-config", &found[0].render(false));
}

#[cfg(unix)]
#[test]
fn a_secret_that_others_may_read_is_shown_by_its_file() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("token");
    std::fs::write(&path, "xoxb-1\n").unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
    let path = path.display().to_string();
    let shown = after("readable-secret", &format!("[slack]\nbot_token = {{ file = \"{path}\" }}\n"));
    // The folder is another one each time, and so is the length of the line below it.
    let same = shown.replace(&path, "/run/secrets/token");
    let carets = "^".repeat(path.len());
    golden("readable-secret", &same.replace(&carets, &"^".repeat("/run/secrets/token".len())));
}

#[test]
fn a_calendar_file_is_told_with_the_line_in_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("de-be.ics");
    let event = "BEGIN:VEVENT\r\nSUMMARY:Neujahr\r\nDTSTART;VALUE=DATE:1.1.2027\r\nEND:VEVENT\r\n";
    std::fs::write(&path, format!("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n{event}END:VCALENDAR\r\n")).unwrap();
    let path = path.display().to_string();
    let shown = after("bad-calendar", &format!("[calendars.berlin]\nholidays_ics = \"{path}\"\n"));
    let same = shown.replace(&path, "/etc/gapwatch/de-be.ics");
    let carets = "^".repeat(path.len());
    golden("bad-calendar", &same.replace(&carets, &"^".repeat("/etc/gapwatch/de-be.ics".len())));
}
