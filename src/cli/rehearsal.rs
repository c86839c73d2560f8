//! What would be said if this were live: the board is judged, stepped and told in memory, by the very code that does it,
//! and every message is taken for sent. Nothing leaves this process.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use connector_kit::{Destination, Found, MessageRef};
use connector_model::Mark;
use jiff::Timestamp;

use super::check::judgements;
use super::open::{Stopped, View};
use crate::alerts::{self, Decided};
use crate::domain::alert::{AlertState, Round};
use crate::domain::digest::DigestOf;
use crate::domain::finding::{RuleId, Stage};
use crate::domain::ids::{AccountId, ConnectionId};
use crate::domain::notice::{Address, Message, MessageOp, MessageState, Notice, NoticeState, PostAbout};
use crate::domain::policy::Mode;
use crate::domain::record::{BoardDelta, ContainerRec};
use crate::domain::snapshot::Snapshot;
use crate::messages::retry::{self, Job, Outcome};
use crate::messages::{self, Marks};
use crate::rules;

/// Steps of one rehearsal; a day has far fewer.
const MOST_STEPS: usize = 20_000;
/// The owner of the store that is played; no real one is called so.
const EPOCH: i64 = -1;

/// How far going live is played.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Live {
    /// Everything.
    All,
    /// One connection; the rest stays as it is.
    Connection(ConnectionId),
    /// One rule.
    Rule(RuleId),
    /// What is live already.
    AsItIs,
}

/// One message that would be sent.
#[derive(Debug, Clone)]
pub(super) struct Said {
    /// When.
    pub(super) at: Timestamp,
    /// What and where to.
    pub(super) message: Message,
    /// What it tells.
    pub(super) notices: Vec<Notice>,
    /// The gaps it speaks of, by id.
    pub(super) gaps: Vec<String>,
    /// True for a digest.
    pub(super) digest: bool,
}

/// Messages counted, as people ask for them.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub(super) struct Counts {
    /// Direct messages, and comments that mention somebody.
    pub(super) messages: usize,
    /// How many people get them.
    pub(super) people: usize,
    /// How many of these messages go to managers.
    pub(super) to_managers: usize,
    /// Messages to channels.
    pub(super) in_channels: usize,
    /// Comments that mention nobody.
    pub(super) comments: usize,
    /// Digests and reports.
    pub(super) digests: usize,
}

/// Plays on until `until`. `tell_backlog`: as if everything had come up just now.
///
/// # Errors
/// The store cannot be read.
pub(super) fn rehearse(
    view: &mut View,
    live: Live,
    tell_backlog: bool,
    until: Timestamp,
) -> Result<Vec<Said>, Stopped> {
    match live {
        Live::All => {
            view.policy.mode = Mode::Live;
            view.policy.connection_modes.clear();
            view.policy.rule_modes.clear();
        }
        Live::Connection(id) => drop(view.policy.connection_modes.insert(id, Mode::Live)),
        Live::Rule(id) => drop(view.policy.rule_modes.insert(id, Mode::Live)),
        Live::AsItIs => {}
    }
    view.policy.tell_backlog |= tell_backlog;
    let mut said = Vec::new();
    let mut wires = 0;
    for _ in 0..MOST_STEPS {
        keep_fresh(view);
        round(view, &mut wires)?;
        let sent = deliver(view, &mut wires, &mut said);
        let digests = alerts::digests_due(&view.snapshot()).wake_at;
        let next = [view.board.next_due(), retry::next_due(&view.board, EPOCH), digests].into_iter().flatten().min();
        match next {
            Some(at) if at > until => break,
            None if !sent => break,
            // What is due already is done at the same moment; time never runs back.
            next => view.now = next.unwrap_or(view.now).max(view.now),
        }
    }
    Ok(said)
}

/// Reading goes on meanwhile: what was read well the last time counts as read just now.
pub(super) fn keep_fresh(view: &mut View) {
    let now = view.now;
    let stale = |one: &&ContainerRec| one.warm_at.is_some() && one.failing_since.is_none() && one.fresh_at < Some(now);
    let fresh = |one: &ContainerRec| ContainerRec { fresh_at: Some(now), ..one.clone() };
    let containers: Vec<ContainerRec> = view.board.containers().filter(stale).map(fresh).collect();
    if !containers.is_empty() {
        view.board.apply(BoardDelta { containers, ..BoardDelta::default() });
    }
}

/// A wire id that no instance ever made.
fn wire(count: &mut u64) -> String {
    *count += 1;
    format!("{count:032x}")
}

fn sign(wire: &str) -> Mark {
    Mark { wire: wire.to_owned(), mac: "0".repeat(32) }
}

