//! How a gap ended, and by whose doing. Everybody reads the same: nobody is spoken to.

use jiff::Timestamp;

use super::facts::heading;
use super::scene::Scene;
use super::when::{between, clean, day_of};
use crate::domain::alert::Ending;
use crate::domain::evidence::Evidence;
use crate::domain::mover::{Deed, Mover};
use crate::domain::people::People;

/// By which change it ended, with names.
#[derive(Debug, Clone)]
pub(super) struct Moved {
    what: Deed,
    /// `None`: a program did it, or nobody knows who.
    by: Option<String>,
    /// To whom it was given, where that is somebody else.
    to: Option<String>,
}

impl Moved {
    pub(super) fn of(mover: &Mover, people: &People) -> Moved {
        let to = mover.to.filter(|to| mover.by.is_none_or(|by| !people.same(by, *to)));
        let name = |account| clean(&people.name(account));
        // Whoever takes it is named once.
        let what =
            if mover.what == Deed::Owner && to.is_none() && mover.to.is_none() { Deed::Changed } else { mover.what };
        Moved { what, by: mover.by.map(name).filter(|name| !name.is_empty()), to: to.map(name) }
    }

    /// `Ana left a line in it.`
    fn words(&self) -> String {
        let to = self.to.as_deref();
        let Some(by) = &self.by else {
            return match (self.what, to) {
                (Deed::Closed, _) => "It is closed.".to_owned(),
                (Deed::State, _) => "Its state was changed.".to_owned(),
                (Deed::Date, _) => "Its date was changed.".to_owned(),
                (Deed::Owner, Some(to)) => format!("It was given to {to}."),
                (Deed::Owner, None) => "It was given to somebody else.".to_owned(),
                (Deed::Progress, _) => "Its progress was brought up to date.".to_owned(),
                (Deed::Estimate, _) => "Its hours were brought up to date.".to_owned(),
                (Deed::Comment, _) => "There is a new line in it.".to_owned(),
                (Deed::Link, _) => "Its links were changed.".to_owned(),
                (Deed::Work, _) => "Work was linked with it.".to_owned(),
                (Deed::Changed, _) => "It was changed.".to_owned(),
                (Deed::Nothing, _) => "Nobody changed it: time has passed, or what it hangs on has changed.".to_owned(),
            };
        };
        match (self.what, to) {
            (Deed::Closed, _) => format!("{by} closed it."),
            (Deed::State, _) => format!("{by} changed its state."),
            (Deed::Date, _) => format!("{by} changed its date."),
            (Deed::Owner, Some(to)) => format!("{by} gave it to {to}."),
            (Deed::Owner, None) => format!("{by} took it."),
            (Deed::Progress, _) => format!("{by} brought its progress up to date."),
            (Deed::Estimate, _) => format!("{by} brought its hours up to date."),
            (Deed::Comment, _) => format!("{by} left a line in it."),
            (Deed::Link, _) => format!("{by} changed its links."),
            (Deed::Work, _) => format!("{by} linked work with it."),
            (Deed::Changed | Deed::Nothing, _) => format!("{by} updated it."),
        }
    }
}

/// An episode, as far as its end is told by it.
pub(super) struct Over<'a> {
    pub(super) ending: Option<Ending>,
    /// True when the task itself is closed by now.
    pub(super) closed: bool,
    /// What became of a date that had passed.
    pub(super) outcome: Option<&'a str>,
    pub(super) moved: Option<&'a Moved>,
    pub(super) evidence: &'a Evidence,
    pub(super) noticed_at: Timestamp,
    /// When the first of the episodes was found that it goes on with. `None`: it goes on with none.
    pub(super) first_noticed_at: Option<Timestamp>,
}

impl Over<'_> {
    /// The word for its end. What was deleted or moved away is not called resolved.
    pub(super) fn word(&self) -> &'static str {
        match self.ending {
            Some(Ending::Deleted) => "Deleted, noticed",
            Some(Ending::MovedAway) => "Moved away, noticed",
            _ => "Resolved",
        }
    }

    /// How it ended, by whose doing, and how long it had been open.
    pub(super) fn words(&self, at: Timestamp, scene: Scene<'_>) -> String {
        let how = self.how().map_or(String::new(), |how| format!("{how} "));
        format!("{how}{}", self.was(at, scene))
    }

    /// `Ana closed it 2 working days after its date.` `None`: it is not known.
    pub(super) fn how(&self) -> Option<String> {
        match self.ending {
            Some(Ending::Deleted) => {
                return Some("The task was deleted, so nothing is watched any more.".to_owned());
            }
            Some(Ending::MovedAway) => return Some("The task was moved to a place that is not watched.".to_owned()),
            _ => {}
        }
        let by = self.moved.and_then(|moved| moved.by.as_deref());
        let did = |what: Deed| by.filter(|_| self.moved.is_some_and(|moved| moved.what == what));
        match (self.outcome, self.closed) {
            (Some(late), true) => Some(match did(Deed::Closed) {
                Some(by) => format!("{by} closed it {late}."),
                None => format!("Closed {late}."),
            }),
            (Some(further), false) => Some(match did(Deed::Date) {
                Some(by) => format!("{by} moved its date {further}."),
                None => format!("Moved {further}."),
            }),
            (None, true) if self.moved.is_none() => Some("It is closed.".to_owned()),
            (None, _) => self.moved.map(Moved::words),
        }
    }

    /// `Was: no movement. Noticed Mon 9 Mar, open for 2 working days.`
    pub(super) fn was(&self, at: Timestamp, scene: Scene<'_>) -> String {
        let (was, open) = (heading(self.evidence, scene), between(self.noticed_at, at, scene));
        let noticed = match self.first_noticed_at {
            Some(first) => {
                format!("Noticed {}, back since {}", day_of(first, scene), day_of(self.noticed_at, scene))
            }
            None => format!("Noticed {}", day_of(self.noticed_at, scene)),
        };
        format!("Was: {was}. {noticed}, open for {open}.")
    }
}
