//! The way to the core: plain values go in through a channel, answers come back.

use std::collections::HashMap;
use std::sync::mpsc;

use connector_kit::webhook::Wake;
use connector_kit::{KnownTask, Page, TaskLook, Wanted};
use connector_model::Mark;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::{oneshot, watch};

use super::presses::{Reply, Waiting};
use super::{Claim, Core, Failed, GapSeen, Pulse, RoundReport, Setup};
use crate::clock::Stopwatch;
use crate::domain::alert::{Answer, Wish};
use crate::domain::event::{Ended, Waiting as WaitingEvent};
use crate::domain::finding::GapId;
use crate::domain::ids::{ConnectionId, ContainerId, MessageId};
use crate::domain::notice::Message;
use crate::messages::retry::Outcome;
use crate::store::{
    ConnectionState, LookWrite, PageApplied, ProfileSeen, PullFailure, SiteSeen, StoreError, StreamRow, Suspect,
};
use crate::telemetry::metrics::{Figures, Metrics};

type Errand = Box<dyn FnOnce(&mut Core) + Send>;

/// The way to the core, for jobs. Cheap to clone; when the last one goes, the core's thread ends.
#[derive(Clone)]
pub struct CoreHandle {
    jobs: mpsc::Sender<Errand>,
    /// Raised whenever something was committed that a round or a delivery may care about.
    changed: watch::Sender<u64>,
    metrics: Metrics,
    pulse: Pulse,
    /// Who waits for what becomes of an answer.
    waiting: Waiting,
    /// Why the clock is not believed at present, in words. `None`: it is.
    clock: watch::Sender<Option<String>>,
    /// Why presses of buttons are not heard at present, in words. `None`: they are, or there are none.
    deaf: watch::Sender<Option<String>>,
}

impl CoreHandle {
    /// Starts the core's thread.
    pub fn start(core: Core) -> CoreHandle {
        let (jobs, queue) = mpsc::channel::<Errand>();
        let mut core = core;
        std::thread::Builder::new()
            .name("core".to_owned())
            .spawn(move || {
                while let Ok(job) = queue.recv() {
                    job(&mut core);
                }
            })
            .expect("the system can start one more thread at start");
        CoreHandle {
            jobs,
            changed: watch::Sender::new(0),
            metrics: Metrics::new(),
            pulse: Pulse::default(),
            waiting: Waiting::default(),
            clock: watch::Sender::new(None),
            deaf: watch::Sender::new(None),
        }
    }

    /// What is counted.
    pub fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// Whether the loop that decides still turns.
    pub fn pulse(&self) -> &Pulse {
        &self.pulse
    }

    /// Wakes the loop that decides and waits for it: true when it heard from the core `within` this time.
    pub async fn is_alive(&self, within: SignedDuration) -> bool {
        let mut beats = self.pulse.beats();
        self.tell();
        tokio::select! {
            beat = beats.changed() => beat.is_ok(),
            () = crate::clock::nap(within) => false,
        }
    }

    /// Takes up another configuration between two rounds; gives the row of each connection. See [`Core::reconfigure`].
    pub async fn reconfigure(&self, setup: Setup, now: Timestamp) -> Result<HashMap<String, ConnectionId>, StoreError> {
        let done = self.ask(move |core| core.reconfigure(setup, now).map(|()| core.connections().clone())).await;
        self.tell();
        done
    }

    /// See [`Core::figures`].
    pub async fn figures(&self) -> Result<Figures, StoreError> {
        self.ask(|core| core.figures()).await
    }

    /// Makes streams due now, without waiting for their turn; says how many that were. Those that failed keep their pause.
    pub async fn bring_forward(
        &self,
        connection: ConnectionId,
        wakes: Vec<Wake>,
        now: Timestamp,
    ) -> Result<usize, StoreError> {
        self.ask(move |core| core.store.bring_forward(connection, &wakes, now)).await
    }

    /// Reads everything of a connection from the beginning again.
    pub async fn start_over(&self, connection: ConnectionId, now: Timestamp) -> Result<(), StoreError> {
        self.ask(move |core| core.store.start_over(connection, now)).await
    }

    /// How every connection stands, without counting its tasks.
    pub async fn connections_now(&self) -> Result<Vec<ConnectionState>, StoreError> {
        self.ask(|core| core.store.connections_now()).await
    }