/// Judges what is due and decides, as the core does.
fn round(view: &mut View, wires: &mut u64) -> Result<(), Stopped> {
    let due = view.board.due(view.now, usize::MAX);
    let snapshot = Snapshot { board: &view.board, policy: &view.policy, now: view.now };
    let judged = rules::judge(&view.rules, &due.subjects, &snapshot);
    let judgements = judgements(&judged, &snapshot);
    let mut ids = view.board.ids;
    let decided = alerts::decide(&judgements, &due, &snapshot, &mut ids);
    view.board.ids = ids;
    let sealed = seal(view, decided, wires)?;
    for subject in judged {
        view.board.judged(subject.subject, subject.recheck_at);
    }
    view.board.answered(&sealed.answered.iter().map(|(id, _)| *id).collect::<Vec<_>>());
    view.board.put_round(sealed);
    view.board.stepped(&due.alerts, view.now);
    Ok(())
}

/// Finds the words for what was decided.
fn seal(view: &mut View, decided: Decided, wires: &mut u64) -> Result<Round, Stopped> {
    let snapshot = Snapshot { board: &view.board, policy: &view.policy, now: view.now };
    let mut ids = view.board.ids;
    let needed = messages::names_needed(&decided, &snapshot);
    let names = if needed.is_empty() { HashMap::new() } else { view.reader.names(&needed)? };
    let mut make = || wire(wires);
    let mut marks = Marks { wire: &mut make, sign: &sign };
    let sealed = messages::seal(decided, &names, &snapshot, &mut marks, &mut ids);
    view.board.ids = ids;
    Ok(sealed)
}

/// A digest as it would be if its time were now, after everything is said that is not one. `None`: it would be empty.
///
/// # Errors
/// The store cannot be read.
pub(super) fn digest(view: &mut View, of: DigestOf) -> Result<Option<Message>, Stopped> {
    let mut ids = view.board.ids;
    let decided = alerts::digest_now(of, &view.snapshot(), &mut ids);
    view.board.ids = ids;
    let sealed = seal(view, decided, &mut 0)?;
    Ok(sealed.messages.into_iter().next())
}

/// Takes everything that is due for sent; says whether that was anything.
fn deliver(view: &mut View, wires: &mut u64, said: &mut Vec<Said>) -> bool {
    let mut any = false;
    for job in retry::due(&view.board, EPOCH, view.now) {
        let (Job::Send(id) | Job::Look(id)) = job;
        let Some(message) = view.board.message(id).cloned() else { continue };
        if !is_thought_over(view, &message) {
            continue;
        }
        any = true;
        let sends = matches!(job, Job::Send(_));
        if sends {
            view.board.put_round(retry::begin(&message, EPOCH, view.now));
            said.push(spoken(view, &message));
        }
        let at = MessageRef(format!("rehearsal/{}", id.0));
        let outcome = match (sends, message.op) {
            (false, _) => Outcome::Looked(Found::There(at)),
            (true, MessageOp::Edit) => Outcome::Edited,
            (true, MessageOp::Post | MessageOp::Reply) => Outcome::Sent(at),
        };
        let message = view.board.message(id).cloned().unwrap_or(message);
        let mut ids = view.board.ids;
        let snapshot = Snapshot { board: &view.board, policy: &view.policy, now: view.now };
        let mut make = || wire(wires);
        let mut marks = Marks { wire: &mut make, sign: &sign };
        let round = retry::after(&message, &outcome, &snapshot, &mut marks, &mut ids);
        view.board.ids = ids;
        view.board.put_round(round);
    }
    any
}

/// False while an alert that the message speaks of is due to be thought about: the next round settles it.
fn is_thought_over(view: &View, message: &Message) -> bool {
    message.state != MessageState::Sealed
        || carried(view, message)
            .all(|notice| view.board.alert(notice.alert).and_then(|alert| alert.step_at).is_none_or(|at| at > view.now))
}

fn carried<'a>(view: &'a View, message: &'a Message) -> impl Iterator<Item = &'a Notice> {
    let lines = view.board.notices_in(message.post).into_iter();
    lines.filter(|notice| notice.message == Some(message.id) && notice.state == NoticeState::Sealed)
}

fn spoken(view: &View, message: &Message) -> Said {
    let notices: Vec<Notice> = carried(view, message).cloned().collect();
    let gaps: BTreeSet<String> =
        notices.iter().filter_map(|notice| Some(view.board.alert(notice.alert)?.gap.0.clone())).collect();
    let about = view.board.post(message.post).map(|post| post.about);
    let digest = matches!(about, Some(PostAbout::Digest(..)));
    Said { at: view.now, message: message.clone(), notices, gaps: gaps.into_iter().collect(), digest }
}

impl Said {
    /// True when somebody is notified: an edit notifies nobody, and a digest is what waits for whoever has time for it.
    pub(super) fn notifies(&self) -> bool {
        self.message.op != MessageOp::Edit && !self.digest
    }

    /// Who gets it.
    pub(super) fn accounts(&self) -> BTreeSet<AccountId> {
        self.notices.iter().map(|notice| notice.account).collect()
    }

