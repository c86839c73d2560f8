//! The built program, as it is called: what it prints, and how it exits.

mod asked;
mod routes;

use std::io::Read;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use connector_simulator::{Fault, Simulator, Tool};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use tempfile::TempDir;

use crate::world::{REPO, github_day};

const TOKEN: &str = "very-secret-token";

/// A folder with a configuration, and the tools it names. The time is the machine's own.
pub struct Shop {
    pub sim: Simulator,
    folder: TempDir,
}

/// How a call ended.
pub struct Ended {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Ended {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {}\n{}", self.out, self.err))
    }
}

fn now() -> Timestamp {
    Timestamp::now()
}

fn ago(days: i64) -> Timestamp {
    now() - SignedDuration::from_hours(24 * days)
}

impl Shop {
    /// Ana's task #1 was due ten days ago.
    pub async fn open() -> Shop {
        let sim = Simulator::start(std::sync::Arc::new(Timestamp::now)).await.unwrap();
        let shop = Shop { sim, folder: TempDir::new().unwrap() };
        shop.configure("mode = \"live\"\n", "");
        let (github, slack) = (shop.sim.github(), shop.sim.slack());
        github.default_user("gapwatch-bot");
        slack.user("U0ANA", "ana@example.org", "Ana K.", "Etc/UTC");
        slack.channel("#delivery");
        let issue = github.issue(REPO, "Move billing").by("max-w").assignee("ana-k").created(ago(60));
        let due = ago(10).to_zoned(jiff::tz::TimeZone::UTC).date().to_string();
        issue.milestone("Spring", github_day(&due)).open();
        github.comment_as(REPO, 1, "ana-k", "begun", ago(59));
        shop
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn configure(&self, top: &str, more: &str) {
        let text = format!(
            "{top}[store]\nurl = \"sqlite:{}\"\n\n[github.acme]\nurl = \"{}\"\ntoken = \"{TOKEN}\"\nrepos = [\"{REPO}\"]\n\n\
             [slack]\nurl = \"{}\"\nbot_token = \"xoxb-{TOKEN}\"\nchannel = \"#delivery\"\n\n\
             [messages]\nbacklog = \"tell\"\nwork_hours_only = false\n\n\
             [people.ana]\nname = \"Ana K.\"\ntz = \"Etc/UTC\"\nalso = {{ github = \"ana-k\", slack = \"U0ANA\" }}\n{more}",
            self.path("gapwatch.db").display(),
            self.sim.github_url(),
            self.sim.slack_url(),
        );
        std::fs::write(self.path("gapwatch.toml"), text).unwrap();
    }

    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_gapwatch"));
        command.args(args).current_dir(self.folder.path()).env("TZ", "UTC").stdin(Stdio::null());
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("GAPWATCH_")) {
            command.env_remove(name);
        }
        command
    }

    /// Calls the program in its folder, where it finds its configuration, and waits for its end.
    pub fn run(&self, args: &[&str]) -> Ended {
        let Output { status, stdout, stderr } = self.command(args).output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Ended { code: status.code().unwrap_or(-1), out: text(stdout), err: text(stderr) }
    }

    /// Starts the daemon, and waits until it answers.
    pub fn daemon(&self) -> Daemon {
        self.daemon_with(|_| {})
    }

    /// The same, with a command that was changed. What it logs is in the file `log`.
    pub fn daemon_with(&self, change: impl FnOnce(&mut Command)) -> Daemon {
        let mut command = self.command(&["run"]);
        change(&mut command);
        let log = std::fs::File::create(self.path("log")).unwrap();
        let daemon = Daemon(command.stdout(Stdio::null()).stderr(log).spawn().unwrap());
        let until = Instant::now() + Duration::from_secs(20);
        while self.run(&["health"]).code != 0 {
            assert!(Instant::now() < until, "the daemon does not answer");
            std::thread::sleep(Duration::from_millis(50));
        }
        daemon
    }

    fn gap(&self) -> String {
        let listed = self.run(&["gaps", "list", "-o", "json"]).json();
        listed["gaps"][0]["id"].as_str().expect("there is a gap").to_owned()
    }

    /// Waits for what a daemon does by itself.
    pub fn until(&self, what: &str, is: impl Fn() -> bool) {
        let until = Instant::now() + Duration::from_secs(20);
        while !is() {
            assert!(Instant::now() < until, "{what}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

/// A running daemon; killed when the test ends.
pub struct Daemon(Child);

impl Daemon {
    /// Sends it a signal.
    pub fn signal(&self, name: &str) {
        let pid = self.0.id().to_string();
        assert!(Command::new("kill").args([&format!("-{name}"), pid.as_str()]).status().unwrap().success());
    }

    /// Asks it to stop; its exit code, and how long it took.
    pub fn stop(mut self) -> (Option<i32>, Duration) {
        let began = Instant::now();
        let pid = self.0.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        let code = self.0.wait().unwrap().code();
        (code, began.elapsed())
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // Both fail only when it has ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn refusal(status: u16) -> Fault {
    Fault::Status(status, "{\"message\":\"simulated\"}".to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_good_configuration_is_validated_with_a_login_everywhere() {
    let shop = Shop::open().await;
    let ended = shop.run(&["validate"]);
    assert_eq!(ended.code, 0, "{}", ended.err);
    assert!(ended.out.contains("github.acme: logged in as gapwatch-bot\n"), "{}", ended.out);
    assert!(ended.out.contains("slack: logged in as gapwatch in the workspace "), "{}", ended.out);
    shop.sim.forget_requests();
    assert_eq!(shop.run(&["validate", "--offline"]).code, 0);
    assert_eq!(shop.run(&["validate", "--offline", "--deny-warnings"]).code, 78, "a secret stands in the file");
    assert_eq!(shop.sim.requests().len(), 0);
    shop.sim.fail_next(Tool::Github, "", refusal(401), 5);
    assert_eq!(shop.run(&["validate"]).code, 77);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_mistake_of_a_configuration_is_named_in_one_run_with_its_place() {
    let shop = Shop::open().await;
    shop.configure("mode = \"loud\"\n", "manager = \"nobody\"\n[rules.pace.behind]\nform = 0.3\nallowed_first = 1.4\n");
    for verb in [&["validate", "--offline"][..], &["run"], &["gaps", "list"], &["check"]] {
        let ended = shop.run(verb);
        assert_eq!(ended.code, 78, "{verb:?}");
        assert!(ended.err.contains("gapwatch.toml:1:8"), "{}", ended.err);
    }
    let err = shop.run(&["validate", "--offline"]).err;
    for words in ["loud", "nobody", "form", "1.4", "gapwatch: 4 errors, 2 warnings in 1 file."] {
        assert!(err.contains(words), "{words}: {err}");
    }
    assert!(!shop.path("gapwatch.db").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_configuration_the_places_it_looked_in_are_named() {
    let shop = Shop::open().await;
    std::fs::remove_file(shop.path("gapwatch.toml")).unwrap();
    let ended = shop.run(&["gaps", "list"]);
    assert_eq!(ended.code, 78);
    assert!(ended.err.contains("/etc/gapwatch/gapwatch.toml"), "{}", ended.err);
}

#[tokio::test(flavor = "multi_thread")]
async fn syncing_reads_and_sends_nothing() {
    let shop = Shop::open().await;
    shop.sim.github().issue(REPO, "A fix").pull_request().open();
    let ended = shop.run(&["sync", "-o", "json"]);
    assert_eq!(ended.code, 0, "{}", ended.err);
    let read = &ended.json()["connections"][0];
    assert_eq!((&read["id"], &read["tasks"], &read["new"]), (&"github.acme".into(), &1.into(), &1.into()));
    assert_eq!((&read["skipped"], &read["unreadable"]), (&1.into(), &Value::Array(Vec::new())));
    let again = shop.run(&["sync", "github.acme", "-o", "json"]).json();
    assert_eq!((&again["connections"][0]["new"], &again["connections"][0]["changed"]), (&0.into(), &0.into()));
    assert_eq!(shop.run(&["sync", "github.other"]).code, 2);
    assert_eq!(shop.sim.slack().messages().len() + shop.sim.github().writes().len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_pass_sends_what_is_due_and_says_so() {
    let shop = Shop::open().await;
    let ended = shop.run(&["run", "--once", "-o", "json"]);
    assert_eq!(ended.code, 0, "{}", ended.err);
    let document = ended.json();
    assert_eq!((&document["schema"], &document["mode"]), (&"gapwatch.run/1".into(), &"live".into()));
    assert_eq!(document["attempts"], 2);
    assert_eq!((shop.sim.slack().messages().len(), shop.sim.github().writes().len()), (1, 1));
    assert_eq!(shop.run(&["run", "--once", "-o", "json"]).json()["attempts"], 0, "a second one says nothing twice");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_pass_tells_every_owner() {
    let shop = Shop::open().await;
    let owners = ["bo", "cy", "di", "ed"];
    let mut people = String::new();
    for who in owners {
        let id = format!("U0{}", who.to_uppercase());
        shop.sim.slack().user(&id, &format!("{who}@example.org"), who, "Etc/UTC");
        shop.sim.github().assign(REPO, 1, "max-w", who, ago(58));
        people.push_str(&format!("[people.{who}]\nalso = {{ github = \"{who}\", slack = \"{id}\" }}\n"));
    }
    shop.configure("mode = \"live\"\n", &people);
    assert_eq!(shop.run(&["run", "--once", "-o", "json"]).json()["attempts"], 6);
    assert_eq!((shop.sim.slack().messages().len(), shop.sim.github().writes().len()), (5, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_pass_that_only_observes_sends_nothing() {
    let shop = Shop::open().await;
    let ended = shop.run(&["run", "--once", "--mode", "observe", "-o", "json"]);
    assert_eq!((ended.code, &ended.json()["mode"]), (0, &"observe".into()));
    assert_eq!(shop.sim.slack().messages().len() + shop.sim.github().writes().len(), 0);
    assert_eq!(shop.run(&["check", "--fail-on", "failure"]).code, 10, "and yet it is seen");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_exit_code_of_one_pass_says_what_went_wrong() {
    for (fault, code) in [(refusal(503), 69), (Fault::RateLimited(300), 75), (refusal(401), 77), (refusal(403), 77)] {
        let shop = Shop::open().await;
        shop.sim.fail_next(Tool::Github, "", fault.clone(), 1000);
        let ended = shop.run(&["run", "--once", "-o", "json"]);
        assert_eq!(ended.code, code, "{fault:?} {}", ended.err);
        assert_ne!(ended.json()["connections"][0]["failures"], Value::Array(Vec::new()), "{fault:?}");
        assert_eq!(shop.run(&["sync"]).code, if code == 75 { 0 } else { code }, "{fault:?}: sync says the same");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gap_is_snoozed_without_a_daemon() {
    let shop = Shop::open().await;
    shop.run(&["run", "--once", "--mode", "observe"]);
    let gap = shop.gap();
    let ended = shop.run(&["snooze", &gap, "--for", "3d", "--reason", "waiting for the vendor"]);
    assert_eq!(ended.code, 0, "{}", ended.err);
    assert_eq!(shop.run(&["run", "--once", "-o", "json"]).code, 0);
    assert_eq!(shop.sim.slack().messages().len(), 0, "it keeps silent");
    let shown = shop.run(&["gaps", "list", "-o", "json"]).json()["gaps"][0].clone();
    assert_eq!(shown["held_because"], "snoozed");
    assert!(shown["snoozed_until"].is_string());
    assert_eq!(shop.run(&["unsnooze", &gap]).code, 0);
    shop.run(&["run", "--once"]);
    assert_eq!(shop.sim.slack().messages().len(), 1);
    for args in [&["snooze", "nothing", "--for", "3d"][..], &["snooze", &gap], &["snooze", &gap, "--for", "soon"]] {
        assert_eq!(shop.run(args).code, 2, "{args:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gap_is_snoozed_beside_a_running_daemon() {
    let shop = Shop::open().await;
    shop.run(&["run", "--once", "--mode", "observe"]);
    let gap = shop.gap();
    shop.configure("mode = \"observe\"\n", "");
    let daemon = shop.daemon();
    assert_eq!(shop.run(&["snooze", &gap, "--for", "3d", "--reason", "vendor"]).code, 0);
    shop.until("the daemon takes the wish up", || {
        shop.run(&["gaps", "list", "-o", "json"]).json()["gaps"][0]["snoozed_until"].is_string()
    });
    assert_eq!(shop.run(&["unsnooze", &gap]).code, 0);
    shop.until("and takes it back", || {
        shop.run(&["gaps", "list", "-o", "json"]).json()["gaps"][0]["snoozed_until"].is_null()
    });
    assert_eq!(daemon.stop().0, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_daemon_watches_alone_answers_for_itself_and_stops_in_order() {
    let shop = Shop::open().await;
    assert_eq!(shop.run(&["health"]).code, 69, "none is running");
    let daemon = shop.daemon();
    shop.until("the daemon tells", || shop.sim.slack().messages().len() == 1 && shop.sim.github().writes().len() == 1);
    for verb in [&["run"][..], &["run", "--once"], &["sync"]] {
        let second = shop.run(verb);
        assert_eq!(second.code, 75, "{verb:?} {}", second.err);
    }
    assert_eq!(shop.run(&["gaps", "list"]).code, 0, "reading goes on");
    let health = shop.run(&["health", "-o", "json"]).json();
    assert_eq!(health["ok"], true);
    let (code, took) = daemon.stop();
    assert_eq!(code, Some(0));
    assert!(took < Duration::from_secs(2), "{took:?}");
    assert!(!shop.path("gapwatch.db.sock").exists());
    assert_eq!(shop.run(&["health"]).code, 69);
    assert_eq!(shop.run(&["run", "--once", "-o", "json"]).json()["attempts"], 0, "and nothing is said again");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_daemon_stops_in_time_though_a_tool_hangs() {
    for (tool, matcher) in [(Tool::Github, "GET /issues"), (Tool::Slack, "chat.postMessage")] {
        let shop = Shop::open().await;
        shop.sim.fail_next(tool, matcher, Fault::Hang(20), 1);
        let daemon = shop.daemon();
        shop.until("the call is under way", || {
            shop.sim.requests().iter().any(|request| request.tool == tool && request.status.is_none())
        });
        let (code, took) = daemon.stop();
        assert_eq!(code, Some(0), "{tool:?}");
        assert!(took < Duration::from_secs(2), "{tool:?} {took:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_database_can_be_copied_and_checked_while_it_is_in_use() {
    let shop = Shop::open().await;
    shop.run(&["run", "--once"]);
    let daemon = shop.daemon();
    let copy = shop.path("copy.db").display().to_string();
    assert_eq!(shop.run(&["db", "backup", &copy]).code, 0);
    assert_ne!(shop.run(&["db", "backup", &copy]).code, 0, "nothing is written over");
    assert_eq!(shop.run(&["db", "check"]).code, 0);
    drop(daemon);
    std::fs::rename(shop.path("copy.db"), shop.path("gapwatch.db")).unwrap();
    for rest in ["gapwatch.db-wal", "gapwatch.db-shm"] {
        let _ = std::fs::remove_file(shop.path(rest));
    }
    assert_eq!(shop.run(&["db", "check"]).code, 0);
    assert_eq!(shop.run(&["gaps", "list", "-o", "json"]).json()["gaps"][0]["rule"], "overdue");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_no_database_is_refused_and_left_as_it_is() {
    let shop = Shop::open().await;
    std::fs::write(shop.path("gapwatch.db"), "my thesis, of which there is no copy").unwrap();
    for verb in [&["run", "--once"][..], &["gaps", "list"], &["db", "check"]] {
        let ended = shop.run(verb);
        assert_eq!(ended.code, 1, "{verb:?} {}", ended.err);
        assert!(ended.err.contains("gapwatch.db"), "{}", ended.err);
    }
    let text = std::fs::read_to_string(shop.path("gapwatch.db")).unwrap();
    assert_eq!(text, "my thesis, of which there is no copy");
}

#[tokio::test(flavor = "multi_thread")]
async fn before_anything_was_read_the_reading_commands_say_what_to_do() {
    let shop = Shop::open().await;
    for verb in [&["gaps", "list"][..], &["check"], &["explain", "acme/web#1"], &["db", "check"]] {
        let ended = shop.run(verb);
        assert_eq!(ended.code, 1, "{verb:?}");
        assert!(
            ended.err.contains("there is no store at")
                && ended.err.contains("`gapwatch run --once` creates and fills it"),
            "{verb:?} {}",
            ended.err
        );
    }
    assert!(!shop.path("gapwatch.db").exists(), "and make nothing");
    shop.run(&["sync"]);
    let listed = shop.run(&["gaps", "list"]);
    assert!(listed.out.starts_with("Nothing has been judged yet: `gapwatch run --once` does so"), "{}", listed.out);
    shop.run(&["run", "--once"]);
    let listed = shop.run(&["gaps", "list"]);
    assert!(listed.out.contains("overdue"), "{}", listed.out);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_filter_that_names_nothing_is_a_slip_and_no_empty_answer() {
    let shop = Shop::open().await;
    shop.run(&["run", "--once"]);
    for (args, words) in [
        (&["gaps", "list", "--rule", "overdu"][..], "there is no rule overdu; did you mean overdue?"),
        (&["gaps", "list", "--owner", "zzz"], "nobody is called zzz"),
        (&["check", "--project", "acme/nope"], "there is no repository or project acme/nope in the store"),
    ] {
        let ended = shop.run(args);
        assert_eq!(ended.code, 2, "{args:?} {}", ended.err);
        assert!(ended.err.contains(words), "{args:?} {}", ended.err);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_cannot_be_used_is_a_problem_and_none_is_a_warning() {
    let shop = Shop::open().await;
    let none = shop.run(&["doctor", "-o", "json"]).json();
    let of_store =
        |found: &Value| found["findings"].as_array().unwrap().iter().find(|one| one["about"] == "store").cloned();
    assert_eq!(of_store(&none).unwrap()["verdict"], "warning", "{none}");
    std::fs::write(shop.path("gapwatch.db"), "no database at all, but long enough to be looked at").unwrap();
    let ended = shop.run(&["doctor", "-o", "json"]);
    assert!(ended.code != 0, "{}", ended.out);
    let found = of_store(&ended.json()).unwrap();
    assert_eq!(found["verdict"], "problem", "{found}");
    assert_eq!(found["todo"], "`gapwatch help error store-unusable`");
    assert!(!found["what"].as_str().unwrap().contains("error["), "{found}");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_is_ever_printed() {
    let shop = Shop::open().await;
    shop.sim.fail_next(Tool::Slack, "chat.postMessage", refusal(500), 1);
    for verb in [&["validate"][..], &["run", "--once"], &["sync", "-o", "json"], &["explain", "acme/web#1"], &["check"]]
    {
        let args = [verb, &["--log-level", "trace"]].concat();
        let ended = shop.run(&args);
        assert!(!ended.out.contains(TOKEN) && !ended.err.contains(TOKEN), "{verb:?}");
    }
    let store = std::fs::read(shop.path("gapwatch.db")).unwrap();
    assert!(!store.windows(TOKEN.len()).any(|bytes| bytes == TOKEN.as_bytes()));
}

#[tokio::test(flavor = "multi_thread")]
async fn errors_have_pages_and_the_program_knows_its_version() {
    let shop = Shop::open().await;
    let ids = shop.run(&["help", "error"]);
    assert_eq!(ids.code, 0);
    for id in ids.out.lines() {
        let page = shop.run(&["help", "error", id]);
        assert!(page.code == 0 && page.out.len() > 100, "{id}");
    }
    assert_eq!(shop.run(&["help", "error", "no-such-id"]).code, 2);
    for (args, words) in
        [(&["help"][..], "Usage: gapwatch"), (&["help", "init"], "GITHUB_TOKEN"), (&["help", "gaps", "list"], "--rule")]
    {
        let page = shop.run(args);
        assert!(page.code == 0 && page.out.contains(words), "{args:?} {}{}", page.out, page.err);
    }
    assert_eq!(shop.run(&["help", "fly"]).code, 2);
    assert_eq!(shop.run(&["version"]).out, format!("gapwatch {}\n", env!("CARGO_PKG_VERSION")));
    assert_eq!(shop.run(&["version", "-o", "json"]).json()["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(shop.run(&["--version"]).code, 0);
    assert_eq!(shop.run(&["--help"]).code, 0);
    assert_eq!(shop.run(&["fly"]).code, 2);
    let mut piped = shop.command(&["gaps", "list"]).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut text = String::new();
    piped.stdout.take().unwrap().read_to_string(&mut text).unwrap();
    assert!(!text.contains('\u{1b}'), "no colours into a pipe");
    piped.wait().unwrap();
}
