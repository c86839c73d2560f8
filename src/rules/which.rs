//! A condition as that which says of which tasks something holds.

use super::condition::Condition;
use crate::domain::look::Look;
use crate::domain::routes::Which;
use crate::domain::row::TaskRow;

impl Which for Condition {
    fn is_for<'a>(&self, task: &'a TaskRow, look: &Look<'a>) -> bool {
        self.holds(task, look, look.people()).unwrap_or(false)
    }
}
