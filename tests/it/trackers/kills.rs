//! The built program beside a tracker is killed with -9 wherever it happens to be, often in the middle of a write, and started
//! again. In the end every gap was told: one comment on each task, found again by its reference, and nothing twice.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use connector_simulator::asana::TaskDraft;
use connector_simulator::jira::IssueDraft;
use connector_simulator::trello::CardDraft;
use connector_simulator::{Fault, Simulator, Tool};
use jiff::civil::date;
use jiff::{SignedDuration, Timestamp};
use tempfile::TempDir;

use super::HOSTED;
use crate::contract::trackers::Tracker;
use crate::lab::{Dice, reader, rows};
use crate::world::{WEB_SHOP, at};

const SEED: u64 = 20_260_302;
/// So long a program may take until it writes something that is due.
const LONGEST_WRITE: Duration = Duration::from_secs(6);
/// A program that has not said everything by then hangs.
const LONGEST: Duration = Duration::from_secs(60);

struct Rig {
    tracker: Tracker,
    sim: Simulator,
    now: Arc<Mutex<Timestamp>>,
    folder: TempDir,
    child: Option<Child>,
}

impl Rig {
    async fn new(tracker: Tracker) -> Rig {
        let now = Arc::new(Mutex::new(at("2026-03-09T08:00:00Z")));
        let shown = now.clone();
        let sim = Simulator::start(Arc::new(move || *shown.lock().unwrap())).await.unwrap();
        for (login, name) in [("ana", "Ana K."), ("max", "Max W."), ("gapwatch", "gapwatch")] {
            let email = format!("{login}@example.org");
            sim.jira().person(login, name, &email);
            sim.asana().person(login, name, &email);
            sim.trello().person(login, name);
        }
        sim.jira().project("WEB", WEB_SHOP);
        sim.asana().project(WEB_SHOP);
        sim.trello().board(WEB_SHOP);
        sim.trello().list(WEB_SHOP, "To Do");
        for login in ["ana", "max", "gapwatch"] {
            sim.trello().join(WEB_SHOP, login);
        }
        sim.trello().default_member("gapwatch");
        sim.slack().user("U0ANA", "ana@example.org", "Ana K.", "Etc/UTC");
        sim.slack().channel("#delivery");
        let connection = match tracker {
            Tracker::JiraCloud => format!("url = \"{}\"\nemail = \"gapwatch@example.org\"", sim.jira_cloud_url()),
            Tracker::JiraDataCenter => format!("url = \"{}\"", sim.jira_dc_url()),
            Tracker::Asana => format!("url = \"{}\"", sim.asana_url()),
            Tracker::Trello => format!("url = \"{}\"\nkey = \"test-key\"", sim.trello_url()),
            Tracker::GitHub => panic!("it has a sweep of its own"),
        };
        let rig = Rig { tracker, sim, now, folder: TempDir::new().unwrap(), child: None };
        let text = format!(
            "mode = \"live\"\n[{}]\n{connection}\ntoken = \"test-token\"\n\
             [slack]\nurl = \"{}\"\nbot_token = \"xoxb-test\"\nchannel = \"#delivery\"\n\
             [messages]\nbacklog = \"tell\"\nwork_hours_only = false\nsettle = \"0s\"\n\
             [people.ana]\nname = \"Ana K.\"\nemail = \"ana@example.org\"\ntz = \"Etc/UTC\"\n\
             also = {{ slack = \"U0ANA\", trello = \"ana\" }}\n\
             [store]\nurl = \"sqlite:{}\"\n",
            tracker.connection(),
            rig.sim.slack_url(),
            rig.path("gapwatch.db").display(),
        );
        std::fs::write(rig.path("gapwatch.toml"), text).unwrap();
        rig.later(0);
        rig
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Time moves on; the file is exchanged whole, so that nobody reads half an instant.
    fn later(&self, seconds: i64) {
        let mut now = self.now.lock().unwrap();
        *now += SignedDuration::from_secs(seconds);
        std::fs::write(self.path("clock.new"), now.to_string()).unwrap();
        std::fs::rename(self.path("clock.new"), self.path("clock")).unwrap();
    }

    fn start(&mut self) {
        let log = File::options().create(true).append(true).open(self.path("log")).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_gapwatch"));
        command.args(["--log-format", "text", "-c"]).arg(self.path("gapwatch.toml")).arg("run");
        command.env("GAPWATCH_TEST_CLOCK", self.path("clock")).env_remove("RUST_LOG");
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        self.child = Some(command.spawn().unwrap());
    }

    fn kill(&mut self) {
        let mut child = self.child.take().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
    }

    fn log(&self) -> String {
        let text = std::fs::read_to_string(self.path("log")).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(30)..].join("\n")
    }

    /// Whether a write has come since the log was emptied.
    fn writes(&self) -> bool {
        let ends = match self.tracker {
            Tracker::Asana => "/stories",
            Tracker::Trello => "/comments",
            _ => "/comment",
        };
        let is_write =
            |path: &str, method: &str| path.ends_with("chat.postMessage") || (method != "GET" && path.contains(ends));
        self.sim.requests().iter().any(|request| is_write(&request.path, &request.method))
    }

