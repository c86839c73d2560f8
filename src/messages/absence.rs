//! What is said of people who are away, gone, or have too much to do: that it is so and until when, never why.

use jiff::civil::Date;

use connector_kit::Span;

use super::scene::Scene;
use super::when::{NAMED, count, day_of, due, due_date, key, percent, tasks, work};
use crate::domain::finding::{Deadline, Evidence, Overload};
use crate::domain::ids::TaskId;

/// The numbers of `owner.absent` and `owner.gone`.
pub(super) fn facts(evidence: &Evidence, scene: Scene<'_>) -> String {
    match evidence {
        Evidence::OwnerAbsent { from_on, back_on, deadline, checkpoint, .. } => {
            let back_at = scene.common.next_open(scene.common.day_begins(*back_on));
            let away = format!("away from {}, back {}", day(*from_on, scene), day_of(back_at, scene));
            let look = checkpoint.map(|on| format!(", and next to be looked at {}", day(on, scene)));
            format!("{away}; {}{}", due(deadline, scene), look.unwrap_or_default())
        }
        Evidence::OwnerGone { tasks, acted_at, left } => {
            let open = count(i64::try_from(tasks.len()).unwrap_or(i64::MAX), "open task");
            let named: Vec<String> = tasks.iter().take(NAMED).map(|task| key(*task, scene)).collect();
            let more = tasks.len().saturating_sub(NAMED);
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            let why = match (left, acted_at) {
                (true, _) => "the account was deactivated".to_owned(),
                (false, Some(at)) => format!("last seen at work {}", day_of(*at, scene)),
                (false, None) => "never seen at work".to_owned(),
            };
            format!("{why}; {open}: {}{more}", named.join(", "))
        }
        _ => String::new(),
    }
}

/// One of several tasks that one line names.
#[derive(Debug, Clone)]
pub(super) struct Named {
    /// By which it is told from others.
    pub(super) key: String,
    /// As people call it.
    pub(super) called: String,
    /// Where it leads. `None`: nowhere.
    pub(super) url: Option<String>,
    /// When it is due.
    pub(super) deadline: Option<Deadline>,
}

/// `3 tasks are due while their owner is away: KEY, KEY and 1 more`, with the keys as links.
pub(super) fn headline(tasks: &[Named], scene: Scene<'_>) -> Vec<Span> {
    let plain = |text: &str| Span::Plain(text.to_owned());
    let mut spans = vec![Span::Strong(matter(tasks)), plain(": ")];
    for (nth, task) in tasks.iter().take(NAMED).enumerate() {
        spans.extend((nth > 0).then(|| plain(", ")));
        let label = task.called.clone();
        spans.push(match &task.url {
            Some(url) => Span::Link { label, url: url.clone() },
            None => Span::Plain(label),
        });
        spans.extend(task.deadline.map(|deadline| Span::Plain(format!(" ({})", due_date(deadline.due, scene)))));
    }
    spans.push(Span::Plain(more(tasks)));
    spans
}

/// The same in plain words.
pub(super) fn line(tasks: &[Named]) -> String {
    let called: Vec<&str> = tasks.iter().take(NAMED).map(|task| task.called.as_str()).collect();
    format!("{}: {}{}", matter(tasks), called.join(", "), more(tasks))
}

/// From when until when, and what can be done.
pub(super) fn below(evidence: &Evidence, scene: Scene<'_>) -> String {
    let Evidence::OwnerAbsent { from_on, back_on, .. } = evidence else { return String::new() };
    let back_at = scene.common.next_open(scene.common.day_begins(*back_on));
    let step = "Next: hand them over, or agree on other dates.";
    format!("Away from {}, back {}. {step}", day(*from_on, scene), day_of(back_at, scene))
}

fn matter(tasks: &[Named]) -> String {
    let tasks = count(i64::try_from(tasks.len()).unwrap_or(i64::MAX), "task");
    format!("{tasks} are due while their owner is away")
}

fn more(tasks: &[Named]) -> String {
    let more = tasks.len().saturating_sub(NAMED);
    if more > 0 { format!(" and {more} more") } else { String::new() }
}

/// The numbers of `load.overloaded`: only of this person.
pub(super) fn load(how: &Overload, movable: &[TaskId], scene: Scene<'_>) -> String {
    let measure = match how {
        Overload::Effort { planned_secs, room_secs, tasks, until_at } => {
            let (left, of) = (work(*planned_secs, scene), count(i64::from(*tasks), "task"));
            let until = day_of(*until_at, scene);
            match room_secs {
                0 => format!("{left} of work in {of} due until {until}, and no working time until then"),
                room => {
                    let share = percent(*planned_secs as f64 / *room as f64);
                    format!("{left} of work in {of} due until {until}, {share} of the {} there are", work(*room, scene))
                }
            }
        }
        Overload::Due { due, usual, until_at, .. } => {
            format!(
                "{} due until {}, rarely more than {} before",
                tasks(*due),
                day_of(*until_at, scene),
                number(*usual)
            )
        }
        Overload::Hands { active, usual } => {
            format!("{} in hand, rarely more than {} before", tasks(*active), number(*usual))
        }
    };
    let names: Vec<String> = movable.iter().map(|task| key(*task, scene)).collect();
    if names.is_empty() { measure } else { format!("{measure}; the latest of them: {}", names.join(", ")) }
}

fn number(value: f64) -> String {
    ((value * 10.0).round() / 10.0).to_string()
}

fn day(date: Date, scene: Scene<'_>) -> String {
    day_of(scene.calendar.day_begins(date), scene)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::collections::HashMap;

    use jiff::tz::TimeZone;

    use super::*;
    use crate::domain::calendar::Calendar;

    #[test]
    fn the_words_have_the_numbers_and_no_reason() {
        let calendar = Calendar::usual(TimeZone::UTC);
        let names = HashMap::new();
        let at = |text: &str| text.parse().unwrap();
        let scene = Scene { names: &names, now: at("2025-03-11T09:00:00Z"), calendar: &calendar, common: &calendar };
        let until_at = at("2025-03-25T09:00:00Z");
        let effort = |room_secs| Overload::Effort { planned_secs: 90 * 3600, room_secs, tasks: 2, until_at };
        let said = load(&effort(80 * 3600), &[TaskId(1)], scene);
        assert!(said.contains("in 2 tasks due until Tue 25 Mar, 113 % of") && said.ends_with("another task"), "{said}");
        assert!(load(&effort(0), &[], scene).ends_with("and no working time until then"));
        let due = load(&Overload::Due { due: 3.5, usual: 2.0, common: 3.0, until_at }, &[], scene);
        assert_eq!(due, "3.5 tasks due until Tue 25 Mar, rarely more than 2 before", "nothing of anybody else");
        let hands = load(&Overload::Hands { active: 4.0, usual: 3.0 }, &[], scene);
        assert_eq!(hands, "4 tasks in hand, rarely more than 3 before");
        let tasks = (1..=7).map(TaskId).collect();
        let gone = facts(&Evidence::OwnerGone { tasks, acted_at: None, left: true }, scene);
        assert!(gone.starts_with("the account was deactivated; 7 open tasks: another task"), "{gone}");
        assert!(gone.ends_with("and 2 more"), "{gone}");
    }
}
