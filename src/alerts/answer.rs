//! Answers and wishes of people, from whichever way they came: obeyed or refused, and always answered. Obeyed are the
//! owners of a task as it is now, whoever leads them, and the operators; by their account, never by a name.

use jiff::{SignedDuration, Timestamp};

use super::draft::Draft;
use super::whose::{is_obeyed, owners};
use crate::domain::alert::{Alert, AlertState, Answer, LogKind, Wish};
use crate::domain::calendar::Calendar;
use crate::domain::command::{self, Command, Until};
use crate::domain::finding::{Addressee, GapId, SubjectKey};
use crate::domain::ids::{AccountId, AlertId, InboxId, TaskId};
use crate::domain::people::Person;
use crate::domain::said::{About, Claim, Said};
use crate::domain::snapshot::Snapshot;

/// Working days of silence for whoever says that they work on it.
const ON_IT_DAYS: i64 = 3;
/// Working days until the tool has to show what somebody says is so already.
const SHOWN_DAYS: i64 = 1;
/// Calendar days of silence that need no reason; a few more for the weekend at its end.
const UNREASONED_DAYS: i64 = 35;
/// Calendar days of silence at most.
const LONGEST_DAYS: i64 = 370;
/// An answer so close to the deadline that a day of rest would pass it keeps silent for so many working hours.
const LEAST_HOURS: i64 = 4;

const OPERATORS_ONLY: &str = "only the operators can do this";
const NOT_YOURS: &str = "Only the task's owner, their manager and the operators can do this.";

/// Deals with every answer, in the order in which they came.
pub(super) fn obey(answers: &[Answer], draft: &mut Draft<'_>) -> Vec<(InboxId, String)> {
    answers.iter().map(|answer| (answer.id, obey_one(answer, draft))).collect()
}

fn obey_one(answer: &Answer, draft: &mut Draft<'_>) -> String {
    let (gap, command) = match &answer.wish {
        Wish::Release { container } => return release(container, answer.account, draft),
        // Done before anything is decided, for what is to be said again is thought about like everything else.
        Wish::Resend { id } => return format!("{id} is sent once more"),
        Wish::Flood { send, .. } => return flood(*send, answer.account, draft),
        Wish::Say { about, words } => return hear(answer, about, words, draft),
        Wish::Snooze { gap, until, reason } => (gap, (Some(*until), reason.clone())),
        Wish::Unsnooze { gap } => (gap, (None, None)),
    };
    let Some(alert) = find(gap, draft) else { return format!("no gap {gap} is known") };
    if alert.state == AlertState::Resolved {
        return format!("gap {gap} is resolved, there is nothing to silence");
    }
    if !answer.account.is_none_or(|account| is_obeyed(account, alert, draft.snapshot)) {
        return NOT_YOURS.to_owned();
    }
    let id = alert.id;
    match command {
        (Some(until), reason) => snooze(id, until, reason, answer, draft),
        (None, _) => unsnooze(id, answer, draft),
    }
}

/// The operators have looked at what is missing.
fn release(name: &str, account: Option<AccountId>, draft: &mut Draft<'_>) -> String {
    let snapshot = draft.snapshot;
    if !is_operator(account, snapshot) {
        return OPERATORS_ONLY.to_owned();
    }
    let named = snapshot.board.containers().filter(|container| *container.name == *name && container.hold.is_some());
    let mut held: Vec<_> = named.map(|container| container.id).collect();
    if held.is_empty() {
        return format!("{name} is not held");
    }
    held.sort_unstable();
    draft.released.extend(held);
    format!("{name} is judged again")
}

/// True for the operator at the command line, and for everybody whom the configuration names as one.
pub(crate) fn is_operator(account: Option<AccountId>, snapshot: &Snapshot<'_>) -> bool {
    let people = &snapshot.board.people;
    let named = |account| people.person(account).is_some_and(|person: &Person| people.operators.contains(&person.id));
    account.is_none_or(named)
}

/// Done before anything is decided, like what is sent once more.
fn flood(send: bool, account: Option<AccountId>, draft: &Draft<'_>) -> String {
    match (is_operator(account, draft.snapshot), send) {
        (false, _) => OPERATORS_ONLY.to_owned(),
        (true, true) => "what was held back is sent".to_owned(),
        (true, false) => "what was held back is dropped".to_owned(),
    }
}

