//! Boards for tests, from short text lines; histories go through the real fold.

mod finished;
mod folk;
mod traffic;
mod usual;
mod words;

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use connector_model::{
    AccountKind, ContainerKind, Due, DueSource, DueStated, Field, Ineligible, Lack, Mark, Mentions, Need, Progress,
    ProgressSource, Share, StatusCategory,
};
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use folk::Folk;
use traffic::Sent;
pub(super) use usual::{policy, settings};
use words::Words;

use crate::domain::absence::Hold;
use crate::domain::away::DateRange;
use crate::domain::board::Board;
use crate::domain::bulk::Bulk;
use crate::domain::calendar::{Calendar, Hours};
use crate::domain::facts::{FoldContext, RawChange, fold};
use crate::domain::ids::{AccountId, ConnectionId, ContainerId, PersonId, SiteId, TaskId};
use crate::domain::people::{AccountRec, People, Person};
use crate::domain::record::{
    BoardImage, ConnectionRec, ContainerRec, HistoryReach, NextIds, TaskImage, TaskPacked, TaskRec,
};

/// A board in the making.
pub(super) struct Sketch {
    /// The moment.
    pub(super) now: Timestamp,
    zone: TimeZone,
    hours: Hours,
    /// Days on which nobody works.
    holidays: Vec<DateRange>,
    history: HistoryReach,
    warm: bool,
    read: bool,
    tasks: Vec<Drawn>,
    changes: Vec<(String, RawChange)>,
    homes: Vec<(String, ContainerKind, Option<Due>, bool)>,
    people: Vec<(String, Option<TimeZone>)>,
    folk: Folk,
    connection: ConnectionRec,
    hold: Option<Hold>,
    bulk: Option<Bulk>,
    lacks: Vec<Lack>,
    finished: Vec<finished::Line>,
    proven: Vec<finished::Shown>,
    weeks: Vec<(String, finished::Past)>,
    sent: Vec<Sent>,
}

/// A task, with the names of what it refers to.
#[derive(Default)]
struct Drawn {
    key: String,
    rec: Option<TaskRec>,
    owners: Vec<String>,
    reporter: Option<String>,
    parent: Option<String>,
    blocked_by: Vec<String>,
    blocks: Vec<String>,
    linked: Vec<String>,
    homes: Vec<String>,
}

const PLACE: ContainerId = ContainerId(1);
/// A project of another tracker.
const ELSEWHERE: ContainerId = ContainerId(2);

impl Sketch {
    /// Nothing yet, Monday to Friday, 9 to 17, Berlin.
    pub(super) fn new() -> Sketch {
        let zone = TimeZone::get("Europe/Berlin").unwrap_or(TimeZone::UTC);
        Sketch {
            now: Timestamp::UNIX_EPOCH,
            zone,
            hours: Hours::usual(),
            holidays: Vec::new(),
            history: HistoryReach::Known { from: Timestamp::UNIX_EPOCH, read_at: Timestamp::MAX },
            warm: true,
            read: true,
            tasks: Vec::new(),
            changes: Vec::new(),
            homes: Vec::new(),
            people: Vec::new(),
            folk: Folk::default(),
            connection: ConnectionRec {
                id: ConnectionId(1),
                name: "github.acme".into(),
                site: Some(SiteId(1)),
                poll: SignedDuration::from_mins(5),
                failing_since: None,
                failure: None,
                refused: false,
                fresh_at: None,
                unseen: 0,
                unseen_since: None,
            },
            hold: None,
            bulk: None,
            lacks: Vec::new(),
            finished: Vec::new(),
            proven: Vec::new(),
            weeks: Vec::new(),
            sent: Vec::new(),
        }
    }

