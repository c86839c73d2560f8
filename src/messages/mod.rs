//! From notices and names to words, and from the outcome of a call to what is tried next.
//!
//! A *post* is a comment or message that is kept up to date: `want` is what it should say, `have` what it says. A *message* is
//! one thing to be sent: it makes its post, edits it, or answers under it. Editing may be repeated, so there is never more
//! than one edit waiting for a post: its words are replaced. While the message that makes a post has not left, new lines
//! go into it, and lines that are taken back leave it.

mod absence;
mod answered;
mod controls;
mod desk;
mod digest;
mod digest_post;
mod digest_words;
pub mod events;
mod facts;
pub mod flood;
#[cfg(test)]
mod flood_tests;
mod planning;
mod plans;
mod repeats;
mod report;
mod risk;
mod guard;
mod handed;
mod hearing;
mod itself;
mod letter;
mod over;
mod measured;
pub mod retry;
pub mod scene;
#[cfg(test)]
mod later_tests;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod walk;
mod unheard;
mod when;
pub mod wording;
#[cfg(test)]
mod wording_tests;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use connector_kit::{Destination, Text};
use connector_model::Mark;
use jiff::Timestamp;

use crate::alerts::Decided;
use crate::domain::alert::Round;
use crate::domain::finding::Stage;
use crate::domain::ids::{AlertId, MessageId, NoticeId, PostId, TaskId};
use crate::domain::names::TaskName;
use crate::domain::notice::{
    Address, DigestDue, Gate, Message, MessageOp, MessageState, Notice, NoticeState, Post, PostAbout, Reason,
};
use crate::domain::record::NextIds;
use crate::domain::snapshot::Snapshot;

use desk::{Desk, spot};

/// Gives messages their marks.
pub struct Marks<'a> {
    /// Makes a random wire id.
    pub wire: &'a mut dyn FnMut() -> String,
    /// Signs it.
    pub sign: &'a dyn Fn(&str) -> Mark,
}

impl Marks<'_> {
    fn next(&mut self) -> Mark {
        (self.sign)(&(self.wire)())
    }
}

/// The tasks whose names are needed to word what was decided.
pub fn names_needed(decided: &Decided, snapshot: &Snapshot<'_>) -> Vec<TaskId> {
    if decided.alerts.is_empty()
        && decided.notices.is_empty()
        && decided.remarks.is_empty()
        && decided.digests.is_empty()
    {
        return Vec::new();
    }
    let desk = Desk::new(decided, snapshot);
    let homeless = desk.homeless();
    let new: Vec<&Notice> = homeless.iter().filter_map(|id| desk.notices.get(id)).collect();
    let mut posts = desk.affected();
    posts.extend(decided.remarks.keys().filter_map(|task| desk.comment(*task)));
    posts.extend(new.iter().filter_map(|notice| desk.joins(notice)));
    let lines: Vec<&Notice> = posts.into_iter().flat_map(|post| desk.lines(post)).chain(new).collect();
    let alerts: BTreeSet<AlertId> = lines.iter().map(|notice| notice.alert).collect();
    let mut tasks: BTreeSet<TaskId> = BTreeSet::new();
    for alert in alerts.into_iter().filter_map(|id| desk.alert(id)) {
        let own: Vec<&Notice> = lines.iter().copied().filter(|notice| notice.alert == alert.id).collect();
        tasks.extend(letter::spoken_of(alert, &own));
    }
    tasks.extend(digest::named(decided, &desk));
    tasks.into_iter().collect()
}

