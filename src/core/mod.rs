//! The core: one thread that owns the store's writer and the board.
//!
//! Every write reaches it as a plain value (a page, an outcome, an answer), is committed, then applied to the board, in that
//! order, and cannot be cancelled half-way. What is due is looked at, and leaves its queue only when its result is applied.
//! After a failed or doubtful commit the board is loaded anew. Nobody else sees the board.

mod baseline;
mod digests;
mod failing;
mod floods;
mod figures;
mod handle;
mod norms;
mod outbox;
mod patience;
mod presses;
mod processors;
mod pulse;
mod recollect;
mod reload;

pub use handle::CoreHandle;
pub use presses::Reply;
pub use pulse::Pulse;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use connector_kit::{MessageRef, Page};
use connector_model::Mark;
use jiff::{SignedDuration, Timestamp};

use crate::alerts::{self, DigestsDue};
use crate::domain::alert::{Alert, Answer, Round, Wish};
use crate::domain::board::{Board, DueNow};
use crate::domain::finding::{RuleId, SubjectKey};
use crate::domain::ids::{ConnectionId, MessageId, TaskId};
use crate::domain::names::TaskName;
use crate::domain::notice::{Address, Message, MessageState};
use crate::domain::policy::Policy;
use crate::domain::record::BoardDelta;
use crate::domain::snapshot::Snapshot;
use crate::messages::retry::{self, Job, Outcome};
use crate::messages::scene::Scene;
use crate::messages::wording;
use crate::messages::{self, Marks};
use crate::rules::{self, Rules};
use crate::store::{
    ConfigPlan, FailureKind, LookWrite, PageApplied, PageWrite, ProfileSeen, PullFailure, SiteSeen, Store, StoreError,
    StreamRow,
};
use figures::{event, lifetimes};
use presses::replies;
use reload::policy_of;

/// Most subjects judged in one round, so that a page or an outcome never waits long.
const SUBJECTS_A_ROUND: usize = 20_000;
/// A store that rested longer than this may be an old copy: what waits in it may have been sent since.
const AWAY: SignedDuration = SignedDuration::from_hours(1);
/// The tick is written at most this often while nothing else is.
const TICK_EVERY: SignedDuration = SignedDuration::from_secs(60);

/// What the core works by; another configuration is another one of these.
pub struct Setup {
    /// Rules with their thresholds.
    pub rules: Rules,
    /// How, when and to whom anything may be said. The modes of connections are filled in by [`Core::open`].
    pub policy: Policy,
    /// What the store must know of the configuration.
    pub plan: ConfigPlan,
    /// Mode of each connection by name, where it has one of its own.
    pub connection_modes: HashMap<String, crate::domain::policy::Mode>,
    /// Names of the connections on which our comment may be written.
    pub comments_on: Vec<String>,
}

/// The core.
pub struct Core {
    store: Store,
    board: Board,
    rules: Rules,
    policy: Policy,
    /// The rules' revision was another when we started: what the first judgement finds is backlog.
    rules_rev: Option<String>,
    last_tick: Timestamp,
    connections: HashMap<String, ConnectionId>,
    /// The whole board was judged since the start. Before that nothing is sent: what waits may not be wanted any more.
    judged: bool,
    /// What each rule fails about: it panics there, and reads `Unknown`.
    failing: BTreeMap<RuleId, BTreeSet<SubjectKey>>,
    /// The board lacks what a commit changed: it is loaded anew before anybody looks at it.
    outdated: bool,
    /// When digests are to be thought of.
    digests: DigestsDue,
    /// Messages were held back for being too many since somebody asked.
    has_held: bool,
    /// Since when what cannot be changed any more waits for reading that is behind. `None`: it does not.
    reading_since: Option<Timestamp>,
}

/// What a round did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RoundReport {
    /// Subjects judged.
    pub judged: usize,
    /// Alerts that changed.
    pub alerts: usize,
    /// Alerts of which more changed than when to think about them again.
    pub differing: usize,
    /// Messages sealed or changed.
    pub messages: usize,
    /// What became of answers.
    pub replies: Vec<Reply>,
    /// How long each gap had been open that was resolved.
    pub lifetimes: Vec<SignedDuration>,
    /// True: there is more due at once.
    pub more: bool,
    /// When something is due by itself next. `None`: only a change can make something due.
    pub next_due: Option<Timestamp>,
}

