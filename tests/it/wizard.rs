//! The commands that a new user meets, as they are called: from a token to the first list of gaps, and everything that
//! looks without changing anything.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use connector_simulator::{Fault, Simulator, Tool};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use tempfile::TempDir;

use crate::world::{REPO, github_day};

/// No output and no file but the secret's own may hold it.
const TOKEN: &str = "ghp_canary1234567890";
const BOT: &str = "xoxb-canary-1234567890";
/// A title, for what may not hold one.
const TITLE: &str = "Move billing to the new queue";

/// Both tools, and an empty folder.
struct Desk {
    sim: Simulator,
    folder: TempDir,
    env: Vec<(&'static str, String)>,
}

/// A Monday, for what depends on the day of the week.
const MONDAY: &str = "2026-03-02T10:00:00Z";

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

    /// Ended well, and kept the secrets.
    #[track_caller]
    fn well(self) -> Ended {
        assert_eq!(self.code, 0, "{}\n{}", self.out, self.err);
        assert!(!self.out.contains("canary") && !self.err.contains("canary"), "{}\n{}", self.out, self.err);
        self
    }
}

/// Beside what is written, so that an empty folder stays empty.
fn sim_clock(folder: &TempDir) -> PathBuf {
    folder.path().with_extension("clock")
}

impl Drop for Desk {
    fn drop(&mut self) {
        // There is one only where the clocks stand still.
        let _ = std::fs::remove_file(sim_clock(&self.folder));
    }
}

impl Desk {
    /// Ana's task was due ten days ago; Max leads, and is assigned to nothing. The time is the machine's own.
    async fn new() -> Desk {
        Desk::at(None).await
    }

    /// The same while all clocks stand still.
    async fn at(moment: Option<&str>) -> Desk {
        let stands: Option<Timestamp> = moment.map(|moment| moment.parse().unwrap());
        let now = move || stands.unwrap_or_else(Timestamp::now);
        let sim = Simulator::start(std::sync::Arc::new(now)).await.unwrap();
        let (github, slack) = (sim.github(), sim.slack());
        let ago = |days: i64| now() - SignedDuration::from_hours(24 * days);
        github.token(TOKEN, "gapwatch-bot");
        github.person("ana-k", "Ana K.", Some("ana@example.org"));
        github.person("max-w", "Max W.", Some("max@example.org"));
        let due = ago(10).to_zoned(jiff::tz::TimeZone::UTC).date().to_string();
        let issue = github.issue(REPO, TITLE).by("max-w").assignee("ana-k").labels(&["In Progress"]).created(ago(60));
        issue.milestone("Spring", github_day(&due)).open();
        github.comment_as(REPO, 1, "ana-k", "begun", ago(59));
        slack.token(BOT);
        slack.user("U0ANA", "ana@example.org", "Ana K.", "Etc/UTC");
        slack.user("U0MAX", "max@example.org", "Max W.", "Etc/UTC");
        slack.channel("#delivery");
        let folder = TempDir::new().unwrap();
        let mut env = vec![
            ("GITHUB_TOKEN", TOKEN.to_owned()),
            ("SLACK_BOT_TOKEN", BOT.to_owned()),
            ("GAPWATCH_GITHUB_URL", sim.github_url()),
            ("GAPWATCH_SLACK_URL", sim.slack_url()),
            ("SLACK_CHANNEL", "#delivery".to_owned()),
            ("GITHUB_MANAGER", "max-w".to_owned()),
        ];
        if let Some(moment) = moment {
            let clock = sim_clock(&folder);
            std::fs::write(&clock, moment).unwrap();
            env.push(("GAPWATCH_TEST_CLOCK", clock.display().to_string()));
        }
        Desk { sim, folder, env }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn run(&self, args: &[&str]) -> Ended {
        let mut command = Command::new(env!("CARGO_BIN_EXE_gapwatch"));
        command.args(args).current_dir(self.folder.path()).env_clear().env("TZ", "UTC").stdin(Stdio::null());
        command.envs(self.env.iter().map(|(name, value)| (*name, value.as_str())));
        let Output { status, stdout, stderr } = command.output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Ended { code: status.code().unwrap_or(-1), out: text(stdout), err: text(stderr) }
    }

    fn edit(&self, from: &str, to: &str) {
        let path = self.path("gapwatch.toml");
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains(from), "{from}: {text}");
        std::fs::write(path, text.replacen(from, to, 1)).unwrap();
    }