    /// A late task of Ana's that was made long ago; what lists see is that it is touched now.
    fn add(&self, title: &str) {
        let (due, created) = (date(2026, 3, 6), Some(at("2026-03-02T09:00:00Z")));
        let owner = Some("ana".to_owned());
        match self.tracker {
            Tracker::Asana => {
                let asana = self.sim.asana();
                let draft = TaskDraft { assignee: owner, due: Some(due), created, ..TaskDraft::new(title) };
                asana.tag(&asana.task(WEB_SHOP, draft), "new", "max");
            }
            Tracker::Trello => {
                let trello = self.sim.trello();
                let due = Some(at("2026-03-06T17:00:00Z"));
                let members = owner.into_iter().collect();
                let draft = CardDraft { members, due, created, ..CardDraft::new(title) };
                trello.label(&trello.card(WEB_SHOP, "To Do", draft), "new", "max");
            }
            _ => {
                let jira = self.sim.jira();
                let draft = IssueDraft { assignee: owner, due: Some(due), created, ..IssueDraft::new(title) };
                jira.label(&jira.issue("WEB", draft), "new", "max");
            }
        }
    }

    /// Our comments, by task.
    fn comments(&self) -> BTreeMap<String, usize> {
        match self.tracker {
            Tracker::Asana => {
                let asana = self.sim.asana();
                let ours = |gid: &str| asana.comments(gid).iter().filter(|one| one.author == "gapwatch").count();
                asana.tasks().into_iter().map(|task| (task.gid.clone(), ours(&task.gid))).collect()
            }
            Tracker::Trello => {
                let trello = self.sim.trello();
                let ours = |card: &str| trello.comments(card).iter().filter(|one| one.author == "gapwatch").count();
                trello.cards(WEB_SHOP).into_iter().map(|card| (card.name.clone(), ours(&card.short_link))).collect()
            }
            _ => {
                let jira = self.sim.jira();
                let ours = |key: &str| jira.comments(key).iter().filter(|one| !one.properties.is_empty()).count();
                jira.issues().into_iter().map(|issue| (issue.key.clone(), ours(&issue.key))).collect()
            }
        }
    }

    /// Words that are decided and not settled, as far as the store tells.
    fn under_way(&self) -> Option<i64> {
        let db = reader(&self.path("gapwatch.db")).ok()?;
        db.query_row("SELECT count(*) FROM messages WHERE state IN (1, 2, 3)", [], |row| row.get(0)).ok()
    }
}

impl Drop for Rig {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            // Already gone is fine.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Kills it so often, and says how it ended. Fails where a word was lost or said twice.
pub async fn nothing_is_lost_or_said_twice(tracker: Tracker, kills: usize) {
    if !cfg!(feature = "test-clock") {
        panic!("this test moves the program's clock: run it with `cargo test --features test-clock --test it`");
    }
    let began = Instant::now();
    let mut rig = Rig::new(tracker).await;
    let mut dice = Dice(SEED ^ kills as u64);
    let mut in_a_write = 0;
    rig.start();
    tokio::time::sleep(Duration::from_millis(1_000)).await;
    for nth in 0..kills {
        rig.add(&format!("Task {nth}"));
        rig.sim.forget_requests();
        let hang = match dice.below(3) {
            0 => Some(Fault::Hang(5)),
            1 => Some(Fault::AfterCommit(Box::new(Fault::Hang(5)))),
            _ => None,
        };
        for (tool, place) in [(tracker.tool(), tracker.comments()), (Tool::Slack, "chat.postMessage")] {
            hang.iter().for_each(|fault| rig.sim.fail_next(tool, place, fault.clone(), 1));
        }
        rig.later(1_200);
        let waited = Instant::now();
        // Most are killed as soon as something is written, some wherever they are.
        let patience = if dice.below(6) == 0 { Duration::from_millis(dice.next() % 900) } else { LONGEST_WRITE };
        let mut looks = 0;
        while waited.elapsed() < patience && !rig.writes() {
            tokio::time::sleep(Duration::from_millis(1)).await;
            looks += 1;
            if looks % 50 == 0 {
                // Channels take so many messages a second: the program waits for the next one.
                rig.later(1);
            }
        }
        in_a_write += usize::from(rig.writes());
        std::thread::sleep(Duration::from_micros(dice.next() % 6_000));
        rig.kill();
        rig.sim.heal();
        rig.start();
    }
    let everything = |rig: &Rig| rig.comments().values().all(|count| *count > 0) && rig.under_way() == Some(0);
    let waited = Instant::now();
    let mut quiet = 0;
    while quiet < 3 {
        assert!(waited.elapsed() < LONGEST, "not everything is said: {:?}\n{}", rig.comments(), rig.log());
        rig.later(130);
        tokio::time::sleep(Duration::from_millis(500)).await;
        quiet = if everything(&rig) { quiet + 1 } else { 0 };
    }
    let comments = rig.comments();
    let lost = comments.values().filter(|count| **count == 0).count();
    let twice = comments.values().filter(|count| **count > 1).count();
    let repeated = rig.sim.slack().markers().values().filter(|times| **times > 1).count();
    println!(
        "figure F24: {tracker:?}: {kills} kills, {in_a_write} of them in or after a write: {lost} lost, {} twice; {} s",
        twice + repeated,
        began.elapsed().as_secs(),
    );
    assert_eq!((comments.len(), lost, twice, repeated), (kills, 0, 0, 0), "{comments:?}");
    assert!(in_a_write * 2 > kills, "hardly any kill hit a write: {in_a_write}");
    // What was found not to have been sent was taken back, and said anew.
    let sql = "SELECT id, why FROM notices WHERE state IN (3, 5) AND why <> 'it had not been sent'";
    let given_up = rows(&rig.path("gapwatch.db"), sql);
    assert_eq!(given_up, [""; 0]);
    assert_eq!(rows(&rig.path("gapwatch.db"), "PRAGMA integrity_check"), ["ok"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kills_beside_either_lose_nothing_and_repeat_nothing() {
    for tracker in HOSTED {
        nothing_is_lost_or_said_twice(tracker, 12).await;
    }
}
