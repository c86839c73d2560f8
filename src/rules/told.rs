//! What a connection does not tell of a task, no rule concludes anything from: that nothing waits for a task is no news where
//! its tool, on this plan or with this token, says nothing of what waits for what.
//!
//! One door before every rule. A rule says what it needs ([`super::Rule::needs`]), the place of a task says what its reader
//! does not tell; where the two meet the rule reads `Unknown`, so that what is open stays open and nothing new opens.

use connector_model::{DueSource, Lack, Need, ProgressSource};

use super::{Rule, Subject, except};
use crate::domain::finding::{Grounds, Reading, Why};
use crate::domain::look::Look;
use crate::domain::row::TaskRow;
use crate::domain::snapshot::Snapshot;

/// What is not told of one task, or of what somebody has. Nothing of most.
pub(super) struct Untold<'a> {
    of: Vec<(&'a TaskRow, &'a [Lack])>,
    /// What is known of somebody can only be too little: what is too much already stays so.
    is_sum: bool,
}

impl<'a> Untold<'a> {
    /// `None`: all is told of this subject.
    pub(super) fn of(subject: Subject<'a>, snapshot: &Snapshot<'a>) -> Option<Untold<'a>> {
        let lacking = |task: &'a TaskRow| {
            let lacks = &*snapshot.board.container(task.container())?.lacks;
            (!lacks.is_empty()).then_some((task, lacks))
        };
        let (of, is_sum): (Vec<_>, bool) = match subject {
            Subject::Task(task) => (lacking(task).into_iter().collect(), false),
            Subject::Person(who) => {
                let work = snapshot.board.owned_by(who.id).into_iter().filter_map(|id| snapshot.board.task(id));
                (work.filter_map(lacking).collect(), true)
            }
            Subject::Connection(_) | Subject::Container(_) | Subject::Home(_) | Subject::System => return None,
        };
        (!of.is_empty()).then_some(Untold { of, is_sum })
    }

    /// A rule's reading, unless what it needs is not told.
    pub(super) fn heard(&self, reading: Reading, rule: &dyn Rule, snapshot: &Snapshot<'a>) -> Reading {
        // Whoever leaves a task out means it, whatever is told.
        if reading == Reading::Clear(Grounds::NotApplicable(except::LEFT_OUT)) {
            return reading;
        }
        if self.is_sum && matches!(reading, Reading::Gap(_)) {
            return reading;
        }
        let (look, needs) = (Look::new(snapshot), rule.needs());
        match self.of.iter().find_map(|(task, lacks)| missing(&needs, task, lacks, &look)) {
            Some(need) => Reading::Unknown(Why::NotTold(need)),
            None => reading,
        }
    }
}

/// What of these is not told of a task. `None`: all of it is.
pub(super) fn untold<'a>(needs: &[Need], task: &'a TaskRow, look: &Look<'a>) -> Option<Need> {
    missing(needs, task, &look.container(task)?.lacks, look)
}

fn missing<'a>(needs: &[Need], task: &'a TaskRow, lacks: &[Lack], look: &Look<'a>) -> Option<Need> {
    let missing = lacks.iter().find(|lack| needs.contains(&lack.need.serves()) && !is_told(lack, task, look));
    missing.map(|lack| lack.need)
}

/// Why what a rule needs is not told of a task, as its tool has shown it. `None`: it is told.
pub fn lack<'a>(need: Need, task: &TaskRow, snapshot: &Snapshot<'a>) -> Option<&'a Lack> {
    snapshot.board.container(task.container())?.lacks.iter().find(|lack| lack.need == need)
}

