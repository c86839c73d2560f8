//! From the outcome of a call to what happens next: told, tried again, looked for, given up and left to the next channel.
//!
//! No outcome is lost and none is guessed: what may have been sent is looked for before it is sent again, and where nobody can
//! tell, only a failure is repeated, and says so. What has no other way is tried until it is over: nothing is lost by an outage. The next channel is not chosen here: the notice dies, its alert is
//! thought about at once, and routing sees which channels are left.

use std::collections::HashSet;

use connector_kit::{Destination, Found, MessageRef, WriteError};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

use super::desk::place;
use super::{Marks, unheard, wording};
use crate::alerts::{FEWEST_ATTEMPTS, digest_calendar, has_other_way, tried_until};
use crate::domain::alert::{AlertChange, LogEntry, LogKind, Round, Told};
use crate::domain::board::Board;
use crate::domain::calendar::later;
use crate::domain::digest::DigestOf;
use crate::domain::ids::{MessageId, NoticeId, PostId};
use crate::domain::notice::{Address, Gate, Message, MessageOp, MessageState, Notice, NoticeState, Post, PostAbout};
use crate::domain::record::NextIds;
use crate::domain::snapshot::Snapshot;

/// A call has surely ended by then.
const SURELY_OVER: SignedDuration = SignedDuration::from_secs(90);
/// Waits after the first, the second and every further failure, minutes.
const BACK_OFF: [i64; 3] = [1, 5, 30];
/// Until a refused credential is tried again.
const REFUSED: SignedDuration = SignedDuration::from_hours(1);
/// Until a look that failed is made again: a quarter of the time since the attempt, within these.
const LOOK_AGAIN: (SignedDuration, SignedDuration) = (SignedDuration::from_mins(5), SignedDuration::from_mins(30));
/// A look that never succeeds is given up so long after the attempt.
const LOOKS_FOR: SignedDuration = SignedDuration::from_hours(24);
/// A channel that cannot be asked for so long is down.
const MANY_LOOKS: SignedDuration = SignedDuration::from_mins(15);
/// How long is looked for words without a next channel.
const LAST_WORDS_LOOK_FOR: SignedDuration = SignedDuration::from_hours(4 * 24);
/// Words without a next channel (an edit, a resolved) are given up after so many attempts: about four days, so that a
/// channel may be down for a long weekend.
const MOST_ATTEMPTS: u32 = 200;

/// How a call ended.
#[derive(Debug)]
pub enum Outcome {
    /// Sent (a post, a reply): this is where it is.
    Sent(MessageRef),
    /// The post says now what the message says.
    Edited,
    /// The write did not succeed.
    Failed(WriteError),
    /// The answer to a look.
    Looked(Found),
    /// The look itself failed, with this reason: it is made again later.
    CannotLook(String),
}

/// What the deliverer has to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Job {
    /// [`begin`] it, commit that, make the call, then [`after`].
    Send(MessageId),
    /// Ask the channel whether it is there, then [`after`].
    Look(MessageId),
}

/// Everything to be done at `now`, longest due first.
pub fn due(board: &Board, epoch: i64, now: Timestamp) -> Vec<Job> {
    let mut jobs: Vec<(Timestamp, MessageId, Job)> = jobs(board, epoch).filter(|(at, ..)| *at <= now).collect();
    jobs.sort_by_key(|(at, id, _)| (*at, *id));
    jobs.into_iter().map(|(.., job)| job).collect()
}

/// When the next thing is to be done. `None`: nothing can be done until something else happens.
pub fn next_due(board: &Board, epoch: i64) -> Option<Timestamp> {
    jobs(board, epoch).map(|(at, ..)| at).min()
}

/// What is to be done about each message, and when.
fn jobs(board: &Board, epoch: i64) -> impl Iterator<Item = (Timestamp, MessageId, Job)> {
    let going = |message: &&Message| matches!(message.state, MessageState::Sending | MessageState::Unsure);
    let busy: HashSet<PostId> = board.messages().filter(going).map(|message| message.post).collect();
    board.messages().filter_map(move |message| {
        let (at, job) = job(message, board, &busy, epoch)?;
        Some((at, message.id, job))
    })
}

