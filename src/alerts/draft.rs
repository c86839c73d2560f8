//! The round's working copy: the board's alerts and notices, with what this round has changed laid over them.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::Timestamp;

use crate::domain::alert::{Alert, AlertChange, AlertState, LogEntry, LogKind};
use crate::domain::digest::DigestTurn;
use crate::domain::finding::{RuleId, SubjectKey};
use crate::domain::ids::{AccountId, AlertId, ContainerId, InboxId, NoticeId, TaskId};
use crate::domain::notice::{Address, DigestDue, MessageState, Notice, NoticeState, Post, PostAbout};
use crate::domain::record::NextIds;
use crate::domain::snapshot::Snapshot;

/// The working copy. Nothing leaves it before the round is over.
pub(super) struct Draft<'a> {
    pub(super) snapshot: &'a Snapshot<'a>,
    pub(super) ids: &'a mut NextIds,
    /// Alerts to step and route in this round.
    pub(super) awake: BTreeSet<AlertId>,
    alerts: BTreeMap<AlertId, AlertChange>,
    made: HashMap<SubjectKey, Vec<AlertId>>,
    notices: BTreeMap<NoticeId, Notice>,
    /// Containers whose hold was ended by wish.
    pub(super) released: Vec<ContainerId>,
    /// What to write under our comment on a task for whoever was not obeyed. `None`: nothing any more.
    pub(super) remarks: BTreeMap<TaskId, Option<String>>,
    /// See [`crate::domain::alert::Round::mutes`].
    pub(super) mutes: Vec<(AccountId, Option<Timestamp>)>,
    /// Answers by which nothing was done.
    pub(super) refused: Vec<InboxId>,
    /// Digests to be worded, and those that had their turn.
    pub(super) digests: Vec<DigestDue>,
    pub(super) turns: Vec<DigestTurn>,
    /// Tasks on which a comment of ours was taken away, or cannot be made.
    unwelcome: BTreeSet<TaskId>,
}

