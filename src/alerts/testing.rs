//! A small organisation for tests: Ana and Bo work, Max leads them, Eve leads Max; one repository, Slack, a set clock.
//! Everybody works Monday to Friday, 9 to 17, in Berlin.
#![allow(clippy::unwrap_used)]

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, OnceLock};

use connector_kit::{Block, Choice, Control, Destination, MessageRef, Span, Text};
use connector_model::{AccountKind, ContainerKind, Due, DueSource, Field, Mark, ProgressSource, StatusCategory};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan, Zoned};

use super::{Decided, Judgement, credit, decide};
use crate::domain::alert::{Alert, Answer, Round, Wish};
use crate::domain::board::Board;
use crate::domain::calendar::Calendar;
use crate::domain::facts::Facts;
use crate::domain::finding::{
    Addressee, Deadline, Evidence, Finding, FirstWord, Grounds, Reading, RuleId, Stage, SubjectKey,
};
use crate::domain::ids::{AccountId, AlertId, ConnectionId, ContainerId, InboxId, PersonId, SiteId, TaskId};
use crate::domain::length::Length;
use crate::domain::mover::Act;
use crate::domain::names::TaskName;
use crate::domain::notice::{Address, Message, MessageOp};
use crate::domain::people::{AccountRec, People, Person};
use crate::domain::policy::{Mode, Policy};
use crate::domain::record::{
    BoardDelta, BoardImage, ConnectionRec, ContainerRec, HistoryReach, NextIds, TaskImage, TaskRec,
};
use crate::domain::snapshot::Snapshot;
use crate::messages::retry::{Job, Outcome, after, begin, due};
use crate::messages::{Marks, names_needed, seal};

pub(crate) const ANA: AccountId = AccountId(1);
pub(crate) const BO: AccountId = AccountId(2);
pub(crate) const MAX: AccountId = AccountId(3);
pub(crate) const EVE: AccountId = AccountId(4);
pub(crate) const GITHUB: ConnectionId = ConnectionId(1);
pub(crate) const WEB: ContainerId = ContainerId(1);
pub(crate) const EPOCH: i64 = 7;

pub(crate) const OVERDUE: RuleId = RuleId("overdue");
pub(crate) const PACE: RuleId = RuleId("pace.behind");
pub(crate) const STALLED: RuleId = RuleId("stalled");

pub(crate) struct World {
    pub(crate) board: Board,
    pub(crate) policy: Policy,
    pub(crate) now: Timestamp,
    /// Everything the channels got, in order.
    pub(crate) sent: Vec<String>,
    pub(crate) rounds: Vec<Round>,
    wires: u64,
    refs: u64,
    pub(crate) titles: HashMap<TaskId, String>,
    /// What was done to tasks, as the store tells it.
    pub(crate) acts: HashMap<TaskId, Vec<Act>>,
}

pub(crate) fn berlin() -> TimeZone {
    TimeZone::get("Europe/Berlin").unwrap()
}

/// Monday to Friday, 9 to 17; laid out once.
pub(crate) fn calendar() -> Arc<Calendar> {
    static CALENDAR: OnceLock<Arc<Calendar>> = OnceLock::new();
    Arc::clone(CALENDAR.get_or_init(|| Arc::new(Calendar::usual(berlin()))))
}

/// `2025-03-11 09:00` in Berlin.
pub(crate) fn at(text: &str) -> Timestamp {
    let civil: jiff::civil::DateTime = text.replace(' ', "T").parse().unwrap();
    civil.to_zoned(berlin()).unwrap().timestamp()
}

fn person(id: i64, handle: &str, manager: Option<i64>, calendar: &Arc<Calendar>) -> Person {
    let mut name = handle.to_owned();
    name[..1].make_ascii_uppercase();
    Person {
        id: PersonId(id),
        handle: handle.to_owned(),
        name,
        email: None,
        manager: manager.map(PersonId),
        slack: Some(format!("U{}", handle.to_uppercase())),
        own_account: AccountId(id),
        calendar: Arc::clone(calendar),
        deputy: None,
        team: false,
    }
}