/// A failed pull, as the core records it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failed {
    /// What it means for the rest.
    pub kind: FailureKind,
    /// Why, without secrets.
    pub because: String,
    /// When to try again.
    pub next_pull_at: Timestamp,
    /// A wait the tool asked for.
    pub not_before: Option<Timestamp>,
}

/// A message to be sent now, with what its channel needs.
#[derive(Debug, Clone, PartialEq)]
pub struct Claim {
    /// The message, marked *sending*.
    pub message: Message,
    /// True: it was sent by somebody who did not live to tell; look whether it is there.
    pub look: bool,
    /// Since when it may be there, for a look.
    pub since: Timestamp,
    /// The post's reference, for an edit or an answer.
    pub at: Option<MessageRef>,
    /// The mark of the post, which an edit keeps.
    pub post_mark: Mark,
    /// The task's handle, and the name its connection has by now, for a comment.
    pub task: Option<(String, String)>,
}

impl Core {
    /// Takes up the configuration, loads the board; everything is due.
    ///
    /// # Errors
    /// Whatever the store says; nothing has been changed that a second start would not do again.
    pub fn open(mut store: Store, setup: Setup, now: Timestamp) -> Result<Core, StoreError> {
        let applied = store.apply_config(&setup.plan, now)?;
        let policy = policy_of(setup.policy, &setup.connection_modes, &setup.comments_on, &applied.connections);
        let mut board = Board::new(store.load(now, rules::known)?);
        if now.duration_since(store.last_tick()) > AWAY {
            let round = retry::after_absence(&board, now);
            if !round.is_empty() {
                // By the old tick: whether the clock can be believed is not known yet.
                let tick = store.last_tick();
                store.commit_round(&round, None, tick)?;
                board.put_round(round);
            }
        }
        let rules_rev = (applied.rules_changed && !applied.first).then(|| setup.plan.rules_rev.clone());
        let last_tick = store.last_tick();
        Ok(Core {
            store,
            board,
            rules: setup.rules,
            policy,
            rules_rev,
            last_tick,
            connections: applied.connections,
            judged: false,
            failing: BTreeMap::new(),
            outdated: false,
            digests: DigestsDue::UNKNOWN,
            has_held: false,
            reading_since: None,
        })
    }

    /// Row of each configured connection, by name.
    pub fn connections(&self) -> &HashMap<String, ConnectionId> {
        &self.connections
    }

    /// Throws the board away and loads it: what was due is still due.
    fn reload(&mut self, now: Timestamp) -> Result<(), StoreError> {
        self.outdated = true;
        self.board = Board::new(self.store.load(now, rules::known)?);
        self.outdated = false;
        self.forget_digests();
        // Everything is due: whatever a rule still fails about, it fails about again.
        self.failing.clear();
        Ok(())
    }

    /// Loads the board if it lacks something: once, however many commits have asked for it.
    fn up_to_date(&mut self, now: Timestamp) -> Result<(), StoreError> {
        if self.outdated { self.reload(now) } else { Ok(()) }
    }

    /// Runs a write; when it fails, the board is loaded anew before the error is passed on.
    fn guarded<T>(
        &mut self,
        now: Timestamp,
        write: impl FnOnce(&mut Store) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        write(&mut self.store).inspect_err(|error| {
            tracing::error!(%error, "store.failed");
            if let Err(error) = self.reload(now) {
                tracing::error!(%error, "store.reload_failed");
            }
        })
    }

    fn connected(&mut self, seen: &SiteSeen<'_>, now: Timestamp) -> Result<(), StoreError> {
        let (site, text, delta) = self.guarded(now, |store| store.set_site(seen, now))?;
        self.board.put_site(site, text);
        self.board.apply(delta);
        Ok(())
    }

    fn profiles(&mut self, seen: &[ProfileSeen], now: Timestamp) -> Result<(), StoreError> {
        if self.guarded(now, |store| store.see_profiles(seen, now))? {
            // Who works when is part of nearly every reading.
            self.reload(now)?;
        }
        Ok(())
    }

    fn page(&mut self, stream: &StreamRow, page: &Page, now: Timestamp) -> Result<PageApplied, StoreError> {
        let mut applied = self.guarded(now, |store| store.apply_page(&PageWrite { stream, page, now }))?;
        self.outdated |= applied.reload;
        let delta = std::mem::take(&mut applied.delta);
        self.take(delta, now)?;
        Ok(applied)
    }

    fn looked(&mut self, write: &LookWrite<'_>) -> Result<(), StoreError> {
        let looked = self.guarded(write.now, |store| store.apply_look(write))?;
        self.outdated |= looked.reload;
        self.take(looked.delta, write.now)
    }

