//! The daemon on a temporary file, the simulator, and a set clock: a small world in which time is moved by hand.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use connector_kit::Clock;
use connector_kit::clock::SetClock;
use connector_simulator::jira::{Jira, WriteKind as JiraWriteKind};
use connector_simulator::{Github, Simulator, Slack, SlackMessage, WriteKind, asana, trello};
use gapwatch::config::{self, Flags, Settings, Sources};
use gapwatch::core::GapSeen;
use gapwatch::daemon::Engine;
use gapwatch::domain::alert::AlertState;
use gapwatch::domain::notice::Address;
use gapwatch::store::{ConnectionState, NoticeFilter, NoticeRow, Reader, StorePath};
use jiff::{SignedDuration, Timestamp};
use tempfile::TempDir;

/// What the world's accounts on other trackers log in with.
const ASANA_TOKEN: &str = "2/1200000000000001/1200000000000002:0123456789abcdef0123456789abcdef";
const TRELLO_KEY: &str = "0123456789abcdef0123456789abcdef";
const TRELLO_TOKEN: &str = "ATTA0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef01234567";

/// The project, or board, of Asana and Trello.
pub const WEB_SHOP: &str = "Web shop";

/// What the world's account on Jira logs in with.
const JIRA_TOKEN: &str = "jira-test-token-0123456789";

/// The repository most tests use.
pub const REPO: &str = "acme/web";

/// Ana works for Max; both are in Slack.
pub const PEOPLE: &str = r##"
[people.ana]
name = "Ana K."
email = "ana@example.org"
manager = "max"
tz = "Etc/UTC"
also = { github = "ana-k", slack = "U0ANA", trello = "ana" }

[people.max]
name = "Max W."
email = "max@example.org"
tz = "Etc/UTC"
also = { github = "max-w", slack = "U0MAX", trello = "max" }
"##;

/// What a test says about its world before it begins. Everything has a usual value.
#[must_use]
pub struct Plan {
    top: String,
    repos: Vec<String>,
    credential: String,
    github: String,
    slack: bool,
    webhook: bool,
    channel: bool,
    /// More lines for `[slack]`.
    slack_lines: String,
    messages: String,
    people: String,
    more: String,
    /// Instead of GitHub: which tracker, and lines for its table.
    other: Option<(Other, String)>,
    /// Of these the tracker as well.
    beside: Option<Box<Plan>>,
}

/// A tracker that is not GitHub.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Other {
    Jira(Edition),
    Asana,
    Trello,
}

/// Which Jira.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Edition {
    Cloud,
    DataCenter,
}

impl Plan {
    /// Jira instead of GitHub, with these lines in `[jira.acme]`: project `WEB`, in which Ana works for Max.
    pub fn on_jira(mut self, edition: Edition, lines: &str) -> Plan {
        self.other = Some((Other::Jira(edition), lines.to_owned()));
        self
    }

    /// Asana instead of GitHub, with these lines in `[asana.acme]`: the project `Web shop`, in which Ana works for Max.
    pub fn on_asana(mut self, lines: &str) -> Plan {
        self.other = Some((Other::Asana, lines.to_owned()));
        self
    }

    /// Trello instead of GitHub, with these lines in `[trello.acme]`: the board `Web shop`, on which Ana works for Max.
    pub fn on_trello(mut self, lines: &str) -> Plan {
        self.other = Some((Other::Trello, lines.to_owned()));
        self
    }

    /// The tracker of another plan beside this one's.
    pub fn and(mut self, other: Plan) -> Plan {
        self.beside = Some(Box::new(other));
        self
    }

    /// The tables of connections.
    fn connections(&self, sim: &Simulator) -> String {
        let beside = self.beside.as_ref().map_or_else(String::new, |other| other.connections(sim));
        format!("{}\n{beside}", self.connection(sim))
    }

