//! One item of a project in our words. Pure.

use connector_kit::Values;
use connector_model::{Due, DueSource, DueStated, Status, StatusCategory, TaskRef};
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};
use serde_json::value::RawValue;

use super::super::timeline::column;
use super::super::wire::{Choice, Item, Iteration};
use super::settings::{Fields, Statuses};
use crate::GitHub;
use crate::fields::percent;
use crate::normalise::priority_option;

/// What an item turned out to be.
#[derive(Debug, PartialEq)]
pub(super) enum Read {
    /// What it says of an issue, and since when.
    Of(TaskRef, Timestamp, Box<Values>),
    /// A draft, a pull request, something we may not see, or an item that was put away.
    NoIssue,
}

pub(super) fn read(raw: &RawValue, github: &GitHub, asked_at: Timestamp) -> Result<Read, String> {
    let item: Item = serde_json::from_str(raw.get()).map_err(|_| "an unexpected value".to_owned())?;
    Ok(understand(&item, &github.fields, &github.statuses, asked_at))
}

fn understand(item: &Item, fields: &Fields, statuses: &Statuses, asked_at: Timestamp) -> Read {
    let content = item.content.as_ref();
    let kind = content.and_then(|content| content.kind.as_deref()).or(item.kind.as_deref());
    if !matches!(kind, Some("Issue" | "ISSUE")) || item.is_archived == Some(true) {
        return Read::NoIssue;
    }
    let Some(issue) = content.map(|content| &content.issue) else { return Read::NoIssue };
    let task = match (&issue.full_database_id, issue.key()) {
        (Some(id), _) => TaskRef::Ext(id.to_ext()),
        (None, Some(key)) => TaskRef::Key(key),
        (None, None) => return Read::NoIssue,
    };
    let number = |number: &Option<super::super::wire::Number>| number.as_ref().and_then(|number| number.number);
    let day = |day: &Option<super::super::wire::Day>| day.as_ref().and_then(|day| day.date);
    let asked = |names: &[String]| !names.is_empty();
    let target = day(&item.target).map(|day| (day, DueSource::Field));
    let iteration = item.iteration.as_ref().and_then(last_day).map(|day| (day, DueSource::Sprint));
    let (status, backlog) = status(item.status.as_ref(), statuses);
    let values = Values {
        status: status.filter(|_| asked(&fields.status)),
        backlog: backlog && asked(&fields.status),
        start: day(&item.start).filter(|_| asked(&fields.start)).map(Due::On),
        due: target
            .filter(|_| asked(&fields.due))
            .or(iteration.filter(|_| asked(&fields.iteration)))
            .map(|(day, source)| DueStated { due: Due::On(day), source }),
        priority: item
            .priority
            .as_ref()
            .and_then(|choice| priority_option(choice.name.as_deref()?))
            .filter(|_| asked(&fields.priority)),
        progress: number(&item.progress).filter(|_| asked(&fields.progress)).map(percent),
        estimate_secs: number(&item.estimate).and_then(|estimate| fields.seconds(estimate)),
    };
    Read::Of(task, item.updated_at.unwrap_or(asked_at), Box::new(values))
}

/// An iteration of so many days ends before the last of them is over.
fn last_day(iteration: &Iteration) -> Option<Date> {
    let days = iteration.duration.filter(|days| (1..=1_000).contains(days))?;
    iteration.start_date?.checked_add((days - 1).days()).ok()
}

