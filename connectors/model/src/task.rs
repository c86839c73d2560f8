//! A task as a tool tells it now.

use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};

use crate::{Field, TaskRef};

/// One piece of work, as one answer of its tool showed it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Task {
    /// The tool's own stable id, unique on the site.
    pub ext: String,
    /// What people call it: `acme/web#12`, `ENG-41`. May change.
    pub key: String,
    /// Browser address.
    pub url: String,
    /// What its connector needs to call it by, opaque to everybody else.
    pub handle: String,
    /// Byte for byte as the tool has it.
    pub title: String,
    /// The tool's own kind (`Bug`). `None` where it has none.
    pub kind: Option<String>,
    /// Where it lives; decides which connection reads it.
    pub container: ContainerRef,
    /// Milestones, sprints and other homes it also has.
    pub homes: Vec<ContainerRef>,
    /// The tool's word and ours.
    pub status: Status,
    /// Accounts of everybody assigned, bots included ([`crate::Account::ext`]).
    pub owners: Vec<String>,
    /// Account of the author. `None`: deleted account.
    pub reporter: Option<String>,
    /// When the tool says it was made.
    pub created_at: Timestamp,
    /// The tool's own `updated`: decides the order of reads and dates observed changes, and nothing else.
    pub updated_at: Timestamp,
    /// When it was closed. `None` while it is open.
    pub closed_at: Option<Timestamp>,
    /// Planned start. `None`: not planned, or the tool has no such field.
    pub start: Option<Due>,
    /// Deadline set on the task itself; one that comes from its milestone or sprint stands on that container.
    pub due: Option<DueStated>,
    /// 1 is the highest. `None`: none stated.
    pub priority: Option<u8>,
    /// Label names.
    pub labels: Vec<String>,
    /// Declared progress. `None`: nothing declares any.
    pub progress: Option<Progress>,
    /// Estimated work, seconds.
    pub estimate_secs: Option<i64>,
    /// Work booked, seconds.
    pub spent_secs: Option<i64>,
    /// Work left, seconds.
    pub remaining_secs: Option<i64>,
    /// Parent task. `None`: it has none.
    pub parent: Option<TaskRef>,
    /// Its own side of its links. `None`: this answer does not tell, keep what is known.
    pub links: Option<Vec<Link>>,
    /// Tasks of other trackers that its text names by their address ([`crate::tasks_named`]).
    pub mentions: Vec<TaskRef>,
    /// Fingerprint of the description, to observe an edit that the tool keeps no history of.
    pub description_hash: u64,
    /// Narrower than its container's normal audience: may not be shown in open places.
    pub restricted: bool,
    /// Why no rule looks at it. `None`: it is work like any other.
    pub ineligible: Option<Ineligible>,
    /// Fields that this answer does not tell, whatever stands in them: what is known of them is kept. Of its state that is
    /// when it was closed, for as long as it stays so.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub untold: Vec<Field>,
}

/// State of the work: what the tool says, and which of our six it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// The tool's word, kept as it is.
    pub raw: String,
    /// Ours.
    pub category: StatusCategory,
    /// False: the tool does not tell todo from active; then an act of an owner after the assignment makes it active.
    pub declared: bool,
}

/// The six states rules know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StatusCategory {
    /// Not begun.
    Todo,
    /// Being worked on.
    Active,
    /// Waiting for a reviewer.
    Review,
    /// Waiting for somebody or something else.
    Waiting,
    /// Finished.
    Done,
    /// Given up: closed without being done.
    Cancelled,
}

impl StatusCategory {
    const ALL: [StatusCategory; 6] = [
        StatusCategory::Todo,
        StatusCategory::Active,
        StatusCategory::Review,
        StatusCategory::Waiting,
        StatusCategory::Done,
        StatusCategory::Cancelled,
    ];

    /// Neither done nor cancelled.
    pub fn is_open(self) -> bool {
        !matches!(self, StatusCategory::Done | StatusCategory::Cancelled)
    }

    /// A state as a history entry keeps it: what it was counted as then, and the tool's word (`done/Closed`). What it is
    /// counted as may be another later.
    pub fn entry(self, raw: &str) -> String {
        format!("{}/{raw}", self.word())
    }

    /// What the state of a history entry was counted as. `None`: the entry has the tool's word alone.
    pub fn of_entry(text: &str) -> Option<StatusCategory> {
        StatusCategory::of_word(text.split_once('/')?.0)
    }

