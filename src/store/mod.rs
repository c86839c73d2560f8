//! Everything kept: coarse operations on plain values, each one transaction.
//!
//! Nobody outside this folder sees a row, a statement or a closure; a caller hands in a value and gets one back. What a
//! transaction holds together: a page with its cursor, a round with its notices and messages, an outcome with its next
//! attempt. Every board-visible commit raises `org.seq`, under the condition that `seq` and `epoch` are still those this
//! store was opened or last committed with: a process that is no longer the owner cannot write.

mod place;
mod sqlite;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use connector_kit::{Cursor, Page, StreamKey, StreamKind, StreamSpec, TaskLook, Values};
use connector_model::{Account, Field, Lack, SiteKey, StatusCategory};
use jiff::{SignedDuration, Timestamp};

use crate::domain::away::DateRange;
use crate::domain::calendar::Calendar;
use crate::domain::finding::GapId;
use crate::domain::ids::{AccountId, AlertId, ConnectionId, ContainerId, TaskId};
pub use crate::domain::names::TaskName;
use crate::domain::notice::{Address, Message, MessageState, Notice, NoticeState, Post};
use crate::domain::record::BoardDelta;

pub use place::refuse_network_fs;
pub use sqlite::{Reader, Store, facts_as_json};

/// Where the store is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StorePath {
    /// A file; its lock is beside it, `<file>.lock`.
    File(PathBuf),
    /// Memory, for the demo and tests.
    Memory,
}

/// Why the store could not do it: one variant for each thing the caller does next.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another process owns it: ask that one, or try again later.
    #[error("{} is in use by another process", path.display())]
    Locked {
        /// The store's file.
        path: PathBuf,
    },
    /// It cannot be used as it is (newer schema, no database, unreadable, library too old): the operator must act.
    #[error("{what}")]
    Unusable {
        /// What is wrong and what to do.
        what: String,
    },
    /// Another owner has written since: throw the board away and stop.
    #[error("the store has been taken over by another process")]
    TakenOver,
    /// The transaction failed or its outcome is doubtful: throw the board away and load it anew; what was due is still due.
    #[error("the store failed: {0}")]
    Failed(#[from] rusqlite::Error),
}

/// What the configuration says, as the store needs it.
#[derive(Debug, Clone)]
pub struct ConfigPlan {
    /// Every configured connection.
    pub connections: Vec<ConnectionPlan>,
    /// Every configured person.
    pub persons: Vec<PersonPlan>,
    /// Logins and app names that are no persons.
    pub bots: Vec<String>,
    /// Whether accounts are joined to persons by e-mail.
    pub match_by_email: bool,
    /// Person by handle.
    pub default_manager: Option<String>,
    /// Persons by handle.
    pub operators: Vec<String>,
    /// Hours and zone of everybody without their own.
    pub default_calendar: Arc<Calendar>,
    /// Whether the board holds what the tools call things, because a condition of the configuration reads it.
    pub words: bool,
    /// The three revisions, of rules, reading and selection.
    pub rules_rev: String,
    /// See `rules_rev`.
    pub read_rev: String,
    /// See `rules_rev`.
    pub select_rev: String,
}

/// A configured connection.
#[derive(Debug, Clone)]
pub struct ConnectionPlan {
    /// `github.acme`
    pub name: String,
    /// Scheme, host and port it is configured for: a new name for the same place is the same connection.
    pub origin: String,
    /// How often it is read.
    pub poll: SignedDuration,
    /// Its streams ([`connector_kit::Source::streams`]).
    pub streams: Vec<StreamSpec>,
    /// Fingerprint of what its answers are read with; another one: they are read again.
    pub reading: String,
    /// Fields whose history the tool does not keep: differences between two reads become observed changes.
    pub observed: &'static [Field],
    /// Lower-case labels that the configuration maps to a state, with that state; a change of one counts as activity.
    pub state_labels: Vec<(String, StatusCategory)>,
}

