//! The store as a whole: pages go in, a board that only ever learns deltas must equal one that was just loaded.
#![allow(clippy::unwrap_used)]

mod absences;
mod boards;
mod census;
mod files;
mod history;
mod mirror;
mod moves;
mod norms;
mod planned;
mod plans;
mod rounds;
mod streams;

use std::sync::{Arc, LazyLock};

use connector_kit::{Cursor, Every, Page, StreamKind, StreamSpec, TaskLinks};
use connector_model::{
    Account, AccountKind, Change, Container, ContainerKind, ContainerRef, Due, Field, Link, LinkKind, Mentions,
    SiteKey, Status, StatusCategory, Task, TaskRef,
};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::super::{
    ConfigPlan, ConnectionPlan, FailureKind, PageApplied, PageWrite, PersonPlan, PullFailure, SiteSeen, StorePath,
    StreamRow,
};
use super::{Store, present};
use crate::domain::board::Board;
use crate::domain::calendar::Calendar;
use crate::domain::facts::RawChange;
use crate::domain::finding::RuleId;
use crate::domain::ids::{ConnectionId, ContainerId, TaskId};
use crate::domain::record::{ContainerRec, TaskRec};
use crate::domain::row::TaskRow;

const NAME: &str = "github.acme";

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn start() -> Timestamp {
    at("2026-03-02T08:00:00Z")
}

fn mins(n: i64) -> Timestamp {
    start() + SignedDuration::from_mins(n)
}

fn days(n: i64) -> Timestamp {
    start() + SignedDuration::from_hours(24 * n)
}

fn rule(name: &str) -> Option<RuleId> {
    ["overdue", "stalled"].into_iter().find(|known| *known == name).map(RuleId)
}

/// A failing case is printed whole; nothing is left in the source tree.
fn cases(cases: u32) -> proptest::test_runner::Config {
    proptest::test_runner::Config { cases, failure_persistence: None, ..Default::default() }
}

/// Laid out once for all tests.
fn usual() -> Arc<Calendar> {
    static USUAL: LazyLock<Arc<Calendar>> = LazyLock::new(|| Arc::new(Calendar::usual(TimeZone::UTC)));
    USUAL.clone()
}

fn person(handle: &str, login: &str) -> PersonPlan {
    PersonPlan {
        handle: handle.to_owned(),
        name: handle.to_uppercase(),
        email: Some(format!("{handle}@acme.example")),
        manager: None,
        slack: None,
        accounts: vec![("github".to_owned(), login.to_owned())],
        calendar: usual(),
        zone_stated: true,
        away: Vec::new(),
        deputy: None,
        team: false,
    }
}

fn plan() -> ConfigPlan {
    let after = Every::AfterTasks(SignedDuration::from_mins(30));
    let streams = [
        (StreamKind::Containers, Every::Period(SignedDuration::from_hours(1))),
        (StreamKind::Tasks, Every::Poll),
        (StreamKind::Comments, after),
        (StreamKind::Events, after),
        (StreamKind::Homes, Every::Period(SignedDuration::from_hours(1))),
    ];
    ConfigPlan {
        connections: vec![ConnectionPlan {
            origin: "https://api.github.com".to_owned(),
            name: NAME.to_owned(),
            poll: SignedDuration::from_mins(5),
            streams: streams.map(|(kind, every)| StreamSpec { kind, every }).to_vec(),
            observed: &[Field::Description, Field::Progress],
            state_labels: vec![("doing".to_owned(), StatusCategory::Active)],
            reading: "r1".to_owned(),
        }],
        persons: vec![person("ana", "ana-k"), person("mo", "mo-x")],
        bots: Vec::new(),
        match_by_email: true,
        default_manager: Some("mo".to_owned()),
        operators: vec!["mo".to_owned()],
        default_calendar: usual(),
        words: true,
        rules_rev: "rules1".to_owned(),
        read_rev: "read1".to_owned(),
        select_rev: "select1".to_owned(),
    }
}

fn repo(ext: &str) -> ContainerRef {
    ContainerRef { kind: ContainerKind::Repository, ext: ext.to_owned() }
}

fn container(ext: &str) -> Container {
    Container {
        at: repo(ext),
        name: format!("acme/{ext}"),
        handle: format!("acme/{ext}"),
        due: None,
        open: true,
        responsible: None,
    }
}

