//! What each kind of evidence says in words: what is the matter, the numbers, one next step. Facts only, nobody's fault.

use jiff::Timestamp;

use super::absence;
use super::itself;
use super::measured::{self, counted, state};
use super::scene::Scene;
use super::when::{
    NAMED, between, clean, count, day_of, due, due_date, due_or_none, key, lateness, moment, part_of, percent, tasks,
};
use crate::domain::finding::{Deadline, Evidence, LateTask, Mismatch, Still};
use crate::domain::ids::TaskId;

/// What is the matter, to be put behind the task's name: `is behind its pace`.
pub(super) fn matter(evidence: &Evidence, scene: Scene<'_>) -> String {
    match evidence {
        Evidence::Pace { .. } => "is behind its pace".to_owned(),
        Evidence::NeverStarted { .. } => "has not been started".to_owned(),
        Evidence::StartLate { .. } => "has not been started as planned".to_owned(),
        Evidence::Stalled { .. } => "has not moved".to_owned(),
        Evidence::NearDone { .. } => "is stuck just before its end".to_owned(),
        Evidence::Estimate { .. } => "takes longer than estimated".to_owned(),
        Evidence::Aging { .. } => "stays long in its state".to_owned(),
        Evidence::UrgentSilent { .. } => "is urgent and has not moved".to_owned(),
        Evidence::UrgentCrowd { .. } => "calls too much urgent".to_owned(),
        Evidence::Overdue { in_review: true, .. } => "is waiting for review past its date".to_owned(),
        Evidence::Overdue { .. } => "is past its date".to_owned(),
        Evidence::NoOwner { left: true, .. } => "is assigned to an account that was deactivated".to_owned(),
        Evidence::NoOwner { .. } => "has nobody assigned".to_owned(),
        Evidence::NoDue { .. } => "has no date".to_owned(),
        Evidence::Own { rule, .. } => format!("meets the rule {}", clean(&rule.replace('_', " "))),
        Evidence::ChildAfterParent { .. } => "is due after its parent".to_owned(),
        Evidence::PartsDone { .. } => "is open although all its parts are done".to_owned(),
        Evidence::ParentDone { .. } => "is open although its parent is done".to_owned(),
        Evidence::PartBegun { .. } => "is not begun although a part of it is".to_owned(),
        Evidence::BlockerDone { .. } => "can go on".to_owned(),
        Evidence::BlockerUnnamed { .. } => "is waiting, and nothing says for what".to_owned(),
        Evidence::BlockerStale { waiting, .. } => {
            let tasks = count(i64::try_from(waiting.len()).unwrap_or(i64::MAX), "task");
            format!("keeps {tasks} waiting and does not move")
        }
        Evidence::Circle { nested: true, .. } => "is part of itself, in a circle".to_owned(),
        Evidence::Circle { .. } => "waits for itself, in a circle".to_owned(),
        Evidence::DateConflict { .. } => "is planned for before what it waits for".to_owned(),
        Evidence::CrossMismatch { how, .. } => match how {
            Mismatch::Done { .. } => "is open here and done in another tracker".to_owned(),
            Mismatch::Owners => "has other owners in another tracker".to_owned(),
            Mismatch::Dates { .. } => "has another date in another tracker".to_owned(),
        },
        Evidence::Cascade { late, finish_at, .. } if late.iter().all(|late| late.finish_at <= late.deadline.at) => {
            format!("is expected to be done {}", day_of(*finish_at, scene))
        }
        Evidence::Cascade { late, .. } => {
            format!("makes {} late", count(i64::try_from(late.len()).unwrap_or(i64::MAX), "task"))
        }
        Evidence::NotAcknowledged { .. } => "was assigned, and there is no sign of it being taken up".to_owned(),
        Evidence::PlanNotAcknowledged { tasks, .. } => {
            let tasks = count(i64::try_from(tasks.len()).unwrap_or(i64::MAX), "task");
            format!("was given {tasks} in one go, and there is no sign of it being taken up")
        }
        Evidence::Unanswered { .. } => "waits for an answer".to_owned(),
        Evidence::Reopened { .. } => "was done and is open again".to_owned(),
        Evidence::Drift { .. } => "keeps moving to a later date".to_owned(),
        Evidence::Unrealistic { .. } => "has a date that is hard to meet".to_owned(),
        Evidence::AtRisk { risk: Some(_), .. } => "may miss its date".to_owned(),
        Evidence::AtRisk { .. } => "is due soon and still open".to_owned(),
        Evidence::RiskUnproven { .. } | Evidence::DueTogether { .. } => "is not looked at yet".to_owned(),
        Evidence::Milestone(outlook) => super::plans::matter(outlook),
        Evidence::OwnerAbsent { .. } => "is due while its owner is away".to_owned(),
        Evidence::OwnerGone { left: true, .. } => "has left, with open work".to_owned(),
        Evidence::OwnerGone { .. } => "has not been seen, with open work".to_owned(),
        Evidence::WipLimit { .. } => "has more in hand than agreed".to_owned(),
        Evidence::Overloaded { .. } => "has more to do than there is room for".to_owned(),
        Evidence::MirrorStale { refused: true, .. } => "refuses our credential".to_owned(),
        Evidence::MirrorStale { .. } => "cannot be read".to_owned(),
        Evidence::TasksUnseen { tasks, .. } => {
            format!("hides {} that it showed before", count(i64::from(*tasks), "task"))
        }
        Evidence::Unmapped { .. } => "has something that nobody mapped".to_owned(),
        Evidence::MassMissing { missing, .. } => {
            format!("misses {} at once", count(i64::try_from(*missing).unwrap_or(i64::MAX), "task"))
        }
        Evidence::MassEdit { tasks, .. } => format!("had {} changed at once", count(i64::from(*tasks), "task")),
        Evidence::Flood(_) | Evidence::Undelivered { .. } | Evidence::Unheeded { .. } => itself::matter(evidence),
    }
}

