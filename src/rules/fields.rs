//! The fields of a task that rules read, by name, each with how it is read: what `rules fields` lists and shows of a task.
//!
//! Each is read through [`Look`], as a rule would: what cannot be relied on now is not shown as if it could.

use serde_json::{Value, json};

use crate::domain::facts::Facts;
use crate::domain::finding::Why;
use crate::domain::ids::AccountId;
use crate::domain::look::Look;
use crate::domain::people::People;
use crate::domain::record::TaskRec;

/// One field.
pub struct Field {
    /// `task.progress`
    pub name: &'static str,
    /// What kind of value it is.
    pub kind: Kind,
    /// What it means.
    pub what: &'static str,
    read: fn(&Reader<'_>) -> Result<Value, Why>,
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
}

impl Kind {
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
        }
    }
}

struct Reader<'a> {
    task: &'a TaskRec,
    look: &'a Look<'a>,
    people: &'a People,
}

impl Reader<'_> {
    fn fact(&self, of: impl Fn(&Facts) -> Value) -> Result<Value, Why> {
        Ok(self.look.facts(self.task)?.map_or(Value::Null, of))
    }

    fn person(&self, account: Option<AccountId>) -> Value {
        account.map_or(Value::Null, |account| json!(self.people.handle(account)))
    }

    fn open<'t>(&self, tasks: impl Iterator<Item = &'t TaskRec>) -> Value {
        json!(tasks.filter(|task| task.category.is_open()).count())
    }
}

