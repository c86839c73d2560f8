//! `dep.cycle`: tasks wait for each other, or are parts of each other, in a circle.

use crate::domain::finding::{Addressee, Evidence, Finding, Reading, RuleId, Stage};
use crate::domain::ids::TaskId;
use crate::domain::look::{Look, Reads};
use crate::domain::row::TaskRow;
use crate::rules::settings::DepCycle;
use crate::rules::{OTHER_KIND, Rule, Subject, fine, not_about};

/// The rule's name.
pub const ID: RuleId = RuleId("dep.cycle");

/// One gap for each circle: about the first of its tasks that may be spoken of, by what their tools call them, so that it is
/// the same gap whichever of them was read first.
impl Rule for DepCycle {
    fn id(&self) -> RuleId {
        ID
    }

    fn reads(&self) -> Reads {
        Reads::CONTAINERS.and(Reads::PARENT).and(Reads::CHILDREN).and(Reads::BLOCKERS).and(Reads::DEPENDANTS)
    }

    fn judge<'a>(&self, subject: Subject<'a>, look: &Look<'a>) -> Reading {
        let Subject::Task(task) = subject else { return OTHER_KIND };
        let circles = [(look.waiting_circle(task), false), (look.nested_circle(task), true)];
        if circles.iter().all(|(circle, _)| circle.is_empty()) {
            return fine("it stands in no circle");
        }
        let Some((circle, nested)) = circles.into_iter().find(|(circle, _)| speaks_for(circle, look) == Some(task.id))
        else {
            return not_about("another task of its circle stands for all of them");
        };
        Reading::gap(Finding {
            stage: Stage::Opens,
            scope: String::new(),
            addressee: Addressee::Manager,
            first: None,
            deadline: None,
            evidence: Evidence::Circle { tasks: circle.to_vec(), nested },
        })
    }
}

fn speaks_for(circle: &[TaskId], look: &Look<'_>) -> Option<TaskId> {
    let known = circle.iter().filter_map(|id| look.task(*id)).filter(|task| look.watched(task));
    let name = |task: &&TaskRow| (look.site(task).to_owned(), task.ext().len(), task.ext().to_owned());
    known.min_by_key(name).map(|task| task.id)
}
