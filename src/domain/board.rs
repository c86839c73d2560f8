//! The board: the store's open world in memory, and what is due.
//!
//! Open tasks, those closed of late and the closed neighbours of open ones, with their facts, links, people, containers and
//! alerts. Loaded at start, thrown away without loss: nothing here is not in the store, except when to look again, which a
//! full judgement finds out anew. Titles and texts stay in the store.

mod digests;
mod folk;
mod measured;
mod plans;
pub use plans::Plans;
mod queue;
mod told;
mod words;

use std::collections::{BTreeSet, HashMap};

use jiff::Timestamp;

use super::alert::{Alert, AlertState, Answer, Round};
use super::digest::{DigestOf, DigestTurn};
use super::edges::Edges;
use super::finding::{RuleId, SubjectKey};
use super::hint::Hint;
use super::ids::{
    AccountId, AlertId, ConnectionId, ContainerId, IdMap, MessageId, NoticeId, PersonId, PostId, SiteId, TaskId,
};
use super::norms::Book;
use super::notice::{Message, Notice, Post};
use super::people::People;
use super::record::{
    BoardDelta, BoardImage, ConnectionRec, ContainerRec, Gone, HistoryReach, NextIds, Says, TaskImage, TaskPacked,
};
use super::roster::Roster;
use super::row::TaskRow;
use super::sorted::Sorted;
use super::table::Table;
use super::timers::Timers;
use super::traffic::Traffic;
use super::uses::Uses;

/// The board.
pub struct Board {
    tasks: Table<TaskRow>,
    edges: Edges,
    members: IdMap<ContainerId, Sorted>,
    uses: Uses,
    roster: Roster,
    containers: IdMap<ContainerId, ContainerRec>,
    connections: IdMap<ConnectionId, ConnectionRec>,
    sites: HashMap<SiteId, String>,
    /// Everybody known.
    pub people: People,
    /// Large, and in a map that keeps room to spare.
    alerts: IdMap<AlertId, Box<Alert>>,
    by_subject: IdMap<SubjectKey, Vec<AlertId>>,
    /// Subjects of which there may be alerts, by their rows: there are none of most.
    alerted: Hint,
    notices: IdMap<NoticeId, Notice>,
    notices_of: IdMap<AlertId, BTreeSet<NoticeId>>,
    lines_of: HashMap<PostId, BTreeSet<NoticeId>>,
    /// Tasks that are newer than the history read for them.
    owed: IdMap<ContainerId, BTreeSet<TaskId>>,
    posts: HashMap<PostId, Post>,
    messages: HashMap<MessageId, Message>,
    answers: Vec<Answer>,
    /// Tasks that left the board for good, until what is open about them is closed.
    gone: IdMap<TaskId, Gone>,
    touched: BTreeSet<SubjectKey>,
    recheck: Timers<SubjectKey>,
    steps: Timers<AlertId>,
    norms: Book,
    turns: HashMap<DigestOf, DigestTurn>,
    pub(super) traffic: Traffic,
    /// A container was read completely whose finished tasks are not counted yet.
    uncounted: bool,
    /// Next free row numbers.
    pub ids: NextIds,
}

/// What is due at one moment; looked at, not taken.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct DueNow {
    /// Subjects to judge, in order.
    pub subjects: Vec<SubjectKey>,
    /// Alerts to step.
    pub alerts: Vec<AlertId>,
    /// Answers to deal with.
    pub answers: Vec<Answer>,
    /// True when nothing is left over once these are dealt with.
    pub rests: bool,
}

