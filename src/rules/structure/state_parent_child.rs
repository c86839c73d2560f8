//! `state.parent_child`: a task and its parts say different things about whether the work is over, or has begun.

use connector_model::{ProgressSource, StatusCategory};
use serde_json::Value;

use crate::domain::finding::{Addressee, Evidence, Finding, FirstWord, Reading, RuleId, Stage, Why};
use crate::domain::look::{Look, Reads};
use crate::domain::row::TaskRow;
use crate::rules::settings::StateParentChild;
use crate::rules::{OTHER_KIND, Rule, Subject, fine, not_about};

/// The rule's name.
pub const ID: RuleId = RuleId("state.parent_child");

/// Three ways to disagree: the whole is done and this part is not; all parts are done and this whole is not; a part is being
/// worked on and this whole is not. The second waits a while, and is answered by anybody who says what is left.
impl Rule for StateParentChild {
    fn id(&self) -> RuleId {
        ID
    }

    fn reads(&self) -> Reads {
        Reads::OWNERS.and(Reads::CONTAINERS).and(Reads::PARENT).and(Reads::CHILDREN)
    }

    fn judge<'a>(&self, subject: Subject<'a>, look: &Look<'a>) -> Reading {
        let Subject::Task(task) = subject else { return OTHER_KIND };
        if let Some(parent) = look.parent(task).filter(|parent| parent.category() == StatusCategory::Done) {
            let evidence = Evidence::ParentDone { parent: parent.id, done_at: parent.closed_at() };
            return gap(Stage::Widens, None, evidence);
        }
        let children: Vec<&TaskRow> = look.children(task).filter(|child| child.ineligible().is_none()).collect();
        if children.is_empty() {
            return match look.parent(task) {
                Some(_) => fine("what it is part of is open as well"),
                None => not_about("it has no parts, and is none"),
            };
        }
        if children.iter().any(|child| child.category().is_open()) {
            return begun(task, &children);
        }
        self.all_done(task, &children, look).unwrap_or_else(Reading::Unknown)
    }

    fn thresholds(&self) -> Vec<(&'static str, Value)> {
        vec![("after", self.after.to_string().into())]
    }
}

impl StateParentChild {
    /// What the tool counts may be wrong, or count what we may not read; ours are told from both.
    fn all_done<'a>(&self, task: &'a TaskRow, children: &[&'a TaskRow], look: &Look<'a>) -> Result<Reading, Why> {
        let done = children.iter().filter(|child| child.category() == StatusCategory::Done);
        let Some(done_at) = done.filter_map(|child| child.closed_at()).max() else {
            return Ok(not_about("all of its parts were given up"));
        };
        let counted = task.progress().filter(|progress| progress.source == ProgressSource::Children);
        if counted.is_some_and(|counted| counted.items as usize > children.len()) {
            return Err(Why::NeighbourUnseen);
        }
        // A part that was given up after the last one was done ended the work as well.
        let over_at = children.iter().filter_map(|child| child.closed_at()).max().unwrap_or(done_at);
        let said = look.human_at(task)?.filter(|at| *at > over_at);
        let calendar = look.calendar(task);
        let parts = u32::try_from(children.len()).unwrap_or(u32::MAX);
        let evidence = Evidence::PartsDone { parts, done_at: over_at };
        if said.is_some() {
            return Ok(fine("somebody has said something about it since its parts were done"));
        }
        if look.passed(self.after.after(over_at, calendar)) {
            return Ok(gap(Stage::Opens, None, evidence));
        }
        Ok(Reading::measured(evidence))
    }
}

/// Only where the tool itself tells what was begun.
fn begun(task: &TaskRow, children: &[&TaskRow]) -> Reading {
    let is_todo = task.declared() && task.category() == StatusCategory::Todo;
    let active = children.iter().find(|child| child.declared() && child.category() == StatusCategory::Active);
    match active.filter(|_| is_todo) {
        Some(child) => gap(Stage::Opens, Some(FirstWord::Digest), Evidence::PartBegun { part: child.id }),
        None => fine("it is open, and so are parts of it"),
    }
}

fn gap(stage: Stage, first: Option<FirstWord>, evidence: Evidence) -> Reading {
    let addressee = Addressee::Owners;
    Reading::gap(Finding { stage, scope: String::new(), addressee, first, deadline: None, evidence })
}
