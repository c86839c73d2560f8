//! A tracker, when it fails in every way we know: nothing is concluded from what was not seen, the operators hear of it, and
//! afterwards all is as if it had never been.

use connector_simulator::{Fault, Logged};
use gapwatch::domain::alert::AlertState;
use gapwatch::store::FailureKind;
use jiff::SignedDuration;

use super::HOSTED;
use crate::contract::trackers::Tracker;
use crate::world::{Plan, World, at};

/// For as long as a test lasts.
pub const FOR_EVER: u32 = 1_000_000;

pub const LATE: &str = "overdue Redesign homepage failure firing";
pub const SECOND: &str = "overdue Second failure firing";
const BLIND: &str = "sys.mirror_stale - widens firing";

/// A refusal that is no tool's own form.
pub fn refusal(status: u16) -> Fault {
    Fault::Status(status, "{\"errors\":[{\"message\":\"simulated\"}]}".to_owned())
}

/// At any hour, with operators in a channel of their own.
pub fn plan(tracker: Tracker) -> Plan {
    tracker.plan().more("[operators]\nchannel = \"#ops\"\n")
}

/// A world, and two tasks of Ana's in it: the first is late, and that was told; the second falls due an hour later.
pub async fn troubled(tracker: Tracker) -> (World, [String; 2]) {
    let mut world = plan(tracker).begin("2026-03-02T09:00:00Z").await;
    let keys = ["Redesign homepage", "Second"].map(|title| tracker.task(&world, title, Some("ana")));
    tracker.due(&world, &keys[0], "2026-03-13");
    tracker.due_at(&world, &keys[1], "2026-03-16T12:00:00Z");
    world.run().await;
    world.at("2026-03-12T10:00:00Z");
    for key in &keys {
        tracker.comment(&world, key, "ana", "still on it");
    }
    world.run().await;
    world.at("2026-03-16T10:00:00Z").run().await;
    world.at("2026-03-16T11:00:00Z").run().await;
    assert_eq!(late(&world).await, [LATE], "{tracker:?}");
    world.sent();
    (world, keys)
}

/// Work that is open and late, by the titles of its tasks, and what is wrong with the system.
pub async fn late(world: &World) -> Vec<String> {
    let gaps = world.gaps().await.into_iter().filter(|gap| gap.alert.state != AlertState::Resolved);
    let mut late: Vec<String> = gaps
        .filter(|gap| gap.alert.rule.0 == "overdue" || gap.alert.rule.0.starts_with("sys."))
        .map(|gap| {
            let title = gap.name.as_ref().map_or("-", |name| name.title.as_str());
            let withheld = gap.alert.withheld.as_ref().map_or_else(String::new, |why| format!(" ({})", why.word()));
            let (stage, state) = (gap.alert.stage.word(), gap.alert.state.word());
            format!("{} {title} {stage} {state}{withheld}", gap.alert.rule)
        })
        .collect();
    late.sort();
    late
}

/// Polls as the daemon does, until this moment.
pub async fn watch(world: &mut World, until: &str) {
    while world.now() < at(until) {
        world.later(SignedDuration::from_mins(2)).poll().await;
    }
}

/// What the tracker was asked since the log was emptied.
pub fn asked(world: &World, tracker: Tracker) -> Vec<Logged> {
    world.sim.requests().into_iter().filter(|request| request.tool == tracker.tool()).collect()
}

/// Nothing of the first task was taken away, and nothing was called resolved or deleted.
pub async fn nothing_is_lost(world: &mut World, why: &str) {
    let open = late(world).await;
    assert!(open.iter().any(|gap| gap.starts_with(LATE)), "{why}: {open:?}");
    let sent = world.sent();
    assert!(sent.iter().all(|sent| !sent.contains("resolved") && !sent.contains("deleted")), "{why}: {sent:#?}");
    let gone = crate::lab::rows(&world.store(), "SELECT key FROM tasks WHERE gone_at IS NOT NULL");
    assert_eq!(gone, [""; 0], "{why}");
}