    /// Applies what a commit says of tasks. Those that are not on the board come to it, or come back: only the store knows.
    fn take(&mut self, delta: BoardDelta, now: Timestamp) -> Result<(), StoreError> {
        let ids = delta.tasks.iter().map(|task| task.rec.id);
        let back: Vec<TaskId> = ids.filter(|id| self.board.task(*id).is_none()).collect();
        self.board.apply(delta);
        self.recollect(&back, now)
    }

    fn pull_failed(&mut self, failure: &PullFailure<'_>) -> Result<(), StoreError> {
        let delta = self.guarded(failure.now, |store| store.pull_failed(failure))?;
        self.board.apply(delta);
        Ok(())
    }

    fn answer(&mut self, source: &str, key: &str, wish: &Wish, now: Timestamp) -> Result<Option<Answer>, StoreError> {
        let answer = self.guarded(now, |store| store.put_answer(source, key, now, None, wish))?;
        if let Some(answer) = &answer {
            self.board.apply(BoardDelta { answers: vec![answer.clone()], ..Default::default() });
        }
        Ok(answer)
    }

    /// One round: look, decide, commit, apply; nothing comes in between.
    ///
    /// # Errors
    /// The board has been loaded anew: what was due is still due.
    pub fn round(&mut self, now: Timestamp) -> Result<RoundReport, StoreError> {
        self.up_to_date(now)?;
        self.renew_norms(now)?;
        let mut due = self.due_now(now, SUBJECTS_A_ROUND);
        if self.resend(&due, now)? | self.decide_flood(&due, now)? {
            due = self.due_now(now, SUBJECTS_A_ROUND);
        }
        let snapshot = Snapshot { board: &self.board, policy: &self.policy, now };
        let judged = processors::judge(&self.rules, &due.subjects, &snapshot);
        let judgements = self.judgements(&judged, &snapshot);
        let failing = self.failing(&judged);
        let mut ids = self.board.ids;
        let mut decided = alerts::decide(&judgements, &due, &snapshot, &mut ids);
        let mended = alerts::mended(&decided);
        if !mended.is_empty() {
            alerts::credit(&mut decided, &self.store.acts(&mended)?, &snapshot);
        }
        let replies = replies(&decided);
        let names = self.names(&messages::names_needed(&decided, &snapshot))?;
        let key = self.store.key();
        let mut wire = wire_id;
        let mut marks = Marks { wire: &mut wire, sign: &|wire| key.sign(wire) };
        let mut round = messages::seal(decided, &names, &snapshot, &mut marks, &mut ids);
        round.events = self.events(&round, now)?;
        round.heeds = alerts::verdicts(&round.alerts, &snapshot);
        let rests = self.board.rests_after(&due);
        round.at = Some(now);
        round.baselines = if rests { self.settled_baselines() } else { Vec::new() };
        let rules_rev = if rests { self.rules_rev.clone() } else { None };
        round.unsettled = if rules_rev.is_some() { self.unsettled_baselines() } else { Vec::new() };
        if !round.is_empty() || rules_rev.is_some() {
            self.guarded(now, |store| store.commit_round(&round, rules_rev.as_deref(), now))?;
            self.last_tick = now;
        } else if now.duration_since(self.last_tick) >= TICK_EVERY {
            self.guarded(now, |store| store.tick(now))?;
            self.last_tick = now;
        }
        if rules_rev.is_some() {
            self.rules_rev = None;
        }
        self.judged |= rests;
        self.board.ids = ids;
        let report = RoundReport {
            judged: due.subjects.len(),
            alerts: round.alerts.len(),
            differing: round.alerts.iter().filter(|change| self.differs(&change.alert)).count(),
            messages: round.messages.len(),
            replies,
            lifetimes: lifetimes(&round),
            ..Default::default()
        };
        let judged_first = !round.baselines.is_empty();
        digests::log(&round);
        self.apply(&due, judged, round, now);
        self.note_failing(failing);
        if self.judged {
            self.hold_flood(now)?;
        }
        let digest_at = self.digests_after(due.rests, judged_first, now);
        let next_due = self.board.next_due().into_iter().chain(digest_at).min();
        Ok(RoundReport { more: next_due.is_some_and(|at| at <= now), next_due, ..report })
    }

