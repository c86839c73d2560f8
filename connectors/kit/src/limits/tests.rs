//! Budgets on a clock that is set by hand: no test here waits.

#![allow(clippy::unwrap_used)]

use futures_util::FutureExt;
use http::HeaderValue;

use super::*;
use crate::clock::SetClock;

const START: &str = "2025-03-11T09:00:00Z";

fn start() -> Timestamp {
    START.parse().unwrap()
}

fn secs(seconds: i64) -> SignedDuration {
    SignedDuration::from_secs(seconds)
}

fn headers(lines: &[(&'static str, &str)]) -> HeaderMap {
    lines.iter().map(|(name, value)| ((*name).parse().unwrap(), HeaderValue::from_str(value).unwrap())).collect()
}

/// A clock that leaps over every wait, and budgets on it.
fn leaping() -> (Arc<SetClock>, Limits) {
    let clock = Arc::new(SetClock::leaping(start()));
    (clock.clone(), Limits::new(clock))
}

/// When so many requests in a row were let pass, in milliseconds from the start.
async fn passes(limits: &Limits, clock: &SetClock, resource: &str, count: usize) -> Vec<i128> {
    let mut times = Vec::new();
    for _ in 0..count {
        limits.acquire(resource).await.unwrap();
        times.push(clock.now().duration_since(start()).as_millis());
    }
    times
}

#[tokio::test]
async fn six_calls_at_two_a_second_come_at_their_times() {
    let (clock, limits) = leaping();
    limits.set_pace("core", SignedDuration::from_millis(500), 2);
    assert_eq!(passes(&limits, &clock, "core", 6).await, [0, 0, 500, 1000, 1500, 2000]);
}

#[tokio::test]
async fn without_a_pace_and_without_a_word_nothing_waits() {
    let (clock, limits) = leaping();
    assert_eq!(passes(&limits, &clock, "core", 100).await, [0; 100]);
}

#[tokio::test]
async fn each_channel_has_its_own_pace_and_all_together_have_another() {
    let (clock, limits) = leaping();
    let limits = limits.with_pace("chat.postMessage:", secs(1), 1).with_pace("chat.postMessage", secs(10), 3);
    assert_eq!(passes(&limits, &clock, "chat.postMessage:C1", 2).await, [0, 1000]);
    assert_eq!(passes(&limits, &clock, "chat.postMessage:C2", 1).await, [1000]); // its own first
    assert_eq!(passes(&limits, &clock, "chat.postMessage:C3", 1).await, [10_000]); // the fourth of all
    assert_eq!(passes(&limits, &clock, "users.info", 2).await, [10_000, 10_000]);
}

#[tokio::test]
async fn waiting_for_its_own_turn_a_request_counts_once_for_its_family() {
    let (clock, limits) = leaping();
    let limits = limits.with_pace("core:comment", secs(3), 1).with_pace("core", secs(1), 3);
    assert_eq!(passes(&limits, &clock, "core:comment", 2).await, [0, 3000]);
    // Since 3 s the family is full again but for the one just sent.
    assert_eq!(passes(&limits, &clock, "core", 3).await, [3000, 3000, 4000]);
}

#[tokio::test]
async fn a_told_wait_holds_the_family_and_nothing_else() {
    let (clock, limits) = leaping();
    limits.note("chat.postMessage:C1", 429, &headers(&[("retry-after", "30")]), clock.now());
    assert_eq!(limits.until("chat.postMessage:C2"), Some(start() + secs(30)));
    assert_eq!(limits.until("users.info"), None);
    assert_eq!(passes(&limits, &clock, "users.info", 1).await, [0]);
    assert_eq!(passes(&limits, &clock, "chat.postMessage:C2", 1).await, [30_000]);
    assert_eq!(limits.until("chat.postMessage:C2"), None);
}

#[tokio::test]
async fn a_limit_of_one_endpoint_holds_that_endpoint_alone() {
    for (reason, others_wait) in
        [("jira-burst-based", false), ("jira-per-issue-on-write", false), ("jira-quota-tenant-based", true)]
    {
        let (_, limits) = leaping();
        limits.note("core:search", 429, &headers(&[("retry-after", "30"), ("ratelimit-reason", reason)]), start());
        assert_eq!(limits.until("core:search"), Some(start() + secs(30)), "{reason}");
        assert_eq!(limits.until("core:changelog").is_some(), others_wait, "{reason}");
    }
}

#[tokio::test]
async fn a_request_waits_until_the_gate_opens_even_where_it_is_closed_again_meanwhile() {
    let clock = Arc::new(SetClock::new(start()));
    let limits = Limits::new(clock.clone());
    limits.note("core", 429, &headers(&[("retry-after", "10")]), clock.now());
    let mut acquire = Box::pin(limits.acquire("core"));
    assert!((&mut acquire).now_or_never().is_none());
    limits.note("core", 403, &headers(&[("retry-after", "20")]), clock.now());
    clock.advance(secs(10));
    assert!((&mut acquire).now_or_never().is_none());
    clock.advance(secs(10));
    assert_eq!((&mut acquire).now_or_never(), Some(Ok(())));
}

#[tokio::test]
async fn a_wait_of_more_than_a_minute_is_the_callers() {
    let (clock, limits) = leaping();
    limits.note("core", 429, &headers(&[("retry-after", "61")]), clock.now());
    let wait = limits.acquire("core").await.unwrap_err();
    assert_eq!(wait, Wait { retry_after: secs(61), what: "the budget \"core\"".to_owned() });
    assert_eq!(clock.now(), start());
    limits.note("search", 429, &headers(&[("retry-after", "60")]), clock.now());
    assert_eq!(passes(&limits, &clock, "search", 1).await, [60_000]);
}

#[tokio::test]
async fn many_who_wait_for_one_pace_are_not_kept_longer_than_a_minute() {
    let clock = Arc::new(SetClock::new(start()));
    let limits = Limits::new(clock.clone()).with_pace("core", secs(25), 1);
    let mut all: Vec<_> = (0..5).map(|_| Box::pin(limits.acquire("core"))).collect();
    let mut ends = Vec::new();
    for _ in 0..5 {
        all.retain_mut(|acquire| match acquire.now_or_never() {
            Some(end) => {
                ends.push((clock.now().duration_since(start()), end.is_ok()));
                false
            }
            None => true,
        });
        clock.advance(secs(25));
    }
    let expected = [(0, true), (25, true), (50, true), (50, false), (50, false)];
    assert_eq!(ends, expected.map(|(at, passed)| (secs(at), passed)));
}

#[tokio::test]
async fn a_budget_that_runs_short_is_spread_over_the_time_to_its_reset() {
    let (clock, limits) = leaping();
    let reset = (start() + secs(100)).as_second().to_string();
    let left = |left: &'static str| {
        headers(&[("x-ratelimit-remaining", left), ("x-ratelimit-reset", &reset), ("x-ratelimit-limit", "5000")])
    };
    limits.note("core", 200, &left("4000"), clock.now());
    assert_eq!(passes(&limits, &clock, "core", 50).await, [0; 50]);
    limits.note("core", 304, &left("10"), clock.now());
    assert_eq!(passes(&limits, &clock, "core", 3).await, [10_000, 20_000, 30_000]);
    limits.note("core", 200, &left("7"), clock.now()); // as expected: the pace stays
    assert_eq!(passes(&limits, &clock, "core", 2).await, [40_000, 50_000]);
    limits.note("core", 200, &left("0"), clock.now());
    assert_eq!(passes(&limits, &clock, "core", 1).await, [100_000]);
    limits.note("core", 200, &left("4999"), clock.now()); // full again; its reset is past, so the header tells nothing
    let wide =
        headers(&[("x-ratelimit-remaining", "4999"), ("x-ratelimit-reset", "3600"), ("x-ratelimit-limit", "5000")]);
    limits.note("core", 200, &wide, clock.now());
    assert_eq!(passes(&limits, &clock, "core", 3).await, [100_000; 3]);
}

#[tokio::test]
async fn without_a_told_wait_each_refusal_doubles_it_and_a_success_forgives() {
    let (clock, limits) = leaping();
    let none = HeaderMap::new();
    for minutes in [1, 2, 4, 8, 16, 32, 60, 60] {
        let now = clock.now();
        for _ in 0..3 {
            limits.note("core", 429, &none, now); // refused together: once
        }
        assert_eq!(limits.until("core"), Some(now + secs(60 * minutes)));
        clock.set(now + secs(60 * minutes));
    }
    limits.note("core", 404, &none, clock.now());
    limits.note("core", 200, &none, clock.now());
    limits.note("core", 429, &none, clock.now());
    assert_eq!(limits.until("core"), Some(clock.now() + secs(60)));
}

#[tokio::test]
async fn a_wait_told_in_a_body_is_held_by_hand_and_never_shortens_one() {
    let (clock, limits) = leaping();
    limits.hold("graphql", secs(50));
    limits.hold("graphql", secs(20));
    limits.hold("chat.update:C1", secs(20));
    assert_eq!(limits.until("graphql"), Some(start() + secs(50)));
    assert_eq!(limits.until("chat.update:C2"), None);
    assert_eq!(passes(&limits, &clock, "chat.update:C1", 1).await, [20_000]);
}

#[tokio::test]
async fn a_clock_that_runs_back_makes_nobody_wait_for_it() {
    let clock = Arc::new(SetClock::new(start()));
    let limits = Limits::new(clock.clone()).with_pace("core", secs(1), 1);
    limits.acquire("core").await.unwrap();
    limits.note("core", 429, &headers(&[("retry-after", "600")]), clock.now());
    clock.set(start() - secs(365 * 24 * 3600));
    assert_eq!(limits.until("core"), None);
    assert_eq!(limits.acquire("core").now_or_never(), Some(Ok(())));
    clock.set(Timestamp::MAX);
    assert_eq!(limits.acquire("core").now_or_never(), Some(Ok(())));
}