/// The same without its verb, for a heading: `behind its pace`.
pub(super) fn heading(evidence: &Evidence, scene: Scene<'_>) -> String {
    let matter = matter(evidence, scene);
    match evidence {
        Evidence::NeverStarted { .. } => "not started".to_owned(),
        Evidence::StartLate { .. } => "not started as planned".to_owned(),
        Evidence::Stalled { .. } => "no movement".to_owned(),
        Evidence::Estimate { .. } => "longer than estimated".to_owned(),
        Evidence::Aging { .. } => "long in its state".to_owned(),
        Evidence::UrgentSilent { .. } => "urgent, and no movement".to_owned(),
        Evidence::UrgentCrowd { .. } => "too much is urgent".to_owned(),
        Evidence::NoOwner { left: true, .. } => "assigned to a deactivated account".to_owned(),
        Evidence::NoOwner { .. } => "nobody assigned".to_owned(),
        Evidence::NoDue { .. } => "no date".to_owned(),
        Evidence::OwnerAbsent { .. } => "due while its owner is away".to_owned(),
        Evidence::OwnerGone { .. } => "open work of somebody who is not there".to_owned(),
        Evidence::WipLimit { .. } => "more in hand than agreed".to_owned(),
        Evidence::Overloaded { .. } => "more to do than there is room for".to_owned(),
        Evidence::Own { rule, .. } => clean(&rule.replace('_', " ")),
        Evidence::NotAcknowledged { .. } => "no sign of it being taken up".to_owned(),
        Evidence::PlanNotAcknowledged { .. } => "many tasks in one go, and no sign of them being taken up".to_owned(),
        Evidence::Reopened { .. } => "done, and open again".to_owned(),
        Evidence::Drift { .. } => "a date that keeps moving".to_owned(),
        Evidence::Unrealistic { .. } => "a date that is hard to meet".to_owned(),
        _ => matter.strip_prefix("is ").map_or_else(|| matter.clone(), str::to_owned),
    }
}

