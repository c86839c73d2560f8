//! `[jira.NAME]`: what is taken, and what people see for each mistake in it.

use insta::assert_snapshot;

use super::*;

/// The smallest file that is taken. What tests write behind it begins in line 5, in its table.
const JIRA: &str =
    "[jira.acme]\nurl = 'https://acme.atlassian.net'\nemail = 'gapwatch@acme.org'\ntoken = { env = 'GH' }\n";

fn after(text: &str) -> String {
    found(&format!("{JIRA}{text}"))
}

#[test]
fn four_lines_are_enough() {
    assert_snapshot!(after(""), @"gapwatch: 0 errors, 0 warnings in 1 file.");
    let settings = loaded(JIRA, &[]);
    let acme = &settings.jira["acme"];
    assert_eq!(settings.connections().collect::<Vec<_>>(), ["jira.acme"]);
    assert!(acme.projects.is_empty() && acme.kind.is_none() && !acme.comment_service_projects);
    assert_eq!((acme.poll.to_string().as_str(), acme.condition()), ("2m", None));
    assert!(settings.comments.on.is_none() && settings.mode == Mode::Observe);
}

#[test]
fn everything_of_it_can_be_set_by_the_environment_and_a_secret_by_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let token = folder.path().join("token");
    std::fs::write(&token, "s3cret\n").unwrap();
    let token = token.display().to_string();
    let env = [
        ("GAPWATCH_JIRA__MAIN__URL", "https://example.org/jira/"),
        ("GAPWATCH_JIRA__MAIN__TOKEN_FILE", token.as_str()),
        ("GAPWATCH_JIRA__MAIN__KIND", "dc"),
        ("GAPWATCH_JIRA__MAIN__PROJECTS", "OPS, WEB"),
        ("GAPWATCH_JIRA__MAIN__STATES__WAITING", "Blocked"),
        ("GAPWATCH_JIRA__MAIN__FIELDS__START", "customfield_10015"),
        ("GAPWATCH_JIRA__MAIN__SELECT", "issuetype != Epic order by rank"),
        ("GAPWATCH_PEOPLE__ANA__ALSO__JIRA", "5b10a2844c20165700ede21g"),
    ];
    let settings = loaded("", &env);
    let main = &settings.jira["main"];
    assert_eq!(main.kind, Some(JiraKind::Dc));
    assert_eq!(main.projects.iter().map(ProjectKey::text).collect::<Vec<_>>(), ["OPS", "WEB"]);
    assert_eq!(main.condition().as_deref(), Some("issuetype != Epic"));
    assert_eq!(main.fields.start.as_deref(), Some("customfield_10015"));
    assert_eq!(main.states.waiting, ["Blocked"]);
    assert!(main.token.secret().read().is_ok());
    let ana: Vec<_> = settings.people["ana"].also.in_trackers().collect();
    assert_eq!(ana, [("jira", &"5b10a2844c20165700ede21g".to_owned())]);
}