    fn connection(&self, sim: &Simulator) -> String {
        let Some((other, lines)) = &self.other else {
            let repos: Vec<String> = self.repos.iter().map(|repo| format!("\"{repo}\"")).collect();
            let (url, repos) = (sim.github_url(), repos.join(", "));
            return format!("[github.acme]\nurl = \"{url}\"\n{}\nrepos = [{repos}]\n{}", self.credential, self.github);
        };
        match other {
            Other::Jira(Edition::Cloud) => {
                let url = sim.jira_cloud_url();
                format!(
                    "[jira.acme]\nurl = \"{url}\"\nemail = \"gapwatch@example.org\"\ntoken = \"{JIRA_TOKEN}\"\n{lines}"
                )
            }
            Other::Jira(Edition::DataCenter) => {
                let url = sim.jira_dc_url();
                format!("[jira.acme]\nurl = \"{url}\"\ntoken = \"{JIRA_TOKEN}\"\n{lines}")
            }
            Other::Asana => format!("[asana.acme]\nurl = \"{}\"\ntoken = \"{ASANA_TOKEN}\"\n{lines}", sim.asana_url()),
            Other::Trello => {
                let url = sim.trello_url();
                format!("[trello.acme]\nurl = \"{url}\"\nkey = \"{TRELLO_KEY}\"\ntoken = \"{TRELLO_TOKEN}\"\n{lines}")
            }
        }
    }

    /// Lines at the top of the file: `mode = "live"`.
    pub fn top(mut self, lines: &str) -> Plan {
        self.top = lines.to_owned();
        self
    }

    /// The repositories that are watched.
    pub fn repos(mut self, repos: &[&str]) -> Plan {
        self.repos = repos.iter().map(|repo| (*repo).to_owned()).collect();
        self
    }

    /// Lines with which `[github.acme]` logs in, instead of a token that any simulator takes.
    pub fn credential(mut self, lines: &str) -> Plan {
        self.credential = lines.to_owned();
        self
    }

    /// More lines for `[github.acme]`.
    pub fn github(mut self, lines: &str) -> Plan {
        self.github = lines.to_owned();
        self
    }

    /// Without Slack.
    pub fn without_slack(mut self) -> Plan {
        self.slack = false;
        self
    }

    /// Slack by an incoming webhook into `#delivery` alone.
    pub fn webhook(mut self) -> Plan {
        self.webhook = true;
        self
    }

    /// Without a channel in Slack.
    pub fn without_channel(mut self) -> Plan {
        self.channel = false;
        self
    }

    /// More lines for `[slack]`.
    pub fn slack(mut self, lines: &str) -> Plan {
        self.slack_lines = lines.to_owned();
        self
    }

    /// Lines for `[messages]`.
    pub fn messages(mut self, lines: &str) -> Plan {
        self.messages = lines.to_owned();
        self
    }

    /// Tables of people instead of [`PEOPLE`].
    pub fn people(mut self, tables: &str) -> Plan {
        self.people = tables.to_owned();
        self
    }

    /// Further tables.
    pub fn more(mut self, tables: &str) -> Plan {
        self.more = tables.to_owned();
        self
    }

    fn text(&self, sim: &Simulator) -> String {
        let mut text = format!("{}\n{}\n", self.top, self.connections(sim));
        if self.webhook {
            text.push_str(&format!("\n[slack]\nwebhook_url = \"{}\"\n", sim.slack_webhook("#delivery")));
        } else if self.slack {
            text.push_str(&format!("\n[slack]\nurl = \"{}\"\nbot_token = \"xoxb-test\"\n", sim.slack_url()));
            text.push_str(if self.channel { "channel = \"#delivery\"\n" } else { "" });
            text.push_str(&self.slack_lines);
        }
        text.push_str(&format!("\n[messages]\n{}\n{}\n{}", self.messages, self.people, self.more));
        unasked(text).replace("{github}", &sim.github_url())
    }

