//! `[asana.NAME]`: what is taken, and what people see for each mistake in it.

use insta::assert_snapshot;

use super::*;

/// The smallest file that is taken. What tests write behind it begins in line 3, in its table.
const ASANA: &str = "[asana.acme]\ntoken = { env = 'GH' }\n";

fn after(text: &str) -> String {
    found(&format!("{ASANA}{text}"))
}

#[test]
fn two_lines_are_enough() {
    assert_snapshot!(after(""), @"gapwatch: 0 errors, 0 warnings in 1 file.");
    let settings = loaded(ASANA, &[]);
    let acme = &settings.asana["acme"];
    assert_eq!(settings.connections().collect::<Vec<_>>(), ["asana.acme"]);
    assert_eq!((acme.url.url().as_str(), acme.poll.to_string().as_str()), ("https://app.asana.com/api/1.0", "1m"));
    assert!(acme.projects.is_empty() && acme.workspace.is_none() && acme.fields.all().iter().all(|(_, f)| f.is_none()));
}

#[test]
fn everything_of_it_can_be_set_by_the_environment_and_a_secret_by_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let token = folder.path().join("token");
    std::fs::write(&token, "s3cret\n").unwrap();
    let token = token.display().to_string();
    let env = [
        ("GAPWATCH_ASANA__HQ__TOKEN_FILE", token.as_str()),
        ("GAPWATCH_ASANA__HQ__URL", "http://127.0.0.1:9/asana"),
        ("GAPWATCH_ASANA__HQ__WORKSPACE", "https://app.asana.com/1/1200000000000001/home"),
        (
            "GAPWATCH_ASANA__HQ__PROJECTS",
            "1200000000000101, https://app.asana.com/0/1200000000000102/list, Spring launch",
        ),
        ("GAPWATCH_ASANA__HQ__STATES__WAITING", "Blocked"),
        ("GAPWATCH_ASANA__HQ__FIELDS__PROGRESS", "Done so far"),
        ("GAPWATCH_ASANA__HQ__MODE", "live"),
        ("GAPWATCH_PEOPLE__ANA__ALSO__ASANA", "1200000000000011"),
    ];
    let settings = loaded("", &env);
    let hq = &settings.asana["hq"];
    assert_eq!(hq.project_names(), ["1200000000000101", "1200000000000102", "Spring launch"]);
    assert_eq!(hq.workspace_name().as_deref(), Some("1200000000000001"));
    assert_eq!((hq.fields.progress.as_deref(), hq.mode), (Some("Done so far"), Some(Mode::Live)));
    assert_eq!(hq.states.waiting, ["Blocked"]);
    assert!(hq.token.secret().read().is_ok());
    let ana: Vec<_> = settings.people["ana"].also.in_trackers().collect();
    assert_eq!(ana, [("asana", &"1200000000000011".to_owned())]);
}

#[test]
fn an_address_of_somebody_elses_is_no_project_and_no_workspace() {
    let text = "[asana.acme]\ntoken = { env = 'GH' }\nworkspace = 'https://evil.example/1/1200000000000001'\n\
                projects = ['https://evil.example/0/1200000000000101/list']\n";
    let found = found(text);
    assert_eq!(found.matches("error[bad-value]").count(), 2, "{found}");
}

