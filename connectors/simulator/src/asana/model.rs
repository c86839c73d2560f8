//! What Asana holds: people, projects with their sections and fields, tasks with their stories.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::civil::Date;

use super::show::Node;

pub use crate::github::WriteKind;

#[derive(Debug, Clone)]
pub(crate) struct User {
    pub(crate) gid: u64,
    /// Lower case; no word of Asana's.
    pub(crate) login: String,
    pub(crate) name: String,
    pub(crate) email: String,
    pub(crate) email_hidden: bool,
    pub(crate) active: bool,
    pub(crate) guest: bool,
    /// Entries of absence: gid, first and last day.
    pub(crate) away: Vec<(u64, Date, Date)>,
}

/// A name with a gid: a workspace, a team, a tag.
#[derive(Debug, Clone)]
pub(crate) struct Named {
    pub(crate) gid: u64,
    pub(crate) name: String,
}

#[derive(Debug, Clone)]
pub(crate) struct Section {
    pub(crate) gid: u64,
    pub(crate) project: u64,
    pub(crate) name: String,
    pub(crate) created_at: Timestamp,
}

#[derive(Debug, Clone)]
pub(crate) struct StatusUpdate {
    pub(crate) gid: u64,
    pub(crate) title: String,
    /// `on_track`, `at_risk` …
    pub(crate) status: String,
    pub(crate) author: u64,
    pub(crate) at: Timestamp,
}

#[derive(Debug, Clone)]
pub(crate) struct Project {
    pub(crate) gid: u64,
    pub(crate) workspace: u64,
    pub(crate) team: Option<u64>,
    pub(crate) name: String,
    pub(crate) owner: Option<u64>,
    pub(crate) archived: bool,
    pub(crate) completed: bool,
    pub(crate) hidden: bool,
    pub(crate) comments_denied: bool,
    pub(crate) start_on: Option<Date>,
    pub(crate) due_on: Option<Date>,
    pub(crate) created_at: Timestamp,
    pub(crate) modified_at: Timestamp,
    pub(crate) updates: Vec<StatusUpdate>,
}

/// One choice of a field.
#[derive(Debug, Clone)]
pub(crate) struct Choice {
    pub(crate) gid: u64,
    pub(crate) name: String,
    pub(crate) enabled: bool,
}

#[derive(Debug, Clone)]
pub(crate) struct CustomField {
    pub(crate) gid: u64,
    pub(crate) draft: FieldDraft,
    pub(crate) choices: Vec<Choice>,
    /// Projects that have it. Empty: all.
    pub(crate) projects: Vec<u64>,
}

/// A field about to be made: `FieldDraft { format: "percentage", ..FieldDraft::number("Progress") }`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FieldDraft {
    /// Its name, in any language.
    pub name: String,
    /// `text`, `enum`, `multi_enum`, `number`, `date` or `people`.
    pub kind: &'static str,
    /// Of a number: `none`, `percentage` (0.25 is 25 %), `duration` (minutes), `currency` …; empty: `none`.
    pub format: &'static str,
    /// Of a number: decimals that are shown.
    pub precision: u8,
    /// `progress`, `priority`, `estimated_time` …, where it was made from one of Asana's own templates.
    pub created_from: Option<String>,
    /// Choices of an `enum` or `multi_enum`.
    pub choices: Vec<String>,
    /// Names or gids of the projects that have it. Empty: all.
    pub projects: Vec<String>,
    /// It does not apply here, and keeps the values it had: `enabled` is false.
    pub disabled: bool,
    /// Its value is computed.
    pub formula: bool,
}

impl FieldDraft {
    /// A field for numbers.
    pub fn number(name: &str) -> FieldDraft {
        FieldDraft { name: name.to_owned(), kind: "number", ..FieldDraft::default() }
    }

    /// A field for one of several choices.
    pub fn choice(name: &str, choices: &[&str]) -> FieldDraft {
        let choices = choices.iter().map(|&choice| choice.to_owned()).collect();
        FieldDraft { name: name.to_owned(), kind: "enum", choices, ..FieldDraft::default() }
    }

