//! Jira, when it fails in every way we know, in both editions: nothing is concluded from what was not seen, the operators hear
//! of it, and afterwards all is as if it had never been.

use connector_simulator::jira::IssueDraft;
use connector_simulator::{Fault, Logged, Tool};
use gapwatch::store::FailureKind;
use jiff::SignedDuration;
use jiff::civil::date;

use crate::world::{Edition, Plan, World, at};

/// For as long as a test lasts.
pub const FOR_EVER: u32 = 1_000_000;

pub const EDITIONS: [Edition; 2] = [Edition::Cloud, Edition::DataCenter];

const HOUR: u64 = 3600;

pub fn refusal(status: u16) -> Fault {
    Fault::Status(status, "{\"errorMessages\":[\"simulated\"],\"errors\":{}}".to_owned())
}

/// At any hour, with operators in a channel of their own.
pub fn plan(edition: Edition, lines: &str) -> Plan {
    World::plan().on_jira(edition, lines).more("[operators]\nchannel = \"#ops\"\n")
}

/// Ana's work of ten days until this one.
pub fn work(title: &str, due: jiff::civil::Date) -> IssueDraft {
    IssueDraft {
        assignee: Some("ana".to_owned()),
        due: Some(due),
        original_estimate_secs: Some(80 * HOUR),
        ..IssueDraft::new(title)
    }
}

/// One gap is open and told (WEB-1). Another one (WEB-2) will open an hour later, by time alone.
pub async fn troubled(edition: Edition) -> World {
    let mut world = plan(edition, "").begin("2026-03-02T09:00:00Z").await;
    let jira = world.jira();
    jira.issue("WEB", work("Redesign homepage", date(2026, 3, 27)));
    jira.at(at("2026-03-02T11:00:00Z")).issue("WEB", work("Second", date(2026, 3, 27)));
    world.run().await;
    world.at("2026-03-04T10:00:00Z");
    for key in ["WEB-1", "WEB-2"] {
        jira.status(key, "In Progress", "ana");
        jira.log_work(key, 16 * HOUR, "ana");
    }
    world.run().await;
    world.at("2026-03-13T10:00:00Z");
    for key in ["WEB-1", "WEB-2"] {
        jira.comment(key, "still on it", "ana");
    }
    world.at("2026-03-16T11:00:00Z").run().await;
    assert_eq!(world.open().await, [BEHIND]);
    world.sent();
    world
}

pub const BEHIND: &str = "pace.behind WEB-1 widens firing";

/// Polls as the daemon does, until this moment.
pub async fn watch(world: &mut World, until: &str) {
    while world.now() < at(until) {
        world.later(SignedDuration::from_mins(2)).poll().await;
    }
}

/// What Jira was asked since the log was emptied.
pub fn asked(world: &World) -> Vec<Logged> {
    world.sim.requests().into_iter().filter(|request| request.tool == Tool::Jira).collect()
}

/// Nothing of WEB-1 was taken away, and nothing was called resolved or deleted.
pub async fn nothing_is_lost(world: &mut World, why: &str) {
    let open = world.open().await;
    assert!(open.iter().any(|gap| gap.starts_with(BEHIND)), "{why}: {open:?}");
    let sent = world.sent();
    assert!(sent.iter().all(|sent| !sent.contains("resolved") && !sent.contains("deleted")), "{why}: {sent:#?}");
    let gone = crate::lab::rows(&world.store(), "SELECT key FROM tasks WHERE gone_at IS NOT NULL");
    assert_eq!(gone, [""; 0], "{why}");
}

