//! Words that are on their way when something breaks.

use connector_simulator::{Fault, Tool};
use jiff::SignedDuration;

use crate::contract::trackers::{ALL, Tracker};
use crate::world::World;

/// Ana's task, due on Monday; on Tuesday morning she, and the task, are about to be told.
async fn about_to_be_told(tracker: Tracker) -> (World, String) {
    let plan = tracker.plan().more("[rules.stalled]\nenabled = false\n");
    let mut world = plan.begin("2026-03-02T09:00:00Z").await;
    let key = tracker.task(&world, "Send the offer", Some("ana"));
    tracker.due(&world, &key, "2026-03-09");
    world.run().await;
    world.at("2026-03-04T10:00:00Z");
    tracker.start(&world, &key, "ana");
    world.run().await;
    world.at("2026-03-09T16:50:00Z").run().await;
    world.at("2026-03-10T09:00:00Z");
    (world, key)
}

/// How often Ana was told in a message of its own, and how many comments of ours stand on the task.
fn told(tracker: Tracker, world: &World, key: &str) -> (usize, usize) {
    let messages = world.slack().messages();
    let direct =
        messages.iter().filter(|one| one.ours && one.thread_ts.is_none() && one.text.contains("past its date"));
    (direct.count(), tracker.our_comments(world, key).len())
}

#[tokio::test]
async fn d28_whatever_breaks_in_mid_send_and_whenever_it_is_restarted_each_word_is_there_once() {
    for tracker in ALL {
        for breaks in ["answer lost", "refused for now", "restart"] {
            let (mut world, key) = about_to_be_told(tracker).await;
            let before = told(tracker, &world, &key);
            assert_eq!(before.0, 0, "{tracker:?}");
            let fault = match breaks {
                // It took effect, and the answer never came.
                "answer lost" => Some(Fault::AfterCommit(Box::new(Fault::Reset))),
                "refused for now" => Some(Fault::Status(503, "{}".to_owned())),
                _ => None,
            };
            if let Some(fault) = fault {
                world.sim.fail_next(Tool::Slack, "POST chat.postMessage", fault.clone(), 1);
                world.sim.fail_next(tracker.tool(), tracker.comments(), fault, 1);
            }
            world.run().await;
            world.restart().await;
            for minutes in [2, 10, 30, 60] {
                world.later(SignedDuration::from_mins(minutes)).run().await;
                if breaks == "restart" {
                    world.restart().await;
                }
            }
            assert_eq!(told(tracker, &world, &key), (1, 1), "{tracker:?} {breaks}");
        }
    }
}