impl Board {
    /// Builds the board; every subject is due.
    pub fn new(image: BoardImage) -> Board {
        let mut board = Board {
            tasks: Table::with_capacity(image.tasks.len()),
            edges: Edges::default(),
            members: IdMap::default(),
            uses: Uses::default(),
            roster: Roster::new(&image.people),
            containers: image.containers.into_iter().map(|rec| (rec.id, rec)).collect(),
            connections: image.connections.into_iter().map(|rec| (rec.id, rec)).collect(),
            sites: image.sites,
            people: image.people,
            alerts: IdMap::default(),
            by_subject: IdMap::default(),
            alerted: Hint::default(),
            notices: IdMap::default(),
            notices_of: IdMap::default(),
            lines_of: HashMap::new(),
            owed: IdMap::default(),
            posts: image.posts.into_iter().map(|post| (post.id, post)).collect(),
            messages: image.messages.into_iter().map(|message| (message.id, message)).collect(),
            answers: image.answers,
            gone: image.gone.into_iter().collect(),
            touched: BTreeSet::new(),
            recheck: Timers::default(),
            steps: Timers::default(),
            norms: image.norms,
            turns: image.turns.into_iter().map(|turn| (turn.of, turn)).collect(),
            traffic: Traffic::new(image.traffic),
            uncounted: false,
            ids: image.ids,
        };
        let uncounted = board.countable().any(|id| !board.norms.counted.contains(&id));
        board.uncounted = uncounted;
        for task in image.tasks {
            board.put_task(task);
        }
        board.edges.find_circles(&board.tasks);
        for alert in image.alerts {
            board.put_alert(alert);
        }
        for notice in image.notices {
            board.put_notice(notice);
        }
        board.see_messages();
        board.touch_all();
        board
    }

    /// Marks every subject as due: at start, after another configuration, and for the daily oracle.
    pub fn touch_all(&mut self) {
        // In one go: there may be a million.
        self.touched.append(&mut self.tasks.iter().map(|task| SubjectKey::Task(task.id)).collect());
        self.touched.extend(self.containers.keys().map(|id| SubjectKey::Container(*id)));
        self.touched.extend(self.connections.keys().map(|id| SubjectKey::Connection(*id)));
        self.touched.insert(SubjectKey::System);
        let owners: Vec<PersonId> = self.roster.owners().map(|owner| self.stands_for(owner)).collect();
        self.touched.extend(owners.into_iter().chain(self.people.persons.keys().copied()).map(SubjectKey::Person));
        // What is no longer on the board has left the configuration: its gaps have to end.
        let live = self.alerts.values().filter(|alert| alert.state != AlertState::Resolved);
        self.touched.extend(live.map(|alert| alert.subject));
    }

    /// True while a container's history, or the history of one of its tasks, is still to come.
    pub fn awaits_history(&self, container: ContainerId) -> bool {
        match self.containers.get(&container).map(|rec| rec.history) {
            Some(HistoryReach::Absent) => false,
            Some(HistoryReach::Known { .. }) => self.owed.get(&container).is_some_and(|owed| !owed.is_empty()),
            Some(HistoryReach::Pending) | None => true,
        }
    }

    /// Puts everything a committed round decided.
    pub fn put_round(&mut self, round: Round) {
        for id in round.baselines {
            if let Some(container) = self.containers.get_mut(&id) {
                container.baseline_at = round.at;
            }
        }
        for id in round.unsettled {
            if let Some(container) = self.containers.get_mut(&id) {
                container.baseline_at = None;
            }
        }
        for id in round.released {
            if let Some(container) = self.containers.get_mut(&id) {
                container.hold = None;
                self.touched.insert(SubjectKey::Container(id));
                self.touch_members(id);
            }
        }
        for (account, since) in round.mutes {
            match since {
                Some(since) => drop(self.people.muted.entry(account).or_insert(since)),
                None => drop(self.people.muted.remove(&account)),
            }
        }
        round.alerts.into_iter().for_each(|change| self.put_alert(change.alert));
        round.notices.into_iter().for_each(|notice| self.put_notice(notice));
        round.posts.into_iter().for_each(|post| self.put_post(post));
        round.messages.into_iter().for_each(|message| self.put_message(message));
        round.turns.into_iter().for_each(|turn| self.put_turn(turn));
        round.heeds.into_iter().for_each(|change| self.put_heed(change));
    }

    /// Takes answers that were dealt with out of their queue.
    pub fn answered(&mut self, done: &[super::ids::InboxId]) {
        self.answers.retain(|answer| !done.contains(&answer.id));
    }

    /// Applies what a commit changed, and marks what it touches.
    pub fn apply(&mut self, delta: BoardDelta) {
        delta.connections.into_iter().for_each(|connection| self.put_connection(connection));
        for account in delta.accounts {
            self.put_account(account);
        }
        for container in delta.containers {
            self.put_container(container);
        }
        self.put_tasks(delta.tasks, delta.removed);
        self.gone.extend(delta.gone);
        self.answers.extend(delta.answers);
    }