/// A column that nobody has given a meaning says no state, but its name is kept.
fn status(choice: Option<&Choice>, statuses: &Statuses) -> (Option<Status>, bool) {
    let Some(choice) = choice else { return (None, false) };
    let Some(name) = choice.name.as_deref() else { return (None, false) };
    let words = || [choice.option_id.as_deref(), Some(name)].into_iter().flatten();
    let category = words().find_map(|word| statuses.of(word));
    let backlog = category.is_none() && words().any(|word| statuses.is_backlog(word));
    let status = Status {
        raw: column(name),
        category: category.unwrap_or(StatusCategory::Todo),
        declared: category.is_some() || backlog,
    };
    (Some(status), backlog)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use serde_json::{Value, json};

    use super::*;

    fn of(fields: Value) -> Read {
        let mut item = json!({"id": "PVTI_1", "type": "ISSUE", "updatedAt": "2026-03-02T09:00:00Z", "isArchived": false,
            "content": {"__typename": "Issue", "id": "I_1", "fullDatabaseId": "4570308119", "number": 12,
                "repository": {"nameWithOwner": "acme/web"}}});
        item.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        let words = [("In Progress", StatusCategory::Active), ("opt9", StatusCategory::Waiting)];
        let statuses = Statuses::new(words.map(|(word, state)| (word.to_owned(), state)), &["Backlog".to_owned()]);
        let fields = Fields { progress: vec!["%".to_owned()], estimate_unit_secs: Some(3600.0), ..Fields::usual() };
        let item = serde_json::from_value(item).unwrap();
        understand(&item, &fields, &statuses, Timestamp::UNIX_EPOCH)
    }

    fn values(fields: Value) -> Values {
        match of(fields) {
            Read::Of(_, _, values) => *values,
            Read::NoIssue => panic!("no issue"),
        }
    }

    fn on(day: &str) -> Due {
        Due::On(day.parse().unwrap())
    }

    #[test]
    fn an_item_speaks_of_its_issue() {
        let Read::Of(task, at, values) = of(json!({})) else { panic!() };
        assert_eq!(task, TaskRef::Ext("4570308119".to_owned()));
        assert_eq!((at, *values), ("2026-03-02T09:00:00Z".parse().unwrap(), Values::default()));
        let without_id =
            json!({"content": {"__typename": "Issue", "number": 12, "repository": {"nameWithOwner": "a/b"}}});
        assert!(matches!(of(without_id), Read::Of(TaskRef::Key(key), ..) if key == "a/b#12"));
    }

    #[test]
    fn drafts_pull_requests_what_is_withheld_and_what_was_put_away_say_nothing() {
        for fields in [
            json!({"type": "DRAFT_ISSUE", "content": {"__typename": "DraftIssue", "title": "x"}}),
            json!({"type": "PULL_REQUEST", "content": {"__typename": "PullRequest"}}),
            json!({"type": "REDACTED", "content": null}),
            json!({"isArchived": true}),
        ] {
            assert_eq!(of(fields.clone()), Read::NoIssue, "{fields}");
        }
    }

    #[test]
    fn a_target_date_comes_before_the_end_of_the_iteration() {
        let iteration = json!({"title": "7", "startDate": "2026-03-02", "duration": 14});
        let both = values(json!({"iteration": iteration, "target": {"date": "2026-03-20"}}));
        assert_eq!(both.due, Some(DueStated { due: on("2026-03-20"), source: DueSource::Field }));
        let alone = values(json!({"iteration": iteration, "start": {"date": "2026-03-04"}}));
        assert_eq!(alone.due, Some(DueStated { due: on("2026-03-15"), source: DueSource::Sprint }));
        assert_eq!(alone.start, Some(on("2026-03-04")));
        let odd = json!({"startDate": "2026-03-02", "duration": 0});
        assert_eq!(values(json!({"iteration": odd, "target": {}})).due, None);
    }

    #[test]
    fn a_column_means_what_its_name_or_id_was_given() {
        let status = |choice: Value| values(json!({"status": choice})).status.unwrap();
        let active = status(json!({"name": "in progress", "optionId": "opt1"}));
        assert_eq!((active.category, active.declared), (StatusCategory::Active, true));
        assert_eq!(active.raw, "open [in progress]");
        assert_eq!(status(json!({"name": "Parked", "optionId": "opt9"})).category, StatusCategory::Waiting);
        let unknown = status(json!({"name": "Parked", "optionId": "opt2"}));
        assert_eq!((unknown.raw.as_str(), unknown.declared), ("open [Parked]", false));
        let backlog = values(json!({"status": {"name": "Backlog"}}));
        assert!(backlog.backlog && backlog.status.unwrap().declared);
        assert_eq!(values(json!({"status": null})).status, None);
    }

    #[test]
    fn numbers_and_priorities_are_read_where_they_are_wanted() {
        let read =
            values(json!({"estimate": {"number": 2.0}, "progress": {"number": 35.0}, "priority": {"name": "P1"}}));
        assert_eq!((read.estimate_secs, read.priority), (Some(7_200), Some(2)));
        assert_eq!(read.progress.map(|progress| progress.share.get()), Some(0.35));
    }
}