/// Whether a source that is still open tells it of this task.
fn is_told<'a>(lack: &Lack, task: &'a TaskRow, look: &Look<'a>) -> bool {
    let due_from = || look.deadline(task).map(|deadline| deadline.source);
    // Whoever is in no sprint misses nothing of it.
    if lack.need == Need::Sprint {
        return !look.in_sprint(task) || due_from().is_some_and(|source| source != DueSource::Sprint);
    }
    if lack.whole {
        return false;
    }
    match lack.need {
        Need::Owner => task.owners().len() > 0,
        // A field that is not told any more still holds what it held.
        Need::Due => due_from().is_some_and(|source| !matches!(source, DueSource::Field | DueSource::Sprint)),
        Need::Progress => look.progress(task).is_some_and(|progress| progress.source != ProgressSource::Native),
        Need::Start => task.start().is_some(),
        Need::Priority => task.priority().is_some(),
        Need::Estimate => task.estimate_secs().is_some(),
        Need::Parent => task.parent().is_some() || look.children(task).next().is_some(),
        Need::Blocking => look.blockers(task).next().is_some() || look.dependants(task).next().is_some(),
        // A part of it says nothing of the rest.
        Need::History | Need::Leavers | Need::Sprint => true,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::super::testing::{Sketch, policy, settings};
    use super::super::{Rules, explain, judge_briefly};
    use super::*;
    use crate::domain::finding::{RuleId, SubjectKey};

    fn reading(lines: &[&str], rule: &'static str) -> Reading {
        reading_about("A", lines, rule)
    }

    /// About a task, or about somebody.
    fn reading_about(key: &str, lines: &[&str], rule: &'static str) -> Reading {
        let mut sketch = Sketch::new();
        lines.iter().for_each(|line| sketch.line(line));
        let now = sketch.now;
        let (board, keys) = sketch.board(false);
        let policy = policy();
        let snapshot = Snapshot { board: &board, policy: &policy, now };
        let task = keys.iter().find(|(known, _)| known == key).map(|(_, id)| SubjectKey::Task(*id));
        let mut accounts = board.people.accounts.values();
        let about = task.unwrap_or_else(|| {
            let who = accounts.find(|rec| rec.handle.as_deref() == Some(key)).unwrap();
            SubjectKey::Person(who.stands_for())
        });
        let said = explain(&Rules::new(&settings()), about, &snapshot);
        said.into_iter().find(|one| one.rule == RuleId(rule)).unwrap().reading
    }

    const NOW: &str = "now 2025-03-11 09:00";
    const LATE: &str = "task A in-progress owner ana start 2025-03-03 due 2025-03-14 progress 20%";

    #[test]
    fn nothing_is_concluded_from_what_is_not_told() {
        assert!(matches!(reading(&[NOW, LATE], "pace.behind"), Reading::Gap(_)));
        let untold = Reading::Unknown(Why::NotTold(Need::Progress));
        assert_eq!(reading(&[NOW, LATE, "lacks progress because no fields"], "pace.behind"), untold);
        let blocking = Reading::Unknown(Why::NotTold(Need::Blocking));
        assert_eq!(reading(&[NOW, LATE, "lacks blocking because 402"], "blocker.cascade"), blocking);
        assert!(matches!(reading(&[NOW, LATE, "lacks blocking because 402"], "pace.behind"), Reading::Gap(_)));
    }

    #[test]
    fn who_has_something_of_which_not_all_is_told_is_at_ease_for_nobody() {
        let task = |key: &str, due: &str| format!("task {key} active owner ana estimate 50h {due}");
        let (near, undated) = (task("A", "due 2025-03-14"), task("B", ""));
        let said = |lines: &[&str]| reading_about("ana", lines, "load.overloaded");
        assert!(matches!(said(&[NOW, &near, &undated]), Reading::Edge(_) | Reading::Clear(_)));
        let untold = Reading::Unknown(Why::NotTold(Need::Due));
        assert_eq!(said(&[NOW, &near, &undated, "lacks some due because projects"]), untold);
        let more = task("C", "due 2025-03-13");
        let too_much = said(&[NOW, &near, &undated, &more, "lacks some due because projects"]);
        assert!(matches!(too_much, Reading::Gap(_)), "what is known is too much already: {too_much:?}");
    }

    #[test]
    fn what_one_tracker_does_not_tell_does_not_agree_with_the_other() {
        let (here, there) = ("task A active owner ana linked X", "task X active owner ana due 2025-03-28 elsewhere");
        assert!(matches!(reading(&[NOW, here, there], "sys.cross_mismatch"), Reading::Clear(_)));
        let untold = Reading::Unknown(Why::NotTold(Need::Due));
        assert_eq!(reading(&[NOW, here, there, "lacks some due because projects"], "sys.cross_mismatch"), untold);
        let done = "task X done owner ana closed 2025-03-06 10:00 elsewhere";
        let said = reading(&[NOW, here, done, "lacks some due because projects"], "sys.cross_mismatch");
        assert!(matches!(said, Reading::Gap(_)), "that it is done is told: {said:?}");
    }

    #[test]
    fn where_one_source_is_closed_a_task_is_judged_by_what_another_one_tells() {
        let lacks = "lacks some progress because no fields";
        let untold = Reading::Unknown(Why::NotTold(Need::Progress));
        let bare = "task A in-progress owner ana start 2025-03-03 due 2025-03-14";
        assert_eq!(reading(&[NOW, bare, lacks], "pace.behind"), untold);
        assert_eq!(reading(&[NOW, LATE, lacks], "pace.behind"), untold, "the field holds what it held");
        let ticked = "task A in-progress owner ana start 2025-03-03 due 2025-03-14 checklist 2/10";
        assert!(matches!(reading(&[NOW, ticked, lacks], "pace.behind"), Reading::Gap(_)));
        let due = "lacks some due because projects";
        assert_eq!(
            reading(&[NOW, "task A in-progress owner ana", due], "due.none"),
            Reading::Unknown(Why::NotTold(Need::Due))
        );
        assert!(matches!(reading(&[NOW, LATE, due], "pace.behind"), Reading::Gap(_)));
    }

    #[test]
    fn without_boards_nothing_is_said_of_the_dates_of_what_is_in_a_sprint() {
        let (lacks, sprint) = ("lacks sprint because no scope", "sprint S1 due 2025-03-07");
        let bare = "task A in-progress owner ana";
        let untold = Reading::Unknown(Why::NotTold(Need::Sprint));
        assert!(matches!(reading(&[NOW, sprint, "task A in-progress owner ana in S1"], "overdue"), Reading::Gap(_)));
        assert_eq!(reading(&[NOW, sprint, "task A in-progress owner ana in S1", lacks], "overdue"), untold);
        assert_eq!(reading(&[NOW, sprint, "task A in-progress owner ana in S1", lacks], "due.none"), untold);
        assert_ne!(reading(&[NOW, bare, lacks], "due.none"), untold);
        let dated = "task A in-progress owner ana due 2025-03-10 in S1";
        assert!(matches!(reading(&[NOW, sprint, dated, lacks], "overdue"), Reading::Gap(_)));
    }

    #[test]
    fn what_is_not_told_costs_a_round_nothing_where_nothing_is_open() {
        let mut sketch = Sketch::new();
        [NOW, LATE, "lacks progress because no fields"].iter().for_each(|line| sketch.line(line));
        let now = sketch.now;
        let (board, keys) = sketch.board(false);
        let policy = policy();
        let snapshot = Snapshot { board: &board, policy: &policy, now };
        let judged = judge_briefly(&Rules::new(&settings()), &[SubjectKey::Task(keys[0].1)], &snapshot);
        assert!(judged[0].readings.iter().all(|(_, reading)| !matches!(reading, Reading::Unknown(Why::NotTold(_)))));
    }
}