/// The numbers, in one line.
pub(super) fn facts(evidence: &Evidence, scene: Scene<'_>) -> String {
    match evidence {
        Evidence::Pace { progress, source, items, start_at, deadline, .. } => {
            let done = format!("{} done{}", percent(*progress), counted(*progress, *source, *items));
            format!("{done} after {}, {}", used(*start_at, deadline, scene), due(deadline, scene))
        }
        Evidence::NeverStarted { start_at, deadline, .. } => {
            format!("no sign of work after {}, {}", used(*start_at, deadline, scene), due(deadline, scene))
        }
        Evidence::StartLate { start, start_at, deadline, .. } => {
            let (start, late) = (due_date(*start, scene), between(*start_at, scene.now, scene));
            format!("planned to begin {start}, {late} ago, {}", due_or_none(deadline.as_ref(), scene))
        }
        Evidence::Stalled { .. }
        | Evidence::NearDone { .. }
        | Evidence::Estimate { .. }
        | Evidence::Aging { .. }
        | Evidence::UrgentSilent { .. }
        | Evidence::UrgentCrowd { .. } => measured::facts(evidence, scene),
        Evidence::Overdue { deadline, first_due, .. } => {
            let first = first_due.filter(|first| *first != deadline.due);
            let first = first.map(|first| format!(", first planned for {}", due_date(first, scene)));
            format!("{}{}, {}", due(deadline, scene), first.unwrap_or_default(), left(deadline, scene))
        }
        Evidence::NoOwner { deadline, category, .. } => {
            format!("{}, {}", state(*category), due_or_none(deadline.as_ref(), scene))
        }
        Evidence::Own { says, deadline, .. } => {
            let due = deadline.as_ref().map(|deadline| due(deadline, scene));
            let said = Some(clean(says)).filter(|says| !says.is_empty());
            said.or(due).unwrap_or_else(|| "no date".to_owned())
        }
        Evidence::NoDue { category } => {
            format!("{}, and no date from the task, a sprint or a milestone", state(*category))
        }
        Evidence::ChildAfterParent { deadline, parent, parent_deadline } => {
            let parent = key(*parent, scene);
            format!("{}; its parent {parent} is {}", due(deadline, scene), due(parent_deadline, scene))
        }
        Evidence::PartsDone { parts, done_at } => {
            let parts = count(i64::from(*parts), "part");
            format!("{parts}, all closed since {}", moment(*done_at, scene))
        }
        Evidence::ParentDone { parent, done_at } => {
            let since = done_at.map_or_else(String::new, |at| format!(" since {}", moment(at, scene)));
            format!("its parent {} is done{since}", key(*parent, scene))
        }
        Evidence::PartBegun { part } => format!("its part {} is being worked on", key(*part, scene)),
        Evidence::BlockerDone { blocker: Some(blocker), free_at } => {
            format!("it waited for {}, which is done since {}", key(*blocker, scene), moment(*free_at, scene))
        }
        Evidence::BlockerDone { blocker: None, free_at } => {
            format!("the link to what it waited for was removed {}", moment(*free_at, scene))
        }
        Evidence::BlockerUnnamed { since } => {
            let waiting = between(*since, scene.now, scene);
            format!(
                "waiting since {}, {waiting}, without a link to a task or a question to anybody",
                day_of(*since, scene)
            )
        }
        Evidence::BlockerStale { still, waiting, nearest } => stale(*still, waiting, nearest.as_ref(), scene),
        Evidence::Circle { tasks, .. } => {
            let shown: Vec<String> = tasks.iter().take(NAMED).map(|task| key(*task, scene)).collect();
            format!("{}: {}", count(i64::try_from(tasks.len()).unwrap_or(i64::MAX), "task"), shown.join(", "))
        }
        Evidence::DateConflict { blocker, blocker_deadline, deadline, start, others } => {
            let own = deadline.as_ref().map(|deadline| due(deadline, scene));
            let start = start.map(|start| format!("planned to begin {}", due_date(start, scene)));
            let own: Vec<String> = start.into_iter().chain(own).collect();
            let more = match others {
                0 => String::new(),
                others => format!(" (and {others} more like that)"),
            };
            let (blocker, theirs) = (key(*blocker, scene), due(blocker_deadline, scene));
            format!("{}; {blocker}, which it waits for, is {theirs}{more}", own.join(", "))
        }
        Evidence::CrossMismatch { other, how } => {
            let other = key(*other, scene);
            match how {
                Mismatch::Done { at } => {
                    format!("it is linked with {other}, which is done since {}", moment(*at, scene))
                }
                Mismatch::Owners => format!("it is linked with {other}, which belongs to somebody else"),
                Mismatch::Dates { deadline, there } => {
                    format!("{}; it is linked with {other}, which is {}", due(deadline, scene), due(there, scene))
                }
            }
        }
        Evidence::Cascade { finish_at, late, downstream, deadline, .. } => {
            cascade(*finish_at, late, *downstream, deadline.is_none(), scene)
        }
        Evidence::NotAcknowledged { .. }
        | Evidence::PlanNotAcknowledged { .. }
        | Evidence::Unanswered { .. }
        | Evidence::Reopened { .. }
        | Evidence::Drift { .. }
        | Evidence::Unrealistic { .. } => super::planning::facts(evidence, scene),
        Evidence::AtRisk { .. } | Evidence::RiskUnproven { .. } => super::risk::facts(evidence, scene),
        Evidence::DueTogether { .. } | Evidence::Milestone(_) => super::plans::facts(evidence, scene),
        Evidence::OwnerAbsent { .. } | Evidence::OwnerGone { .. } => absence::facts(evidence, scene),
        Evidence::WipLimit { active, limit } => format!("{} in hand, {limit} agreed", tasks(*active)),
        Evidence::Overloaded { how, movable } => absence::load(how, movable, scene),
        Evidence::MirrorStale { since, because, .. } => {
            format!("no good pass since {}: {}", moment(*since, scene), clean(because))
        }
        Evidence::TasksUnseen { since, tasks } => {
            let tasks = count(i64::from(*tasks), "open task");
            format!("{tasks} not to be seen since {}, though the place they live in is", moment(*since, scene))
        }
        Evidence::Unmapped { states, owners, unbegun } => unmapped(states, owners, *unbegun),
        Evidence::MassMissing { since, missing, of } => {
            format!(
                "{missing} of {of} open tasks were not in its list {}; nothing in it is judged",
                moment(*since, scene)
            )
        }
        Evidence::MassEdit { from_at, to_at, tasks } => {
            let (tasks, when) = (count(i64::from(*tasks), "task"), moment(*from_at, scene));
            let span = count((to_at.duration_since(*from_at).as_secs() + 59) / 60, "minute");
            format!("one account changed {tasks} from {when} on, within {span}; it counts as nobody's work")
        }
        Evidence::Flood(_) | Evidence::Undelivered { .. } | Evidence::Unheeded { .. } => itself::facts(evidence, scene),
    }
}