    /// A connection that fails, is refused, or works again holds or frees everything that is read with it.
    fn put_connection(&mut self, rec: ConnectionRec) {
        let held = |rec: &ConnectionRec| (rec.failing_since.is_some(), rec.refused);
        let (id, now) = (rec.id, held(&rec));
        self.touched.insert(SubjectKey::Connection(id));
        let before = self.connections.insert(id, rec);
        if before.is_some_and(|before| held(&before) != now) {
            let read = self.containers.values().filter(|container| container.reader == Some(id));
            for container in read.map(|container| container.id).collect::<Vec<_>>() {
                self.touch_members(container);
            }
        }
    }

    fn touch_members(&mut self, container: ContainerId) {
        if let Some(members) = self.members.get(&container) {
            let members: BTreeSet<TaskId> = members.all().iter().copied().collect();
            self.touched.extend(self.edges.around(&members, &self.tasks).into_iter().map(SubjectKey::Task));
            let plans: BTreeSet<SubjectKey> = members.iter().flat_map(|id| self.plans_of(*id)).collect();
            self.touched.extend(plans);
        }
    }

    fn put_container(&mut self, rec: ContainerRec) {
        let id = rec.id;
        let touches = self.containers.get(&id).is_none_or(|before| {
            (
                before.due,
                (before.archived, before.over),
                before.warm_at.is_some(),
                before.history_seen(),
                &before.hold,
                before.failing_since.is_some(),
                &before.bulks,
                &before.lacks,
            ) != (
                rec.due,
                (rec.archived, rec.over),
                rec.warm_at.is_some(),
                rec.history_seen(),
                &rec.hold,
                rec.failing_since.is_some(),
                &rec.bulks,
                &rec.lacks,
            )
        });
        self.touched.insert(SubjectKey::Container(id));
        self.uncounted |= measured::is_countable(&rec) && !self.norms.counted.contains(&id);
        let read_at = rec.read_at();
        self.containers.insert(id, rec);
        self.settle_owed(id, read_at);
        if touches {
            self.touch_members(id);
        }
    }

    /// Tasks whose history has caught up with them may be judged now.
    fn settle_owed(&mut self, container: ContainerId, read_at: Option<Timestamp>) {
        let Some(owed) = self.owed.remove(&container) else { return };
        let caught_up =
            |id: &TaskId| self.task(*id).is_none_or(|row| read_at.is_some_and(|read_at| row.changed_at() <= read_at));
        let (done, still): (BTreeSet<TaskId>, BTreeSet<TaskId>) = owed.into_iter().partition(caught_up);
        if !still.is_empty() {
            self.owed.insert(container, still);
        }
        self.touch_around(&done);
    }

    /// Puts tasks as they are now, and takes away those that left. Whoever differs in something that neighbours read touches
    /// them; a comment on what ten thousand others wait for touches none of those.
    fn put_tasks(&mut self, tasks: Vec<TaskImage>, removed: Vec<TaskId>) {
        let tasks: Vec<TaskPacked> = tasks.into_iter().map(TaskPacked::from).collect();
        let mut moved: BTreeSet<TaskId> = removed.iter().copied().collect();
        for image in &tasks {
            let id = image.row.id;
            self.touched.insert(SubjectKey::Task(id));
            let same = self.task(id).is_some_and(|before| before.is_alike(&image.row)) && self.edges.says(image);
            if !same {
                moved.insert(id);
                continue;
            }
            // What is done on a card is done on its items.
            let children =
                self.edges.children(id).filter(|child| self.task(*child).is_some_and(TaskRow::is_check_item));
            let items: Vec<SubjectKey> = children.map(SubjectKey::Task).collect();
            self.touched.extend(items);
        }
        self.touch_around(&moved);
        tasks.into_iter().for_each(|image| self.put_task(image));
        removed.into_iter().for_each(|id| self.remove_task(id));
        let circled = self.edges.renew_circles(&moved, &self.tasks);
        moved.extend(circled);
        self.touch_around(&moved);
    }

    fn put_task(&mut self, image: TaskPacked) {
        let TaskPacked { row, says } = image;
        let (id, container) = (row.id, row.container());
        let read_at = self.containers.get(&container).and_then(ContainerRec::read_at);
        if read_at.is_none_or(|read_at| row.changed_at() > read_at) {
            self.owed.entry(container).or_default().insert(id);
        }
        // Most changes leave it where it is.
        let stays = self.task(id).is_some_and(|before| before.stands_like(&row)) && *self.edges.said(id) == says;
        if !stays {
            self.place(&row, says);
        }
        self.tasks.insert(row);
        self.touch_plans(id);
    }