impl<'a> Draft<'a> {
    pub(super) fn new(snapshot: &'a Snapshot<'a>, ids: &'a mut NextIds) -> Draft<'a> {
        Draft {
            snapshot,
            ids,
            awake: BTreeSet::new(),
            alerts: BTreeMap::new(),
            made: HashMap::new(),
            notices: BTreeMap::new(),
            released: Vec::new(),
            remarks: BTreeMap::new(),
            mutes: Vec::new(),
            refused: Vec::new(),
            digests: Vec::new(),
            turns: Vec::new(),
            unwelcome: unwelcome(snapshot),
        }
    }

    /// True where our comment may be written, as far as what became of earlier ones tells.
    pub(super) fn takes_comments(&self, task: TaskId) -> bool {
        !self.unwelcome.contains(&task)
    }

    /// An alert as it is by now.
    pub(super) fn alert(&self, id: AlertId) -> Option<&Alert> {
        self.alerts.get(&id).map(|change| &change.alert).or_else(|| self.snapshot.board.alert(id))
    }

    /// All alerts about a subject, resolved ones included.
    pub(super) fn of(&self, subject: SubjectKey) -> impl Iterator<Item = &Alert> {
        let here = self.snapshot.board.alerts_of(subject).map(|alert| alert.id);
        let made = self.made.get(&subject).into_iter().flatten().copied();
        here.chain(made).filter_map(|id| self.alert(id))
    }

    /// The open alerts about a subject.
    pub(super) fn live(&self, subject: SubjectKey) -> impl Iterator<Item = &Alert> {
        self.of(subject).filter(|alert| alert.state != AlertState::Resolved)
    }

    /// True when a rule has an open alert about a subject, of any scope; that alert.
    pub(super) fn open(&self, subject: SubjectKey, rule: RuleId) -> Option<&Alert> {
        self.live(subject).find(|alert| alert.rule == rule)
    }

    /// Every alert.
    pub(super) fn all(&self) -> impl Iterator<Item = &Alert> {
        let board = self.snapshot.board;
        let same = board.alerts().filter(|alert| !self.alerts.contains_key(&alert.id));
        same.chain(self.alerts.values().map(|change| &change.alert))
    }

    /// A notice as it is by now.
    pub(super) fn notice(&self, id: NoticeId) -> Option<&Notice> {
        self.notices.get(&id).or_else(|| self.snapshot.board.notice(id))
    }

    /// Lines that wait for a digest.
    pub(super) fn waiting_lines(&self) -> impl Iterator<Item = &Notice> {
        let here = self.snapshot.board.waiting_lines().filter(|line| !self.notices.contains_key(&line.id));
        let waits = |line: &&Notice| line.state == NoticeState::Open && matches!(line.address, Address::Digest(_));
        here.chain(self.notices.values().filter(waits))
    }

    /// An alert to be changed.
    pub(super) fn change(&mut self, id: AlertId) -> Option<&mut AlertChange> {
        if !self.alerts.contains_key(&id) {
            let alert = self.snapshot.board.alert(id)?.clone();
            self.alerts.insert(id, AlertChange { alert, log: Vec::new() });
        }
        self.awake.insert(id);
        self.alerts.get_mut(&id)
    }

    /// Puts an alert that did not exist before.
    pub(super) fn make(&mut self, alert: Alert) -> AlertId {
        let id = alert.id;
        self.made.entry(alert.subject).or_default().push(id);
        self.alerts.insert(id, AlertChange { alert, log: Vec::new() });
        self.awake.insert(id);
        id
    }

    /// Adds to an alert's log.
    pub(super) fn log(&mut self, id: AlertId, what: LogKind, reason: Option<String>, account: Option<AccountId>) {
        if let Some(change) = self.change(id) {
            change.log.push(LogEntry { what, reason, account });
        }
    }

    /// The notices of an alert's present episode, oldest first, those taken back left out.
    pub(super) fn notices(&self, alert: &Alert) -> Vec<&Notice> {
        let here = self.snapshot.board.notices_of(alert.id).filter(|notice| !self.notices.contains_key(&notice.id));
        let changed = self.notices.values().filter(|notice| notice.alert == alert.id);
        let mut notices: Vec<&Notice> = here
            .chain(changed)
            .filter(|notice| notice.episode == alert.episode && notice.state != NoticeState::Withdrawn)
            .collect();
        notices.sort_by_key(|notice| notice.id);
        notices
    }

    /// Puts a notice, new or changed.
    pub(super) fn put_notice(&mut self, notice: Notice) {
        self.notices.insert(notice.id, notice);
    }

    /// True while a notice can still be taken back.
    pub(super) fn is_unsent(&self, notice: &Notice) -> bool {
        match (notice.state, notice.message.map(|id| self.snapshot.board.message(id))) {
            (NoticeState::Open, _) | (NoticeState::Sealed, None) => true,
            (NoticeState::Sealed, Some(Some(message))) => message.state == MessageState::Sealed,
            _ => false,
        }
    }

    /// Takes back the notices of an alert's present episode that were not sent, but for those to be kept; says which.
    pub(super) fn withdraw(&mut self, id: AlertId, keep: &[NoticeId], why: &str) -> Vec<Notice> {
        let Some(alert) = self.alert(id) else { return Vec::new() };
        let stale = |notice: &&&Notice| !keep.contains(&notice.id) && self.is_unsent(notice);
        let notices: Vec<Notice> = self.notices(alert).iter().filter(stale).map(|notice| (*notice).clone()).collect();
        for notice in &notices {
            let why = Some(why.to_owned());
            self.put_notice(Notice { state: NoticeState::Withdrawn, why, ..notice.clone() });
        }
        notices
    }

    /// The subjects of alerts that differ from the board's in a way that others may hang on.
    pub(super) fn moved(&self) -> BTreeSet<SubjectKey> {
        let weight = |alert: &Alert| {
            let answered = (alert.snoozed_until, alert.acked_until, alert.said.clone());
            (alert.state, alert.stage, alert.backlog, answered, alert.episode)
        };
        let moved = |alert: &&Alert| self.snapshot.board.alert(alert.id).map(weight) != Some(weight(alert));
        self.alerts.values().map(|change| &change.alert).filter(moved).map(|alert| alert.subject).collect()
    }

    /// What really changed.
    pub(super) fn finish(self) -> (Vec<AlertChange>, Vec<Notice>) {
        let board = self.snapshot.board;
        let alerts = self.alerts.into_values();
        let alerts = alerts.filter(|change| {
            !change.log.is_empty() || board.alert(change.alert.id).is_none_or(|before| *before != change.alert)
        });
        (alerts.collect(), self.notices.into_values().collect())
    }
}

/// Tasks whose latest comment of ours is closed: nothing is made there again.
fn unwelcome(snapshot: &Snapshot<'_>) -> BTreeSet<TaskId> {
    let mut latest: BTreeMap<TaskId, &Post> = BTreeMap::new();
    for post in snapshot.board.posts() {
        if let PostAbout::Task(task) = post.about
            && latest.get(&task).is_none_or(|other| other.generation < post.generation)
        {
            latest.insert(task, post);
        }
    }
    latest.into_iter().filter(|(_, post)| !post.open).map(|(task, _)| task).collect()
}