    /// Wakes whenever the core has committed something.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    async fn ask<T: Send + 'static>(&self, job: impl FnOnce(&mut Core) -> T + Send + 'static) -> T {
        let (reply, answer) = oneshot::channel();
        let job: Errand = Box::new(move |core| {
            let _ = reply.send(job(core));
        });
        // Both can fail only when the core's thread has panicked; then the process must not go on as if it had not.
        self.jobs.send(job).expect("the core's thread runs as long as a handle does");
        answer.await.expect("the core answers every job")
    }

    /// Notes whether the clock is believed, for whoever asks.
    pub(crate) fn doubt_clock(&self, because: Option<String>) {
        self.clock.send_replace(because);
    }

    /// Why nothing is judged or sent at present: the clock is not believed. `None`: it is.
    pub fn clock_doubt(&self) -> Option<String> {
        self.clock.borrow().clone()
    }

    /// Wakes whoever waits for a change.
    pub(crate) fn tell(&self) {
        self.changed.send_modify(|count| *count += 1);
    }

    /// See [`SiteSeen`].
    pub async fn connected(
        &self,
        connection: ConnectionId,
        who: connector_kit::Whoami,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let job = move |core: &mut Core| {
            core.connected(&SiteSeen { connection, site: &who.site, account: who.account.as_ref() }, now)
        };
        self.ask(job).await
    }

    /// See [`ProfileSeen`].
    pub async fn profiles(&self, seen: Vec<ProfileSeen>, now: Timestamp) -> Result<(), StoreError> {
        let done = self.ask(move |core| core.profiles(&seen, now)).await;
        self.tell();
        done
    }

    /// Streams of a connection that are due; with `all`, every one.
    pub async fn due_streams(
        &self,
        connection: ConnectionId,
        now: Timestamp,
        all: bool,
    ) -> Result<Vec<StreamRow>, StoreError> {
        self.ask(move |core| core.store.due_streams(connection, now, all)).await
    }

    /// Open tasks of a container that a stream asks about by name.
    pub async fn open_tasks(&self, container: ContainerId, wanted: Wanted) -> Result<Vec<KnownTask>, StoreError> {
        self.ask(move |core| core.store.open_tasks(container, &wanted)).await
    }

    /// When the next stream is due. `None`: there is none.
    pub async fn next_pull_at(&self, connection: ConnectionId) -> Result<Option<Timestamp>, StoreError> {
        self.ask(move |core| core.store.next_pull_at(connection)).await
    }

    /// Commits a page, then applies it.
    pub async fn page(&self, stream: StreamRow, page: Page, now: Timestamp) -> Result<PageApplied, StoreError> {
        let applied = self.ask(move |core| core.page(&stream, &page, now)).await;
        self.tell();
        applied
    }

    /// Missing tasks of a connection that are due to be asked for directly.
    pub async fn due_suspects(&self, connection: ConnectionId, now: Timestamp) -> Result<Vec<Suspect>, StoreError> {
        self.ask(move |core| core.store.due_suspects(connection, now)).await
    }

    /// Commits what a direct look at a missing task said, then applies it. `None`: it could not be asked for. Wakes nobody:
    /// whoever looks at several tells when all were looked at.
    pub async fn looked(
        &self,
        suspect: Suspect,
        look: Option<TaskLook>,
        again_at: Timestamp,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let job =
            move |core: &mut Core| core.looked(&LookWrite { suspect: &suspect, look: look.as_ref(), again_at, now });
        self.ask(job).await
    }

    /// Lets the other missing tasks of a connection wait after so many were asked for.
    pub async fn pause_looks(&self, connection: ConnectionId, asked: usize, now: Timestamp) -> Result<(), StoreError> {
        self.ask(move |core| core.guarded(now, |store| store.pause_looks(connection, asked, now))).await
    }

    /// Commits a failed pull; the cursor stays.
    pub async fn pull_failed(&self, stream: StreamRow, failure: Failed, now: Timestamp) -> Result<(), StoreError> {
        let job = move |core: &mut Core| {
            core.pull_failed(&PullFailure {
                stream: &stream,
                kind: failure.kind,
                because: failure.because,
                next_pull_at: failure.next_pull_at,
                not_before: failure.not_before,
                now,
            })
        };
        let done = self.ask(job).await;
        self.tell();
        done
    }

    /// Runs one round.
    pub async fn round(&self, now: Timestamp) -> Result<RoundReport, StoreError> {
        let (report, first, took) = self
            .ask(move |core| {
                let (before, watch) = (core.judged, Stopwatch::start());
                (core.round(now), core.judged && !before, watch.elapsed())
            })
            .await;
        self.pulse.beat();
        if let Ok(report) = &report {
            if report.judged > 0 {
                self.metrics.evaluated(took);
            }
            self.waiting.tell(&report.replies);
            report.lifetimes.iter().for_each(|length| self.metrics.resolved(*length));
        }
        if first || report.as_ref().is_ok_and(|report| report.alerts + report.messages > 0) {
            self.tell();
        }
        report
    }

    /// See [`Core::oracle`].
    pub async fn oracle(&self, now: Timestamp) -> Result<usize, StoreError> {
        self.ask(move |core| core.oracle(now)).await
    }

    /// See [`Core::claim`].
    pub async fn claim(&self, busy: Vec<String>, patient: bool, now: Timestamp) -> Result<Option<Claim>, StoreError> {
        let asked = self.ask(move |core| core.claim(&busy, patient, now).map(|claim| (claim, core.took_hold()))).await;
        if asked.as_ref().is_ok_and(|(_, held)| *held) {
            self.tell();
        }
        asked.map(|(claim, _)| claim)
    }

    /// See [`Core::outcome`].
    pub async fn outcome(&self, message: MessageId, outcome: Outcome, now: Timestamp) -> Result<(), StoreError> {
        let done = self.ask(move |core| core.outcome(message, &outcome, now)).await;
        self.tell();
        done
    }

    /// See [`Core::unsubscribe`].
    pub async fn unsubscribe(&self, mark: Mark, now: Timestamp) -> Result<bool, StoreError> {
        let done = self.ask(move |core| core.unsubscribe(&mark, now)).await;
        self.tell();
        done
    }

    /// See [`Core::know_hooks`].
    pub async fn know_hooks(&self, hooks: Vec<(String, String)>, now: Timestamp) -> Result<(), StoreError> {
        self.ask(move |core| core.know_hooks(&hooks, now)).await
    }

    /// See [`Core::next_event`].
    pub async fn next_event(&self, busy: Vec<String>, now: Timestamp) -> Result<Option<WaitingEvent>, StoreError> {
        self.ask(move |core| core.next_event(&busy, now)).await
    }

    /// See [`Core::next_event_at`].
    pub async fn next_event_at(&self, busy: Vec<String>) -> Result<Option<Timestamp>, StoreError> {
        self.ask(move |core| core.next_event_at(&busy)).await
    }

    /// See [`Core::event_ended`]. Wakes nobody: nothing that is judged depends on it.
    pub async fn event_ended(
        &self,
        waiting: WaitingEvent,
        ended: Ended,
        address: String,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.ask(move |core| core.event_ended(&waiting, &ended, &address, now)).await
    }

    /// When the next message is due. `None`: none waits.
    pub async fn next_message(&self) -> Option<Timestamp> {
        self.ask(|core| core.next_message()).await
    }

    /// Every gap on the board.
    pub async fn gaps(&self, now: Timestamp) -> Result<Vec<GapSeen>, StoreError> {
        self.ask(move |core| core.gaps(now)).await
    }

    /// Messages that wait: what, where to, until when.
    pub async fn waiting(&self) -> Vec<Message> {
        self.ask(|core| {
            let mut waiting: Vec<Message> = core.board.messages().cloned().collect();
            waiting.sort_by_key(|message| (message.due_at, message.id));
            waiting
        })
        .await
    }

    /// Puts a wish into the inbox. `None`: the same wish was there before.
    pub async fn answer(
        &self,
        source: String,
        key: String,
        wish: Wish,
        now: Timestamp,
    ) -> Result<Option<Answer>, StoreError> {
        let answer = self.ask(move |core| core.answer(&source, &key, &wish, now)).await;
        self.tell();
        answer
    }

    /// Puts what somebody said by a button into the inbox, and tells what becomes of it once that is decided. `None`: the same
    /// press was there before. See [`Core::press`].
    pub async fn press(
        &self,
        user: String,
        key: String,
        gap: GapId,
        words: String,
        now: Timestamp,
    ) -> Result<Option<oneshot::Receiver<Reply>>, StoreError> {
        let waiting = self.waiting.clone();
        // Whoever waits is known before the next round can decide.
        let job = move |core: &mut Core| {
            let answer = core.press(&user, &key, gap, words, now)?;
            Ok(answer.map(|answer| waiting.wait(answer.id)))
        };
        let kept = self.ask(job).await;
        self.tell();
        kept
    }

    /// See [`Core::about`].
    pub async fn about(&self, user: String, gap: GapId, now: Timestamp) -> Result<Option<String>, StoreError> {
        self.ask(move |core| core.about(&user, &gap, now)).await
    }

    /// See [`crate::store::Store::finish`].
    pub async fn finish(&self) -> Result<(), StoreError> {
        self.ask(|core| core.store.finish()).await
    }

    /// How every connection stands.
    pub async fn connection_states(&self) -> Result<Vec<ConnectionState>, StoreError> {
        self.ask(|core| core.store.connection_states()).await
    }

    /// What is wrong with gapwatch itself, a sentence each; empty when all is well.
    pub async fn troubles(&self) -> Vec<String> {
        let mut troubles = self.ask(|core| core.troubles()).await;
        troubles.extend(self.deaf.borrow().iter().cloned());
        troubles
    }

    /// Notes whether presses of buttons are heard, for whoever asks.
    pub(crate) fn note_deaf(&self, because: Option<String>) {
        self.deaf.send_replace(because);
    }

    /// The instant of the last committed tick.
    pub async fn last_tick(&self) -> Timestamp {
        self.ask(|core| core.last_tick).await
    }
}
