//! Conditions that users write: `task.state == 'review' and task.days_in_state > 2`.
//!
//! An expression of minijinja over the fields of [`FIELDS`]. Which fields it reads is known before it is asked, so only
//! these are looked up, and each through [`Look`]: what grows with time grows in whole steps there, and the step is when
//! to look again. So a condition has no clock either, and the law of `recheck_at` holds for it as for any rule.

use std::collections::BTreeSet;
use std::fmt;
use std::ops::Range;
use std::sync::{Arc, LazyLock};

use minijinja::value::{Serde, Value as Context};
use minijinja::{Environment, ErrorKind, Expression, UndefinedBehavior};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::fields::{FIELDS, Field};
use crate::domain::finding::Why;
use crate::domain::look::Look;
use crate::domain::people::People;
use crate::domain::row::TaskRow;

/// Steps that one evaluation may take: far more than anybody writes, far less than anybody notices.
const FUEL: u64 = 20_000;
/// How the subject is called.
const SUBJECT: &str = "task";

static ENGINE: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut engine = Environment::new();
    engine.set_undefined_behavior(UndefinedBehavior::Strict);
    engine.set_fuel(Some(FUEL));
    engine.set_debug(true);
    engine
});

/// A condition as it is written, and what was made of it.
#[derive(Clone, Deserialize)]
#[serde(from = "String")]
pub struct Condition {
    text: String,
    read: Result<Arc<Read>, Wrong>,
}

/// Words with values in them, `In review for {{ task.days_in_state }} working days`, as they are written.
#[derive(Clone, Deserialize)]
#[serde(from = "String")]
pub struct Words {
    text: String,
    fields: Result<Vec<&'static Field>, Wrong>,
}

/// What is wrong with an expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wrong {
    /// It cannot be read.
    Syntax {
        /// Why, in a few words.
        why: String,
        /// Where in its text, bytes.
        at: Range<usize>,
    },
    /// It names something that is no field of a task.
    UnknownField {
        /// What it names.
        name: String,
        /// Where, bytes.
        at: Range<usize>,
    },
}

struct Read {
    expression: Expression<'static, 'static>,
    fields: Vec<&'static Field>,
}

impl Condition {
    /// As it is written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What is wrong with it. `None`: nothing.
    pub fn wrong(&self) -> Option<&Wrong> {
        self.read.as_ref().err()
    }

    /// The fields it reads.
    pub fn fields(&self) -> &[&'static Field] {
        self.read.as_ref().map_or(&[], |read| &read.fields)
    }

    /// Whether it holds for a task. A number that is empty is neither more nor less than any: what would hold for a low one
    /// and not for a high one, or the other way round, does not hold.
    ///
    /// # Errors
    /// A field it reads cannot be relied on now, or its values cannot be put together as it says.
    pub fn holds<'a>(&self, task: &'a TaskRow, look: &Look<'a>, people: &People) -> Result<bool, Why> {
        let read = self.read.as_ref().map_err(|_| Why::ConditionFails)?;
        let values = values(&read.fields, task, look, people)?;
        let empty: Vec<String> = read
            .fields
            .iter()
            .map(|field| (field, field.short()))
            .filter(|(field, name)| field.kind.is_number() && values[name].is_null())
            .map(|(_, name)| name)
            .collect();
        if empty.is_empty() {
            return read.holds(&values, &[]);
        }
        // One eighth of the combinations of more than three would not tell more than all low and all high.
        let last = (1u32 << empty.len().min(3)) - 1;
        let instead =
            |nth: u32| empty.iter().enumerate().map(move |(at, name)| (name.as_str(), nth & (1 << at.min(2)) != 0));
        let mut failed = true;
        for nth in 0..=last {
            match read.holds(&values, &instead(nth).collect::<Vec<_>>()) {
                Ok(false) => return Ok(false),
                Ok(true) => failed = false,
                Err(_) => {}
            }
        }
        if failed { Err(Why::ConditionFails) } else { Ok(true) }
    }
}

