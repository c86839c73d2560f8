//! `load.overloaded`: somebody has more than they can do, or than they ever had.

use connector_model::StatusCategory;
use jiff::Timestamp;
use serde_json::Value;

use crate::domain::finding::{
    Addressee, Deadline, Evidence, Finding, FirstWord, Overload, Reading, RuleId, Stage, Why,
};
use crate::domain::ids::TaskId;
use crate::domain::look::{Look, Reads};
use crate::domain::row::TaskRow;
use crate::domain::somebody::Somebody;
use crate::rules::settings::LoadOverloaded;
use crate::rules::{OTHER_KIND, Rule, Subject, SubjectKind, fine, not_about};

/// The rule's name.
pub const ID: RuleId = RuleId("load.overloaded");
/// So many tasks are named that could be moved.
const MOVABLE: usize = 2;

/// Three questions, the first that can be asked: is more effort due than there are hours, by this person's own calendar; is
/// more due soon than this person nearly ever had, and than is common; is more in hand than that. Everybody is measured
/// against themselves. What is only the sum of its parts, and what others do in somebody's name, is not theirs to do.
impl Rule for LoadOverloaded {
    fn id(&self) -> RuleId {
        ID
    }

    fn reads(&self) -> Reads {
        Reads::MEMBERS.and(Reads::OWNERS).and(Reads::CONTAINERS).and(Reads::CHILDREN)
    }

    fn kind(&self) -> SubjectKind {
        SubjectKind::Person
    }

    fn judge<'a>(&self, subject: Subject<'a>, look: &Look<'a>) -> Reading {
        let Subject::Person(who) = subject else { return OTHER_KIND };
        let work = look.work_of(&who);
        if work.is_empty() {
            return not_about("nothing open belongs to them");
        }
        let soon = self.soon(&work, &who, look);
        let of_effort = self.effort(&soon, &who, look);
        if let Some(Reading::Gap(_)) = of_effort {
            return of_effort.unwrap_or(OTHER_KIND);
        }
        let due = if of_effort.is_none() { self.due(&soon, &who, look) } else { None };
        let answers = [of_effort, due, self.hands(&work, &who, look)];
        // A gap counts more than a doubt, and a doubt more than an all-clear.
        answers
            .into_iter()
            .flatten()
            .min_by_key(rank)
            .unwrap_or(fine("no more than usual is open, or it is not known what is usual"))
    }

    fn thresholds(&self) -> Vec<(&'static str, Value)> {
        vec![
            ("over", self.over.into()),
            ("clear", self.clear.into()),
            ("horizon", self.horizon.to_string().into()),
            ("estimated", self.estimated.into()),
            ("limit", self.limit.into()),
        ]
    }
}

fn rank(reading: &Reading) -> u8 {
    match reading {
        Reading::Gap(_) => 0,
        Reading::Unknown(_) => 1,
        Reading::Edge(_) => 2,
        Reading::Clear(_) => 3,
    }
}

/// Work that is due within the horizon, or late already.
struct Soon<'a> {
    tasks: Vec<(&'a TaskRow, Deadline)>,
    from_at: Timestamp,
    until_at: Timestamp,
}

