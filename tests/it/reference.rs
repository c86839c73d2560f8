//! The commands about the configuration, the rules and the program itself; and one table of exit codes for all commands.

use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use connector_simulator::{Fault, Simulator, Tool};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::world::{REPO, github_day};

const SECRET: &str = "ghp_canary0123456789";

/// A folder with a configuration, and a GitHub with one task that was due ten days ago.
struct Desk {
    sim: Simulator,
    folder: TempDir,
}

struct Ended {
    code: i32,
    out: String,
    err: String,
}

impl Ended {
    #[track_caller]
    fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {}\n{}", self.out, self.err))
    }
}

impl Desk {
    async fn open() -> Desk {
        let sim = Simulator::start(std::sync::Arc::new(Timestamp::now)).await.unwrap();
        let github = sim.github();
        github.default_user("gapwatch-bot");
        let ago = |days: i64| Timestamp::now() - SignedDuration::from_hours(24 * days);
        let due = ago(10).to_zoned(jiff::tz::TimeZone::UTC).date().to_string();
        let issue = github.issue(REPO, "Move \"billing\", now").by("max-w").assignee("ana-k").created(ago(60));
        issue.milestone("Spring", github_day(&due)).open();
        let desk = Desk { sim, folder: TempDir::new().unwrap() };
        std::fs::write(desk.path("token"), format!("{SECRET}\n")).unwrap();
        std::fs::set_permissions(desk.path("token"), std::fs::Permissions::from_mode(0o600)).unwrap();
        desk.configure("");
        desk
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn configure(&self, more: &str) {
        let text = format!(
            "[store]\nurl = \"sqlite:{}\"\n[github.acme]\nurl = \"{}\"\ntoken = {{ file = \"{}\" }}\nrepos = [\"{REPO}\"]\n\
             [people.ana]\nalso = {{ github = \"ana-k\" }}\n{more}",
            self.path("gapwatch.db").display(),
            self.sim.github_url(),
            self.path("token").display(),
        );
        std::fs::write(self.path("gapwatch.toml"), text).unwrap();
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_gapwatch"));
        command.args(args).current_dir(self.folder.path()).env("TZ", "UTC").stdin(Stdio::null());
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("GAPWATCH_") || name == "NO_COLOR") {
            command.env_remove(name);
        }
        command
    }

    fn run(&self, args: &[&str]) -> Ended {
        ended(&mut self.command(args))
    }
}

fn ended(command: &mut Command) -> Ended {
    let output = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Ended { code: output.status.code().unwrap_or(-1), out: text(output.stdout), err: text(output.stderr) }
}

/// Computing time of all children that have ended, in steps of 10 ms.
fn computed_by_children() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    // The name of the program may hold anything; behind it stand numbers, the 14th and 15th of them these.
    let numbers: Vec<&str> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
    let ticks: u64 = numbers[13..15].iter().map(|ticks| ticks.parse::<u64>().unwrap()).sum();
    Duration::from_millis(ticks * 10)
}