/// `None`: it waits for its post, or for a call that is being made.
fn job(message: &Message, board: &Board, busy: &HashSet<PostId>, epoch: i64) -> Option<(Timestamp, Job)> {
    let id = message.id;
    let over_at = later(message.attempt_at.unwrap_or(message.due_at), SURELY_OVER);
    match (message.state, message.op) {
        (MessageState::Sealed, _) if message.is_held() => None,
        (MessageState::Sealed, op) => {
            let is_there = op == MessageOp::Post || board.post(message.post)?.at.is_some();
            (is_there && !busy.contains(&message.post)).then_some((message.due_at, Job::Send(id)))
        }
        (MessageState::Sending, _) if message.attempt_epoch == Some(epoch) => None,
        // Left behind by an earlier owner of the store. An edit is simply made again.
        (MessageState::Sending, MessageOp::Edit) => Some((over_at, Job::Send(id))),
        (MessageState::Sending, _) => Some((over_at, Job::Look(id))),
        (MessageState::Unsure, _) => Some((message.due_at, Job::Look(id))),
        (MessageState::Sent | MessageState::Dead | MessageState::Withdrawn, _) => None,
    }
}

/// What is done about waiting messages when the store was not at work for long: it may be a copy of a time before they were
/// sent, so they are looked for first. Where nobody can tell they are sent: as far as the store knows they never were.
pub fn after_absence(board: &Board, now: Timestamp) -> Round {
    let waits = |message: &&Message| match message.op {
        MessageOp::Edit => false,
        _ if message.state != MessageState::Sealed || message.is_held() => false,
        MessageOp::Post => true,
        MessageOp::Reply => board.post(message.post).is_some_and(|post| post.at.is_some()),
    };
    let look = |message: &Message| Message {
        state: MessageState::Unsure,
        due_at: message.due_at.min(now),
        attempt_epoch: None,
        ..message.clone()
    };
    let mut messages: Vec<Message> = board.messages().filter(waits).map(look).collect();
    messages.sort_by_key(|message| message.id);
    Round { messages, ..Round::default() }
}

/// The message as it is while its call is being made; committed before the call.
pub fn begin(message: &Message, epoch: i64, now: Timestamp) -> Round {
    let message = Message {
        state: MessageState::Sending,
        attempts: message.attempts + 1,
        attempt_at: Some(now),
        attempt_epoch: Some(epoch),
        ..message.clone()
    };
    Round { messages: vec![message], ..Round::default() }
}

/// What an outcome changes: the message, its post, its notices, their alerts. `step_at` of an alert is set to now where it has
/// to be thought about again: who is told next, or by which other channel.
pub fn after(
    message: &Message,
    outcome: &Outcome,
    snapshot: &Snapshot<'_>,
    marks: &mut Marks<'_>,
    ids: &mut NextIds,
) -> Round {
    let case = Case { message, snapshot };
    match outcome {
        Outcome::Sent(at) | Outcome::Looked(Found::There(at)) => case.sent(Some(at)),
        Outcome::Edited => case.sent(None),
        Outcome::Failed(WriteError::NotSent { retry_after, because }) => case.again(*retry_after, because),
        Outcome::Failed(WriteError::Unauthorized { because }) => case.again(Some(REFUSED), because),
        Outcome::Failed(WriteError::Refused { because } | WriteError::Gone { because }) => {
            case.by_mail(because, marks, ids).unwrap_or_else(|| case.lost(because, marks, ids))
        }
        Outcome::Failed(WriteError::Unheard { at, who, because }) => case.unheard(at.as_ref(), who, because, ids),
        Outcome::Failed(WriteError::Unsure { because }) if message.op == MessageOp::Edit => case.again(None, because),
        Outcome::Failed(WriteError::Unsure { because }) => {
            let due_at = later(message.attempt_at.unwrap_or(snapshot.now), SURELY_OVER);
            case.keep(MessageState::Unsure, due_at, because)
        }
        Outcome::Looked(Found::Absent) => case.absent(),
        Outcome::Looked(Found::CannotTell(because)) => case.cannot_tell(because),
        Outcome::CannotLook(because) => case.cannot_look(because),
    }
}

/// One outcome to be dealt with.
struct Case<'a> {
    message: &'a Message,
    snapshot: &'a Snapshot<'a>,
}

