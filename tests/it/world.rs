//! The daemon on a temporary file, the simulator, and a set clock: a small world in which time is moved by hand.

use std::path::PathBuf;
use std::sync::Arc;

use connector_kit::Clock;
use connector_kit::clock::SetClock;
use connector_simulator::{Github, Simulator, Slack, WriteKind};
use gapwatch::config::{self, Flags, Settings, Sources};
use gapwatch::core::GapSeen;
use gapwatch::daemon::Engine;
use gapwatch::domain::alert::AlertState;
use gapwatch::store::StorePath;
use jiff::{SignedDuration, Timestamp};
use tempfile::TempDir;

/// The repository most tests use.
pub const REPO: &str = "acme/web";

/// A small world.
pub struct World {
    pub sim: Simulator,
    pub clock: Arc<SetClock>,
    engine: Option<Engine>,
    folder: TempDir,
    settings: Settings,
    comments: usize,
    messages: usize,
}

/// Ana works for Max; both are in Slack. `{github}` and `{slack}` are filled in.
const PEOPLE: &str = r##"
[people.ana]
name = "Ana K."
email = "ana@example.org"
manager = "max"
tz = "Etc/UTC"
also = { github = "ana-k", slack = "U0ANA" }

[people.max]
name = "Max W."
email = "max@example.org"
tz = "Etc/UTC"
also = { github = "max-w", slack = "U0MAX" }
"##;

/// Parses an instant, or panics with the text.
pub fn at(text: &str) -> Timestamp {
    text.parse().unwrap_or_else(|_| panic!("{text} is an instant"))
}

/// Midnight Pacific of a day, as GitHub keeps a milestone's date.
pub fn github_day(day: &str) -> Timestamp {
    let date: jiff::civil::Date = day.parse().unwrap_or_else(|_| panic!("{day} is a day"));
    date.in_tz("America/Los_Angeles").expect("a zone of the database").timestamp()
}

impl World {
    /// Live, telling the backlog too, so that what a test sets up is spoken of.
    pub async fn live(now: &str) -> World {
        World::with(now, "mode = \"live\"\n", "backlog = \"tell\"\n").await
    }

    /// With this text at the top of the file, and this in `[messages]`.
    pub async fn with(now: &str, top: &str, messages: &str) -> World {
        let clock = Arc::new(SetClock::leaping(at(now)));
        let shown = clock.clone();
        let sim = Simulator::start(Arc::new(move || shown.now())).await.expect("a loopback port is free");
        let (github, slack) = (sim.github(), sim.slack());
        github.repo(REPO);
        for login in ["ana-k", "max-w", "tom-b"] {
            github.user(login);
        }
        github.bot("renovate[bot]");
        github.user("gapwatch-bot");
        github.default_user("gapwatch-bot");
        slack.user("U0ANA", "ana@example.org", "Ana K.", "Etc/UTC");
        slack.user("U0MAX", "max@example.org", "Max W.", "Etc/UTC");
        slack.channel("#delivery");
        let text = format!(
            "{top}\n[github.acme]\nurl = \"{}\"\ntoken = \"test-token\"\nrepos = [\"{REPO}\"]\n\n[slack]\nurl = \"{}\"\n\
             bot_token = \"xoxb-test\"\nchannel = \"#delivery\"\n\n[messages]\n{messages}\n{PEOPLE}",
            sim.github_url(),
            sim.slack_url(),
        );
        let folder = TempDir::new().expect("a temporary folder");
        let mut world = World { sim, clock, engine: None, folder, settings: parse(&text), comments: 0, messages: 0 };
        world.start();
        world
    }

    pub fn github(&self) -> Github {
        self.sim.github()
    }

    pub fn slack(&self) -> Slack {
        self.sim.slack()
    }

    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub fn engine(&self) -> &Engine {
        self.engine.as_ref().expect("the engine runs but between stop and start")
    }

    pub fn store(&self) -> PathBuf {
        self.folder.path().join("gapwatch.db")
    }

    /// Starts the engine on the store.
    pub fn start(&mut self) {
        let engine = Engine::start(&self.settings, StorePath::File(self.store()), self.clock.clone());
        self.engine = Some(engine.expect("the engine starts"));
    }