    /// The inverse of [`StatusCategory::word`]; `None` for any other word.
    pub fn of_word(word: &str) -> Option<StatusCategory> {
        StatusCategory::ALL.into_iter().find(|category| category.word() == word)
    }

    /// As the configuration writes it.
    pub fn word(self) -> &'static str {
        match self {
            StatusCategory::Todo => "todo",
            StatusCategory::Active => "active",
            StatusCategory::Review => "review",
            StatusCategory::Waiting => "waiting",
            StatusCategory::Done => "done",
            StatusCategory::Cancelled => "cancelled",
        }
    }

    /// The number kept in the store.
    pub fn code(self) -> u8 {
        self as u8
    }

    /// The inverse of [`StatusCategory::code`]; an unknown number reads as todo.
    pub fn from_code(code: u8) -> StatusCategory {
        StatusCategory::ALL.get(usize::from(code)).copied().unwrap_or(StatusCategory::Todo)
    }
}

/// A deadline or a planned start, as precise as the tool says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Due {
    /// A day: it ends with the owner's working day, in the owner's zone.
    On(Date),
    /// An instant.
    At(Timestamp),
}

impl Due {
    /// `2026-03-14` or `2026-03-14T16:00:00Z`: the form kept in the store.
    pub fn to_text(self) -> String {
        match self {
            Due::On(date) => date.to_string(),
            Due::At(at) => at.to_string(),
        }
    }

    /// The inverse of [`Due::to_text`]; `None` for any other text.
    pub fn from_text(text: &str) -> Option<Due> {
        if text.len() == 10 { text.parse().ok().map(Due::On) } else { text.parse().ok().map(Due::At) }
    }
}

/// A deadline and where it comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct DueStated {
    /// When.
    pub due: Due,
    /// Which field of the tool says so.
    pub source: DueSource,
}

/// Which field a deadline comes from; the message names it. In the order in which they count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DueSource {
    /// The task's own due date.
    Item,
    /// A date field named in the configuration.
    Field,
    /// End of the sprint or iteration it is in.
    Sprint,
    /// Its milestone.
    Milestone,
    /// The earliest release it is planned for.
    Release,
    /// Its parent's; for checks only, never for `overdue`.
    Parent,
}

impl DueSource {
    const ALL: [DueSource; 6] = [
        DueSource::Item,
        DueSource::Field,
        DueSource::Sprint,
        DueSource::Milestone,
        DueSource::Release,
        DueSource::Parent,
    ];

    /// The number kept in the store.
    pub fn code(self) -> u8 {
        self as u8
    }

    /// The inverse of [`DueSource::code`]; an unknown number reads as the task's own.
    pub fn from_code(code: u8) -> DueSource {
        DueSource::ALL.get(usize::from(code)).copied().unwrap_or(DueSource::Item)
    }
}

/// A share from 0.0 to 1.0; cannot hold anything else.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Serialize, Deserialize)]
pub struct Share(f64);

impl Share {
    /// Clamped into 0.0 to 1.0; a value that is not a number reads as 0.
    pub fn new(value: f64) -> Share {
        // Adding zero turns the negative zero that an empty sum is into the one people write.
        Share(if value.is_nan() { 0.0 } else { value.clamp(0.0, 1.0) + 0.0 })
    }

    /// `part` of `whole`; 0 when the whole is 0.
    pub fn of(part: u32, whole: u32) -> Share {
        if whole == 0 { Share(0.0) } else { Share::new(f64::from(part) / f64::from(whole)) }
    }

    /// 0.0 to 1.0
    pub fn get(self) -> f64 {
        self.0
    }
}

/// Declared progress and what declares it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    /// How much is done.
    pub share: Share,
    /// What says so.
    pub source: ProgressSource,
    /// How many items it is counted from; 0 where it is not a count.
    pub items: u32,
}

/// What declares progress, most trusted first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProgressSource {
    /// A per cent field.
    Native,
    /// Ticked items of a checklist (at least 3 items).
    Checklist,
    /// Finished children (at least 2).
    Children,
    /// Booked time against booked and remaining.
    Time,
}

impl ProgressSource {
    const ALL: [ProgressSource; 4] =
        [ProgressSource::Native, ProgressSource::Checklist, ProgressSource::Children, ProgressSource::Time];

    /// The number kept in the store.
    pub fn code(self) -> u8 {
        self as u8
    }