fn milestone(ext: &str, due: Option<&str>) -> Container {
    Container {
        at: ContainerRef { kind: ContainerKind::Milestone, ext: ext.to_owned() },
        name: ext.to_owned(),
        handle: ext.to_owned(),
        due: due.and_then(Due::from_text),
        open: true,
        responsible: None,
    }
}

fn task(ext: &str) -> Task {
    Task {
        ext: ext.to_owned(),
        key: format!("acme/web#{ext}"),
        url: format!("https://github.com/acme/web/issues/{ext}"),
        handle: format!("acme/web/{ext}"),
        title: format!("Task {ext}"),
        kind: None,
        container: repo("web"),
        homes: Vec::new(),
        status: Status { raw: "open".to_owned(), category: StatusCategory::Todo, declared: false },
        owners: Vec::new(),
        reporter: Some("u1".to_owned()),
        created_at: at("2026-01-05T08:00:00Z"),
        updated_at: at("2026-02-05T08:00:00Z"),
        closed_at: None,
        start: None,
        due: None,
        priority: None,
        labels: Vec::new(),
        progress: None,
        estimate_secs: None,
        spent_secs: None,
        remaining_secs: None,
        parent: None,
        links: None,
        mentions: Vec::new(),
        description_hash: u64::MAX,
        restricted: false,
        ineligible: None,
        untold: Vec::new(),
    }
}

fn closed(ext: &str, day: &str) -> Task {
    let status = Status { raw: "closed".to_owned(), category: StatusCategory::Done, declared: true };
    Task { closed_at: Some(at(&format!("{day}T08:00:00Z"))), status, ..task(ext) }
}

fn ext(ext: &str) -> TaskRef {
    TaskRef::Ext(ext.to_owned())
}

fn link(kind: LinkKind, other: &str) -> Link {
    Link { kind, other: ext(other) }
}

fn change(task: TaskRef, vkey: &str, field: Field, when: &str, account: &str) -> Change {
    Change {
        task,
        at: at(when),
        vkey: vkey.to_owned(),
        field,
        from: None,
        to: None,
        account: Some(account.to_owned()),
        via: None,
        mentions: Mentions::default(),
        mark: None,
        observed: false,
    }
}

fn account(ext: &str, handle: &str, kind: AccountKind) -> Account {
    Account { ext: ext.to_owned(), handle: Some(handle.to_owned()), name: None, email: None, kind }
}

/// A store with one connection, and the board its core would have.
struct World {
    store: Store,
    board: Board,
    connection: ConnectionId,
    now: Timestamp,
}

impl World {
    /// Configured, the site known, the selection not read yet.
    fn bare(plan: &ConfigPlan) -> World {
        World::on(Store::open(&StorePath::Memory, start()).unwrap(), plan)
    }

    fn on(mut store: Store, plan: &ConfigPlan) -> World {
        let applied = store.apply_config(plan, start()).unwrap();
        let connection = applied.connections[NAME];
        let mut board = Board::new(store.load(start(), rule).unwrap());
        let site =
            SiteKey { tool: "github".to_owned(), origin: "https://api.github.com".to_owned(), tenant: String::new() };
        let me = account("me", "gap-bot", AccountKind::Human);
        let seen = SiteSeen { connection, site: &site, account: Some(&me) };
        let (id, text, delta) = store.set_site(&seen, start()).unwrap();
        assert_eq!(text, "github|https://api.github.com|");
        board.put_site(id, text);
        board.apply(delta);
        World { store, board, connection, now: start() }
    }

    /// With one repository, `web`, selected.
    fn new() -> World {
        let mut world = World::bare(&plan());
        world.select(&["web"]);
        world
    }

    fn select(&mut self, exts: &[&str]) -> PageApplied {
        let mut page = self.page();
        page.containers = exts.iter().map(|ext| container(ext)).collect();
        self.pull(StreamKind::Containers, "", page)
    }

    /// A page asked for now, the last of its pass.
    fn page(&self) -> Page {
        Page::new(self.now, Cursor { at: Some("c".to_owned()), etag: None, backfilled: true })
    }

    fn stream(&self, kind: StreamKind, scope: &str) -> StreamRow {
        let rows = self.store.due_streams(self.connection, self.now, true).unwrap();
        let of = |row: &StreamRow| row.key.scope.as_ref().map_or("", |scope| &scope.at.ext).to_owned();
        rows.into_iter().find(|row| row.key.kind == kind && of(row) == scope).unwrap()
    }

