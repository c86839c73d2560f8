//! What Jira holds: people, projects, issues with their history, comments, sprints and versions. One world, seen through
//! both editions.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::{Map, Value};

pub use crate::github::WriteKind;

/// Which edition answers, and in which form it writes text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Edition {
    Cloud,
    Server,
}

#[derive(Debug, Clone)]
pub(crate) struct User {
    /// Lower case.
    pub(crate) login: String,
    pub(crate) name: String,
    pub(crate) email: String,
    pub(crate) account_id: String,
    pub(crate) key: String,
    pub(crate) active: bool,
    pub(crate) email_hidden: bool,
    pub(crate) zone: String,
    /// `atlassian`, `app` or `customer`.
    pub(crate) kind: &'static str,
}

#[derive(Debug, Clone)]
pub(crate) struct Project {
    pub(crate) id: u64,
    pub(crate) key: String,
    pub(crate) name: String,
    pub(crate) service: bool,
    pub(crate) archived: bool,
    pub(crate) hidden: bool,
    pub(crate) comments_denied: bool,
    pub(crate) edits_denied: bool,
    pub(crate) lead: Option<String>,
    pub(crate) next_number: u64,
    pub(crate) last_update: Option<Timestamp>,
}

#[derive(Debug, Clone)]
pub(crate) struct Status {
    pub(crate) id: u64,
    pub(crate) name: String,
    /// `new`, `indeterminate`, `done` or `undefined`.
    pub(crate) category: String,
}

/// A name with an id: a priority, a resolution, a kind of issue.
#[derive(Debug, Clone)]
pub(crate) struct Named {
    pub(crate) id: u64,
    pub(crate) name: String,
}

#[derive(Debug, Clone)]
pub(crate) struct Kind {
    pub(crate) id: u64,
    pub(crate) name: String,
    /// -1 sub-task, 0, 1 epic.
    pub(crate) level: i8,
}

#[derive(Debug, Clone)]
pub(crate) struct LinkType {
    pub(crate) id: u64,
    pub(crate) name: String,
    pub(crate) inward: String,
    pub(crate) outward: String,
}

/// `from` does what the type's outward words say to `to`.
#[derive(Debug, Clone)]
pub(crate) struct Link {
    pub(crate) id: u64,
    pub(crate) kind: u64,
    pub(crate) from: u64,
    pub(crate) to: u64,
}

#[derive(Debug, Clone)]
pub(crate) struct Version {
    pub(crate) id: u64,
    pub(crate) project: u64,
    pub(crate) name: String,
    pub(crate) release_date: Option<Date>,
    pub(crate) released: bool,
    pub(crate) archived: bool,
}

#[derive(Debug, Clone)]
pub(crate) struct Board {
    pub(crate) id: u64,
    pub(crate) name: String,
    pub(crate) scrum: bool,
    pub(crate) project: u64,
}

#[derive(Debug, Clone)]
pub(crate) struct Sprint {
    pub(crate) id: u64,
    pub(crate) board: u64,
    pub(crate) name: String,
    /// `future`, `active` or `closed`.
    pub(crate) state: &'static str,
    pub(crate) start: Option<Timestamp>,
    pub(crate) end: Option<Timestamp>,
    pub(crate) completed: Option<Timestamp>,
}

/// One field that changed. People stand in it by login, and are told by each edition in its own way.
#[derive(Debug, Clone)]
pub(crate) struct Item {
    /// `status`, `duedate`, `Sprint`: as it is shown.
    pub(crate) field: String,
    pub(crate) custom: bool,
    pub(crate) from: Option<String>,
    pub(crate) from_text: Option<String>,
    pub(crate) to: Option<String>,
    pub(crate) to_text: Option<String>,
}

#[derive(Debug, Clone)]
pub(crate) struct History {
    pub(crate) id: u64,
    /// `None`: automation, or somebody who was deleted.
    pub(crate) author: Option<String>,
    pub(crate) at: Timestamp,
    pub(crate) items: Vec<Item>,
}

/// A text as it was written.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Text {
    Adf(Value),
    Wiki(String),
}