/// Under this fault nothing opens and nothing resolves, the connection is blind, the operators are told in time, and
/// everything is made up for afterwards.
async fn is_survived(edition: Edition, fault: Fault, kind: FailureKind) {
    let why = format!("{edition:?} {fault:?}");
    let mut world = troubled(edition).await;
    world.sim.fail_next(Tool::Jira, "", fault, FOR_EVER);
    world.jira().at(at("2026-03-16T11:20:00Z")).log_work("WEB-1", 64 * HOUR, "ana");
    world.at("2026-03-16T11:21:00Z").poll().await;
    watch(&mut world, "2026-03-16T11:41:00Z").await;
    let told = world.sent();
    assert!(told.len() == 1 && told[0].starts_with("slack #ops: ■ jira.acme"), "{why}: {told:#?}");
    watch(&mut world, "2026-03-16T14:00:00Z").await;
    assert_eq!(world.connection().await.failure.map(|(kind, _)| kind), Some(kind), "{why}");
    assert_eq!(world.sent(), Vec::<String>::new(), "{why}: nothing else is said, and nothing twice");
    let stale = format!("{BEHIND} (source_stale)");
    assert_eq!(world.open().await, [stale.as_str(), "sys.mirror_stale - widens firing"], "{why}");

    world.sim.heal();
    watch(&mut world, "2026-03-16T15:40:00Z").await;
    assert_eq!(world.connection().await.failure, None, "{why}");
    // All of the first one's time is booked, which ends its lag, and it is not done.
    let open = world.open().await;
    assert_eq!(open, ["estimate.exceeded WEB-1 widens firing (digest)", "pace.behind WEB-2 widens firing"], "{why}");
    let sent = world.sent();
    let said = |words: &str| sent.iter().any(|sent| sent.starts_with(words));
    assert!(said("slack #ops (thread): ● jira.acme is resolved"), "{why}: {sent:#?}");
    assert!(said("slack @ana (thread): ● WEB-1 is resolved"), "{why}: {sent:#?}");
    assert!(said("comment WEB-2: "), "{why}: {sent:#?}");
    assert_eq!(world.sim.foreign_hits(), [], "{why}");
}