    fn pull(&mut self, kind: StreamKind, scope: &str, page: Page) -> PageApplied {
        let stream = self.stream(kind, scope);
        let applied = self.store.apply_page(&PageWrite { stream: &stream, page: &page, now: self.now }).unwrap();
        self.board.apply(applied.delta.clone());
        applied
    }

    fn tasks(&mut self, tasks: Vec<Task>) -> PageApplied {
        let page = Page { tasks, ..self.page() };
        self.pull(StreamKind::Tasks, "web", page)
    }

    fn events(&mut self, changes: Vec<Change>) -> PageApplied {
        let page = Page { changes, history_since: Some(Timestamp::UNIX_EPOCH), ..self.page() };
        self.pull(StreamKind::Events, "web", page)
    }

    fn comments(&mut self, changes: Vec<Change>) -> PageApplied {
        let page = Page { changes, history_since: Some(Timestamp::UNIX_EPOCH), ..self.page() };
        self.pull(StreamKind::Comments, "web", page)
    }

    fn links(&mut self, links: Vec<TaskLinks>) -> PageApplied {
        let page = Page { links, ..self.page() };
        self.pull(StreamKind::Homes, "web", page)
    }

    fn fail(&mut self, kind: StreamKind, scope: &str, why: FailureKind) {
        let stream = self.stream(kind, scope);
        let failure = PullFailure {
            stream: &stream,
            kind: why,
            because: format!("because {}", why.word()),
            next_pull_at: self.now + SignedDuration::from_mins(1),
            not_before: None,
            now: self.now,
        };
        let delta = self.store.pull_failed(&failure).unwrap();
        self.board.apply(delta);
    }

    fn id(&self, ext: &str) -> TaskId {
        let sql = "SELECT id FROM tasks WHERE ext = ?";
        TaskId(self.store.db.query_row(sql, [ext], |row| row.get(0)).unwrap())
    }

    fn rec(&self, ext: &str) -> TaskRec {
        self.board.task(self.id(ext)).unwrap().unpack()
    }

    fn web(&self) -> &ContainerRec {
        self.board.containers().find(|rec| &*rec.ext == "web").unwrap()
    }

    fn changes(&self, ext: &str) -> Vec<RawChange> {
        super::history::read(&self.store.db, self.id(ext)).unwrap()
    }

    fn count(&self, table: &str) -> i64 {
        self.store.db.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).unwrap()
    }

    /// What the core knows equals what it would load.
    fn assert_board(&self) {
        let fresh = Board::new(self.store.load(self.now, rule).unwrap());
        assert_eq!(tasks_of(&self.board), tasks_of(&fresh));
        assert_eq!(containers_of(&self.board), containers_of(&fresh));
        let connections = |board: &Board| {
            let mut all: Vec<_> = board.connections().cloned().collect();
            all.sort_by_key(|rec| rec.id);
            all
        };
        assert_eq!(connections(&self.board), connections(&fresh));
        assert_eq!(self.board.people.accounts, fresh.people.accounts);
        let present = |is_sparse| {
            let open = present::open(&self.store.db).unwrap();
            present::present(&self.store.db, self.now, open, is_sparse).unwrap()
        };
        assert_eq!(present(true), present(false), "both ways to find out what is on the board");
    }
}

/// Each task with its children, blockers and dependants.
type Around = (TaskRec, Vec<TaskId>, Vec<TaskId>, Vec<TaskId>);

fn tasks_of(board: &Board) -> Vec<Around> {
    let mut all: Vec<_> = board.tasks().map(TaskRow::unpack).collect();
    all.sort_by_key(|rec| rec.id);
    all.into_iter()
        .map(|rec| {
            let id = rec.id;
            let children = board.children(id).map(|rec| rec.id).collect();
            let blockers = board.blockers(id).map(|rec| rec.id).collect();
            (rec, children, blockers, board.dependants(id).map(|rec| rec.id).collect())
        })
        .collect()
}

fn containers_of(board: &Board) -> Vec<ContainerRec> {
    let mut all: Vec<_> = board.containers().cloned().collect();
    all.sort_by_key(|rec| rec.id);
    all
}