    /// Takes up what a task itself says about its place, instead of what it said before.
    fn place(&mut self, row: &TaskRow, says: Says) {
        let (id, container) = (row.id, row.container());
        self.unlink(id);
        self.edges.put(id, row.parent(), says);
        for container in row.homes().chain([container]) {
            self.members.entry(container).or_default().insert(id);
        }
        self.gone.remove(&id);
        self.roster.add(row);
        if self.uses.add(row) {
            self.touched.insert(SubjectKey::Container(container));
        }
    }

    /// Takes back what the task itself says about its place; edges that its neighbours also state stay.
    fn unlink(&mut self, id: TaskId) {
        self.touch_plans(id);
        if let Some(row) = self.tasks.get(id.0) {
            self.roster.remove(row);
            if self.uses.remove(row) {
                self.touched.insert(SubjectKey::Container(row.container()));
            }
            for container in row.homes().chain([row.container()]) {
                if let Some(members) = self.members.get_mut(&container) {
                    members.remove(id);
                }
            }
        }
        self.edges.cut(id);
    }

    fn remove_task(&mut self, id: TaskId) {
        self.unlink(id);
        self.tasks.remove(id.0);
        // It is judged once more, so that what is open about it can close.
        self.touched.insert(SubjectKey::Task(id));
    }

    /// Marks tasks and everybody whose reading may depend on them.
    fn touch_around(&mut self, ids: &BTreeSet<TaskId>) {
        for id in ids {
            // What somebody has at hand is read of what they own, and of its parts.
            let parent = self.task(*id).and_then(TaskRow::parent);
            parent.into_iter().chain([*id]).for_each(|task| self.touch_owners(task));
            self.touch_plans(*id);
        }
        self.touched.extend(self.edges.around(ids, &self.tasks).into_iter().map(SubjectKey::Task));
    }

    /// A task on the board.
    pub fn task(&self, id: TaskId) -> Option<&TaskRow> {
        self.tasks.get(id.0)
    }

    /// Why a task is not on the board any more, where the tool said so. `None`: it is there, or is not watched.
    pub fn gone(&self, id: TaskId) -> Option<Gone> {
        self.gone.get(&id).copied()
    }

    /// All tasks on the board, in no order.
    pub fn tasks(&self) -> impl Iterator<Item = &TaskRow> {
        self.tasks.iter()
    }

    /// Children, in a fixed order.
    pub fn children(&self, id: TaskId) -> impl Iterator<Item = &TaskRow> {
        self.edges.children(id).filter_map(|id| self.task(id))
    }

    /// Tasks this one waits for, in a fixed order, those not mirrored left out.
    pub fn blockers(&self, id: TaskId) -> impl Iterator<Item = &TaskRow> {
        self.edges.blockers(id).filter_map(|id| self.task(id))
    }

    /// True when it waits for a task that is not on the board: not mirrored, or out of our sight.
    pub fn waits_elsewhere(&self, id: TaskId) -> bool {
        self.edges.blockers(id).any(|id| !self.tasks.contains(id.0))
    }

    /// Tasks that wait for this one, in a fixed order.
    pub fn dependants(&self, id: TaskId) -> impl Iterator<Item = &TaskRow> {
        self.edges.dependants(id).filter_map(|id| self.task(id))
    }

    /// Tasks that this one is linked with and neither waits for nor keeps waiting, in a fixed order.
    pub fn linked(&self, id: TaskId) -> impl Iterator<Item = &TaskRow> {
        self.edges.linked(id).filter_map(|id| self.task(id))
    }

    /// Open tasks that wait for each other in a circle, this one among them. Empty: it stands in none.
    pub fn waiting_circle(&self, id: TaskId) -> &[TaskId] {
        self.edges.waiting_circle(id)
    }

    /// Open tasks that are parts of each other in a circle, this one among them. Empty: it stands in none.
    pub fn nested_circle(&self, id: TaskId) -> &[TaskId] {
        self.edges.nested_circle(id)
    }

    /// A container.
    pub fn container(&self, id: ContainerId) -> Option<&ContainerRec> {
        self.containers.get(&id)
    }

