//! Edges of the board, kept from both ends: parts and wholes, what waits for what, what is linked; and the circles in them.

use std::collections::BTreeSet;

use super::circles::Circles;
use super::ids::{IdMap, TaskId};
use super::record::{TaskImage, TaskRec};

/// Tasks by task, in order: most have one or two.
type Ends = IdMap<TaskId, Vec<TaskId>>;
/// All tasks on the board.
type Tasks = IdMap<TaskId, Box<TaskRec>>;

/// Edges between tasks. An end that is not on the board is kept: it may come.
#[derive(Default)]
pub(super) struct Edges {
    own: IdMap<TaskId, Own>,
    parents: IdMap<TaskId, TaskId>,
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
            insert(&mut self.children, parent, id);
        }
        for blocker in &image.blocked_by {
            join(&mut self.blockers, &mut self.dependants, id, *blocker);
        }
        for dependant in &image.blocks {
            join(&mut self.blockers, &mut self.dependants, *dependant, id);
        }
        for other in image.linked.iter().filter(|other| **other != id) {
            insert(&mut self.linked, id, *other);
            insert(&mut self.linked, *other, id);
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

    /// Finds all circles, at start.
    pub(super) fn find_circles(&mut self, tasks: &Tasks) {
        let linked: BTreeSet<TaskId> = self.blockers.keys().chain(self.parents.keys()).copied().collect();
        self.renew_circles(&linked, tasks);
    }

    /// Finds the circles anew that changed tasks may have closed or opened; says whose circle is another one now.
    pub(super) fn renew_circles(&mut self, changed: &BTreeSet<TaskId>, tasks: &Tasks) -> BTreeSet<TaskId> {
        let is_work = |id: &TaskId| tasks.get(id).is_some_and(|task| task.is_work());
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
    pub(super) fn around(&self, ids: &BTreeSet<TaskId>, tasks: &Tasks) -> BTreeSet<TaskId> {
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
    fn may_answer(&self, id: TaskId, tasks: &Tasks) -> bool {
        let Some(rec) = tasks.get(&id) else { return false };
        let circle = self.waiting_circle(id);
        let waits = |other: TaskId| tasks.get(&other).is_some_and(|task| task.is_work()) && !circle.contains(&other);
        rec.due.is_some() || !rec.homes.is_empty() || !self.blockers(id).any(waits)
    }
}

/// Adds an edge from both ends. Nothing waits for itself.
fn join(blockers: &mut Ends, dependants: &mut Ends, task: TaskId, blocker: TaskId) {
    if task == blocker {
        return;
    }
    insert(blockers, task, blocker);
    insert(dependants, blocker, task);
}

fn insert(ends: &mut Ends, id: TaskId, other: TaskId) {
    let others = ends.entry(id).or_insert_with(|| Vec::with_capacity(1));
    if let Err(place) = others.binary_search(&other) {
        others.insert(place, other);
    }
}

fn remove(ends: &mut Ends, id: TaskId, other: TaskId) {
    if let Some(others) = ends.get_mut(&id) {
        if let Ok(place) = others.binary_search(&other) {
            others.remove(place);
        }
        if others.is_empty() {
            ends.remove(&id);
        }
    }
}

fn ends(ends: &Ends, id: TaskId) -> impl Iterator<Item = TaskId> {
    ends.get(&id).into_iter().flatten().copied()
}