    /// Takes one line; panics, naming it, where it makes no sense.
    pub(super) fn line(&mut self, line: &str) {
        let mut words = Words::new(line);
        match words.next() {
            "now" => {
                self.now = self.instant(&mut words);
                if words.peek() == Some("calendar") {
                    words.next();
                    self.calendar(&mut words);
                }
            }
            "calendar" => self.calendar(&mut words),
            "holidays" => {
                let (from, to) = words.next().split_once("..").unwrap_or_else(|| panic!("holidays are from..to"));
                self.holidays.push(DateRange { from: date(from), to: date(to) });
            }
            "zone" => self.zone = zone(words.next()),
            "silence" => self.folk.silence(&words.rest()),
            "person" => {
                let (name, own) = self.folk.take(&mut words);
                match self.people.iter_mut().find(|(known, _)| *known == name) {
                    Some(known) => known.1 = own.or(known.1.take()),
                    None => self.people.push((name, own)),
                }
            }
            "history" => self.history = self.reach(&mut words),
            "cold" => self.warm = false,
            "unread" => self.read = false,
            "milestone" => self.home(&mut words, ContainerKind::Milestone),
            "sprint" => self.home(&mut words, ContainerKind::Sprint),
            "version" => self.home(&mut words, ContainerKind::Release),
            "weeks" => self.weeks.push((words.next().to_owned(), finished::Past::read(&mut words))),
            "tasks" => {
                let (prefix, many, rest) = (words.next(), number::<u32>(words.next()), words.rest());
                (1..=many).for_each(|nth| self.line(&format!("task {prefix}{nth} {rest}")));
            }
            "task" => self.task(&mut words),
            "finished" => self.finished.push(finished::Line::read(&mut words)),
            "proven" => self.proven.push(finished::Shown::read(&mut words)),
            "connection" => self.connection(&mut words),
            "hold" => {
                let missing = number(words.next());
                let of = number(words.after("of"));
                assert!(words.optional("since"), "a hold has a since");
                self.hold = Some(Hold { since: self.instant(&mut words), missing, of });
            }
            "lacks" => self.lack(&mut words),
            "bulk" => {
                let tasks = number(words.next());
                assert!(words.optional("from"), "a bulk has a from");
                let from_at = self.instant(&mut words);
                assert!(words.optional("to"), "a bulk has a to");
                self.bulk = Some(Bulk { from_at, to_at: self.instant(&mut words), tasks });
            }
            deed => match Sent::read(deed, &mut words, |words| self.instant(words)) {
                Some(sent) => {
                    if let Some(name) = sent.to() {
                        self.account(name);
                    }
                    self.sent.push(sent);
                }
                None => self.change(deed, &mut words),
            },
        }
        words.end();
    }

    fn calendar(&mut self, words: &mut Words<'_>) {
        let (days, hours) = (words.next(), words.next());
        assert_eq!(days, "mon-fri", "only mon-fri is drawn");
        let (from, to) = hours.split_once('-').unwrap_or_else(|| panic!("hours are written 09-17, not {hours}"));
        let day = Some((number::<i32>(from) * 60, number::<i32>(to) * 60));
        self.hours = Hours { week: [day, day, day, day, day, None, None] };
    }

    fn instant(&self, words: &mut Words<'_>) -> Timestamp {
        let date = words.next();
        let time = words.next();
        let civil: DateTime = format!("{date}T{time}").parse().unwrap_or_else(|e| panic!("{date} {time}: {e}"));
        civil.to_zoned(self.zone.clone()).unwrap_or_else(|error| panic!("{error}")).timestamp()
    }

    fn due(&self, words: &mut Words<'_>) -> Due {
        let is_time = |text: &str| text.len() == 5 && text.as_bytes()[2] == b':';
        if words.peek_second().is_some_and(is_time) {
            return Due::At(self.instant(words));
        }
        Due::On(date(words.next()))
    }

    fn reach(&self, words: &mut Words<'_>) -> HistoryReach {
        match words.next() {
            "absent" => HistoryReach::Absent,
            "pending" => HistoryReach::Pending,
            "from" => HistoryReach::Known { from: self.instant(words), read_at: Timestamp::MAX },
            "until" => HistoryReach::Known { from: Timestamp::UNIX_EPOCH, read_at: self.instant(words) },
            other => panic!("no such history: {other}"),
        }
    }

    fn home(&mut self, words: &mut Words<'_>, kind: ContainerKind) {
        let name = words.next().to_owned();
        let due = (words.peek() == Some("due")).then(|| {
            words.next();
            self.due(words)
        });
        self.homes.push((name, kind, due, words.optional("over")));
    }

