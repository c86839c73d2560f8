//! What history means for a task: a pure fold of its raw changes into instants and counts, never durations.
//!
//! Who counts (a bot, ourselves, a person) is decided here and nowhere earlier, so that another list of bots only means
//! folding again. Order of entries does not matter: they are sorted first.

mod homes;
mod left;

use connector_model::{Due, FLAGGED, Field, Mark, Mentions, StatusCategory};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::ids::AccountId;
use super::past::{self, Asked, Asks, AssignedBy, BY_MISTAKE, DueMove, Past, SAID_NEAR};
use homes::{Homes, is_home_moved};
use left::Departed;

/// Raises whenever the same changes fold into other facts; stored facts of another version are folded anew.
pub const FOLD_VERSION: u32 = 6;

/// How the ids of observed changes of a deadline begin that moved with the task's home.
pub const HOME_MOVED: &str = "observed:home:";

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
    /// How often it was reopened, but for what was closed by mistake.
    pub reopened: u32,
    /// When it entered the state it is in. `None`: it has been in it since its creation, or the history does not tell.
    pub state_since: Option<Timestamp>,
    /// Who gave it to those of its present owners who did not take it themselves; a bot gives nothing.
    pub assigned_by: Box<[AssignedBy]>,
    /// What is seldom to be told. `None`: nothing of it.
    pub past: Option<Box<Past>>,
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

    /// Who gave it to an owner. `None`: the owner, a bot, or not told.
    pub fn assigned_by(&self, owner: AccountId) -> Option<AssignedBy> {
        self.assigned_by.iter().find(|given| given.owner == owner).copied()
    }

    /// When its declared progress last changed. `None`: never.
    pub fn progress_at(&self) -> Option<Timestamp> {
        self.past.as_ref()?.progress_at
    }

    /// When its estimate, or the time spent on it or left, last changed. `None`: never.
    pub fn booked_at(&self) -> Option<Timestamp> {
        self.past.as_ref()?.booked_at
    }

    /// When it was last reopened, but for one that was closed by mistake. `None`: never.
    pub fn reopened_at(&self) -> Option<Timestamp> {
        self.past.as_ref()?.reopened_at
    }

    /// When it had been closed before it was last reopened. `None`: never, or no history tells.
    pub fn done_before(&self) -> Option<Timestamp> {
        self.past.as_ref()?.done_before
    }

    /// When somebody else was last named in it, by a comment or by a state that waits for them. `None`: never.
    pub fn named_at(&self) -> Option<Timestamp> {
        self.past.as_ref()?.named_at
    }

    /// Since when a flag, a label or its state says that it waits, without a break. `None`: its state alone says so, if
    /// anything does; it has since it was entered.
    pub fn waits_since(&self) -> Option<Timestamp> {
        self.past.as_ref().and_then(|past| past.waits_since).or(self.state_since)
    }

    /// When a link to what it waits for was last removed. `None`: never.
    pub fn unlinked_at(&self) -> Option<Timestamp> {
        self.past.as_ref()?.unlinked_at
    }

    /// When its planned start was last set. `None`: not, or it was taken away again.
    pub fn start_set_at(&self) -> Option<Timestamp> {
        self.past.as_ref()?.start_set_at
    }

    /// How its own deadline was changed after it had got a date, oldest first: the first few and the latest ones.
    pub fn due_moves(&self) -> &[DueMove] {
        self.past.as_ref().map_or(&[], |past| &past.due_moves)
    }

    /// Whom its last comment or its state asks something, and who has done nothing since.
    pub fn asked(&self) -> &[Asked] {
        self.past.as_ref().map_or(&[], |past| &past.asked)
    }

    /// True when it tells of something that another account wants or has given.
    pub fn names(&self, account: AccountId) -> bool {
        self.assigned_by.iter().any(|given| given.by == account)
            || self.asked().iter().any(|asked| asked.whom == account || asked.by == Some(account))
    }

    /// Without room to spare: a million of them are kept.
    pub fn shrink(&mut self) {
        self.acts.shrink_to_fit();
        self.assigned.shrink_to_fit();
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
    /// Whom it names, by the tool's own ids or logins.
    pub mentions: Mentions,
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
    /// What a label counts as that the configuration maps to a state. `None`: it is no state.
    pub state_of_label: &'a dyn Fn(&str) -> Option<StatusCategory>,
    /// True for an act that is part of an import, a migration or a bulk edit: no sign of work on this task.
    pub is_bulk: &'a dyn Fn(AccountId, Timestamp) -> bool,
    /// True for an assignment that is one of many which the account made at once.
    pub is_planning: &'a dyn Fn(AccountId, Timestamp) -> bool,
    /// The account of an id or a login. `None`: nobody who is known.
    pub account_of: &'a dyn Fn(&str) -> Option<AccountId>,
    /// The date of a milestone by its name, where moving a task into it is how a deadline is set. `None`: it has none.
    pub date_of_home: &'a dyn Fn(&str) -> Option<Due>,
    /// Present owners, for a task whose history tells no assignment.
    pub owners: &'a [AccountId],
    /// Who made it.
    pub reporter: Option<AccountId>,
    /// When the task was made.
    pub created_at: Timestamp,
}

