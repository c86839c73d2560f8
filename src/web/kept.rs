//! Answers of the core that are kept for a few seconds: however many ask, the core's thread is asked seldom.

use std::time::Duration;

use tokio::sync::Mutex;

use crate::clock::Stopwatch;

/// Seconds are young for whoever looks every fifteen, as Prometheus does, and a thousand who ask cost one look.
const YOUNG: Duration = Duration::from_secs(5);

/// An answer, as long as it is young.
pub(super) struct Kept<T>(Mutex<Option<(Stopwatch, T)>>);

impl<T> Default for Kept<T> {
    fn default() -> Kept<T> {
        Kept(Mutex::new(None))
    }
}

impl<T: Clone> Kept<T> {
    /// The answer; those who ask while it is being fetched wait for it together.
    pub(super) async fn get(&self, fetch: impl AsyncFnOnce() -> T) -> T {
        let mut kept = self.0.lock().await;
        if let Some((_, answer)) = kept.as_ref().filter(|(since, _)| since.elapsed() < YOUNG) {
            return answer.clone();
        }
        let answer = fetch().await;
        *kept = Some((Stopwatch::start(), answer.clone()));
        answer
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    #[tokio::test]
    async fn a_thousand_who_ask_at_once_cost_one_look() {
        let (kept, looks) = (Kept::default(), AtomicU32::new(0));
        let fetch = async || {
            tokio::task::yield_now().await;
            looks.fetch_add(1, Ordering::SeqCst) + 1
        };
        let asked = futures_util::future::join_all((0..1000).map(|_| kept.get(fetch))).await;
        assert!(asked.iter().all(|answer| *answer == 1));
        assert_eq!(looks.load(Ordering::SeqCst), 1);
    }
}