    fn lack(&mut self, words: &mut Words<'_>) {
        let whole = words.peek() != Some("some");
        if !whole {
            words.next();
        }
        let need = match words.next() {
            "owner" => Need::Owner,
            "due" => Need::Due,
            "progress" => Need::Progress,
            "priority" => Need::Priority,
            "estimate" => Need::Estimate,
            "history" => Need::History,
            "parent" => Need::Parent,
            "blocking" => Need::Blocking,
            "sprint" => Need::Sprint,
            other => panic!("nothing of this name can be lacking: {other}"),
        };
        assert_eq!(words.next(), "because", "what is lacking is so for a reason");
        self.lacks.push(Lack { need, whole, because: words.rest() });
    }

    fn connection(&mut self, words: &mut Words<'_>) {
        self.connection.name = words.next().into();
        while let Some(word) = words.peek() {
            words.next();
            match word {
                "poll" => self.connection.poll = SignedDuration::from_mins(number(words.next())),
                "failing" => self.connection.failing_since = Some(self.instant(words)),
                "refused" => self.connection.refused = true,
                "unseen" => {
                    self.connection.unseen = number(words.next());
                    assert!(words.optional("since"), "what is unseen is so since a moment");
                    self.connection.unseen_since = Some(self.instant(words));
                }
                "because" => self.connection.failure = Some(words.rest().into()),
                other => panic!("no such property of a connection: {other}"),
            }
        }
    }

    fn task(&mut self, words: &mut Words<'_>) {
        let mut drawn = Drawn { key: words.next().to_owned(), ..Drawn::default() };
        let mut rec = self.blank(words.next());
        while let Some(word) = words.peek() {
            words.next();
            match word {
                "owner" => drawn.owners = words.list(),
                "reporter" => drawn.reporter = Some(words.next().to_owned()),
                "parent" => drawn.parent = Some(words.next().to_owned()),
                "blocked-by" => drawn.blocked_by = words.list(),
                "blocks" => drawn.blocks = words.list(),
                "linked" => drawn.linked = words.list(),
                "in" => drawn.homes = words.list(),
                _ => self.field(&mut rec, word, words),
            }
        }
        drawn.rec = Some(rec);
        self.tasks.push(drawn);
    }

    fn blank(&self, status: &str) -> TaskRec {
        let category = match status {
            "todo" | "open" => StatusCategory::Todo,
            "active" | "in-progress" => StatusCategory::Active,
            "review" => StatusCategory::Review,
            "waiting" => StatusCategory::Waiting,
            "done" => StatusCategory::Done,
            "cancelled" => StatusCategory::Cancelled,
            other => panic!("no such status: {other}"),
        };
        let id = TaskId(i64::try_from(self.tasks.len()).unwrap_or_default() + 1);
        let created_at = date("2025-01-02").at(9, 0, 0, 0).to_zoned(self.zone.clone()).map(|at| at.timestamp());
        TaskRec {
            id,
            ext: id.to_string().into(),
            container: PLACE,
            kind: None,
            homes: Box::default(),
            category,
            declared: status != "open",
            unmapped: None,
            start: None,
            due: None,
            created_at: created_at.unwrap_or_default(),
            closed_at: None,
            priority: None,
            progress: None,
            estimate_secs: None,
            spent_secs: None,
            remaining_secs: None,
            parent: None,
            owners: Box::default(),
            reporter: None,
            ineligible: None,
            restricted: false,
            unseen: false,
            changed_at: Timestamp::UNIX_EPOCH,
            facts: Default::default(),
            words: None,
        }
    }

