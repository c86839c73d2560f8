//! By which change of its task a gap was mended, and whose change that was.

use connector_model::Field;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::evidence::Evidence;
use super::ids::AccountId;

/// What mended a gap.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mover {
    /// What was done.
    pub what: Deed,
    /// The human who did it. `None`: a program did, or the tool does not tell.
    pub by: Option<AccountId>,
    /// To whom it was given, where it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<AccountId>,
}

/// What can be done to a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Deed {
    /// It was closed.
    Closed,
    /// It got another state.
    State,
    /// It got another date, or none.
    Date,
    /// It was given to somebody, or taken from them.
    Owner,
    /// It got another declared progress.
    Progress,
    /// It got another estimate, or time was booked on it.
    Estimate,
    /// Somebody wrote a comment.
    Comment,
    /// What it waits for, or is a part of, was linked or unlinked.
    Link,
    /// Work elsewhere was linked with it.
    Work,
    /// Something else about it.
    Changed,
    /// Nothing: time has passed, or something changed that it hangs on.
    Nothing,
}

impl Deed {
    /// As events tell it.
    pub fn word(self) -> &'static str {
        match self {
            Deed::Closed => "closed",
            Deed::State => "state",
            Deed::Date => "date",
            Deed::Owner => "owner",
            Deed::Progress => "progress",
            Deed::Estimate => "estimate",
            Deed::Comment => "comment",
            Deed::Link => "link",
            Deed::Work => "work",
            Deed::Changed => "changed",
            Deed::Nothing => "nothing",
        }
    }
}

/// An entry of a task's history that is not our own, as far as it tells who did what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Act {
    /// When.
    pub at: Timestamp,
    /// What it touched.
    pub field: Field,
    /// To whom it was given, where it was.
    pub to: Option<AccountId>,
    /// The human who did it. `None`: a program did, or the tool does not tell.
    pub by: Option<AccountId>,
}

/// What mended a gap of this kind, of all that was done to the task since it opened, oldest first. `closed`: the task is.
pub fn mended_by(evidence: &Evidence, closed: bool, acts: &[Act]) -> Mover {
    let last = |fits: &dyn Fn(&Act) -> bool| acts.iter().rev().find(|act| fits(act));
    let wanted = wanted(evidence);
    if closed {
        let closing = last(&|act| act.field == Field::Status);
        return Mover { what: Deed::Closed, by: closing.and_then(|act| act.by), to: None };
    }
    let tells = |act: &Act| !matches!(act.field, Field::Label | Field::Priority | Field::Other);
    let act = last(&|act| wanted.contains(&act.field))
        .or_else(|| last(&|act| act.by.is_some() && tells(act)))
        .or_else(|| last(&|act| tells(act) || act.by.is_some()))
        .or_else(|| acts.last());
    let Some(act) = act else { return Mover { what: Deed::Nothing, by: None, to: None } };
    let what = match act.field {
        Field::Status => Deed::State,
        Field::Due | Field::Start => Deed::Date,
        Field::Home if wanted.contains(&Field::Home) => Deed::Date,
        Field::Owner => Deed::Owner,
        Field::Progress => Deed::Progress,
        Field::Estimate => Deed::Estimate,
        Field::Comment => Deed::Comment,
        Field::Link | Field::Parent => Deed::Link,
        Field::Reference => Deed::Work,
        Field::Home | Field::Title | Field::Description | Field::Priority | Field::Label | Field::Other => {
            Deed::Changed
        }
    };
    Mover { what, by: act.by, to: act.to.filter(|_| what == Deed::Owner) }
}

/// What a gap of this kind asks to be changed, where that is one thing.
fn wanted(evidence: &Evidence) -> &'static [Field] {
    match evidence {
        Evidence::Overdue { .. }
        | Evidence::NoDue { .. }
        | Evidence::ChildAfterParent { .. }
        | Evidence::DateConflict { .. }
        | Evidence::Drift { .. }
        | Evidence::Unrealistic { .. }
        | Evidence::AtRisk { .. } => &[Field::Due, Field::Home, Field::Start],
        Evidence::NoOwner { .. } | Evidence::OwnerAbsent { .. } => &[Field::Owner],
        Evidence::Pace { .. } => &[Field::Progress],
        Evidence::StartLate { .. } => &[Field::Status, Field::Start],
        Evidence::Estimate { .. } => &[Field::Estimate],
        Evidence::Unanswered { .. } => &[Field::Comment],
        Evidence::BlockerUnnamed { .. } | Evidence::Circle { .. } => &[Field::Link, Field::Parent],
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANA: AccountId = AccountId(1);
    const MAX: AccountId = AccountId(3);

    fn act(field: Field, by: Option<AccountId>) -> Act {
        Act { at: Timestamp::UNIX_EPOCH, field, to: None, by }
    }

    fn silent() -> Evidence {
        Evidence::Stalled { human_at: Timestamp::UNIX_EPOCH, limit_secs: 1, deadline: None, norm: None }
    }

    fn undated() -> Evidence {
        Evidence::NoDue { category: connector_model::StatusCategory::Active }
    }

    #[test]
    fn whoever_closed_it_mended_it_whatever_was_done_after() {
        let acts = [act(Field::Status, Some(ANA)), act(Field::Comment, Some(MAX))];
        for evidence in [silent(), undated()] {
            assert_eq!(mended_by(&evidence, true, &acts), Mover { what: Deed::Closed, by: Some(ANA), to: None });
        }
        let by_program = [act(Field::Comment, Some(MAX)), act(Field::Status, None)];
        assert_eq!(mended_by(&silent(), true, &by_program).by, None, "nobody is named for what a program did");
        assert_eq!(mended_by(&silent(), true, &[]), Mover { what: Deed::Closed, by: None, to: None });
    }

    #[test]
    fn what_a_gap_asks_for_comes_before_what_was_done_last() {
        let acts = [act(Field::Due, Some(MAX)), act(Field::Comment, Some(ANA))];
        assert_eq!(mended_by(&undated(), false, &acts), Mover { what: Deed::Date, by: Some(MAX), to: None });
        assert_eq!(mended_by(&silent(), false, &acts), Mover { what: Deed::Comment, by: Some(ANA), to: None });
        let home = [act(Field::Home, Some(MAX))];
        assert_eq!(mended_by(&undated(), false, &home).what, Deed::Date, "a milestone has a date");
        assert_eq!(mended_by(&silent(), false, &home).what, Deed::Changed);
    }

    #[test]
    fn a_human_comes_before_a_program_and_words_before_a_label() {
        let acts = [act(Field::Comment, Some(ANA)), act(Field::Label, Some(MAX)), act(Field::Status, None)];
        assert_eq!(mended_by(&silent(), false, &acts), Mover { what: Deed::Comment, by: Some(ANA), to: None });
        let program = [act(Field::Status, None)];
        assert_eq!(mended_by(&silent(), false, &program), Mover { what: Deed::State, by: None, to: None });
        let label = [act(Field::Label, Some(MAX))];
        assert_eq!(mended_by(&silent(), false, &label), Mover { what: Deed::Changed, by: Some(MAX), to: None });
        assert_eq!(mended_by(&silent(), false, &[]), Mover { what: Deed::Nothing, by: None, to: None });
    }

    #[test]
    fn to_whom_it_was_given_is_told_only_where_it_was_given() {
        let given = Act { to: Some(ANA), ..act(Field::Owner, Some(MAX)) };
        let mover = mended_by(&silent(), false, &[given]);
        assert_eq!(mover, Mover { what: Deed::Owner, by: Some(MAX), to: Some(ANA) });
    }
}
