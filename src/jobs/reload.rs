//! Asking for the configuration to be read again: by a signal, over HTTP, through the socket. Who answers is the daemon.

use tokio::sync::{mpsc, oneshot};

/// How it went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reloaded {
    /// It was taken; which of the three revisions are others now.
    Done(Vec<&'static str>),
    /// It was not; the words for the operator. What ran before runs on.
    Refused(String),
}

/// Somebody who waits for the answer.
pub type Asker = oneshot::Sender<Reloaded>;

/// More than ever wait at once.
const MOST_WAITING: usize = 64;

/// The way to ask. Cheap to clone.
#[derive(Clone)]
pub struct Reloads(mpsc::Sender<Asker>);

impl Reloads {
    /// The way, and where it ends.
    pub fn channel() -> (Reloads, mpsc::Receiver<Asker>) {
        let (send, receive) = mpsc::channel(MOST_WAITING);
        (Reloads(send), receive)
    }

    /// Asks, and waits for the answer. `None`: the daemon is ending, or too many wait already.
    pub async fn ask(&self) -> Option<Reloaded> {
        let (answer, answered) = oneshot::channel();
        self.0.try_send(answer).ok()?;
        answered.await.ok()
    }
}
