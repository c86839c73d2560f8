//! The whole way of a gap on either Jira: found, told to its owner, told to the manager if it stays, told as resolved.

use connector_simulator::jira::IssueDraft;
use insta::assert_snapshot;
use jiff::SignedDuration;
use jiff::civil::date;

use crate::world::{Edition, World, at, plain};

const HOUR: u64 = 3600;

/// Ana's task of four weeks with ten days of work in it; she has begun and booked two.
async fn redesign(edition: Edition) -> World {
    let mut world = World::plan().on_jira(edition, "").begin("2026-03-02T09:00:00Z").await;
    let key = world.jira().issue(
        "WEB",
        IssueDraft {
            assignee: Some("ana".to_owned()),
            due: Some(date(2026, 3, 27)),
            original_estimate_secs: Some(80 * HOUR),
            ..IssueDraft::new("Redesign homepage")
        },
    );
    world.run().await;
    world.at("2026-03-04T10:00:00Z");
    world.jira().status(&key, "In Progress", "ana");
    world.jira().log_work(&key, 16 * HOUR, "ana");
    world.run().await;
    world
}

async fn told_and_resolved(edition: Edition) -> (World, String) {
    let mut world = redesign(edition).await;
    let mut said = Vec::new();
    assert!(world.sent().is_empty());
    world.at("2026-03-17T10:00:00Z");
    world.jira().comment("WEB-1", "still on it", "ana");
    world.at("2026-03-18T09:00:00Z").run().await;
    said.extend(world.sent());
    for _ in 0..5 {
        world.later(SignedDuration::from_mins(2)).run().await;
    }
    assert!(world.sent().is_empty(), "further polls say nothing");
    world.at("2026-03-18T10:00:00Z");
    world.jira().log_work("WEB-1", 40 * HOUR, "ana");
    world.at("2026-03-18T10:00:30Z").run().await;
    assert!(world.sent().is_empty(), "it may be set back at once");
    world.at("2026-03-18T10:12:00Z").run().await;
    said.extend(world.sent());
    (world, said.join("\n"))
}

#[tokio::test]
async fn on_cloud_the_owner_hears_first_once_with_the_numbers_and_hears_when_it_is_over() {
    let (world, said) = told_and_resolved(Edition::Cloud).await;
    assert_snapshot!(said, @"
    comment WEB-1: gapwatch · ■ behind its pace since Wed 18 Mar
    slack @ana: ■ WEB-1 is behind its pace: 20 % done (by booked time) after 60 % of the time (12 of 20 working days), due Fri 27 Mar
    edited comment WEB-1: gapwatch · ● resolved Wed 18 Mar 10:12: behind its pace
    edited slack @ana: ● WEB-1 is resolved: behind its pace
    slack @ana (thread): ● WEB-1 is resolved: behind its pace
    ");
    let comments = world.jira().comments("WEB-1");
    let ours = comments.iter().find(|comment| comment.author == "gapwatch").unwrap();
    assert_snapshot!(plain(&ours.body), @"
    gapwatch · ● resolved Wed 18 Mar 10:12: behind its pace
    Ana K. brought its hours up to date. Open for 1 working hour.
    About “Redesign homepage”. This comment is kept up to date by gapwatch, which changes nothing else here.
    ");
    assert_eq!(ours.notified, 1, "an edit tells nobody");
}

#[tokio::test]
async fn on_data_center_the_same_is_said() {
    let (world, said) = told_and_resolved(Edition::DataCenter).await;
    assert_snapshot!(said, @"
    comment WEB-1: *gapwatch* · ■ behind its pace since Wed 18 Mar
    slack @ana: ■ WEB-1 is behind its pace: 20 % done (by booked time) after 60 % of the time (12 of 20 working days), due Fri 27 Mar
    edited comment WEB-1: *gapwatch* · ● resolved Wed 18 Mar 10:12: behind its pace
    edited slack @ana: ● WEB-1 is resolved: behind its pace
    slack @ana (thread): ● WEB-1 is resolved: behind its pace
    ");
    let comments = world.jira().comments("WEB-1");
    let ours = comments.iter().find(|comment| comment.author == "gapwatch").unwrap();
    assert_snapshot!(plain(&ours.body), @"
    *gapwatch* · ● resolved Wed 18 Mar 10:12: behind its pace
    Ana K. brought its hours up to date. Open for 1 working hour.
    _About “Redesign homepage”. This comment is kept up to date by gapwatch, which changes nothing else here._
    ");
}

#[tokio::test]
async fn the_manager_hears_when_the_owner_stays_silent_and_both_hear_the_end() {
    for edition in [Edition::Cloud, Edition::DataCenter] {
        let mut world = World::plan().on_jira(edition, "").begin("2026-03-02T09:00:00Z").await;
        world.jira().issue(
            "WEB",
            IssueDraft {
                assignee: Some("ana".to_owned()),
                due: Some(date(2026, 3, 6)),
                ..IssueDraft::new("Send the offer")
            },
        );
        world.run_until("2026-03-11T18:00:00Z", 60).await;
        let said = world.sent().join("\n");
        assert!(said.contains("slack @ana") && said.contains("slack @max"), "{edition:?}: {said}");
        let (ana, max) = (said.find("slack @ana").unwrap(), said.find("slack @max").unwrap());
        assert!(ana < max, "the owner first: {said}");
        world.jira().status("WEB-1", "Done", "ana");
        world.later(SignedDuration::from_mins(1)).run().await;
        world.later(SignedDuration::from_hours(15)).run().await;
        let end = world.sent().join("\n");
        assert!(end.contains("resolved") && end.contains("@ana") && end.contains("@max"), "{edition:?}: {end}");
        assert_eq!(world.open().await, [""; 0]);
    }
}

#[tokio::test]
async fn a_steady_poll_is_one_search_for_all_projects() {
    for edition in [Edition::Cloud, Edition::DataCenter] {
        let mut world = World::plan().on_jira(edition, "").begin("2026-03-02T09:00:00Z").await;
        for key in ["OPS", "HR"] {
            world.jira().project(key, key);
        }
        for (key, nth) in [("WEB", 1), ("OPS", 2), ("HR", 3)] {
            world.jira().issue(key, IssueDraft::new(&format!("task {nth}")));
        }
        world.run().await;
        assert_eq!(world.connection().await.tasks, 3);
        world.at("2026-03-02T09:40:00Z").poll().await;
        for _ in 0..5 {
            world.sim.forget_requests();
            world.later(SignedDuration::from_mins(2)).poll().await;
            let asked: Vec<String> = world
                .sim
                .requests()
                .iter()
                .filter(|request| request.path.contains("/jira"))
                .map(|request| format!("{} {}", request.method, request.path))
                .collect();
            assert_eq!(asked.len(), 1, "{edition:?}: {asked:?}");
            assert!(asked[0].contains("/search"), "{asked:?}");
        }
        world.jira().rename("OPS-1", "another title", "ana");
        world.later(SignedDuration::from_mins(2)).poll().await;
        assert_eq!(world.store_titles(), ["another title", "task 1", "task 3"], "{edition:?}");
        assert!(world.now() > at("2026-03-02T09:00:00Z"));
    }
}
