//! Edges of the board, kept from both ends: parts and wholes, what waits for what, what is linked; and the circles in them.

use std::collections::BTreeSet;

use super::circles::Circles;
use super::ends::Ends;
use super::ids::TaskId;
use super::record::{Says, TaskPacked};
use super::row::TaskRow;
use super::table::{Keyed, Table};

/// All tasks on the board.
type Tasks = Table<TaskRow>;

impl Keyed for TaskRow {
    fn key(&self) -> i64 {
        self.id.0
    }
}

/// Edges between tasks. An end that is not on the board is kept: it may come.
#[derive(Default)]
pub(super) struct Edges {
    own: Table<(TaskId, Says)>,
    parents: Table<(TaskId, TaskId)>,
    children: Ends,
    blockers: Ends,
    dependants: Ends,
    linked: Ends,
    waiting: Circles,
    nested: Circles,
}

impl Edges {
    /// Takes a task's own word in the place of what it said before.
    pub(super) fn put(&mut self, id: TaskId, parent: Option<TaskId>, says: Says) {
        self.cut(id);
        if let Some(parent) = parent {
            self.parents.insert((id, parent));
            self.children.insert(parent, id);
        }
        for blocker in &says.blocked_by {
            join(&mut self.blockers, &mut self.dependants, id, *blocker);
        }
        for dependant in &says.blocks {
            join(&mut self.blockers, &mut self.dependants, *dependant, id);
        }
        for other in says.linked.iter().filter(|other| **other != id) {
            self.linked.insert(id, *other);
            self.linked.insert(*other, id);
        }
        // Most tasks say nothing, and there may be a million of them.
        if !says.is_nothing() {
            self.own.insert((id, says));
        }
    }

    /// Takes back what a task itself says; edges that its neighbours also state stay.
    pub(super) fn cut(&mut self, id: TaskId) {
        if let Some((_, parent)) = self.parents.remove(id.0) {
            self.children.remove(parent, id);
        }
        let Some((_, own)) = self.own.remove(id.0) else { return };
        for blocker in own.blocked_by {
            if !self.said(blocker).blocks.contains(&id) {
                self.blockers.remove(id, blocker);
                self.dependants.remove(blocker, id);
            }
        }
        for dependant in own.blocks {
            if !self.said(dependant).blocked_by.contains(&id) {
                self.blockers.remove(dependant, id);
                self.dependants.remove(id, dependant);
            }
        }
        for other in own.linked {
            if !self.said(other).linked.contains(&id) {
                self.linked.remove(id, other);
                self.linked.remove(other, id);
            }
        }
    }

    /// What a task itself says of its links.
    pub(super) fn said(&self, id: TaskId) -> &Says {
        const NOTHING: &Says = &Says::nothing();
        self.own.get(id.0).map_or(NOTHING, |(_, says)| says)
    }

    fn parent(&self, id: TaskId) -> Option<TaskId> {
        self.parents.get(id.0).map(|(_, parent)| *parent)
    }

    /// True when a task says the same of its links as before. Its parent is not among them.
    pub(super) fn says(&self, image: &TaskPacked) -> bool {
        *self.said(image.row.id) == image.says
    }

    /// Its parts.
    pub(super) fn children(&self, id: TaskId) -> impl Iterator<Item = TaskId> {
        self.children.of(id).iter().copied()
    }

    /// What it waits for.
    pub(super) fn blockers(&self, id: TaskId) -> impl Iterator<Item = TaskId> {
        self.blockers.of(id).iter().copied()
    }

    /// What waits for it.
    pub(super) fn dependants(&self, id: TaskId) -> impl Iterator<Item = TaskId> {
        self.dependants.of(id).iter().copied()
    }

    /// What it is linked with, in no order between them.
    pub(super) fn linked(&self, id: TaskId) -> impl Iterator<Item = TaskId> {
        self.linked.of(id).iter().copied()
    }

    /// Open tasks that wait for each other, itself among them; nobody where it stands in no circle.
    pub(super) fn waiting_circle(&self, id: TaskId) -> &[TaskId] {
        self.waiting.of(id)
    }

