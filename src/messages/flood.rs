//! Too many messages to persons within one hour: none of them leaves before somebody has decided. Whatever is to be sent comes
//! by here just before it is, so that it does not matter how a flood came about.
//!
//! A message is one of too many from the moment at which it would have left; it keeps up with its gaps meanwhile, and is
//! withdrawn with them. What came up an hour after a flood began is counted anew, and is not held for it.

use jiff::Timestamp;

use crate::domain::alert::{Alert, AlertChange, LogEntry, LogKind, Round};
use crate::domain::board::Board;
use crate::domain::calendar::later;
use crate::domain::finding::Addressee;
use crate::domain::notice::{Gate, Message, MessageState, Notice, NoticeState};
use crate::domain::snapshot::Snapshot;
use crate::domain::traffic::HOUR;

/// What is to be held back of what would leave now. Empty: nothing is.
pub fn hold(snapshot: &Snapshot<'_>) -> Round {
    let (board, now) = (snapshot.board, snapshot.now);
    let is_free = |message: &&Message| message.gate == Gate::Free && message.attempts == 0 && message.due_at <= now;
    let mut waiting: Vec<&Message> = board
        .messages()
        .filter(|message| is_waiting(message))
        .filter(is_free)
        .filter(|one| counts(one, board))
        .collect();
    if waiting.is_empty() {
        return Round::default();
    }
    let ago = later(now, -HOUR);
    let began = |message: &Message| message.held_since().filter(|since| *since > ago);
    let held: Vec<Timestamp> = board.traffic().held().filter_map(|id| began(board.message(id)?)).collect();
    let since = held.iter().min().copied().unwrap_or(now);
    let limit = board.traffic().limit(snapshot.policy.per_hour, since);
    let all = board.traffic().left_since(ago) + held.len() + waiting.len();
    if u32::try_from(all).is_ok_and(|all| all <= limit) {
        return Round::default();
    }
    waiting.sort_by_key(|message| message.id);
    let messages: Vec<Message> =
        waiting.into_iter().map(|message| Message { gate: Gate::Held { since }, ..message.clone() }).collect();
    let alerts = thought_about(&messages, None, snapshot);
    Round { messages, alerts, at: Some(now), ..Round::default() }
}

/// Lets go what was held back by floods that had begun by `until`: each at its reader's next working hour.
pub fn release(until: Timestamp, snapshot: &Snapshot<'_>) -> Round {
    let messages: Vec<Message> = held(until, snapshot.board)
        .into_iter()
        .map(|message| Message { gate: Gate::LetGo, due_at: leaves_at(message, snapshot), ..message.clone() })
        .collect();
    let alerts = thought_about(&messages, Some("what was held back is sent"), snapshot);
    Round { messages, alerts, at: Some(snapshot.now), ..Round::default() }
}

/// Drops it: nobody hears of it while the gaps stay what they are.
pub fn drop(until: Timestamp, snapshot: &Snapshot<'_>) -> Round {
    let why = "one of too many at once, and dropped by an operator";
    let held = held(until, snapshot.board);
    let carried = held.iter().flat_map(|message| carried(message, snapshot.board));
    let dropped = |notice: &Notice| Notice { state: NoticeState::Dropped, why: Some(why.to_owned()), ..notice.clone() };
    let notices: Vec<Notice> = carried.map(dropped).collect();
    let messages: Vec<Message> =
        held.into_iter().map(|message| Message { state: MessageState::Withdrawn, ..message.clone() }).collect();
    let alerts = thought_about(&messages, Some("what was held back is dropped"), snapshot);
    Round { messages, notices, alerts, at: Some(snapshot.now), ..Round::default() }
}

fn is_waiting(message: &Message) -> bool {
    message.state == MessageState::Sealed && message.is_to_person()
}

/// False for what only the operators are told, for that gapwatch needs them is not what floods anybody; and for digests,
/// which everybody gets once a day.
fn counts(message: &Message, board: &Board) -> bool {
    if board.is_digest(message) {
        return false;
    }
    let for_operators = |notice: &&Notice| {
        board.alert(notice.alert).is_some_and(|alert| alert.finding.addressee == Addressee::Operators)
    };
    let lines = carried(message, board);
    lines.is_empty() || !lines.iter().all(for_operators)
}

fn carried<'b>(message: &Message, board: &'b Board) -> Vec<&'b Notice> {
    let lines = board.notices_in(message.post).into_iter();
    lines.filter(|notice| notice.message == Some(message.id) && notice.state == NoticeState::Sealed).collect()
}

fn held(until: Timestamp, board: &Board) -> Vec<&Message> {
    let held = board.traffic().held().filter_map(|id| board.message(id));
    held.filter(|message| message.held_since().is_some_and(|since| since <= until)).collect()
}

fn leaves_at(message: &Message, snapshot: &Snapshot<'_>) -> Timestamp {
    let first = carried(message, snapshot.board).first().map(|notice| notice.account);
    let at = message.due_at.max(snapshot.now);
    if snapshot.policy.work_hours_only { snapshot.board.people.calendar(first).next_open(at) } else { at }
}

/// The alerts that messages speak of, to be thought about at once.
fn thought_about(messages: &[Message], why: Option<&str>, snapshot: &Snapshot<'_>) -> Vec<AlertChange> {
    let board = snapshot.board;
    let lines = messages.iter().flat_map(|message| carried(message, board));
    let mut ids: Vec<_> = lines.map(|notice| notice.alert).collect();
    ids.sort_unstable();
    ids.dedup();
    let entry = |why: &str| LogEntry { what: LogKind::Withheld, reason: Some(why.to_owned()), account: None };
    let change = |alert: &Alert| AlertChange {
        alert: Alert { step_at: Some(snapshot.now), ..alert.clone() },
        log: why.map(entry).into_iter().collect(),
    };
    ids.into_iter().filter_map(|id| board.alert(id)).map(change).collect()
}
