//! Tasks that lead to each other in a circle, found anew only where edges have changed.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use petgraph::algo::kosaraju_scc;
use petgraph::graph::DiGraph;

use super::ids::{IdMap, TaskId};

/// Which tasks stand in a circle, and with whom. Two circles that share a task are one.
#[derive(Debug, Default)]
pub(super) struct Circles {
    of: IdMap<TaskId, Arc<[TaskId]>>,
}

impl Circles {
    /// Everybody in a task's circle, itself among them, in a fixed order; nobody where it stands in none.
    pub(super) fn of(&self, task: TaskId) -> &[TaskId] {
        self.of.get(&task).map_or(&[], |circle| &**circle)
    }

    /// Looks again at what some tasks lead to, after edges of theirs have changed. A new circle goes through one of them, and
    /// so did one that is gone. Says which tasks stand in another circle than before.
    pub(super) fn renew<I>(&mut self, changed: &BTreeSet<TaskId>, next: impl Fn(TaskId) -> I) -> BTreeSet<TaskId>
    where
        I: IntoIterator<Item = TaskId>,
    {
        let mut starts = changed.clone();
        starts.extend(changed.iter().flat_map(|task| self.of(*task)));
        let mut graph = DiGraph::<TaskId, ()>::new();
        let mut nodes: HashMap<TaskId, _> = starts.iter().map(|task| (*task, graph.add_node(*task))).collect();
        let mut open: Vec<_> = nodes.values().copied().collect();
        while let Some(node) = open.pop() {
            for task in next(graph[node]) {
                let other = *nodes.entry(task).or_insert_with(|| {
                    open.push(graph.add_node(task));
                    open[open.len() - 1]
                });
                graph.add_edge(node, other, ());
            }
        }
        let mut now: HashMap<TaskId, Arc<[TaskId]>> = HashMap::new();
        // It does not recurse: chains may be long.
        for group in kosaraju_scc(&graph).into_iter().filter(|group| group.len() > 1) {
            let mut circle: Vec<TaskId> = group.into_iter().map(|node| graph[node]).collect();
            circle.sort_unstable();
            let circle: Arc<[TaskId]> = circle.into();
            now.extend(circle.iter().map(|task| (*task, Arc::clone(&circle))));
        }
        let mut moved = BTreeSet::new();
        for task in nodes.into_keys() {
            let circle = now.remove(&task);
            if self.of.get(&task) != circle.as_ref() {
                moved.insert(task);
                match circle {
                    Some(circle) => drop(self.of.insert(task, circle)),
                    None => drop(self.of.remove(&task)),
                }
            }
        }
        moved
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(ids: &[i64]) -> BTreeSet<TaskId> {
        ids.iter().map(|id| TaskId(*id)).collect()
    }

    /// Renews with these edges; what moved.
    fn renew(circles: &mut Circles, changed: &[i64], edges: &[(i64, i64)]) -> BTreeSet<TaskId> {
        let next = |task: TaskId| {
            let to = edges.iter().filter(move |(from, _)| TaskId(*from) == task);
            to.map(|(_, to)| TaskId(*to)).collect::<Vec<_>>()
        };
        circles.renew(&ids(changed), next)
    }

    #[test]
    fn a_circle_closes_grows_and_opens_with_its_edges() {
        let mut circles = Circles::default();
        assert!(renew(&mut circles, &[1, 2, 3], &[(1, 2), (2, 3)]).is_empty());
        assert_eq!(renew(&mut circles, &[3], &[(1, 2), (2, 3), (3, 1)]), ids(&[1, 2, 3]));
        assert_eq!(circles.of(TaskId(2)), [TaskId(1), TaskId(2), TaskId(3)]);
        let wider = [(1, 2), (2, 3), (3, 1), (3, 4), (4, 2)];
        assert_eq!(renew(&mut circles, &[4], &wider), ids(&[1, 2, 3, 4]), "two that share a task are one");
        let cut = [(1, 2), (2, 3), (3, 4)];
        assert_eq!(renew(&mut circles, &[3, 4], &cut), ids(&[1, 2, 3, 4]));
        assert!(circles.of(TaskId(2)).is_empty());
    }

    #[test]
    fn a_task_that_leads_to_itself_is_no_circle() {
        let mut circles = Circles::default();
        assert!(renew(&mut circles, &[1], &[(1, 1)]).is_empty());
    }
}