/// Every field, in the order in which they are listed.
pub const FIELDS: &[Field] = &[
    Field {
        name: "task.project",
        kind: Kind::Text,
        what: "the repository, board or project it lives in",
        read: |of| Ok(of.look.container(of.task).map_or(Value::Null, |container| json!(container.name))),
    },
    Field {
        name: "task.state",
        kind: Kind::Word,
        what: "todo, active, review, waiting, done or cancelled; where the tool does not tell, active once an owner has acted",
        read: |of| Ok(json!(of.look.category(of.task)?)),
    },
    Field {
        name: "task.state_declared",
        kind: Kind::Flag,
        what: "whether the tool itself tells todo from active",
        read: |of| Ok(json!(of.task.declared)),
    },
    Field {
        name: "task.priority",
        kind: Kind::Number,
        what: "1 is the highest",
        read: |of| Ok(json!(of.task.priority)),
    },
    Field {
        name: "task.owners",
        kind: Kind::People,
        what: "who is assigned, without bots",
        read: |of| Ok(of.look.owners(of.task).map(|owner| of.people.handle(owner)).collect()),
    },
    Field {
        name: "task.author",
        kind: Kind::People,
        what: "who created it",
        read: |of| Ok(of.person(of.task.reporter)),
    },
    Field {
        name: "task.created_at",
        kind: Kind::Moment,
        what: "when it was created",
        read: |of| Ok(json!(of.task.created_at)),
    },
    Field {
        name: "task.start",
        kind: Kind::Day,
        what: "its planned start",
        read: |of| Ok(of.task.start.map_or(Value::Null, |start| json!(start.to_text()))),
    },
    Field {
        name: "task.due",
        kind: Kind::Day,
        what: "its deadline: its own, else its sprint's, milestone's or release's",
        read: |of| Ok(of.look.deadline(of.task).map_or(Value::Null, |deadline| json!(deadline.due.to_text()))),
    },
    Field {
        name: "task.due_from",
        kind: Kind::Word,
        what: "which of these says so",
        read: |of| Ok(of.look.deadline(of.task).map_or(Value::Null, |deadline| json!(deadline.source))),
    },
    Field {
        name: "task.due_at",
        kind: Kind::Moment,
        what: "when the deadline expires: for a day, the end of the owner's working day",
        read: |of| Ok(of.look.deadline(of.task).map_or(Value::Null, |deadline| json!(deadline.at))),
    },
    Field {
        name: "task.time_begins_at",
        kind: Kind::Moment,
        what: "from when its time counts: the planned start, else the later of creation, first owner and first deadline",
        read: |of| Ok(of.look.span(of.task)?.map_or(Value::Null, |span| json!(span.start_at))),
    },
    Field {
        name: "task.progress",
        kind: Kind::Share,
        what: "declared progress",
        read: |of| Ok(of.look.progress(of.task).map_or(Value::Null, |progress| json!(progress.share.get()))),
    },
    Field {
        name: "task.progress_from",
        kind: Kind::Word,
        what: "what declares it: a field, a checklist, its children, or booked time",
        read: |of| Ok(of.look.progress(of.task).map_or(Value::Null, |progress| json!(progress.source))),
    },
    Field {
        name: "task.progress_items",
        kind: Kind::Number,
        what: "how many items it is counted from; 0: it is no count",
        read: |of| Ok(of.look.progress(of.task).map_or(Value::Null, |progress| json!(progress.items))),
    },
    Field {
        name: "task.estimate_hours",
        kind: Kind::Number,
        what: "estimated work",
        read: |of| Ok(of.task.estimate_secs.map_or(Value::Null, |secs| json!(secs as f64 / 3600.0))),
    },
    Field {
        name: "task.in_sprint",
        kind: Kind::Flag,
        what: "whether it is planned into a sprint",
        read: |of| Ok(json!(of.look.in_sprint(of.task))),
    },
    Field {
        name: "task.is_part",
        kind: Kind::Flag,
        what: "whether it is a part of another task that is mirrored",
        read: |of| Ok(json!(of.look.parent(of.task).is_some())),
    },
    Field {
        name: "task.open_parts",
        kind: Kind::Number,
        what: "open tasks that are parts of it",
        read: |of| Ok(of.open(of.look.children(of.task))),
    },
    Field {
        name: "task.waits_for",
        kind: Kind::Number,
        what: "open tasks that it waits for",
        read: |of| Ok(of.open(of.look.blockers(of.task))),
    },
    Field {
        name: "task.holds_up",
        kind: Kind::Number,
        what: "open tasks that wait for it",
        read: |of| Ok(of.open(of.look.dependants(of.task))),
    },
    Field {
        name: "task.last_act_at",
        kind: Kind::Moment,
        what: "the last act of a person on its content; neither a bot's nor ours",
        read: |of| Ok(json!(of.look.human_at(of.task)?)),
    },
    Field {
        name: "task.last_owner_act_at",
        kind: Kind::Moment,
        what: "the last act of an owner since the assignment",
        read: |of| Ok(json!(of.look.owner_at(of.task)?)),
    },
    Field {
        name: "task.started_at",
        kind: Kind::Moment,
        what: "the first sign of work",
        read: |of| of.fact(|facts| json!(facts.started_at)),
    },
    Field {
        name: "task.first_owner_at",
        kind: Kind::Moment,
        what: "when it was first assigned",
        read: |of| of.fact(|facts| json!(facts.first_owner_at)),
    },
    Field {
        name: "task.first_due_at",
        kind: Kind::Moment,
        what: "when it first got a deadline",
        read: |of| of.fact(|facts| json!(facts.first_due_at)),
    },
    Field {
        name: "task.first_due",
        kind: Kind::Day,
        what: "the first deadline it had",
        read: |of| of.fact(|facts| facts.first_due.map_or(Value::Null, |due| json!(due.to_text()))),
    },
    Field {
        name: "task.due_set_at",
        kind: Kind::Moment,
        what: "when the present deadline was set",
        read: |of| of.fact(|facts| json!(facts.due_set_at)),
    },
    Field {
        name: "task.due_set_by",
        kind: Kind::People,
        what: "who set it",
        read: |of| Ok(of.look.facts(of.task)?.map_or(Value::Null, |facts| of.person(facts.due_set_by))),
    },
    Field {
        name: "task.slips",
        kind: Kind::Number,
        what: "how often its deadline was moved later",
        read: |of| of.fact(|facts| json!(facts.slips)),
    },
    Field {
        name: "task.reopened",
        kind: Kind::Number,
        what: "how often it was reopened",
        read: |of| of.fact(|facts| json!(facts.reopened)),
    },
    Field {
        name: "task.changed_at",
        kind: Kind::Moment,
        what: "when it was last seen to differ",
        read: |of| Ok(json!(of.task.changed_at)),
    },
];

impl Field {
    /// Its value for a task. `Err`: it cannot be relied on now.
    pub fn value(&self, task: &TaskRec, look: &Look<'_>, people: &People) -> Result<Value, Why> {
        (self.read)(&Reader { task, look, people })
    }
}
