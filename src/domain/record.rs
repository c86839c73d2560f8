//! What the store hands over of tasks, containers and connections, and what a commit changes of them.

use std::collections::HashMap;
use std::sync::Arc;

use connector_model::{ContainerKind, Due, DueStated, Ineligible, Lack, Progress, StatusCategory};
use jiff::{SignedDuration, Timestamp};

use super::absence::Hold;
use super::alert::{Alert, Answer};
use super::bulk::Bulk;
use super::facts::Facts;
use super::ids::{AccountId, ConnectionId, ContainerId, SiteId, TaskId};
use super::norms::Book;
use super::notice::{Message, Notice, Post};
use super::people::{AccountRec, People};

/// A task, as rules see it.
#[derive(Debug, Clone, PartialEq)]
pub struct TaskRec {
    /// Row.
    pub id: TaskId,
    /// The tool's stable id.
    pub ext: Box<str>,
    /// Where it lives.
    pub container: ContainerId,
    /// The tool's word for what it is (`Bug`), shared by all tasks that have it. `None`: it has none.
    pub kind: Option<Arc<str>>,
    /// Milestones, sprints and other homes.
    pub homes: Box<[ContainerId]>,
    /// Our state; see `declared`.
    pub category: StatusCategory,
    /// False: the tool does not tell todo from active.
    pub declared: bool,
    /// The tool's word for its state, where that means nothing to us. `None`: it does.
    pub unmapped: Option<Box<str>>,
    /// Planned start.
    pub start: Option<Due>,
    /// Deadline of its own.
    pub due: Option<DueStated>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was closed.
    pub closed_at: Option<Timestamp>,
    /// 1 is the highest.
    pub priority: Option<u8>,
    /// Declared progress, but for that of its children.
    pub progress: Option<Progress>,
    /// Seconds.
    pub estimate_secs: Option<i64>,
    /// Seconds booked on it. `None`: the tool does not tell.
    pub spent_secs: Option<u32>,
    /// Seconds that are said to be left. `None`: nobody says.
    pub remaining_secs: Option<u32>,
    /// Its parent, if mirrored.
    pub parent: Option<TaskId>,
    /// Everybody assigned, bots included.
    pub owners: Box<[AccountId]>,
    /// Author.
    pub reporter: Option<AccountId>,
    /// Why no rule looks at it.
    pub ineligible: Option<Ineligible>,
    /// May not be shown in open places.
    pub restricted: bool,
    /// It is not to be seen any more although its container is: what is known of it stays, and nothing is concluded.
    pub unseen: bool,
    /// When it was last different from before, by the question that showed it.
    pub changed_at: Timestamp,
    /// What its history says.
    pub facts: Facts,
    /// What the tool calls things about it. `None`: no condition of the configuration reads any of it.
    pub words: Option<Box<TaskWords>>,
}

/// What the tool calls things about a task, for conditions of the configuration.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TaskWords {
    /// As people call it: `acme/web#12`.
    pub key: String,
    /// The tool's word for its state.
    pub status: String,
    /// Its labels.
    pub labels: Vec<String>,
}

/// A container.
#[derive(Debug, Clone, PartialEq)]
pub struct ContainerRec {
    /// Row.
    pub id: ContainerId,
    /// Where it is.
    pub site: SiteId,
    /// The tool's stable id.
    pub ext: Box<str>,
    /// What it is.
    pub kind: ContainerKind,
    /// What people call it.
    pub name: Box<str>,
    /// The one connection that reads it. `None`: no longer selected.
    pub reader: Option<ConnectionId>,
    /// The tool says that nobody works in it any more: it is archived or switched off, and not read.
    pub archived: bool,
    /// A milestone, sprint or version that is closed, over or released: nobody expects anything of its date any more.
    pub over: bool,
    /// Its own end.
    pub due: Option<Due>,
    /// Since when it is read completely. `None`: cold, nothing in it is judged.
    pub warm_at: Option<Timestamp>,
    /// When its first full judgement was over. `None`: what is found in it was there before, and is backlog.
    pub baseline_at: Option<Timestamp>,
    /// Why it is held. `None`: it is not.
    pub hold: Option<Hold>,
    /// The times that one account changed much of it at once, of the day up to the latest of them, which comes last.
    pub bulks: Box<[Bulk]>,
    /// First failed pass since the last good one. `None`: the last pass was good.
    pub failing_since: Option<Timestamp>,
    /// Last complete pass over its tasks.
    pub fresh_at: Option<Timestamp>,
    /// How far its history reaches.
    pub history: HistoryReach,
    /// What its reader does not tell of its tasks.
    pub lacks: Box<[Lack]>,
    /// Whom the tool names as answering for it. `None`: nobody.
    pub responsible: Option<AccountId>,
}

/// How far the history of a container's tasks reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HistoryReach {
    /// It is being read for the first time.
    Pending,
    /// The tool offers none, or does not let us read it.
    Absent,
    /// Complete from `from` up to `read_at`.
    Known {
        /// Since when; the epoch: since ever.
        from: Timestamp,
        /// When the last complete pass over all its streams was asked for.
        read_at: Timestamp,
    },
}

