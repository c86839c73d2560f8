//! Plans on the board: what is to be done by one date. Milestones, sprints, versions and projects by what is in them, and
//! tasks with a date by their parts.

use std::collections::BTreeSet;

use super::Board;
use crate::domain::finding::SubjectKey;
use crate::domain::ids::{ContainerId, TaskId};
use crate::domain::record::ContainerRec;
use crate::domain::row::TaskRow;
use crate::domain::sorted::Sorted;

/// Plans that may be looked at: containers, and tasks with parts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plans {
    /// Milestones, sprints, versions; and projects with a date.
    pub containers: BTreeSet<ContainerId>,
    /// Tasks with a date of their own, and parts.
    pub tasks: BTreeSet<TaskId>,
}

impl Board {
    /// What is in a container, in a fixed order.
    pub fn members(&self, id: ContainerId) -> impl Iterator<Item = &TaskRow> {
        self.members.get(&id).map_or(&[][..], Sorted::all).iter().filter_map(|id| self.task(*id))
    }

    /// The places that a subject's tasks live in: of a milestone, sprint or version those of what is in it, in a fixed order.
    pub fn places(&self, subject: SubjectKey) -> Vec<&ContainerRec> {
        let ids: BTreeSet<ContainerId> = match subject {
            SubjectKey::Task(id) => self.task(id).into_iter().map(TaskRow::container).collect(),
            SubjectKey::Container(id) if self.is_home(id) => self.members(id).map(TaskRow::container).collect(),
            SubjectKey::Container(id) => BTreeSet::from([id]),
            SubjectKey::Connection(_) | SubjectKey::Person(_) | SubjectKey::System => BTreeSet::new(),
        };
        ids.into_iter().filter_map(|id| self.container(id)).collect()
    }

    /// True for what has a date and is no place: a milestone, a sprint, a version.
    pub fn is_home(&self, id: ContainerId) -> bool {
        self.container(id).is_some_and(is_home)
    }

    /// All plans with something in them, as far as somebody reads them and they are not over.
    pub fn plans(&self) -> Plans {
        let containers = self.containers().filter(|rec| rec.reader.is_some() && !rec.over && !rec.archived);
        let containers = containers.filter(|rec| is_home(rec) || rec.due.is_some()).map(|rec| rec.id);
        let is_used = |id: &ContainerId| self.members.get(id).is_some_and(|members| !members.all().is_empty());
        let dated = self.tasks().filter(|task| task.due().is_some() && task.is_work());
        let tasks = dated.filter(|task| self.children(task.id).next().is_some()).map(|task| task.id);
        Plans { containers: containers.filter(is_used).collect(), tasks: tasks.collect() }
    }

    /// The containers with a date that a task is planned in.
    pub(super) fn plans_of(&self, task: TaskId) -> Vec<SubjectKey> {
        let Some(row) = self.task(task) else { return Vec::new() };
        let containers = row.homes().chain([row.container()]);
        let dated = |id: &ContainerId| self.container(*id).is_some_and(|rec| rec.due.is_some());
        containers.filter(dated).map(SubjectKey::Container).collect()
    }

    /// Marks the containers with a date that a task is planned in.
    pub(super) fn touch_plans(&mut self, task: TaskId) {
        let plans = self.plans_of(task);
        self.touched.extend(plans);
    }
}

fn is_home(rec: &ContainerRec) -> bool {
    rec.kind.due_source().is_some()
}