    /// The inverse of [`ProgressSource::code`]; an unknown number reads as native.
    pub fn from_code(code: u8) -> ProgressSource {
        ProgressSource::ALL.get(usize::from(code)).copied().unwrap_or(ProgressSource::Native)
    }
}

/// One side of a link between two tasks.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Link {
    /// Seen from the task that carries it.
    pub kind: LinkKind,
    /// The other task.
    pub other: TaskRef,
}

/// What a link says, seen from the task that carries it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum LinkKind {
    /// This task waits for the other.
    BlockedBy,
    /// The other waits for this task.
    Blocks,
    /// No order between them.
    Relates,
    /// The same work.
    Duplicates,
    /// The text of this task names the other.
    Mentions,
}

impl LinkKind {
    const ALL: [LinkKind; 5] =
        [LinkKind::BlockedBy, LinkKind::Blocks, LinkKind::Relates, LinkKind::Duplicates, LinkKind::Mentions];

    /// The number kept in the store.
    pub fn code(self) -> u8 {
        self as u8
    }

    /// The inverse of [`LinkKind::code`]; an unknown number reads as a plain relation.
    pub fn from_code(code: u8) -> LinkKind {
        LinkKind::ALL.get(usize::from(code)).copied().unwrap_or(LinkKind::Relates)
    }
}

/// Which container, as an answer names it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ContainerRef {
    /// What it is.
    pub kind: ContainerKind,
    /// The tool's own stable id, unique on the site among its kind.
    pub ext: String,
}

/// A place tasks live in or are planned for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Container {
    /// What it is, and the tool's own stable id.
    pub at: ContainerRef,
    /// What people call it: `acme/web`, `Spring release`.
    pub name: String,
    /// What its connector needs to call it by, opaque to everybody else.
    pub handle: String,
    /// Its own end, which is a deadline of every task in it. `None`: it has none.
    pub due: Option<Due>,
    /// False once it is closed, archived or over.
    pub open: bool,
    /// Account of whom the tool names as answering for it ([`crate::Account::ext`]). `None`: nobody, or it has no such field.
    #[serde(default)]
    pub responsible: Option<String>,
}

/// What a container is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ContainerKind {
    /// Jira or Asana project.
    Project,
    /// Trello board.
    Board,
    /// GitHub repository.
    Repository,
    /// Milestone.
    Milestone,
    /// Sprint or iteration.
    Sprint,
    /// Version.
    Release,
}

impl ContainerKind {
    const ALL: [ContainerKind; 6] = [
        ContainerKind::Project,
        ContainerKind::Board,
        ContainerKind::Repository,
        ContainerKind::Milestone,
        ContainerKind::Sprint,
        ContainerKind::Release,
    ];

    /// The number kept in the store.
    pub fn code(self) -> u8 {
        self as u8
    }

    /// The inverse of [`ContainerKind::code`]; an unknown number reads as a project.
    pub fn from_code(code: u8) -> ContainerKind {
        ContainerKind::ALL.get(usize::from(code)).copied().unwrap_or(ContainerKind::Project)
    }

    /// The deadline source a container of this kind supplies to its tasks. `None`: its date is no deadline of theirs.
    pub fn due_source(self) -> Option<DueSource> {
        match self {
            ContainerKind::Sprint => Some(DueSource::Sprint),
            ContainerKind::Milestone => Some(DueSource::Milestone),
            ContainerKind::Release => Some(DueSource::Release),
            ContainerKind::Project | ContainerKind::Board | ContainerKind::Repository => None,
        }
    }
}

/// Why no rule looks at a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ineligible {
    /// In a backlog or icebox.
    Backlog,
    /// Template, separator, mirror, placeholder: not work.
    NotWork,
    /// Archived with its container.
    Archived,
    /// Outside the connection's filter.
    Filtered,
}

impl Ineligible {
    /// The number kept in the store; 0 stands for eligible.
    pub fn code(this: Option<Ineligible>) -> u8 {
        match this {
            None => 0,
            Some(Ineligible::Backlog) => 1,
            Some(Ineligible::NotWork) => 2,
            Some(Ineligible::Archived) => 3,
            Some(Ineligible::Filtered) => 4,
        }
    }

    /// The inverse of [`Ineligible::code`].
    pub fn from_code(code: u8) -> Option<Ineligible> {
        match code {
            1 => Some(Ineligible::Backlog),
            2 => Some(Ineligible::NotWork),
            3 => Some(Ineligible::Archived),
            4 => Some(Ineligible::Filtered),
            _ => None,
        }
    }
}
