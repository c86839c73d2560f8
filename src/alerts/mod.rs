//! From readings to alerts and notices.

use crate::domain::alert::{AlertChange, Notice};
use crate::domain::board::{DueNow, NextIds};
use crate::domain::finding::{Reading, RuleId, SubjectKey};
use crate::domain::ids::InboxId;
use crate::domain::snapshot::Snapshot;

/// What the rules say about one subject.
#[derive(Debug, Clone, PartialEq)]
pub struct Judgement {
    /// About what.
    pub subject: SubjectKey,
    /// Every rule that was asked, with each of its answers: several gaps of one rule differ in scope.
    pub readings: Vec<(RuleId, Reading)>,
    /// False: it could not be judged (cold, or nobody reads it); what is, stays.
    pub judged: bool,
    /// True when what is found now was there before we began to look: its container has just become warm, sending was just
    /// switched on, or the rules have changed.
    pub baseline: bool,
}

/// What a round decided, before words are found for it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Decided {
    /// Alerts that changed, in the order of their rows.
    pub alerts: Vec<AlertChange>,
    /// Notices, new and changed, in the order of their rows; a new one that is to be sent has no message and no post yet.
    pub notices: Vec<Notice>,
    /// Answers that were dealt with, and what to tell who asked.
    pub answered: Vec<(InboxId, String)>,
}

/// Answers → reconcile → step → route → notices. Pure: the same input gives the same output, row numbers included.
pub fn decide(judgements: &[Judgement], due: &DueNow, snapshot: &Snapshot<'_>, ids: &mut NextIds) -> Decided {
    let _ = (judgements, due, snapshot, ids);
    Decided::default()
}
