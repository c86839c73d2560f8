//! Who did what to a task since an instant, for whoever is told that a gap is over.

use std::collections::HashMap;

use jiff::Timestamp;

use super::super::StoreError;
use super::{Store, history};
use crate::domain::ids::{AccountId, SiteId, TaskId};
use crate::domain::mover::Act;

impl Store {
    /// What was done to these tasks, each since its instant, oldest first; our own words are left out.
    ///
    /// # Errors
    /// `Failed`.
    pub fn acts(&self, tasks: &[(TaskId, Timestamp)]) -> Result<HashMap<TaskId, Vec<Act>>, StoreError> {
        let mut all = HashMap::new();
        for (task, since) in tasks {
            all.insert(*task, self.acts_on(*task, *since)?);
        }
        Ok(all)
    }

    fn acts_on(&self, task: TaskId, since: Timestamp) -> Result<Vec<Act>, StoreError> {
        let Some(cache) = &self.cache else { return Ok(Vec::new()) };
        let mut query = self.db.prepare_cached("SELECT site FROM tasks WHERE id = ?")?;
        let site = query.query_row([task.0], |row| Ok(SiteId(row.get(0)?)))?;
        let ours = cache.ours.get(&site);
        let is_ours = |account: Option<AccountId>| {
            ours.is_none_or(|ours| ours.is_empty() || account.is_some_and(|account| ours.contains(&account)))
        };
        let changes = history::read(&self.db, task)?.into_iter().filter(|change| change.at >= since);
        let others = changes.filter(|change| {
            !change.mark.as_ref().is_some_and(|mark| self.key.believes(mark) && is_ours(change.account))
        });
        let acts = others.map(|change| {
            let is_bot = |account: &AccountId| cache.accounts.get(account).is_some_and(|rec| rec.bot);
            let by_program = change.via.as_ref().is_some_and(|name| cache.who.bots.contains(name));
            let given = change.to.as_deref().filter(|_| change.field == connector_model::Field::Owner);
            Act {
                at: change.at,
                field: change.field,
                to: given.and_then(|id| id.parse().ok()).map(AccountId),
                by: change.account.filter(|account| !is_bot(account) && !by_program),
            }
        });
        Ok(acts.collect())
    }
}