    /// True when an alert is not what the board has, when to think about it again aside: that follows from readings which
    /// come in without touching it.
    fn differs(&self, alert: &Alert) -> bool {
        let Some(before) = self.board.alert(alert.id) else { return true };
        Alert { step_at: before.step_at, ..alert.clone() } != *before
    }

    fn apply(&mut self, due: &DueNow, judged: Vec<rules::SubjectJudged>, round: Round, now: Timestamp) {
        for subject in judged {
            self.board.judged(subject.subject, subject.recheck_at);
        }
        self.board.answered(&round.answered.iter().map(|(id, _)| *id).collect::<Vec<_>>());
        for change in &round.alerts {
            for entry in &change.log {
                tracing::info!(
                    gap = %change.alert.gap,
                    rule = %change.alert.rule,
                    stage = change.alert.stage.word(),
                    reason = entry.reason.as_deref(),
                    "{}", event(entry)
                );
            }
        }
        self.board.put_round(round);
        self.board.stepped(&due.alerts, now);
    }

    /// The next thing to be done for a message, of a lane that is not in `busy`; a call is marked *sending* and committed
    /// before it is made. `patient`: what cannot be changed any more waits a while for reading that is behind. `None`: nothing.
    ///
    /// # Errors
    /// The board has been loaded anew.
    pub fn claim(&mut self, busy: &[String], patient: bool, now: Timestamp) -> Result<Option<Claim>, StoreError> {
        self.up_to_date(now)?;
        if !self.judged {
            return Ok(None);
        }
        self.hold_flood(now)?;
        let waits = self.waits_for_reading(now) && patient;
        let epoch = self.store.epoch();
        let free = |id: MessageId| {
            let message = self.board.message(id)?;
            let free = !busy.contains(&lane(&self.present_address(&message.address)));
            let free = free && !(waits && self.is_final(message));
            (free && self.is_thought_over(message, now)).then(|| message.clone())
        };
        let next = retry::due(&self.board, epoch, now).into_iter().find_map(|job| match job {
            Job::Send(id) => free(id).map(|message| (message, false)),
            Job::Look(id) => free(id).map(|message| (message, true)),
        });
        let Some((message, look)) = next else { return Ok(None) };
        if !look {
            let round = retry::begin(&message, epoch, now);
            self.guarded(now, |store| store.commit_round(&round, None, now))?;
            self.board.put_round(round);
        }
        self.claimed(message, look).map(Some)
    }

    /// False while an alert that the message speaks of is due to be thought about: it may not be wanted any more.
    fn is_thought_over(&self, message: &Message, now: Timestamp) -> bool {
        let lines = self.board.notices_in(message.post).into_iter();
        let mut alerts = lines.filter(|notice| notice.message == Some(message.id)).map(|notice| notice.alert);
        message.state != MessageState::Sealed
            || alerts.all(|id| self.board.alert(id).and_then(|alert| alert.step_at).is_none_or(|at| at > now))
    }

    /// A comment goes through the connection that reads its task now, by whatever name it was decided on.
    fn present_address(&self, address: &Address) -> Address {
        let reader = match address {
            Address::Comment { task, .. } => self.board.task(*task).and_then(|task| self.board.reader(task)),
            _ => None,
        };
        match (reader, address.clone()) {
            (Some(reader), Address::Comment { task, mention, .. }) => {
                Address::Comment { connection: reader.name.to_string(), task, mention }
            }
            (_, address) => address,
        }
    }

    fn claimed(&self, message: Message, look: bool) -> Result<Claim, StoreError> {
        // What was never tried, as far as is known, was due before it may have been sent.
        let since = message.attempt_at.unwrap_or(message.due_at);
        let post = self.board.post(message.post);
        let at = post.and_then(|post| post.at.clone()).map(MessageRef);
        let post_mark = post.map_or_else(|| message.mark.clone(), |post| post.mark.clone());
        let task = match &message.address {
            Address::Comment { task, .. } => {
                self.names(&[*task])?.remove(task).map(|name| (name.handle, name.connection))
            }
            _ => None,
        };
        let message = Message { address: self.present_address(&message.address), ..message };
        Ok(Claim { message, look, since, at, post_mark, task })
    }

