//! The working copy of what is said: the board's notices, posts and messages, with what this round changes laid over them.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::alerts::{Decided, cannot_wait, may_send, missed_digests, resumes};
use crate::domain::alert::{Alert, AlertState, Ending, Withheld};
use crate::domain::calendar::Calendar;
use crate::domain::finding::SubjectKey;
use crate::domain::ids::{AlertId, MessageId, NoticeId, PostId, TaskId};
use crate::domain::names::TaskName;
use crate::domain::notice::{Address, Message, MessageOp, MessageState, Notice, NoticeState, Post, PostAbout, Reason};
use crate::domain::snapshot::Snapshot;

use super::scene::Scene;
use connector_kit::Destination;
use jiff::Timestamp;
use jiff::civil::Date;

/// The working copy.
pub(super) struct Desk<'a> {
    pub(super) snapshot: &'a Snapshot<'a>,
    alerts: HashMap<AlertId, &'a Alert>,
    /// Those that the round opened.
    made: HashMap<SubjectKey, Vec<&'a Alert>>,
    pub(super) notices: BTreeMap<NoticeId, Notice>,
    pub(super) posts: BTreeMap<PostId, Post>,
    pub(super) messages: BTreeMap<MessageId, Message>,
    /// The latest post of each place and topic.
    latest: HashMap<(Address, PostAbout), PostId>,
    /// Messages of each post with something still to be done.
    under_way: HashMap<PostId, Vec<MessageId>>,
}

impl<'a> Desk<'a> {
    pub(super) fn new(decided: &'a Decided, snapshot: &'a Snapshot<'a>) -> Desk<'a> {
        let mut desk = Desk {
            snapshot,
            alerts: decided.alerts.iter().map(|change| (change.alert.id, &change.alert)).collect(),
            made: HashMap::new(),
            notices: decided.notices.iter().map(|notice| (notice.id, notice.clone())).collect(),
            posts: BTreeMap::new(),
            messages: BTreeMap::new(),
            latest: HashMap::new(),
            under_way: HashMap::new(),
        };
        for change in decided.alerts.iter().filter(|change| snapshot.board.alert(change.alert.id).is_none()) {
            desk.made.entry(change.alert.subject).or_default().push(&change.alert);
        }
        let mut generations: HashMap<PostId, u32> = HashMap::new();
        for post in snapshot.board.posts() {
            generations.insert(post.id, post.generation);
            let latest = desk.latest.entry((spot(&post.place), post.about)).or_insert(post.id);
            if generations.get(latest).is_none_or(|generation| *generation < post.generation) {
                *latest = post.id;
            }
        }
        for message in snapshot.board.messages() {
            desk.under_way.entry(message.post).or_default().push(message.id);
        }
        desk.under_way.values_mut().for_each(|ids| ids.sort());
        desk
    }

    /// An alert as it is after the round.
    pub(super) fn alert(&self, id: AlertId) -> Option<&'a Alert> {
        self.alerts.get(&id).copied().or_else(|| self.snapshot.board.alert(id))
    }