    /// True when it is meant for one person: a direct message, or a comment that mentions somebody.
    pub(super) fn is_personal(&self) -> bool {
        match &self.message.address {
            Address::Slack(Destination::Channel(_)) | Address::Digest(_) | Address::Log => false,
            Address::Slack(_) | Address::Email(_) => true,
            Address::Comment { .. } => {
                let mentions = |notice: &Notice| matches!(&notice.address, Address::Comment { mention: Some(_), .. });
                self.notices.iter().any(mentions)
            }
        }
    }
}

/// Counts what would notify somebody.
pub(super) fn count(view: &View, said: &[Said]) -> Counts {
    let mut counts = Counts::default();
    let mut people = BTreeSet::new();
    for one in said.iter().filter(|one| one.notifies()) {
        match (&one.message.address, one.is_personal()) {
            (Address::Slack(Destination::Channel(_)), _) => counts.in_channels += 1,
            (_, false) => counts.comments += 1,
            (_, true) => {
                counts.messages += 1;
                counts.to_managers += usize::from(one.notices.iter().any(|notice| notice.rung >= 2));
                people.extend(one.accounts().into_iter().map(|account| view.board.people.called(account)));
            }
        }
    }
    counts.people = people.len();
    counts.digests = said.iter().filter(|one| one.digest).count();
    counts
}

/// Messages by who gets them, most first.
pub(super) fn by_person(view: &View, said: &[Said]) -> Vec<(String, usize)> {
    let mut people: BTreeMap<String, usize> = BTreeMap::new();
    for one in said.iter().filter(|one| one.notifies() && one.is_personal()) {
        for account in one.accounts() {
            *people.entry(view.board.people.called(account)).or_default() += 1;
        }
    }
    let mut people: Vec<_> = people.into_iter().collect();
    people.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    people
}

impl Counts {
    /// `9 messages to 6 people, 2 of them to managers, and 3 comments`
    pub(super) fn words(&self) -> String {
        let plural =
            |count: usize, one: &str, several: &str| format!("{count} {}", if count == 1 { one } else { several });
        let mut words = plural(self.messages, "message", "messages");
        if self.messages > 0 {
            words.push_str(&format!(" to {}", plural(self.people, "person", "people")));
        }
        if self.to_managers > 0 {
            words.push_str(&format!(", {} of them to managers", self.to_managers));
        }
        if self.in_channels > 0 {
            words.push_str(&format!(", {} in channels", self.in_channels));
        }
        if self.comments > 0 {
            words.push_str(&format!(", {} that mention nobody", plural(self.comments, "comment", "comments")));
        }
        if self.digests > 0 {
            words.push_str(&format!(", and {}", plural(self.digests, "digest", "digests")));
        }
        words
    }
}

/// The end of today, or of the next day on which anybody works, and what people call that day.
pub(super) fn horizon(view: &View) -> (Timestamp, String) {
    let calendar = &view.board.people.default_calendar;
    let opens = calendar.next_open(view.now);
    let (today, day) = (calendar.date(view.now), calendar.date(opens));
    let end = day.tomorrow().map_or(Timestamp::MAX, |next| calendar.day_begins(next));
    let name = if day == today { "today".to_owned() } else { day.strftime("on %a %-d %b").to_string() };
    (end, name)
}

/// What going live would have meant, in words, for whoever only observes. `None`: nothing is held back by that.
///
/// # Errors
/// The store cannot be read.
pub(super) fn announcement(view: &mut View) -> Result<Option<(String, Counts)>, Stopped> {
    let observes =
        view.settings.mode == Mode::Observe && view.policy.connection_modes.values().all(|mode| *mode == Mode::Observe);
    if !observes {
        return Ok(None);
    }
    let gaps = view.board.alerts().filter(|alert| alert.state != AlertState::Resolved).count();
    let failures = view
        .board
        .alerts()
        .filter(|alert| alert.state != AlertState::Resolved && alert.stage == Stage::Failure)
        .count();
    let (until, day) = horizon(view);
    let said = rehearse(view, Live::All, true, until)?;
    let counts = count(view, &said);
    let gaps = format!("{gaps} {} open", if gaps == 1 { "gap is" } else { "gaps are" });
    let failures =
        if failures > 0 { format!(", {failures} of them past their date or sure to miss it") } else { String::new() };
    let mut words = format!("{gaps}{failures}.");
    let blind = view.reader.connection_states()?.iter().any(|state| state.failure.is_some());
    let none = counts.messages + counts.in_channels + counts.comments == 0;
    // What is not seen cannot be counted, and nothing is no reason to think of going live.
    if !blind && !none {
        words.push_str(&format!(
            " Told as new, that would be {} {day}. Going live tells only what comes up from then on; see `gapwatch enable`.",
            counts.words()
        ));
    }
    Ok(Some((words, counts)))
}