/// Words from a comment or a button.
fn hear(answer: &Answer, about: &About, words: &str, draft: &mut Draft<'_>) -> String {
    let (known, reply) = match command::parse(words) {
        Err(error) => (false, error.to_string()),
        Ok((_, Command::Help)) => (false, format!("I know: {}.", command::HELP)),
        Ok((_, Command::Stop)) => mute(answer, true, draft),
        Ok((_, Command::Start)) => mute(answer, false, draft),
        Ok((named, command)) => match obeyed(answer, about, named.as_ref(), draft) {
            Ok(alerts) => apply_all(&alerts, answer, &command, draft),
            Err(refused) => (false, refused),
        },
    };
    if !known {
        draft.refused.push(answer.id);
    }
    let task = match about {
        About::Task(task) => Some(*task),
        About::Gap(_) => None,
    };
    // Whoever is nobody to us gets no word: in an open place anybody can write.
    if let Some(task) = task.filter(|task| is_somebody(answer, *task, draft.snapshot)) {
        // What was answered to a gap shows in its line; what changes what somebody is told shows nowhere else.
        let shows_nowhere = matches!(command::parse(words), Ok((_, Command::Stop | Command::Start)));
        let remark = || format!("“/gapwatch {}”: {reply}", short(words));
        draft.remarks.insert(task, (!known || shows_nowhere).then(remark));
    }
    reply
}

fn short(words: &str) -> String {
    let line: String = words.chars().map(|c| if c.is_control() { ' ' } else { c }).take(40).collect();
    if words.chars().count() > 40 { format!("{line}…") } else { line }
}

/// True for an owner of the task, and for everybody of the configuration.
fn is_somebody(answer: &Answer, task: TaskId, snapshot: &Snapshot<'_>) -> bool {
    let board = snapshot.board;
    let owns = |account| board.task(task).is_some_and(|task| task.owners().any(|one| board.people.same(one, account)));
    answer.account.is_some_and(|account| board.people.person(account).is_some() || owns(account))
}

/// The alerts that an answer is about and whose sender is obeyed.
fn obeyed(answer: &Answer, about: &About, named: Option<&GapId>, draft: &Draft<'_>) -> Result<Vec<AlertId>, String> {
    let open: Vec<&Alert> = match about {
        About::Gap(gap) => find(gap, draft).filter(|alert| alert.state != AlertState::Resolved).into_iter().collect(),
        // What opened later is none of what was answered.
        About::Task(task) => {
            let live = draft.live(SubjectKey::Task(*task));
            live.filter(|alert| alert.opened_at <= answer.at && alert.finding.addressee != Addressee::Operators)
                .collect()
        }
    };
    let meant: Vec<&Alert> = open.into_iter().filter(|alert| named.is_none_or(|gap| alert.gap == *gap)).collect();
    if meant.is_empty() {
        return Err(match named {
            Some(gap) => format!("No gap {gap} is open here."),
            None => "There is nothing open here.".to_owned(),
        });
    }
    let allowed = |alert: &&&Alert| answer.account.is_none_or(|account| is_obeyed(account, alert, draft.snapshot));
    let ids: Vec<AlertId> = meant.iter().filter(allowed).map(|alert| alert.id).collect();
    if ids.is_empty() { Err(NOT_YOURS.to_owned()) } else { Ok(ids) }
}

/// What was told comes first: an answer to it is not one to what nobody has heard of. False where nothing was done.
fn apply_all(alerts: &[AlertId], answer: &Answer, command: &Command, draft: &mut Draft<'_>) -> (bool, String) {
    let told = |id: &&AlertId| draft.alert(**id).is_some_and(|alert| !alert.told.is_empty());
    let heard: Vec<AlertId> = alerts.iter().filter(told).copied().collect();
    let meant = if heard.is_empty() { alerts.to_vec() } else { heard };
    let mut replies: Vec<Result<String, String>> =
        meant.into_iter().map(|id| apply(id, answer, command, draft)).collect();
    replies.sort_by_key(Result::is_err);
    match replies.into_iter().next() {
        Some(Ok(reply)) => (true, reply),
        Some(Err(refused)) => (false, refused),
        None => (false, String::new()),
    }
}

