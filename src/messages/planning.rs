//! The numbers behind gaps in how work is given, asked about and planned. Facts only, nobody's fault.

use super::scene::Scene;
use super::when::{NAMED, count, day_of, due, due_date, due_or_none, key, percent, work};
use crate::domain::finding::{Evidence, TooSoon};
use crate::domain::past::Asks;

/// The numbers, in one line; empty for evidence of another kind.
pub(super) fn facts(evidence: &Evidence, scene: Scene<'_>) -> String {
    match evidence {
        Evidence::NotAcknowledged { assigned_at, deadline, .. } => {
            let since = day_of(*assigned_at, scene);
            let silent = work(scene.calendar.working(*assigned_at, scene.now), scene);
            format!("assigned {since}, no sign of its owner for {silent}, {}", due_or_none(deadline.as_ref(), scene))
        }
        Evidence::PlanNotAcknowledged { tasks, assigned_at, .. } => {
            let (since, many) = (day_of(*assigned_at, scene), i64::try_from(tasks.len()).unwrap_or(i64::MAX));
            let silent = work(scene.calendar.working(*assigned_at, scene.now), scene);
            let named: Vec<String> = tasks.iter().take(NAMED).map(|task| key(*task, scene)).collect();
            let more = tasks.len().saturating_sub(NAMED);
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            let tasks = count(many, "task");
            format!("{tasks} assigned {since}, no sign of their owner for {silent}: {}{more}", named.join(", "))
        }
        Evidence::Unanswered { how, asked_at, deadline, .. } => {
            let asks = match how {
                Asks::Question => "a question was put",
                Asks::Mention => "somebody wrote to its owner",
                Asks::State => "it was set to wait for an answer",
            };
            let since = day_of(*asked_at, scene);
            let silent = work(scene.calendar.working(*asked_at, scene.now), scene);
            format!("{asks} {since}, no answer for {silent}, {}", due_or_none(deadline.as_ref(), scene))
        }
        Evidence::Reopened { times, last_at, deadline } => {
            let times = count(i64::from(*times), "time");
            let last = day_of(*last_at, scene);
            format!("reopened {times}, last {last}, {}", due_or_none(deadline.as_ref(), scene))
        }
        Evidence::Drift { .. } => drift(evidence, scene),
        Evidence::Unrealistic { set_at, deadline, how, typical_days } => {
            let set = format!("{}, set {}", due(deadline, scene), day_of(*set_at, scene));
            match how {
                TooSoon::Past => format!("{set}, when it had passed"),
                TooSoon::Unstarted => {
                    let ahead = work(scene.calendar.working(*set_at, deadline.at), scene);
                    format!("{set}, {ahead} ahead, before anybody had begun")
                }
                TooSoon::Short => {
                    let typical = (typical_days * scene.calendar.day_secs() as f64).round() as i64;
                    format!("{set}; half of such tasks take longer than {}", work(typical, scene))
                }
            }
        }
        _ => String::new(),
    }
}

/// `due Fri 14 Mar, first planned for Fri 7 Mar: moved later 2 times, by 5 working days (50 % of the time there was)`
fn drift(evidence: &Evidence, scene: Scene<'_>) -> String {
    let Evidence::Drift { times, promised, slip_secs, span_secs, late_move_at, deadline } = evidence else {
        return String::new();
    };
    let first = promised.filter(|promised| *promised != deadline.due);
    let first = first.map_or_else(String::new, |first| format!(", first planned for {}", due_date(first, scene)));
    let by = (*slip_secs > 0 && *span_secs > 0).then(|| {
        let share = percent(*slip_secs as f64 / *span_secs as f64);
        format!(", by {} ({share} of the time there was)", work(*slip_secs, scene))
    });
    let late = late_move_at.map(|at| format!(", {} within a day of its date", day_of(at, scene)));
    let moved = format!("moved later {}", count(i64::from(*times), "time"));
    format!("{}{first}: {moved}{}{}", due(deadline, scene), by.unwrap_or_default(), late.unwrap_or_default())
}