fn refusal(status: u16) -> Fault {
    Fault::Status(status, "{\"message\":\"simulated\"}".to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_in_force_is_shown_with_its_origin_and_without_secrets() {
    let desk = Desk::open().await;
    std::fs::create_dir(desk.path("conf.d")).unwrap();
    std::fs::write(desk.path("conf.d/10-rules.toml"), "[rules.pace.behind]\nfrom = 0.4\n").unwrap();
    let args = ["-c", "gapwatch.toml", "-c", "conf.d", "config", "show", "--origin"];
    let ended = ended(desk.command(&args).env("GAPWATCH_GITHUB__ACME__POLL", "5m"));
    assert_eq!(ended.code, 0, "{}", ended.err);
    for (line, origin) in [
        ("from = 0.4", "# conf.d/10-rules.toml:2"),
        ("poll = \"5m\"", "# GAPWATCH_GITHUB__ACME__POLL"),
        ("token = \"[set, from file /", "# gapwatch.toml:5"),
    ] {
        let shown = ended.out.lines().find(|shown| shown.starts_with(line));
        assert!(shown.is_some_and(|shown| shown.ends_with(origin)), "{line} {origin}\n{}", ended.out);
    }
    assert!(!ended.out.contains("settle") && !ended.out.contains("canary"), "{}", ended.out);
    let all = desk.run(&["config", "show", "--defaults", "-o", "json"]).json();
    assert_eq!(all["schema"], "gapwatch.config/1");
    let of = |key: &str| all["values"].as_array().unwrap().iter().find(|one| one["key"] == key).cloned();
    assert_eq!(
        of("messages.settle"),
        Some(json!({ "key": "messages.settle", "value": "15m", "origin": "default", "secret": false }))
    );
    assert_eq!(of("github.acme.token").unwrap()["secret"], true);
    assert!(!all.to_string().contains("canary"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_in_force_is_taken_again_but_for_its_secrets() {
    let desk = Desk::open().await;
    let shown = desk.run(&["config", "show", "--defaults", "--origin"]).out;
    let token = shown.lines().find(|line| line.starts_with("token = ")).unwrap();
    let again = shown.replace(token, &format!("token = {{ file = \"{}\" }}", desk.path("token").display()));
    std::fs::write(desk.path("again.toml"), &again).unwrap();
    assert_eq!(desk.run(&["-c", "again.toml", "validate", "--offline"]).code, 0);
    std::fs::write(desk.path("again.toml"), &shown).unwrap();
    let refused = desk.run(&["-c", "again.toml", "validate", "--offline"]);
    assert_eq!(refused.code, 78);
    assert!(refused.err.contains("error[bad-secret]"), "{}", refused.err);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_schema_and_the_reference_are_printed_or_written() {
    let desk = Desk::open().await;
    let schema = desk.run(&["config", "schema"]);
    assert_eq!(schema.json()["properties"]["github"]["additionalProperties"]["properties"]["poll"]["default"], "2m");
    assert_eq!(desk.run(&["config", "schema", "--write"]).code, 0);
    assert_eq!(std::fs::read_to_string(desk.path("gapwatch.schema.json")).unwrap(), schema.out);
    let reference = desk.run(&["config", "reference"]).out;
    assert!(
        reference.contains("### `allowed_first`") && reference.contains("GAPWATCH_MESSAGES__SETTLE"),
        "{reference}"
    );
    assert_eq!(desk.run(&["config", "reference", "--write", "handbook.md"]).code, 0);
    assert_eq!(std::fs::read_to_string(desk.path("handbook.md")).unwrap(), reference);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_present_file_is_not_migrated_and_a_newer_one_is_refused() {
    let desk = Desk::open().await;
    let before = std::fs::read_to_string(desk.path("gapwatch.toml")).unwrap();
    let ended = desk.run(&["config", "migrate", "--write"]);
    assert_eq!((ended.code, ended.out.as_str()), (0, "Version 1 is the present one: there is nothing to do.\n"));
    assert_eq!(std::fs::read_to_string(desk.path("gapwatch.toml")).unwrap(), before);
    std::fs::write(desk.path("gapwatch.toml"), format!("version = 7\n{before}")).unwrap();
    for verb in [&["config", "migrate"][..], &["validate", "--offline"], &["run"]] {
        let ended = desk.run(verb);
        assert_eq!(ended.code, 78, "{verb:?}");
        assert!(ended.err.contains("error[bad-version]") && ended.err.contains("gapwatch.toml:1:11"), "{}", ended.err);
        assert!(ended.err.contains("this file is of version 7, and this gapwatch reads no newer one"), "{}", ended.err);
    }
    std::fs::write(desk.path("gapwatch.toml"), format!("version = 0\n{before}")).unwrap();
    for verb in [&["config", "migrate"][..], &["validate", "--offline"]] {
        let ended = desk.run(verb);
        assert_eq!(ended.code, 78, "{verb:?}");
        assert!(ended.err.contains("0 is no version of this file"), "{}", ended.err);
        assert!(!ended.err.contains("newer"), "{}", ended.err);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn validating_says_the_same_as_a_document() {
    let desk = Desk::open().await;
    let good = desk.run(&["validate", "--format", "json"]).json();
    assert_eq!(
        (&good["schema"], &good["ok"], &good["errors"]),
        (&json!("gapwatch.validate/1"), &json!(true), &json!(0))
    );
    assert_eq!(good["connections"], json!([{ "connection": "github.acme", "logged_in_as": "gapwatch-bot" }]));
    assert_eq!(good["files"], json!(["gapwatch.toml"]));
    desk.configure("[rules.pace.behind]\nform = 0.3\n");
    let bad = desk.run(&["validate", "--offline", "-o", "json"]);
    assert_eq!(bad.code, 78);
    let found = bad.json()["found"].as_array().unwrap().iter().find(|one| one["id"] == "unknown-key").cloned().unwrap();
    let keys: Vec<&str> = found.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(keys.join(" "), "column file help id key line severity title");
    assert_eq!(
        (&found["file"], &found["line"], &found["key"]),
        (&json!("gapwatch.toml"), &json!(10), &json!("rules.pace.behind.form"))
    );
    std::fs::remove_file(desk.path("gapwatch.toml")).unwrap();
    assert_eq!(desk.run(&["validate", "--format", "json"]).json()["found"][0]["id"], "no-config");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_refuses_is_told_by_id_with_the_line_of_its_credential() {
    let desk = Desk::open().await;
    for (fault, id, code, place) in [
        (refusal(401), "refused", 77, " (gapwatch.toml:5)"),
        (refusal(503), "unavailable", 69, " (gapwatch.toml:3)"),
        (Fault::RateLimited(300), "limited", 75, ""),
    ] {
        desk.sim.fail_next(Tool::Github, "", fault, 20);
        let ended = desk.run(&["validate"]);
        assert_eq!(ended.code, code, "{}", ended.err);
        let line =
            ended.err.lines().find(|line| line.starts_with(&format!("error[{id}]: github.acme: "))).map(str::to_owned);
        assert!(line.is_some_and(|line| line.ends_with(place)), "{}", ended.err);
        assert!(ended.err.ends_with("in 1 file. The running configuration is unchanged.\n"), "{}", ended.err);
        desk.sim.heal();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn validating_offline_takes_no_time_and_asks_nobody() {
    let desk = Desk::open().await;
    let mut people = String::new();
    for number in 0..500 {
        people += &format!(
            "[people.p{number}]\nname = \"P {number}\"\nmanager = \"ana\"\nalso = {{ github = \"login-{number}\" }}\n"
        );
    }
    desk.configure(&people);
    desk.sim.forget_requests();
    // It waits for nothing, so on a machine that is not busy it takes as long as it computes.
    let best = (0..8).map(|_| {
        let before = computed_by_children();
        assert_eq!(desk.run(&["validate", "--offline"]).code, 0);
        computed_by_children() - before
    });
    assert!(best.min().unwrap() < Duration::from_millis(200), "500 people take longer than 200 ms");
    assert_eq!(desk.sim.requests().len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn rules_are_listed_and_shown_with_their_thresholds() {
    let desk = Desk::open().await;
    desk.configure("[rules.overdue]\nenabled = false\n[rules.stalled]\nmode = \"live\"\nidle_3d = \"4 workdays\"\n");
    let listed = desk.run(&["rules", "list", "-o", "json"]).json();
    let rules = listed["rules"].as_array().unwrap();
    assert_eq!(rules.len(), gapwatch::rules::ids().count());
    let state = |id: &str| rules.iter().find(|rule| rule["rule"] == id).unwrap()["state"].clone();
    assert_eq!(
        (state("overdue"), state("stalled"), state("pace.behind")),
        (json!("off"), json!("on"), json!("observe"))
    );
    assert_eq!(rules[0]["connections"], json!([{ "connection": "github.acme", "lacks": [], "missing": [] }]));
    let table = desk.run(&["rules", "list"]).out;
    assert!(table.contains("pace.behind") && table.contains("everywhere"), "{table}");
    let shown = desk.run(&["rules", "show", "stalled", "-o", "json"]).json();
    let thresholds = shown["thresholds"].as_array().unwrap();
    let idle = thresholds.iter().find(|one| one["key"] == "idle_3d").unwrap();
    assert_eq!((&idle["value"], &idle["origin"]), (&json!("4 workdays"), &json!("gapwatch.toml:13")));
    assert_eq!(thresholds[0]["key"], "enabled");
    let words = desk.run(&["rules", "show", "pace.behind"]).out;
    assert!(
        words.contains("from = 0.3") && words.contains("# default") && words.contains("progress from the task list"),
        "{words}"
    );
    let none = desk.run(&["rules", "show", "pace.behin"]);
    assert_eq!(none.code, 2);
    assert!(none.err.contains("did you mean pace.behind?"), "{}", none.err);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_fields_of_a_task_are_listed_and_read() {
    let desk = Desk::open().await;
    let listed = desk.run(&["rules", "fields", "-o", "json"]).json();
    let names: Vec<&str> =
        listed["fields"].as_array().unwrap().iter().filter_map(|one| one["field"].as_str()).collect();
    assert!(names.contains(&"task.progress") && names.contains(&"task.slips"), "{names:?}");
    assert_eq!(desk.run(&["run", "--once"]).code, 0);
    let of = desk.run(&["rules", "fields", "acme/web#1", "-o", "json"]).json();
    let value =
        |name: &str| of["fields"].as_array().unwrap().iter().find(|one| one["field"] == name).unwrap()["value"].clone();
    assert_eq!((value("task.owners"), value("task.project")), (json!(["ana"]), json!(REPO)));
    assert_eq!((value("task.due_from"), value("task.progress")), (json!("milestone"), Value::Null));
    assert_eq!((value("task.slips"), value("task.author")), (json!(0), json!("max-w")));
    let table = desk.run(&["rules", "fields", "acme/web#1"]).out;
    assert!(table.contains("task.owners") && table.contains("ana"), "{table}");
    assert_eq!(desk.run(&["rules", "fields", "acme/web#99"]).code, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_are_printed_for_spreadsheets_and_since_when_can_be_asked() {
    let desk = Desk::open().await;
    desk.run(&["run", "--once"]);
    let csv = desk.run(&["gaps", "list", "-o", "csv"]);
    assert_eq!(csv.code, 0, "{}", csv.err);
    let lines: Vec<&str> = csv.out.split("\r\n").collect();
    assert!(lines[0].starts_with("id,rule,stage,state,connection,key,title,"), "{}", lines[0]);
    assert!(csv.out.contains("\"Move \"\"billing\"\", now\""), "{}", csv.out);
    assert!(desk.run(&["check", "-o", "csv"]).out.starts_with("id,rule,"));
    assert!(desk.run(&["rules", "list", "-o", "csv"]).out.starts_with("RULE,STATE,"));
    assert!(desk.run(&["why", "ana", "-o", "csv"]).out.starts_with("gap,reason,recipient,"));
    for verb in [&["version"][..], &["explain", "acme/web#1"], &["health"], &["config", "show"], &["sync"]] {
        assert_eq!(desk.run(&[verb, &["-o", "csv"]].concat()).code, 2, "{verb:?}");
    }
    let since = |text: &str| {
        desk.run(&["gaps", "list", "--since", text, "-o", "json"]).json()["gaps"].as_array().unwrap().len()
    };
    assert!(since("1h") >= 1);
    assert_eq!(since("2999-01-01"), 0);
    assert_eq!(desk.run(&["gaps", "list", "--since", "soon"]).code, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_program_completes_documents_and_describes_itself() {
    let desk = Desk::open().await;
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let ended = desk.run(&["completions", shell]);
        assert!(ended.code == 0 && ended.out.contains("deny-warnings"), "{shell}");
    }
    // Whoever has read enough closes the pipe.
    let mut command = desk.command(&["completions", "zsh"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), output.stderr.len()), (Some(0), 0));
    assert!(desk.run(&["man"]).out.contains(".TH gapwatch 1"));
    assert_eq!(desk.run(&["man", "--dir", "man"]).code, 0);
    let pages: Vec<String> = std::fs::read_dir(desk.path("man"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    for page in ["gapwatch.1", "gapwatch-gaps-list.1", "gapwatch-config-show.1"] {
        assert!(pages.iter().any(|name| name == page), "{pages:?}");
    }
    let version = desk.run(&["version", "-o", "json"]).json();
    assert!(version["sqlite"].as_str().unwrap().starts_with("3.") && version["features"].is_array(), "{version}");
}

#[tokio::test(flavor = "multi_thread")]
async fn colours_and_loudness_are_as_asked_for() {
    let desk = Desk::open().await;
    desk.configure("x = 1\n");
    let coloured = |args: &[&str], no_color: bool| {
        let mut command = desk.command(&[&["validate", "--offline"], args].concat());
        if no_color {
            command.env("NO_COLOR", "1");
        }
        ended(&mut command).err.contains('\u{1b}')
    };
    assert!(coloured(&["--color", "always"], false) && coloured(&["--color", "always"], true), "what is typed wins");
    assert!(!coloured(&[], false) && !coloured(&["--color", "never"], false) && !coloured(&[], true));
    desk.configure("[slack]\nurl = \"http://127.0.0.1:9\"\nbot_token = \"xoxb-literal\"\n");
    assert!(desk.run(&["sync"]).err.contains("warning[literal-secret]"));
    assert_eq!(desk.run(&["sync", "-q"]).err, "");
    assert!(
        desk.run(&["sync", "-vv"]).err.contains("INFO")
            || desk.run(&["sync", "-vvv", "--log-format", "json"]).err.contains("\"level\"")
    );
    let loud = ended(desk.command(&["sync", "-q"]).env("GAPWATCH_LOG_LEVEL", "loud"));
    assert_eq!(loud.code, 2, "{}", loud.err);
    assert!(loud.err.starts_with("error[usage]: "), "{}", loud.err);
}

/// Every command with what it is called with when it works, and when it is called wrongly.
const COMMANDS: [(&[&str], &[&str]); 24] = [
    (&["run", "--once"], &["run", "--mode", "loud"]),
    (&["sync"], &["sync", "github.other"]),
    (&["validate"], &["validate", "--format", "xml"]),
    (&["check"], &["check", "--at", "yesterday"]),
    (&["gaps", "list"], &["gaps", "list", "--stage", "dire"]),
    (&["gaps", "show", "GAP"], &["gaps", "show", "nothing"]),
    (&["explain", "acme/web#1"], &["explain", "acme/web#99"]),
    (&["why", "acme/web#1"], &["why", "nobody"]),
    (&["snooze", "GAP", "--for", "3d"], &["snooze", "GAP"]),
    (&["unsnooze", "GAP"], &["unsnooze"]),
    (&["rules", "list"], &["rules"]),
    (&["rules", "show", "overdue"], &["rules", "show", "nothing"]),
    (&["rules", "fields"], &["rules", "fields", "acme/web#99"]),
    (&["config", "show"], &["config", "show", "--all"]),
    (&["config", "schema"], &["config", "schema", "-o", "csv"]),
    (&["config", "reference"], &["config", "reference", "a", "b"]),
    (&["config", "migrate"], &["config", "migrate", "--to"]),
    (&["db", "check"], &["db"]),
    (&["db", "backup", "copy.db"], &["db", "backup"]),
    (&["help", "error", "syntax"], &["help", "error", "nothing"]),
    (&["completions", "bash"], &["completions", "cmd"]),
    (&["man"], &["man", "--dir"]),
    (&["version"], &["version", "-o", "xml"]),
    (&["--version"], &["--versoin"]),
];

/// Those that read the configuration.
fn is_configured(verb: &[&str]) -> bool {
    let without = [
        &["help"][..],
        &["completions"],
        &["man"],
        &["version"],
        &["--version"],
        &["config", "schema"],
        &["config", "reference"],
    ];
    !without.iter().any(|without| verb.starts_with(without)) && verb != ["rules", "fields"]
}

#[tokio::test(flavor = "multi_thread")]
async fn the_exit_codes_are_the_same_in_every_command() {
    let desk = Desk::open().await;
    assert_eq!(desk.run(&["run", "--once"]).code, 0);
    let gap = desk.run(&["gaps", "list", "-o", "json"]).json()["gaps"][0]["id"].as_str().unwrap().to_owned();
    let filled = |args: &[&str]| {
        args.iter().map(|arg| if *arg == "GAP" { gap.clone() } else { (*arg).to_owned() }).collect::<Vec<_>>()
    };
    let run = |args: &[&str]| {
        let args = filled(args);
        desk.run(&args.iter().map(String::as_str).collect::<Vec<_>>())
    };
    for (right, wrong) in COMMANDS {
        let ended = run(right);
        assert_eq!(ended.code, 0, "{right:?} {}", ended.err);
        let ended = run(wrong);
        assert_eq!(ended.code, 2, "{wrong:?} {}{}", ended.out, ended.err);
        let said = ended.err.starts_with("error[usage]: ") || ended.err.contains("Usage: ");
        assert!(said && ended.out.is_empty(), "{wrong:?} {}{}", ended.out, ended.err);
    }
    assert_eq!(desk.run(&["check", "--fail-on", "failure"]).code, 10);

    // A service that refuses, that does not answer, that asks to wait. The last is kept: nothing is asked for a while.
    for (fault, code, verbs) in [
        (refusal(401), 77, [&["validate"][..], &["run", "--once"], &["sync"]].as_slice()),
        (refusal(503), 69, &[&["validate"]]),
        (Fault::RateLimited(300), 75, &[&["validate"], &["run", "--once"]]),
    ] {
        for verb in verbs {
            desk.sim.fail_next(Tool::Github, "", fault.clone(), 1000);
            let ended = desk.run(verb);
            assert_eq!(ended.code, code, "{verb:?} {fault:?} {}", ended.err);
            desk.sim.heal();
        }
    }
    assert_eq!(desk.run(&["health"]).code, 69, "no daemon");

    // Another process owns the store.
    let mut daemon = desk.command(&["run"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let until = Instant::now() + Duration::from_secs(20);
    while !desk.path("gapwatch.db.sock").exists() {
        assert!(Instant::now() < until, "the daemon does not start");
        std::thread::sleep(Duration::from_millis(50));
    }
    for verb in [&["run"][..], &["run", "--once"], &["sync"]] {
        let ended = desk.run(verb);
        assert_eq!(ended.code, 75, "{verb:?} {}", ended.err);
        assert!(ended.err.contains("error[store-locked]: "), "{}", ended.err);
    }
    daemon.kill().unwrap();
    daemon.wait().unwrap();

    // The configuration is refused.
    desk.configure("x = 1\n");
    for (right, _) in COMMANDS {
        let ended = run(right);
        let (code, said) = if is_configured(right) && right != ["config", "migrate"] { (78, true) } else { (0, false) };
        assert_eq!(ended.code, code, "{right:?} {}", ended.err);
        assert_eq!(ended.err.contains("error[unknown-key]"), said, "{right:?} {}", ended.err);
    }
    std::fs::remove_file(desk.path("gapwatch.toml")).unwrap();
    for (right, _) in COMMANDS.iter().filter(|(right, _)| is_configured(right)) {
        let ended = run(right);
        assert_eq!(ended.code, 78, "{right:?} {}", ended.err);
        assert!(ended.err.contains("error[no-config]"), "{right:?} {}", ended.err);
    }
}
