//! What only Asana fails with: plans that lack something, feeds and lists whose tokens have expired, administrators.

use connector_simulator::Fault;
use connector_simulator::asana::TaskDraft;
use gapwatch::store::FailureKind;
use jiff::SignedDuration;

use crate::contract::trackers::Tracker;
use crate::trackers::faults::{
    FOR_EVER, LATE, SECOND, asked, is_survived, late, nothing_is_lost, refusal, troubled, watch,
};
use crate::world::{WEB_SHOP, World};

#[tokio::test]
async fn a_block_by_an_administrator_is_survived() {
    is_survived(Tracker::Asana, refusal(403), FailureKind::Forbidden).await;
}

#[tokio::test]
async fn a_login_page_is_survived() {
    is_survived(Tracker::Asana, Fault::Html200, FailureKind::Unavailable).await;
}

#[tokio::test]
async fn a_feed_whose_token_has_expired_is_begun_anew_and_what_it_lost_is_read() {
    let (mut world, keys) = troubled(Tracker::Asana).await;
    let asana = world.sim.asana();
    asana.lose_events(1_000);
    asana.complete(&keys[0], "ana");
    asana.expire_syncs();
    watch(&mut world, "2026-03-16T11:06:00Z").await;
    assert_eq!(world.connection().await.failure, None, "it is the way in which a feed begins");
    watch(&mut world, "2026-03-16T11:40:00Z").await;
    assert_eq!(late(&world).await, [""; 0], "found by a list, for its event was lost");
    let sent = world.sent();
    assert!(sent.iter().any(|sent| sent.starts_with("slack @ana (thread): ● ")), "{sent:#?}");
}

#[tokio::test]
async fn a_feed_that_never_begins_is_no_failure_and_nothing_is_missed() {
    let (mut world, keys) = troubled(Tracker::Asana).await;
    let fault = Fault::Status(
        412,
        "{\"errors\":[{\"message\":\"Sync token invalid or too old\"}],\"sync\":\"de4774f6915eae04714ca93bb2f5ee81\"}"
            .to_owned(),
    );
    world.sim.fail_next(Tracker::Asana.tool(), "/events", fault, FOR_EVER);
    Tracker::Asana.finish(&world, &keys[0], "ana");
    watch(&mut world, "2026-03-16T12:10:00Z").await;
    assert_eq!(world.connection().await.failure, None);
    assert_eq!(late(&world).await, [SECOND]);
}

#[tokio::test]
async fn a_place_in_a_list_that_has_expired_begins_that_list_again() {
    let (mut world, keys) = troubled(Tracker::Asana).await;
    for nth in 0..250 {
        Tracker::Asana.task(&world, &format!("task {nth:03}"), None);
    }
    let asana = world.sim.asana();
    asana.expire_syncs();
    let expired = "{\"errors\":[{\"message\":\"offset: Your pagination token has expired.\"}]}";
    world.sim.fail_next(Tracker::Asana.tool(), "GET /tasks offset=", Fault::Status(400, expired.to_owned()), 1);
    asana.complete(&keys[0], "ana");
    watch(&mut world, "2026-03-16T11:40:00Z").await;
    assert_eq!(world.connection().await.failure, None);
    assert_eq!(world.store_titles().len(), 252);
    let open = late(&world).await;
    assert!(open.iter().all(|gap| !gap.starts_with("overdue")), "{open:?}");
}

#[tokio::test]
async fn a_plan_that_becomes_free_goes_on_with_what_it_has() {
    let (mut world, keys) = troubled(Tracker::Asana).await;
    let asana = world.sim.asana();
    for refuses in [true, false] {
        asana.free(true);
        asana.refuse_paid_fields(refuses);
        world.later(SignedDuration::from_mins(5)).run().await;
        assert_eq!(world.connection().await.failure, None, "fields refused: {refuses}");
        nothing_is_lost(&mut world, &format!("fields refused: {refuses}")).await;
        asana.free(false);
        world.later(SignedDuration::from_mins(5)).run().await;
    }
    asana.free(true);
    asana.complete(&keys[0], "ana");
    watch(&mut world, "2026-03-16T11:50:00Z").await;
    assert_eq!(late(&world).await, [""; 0]);
}

