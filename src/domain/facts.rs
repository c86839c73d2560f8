//! What history means for a task: a pure fold of its raw changes into instants and counts, never durations.
//!
//! Who counts (a bot, ourselves, a person) is decided here and nowhere earlier, so that another list of bots only means
//! folding again. Order of entries does not matter: they are sorted first.

use connector_model::{Due, Field, Mark, StatusCategory};
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
    /// First sign of work: an owner's act after the assignment, or a pull request that will close it.
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
    /// True for an act that is part of an import, a migration or a bulk edit: no sign of work on this task.
    pub is_bulk: &'a dyn Fn(AccountId, Timestamp) -> bool,
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
    let mut fold = Fold { context, facts: Facts::default(), own_due: false };
    if !told_assignments && !context.owners.is_empty() {
        fold.facts.first_owner_at = Some(context.created_at);
        fold.facts.assigned = context.owners.iter().map(|owner| (*owner, context.created_at)).collect();
    }
    for change in sorted {
        fold.change(change);
    }
    fold.facts
}

/// The fold on its way through the changes.
struct Fold<'a> {
    context: &'a FoldContext<'a>,
    facts: Facts,
    /// It has a deadline of its own; then its homes' do not count.
    own_due: bool,
}

impl Fold<'_> {
    fn change(&mut self, change: &RawChange) {
        if is_ours(change, self.context) {
            return;
        }
        self.facts.changed_at = self.facts.changed_at.max(Some(change.at));
        match change.field {
            Field::Owner => self.owner(change),
            Field::Due => self.due(change),
            Field::Home => self.home(change),
            // A pull request that will close the task is work on it, whosever it is.
            Field::Reference if change.to.as_deref().is_some_and(|to| to.starts_with("pull:")) => {
                self.facts.started_at = self.facts.started_at.or(Some(change.at));
            }
            Field::Status => self.status(change),
            _ => {}
        }
        if is_act(change, self.context) {
            self.facts.human_at = self.facts.human_at.max(Some(change.at));
            if let Some(account) = change.account {
                self.act(account, change);
            }
        }
    }

    /// A tool that only tells open from closed says that something was opened again; another one says from what to what.
    fn status(&mut self, change: &RawChange) {
        let (from, to) = (change.from.as_deref(), change.to.as_deref());
        let [before, after] = [from, to].map(|text| text.and_then(StatusCategory::of_entry));
        let is_reopened = match (before, after) {
            (Some(before), Some(after)) => !before.is_open() && after.is_open(),
            _ => to == Some("open") && from != Some("open"),
        };
        if is_reopened {
            self.facts.reopened += 1;
        }
        if matches!(after, Some(StatusCategory::Active | StatusCategory::Review)) {
            self.facts.started_at = self.facts.started_at.or(Some(change.at));
        }
    }

    fn act(&mut self, account: AccountId, change: &RawChange) {
        // Assigning it, even to oneself, is no sign of work on it.
        let begins_work = change.field != Field::Owner && self.facts.assigned_since(account).is_some();
        if begins_work && self.facts.started_at.is_none() {
            self.facts.started_at = Some(change.at);
        }
        match self.facts.acts.iter_mut().find(|(who, _)| *who == account) {
            Some((_, at)) => *at = (*at).max(change.at),
            None => self.facts.acts.push((account, change.at)),
        }
    }

    fn owner(&mut self, change: &RawChange) {
        let account = |text: &Option<String>| text.as_deref().and_then(|id| id.parse().ok()).map(AccountId);
        if let Some(off) = account(&change.from) {
            // Whoever is taken off without having been put on was there from the beginning.
            self.facts.first_owner_at = self.facts.first_owner_at.or(Some(self.context.created_at));
            self.facts.assigned.retain(|(who, _)| *who != off);
        }
        if let Some(on) = account(&change.to) {
            self.facts.first_owner_at = self.facts.first_owner_at.or(Some(change.at));
            match self.facts.assigned.iter_mut().find(|(who, _)| *who == on) {
                Some((_, at)) => *at = change.at,
                None => self.facts.assigned.push((on, change.at)),
            }
        }
    }

    fn due(&mut self, change: &RawChange) {
        self.own_due = change.to.is_some();
        self.date_set(change);
        let due = |text: &Option<String>| text.as_deref().and_then(Due::from_text);
        let (before, after) = (due(&change.from), due(&change.to));
        self.facts.first_due = self.facts.first_due.or(before).or(after);
        if let (Some(before), Some(after)) = (before, after)
            && order(after) > order(before)
        {
            self.facts.slips += 1;
        }
    }

    fn home(&mut self, change: &RawChange) {
        if self.own_due {
            let first = self.first_date(change);
            self.facts.first_due_at = self.facts.first_due_at.or(first);
        } else {
            self.date_set(change);
        }
    }

    /// Notes who set the present date; one that was taken away was set by nobody.
    fn date_set(&mut self, change: &RawChange) {
        let first = self.first_date(change);
        self.facts.first_due_at = self.facts.first_due_at.or(first);
        let set = change.to.is_some();
        self.facts.due_set_by = change.account.filter(|_| set);
        self.facts.due_set_at = set.then_some(change.at);
    }

    /// A value that is replaced without having been set was there from the beginning.
    fn first_date(&self, change: &RawChange) -> Option<Timestamp> {
        match (&change.from, &change.to) {
            (Some(_), _) => Some(self.context.created_at),
            (None, Some(_)) => Some(change.at),
            (None, None) => None,
        }
    }
}

