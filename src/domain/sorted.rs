//! Some tasks in order, in as little room as they take.

use super::ids::TaskId;

/// Tasks in order, each once. Rows get their numbers in turn, so most of what is added comes last.
#[derive(Debug, Clone, Default)]
pub(super) struct Sorted(Vec<TaskId>);

impl Sorted {
    pub(super) fn insert(&mut self, id: TaskId) {
        if self.0.last().is_none_or(|last| *last < id) {
            self.0.push(id);
        } else if let Err(place) = self.0.binary_search(&id) {
            self.0.insert(place, id);
        }
    }

    pub(super) fn remove(&mut self, id: TaskId) {
        if let Ok(place) = self.0.binary_search(&id) {
            self.0.remove(place);
        }
    }

    pub(super) fn all(&self) -> &[TaskId] {
        &self.0
    }
}

impl FromIterator<TaskId> for Sorted {
    fn from_iter<I: IntoIterator<Item = TaskId>>(ids: I) -> Sorted {
        let mut sorted = Sorted::default();
        ids.into_iter().for_each(|id| sorted.insert(id));
        sorted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_comes_stands_in_order_and_once() {
        let ids = |numbers: &[i64]| numbers.iter().map(|id| TaskId(*id)).collect::<Vec<_>>();
        let mut sorted: Sorted = ids(&[3, 1, 2, 3, 9]).into_iter().collect();
        assert_eq!(sorted.all(), ids(&[1, 2, 3, 9]));
        sorted.remove(TaskId(2));
        sorted.remove(TaskId(7));
        assert_eq!(sorted.all(), ids(&[1, 3, 9]));
    }
}
