//! Walks along the edges between tasks, that end whatever the edges look like: a cycle counts as one node.

use std::collections::HashMap;

use jiff::Timestamp;
use petgraph::Direction;
use petgraph::algo::kosaraju_scc;
use petgraph::graph::{DiGraph, NodeIndex};

use super::row::TaskRow;

/// Everything that comes after a task, in an order in which nothing stands before what it waits for.
pub struct Downstream<'a> {
    graph: DiGraph<&'a TaskRow, ()>,
    /// Tasks that wait for each other in a circle are one group; the first is that of the task itself.
    groups: Vec<Vec<NodeIndex>>,
}

impl<'a> Downstream<'a> {
    /// Follows `next` from `root` as far as it leads.
    pub fn of<I: IntoIterator<Item = &'a TaskRow>>(root: &'a TaskRow, next: impl Fn(&'a TaskRow) -> I) -> Self {
        let mut graph = DiGraph::new();
        let mut open = vec![graph.add_node(root)];
        let mut nodes = HashMap::from([(root.id, open[0])]);
        while let Some(node) = open.pop() {
            for task in next(graph[node]) {
                let other = *nodes.entry(task.id).or_insert_with(|| {
                    open.push(graph.add_node(task));
                    open[open.len() - 1]
                });
                graph.add_edge(node, other, ());
            }
        }
        // In its order a group stands behind everything that comes after it. It does not recurse: chains may be long.
        let mut groups = kosaraju_scc(&graph);
        groups.reverse();
        Downstream { graph, groups }
    }

    /// How many tasks come after it, not counting those that wait for it in a circle.
    pub fn count(&self) -> usize {
        self.groups.iter().skip(1).map(Vec::len).sum()
    }

    /// When each of them is finished at the earliest, if `root_at` is when the task is, and `finish` says when one is that
    /// can begin at an instant. In no meaningful order.
    pub fn finishes(
        &self,
        root_at: Timestamp,
        finish: impl Fn(&'a TaskRow, Timestamp) -> Timestamp,
    ) -> Vec<(&'a TaskRow, Timestamp)> {
        let mut free_at: HashMap<NodeIndex, Timestamp> = HashMap::new();
        let mut found = Vec::new();
        for (nth, group) in self.groups.iter().enumerate() {
            let done_at = if nth == 0 {
                root_at
            } else {
                let begin = self.begin(group, &free_at).unwrap_or(root_at);
                let finishes = group.iter().map(|node| (self.graph[*node], finish(self.graph[*node], begin)));
                let first = found.len();
                found.extend(finishes);
                found[first..].iter().map(|(_, at)| *at).max().unwrap_or(begin)
            };
            free_at.extend(group.iter().map(|node| (*node, done_at)));
        }
        found
    }

    /// When the last of what a group waits for is finished.
    fn begin(&self, group: &[NodeIndex], free_at: &HashMap<NodeIndex, Timestamp>) -> Option<Timestamp> {
        let before = |node: &NodeIndex| self.graph.neighbors_directed(*node, Direction::Incoming);
        group.iter().flat_map(before).filter_map(|node| free_at.get(&node)).copied().max()
    }
}
