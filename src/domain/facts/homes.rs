//! What it means for a deadline that a task goes from one dated milestone to another: it moves, though no entry says so.
//!
//! Some tools tell both halves apart, in either order: it was taken out of the one, it was put into the other.

use connector_model::Due;
use jiff::{SignedDuration, Timestamp};

use super::{Fold, HOME_MOVED, RawChange, is_ours};
use crate::domain::past::{self, DueMove, SAID_NEAR};

/// What was left and what was come to this close together is one act.
const AT_ONCE: SignedDuration = SignedDuration::from_mins(10);

/// The dated milestone that a task is in, as far as its history has told.
#[derive(Default)]
pub(super) struct Homes {
    /// The one it is in: its name, the date it had last, and since when.
    now: Option<(String, Option<Due>, Timestamp)>,
    /// The date of the one it has left, and when.
    left: Option<(Due, Timestamp)>,
    /// Where it was before is known of the one it is in.
    told: bool,
}

impl Homes {
    /// From which date to which one an entry moves it. `then`: the date that the home it comes into had at that time.
    pub(super) fn moved(
        &mut self,
        change: &RawChange,
        date_of: &dyn Fn(&str) -> Option<Due>,
        then: Option<Due>,
    ) -> Option<(Due, Due)> {
        let near = |at: Timestamp| change.at.duration_since(at).abs() <= AT_ONCE;
        let Some(to) = &change.to else {
            let from = change.from.as_deref()?;
            return match self.now.take() {
                Some((name, date, _)) if name == from => {
                    self.left = date.or_else(|| date_of(from)).map(|date| (date, change.at));
                    None
                }
                // It was put into another one a moment before.
                Some((name, date, since)) => {
                    let moved = (near(since) && !self.told).then(|| Some((date_of(from)?, date?))).flatten();
                    self.told |= moved.is_some();
                    self.now = Some((name, date, since));
                    moved
                }
                None => {
                    self.left = date_of(from).map(|date| (date, change.at));
                    None
                }
            };
        };
        let before = match (self.now.take(), &change.from) {
            (Some((_, date, _)), _) => date,
            (None, Some(from)) => date_of(from),
            (None, None) => self.left.filter(|(_, at)| near(*at)).map(|(date, _)| date),
        };
        let date = then.or_else(|| date_of(to));
        (self.now, self.left, self.told) = (Some((to.clone(), date, change.at)), None, before.is_some());
        Some((before?, date?))
    }

    /// True for the second half of an act: it was put into another one a moment before it left this one.
    pub(super) fn is_behind(&self, change: &RawChange) -> bool {
        let came = |at: Timestamp| change.at.duration_since(at).abs() <= AT_ONCE;
        let is_other = |name: &String| change.from.as_ref() != Some(name);
        change.to.is_none() && self.now.as_ref().is_some_and(|(name, _, since)| is_other(name) && came(*since))
    }

    /// The one it is in was given another date.
    pub(super) fn redated(&mut self, to: Option<Due>) {
        if let Some((_, date, _)) = &mut self.now {
            *date = to;
        }
    }
}

impl Fold<'_> {
    pub(super) fn date_moved(&mut self, change: &RawChange, (from, to): (Option<Due>, Option<Due>), had: bool) {
        let in_bulk = change.account.is_some_and(|account| (self.context.is_bulk)(account, change.at));
        let bulk = in_bulk || is_home_moved(change);
        let said = self.said_at.is_some_and(|said_at| change.at.duration_since(said_at) <= SAID_NEAR);
        let moved = DueMove { at: change.at, from, to, by: change.account, bulk, said };
        if moved.is_later() {
            self.facts.slips += 1;
        }
        if had || bulk {
            past::push_move(&mut self.due_moves, moved);
        }
    }

    /// Who takes a task from one milestone to another moves its deadline, where it has none of its own.
    pub(super) fn home_moved(&mut self, change: &RawChange, then: Option<Due>) {
        let moved = self.homes.moved(change, self.context.date_of_home, then);
        if let Some((from, to)) =
            moved.filter(|(from, to)| !self.own_due && from != to && !is_ours(change, self.context))
        {
            self.date_moved(change, (Some(from), Some(to)), true);
        }
    }

    pub(super) fn home(&mut self, change: &RawChange) {
        if self.own_due || self.homes.is_behind(change) {
            let first = self.first_date(change);
            self.facts.first_due_at = self.facts.first_due_at.or(first);
        } else {
            if let Some(home) = &change.from {
                self.left.leave(home, change.at, &self.facts);
            }
            self.date_set(change);
            // Whoever plans a hundred tasks at once has set no date of this one.
            let in_bulk = change.account.is_some_and(|account| (self.context.is_bulk)(account, change.at));
            self.facts.due_set_by = self.facts.due_set_by.filter(|_| !in_bulk);
            if let Some(home) = &change.to {
                self.left.enter(home, change.at, &mut self.facts);
            }
        }
    }
}

/// True for an entry that a date moved with its home.
pub(super) fn is_home_moved(change: &RawChange) -> bool {
    change.vkey.starts_with(HOME_MOVED)
}