fn account(id: i64, handle: &str, person: Option<i64>) -> AccountRec {
    AccountRec {
        id: AccountId(id),
        site: SiteId(1),
        handle: Some(format!("{handle}-gh")),
        name: None,
        email: None,
        kind: AccountKind::Human,
        bot: false,
        person: person.map(PersonId),
        acted_at: None,
    }
}

pub(crate) fn policy() -> Policy {
    Policy {
        mode: Mode::Live,
        connection_modes: HashMap::new(),
        rule_modes: HashMap::new(),
        settle: SignedDuration::from_mins(15),
        clear_after: SignedDuration::from_mins(10),
        recent_action: Length::Workhours(4.0),
        work_hours_only: true,
        routes: Vec::new(),
        repeats: Default::default(),
        tell_backlog: false,
        comments_on: HashSet::new(),
        comments_from: Stage::Widens,
        slack: true,
        slack_webhook: false,
        buttons: false,
        email: false,
        unwanted: Default::default(),
        hooks: Vec::new(),
        slack_channel: None,
        schedule: crate::domain::digest::Schedule::off(),
        operators_channel: None,
        direct_per_day: 1,
        per_hour: 50,
    }
}

impl World {
    /// Tuesday morning; one quiet task, `acme/web#1`, of Ana's.
    pub(crate) fn new() -> World {
        let calendar = calendar();
        let mut people = People::empty(Arc::clone(&calendar));
        let handles = [("ana", Some(3)), ("bo", Some(3)), ("max", Some(4)), ("eve", None)];
        for (id, (handle, manager)) in (1i64..).zip(handles) {
            people.persons.insert(PersonId(id), person(id, handle, manager, &calendar));
            people.accounts.insert(AccountId(id), account(id, handle, Some(id)));
        }
        let now = at("2025-03-11 09:00");
        let image = BoardImage {
            gone: Vec::new(),
            tasks: Vec::new(),
            containers: vec![container(now)],
            connections: vec![connection(now)],
            sites: HashMap::from([(SiteId(1), "github|https://api.github.com|".to_owned())]),
            people,
            alerts: Vec::new(),
            notices: Vec::new(),
            posts: Vec::new(),
            messages: Vec::new(),
            answers: Vec::new(),
            norms: Default::default(),
            turns: Vec::new(),
            traffic: Default::default(),
            ids: NextIds { alert: 1, notice: 1, post: 1, message: 1 },
        };
        let mut world = World {
            board: Board::new(image),
            policy: policy(),
            now,
            sent: Vec::new(),
            rounds: Vec::new(),
            wires: 0,
            refs: 0,
            titles: HashMap::new(),
            acts: HashMap::new(),
        };
        world.task(1, |_| {});
        world
    }

    pub(crate) fn at(&mut self, text: &str) -> &mut World {
        self.now = at(text);
        let mut home = self.board.container(WEB).unwrap().clone();
        if home.failing_since.is_none() {
            home.fresh_at = Some(self.now);
        }
        self.board.apply(BoardDelta { containers: vec![home], ..BoardDelta::default() });
        self
    }

    /// Puts a task of Ana's, as changed.
    pub(crate) fn task(&mut self, id: i64, change: impl FnOnce(&mut TaskImage)) {
        let mut image = TaskImage {
            rec: Box::new(task(TaskId(id))),
            blocked_by: Vec::new(),
            blocks: Vec::new(),
            linked: Vec::new(),
        };
        if let Some(rec) = self.board.task(TaskId(id)) {
            image.rec = Box::new(rec.unpack());
        }
        change(&mut image);
        self.titles.entry(TaskId(id)).or_insert_with(|| format!("Task {id}"));
        self.board.apply(BoardDelta { tasks: vec![image], ..BoardDelta::default() });
    }

    /// Notes that somebody did something to a task; nobody: a program.
    pub(crate) fn did(&mut self, task: i64, when: &str, field: Field, by: Option<AccountId>) {
        self.acts.entry(TaskId(task)).or_default().push(Act { at: at(when), field, to: None, by });
    }