    /// A field of another kind.
    pub fn of(kind: &'static str, name: &str) -> FieldDraft {
        FieldDraft { name: name.to_owned(), kind, ..FieldDraft::default() }
    }
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum FieldValue {
    Text(String),
    Number(f64),
    Choice(u64),
    Choices(Vec<u64>),
    Day(Date),
    People(Vec<u64>),
}

#[derive(Debug, Clone)]
pub(crate) struct Story {
    pub(crate) gid: u64,
    pub(crate) at: Timestamp,
    /// `None`: a rule or an integration.
    pub(crate) by: Option<u64>,
    /// `comment_added`, `assigned` …
    pub(crate) subtype: String,
    pub(crate) text: String,
    pub(crate) html: Option<String>,
    /// `api`, `web` …
    pub(crate) source: &'static str,
    pub(crate) edits: u32,
    pub(crate) pinned: bool,
    /// How often people were told of it.
    pub(crate) notified: u32,
    /// What only stories of this subtype have.
    pub(crate) more: Vec<(&'static str, Node)>,
}

impl Story {
    pub(crate) fn is_comment(&self) -> bool {
        self.subtype == "comment_added"
    }
}

#[derive(Debug, Clone)]
pub(crate) struct TimeEntry {
    pub(crate) gid: u64,
    pub(crate) by: u64,
    pub(crate) minutes: u64,
    pub(crate) on: Date,
}

#[derive(Debug, Clone)]
pub(crate) struct Task {
    pub(crate) gid: u64,
    pub(crate) workspace: u64,
    pub(crate) name: String,
    pub(crate) notes: String,
    /// `default_task`, `milestone` or `approval`.
    pub(crate) kind: &'static str,
    /// Of an approval alone.
    pub(crate) approval: Option<String>,
    pub(crate) completed: bool,
    pub(crate) completed_at: Option<Timestamp>,
    pub(crate) completed_by: Option<u64>,
    pub(crate) created_at: Timestamp,
    pub(crate) created_by: Option<u64>,
    pub(crate) modified_at: Timestamp,
    pub(crate) assignee: Option<u64>,
    pub(crate) assigned_by: Option<u64>,
    pub(crate) due_on: Option<Date>,
    pub(crate) due_at: Option<Timestamp>,
    pub(crate) start_on: Option<Date>,
    pub(crate) parent: Option<u64>,
    /// Project and section, for each project it is in.
    pub(crate) memberships: Vec<(u64, u64)>,
    /// Tasks that this one waits for.
    pub(crate) dependencies: Vec<u64>,
    pub(crate) tags: Vec<u64>,
    pub(crate) followers: BTreeSet<u64>,
    pub(crate) values: BTreeMap<u64, FieldValue>,
    pub(crate) stories: Vec<Story>,
    pub(crate) entries: Vec<TimeEntry>,
    pub(crate) separator: bool,
    pub(crate) deleted: bool,
    pub(crate) private: bool,
}

/// One thing that happened, for those who poll.
#[derive(Debug, Clone)]
pub(crate) struct Event {
    /// When polls show it.
    pub(crate) visible_at: Timestamp,
    pub(crate) at: Timestamp,
    /// Tasks and projects whose feeds hold it.
    pub(crate) feeds: Vec<u64>,
    pub(crate) user: Option<u64>,
    pub(crate) action: &'static str,
    pub(crate) resource: Node,
    pub(crate) kind: &'static str,
    pub(crate) parent: Option<Node>,
    pub(crate) change: Option<Node>,
}

/// A token, and whose it is.
#[derive(Debug, Clone)]
pub(crate) struct Credential {
    pub(crate) token: String,
    pub(crate) login: String,
    pub(crate) revoked: bool,
    /// An administrator does not let it in: 403.
    pub(crate) blocked: bool,
    /// Scopes it lacks: `projects:read`.
    pub(crate) lacks: BTreeSet<String>,
}

/// Switches a test sets.
#[derive(Debug)]
pub(crate) struct Settings {
    /// Empty: any token is taken, as `default_user`'s.
    pub(crate) credentials: Vec<Credential>,
    pub(crate) default_user: String,
    /// The plan that costs nothing.
    pub(crate) free: bool,
    /// A paid field among `opt_fields` is refused as a paid path is.
    pub(crate) refuses_paid_fields: bool,
    /// Requests a minute and token. `None`: no limit.
    pub(crate) per_minute: Option<usize>,
    /// Objects a minute and token. `None`: no limit.
    pub(crate) objects_per_minute: Option<u64>,
    /// Feeds show an event so many seconds late.
    pub(crate) event_lag: u64,
    /// Search shows a change so many seconds late.
    pub(crate) search_lag: u64,
    /// So many of the next events are never shown.
    pub(crate) events_lost: usize,
    /// A move to another section leaves `modified_at` alone.
    pub(crate) quiet_moves: bool,
    /// What is hidden answers 403 rather than 404.
    pub(crate) forbids: bool,
    /// Lists without `limit` are cut rather than refused when they are too long.
    pub(crate) cuts_unpaged: bool,
    pub(crate) offset_secs: i64,
    pub(crate) deprecation: Option<String>,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            credentials: Vec::new(),
            default_user: "gapwatch".to_owned(),
            free: false,
            refuses_paid_fields: true,
            per_minute: None,
            objects_per_minute: None,
            event_lag: 0,
            search_lag: 0,
            events_lost: 0,
            quiet_moves: true,
            forbids: false,
            cuts_unpaged: false,
            offset_secs: 3600,
            deprecation: None,
        }
    }
}