/// Words and seals what was decided; the whole round, ready to be committed.
pub fn seal(
    decided: Decided,
    names: &HashMap<TaskId, TaskName>,
    snapshot: &Snapshot<'_>,
    marks: &mut Marks<'_>,
    ids: &mut NextIds,
) -> Round {
    let hushed = Desk::new(&decided, snapshot).hushed();
    let Decided { answered, released, mutes, turns, .. } = decided.clone();
    if decided.alerts.is_empty()
        && decided.notices.is_empty()
        && decided.remarks.is_empty()
        && decided.digests.is_empty()
        && hushed.is_empty()
    {
        return Round { answered, released, mutes, turns, ..Round::default() };
    }
    let mut sealer = Sealer { desk: Desk::new(&decided, snapshot), names, marks, ids };
    // What is said once more goes with what is said anyway.
    let (again, news): (Vec<NoticeId>, Vec<NoticeId>) =
        sealer.desk.homeless().into_iter().partition(|id| sealer.desk.is_repeat(*id));
    for notice in news {
        sealer.house(notice);
    }
    let mut digests = decided.digests.clone();
    for notice in again {
        match sealer.desk.digest_of_today(notice, &mut digests) {
            Some(digest) => digest.lines.push(notice),
            None => sealer.house(notice),
        }
    }
    for due in &digests {
        sealer.make_digest(due);
    }
    let mut affected = sealer.desk.affected();
    affected.extend(sealer.remark(&decided.remarks));
    for post in affected {
        sealer.bring_up_to_date(post);
    }
    for message in hushed {
        sealer.withdraw(message);
    }
    let Desk { notices, posts, messages, .. } = sealer.desk;
    let posts = posts.into_values().filter(|post| snapshot.board.post(post.id) != Some(post));
    let messages = messages.into_values().filter(|message| snapshot.board.message(message.id) != Some(message));
    let (posts, messages) = (posts.collect(), messages.collect());
    let notices = notices.into_values().collect();
    Round { alerts: decided.alerts, notices, posts, messages, answered, released, mutes, turns, ..Round::default() }
}

/// One sealing.
struct Sealer<'a, 'm> {
    desk: Desk<'a>,
    names: &'a HashMap<TaskId, TaskName>,
    marks: &'a mut Marks<'m>,
    ids: &'a mut NextIds,
}

impl Sealer<'_, '_> {
    /// Gives a new notice its post.
    fn house(&mut self, id: NoticeId) {
        let Some(notice) = self.desk.notices.get(&id).cloned() else { return };
        let joins = self.desk.joins(&notice).and_then(|post| self.desk.post(post)).cloned();
        let post = match joins {
            _ if notice.reason == Reason::Handed && joins.as_ref().is_none_or(|post| !post.open) => {
                return self.drop(notice, "there is nothing left that could be changed");
            }
            Some(post) if !post.open && matches!(post.place, Address::Comment { .. }) => {
                return self.drop(notice, "the comment was taken away");
            }
            Some(post) if !post.open => self.renew(&post),
            Some(post) if needs_new_comment(&notice, &post, &self.desk) => self.replace_comment(&post),
            Some(post) if self.desk.begins_another(&notice, &post) => self.renew(&post),
            Some(post) => post.id,
            None if notice.reason == Reason::Resolved && matches!(notice.address, Address::Comment { .. }) => {
                return self.drop(notice, "the comment is not known any more");
            }
            None => {
                let (place, about) = self.desk.belongs(&notice);
                self.make(place, about, 1)
            }
        };
        self.desk.notices.insert(id, Notice { post: Some(post), ..notice });
    }

    /// Notes what our comments on these tasks say to whoever was not obeyed.
    fn remark(&mut self, remarks: &BTreeMap<TaskId, Option<String>>) -> Vec<PostId> {
        let mut posts = Vec::new();
        for (task, remark) in remarks {
            let post = self.desk.comment(*task).and_then(|id| self.desk.post(id)).cloned();
            if let Some(post) = post.filter(|post| post.open && post.remark != *remark) {
                posts.push(post.id);
                self.desk.put_post(Post { remark: remark.clone(), ..post });
            }
        }
        posts
    }

    fn drop(&mut self, notice: Notice, why: &str) {
        let why = Some(why.to_owned());
        self.desk.notices.insert(notice.id, Notice { state: NoticeState::Dead, why, ..notice });
    }

