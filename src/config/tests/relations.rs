//! Mistakes that only several values together make, and secrets.

use insta::assert_snapshot;

use super::*;

#[test]
fn references_to_nobody() {
    assert_snapshot!(found_after("[people.ana]\nmanager = \"maks\"\n[people.max]\n[directory]\ndefault_manager = 'zoe'\n[operators]\npeople = ['max', 'an']\n[comments]\non = ['github.acmee']\n"), @r#"
    error[unknown-reference]: no person named `maks`
     --> gapwatch.toml:5:11
      |
    5 | manager = "maks"
      |           ^^^^^^ not defined
      |
      = note: key: people.ana.manager
      = help: did you mean `max`? People are the tables under [people]

    error[unknown-reference]: no person named `zoe`
     --> gapwatch.toml:8:19
      |
    8 | default_manager = 'zoe'
      |                   ^^^^^ not defined
      |
      = note: key: directory.default_manager
      = help: People are the tables under [people]

    error[unknown-reference]: no person named `an`
      --> gapwatch.toml:10:18
       |
    10 | people = ['max', 'an']
       |                  ^^^^ not defined
       |
       = note: key: operators.people[1]
       = help: did you mean `ana`? People are the tables under [people]

    error[unknown-reference]: no connection named `github.acmee`
      --> gapwatch.toml:12:7
       |
    12 | on = ['github.acmee']
       |       ^^^^^^^^^^^^^^ not defined
       |
       = note: key: comments.on[0]
       = help: did you mean `github.acme`? Connections are written as their table: [github.acme] is "github.acme"

    gapwatch: 4 errors, 0 warnings in 1 file.
    "#);
}

#[test]
fn people_who_lead_each_other() {
    assert_snapshot!(found_after("[people]\nana.manager = 'max'\nmax.manager = 'eva'\neva.manager = 'ana'\ntim.manager = 'tim'\nzoe.manager = 'ana'\n"), @r#"
    error[manager-cycle]: these people are each other's managers: ana -> max -> eva -> ana
     --> gapwatch.toml:5:15
      |
    5 | ana.manager = 'max'
      |               ^^^^^ leads back here
      |
      = note: key: people.ana.manager
      = help: leave `manager` out for the person at the top

    error[manager-cycle]: these people are each other's managers: tim -> tim
     --> gapwatch.toml:8:15
      |
    8 | tim.manager = 'tim'
      |               ^^^^^ leads back here
      |
      = note: key: people.tim.manager
      = help: leave `manager` out for the person at the top

    gapwatch: 2 errors, 0 warnings in 1 file.
    "#);
}

#[test]
fn a_repository_read_twice() {
    let more = "[github.other]\ntoken = { env = 'GH' }\nrepos = ['acme/api', 'Acme/Web']\n[github.ghe]\nurl = 'https://ghe.example.org/api/v3'\ntoken = { env = 'GH' }\nrepos = ['acme/web']\n";
    assert_snapshot!(found_after(more), @r#"
    error[duplicate-repo]: repository Acme/Web is read twice
     --> gapwatch.toml:6:22
      |
    6 | repos = ['acme/api', 'Acme/Web']
      |                      ^^^^^^^^^^ again here
      |
     ::: gapwatch.toml:3:10
      |
    3 | repos = ['acme/web']
      |          ---------- first here
      |
      = note: key: github.other.repos[1]
      = help: each repository is read by one connection: its gaps would be counted twice

    gapwatch: 1 error, 0 warnings in 1 file.
    "#);
}

#[test]
fn where_an_entry_cannot_be_read_no_other_is_taken_for_it() {
    let more = "[github.other]\ntoken = { env = 'GH' }\nrepos = ['acme', 'acme/web', 'acme/api']\n";
    let report = found_after(more);
    assert!(report.contains("is not a repository") && !report.contains("duplicate-repo"), "{report}");
}

#[test]
fn addresses() {
    assert_snapshot!(found_after("url = 'http://ghe.example.org'\ngraphql_url = 'ghe.example.org'\nproxy = 'http://u:p@proxy'\n"), @r#"
    error[bad-url]: "http://ghe.example.org" is not a safe address
     --> gapwatch.toml:4:7
      |
    4 | url = 'http://ghe.example.org'
      |       ^^^^^^^^^^^^^^^^^^^^^^^^ expected https
      |
      = note: key: github.acme.url
      = help: credentials are sent there, so plain http is allowed only to this machine (127.0.0.1, localhost)

    error[bad-url]: "ghe.example.org" is not an address
     --> gapwatch.toml:5:15
      |
    5 | graphql_url = 'ghe.example.org'
      |               ^^^^^^^^^^^^^^^^^ expected e.g. "https://api.example.org"
      |
      = note: key: github.acme.graphql_url
      = help: an address begins with https:// and names a host

    error[bad-url]: "http://u:p@proxy" is not a bare address
     --> gapwatch.toml:6:9
      |
    6 | proxy = 'http://u:p@proxy'
      |         ^^^^^^^^^^^^^^^^^^ expected no user, password, query or fragment
      |
      = note: key: github.acme.proxy
      = help: credentials have settings of their own; if a proxy needs a password, leave `proxy` out and set HTTPS_PROXY

    gapwatch: 3 errors, 0 warnings in 1 file.
    "#);
}

#[test]
fn names_and_zones_and_repositories() {
    assert_snapshot!(found("[github.Acme]\ntoken = { env = 'GH' }\nrepos = ['acme/web*', 'acme']\n[people.ana-k]\ntz = 'CEST'\n"), @r#"
    error[bad-name]: `Acme` cannot be a name
     --> gapwatch.toml:1:9
      |
    1 | [github.Acme]
      |         ^^^^ expected a-z, 0-9 and _
      |
      = note: key: github.Acme
      = help: names begin with a small letter and have only small letters, digits and `_`, so that variables can name them; how it is shown is `name`, and accounts stand under `also`

    error[bad-value]: "acme/web*" is not a repository or a whole owner
     --> gapwatch.toml:3:10
      |
    3 | repos = ['acme/web*', 'acme']
      |          ^^^^^^^^^^^ expected "owner/name" or "owner/*"
      |
      = note: key: github.Acme.repos[0]
      = help: `owner/*` means every repository of that owner; `*` cannot stand for a part of a name

    error[bad-value]: "acme" is not a repository
     --> gapwatch.toml:3:23
      |
    3 | repos = ['acme/web*', 'acme']
      |                       ^^^^^^ expected "owner/name" or "owner/*"
      |
      = note: key: github.Acme.repos[1]
      = help: as in the address https://github.com/owner/name

    error[bad-name]: `ana-k` cannot be a name
     --> gapwatch.toml:4:9
      |
    4 | [people.ana-k]
      |         ^^^^^ expected a-z, 0-9 and _
      |
      = note: key: people.ana-k
      = help: names begin with a small letter and have only small letters, digits and `_`, so that variables can name them; how it is shown is `name`, and accounts stand under `also`

    error[bad-zone]: "CEST" is not a time zone
     --> gapwatch.toml:5:6
      |
    5 | tz = 'CEST'
      |      ^^^^^^ expected e.g. "Europe/Berlin"
      |
      = note: key: people.ana-k.tz
      = help: use a name from the IANA time zone database: Area/City, or UTC

    gapwatch: 5 errors, 0 warnings in 1 file.
    "#);
}

#[test]
fn one_account_is_one_person_and_one_label_one_state() {
    assert_snapshot!(found_after("states = { waiting = ['Blocked'], review = ['blocked'] }\n[people]\nana.also.github = 'Ana-K'\nmax.also.github = ['max', 'ana-k']\n"), @r#"
    error[bad-value]: `Blocked` cannot mean both review and waiting
     --> gapwatch.toml:4:23
      |
    4 | states = { waiting = ['Blocked'], review = ['blocked'] }
      |                       ^^^^^^^^^ again here
      |
     ::: gapwatch.toml:4:45
      |
    4 | states = { waiting = ['Blocked'], review = ['blocked'] }
      |                                             --------- first here
      |
      = note: key: github.acme.states.waiting[0]
      = help: upper and lower case are the same

    error[bad-value]: github ana-k is claimed by ana and max
     --> gapwatch.toml:7:27
      |
    7 | max.also.github = ['max', 'ana-k']
      |                           ^^^^^^^ again here
      |
     ::: gapwatch.toml:6:19
      |
    6 | ana.also.github = 'Ana-K'
      |                   ------- first here
      |
      = note: key: people.max.also.github[1]
      = help: an account belongs to one person

    gapwatch: 2 errors, 0 warnings in 1 file.
    "#);
}

#[test]
fn secrets_that_cannot_be_used() {
    let text = "[github.a]\ntoken = { env = 'NO_SUCH' }\nrepos = ['x/a']\n[github.b]\ntoken = { file = '/no/such/file' }\nrepos = ['x/b']\n[github.c]\ntoken = { env = 'GH', file = '/x' }\nrepos = ['x/c']\n[github.d]\ntoken = { fiel = '/x' }\nrepos = ['x/d']\n[github.e]\ntoken = 12345\nrepos = ['x/e']\n[slack]\nbot_token = 'xapp-hush'\nchannel = '#x'\n";
    let found = found(text);
    assert!(!found.contains("hush") && !found.contains("12345"));
    assert_snapshot!(found, @r#"
    error[bad-secret]: the variable NO_SUCH is not set
     --> gapwatch.toml:2:9
      |
    2 | token = { env = 'NO_SUCH' }
      |         ^^^^^^^^^^^^^^^^^^^ no usable secret
      |
      = note: key: github.a.token
      = help: set it in the environment gapwatch starts in, or keep the secret in a file: { file = "/path" }

    error[bad-secret]: file /no/such/file cannot be read: No such file or directory (os error 2)
     --> gapwatch.toml:5:9
      |
    5 | token = { file = '/no/such/file' }
      |         ^^^^^^^^^^^^^^^^^^^^^^^^^^ no usable secret
      |
      = note: key: github.b.token
      = help: a secret is one line without spaces; its file must be readable by the user gapwatch runs as

    error[bad-secret]: a secret comes from one place; this names several
     --> gapwatch.toml:8:9
      |
    8 | token = { env = 'GH', file = '/x' }
      |         ^^^^^^^^^^^^^^^^^^^^^^^^^^^ expected { env = "NAME" }, { file = "/path" } or { credential = "name" }
      |
      = note: key: github.c.token

    error[unknown-key]: unknown key `fiel` in [github.d.token]
      --> gapwatch.toml:11:11
       |
    11 | token = { fiel = '**' }
       |           ^^^^ unknown
       |
       = note: key: github.d.token.fiel
       = help: did you mean `file`? Known keys: credential, env, file

    error[bad-secret]: this is no reference to a secret
      --> gapwatch.toml:14:9
       |
    14 | token = *****
       |         ^^^^^ expected { env = "NAME" }, { file = "/path" } or { credential = "name" }
       |
       = note: key: github.e.token

    error[bad-secret]: this is an app-level token (xapp-…), not the bot's (xoxb-…)
      --> gapwatch.toml:17:13
       |
    17 | bot_token = '*********'
       |             ^^^^^^^^^^^ no usable secret
       |
       = note: key: slack.bot_token

    warning[literal-secret]: a secret stands in the configuration itself
      --> gapwatch.toml:17:13
       |
    17 | bot_token = '*********'
       |             ^^^^^^^^^^^ readable by whoever reads this file
       |
       = note: key: slack.bot_token
       = help: refer to it: { env = "NAME" }, { file = "/path" } or { credential = "name" }

    gapwatch: 6 errors, 1 warning in 1 file.
    "#);
}

#[test]
fn a_secret_that_works_but_is_open_to_others_is_a_warning() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("token");
    std::fs::write(&path, "test-token\n").unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
    let text = format!(
        "[github.acme]\ntoken = 'plain-hush'\nrepos = ['acme/web']\n[slack]\nchannel = '#x'\nbot_token = {{ file = '{}' }}\n",
        path.display()
    );
    let result = load(&sources(&[("gapwatch.toml", &text)], &[])).unwrap();
    let ids: Vec<_> = result.warnings.iter().map(|warning| warning.id).collect();
    assert_eq!(ids, ["literal-secret", "odd-secret", "readable-secret"]);
    assert_snapshot!(result.warnings[0].render(false), @r#"
    warning[literal-secret]: a secret stands in the configuration itself
     --> gapwatch.toml:2:9
      |
    2 | token = '**********'
      |         ^^^^^^^^^^^^ readable by whoever reads this file
      |
      = note: key: github.acme.token
      = help: refer to it: { env = "NAME" }, { file = "/path" } or { credential = "name" }
    "#);
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
    let result = load(&sources(&[("gapwatch.toml", &text)], &[])).unwrap();
    assert_eq!(result.warnings.len(), 2);
}

#[test]
fn a_live_mode_that_can_reach_nobody_is_a_warning() {
    assert_snapshot!(found(&format!("mode = 'live'\ncomments.on = []\n{GITHUB}")), @r#"
    warning[no-channel]: the mode is live, but there is neither [slack], nor [email], nor a connection to comment on: nobody is told anything
     --> gapwatch.toml:1:8
      |
    1 | mode = 'live'
      |        ^^^^^^ live
      |
      = note: key: mode
      = help: add [slack] or [email], or take `on = []` out of [comments]

    gapwatch: 0 errors, 1 warning in 1 file.
    "#);
}

#[test]
fn a_channel_is_a_name_that_slack_can_reach() {
    assert_snapshot!(found_after("[operators]\nchannel = '#ops'\n"), @r#"
    error[unknown-reference]: there is no [slack] to reach #ops by
     --> gapwatch.toml:5:11
      |
    5 | channel = '#ops'
      |           ^^^^^^ not reachable
      |
      = note: key: operators.channel
      = help: add [slack], or leave `channel` out

    gapwatch: 1 error, 0 warnings in 1 file.
    "#);
    assert_snapshot!(found_after("[slack]\nbot_token = { env = 'SLACK' }\nchannel = 'the team'\n"), @r##"
    error[bad-value]: "the team" is not a channel
     --> gapwatch.toml:6:11
      |
    6 | channel = 'the team'
      |           ^^^^^^^^^^ expected e.g. "#delivery"
      |
      = note: key: slack.channel
      = help: a channel's name or id

    gapwatch: 1 error, 0 warnings in 1 file.
    "##);
}

#[test]
fn a_token_of_a_test_server_is_taken_with_a_warning() {
    assert_snapshot!(found_after("[slack]\nbot_token = { env = 'GH' }\nchannel = '#x'\n"), @r#"
    warning[odd-secret]: a bot token of Slack begins with xoxb-; this one does not
     --> gapwatch.toml:5:13
      |
    5 | bot_token = { env = 'GH' }
      |             ^^^^^^^^^^^^^^ looks odd
      |
      = note: key: slack.bot_token

    gapwatch: 0 errors, 1 warning in 1 file.
    "#);
}

#[test]
fn one_way_to_log_in_and_a_whole_one() {
    let both = "[github.a]\ntoken = { env = 'GH' }\napp_id = 5\nrepos = ['x/a']\n";
    let half =
        "[github.b]\napp_id = 'Iv1.abc'\nrepos = ['x/b']\n[github.c]\nprivate_key = { env = 'GH' }\nrepos = ['x/c']\n";
    let lost = "[github.d]\ncomment_token = { env = 'GH' }\nrepos = ['x/d']\n";
    assert_snapshot!(found(&format!("{both}{half}{lost}")), @r#"
    error[two-credentials]: `app_id` stands beside `token`: a token and a GitHub App both log in
     --> gapwatch.toml:3:1
      |
    3 | app_id = 5
      | ^^^^^^ one too many
      |
      = note: key: github.a.app_id
      = help: keep `token`, or app_id with private_key, and take the other out

    error[missing-key]: missing key `private_key` in [github.b]
     --> gapwatch.toml:5:9
      |
    5 | [github.b]
      |         ^ `private_key` is needed here
      |
      = note: key: github.b.private_key
      = help: write private_key = { file = "/run/secrets/github_app.pem" }

    error[missing-key]: missing key `app_id` in [github.c]
     --> gapwatch.toml:8:9
      |
    8 | [github.c]
      |         ^ `app_id` is needed here
      |
      = note: key: github.c.app_id
      = help: write app_id = 123456, as the App's settings show it

    error[bad-secret]: this is no private key in PEM form, as the App's settings give it (-----BEGIN RSA PRIVATE KEY-----)
     --> gapwatch.toml:9:15
      |
    9 | private_key = { env = 'GH' }
      |               ^^^^^^^^^^^^^^ no usable secret
      |
      = note: key: github.c.private_key

    error[missing-key]: missing key `token` in [github.d]
      --> gapwatch.toml:11:9
       |
    11 | [github.d]
       |         ^ `token` is needed here
       |
       = note: key: github.d.token
       = help: write token = { file = "/run/secrets/github_token" }, or { env = "NAME" }, { credential = "name" }; for a GitHub App app_id and private_key instead

    error[two-credentials]: `comment_token` stands without `token`
      --> gapwatch.toml:12:1
       |
    12 | comment_token = { env = 'GH' }
       | ^^^^^^^^^^^^^ one too many
       |
       = note: key: github.d.comment_token
       = help: an App comments as itself; name the token that reads beside it

    gapwatch: 6 errors, 0 warnings in 1 file.
    "#);
}

#[test]
fn a_key_in_another_form_is_seen_before_anything_is_asked() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let public = write("public.pem", include_str!("../../../tests/keys/app_public.pem"));
    let text = format!("[github.a]\napp_id = 5\nprivate_key = {{ file = '{public}' }}\nrepos = ['x/a']\n");
    let found = found(&text);
    assert!(found.contains("error[bad-secret]: this is a public key; the App needs its private one"), "{found}");
    assert!(found.contains("gapwatch.toml:3:15"), "{found}");
    let private = write("app.pem", include_str!("../../../tests/keys/app.pem"));
    let settings = loaded(&text.replace(&public, &private), &[]);
    let key = settings.github["a"].private_key.as_ref().unwrap();
    assert!(key.pem().read().is_ok() && settings.github["a"].app_id.as_ref().unwrap().text() == "5");
}

#[test]
fn what_an_app_is_known_by_may_come_from_variables() {
    let text = "[github.a]\nrepos = ['x/*']\n";
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/keys/app.pem");
    let env = [
        ("GAPWATCH_GITHUB__A__APP_ID", "4711"),
        ("GAPWATCH_GITHUB__A__INSTALLATION_ID", "77"),
        ("GAPWATCH_GITHUB__A__PRIVATE_KEY_FILE", file),
    ];
    let settings = loaded(text, &env);
    let a = &settings.github["a"];
    assert_eq!((a.app_id.as_ref().unwrap().text(), a.installation_id.unwrap().number()), ("4711", 77));
    assert!(a.private_key.as_ref().unwrap().pem().read().is_ok() && a.repos[0].is_all());
}

#[test]
fn what_two_connections_cover_and_what_a_filter_hides_is_told() {
    let one = "[github.a]\ntoken = { env = 'GH' }\nrepos = ['acme/*', 'acme/web']\nfilter.labels = ['team a', 'In-Progress', 'Stuck']\nstates.waiting = ['stuck']\n";
    let other = "[github.b]\ntoken = { env = 'GH' }\nrepos = ['Acme/api']\n[github.c]\napp_id = 1\nprivate_key = { env = 'PEM' }\ninstallation_id = 3\nrepos = ['x/*', 'y/*']\n";
    let env = [("PEM", "-----BEGIN PRIVATE KEY-----\\nMII\\n-----END PRIVATE KEY-----")];
    assert_snapshot!(found_in(&sources(&[("gapwatch.toml", &format!("{one}{other}"))], &env)), @r#"
    warning[filter-hides-done]: `In-Progress` says in which state work is: what is finished would leave the filter
     --> gapwatch.toml:4:28
      |
    4 | filter.labels = ['team a', 'In-Progress', 'Stuck']
      |                            ^^^^^^^^^^^^^ goes when work goes on
      |
      = note: key: github.a.filter.labels[1]
      = help: what leaves the filter is no longer watched: its gaps are not resolved, and nothing is learnt from it. Filter by what stays, as a team or a kind of work

    warning[filter-hides-done]: `Stuck` says in which state work is: what is finished would leave the filter
     --> gapwatch.toml:4:43
      |
    4 | filter.labels = ['team a', 'In-Progress', 'Stuck']
      |                                           ^^^^^^^ goes when work goes on
      |
      = note: key: github.a.filter.labels[2]
      = help: what leaves the filter is no longer watched: its gaps are not resolved, and nothing is learnt from it. Filter by what stays, as a team or a kind of work

    warning[duplicate-repo]: repository Acme/api is also covered by Acme/* of [github.a]
     --> gapwatch.toml:8:10
      |
    8 | repos = ['Acme/api']
      |          ^^^^^^^^^^ here
      |
     ::: gapwatch.toml:3:10
      |
    3 | repos = ['acme/*', 'acme/web']
      |          -------- and here
      |
      = note: key: github.b.repos[0]
      = help: only one of the two reads it, whichever lists it first; its filter and states are the ones that hold

    error[bad-value]: one installation cannot read 2 owners: x, y
      --> gapwatch.toml:12:19
       |
    12 | installation_id = 3
       |                   ^ belongs to one of them
       |
       = note: key: github.c.installation_id
       = help: leave it out: each owner's installation is found by itself

    gapwatch: 1 error, 3 warnings in 1 file.
    "#);
}

#[test]
fn a_webhook_stands_in_the_place_of_a_token() {
    let text = format!("{GITHUB}[slack]\nwebhook_url = {{ env = 'HOOK' }}\n");
    let env = [("HOOK", "https://hooks.slack.com/services/T1/B2/hush")];
    let settings = loaded(&text, &env);
    let slack = settings.slack.as_ref().unwrap();
    assert!(slack.bot_token.is_none() && !slack.reaches_people());
    assert_eq!(slack.open_channel().as_deref(), Some("the webhook's channel"));
    assert!(!format!("{settings:?}").contains("hush"));
    let variables = [("GAPWATCH_SLACK__WEBHOOK_URL", "https://hooks.slack.com/services/T1/B2/hush")];
    assert!(!loaded(GITHUB, &variables).slack.unwrap().reaches_people());
}

#[test]
fn a_webhook_beside_what_it_replaces_or_cannot_do_is_told() {
    let text = "[slack]\nbot_token = { env = 'SLACK' }\nwebhook_url = 'https://hooks.slack.com/services/T1/B2/hush'\nchannel = '#x'\n[operators]\nchannel = '#ops'\n";
    assert_snapshot!(found_after(text), @r##"
    error[bad-value]: `bot_token` and `webhook_url` cannot be used together
     --> gapwatch.toml:6:1
      |
    6 | webhook_url = '*******************************************'
      | ^^^^^^^^^^^ one of the two is enough
      |
     ::: gapwatch.toml:5:13
      |
    5 | bot_token = { env = 'SLACK' }
      |             ----------------- the other one
      |
      = note: key: slack.webhook_url
      = help: a token can do all that a webhook can, and tells people in private: leave `webhook_url` out

    warning[literal-secret]: a secret stands in the configuration itself
     --> gapwatch.toml:6:15
      |
    6 | webhook_url = '*******************************************'
      |               ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ readable by whoever reads this file
      |
      = note: key: slack.webhook_url
      = help: refer to it: { env = "NAME" }, { file = "/path" } or { credential = "name" }

    warning[unused-key]: `channel` has no effect: a webhook posts into the channel it was made for
     --> gapwatch.toml:7:1
      |
    7 | channel = '#x'
      | ^^^^^^^ has no effect
      |
      = note: key: slack.channel
      = help: leave `channel` out, or use `bot_token`

    error[unknown-reference]: #ops cannot be reached by an incoming webhook
     --> gapwatch.toml:9:11
      |
    9 | channel = '#ops'
      |           ^^^^^^ not reachable
      |
      = note: key: operators.channel
      = help: leave `channel` out, or use `bot_token` in [slack]

    gapwatch: 2 errors, 2 warnings in 1 file.
    "##);
}

#[test]
fn what_is_no_webhook_is_refused_and_not_shown() {
    let text = "[slack]\nwebhook_url = 'https://hooks.slack.com/triggers/T1/2/hush'\n";
    assert_snapshot!(found_after(text), @r##"
    error[bad-secret]: this is a workflow's address, which takes no messages; make an incoming webhook in the app's settings
     --> gapwatch.toml:5:15
      |
    5 | webhook_url = '******************************************'
      |               ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ no usable secret
      |
      = note: key: slack.webhook_url

    warning[literal-secret]: a secret stands in the configuration itself
     --> gapwatch.toml:5:15
      |
    5 | webhook_url = '******************************************'
      |               ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ readable by whoever reads this file
      |
      = note: key: slack.webhook_url
      = help: refer to it: { env = "NAME" }, { file = "/path" } or { credential = "name" }

    gapwatch: 1 error, 1 warning in 1 file.
    "##);
    let text = "[slack]\nwebhook_url = { env = 'SLACK' }\nurl = 'https://hooks.slack.com/services/T1/B2/hush?x=1'\n";
    assert_snapshot!(found_after(text), @r##"
    error[bad-secret]: this is a token of Slack; it belongs into `bot_token`
     --> gapwatch.toml:5:15
      |
    5 | webhook_url = { env = 'SLACK' }
      |               ^^^^^^^^^^^^^^^^^ no usable secret
      |
      = note: key: slack.webhook_url

    error[bad-url]: "https://hooks.slack.com/services/**********?x=1" is not a bare address
     --> gapwatch.toml:6:7
      |
    6 | url = 'https://hooks.slack.com/services/**********?x=1'
      |       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ expected no user, password, query or fragment
      |
      = note: key: slack.url
      = help: credentials have settings of their own; if a proxy needs a password, leave `proxy` out and set HTTPS_PROXY

    gapwatch: 2 errors, 0 warnings in 1 file.
    "##);
}

#[test]
fn a_project_is_named_once_as_owner_and_number_and_a_column_means_one_thing() {
    let twice = found_after("projects = ['acme/7', 'Acme/7']\n");
    assert!(twice.contains("project Acme/7 stands twice in the list"), "{twice}");
    let odd = found_after("projects = ['acme/roadmap']\n");
    assert!(odd.contains("expected \"owner/number\""), "{odd}");
    let both = found_after("statuses.active = ['Doing']\nstatuses.backlog = ['doing']\n");
    assert!(both.contains("`doing` cannot mean both active and backlog"), "{both}");
    let settings = loaded(&format!("{GITHUB}projects = ['acme/7']\nfields.due = 'Deadline'\n"), &[]);
    let acme = &settings.github["acme"];
    assert_eq!(
        (acme.projects[0].to_string().as_str(), acme.fields.due.0.as_slice()),
        ("acme/7", &["Deadline".to_owned()][..])
    );
    assert_eq!(acme.fields.unit_secs(), None);
    let unit = loaded(&format!("{GITHUB}fields.estimate_unit = '0.5 workdays'\n"), &[]);
    assert_eq!(unit.github["acme"].fields.unit_secs(), Some(4.0 * 3600.0));
}