/// A configured person.
#[derive(Debug, Clone)]
pub struct PersonPlan {
    /// Name of the table.
    pub handle: String,
    /// As shown.
    pub name: String,
    /// E-mail.
    pub email: Option<String>,
    /// Handle of whoever leads.
    pub manager: Option<String>,
    /// Slack id.
    pub slack: Option<String>,
    /// Logins by tool: (`github`, `ana-k`).
    pub accounts: Vec<(String, String)>,
    /// Working hours and zone, without their absences.
    pub calendar: Arc<Calendar>,
    /// True: the zone is configured; false: what Slack says of it counts more.
    pub zone_stated: bool,
    /// Days on which they are away, by the configuration.
    pub away: Vec<DateRange>,
    /// Handle of whoever hears in their place while they are away.
    pub deputy: Option<String>,
    /// True: a team, not somebody.
    pub team: bool,
}

/// What Slack says of a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProfileSeen {
    /// Name of the person's table.
    pub handle: String,
    /// Slack id. `None`: nobody who may be told, any more or ever.
    pub slack: Option<String>,
    /// IANA name of the time zone. `None`: not told.
    pub zone: Option<String>,
}

/// What taking up a configuration changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigApplied {
    /// Row of each connection, by name.
    pub connections: HashMap<String, ConnectionId>,
    /// True when the rules' revision differs from the stored one: what a judgement finds newly is backlog.
    pub rules_changed: bool,
    /// True for the very first configuration of this store.
    pub first: bool,
}

/// A stream with where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamRow {
    /// Whose.
    pub connection: ConnectionId,
    /// Its container's row; 0 for a stream of the whole connection.
    pub scope_id: ContainerId,
    /// What to pull.
    pub key: StreamKey,
    /// From where.
    pub cursor: Cursor,
    /// When it is due.
    pub next_pull_at: Timestamp,
    /// A wait the tool asked for; obeyed even by `--once`. `None`: none.
    pub not_before: Option<Timestamp>,
    /// Failed passes in a row.
    pub failures: u32,
    /// Its first pass is over, and none is under way.
    pub rests: bool,
}

impl StreamRow {
    /// Stands for the stream of a connection that counts, where no stream was pulled.
    fn of_census(connection: ConnectionId) -> StreamRow {
        StreamRow {
            connection,
            scope_id: ContainerId(0),
            key: StreamKey { kind: StreamKind::Census, scope: None },
            cursor: Cursor::default(),
            next_pull_at: Timestamp::MIN,
            rests: true,
            not_before: None,
            failures: 0,
        }
    }
}

/// An open task that a complete census did not show, due to be asked for directly.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suspect {
    /// Who reads it.
    pub connection: ConnectionId,
    /// Which.
    pub task: TaskId,
    /// Its connector's handle.
    pub handle: String,
    /// What people call it.
    pub key: String,
}

/// What a direct look at a suspect said.
pub struct LookWrite<'a> {
    /// Which.
    pub suspect: &'a Suspect,
    /// The answer. `None`: it could not be asked for.
    pub look: Option<&'a TaskLook>,
    /// When to ask again, where it could not be asked for.
    pub again_at: Timestamp,
    /// Now.
    pub now: Timestamp,
}

/// What storing a direct look did.
#[derive(Debug, Default)]
pub struct Looked {
    /// What the board must learn.
    pub delta: BoardDelta,
    /// True: two rows became one; the board is to be loaded anew instead.
    pub reload: bool,
}

/// A page to be stored.
pub struct PageWrite<'a> {
    /// Which stream brought it.
    pub stream: &'a StreamRow,
    /// The page.
    pub page: &'a Page,
    /// Now.
    pub now: Timestamp,
}

/// What storing a page did.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PageApplied {
    /// What the board must learn.
    pub delta: BoardDelta,
    /// Tasks written for the first time.
    pub new: u32,
    /// Tasks written because they differed.
    pub changed: u32,
    /// Tasks that were as they had been: no row was written.
    pub same: u32,
    /// History entries written.
    pub changes: u32,
    /// True: who is away when is part of many readings; the board is to be loaded anew.
    pub reload: bool,
}