impl LoadOverloaded {
    fn soon<'a>(&self, work: &[&'a TaskRow], who: &Somebody<'_>, look: &Look<'a>) -> Soon<'a> {
        // From the start of the working day on, so that it stands still in between; by everybody's days, so that a holiday of
        // one's own leaves less time and not a later end.
        let from_at = look.today(look.hours_of(who));
        let until_at = self.horizon.after(from_at, look.usual_hours());
        let dated = work.iter().filter_map(|task| Some((*task, look.deadline(task)?)));
        let soon = dated.filter(|(task, deadline)| deadline.at <= until_at && !look.is_umbrella(task));
        Soon { tasks: soon.collect(), from_at, until_at }
    }

    /// (a) `None`: too few of them are estimated.
    fn effort<'a>(&self, soon: &Soon<'a>, who: &Somebody<'_>, look: &Look<'a>) -> Option<Reading> {
        let efforts: Vec<f64> =
            soon.tasks.iter().filter_map(|(task, _)| Some(remaining(task, look)? * look.part_of(task))).collect();
        if soon.tasks.is_empty() || (efforts.len() as f64) < self.estimated * soon.tasks.len() as f64 {
            return None;
        }
        let planned: f64 = efforts.iter().sum();
        let room = look.hours_of(who).working(soon.from_at, soon.until_at);
        let share = if room > 0 { planned / room as f64 } else { f64::INFINITY };
        let how = Overload::Effort {
            planned_secs: planned.round() as i64,
            room_secs: room,
            tasks: u32::try_from(soon.tasks.len()).unwrap_or(u32::MAX),
            until_at: soon.until_at,
        };
        let evidence = Evidence::Overloaded { how, movable: movable(&soon.tasks) };
        Some(if planned > 0.0 && share > self.over {
            gap(evidence)
        } else if planned > 0.0 && share >= self.clear {
            Reading::edge(evidence)
        } else {
            fine("what is due fits into the time there is")
        })
    }

    /// (b) `None`: it is not known what is usual.
    fn due<'a>(&self, soon: &Soon<'a>, who: &Somebody<'_>, look: &Look<'a>) -> Option<Reading> {
        let (own, team) = look.usual(who);
        let (own, team) = (own.due_soon?.p95, team.due_soon?.p85);
        let due: f64 = soon.tasks.iter().map(|(task, _)| look.part_of(task)).sum();
        let how = Overload::Due { due, usual: own, common: team, until_at: soon.until_at };
        let evidence = Evidence::Overloaded { how, movable: movable(&soon.tasks) };
        // One task is never too many, whatever is usual.
        Some(if due > own && due >= team && due > 1.0 {
            gap(evidence)
        } else if due > own - band(own) && due >= team - band(team) {
            Reading::edge(evidence)
        } else {
            fine("no more than usual is due soon")
        })
    }

    /// (c) `None`: it is not known what is usual.
    fn hands<'a>(&self, work: &[&'a TaskRow], who: &Somebody<'_>, look: &Look<'a>) -> Option<Reading> {
        let usual = look.usual(who).0.in_hand?.p95;
        let limit = usual.max(f64::from(self.limit));
        // Mostly that is seen without a look at whether each of them is theirs to do.
        let active = work.iter().filter(|task| task.category() == StatusCategory::Active || !task.declared());
        let active: Vec<&TaskRow> = active.copied().collect();
        if active.len() as f64 <= limit - band(limit) {
            return Some(fine("no more than usual is in hand"));
        }
        let active = match at_hand(&active, who, look) {
            Ok(active) => active,
            Err(why) => return Some(Reading::Unknown(why)),
        };
        let dated: Vec<(&TaskRow, Deadline)> = work
            .iter()
            .filter(|task| task.category() == StatusCategory::Active && !look.is_umbrella(task))
            .filter_map(|task| Some((*task, look.deadline(task)?)))
            .collect();
        let evidence = Evidence::Overloaded { how: Overload::Hands { active, usual: limit }, movable: movable(&dated) };
        Some(if active > limit {
            gap(evidence)
        } else if active > limit - band(limit) {
            Reading::edge(evidence)
        } else {
            fine("no more than usual is in hand")
        })
    }
}

/// Effort of somebody's that is due within so many working days, as a share of the hours they have until then; and how many
/// tasks that are. `None`: too little of it is estimated to say.
pub(crate) fn due_share<'a>(who: &Somebody<'_>, days: i64, look: &Look<'a>) -> (Option<f64>, usize) {
    let hours = look.hours_of(who);
    let from_at = look.today(hours);
    let usual = look.usual_hours();
    let until_at = usual.after(from_at, days * usual.day_secs());
    // What is late already is another matter than what is still to come.
    let is_due = |task: &'a TaskRow| {
        look.deadline(task).is_some_and(|deadline| deadline.at > from_at && deadline.at <= until_at)
    };
    let work = look.work_of(who).into_iter().filter(|task| !look.is_umbrella(task) && is_due(task));
    let work: Vec<&TaskRow> = work.collect();
    let efforts: Vec<f64> = work.iter().filter_map(|task| Some(remaining(task, look)? * look.part_of(task))).collect();
    let room = hours.working(from_at, until_at);
    let is_known = room > 0 && !efforts.is_empty() && efforts.len() * 2 >= work.len();
    (is_known.then(|| efforts.iter().sum::<f64>() / room as f64), work.len())
}

/// What is left of a task, in seconds. `None`: nobody has estimated it.
fn remaining(task: &TaskRow, look: &Look<'_>) -> Option<f64> {
    if let Some(left) = task.remaining_secs() {
        return Some(left as f64);
    }
    let whole = task.estimate_secs().filter(|secs| *secs > 0)? as f64;
    if let Some(spent) = task.spent_secs() {
        return Some((whole - spent as f64).max(0.0));
    }
    let done = look.progress(task).map_or(0.0, |progress| progress.share.get());
    Some(whole * (1.0 - done))
}

/// How many tasks somebody works on, what is shared counting for its part.
pub(super) fn at_hand<'a>(work: &[&'a TaskRow], who: &Somebody<'_>, look: &Look<'a>) -> Result<f64, Why> {
    let mut active = 0.0;
    for task in work {
        if look.is_in_hand(task, who)? {
            active += look.part_of(task);
        }
    }
    Ok(active)
}

/// How far below a count it must be before it is surely fewer: a tenth of it, in whole tasks.
pub(super) fn band(limit: f64) -> f64 {
    (limit * 0.1).floor()
}

/// The latest ones, of the same day the least urgent: what could be moved with the least harm.
fn movable(tasks: &[(&TaskRow, Deadline)]) -> Vec<TaskId> {
    let mut all: Vec<_> =
        tasks.iter().map(|(task, deadline)| (deadline.at, task.priority().unwrap_or(u8::MAX), task.id)).collect();
    all.sort_unstable_by(|one, other| other.cmp(one));
    all.into_iter().map(|(.., id)| id).take(MOVABLE).collect()
}

fn gap(evidence: Evidence) -> Reading {
    Reading::gap(Finding {
        stage: Stage::Widens,
        scope: String::new(),
        addressee: Addressee::Owners,
        first: Some(FirstWord::Direct),
        deadline: None,
        evidence,
    })
}
