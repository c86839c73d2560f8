//! Outages: few requests while nothing answers, and soon back once something does.

use connector_simulator::{Fault, Tool};
use gapwatch::store::FailureKind;
use jiff::SignedDuration;

use super::{FOR_EVER, figure, requests};
use crate::faults::{troubled, watch};
use crate::world::{REPO, World, at};
use crate::writes::before_widening;

/// Once an outage is over, so long it may take until everything is read again.
const BACK_WITHIN: SignedDuration = SignedDuration::from_mins(12);

fn status(status: u16) -> Fault {
    Fault::Status(status, "{\"message\":\"simulated\"}".to_owned())
}

#[tokio::test]
async fn an_outage_costs_few_requests_and_is_got_over_within_minutes() {
    let mut most = 0;
    let mut longest = SignedDuration::ZERO;
    for fault in [status(500), status(502), status(503), status(504), Fault::Reset] {
        let mut world = troubled().await;
        world.sim.fail_next(Tool::Github, "", fault, FOR_EVER);
        watch(&mut world, "2026-03-16T12:00:00Z").await;
        world.sim.forget_requests();
        watch(&mut world, "2026-03-16T14:00:00Z").await;
        most = most.max(requests(&world, Tool::Github).len() / 2);
        assert_eq!(world.connection().await.failure.map(|(kind, _)| kind), Some(FailureKind::Unavailable));

        world.sim.heal();
        let healed_at = world.now();
        while world.connection().await.failure.is_some() {
            world.later(SignedDuration::from_mins(1)).poll().await;
            assert!(world.now() - SignedDuration::from_hours(1) < healed_at, "it is not seen that the tool is back");
        }
        longest = longest.max(world.now().duration_since(healed_at));
    }
    figure("F8", format!("{most} requests an hour in an outage of GitHub, back after {} s", longest.as_secs()));
    assert!(most <= 150, "{most} requests an hour");
    assert!(longest <= BACK_WITHIN, "{longest:?}");
}

#[tokio::test]
async fn an_outage_costs_no_more_where_many_repositories_are_watched() {
    let names: Vec<String> = (0..20).map(|nth| format!("acme/part{nth}")).collect();
    let repos: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut world = World::plan().repos(&repos).begin("2026-03-02T09:00:00Z").await;
    for repo in &repos {
        world.github().issue(repo, "Something").by("max-w").assignee("ana-k").open();
    }
    world.run().await;
    world.sim.fail_next(Tool::Github, "", status(503), FOR_EVER);
    world.sim.forget_requests();
    watch(&mut world, "2026-03-02T10:00:00Z").await;
    let asked = requests(&world, Tool::Github).len();
    figure("F8", format!("{asked} requests in the first hour of an outage with {} repositories", repos.len()));
    assert!(asked <= 600, "{asked}");
    let held = world.engine().core.connection_states().await.unwrap();
    assert!(held.iter().all(|state| state.failure.is_some()));

    world.sim.heal();
    watch(&mut world, "2026-03-02T10:14:00Z").await;
    assert_eq!(world.connection().await.failure, None, "all of them are read again");
}

#[tokio::test]
async fn bursts_of_errors_lose_nothing() {
    let mut world = troubled().await;
    let mut bursts = 0;
    while world.now() < at("2026-03-16T14:00:00Z") {
        for times in [1, 3, 7] {
            world.sim.fail_next(Tool::Github, "", status([500, 502, 503, 504][bursts % 4]), times);
            bursts += 1;
            world.later(SignedDuration::from_mins(2)).poll().await;
        }
        let minute = world.now();
        world.github().tick(REPO, 2, 1, minute);
    }
    world.sim.heal();
    world.github().close(REPO, 1, "ana-k", world.now(), "completed");
    watch(&mut world, "2026-03-16T15:00:00Z").await;
    assert_eq!(world.connection().await.failure, None);
    let sent = world.sent();
    assert!(sent.iter().any(|sent| sent.starts_with("slack @ana (thread): ● acme/web#1 is resolved")), "{sent:#?}");
    figure("F8", format!("{bursts} bursts of 1, 3 and 7 errors, nothing missed"));
}

#[tokio::test]
async fn an_outage_of_slack_is_few_attempts_and_no_words_are_lost() {
    let mut world = before_widening().await;
    world.sim.fail_next(Tool::Slack, "", status(503), FOR_EVER);
    world.sim.forget_requests();
    world.run_until("2026-03-16T14:30:00Z", 7).await;
    let asked = requests(&world, Tool::Slack).len();
    figure("F8", format!("{asked} requests in an outage of Slack of four hours"));
    assert!(asked <= 60, "{asked}");
    world.sent();
    world.sim.heal();
    world.run_until("2026-03-16T16:30:00Z", 7).await;
    let sent = world.sent();
    assert_eq!(sent.len(), 1, "{sent:#?}");
    assert!(world.slack().markers().values().all(|times| *times == 1));
}