impl Read {
    /// `instead`: numbers taken for lower (false) or higher (true) than any.
    fn holds(&self, values: &Map<String, Value>, instead: &[(&str, bool)]) -> Result<bool, Why> {
        let known = values.iter().map(|(name, value)| (Context::from(name.as_str()), Context::from(Serde(value))));
        let taken = instead.iter().map(|(name, high)| {
            (Context::from(*name), Context::from(if *high { f64::INFINITY } else { f64::NEG_INFINITY }))
        });
        let subject = Context::from_pairs(known.chain(taken));
        let holds = self.expression.eval(Context::from_pairs([(SUBJECT, subject)]));
        holds.map(|value| value.is_true()).map_err(|_| Why::ConditionFails)
    }
}

impl Words {
    /// As they are written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What is wrong with them. `None`: nothing.
    pub fn wrong(&self) -> Option<&Wrong> {
        self.fields.as_ref().err()
    }

    /// The fields they name.
    pub fn fields(&self) -> &[&'static Field] {
        self.fields.as_deref().unwrap_or_default()
    }

    /// With the values of a task in them.
    ///
    /// # Errors
    /// See [`Condition::holds`].
    pub fn about<'a>(&self, task: &'a TaskRow, look: &Look<'a>, people: &People) -> Result<String, Why> {
        let fields = self.fields.as_ref().map_err(|_| Why::ConditionFails)?;
        let values = values(fields, task, look, people)?;
        ENGINE.render_str(&self.text, Context::from(Serde(as_subject(values)))).map_err(|_| Why::ConditionFails)
    }
}

impl From<String> for Condition {
    fn from(text: String) -> Condition {
        let read = read(&text).map(Arc::new);
        Condition { text, read }
    }
}

impl From<String> for Words {
    fn from(text: String) -> Words {
        let names = match ENGINE.template_from_str(&text) {
            Ok(template) => Ok(template.undeclared_variables(true)),
            Err(error) => Err(syntax(&error, &text)),
        };
        let fields = names.and_then(|names| fields_named(names.into_iter().collect(), &text));
        Words { text, fields }
    }
}

fn read(text: &str) -> Result<Read, Wrong> {
    let expression = ENGINE.compile_expression_owned(text.to_owned()).map_err(|error| syntax(&error, text))?;
    let names = expression.undeclared_variables(true);
    let fields = fields_named(names.into_iter().collect(), text)?;
    if let Some(at) =
        fields.iter().filter(|field| field.kind.is_number()).find_map(|field| asks_whether_empty(field.name, text))
    {
        let why = "whether a number is empty cannot be asked; ask its cause, as `task.due is none`".to_owned();
        return Err(Wrong::Syntax { why, at });
    }
    if let Some(at) =
        fields.iter().filter(|field| field.kind.is_number()).find_map(|field| compares_with_text(field.name, text))
    {
        let why = "a number is never a word; `gapwatch rules fields TASK` shows its values".to_owned();
        return Err(Wrong::Syntax { why, at });
    }
    // What it calls exists or not whatever the values are; a task of which nothing is known shows it.
    let nothing = fields.iter().map(|field| (field.short(), Value::Null)).collect();
    match expression.eval(Context::from(Serde(as_subject(nothing)))) {
        Err(error) if is_unknown_word(error.kind()) => Err(syntax(&error, text)),
        _ => Ok(Read { expression, fields }),
    }
}

/// `task.days_left is none`, and the like: its place.
fn asks_whether_empty(name: &str, text: &str) -> Option<Range<usize>> {
    text.match_indices(name).find_map(|(from, _)| {
        let rest = text[from + name.len()..].trim_start();
        let asks = ["is none", "is not none", "is defined", "is undefined", "is not defined", "== none", "!= none"];
        let ask = asks.into_iter().find(|ask| rest.starts_with(ask))?;
        Some(from..text.len() - rest.len() + ask.len())
    })
}

/// `task.priority == 'High'`, or `in ['High']`, and the like: its place.
fn compares_with_text(name: &str, text: &str) -> Option<Range<usize>> {
    text.match_indices(name).find_map(|(from, _)| {
        let rest = text[from + name.len()..].trim_start();
        let behind = ["==", "!=", "not in ", "in "].into_iter().find_map(|ask| rest.strip_prefix(ask))?;
        let value = behind.trim_start().trim_start_matches(['[', '(']).trim_start();
        value.starts_with(['\'', '"']).then(|| from..text.len() - value.len() + 1)
    })
}

fn is_unknown_word(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::UnknownFilter | ErrorKind::UnknownTest | ErrorKind::UnknownFunction)
}