async fn is_survived_by_both(fault: Fault, kind: FailureKind) {
    for edition in EDITIONS {
        is_survived(edition, fault.clone(), kind).await;
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
    for status in [502, 504] {
        is_survived_by_both(Fault::Answer(status, html.to_vec(), page.to_owned()), FailureKind::Unavailable).await;
    }
}

#[tokio::test]
async fn a_page_of_maintenance_with_a_good_status_is_survived() {
    let html = [("content-type", "text/html".to_owned())];
    let page = "<!DOCTYPE html><html><head><title>Jira</title></head><body>Jira is being upgraded.</body></html>";
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
async fn a_login_page_is_survived() {
    is_survived_by_both(Fault::Html200, FailureKind::Refused).await;
}

#[tokio::test]
async fn a_revoked_token_is_survived() {
    is_survived_by_both(refusal(401), FailureKind::Refused).await;
}

#[tokio::test]
async fn an_answer_that_hangs_or_does_not_end_is_asked_for_again_and_loses_nothing() {
    for edition in EDITIONS {
        for fault in [Fault::Hang(1), Fault::CutChunk] {
            let why = format!("{edition:?} {fault:?}");
            let mut world = troubled(edition).await;
            world.jira().log_work("WEB-1", 64 * HOUR, "ana");
            world.sim.fail_next(Tool::Jira, "/search", fault, 1);
            watch(&mut world, "2026-03-16T12:00:00Z").await;
            assert_eq!(world.connection().await.failure, None, "{why}");
            assert!(world.sent().iter().any(|sent| sent.starts_with("slack @ana (thread): ● WEB-1")), "{why}");
        }
    }
}

#[tokio::test]
async fn bursts_of_errors_lose_nothing() {
    for edition in EDITIONS {
        let mut world = troubled(edition).await;
        let mut bursts = 0;
        while world.now() < at("2026-03-16T13:00:00Z") {
            for times in [1, 3, 7] {
                world.sim.fail_next(Tool::Jira, "", refusal([500, 502, 503, 504][bursts % 4]), times);
                bursts += 1;
                world.later(SignedDuration::from_mins(2)).poll().await;
            }
            world.jira().rename("WEB-2", &format!("Second, {bursts}"), "ana");
        }
        world.sim.heal();
        world.jira().status("WEB-1", "Done", "ana");
        watch(&mut world, "2026-03-16T14:00:00Z").await;
        assert_eq!(world.connection().await.failure, None, "{edition:?}");
        assert!(world.store_titles().contains(&format!("Second, {bursts}")), "{edition:?}");
        let sent = world.sent();
        assert!(sent.iter().any(|sent| sent.starts_with("slack @ana (thread): ● WEB-1 is resolved")), "{sent:#?}");
        println!("figure J-F8: {edition:?}: {bursts} bursts of 1, 3 and 7 errors, nothing missed");
    }
}

#[tokio::test]
async fn an_outage_costs_few_requests_and_is_got_over_within_minutes() {
    for edition in EDITIONS {
        for fault in [refusal(503), Fault::Reset] {
            let mut world = troubled(edition).await;
            world.sim.fail_next(Tool::Jira, "", fault, FOR_EVER);
            watch(&mut world, "2026-03-16T12:00:00Z").await;
            world.sim.forget_requests();
            watch(&mut world, "2026-03-16T14:00:00Z").await;
            let an_hour = asked(&world).len() / 2;
            world.sim.heal();
            let healed_at = world.now();
            while world.connection().await.failure.is_some() {
                world.later(SignedDuration::from_mins(1)).poll().await;
                assert!(world.now() - SignedDuration::from_hours(1) < healed_at, "it is not seen that Jira is back");
            }
            let back = world.now().duration_since(healed_at);
            println!(
                "figure J-F8: {edition:?}: {an_hour} requests an hour in an outage, back after {} s",
                back.as_secs()
            );
            assert!(an_hour <= 150, "{edition:?}: {an_hour}");
            assert!(back <= SignedDuration::from_mins(12), "{edition:?}: {back:?}");
        }
    }
}

#[tokio::test]
async fn bodies_that_are_no_list_of_issues_take_nothing_away() {
    let told = |body: &str| Fault::Status(200, body.to_owned());
    let nested = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    let bodies = [
        told("{\"issues\":[]}"),
        told("{\"issues\":[],\"total\":0,\"startAt\":0,\"maxResults\":100}"),
        told("{\"issues\":[],\"isLast\":true}"),
        told("[]"),
        told("null"),
        told("{\"issues\":null}"),
        told("{\"issues\":[null, 1, \"x\", {}]}"),
        told("{\"issues\":[{\"id\":"),
        told(&nested),
        Fault::Answer(200, vec![], String::new()),
        Fault::Status(204, String::new()),
        Fault::Status(304, String::new()),
        Fault::GzipBomb(100 << 20),
    ];
    let count = bodies.len();
    for edition in EDITIONS {
        for fault in bodies.clone() {
            let mut world = troubled(edition).await;
            world.sim.fail_next(Tool::Jira, "/search", fault.clone(), FOR_EVER);
            for _ in 0..4 {
                world.later(SignedDuration::from_mins(11)).poll().await;
            }
            assert_eq!(world.connection().await.tasks, 2, "{edition:?} {fault:?}");
            nothing_is_lost(&mut world, &format!("{edition:?} {fault:?}")).await;
        }
        println!("figure J-F12: {edition:?}: {count} bodies that are no list, no task taken for gone");
    }
}

#[tokio::test]
async fn a_redirect_to_somewhere_else_is_survived_and_nobody_there_hears_of_us() {
    for edition in EDITIONS {
        for status in [301, 302, 307, 308] {
            let mut world = troubled(edition).await;
            let foreign = format!("{}/stolen", world.sim.foreign_url());
            world.sim.fail_next(Tool::Jira, "", Fault::Redirect(foreign, status), FOR_EVER);
            watch(&mut world, "2026-03-16T12:00:00Z").await;
            assert!(world.connection().await.failure.is_some(), "{edition:?} {status}");
            assert_eq!(world.sim.foreign_hits(), [], "{edition:?} {status}");
            nothing_is_lost(&mut world, &format!("{edition:?} {status}")).await;
            world.sim.heal();
            watch(&mut world, "2026-03-16T14:30:00Z").await;
            assert_eq!(world.connection().await.failure, None, "{edition:?} {status}");
        }
    }
}

#[tokio::test]
async fn one_field_that_changed_in_an_answer_loses_no_task() {
    // A prime beside the number of fields and of ways, so that the dice wander through both.
    const STEP: u64 = 7919;
    const DRIFTS: u64 = 60;
    for edition in EDITIONS {
        let mut world = troubled(edition).await;
        for nth in 0..DRIFTS {
            let place = ["/search", "/myself", "/changelog", "/project", "/field"][usize::try_from(nth).unwrap() % 5];
            world.sim.fail_next(Tool::Jira, place, Fault::Drift(nth * STEP), 1);
            world.jira().label("WEB-2", &format!("l{nth}"), "max");
            world.later(SignedDuration::from_mins(11));
            // The tool's own text for a moment may be anything: then our clock is doubted, and nothing is done at all.
            world.engine().pull(true).await.expect("the store takes every page");
            world.engine().decide().await.expect("the store takes every round");
            let gone = crate::lab::rows(&world.store(), "SELECT key FROM tasks WHERE gone_at IS NOT NULL OR missing");
            assert_eq!(gone, [""; 0], "{edition:?} {place} {nth}");
        }
        world.sim.heal();
        for key in ["WEB-1", "WEB-2"] {
            world.jira().rename(key, &format!("{key} as it is"), "ana");
        }
        for _ in 0..3 {
            world.later(SignedDuration::from_mins(35)).run().await;
        }
        assert_eq!(world.store_titles(), ["WEB-1 as it is", "WEB-2 as it is"], "{edition:?}");
        println!("figure J-F13: {edition:?}: {DRIFTS} answers with one field changed, 0 tasks lost, 0 panics");
    }
}