/// A pull that failed.
#[derive(Debug, Clone)]
pub struct PullFailure<'a> {
    /// Which stream.
    pub stream: &'a StreamRow,
    /// What kind of failure.
    pub kind: FailureKind,
    /// Why, without secrets.
    pub because: String,
    /// When to try again.
    pub next_pull_at: Timestamp,
    /// A wait the tool asked for.
    pub not_before: Option<Timestamp>,
    /// Now.
    pub now: Timestamp,
}

/// What a failed pull means for everything that is not this stream. Of an attempt to send, the later one here counts more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FailureKind {
    /// A service did not answer, or not in a form we know.
    Unavailable,
    /// Asked to wait.
    Limited,
    /// Credential refused.
    Refused,
    /// Not allowed here; elsewhere the credential is good.
    Forbidden,
    /// Not there, or not to be seen.
    NotVisible,
    /// It cannot work as it is configured: nothing is asked before somebody has changed that.
    Misconfigured,
}

impl FailureKind {
    /// Whether it is the connection as a whole that has to wait for somebody.
    pub fn is_of_connection(self) -> bool {
        matches!(self, FailureKind::Refused | FailureKind::Misconfigured)
    }

    /// As kept in the store.
    pub fn word(self) -> &'static str {
        match self {
            FailureKind::Unavailable => "unavailable",
            FailureKind::Limited => "limited",
            FailureKind::Refused => "refused",
            FailureKind::Forbidden => "forbidden",
            FailureKind::NotVisible => "not_visible",
            FailureKind::Misconfigured => "misconfigured",
        }
    }

    /// The inverse of [`FailureKind::word`]; anything else reads as unavailable.
    pub fn from_word(word: &str) -> FailureKind {
        match word {
            "limited" => FailureKind::Limited,
            "refused" => FailureKind::Refused,
            "forbidden" => FailureKind::Forbidden,
            "not_visible" => FailureKind::NotVisible,
            "misconfigured" => FailureKind::Misconfigured,
            _ => FailureKind::Unavailable,
        }
    }
}

/// How a connection stands, for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectionState {
    /// Row.
    pub id: ConnectionId,
    /// `github.acme`
    pub name: String,
    /// Last good complete pass over all its containers. `None`: never yet.
    pub last_success_at: Option<Timestamp>,
    /// The worst present failure of its streams. `None`: the last pass of each was good.
    pub failure: Option<(FailureKind, String)>,
    /// Containers that are still being read for the first time.
    pub cold: u32,
    /// Containers in all.
    pub containers: u32,
    /// Open and closed tasks in the mirror.
    pub tasks: u64,
    /// What it does not tell, though its tool could.
    pub lacks: Vec<LackSeen>,
}

/// Something that a connection does not tell, for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LackSeen {
    /// What, and why.
    pub lack: Lack,
    /// Since when that is known.
    pub since: Timestamp,
    /// The repositories, projects or boards of which it is true. Empty: all that the connection reads.
    pub parts: Vec<String>,
}

/// Parts that are named before the rest is only counted.
const MOST_NAMED: usize = 5;

impl LackSeen {
    /// In words: `no blocking links: the plan has none`, `progress only in part in Web: …`.
    pub fn words(&self) -> String {
        let named = self.parts.iter().take(MOST_NAMED).cloned().collect::<Vec<_>>().join(", ");
        let place = match (self.parts.len(), self.parts.len().saturating_sub(MOST_NAMED)) {
            (0, _) => String::new(),
            (_, 0) => format!(" in {named}"),
            (_, more) => format!(" in {named} and {more} more"),
        };
        let Lack { need, whole, because } = &self.lack;
        match whole {
            true => format!("no {}{place}: {because}", need.word()),
            false => format!("{} only in part{place}: {because}", need.word()),
        }
    }
}

/// Who and where a connection turned out to be.
#[derive(Debug, Clone)]
pub struct SiteSeen<'a> {
    /// Which connection.
    pub connection: ConnectionId,
    /// The site.
    pub site: &'a SiteKey,
    /// The account its credential writes as.
    pub account: Option<&'a Account>,
}