    fn make(&mut self, place: Address, about: PostAbout, generation: u32) -> PostId {
        let id = PostId(self.ids.post);
        self.ids.post += 1;
        let mark = self.marks.next();
        let (at, want, have) = (None, Text::default(), None);
        self.desk.put_post(Post { id, place, about, generation, mark, at, want, have, remark: None, open: true });
        id
    }

    /// A post in the place of one that can no longer be used.
    fn renew(&mut self, before: &Post) -> PostId {
        self.make(before.place.clone(), before.about, before.generation + 1)
    }

    /// A comment in the place of one that notified its readers long ago: an edit would notify nobody.
    fn replace_comment(&mut self, before: &Post) -> PostId {
        let post = self.renew(before);
        let waiting = self.desk.message(before.id, MessageOp::Edit, |state| state == MessageState::Sealed);
        let waiting = waiting.map(|message| message.id);
        let moved: Vec<Notice> = self.desk.lines(before.id).into_iter().cloned().collect();
        for notice in moved {
            // What waits goes into the new comment; what is on its way stays where it is.
            let message = notice.message.filter(|message| Some(*message) != waiting);
            if notice.state != NoticeState::Sealed || message.is_none() {
                self.desk.notices.insert(notice.id, Notice { post: Some(post), message, ..notice });
            }
        }
        self.edit(before.clone(), wording::superseded());
        post
    }

    /// Makes a digest of the lines that it takes. Where no words are found for it, they wait for the next one.
    fn make_digest(&mut self, due: &DigestDue) {
        let about = PostAbout::Digest(due.of, due.day);
        let before = self.desk.latest(&due.address, about).and_then(|id| self.desk.post(id));
        let generation = before.map_or(1, |post| post.generation + 1);
        let id = self.make(due.address.clone(), about, generation);
        for line in &due.lines {
            if let Some(notice) = self.desk.notices.get_mut(line) {
                notice.post = Some(id);
            }
        }
        let Some(post) = self.desk.post(id).cloned() else { return };
        let Some(want) = self.digest_words(&post) else {
            self.desk.posts.remove(&id);
            for line in &due.lines {
                if let Some(notice) = self.desk.notices.get_mut(line) {
                    (notice.post, notice.state) = (None, NoticeState::Open);
                }
            }
            return;
        };
        self.desk.put_post(Post { want: want.clone(), ..post.clone() });
        let now = self.desk.snapshot.now;
        let message = self.message(&post, MessageOp::Post, post.mark.clone(), want, now);
        self.carry(message);
    }

    fn digest_words(&self, post: &Post) -> Option<Text> {
        let PostAbout::Digest(of, day) = post.about else { return None };
        digest_post::words(of, day, post, &self.desk, self.names)
    }

    /// A digest that has not left follows its lines; one that has is not edited.
    fn reword_digest(&mut self, post: Post) {
        let waits = self.desk.message(post.id, MessageOp::Post, |state| state == MessageState::Sealed).cloned();
        let Some(message) = waits.filter(|_| self.desk.snapshot.board.post(post.id).is_some()) else { return };
        match self.digest_words(&post) {
            Some(want) => {
                self.desk.put_post(Post { want: want.clone(), ..post });
                self.carry(Message { body: want, ..message });
            }
            None => self.withdraw(message),
        }
    }

    /// Brings a post in line with its notices.
    fn bring_up_to_date(&mut self, id: PostId) {
        let Some(post) = self.desk.post(id).cloned().filter(|post| post.open) else { return };
        if matches!(post.about, PostAbout::Digest(..)) {
            return self.reword_digest(post);
        }
        self.answer_under(&post);
        match letter::words(&post, &self.desk, self.names) {
            Some(want) if post.at.is_none() => self.word_first(post, want),
            Some(want) => self.edit(post, want),
            None => self.take_back(&post),
        }
    }