/// What follows from an answer to one gap; `Err`: why nothing does.
fn apply(id: AlertId, answer: &Answer, command: &Command, draft: &mut Draft<'_>) -> Result<String, String> {
    let snapshot = draft.snapshot;
    let Some(alert) = draft.alert(id) else { return Ok(String::new()) };
    let by = answer.account.unwrap_or(AccountId::NOBODY);
    let calendar = snapshot.board.people.calendar(answer.account);
    let days = |days: i64| calendar.after(answer.at, days * calendar.day_secs());
    let rests = rests_until(alert, answer.at, calendar);
    let (what, words, until, reply) = match command {
        Command::Snooze { until, reason } => {
            let until = ends_at(*until, answer.at, calendar);
            if until <= snapshot.now {
                return Err("That has passed already.".to_owned());
            }
            too_long(until, reason.is_some(), answer.at)?;
            return Ok(snooze(id, until, reason.clone(), answer, draft));
        }
        Command::Undo => return Ok(undo(id, answer, draft)),
        Command::NotMine { to } => {
            let people = &snapshot.board.people;
            if !owners(alert, snapshot).iter().any(|owner| people.same(*owner, by)) {
                return Err("Only who has the task can say that it is not theirs.".to_owned());
            }
            (Claim::NotMine, to.clone(), None, "Whoever leads you hears of it.".to_owned())
        }
        Command::OnIt => (Claim::OnIt, None, Some(rests), "Noted.".to_owned()),
        Command::Blocked { by } => (Claim::Blocked, by.clone(), Some(rests), "Noted.".to_owned()),
        Command::Done => {
            (Claim::Done, None, Some(days(SHOWN_DAYS)), "Noted; it ends when the task shows it.".to_owned())
        }
        Command::Date { on } => {
            if on.is_some_and(|on| on < calendar.date(answer.at)) {
                return Err("That day has passed already.".to_owned());
            }
            let reply = "Noted; it ends when the task has its new date.".to_owned();
            (Claim::NewDate(*on), None, Some(days(SHOWN_DAYS)), reply)
        }
        Command::Wrong { reason } => {
            (Claim::Wrong, reason.clone(), None, "Noted: nothing more is said of it unless its date passes.".to_owned())
        }
        Command::Answered => (Claim::Answered, None, None, "Noted: nothing more is said of it.".to_owned()),
        Command::Stop | Command::Start | Command::Help => return Ok(String::new()),
    };
    let Some(change) = draft.change(id) else { return Ok(String::new()) };
    let said = Said { by, at: answer.at, stage: change.alert.stage, what, words: words.clone(), lapsed: false };
    change.alert.unsay();
    change.alert.acked_until = until;
    change.alert.said = Some(Box::new(said));
    let reason = match words {
        Some(words) => format!("{}: {words}", what.word()),
        None => what.word().to_owned(),
    };
    draft.log(id, LogKind::Answered, Some(reason), answer.account);
    Ok(reply)
}

/// `Err`: nobody would remember a silence of this length.
fn too_long(until: Timestamp, has_reason: bool, from: Timestamp) -> Result<(), String> {
    match is_too_long(until, has_reason, from) {
        Some(TooLong::Ever { days }) => Err(format!("A silence lasts {days} days at most.")),
        Some(TooLong::WithoutReason { days }) => {
            Err(format!("A silence of more than {days} days needs a reason behind its end."))
        }
        None => Ok(()),
    }
}

/// Why a silence is refused, with the calendar days that are allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TooLong {
    /// Longer than any may be.
    Ever { days: i64 },
    /// Longer than one without a reason may be.
    WithoutReason { days: i64 },
}

/// `None`: so long a silence may be asked for.
pub(crate) fn is_too_long(until: Timestamp, has_reason: bool, from: Timestamp) -> Option<TooLong> {
    let days = until.duration_since(from).as_hours() / 24;
    match days {
        _ if days > LONGEST_DAYS => Some(TooLong::Ever { days: LONGEST_DAYS }),
        _ if days > UNREASONED_DAYS && !has_reason => Some(TooLong::WithoutReason { days: UNREASONED_DAYS }),
        _ => None,
    }
}

/// Until when nothing is said to whoever works on it: at most some days, and not past the day before the deadline.
fn rests_until(alert: &Alert, at: Timestamp, calendar: &Calendar) -> Timestamp {
    let most = calendar.after(at, ON_IT_DAYS * calendar.day_secs());
    let deadline = alert.finding.deadline.map(|deadline| deadline.at).filter(|deadline| *deadline > at);
    let before = deadline.map(|deadline| calendar.before(deadline, calendar.day_secs()));
    let least = calendar.after(at, LEAST_HOURS * 3600);
    before.map_or(most, |before| before.clamp(least, most.max(least)))
}

