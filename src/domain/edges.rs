//! Edges of the board, kept from both ends: parts and wholes, what waits for what, what is linked; and the circles in them.

use std::collections::{BTreeSet, HashMap};

use super::circles::Circles;
use super::ids::TaskId;
use super::record::{TaskImage, TaskRec};

/// Tasks by task.
type Ends = HashMap<TaskId, BTreeSet<TaskId>>;

/// Edges between tasks. An end that is not on the board is kept: it may come.
#[derive(Default)]
pub(super) struct Edges {
    own: HashMap<TaskId, Own>,
    parents: HashMap<TaskId, TaskId>,
    children: Ends,
    blockers: Ends,
    dependants: Ends,
    linked: Ends,
    waiting: Circles,
    nested: Circles,
}

/// What a task itself says of its links.
#[derive(Default)]
struct Own {
    blocked_by: Box<[TaskId]>,
    blocks: Box<[TaskId]>,
    linked: Box<[TaskId]>,
}

impl Edges {
    /// Takes a task's own word in the place of what it said before.
    pub(super) fn put(&mut self, image: &TaskImage) {
        let id = image.rec.id;
        self.cut(id);
        if let Some(parent) = image.rec.parent {
            self.parents.insert(id, parent);
            self.children.entry(parent).or_default().insert(id);
        }
        for blocker in &image.blocked_by {
            join(&mut self.blockers, &mut self.dependants, id, *blocker);
        }
        for dependant in &image.blocks {
            join(&mut self.blockers, &mut self.dependants, *dependant, id);
        }
        for other in image.linked.iter().filter(|other| **other != id) {
            self.linked.entry(id).or_default().insert(*other);
            self.linked.entry(*other).or_default().insert(id);
        }
        // Most tasks say nothing, and there may be a million of them.
        if !(image.blocked_by.is_empty() && image.blocks.is_empty() && image.linked.is_empty()) {
            let of = |ids: &Vec<TaskId>| ids.as_slice().into();
            let (blocked_by, blocks) = (of(&image.blocked_by), of(&image.blocks));
            self.own.insert(id, Own { blocked_by, blocks, linked: of(&image.linked) });
        }
    }

    /// Takes back what a task itself says; edges that its neighbours also state stay.
    pub(super) fn cut(&mut self, id: TaskId) {
        if let Some(parent) = self.parents.remove(&id) {
            remove(&mut self.children, parent, id);
        }
        let own = self.own.remove(&id).unwrap_or_default();
        for blocker in own.blocked_by {
            if !self.own.get(&blocker).is_some_and(|other| other.blocks.contains(&id)) {
                remove(&mut self.blockers, id, blocker);
                remove(&mut self.dependants, blocker, id);
            }
        }
        for dependant in own.blocks {
            if !self.own.get(&dependant).is_some_and(|other| other.blocked_by.contains(&id)) {
                remove(&mut self.blockers, dependant, id);
                remove(&mut self.dependants, id, dependant);
            }
        }
        for other in own.linked {
            if !self.own.get(&other).is_some_and(|other| other.linked.contains(&id)) {
                remove(&mut self.linked, id, other);
                remove(&mut self.linked, other, id);
            }
        }
    }

    /// True when a task says the same of its links as before. Its parent is not among them.
    pub(super) fn says(&self, image: &TaskImage) -> bool {
        match self.own.get(&image.rec.id) {
            None => image.blocked_by.is_empty() && image.blocks.is_empty() && image.linked.is_empty(),
            Some(own) => {
                *own.blocked_by == *image.blocked_by && *own.blocks == *image.blocks && *own.linked == *image.linked
            }
        }
    }

    /// Its parts.
    pub(super) fn children(&self, id: TaskId) -> impl Iterator<Item = TaskId> {
        ends(&self.children, id)
    }

    /// What it waits for.
    pub(super) fn blockers(&self, id: TaskId) -> impl Iterator<Item = TaskId> {
        ends(&self.blockers, id)
    }

