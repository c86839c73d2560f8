//! What few tasks have in their history: moves of a deadline, questions nobody answered, a reopening. Kept apart from the
//! other facts, so that the many tasks without any of it pay for one pointer.

use connector_model::Due;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::ids::AccountId;

/// A task opened again so soon after it was closed was closed by mistake.
pub const BY_MISTAKE: SignedDuration = SignedDuration::from_mins(10);
/// An account that assigns more tasks than this within [`AT_ONCE`] is planning, and not handing over a task.
pub const PLANNED_AT_ONCE: usize = 20;
/// See [`PLANNED_AT_ONCE`].
pub const AT_ONCE: SignedDuration = SignedDuration::from_hours(1);
/// So many moves of a deadline are kept from the beginning of its history ...
const FIRST_MOVES: usize = 6;
/// ... and so many in all; those in the middle are left out.
const MOVES: usize = 16;

/// A date that is moved this long before or after somebody said something in the task was not moved in silence.
pub const SAID_NEAR: SignedDuration = SignedDuration::from_hours(24);

/// What is seldom to be told of a task.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Past {
    /// When its declared progress last changed. `None`: never.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub progress_at: Option<Timestamp>,
    /// When its estimate, or the time spent on it or left, last changed. `None`: never.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub booked_at: Option<Timestamp>,
    /// When it was last reopened, but for one that was closed by mistake. `None`: never.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reopened_at: Option<Timestamp>,
    /// When it had been closed before that. `None`: never, or no history tells.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub done_before: Option<Timestamp>,
    /// Since when a flag, a label or its state says that it waits, where that is not since its state was entered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waits_since: Option<Timestamp>,
    /// When a link to a task it waits for was last removed. `None`: never.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unlinked_at: Option<Timestamp>,
    /// When its planned start was last set. `None`: it was not, or was taken away again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_set_at: Option<Timestamp>,
    /// How its own deadline was changed after it had got a date, oldest first: the first few and the latest ones.
    #[serde(skip_serializing_if = "is_empty")]
    pub due_moves: Box<[DueMove]>,
    /// When somebody else was last named, by a comment or by a state that waits for them. `None`: never.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub named_at: Option<Timestamp>,
    /// Whom the last comment of a human, or its state, asks something, and who has done nothing since.
    #[serde(skip_serializing_if = "is_empty")]
    pub asked: Box<[Asked]>,
}

fn is_empty<T>(list: &[T]) -> bool {
    list.is_empty()
}

/// A change of a task's own deadline.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct DueMove {
    /// When.
    pub at: Timestamp,
    /// Before. `None`: it had none of its own, or a tool did not tell.
    pub from: Option<Due>,
    /// After. `None`: it was taken away.
    pub to: Option<Due>,
    /// Who did it. `None`: not known.
    pub by: Option<AccountId>,
    /// One of many at once: an import, a migration, a sprint that was moved as a whole.
    pub bulk: bool,
    /// Somebody wrote a comment in the task within [`SAID_NEAR`] of it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub said: bool,
}

impl DueMove {
    /// True where one date took the place of an earlier one.
    pub fn is_later(&self) -> bool {
        matches!((self.from, self.to), (Some(from), Some(to)) if order(to) > order(from))
    }
}

/// Somebody from whom something is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// Who wants it. `None`: not known.
    pub by: Option<AccountId>,
    /// Of whom.
    pub whom: AccountId,
    /// Since when.
    pub at: Timestamp,
    /// What asks.
    pub how: Asks,
}

/// What asks somebody something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Asks {
    /// A comment that names them and holds a question.
    Question,
    /// A comment that names them, without a question.
    Mention,
    /// The state of the task, which says that it waits for them.
    State,
}

/// Who gave a task to one of its present owners.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct AssignedBy {
    /// The owner.
    pub owner: AccountId,
    /// The human who assigned it, and is not the owner.
    pub by: AccountId,
    /// It was one of many that this account assigned at once.
    pub planning: bool,
}

/// Adds a move; of too many, one in the middle is left out.
pub(super) fn push_move(moves: &mut Vec<DueMove>, one: DueMove) {
    if moves.len() == MOVES {
        moves.remove(FIRST_MOVES);
    }
    moves.push(one);
}

/// Whether `at` lies in a stretch of [`AT_ONCE`] in which more than [`PLANNED_AT_ONCE`] tasks were assigned; `times` holds
/// one instant for each task of the hours around it, in any order.
pub fn is_planning(times: &mut [Timestamp], at: Timestamp) -> bool {
    times.sort_unstable();
    let many = times.windows(PLANNED_AT_ONCE + 1);
    many.into_iter().any(|window| {
        let (first, last) = (window[0], window[PLANNED_AT_ONCE]);
        last.duration_since(first) <= AT_ONCE && first <= at && at <= last
    })
}

/// The name of whom a state waits for (`Waiting for Tom`, `waiting-for: tom`, `needinfo @tom`). `None`: it names nobody.
pub(super) fn waits_for(state: &str) -> Option<&str> {
    const BEFORE: [&str; 8] = [
        "waiting for",
        "waiting-for",
        "waiting_for",
        "waiting on",
        "waiting-on",
        "needs info from",
        "needinfo",
        "needs-info",
    ];
    let state = state.trim();
    let rest = BEFORE.iter().find_map(|before| {
        let head = state.get(..before.len())?;
        head.eq_ignore_ascii_case(before).then(|| &state[before.len()..])
    })?;
    let begins = rest.starts_with(|letter: char| !letter.is_alphanumeric());
    let name = rest.trim_matches(|letter: char| !letter.is_alphanumeric());
    (begins && !name.is_empty()).then_some(name)
}

/// Comparable across days and instants: a day counts from its midnight, Greenwich.
pub(super) fn order(due: Due) -> i64 {
    match due {
        Due::At(at) => at.as_second(),
        Due::On(date) => date.to_zoned(jiff::tz::TimeZone::UTC).map_or(0, |zoned| zoned.timestamp().as_second()),
    }
}
