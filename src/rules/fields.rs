//! The fields of a task that rules read, by name, each with how it is read: what `rules fields` lists and shows of a task.
//!
//! Each is read through [`Look`], as a rule would: what cannot be relied on now is not shown as if it could, and what grows
//! with time grows in whole steps, each of which is an instant to look again.

use connector_model::Need;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::domain::finding::Why;
use crate::domain::ids::AccountId;
use crate::domain::look::{Look, Reads};
use crate::domain::people::People;
use crate::domain::record::{ConnectionRec, TaskWords};
use crate::domain::row::TaskRow;
use crate::domain::row::Told;

/// One field.
pub struct Field {
    /// `task.progress`
    pub name: &'static str,
    /// What kind of value it is.
    pub kind: Kind,
    /// What it means.
    pub what: &'static str,
    /// What is looked at for it besides the task.
    pub reads: Reads,
    /// Whether it is told at any time and changes with the task alone: what an override may ask for.
    pub steady: bool,
    read: fn(&Reader<'_, '_>) -> Result<Value, Why>,
}

impl Field {
    /// What has to be told for its value to mean anything. `None`: the task itself tells it.
    pub fn need(&self) -> Option<Need> {
        Some(match self.name.strip_prefix("task.")? {
            "owners" | "first_owner_at" => Need::Owner,
            "due" | "due_from" | "due_at" | "days_left" | "elapsed" => Need::Due,
            "progress" | "progress_from" | "progress_items" => Need::Progress,
            "priority" => Need::Priority,
            "estimate_hours" => Need::Estimate,
            "is_part" | "open_parts" => Need::Parent,
            "waits_for" | "holds_up" => Need::Blocking,
            _ => return None,
        })
    }
}

/// What kind of value a field is; each may be unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// True or false.
    Flag,
    /// A whole number.
    Number,
    /// 0 to 1.
    Share,
    /// An instant, UTC.
    Moment,
    /// A day, or an instant where the tool tells one.
    Day,
    /// A word from a list.
    Word,
    /// Text.
    Text,
    /// Names of people.
    People,
    /// A list of texts.
    Texts,
}

impl Kind {
    /// Whether it is more or less than others.
    pub fn is_number(self) -> bool {
        matches!(self, Kind::Number | Kind::Share)
    }

    /// As people call it.
    pub fn word(self) -> &'static str {
        match self {
            Kind::Flag => "true or false",
            Kind::Number => "number",
            Kind::Share => "share, 0 to 1",
            Kind::Moment => "instant",
            Kind::Day => "day",
            Kind::Word => "word",
            Kind::Text => "text",
            Kind::People => "people",
            Kind::Texts => "list of texts",
        }
    }
}

struct Reader<'r, 'a> {
    task: &'a TaskRow,
    look: &'r Look<'a>,
    people: &'r People,
}

impl Reader<'_, '_> {
    fn fact(&self, of: impl Fn(Told<'_>) -> Value) -> Result<Value, Why> {
        Ok(self.look.facts(self.task)?.map_or(Value::Null, of))
    }

    fn person(&self, account: Option<AccountId>) -> Value {
        account.map_or(Value::Null, |account| json!(self.people.handle(account)))
    }

    fn connection(&self) -> Option<&ConnectionRec> {
        self.look.container(self.task)?.reader.and_then(|reader| self.look.connection(reader))
    }

    fn words(&self, of: impl Fn(&TaskWords) -> Value) -> Value {
        self.task.words().map_or(Value::Null, of)
    }

    fn workdays_since(&self, at: Option<Timestamp>) -> Value {
        let calendar = self.look.calendar(self.task);
        at.map_or(Value::Null, |at| json!(self.look.workdays_since(at, calendar)))
    }

    fn open<'t>(&self, tasks: impl Iterator<Item = &'t TaskRow>) -> Value {
        json!(tasks.filter(|task| task.category().is_open()).count())
    }
}