/// The one next step.
pub(super) fn next_step(evidence: &Evidence) -> &'static str {
    match evidence {
        Evidence::Pace { .. } => "Next: bring its progress up to date, or agree on another date.",
        Evidence::NeverStarted { .. } => "Next: start it, or note in the task when it will be.",
        Evidence::StartLate { .. } => "Next: start it, or plan another day for that.",
        Evidence::Stalled { .. } => "Next: leave a line in the task about where it stands.",
        Evidence::NearDone { .. } => "Next: finish it, or say in the task what is still missing.",
        Evidence::Estimate { .. } => "Next: bring the estimate up to date, or agree on what can be left out.",
        Evidence::Aging { .. } => "Next: say in the task what it takes to move on, or move it to where it stands.",
        Evidence::UrgentSilent { .. } => "Next: leave a line about where it stands, or lower its priority.",
        Evidence::UrgentCrowd { .. } => {
            "Next: nothing, or lower priorities; until then none of its tasks is flagged for being urgent."
        }
        Evidence::Overdue { in_review: true, .. } => "Next: review it, close it if that is done, or set a new date.",
        Evidence::Overdue { .. } => "Next: close it if it is done, or set a new date.",
        Evidence::NoOwner { .. } => "Next: assign somebody.",
        Evidence::Own { .. } => "Next: see to it, or say in the task why it is as it should be.",
        Evidence::NoDue { .. } => "Next: give it a date, or a milestone, sprint or version that has one.",
        Evidence::ChildAfterParent { .. } => "Next: move one of the two dates.",
        Evidence::PartsDone { .. } => "Next: close it, or say in it what is left.",
        Evidence::ParentDone { .. } => "Next: close it, move it elsewhere, or open the parent again.",
        Evidence::PartBegun { .. } => "Next: set it to being worked on.",
        Evidence::BlockerDone { .. } => "Next: go on with it, or link what it waits for now.",
        Evidence::BlockerUnnamed { .. } => "Next: link what it waits for, or ask somebody by name.",
        Evidence::BlockerStale { still: Still::NoOwner, .. } => "Next: assign somebody.",
        Evidence::BlockerStale { .. } => "Next: go on with it, or say when it will go on.",
        Evidence::Circle { nested: true, .. } => "Next: take one of them out of its parent.",
        Evidence::Circle { .. } => "Next: remove the link that does not hold.",
        Evidence::DateConflict { .. } => "Next: move one of the two dates, or remove the link if it does not hold.",
        Evidence::CrossMismatch { how: Mismatch::Done { .. }, .. } => "Next: close it, or say in it what is left.",
        Evidence::CrossMismatch { .. } => "Next: bring the two together, or remove the link if it is other work.",
        Evidence::Cascade { .. } => "Next: finish it first, or tell those who wait when it will be.",
        Evidence::NotAcknowledged { .. } => "Next: leave a line in the task, or hand it back if it is not yours.",
        Evidence::PlanNotAcknowledged { .. } => {
            "Next: look through them, leave a line in one, and hand back what is not yours."
        }
        Evidence::Unanswered { .. } => "Next: answer in the task, even if only to say when.",
        Evidence::Reopened { .. } => "Next: note in the task what is missing for it to be done.",
        Evidence::Drift { .. } => "Next: agree on what the date depends on.",
        Evidence::Unrealistic { .. } => "Next: look at the date once more.",
        Evidence::AtRisk { .. } => "Next: does the date hold? Say so in the task, or agree on another one.",
        Evidence::RiskUnproven { .. } | Evidence::DueTogether { .. } => "Next: nothing.",
        Evidence::Milestone(_) => "Next: take something out of it, or agree on another date.",
        Evidence::OwnerAbsent { .. } => "Next: hand it over, or agree on another date.",
        Evidence::OwnerGone { .. } => "Next: give each of them to somebody else.",
        Evidence::WipLimit { .. } => "Next: finish one before the next begins.",
        Evidence::Overloaded { .. } => "Next: which two should move?",
        Evidence::MirrorStale { refused: true, .. } => {
            "Next: renew the credential; until then nothing in it is judged."
        }
        Evidence::MirrorStale { .. } => {
            "Next: look at the service and the way to it; until then nothing in it is judged."
        }
        Evidence::TasksUnseen { .. } => {
            "Next: see whether they were moved, or what the credential may no longer see; they stay as they were."
        }
        Evidence::Unmapped { states, owners, .. } if states.is_empty() && owners.is_empty() => {
            "Next: map the states that mean \"in progress\", or nothing if nobody uses any."
        }
        Evidence::Unmapped { .. } => {
            "Next: name them in the configuration; until then they count as not begun, or unknown."
        }
        Evidence::MassMissing { .. } => {
            "Next: nothing if you deleted them: each is asked for by itself; “gapwatch release” ends the wait."
        }
        Evidence::MassEdit { .. } => "Next: nothing; what it brought up is told a day later.",
        Evidence::Flood(_) | Evidence::Undelivered { .. } | Evidence::Unheeded { .. } => itself::next_step(evidence),
    }
}