impl Case<'_> {
    /// What the message carries.
    fn carried(&self) -> Vec<Notice> {
        let lines = self.snapshot.board.notices_in(self.message.post).into_iter();
        let mine = |notice: &&Notice| notice.message == Some(self.message.id) && notice.state == NoticeState::Sealed;
        lines.filter(mine).cloned().collect()
    }

    fn post(&self) -> Option<Post> {
        self.snapshot.board.post(self.message.post).cloned()
    }

    /// The digest that this is, and of which day. `None`: it is none.
    fn digest(&self) -> Option<(DigestOf, Date)> {
        match self.snapshot.board.post(self.message.post)?.about {
            PostAbout::Digest(of, day) => Some((of, day)),
            _ => None,
        }
    }

    /// It surely arrived.
    fn sent(&self, at: Option<&MessageRef>) -> Round {
        let now = self.snapshot.now;
        let message = Message { state: MessageState::Sent, error: None, ..self.message.clone() };
        let mut round = Round { messages: vec![message], ..Round::default() };
        if let Some(mut post) = self.post().filter(|_| self.message.op != MessageOp::Reply) {
            if self.message.op == MessageOp::Post {
                post.at = at.map(|at| at.0.clone());
            }
            post.have = Some(self.message.body.clone());
            round.posts.push(post);
        }
        for notice in self.carried() {
            self.told(&notice, &mut round.alerts);
            round.notices.push(Notice { state: NoticeState::Told, told_at: Some(now), ..notice });
        }
        round
    }

    /// Somebody does not hear of the comment that mentions them: for them it was not made. What stands there follows its
    /// gaps all the same, for whoever comes by.
    fn unheard(&self, at: Option<&MessageRef>, who: &[String], because: &str, ids: &mut NextIds) -> Round {
        let Some(at) = at else { return self.give_up(&unheard::of_mention(because), NoticeState::Dead) };
        let mut round = self.sent(Some(at));
        let accounts = &self.snapshot.board.people.accounts;
        let misses = |notice: &Notice| match &notice.address {
            Address::Comment { mention: Some(login), .. } => {
                // They are mentioned by the name they go by now.
                let handle = accounts.get(&notice.account).and_then(|account| account.handle.as_ref());
                who.contains(login) || handle.is_some_and(|handle| who.contains(handle))
            }
            _ => false,
        };
        let missed: Vec<Notice> = self.carried().into_iter().filter(misses).collect();
        if missed.is_empty() {
            return round;
        }
        round.alerts.clear();
        for notice in self.carried().iter().filter(|notice| !misses(notice)) {
            self.told(notice, &mut round.alerts);
        }
        for notice in missed {
            self.thought_about(&notice, &mut round.alerts);
            let alike = |other: &&Notice| {
                (other.account, other.reason, other.rung) == (notice.account, notice.reason, notice.rung)
            };
            let rounds = self.snapshot.board.notices_of(notice.alert).filter(alike).map(|other| other.round);
            let next = rounds.max().unwrap_or(notice.round) + 1;
            let why = Some(unheard::of_mention(because));
            let dead = Notice { state: NoticeState::Dead, why, ..notice.clone() };
            if let Some(place) = round.notices.iter_mut().find(|other| other.id == notice.id) {
                *place = dead;
            }
            let id = NoticeId(ids.notice);
            ids.notice += 1;
            let (address, now) = (place(&notice.address), self.snapshot.now);
            let (state, told_at) = (NoticeState::Told, Some(now));
            round.notices.push(Notice { id, address, round: next, state, told_at, ..notice });
        }
        round
    }

    fn told(&self, notice: &Notice, alerts: &mut Vec<AlertChange>) {
        let Some(change) = self.thought_about(notice, alerts) else { return };
        let account = notice.account;
        if !notice.reason.is_farewell() {
            let (address, rung, at) = (notice.address.clone(), notice.rung, self.snapshot.now);
            change.alert.hears(Told { account, address, rung, at });
        }
        let reason = Some(format!("{} by {}", notice.reason.word(), notice.address.channel()));
        change.log.push(LogEntry { what: LogKind::Told, reason, account: Some(account) });
    }

    /// The notice's alert, to be stepped at once. `None`: it is in another episode by now, which this is no news for.
    fn thought_about<'c>(&self, notice: &Notice, alerts: &'c mut Vec<AlertChange>) -> Option<&'c mut AlertChange> {
        let known = alerts.iter().position(|change| change.alert.id == notice.alert);
        let at = known.unwrap_or(alerts.len());
        if known.is_none() {
            let alert = self.snapshot.board.alert(notice.alert)?;
            if alert.episode != notice.episode {
                return None;
            }
            let mut alert = alert.clone();
            alert.step_at = Some(self.snapshot.now);
            alerts.push(AlertChange { alert, log: Vec::new() });
        }
        alerts.get_mut(at)
    }

    /// Keeps the message under way.
    fn keep(&self, state: MessageState, due_at: Timestamp, because: &str) -> Round {
        let error = Some(because.to_owned());
        Round { messages: vec![Message { state, due_at, error, ..self.message.clone() }], ..Round::default() }
    }

    /// Surely not sent: later, or by another channel once that has taken too long.
    fn again(&self, wait: Option<SignedDuration>, because: &str) -> Round {
        if self.has_waited() {
            return self.give_up(because, NoticeState::Dead);
        }
        let due_at = later(self.snapshot.now, wait.unwrap_or_else(|| self.back_off()));
        // However long a tool wants to be left alone: when this channel has had its time, the next one is taken.
        let patience = self.patience().map(|until| until.max(later(self.snapshot.now, self.back_off())));
        let due_at = if self.is_late() { due_at } else { patience.map_or(due_at, |until| due_at.min(until)) };
        let due_at = self.in_hours(due_at);
        if self.digest().is_some() && patience.is_some_and(|until| until <= due_at) {
            // By then its day is over, and its lines wait for the next one.
            return self.give_up(because, NoticeState::Dead);
        }
        self.keep_on(MessageState::Sealed, due_at, because)
    }

    /// Keeps it under way; where its channel has had its time, it is thought about who hears meanwhile.
    fn keep_on(&self, state: MessageState, due_at: Timestamp, because: &str) -> Round {
        let mut round = self.keep(state, due_at, because);
        if self.is_late() {
            for notice in self.carried() {
                self.thought_about(&notice, &mut round.alerts);
            }
        }
        round
    }

    /// A look showed that it was never sent. Whether it is still to be said is thought about before it is sent again.
    fn absent(&self) -> Round {
        // Why it was looked for says more than that it is not there.
        let because = self.message.error.as_deref().unwrap_or("it had not been sent");
        if self.has_waited() {
            return self.give_up(because, NoticeState::Dead);
        }
        // What is taken for sent and is not there time and again is no slip.
        let again = self.message.attempts >= FEWEST_ATTEMPTS;
        let pause = if again { self.back_off() } else { SignedDuration::ZERO };
        let due_at = self.in_hours(later(self.snapshot.now, pause));
        let mut round = self.keep(MessageState::Sealed, due_at, because);
        for notice in self.carried() {
            self.thought_about(&notice, &mut round.alerts);
        }
        round
    }

    /// The look itself failed: the channel is most likely down. What must not be lost takes the next one when its time is
    /// over; it may be said in both then.
    fn cannot_look(&self, because: &str) -> Round {
        let now = self.snapshot.now;
        let since = self.message.attempt_at.unwrap_or(now);
        let patience = self.patience();
        // The attempt may have come late, because nobody was there to make it; one failed look is no outage.
        let over = patience.map(|until| until.max(later(since, MANY_LOOKS)));
        let over = over.is_some_and(|over| over <= now);
        if self.message.insist && self.message.attempts > 0 && over && self.has_other_way() {
            return self.give_up(&format!("may or may not have arrived: {because}"), NoticeState::Dead);
        }
        let is_last = patience.is_none() || (over && !self.has_other_way());
        let looks_for = if is_last { LAST_WORDS_LOOK_FOR } else { LOOKS_FOR };
        if later(since, looks_for) <= now {
            return self.cannot_tell(because);
        }
        let (least, most) = LOOK_AGAIN;
        let pause = (now.duration_since(since) / 4).clamp(least, most);
        self.keep_on(MessageState::Unsure, later(now, pause), because)
    }

    /// With up to a fifth on top, told from the wire id, so that many do not come back at once.
    fn back_off(&self) -> SignedDuration {
        let step = usize::try_from(self.message.attempts.saturating_sub(1)).unwrap_or(usize::MAX);
        let secs = BACK_OFF[step.min(BACK_OFF.len() - 1)] * 60;
        let spread = self.message.mark.wire.bytes().fold(0i64, |sum, byte| (sum * 31 + i64::from(byte)) % 1009);
        SignedDuration::from_secs(secs + secs * spread / (5 * 1009))
    }

    /// What notifies somebody waits for their working hours.
    fn in_hours(&self, at: Timestamp) -> Timestamp {
        if self.message.op == MessageOp::Edit || !self.snapshot.policy.work_hours_only {
            return at;
        }
        let people = &self.snapshot.board.people;
        if let Some((of, _)) = self.digest() {
            return digest_calendar(of, self.snapshot).next_open(at);
        }
        match (&self.message.address, self.carried().first()) {
            (Address::Slack(Destination::Channel(_)), _) | (_, None) => people.default_calendar.next_open(at),
            (_, Some(notice)) => people.calendar(Some(notice.account)).next_open(at),
        }
    }

    /// True when it has taken too long for this channel.
    fn has_waited(&self) -> bool {
        if self.message.attempts < FEWEST_ATTEMPTS {
            return false;
        }
        match self.patience() {
            Some(until) => until <= self.snapshot.now && self.has_other_way(),
            None => self.message.attempts >= MOST_ATTEMPTS,
        }
    }

    /// True when this channel has had its time, whether there is another one or not.
    fn is_late(&self) -> bool {
        let tried = self.message.attempts >= FEWEST_ATTEMPTS || self.message.state == MessageState::Unsure;
        tried && self.patience().is_some_and(|until| until <= self.snapshot.now)
    }

    /// True where everything that it carries could be told by another way; what could not waits for this one to work again.
    fn has_other_way(&self) -> bool {
        let carried = self.carried();
        let mut told = carried.iter().filter(|notice| !notice.reason.is_farewell());
        self.digest().is_some() || told.all(|notice| has_other_way(notice, self.snapshot))
    }

    /// Until when this channel is tried before the next one. `None`: what it carries takes no other one.
    fn patience(&self) -> Option<Timestamp> {
        if let Some((of, day)) = self.digest() {
            // Tomorrow there is another one.
            let calendar = digest_calendar(of, self.snapshot);
            let over = day.tomorrow().map_or(Timestamp::MAX, |next| calendar.day_begins(next));
            return Some(if self.snapshot.policy.work_hours_only { calendar.day_ends(day) } else { over });
        }
        let carried = self.carried();
        let told = carried.iter().filter(|notice| !notice.reason.is_farewell());
        told.map(|notice| tried_until(notice, self.snapshot)).min()
    }

    /// This way is over for what it carries; what was to follow it is decided anew.
    fn give_up(&self, because: &str, state: NoticeState) -> Round {
        let error = Some(because.to_owned());
        let message = Message { state: MessageState::Dead, error: error.clone(), ..self.message.clone() };
        let mut round = Round { messages: vec![message], ..Round::default() };
        for notice in self.carried() {
            self.thought_about(&notice, &mut round.alerts);
            round.notices.push(Notice { state, why: error.clone(), ..notice });
        }
        for message in self.followers() {
            for notice in (Case { message: &message, snapshot: self.snapshot }).carried() {
                self.thought_about(&notice, &mut round.alerts);
                let why = Some("what it was to follow could not be sent".to_owned());
                round.notices.push(Notice { state: NoticeState::Withdrawn, why, ..notice });
            }
            round.messages.push(Message { state: MessageState::Withdrawn, ..message });
        }
        round
    }

    /// Messages that make no sense without this one: all of its post where it was to make it, later edits where editing fails.
    fn followers(&self) -> Vec<Message> {
        let follows = |message: &&Message| {
            message.post == self.message.post
                && message.id != self.message.id
                && message.state == MessageState::Sealed
                && (self.message.op == MessageOp::Post || message.op == self.message.op)
        };
        let mut messages: Vec<Message> = self.snapshot.board.messages().filter(follows).cloned().collect();
        messages.sort_by_key(|message| message.id);
        messages
    }

    /// Refused for good: nothing more goes to this post.
    fn closed(&self, because: &str) -> Round {
        let mut round = self.give_up(because, NoticeState::Dead);
        if let Some(post) = self.post().filter(|_| self.message.op != MessageOp::Reply) {
            round.posts.push(Post { open: false, ..post });
        }
        round
    }

    /// A digest that Slack refuses goes by mail, the same words. `None`: it is none, or there is no mail.
    fn by_mail(&self, because: &str, marks: &mut Marks<'_>, ids: &mut NextIds) -> Option<Round> {
        let (of, _) = self.digest()?;
        let Address::Slack(Destination::User(_) | Destination::Email(_)) = self.message.address else { return None };
        let person = self.snapshot.board.people.person(of.account()?)?;
        let address = self.snapshot.policy.digest_by_mail(person)?;
        let before = self.post()?;
        let (id, post) = (MessageId(ids.message), PostId(ids.post));
        (ids.message, ids.post) = (ids.message + 1, ids.post + 1);
        let mark = marks.next();
        let anew = Message {
            id,
            mark: mark.clone(),
            address: address.clone(),
            post,
            state: MessageState::Sealed,
            due_at: self.in_hours(self.snapshot.now),
            attempts: 0,
            attempt_at: None,
            attempt_epoch: None,
            error: None,
            ..self.message.clone()
        };
        let dead = Message { state: MessageState::Dead, error: Some(because.to_owned()), ..self.message.clone() };
        let carried = self.carried().into_iter();
        let notices = carried.map(|notice| Notice { message: Some(id), post: Some(post), ..notice }).collect();
        let by_mail = Post { id: post, place: address, mark, at: None, have: None, ..before.clone() };
        let posts = vec![Post { open: false, ..before }, by_mail];
        Some(Round { messages: vec![dead, anew], notices, posts, ..Round::default() })
    }

    /// The place refuses, or a person took the post away. A comment is not made again; a Slack message that can no longer be
    /// edited is made anew, once, while it has news to carry.
    fn lost(&self, because: &str, marks: &mut Marks<'_>, ids: &mut NextIds) -> Round {
        let renewed = self.post().filter(|post| {
            self.message.op == MessageOp::Edit && matches!(post.place, Address::Slack(_)) && post.generation == 1
        });
        let (Some(post), false) = (renewed, self.carried().is_empty()) else { return self.closed(because) };
        let id = MessageId(ids.message);
        ids.message += 1;
        let mark = marks.next();
        let anew = Message {
            id,
            mark: mark.clone(),
            op: MessageOp::Post,
            body: post.want.clone(),
            state: MessageState::Sealed,
            due_at: self.in_hours(self.snapshot.now),
            attempts: 0,
            attempt_at: None,
            attempt_epoch: None,
            error: None,
            gate: Gate::Free,
            ..self.message.clone()
        };
        let error = Some(because.to_owned());
        let dead = Message { state: MessageState::Dead, error, ..self.message.clone() };
        let notices = self.carried().into_iter().map(|notice| Notice { message: Some(id), ..notice }).collect();
        let generation = post.generation + 1;
        let post = Post { at: None, have: None, generation, mark, ..post };
        Round { messages: vec![dead, anew], notices, posts: vec![post], ..Round::default() }
    }

    /// It may be there or not, and nobody can say: only what must not be lost is repeated, once, and says so.
    fn cannot_tell(&self, because: &str) -> Round {
        if self.message.op == MessageOp::Edit {
            return self.again(None, because);
        }
        if self.message.attempt_epoch.is_none() {
            // See [`after_absence`].
            return self.keep(MessageState::Sealed, self.in_hours(self.snapshot.now), because);
        }
        if self.message.insist && !wording::is_perhaps_again(&self.message.body) {
            let body = wording::perhaps_again(&self.message.body);
            let mut round = self.keep(MessageState::Sealed, self.in_hours(self.snapshot.now), because);
            round.messages.iter_mut().for_each(|message| message.body = body.clone());
            return round;
        }
        self.give_up(&format!("may or may not have arrived: {because}"), NoticeState::Unsure)
    }
}
