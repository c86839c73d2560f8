//! What silence, age and booked time say in words, each beside what it is measured against.

use connector_model::{ProgressSource, StatusCategory};
use jiff::{SignedDuration, Timestamp};

use super::scene::Scene;
use super::when::{between, day_of, due, percent, work};
use crate::domain::finding::{Deadline, Evidence};
use crate::domain::norms::Source;

/// From so many days to the deadline on, and without one, the deadline does not shorten the limit.
const FAR_DAYS: i64 = 30;

/// The numbers, in one line; empty for what is measured otherwise.
pub(super) fn facts(evidence: &Evidence, scene: Scene<'_>) -> String {
    match evidence {
        Evidence::Stalled { human_at, limit_secs, deadline, norm } => {
            let far = scene.now + SignedDuration::from_hours(24 * FAR_DAYS);
            let near = deadline.as_ref().is_some_and(|deadline| deadline.at < far);
            silence(*human_at, &limit(*limit_secs, *norm, near, scene), deadline, scene)
        }
        Evidence::UrgentSilent { human_at, limit_secs, deadline, .. } => {
            silence(*human_at, &limit(*limit_secs, None, deadline.is_some(), scene), deadline, scene)
        }
        Evidence::NearDone { progress, source, items, since, limit_secs, deadline } => {
            let done = format!("{} done{}", percent(*progress), counted(*progress, *source, *items));
            let still = between(*since, scene.now, scene);
            let limit = work(*limit_secs, scene);
            format!(
                "{done} since {}, {still} ago (the limit is {limit}), {}",
                day_of(*since, scene),
                dated(deadline, scene)
            )
        }
        Evidence::Estimate { estimate_secs, spent_secs, nothing_left, active_since, deadline } => {
            let mut parts = Vec::new();
            if *spent_secs > 0 {
                let share = percent(*spent_secs as f64 / (*estimate_secs).max(1) as f64);
                parts.push(format!("{} booked of {} estimated ({share})", hours(*spent_secs), hours(*estimate_secs)));
            } else {
                parts.push(format!("{} estimated", hours(*estimate_secs)));
            }
            parts.extend(nothing_left.then(|| "nothing is said to be left, and it is not done".to_owned()));
            let active = active_since.map(|since| scene.calendar.working(since, scene.now));
            parts.extend(active.map(|secs| format!("worked on for {}", hours(secs))));
            parts.push(dated(deadline, scene));
            parts.join(", ")
        }
        Evidence::Aging { category, since, limit_secs, source, samples, .. } => {
            let (state, age) = (state(*category), between(*since, scene.now, scene));
            let of = if *samples > 0 { format!(", from {samples} finished tasks") } else { String::new() };
            let limit = work(*limit_secs, scene);
            format!(
                "{state} since {}, {age}; 85 of 100 are within {limit} ({}{of})",
                day_of(*since, scene),
                source.words()
            )
        }
        Evidence::UrgentCrowd { share, tasks, most_share } => {
            let (share, most) = (percent(*share), percent(*most_share));
            format!("{share} of {tasks} open tasks are in the top two priorities, which says little beyond {most}")
        }
        _ => String::new(),
    }
}

fn silence(human_at: Timestamp, limit: &str, deadline: &Option<Deadline>, scene: Scene<'_>) -> String {
    let ago = between(human_at, scene.now, scene);
    let day = day_of(human_at, scene);
    format!("last change by a person {day}, {ago} ago ({limit}), {}", dated(deadline, scene))
}

fn limit(limit_secs: i64, norm: Option<Source>, near: bool, scene: Scene<'_>) -> String {
    let limit = work(limit_secs, scene);
    match norm {
        Some(source) => format!("{limit} is {}", source.words()),
        None if near => format!("the limit this near its date is {limit}"),
        None => format!("the limit is {limit}"),
    }
}

fn dated(deadline: &Option<Deadline>, scene: Scene<'_>) -> String {
    deadline.as_ref().map_or_else(|| "no date".to_owned(), |deadline| due(deadline, scene))
}

/// `6.5 h`: an estimate is hours, whatever somebody's day is.
fn hours(secs: i64) -> String {
    let tenths = (secs as f64 / 360.0).round() / 10.0;
    format!("{tenths} h")
}

pub(super) fn counted(progress: f64, source: ProgressSource, items: u32) -> String {
    let done = (progress * f64::from(items)).round();
    match (source, items) {
        (ProgressSource::Time, _) => " (by booked time)".to_owned(),
        (_, 0) | (ProgressSource::Native, _) => String::new(),
        (ProgressSource::Checklist, _) => format!(" ({done} of {items} checklist items)"),
        (ProgressSource::Children, _) => format!(" ({done} of {items} sub-tasks)"),
    }
}

pub(super) fn state(category: StatusCategory) -> &'static str {
    match category {
        StatusCategory::Todo => "not begun",
        StatusCategory::Active => "being worked on",
        StatusCategory::Review => "in review",
        StatusCategory::Waiting => "waiting",
        StatusCategory::Done => "done",
        StatusCategory::Cancelled => "given up",
    }
}