/// Every name must be a field, and the whole task is none: it could not be told then what is read of it.
fn fields_named(names: BTreeSet<String>, text: &str) -> Result<Vec<&'static Field>, Wrong> {
    let field = |name: String| match FIELDS.iter().find(|field| field.name == name) {
        Some(field) => Ok(field),
        None => {
            let at = text.find(&name).map_or(0..text.len(), |from| from..from + name.len());
            Err(Wrong::UnknownField { name, at })
        }
    };
    names.into_iter().map(field).collect()
}

fn syntax(error: &minijinja::Error, text: &str) -> Wrong {
    let why = error.detail().map_or_else(|| error.kind().to_string(), str::to_owned);
    let at = error.range().filter(|at| at.end <= text.len() && at.start < at.end).unwrap_or(0..text.len());
    Wrong::Syntax { why, at }
}

/// The fields' values by their short names.
fn values<'a>(
    fields: &[&Field],
    task: &'a TaskRow,
    look: &Look<'a>,
    people: &People,
) -> Result<Map<String, Value>, Why> {
    let value = |field: &&Field| Ok((field.short(), field.value(task, look, people)?));
    fields.iter().map(value).collect()
}

fn as_subject(values: Map<String, Value>) -> Map<String, Value> {
    Map::from_iter([(SUBJECT.to_owned(), Value::Object(values))])
}

macro_rules! is_its_text {
    ($($type:ty),*) => {$(
        impl PartialEq for $type {
            fn eq(&self, other: &Self) -> bool {
                self.text == other.text
            }
        }

        impl fmt::Debug for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.text.fmt(f)
            }
        }

        impl Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                self.text.serialize(serializer)
            }
        }
    )*};
}

is_its_text!(Condition, Words);

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn wrong(text: &str) -> Wrong {
        Condition::from(text.to_owned()).wrong().cloned().unwrap()
    }

    fn fields(text: &str) -> Vec<&'static str> {
        let condition = Condition::from(text.to_owned());
        assert_eq!(condition.wrong(), None, "{text}");
        condition.fields().iter().map(|field| field.name).collect()
    }

    #[test]
    fn it_is_known_before_it_is_asked_what_a_condition_reads() {
        assert_eq!(fields("task.state == 'review' and task.days_in_state > 2"), ["task.days_in_state", "task.state"]);
        assert_eq!(fields("'triage' in task.labels or task.labels|length > 3"), ["task.labels"]);
        assert_eq!(fields("task.priority in [1, 2] and task.due is none"), ["task.due", "task.priority"]);
        assert!(fields("true").is_empty());
    }

    #[test]
    fn a_misspelt_field_is_named_with_its_place() {
        let text = "task.state == 'review' and task.days_in_stat > 2";
        assert_eq!(wrong(text), Wrong::UnknownField { name: "task.days_in_stat".to_owned(), at: 27..44 });
        assert!(matches!(wrong("status == 'x'"), Wrong::UnknownField { name, .. } if name == "status"));
        assert!(matches!(wrong("task['state'] == 'x'"), Wrong::UnknownField { .. } | Wrong::Syntax { .. }));
        assert!(matches!(wrong("task"), Wrong::UnknownField { name, .. } if name == "task"));
    }

    #[test]
    fn what_cannot_be_read_or_called_says_where() {
        assert!(matches!(wrong("task.state == "), Wrong::Syntax { .. }));
        assert!(matches!(wrong("task.state == == 'x'"), Wrong::Syntax { .. }));
        assert!(matches!(wrong("task.state|shout == 'X'"), Wrong::Syntax { .. }));
        assert!(matches!(wrong("now() > task.due_at"), Wrong::Syntax { .. } | Wrong::UnknownField { .. }));
        assert!(matches!(wrong("task.days_left is none"), Wrong::Syntax { at, .. } if at == (0..22)));
        for text in ["task.priority in ['High', 'Highest']", "task.priority == \"High\""] {
            assert!(matches!(wrong(text), Wrong::Syntax { at, .. } if at.start == 0), "{text}");
        }
        let words = Words::from("due {{ task.dew }}".to_owned());
        assert!(
            matches!(words.wrong(), Some(Wrong::UnknownField { name, at }) if name == "task.dew" && *at == (7..15))
        );
    }
}