/// Under this fault nothing opens and nothing resolves, the connection is blind, the operators are told in time, and
/// everything is made up for afterwards.
pub async fn is_survived(tracker: Tracker, fault: Fault, kind: FailureKind) {
    let why = format!("{tracker:?} {fault:?}");
    let (mut world, keys) = troubled(tracker).await;
    let name = tracker.connection();
    world.sim.fail_next(tracker.tool(), "", fault, FOR_EVER);
    world.at("2026-03-16T11:20:00Z");
    tracker.finish(&world, &keys[0], "ana");
    world.at("2026-03-16T11:21:00Z").poll().await;
    watch(&mut world, "2026-03-16T11:41:00Z").await;
    let told = world.sent();
    assert!(told.len() == 1 && told[0].starts_with(&format!("slack #ops: ■ {name}")), "{why}: {told:#?}");
    watch(&mut world, "2026-03-16T14:00:00Z").await;
    assert_eq!(world.connection().await.failure.map(|(kind, _)| kind), Some(kind), "{why}");
    // What is wrong may be put more precisely in the same place.
    let edited = format!("edited slack #ops: ■ {name}");
    let more: Vec<String> = world.sent().into_iter().filter(|sent| !sent.starts_with(&edited)).collect();
    assert_eq!(more, Vec::<String>::new(), "{why}: nothing else is said, and nothing twice");
    assert_eq!(late(&world).await, [format!("{LATE} (source_stale)"), BLIND.to_owned()], "{why}");

    world.sim.heal();
    watch(&mut world, "2026-03-16T15:40:00Z").await;
    assert_eq!(world.connection().await.failure, None, "{why}");
    assert_eq!(late(&world).await, [SECOND], "{why}");
    let sent = world.sent();
    let said = |words: &str| sent.iter().any(|sent| sent.starts_with(words));
    assert!(said(&format!("slack #ops (thread): ● {name} is resolved")), "{why}: {sent:#?}");
    assert!(said("slack @ana (thread): ● "), "{why}: {sent:#?}");
    assert!(said("comment Second: "), "{why}: {sent:#?}");
    assert_eq!(world.sim.foreign_hits(), [], "{why}");
}

async fn is_survived_by_both(fault: Fault, kind: FailureKind) {
    for tracker in HOSTED {
        is_survived(tracker, fault.clone(), kind).await;
    }
}

#[tokio::test]
async fn a_server_error_is_survived() {
    is_survived_by_both(refusal(500), FailureKind::Unavailable).await;
}

#[tokio::test]
async fn an_outage_is_survived() {
    is_survived_by_both(refusal(503), FailureKind::Unavailable).await;
}

#[tokio::test]
async fn a_page_of_the_proxy_is_survived() {
    let html = [("content-type", "text/html".to_owned())];
    let page = "<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>";
    is_survived_by_both(Fault::Answer(502, html.to_vec(), page.to_owned()), FailureKind::Unavailable).await;
}

#[tokio::test]
async fn a_page_of_maintenance_with_a_good_status_is_survived() {
    let html = [("content-type", "text/html".to_owned())];
    let page = "<!DOCTYPE html><html><head><title>Down</title></head><body>We are being upgraded.</body></html>";
    is_survived_by_both(Fault::Answer(200, html.to_vec(), page.to_owned()), FailureKind::Unavailable).await;
}

#[tokio::test]
async fn a_connection_that_is_reset_is_survived() {
    is_survived_by_both(Fault::Reset, FailureKind::Unavailable).await;
}

#[tokio::test]
async fn a_body_that_is_cut_is_survived() {
    is_survived_by_both(Fault::CutBody, FailureKind::Unavailable).await;
}

#[tokio::test]
async fn an_empty_object_is_survived() {
    is_survived_by_both(Fault::Status(200, "{}".to_owned()), FailureKind::Unavailable).await;
}

#[tokio::test]
async fn a_revoked_token_is_survived() {
    is_survived_by_both(refusal(401), FailureKind::Refused).await;
}