#[derive(Debug, Clone)]
pub(crate) struct Comment {
    pub(crate) id: u64,
    pub(crate) author: Option<String>,
    pub(crate) editor: Option<String>,
    pub(crate) body: Text,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
    pub(crate) properties: BTreeMap<String, Value>,
    pub(crate) visibility: Option<Value>,
    pub(crate) edits: u32,
    pub(crate) notified: u32,
}

impl Comment {
    /// Kept from the customer, in a service project.
    pub(crate) fn internal(&self) -> bool {
        self.properties.get("sd.public.comment").is_some_and(|value| value["internal"] == true)
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Worklog {
    pub(crate) id: u64,
    pub(crate) author: String,
    pub(crate) at: Timestamp,
    pub(crate) secs: u64,
}

#[derive(Debug, Clone)]
pub(crate) struct Issue {
    pub(crate) id: u64,
    pub(crate) key: String,
    pub(crate) project: u64,
    pub(crate) kind: u64,
    pub(crate) title: String,
    pub(crate) description: Option<String>,
    pub(crate) status: u64,
    pub(crate) category_since: Timestamp,
    pub(crate) resolution: Option<u64>,
    pub(crate) resolved_at: Option<Timestamp>,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
    pub(crate) due: Option<Date>,
    pub(crate) priority: Option<u64>,
    pub(crate) labels: Vec<String>,
    pub(crate) components: Vec<Named>,
    pub(crate) assignee: Option<String>,
    pub(crate) reporter: Option<String>,
    pub(crate) creator: Option<String>,
    pub(crate) parent: Option<u64>,
    pub(crate) sprints: Vec<u64>,
    pub(crate) versions: Vec<u64>,
    pub(crate) estimate: Option<u64>,
    pub(crate) remaining: Option<u64>,
    pub(crate) spent: Option<u64>,
    pub(crate) flagged: bool,
    pub(crate) secured: bool,
    /// Values of further custom fields, by the field's number.
    pub(crate) custom: BTreeMap<u64, Value>,
    pub(crate) histories: Vec<History>,
    pub(crate) comments: Vec<Comment>,
    pub(crate) worklogs: Vec<Worklog>,
    pub(crate) watchers: BTreeSet<String>,
    /// No more comments are taken.
    pub(crate) full: bool,
}

/// A field of the site's own.
#[derive(Debug, Clone)]
pub(crate) struct CustomField {
    pub(crate) number: u64,
    pub(crate) name: String,
    /// `schema.custom`
    pub(crate) custom: &'static str,
    /// `schema.type`, and of its items.
    pub(crate) kind: &'static str,
    pub(crate) items: Option<&'static str>,
    /// Only in this project, as a team-managed project's own.
    pub(crate) scope: Option<u64>,
}

/// A credential, and whose it is.
#[derive(Debug, Clone)]
pub(crate) struct Credential {
    pub(crate) kind: CredentialKind,
    /// E-mail address, or login; empty for a bearer token alone.
    pub(crate) name: String,
    pub(crate) secret: String,
    pub(crate) login: String,
    pub(crate) expired: bool,
    /// Parts of paths that its scopes do not cover.
    pub(crate) lacks: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CredentialKind {
    Unscoped,
    Scoped,
    Pat,
    Password,
}

/// Switches a test sets.
#[derive(Debug)]
pub(crate) struct Settings {
    /// Empty: any credential is taken, as `default_user`'s.
    pub(crate) credentials: Vec<Credential>,
    pub(crate) default_user: String,
    /// Logins that have to solve a riddle in the browser first.
    pub(crate) captcha: BTreeSet<String>,
    pub(crate) bad_logins: HashMap<String, u32>,
    pub(crate) html_login: bool,
    /// Search shows a change so many seconds late.
    pub(crate) lag: u64,
    /// With dice, up to so many seconds late, each change by its own, and not always once it was shown.
    pub(crate) dice: Option<u64>,
    /// What the server gives at most in a page of a search.
    pub(crate) page_cap: usize,
    /// The token of a next page leads to the page it stands on.
    pub(crate) repeats_token: bool,
    pub(crate) comments_embedded: usize,
    pub(crate) write_limit: bool,
    pub(crate) linking: bool,
    pub(crate) worker_hours: u64,
    /// Tokens a second and at most, of the bucket of a Data Center's user. `None`: no limit.
    pub(crate) bucket: Option<(u64, u64)>,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            credentials: Vec::new(),
            default_user: "gapwatch".to_owned(),
            captcha: BTreeSet::new(),
            bad_logins: HashMap::new(),
            html_login: false,
            lag: 0,
            dice: None,
            page_cap: 1000,
            repeats_token: false,
            comments_embedded: 100,
            write_limit: false,
            linking: true,
            worker_hours: 8,
            bucket: None,
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
    /// The issue's key at that time.
    pub key: String,
    /// The comment's id.
    pub comment: String,
    /// Login of the credential's account.
    pub author: String,
    /// The text as sent: a document of Cloud, or a string of wiki text; for a deletion the text that was deleted.
    pub body: Value,
    /// Whether people were told.
    pub notified: bool,
}

/// A comment as it stands now.
#[derive(Debug, Clone, PartialEq)]
pub struct CommentSeen {
    /// Its id.
    pub id: String,
    /// Login of its author; empty if it has none.
    pub author: String,
    /// Its text as it was written: a document of Cloud, or a string of wiki text.
    pub body: Value,
    /// What programs keep with it.
    pub properties: BTreeMap<String, Value>,
    /// Whether the customer of a service project is kept from it.
    pub internal: bool,
    /// How often it was edited.
    pub edits: u32,
    /// How often people were told of it.
    pub notified: u32,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last edited.
    pub updated_at: Timestamp,
}

/// An issue as it stands now, as far as tests ask.
#[derive(Debug, Clone, PartialEq)]
pub struct IssueSeen {
    /// Its numeric id, as text.
    pub id: String,
    /// Its key.
    pub key: String,
    /// Its title.
    pub title: String,
    /// Its text; empty if it has none.
    pub description: String,
    /// Name of its status.
    pub status: String,
    /// Category of its status.
    pub category: String,
    /// Login.
    pub assignee: Option<String>,
    /// Its due date.
    pub due: Option<Date>,
    /// Last change, as Jira tells it.
    pub updated_at: Timestamp,
}

/// An issue about to be made: `IssueDraft { due: …, ..IssueDraft::new("Title") }`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct IssueDraft {
    /// Its title.
    pub title: String,
    /// `Task`, `Story`, `Bug`, `Epic`, `Sub-task`; empty: a task. An unknown one is made.
    pub kind: String,
    /// Its text; a line that begins with `- [ ] ` or `- [x] ` is an action item on Cloud.
    pub description: Option<String>,
    /// Name of its first status; `To Do` if it is not said.
    pub status: Option<String>,
    /// Login.
    pub assignee: Option<String>,
    /// Login; `max` if nobody is named.
    pub reporter: Option<String>,
    /// Due date.
    pub due: Option<Date>,
    /// Start date, in the site's field of that name.
    pub start: Option<Date>,
    /// Key of the issue it is a sub-task of, or of its epic.
    pub parent: Option<String>,
    /// Key of its epic; the same as `parent` on Cloud.
    pub epic: Option<String>,
    /// Its labels.
    pub labels: Vec<String>,
    /// Name of its priority; `Medium` if it is not said.
    pub priority: Option<String>,
    /// Story points.
    pub story_points: Option<f64>,
    /// Original estimate, in seconds.
    pub original_estimate_secs: Option<u64>,
    /// Names of its fix versions, made if they are new.
    pub versions: Vec<String>,
    /// When; now if it is not said.
    pub created: Option<Timestamp>,
}

impl IssueDraft {
    /// A task with a title, and nothing else.
    pub fn new(title: &str) -> IssueDraft {
        IssueDraft { title: title.to_owned(), ..IssueDraft::default() }
    }
}

/// What a recording holds of one issue: all of it, and how it was at the end.
pub(crate) type Originals = Vec<Issue>;

/// An object out of pairs.
pub(crate) fn object<const N: usize>(pairs: [(&str, Value); N]) -> Map<String, Value> {
    pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}
