//! Presses of buttons: kept as rows of the inbox before the channel is told that they have arrived, whichever way they came.
//!
//! The channel wants to be told within three seconds, and else delivers again; the same press is the same row. A form is
//! opened only for whoever would be obeyed. What became of a press shows in the message itself; whoever was refused gets a
//! word that only they see. These words, and forms, are lost with the process, while what was said is not.
//!
//! Of websockets there is one, but for the moments in which the next one is open before the last one closes. It is lost when
//! it says nothing for half a minute, pinged three times meanwhile.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use axum::http::HeaderMap;
use connector_kit::control::{ASKS, Incoming, Line, Press, Pressed, Presses, Question, ReplyTo};
use connector_kit::webhook::HookRefused;
use connector_kit::{Clock, ConnectorError};
use jiff::SignedDuration;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::guard;
use crate::clock::{Stopwatch, nap};
use crate::core::CoreHandle;
use crate::domain::finding::GapId;

/// How long the core may take to keep a press: below the three seconds of the channel.
const KEPT_WITHIN: SignedDuration = SignedDuration::from_millis(2_200);
/// How long a word may still be said to whoever pressed.
const REPLIES_WITHIN: SignedDuration = SignedDuration::from_mins(25);
/// How often a websocket is asked for a sign of life.
const PING_EVERY: SignedDuration = SignedDuration::from_secs(10);
/// Signs of life that may be missing.
const MISSING: u32 = 3;
/// How long a websocket that ends soon is still listened on.
const ENDS_WITHIN: SignedDuration = SignedDuration::from_secs(60);
/// A websocket that ended sooner than this was none.
const LIVELY: Duration = Duration::from_secs(60);
/// The longest pause between two attempts.
const LONGEST_PAUSE: SignedDuration = SignedDuration::from_mins(5);

const NOT_YOURS: &str =
    "Only the task's owner, their manager and the operators can do this, and only while the gap is open.";
const NO_FORM: &str = "Slack did not open the form in time. Press it once more.";

/// Hears presses.
#[derive(Clone)]
pub struct Ear {
    core: CoreHandle,
    presses: Arc<dyn Presses>,
    clock: Arc<dyn Clock>,
}

impl Ear {
    /// For the buttons of this channel.
    pub fn new(core: CoreHandle, presses: Arc<dyn Presses>, clock: Arc<dyn Clock>) -> Ear {
        Ear { core, presses, clock }
    }

    /// Whether presses may come by HTTP.
    pub fn is_posted_to(&self) -> bool {
        self.presses.is_posted_to()
    }

    /// Verifies what came by HTTP. Reads the secret's file: not for the runtime's own threads.
    ///
    /// # Errors
    /// It is not the channel's, or cannot be understood.
    pub fn verify(&self, headers: &HeaderMap, body: &[u8]) -> Result<Pressed, HookRefused> {
        self.presses.receive(headers, body, self.clock.now())
    }

    /// Takes in what somebody did. False: it could not be kept in time, and has to come again.
    pub async fn take(&self, pressed: Pressed) -> bool {
        match pressed {
            Pressed::Nothing => {
                self.count("of_no_concern");
                true
            }
            Pressed::Asks(question) => {
                self.count("asked");
                tokio::spawn(self.clone().ask(question));
                true
            }
            Pressed::Said(press) => tokio::select! {
                kept = self.keep(press) => kept,
                () = nap(KEPT_WITHIN) => {
                    self.count("too_slow");
                    false
                }
            },
        }
    }

    /// Counts how a press was taken.
    pub fn count(&self, how: &str) {
        self.core.metrics().hook("slack", how);
    }

    async fn keep(&self, press: Press) -> bool {
        let Press { key, user, words, reply_to } = press;
        let Some(gap) = gap_of(&words) else {
            self.count("malformed");
            return true;
        };
        match self.core.press(user, key, gap, words, self.clock.now()).await {
            Ok(Some(reply)) => {
                self.count("taken");
                let presses = self.presses.clone();
                tokio::spawn(async move {
                    let reply = tokio::select! {
                        reply = reply => reply.ok(),
                        () = nap(REPLIES_WITHIN) => None,
                    };
                    if let Some(reply) = reply.filter(|reply| !reply.done) {
                        whisper(&*presses, reply_to.as_ref(), &reply.words).await;
                    }
                });
                true
            }
            Ok(None) => {
                self.count("again");
                true
            }
            Err(error) => {
                tracing::error!(%error, "press.not_kept: the channel delivers it again");
                self.count("failed");
                false
            }
        }
    }