/// A row of the log of words: what was said, held back or taken back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoticeRow {
    /// Gap id.
    pub gap: String,
    /// `opened`, `worsened`, `escalated`, `resolved`
    pub reason: String,
    /// Whom.
    pub account: AccountId,
    /// Where to.
    pub address: Address,
    /// Where the notice stands.
    pub state: NoticeState,
    /// Where its message stands. `None`: it has none.
    pub message: Option<MessageState>,
    /// Why not, in words.
    pub why: Option<String>,
    /// When its message is due.
    pub due_at: Option<Timestamp>,
    /// Since when its message is held back for being one of too many. `None`: it is not.
    pub held_since: Option<Timestamp>,
    /// When it was decided.
    pub decided_at: Timestamp,
    /// When the channel confirmed it.
    pub told_at: Option<Timestamp>,
    /// The task it is about. `None`: not about a task.
    pub task: Option<TaskId>,
}

/// That something was held back, or no longer was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WithheldRow {
    /// Of which gap.
    pub alert: AlertId,
    /// Since when.
    pub at: Timestamp,
    /// Why, in a word.
    pub because: String,
}

/// Which rows of the log of words are meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoticeFilter {
    /// All.
    All,
    /// About one task.
    Task(TaskId),
    /// About one gap.
    Gap(GapId),
    /// About gapwatch itself.
    Itself,
    /// To one of these accounts.
    Accounts(Vec<AccountId>),
}

/// What a board says of a task.
#[derive(Debug, Clone, PartialEq)]
pub struct BoardSaid {
    /// The board: `acme/7`.
    pub source: String,
    /// When its entry was last changed.
    pub at: Timestamp,
    /// What it says.
    pub values: Values,
}

/// How many tasks of a container are in the mirror.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TaskCount {
    /// Which.
    pub container: ContainerId,
    /// Open ones.
    pub open: u64,
    /// Closed ones.
    pub closed: u64,
}

/// The version of SQLite that is built in.
pub fn sqlite_version() -> &'static str {
    rusqlite::version()
}

/// How reading one stream goes, for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamState {
    /// `github.acme`
    pub connection: String,
    /// What it brings.
    pub kind: StreamKind,
    /// The container it is read for. `None`: the whole connection.
    pub part: Option<String>,
    /// When it is read next.
    pub next_pull_at: Timestamp,
    /// End of the last good pass. `None`: never yet.
    pub good_at: Option<Timestamp>,
    /// Failed passes in a row.
    pub failures: u32,
    /// Since when it fails, how, and why. `None`: its last pass was good.
    pub failure: Option<(Timestamp, FailureKind, String)>,
    /// True: the tool does not let us read this history.
    pub absent: bool,
    /// False until the first complete pass is over.
    pub backfilled: bool,
}

/// What Slack said of a configured person. `None`: nothing yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonSeen {
    /// Name of the person's table.
    pub handle: String,
    /// Slack id.
    pub slack: Option<String>,
    /// IANA name of the time zone.
    pub zone: Option<String>,
}

/// A message or an event that was given up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GivenUp {
    /// `m12` a message, `e12` an event for a webhook.
    pub id: String,
    /// `slack`, `email`, `comment`, or `webhooks.NAME`.
    pub to: String,
    /// `opened`, `worsened`, `escalated` or `resolved`; empty where nothing is told by it.
    pub reason: String,
    /// Gap ids.
    pub gaps: Vec<String>,
    /// When it was decided.
    pub made_at: Timestamp,
    /// When it was given up, or last tried.
    pub given_up_at: Timestamp,
    /// How often it was tried.
    pub attempts: u32,
    /// Why, without secrets.
    pub because: String,
}

/// A message that was given up, whole.
#[derive(Debug, Clone, PartialEq)]
pub struct GivenUpMessage {
    /// The message.
    pub message: Message,
    /// What it carried that no channel took.
    pub notices: Vec<Notice>,
    /// The post it belongs to.
    pub post: Option<Post>,
}

/// A webhook whose receiver wants no more events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DisabledHook {
    /// Name of its table.
    pub name: String,
    /// A short text that stands for the address that said so.
    pub address: String,
    /// When.
    pub disabled_at: Timestamp,
    /// Why, without secrets.
    pub because: String,
}