/// Since when it has been so: where the facts tell, else since it was noticed.
pub(super) fn since(evidence: &Evidence, noticed_at: Timestamp) -> Timestamp {
    match evidence {
        Evidence::Overdue { deadline, .. } => deadline.at,
        Evidence::StartLate { start_at, .. } => *start_at,
        Evidence::Stalled { human_at, .. } | Evidence::UrgentSilent { human_at, .. } => *human_at,
        Evidence::NearDone { since, .. } | Evidence::Aging { since, .. } => *since,
        Evidence::NotAcknowledged { assigned_at, .. } | Evidence::PlanNotAcknowledged { assigned_at, .. } => {
            *assigned_at
        }
        Evidence::Unanswered { asked_at, .. } => *asked_at,
        Evidence::Reopened { last_at, .. } => *last_at,
        Evidence::Unrealistic { set_at, .. } => *set_at,
        Evidence::PartsDone { done_at, .. } => *done_at,
        Evidence::BlockerDone { free_at, .. } => *free_at,
        Evidence::BlockerUnnamed { since } => *since,
        Evidence::MirrorStale { since, .. }
        | Evidence::TasksUnseen { since, .. }
        | Evidence::MassMissing { since, .. } => *since,
        Evidence::MassEdit { from_at, .. } => *from_at,
        Evidence::Flood(flood) => flood.since,
        _ => noticed_at,
    }
}

/// Tasks that the words name besides the subject.
pub(super) fn named(evidence: &Evidence) -> Vec<TaskId> {
    match evidence {
        Evidence::ChildAfterParent { parent, .. } => vec![*parent],
        Evidence::ParentDone { parent, .. } => vec![*parent],
        Evidence::PartBegun { part } => vec![*part],
        Evidence::BlockerDone { blocker, .. } => blocker.iter().copied().collect(),
        Evidence::BlockerStale { waiting, .. } => waiting.first().copied().into_iter().collect(),
        Evidence::Circle { tasks, .. } => tasks.iter().take(NAMED).copied().collect(),
        Evidence::DateConflict { blocker, .. } => vec![*blocker],
        Evidence::CrossMismatch { other, .. } => vec![*other],
        Evidence::AtRisk { reasons, .. } => reasons.iter().filter_map(super::risk::names).collect(),
        Evidence::Cascade { late, .. } => late.first().map(|late| late.task).into_iter().collect(),
        Evidence::Milestone(outlook) => outlook.worst.clone(),
        Evidence::OwnerGone { tasks, .. } | Evidence::PlanNotAcknowledged { tasks, .. } => {
            tasks.iter().copied().take(NAMED).collect()
        }
        Evidence::Overloaded { movable, .. } => movable.clone(),
        _ => Vec::new(),
    }
}

