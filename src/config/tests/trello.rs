//! `[trello.NAME]`: what is taken, and what people see for each mistake in it.

use insta::assert_snapshot;

use super::*;

/// A file that is taken. What tests write behind it begins in line 5, in its table.
const TRELLO: &str = "[trello.acme]\nkey = { env = 'KEY' }\ntoken = { env = 'GH' }\nboards = ['Client work']\n";

fn after(text: &str) -> String {
    found(&format!("{TRELLO}{text}"))
}

#[test]
fn three_lines_are_enough() {
    assert_snapshot!(found("[trello.acme]\nkey = { env = 'KEY' }\ntoken = { env = 'GH' }\n"), @"gapwatch: 0 errors, 0 warnings in 1 file.");
    let settings = loaded(TRELLO, &[]);
    let acme = &settings.trello["acme"];
    assert_eq!(settings.connections().collect::<Vec<_>>(), ["trello.acme"]);
    assert_eq!((acme.url.url().as_str(), acme.poll.to_string().as_str()), ("https://api.trello.com/1", "2m"));
    assert_eq!(acme.board_names(), ["Client work"]);
}

#[test]
fn everything_of_it_can_be_set_by_the_environment_and_secrets_by_files() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, format!("{name}-s3cret\n")).unwrap();
        path.display().to_string()
    };
    let (key, token) = (file("key"), file("token"));
    let env = [
        ("GAPWATCH_TRELLO__STUDIO__KEY_FILE", key.as_str()),
        ("GAPWATCH_TRELLO__STUDIO__TOKEN_FILE", token.as_str()),
        ("GAPWATCH_TRELLO__STUDIO__URL", "http://127.0.0.1:9/trello"),
        ("GAPWATCH_TRELLO__STUDIO__BOARDS", "https://trello.com/b/nC8QJJoZ/roadmap, Client work"),
        ("GAPWATCH_TRELLO__STUDIO__STATES__WAITING", "Blocked"),
        ("GAPWATCH_TRELLO__STUDIO__FIELDS__ESTIMATE", "Points"),
        ("GAPWATCH_PEOPLE__ANA__ALSO__TRELLO", "anak"),
    ];
    let settings = loaded("", &env);
    let studio = &settings.trello["studio"];
    assert_eq!(studio.board_names(), ["nC8QJJoZ", "Client work"]);
    assert_eq!((studio.fields.estimate.as_deref(), studio.mode), (Some("Points"), None));
    assert_eq!(studio.states.waiting, ["Blocked"]);
    assert!(studio.key.secret().read().is_ok() && studio.token.secret().read().is_ok());
    let ana: Vec<_> = settings.people["ana"].also.in_trackers().collect();
    assert_eq!(ana, [("trello", &"anak".to_owned())]);
}