    pub(crate) fn container(&mut self, change: impl FnOnce(&mut ContainerRec)) {
        let mut home = self.board.container(WEB).unwrap().clone();
        change(&mut home);
        self.board.apply(BoardDelta { containers: vec![home], ..BoardDelta::default() });
    }

    pub(crate) fn snapshot(&self) -> Snapshot<'_> {
        Snapshot { board: &self.board, policy: &self.policy, now: self.now }
    }

    /// A round with these judgements; commits it. What is due by time is due.
    pub(crate) fn round(&mut self, judgements: &[Judgement]) -> Round {
        let due = self.board.due(self.now, 0);
        let mut ids = self.board.ids;
        let mut decided = decide(judgements, &due, &self.snapshot(), &mut ids);
        credit(&mut decided, &self.acts, &self.snapshot());
        let names = self.names(&decided);
        let (mut wires, snapshot) = (self.wires, self.snapshot());
        let mut wire = || {
            wires += 1;
            format!("{wires:032x}")
        };
        let mut marks = Marks { wire: &mut wire, sign: &sign };
        let round = seal(decided, &names, &snapshot, &mut marks, &mut ids);
        self.wires = wires;
        self.board.ids = ids;
        self.apply(round.clone());
        round
    }

    fn names(&self, decided: &Decided) -> HashMap<TaskId, TaskName> {
        names_needed(decided, &self.snapshot()).into_iter().map(|id| (id, self.name(id))).collect()
    }

    pub(crate) fn name(&self, id: TaskId) -> TaskName {
        TaskName {
            key: format!("acme/web#{id}"),
            title: self.titles.get(&id).cloned().unwrap_or_default(),
            url: format!("https://github.com/acme/web/issues/{id}"),
            handle: format!("acme/web#{id}"),
            connection: "github.acme".to_owned(),
            restricted: false,
        }
    }

    pub(crate) fn apply(&mut self, round: Round) {
        self.board.put_round(round.clone());
        let done: Vec<InboxId> = round.answered.iter().map(|(id, _)| *id).collect();
        self.board.answered(&done);
        self.rounds.push(round);
    }

    /// Sends everything due; every call succeeds.
    pub(crate) fn deliver(&mut self) {
        while let Some(Job::Send(id)) = due(&self.board, EPOCH, self.now).first().copied() {
            self.attempt(id, None);
        }
    }

    /// Makes one call, with this outcome or success.
    pub(crate) fn attempt(&mut self, id: crate::domain::ids::MessageId, outcome: Option<Outcome>) {
        let begun = begin(self.board.message(id).unwrap(), EPOCH, self.now);
        let message = begun.messages[0].clone();
        self.apply(begun);
        let outcome = outcome.unwrap_or_else(|| self.success(&message));
        self.end(&message, &outcome);
    }

    /// Deals with the outcome of a call.
    pub(crate) fn end(&mut self, message: &Message, outcome: &Outcome) {
        let (mut wires, mut ids) = (self.wires, self.board.ids);
        let mut wire = || {
            wires += 1;
            format!("{wires:032x}")
        };
        let mut marks = Marks { wire: &mut wire, sign: &sign };
        let round = after(message, outcome, &self.snapshot(), &mut marks, &mut ids);
        self.wires = wires;
        self.board.ids = ids;
        self.apply(round);
    }

    fn success(&mut self, message: &Message) -> Outcome {
        let verb = match message.op {
            MessageOp::Post => "",
            MessageOp::Edit => "edit ",
            MessageOp::Reply => "reply ",
        };
        self.sent.push(format!("{verb}{}\n{}", address(&message.address), text(&message.body)));
        if message.op == MessageOp::Edit {
            return Outcome::Edited;
        }
        self.refs += 1;
        Outcome::Sent(MessageRef(format!("ref{}", self.refs)))
    }

    /// A round and everything it sends, and the rounds that follow from that.
    pub(crate) fn run(&mut self, judgements: &[Judgement]) -> &mut World {
        self.round(judgements);
        self.deliver();
        while !self.board.due(self.now, 0).alerts.is_empty() {
            self.round(&[]);
            self.deliver();
        }
        self
    }

    /// What was sent since the last time one asked.
    pub(crate) fn said(&mut self) -> String {
        std::mem::take(&mut self.sent).join("\n---\n")
    }

    /// The alert of a rule about a task.
    pub(crate) fn alert(&self, rule: RuleId, task: i64) -> &Alert {
        self.board.alerts_of(SubjectKey::Task(TaskId(task))).find(|alert| alert.rule == rule).unwrap()
    }

    pub(crate) fn withheld(&self, rule: RuleId, task: i64) -> Option<&'static str> {
        self.alert(rule, task).withheld.as_ref().map(crate::domain::alert::Withheld::word)
    }

    pub(crate) fn notices(&self, alert: AlertId) -> Vec<String> {
        let notices = self.board.notices_of(alert);
        notices
            .map(|notice| {
                let (account, to) = (self.board.people.handle(notice.account), address(&notice.address));
                format!("{} {account} {to} rung {} {:?}", notice.reason.word(), notice.rung, notice.state)
            })
            .collect()
    }

    pub(crate) fn ask(&mut self, account: Option<AccountId>, wish: Wish) -> String {
        let answer = Answer { id: InboxId(1), at: self.now, account, wish };
        self.board.apply(BoardDelta { answers: vec![answer], ..BoardDelta::default() });
        let round = self.round(&[]);
        round.answered.into_iter().map(|(_, words)| words).collect()
    }
}

