//! What is due: looked at, and taken out only when it is dealt with.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::{Board, DueNow};
use crate::domain::finding::SubjectKey;
use crate::domain::ids::AlertId;

impl Board {
    /// What is due at `now`, at most `most` subjects.
    pub fn due(&self, now: Timestamp, most: usize) -> DueNow {
        let mut subjects: BTreeSet<SubjectKey> = self.touched.iter().copied().take(most).collect();
        subjects.extend(self.recheck.due(now).take(most.saturating_sub(subjects.len())));
        let mut due = DueNow {
            subjects: subjects.into_iter().collect(),
            alerts: self.steps.due(now).collect(),
            answers: self.answers.clone(),
            rests: false,
        };
        due.rests = self.rests_after(&due);
        due
    }

    /// The next instant at which something becomes due by itself. `None`: only a change can make something due.
    pub fn next_due(&self) -> Option<Timestamp> {
        if !self.touched.is_empty() || !self.answers.is_empty() {
            return Some(Timestamp::MIN);
        }
        [self.recheck.next(), self.steps.next(), self.traffic.heeds.next()].into_iter().flatten().min()
    }

    /// When a subject is looked at again. `None`: when it changes.
    pub fn recheck_at(&self, subject: SubjectKey) -> Option<Timestamp> {
        self.recheck.at(subject)
    }

    /// Takes a judged subject out of its queue and notes when to look again.
    pub fn judged(&mut self, subject: SubjectKey, recheck_at: Option<Timestamp>) {
        self.touched.remove(&subject);
        self.recheck.set(subject, recheck_at);
    }

    /// Takes alerts that were stepped out of their queue; those that a round changed have their next step by now.
    pub fn stepped(&mut self, alerts: &[AlertId], now: Timestamp) {
        for id in alerts {
            if self.steps.at(*id).is_some_and(|at| at <= now) {
                self.steps.set(*id, None);
            }
        }
    }

    /// True when nothing that was touched is left over once these are judged.
    pub fn rests_after(&self, due: &DueNow) -> bool {
        let is_due = |subject| due.subjects.binary_search(subject).is_ok();
        self.touched.len() <= due.subjects.len() && self.touched.iter().all(is_due)
    }
}