#[tokio::test]
async fn a_402_for_everything_takes_nothing_away() {
    let (mut world, _) = troubled(Tracker::Asana).await;
    let paid = "{\"errors\":[{\"message\":\"This is only available to premium users.\"}]}";
    world.sim.fail_next(Tracker::Asana.tool(), "", Fault::Status(402, paid.to_owned()), FOR_EVER);
    watch(&mut world, "2026-03-16T13:00:00Z").await;
    assert!(world.connection().await.failure.is_some());
    nothing_is_lost(&mut world, "402").await;
    world.sim.heal();
    watch(&mut world, "2026-03-16T15:00:00Z").await;
    assert_eq!(world.connection().await.failure, None);
    assert_eq!(late(&world).await, [LATE, SECOND]);
}

#[tokio::test]
async fn a_project_that_is_hidden_or_archived_takes_nothing_away_and_comes_back() {
    type Deed = fn(&World, bool);
    let deeds: [(&str, Deed); 2] = [
        ("hidden", |world, on| world.sim.asana().hide(WEB_SHOP, on)),
        ("archived", |world, on| world.sim.asana().archive(WEB_SHOP, on)),
    ];
    for (what, deed) in deeds {
        let (mut world, keys) = troubled(Tracker::Asana).await;
        deed(&world, true);
        watch(&mut world, "2026-03-16T15:00:00Z").await;
        let gone = crate::lab::rows(&world.store(), "SELECT key FROM tasks WHERE gone_at IS NOT NULL");
        assert_eq!(gone, [""; 0], "{what}");
        let sent = world.sent();
        assert!(sent.iter().all(|sent| !sent.contains("esolved") && !sent.contains("deleted")), "{what}: {sent:#?}");
        deed(&world, false);
        world.later(SignedDuration::from_mins(70));
        Tracker::Asana.finish(&world, &keys[0], "ana");
        for _ in 0..3 {
            world.later(SignedDuration::from_mins(70)).run().await;
        }
        let open = late(&world).await;
        assert!(open.len() == 1 && open[0].starts_with(SECOND), "{what}: {open:?}");
        assert_eq!(world.connection().await.failure, None, "{what}");
    }
}

#[tokio::test]
async fn a_project_that_nobody_named_and_that_is_out_of_sight_is_held_and_told_and_comes_back() {
    let plan = World::plan().on_asana("").more("[operators]\nchannel = \"#ops\"\n");
    let mut world = plan.begin("2026-03-02T09:00:00Z").await;
    let asana = world.sim.asana();
    asana.project("Elsewhere");
    asana.task("Elsewhere", TaskDraft::new("Other work"));
    let key = Tracker::Asana.task(&world, "Redesign homepage", Some("ana"));
    Tracker::Asana.due(&world, &key, "2026-03-13");
    world.run().await;
    world.at("2026-03-16T10:00:00Z").run().await;
    world.at("2026-03-16T11:00:00Z").run().await;
    assert_eq!(late(&world).await, [LATE]);
    world.sent();
    asana.hide(WEB_SHOP, true);
    watch(&mut world, "2026-03-16T15:00:00Z").await;
    nothing_is_lost(&mut world, "hidden").await;
    let open = late(&world).await;
    assert!(open.iter().any(|gap| gap.starts_with("sys.mirror_stale")), "{open:?}");
    assert_eq!(world.gap("overdue").await.alert.ending, None, "not seen is not gone");
    asana.rename("Other work", "Other work, seen", "max");
    world.later(SignedDuration::from_mins(5)).poll().await;
    assert!(world.store_titles().contains(&"Other work, seen".to_owned()), "the others go on");
    asana.hide(WEB_SHOP, false);
    world.later(SignedDuration::from_mins(70));
    Tracker::Asana.finish(&world, &key, "ana");
    for _ in 0..3 {
        world.later(SignedDuration::from_mins(70)).run().await;
    }
    assert_eq!(late(&world).await, [""; 0]);
    assert_eq!(world.connection().await.failure, None);
}

#[tokio::test]
async fn a_steady_poll_is_one_question_for_each_project() {
    let (mut world, _) = troubled(Tracker::Asana).await;
    watch(&mut world, "2026-03-16T12:20:00Z").await;
    world.sim.forget_requests();
    let polls = 4;
    for _ in 0..polls {
        world.later(SignedDuration::from_mins(5)).poll().await;
    }
    let asked = asked(&world, Tracker::Asana);
    let paths: Vec<&str> = asked.iter().map(|request| request.path.as_str()).collect();
    assert_eq!(paths.len(), polls, "{paths:?}");
    assert!(paths.iter().all(|path| path.ends_with("/events")), "{paths:?}");
}
