//! The numbers behind what is to be done by one date, as a whole. Facts about the work, nobody's fault.

use jiff::civil::Date;

use super::scene::Scene;
use super::when::{clean, count, day, due, key, percent};
use crate::domain::evidence::{Outlook, Pace};
use crate::domain::finding::{Deadline, Evidence};

/// What is the matter with it.
pub(super) fn matter(outlook: &Outlook) -> String {
    match &outlook.pace {
        Some(pace) if pace.odds < 0.5 => "will hardly be done by its date".to_owned(),
        Some(_) => "may not be done by its date".to_owned(),
        None if outlook.late.is_some() => "may not be done by its date".to_owned(),
        None => "is due soon and has open tasks".to_owned(),
    }
}

/// The numbers, in one line; empty for evidence of another kind.
pub(super) fn facts(evidence: &Evidence, scene: Scene<'_>) -> String {
    match evidence {
        Evidence::Milestone(outlook) => whole(outlook, scene),
        Evidence::DueTogether { with, tasks, deadline } => together(with, *tasks, deadline, scene),
        _ => String::new(),
    }
}

/// `one of 14 tasks due Fri 14 Mar (milestone) with “Spring release”: milestone.at_risk asks about them together`
fn together(with: &str, tasks: u32, deadline: &Deadline, scene: Scene<'_>) -> String {
    let due = due(deadline, scene);
    format!("one of {tasks} tasks {due} with “{}”: `milestone.at_risk` asks about them together", clean(with))
}

fn whole(outlook: &Outlook, scene: Scene<'_>) -> String {
    let mut parts = vec![due(&outlook.deadline, scene)];
    let todo = if outlook.todo > 0 { format!(" ({} not begun)", outlook.todo) } else { String::new() };
    let open = format!("{} open{todo}", count(i64::from(outlook.open), "task"));
    match (&outlook.pace, outlook.late) {
        (Some(pace), _) => {
            parts.push(format!("{} likely to be done by then", percent(pace.odds)));
            parts.push(days(pace, scene));
            parts.push(open);
            parts.push(speed(pace, outlook.weeks));
        }
        (None, Some(late)) => {
            parts.push(open);
            parts.push(format!("about {} of them miss the date, by what tasks like them do", late.round()));
        }
        (None, None) => {
            parts.push(open);
            parts.push(unknown(outlook));
        }
    }
    parts.extend(names(outlook, scene));
    parts.join("; ")
}

/// `likely finish Wed 2 Dec, 85 % by Wed 9 Dec, 95 % by Mon 14 Dec`
fn days(pace: &Pace, scene: Scene<'_>) -> String {
    let by = |share: &str, at: Option<Date>| at.map(|at| format!("{share}{}", day(at, scene)));
    let [half, most, nearly_all] = pace.days;
    let told = [by("likely finish ", half), by("85 % by ", most), by("95 % by ", nearly_all)];
    let told: Vec<String> = told.into_iter().flatten().collect();
    match told.as_slice() {
        [] => "no end in sight within a year".to_owned(),
        [_, _, _] => told.join(", "),
        told => format!("{}, and no end in sight for the rest", told.join(", ")),
    }
}

/// `2.5 tasks fewer a week over 9 weeks, additions taken off`
fn speed(pace: &Pace, weeks: u32) -> String {
    let (many, word) = (pace.per_week.abs(), if pace.per_week < 0.0 { "more" } else { "fewer" });
    let tasks = if many == 1.0 { "task" } else { "tasks" };
    format!("{many} {tasks} {word} a week over {}, additions taken off", count(i64::from(weeks), "week"))
}

/// Why nothing is foretold of it.
fn unknown(outlook: &Outlook) -> String {
    let weeks = count(i64::from(outlook.weeks), "whole week");
    format!("its pace tells nothing ({} finished in {weeks})", outlook.finished)
}

/// `look first at acme/web#8, acme/web#9 and 12 more`
fn names(outlook: &Outlook, scene: Scene<'_>) -> Option<String> {
    let named: Vec<String> = outlook.worst.iter().map(|task| key(*task, scene)).collect();
    let more = usize::try_from(outlook.open).unwrap_or(usize::MAX).saturating_sub(named.len());
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    (!named.is_empty()).then(|| format!("look first at {}{more}", named.join(", ")))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::collections::HashMap;

    use connector_model::{Due, DueSource};
    use jiff::civil::date;
    use jiff::tz::TimeZone;

    use super::*;
    use crate::domain::calendar::Calendar;
    use crate::domain::ids::TaskId;

    fn outlook(pace: Option<Pace>, late: Option<f64>) -> Outlook {
        let day = date(2026, 11, 27);
        let deadline =
            Deadline { at: "2026-11-27T17:00:00Z".parse().unwrap(), due: Due::On(day), source: DueSource::Milestone };
        let worst = vec![TaskId(1), TaskId(2)];
        Outlook { deadline, open: 14, todo: 9, weeks: 9, finished: 31, pace, late, checkpoint_days: None, worst }
    }

    fn said(outlook: &Outlook) -> String {
        let names = HashMap::new();
        let calendar = Calendar::usual(TimeZone::UTC);
        whole(
            outlook,
            Scene {
                names: &names,
                now: "2026-11-23T09:00:00Z".parse().unwrap(),
                calendar: &calendar,
                common: &calendar,
            },
        )
    }

    #[test]
    fn a_forecast_has_its_three_dates_and_what_it_is_made_from() {
        let days = [Some(date(2026, 12, 2)), Some(date(2026, 12, 9)), Some(date(2027, 1, 4))];
        let pace = Pace { week: 1, odds: 0.31, per_week: 2.5, days };
        let told = outlook(Some(pace.clone()), None);
        assert_eq!(
            said(&told),
            "due Fri 27 Nov (milestone); 31 % likely to be done by then; likely finish Wed 2 Dec, 85 % by Wed 9 Dec, 95 % by \
             Mon 4 Jan 2027; 14 tasks open (9 not begun); 2.5 tasks fewer a week over 9 weeks, additions taken off; look \
             first at another task, another task and 12 more"
        );
        assert_eq!(matter(&told), "will hardly be done by its date");
        let growing = Pace { days: [None; 3], per_week: -1.0, odds: 0.0, ..pace };
        let told = said(&outlook(Some(growing), None));
        assert!(told.contains("no end in sight within a year; 14 tasks open"), "{told}");
        assert!(told.contains("1 task more a week"), "{told}");
    }

    #[test]
    fn without_a_pace_it_says_what_it_goes_by() {
        let told = said(&outlook(None, Some(4.6)));
        assert!(told.contains("about 5 of them miss the date"), "{told}");
        let told = said(&outlook(None, None));
        assert!(told.contains("its pace tells nothing (31 finished in 9 whole weeks)"), "{told}");
    }
}