pub(crate) fn sign(wire: &str) -> Mark {
    Mark { wire: wire.to_owned(), mac: "0".repeat(32) }
}

fn task(id: TaskId) -> TaskRec {
    TaskRec {
        id,
        ext: id.to_string().into(),
        container: WEB,
        kind: None,
        homes: Box::new([]),
        category: StatusCategory::Active,
        declared: true,
        start: None,
        due: None,
        created_at: at("2025-02-03 10:00"),
        closed_at: None,
        priority: None,
        progress: None,
        estimate_secs: None,
        spent_secs: None,
        remaining_secs: None,
        parent: None,
        owners: Box::new([ANA]),
        reporter: Some(BO),
        ineligible: None,
        restricted: false,
        unseen: false,
        unmapped: None,
        changed_at: at("2025-03-03 10:00"),
        facts: Facts::default(),
        words: None,
    }
}

fn container(now: Timestamp) -> ContainerRec {
    ContainerRec {
        id: WEB,
        site: SiteId(1),
        ext: "R1".into(),
        kind: ContainerKind::Repository,
        name: "acme/web".into(),
        reader: Some(GITHUB),
        archived: false,
        over: false,
        due: None,
        warm_at: Some(at("2025-03-01 00:00")),
        baseline_at: Some(Timestamp::UNIX_EPOCH),
        hold: None,
        bulks: Box::default(),
        failing_since: None,
        fresh_at: Some(now),
        history: HistoryReach::Known { from: Timestamp::UNIX_EPOCH, read_at: now },
        lacks: Box::default(),
        responsible: None,
    }
}

fn connection(now: Timestamp) -> ConnectionRec {
    ConnectionRec {
        id: GITHUB,
        name: "github.acme".into(),
        site: Some(SiteId(1)),
        poll: SignedDuration::from_mins(2),
        failing_since: None,
        failure: None,
        refused: false,
        fresh_at: Some(now),
        unseen: 0,
        unseen_since: None,
    }
}

pub(crate) fn deadline(date: &str) -> Deadline {
    let date: jiff::civil::Date = date.parse().unwrap();
    Deadline { at: calendar().day_ends(date), due: Due::On(date), source: DueSource::Milestone }
}

/// 20 % done; its time runs from Monday 3 to Friday 14 March.
pub(crate) fn pace(stage: Stage) -> Finding {
    let deadline = deadline("2025-03-14");
    let evidence = Evidence::Pace {
        progress: 0.2,
        source: ProgressSource::Children,
        items: 10,
        start_at: at("2025-03-03 09:00"),
        deadline,
        from: 0.3,
        allowed_first: 0.4,
        allowed_last: 0.1,
    };
    finding(stage, Some(deadline), evidence)
}