    /// Begins, at this moment.
    pub async fn begin(self, now: &str) -> World {
        let clock = Arc::new(SetClock::leaping(at(now)));
        let shown = clock.clone();
        let sim = Simulator::start(Arc::new(move || shown.now())).await.expect("a loopback port is free");
        let (github, slack) = (sim.github(), sim.slack());
        for repo in self.repos.iter().filter(|repo| !repo.ends_with("/*")) {
            github.repo(repo);
        }
        for login in ["ana-k", "max-w", "tom-b", "gapwatch-bot"] {
            github.user(login);
        }
        github.bot("renovate[bot]");
        github.default_user("gapwatch-bot");
        let jira = sim.jira();
        for (login, name) in [("ana", "Ana K."), ("max", "Max W."), ("tom", "Tom B."), ("gapwatch", "gapwatch")] {
            jira.person(login, name, &format!("{login}@example.org"));
        }
        jira.project("WEB", "Web shop");
        jira.unscoped("gapwatch@example.org", JIRA_TOKEN);
        jira.pat(JIRA_TOKEN, "gapwatch");
        let (asana, trello) = (sim.asana(), sim.trello());
        for (login, name) in [("ana", "Ana K."), ("max", "Max W."), ("tom", "Tom B."), ("gapwatch", "gapwatch")] {
            asana.person(login, name, &format!("{login}@example.org"));
            trello.person(login, name);
        }
        asana.project(WEB_SHOP);
        asana.token(ASANA_TOKEN, "gapwatch");
        trello.board(WEB_SHOP);
        for list in ["To Do", "Doing", "Done"] {
            trello.list(WEB_SHOP, list);
        }
        for login in ["ana", "max", "tom", "gapwatch"] {
            trello.join(WEB_SHOP, login);
        }
        trello.token(TRELLO_KEY, TRELLO_TOKEN, "gapwatch");
        slack.user("U0ANA", "ana@example.org", "Ana K.", "Etc/UTC");
        slack.user("U0MAX", "max@example.org", "Max W.", "Etc/UTC");
        slack.channel("#delivery");
        slack.channel("#ops");
        let settings = parse(&self.text(&sim));
        let folder = TempDir::new().expect("a temporary folder");
        let mut world = World {
            sim,
            clock,
            plan: self,
            engine: None,
            folder,
            settings,
            writes: 0,
            jira_writes: 0,
            hosted_writes: 0,
            messages: HashMap::new(),
        };
        world.start();
        world
    }
}

/// Rules that would speak of nearly every task of these worlds, where somebody gives them to somebody with a near date. They
/// are off unless a test says something about them. So are digests, repeats of what was said, and the limit of an hour.
pub fn unasked(mut text: String) -> String {
    for rule in ["ack.missing", "due.at_risk", "due.unrealistic", "load.overloaded"] {
        let table = format!("[rules.{rule}]");
        if !text.contains(&table) {
            text.push_str(&format!("\n{table}\nenabled = false\n"));
        }
    }
    if !text.contains("[schedule]") {
        text.push_str("\n[schedule]\ndigest_person = \"off\"\ndigest_manager = \"off\"\nall_clear = \"off\"\n");
    }
    if !text.contains("[limits]") {
        text.push_str("\n[limits]\nrepeat = []\nper_hour = 10000\n");
    }
    text
}

/// A small world.
pub struct World {
    pub sim: Simulator,
    pub clock: Arc<SetClock>,
    plan: Plan,
    engine: Option<Engine>,
    folder: TempDir,
    settings: Settings,
    writes: usize,
    jira_writes: usize,
    /// Of Asana and of Trello.
    hosted_writes: usize,
    /// Edits already shown of each message, by conversation and `ts`.
    messages: HashMap<(String, String), u32>,
}

/// Parses an instant, or panics with the text.
pub fn at(text: &str) -> Timestamp {
    text.parse().unwrap_or_else(|_| panic!("{text} is an instant"))
}