    /// Words the message that makes the post.
    fn word_first(&mut self, post: Post, want: Text) {
        let making = self.desk.message(post.id, MessageOp::Post, MessageState::is_live).cloned();
        match making {
            Some(message) if message.state == MessageState::Sealed => {
                self.desk.put_post(Post { want: want.clone(), ..post.clone() });
                self.carry(Message { body: want, ..message });
            }
            // It is on its way; what is new follows as an edit.
            Some(message) if message.body != want || !self.fresh(post.id).is_empty() => self.edit(post, want),
            Some(_) => {}
            None if self.fresh(post.id).is_empty() => {}
            None => {
                let made_now = self.desk.snapshot.board.post(post.id).is_none();
                let mark = if made_now { post.mark.clone() } else { self.marks.next() };
                self.desk.put_post(Post { want: want.clone(), mark: mark.clone(), ..post.clone() });
                let due_at = self.desk.leaves_at(&post);
                let message = self.message(&post, MessageOp::Post, mark, want, due_at);
                self.carry(message);
            }
        }
    }

    /// Lets the post say something else.
    fn edit(&mut self, post: Post, want: Text) {
        if !self.desk.snapshot.policy.edits(&post.place) {
            // What is news there is a message of its own.
            return self.desk.put_post(Post { want, ..post });
        }
        let waiting = self.desk.message(post.id, MessageOp::Edit, |state| state == MessageState::Sealed).cloned();
        let on_its_way = |state: MessageState| state.is_live() && state != MessageState::Sealed;
        let going = self.desk.message(post.id, MessageOp::Edit, on_its_way);
        let will_say = going.map(|message| &message.body).or(post.have.as_ref());
        let is_said = will_say == Some(&want)
            && self.fresh(post.id).is_empty()
            && waiting.as_ref().is_none_or(|message| self.carried_by(message).is_empty());
        self.desk.put_post(Post { want: want.clone(), ..post.clone() });
        match waiting {
            Some(message) if is_said => self.withdraw(message),
            Some(message) => self.carry(Message { body: want, ..message }),
            None if is_said => {}
            None => {
                // An edit is no thing of its own: what it edits keeps its mark.
                let mark = post.mark.clone();
                let message = self.message(&post, MessageOp::Edit, mark, want, self.desk.snapshot.now);
                self.carry(message);
            }
        }
    }

    /// Answers under the post, where its reader has to be notified anew.
    fn answer_under(&mut self, post: &Post) {
        let waiting = self.desk.message(post.id, MessageOp::Reply, |state| state == MessageState::Sealed).cloned();
        let on_its_way = |state: MessageState| state.is_live() && state != MessageState::Sealed;
        let is_there = post.at.is_some() || self.desk.message(post.id, MessageOp::Post, on_its_way).is_some();
        let lines = self.desk.lines(post.id);
        // A gap that came back changed the words in silence; whoever heard that it was over need not hear it once more.
        let said = |notice: &Notice| {
            notice.reason == Reason::Resolved
                && matches!(post.about, PostAbout::Day(_) | PostAbout::Alert(..))
                && lines.iter().any(|other| {
                    other.id < notice.id && other.reason == Reason::Resolved && other.alert == notice.alert
                })
        };
        let mine = |notice: &&&Notice| match notice.message {
            None => {
                is_there
                    && notice.state == NoticeState::Sealed
                    && needs_answer(notice, post, &self.desk)
                    && !said(notice)
            }
            Some(message) => waiting.as_ref().is_some_and(|waiting| waiting.id == message),
        };
        let lines: Vec<&Notice> = lines.iter().filter(mine).copied().collect();
        let Some(first) = lines.first() else {
            return waiting.into_iter().for_each(|message| self.withdraw(message));
        };
        let Some(body) = letter::answer(&lines, &self.desk, self.names) else { return };
        let (now, calendar) = (self.desk.snapshot.now, self.desk.calendar(first));
        let due_at = if self.desk.snapshot.policy.work_hours_only { calendar.next_open(now) } else { now };
        let carried: Vec<NoticeId> = lines.iter().map(|notice| notice.id).collect();
        let message = match waiting {
            Some(message) => Message { body, ..message },
            None => {
                let mark = self.marks.next();
                self.message(post, MessageOp::Reply, mark, body, due_at)
            }
        };
        self.load(message, &carried);
    }