/// One write that came over the wire, kept even when its comment is gone.
#[derive(Debug, Clone, PartialEq)]
pub struct Write {
    /// When, in the simulated world.
    pub at: Timestamp,
    /// What was done.
    pub kind: WriteKind,
    /// The task's gid.
    pub task: String,
    /// The story's gid.
    pub story: String,
    /// Login of the token's account.
    pub author: String,
    /// The text as sent: rich text as XML, or plain text; for a deletion the text that was deleted.
    pub body: String,
    /// Whether people were told.
    pub notified: bool,
}

/// A comment as it stands now.
#[derive(Debug, Clone, PartialEq)]
pub struct CommentSeen {
    /// Its gid.
    pub gid: String,
    /// Login of its author; empty if it has none.
    pub author: String,
    /// As plain text.
    pub text: String,
    /// As Asana keeps it, mentions written out.
    pub html: String,
    /// How often it was edited.
    pub edits: u32,
    /// Whether it is pinned to the top of the task.
    pub pinned: bool,
    /// How often people were told of it.
    pub notified: u32,
    /// When it was made.
    pub created_at: Timestamp,
}

/// A task as it stands now, as far as tests ask.
#[derive(Debug, Clone, PartialEq)]
pub struct TaskSeen {
    /// Its gid.
    pub gid: String,
    /// Its name.
    pub name: String,
    /// Its text; empty if it has none.
    pub notes: String,
    /// `default_task`, `milestone` or `approval`.
    pub kind: String,
    /// Whether it is ticked off.
    pub completed: bool,
    /// Login.
    pub assignee: Option<String>,
    /// Its due date.
    pub due: Option<Date>,
    /// Its due moment, where it has one.
    pub due_at: Option<Timestamp>,
    /// Gid of the task it is a part of.
    pub parent: Option<String>,
    /// Names of its projects and sections.
    pub sections: Vec<(String, String)>,
    /// Whether somebody threw it away.
    pub deleted: bool,
    /// Last change, as Asana tells it.
    pub modified_at: Timestamp,
}

/// A task about to be made: `TaskDraft { due: …, ..TaskDraft::new("Name") }`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TaskDraft {
    /// Its name.
    pub name: String,
    /// `milestone` or `approval`; empty: a task.
    pub kind: &'static str,
    /// Its text.
    pub notes: Option<String>,
    /// Name of its section; the first one of the project if it is not said. An unknown one is made.
    pub section: Option<String>,
    /// Login.
    pub assignee: Option<String>,
    /// Login; `max` if nobody is named.
    pub creator: Option<String>,
    /// Due date.
    pub due: Option<Date>,
    /// Due moment; its day in UTC becomes the due date unless that is said.
    pub due_at: Option<Timestamp>,
    /// Start date, which Asana keeps only beside a due date.
    pub start: Option<Date>,
    /// Names of its tags.
    pub tags: Vec<String>,
    /// A heading among subtasks, no work.
    pub separator: bool,
    /// When; now if it is not said.
    pub created: Option<Timestamp>,
}

impl TaskDraft {
    /// A task with a name, and nothing else.
    pub fn new(name: &str) -> TaskDraft {
        TaskDraft { name: name.to_owned(), ..TaskDraft::default() }
    }
}