/// Midnight Pacific of a day, as GitHub keeps a milestone's date.
pub fn github_day(day: &str) -> Timestamp {
    let date: jiff::civil::Date = day.parse().unwrap_or_else(|_| panic!("{day} is a day"));
    date.in_tz("America/Los_Angeles").expect("a zone of the database").timestamp()
}

/// A checklist with so many of its boxes ticked.
pub fn checklist(ticked: usize, all: usize) -> String {
    (0..all).map(|item| format!("- [{}] step {item}\n", if item < ticked { "x" } else { " " })).collect()
}

impl World {
    /// Live, telling the backlog too, so that what a test sets up is spoken of.
    pub fn plan() -> Plan {
        Plan {
            top: "mode = \"live\"".to_owned(),
            repos: vec![REPO.to_owned()],
            credential: "token = \"test-token\"".to_owned(),
            github: String::new(),
            slack: true,
            webhook: false,
            channel: true,
            slack_lines: String::new(),
            messages: "backlog = \"tell\"".to_owned(),
            people: PEOPLE.to_owned(),
            more: String::new(),
            other: None,
            beside: None,
        }
    }

    /// The usual one.
    pub async fn live(now: &str) -> World {
        World::plan().begin(now).await
    }

    /// With this text at the top of the file, and this in `[messages]`.
    pub async fn with(now: &str, top: &str, messages: &str) -> World {
        World::plan().top(top).messages(messages).begin(now).await
    }

    pub fn github(&self) -> Github {
        self.sim.github()
    }

    pub fn slack(&self) -> Slack {
        self.sim.slack()
    }

    pub fn jira(&self) -> Jira {
        self.sim.jira()
    }

    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub fn engine(&self) -> &Engine {
        self.engine.as_ref().expect("the engine runs but between stop and start")
    }

    /// To put something else into it.
    pub fn engine_mut(&mut self) -> &mut Engine {
        self.engine.as_mut().expect("the engine runs but between stop and start")
    }