    /// All alerts about a subject as they are after the round.
    pub(super) fn of(&self, subject: SubjectKey) -> impl Iterator<Item = &'a Alert> {
        let known = self.snapshot.board.alerts_of(subject).filter_map(|alert| self.alert(alert.id));
        known.chain(self.made.get(&subject).into_iter().flatten().copied())
    }

    /// All alerts as they are after the round.
    pub(super) fn all(&self) -> impl Iterator<Item = &'a Alert> {
        let known = self.snapshot.board.alerts().filter_map(|alert| self.alert(alert.id));
        known.chain(self.made.values().flatten().copied())
    }

    /// The latest comment on a task, if there ever was one.
    pub(super) fn comment(&self, task: TaskId) -> Option<PostId> {
        let place = Address::Comment { connection: String::new(), task, mention: None };
        self.latest.get(&(place, PostAbout::Task(task))).copied()
    }

    /// The latest post of a place and topic.
    pub(super) fn latest(&self, place: &Address, about: PostAbout) -> Option<PostId> {
        self.latest.get(&(spot(place), about)).copied()
    }

    /// A post as it is by now.
    pub(super) fn post(&self, id: PostId) -> Option<&Post> {
        self.posts.get(&id).or_else(|| self.snapshot.board.post(id))
    }

    /// A message of a post that is still under way.
    pub(super) fn message(&self, post: PostId, op: MessageOp, is: impl Fn(MessageState) -> bool) -> Option<&Message> {
        let ids = self.under_way.get(&post).into_iter().flatten();
        let mut messages = ids.filter_map(|id| self.messages.get(id).or_else(|| self.snapshot.board.message(*id)));
        messages.find(|message| message.op == op && is(message.state))
    }

    /// Puts a post, new or changed; a new one is the latest of its place and topic.
    pub(super) fn put_post(&mut self, post: Post) {
        if self.snapshot.board.post(post.id).is_none() {
            self.latest.insert((spot(&post.place), post.about), post.id);
        }
        self.posts.insert(post.id, post);
    }

    /// Puts a message, new or changed.
    pub(super) fn put_message(&mut self, message: Message) {
        let ids = self.under_way.entry(message.post).or_default();
        if !ids.contains(&message.id) {
            ids.push(message.id);
        }
        self.messages.insert(message.id, message);
    }

    /// The notices that a post is made of, oldest first, those taken back or given up left out.
    pub(super) fn lines(&self, post: PostId) -> Vec<&Notice> {
        let here = self.snapshot.board.notices_in(post).into_iter();
        let here = here.filter(|notice| !self.notices.contains_key(&notice.id));
        let mut lines: Vec<&Notice> = here
            .chain(self.notices.values())
            .filter(|notice| notice.post == Some(post))
            .filter(|notice| !matches!(notice.state, NoticeState::Withdrawn | NoticeState::Dead | NoticeState::Dropped))
            .collect();
        lines.sort_by_key(|notice| notice.id);
        lines
    }

    /// All notices of an alert's present episode.
    pub(super) fn notices_of(&self, alert: &Alert) -> Vec<&Notice> {
        let here = self.snapshot.board.notices_of(alert.id).filter(|notice| !self.notices.contains_key(&notice.id));
        let all = here.chain(self.notices.values().filter(|notice| notice.alert == alert.id));
        let mut notices: Vec<&Notice> = all.filter(|notice| notice.episode == alert.episode).collect();
        notices.sort_by_key(|notice| notice.id);
        notices
    }

    /// New notices that are to be sent and belong to no post yet.
    pub(super) fn homeless(&self) -> Vec<NoticeId> {
        let homeless =
            |notice: &&Notice| notice.state == NoticeState::Sealed && notice.post.is_none() && notice.address.is_sent();
        self.notices.values().filter(homeless).map(|notice| notice.id).collect()
    }

    /// Where a new notice belongs: the place and topic of its post.
    pub(super) fn belongs(&self, notice: &Notice) -> (Address, PostAbout) {
        let place = place(&notice.address);
        let own = self.own(notice, &place);
        match &notice.address {
            Address::Comment { task, .. } => (place, PostAbout::Task(*task)),
            Address::Slack(Destination::Channel(_)) => (place, own),
            _ if notice.rung >= 2 || notice.reason == Reason::Resolved => (place, own),
            _ if notice.reason == Reason::Repeated => {
                let about = self.of_repeat(&place, self.calendar(notice));
                (place, about)
            }
            _ => {
                let calendar = self.calendar(notice);
                let now = self.snapshot.now;
                let at_once = self.alert(notice.alert).is_none_or(|alert| cannot_wait(alert, calendar, now));
                let day = || if self.was_unread(notice) { calendar.date(now) } else { self.day_of(&place, calendar) };
                let about = if at_once { own } else { PostAbout::Day(day()) };
                (place, about)
            }
        }
    }

    /// The topic of a gap's own message: that of this episode, or of an earlier one of today. A gap that swings is one message
    /// a day.
    fn own(&self, notice: &Notice, place: &Address) -> PostAbout {
        let new = PostAbout::Alert(notice.alert, notice.episode);
        if notice.reason == Reason::Resolved || !self.snapshot.policy.edits(place) {
            return new;
        }
        let earlier = (1..notice.episode).rev().map(|episode| PostAbout::Alert(notice.alert, episode));
        let today = |about: &PostAbout| {
            let post = self.latest.get(&(spot(place), *about)).and_then(|id| self.post(*id));
            post.is_some_and(|post| post.open && post.at.is_some() && self.swings(notice, post))
        };
        earlier.into_iter().find(today).unwrap_or(new)
    }

    /// True where a notice goes on with a post that was told today, and of which its reader heard today that it was over; or
    /// that was told lately, and its end never was.
    pub(super) fn swings(&self, notice: &Notice, post: &Post) -> bool {
        let calendar = self.calendar(notice);
        let lines = self.lines(post.id);
        let told = |is_end: bool| {
            let own = lines.iter().filter(|line| line.alert == notice.alert);
            let own = own.filter(|line| line.reason != Reason::Handed);
            own.filter(|line| (line.reason == Reason::Resolved) == is_end).filter_map(|line| line.told_at).max()
        };
        let Some(last) = told(false) else { return false };
        let today = |at| calendar.date(at) == calendar.date(self.snapshot.now);
        let over = told(true).map(|over_at| today(over_at) && today(last));
        over.unwrap_or_else(|| resumes(last, self.snapshot)) && self.goes_on(notice, post)
    }

    /// The day whose message at this place can still take a line: today's, where it can be edited or has not left; else that
    /// of the next working day.
    pub(super) fn day_of(&self, place: &Address, calendar: &Calendar) -> Date {
        let now = self.snapshot.now;
        let today = calendar.date(now);
        if self.snapshot.policy.edits(place) {
            return today;
        }
        let has_left = |day: Date| {
            let post = self.latest.get(&(spot(place), PostAbout::Day(day))).and_then(|id| self.post(*id));
            let on_its_way = |state: MessageState| state.is_live() && state != MessageState::Sealed;
            let is_last = |post: &&Post| post.generation >= self.snapshot.policy.direct_per_day;
            let post = post.filter(is_last);
            post.is_some_and(|post| post.at.is_some() || self.message(post.id, MessageOp::Post, on_its_way).is_some())
        };
        if has_left(today) { calendar.date(calendar.next_day_start(calendar.day_ends(today))) } else { today }
    }

    /// True for a word that was kept back because its task had not been read of late, and may be said by now. It leaves on
    /// the day on which it was read again, also where the message of that day has left and takes no further line.
    fn was_unread(&self, notice: &Notice) -> bool {
        let board = self.snapshot.board;
        let before = board.alert(notice.alert).filter(|_| board.notice(notice.id).is_none());
        before.is_some_and(|alert| alert.withheld == Some(Withheld::SourceStale))
    }

    /// When a post may leave: the message of a coming day not before that day's work begins.
    pub(super) fn leaves_at(&self, post: &Post) -> Timestamp {
        let lines = self.lines(post.id);
        let calendar = lines.first().map(|line| self.calendar(line));
        calendar.map_or(self.snapshot.now, |calendar| self.read_at(post.about, calendar))
    }

    /// When what is worded now is read: at once, but for the message of a coming day.
    pub(super) fn read_at(&self, about: PostAbout, calendar: &Calendar) -> Timestamp {
        let now = self.snapshot.now;
        match about {
            PostAbout::Day(day) if day > calendar.date(now) => calendar.next_open(calendar.day_begins(day)),
            _ => now,
        }
    }

    /// The post that a new notice joins. `None`: one has to be made.
    pub(super) fn joins(&self, notice: &Notice) -> Option<PostId> {
        let latest = || {
            let (place, about) = self.belongs(notice);
            self.latest.get(&(spot(&place), about)).copied()
        };
        match notice.reason {
            Reason::Resolved => self.ends_with(notice).or_else(|| self.told_in(notice)).or_else(latest),
            Reason::Handed => self.told_in(notice),
            Reason::Repeated => self.thread_of_repeat(notice).or_else(latest),
            _ => latest(),
        }
    }

    /// The post of another gap of the same task whose end the same reader is told as well, not yet sent: both are said at
    /// once, below the later one. `None`: there is none, or they are told by a comment, which says both anyway.
    fn ends_with(&self, notice: &Notice) -> Option<PostId> {
        let subject = self.alert(notice.alert)?.subject;
        if !matches!((subject, &notice.address), (SubjectKey::Task(_), Address::Slack(_) | Address::Email(_))) {
            return None;
        }
        let is_unsent = |other: &Notice| {
            let message = other.message.and_then(|id| self.messages.get(&id).or(self.snapshot.board.message(id)));
            let waits = other.message.is_none() || message.is_some_and(|one| one.state == MessageState::Sealed);
            other.state == NoticeState::Sealed && waits
        };
        if self.has_taken_leave(notice) {
            return None;
        }
        let alike = |other: &&Notice| {
            other.reason == Reason::Resolved
                && other.alert != notice.alert
                && other.account == notice.account
                && other.address == notice.address
                && is_unsent(other)
                && !self.has_taken_leave(other)
        };
        let others: Vec<&Notice> =
            self.of(subject).flat_map(|alert| self.notices_of(alert)).filter(|other| alike(other)).collect();
        let is_open = |post: &PostId| self.post(*post).is_some_and(|post| post.open);
        let housed = others.iter().filter_map(|other| other.post).find(is_open);
        let told_in = || others.iter().filter_map(|other| self.told_in(other)).chain(self.told_in(notice));
        let unhoused = || told_in().filter(is_open).max();
        if others.is_empty() { None } else { housed.or_else(unhoused) }
    }

    /// True where another post of the same reader shows what a line says.
    pub(super) fn is_shown_elsewhere(&self, line: &Notice) -> bool {
        let Some(alert) = self.alert(line.alert) else { return false };
        let theirs = |other: &&Notice| other.account == line.account && other.address == line.address;
        let posts = self.notices_of(alert).into_iter().filter(theirs).filter_map(|other| other.post);
        posts.into_iter().any(|post| Some(post) != line.post && self.post(post).is_some_and(|post| post.open))
    }

    /// Posts in which somebody was told of a weaker gap of the task, of which a new word to them speaks as well.
    fn spoken_for(&self) -> Vec<PostId> {
        let is_new = |notice: &&Notice| !notice.reason.is_farewell() && self.snapshot.board.notice(notice.id).is_none();
        let mut posts = Vec::new();
        for notice in self.notices.values().filter(is_new).filter(|notice| notice.address.is_private()) {
            let Some(alert) = self.alert(notice.alert) else { continue };
            for weaker in self.of(alert.subject).filter(|other| is_silenced_by(other, alert)) {
                let told = |line: &&Notice| line.account == notice.account && line.told_at.is_some();
                posts.extend(self.notices_of(weaker).into_iter().filter(told).filter_map(|line| line.post));
            }
        }
        posts
    }

    /// True for whoever was told that it is somebody else's by now: that it is over changes their message, in silence.
    pub(super) fn has_taken_leave(&self, notice: &Notice) -> bool {
        let Some(alert) = self.alert(notice.alert) else { return false };
        let theirs = |other: &&&Notice| {
            other.account == notice.account
                && other.address == notice.address
                && other.reason != Reason::Resolved
                && other.heard_at().is_some()
        };
        let notices = self.notices_of(alert);
        notices.iter().rev().find(theirs).is_some_and(|last| last.reason == Reason::Handed)
    }

    /// The post by which somebody was told of a gap.
    pub(super) fn told_in(&self, notice: &Notice) -> Option<PostId> {
        let alert = self.alert(notice.alert)?;
        let told = |other: &&Notice| {
            other.told_at.is_some() && other.account == notice.account && spot(&other.address) == spot(&notice.address)
        };
        let notices = self.notices_of(alert);
        let posts = notices.into_iter().rev().filter(told).filter_map(|other| other.post);
        // A digest is never answered, and not changed once it has left.
        let is_digest = |post: &Post| matches!(post.about, PostAbout::Digest(..));
        posts.into_iter().find(|post| self.post(*post).is_some_and(|post| !is_digest(post)))
    }

    /// True where a notice is news, the message of its reader's day has left, and they may get another one.
    pub(super) fn begins_another(&self, notice: &Notice, post: &Post) -> bool {
        let is_news = matches!(post.about, PostAbout::Day(_)) && !notice.reason.is_farewell();
        let on_its_way = |state: MessageState| state.is_live() && state != MessageState::Sealed;
        let has_left = || post.at.is_some() || self.message(post.id, MessageOp::Post, on_its_way).is_some();
        let policy = self.snapshot.policy;
        let may_be =
            || post.generation < policy.direct_per_day || (!policy.edits(&post.place) && self.was_unread(notice));
        is_news && may_be() && has_left() && !self.goes_on(notice, post)
    }

    /// True where a notice is the next episode of what a post has told the same person already, as bad as that or worse, and
    /// of which they never heard that it was over, or only lately: it is no news.
    pub(super) fn goes_on(&self, notice: &Notice, post: &Post) -> bool {
        let lines = self.lines(post.id);
        let before = || {
            lines.iter().filter(|line| {
                line.alert == notice.alert && line.episode < notice.episode && line.account == notice.account
            })
        };
        let Some(last) = before().map(|line| line.episode).max() else { return false };
        let of_last = || before().filter(|line| line.episode == last && line.told_at.is_some());
        let heard = of_last().any(|line| !line.reason.is_farewell() && line.finding.stage >= notice.finding.stage);
        let over_at = of_last().filter(|line| line.reason == Reason::Resolved).filter_map(|line| line.told_at).max();
        heard && over_at.is_none_or(|at| resumes(at, self.snapshot))
    }

    /// Hours and zone of whom a notice addresses.
    pub(super) fn calendar(&self, notice: &Notice) -> &'a Calendar {
        let people = &self.snapshot.board.people;
        match &notice.address {
            Address::Slack(Destination::Channel(_)) => &people.default_calendar,
            _ => people.calendar(Some(notice.account)),
        }
    }

    /// What the words for whoever a notice addresses are found with.
    pub(super) fn scene<'n>(&self, notice: &Notice, names: &'n HashMap<TaskId, TaskName>) -> Scene<'n>
    where
        'a: 'n,
    {
        let common = &self.snapshot.board.people.default_calendar;
        Scene { names, now: self.snapshot.now, calendar: self.calendar(notice), common }
    }

    /// Posts whose words may differ after this round: of notices that changed, and of alerts that did.
    pub(super) fn affected(&self) -> BTreeSet<PostId> {
        let mut posts: BTreeSet<PostId> = self.notices.values().filter_map(|notice| notice.post).collect();
        posts.extend(self.spoken_for());
        for handed in self.notices.values().filter(|notice| notice.reason == Reason::Handed) {
            let theirs = self.alert(handed.alert).map(|alert| self.notices_of(alert)).unwrap_or_default();
            let theirs =
                theirs.into_iter().filter(|notice| notice.account == handed.account && notice.told_at.is_some());
            posts.extend(theirs.filter_map(|notice| notice.post));
        }
        for alert in self.alerts.values().filter(|alert| self.shows(alert)) {
            posts.extend(self.notices_of(alert).into_iter().filter_map(|notice| notice.post));
        }
        // What is tried once more is worded as things stand by then.
        for alert in self.alerts.values() {
            let notices = self.notices_of(alert).into_iter();
            posts.extend(notices.filter(|notice| self.is_tried_again(notice)).filter_map(|notice| notice.post));
        }
        posts
    }

    /// True for a word that a channel did not take, and that waits to be tried once more.
    fn is_tried_again(&self, notice: &Notice) -> bool {
        let message = notice.message.and_then(|id| self.messages.get(&id).or_else(|| self.snapshot.board.message(id)));
        message.is_some_and(|message| {
            message.state == MessageState::Sealed && message.op == MessageOp::Post && message.attempts > 0
        })
    }

    /// Edits that wait although nothing their post is about may be told any more: sending was switched off meanwhile.
    pub(super) fn hushed(&self) -> Vec<Message> {
        let may_send = |post: PostId| {
            let lines = self.lines(post);
            lines.iter().any(|notice| self.alert(notice.alert).is_some_and(|alert| may_send(alert, self.snapshot)))
        };
        let waiting = |message: &&Message| message.op == MessageOp::Edit && message.state == MessageState::Sealed;
        let messages = self.snapshot.board.messages().filter(waiting);
        let edits = messages.filter(|message| !may_send(message.post));
        // Nor is the digest of a day that is over of any use to anybody.
        edits.chain(missed_digests(self.snapshot)).cloned().collect()
    }

    /// True when what is to be read about an alert changed, and may be shown.
    fn shows(&self, alert: &Alert) -> bool {
        let picture = |alert: &Alert| (alert.state, alert.stage, alert.episode, alert.finding.clone());
        let answer = |alert: &Alert| (alert.said.clone(), alert.snoozed_until, alert.acked_until);
        let before = self.snapshot.board.alert(alert.id);
        // That somebody answered is shown, though nothing else is said while it counts; and that its time is over.
        let by_answer = |alert: &Alert| matches!(alert.withheld, Some(Withheld::Snoozed | Withheld::Acknowledged));
        let is_over = |before: &Alert| by_answer(before) && !by_answer(alert);
        let answered = before.is_some_and(|before| answer(before) != answer(alert) || is_over(before));
        let differs = before.is_none_or(|before| picture(before) != picture(alert));
        (answered || (differs && !is_silent(alert))) && may_send(alert, self.snapshot) && !is_dropped(alert)
    }
}