    /// Opens a form, for whoever would be obeyed.
    async fn ask(self, question: Question) {
        let Ear { core, presses, clock } = self;
        let about = match gap_of(&question.words) {
            Some(gap) => core.about(question.user.clone(), gap, clock.now()).await.unwrap_or_default(),
            None => return,
        };
        drop(core);
        let reply_to = question.reply_to.as_ref();
        let Some(about) = about else { return whisper(&*presses, reply_to, NOT_YOURS).await };
        match guard::call(|| presses.ask(&question, Some(about.as_str()))).await {
            Some(Ok(())) => {}
            Some(Err(error)) => {
                tracing::warn!(%error, "press.no_form");
                whisper(&*presses, reply_to, NO_FORM).await;
            }
            None => tracing::error!(because = guard::PANICKED, "press.no_form"),
        }
    }
}

async fn whisper(presses: &dyn Presses, to: Option<&ReplyTo>, words: &str) {
    let Some(to) = to else { return };
    match guard::call(|| presses.reply(to, words)).await {
        Some(Ok(())) => {}
        Some(Err(error)) => tracing::debug!(%error, "press.not_replied"),
        None => tracing::error!(because = guard::PANICKED, "press.not_replied"),
    }
}

/// The gap that words begin with.
fn gap_of(words: &str) -> Option<GapId> {
    let first = words.trim_end_matches(ASKS).split_whitespace().next()?;
    GapId::looks_like(first).then(|| GapId(first.to_owned()))
}

/// Why another websocket is needed.
enum Signal {
    /// The present one will be closed.
    Soon,
    /// It is closed. True: it had been of use.
    Over(bool),
    /// The channel wants none.
    Refused(String),
}

/// Listens on websockets for as long as the program runs; ends at once where there are none.
pub async fn run(ear: Ear, stop: CancellationToken) {
    // Another configuration may have had another token.
    ear.core.note_deaf(None);
    if !ear.presses.dials() {
        return;
    }
    let (signals, mut heard) = mpsc::channel(8);
    let own = Arc::new(AtomicU32::new(0));
    // They end with this job.
    let mut lines = JoinSet::new();
    let mut failures = 0;
    let mut said: Option<String> = None;
    loop {
        let line = tokio::select! {
            () = stop.cancelled() => return,
            line = guard::call(|| ear.presses.dial()) => line.unwrap_or_else(|| Err(guard::panicked())),
        };
        let told = match line {
            Ok(line) => {
                if said.take().is_some() {
                    tracing::info!("presses.heard_again");
                }
                ear.core.note_deaf(None);
                while lines.try_join_next().is_some() {}
                lines.spawn(listen(ear.clone(), line, own.clone(), signals.clone()));
                let signal = tokio::select! {
                    () = stop.cancelled() => return,
                    signal = heard.recv() => signal,
                };
                match signal {
                    Some(Signal::Soon) => {
                        failures = 0;
                        continue;
                    }
                    Some(Signal::Over(true)) | None => {
                        failures = 0;
                        None
                    }
                    Some(Signal::Over(false)) => None,
                    Some(Signal::Refused(word)) => {
                        tracing::error!(
                            word,
                            "presses.refused: Socket Mode is switched off in the app's settings; presses are not heard"
                        );
                        let words = "Socket Mode is switched off in the app's settings";
                        ear.core.note_deaf(Some(format!("buttons in Slack are not heard: {words}")));
                        failures = u32::MAX;
                        None
                    }
                }
            }
            Err(error) => {
                let words = error.to_string();
                if said.as_ref() != Some(&words) {
                    tracing::error!(error = words, "presses.not_heard: it is tried again");
                    ear.core.note_deaf(Some(format!("buttons in Slack are not heard: {words}")));
                    said = Some(words);
                }
                wait_of(&error)
            }
        };
        failures = failures.saturating_add(1);
        let wait = pause(failures).max(told.unwrap_or(SignedDuration::ZERO));
        tokio::select! {
            () = stop.cancelled() => return,
            () = nap(wait) => {}
        }
    }
}