/// A silence ends with the start of a working day, so that nobody is surprised on a Saturday, or at five to five.
fn ends_at(until: Until, from: Timestamp, calendar: &Calendar) -> Timestamp {
    let begins = |date| calendar.day_begins(date);
    let today = calendar.date(from);
    let at = match until {
        Until::After(length) => length.after(from, calendar),
        Until::Day(date) => begins(date),
        Until::Tomorrow => today.tomorrow().map_or(Timestamp::MAX, begins),
        Until::Weekday(day) => today.nth_weekday(1, day).map_or(Timestamp::MAX, begins),
    };
    if at <= from {
        return at;
    }
    calendar.next_day_start(at.checked_sub(SignedDuration::from_secs(1)).unwrap_or(at))
}

/// The number of alerts is small enough to look through them for the few wishes there are.
fn find<'d>(gap: &GapId, draft: &'d Draft<'_>) -> Option<&'d Alert> {
    let same = draft.snapshot.board.alerts().filter(|alert| alert.gap == *gap);
    same.min_by_key(|alert| (alert.state == AlertState::Resolved, alert.id)).and_then(|alert| draft.alert(alert.id))
}

fn snooze(id: AlertId, until: Timestamp, reason: Option<String>, answer: &Answer, draft: &mut Draft<'_>) -> String {
    if until <= draft.snapshot.now {
        return format!("{until} has passed already");
    }
    let by = answer.account.unwrap_or(AccountId::NOBODY);
    let Some(change) = draft.change(id) else { return String::new() };
    let alert = &mut change.alert;
    let said = Said { by, at: answer.at, stage: alert.stage, what: Claim::Later, words: reason.clone(), lapsed: false };
    alert.unsay();
    alert.snoozed_until = Some(until);
    alert.snooze_reason.clone_from(&reason);
    alert.said = Some(Box::new(said));
    let gap = alert.gap.clone();
    draft.log(id, LogKind::Snoozed, reason, answer.account);
    format!("gap {gap} is silent until {until}")
}

fn unsnooze(id: AlertId, answer: &Answer, draft: &mut Draft<'_>) -> String {
    let now = draft.snapshot.now;
    let Some(alert) = draft.alert(id) else { return String::new() };
    if alert.snoozed_until.is_none_or(|until| until <= now) {
        return format!("gap {} is not silent", alert.gap);
    }
    undo(id, answer, draft)
}

fn undo(id: AlertId, answer: &Answer, draft: &mut Draft<'_>) -> String {
    let Some(change) = draft.change(id) else { return String::new() };
    let was_silent = change.alert.snoozed_until.is_some();
    let answered = change.alert.said.take().filter(|said| !said.lapsed);
    change.alert.unsay();
    if let (Some(by), Some(_)) = (answer.account.filter(|by| *by != AccountId::NOBODY), answered) {
        let (at, stage) = (answer.at, change.alert.stage);
        let said = Said { by, at, stage, what: Claim::TakenBack, words: None, lapsed: false };
        change.alert.said = Some(Box::new(said));
    }
    let gap = change.alert.gap.clone();
    let (what, why) = if was_silent {
        (LogKind::Snoozed, "the silence was ended")
    } else {
        (LogKind::Answered, "what was answered is taken back")
    };
    draft.log(id, what, Some(why.to_owned()), answer.account);
    format!("gap {gap} may speak again")
}

/// Somebody wants nothing but their digest, or more than that again.
fn mute(answer: &Answer, on: bool, draft: &mut Draft<'_>) -> (bool, String) {
    let board = draft.snapshot.board;
    let Some(account) = answer.account.filter(|account| *account != AccountId::NOBODY) else {
        return (false, "Nobody is known under this account.".to_owned());
    };
    let person = board.people.person(account);
    if person.is_none() && board.owned(account).next().is_none() {
        return (false, "Nothing would be sent to you anyway.".to_owned());
    }
    let stands = board.people.stands(account);
    if on {
        draft.mutes.push((stands, Some(answer.at)));
        return (true, "Noted: nothing is told to you in person any more. “/gapwatch start” ends that.".to_owned());
    }
    // It may have been said under an account that was joined with others since.
    let all = person.into_iter().flat_map(|person| board.accounts_of(person.id));
    let all: Vec<AccountId> = all.chain([stands]).collect();
    draft.mutes.extend(all.into_iter().map(|account| (account, None)));
    (true, "Noted: you are told in person again.".to_owned())
}
