//! What history means for a task: a pure fold of its raw changes into instants and counts, never durations.
//!
//! Who counts (a bot, ourselves, a person) is decided here and nowhere earlier, so that another list of bots only means
//! folding again. Order of entries does not matter: they are sorted first.

use connector_model::{Due, Field, Mark};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::ids::AccountId;

/// Raises whenever the same changes fold into other facts; stored facts of another version are folded anew.
pub const FOLD_VERSION: u32 = 1;

/// What the history of one task says.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Facts {
    /// Human clock: the last act of a human, not us, that touched content. `None`: none since its creation.
    pub human_at: Option<Timestamp>,
    /// The last change by anybody but us, bots included: what settling counts from. `None`: none.
    pub changed_at: Option<Timestamp>,
    /// The last content act of each human account.
    pub acts: Vec<(AccountId, Timestamp)>,
    /// Since when each account is assigned, as far as the history tells; accounts taken off are gone from it.
    pub assigned: Vec<(AccountId, Timestamp)>,
    /// First assignment of anybody. `None`: never told.
    pub first_owner_at: Option<Timestamp>,
    /// First time it got a deadline or a home with one. `None`: never told.
    pub first_due_at: Option<Timestamp>,
    /// The first deadline it had, where the history tells its value.
    pub first_due: Option<Due>,
    /// How often its deadline was moved later.
    pub slips: u32,
    /// Who set the present deadline (or home).
    pub due_set_by: Option<AccountId>,
    /// When it was set.
    pub due_set_at: Option<Timestamp>,
    /// First sign of work: a declared active state, or an owner's act after the assignment.
    pub started_at: Option<Timestamp>,
    /// How often it was reopened.
    pub reopened: u32,
}

impl Facts {
    /// The last content act of an account. `None`: none.
    pub fn act_of(&self, account: AccountId) -> Option<Timestamp> {
        self.acts.iter().find(|(who, _)| *who == account).map(|(_, at)| *at)
    }

    /// Since when an account is assigned. `None`: not assigned, or not told.
    pub fn assigned_since(&self, account: AccountId) -> Option<Timestamp> {
        self.assigned.iter().find(|(who, _)| *who == account).map(|(_, at)| *at)
    }
}

/// A raw change of one task, with its account resolved.
#[derive(Debug, Clone, PartialEq)]
pub struct RawChange {
    /// When.
    pub at: Timestamp,
    /// The tool's own id of the entry.
    pub vkey: String,
    /// What changed.
    pub field: Field,
    /// Before; for an owner the account as `AccountId` text (the store resolves it).
    pub from: Option<String>,
    /// After; likewise.
    pub to: Option<String>,
    /// Who did it. `None`: unknown.
    pub account: Option<AccountId>,
    /// App through which it was done.
    pub via: Option<String>,
    /// Marker it carries.
    pub mark: Option<Mark>,
    /// A difference we observed, not an entry of the tool's.
    pub observed: bool,
}

/// What the fold must know besides the changes.
pub struct FoldContext<'a> {
    /// True for an account that is no human (API type, configuration).
    pub is_bot: &'a dyn Fn(AccountId) -> bool,
    /// True for an app name declared a bot.
    pub is_bot_name: &'a dyn Fn(&str) -> bool,
    /// True for a marker with a valid MAC, written by our own account as far as that is known.
    pub is_ours: &'a dyn Fn(&Mark, Option<AccountId>) -> bool,
    /// True for a label that the configuration maps to a state.
    pub is_state_label: &'a dyn Fn(&str) -> bool,
    /// Present owners, for a task whose history tells no assignment.
    pub owners: &'a [AccountId],
    /// When the task was made.
    pub created_at: Timestamp,
}

/// Folds all changes of one task, in any order.
pub fn fold(changes: &[RawChange], context: &FoldContext<'_>) -> Facts {
    let mut sorted: Vec<&RawChange> = changes.iter().collect();
    sorted.sort_by(|a, b| (a.at, &a.vkey).cmp(&(b.at, &b.vkey)));
    let told_assignments = sorted.iter().any(|change| change.field == Field::Owner);
    let mut facts = Facts::default();
    if !told_assignments && !context.owners.is_empty() {
        facts.first_owner_at = Some(context.created_at);
        facts.assigned = context.owners.iter().map(|owner| (*owner, context.created_at)).collect();
    }
    for change in sorted {
        fold_one(&mut facts, change, context);
    }
    facts
}