    /// All containers, in no order.
    pub fn containers(&self) -> impl Iterator<Item = &ContainerRec> {
        self.containers.values()
    }

    /// The tool's words for states of a container's open tasks that mean nothing to us, in a fixed order.
    pub fn unmapped_states(&self, id: ContainerId) -> impl Iterator<Item = &str> {
        self.uses.states(id)
    }

    /// Accounts that own open tasks of a container, in a fixed order.
    pub fn owners_in(&self, id: ContainerId) -> impl Iterator<Item = AccountId> {
        self.uses.owners(id)
    }

    /// A connection.
    pub fn connection(&self, id: ConnectionId) -> Option<&ConnectionRec> {
        self.connections.get(&id)
    }

    /// All connections, in no order.
    pub fn connections(&self) -> impl Iterator<Item = &ConnectionRec> {
        self.connections.values()
    }

    /// The connection that reads a task's container.
    pub fn reader(&self, task: &TaskRow) -> Option<&ConnectionRec> {
        self.connection(self.container(task.container())?.reader?)
    }

    /// A site's text, as it goes into gap ids.
    pub fn site(&self, id: SiteId) -> &str {
        self.sites.get(&id).map_or("", String::as_str)
    }

    /// Notes a site's text.
    pub fn put_site(&mut self, id: SiteId, text: String) {
        self.sites.insert(id, text);
    }

    /// An alert.
    pub fn alert(&self, id: AlertId) -> Option<&Alert> {
        self.alerts.get(&id).map(AsRef::as_ref)
    }

    /// All alerts, resolved ones included, in no order.
    pub fn alerts(&self) -> impl Iterator<Item = &Alert> {
        self.alerts.values().map(AsRef::as_ref)
    }

    /// The alerts about a subject, resolved ones included, in the order in which they first opened.
    pub fn alerts_of(&self, subject: SubjectKey) -> impl Iterator<Item = &Alert> {
        let all = if self.alerted.may_hold(subject.code().1) { self.by_subject.get(&subject) } else { None };
        all.into_iter().flatten().filter_map(|id| self.alert(*id))
    }

    /// The open alert of a rule about a subject and scope.
    pub fn live_alert(&self, rule: RuleId, subject: SubjectKey, scope: &str) -> Option<&Alert> {
        self.alerts_of(subject)
            .find(|alert| alert.rule == rule && alert.scope == scope && alert.state != AlertState::Resolved)
    }

    /// Puts an alert as it is now; its next step goes into the queue.
    pub fn put_alert(&mut self, alert: Alert) {
        if self.had_dead(&alert) {
            self.touched.insert(SubjectKey::System);
        }
        let ids = self.by_subject.entry(alert.subject).or_default();
        if !ids.contains(&alert.id) {
            ids.push(alert.id);
            self.alerted.note(alert.subject.code().1, self.by_subject.keys().map(|subject| subject.code().1));
        }
        self.steps.set(alert.id, alert.step_at);
        self.alerts.insert(alert.id, Box::new(alert));
    }

    /// A notice.
    pub fn notice(&self, id: NoticeId) -> Option<&Notice> {
        self.notices.get(&id)
    }

    /// Notices of an alert, oldest first.
    pub fn notices_of(&self, alert: AlertId) -> impl Iterator<Item = &Notice> {
        self.notices_of.get(&alert).into_iter().flatten().filter_map(|id| self.notices.get(id))
    }

    /// Notices that are lines of a post, oldest first.
    pub fn notices_in(&self, post: PostId) -> Vec<&Notice> {
        self.lines_of.get(&post).into_iter().flatten().filter_map(|id| self.notices.get(id)).collect()
    }

    /// A post.
    pub fn post(&self, id: PostId) -> Option<&Post> {
        self.posts.get(&id)
    }

    /// All posts that may still change, in no order.
    pub fn posts(&self) -> impl Iterator<Item = &Post> {
        self.posts.values()
    }

    /// Puts a post as it is now.
    pub fn put_post(&mut self, post: Post) {
        self.posts.insert(post.id, post);
    }

    /// A message with something still to be done.
    pub fn message(&self, id: MessageId) -> Option<&Message> {
        self.messages.get(&id)
    }

    /// Messages with something still to be done, in no order.
    pub fn messages(&self) -> impl Iterator<Item = &Message> {
        self.messages.values()
    }
}
