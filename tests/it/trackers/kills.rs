//! The built program beside a tracker is killed with -9 wherever it happens to be, often in the middle of a write, and
//! started again. In the end every gap was told: one comment on each task, found again by its mark, and nothing twice.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use connector_simulator::asana::TaskDraft;
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
        let (asana, trello) = (sim.asana(), sim.trello());
        for (login, name) in [("ana", "Ana K."), ("gapwatch", "gapwatch")] {
            asana.person(login, name, &format!("{login}@example.org"));
            trello.person(login, name);
        }
        asana.project(WEB_SHOP);
        trello.board(WEB_SHOP);
        trello.list(WEB_SHOP, "Doing");
        sim.slack().user("U0ANA", "ana@example.org", "Ana K.", "Etc/UTC");
        sim.slack().channel("#delivery");
        let connection = match tracker {
            Tracker::Asana => format!("url = \"{}\"\ntoken = \"asana-test-token\"", sim.asana_url()),
            _ => format!("url = \"{}\"\nkey = \"trelloTestKey\"\ntoken = \"trelloTestToken\"", sim.trello_url()),
        };
        let rig = Rig { tracker, sim, now, folder: TempDir::new().unwrap(), child: None };
        let text = format!(
            "mode = \"live\"\n[{}]\n{connection}\n\
             [slack]\nurl = \"{}\"\nbot_token = \"xoxb-test\"\nchannel = \"#delivery\"\n\
             [messages]\nbacklog = \"tell\"\nwork_hours_only = false\nsettle = \"0s\"\n\
             [people.ana]\nname = \"Ana K.\"\nemail = \"ana@example.org\"\ntz = \"Etc/UTC\"\nalso = {{ slack = \"U0ANA\", trello = \"ana\" }}\n\
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
        let is_write = |path: &str, method: &str| {
            path.ends_with("chat.postMessage")
                || (method != "GET" && (path.ends_with("/stories") || path.ends_with("/actions/comments")))
        };
        self.sim.requests().iter().any(|request| is_write(&request.path, &request.method))
    }

    /// An overdue task of Ana's; its key. It was made long ago; what lists see is that it is touched now.
    fn task(&self, title: &str) -> String {
        let (created, long_ago) = (Some(at("2026-03-02T09:00:00Z")), date(2026, 3, 6));
        match self.tracker {
            Tracker::Asana => {
                let asana = self.sim.asana();
                let (assignee, due) = (Some("ana".to_owned()), Some(long_ago));
                let key = asana.task(WEB_SHOP, TaskDraft { assignee, due, created, ..TaskDraft::new("new") });
                asana.rename(&key, title, "max");
                key
            }
            _ => {
                let trello = self.sim.trello();
                let (members, due) = (vec!["ana".to_owned()], Some(at("2026-03-06T17:00:00Z")));
                let key = trello.card(WEB_SHOP, "Doing", CardDraft { members, due, created, ..CardDraft::new("new") });
                trello.rename(&key, title, "max");
                key
            }
        }
    }

    /// Our comments, by task.
    fn comments(&self) -> BTreeMap<String, usize> {
        let (asana, trello) = (self.sim.asana(), self.sim.trello());
        let is_ours = |author: &str| author == "gapwatch";
        match self.tracker {
            Tracker::Asana => {
                let ours = |key: &str| asana.comments(key).iter().filter(|one| is_ours(&one.author)).count();
                asana.tasks().into_iter().map(|task| (task.gid.clone(), ours(&task.gid))).collect()
            }
            _ => {
                let ours = |key: &str| trello.comments(key).iter().filter(|one| is_ours(&one.author)).count();
                trello.cards(WEB_SHOP).into_iter().map(|card| (card.id.clone(), ours(&card.id))).collect()
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

async fn nothing_is_lost_or_said_twice(tracker: Tracker, kills: usize) {
    let began = Instant::now();
    let mut rig = Rig::new(tracker).await;
    let mut dice = Dice(SEED ^ kills as u64);
    let mut in_a_write = 0;
    rig.start();
    tokio::time::sleep(Duration::from_millis(1_000)).await;
    for nth in 0..kills {
        rig.task(&format!("Task {nth}"));
        rig.sim.forget_requests();
        let hang = match dice.below(3) {
            0 => Some(Fault::Hang(5)),
            1 => Some(Fault::AfterCommit(Box::new(Fault::Hang(5)))),
            _ => None,
        };
        let place = if tracker == Tracker::Asana { "POST /stories" } else { "POST /actions/comments" };
        for (tool, place) in [(tracker.tool(), place), (Tool::Slack, "chat.postMessage")] {
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
    if !cfg!(feature = "test-clock") {
        panic!("this test moves the program's clock: run it with `cargo test --features test-clock --test it`");
    }
    for tracker in HOSTED {
        nothing_is_lost_or_said_twice(tracker, 12).await;
    }
}