#[test]
fn what_is_missing_is_shown_at_its_table() {
    assert_snapshot!(found("[jira.acme]\nprojects = ['OPS']\n[jira.other]\nprojects = ['OPS']\n"), @r#"
    error[missing-key]: missing key `url` in [jira.acme]
     --> gapwatch.toml:1:7
      |
    1 | [jira.acme]
      |       ^^^^ `url` is needed here
      |
      = note: key: jira.acme.url
      = help: write url = "https://NAME.atlassian.net", or the address of your own server

    error[missing-key]: missing key `token` in [jira.acme]
     --> gapwatch.toml:1:7
      |
    1 | [jira.acme]
      |       ^^^^ `token` is needed here
      |
      = note: key: jira.acme.token
      = help: write token = { file = "/run/secrets/jira_token" }, or { env = "NAME" }, { credential = "name" }

    error[missing-key]: missing key `url` in [jira.other]
     --> gapwatch.toml:3:7
      |
    3 | [jira.other]
      |       ^^^^^ `url` is needed here
      |
      = note: key: jira.other.url
      = help: write url = "https://NAME.atlassian.net", or the address of your own server

    error[missing-key]: missing key `token` in [jira.other]
     --> gapwatch.toml:3:7
      |
    3 | [jira.other]
      |       ^^^^^ `token` is needed here
      |
      = note: key: jira.other.token
      = help: write token = { file = "/run/secrets/jira_token" }, or { env = "NAME" }, { credential = "name" }

    gapwatch: 4 errors, 0 warnings in 1 file.
    "#);
}

#[test]
fn an_address_of_a_page_is_answered_with_the_address_of_the_site() {
    let text = "[jira.a]\nurl = 'https://acme.atlassian.net/browse/OPS-12'\nemail = 'g@acme.org'\ntoken = { env = 'GH' }\n\
                [jira.b]\nurl = 'https://example.org/jira/rest/api/2'\ntoken = { env = 'GH' }\n\
                [jira.c]\nurl = 'https://api.atlassian.com/ex/jira/1-2-3'\ntoken = { env = 'GH' }\n\
                [jira.d]\nurl = 'https://d.atlassian.net'\ngateway_url = 'https://api.atlassian.com/ex/jira/1-2/rest/api/3'\ntoken = { env = 'GH' }\n";
    assert_snapshot!(found(text), @r#"
    error[bad-url]: https://acme.atlassian.net/browse/OPS-12 is a page of the site, not the site
     --> gapwatch.toml:2:7
      |
    2 | url = 'https://acme.atlassian.net/browse/OPS-12'
      |       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ expected the site's address
      |
      = note: key: jira.a.url
      = help: write url = "https://acme.atlassian.net"; the rest is added by gapwatch

    error[bad-url]: https://example.org/jira/rest/api/2 is a page of the site, not the site
     --> gapwatch.toml:6:7
      |
    6 | url = 'https://example.org/jira/rest/api/2'
      |       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ expected the site's address
      |
      = note: key: jira.b.url
      = help: write url = "https://example.org/jira"; the rest is added by gapwatch

    error[bad-url]: https://api.atlassian.com/ex/jira/1-2-3 is where the API of Jira Cloud answers scoped tokens, not a site
     --> gapwatch.toml:9:7
      |
    9 | url = 'https://api.atlassian.com/ex/jira/1-2-3'
      |       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ expected the site's address
      |
      = note: key: jira.c.url
      = help: write the site as people open it, as in https://NAME.atlassian.net; this one is `gateway_url`, and found by itself where it is needed

    error[bad-url]: https://api.atlassian.com/ex/jira/1-2/rest/api/3 is no address of one site at the gateway
      --> gapwatch.toml:13:15
       |
    13 | gateway_url = 'https://api.atlassian.com/ex/jira/1-2/rest/api/3'
       |               ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ expected https://api.atlassian.com/ex/jira/CLOUD_ID
       |
       = note: key: jira.d.gateway_url
       = help: it is https://api.atlassian.com/ex/jira/CLOUD_ID; https://NAME.atlassian.net/_edge/tenant_info shows the CLOUD_ID, and left out it is found

    gapwatch: 4 errors, 0 warnings in 1 file.
    "#);
}

#[test]
fn who_logs_in_has_to_fit_the_product() {
    let text = "[jira.a]\nurl = 'https://acme.atlassian.net'\nkind = 'dc'\nemail = 'g@acme.org'\ntoken = { env = 'GH' }\n\
                [jira.b]\nurl = 'https://b.atlassian.net'\nemail = 'gapwatch'\ntoken = { env = 'GH' }\n\
                [jira.c]\nurl = 'https://c.atlassian.net'\ntoken = { env = 'GH' }\n\
                [jira.d]\nurl = 'https://jira.example.org'\nkind = 'dc'\ngateway_url = 'https://api.atlassian.com/ex/jira/1'\ntoken = { env = 'GH' }\n\
                [jira.e]\nurl = 'https://e.example.org'\nkind = 'server'\ntoken = { env = 'GH' }\n";
    assert_snapshot!(found(text), @r#"
    error[bad-value]: `kind` says Data Center, and acme.atlassian.net is Jira Cloud
     --> gapwatch.toml:3:8
      |
    3 | kind = 'dc'
      |        ^^^^ contradicts `url`
      |
      = note: key: jira.a.kind
      = help: write kind = "cloud", or leave it out: the server is asked

    error[bad-value]: "gapwatch" is not an e-mail address
     --> gapwatch.toml:8:9
      |
    8 | email = 'gapwatch'
      |         ^^^^^^^^^^ expected e.g. "gapwatch@example.org"
      |
      = note: key: jira.b.email
      = help: on Jira Cloud it is the address of the account that made the token

    warning[no-email]: c.atlassian.net is asked with a token and no e-mail address
      --> gapwatch.toml:10:7
       |
    10 | [jira.c]
       |       ^ `email` is missing here
       |
       = note: key: jira.c.email
       = help: write email = "…", the address of the account that made the token; only a service account's token works without, and by the gateway alone

    error[bad-value]: `gateway_url` is for Jira Cloud, and `kind` says Data Center
      --> gapwatch.toml:16:15
       |
    16 | gateway_url = 'https://api.atlassian.com/ex/jira/1'
       |               ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ has no meaning here
       |
       = note: key: jira.d.gateway_url
       = help: take one of the two out

    error[bad-value]: "server" is not a possible value
      --> gapwatch.toml:20:8
       |
    20 | kind = 'server'
       |        ^^^^^^^^ expected "cloud" or "dc"
       |
       = note: key: jira.e.kind

    gapwatch: 4 errors, 1 warning in 1 file.
    "#);
    let alone = "[jira.a]\nurl = 'https://a.atlassian.net'\ngateway_url = 'https://api.atlassian.com/ex/jira/1'\ntoken = { env = 'GH' }\n\
                 [jira.b]\nurl = 'https://jira.example.org'\ntoken = { env = 'GH' }\n";
    assert_snapshot!(found(alone), @"gapwatch: 0 errors, 0 warnings in 1 file.");
}

#[test]
fn a_token_of_another_tool_is_told_apart() {
    for (token, words) in [
        ("ghp_abcdefghijkl", "this is a token of GitHub, not of Jira"),
        ("xoxb-1-2", "this is a token of Slack, not of Jira"),
    ] {
        let shown = found(&JIRA.replace("{ env = 'GH' }", &format!("'{token}'")));
        assert!(shown.contains(words) && !shown.contains(token), "{shown}");
    }
    let cloud = "ATATT3xFfGF0abc_def-ghi=1A2B3C4D";
    let shown = found(&format!("[jira.a]\nurl = 'https://x.example.org'\nkind = 'dc'\ntoken = '{cloud}'\n"));
    assert!(shown.contains("this is an API token of Jira Cloud") && !shown.contains("FfGF0"), "{shown}");
    let shown = found(&format!("# {cloud}\n[github.a]\ntoken = '{cloud}'\nrepos = ['x/y']\n"));
    assert!(shown.contains("this is a token of Atlassian, not of GitHub") && !shown.contains("1A2B3C4D"), "{shown}");
    assert!(after("webhook_secret = 'short'\n").contains("shorter than 16 characters"));
}

#[test]
fn a_project_is_named_by_its_key_and_read_once() {
    let more = "projects = ['ops', 'WEB-3', 'Web shop', 'OPS', 'ABC']\n\
                [jira.b]\nurl = 'https://ACME.atlassian.net/'\nemail = 'g@acme.org'\ntoken = { env = 'GH' }\nprojects = ['ABC']\n\
                [jira.c]\nurl = 'https://acme.atlassian.net'\nemail = 'g@acme.org'\ntoken = { env = 'GH' }\n\
                [jira.d]\nurl = 'https://d.atlassian.net'\nemail = 'g@acme.org'\ntoken = { env = 'GH' }\nprojects = ['ABC']\n";
    assert_snapshot!(after(more), @r#"
    warning[duplicate-project]: [jira.acme] and [jira.c] read the same site, and the second of them every project there
      --> gapwatch.toml:1:7
       |
     1 | [jira.acme]
       |       ^^^^ here
       |
      ::: gapwatch.toml:11:1
       |
    11 | [jira.c]
       | -------- and here
       |
       = note: key: jira.acme
       = help: only one of the two reads a project that both see, whichever lists it first; name the `projects` of each

    error[bad-value]: "ops" is not a project's key
     --> gapwatch.toml:5:13
      |
    5 | projects = ['ops', 'WEB-3', 'Web shop', 'OPS', 'ABC']
      |             ^^^^^ expected e.g. "OPS"
      |
      = note: key: jira.acme.projects[0]
      = help: did you mean "OPS"? A project's key is what stands before the number of its issues, in capitals: OPS in OPS-12

    error[bad-value]: "WEB-3" is not a project's key
     --> gapwatch.toml:5:20
      |
    5 | projects = ['ops', 'WEB-3', 'Web shop', 'OPS', 'ABC']
      |                    ^^^^^^^ expected e.g. "OPS"
      |
      = note: key: jira.acme.projects[1]
      = help: did you mean "WEB"? A project's key is what stands before the number of its issues, in capitals: OPS in OPS-12

    error[bad-value]: "Web shop" is not a project's key
     --> gapwatch.toml:5:29
      |
    5 | projects = ['ops', 'WEB-3', 'Web shop', 'OPS', 'ABC']
      |                             ^^^^^^^^^^ expected e.g. "OPS"
      |
      = note: key: jira.acme.projects[2]
      = help: A project's key is what stands before the number of its issues, in capitals: OPS in OPS-12

    error[duplicate-project]: project OPS is read twice
     --> gapwatch.toml:5:41
      |
    5 | projects = ['ops', 'WEB-3', 'Web shop', 'OPS', 'ABC']
      |                                         ^^^^^ again here
      |
     ::: gapwatch.toml:5:13
      |
    5 | projects = ['ops', 'WEB-3', 'Web shop', 'OPS', 'ABC']
      |             ----- first here
      |
      = note: key: jira.acme.projects[3]
      = help: each project is read by one connection: its gaps would be counted twice

    warning[duplicate-project]: [jira.b] and [jira.c] read the same site, and the second of them every project there
      --> gapwatch.toml:6:7
       |
     6 | [jira.b]
       |       ^ here
       |
      ::: gapwatch.toml:11:1
       |
    11 | [jira.c]
       | -------- and here
       |
       = note: key: jira.b
       = help: only one of the two reads a project that both see, whichever lists it first; name the `projects` of each

    error[duplicate-project]: project ABC is read twice
      --> gapwatch.toml:10:13
       |
    10 | projects = ['ABC']
       |             ^^^^^ again here
       |
      ::: gapwatch.toml:5:48
       |
     5 | projects = ['ops', 'WEB-3', 'Web shop', 'OPS', 'ABC']
       |                                                ----- first here
       |
       = note: key: jira.b.projects[0]
       = help: each project is read by one connection: its gaps would be counted twice

    gapwatch: 5 errors, 2 warnings in 1 file.
    "#);
}

#[test]
fn a_selection_that_hides_finished_work_or_has_an_order_is_told() {
    assert_snapshot!(after("select = 'component = Web AND statusCategory != Done ORDER BY rank'\n"), @r#"
    warning[filter-hides-done]: `statusCategory != Done` leaves out finished work: what is finished would leave the selection
     --> gapwatch.toml:5:10
      |
    5 | select = 'component = Web AND statusCategory != Done ORDER BY rank'
      |          ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ goes when work is finished
      |
      = note: key: jira.acme.select
      = help: what leaves it is no longer watched: its gaps are not resolved, and nothing is learnt from it. Select by what stays, as a kind of issue or a component; finished work costs nothing

    warning[unused-key]: `ORDER BY` in `select` has no effect: gapwatch reads in an order of its own
     --> gapwatch.toml:5:10
      |
    5 | select = 'component = Web AND statusCategory != Done ORDER BY rank'
      |          ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ its order has no effect
      |
      = note: key: jira.acme.select
      = help: take it out

    gapwatch: 0 errors, 2 warnings in 1 file.
    "#);
    let mapped = "select = \"status not in (Ausgeliefert)\"\nstates.done = ['ausgeliefert']\n";
    assert!(after(mapped).contains("leaves out finished work"));
    assert!(!after(&mapped.replace("done", "waiting")).contains("finished"));
    assert!(after("select = 'summary ~ \"x'\n").contains("this is no JQL: a quote is not closed"));
    assert_snapshot!(after("select = 'issuetype != Epic and resolution != Duplicate'\n"), @"gapwatch: 0 errors, 0 warnings in 1 file.");
}

#[test]
fn fields_and_statuses_are_looked_at_as_well() {
    assert_snapshot!(after("fields = { start = 'cf[10015]', points = '10016', due = '' }\nstates = { waiting = ['Blocked'], review = ['blocked'] }\npoll = '3 workdays'\n"), @r#"
    error[bad-value]: "cf[10015]" is not a field
     --> gapwatch.toml:5:20
      |
    5 | fields = { start = 'cf[10015]', points = '10016', due = '' }
      |                    ^^^^^^^^^^^ expected an id, as "customfield_10015", or a name
      |
      = note: key: jira.acme.fields.start
      = help: did you mean "customfield_10015"?

    error[bad-value]: "10016" is not a field
     --> gapwatch.toml:5:42
      |
    5 | fields = { start = 'cf[10015]', points = '10016', due = '' }
      |                                          ^^^^^^^ expected an id, as "customfield_10015", or a name
      |
      = note: key: jira.acme.fields.points
      = help: did you mean "customfield_10016"?

    error[bad-value]: "" is not a field
     --> gapwatch.toml:5:57
      |
    5 | fields = { start = 'cf[10015]', points = '10016', due = '' }
      |                                                         ^^ expected an id, as "customfield_10015", or a name
      |
      = note: key: jira.acme.fields.due
      = help: left out it is found by itself

    error[bad-value]: `Blocked` cannot mean both review and waiting
     --> gapwatch.toml:6:23
      |
    6 | states = { waiting = ['Blocked'], review = ['blocked'] }
      |                       ^^^^^^^^^ again here
      |
     ::: gapwatch.toml:6:45
      |
    6 | states = { waiting = ['Blocked'], review = ['blocked'] }
      |                                             --------- first here
      |
      = note: key: jira.acme.states.waiting[0]
      = help: upper and lower case are the same

    error[bad-value]: "3 workdays" is not a time from one second to one day
     --> gapwatch.toml:7:8
      |
    7 | poll = '3 workdays'
      |        ^^^^^^^^^^^^ out of range
      |
      = note: key: jira.acme.poll
      = help: this one counts on the wall clock: s m h d

    gapwatch: 5 errors, 0 warnings in 1 file.
    "#);
    assert_snapshot!(after("fields.startt = 'x'\nselects = 'x'\n"), @r#"
    error[unknown-key]: unknown key `startt` in [jira.acme.fields]
     --> gapwatch.toml:5:8
      |
    5 | fields.startt = 'x'
      |        ^^^^^^ unknown
      |
      = note: key: jira.acme.fields.startt
      = help: did you mean `start`? Known keys: due, epic, flagged, points, progress, sprint, start

    error[unknown-key]: unknown key `selects` in [jira.acme]
     --> gapwatch.toml:6:1
      |
    6 | selects = 'x'
      | ^^^^^^^ unknown
      |
      = note: key: jira.acme.selects
      = help: did you mean `select`? Known keys: blocking, ca_file, comment_service_projects, email, fields, gateway_url, kind, mode, poll, projects, proxy, select, states, token, url, webhook_secret

    gapwatch: 2 errors, 0 warnings in 1 file.
    "#);
}

#[test]
fn comments_and_people_know_the_connection() {
    let known = "[comments]\non = ['jira.acme']\n[people]\nana.also.jira = 'Acc1'\n";
    assert_snapshot!(after(known), @"gapwatch: 0 errors, 0 warnings in 1 file.");
    let twice = "[comments]\non = ['jira.acmee']\n[people]\nana.also.jira = 'Acc1'\nmax.also.jira = ['acc1']\n";
    assert_snapshot!(after(twice), @r#"
    error[unknown-reference]: no connection named `jira.acmee`
     --> gapwatch.toml:6:7
      |
    6 | on = ['jira.acmee']
      |       ^^^^^^^^^^^^ not defined
      |
      = note: key: comments.on[0]
      = help: did you mean `jira.acme`? Connections are written as their table: [github.acme] is "github.acme"

    error[bad-value]: jira acc1 is claimed by ana and max
     --> gapwatch.toml:9:18
      |
    9 | max.also.jira = ['acc1']
      |                  ^^^^^^ again here
      |
     ::: gapwatch.toml:8:17
      |
    8 | ana.also.jira = 'Acc1'
      |                 ------ first here
      |
      = note: key: people.max.also.jira[0]
      = help: an account belongs to one person

    gapwatch: 2 errors, 0 warnings in 1 file.
    "#);
}

#[test]
fn revisions_follow_what_is_read_of_jira_and_are_as_before_without_it() {
    let of = |text: &str| Revisions::of(&loaded(text, &[]));
    let base = of(JIRA);
    let changed = |more: &str| of(&format!("{JIRA}{more}")).changed_since(&base);
    assert_eq!(changed("projects = ['OPS']\n"), ["selection"]);
    assert_eq!(changed("select = 'type = Bug'\n"), ["selection"]);
    assert_eq!(changed("states.waiting = ['Blocked']\n"), ["reading"]);
    assert_eq!(changed("fields.start = 'Beginn'\n"), ["reading"]);
    assert_eq!(changed("blocking = ['Gates']\n"), ["reading"]);
    assert_eq!(changed("[people]\nana.also.jira = 'x'\n"), ["reading"]);
    assert_eq!(changed("poll = '5m'\ncomment_service_projects = true\n"), [""; 0]);
    let ordered = of(&format!("{JIRA}select = 'type = Bug order by rank'\n"));
    assert_eq!(ordered, of(&format!("{JIRA}select = 'type = Bug'\n")), "an order is no selection");
    let renamed = of(&JIRA.replace("jira.acme", "jira.other"));
    assert_eq!(renamed, base);
}
