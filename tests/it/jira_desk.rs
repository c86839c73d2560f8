//! The commands that somebody with a Jira meets, as they are called: from a token to what is known of the connection.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use connector_simulator::Simulator;
use connector_simulator::jira::IssueDraft;
use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use serde_json::Value;
use tempfile::TempDir;

/// No output and no file but the secret's own may hold it.
const TOKEN: &str = "canary-token-1234567890";
const PAT: &str = "canary-pat-1234567890";
const EMAIL: &str = "gapwatch@example.org";
/// A title, for what may not hold one.
const TITLE: &str = "Move billing to the new queue";

/// Jira, and an empty folder.
struct Desk {
    sim: Simulator,
    folder: TempDir,
    env: Vec<(&'static str, String)>,
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

    /// Ended well, and kept the secrets.
    #[track_caller]
    fn well(self) -> Ended {
        assert_eq!(self.code, 0, "{}\n{}", self.out, self.err);
        assert!(!self.out.contains("canary") && !self.err.contains("canary"), "{}\n{}", self.out, self.err);
        self
    }
}

impl Desk {
    /// Ana's task was due ten days ago; Max leads, and is assigned to nothing.
    async fn new() -> Desk {
        let sim = Simulator::start(std::sync::Arc::new(Timestamp::now)).await.unwrap();
        let jira = sim.jira();
        jira.person("gapwatch", "Gapwatch", EMAIL);
        jira.unscoped(EMAIL, TOKEN);
        jira.pat(PAT, "gapwatch");
        jira.person("ana", "Ana Kovac", "ana@example.org");
        jira.person("max", "Max Winter", "max@example.org");
        jira.project("OPS", "Operations");
        jira.project("WEB", "Web shop");
        jira.add_status("On hold", "indeterminate");
        let ago = |days: i64| Timestamp::now() - SignedDuration::from_hours(24 * days);
        let draft = IssueDraft {
            assignee: Some("ana".to_owned()),
            status: Some("In Progress".to_owned()),
            due: Some(ago(10).to_zoned(TimeZone::UTC).date()),
            created: Some(ago(40)),
            ..IssueDraft::new(TITLE)
        };
        jira.issue("OPS", draft);
        let env = vec![
            ("JIRA_URL", sim.jira_cloud_url()),
            ("JIRA_EMAIL", EMAIL.to_owned()),
            ("JIRA_TOKEN", TOKEN.to_owned()),
            ("JIRA_MANAGER", "ana@example.org".to_owned()),
        ];
        Desk { sim, folder: tempfile::tempdir().unwrap(), env }
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

    fn set(&mut self, name: &'static str, value: &str) {
        self.env.retain(|(known, _)| *known != name);
        self.env.push((name, value.to_owned()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn from_a_token_of_jira_to_a_configuration_that_logs_in() {
    let desk = Desk::new().await;
    let made = desk.run(&["init", "--from-env"]).well();
    assert!(made.out.contains("jira.jira: logged in as Gapwatch\n"), "{}", made.out);
    let text = std::fs::read_to_string(desk.path("gapwatch.toml")).unwrap();
    assert_eq!(std::fs::metadata(desk.path("gapwatch.toml")).unwrap().permissions().mode() & 0o777, 0o600);
    for line in [
        "mode = \"observe\"",
        "[jira.jira]",
        "email = \"gapwatch@example.org\"",
        "token = { env = \"JIRA_TOKEN\" }",
        "# Every project the account can see; `projects = [\"OPS\"]` watches only these.",
        "waiting = [\"On hold\"]",
        "default_manager = \"ana_kovac\"",
        "[people.ana_kovac]",
        "email = \"ana@example.org\"",
    ] {
        assert!(text.contains(line), "{line}: {text}");
    }
    assert!(text.contains(&format!("also = {{ jira = \"{}\" }}", desk.sim.jira().account_id("ana"))), "{text}");
    assert!(!text.contains("canary") && !text.contains("github"), "{text}");
    desk.run(&["validate"]).well();
    assert_eq!(desk.sim.jira().writes().len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_missing_or_wrong_is_named_and_nothing_is_written() {
    let mut desk = Desk::new().await;
    desk.set("JIRA_TOKEN", "canary-revoked");
    let refused = desk.run(&["init", "--from-env"]);
    assert_eq!(refused.code, 77, "{}", refused.err);
    assert!(!refused.err.contains("canary"), "{}", refused.err);
    desk.env.retain(|(name, _)| *name != "JIRA_TOKEN");
    let none = desk.run(&["init", "--from-env"]);
    assert_eq!(none.code, 78);
    assert!(none.err.contains("JIRA_TOKEN"), "{}", none.err);
    desk.env.clear();
    let nowhere = desk.run(&["init", "--from-env", "--tracker", "jira"]);
    assert_eq!(nowhere.code, 78);
    assert!(nowhere.err.contains("JIRA_URL") && nowhere.err.contains("atlassian.net"), "{}", nowhere.err);
    assert_eq!(std::fs::read_dir(desk.folder.path()).unwrap().count(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_of_ones_own_is_logged_in_to_by_its_token_alone() {
    let mut desk = Desk::new().await;
    desk.env.retain(|(name, _)| *name != "JIRA_EMAIL");
    let page = format!("{}/browse/OPS-1", desk.sim.jira_dc_url().trim_end_matches('/'));
    desk.set("JIRA_URL", &page);
    desk.set("JIRA_TOKEN", PAT);
    desk.set("JIRA_PROJECTS", "ops");
    let shown = desk.run(&["init", "--from-env", "--print"]).well();
    assert!(shown.out.contains("projects = [\"OPS\"]") && !shown.out.contains("browse"), "{}", shown.out);
    assert!(shown.out.contains("also = { jira = \"ana\" }"), "{}", shown.out);
    desk.run(&["init", "--from-env"]).well();
    desk.run(&["validate", "--offline"]).well();
}

#[tokio::test(flavor = "multi_thread")]
async fn doctor_and_rules_know_the_connection() {
    let desk = Desk::new().await;
    desk.run(&["init", "--from-env"]).well();
    let found = desk.run(&["doctor", "jira.jira", "-o", "json"]).json();
    let rows = found["findings"].as_array().unwrap();
    assert!(rows.iter().any(|row| row["about"] == "jira.jira" && row["verdict"] == "ok"), "{found}");
    let bundle = desk.path("bundle.txt").display().to_string();
    desk.run(&["doctor", "--bundle", &bundle]);
    let text = std::fs::read_to_string(&bundle).unwrap();
    assert!(text.contains("jira.jira.url = ") && text.contains("jira.jira.email = set"), "{text}");
    assert!(!text.contains("canary") && !text.contains(EMAIL) && !text.contains(TITLE), "{text}");
    let rules = desk.run(&["rules", "show", "pace.behind", "-o", "json"]).well().json();
    assert!(rules.to_string().contains("jira.jira"), "{rules}");
    assert_eq!(desk.run(&["doctor", "jira.other"]).code, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_read_of_jira_is_shown_by_every_command_that_looks() {
    let desk = Desk::new().await;
    desk.run(&["init", "--from-env"]).well();
    let path = desk.path("gapwatch.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    let quick = "mode = \"observe\"\nmessages = { settle = \"0s\", work_hours_only = false, recent_action = \"0s\" }";
    std::fs::write(&path, text.replacen("mode = \"observe\"", quick, 1)).unwrap();
    let once = desk.run(&["run", "--once"]).well();
    assert!(once.out.contains("jira.jira: 1 tasks read (1 new, 0 changed), 0 unreadable"), "{}", once.out);
    let listed = desk.run(&["gaps", "list", "-o", "json"]).well().json();
    let overdue = &listed["gaps"][0];
    assert_eq!((&overdue["rule"], &overdue["owners"][0]), (&"overdue".into(), &"ana_kovac".into()), "{listed:#}");
    assert_eq!(
        (&overdue["subject"]["connection"], &overdue["subject"]["key"]),
        (&"jira.jira".into(), &"OPS-1".into()),
        "{listed:#}"
    );
    for task in ["OPS-1", "jira.jira:OPS-1", overdue["subject"]["url"].as_str().unwrap()] {
        let explained = desk.run(&["explain", task]).well();
        assert!(explained.out.contains(TITLE) && explained.out.contains("failure: due "), "{task}: {}", explained.out);
    }
    let fields = desk.run(&["rules", "fields", "OPS-1"]).well();
    assert!(fields.out.contains("active") && fields.out.contains(" OPS "), "{}", fields.out);
    let people = desk.run(&["people", "list", "-o", "json"]).well().json();
    assert_eq!(people["people"][0]["accounts"][0], desk.sim.jira().account_id("ana"), "{people}");
    let schedule = desk.run(&["schedule"]).well();
    for words in ["reads projects ", "reads versions and sprints of 2 projects", "counts what is open in 2 projects"] {
        assert!(schedule.out.contains(words), "{words}: {}", schedule.out);
    }
    assert!(!schedule.out.contains("repositor"), "{}", schedule.out);
    let comment = desk.run(&["preview", "comment"]).well();
    assert!(comment.out.contains("@Ana Kovac") && comment.out.contains("OPS-1"), "{}", comment.out);
    assert!(desk.run(&["enable", "jira.jira"]).well().out.contains("[jira.jira]"));
    assert!(desk.run(&["check", "--project", "ops"]).well().out.contains("OPS-1"));
    let doctor = desk.run(&["doctor", "jira.jira"]).well();
    for words in ["OPS can be read and commented on", "1 task of 2 projects, versions and sprints read"] {
        assert!(doctor.out.contains(words), "{words}: {}", doctor.out);
    }
    assert_eq!(desk.sim.jira().writes().len(), 0, "it only reads");

    // Nobody knows Ana any more: the lines that make her known name the right tool.
    let text = std::fs::read_to_string(&path).unwrap();
    let (before, after) = text.split_once("\n[directory]").unwrap();
    assert!(after.contains("[people.ana_kovac]"), "{after}");
    std::fs::write(&path, before).unwrap();
    desk.run(&["run", "--once"]).well();
    let unmatched = desk.run(&["people", "unmatched"]).well();
    assert!(unmatched.out.contains("Ana Kovac"), "{}", unmatched.out);
    let id = desk.sim.jira().account_id("ana");
    let lines = desk.run(&["people", "link", "ana", &id]).well();
    assert!(lines.out.contains(&format!("also = {{ jira = \"{id}\" }}")), "{}", lines.out);
}