    /// Set up and read once, sent at any hour.
    async fn ready(moment: Option<&str>) -> Desk {
        let desk = Desk::at(moment).await;
        desk.run(&["init", "--from-env"]).well();
        desk.edit(
            "mode = \"observe\"",
            "mode = \"observe\"\nmessages = { settle = \"0s\", work_hours_only = false, recent_action = \"0s\" }",
        );
        desk.run(&["run", "--once"]).well();
        desk
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn from_a_token_to_the_first_list_of_gaps() {
    let desk = Desk::new().await;
    let made = desk.run(&["init", "--from-env"]).well();
    assert!(made.out.contains("github.acme: logged in as gapwatch-bot\n"), "{}", made.out);
    assert!(made.out.contains("gapwatch run --once") && made.out.contains("gapwatch gaps list"), "{}", made.out);
    let text = std::fs::read_to_string(desk.path("gapwatch.toml")).unwrap();
    assert_eq!(std::fs::metadata(desk.path("gapwatch.toml")).unwrap().permissions().mode() & 0o777, 0o600);
    for line in [
        "mode = \"observe\"",
        "[github.acme]",
        "token = { env = \"GITHUB_TOKEN\" }",
        "repos = [\"acme/web\"]",
        "active = [\"In Progress\"]",
        "bot_token = { env = \"SLACK_BOT_TOKEN\" }",
        "default_manager = \"max_w\"",
        "email = \"ana@example.org\"",
        "also = { github = \"ana-k\", slack = \"U0ANA\" }",
    ] {
        assert!(text.contains(line), "{line}: {text}");
    }
    assert!(!text.contains("canary"));
    desk.run(&["validate", "--deny-warnings"]).well();
    let once = desk.run(&["run", "--once"]).well();
    assert!(once.out.contains("Observe mode: nothing was sent."), "{}", once.out);
    assert!(once.out.contains("Told as new, that would be "), "{}", once.out);
    let listed = desk.run(&["gaps", "list", "-o", "json"]).well().json();
    let gaps = listed["gaps"].as_array().unwrap();
    assert!(gaps.iter().any(|gap| gap["rule"] == "overdue" && gap["owners"][0] == "ana_k"), "{listed}");
    assert_eq!(desk.sim.slack().messages().len() + desk.sim.github().writes().len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_there_is_replaced_by_force_alone_and_shown_without_being_written() {
    let desk = Desk::new().await;
    let shown = desk.run(&["init", "--from-env", "--print"]).well();
    assert!(
        shown.out.starts_with("# Made by `gapwatch init`") && shown.out.contains("[people.ana_k]"),
        "{}",
        shown.out
    );
    assert!(!desk.path("gapwatch.toml").exists());
    std::fs::write(desk.path("gapwatch.toml"), "mine").unwrap();
    let refused = desk.run(&["init", "--from-env"]);
    assert_eq!(refused.code, 2);
    assert!(refused.err.contains("--force replaces it"), "{}", refused.err);
    assert_eq!(std::fs::read_to_string(desk.path("gapwatch.toml")).unwrap(), "mine");
    desk.run(&["init", "--from-env", "--force"]).well();
    desk.run(&["validate", "--offline"]).well();
    let elsewhere = desk.run(&["-c", "etc/watch.toml", "init", "--from-env"]).well();
    assert!(elsewhere.out.contains("etc/watch.toml run --once"), "{}", elsewhere.out);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_terminal_or_with_a_bad_answer_nothing_is_written_and_the_way_out_is_named() {
    let mut desk = Desk::new().await;
    let alone = desk.run(&["init"]);
    assert_eq!(alone.code, 2);
    assert!(alone.err.contains("init --from-env") && alone.err.contains("GITHUB_REPOS"), "{}", alone.err);
    desk.env.push(("GITHUB_REPOS", "other/*".to_owned()));
    let unknown = desk.run(&["init", "--from-env"]);
    assert_eq!(unknown.code, 2);
    assert!(unknown.err.contains("the token can see no repository of other"), "{}", unknown.err);
    desk.env.pop();
    desk.env[0].1 = "ghp_canary_revoked".to_owned();
    let refused = desk.run(&["init", "--from-env"]);
    assert_eq!(refused.code, 77, "{}", refused.err);
    assert!(refused.err.contains("make a new token") && !refused.err.contains("canary"), "{}", refused.err);
    desk.env.remove(0);
    let none = desk.run(&["init", "--from-env"]);
    assert_eq!(none.code, 78);
    assert!(none.err.contains("GITHUB_TOKEN"), "{}", none.err);
    assert_eq!(std::fs::read_dir(desk.folder.path()).unwrap().count(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_in_a_file_is_referred_to_where_it_lies() {
    let mut desk = Desk::new().await;
    std::fs::write(desk.path("token"), format!("{TOKEN}\n")).unwrap();
    desk.env[0] = ("GITHUB_TOKEN_FILE", "token".to_owned());
    desk.run(&["init", "--from-env"]).well();
    let text = std::fs::read_to_string(desk.path("gapwatch.toml")).unwrap();
    let folder = desk.folder.path().canonicalize().unwrap();
    assert!(text.contains("/token\" }") && text.contains(folder.file_name().unwrap().to_str().unwrap()), "{text}");
    desk.env.remove(0);
    desk.run(&["validate"]).well();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_doctor_finds_nothing_wrong_where_nothing_is_and_names_what_is() {
    let desk = Desk::ready(None).await;
    let found = desk.run(&["doctor", "-o", "json"]).well().json();
    let rows = found["findings"].as_array().unwrap();
    let says = |about: &str, words: &str| {
        rows.iter().any(|row| row["about"] == about && row["what"].as_str().unwrap().contains(words))
    };
    for (about, words) in [
        ("configuration", "the mode is observe"),
        ("github.acme", "logged in as gapwatch-bot"),
        ("github.acme", "calls left of the budget \"core\""),
        ("github.acme", "acme/web can be read and commented on"),
        ("github.acme", "1 task of"),
        ("slack", "the bot token has every scope"),
        ("slack", "the channel #delivery can be reached"),
        ("slack", "2 of 2 people with an address were found"),
        ("store", "the database is sound"),
        ("daemon", "not running"),
    ] {
        assert!(says(about, words), "{about}: {words}: {found:#}");
    }
    assert!(rows.iter().all(|row| row["verdict"] != "problem"), "{found:#}");

    let (github, slack) = (desk.sim.github(), desk.sim.slack());
    github.archive_repo(REPO, true);
    slack.deactivate("U0ANA");
    slack.without_scope("im:write");
    slack.archive("#delivery");
    let sick = desk.run(&["doctor"]);
    for words in ["archived", "not in Slack, or deactivated there: ana_k", "im:write", "no channel #delivery"] {
        assert!(sick.out.contains(words), "{words}: {}", sick.out);
    }
    assert_eq!(sick.code, 69, "{}", sick.out);
    assert_eq!(desk.run(&["doctor", "github.acme"]).code, 0, "an archived repository is a warning");
    github.revoke(TOKEN);
    assert_eq!(desk.run(&["doctor", "github.acme"]).code, 77);
    assert_eq!(desk.run(&["doctor", "github.other"]).code, 2);
    assert_eq!(slack.messages().len() + github.writes().len(), 0, "it only reads");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_doctor_looks_at_the_rest_when_a_secret_is_missing_or_a_service_is_away() {
    let mut desk = Desk::ready(None).await;
    desk.sim.fail_next(Tool::Github, "", Fault::Status(503, String::new()), 50);
    let away = desk.run(&["doctor", "github.acme"]);
    assert_eq!(away.code, 69, "{}\n{}", away.out, away.err);
    desk.sim.heal();
    desk.env.remove(0);
    let secretless = desk.run(&["doctor"]);
    assert_eq!(secretless.code, 78);
    assert!(secretless.err.contains("GITHUB_TOKEN is not set"), "{}", secretless.err);
    assert!(secretless.out.contains("the database is sound"), "{}", secretless.out);
    std::fs::remove_file(desk.path("gapwatch.db")).unwrap();
    assert!(desk.run(&["doctor"]).out.contains("there is no store"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_bundle_can_be_sent_it_holds_no_secret_no_title_and_no_address() {
    let desk = Desk::ready(None).await;
    desk.sim.fail_next(Tool::Github, "/issues", Fault::Status(422, String::new()), 50);
    desk.run(&["sync"]);
    desk.sim.heal();
    let ended = desk.run(&["doctor", "--bundle", "bundle.txt"]);
    assert!(ended.err.contains("Read it before you send it"), "{}", ended.err);
    assert_eq!(std::fs::metadata(desk.path("bundle.txt")).unwrap().permissions().mode() & 0o777, 0o600);
    let text = std::fs::read_to_string(desk.path("bundle.txt")).unwrap();
    for secret in ["canary", TITLE, "billing", "begun", "example.org", "Ana K."] {
        assert!(!text.contains(secret), "{secret}: {text}");
    }
    for words in [
        "== findings",
        "github.acme.token = [set, from env GITHUB_TOKEN]",
        "(gapwatch.toml:",
        "rules.pace.behind.from = 0.3   (default)",
        "gaps: overdue failure",
        "== last errors",
        "github.acme tasks since",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
    assert_eq!(desk.run(&["doctor", "--bundle", "bundle.txt"]).code, 2, "it overwrites nothing");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_preview_is_what_is_sent_later_word_for_word() {
    let desk = Desk::ready(Some(MONDAY)).await;
    let seen = desk.run(&["preview", "message", "--for", "ana_k", "-o", "json"]).well().json();
    let first = &seen["messages"][0];
    assert_eq!((&first["channel"], &first["to"][0]), (&"slack".into(), &"ana_k".into()), "{seen:#}");
    assert!(first["text"].as_str().unwrap().contains(TITLE), "{seen:#}");
    let comment = desk.run(&["preview", "comment", "-o", "json"]).well().json();
    let gap = first["gaps"][0].as_str().unwrap();
    let of_gap = desk.run(&["preview", "message", "--gap", gap]).well();
    assert!(of_gap.out.contains(TITLE) && of_gap.out.contains("Nothing was sent."), "{}", of_gap.out);
    assert_eq!(desk.sim.slack().messages().len() + desk.sim.github().writes().len(), 0);

    desk.edit("mode = \"observe\"", "mode = \"live\"");
    desk.run(&["run", "--once", "--backlog", "tell"]).well();
    let sent: Vec<_> =
        desk.sim.slack().messages().into_iter().filter(|one| one.user.as_deref() == Some("U0ANA")).collect();
    assert_eq!(first["rendered"]["text"], sent[0].text);
    // Slack gives each block a name of its own.
    let elements = |blocks: &Value| blocks[0]["elements"].clone();
    assert_eq!(elements(&first["rendered"]["blocks"]), elements(sent[0].blocks.as_ref().unwrap()));
    let written = desk.sim.github().comments(REPO, 1);
    let ours: Vec<_> = written.iter().filter(|one| one.author == "gapwatch-bot").collect();
    let markdown = comment["messages"][0]["rendered"]["markdown"].as_str().unwrap();
    assert!(ours[0].body.ends_with(markdown), "{markdown}\n----\n{}", ours[0].body);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_preview_may_be_sent_to_oneself_and_says_what_it_is() {
    let desk = Desk::ready(Some(MONDAY)).await;
    let sent = desk.run(&["preview", "message", "--for", "ana_k", "--send-to", "max_w"]).well();
    assert!(sent.out.contains("sent to max_w, as a preview"), "{}", sent.out);
    let messages = desk.sim.slack().messages();
    assert_eq!(messages.len(), 1);
    assert_eq!(messages[0].user.as_deref(), Some("U0MAX"));
    assert!(messages[0].text.starts_with("Preview"), "{}", messages[0].text);
    assert_eq!(desk.run(&["preview", "message", "--send-to", "nobody"]).code, 2);
    let digests = desk.run(&["preview", "digest", "baseline", "-o", "json"]).well().json();
    assert_eq!(
        (&digests["schema"], &digests["messages"][0]["channel"]),
        (&"gapwatch.preview/1".into(), &"digest".into())
    );
    assert_eq!(desk.run(&["preview", "digest", "nobody"]).code, 2);
    assert_eq!(desk.run(&["preview", "message", "--for", "nobody"]).code, 2);
    assert_eq!(desk.run(&["preview", "message", "--gap", "0000000000"]).code, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn enabling_prints_lines_that_are_taken_and_counts_what_is_then_sent() {
    let desk = Desk::ready(Some(MONDAY)).await;
    let next = desk.run(&["enable", "-o", "json"]).well().json();
    assert_eq!((&next["live"], &next["lines"][0]), (&false.into(), &"mode = \"live\"".into()), "{next:#}");
    assert_eq!(next["now"]["messages"], 0, "what is open is backlog: {next:#}");
    assert_eq!(next["with_backlog"]["people"], 1, "{next:#}");
    assert_eq!(next["people"][0]["person"], "ana_k");
    let words = desk.run(&["enable", "github.acme"]).well();
    assert!(words.out.contains("    [github.acme]\n    mode = \"live\"\n"), "{}", words.out);
    let rule = desk.run(&["enable", "overdue"]).well();
    assert!(rule.out.contains("    [rules.overdue]\n    mode = \"live\"\n"), "{}", rule.out);
    assert_eq!(desk.run(&["enable", "nothing"]).code, 2);
    let before = std::fs::read_to_string(desk.path("gapwatch.toml")).unwrap();
    desk.edit("[github.acme]\n", "[rules.overdue]\nmode = \"live\"\n\n[github.acme]\nmode = \"live\"\n");
    desk.run(&["validate", "--offline"]).well();
    assert!(desk.run(&["enable", "github.acme"]).well().out.contains("is already live"));
    std::fs::write(desk.path("gapwatch.toml"), before).unwrap();
    let expected = next["with_backlog"]["messages"].as_u64().unwrap();
    desk.edit("mode = \"observe\"", "mode = \"live\"");
    desk.run(&["run", "--once", "--backlog", "tell"]).well();
    let sent = desk.sim.slack().messages();
    assert_eq!(sent.iter().filter(|one| one.user.is_some() && one.thread_ts.is_none()).count() as u64, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn people_their_hours_and_what_comes_next_are_told_from_the_store() {
    let desk = Desk::ready(Some(MONDAY)).await;
    let github = desk.sim.github();
    github.issue(REPO, "Somebody else's").assignee("tom-b").open();
    github.issue(REPO, "Not yet").assignee("ana-k").milestone("Summer", github_day("2026-04-30")).open();
    desk.run(&["run", "--once"]).well();
    let people = desk.run(&["people", "list", "-o", "json"]).well().json();
    let ana = &people["people"][0];
    assert_eq!((&ana["person"], &ana["manager"], &ana["slack"]), (&"ana_k".into(), &"max_w".into(), &"U0ANA".into()));
    assert_eq!((&ana["zone"], &ana["zone_from"], &ana["open_tasks"]), (&"Etc/UTC".into(), &"Slack".into(), &2.into()));
    let strangers = desk.run(&["people", "unmatched", "-o", "json"]).well().json();
    assert_eq!(strangers["accounts"][0]["account"], "tom-b", "{strangers:#}");
    let link = desk.run(&["people", "link", "tom", "tom-b"]).well();
    assert!(link.out.contains("[people.tom]\n    also = { github = \"tom-b\" }"), "{}", link.out);
    assert_eq!(desk.run(&["people", "link", "tom", "ana-k"]).code, 2, "she is somebody already");
    let hours = desk.run(&["calendar", "show", "ana_k", "--days", "7", "-o", "json"]).well().json();
    let worked: Vec<_> = hours["days"].as_array().unwrap().iter().filter(|day| !day["hours"].is_null()).collect();
    assert_eq!(worked.len(), 5, "{hours:#}");
    assert!(worked.iter().all(|day| day["hours"] == "09:00 - 17:00"), "{hours:#}");
    assert_eq!(desk.run(&["calendar", "show", "nobody"]).code, 2);
    let next = desk.run(&["schedule", "-o", "json"]).well().json();
    let reads = next["reads"].as_array().unwrap();
    assert!(reads.iter().any(|one| one["stream"] == "tasks" && one["part"] == REPO), "{next:#}");
    assert!(!next["next_judgement_at"].is_null(), "{next:#}");
    assert!(desk.run(&["schedule"]).well().out.contains("github.acme: reads tasks"));
}