#[test]
fn an_address_that_leads_elsewhere_is_answered_with_the_one_that_is_meant() {
    let text = "url = 'https://app.asana.com/0/1200000000000101/list'\n\
                workspace = 'https://app.asana.com/0/1200000000000101/list'\n\
                projects = ['https://app.asana.com/0/home/1200000000000001', '']\n\
                fields.progress = ' '\n";
    assert_snapshot!(after(text), @r#"
    error[bad-url]: https://app.asana.com/0/1200000000000101/list is a page of Asana, not its API
     --> gapwatch.toml:3:7
      |
    3 | url = 'https://app.asana.com/0/1200000000000101/list'
      |       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ expected the API's address
      |
      = note: key: asana.acme.url
      = help: leave `url` out, or write url = "https://app.asana.com/api/1.0"; the project stands in `projects`

    error[bad-value]: "https://app.asana.com/0/1200000000000101/list" is not a workspace
     --> gapwatch.toml:4:13
      |
    4 | workspace = 'https://app.asana.com/0/1200000000000101/list'
      |             ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ expected e.g. "1200000000000001"
      |
      = note: key: asana.acme.workspace
      = help: it is the number behind /1/ in the addresses of your tasks, or the name; left out, every workspace of the account is looked through

    error[bad-value]: "https://app.asana.com/0/home/1200000000000001" is not a project
     --> gapwatch.toml:5:13
      |
    5 | projects = ['https://app.asana.com/0/home/1200000000000001', '']
      |             ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ expected e.g. "1200000000000101"
      |
      = note: key: asana.acme.projects[0]
      = help: open the project and copy its address, as https://app.asana.com/1/…/project/NUMBER/list, or write the number or the name

    error[bad-value]: "" is not a project
     --> gapwatch.toml:5:62
      |
    5 | projects = ['https://app.asana.com/0/home/1200000000000001', '']
      |                                                              ^^ expected e.g. "1200000000000101"
      |
      = note: key: asana.acme.projects[1]
      = help: open the project and copy its address, as https://app.asana.com/1/…/project/NUMBER/list, or write the number or the name

    error[bad-value]: " " is not a custom field
     --> gapwatch.toml:6:19
      |
    6 | fields.progress = ' '
      |                   ^^^ expected its name or gid
      |
      = note: key: asana.acme.fields.progress
      = help: left out it is found by itself, where there is one

    gapwatch: 5 errors, 0 warnings in 1 file.
    "#);
}

#[test]
fn a_project_has_one_connection_however_it_is_written() {
    let text = "projects = ['1200000000000101', 'https://app.asana.com/0/1200000000000101/board']\n\
                [asana.other]\ntoken = { env = 'GH' }\nprojects = ['1200000000000101', 'Spring']\n";
    assert_snapshot!(after(text), @r"
    error[duplicate-project]: project 1200000000000101 is read twice
     --> gapwatch.toml:3:33
      |
    3 | projects = ['1200000000000101', 'https://app.asana.com/0/1200000000000101/board']
      |                                 ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ again here
      |
     ::: gapwatch.toml:3:13
      |
    3 | projects = ['1200000000000101', 'https://app.asana.com/0/1200000000000101/board']
      |             ------------------ first here
      |
      = note: key: asana.acme.projects[1]
      = help: each project is read by one connection: its gaps would be counted twice

    error[duplicate-project]: project 1200000000000101 is read twice
     --> gapwatch.toml:6:13
      |
    6 | projects = ['1200000000000101', 'Spring']
      |             ^^^^^^^^^^^^^^^^^^ again here
      |
     ::: gapwatch.toml:3:33
      |
    3 | projects = ['1200000000000101', 'https://app.asana.com/0/1200000000000101/board']
      |                                 ------------------------------------------------ first here
      |
      = note: key: asana.other.projects[0]
      = help: each project is read by one connection: its gaps would be counted twice

    gapwatch: 2 errors, 0 warnings in 1 file.
    ");
    let elsewhere = "workspace = 'Acme'\nprojects = ['Spring']\n\
                     [asana.other]\ntoken = { env = 'GH' }\nworkspace = 'Other'\nprojects = ['Spring']\n";
    assert_snapshot!(after(elsewhere), @"gapwatch: 0 errors, 0 warnings in 1 file.");
}

#[test]
fn a_connection_that_reads_everything_beside_another_is_told() {
    let text = "[asana.other]\ntoken = { env = 'GH' }\nprojects = ['Spring']\n";
    assert_snapshot!(after(text), @r"
    warning[duplicate-project]: [asana.acme] reads every project that its account sees, beside [asana.other]
     --> gapwatch.toml:3:8
      |
    3 | [asana.other]
      |        ^^^^^ here
      |
     ::: gapwatch.toml:1:1
      |
    1 | [asana.acme]
      | ------------ and here
      |
      = note: key: asana.other
      = help: only one of the two reads a project that both see, whichever lists it first; name the `projects` of each

    gapwatch: 0 errors, 1 warning in 1 file.
    ");
    let apart = "workspace = 'Acme'\n[asana.other]\ntoken = { env = 'GH' }\nworkspace = 'Other'\n";
    assert_snapshot!(after(apart), @"gapwatch: 0 errors, 0 warnings in 1 file.");
}

#[test]
fn a_token_of_another_tool_is_refused() {
    let github = "ghp_0123456789".to_owned();
    let trello = format!("ATTA{}", "0a".repeat(36));
    for (token, of) in [(github, "GitHub"), (trello, "Trello")] {
        let sources = sources(&[("gapwatch.toml", "[asana.acme]\ntoken = { env = 'T' }\n")], &[("T", &token)]);
        let words = found_in(&sources);
        assert!(words.contains(&format!("this is a token of {of}, not of Asana")), "{words}");
        assert!(!words.contains(&token), "{words}");
    }
    let asana = format!("1/1200000000000001:{}", "0a".repeat(16));
    let sources = sources(&[("gapwatch.toml", "[asana.acme]\ntoken = { env = 'T' }\n")], &[("T", &asana)]);
    assert_snapshot!(found_in(&sources), @"gapwatch: 0 errors, 0 warnings in 1 file.");
}

#[test]
fn what_it_is_called_and_how_it_is_written_changes_no_revision() {
    let of = |text: &str| Revisions::of(&loaded(text, &[]));
    let base =
        of("[asana.acme]\ntoken = { env = 'GH' }\nprojects = ['1200000000000101', 'B']\nstates.done = ['Live']\n");
    let same = "[asana.hq]\ntoken = { env = 'KEY' }\nprojects = ['b', 'https://app.asana.com/0/1200000000000101/list']\nstates.done = ['live']\n";
    assert_eq!(of(same), base);
    let other = of("[asana.acme]\ntoken = { env = 'GH' }\nprojects = ['1200000000000101']\nstates.done = ['Live']\n");
    assert_eq!(other.changed_since(&base), ["selection"]);
    let read = "[asana.acme]\ntoken = { env = 'GH' }\nprojects = ['1200000000000101', 'B']\nstates.done = ['Live', 'Shipped']\n";
    assert_eq!(of(read).changed_since(&base), ["reading"]);
}