    /// Ends it, as a crash would: nothing is told goodbye. Waits until the store is free.
    pub async fn stop(&mut self) {
        self.engine = None;
        let now = self.now();
        for _ in 0..200 {
            match gapwatch::store::Store::open(&StorePath::File(self.store()), now) {
                Ok(_) => return,
                Err(_) => tokio::time::sleep(std::time::Duration::from_millis(10)).await,
            }
        }
        panic!("the store is still in use");
    }

    pub async fn restart(&mut self) {
        self.stop().await;
        self.start();
    }

    /// Moves the clock on to this moment.
    pub fn at(&mut self, moment: &str) -> &mut World {
        self.clock.set(at(moment).max(self.now()));
        self
    }

    /// Moves the clock on.
    pub fn later(&mut self, by: SignedDuration) -> &mut World {
        self.clock.advance(by);
        self
    }

    /// Reads everything, judges, sends, until nothing is due.
    pub async fn run(&mut self) -> &mut World {
        let engine = self.engine();
        engine.pull(true).await.expect("the store takes every page");
        self.decide_and_deliver().await;
        self
    }

    /// Judges and sends without reading.
    pub async fn decide_and_deliver(&mut self) {
        for _ in 0..20 {
            let engine = self.engine();
            engine.decide().await.expect("the store takes every round");
            if engine.deliver().await.expect("the store takes every outcome") == 0 {
                return;
            }
        }
        panic!("there is no end of messages");
    }

    /// Runs as the daemon would, looking every so many minutes.
    pub async fn run_until(&mut self, moment: &str, every_minutes: i64) -> &mut World {
        while self.now() < at(moment) {
            self.later(SignedDuration::from_mins(every_minutes));
            self.run().await;
        }
        self
    }

    /// Gaps that are open, as `rule key stage state`.
    pub async fn open(&self) -> Vec<String> {
        let gaps = self.gaps().await;
        let mut open: Vec<String> = gaps.iter().filter(|gap| gap.alert.state != AlertState::Resolved).map(line).collect();
        open.sort();
        open
    }

    pub async fn gaps(&self) -> Vec<GapSeen> {
        self.engine().core.gaps(self.now()).await.expect("the store can be read")
    }

    /// What was written since the last call: `slack @ana: …`, `slack #delivery: …`, `comment #1: …`.
    pub fn sent(&mut self) -> Vec<String> {
        let mut sent = Vec::new();
        let writes = self.github().writes();
        for write in &writes[self.comments..] {
            let did = match write.kind {
                WriteKind::Created => "comment",
                WriteKind::Edited => "edited comment",
                WriteKind::Deleted => "deleted comment",
            };
            sent.push(format!("{did} #{}: {}", write.number, visible(&write.body)));
        }
        let messages = self.slack().messages();
        for message in messages[self.messages..].iter().filter(|message| message.ours) {
            let to = match (message.user.as_deref(), &message.channel_name) {
                (Some("U0ANA"), _) => "@ana".to_owned(),
                (Some("U0MAX"), _) => "@max".to_owned(),
                (Some(other), _) => format!("@{other}"),
                (None, name) => name.clone().unwrap_or_default(),
            };
            let thread = if message.thread_ts.is_some() { " (thread)" } else { "" };
            sent.push(format!("slack {to}{thread}: {}", visible(&message.text)));
        }
        (self.comments, self.messages) = (writes.len(), messages.len());
        sent
    }
}

fn line(gap: &GapSeen) -> String {
    let key = gap.name.as_ref().map_or("-", |name| name.key.as_str());
    let backlog = if gap.alert.backlog { " backlog" } else { "" };
    format!("{} {key} {} {}{backlog}", gap.alert.rule, gap.alert.stage.word(), gap.alert.state.word())
}

fn visible(text: &str) -> String {
    text.lines().filter(|line| !line.starts_with("<!--") && !line.is_empty()).collect::<Vec<_>>().join(" / ")
}

/// A configuration as a user's file would be read.
pub fn parse(text: &str) -> Settings {
    let files = vec![(PathBuf::from("test.toml"), text.to_owned())];
    let loaded = config::load(&Sources { files, env: Default::default(), flags: Flags::default() });
    match loaded {
        Ok(loaded) => loaded.settings,
        Err(found) => panic!("{}", found.iter().map(|one| one.render(false)).collect::<Vec<_>>().join("\n")),
    }
}