    /// What waits for it.
    pub(super) fn dependants(&self, id: TaskId) -> impl Iterator<Item = TaskId> {
        ends(&self.dependants, id)
    }

    /// What it is linked with, in no order between them.
    pub(super) fn linked(&self, id: TaskId) -> impl Iterator<Item = TaskId> {
        ends(&self.linked, id)
    }

    /// Open tasks that wait for each other, itself among them; nobody where it stands in no circle.
    pub(super) fn waiting_circle(&self, id: TaskId) -> &[TaskId] {
        self.waiting.of(id)
    }

    /// Open tasks that are parts of each other, itself among them; nobody where it stands in no circle.
    pub(super) fn nested_circle(&self, id: TaskId) -> &[TaskId] {
        self.nested.of(id)
    }

    /// Finds the circles anew that changed tasks may have closed or opened; says whose circle is another one now.
    pub(super) fn renew_circles(
        &mut self,
        changed: &BTreeSet<TaskId>,
        tasks: &HashMap<TaskId, TaskRec>,
    ) -> BTreeSet<TaskId> {
        let is_work = |id: &TaskId| tasks.get(id).is_some_and(TaskRec::is_work);
        // Whoever has only one end, and had no circle, is in none.
        let has = |ends: &Ends, id: &TaskId| ends.get(id).is_some_and(|ends| !ends.is_empty());
        let waits =
            |id: &&TaskId| !self.waiting.of(**id).is_empty() || (has(&self.blockers, id) && has(&self.dependants, id));
        let starts: BTreeSet<TaskId> = changed.iter().filter(waits).copied().collect();
        let Edges { blockers, waiting, .. } = self;
        let next = |id: TaskId| -> Vec<TaskId> {
            if is_work(&id) { ends(blockers, id).filter(|other| is_work(other)).collect() } else { Vec::new() }
        };
        let mut moved = waiting.renew(&starts, next);
        let is_nested = |id: &&TaskId| {
            !self.nested.of(**id).is_empty() || (self.parents.contains_key(id) && has(&self.children, id))
        };
        let starts: BTreeSet<TaskId> = changed.iter().filter(is_nested).copied().collect();
        let Edges { parents, nested, .. } = self;
        let next = |id: TaskId| parents.get(&id).copied().filter(|parent| is_work(&id) && is_work(parent));
        moved.extend(nested.renew(&starts, next));
        moved
    }

    /// Everybody whose reading may depend on these tasks: parents, children, neighbours along the links, all who stand in
    /// their circles; and, up along what they and their parents are waiting for, whoever may be the one that keeps them
    /// waiting.
    pub(super) fn around(&self, ids: &BTreeSet<TaskId>, tasks: &HashMap<TaskId, TaskRec>) -> BTreeSet<TaskId> {
        let mut around = ids.clone();
        let mut roots: BTreeSet<TaskId> = ids.clone();
        for id in ids {
            roots.extend(self.parents.get(id));
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
    fn may_answer(&self, id: TaskId, tasks: &HashMap<TaskId, TaskRec>) -> bool {
        let Some(rec) = tasks.get(&id) else { return false };
        let circle = self.waiting_circle(id);
        let waits = |other: TaskId| tasks.get(&other).is_some_and(TaskRec::is_work) && !circle.contains(&other);
        rec.due.is_some() || !rec.homes.is_empty() || !self.blockers(id).any(waits)
    }
}

/// Adds an edge from both ends. Nothing waits for itself.
fn join(blockers: &mut Ends, dependants: &mut Ends, task: TaskId, blocker: TaskId) {
    if task == blocker {
        return;
    }
    blockers.entry(task).or_default().insert(blocker);
    dependants.entry(blocker).or_default().insert(task);
}

fn remove(ends: &mut Ends, id: TaskId, other: TaskId) {
    if let Some(others) = ends.get_mut(&id) {
        others.remove(&other);
        if others.is_empty() {
            ends.remove(&id);
        }
    }
}

fn ends(ends: &Ends, id: TaskId) -> impl Iterator<Item = TaskId> {
    ends.get(&id).into_iter().flatten().copied()
}