    fn field(&self, rec: &mut TaskRec, name: &str, words: &mut Words<'_>) {
        let counted = |words: &mut Words<'_>, source| {
            let text = words.next();
            let (part, whole) = text.split_once('/').unwrap_or_else(|| panic!("{name} {text} is not 3/10"));
            let items = number(whole);
            Progress { share: Share::of(number(part), items), source, items }
        };
        let percent = |words: &mut Words<'_>, source| {
            let share = number::<f64>(words.next().trim_end_matches('%')) / 100.0;
            Progress { share: Share::new(share), source, items: 0 }
        };
        match name {
            "start" => rec.start = Some(self.due(words)),
            "due" => rec.due = Some(DueStated { due: self.due(words), source: DueSource::Item }),
            "created" => rec.created_at = self.instant(words),
            "closed" => rec.closed_at = Some(self.instant(words)),
            "elsewhere" => rec.container = ELSEWHERE,
            "changed" => rec.changed_at = self.instant(words),
            "progress" => rec.progress = Some(percent(words, ProgressSource::Native)),
            "time" => rec.progress = Some(percent(words, ProgressSource::Time)),
            "checklist" => rec.progress = Some(counted(words, ProgressSource::Checklist)),
            "children" => rec.progress = Some(counted(words, ProgressSource::Children)),
            "estimate" => rec.estimate_secs = Some(3600 * number::<i64>(words.next().trim_end_matches('h'))),
            "raw" => {
                rec.declared = false;
                rec.unmapped = Some(words.next().into());
            }
            "spent" => rec.spent_secs = Some(3600 * number::<u32>(words.next().trim_end_matches('h'))),
            "remaining" => rec.remaining_secs = Some(3600 * number::<u32>(words.next().trim_end_matches('h'))),
            "priority" => rec.priority = Some(number(words.next())),
            "kind" => rec.kind = Some(words.next().replace('-', " ").into()),
            "backlog" => rec.ineligible = Some(Ineligible::Backlog),
            "no-work" => rec.ineligible = Some(Ineligible::NotWork),
            other => panic!("no such property of a task: {other}"),
        }
    }

    /// `comment A by ana at 2025-03-05 10:00`, `assign A to ana by mo at …`, `date A to 2025-03-14 by mo at …`
    fn change(&mut self, deed: &str, words: &mut Words<'_>) {
        let (field, mark) = match deed {
            "comment" => (Field::Comment, None),
            "ours" => (Field::Comment, Some(Mark { wire: String::new(), mac: String::new() })),
            "edit" => (Field::Description, None),
            "commit" => (Field::Reference, None),
            "tick" => (Field::Progress, None),
            "book" => (Field::Estimate, None),
            "rank" => (Field::Priority, None),
            "label" | "unlabel" => (Field::Label, None),
            "assign" | "unassign" => (Field::Owner, None),
            "date" => (Field::Due, None),
            "state" => (Field::Status, None),
            "start" => (Field::Start, None),
            "unlink" => (Field::Link, None),
            "plan" | "unplan" => (Field::Home, None),
            other => panic!("no such line: {other}"),
        };
        let key = words.next().to_owned();
        let value = |sketch: &Sketch, words: &mut Words<'_>| match field {
            Field::Due => sketch.due(words).to_text(),
            _ => words.next().to_owned(),
        };
        let from = words.optional("from").then(|| value(self, words));
        let to = words.optional("to").then(|| value(self, words));
        let by = words.after("by").to_owned();
        let asks = words.optional("asks");
        let who = if asks || words.optional("names") { vec![words.next().to_owned()] } else { Vec::new() };
        for name in &who {
            self.account(name);
        }
        let mentions = Mentions { who, asks };
        let at = if words.optional("at") { self.instant(words) } else { self.now };
        let resolve = |name: String, sketch: &mut Sketch| match field {
            Field::Owner => sketch.account(&name).0.to_string(),
            _ => name,
        };
        let (from, to) = (from.map(|name| resolve(name, self)), to.map(|name| resolve(name, self)));
        let account = (by != "unknown").then(|| self.account(&by));
        let vkey = format!("event:{}", self.changes.len());
        let change = RawChange { at, vkey, field, from, to, account, via: None, mentions, mark, observed: false };
        self.changes.push((key, change));
    }

    fn account(&mut self, name: &str) -> AccountId {
        if !self.people.iter().any(|(known, _)| known == name) {
            self.people.push((name.to_owned(), None));
        }
        let nth = self.people.iter().position(|(known, _)| known == name).unwrap_or_default();
        account_id(nth)
    }

    /// The board; `shuffle` draws the same one with its tasks and histories in another order.
    pub(super) fn board(mut self, shuffle: bool) -> (Board, Vec<(String, TaskId)>) {
        let keys = self.keys();
        if shuffle {
            self.changes.reverse();
        }
        let mut tasks = self.images();
        if shuffle {
            let half = tasks.len() / 2;
            tasks.rotate_left(half);
            tasks.reverse();
        }
        let image = BoardImage {
            tasks: tasks.into_iter().map(TaskPacked::from).collect(),
            gone: Vec::new(),
            containers: self.containers(),
            connections: vec![self.connection.clone()],
            sites: HashMap::from([
                (SiteId(1), "github|https://api.github.com|".to_owned()),
                (SiteId(2), "jira|https://acme.atlassian.net|".to_owned()),
            ]),
            people: self.people(),
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
        let mut board = Board::new(image);
        finished::measure(&mut board, &self.finished, self.now);
        let about = |key: &String| {
            let home = self.homes.iter().position(|(name, ..)| name == key).map(|nth| home_id(nth).0);
            let task = || keys.iter().find(|(known, _)| known == key).map(|(_, id)| -id.0);
            home.or_else(task).unwrap_or_else(|| panic!("{key} was not drawn"))
        };
        let weeks = self.weeks.iter().map(|(key, past)| (about(key), past)).collect();
        finished::foretell(&mut board, &self.proven, weeks, self.now);
        self.folk.measure(&self.people, &mut board);
        let nth = |name: &str| self.people.iter().position(|(known, _)| known == name).unwrap_or_default();
        traffic::put(&mut board, &self.sent, |name| account_id(nth(name)));
        (board, keys)
    }

    /// The milestones, sprints and versions by their names.
    pub(super) fn homes(&self) -> Vec<(String, ContainerId)> {
        self.homes.iter().enumerate().map(|(nth, (name, ..))| (name.clone(), home_id(nth))).collect()
    }

    fn keys(&self) -> Vec<(String, TaskId)> {
        self.tasks.iter().filter_map(|task| Some((task.key.clone(), task.rec.as_ref()?.id))).collect()
    }

    /// Its tasks, in the order in which they were drawn.
    pub(super) fn images(&mut self) -> Vec<TaskImage> {
        let keys = self.keys();
        let drawn = std::mem::take(&mut self.tasks);
        drawn.into_iter().map(|drawn| self.image(drawn, &keys)).collect()
    }

    fn image(&mut self, drawn: Drawn, keys: &[(String, TaskId)]) -> TaskImage {
        let id_of = |key: &String| keys.iter().find(|(known, _)| known == key).map(|(_, id)| *id);
        let Some(mut rec) = drawn.rec else { panic!("{} was not drawn", drawn.key) };
        rec.owners = drawn.owners.iter().map(|name| self.account(name)).collect();
        rec.reporter = drawn.reporter.as_ref().map(|name| self.account(name));
        // A name that is not drawn stands for a task that is not mirrored.
        rec.parent = drawn.parent.as_ref().map(|key| id_of(key).unwrap_or(TaskId(900)));
        let home = |name: &String| self.homes.iter().position(|(known, ..)| known == name);
        rec.homes = drawn.homes.iter().filter_map(home).map(home_id).collect();
        let changes: Vec<RawChange> =
            self.changes.iter().filter(|(key, _)| *key == drawn.key).map(|(_, change)| change.clone()).collect();
        let bots: Vec<AccountId> =
            self.people().accounts.values().filter(|account| account.bot).map(|account| account.id).collect();
        let named: Vec<&String> = self.people.iter().map(|(name, _)| name).collect();
        rec.facts = fold(
            &changes,
            &FoldContext {
                is_bot: &|account| bots.contains(&account),
                is_bot_name: &|_| false,
                is_ours: &|_, _| true,
                state_of_label: &|label| (label == "blocked").then_some(StatusCategory::Waiting),
                is_bulk: &|_, at| self.bulk.is_some_and(|bulk| bulk.from_at <= at && at <= bulk.to_at),
                is_planning: &|_, _| false,
                account_of: &|name| named.iter().position(|known| *known == name).map(account_id),
                date_of_home: &|name| self.milestone_due(name),
                owners: &rec.owners,
                reporter: rec.reporter,
                created_at: rec.created_at,
            },
        );
        let ids = |keys: &[String]| keys.iter().map(|key| id_of(key).unwrap_or(TaskId::ELSEWHERE)).collect();
        let rec = Box::new(rec);
        TaskImage { rec, blocked_by: ids(&drawn.blocked_by), blocks: ids(&drawn.blocks), linked: ids(&drawn.linked) }
    }

    fn milestone_due(&self, name: &str) -> Option<Due> {
        let called =
            |home: &&(String, ContainerKind, Option<Due>, bool)| home.0 == name && home.1 == ContainerKind::Milestone;
        self.homes.iter().find(called).and_then(|(_, _, due, _)| *due)
    }

    fn containers(&self) -> Vec<ContainerRec> {
        let blank = |id, kind, due| ContainerRec {
            id,
            site: SiteId(1),
            ext: id.to_string().into(),
            kind,
            name: "acme/web".into(),
            reader: self.read.then_some(ConnectionId(1)),
            archived: false,
            over: false,
            due,
            warm_at: self.warm.then_some(Timestamp::UNIX_EPOCH),
            baseline_at: Some(Timestamp::UNIX_EPOCH),
            hold: self.hold.filter(|_| id == PLACE),
            bulks: self.bulk.filter(|_| id == PLACE).into_iter().collect(),
            failing_since: None,
            fresh_at: None,
            history: self.history,
            lacks: self.lacks.iter().filter(|_| id == PLACE).cloned().collect(),
            responsible: None,
        };
        let homes = self.homes.iter().enumerate().map(|(nth, (name, kind, due, over))| ContainerRec {
            name: name.as_str().into(),
            over: *over,
            ..blank(home_id(nth), *kind, *due)
        });
        let elsewhere = ContainerRec { site: SiteId(2), ..blank(ELSEWHERE, ContainerKind::Project, None) };
        [blank(PLACE, ContainerKind::Repository, None), elsewhere].into_iter().chain(homes).collect()
    }

    fn people(&self) -> People {
        let usual = if self.holidays.is_empty() {
            calendar(&self.zone, &self.hours)
        } else {
            Arc::new(Calendar::with_holidays(self.zone.clone(), self.hours.clone(), &self.holidays))
        };
        let mut people = People::empty(usual);
        for (nth, (name, own_zone)) in self.people.iter().enumerate() {
            let id = i64::try_from(nth).unwrap_or_default() + 1;
            let bot = name.starts_with("bot");
            let person = own_zone.as_ref().map(|_| PersonId(id));
            people.accounts.insert(
                AccountId(id),
                AccountRec {
                    id: AccountId(id),
                    site: SiteId(1),
                    handle: Some(name.clone()),
                    name: None,
                    email: None,
                    kind: match name.split_once('-') {
                        _ if bot => AccountKind::Bot,
                        Some(("gone", _)) => AccountKind::Gone,
                        _ => AccountKind::Human,
                    },
                    bot,
                    person,
                    acted_at: None,
                },
            );
            let Some(own_zone) = own_zone else { continue };
            people.persons.insert(
                PersonId(id),
                Person {
                    id: PersonId(id),
                    handle: name.clone(),
                    name: name.clone(),
                    email: None,
                    manager: None,
                    slack: None,
                    own_account: AccountId(id),
                    calendar: calendar(own_zone, &self.folk.hours(name, &self.hours)),
                    deputy: None,
                    team: false,
                },
            );
        }
        self.folk.settle(&mut people);
        people
    }
}

/// Laying out sixty years takes its time; the same calendar is laid out once.
fn calendar(zone: &TimeZone, hours: &Hours) -> Arc<Calendar> {
    type Known = Mutex<HashMap<(Option<String>, [Option<(i32, i32)>; 7]), Arc<Calendar>>>;
    static KNOWN: LazyLock<Known> = LazyLock::new(Known::default);
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    let key = (zone.iana_name().map(str::to_owned), hours.week);
    known.entry(key).or_insert_with(|| Arc::new(Calendar::new(zone.clone(), hours.clone()))).clone()
}

fn account_id(nth: usize) -> AccountId {
    AccountId(i64::try_from(nth).unwrap_or_default() + 1)
}

fn home_id(nth: usize) -> ContainerId {
    ContainerId(100 + i64::try_from(nth).unwrap_or_default())
}

fn zone(name: &str) -> TimeZone {
    TimeZone::get(name).unwrap_or_else(|error| panic!("{error}"))
}

fn date(text: &str) -> Date {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn number<T: std::str::FromStr>(text: &str) -> T {
    text.parse().unwrap_or_else(|_| panic!("{text} is no such number"))
}