#[tokio::test]
async fn a_limit_that_does_not_end_is_survived() {
    for tracker in HOSTED {
        let (mut world, keys) = troubled(tracker).await;
        world.sim.fail_next(tracker.tool(), "", Fault::RateLimited(60), FOR_EVER);
        world.at("2026-03-16T11:20:00Z");
        tracker.finish(&world, &keys[0], "ana");
        world.sim.forget_requests();
        watch(&mut world, "2026-03-16T13:20:00Z").await;
        let an_hour = asked(&world, tracker).len() / 2;
        // Requests that are refused are counted as well: whoever goes on asking is never let in again.
        assert!(an_hour <= 61, "{tracker:?}: {an_hour} requests an hour, each told to wait a minute");
        nothing_is_lost(&mut world, &format!("{tracker:?}")).await;
        world.sim.heal();
        watch(&mut world, "2026-03-16T15:00:00Z").await;
        assert_eq!(world.connection().await.failure, None, "{tracker:?}");
        assert_eq!(late(&world).await, [SECOND], "{tracker:?}");
    }
}

#[tokio::test]
async fn an_answer_that_hangs_or_does_not_end_is_asked_for_again_and_loses_nothing() {
    for tracker in HOSTED {
        for fault in [Fault::Hang(1), Fault::CutChunk] {
            let why = format!("{tracker:?} {fault:?}");
            let (mut world, keys) = troubled(tracker).await;
            tracker.finish(&world, &keys[0], "ana");
            world.sim.fail_next(tracker.tool(), "", fault, 1);
            watch(&mut world, "2026-03-16T12:00:00Z").await;
            assert_eq!(world.connection().await.failure, None, "{why}");
            let sent = world.sent();
            assert!(sent.iter().any(|sent| sent.starts_with("slack @ana (thread): ● ")), "{why}: {sent:#?}");
        }
    }
}

#[tokio::test]
async fn bursts_of_errors_lose_nothing() {
    for tracker in HOSTED {
        let (mut world, keys) = troubled(tracker).await;
        let mut bursts = 0;
        while world.now() < at("2026-03-16T13:00:00Z") {
            for times in [1, 3, 7] {
                world.sim.fail_next(tracker.tool(), "", refusal([500, 502, 503, 504][bursts % 4]), times);
                bursts += 1;
                world.later(SignedDuration::from_mins(2)).poll().await;
            }
            tracker.rename(&world, &keys[1], &format!("Second, {bursts}"));
        }
        world.sim.heal();
        tracker.finish(&world, &keys[0], "ana");
        watch(&mut world, "2026-03-16T14:00:00Z").await;
        assert_eq!(world.connection().await.failure, None, "{tracker:?}");
        assert!(world.store_titles().contains(&format!("Second, {bursts}")), "{tracker:?}");
        let sent = world.sent();
        assert!(sent.iter().any(|sent| sent.starts_with("slack @ana (thread): ● ")), "{tracker:?}: {sent:#?}");
        println!("figure T-F8: {tracker:?}: {bursts} bursts of 1, 3 and 7 errors, nothing missed");
    }
}

#[tokio::test]
async fn an_outage_costs_few_requests_and_is_got_over_within_minutes() {
    for tracker in HOSTED {
        for fault in [refusal(503), Fault::Reset] {
            let (mut world, _) = troubled(tracker).await;
            world.sim.fail_next(tracker.tool(), "", fault, FOR_EVER);
            watch(&mut world, "2026-03-16T12:00:00Z").await;
            world.sim.forget_requests();
            watch(&mut world, "2026-03-16T14:00:00Z").await;
            let an_hour = asked(&world, tracker).len() / 2;
            world.sim.heal();
            let healed_at = world.now();
            while world.connection().await.failure.is_some() {
                world.later(SignedDuration::from_mins(1)).poll().await;
                assert!(world.now() - SignedDuration::from_hours(1) < healed_at, "{tracker:?}: it is not seen again");
            }
            let back = world.now().duration_since(healed_at);
            println!(
                "figure T-F8: {tracker:?}: {an_hour} requests an hour in an outage, back after {} s",
                back.as_secs()
            );
            assert!(an_hour <= 150, "{tracker:?}: {an_hour}");
            assert!(back <= SignedDuration::from_mins(12), "{tracker:?}: {back:?}");
        }
    }
}