/// Our own word, which is no activity.
pub(super) fn is_ours(change: &RawChange, context: &FoldContext<'_>) -> bool {
    change.mark.as_ref().is_some_and(|mark| (context.is_ours)(mark, change.account))
}

/// An act of a human that touches content.
pub(super) fn is_act(change: &RawChange, context: &FoldContext<'_>) -> bool {
    is_human(change, context) && touches_content(change, context)
}

/// An unknown account counts as human for silence; it is never an owner, having no account.
fn is_human(change: &RawChange, context: &FoldContext<'_>) -> bool {
    let in_bulk = change.account.is_some_and(|account| (context.is_bulk)(account, change.at));
    !in_bulk && !change.account.is_some_and(context.is_bot) && !change.via.as_deref().is_some_and(context.is_bot_name)
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

/// Comparable across days and instants: a day counts from its midnight, Greenwich.
fn order(due: Due) -> i64 {
    match due {
        Due::At(at) => at.as_second(),
        Due::On(date) => date.to_zoned(jiff::tz::TimeZone::UTC).map_or(0, |zoned| zoned.timestamp().as_second()),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const ANA: AccountId = AccountId(1);
    const MO: AccountId = AccountId(2);
    const BOT: AccountId = AccountId(9);

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn change(day: u32, field: Field, by: AccountId) -> RawChange {
        RawChange {
            at: at(&format!("2025-03-{day:02}T10:00:00Z")),
            vkey: format!("{day}:{field:?}"),
            field,
            from: None,
            to: None,
            account: Some(by),
            via: None,
            mark: None,
            observed: false,
        }
    }

    fn valued(change: RawChange, from: &str, to: &str) -> RawChange {
        let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        RawChange { from: text(from), to: text(to), ..change }
    }

    fn folded(changes: &[RawChange]) -> Facts {
        folded_with(changes, &[])
    }

    fn folded_with(changes: &[RawChange], owners: &[AccountId]) -> Facts {
        let context = FoldContext {
            is_bot: &|account| account == BOT,
            is_bot_name: &|name| name == "robot",
            is_ours: &|mark, account| mark.mac == "ours" && account != Some(MO),
            is_state_label: &|label| label == "in progress",
            is_bulk: &|account, at| account == MO && at == self::at("2025-03-20T10:00:00Z"),
            owners,
            created_at: at("2025-03-01T10:00:00Z"),
        };
        fold(changes, &context)
    }

    #[test]
    fn our_own_comment_and_another_bot_move_no_human_clock() {
        let mark = |mac: &str| Some(Mark { wire: "w".to_owned(), mac: mac.to_owned() });
        let ours = RawChange { mark: mark("ours"), ..change(5, Field::Comment, ANA) };
        let app = RawChange { via: Some("robot".to_owned()), ..change(6, Field::Comment, ANA) };
        let facts = folded(&[change(3, Field::Comment, ANA), ours, app, change(7, Field::Comment, BOT)]);
        assert_eq!(facts.human_at, Some(at("2025-03-03T10:00:00Z")));
        assert_eq!(facts.changed_at, Some(at("2025-03-07T10:00:00Z")), "settling counts bots, but not us");
    }

    #[test]
    fn a_colleague_who_copies_our_marker_is_still_a_colleague() {
        let copied = Mark { wire: "w".to_owned(), mac: "ours".to_owned() };
        let facts = folded(&[RawChange { mark: Some(copied), ..change(5, Field::Comment, MO) }]);
        assert_eq!(facts.human_at, Some(at("2025-03-05T10:00:00Z")));
    }

    #[test]
    fn an_unknown_actor_moves_the_human_clock_and_is_nobodys_act() {
        let facts = folded(&[RawChange { account: None, observed: true, ..change(5, Field::Description, ANA) }]);
        assert_eq!(facts.human_at, Some(at("2025-03-05T10:00:00Z")));
        assert!(facts.acts.is_empty());
    }

    #[test]
    fn states_that_say_what_they_were_counted_as_tell_the_start_and_a_reopening() {
        let facts = folded(&[
            valued(change(2, Field::Status, MO), "todo/Open", "active/In Arbeit"),
            valued(change(3, Field::Status, MO), "active/In Arbeit", "review/Review"),
            valued(change(4, Field::Status, MO), "review/Review", "done/Closed"),
            valued(change(5, Field::Status, MO), "done/Closed", "todo/Open"),
            valued(change(6, Field::Status, MO), "todo/Open", "Unknown"),
        ]);
        assert_eq!((facts.started_at, facts.reopened), (Some(at("2025-03-02T10:00:00Z")), 1));
    }

    #[test]
    fn labels_count_only_where_they_are_a_state() {
        let facts = folded(&[
            valued(change(5, Field::Label, ANA), "", "in progress"),
            valued(change(6, Field::Label, ANA), "", "ui"),
        ]);
        assert_eq!(facts.human_at, Some(at("2025-03-05T10:00:00Z")));
        assert_eq!(folded(&[change(5, Field::Link, ANA), change(6, Field::Priority, ANA)]).human_at, None);
    }

    #[test]
    fn work_begins_with_an_owners_act_after_the_assignment() {
        let assigned = valued(change(3, Field::Owner, MO), "", "1");
        let facts = folded(&[change(2, Field::Comment, ANA), assigned.clone(), change(4, Field::Comment, MO)]);
        assert_eq!(facts.started_at, None, "neither an earlier act nor a stranger's");
        let facts = folded(&[assigned.clone(), change(5, Field::Reference, ANA)]);
        assert_eq!(facts.started_at, Some(at("2025-03-05T10:00:00Z")));
        let to_herself = valued(change(3, Field::Owner, ANA), "", "1");
        assert_eq!(folded(&[to_herself]).started_at, None);
    }

    #[test]
    fn work_begins_with_a_pull_request_that_will_close_the_task_whosever_it_is() {
        let facts = folded(&[valued(change(5, Field::Reference, MO), "", "pull:acme/web#7")]);
        assert_eq!(facts.started_at, Some(at("2025-03-05T10:00:00Z")));
        assert_eq!(folded(&[valued(change(5, Field::Reference, MO), "", "acme/web#7")]).started_at, None);
    }

    #[test]
    fn an_assignment_the_history_does_not_tell_dates_from_the_creation() {
        let created = Some(at("2025-03-01T10:00:00Z"));
        let facts = folded_with(&[], &[ANA]);
        assert_eq!((facts.first_owner_at, facts.assigned_since(ANA)), (created, created));
        let facts = folded_with(&[valued(change(4, Field::Owner, MO), "2", "1")], &[ANA]);
        assert_eq!(facts.first_owner_at, created, "the one who was taken off had been there");
        assert_eq!(facts.assigned, [(ANA, at("2025-03-04T10:00:00Z"))]);
    }

    #[test]
    fn a_date_moved_later_is_a_slip_and_its_first_value_is_kept() {
        let facts = folded(&[
            valued(change(2, Field::Due, MO), "", "2025-03-10"),
            valued(change(3, Field::Due, ANA), "2025-03-10", "2025-03-20"),
            valued(change(4, Field::Due, ANA), "2025-03-20", "2025-03-18"),
        ]);
        assert_eq!(facts.first_due, Due::from_text("2025-03-10"));
        assert_eq!((facts.slips, facts.due_set_by), (1, Some(ANA)));
        assert_eq!(facts.first_due_at, Some(at("2025-03-02T10:00:00Z")));
        assert_eq!(facts.due_set_at, Some(at("2025-03-04T10:00:00Z")));
    }

    #[test]
    fn a_slip_does_not_date_the_plan_anew() {
        let facts = folded(&[valued(change(8, Field::Due, ANA), "2025-03-10", "2025-03-20")]);
        assert_eq!(facts.first_due_at, Some(at("2025-03-01T10:00:00Z")), "it had a date from its creation on");
    }

    #[test]
    fn a_date_taken_away_was_set_by_nobody() {
        let set = valued(change(2, Field::Due, MO), "", "2025-03-10");
        let facts = folded(&[set, valued(change(3, Field::Due, MO), "2025-03-10", "")]);
        assert_eq!((facts.due_set_by, facts.due_set_at), (None, None));
    }

    #[test]
    fn a_home_sets_the_date_only_where_there_is_none_of_its_own() {
        let home = valued(change(5, Field::Home, ANA), "", "M1");
        assert_eq!(folded(std::slice::from_ref(&home)).due_set_by, Some(ANA));
        let own = valued(change(2, Field::Due, MO), "", "2025-03-10");
        assert_eq!(folded(&[own, home]).due_set_by, Some(MO));
    }

    #[test]
    fn a_bulk_edit_is_nobodys_work() {
        let facts = folded(&[change(5, Field::Comment, ANA), change(20, Field::Due, MO)]);
        assert_eq!(facts.human_at, Some(at("2025-03-05T10:00:00Z")));
        assert_eq!(facts.changed_at, Some(at("2025-03-20T10:00:00Z")), "settling counts it");
        assert_eq!(facts.act_of(MO), None);
    }

    #[test]
    fn reopening_counts() {
        let reopened = valued(change(5, Field::Status, ANA), "closed", "open");
        assert_eq!(folded(&[valued(change(3, Field::Status, ANA), "open", "closed"), reopened]).reopened, 1);
    }

    proptest::proptest! {
        #[test]
        fn the_order_of_entries_is_irrelevant(
            (told, shuffled) in proptest::collection::vec((1u32..28, 0u8..16, 0i64..4, 0usize..4, 0usize..4), 0..12)
                .prop_map(|all| all.into_iter().enumerate().map(random_change).collect::<Vec<_>>())
                .prop_flat_map(|told| (Just(told.clone()), Just(told).prop_shuffle()))
        ) {
            proptest::prop_assert_eq!(folded_with(&told, &[ANA, MO]), folded_with(&shuffled, &[ANA, MO]));
        }
    }

    use proptest::prelude::{Just, Strategy};

    fn random_change((nth, (day, field, by, from, to)): (usize, (u32, u8, i64, usize, usize))) -> RawChange {
        let values = ["", "1", "2", "2025-03-10"];
        let plain = change(day, Field::from_code(field), if by == 3 { BOT } else { AccountId(by) });
        RawChange { vkey: format!("event:{nth}"), ..valued(plain, values[from], values[to]) }
    }
}