fn fold_one(facts: &mut Facts, change: &RawChange, context: &FoldContext<'_>) {
    if change.mark.as_ref().is_some_and(|mark| (context.is_ours)(mark, change.account)) {
        return;
    }
    facts.changed_at = facts.changed_at.max(Some(change.at));
    let human = is_human(change, context);
    match change.field {
        Field::Owner => fold_owner(facts, change),
        Field::Due | Field::Home => fold_due(facts, change),
        Field::Status if change.to.as_deref() == Some("open") && change.from.as_deref() != Some("open") => {
            facts.reopened += 1;
        }
        _ => {}
    }
    if human && touches_content(change, context) {
        facts.human_at = facts.human_at.max(Some(change.at));
        if let Some(account) = change.account {
            act(facts, account, change);
        }
    }
}

/// An unknown account counts as human for silence; it is never an owner, having no account.
fn is_human(change: &RawChange, context: &FoldContext<'_>) -> bool {
    !change.account.is_some_and(context.is_bot) && !change.via.as_deref().is_some_and(context.is_bot_name)
}

fn touches_content(change: &RawChange, context: &FoldContext<'_>) -> bool {
    match change.field {
        Field::Status
        | Field::Owner
        | Field::Due
        | Field::Start
        | Field::Title
        | Field::Description
        | Field::Progress
        | Field::Estimate
        | Field::Home
        | Field::Comment
        | Field::Reference => true,
        Field::Label => change.from.iter().chain(change.to.iter()).any(|label| (context.is_state_label)(label)),
        Field::Priority | Field::Parent | Field::Link | Field::Other => false,
    }
}

fn act(facts: &mut Facts, account: AccountId, change: &RawChange) {
    // Assigning it, even to oneself, is no sign of work on it.
    let begins_work = change.field != Field::Owner && facts.assigned_since(account).is_some();
    if begins_work && facts.started_at.is_none() {
        facts.started_at = Some(change.at);
    }
    match facts.acts.iter_mut().find(|(who, _)| *who == account) {
        Some((_, at)) => *at = (*at).max(change.at),
        None => facts.acts.push((account, change.at)),
    }
}

fn fold_owner(facts: &mut Facts, change: &RawChange) {
    let account = |text: &Option<String>| text.as_deref().and_then(|id| id.parse().ok()).map(AccountId);
    if let Some(off) = account(&change.from) {
        facts.assigned.retain(|(who, _)| *who != off);
    }
    if let Some(on) = account(&change.to) {
        facts.first_owner_at = facts.first_owner_at.or(Some(change.at));
        match facts.assigned.iter_mut().find(|(who, _)| *who == on) {
            Some((_, at)) => *at = change.at,
            None => facts.assigned.push((on, change.at)),
        }
    }
}

fn fold_due(facts: &mut Facts, change: &RawChange) {
    let due = |text: &Option<String>| text.as_deref().and_then(Due::from_text);
    if change.to.is_none() {
        return;
    }
    facts.first_due_at = facts.first_due_at.or(Some(change.at));
    facts.due_set_by = change.account;
    facts.due_set_at = Some(change.at);
    if change.field == Field::Due {
        facts.first_due = facts.first_due.or(due(&change.from)).or(due(&change.to));
        if let (Some(before), Some(after)) = (due(&change.from), due(&change.to))
            && order(after) > order(before)
        {
            facts.slips += 1;
        }
    }
}

/// Comparable across days and instants: a day counts from its midnight, Greenwich.
fn order(due: Due) -> i64 {
    match due {
        Due::At(at) => at.as_second(),
        Due::On(date) => date.to_zoned(jiff::tz::TimeZone::UTC).map_or(0, |zoned| zoned.timestamp().as_second()),
    }
}
