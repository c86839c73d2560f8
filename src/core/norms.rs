//! Norms are computed once a day, with the first round after midnight, Greenwich, and when a container was read completely
//! for the first time; always from what was finished before that midnight. In between they stand still, and a restart finds
//! them in the store.

use jiff::Timestamp;

use super::Core;
use crate::domain::burndown;
use crate::domain::ids::AccountId;
use crate::domain::norms::{self, Book};
use crate::domain::outcome;
use crate::domain::people::People;
use crate::domain::proof;
use crate::domain::snapshot::Snapshot;
use crate::rules::{at_hand, outlook};
use crate::store::StoreError;

impl Core {
    /// Computes norms anew if that is due; whatever is measured against one that moved is due for judging then.
    pub(super) fn renew_norms(&mut self, now: Timestamp) -> Result<(), StoreError> {
        let Some(counted) = self.board.norms_due(now) else { return Ok(()) };
        // A clock that was set back computes nothing of an earlier day.
        let as_of = norms::instant(now).max(self.board.norms().as_of.unwrap_or(Timestamp::MIN));
        while self.guarded(now, |store| store.fold_outcomes(&counted, as_of, now))? {}
        let (finished, mut loads) = self.store.finished(&counted, as_of)?;
        let snapshot = Snapshot { board: &self.board, policy: &self.policy, now };
        let today = at_hand::loads(&snapshot, as_of);
        loads.retain(|load| load.day != as_of);
        loads.extend(today.iter().cloned());
        let people = &self.board.people;
        let mut rows = outcome::norms(&finished, |owner| people.calendar(owner));
        rows.extend(outcome::habits(&loads, |account| stands_for(people, account)));
        rows.extend(at_hand::top_priorities(&snapshot));
        let before = self.board.norms();
        let containers = (&before.counted, &counted);
        let shown = proof::proofs(&before.forecast, containers, &finished, as_of, |owner| people.calendar(owner));
        let mut forecast = outlook::with_open_tasks(shown, &Snapshot { now: as_of, ..snapshot });
        let planned = self.store.planned(&self.board.plans(), as_of)?;
        forecast = forecast.with_weeks(burndown::weeks(&planned, as_of));
        let (rows, mut moved) = norms::renewed(before.rows(), rows);
        moved.extend(forecast.settle(&before.forecast));
        let book = Book::new(Some(as_of), counted, rows).with_forecast(forecast);
        self.guarded(now, |store| store.put_norms(&book, &today, now))?;
        tracing::info!(finished = finished.len(), moved = moved.len(), "norms.computed");
        self.board.put_norms(book, &moved);
        Ok(())
    }
}

/// One account for all of a person's.
fn stands_for(people: &People, account: AccountId) -> AccountId {
    people.person(account).map_or(account, |person| person.own_account)
}
