//! Wake: what hooks say is new, gathered for a moment, then asked for once. A thousand hooks cost one request, and one that
//! is lost costs nothing: the next poll was coming anyway.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use connector_kit::Clock;
use connector_kit::webhook::Wake;
use jiff::SignedDuration;
use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;

use crate::core::CoreHandle;
use crate::domain::calendar::later;
use crate::domain::ids::ConnectionId;

/// A tool shows what it has told of only a moment later; and what belongs together comes together.
const GATHER: SignedDuration = SignedDuration::from_secs(2);
/// Shortest time between two reads that hooks bring forward.
const REST: SignedDuration = SignedDuration::from_secs(10);
/// Most different streams remembered; far more than a selection has.
const MOST: usize = 1000;

/// What is new at one connection.
#[derive(Default)]
pub struct Waker {
    wanted: Mutex<BTreeSet<Wake>>,
    raised: Notify,
    called: watch::Sender<u64>,
}

impl Waker {
    /// Something is new.
    pub fn wake(&self, wakes: Vec<Wake>) {
        let mut wanted = self.wanted.lock().unwrap_or_else(PoisonError::into_inner);
        wanted.extend(wakes);
        while wanted.len() > MOST {
            wanted.pop_first();
        }
        drop(wanted);
        self.raised.notify_one();
    }

    /// Wakes whoever reads the connection.
    pub fn calls(&self) -> watch::Receiver<u64> {
        self.called.subscribe()
    }

    fn take(&self) -> Vec<Wake> {
        std::mem::take(&mut *self.wanted.lock().unwrap_or_else(PoisonError::into_inner)).into_iter().collect()
    }
}

/// Brings forward what hooks tell of, for as long as the program runs.
pub async fn run(
    core: CoreHandle,
    connection: ConnectionId,
    waker: Arc<Waker>,
    clock: Arc<dyn Clock>,
    stop: CancellationToken,
) {
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = waker.raised.notified() => {}
        }
        if !super::sleep(&*clock, Some(later(clock.now(), GATHER)), None, &stop).await {
            return;
        }
        match core.bring_forward(connection, waker.take(), clock.now()).await {
            Ok(0) => {}
            Ok(streams) => {
                tracing::debug!(%connection, streams, "hook.woke");
                waker.called.send_modify(|count| *count += 1);
            }
            // The store has said so itself; the next poll comes anyway.
            Err(_) => {}
        }
        if !super::sleep(&*clock, Some(later(clock.now(), REST)), None, &stop).await {
            return;
        }
    }
}