/// Every field, in the order in which they are listed.
pub const FIELDS: &[Field] = &[
    Field {
        name: "task.project",
        kind: Kind::Text,
        what: "the repository, board or project it lives in",
        reads: Reads::CONTAINERS,
        steady: true,
        read: |of| Ok(of.look.container(of.task).map_or(Value::Null, |container| json!(container.name))),
    },
    Field {
        name: "task.state",
        kind: Kind::Word,
        what: "todo, active, review, waiting, done or cancelled; where the tool does not tell, active once an owner has acted",
        reads: Reads::OWNERS.and(Reads::CONTAINERS),
        steady: false,
        read: |of| Ok(json!(of.look.category(of.task)?)),
    },
    Field {
        name: "task.state_declared",
        kind: Kind::Flag,
        what: "whether the tool itself tells todo from active",
        reads: Reads::SUBJECT,
        steady: true,
        read: |of| Ok(json!(of.task.declared())),
    },
    Field {
        name: "task.priority",
        kind: Kind::Number,
        what: "1 is the highest",
        reads: Reads::SUBJECT,
        steady: true,
        read: |of| Ok(json!(of.task.priority())),
    },
    Field {
        name: "task.owners",
        kind: Kind::People,
        what: "who is assigned, without bots",
        reads: Reads::OWNERS,
        steady: true,
        read: |of| Ok(of.look.owners(of.task).map(|owner| of.people.handle(owner)).collect()),
    },
    Field {
        name: "task.author",
        kind: Kind::People,
        what: "who created it",
        reads: Reads::SUBJECT,
        steady: true,
        read: |of| Ok(of.person(of.task.reporter())),
    },
    Field {
        name: "task.created_at",
        kind: Kind::Moment,
        what: "when it was created",
        reads: Reads::SUBJECT,
        steady: true,
        read: |of| Ok(json!(of.task.created_at())),
    },
    Field {
        name: "task.start",
        kind: Kind::Day,
        what: "its planned start",
        reads: Reads::SUBJECT,
        steady: true,
        read: |of| Ok(of.task.start().map_or(Value::Null, |start| json!(start.to_text()))),
    },
    Field {
        name: "task.due",
        kind: Kind::Day,
        what: "its deadline: its own, else its sprint's, milestone's or release's",
        reads: Reads::OWNERS.and(Reads::CONTAINERS),
        steady: true,
        read: |of| Ok(of.look.deadline(of.task).map_or(Value::Null, |deadline| json!(deadline.due.to_text()))),
    },
    Field {
        name: "task.due_from",
        kind: Kind::Word,
        what: "which of these says so",
        reads: Reads::OWNERS.and(Reads::CONTAINERS),
        steady: true,
        read: |of| Ok(of.look.deadline(of.task).map_or(Value::Null, |deadline| json!(deadline.source))),
    },
    Field {
        name: "task.due_at",
        kind: Kind::Moment,
        what: "when the deadline expires: for a day, the end of the owner's working day",
        reads: Reads::OWNERS.and(Reads::CONTAINERS),
        steady: true,
        read: |of| Ok(of.look.deadline(of.task).map_or(Value::Null, |deadline| json!(deadline.at))),
    },
    Field {
        name: "task.time_begins_at",
        kind: Kind::Moment,
        what: "from when its time counts: the planned start, else the later of creation, first owner and first deadline",
        reads: Reads::OWNERS.and(Reads::CONTAINERS),
        steady: false,
        read: |of| Ok(of.look.span(of.task)?.map_or(Value::Null, |span| json!(span.start_at))),
    },
    Field {
        name: "task.progress",
        kind: Kind::Share,
        what: "declared progress",
        reads: Reads::CHILDREN,
        steady: false,
        read: |of| Ok(of.look.progress(of.task).map_or(Value::Null, |progress| json!(progress.share.get()))),
    },
    Field {
        name: "task.progress_from",
        kind: Kind::Word,
        what: "what declares it: a field, a checklist, its children, or booked time",
        reads: Reads::CHILDREN,
        steady: false,
        read: |of| Ok(of.look.progress(of.task).map_or(Value::Null, |progress| json!(progress.source))),
    },
    Field {
        name: "task.progress_items",
        kind: Kind::Number,
        what: "how many items it is counted from; 0: it is no count",
        reads: Reads::CHILDREN,
        steady: false,
        read: |of| Ok(of.look.progress(of.task).map_or(Value::Null, |progress| json!(progress.items))),
    },
    Field {
        name: "task.estimate_hours",
        kind: Kind::Number,
        what: "estimated work",
        reads: Reads::SUBJECT,
        steady: true,
        read: |of| Ok(of.task.estimate_secs().map_or(Value::Null, |secs| json!(secs as f64 / 3600.0))),
    },
    Field {
        name: "task.in_sprint",
        kind: Kind::Flag,
        what: "whether it is planned into a sprint",
        reads: Reads::CONTAINERS,
        steady: true,
        read: |of| Ok(json!(of.look.in_sprint(of.task))),
    },
    Field {
        name: "task.is_part",
        kind: Kind::Flag,
        what: "whether it is a part of another task that is mirrored",
        reads: Reads::PARENT,
        steady: true,
        read: |of| Ok(json!(of.look.parent(of.task).is_some())),
    },
    Field {
        name: "task.open_parts",
        kind: Kind::Number,
        what: "open tasks that are parts of it",
        reads: Reads::CHILDREN,
        steady: false,
        read: |of| Ok(of.open(of.look.children(of.task))),
    },
    Field {
        name: "task.waits_for",
        kind: Kind::Number,
        what: "open tasks that it waits for",
        reads: Reads::BLOCKERS,
        steady: false,
        read: |of| Ok(of.open(of.look.blockers(of.task))),
    },
    Field {
        name: "task.holds_up",
        kind: Kind::Number,
        what: "open tasks that wait for it",
        reads: Reads::DEPENDANTS,
        steady: false,
        read: |of| Ok(of.open(of.look.dependants(of.task))),
    },
    Field {
        name: "task.last_act_at",
        kind: Kind::Moment,
        what: "the last act of a person on its content; neither a bot's nor ours",
        reads: Reads::CONTAINERS,
        steady: false,
        read: |of| Ok(json!(of.look.human_at(of.task)?)),
    },
    Field {
        name: "task.last_owner_act_at",
        kind: Kind::Moment,
        what: "the last act of an owner since the assignment",
        reads: Reads::OWNERS.and(Reads::CONTAINERS),
        steady: false,
        read: |of| Ok(json!(of.look.owner_at(of.task)?)),
    },
    Field {
        name: "task.started_at",
        kind: Kind::Moment,
        what: "the first sign of work",
        reads: Reads::CONTAINERS,
        steady: false,
        read: |of| of.fact(|facts| json!(facts.started_at())),
    },
    Field {
        name: "task.first_owner_at",
        kind: Kind::Moment,
        what: "when it was first assigned",
        reads: Reads::CONTAINERS,
        steady: false,
        read: |of| of.fact(|facts| json!(facts.first_owner_at())),
    },
    Field {
        name: "task.first_due_at",
        kind: Kind::Moment,
        what: "when it first got a deadline",
        reads: Reads::CONTAINERS,
        steady: false,
        read: |of| of.fact(|facts| json!(facts.first_due_at())),
    },
    Field {
        name: "task.first_due",
        kind: Kind::Day,
        what: "the first deadline it had",
        reads: Reads::CONTAINERS,
        steady: false,
        read: |of| of.fact(|facts| facts.first_due().map_or(Value::Null, |due| json!(due.to_text()))),
    },
    Field {
        name: "task.due_set_at",
        kind: Kind::Moment,
        what: "when the present deadline was set",
        reads: Reads::CONTAINERS,
        steady: false,
        read: |of| of.fact(|facts| json!(facts.due_set_at())),
    },
    Field {
        name: "task.due_set_by",
        kind: Kind::People,
        what: "who set it",
        reads: Reads::CONTAINERS,
        steady: false,
        read: |of| Ok(of.look.facts(of.task)?.map_or(Value::Null, |facts| of.person(facts.due_set_by()))),
    },
    Field {
        name: "task.slips",
        kind: Kind::Number,
        what: "how often its deadline was moved later",
        reads: Reads::CONTAINERS,
        steady: false,
        read: |of| of.fact(|facts| json!(facts.slips())),
    },
    Field {
        name: "task.reopened",
        kind: Kind::Number,
        what: "how often it was reopened",
        reads: Reads::CONTAINERS,
        steady: false,
        read: |of| of.fact(|facts| json!(facts.reopened())),
    },
    Field {
        name: "task.changed_at",
        kind: Kind::Moment,
        what: "when it was last seen to differ",
        reads: Reads::SUBJECT,
        steady: false,
        read: |of| Ok(json!(of.task.changed_at())),
    },
    Field {
        name: "task.connection",
        kind: Kind::Text,
        what: "the connection that reads it: github.acme",
        reads: Reads::CONTAINERS,
        steady: true,
        read: |of| Ok(of.connection().map_or(Value::Null, |connection| json!(connection.name))),
    },
    Field {
        name: "task.tracker",
        kind: Kind::Word,
        what: "github, jira, asana or trello",
        reads: Reads::CONTAINERS,
        steady: true,
        read: |of| {
            let tool = |name: &str| name.split_once('.').map(|(tool, _)| json!(tool));
            Ok(of.connection().and_then(|connection| tool(&connection.name)).unwrap_or(Value::Null))
        },
    },
    Field {
        name: "task.key",
        kind: Kind::Text,
        what: "its key, as people call it: acme/web#12, OPS-7",
        reads: Reads::SUBJECT,
        steady: true,
        read: |of| Ok(of.words(|words| json!(words.key))),
    },
    Field {
        name: "task.kind",
        kind: Kind::Text,
        what: "the tool's own word for what kind of task it is: Bug, milestone",
        reads: Reads::SUBJECT,
        steady: true,
        read: |of| Ok(json!(of.task.kind())),
    },
    Field {
        name: "task.labels",
        kind: Kind::Texts,
        what: "its labels or tags",
        reads: Reads::SUBJECT,
        steady: true,
        read: |of| Ok(of.words(|words| json!(words.labels))),
    },
    Field {
        name: "task.status",
        kind: Kind::Text,
        what: "the tool's own word for its state: the column, the list, the section",
        reads: Reads::SUBJECT,
        steady: true,
        read: |of| Ok(of.words(|words| json!(words.status))),
    },
    Field {
        name: "task.age_days",
        kind: Kind::Number,
        what: "whole working days since it was created",
        reads: Reads::OWNERS,
        steady: false,
        read: |of| Ok(of.workdays_since(Some(of.task.created_at()))),
    },
    Field {
        name: "task.idle_days",
        kind: Kind::Number,
        what: "whole working days since the last act of a person on its content",
        reads: Reads::OWNERS.and(Reads::CONTAINERS),
        steady: false,
        read: |of| Ok(of.workdays_since(of.look.human_at(of.task)?)),
    },
    Field {
        name: "task.days_in_state",
        kind: Kind::Number,
        what: "whole working days since it came into its present state",
        reads: Reads::OWNERS.and(Reads::CONTAINERS),
        steady: false,
        read: |of| {
            let facts = of.look.facts(of.task)?;
            Ok(of.workdays_since(facts.map(|facts| facts.state_since().unwrap_or(of.task.created_at()))))
        },
    },
    Field {
        name: "task.days_left",
        kind: Kind::Number,
        what: "calendar days to its deadline; 0 on the day itself, below 0 past it",
        reads: Reads::OWNERS.and(Reads::CONTAINERS),
        steady: false,
        read: |of| {
            let deadline = of.look.deadline(of.task);
            Ok(deadline.map_or(Value::Null, |deadline| json!(of.look.days_left(of.task, &deadline))))
        },
    },
    Field {
        name: "task.elapsed",
        kind: Kind::Share,
        what: "how much of its time has passed, in hundredths",
        reads: Reads::OWNERS.and(Reads::CONTAINERS),
        steady: false,
        read: |of| {
            let span = of.look.span(of.task)?;
            Ok(span.map_or(Value::Null, |span| json!(of.look.hundredths(of.task, &span) as f64 / 100.0)))
        },
    },
];

impl Field {
    /// Its name without what it is a field of: `progress`.
    pub fn short(&self) -> String {
        self.name.split_once('.').map_or(self.name, |(_, short)| short).to_owned()
    }

    /// Whether it is one of the tool's own words, which the board holds only where something reads them.
    pub fn is_word(&self) -> bool {
        ["task.key", "task.labels", "task.status"].contains(&self.name)
    }

    /// Its value for a task. `Err`: it cannot be relied on now.
    pub fn value<'a>(&self, task: &'a TaskRow, look: &Look<'a>, people: &People) -> Result<Value, Why> {
        (self.read)(&Reader { task, look, people })
    }
}