    pub fn settings(&self) -> &Settings {
        &self.settings
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
        for _ in 0..500 {
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

    /// Restarts with a changed plan.
    pub async fn reconfigured(&mut self, change: impl FnOnce(Plan) -> Plan) {
        let plan = std::mem::replace(&mut self.plan, World::plan());
        self.plan = change(plan);
        self.settings = parse(&self.plan.text(&self.sim));
        self.restart().await;
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

    /// Moves the clock on.
    pub fn later_by_minutes(&self, minutes: i64) {
        self.clock.advance(SignedDuration::from_mins(minutes));
    }

    /// Reads everything, judges, sends, until nothing is due.
    pub async fn run(&mut self) -> &mut World {
        self.engine().pull(true).await.expect("the store takes every page");
        self.decide_and_deliver().await;
        self
    }

    /// As the daemon: reads only what is due.
    pub async fn poll(&mut self) -> &mut World {
        self.engine().pull(false).await.expect("the store takes every page");
        self.decide_and_deliver().await;
        self
    }

    /// Judges and sends without reading.
    pub async fn decide_and_deliver(&mut self) {
        for _ in 0..20 {
            let (engine, now) = (self.engine(), self.now());
            assert_eq!(engine.decide().await.expect("the store takes every round"), None, "the clock is believed");
            if engine.deliver().await.expect("the store takes every outcome") == 0 && self.now() == now {
                let changed = engine.core.oracle(self.now()).await.expect("the store takes every round");
                assert_eq!(changed, 0, "when nothing is due, judging everything changes no alert");
                return;
            }
        }
        panic!("there is no end of messages");
    }

    /// Looks every so many minutes until this moment, reading everything each time.
    pub async fn run_until(&mut self, moment: &str, every_minutes: i64) -> &mut World {
        while self.now() < at(moment) {
            self.later(SignedDuration::from_mins(every_minutes));
            self.run().await;
        }
        self
    }

    /// Gaps that are open, as `rule key stage state`, and why they keep silent.
    pub async fn open(&self) -> Vec<String> {
        let gaps = self.gaps().await;
        let mut open: Vec<String> =
            gaps.iter().filter(|gap| gap.alert.state != AlertState::Resolved).map(line).collect();
        open.sort();
        open
    }

    pub async fn gaps(&self) -> Vec<GapSeen> {
        self.engine().core.gaps(self.now()).await.expect("the store can be read")
    }

    /// The gap of a rule, resolved or not.
    pub async fn gap(&self, rule: &str) -> GapSeen {
        let found = self.gaps().await.into_iter().find(|gap| gap.alert.rule.0 == rule);
        found.unwrap_or_else(|| panic!("there is no gap of {rule}"))
    }

    /// The log of words: what was said, held back or taken back, as `reason → whom by channel: state`.
    pub fn words(&self) -> Vec<String> {
        let reader = Reader::open(&StorePath::File(self.store())).expect("the store can be read");
        let rows = reader.notices(&NoticeFilter::All, Timestamp::MIN).expect("the store can be read");
        let row = |row: &NoticeRow| {
            let why = row.why.as_ref().map_or_else(String::new, |why| format!(" ({why})"));
            let to = match &row.address {
                Address::Digest(handle) => format!("digest of {handle}"),
                other => other.channel().to_owned(),
            };
            format!("{} by {to}: {:?}{why}", row.reason, row.state)
        };
        rows.iter().map(row).collect()
    }

    /// The titles of all tasks that are mirrored, sorted.
    pub fn store_titles(&self) -> Vec<String> {
        crate::lab::rows(&self.store(), "SELECT title FROM tasks WHERE gone_at IS NULL")
    }

    /// How the first connection stands.
    pub async fn connection(&self) -> ConnectionState {
        self.engine().core.connection_states().await.expect("the store can be read").remove(0)
    }

    /// What was written since the last call, the first line of each: `slack @ana: …`, `comment #1: …`.
    pub fn sent(&mut self) -> Vec<String> {
        let mut sent = Vec::new();
        let writes = self.github().writes();
        for write in &writes[self.writes..] {
            let did = match write.kind {
                WriteKind::Created => "comment",
                WriteKind::Edited => "edited comment",
                WriteKind::Deleted => "deleted comment",
            };
            sent.push(format!("{did} #{}: {}", write.number, first_line(&write.body)));
        }
        self.writes = writes.len();
        let writes = self.jira().writes();
        for write in &writes[self.jira_writes..] {
            let did = match write.kind {
                JiraWriteKind::Created => "comment",
                JiraWriteKind::Edited => "edited comment",
                JiraWriteKind::Deleted => "deleted comment",
            };
            sent.push(format!("{did} {}: {}", write.key, first_line(&plain(&write.body))));
        }
        self.jira_writes = writes.len();
        let writes = self.hosted_writes();
        sent.extend_from_slice(&writes[self.hosted_writes..]);
        self.hosted_writes = writes.len();
        for message in self.slack().messages().into_iter().filter(|message| message.ours) {
            let key = (message.channel.clone(), message.ts.clone());
            let did = match self.messages.insert(key, message.edits) {
                None => "",
                Some(edits) if edits < message.edits => "edited ",
                Some(_) => continue,
            };
            let thread = if message.thread_ts.is_some() { " (thread)" } else { "" };
            sent.push(format!("{did}slack {}{thread}: {}", reader(&message), first_line(&message.text)));
        }
        sent
    }

    /// Comments written on tasks of Asana or on cards of Trello, with the titles of these: a world has one of the two.
    fn hosted_writes(&self) -> Vec<String> {
        let (asana, trello) = (self.sim.asana(), self.sim.trello());
        let of_asana = asana.writes().into_iter().map(|write| {
            let did = match write.kind {
                asana::WriteKind::Created => "comment",
                asana::WriteKind::Edited => "edited comment",
                asana::WriteKind::Deleted => "deleted comment",
            };
            let title = asana.look(&write.task).map_or(write.task, |task| task.name);
            format!("{did} {title}: {}", first_line(&write.body))
        });
        let of_trello = trello.writes().into_iter().map(|write| {
            let did = match write.kind {
                trello::WriteKind::Created => "comment",
                trello::WriteKind::Edited => "edited comment",
                trello::WriteKind::Deleted => "deleted comment",
            };
            let title = trello.look(&write.card).map_or(write.card, |card| card.name);
            format!("{did} {title}: {}", first_line(&write.text))
        });
        of_asana.chain(of_trello).collect()
    }

    /// The last message to somebody in Slack (answers in threads apart) as it stands, without its first line, which only notifications show.
    pub fn last_words(&self, to: &str) -> String {
        let messages = self.slack().messages();
        let last =
            messages.iter().rfind(|message| message.ours && message.thread_ts.is_none() && reader(message) == to);
        let last = last.unwrap_or_else(|| panic!("nothing was sent to {to}"));
        // Above the words stands what a notification shows, unless they are the same.
        let shown = usize::from(last.text.lines().count() > 1);
        last.text.lines().skip(shown).collect::<Vec<_>>().join("\n")
    }

    /// Our comment on an issue of [`REPO`], as it stands.
    pub fn our_comment(&self, number: u64) -> String {
        let comments = self.github().comments(REPO, number);
        let ours: Vec<_> = comments.iter().filter(|comment| comment.body.starts_with("<!-- gapwatch:1 ")).collect();
        assert_eq!(ours.len(), 1, "there is one comment of ours on #{number}");
        let lines = ours[0].body.lines().filter(|line| !line.starts_with("<!--"));
        lines.collect::<Vec<_>>().join("\n").trim().to_owned()
    }
}

/// The words of a comment on Jira: a document's, a line for each of its blocks, or wiki text as it is.
pub fn plain(body: &serde_json::Value) -> String {
    fn words(node: &serde_json::Value, into: &mut String) {
        match node["type"].as_str() {
            Some("text") => into.push_str(node["text"].as_str().unwrap_or_default()),
            Some("mention") => {
                into.push_str(&format!("[mention {}]", node["attrs"]["id"].as_str().unwrap_or_default()))
            }
            Some("hardBreak") => into.push('\n'),
            kind => {
                node["content"].as_array().into_iter().flatten().for_each(|child| words(child, into));
                if matches!(kind, Some("paragraph" | "heading" | "listItem")) && !into.ends_with('\n') {
                    into.push('\n');
                }
            }
        }
    }
    if let Some(text) = body.as_str() {
        return text.to_owned();
    }
    let mut text = String::new();
    words(body, &mut text);
    text
}

fn reader(message: &SlackMessage) -> String {
    match (message.user.as_deref(), &message.channel_name) {
        (Some("U0ANA"), _) => "@ana".to_owned(),
        (Some("U0MAX"), _) => "@max".to_owned(),
        (Some(other), _) => format!("@{other}"),
        (None, name) => name.clone().unwrap_or_default(),
    }
}

fn line(gap: &GapSeen) -> String {
    let key = gap.name.as_ref().map_or("-", |name| name.key.as_str());
    let backlog = if gap.alert.backlog { " backlog" } else { "" };
    let withheld = gap.alert.withheld.as_ref().map_or_else(String::new, |why| format!(" ({})", why.word()));
    format!("{} {key} {} {}{backlog}{withheld}", gap.alert.rule, gap.alert.stage.word(), gap.alert.state.word())
}

fn first_line(text: &str) -> &str {
    text.lines().find(|line| !line.starts_with("<!--") && !line.is_empty()).unwrap_or_default()
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