    /// Nothing is left to say: what has not left yet stays here.
    fn take_back(&mut self, post: &Post) {
        for op in [MessageOp::Post, MessageOp::Edit] {
            if let Some(message) = self.desk.message(post.id, op, |state| state == MessageState::Sealed).cloned() {
                self.withdraw(message);
            }
        }
    }

    fn withdraw(&mut self, message: Message) {
        for notice in self.carried_by(&message) {
            let why = Some("there is nothing left to say about it".to_owned());
            self.desk.notices.insert(notice.id, Notice { state: NoticeState::Withdrawn, why, ..notice });
        }
        self.desk.put_message(Message { state: MessageState::Withdrawn, ..message });
    }

    fn message(&mut self, post: &Post, op: MessageOp, mark: Mark, body: Text, due_at: Timestamp) -> Message {
        let id = MessageId(self.ids.message);
        self.ids.message += 1;
        Message {
            id,
            mark,
            op,
            address: post.place.clone(),
            post: post.id,
            body,
            state: MessageState::Sealed,
            due_at,
            attempts: 0,
            attempt_at: None,
            attempt_epoch: None,
            error: None,
            insist: false,
            gate: Gate::Free,
        }
    }

    /// Notices that are told when this message arrives.
    fn carried_by(&self, message: &Message) -> Vec<Notice> {
        let mine = |notice: &&Notice| notice.state == NoticeState::Sealed && notice.message == Some(message.id);
        self.desk.lines(message.post).into_iter().filter(mine).cloned().collect()
    }

    /// Notices of a post that no message carries yet.
    fn fresh(&self, post: PostId) -> Vec<NoticeId> {
        let fresh = |notice: &&Notice| notice.state == NoticeState::Sealed && notice.message.is_none();
        self.desk.lines(post).into_iter().filter(fresh).map(|notice| notice.id).collect()
    }

    /// Puts a message, with everything of its post that no other one carries.
    fn carry(&mut self, message: Message) {
        let fresh = self.fresh(message.post);
        self.load(message, &fresh);
    }

    fn load(&mut self, message: Message, carried: &[NoticeId]) {
        for id in carried {
            if let Some(notice) = self.desk.notices.get_mut(id) {
                notice.message = Some(message.id);
            }
        }
        let own = self.desk.lines(message.post);
        let insist = own.iter().any(|notice| {
            notice.message == Some(message.id) && !notice.reason.is_farewell() && notice.finding.stage == Stage::Failure
        });
        self.desk.put_message(Message { insist, ..message });
    }
}

/// True where only a new comment notifies whom it mentions: the present one stands there already.
fn needs_new_comment(notice: &Notice, post: &Post, desk: &Desk<'_>) -> bool {
    let mentions = matches!(&notice.address, Address::Comment { mention: Some(_), .. });
    mentions
        && !notice.reason.is_farewell()
        && post.at.is_some()
        && spot(&post.place) == spot(&notice.address)
        && !desk.goes_on(notice, post)
}

/// True where an edit alone would go unnoticed: something is over, or something that cannot wait has a message already.
fn needs_answer(notice: &Notice, post: &Post, desk: &Desk<'_>) -> bool {
    if notice.reason == Reason::Repeated {
        // It is no news: where a message can be edited it is, in silence.
        return !desk.snapshot.policy.edits(&post.place);
    }
    match &notice.address {
        Address::Slack(Destination::User(_) | Destination::Email(_) | Destination::Channel(_)) | Address::Email(_) => {
            let is_news = || matches!(post.about, PostAbout::Alert(..)) && !desk.swings(notice, post);
            match notice.reason {
                Reason::Resolved => !desk.has_taken_leave(notice),
                Reason::Handed => false,
                _ => is_news(),
            }
        }
        Address::Comment { .. } | Address::Digest(_) | Address::Log => false,
    }
}