/// Folds all changes of one task, in any order.
pub fn fold(changes: &[RawChange], context: &FoldContext<'_>) -> Facts {
    let mut sorted: Vec<&RawChange> = changes.iter().collect();
    sorted.sort_by(|a, b| (a.at, &a.vkey).cmp(&(b.at, &b.vkey)));
    let told_assignments = sorted.iter().any(|change| change.field == Field::Owner);
    let mut fold = Fold::new(context);
    if !told_assignments && !context.owners.is_empty() {
        fold.facts.first_owner_at = Some(context.created_at);
        fold.facts.assigned = context.owners.iter().map(|owner| (*owner, context.created_at)).collect();
        fold.made_with_owners();
    }
    for (nth, change) in sorted.iter().enumerate() {
        if change.field == Field::Home {
            let until_next = sorted[nth + 1..].iter().take_while(|later| later.field != Field::Home);
            let redated = until_next.filter(|later| is_home_moved(later)).find_map(|later| later.from.as_deref());
            fold.home_moved(change, redated.and_then(Due::from_text));
        }
        fold.change(change);
    }
    fold.end()
}

/// The fold on its way through the changes.
struct Fold<'a> {
    context: &'a FoldContext<'a>,
    facts: Facts,
    /// It has a deadline of its own; then its homes' do not count.
    own_due: bool,
    /// The state that was entered last, where the tool says what it counts as.
    category: Option<StatusCategory>,
    /// What was so before it was closed: when that happened, its state, and since when it was in it.
    closed: Option<(Timestamp, Option<StatusCategory>, Option<Timestamp>)>,
    assigned_by: Vec<AssignedBy>,
    past: Past,
    /// Since when its state says that it waits, and since when each flag and label does that is on it.
    waiting: (Option<Timestamp>, Vec<(String, Timestamp)>),
    due_moves: Vec<DueMove>,
    homes: Homes,
    left: Departed,
    /// When a human last wrote a comment.
    said_at: Option<Timestamp>,
    asked: Vec<Asked>,
}