    /// Records how an attempt ended: outcome, next attempt or next channel, and who has now been told, in one commit.
    ///
    /// # Errors
    /// The board has been loaded anew; the attempt is an orphan and will be looked up.
    pub fn outcome(&mut self, message: MessageId, outcome: &Outcome, now: Timestamp) -> Result<(), StoreError> {
        self.up_to_date(now)?;
        let Some(message) = self.board.message(message).cloned() else { return Ok(()) };
        let mut ids = self.board.ids;
        let snapshot = Snapshot { board: &self.board, policy: &self.policy, now };
        let key = self.store.key();
        let mut wire = wire_id;
        let mut marks = Marks { wire: &mut wire, sign: &|wire| key.sign(wire) };
        let mut round = retry::after(&message, outcome, &snapshot, &mut marks, &mut ids);
        round.events = self.events(&round, now)?;
        round.heeds = alerts::heard(&round.notices, &snapshot);
        self.guarded(now, |store| store.commit_round(&round, None, now))?;
        self.board.ids = ids;
        self.board.put_round(round);
        Ok(())
    }

    fn names(&self, tasks: &[TaskId]) -> Result<HashMap<TaskId, TaskName>, StoreError> {
        if tasks.is_empty() { Ok(HashMap::new()) } else { self.store.names(tasks) }
    }

    /// Marks everything as due and judges it; says how many alerts that changed. What was due anyway is dealt with before,
    /// and counts for nothing: so it must be none.
    ///
    /// # Errors
    /// The board has been loaded anew.
    pub fn oracle(&mut self, now: Timestamp) -> Result<usize, StoreError> {
        self.settle(now)?;
        self.board.touch_all();
        self.settle(now)
    }

    /// Rounds until nothing is due; says how many alerts they changed.
    fn settle(&mut self, now: Timestamp) -> Result<usize, StoreError> {
        let mut changed = 0;
        loop {
            let report = self.round(now)?;
            changed += report.differing;
            if !report.more {
                return Ok(changed);
            }
        }
    }

    /// Every gap on the board, resolved ones included, in the order in which they first opened.
    fn gaps(&mut self, now: Timestamp) -> Result<Vec<GapSeen>, StoreError> {
        self.up_to_date(now)?;
        let mut alerts: Vec<&Alert> = self.board.alerts().collect();
        alerts.sort_by_key(|alert| alert.id);
        let task = |alert: &Alert| match alert.subject {
            SubjectKey::Task(id) => Some(id),
            SubjectKey::Container(_) | SubjectKey::Connection(_) | SubjectKey::Person(_) | SubjectKey::System => None,
        };
        let board = &self.board;
        let about = |alert: &Alert| match alert.subject {
            SubjectKey::Person(id) => board.somebody(id).map(|who| board.people.called(who.account)),
            SubjectKey::Container(id) => board.container(id).map(|place| place.name.to_string()),
            SubjectKey::Connection(id) => board.connection(id).map(|connection| connection.name.to_string()),
            SubjectKey::Task(_) | SubjectKey::System => None,
        };
        let about: Vec<Option<String>> = alerts.iter().map(|alert| about(alert)).collect();
        let named = alerts.iter().flat_map(|alert| task(alert).into_iter().chain(wording::named(&alert.finding)));
        let names = self.names(&named.collect::<Vec<_>>())?;
        let calendar = &self.board.people.default_calendar;
        let scene = Scene { names: &names, now, calendar, common: calendar };
        Ok(alerts
            .into_iter()
            .zip(about)
            .map(|(alert, about)| GapSeen {
                about,
                name: task(alert).and_then(|id| names.get(&id).cloned()),
                summary: wording::summary(&alert.finding, scene),
                alert: alert.clone(),
            })
            .collect())
    }

    /// When the next message is due. `None`: none waits.
    fn next_message(&self) -> Option<Timestamp> {
        if !self.judged {
            return None;
        }
        retry::next_due(&self.board, self.store.epoch())
    }
}

/// A gap as it stands, with what people call it.
pub struct GapSeen {
    /// The alert.
    pub alert: Alert,
    /// Its task. `None`: it is not about one.
    pub name: Option<TaskName>,
    /// The person or the place it is about. `None`: it is about a task, or gapwatch itself.
    pub about: Option<String>,
    /// One line with the numbers.
    pub summary: String,
}

/// Messages of one lane go one after another; lanes do not wait for each other.
pub fn lane(address: &Address) -> String {
    match address {
        Address::Comment { connection, .. } => connection.clone(),
        other => other.channel().to_owned(),
    }
}

/// A random wire id.
fn wire_id() -> String {
    // The first two bits of the second half say what kind of number it is; all others are random.
    crate::domain::mark::wire(uuid::Uuid::new_v4().as_u64_pair().1 << 2)
}