    /// Open tasks that are parts of each other, itself among them; nobody where it stands in no circle.
    pub(super) fn nested_circle(&self, id: TaskId) -> &[TaskId] {
        self.nested.of(id)
    }

    /// Finds all circles, at start.
    pub(super) fn find_circles(&mut self, tasks: &Tasks) {
        let waits = self.blockers.keys();
        let linked: BTreeSet<TaskId> = waits.chain(self.parents.iter().map(|(id, _)| *id)).collect();
        self.renew_circles(&linked, tasks);
    }

    /// Finds the circles anew that changed tasks may have closed or opened; says whose circle is another one now.
    pub(super) fn renew_circles(&mut self, changed: &BTreeSet<TaskId>, tasks: &Tasks) -> BTreeSet<TaskId> {
        let is_work = |id: &TaskId| tasks.get(id.0).is_some_and(TaskRow::is_work);
        // Whoever has only one end, and had no circle, is in none.
        let waits =
            |id: &&TaskId| !self.waiting.of(**id).is_empty() || (self.blockers.has(**id) && self.dependants.has(**id));
        let starts: BTreeSet<TaskId> = changed.iter().filter(waits).copied().collect();
        let Edges { blockers, waiting, .. } = self;
        let next = |id: TaskId| -> Vec<TaskId> {
            if is_work(&id) {
                blockers.of(id).iter().copied().filter(|other| is_work(other)).collect()
            } else {
                Vec::new()
            }
        };
        let mut moved = waiting.renew(&starts, next);
        let is_nested =
            |id: &&TaskId| !self.nested.of(**id).is_empty() || (self.parents.contains(id.0) && self.children.has(**id));
        let starts: BTreeSet<TaskId> = changed.iter().filter(is_nested).copied().collect();
        let Edges { parents, nested, .. } = self;
        let next =
            |id: TaskId| parents.get(id.0).map(|(_, parent)| *parent).filter(|parent| is_work(&id) && is_work(parent));
        moved.extend(nested.renew(&starts, next));
        moved
    }

    /// Everybody whose reading may depend on these tasks: parents, children, neighbours along the links, all who stand in
    /// their circles; and, up along what they and their parents are waiting for, whoever may be the one that keeps them
    /// waiting.
    pub(super) fn around(&self, ids: &BTreeSet<TaskId>, tasks: &Tasks) -> BTreeSet<TaskId> {
        let mut around = ids.clone();
        let mut roots: BTreeSet<TaskId> = ids.clone();
        for id in ids {
            roots.extend(self.parent(*id));
            around.extend(
                self.children(*id).chain(self.blockers(*id)).chain(self.dependants(*id)).chain(self.linked(*id)),
            );
            around.extend(self.waiting_circle(*id).iter().chain(self.nested_circle(*id)));
        }
        around.extend(&roots);
        let mut seen: BTreeSet<TaskId> = roots.clone();
        let mut open: Vec<TaskId> = roots.into_iter().collect();
        while let Some(task) = open.pop() {
            if self.may_answer(task, tasks) {
                around.insert(task);
            }
            open.extend(self.blockers(task).filter(|next| seen.insert(*next)));
        }
        around
    }

    /// False for a task in the middle of a chain without a date: whoever it waits for answers for it.
    fn may_answer(&self, id: TaskId, tasks: &Tasks) -> bool {
        let Some(row) = tasks.get(id.0) else { return false };
        let circle = self.waiting_circle(id);
        let waits = |other: TaskId| tasks.get(other.0).is_some_and(TaskRow::is_work) && !circle.contains(&other);
        row.due().is_some() || row.homes().len() > 0 || !self.blockers(id).any(waits)
    }
}

/// Adds an edge from both ends. Nothing waits for itself.
fn join(blockers: &mut Ends, dependants: &mut Ends, task: TaskId, blocker: TaskId) {
    if task == blocker {
        return;
    }
    blockers.insert(task, blocker);
    dependants.insert(blocker, task);
}