pub(crate) fn overdue(date: &str) -> Finding {
    let deadline = deadline(date);
    finding(Stage::Failure, Some(deadline), Evidence::Overdue { deadline, first_due: None, in_review: false })
}

pub(crate) fn stalled(stage: Stage) -> Finding {
    let evidence = Evidence::Stalled {
        human_at: at("2025-02-24 10:00"),
        limit_secs: 80 * 3600,
        deadline: None,
        norm: Some(crate::domain::norms::Source::Elsewhere),
    };
    finding(stage, None, evidence)
}

pub(crate) fn finding(stage: Stage, deadline: Option<Deadline>, evidence: Evidence) -> Finding {
    let addressee = Addressee::Owners;
    Finding { stage, scope: String::new(), addressee, first: None, deadline, evidence }
}

pub(crate) fn to_account(account: AccountId, first: FirstWord, finding: Finding) -> Finding {
    Finding { addressee: Addressee::Account(account), first: Some(first), ..finding }
}

pub(crate) fn judged(task: i64, readings: Vec<(RuleId, Reading)>) -> Judgement {
    Judgement { subject: SubjectKey::Task(TaskId(task)), readings, judged: true, baseline: false }
}

pub(crate) fn gap(task: i64, rule: RuleId, finding: Finding) -> Judgement {
    judged(task, vec![(rule, Reading::gap(finding))])
}

pub(crate) fn clear(task: i64, rule: RuleId) -> Judgement {
    judged(task, vec![(rule, Reading::Clear(Grounds::Because("all is well")))])
}

pub(crate) fn address(address: &Address) -> String {
    match address {
        Address::Slack(Destination::User(id)) => format!("slack {id}"),
        Address::Slack(Destination::Email(email)) => format!("slack {email}"),
        Address::Slack(Destination::Channel(name)) => format!("slack {name}"),
        Address::Email(email) => format!("mail {email}"),
        Address::Comment { task, mention: None, .. } => format!("comment #{task}"),
        Address::Comment { task, mention: Some(login), .. } => format!("comment #{task} @{login}"),
        Address::Digest(handle) => format!("digest {handle}"),
        Address::Log => "log".to_owned(),
    }
}

/// A text as plain lines; `[summary]` first.
pub(crate) fn text(text: &Text) -> String {
    let mut lines = vec![format!("[{}]", text.summary)];
    for block in &text.blocks {
        let (prefix, spans) = match block {
            Block::Line(spans) => ("", spans),
            Block::Note(spans) => ("  ", spans),
            Block::Controls(controls) => {
                lines.push(controls.iter().map(control).collect::<Vec<_>>().join(" "));
                continue;
            }
        };
        let words: String = spans.iter().map(span).collect();
        lines.push(format!("{prefix}{words}"));
    }
    lines.join("\n")
}

/// `[Undo]`, `[Snooze: 3 days, …]`
fn control(control: &Control) -> String {
    let labels = |choices: &[Choice]| choices.iter().map(|one| one.label.clone()).collect::<Vec<_>>().join(", ");
    match control {
        Control::Open { label, .. } | Control::Say(Choice { label, .. }) => format!("[{label}]"),
        Control::Menu { label, choices } => format!("[{label}: {}]", labels(choices)),
        Control::More(choices) => format!("[⋯ {}]", labels(choices)),
    }
}

fn span(span: &Span) -> String {
    match span {
        Span::Plain(text) => text.clone(),
        Span::Strong(text) => format!("*{text}*"),
        Span::Code(text) => format!("`{text}`"),
        Span::Link { label, .. } => format!("<{label}>"),
        Span::Mention(id) => format!("@{id}"),
    }
}

/// `2025-03-12 09:00` and so many minutes.
pub(crate) fn plus(text: &str, minutes: i64) -> String {
    let later: Zoned = at(text).to_zoned(berlin()) + minutes.minutes();
    later.strftime("%Y-%m-%d %H:%M").to_string()
}