/// A connection.
#[derive(Debug, Clone, PartialEq)]
pub struct ConnectionRec {
    /// Row.
    pub id: ConnectionId,
    /// `github.acme`
    pub name: Box<str>,
    /// The site it turned out to be. `None`: it never answered yet.
    pub site: Option<SiteId>,
    /// How often it is read.
    pub poll: SignedDuration,
    /// First failed pass since the last good one. `None`: all is well.
    pub failing_since: Option<Timestamp>,
    /// What went wrong. `None`: nothing.
    pub failure: Option<Box<str>>,
    /// True when the credential itself is refused.
    pub refused: bool,
    /// Last good answer.
    pub fresh_at: Option<Timestamp>,
    /// Open tasks that are not to be seen any more, at a second look on another day.
    pub unseen: u32,
    /// Since when the first of them is not. `None`: there are none.
    pub unseen_since: Option<Timestamp>,
}

/// A task with its own side of its links, as the store hands it over.
#[derive(Debug, Clone, PartialEq)]
pub struct TaskImage {
    /// The task. By itself, so that it does not move on its way to the board.
    pub rec: Box<TaskRec>,
    /// Tasks it waits for, by its own word.
    pub blocked_by: Vec<TaskId>,
    /// Tasks that wait for it, by its own word.
    pub blocks: Vec<TaskId>,
    /// Tasks that it names otherwise: related, the same work, mentioned by their address.
    pub linked: Vec<TaskId>,
}

impl TaskRec {
    /// True for a task that rules are asked about, as far as the task itself tells.
    pub fn is_work(&self) -> bool {
        self.ineligible.is_none() && self.category.is_open()
    }

    /// True for an item of a checklist: nobody can write anything in it, so what its owners do on its card is done on it.
    pub fn is_check_item(&self) -> bool {
        self.kind.as_deref() == Some("check item") && self.parent.is_some()
    }

    /// True when two states of a task differ in nothing that the readings of its neighbours hang on. When it changed and what
    /// people did on it is nobody else's concern; when work began is, where the tool does not tell.
    pub(super) fn is_alike(&self, other: &TaskRec) -> bool {
        let facts = |rec: &TaskRec| (rec.facts.started_at.is_some(), rec.facts.due_set_at, rec.facts.due_set_by);
        let rest =
            |rec: &TaskRec| TaskRec { changed_at: Timestamp::UNIX_EPOCH, facts: Facts::default(), ..rec.clone() };
        facts(self) == facts(other) && rest(self) == rest(other)
    }
}

/// What a committed page changes on the board.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct BoardDelta {
    /// Tasks, new and changed, whole; including those whose links or parent could be resolved only now.
    pub tasks: Vec<TaskImage>,
    /// Tasks that left the open world.
    pub removed: Vec<TaskId>,
    /// Those of them that are not there any more, by the tool's own word.
    pub gone: Vec<(TaskId, Gone)>,
    /// Containers, new and changed, whole.
    pub containers: Vec<ContainerRec>,
    /// Connections, changed, whole.
    pub connections: Vec<ConnectionRec>,
    /// Accounts, new and changed, whole.
    pub accounts: Vec<AccountRec>,
    /// Answers that came in.
    pub answers: Vec<Answer>,
}

/// Why a task is not there any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gone {
    /// It was deleted.
    Deleted,
    /// It was moved to where nobody looks.
    MovedAway,
}

/// Everything, as loaded at start.
pub struct BoardImage {
    /// Tasks.
    pub tasks: Vec<TaskImage>,
    /// Tasks with live alerts that are not there any more.
    pub gone: Vec<(TaskId, Gone)>,
    /// Containers.
    pub containers: Vec<ContainerRec>,
    /// Connections.
    pub connections: Vec<ConnectionRec>,
    /// Sites, as the text that goes into gap ids.
    pub sites: HashMap<SiteId, String>,
    /// People and accounts.
    pub people: People,
    /// Alerts about subjects on the board, resolved ones included.
    pub alerts: Vec<Alert>,
    /// Notices of live alerts, and those not yet told.
    pub notices: Vec<Notice>,
    /// Posts that may still change.
    pub posts: Vec<Post>,
    /// Messages with something still to be done.
    pub messages: Vec<Message>,
    /// Answers not dealt with.
    pub answers: Vec<Answer>,
    /// What is normal, as it was computed last.
    pub norms: Book,
    /// The highest row numbers in use.
    pub ids: NextIds,
}

/// The next free row numbers; the core is the only writer, so they are handed out in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NextIds {
    /// Next alert.
    pub alert: i64,
    /// Next notice.
    pub notice: i64,
    /// Next post.
    pub post: i64,
    /// Next message.
    pub message: i64,
}

impl ContainerRec {
    /// Up to when its history is read. `None`: not at all, or not completely yet.
    pub(super) fn read_at(&self) -> Option<Timestamp> {
        match self.history {
            HistoryReach::Known { read_at, .. } => Some(read_at),
            HistoryReach::Pending | HistoryReach::Absent => None,
        }
    }

    /// How far the history reaches, without the instant at which it was last read.
    pub(super) fn history_seen(&self) -> HistoryReach {
        match self.history {
            HistoryReach::Known { from, .. } => HistoryReach::Known { from, read_at: Timestamp::UNIX_EPOCH },
            other => other,
        }
    }
}