#[test]
fn what_is_missing_is_shown_at_its_table_all_of_it_at_once() {
    assert_snapshot!(found("[trello.acme]\npoll = '5m'\n"), @r#"
    error[missing-key]: missing key `key` in [trello.acme]
     --> gapwatch.toml:1:9
      |
    1 | [trello.acme]
      |         ^^^^ `key` is needed here
      |
      = note: key: trello.acme.key
      = help: write key = { file = "/run/secrets/trello_key" }, or { env = "NAME" }, { credential = "name" }

    error[missing-key]: missing key `token` in [trello.acme]
     --> gapwatch.toml:1:9
      |
    1 | [trello.acme]
      |         ^^^^ `token` is needed here
      |
      = note: key: trello.acme.token
      = help: write token = { file = "/run/secrets/trello_token" }, or { env = "NAME" }, { credential = "name" }

    gapwatch: 2 errors, 0 warnings in 1 file.
    "#);
}

#[test]
fn an_address_of_somebody_elses_is_no_board() {
    let text =
        "[trello.b]\nkey = { env = 'KEY' }\ntoken = { env = 'GH' }\nboards = ['https://evil.example/b/nC8QJJoZ']\n";
    let found = found(text);
    let told = "\"https://evil.example/b/nC8QJJoZ\" is not a board, but a page of somebody else's";
    assert!(found.contains(told), "{found}");
}

#[test]
fn an_address_that_leads_elsewhere_is_answered_with_the_one_that_is_meant() {
    let text = "[trello.b]\nurl = 'https://trello.com/b/nC8QJJoZ/x'\nkey = { env = 'KEY' }\ntoken = { env = 'GH' }\n\
                boards = ['https://trello.com/c/abcdEFGH/1-x', 'https://trello.com/w/acme/home', '']\nfields.start = ''\n";
    assert_snapshot!(found(text), @r#"
    error[bad-url]: https://trello.com/b/nC8QJJoZ/x is a page of Trello, not its API
     --> gapwatch.toml:2:7
      |
    2 | url = 'https://trello.com/b/nC8QJJoZ/x'
      |       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ expected the API's address
      |
      = note: key: trello.b.url
      = help: leave `url` out, or write url = "https://api.trello.com/1"; the board stands in `boards`

    error[bad-value]: "https://trello.com/c/abcdEFGH/1-x" is not a board, but a card
     --> gapwatch.toml:5:11
      |
    5 | boards = ['https://trello.com/c/abcdEFGH/1-x', 'https://trello.com/w/acme/home', '']
      |           ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ expected e.g. "https://trello.com/b/nC8QJJoZ"
      |
      = note: key: trello.b.boards[0]
      = help: open the board and copy its address, as https://trello.com/b/SHORTLINK/name, or write the short link, the id or the name

    error[bad-value]: "https://trello.com/w/acme/home" is not a board, but a workspace
     --> gapwatch.toml:5:48
      |
    5 | boards = ['https://trello.com/c/abcdEFGH/1-x', 'https://trello.com/w/acme/home', '']
      |                                                ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ expected e.g. "https://trello.com/b/nC8QJJoZ"
      |
      = note: key: trello.b.boards[1]
      = help: open the board and copy its address, as https://trello.com/b/SHORTLINK/name, or write the short link, the id or the name

    error[bad-value]: "" is not a board
     --> gapwatch.toml:5:82
      |
    5 | boards = ['https://trello.com/c/abcdEFGH/1-x', 'https://trello.com/w/acme/home', '']
      |                                                                                  ^^ expected e.g. "https://trello.com/b/nC8QJJoZ"
      |
      = note: key: trello.b.boards[2]
      = help: open the board and copy its address, as https://trello.com/b/SHORTLINK/name, or write the short link, the id or the name

    error[bad-value]: "" is not a custom field
     --> gapwatch.toml:6:16
      |
    6 | fields.start = ''
      |                ^^ expected its name or id
      |
      = note: key: trello.b.fields.start
      = help: leave it out

    gapwatch: 5 errors, 0 warnings in 1 file.
    "#);
}

#[test]
fn a_board_has_one_connection_however_it_is_written() {
    let text = "[trello.other]\nkey = { env = 'KEY' }\ntoken = { env = 'GH' }\nboards = ['nC8QJJoZ', 'nc8qjjoz', 'client WORK']\n";
    assert_snapshot!(after(text), @r"
    error[duplicate-board]: board client WORK is read twice
     --> gapwatch.toml:8:35
      |
    8 | boards = ['nC8QJJoZ', 'nc8qjjoz', 'client WORK']
      |                                   ^^^^^^^^^^^^^ again here
      |
     ::: gapwatch.toml:4:11
      |
    4 | boards = ['Client work']
      |           ------------- first here
      |
      = note: key: trello.other.boards[2]
      = help: each board is read by one connection: its gaps would be counted twice

    gapwatch: 1 error, 0 warnings in 1 file.
    ");
}

#[test]
fn a_connection_that_reads_everything_beside_another_is_told() {
    assert_snapshot!(after("[trello.other]\nkey = { env = 'KEY' }\ntoken = { env = 'GH' }\n"), @r"
    warning[duplicate-board]: [trello.other] reads every board of its account, beside [trello.acme]
     --> gapwatch.toml:1:9
      |
    1 | [trello.acme]
      |         ^^^^ here
      |
     ::: gapwatch.toml:5:1
      |
    5 | [trello.other]
      | -------------- and here
      |
      = note: key: trello.acme
      = help: only one of the two reads a board that both see, whichever lists it first; name the `boards` of each

    gapwatch: 0 errors, 1 warning in 1 file.
    ");
}

#[test]
fn webhooks_need_their_secret_and_their_address() {
    assert_snapshot!(after("webhook_secret = { env = 'WORD' }\n"), @r"
    error[missing-key]: `webhook_secret` is here, and `webhook_url` is not
     --> gapwatch.toml:5:1
      |
    5 | webhook_secret = { env = 'WORD' }
      | ^^^^^^^^^^^^^^ needs the other one
      |
      = note: key: trello.acme.webhook_secret
      = help: set `webhook_url` as well: the address is part of what is signed; or take both out

    gapwatch: 1 error, 0 warnings in 1 file.
    ");
    assert_snapshot!(after("webhook_url = 'https://gapwatch.example.org/hooks/trello/acme'\n"), @r"
    error[missing-key]: `webhook_url` is here, and `webhook_secret` is not
     --> gapwatch.toml:5:1
      |
    5 | webhook_url = '**********************************************'
      | ^^^^^^^^^^^ needs the other one
      |
      = note: key: trello.acme.webhook_url
      = help: set `webhook_secret` as well: nothing unsigned is taken; or take both out

    gapwatch: 1 error, 0 warnings in 1 file.
    ");
    assert_snapshot!(after("webhook_secret = { env = 'WORD' }\nwebhook_url = 'gapwatch.example.org'\n"), @r#"
    error[bad-value]: "gapwatch.example.org" is not an address
     --> gapwatch.toml:6:15
      |
    6 | webhook_url = '********************'
      |               ^^^^^^^^^^^^^^^^^^^^^^ expected https://…
      |
      = note: key: trello.acme.webhook_url
      = help: write it as it was registered, as https://gapwatch.example.org/hooks/trello/NAME

    gapwatch: 1 error, 0 warnings in 1 file.
    "#);
    let both = "webhook_secret = { env = 'WORD' }\nwebhook_url = 'https://gapwatch.example.org/hooks/trello/acme'\n";
    assert_snapshot!(after(both), @"gapwatch: 0 errors, 0 warnings in 1 file.");
}

#[test]
fn a_key_and_a_token_are_not_taken_for_each_other() {
    let (short, newer) = ("0a".repeat(16), format!("ATTA{}", "0b".repeat(36)));
    let file = "[trello.acme]\nkey = { env = 'K' }\ntoken = { env = 'T' }\nboards = ['x']\n";
    let words = |key: &str, token: &str| {
        let words = found_in(&sources(&[("gapwatch.toml", file)], &[("K", key), ("T", token)]));
        assert!(!words.contains(key) && !words.contains(token), "{words}");
        words
    };
    assert_snapshot!(words(&newer, &short), @r"
    error[bad-secret]: this is a token of Trello; it belongs into `token`
     --> gapwatch.toml:2:7
      |
    2 | key = { env = 'K' }
      |       ^^^^^^^^^^^^^ no usable secret
      |
      = note: key: trello.acme.key

    warning[odd-secret]: this is as long as a key of Trello; the token is what a member gives to the key
     --> gapwatch.toml:3:9
      |
    3 | token = { env = 'T' }
      |         ^^^^^^^^^^^^^ looks odd
      |
      = note: key: trello.acme.token

    gapwatch: 1 error, 1 warning in 1 file.
    ");
    assert_snapshot!(words("same-s3cret", "same-s3cret"), @r"
    error[bad-secret]: `key` and `token` are the same secret
     --> gapwatch.toml:3:9
      |
    3 | token = { env = 'T' }
      |         ^^^^^^^^^^^^^ not the token
      |
      = note: key: trello.acme.token
      = help: the key belongs to the Power-Up, the token is what a member gives to that key: `gapwatch help error bad-secret`

    gapwatch: 1 error, 0 warnings in 1 file.
    ");
    let asana = format!("1/1200000000000001:{}", "0a".repeat(16));
    assert!(words(&short, &asana).contains("this is a token of Asana, not of Trello"));
    assert_snapshot!(words(&short, &newer), @"gapwatch: 0 errors, 0 warnings in 1 file.");
}

#[test]
fn what_it_is_called_and_how_it_is_written_changes_no_revision() {
    let of = |text: &str| Revisions::of(&loaded(text, &[]));
    let base = of("[trello.a]\nkey = { env = 'KEY' }\ntoken = { env = 'GH' }\nboards = ['nC8QJJoZ', 'B']\n");
    let same = "[trello.b]\nkey = { env = 'GH' }\ntoken = { env = 'KEY' }\nboards = ['B', 'https://trello.com/b/nC8QJJoZ/x']\n";
    assert_eq!(of(same), base);
    let other = of("[trello.a]\nkey = { env = 'KEY' }\ntoken = { env = 'GH' }\nboards = ['nC8QJJoZ']\n");
    assert_eq!(other.changed_since(&base), ["selection"]);
    let read = "[trello.a]\nkey = { env = 'KEY' }\ntoken = { env = 'GH' }\nboards = ['nC8QJJoZ', 'B']\nfields.progress = 'Done'\n";
    assert_eq!(of(read).changed_since(&base), ["reading"]);
}
