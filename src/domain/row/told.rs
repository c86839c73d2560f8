//! What the history of a task on the board says: [`Facts`], read where they are packed.

use connector_model::Due;
use jiff::Timestamp;

use super::{Number, TaskRow, When};
use crate::domain::facts::Facts;
use crate::domain::ids::AccountId;
use crate::domain::past::{Asked, AssignedBy, DueMove, Past};

/// What the history of one task says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Told<'a>(&'a TaskRow);

impl<'a> Told<'a> {
    pub(super) fn of(row: &'a TaskRow) -> Told<'a> {
        Told(row)
    }

    /// Human clock: the last act of a human, not us, that touched content. `None`: none since its creation.
    pub fn human_at(self) -> Option<Timestamp> {
        self.0.when(When::Human)
    }

    /// The last change by anybody but us, bots included. `None`: none.
    pub fn changed_at(self) -> Option<Timestamp> {
        self.0.when(When::ChangedByOthers)
    }

    /// The last content act of each human account.
    pub fn acts(self) -> impl ExactSizeIterator<Item = (AccountId, Timestamp)> + Clone + use<'a> {
        self.0.acts()
    }

    /// The last content act of an account. `None`: none.
    pub fn act_of(self, account: AccountId) -> Option<Timestamp> {
        self.acts().find(|(who, _)| *who == account).map(|(_, at)| at)
    }

    /// Since when each account is assigned, as far as the history tells.
    pub fn assigned(self) -> impl ExactSizeIterator<Item = (AccountId, Timestamp)> + Clone + use<'a> {
        self.0.assigned()
    }

    /// Since when an account is assigned. `None`: not assigned, or not told.
    pub fn assigned_since(self, account: AccountId) -> Option<Timestamp> {
        self.assigned().find(|(who, _)| *who == account).map(|(_, at)| at)
    }

    /// Who gave it to an owner. `None`: the owner, a bot, or not told.
    pub fn assigned_by(self, owner: AccountId) -> Option<AssignedBy> {
        self.0.assigned_by().find(|given| given.owner == owner)
    }

    /// First assignment of anybody. `None`: never told.
    pub fn first_owner_at(self) -> Option<Timestamp> {
        self.0.when(When::FirstOwner)
    }

    /// First time it got a deadline or a home with one. `None`: never told.
    pub fn first_due_at(self) -> Option<Timestamp> {
        self.0.when(When::FirstDue)
    }

    /// The first deadline it had, where the history tells its value.
    pub fn first_due(self) -> Option<Due> {
        self.0.due_of(When::FirstDueAt, Number::FirstDueOn)
    }

    /// How often its deadline was moved later.
    pub fn slips(self) -> u32 {
        self.0.small(Number::Slips).unwrap_or_default()
    }

    /// Who set the present deadline (or home).
    pub fn due_set_by(self) -> Option<AccountId> {
        self.0.number(Number::DueSetBy).map(AccountId)
    }

    /// When it was set.
    pub fn due_set_at(self) -> Option<Timestamp> {
        self.0.when(When::DueSet)
    }

    /// First sign of work: an owner's act after the assignment, or a pull request that will close it.
    pub fn started_at(self) -> Option<Timestamp> {
        self.0.when(When::Started)
    }

    /// How often it was reopened, but for what was closed by mistake.
    pub fn reopened(self) -> u32 {
        self.0.small(Number::Reopened).unwrap_or_default()
    }

    /// When it entered the state it is in. `None`: it has been in it since its creation, or the history does not tell.
    pub fn state_since(self) -> Option<Timestamp> {
        self.0.when(When::State)
    }

    /// When its declared progress last changed. `None`: never.
    pub fn progress_at(self) -> Option<Timestamp> {
        self.0.when(When::Progress)
    }

    /// When its estimate, or the time spent on it or left, last changed. `None`: never.
    pub fn booked_at(self) -> Option<Timestamp> {
        self.0.when(When::Booked)
    }

    /// When it was last reopened, but for one that was closed by mistake. `None`: never.
    pub fn reopened_at(self) -> Option<Timestamp> {
        self.0.when(When::Reopened)
    }

    /// When it had been closed before it was last reopened. `None`: never, or no history tells.
    pub fn done_before(self) -> Option<Timestamp> {
        self.0.when(When::DoneBefore)
    }

    /// When somebody else was last named in it, by a comment or by a state that waits for them. `None`: never.
    pub fn named_at(self) -> Option<Timestamp> {
        self.0.when(When::Named)
    }

    /// Since when a flag, a label or its state says that it waits, without a break. `None`: its state alone says so, if
    /// anything does; it has since it was entered.
    pub fn waits_since(self) -> Option<Timestamp> {
        self.0.when(When::Waits).or_else(|| self.state_since())
    }

    /// When a link to what it waits for was last removed. `None`: never.
    pub fn unlinked_at(self) -> Option<Timestamp> {
        self.0.when(When::Unlinked)
    }

    /// When its planned start was last set. `None`: not, or it was taken away again.
    pub fn start_set_at(self) -> Option<Timestamp> {
        self.0.when(When::StartSet)
    }

    /// How its own deadline was changed after it had got a date, oldest first: the first few and the latest ones.
    pub fn due_moves(self) -> &'a [DueMove] {
        self.0.rare().map_or(&[], |rare| &rare.due_moves)
    }

    /// Whom its last comment or its state asks something, and who has done nothing since.
    pub fn asked(self) -> &'a [Asked] {
        self.0.rare().map_or(&[], |rare| &rare.asked)
    }

    /// True when it tells of something that another account wants or has given.
    pub fn names(self, account: AccountId) -> bool {
        self.0.assigned_by().any(|given| given.by == account)
            || self.asked().iter().any(|asked| asked.whom == account || asked.by == Some(account))
    }

    /// As the fold gave them.
    pub(super) fn to_facts(self) -> Facts {
        let past = Past {
            progress_at: self.progress_at(),
            booked_at: self.booked_at(),
            reopened_at: self.reopened_at(),
            done_before: self.done_before(),
            waits_since: self.0.when(When::Waits),
            unlinked_at: self.unlinked_at(),
            start_set_at: self.start_set_at(),
            due_moves: self.due_moves().into(),
            named_at: self.named_at(),
            asked: self.asked().into(),
        };
        Facts {
            human_at: self.human_at(),
            changed_at: self.changed_at(),
            acts: self.acts().collect(),
            assigned: self.assigned().collect(),
            first_owner_at: self.first_owner_at(),
            first_due_at: self.first_due_at(),
            first_due: self.first_due(),
            slips: self.slips(),
            due_set_by: self.due_set_by(),
            due_set_at: self.due_set_at(),
            started_at: self.started_at(),
            reopened: self.reopened(),
            state_since: self.state_since(),
            assigned_by: self.0.assigned_by().collect(),
            past: (past != Past::default()).then(|| Box::new(past)),
        }
    }
}