impl<'a> Fold<'a> {
    fn new(context: &'a FoldContext<'a>) -> Fold<'a> {
        Fold {
            context,
            facts: Facts::default(),
            own_due: false,
            category: None,
            closed: None,
            assigned_by: Vec::new(),
            past: Past::default(),
            waiting: (None, Vec::new()),
            due_moves: Vec::new(),
            homes: Homes::default(),
            left: Departed::default(),
            said_at: None,
            asked: Vec::new(),
        }
    }

    /// Whoever makes a task with owners gives it to them.
    fn made_with_owners(&mut self) {
        let (context, at) = (self.context, self.context.created_at);
        let Some(by) = context.reporter.filter(|by| !(context.is_bot)(*by)) else { return };
        let planning = (context.is_bulk)(by, at);
        let others = context.owners.iter().filter(|owner| **owner != by);
        self.assigned_by.extend(others.map(|owner| AssignedBy { owner: *owner, by, planning }));
    }

    fn end(mut self) -> Facts {
        for given in &mut self.assigned_by {
            let since = self.facts.assigned_since(given.owner);
            given.planning |= since.is_some_and(|at| (self.context.is_planning)(given.by, at));
        }
        self.facts.assigned_by = self.assigned_by.into();
        let (state, marks) = &self.waiting;
        let waits_since = marks.iter().map(|(_, at)| *at).chain(*state).min();
        self.past.waits_since = waits_since.filter(|at| Some(*at) != self.facts.state_since);
        self.past.due_moves = self.due_moves.into();
        self.past.asked = self.asked.into();
        self.facts.past = (self.past != Past::default()).then(|| Box::new(self.past));
        self.facts.shrink();
        self.facts
    }

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
            Field::Label => self.label(change),
            Field::Progress => self.past.progress_at = Some(change.at),
            Field::Estimate => self.past.booked_at = Some(change.at),
            Field::Start => self.past.start_set_at = change.to.is_some().then_some(change.at),
            Field::Link if change.from.is_some() && change.to.is_none() => self.past.unlinked_at = Some(change.at),
            _ => {}
        }
        // Whatever somebody does is their answer.
        self.asked.retain(|asked| change.account != Some(asked.whom));
        if change.field == Field::Comment && is_human(change, self.context) {
            self.asked.retain(|asked| asked.how == Asks::State);
            self.said(change.at);
        }
        if change.field == Field::Comment && is_human(change, self.context) {
            self.name(change);
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
        let (is_closed, is_reopened) = match (before, after) {
            (Some(before), Some(after)) => (before.is_open() && !after.is_open(), !before.is_open() && after.is_open()),
            _ => (is_closed_word(to) && !is_closed_word(from), to == Some("open") && from != Some("open")),
        };
        let was = before.or(self.category);
        if is_closed {
            self.closed = Some((change.at, was, self.facts.state_since));
        }
        if is_closed || is_reopened || after.is_some() && after != was {
            self.facts.state_since = Some(change.at);
        }
        match after {
            Some(StatusCategory::Waiting) => self.waiting.0 = self.waiting.0.or(Some(change.at)),
            _ => self.waiting.0 = None,
        }
        if is_reopened {
            self.reopened(change.at, after);
        }
        self.category = after;
        self.waits(change, after == Some(StatusCategory::Waiting));
        if matches!(after, Some(StatusCategory::Active | StatusCategory::Review)) {
            self.facts.started_at = self.facts.started_at.or(Some(change.at));
        }
    }

    /// What was closed by mistake goes on as if it had not been.
    fn reopened(&mut self, at: Timestamp, after: Option<StatusCategory>) {
        match self.closed.take() {
            Some((closed_at, was, since)) if at.duration_since(closed_at) <= BY_MISTAKE => {
                if was == after {
                    self.facts.state_since = since;
                }
            }
            closed => {
                self.facts.reopened += 1;
                self.past.reopened_at = Some(at);
                self.past.done_before = closed.map(|(closed_at, ..)| closed_at);
            }
        }
    }

    /// A label that is a state is entered when it is put on; without it, the task is in another. A flag lies over the state.
    fn label(&mut self, change: &RawChange) {
        if let Some(off) = &change.from {
            self.waiting.1.retain(|(label, _)| !label.eq_ignore_ascii_case(off));
        }
        if let Some(on) = change.to.as_ref().filter(|on| self.state_of(on) == Some(StatusCategory::Waiting))
            && !self.waiting.1.iter().any(|(label, _)| label.eq_ignore_ascii_case(on))
        {
            self.waiting.1.push((on.clone(), change.at));
        }
        let is_state = |label: &String| label != FLAGGED && (self.context.state_of_label)(label).is_some();
        if change.from.iter().chain(&change.to).any(is_state) {
            self.facts.state_since = Some(change.at);
            self.waits(change, true);
        }
    }

    /// What a label or a flag counts as. `None`: it is no state.
    fn state_of(&self, label: &str) -> Option<StatusCategory> {
        state_of(label, self.context)
    }

    /// Whom the state it has come into waits for; the one it has left waits for nobody any more.
    fn waits(&mut self, change: &RawChange, waiting: bool) {
        let named = |text: &Option<String>| {
            let text = text.as_deref()?;
            let state = StatusCategory::of_entry(text).and_then(|_| text.split_once('/')).map_or(text, |(_, raw)| raw);
            (self.context.account_of)(past::waits_for(state)?)
        };
        let (before, after) = (named(&change.from), named(&change.to).filter(|_| waiting));
        let is_status = change.field == Field::Status;
        self.asked.retain(|asked| asked.how != Asks::State || !(is_status || before == Some(asked.whom)));
        if let Some(whom) = after {
            self.ask(change, whom, Asks::State);
        }
    }

    /// A move of the date shortly before or after is no silent one.
    fn said(&mut self, at: Timestamp) {
        self.said_at = Some(at);
        for moved in self.due_moves.iter_mut().filter(|moved| at.duration_since(moved.at) <= SAID_NEAR) {
            moved.said = true;
        }
    }

    /// Only the last comment counts; whoever writes it asks others, and neither themselves nor a bot.
    fn name(&mut self, change: &RawChange) {
        let how = if change.mentions.asks { Asks::Question } else { Asks::Mention };
        for name in &change.mentions.who {
            match (self.context.account_of)(name) {
                Some(whom) => self.ask(change, whom, how),
                // Somebody we do not know is somebody.
                None => self.past.named_at = Some(change.at),
            }
        }
    }

    fn ask(&mut self, change: &RawChange, whom: AccountId, how: Asks) {
        if change.account == Some(whom) || (self.context.is_bot)(whom) {
            return;
        }
        self.past.named_at = Some(change.at);
        if !self.asked.iter().any(|asked| asked.whom == whom) {
            self.asked.push(Asked { by: change.account, whom, at: change.at, how });
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
            self.assigned_by.retain(|given| given.owner != off);
        }
        if let Some(on) = account(&change.to) {
            self.facts.first_owner_at = self.facts.first_owner_at.or(Some(change.at));
            match self.facts.assigned.iter_mut().find(|(who, _)| *who == on) {
                Some((_, at)) => *at = change.at,
                None => self.facts.assigned.push((on, change.at)),
            }
            self.assigned_by.retain(|given| given.owner != on);
            let in_bulk = |by| (self.context.is_bulk)(by, change.at);
            let given = change.account.filter(|by| *by != on && !is_automatic(change, self.context));
            let given = given.map(|by| AssignedBy { owner: on, by, planning: in_bulk(by) });
            self.assigned_by.extend(given);
        }
    }

    fn due(&mut self, change: &RawChange) {
        let is_homes = is_home_moved(change);
        self.own_due = if is_homes { self.own_due } else { change.to.is_some() };
        let had = self.facts.first_due_at.is_some() || change.from.is_some();
        self.date_set(change);
        let due = |text: &Option<String>| text.as_deref().and_then(Due::from_text);
        let (before, after) = (due(&change.from), due(&change.to));
        self.facts.first_due = self.facts.first_due.or(before).or(after);
        if is_homes {
            self.homes.redated(after);
        }
        self.date_moved(change, (before, after), had);
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

/// `closed`, or with the reason: `closed:completed`.
fn is_closed_word(word: Option<&str>) -> bool {
    word.is_some_and(|word| word.split(':').next() == Some("closed"))
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
    !in_bulk && !is_automatic(change, context)
}

fn is_automatic(change: &RawChange, context: &FoldContext<'_>) -> bool {
    change.account.is_some_and(context.is_bot) || change.via.as_deref().is_some_and(context.is_bot_name)
}

fn state_of(label: &str, context: &FoldContext<'_>) -> Option<StatusCategory> {
    if label == FLAGGED { Some(StatusCategory::Waiting) } else { (context.state_of_label)(label) }
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
        Field::Label => change.from.iter().chain(change.to.iter()).any(|label| state_of(label, context).is_some()),
        Field::Priority | Field::Parent | Field::Link | Field::Other => false,
    }
}

#[cfg(test)]
mod tests;