/// `states without a meaning: QA, Staging; owners who are nobody in [people]: lee`
fn unmapped(states: &[String], owners: &[String], unbegun: Option<u32>) -> String {
    let list = |what: &str, names: &[String]| {
        let shown: Vec<String> = names.iter().take(NAMED).map(|name| clean(name)).collect();
        let more = names.len().saturating_sub(NAMED);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        (!names.is_empty()).then(|| format!("{what}: {}{more}", shown.join(", ")))
    };
    let unbegun = unbegun.map(|tasks| {
        format!(
            "of {tasks} finished tasks hardly any was ever in progress, so that their start is told by what owners do"
        )
    });
    let parts = [list("states without a meaning", states), list("owners who are nobody in [people]", owners), unbegun];
    parts.into_iter().flatten().collect::<Vec<_>>().join("; ")
}

/// The numbers for words that stand for days: nothing that time alone makes untrue.
pub(super) fn lasting(evidence: &Evidence, scene: Scene<'_>) -> String {
    let told = facts(evidence, scene);
    let Evidence::Overdue { deadline, .. } = evidence else { return told };
    told.strip_suffix(&format!(", {}", left(deadline, scene))).map_or_else(|| told.clone(), str::to_owned)
}

/// `60 % of the time (6 of 10 working days)`
fn used(start_at: Timestamp, deadline: &Deadline, scene: Scene<'_>) -> String {
    let whole = scene.calendar.working(start_at, deadline.at);
    let part = scene.calendar.working(start_at, scene.now).min(whole);
    if whole == 0 || part == whole {
        return "all of the time".to_owned();
    }
    format!("{} of the time ({})", percent(part as f64 / whole as f64), part_of(part, whole, scene))
}

/// `3 working days left`, or `2 working days ago`.
fn left(deadline: &Deadline, scene: Scene<'_>) -> String {
    if scene.now <= deadline.at {
        return format!("{} left", between(scene.now, deadline.at, scene));
    }
    match scene.common.working(deadline.at, scene.now) {
        ..3600 => "just passed".to_owned(),
        _ => format!("{} ago", lateness(deadline.at, scene.now, scene)),
    }
}

fn cascade(finish_at: Timestamp, late: &[LateTask], downstream: u32, guessed: bool, scene: Scene<'_>) -> String {
    let wait = match downstream {
        1 => "1 task waits for it".to_owned(),
        many => format!("{many} tasks wait for it"),
    };
    let guessed = if guessed { " (by what is usual)" } else { "" };
    let finish = format!("it is expected to be done {}{guessed}", day_of(finish_at, scene));
    let Some(first) = late.first() else { return format!("{wait}; {finish}; no date is at risk") };
    let (key, due) = (key(first.task, scene), due(&first.deadline, scene));
    format!("{wait}; {finish}; first at risk {key}, {due}, possible {} at the earliest", day_of(first.finish_at, scene))
}

/// `2 tasks wait for it, first acme/web#8, due Thu 13 Mar; last change by a person Mon 3 Mar`
fn stale(still: Still, waiting: &[TaskId], nearest: Option<&Deadline>, scene: Scene<'_>) -> String {
    let due = nearest.map_or_else(String::new, |nearest| format!(", {}", due(nearest, scene)));
    let wait = match waiting {
        [one] => format!("1 task waits for it, {}{due}", key(*one, scene)),
        [first, ..] => format!("{} tasks wait for it, first {}{due}", waiting.len(), key(*first, scene)),
        [] => "nothing waits for it".to_owned(),
    };
    match still {
        Still::NoOwner => format!("{wait}; nobody is assigned to it"),
        Still::NeverStarted => format!("{wait}; no sign of work on it"),
        Still::Since(at) => format!("{wait}; last change by a person {}", day_of(at, scene)),
    }
}