/// Listens on one websocket until it is over.
async fn listen(ear: Ear, mut line: Box<dyn Line>, own: Arc<AtomicU32>, signals: mpsc::Sender<Signal>) {
    let since = Stopwatch::start();
    let ours = Counted::new(own);
    let (mut silent, mut signalled) = (0, false);
    let mut last_moment = None;
    loop {
        let over = async {
            match &mut last_moment {
                Some(moment) => std::pin::Pin::new(moment).await,
                None => std::future::pending().await,
            }
        };
        let incoming = tokio::select! {
            incoming = line.next() => incoming,
            () = over => None,
            () = nap(PING_EVERY) => {
                silent += 1;
                if silent <= MISSING && line.ping().await.is_ok() {
                    continue;
                }
                tracing::debug!("presses.line_silent");
                None
            }
        };
        let Some(incoming) = incoming else { break };
        silent = 0;
        match incoming {
            Incoming::Alive => {}
            Incoming::Open { connections } => {
                tracing::debug!("presses.line_open");
                if connections.is_some_and(|connections| connections > ours.count()) {
                    tracing::warn!(
                        connections,
                        "presses.shared: another program listens with the same app token and takes a part of the presses, unless a \
                         websocket of before has only not ended yet"
                    );
                }
            }
            Incoming::Pressed { id, pressed } => {
                let kept = match pressed {
                    Ok(pressed) => ear.take(pressed).await,
                    Err(_) => {
                        ear.count("malformed");
                        true
                    }
                };
                if kept && line.acknowledge(&id).await.is_err() {
                    break;
                }
            }
            Incoming::EndsSoon if !signalled => {
                signalled = true;
                last_moment = Some(Box::pin(nap(ENDS_WITHIN)));
                // It waits for as long as it is not done; the other side may be ending.
                let _ = signals.send(Signal::Soon).await;
            }
            Incoming::EndsSoon => {}
            Incoming::Refused(word) => {
                if !signalled {
                    signalled = true;
                    let _ = signals.send(Signal::Refused(word)).await;
                }
                break;
            }
        }
    }
    drop(ours);
    if !signalled {
        let _ = signals.send(Signal::Over(since.elapsed() >= LIVELY)).await;
    }
}

/// How many websockets of ours are open.
struct Counted(Arc<AtomicU32>);

impl Counted {
    fn new(all: Arc<AtomicU32>) -> Counted {
        all.fetch_add(1, Ordering::Relaxed);
        Counted(all)
    }

    fn count(&self) -> u32 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// What a failure asks for. `None`: our own pause.
fn wait_of(error: &ConnectorError) -> Option<SignedDuration> {
    match error {
        ConnectorError::Transient { retry_after, .. } => *retry_after,
        ConnectorError::Limited { retry_after, .. } => Some(*retry_after),
        // Until the operator acts there is nothing to be had.
        ConnectorError::Unauthorized { .. } | ConnectorError::Misconfigured { .. } => Some(LONGEST_PAUSE),
        _ => None,
    }
}

/// A second after the first failure, twice as long after each further one, with up to half of it on top: several that lost
/// their websocket at once do not come back at once.
fn pause(failures: u32) -> SignedDuration {
    let secs = 1_i64 << failures.saturating_sub(1).min(16);
    let length = SignedDuration::from_secs(secs).min(LONGEST_PAUSE);
    let chance = i32::from(uuid::Uuid::new_v4().as_bytes()[0]);
    length + length / 2 * chance / 255
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_without_a_gap_are_nobodys() {
        assert_eq!(gap_of("7f3ak2mq9d snooze 3d"), Some(GapId("7f3ak2mq9d".to_owned())));
        assert_eq!(gap_of("7f3ak2mq9d date …"), Some(GapId("7f3ak2mq9d".to_owned())));
        for words in ["", "…", "snooze 3d", "done", "stop", "../../etc x"] {
            assert_eq!(gap_of(words), None, "{words}");
        }
    }

    #[test]
    fn pauses_grow_and_have_an_end() {
        for (failures, least) in [(1, 1), (2, 2), (5, 16), (9, 256), (10, 300), (u32::MAX, 300)] {
            let pause = pause(failures).as_secs();
            assert!((least..=least + least / 2 + 1).contains(&pause), "{failures}: {pause}");
        }
    }
}
