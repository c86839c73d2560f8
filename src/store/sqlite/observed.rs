//! Differences between two reads in fields of which the tool keeps no history: they become entries of it.

use connector_model::Field;
use rusqlite::types::Value;

use super::super::StoreError;
use super::Work;
use super::history::{self, AFTER, Entry, Span};
use crate::domain::ids::TaskId;

/// Keeps what differs. What an entry of the tool's own tells of the time in between is no observation.
pub(super) fn keep<'v>(
    work: &mut Work<'_>,
    task: TaskId,
    fields: &[Field],
    span: Span,
    columns: impl Fn(&str) -> Option<(&'v Value, &'v Value)>,
) -> Result<(), StoreError> {
    for field in fields {
        let Some((column, word)) = observed_column(*field) else { continue };
        let Some((before, after)) = columns(column).filter(|(before, after)| before != after) else { continue };
        // A fingerprint tells that it differs, not what it was.
        let told = *field != Field::Description;
        let at = span.at;
        let vkey = match span.after {
            Some(after) if after < at => format!("observed:{word}:{at}{AFTER}{after}"),
            _ => format!("observed:{word}:{at}"),
        };
        let entry = Entry {
            at,
            vkey: &vkey,
            field: *field,
            from: told.then(|| text(before)).flatten(),
            to: told.then(|| text(after)).flatten(),
            account: None,
            via: None,
            mentions: None,
            mark: None,
            observed: true,
        };
        history::insert(work, task, &entry)?;
    }
    Ok(())
}

fn observed_column(field: Field) -> Option<(&'static str, &'static str)> {
    match field {
        Field::Description => Some(("description_hash", "description")),
        Field::Progress => Some(("progress", "progress")),
        Field::Due => Some(("due", "due")),
        Field::Start => Some(("start", "start")),
        Field::Title => Some(("title", "title")),
        Field::Estimate => Some(("estimate", "estimate")),
        Field::Priority => Some(("priority", "priority")),
        _ => None,
    }
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::Text(text) => Some(text.clone()),
        Value::Integer(number) => Some(number.to_string()),
        Value::Real(number) => Some(number.to_string()),
        Value::Null | Value::Blob(_) => None,
    }
}