#[tokio::test]
async fn bodies_that_are_no_list_of_tasks_take_nothing_away() {
    let told = |body: &str| Fault::Status(200, body.to_owned());
    let nested = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    let bodies = [
        told("{\"data\":[]}"),
        told("{\"data\":[],\"next_page\":null}"),
        told("{\"data\":null}"),
        told("{\"data\":[null, 1, \"x\", {}]}"),
        told("[null, 1, \"x\", {}]"),
        told("[]"),
        told("null"),
        told("{\"data\":[{\"gid\":"),
        told("[{\"id\":"),
        told(&nested),
        Fault::Answer(200, vec![], String::new()),
        Fault::Status(204, String::new()),
        Fault::Status(304, String::new()),
        Fault::GzipBomb(100 << 20),
    ];
    let count = bodies.len();
    for tracker in HOSTED {
        for fault in bodies.clone() {
            let (mut world, _) = troubled(tracker).await;
            world.sim.fail_next(tracker.tool(), tracker.lists(), fault.clone(), FOR_EVER);
            for _ in 0..4 {
                world.later(SignedDuration::from_mins(70)).poll().await;
            }
            let why = format!("{tracker:?} {fault:?}");
            assert_eq!(world.connection().await.tasks, 2, "{why}");
            nothing_is_lost(&mut world, &why).await;
        }
        println!("figure T-F12: {tracker:?}: {count} bodies that are no list, no task taken for gone");
    }
}

#[tokio::test]
async fn a_redirect_to_somewhere_else_is_survived_and_nobody_there_hears_of_us() {
    for tracker in HOSTED {
        for status in [301, 307] {
            let (mut world, _) = troubled(tracker).await;
            let foreign = format!("{}/stolen", world.sim.foreign_url());
            world.sim.fail_next(tracker.tool(), "", Fault::Redirect(foreign, status), FOR_EVER);
            watch(&mut world, "2026-03-16T12:00:00Z").await;
            assert!(world.connection().await.failure.is_some(), "{tracker:?} {status}");
            assert_eq!(world.sim.foreign_hits(), [], "{tracker:?} {status}");
            nothing_is_lost(&mut world, &format!("{tracker:?} {status}")).await;
            world.sim.heal();
            watch(&mut world, "2026-03-16T14:30:00Z").await;
            assert_eq!(world.connection().await.failure, None, "{tracker:?} {status}");
        }
    }
}

#[tokio::test]
async fn one_field_that_changed_in_an_answer_loses_no_task() {
    // A prime beside the number of fields and of ways, so that the dice wander through both.
    const STEP: u64 = 7919;
    const DRIFTS: u64 = 60;
    for tracker in HOSTED {
        let (mut world, keys) = troubled(tracker).await;
        for nth in 0..DRIFTS {
            let place = ["", tracker.lists()][usize::from(nth % 2 == 0)];
            world.sim.fail_next(tracker.tool(), place, Fault::Drift(nth * STEP), 1);
            tracker.rename(&world, &keys[1], &format!("Second, {nth}"));
            world.later(SignedDuration::from_mins(11));
            // The tool's own text for a moment may be anything: then our clock is doubted, and nothing is done at all.
            world.engine().pull(true).await.expect("the store takes every page");
            world.engine().decide().await.expect("the store takes every round");
            let gone = crate::lab::rows(&world.store(), "SELECT key FROM tasks WHERE gone_at IS NOT NULL OR missing");
            assert_eq!(gone, [""; 0], "{tracker:?} {place} {nth}");
        }
        world.sim.heal();
        for (nth, key) in keys.iter().enumerate() {
            tracker.rename(&world, key, &format!("{nth} as it is"));
        }
        for _ in 0..3 {
            world.later(SignedDuration::from_mins(35)).run().await;
        }
        assert_eq!(world.store_titles(), ["0 as it is", "1 as it is"], "{tracker:?}");
        println!("figure T-F13: {tracker:?}: {DRIFTS} answers with one field changed, 0 tasks lost, 0 panics");
    }
}
