//! What the store hands over of tasks, containers and connections, and what a commit changes of them.

use std::collections::HashMap;

use connector_model::{ContainerKind, Due, Lack};
use jiff::{SignedDuration, Timestamp};

use super::absence::Hold;
use super::alert::{Alert, Answer};
use super::bulk::Bulk;
use super::digest::DigestTurn;
use super::ids::{AccountId, ConnectionId, ContainerId, SiteId, TaskId};
use super::norms::Book;
use super::notice::{Message, Notice, Post};
use super::people::{AccountRec, People};
use super::row::TaskRow;
pub use super::task::{TaskRec, TaskWords};
use super::traffic::TrafficImage;

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

/// A task with its own side of its links, as the board keeps it.
#[derive(Debug, Clone, PartialEq)]
pub struct TaskPacked {
    /// The task.
    pub row: TaskRow,
    /// What it says of its links.
    pub says: Says,
}

/// What a task itself says of its links.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Says {
    /// Tasks it waits for.
    pub blocked_by: Vec<TaskId>,
    /// Tasks that wait for it.
    pub blocks: Vec<TaskId>,
    /// Tasks that it names otherwise.
    pub linked: Vec<TaskId>,
}

impl Says {
    pub(super) const fn nothing() -> Says {
        Says { blocked_by: Vec::new(), blocks: Vec::new(), linked: Vec::new() }
    }

    /// True for most tasks.
    pub(super) fn is_nothing(&self) -> bool {
        self.blocked_by.is_empty() && self.blocks.is_empty() && self.linked.is_empty()
    }
}

impl From<TaskImage> for TaskPacked {
    fn from(image: TaskImage) -> TaskPacked {
        let TaskImage { rec, mut blocked_by, mut blocks, mut linked } = image;
        [&mut blocked_by, &mut blocks, &mut linked].into_iter().for_each(Vec::shrink_to_fit);
        TaskPacked { row: TaskRow::pack(*rec), says: Says { blocked_by, blocks, linked } }
    }
}

impl TaskPacked {
    /// As the store hands it over, to be changed.
    pub fn unpack(&self) -> TaskImage {
        let Says { blocked_by, blocks, linked } = self.says.clone();
        TaskImage { rec: Box::new(self.row.unpack()), blocked_by, blocks, linked }
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
    pub tasks: Vec<TaskPacked>,
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
    /// How telling people goes.
    pub traffic: TrafficImage,
    /// The last turn of every digest.
    pub turns: Vec<DigestTurn>,
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
