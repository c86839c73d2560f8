//! Tasks that come back onto the board: what was said of them before comes back with them.

use jiff::Timestamp;

use super::Core;
use crate::domain::ids::TaskId;
use crate::rules;
use crate::store::StoreError;

impl Core {
    /// Puts what was said of tasks that have come back beside them: an episode is counted on, a comment not made twice.
    pub(super) fn recollect(&mut self, back: &[TaskId], now: Timestamp) -> Result<(), StoreError> {
        if back.is_empty() {
            return Ok(());
        }
        let (alerts, posts) = self.guarded(now, |store| store.recollect(back, rules::known))?;
        for alert in alerts {
            if self.board.alert(alert.id).is_none() {
                self.board.put_alert(alert);
            }
        }
        for post in posts {
            if self.board.post(post.id).is_none() {
                self.board.put_post(post);
            }
        }
        Ok(())
    }
}