/// True while nothing at all is to be said about an alert, not even by an edit.
fn is_silent(alert: &Alert) -> bool {
    let silent = matches!(
        alert.withheld,
        Some(
            Withheld::SourceStale
                | Withheld::MassChange
                | Withheld::NotVisible
                | Withheld::Observing
                | Withheld::Backlog
                | Withheld::Snoozed
                | Withheld::Acknowledged
                | Withheld::Dismissed
        )
    );
    silent && alert.state != AlertState::Resolved
}

/// True for an alert that ended without being over: nothing more is said about it, and what was said stays.
pub(super) fn is_dropped(alert: &Alert) -> bool {
    alert.state == AlertState::Resolved && !alert.ending.is_some_and(Ending::is_told)
}

/// True where a stronger gap speaks for another one.
pub(super) fn is_silenced_by(other: &Alert, alert: &Alert) -> bool {
    other.state != AlertState::Resolved && other.withheld == Some(Withheld::Inhibited(alert.gap.clone()))
}

/// Where a post is, for comparing: a comment is the task's, by whatever name its connection went at the time.
pub(super) fn spot(address: &Address) -> Address {
    match address {
        Address::Comment { task, .. } => Address::Comment { connection: String::new(), task: *task, mention: None },
        other => other.clone(),
    }
}

/// Where a post is: its address without a mention.
pub(super) fn place(address: &Address) -> Address {
    match address {
        Address::Comment { connection, task, .. } => {
            Address::Comment { connection: connection.clone(), task: *task, mention: None }
        }
        other => other.clone(),
    }
}
