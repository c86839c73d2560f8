//! Several trackers at once, one of which does not answer.

use connector_simulator::{Fault, Tool};
use jiff::SignedDuration;

use crate::contract::trackers::Tracker;
use crate::lab::rows;
use crate::world::{Plan, World};

/// GitHub and another tracker beside it.
fn both(other: Tracker) -> Plan {
    World::plan().and(other.plan()).more("[operators]\nchannel = \"#ops\"\n")
}

const OTHERS: [Tracker; 4] = [Tracker::JiraCloud, Tracker::JiraDataCenter, Tracker::Asana, Tracker::Trello];

/// How a tracker ceases to answer.
#[derive(Debug, Clone, Copy)]
enum Trouble {
    Token,
    Quota,
}

fn befalls(world: &World, tool: Tool, trouble: Trouble) {
    let fault = match trouble {
        Trouble::Token => Fault::Status(
            401,
            "{\"message\":\"Bad credentials\",\"errors\":[{\"message\":\"Not Authorized\"}]}".to_owned(),
        ),
        Trouble::Quota => Fault::RateLimited(4 * 3600),
    };
    world.sim.fail_next(tool, "", fault, 100_000);
}

#[tokio::test]
async fn d23_a_token_or_a_quota_of_one_tracker_silences_that_tracker_alone() {
    for other in OTHERS {
        for (broken, sound) in [(other, Tracker::GitHub), (Tracker::GitHub, other)] {
            for trouble in [Trouble::Token, Trouble::Quota] {
                let what = format!("{broken:?} beside {sound:?}: {trouble:?}");
                let mut world = both(other).begin("2026-03-02T09:00:00Z").await;
                let keys = [broken, sound].map(|tracker| {
                    let key = tracker.task(&world, &format!("Ship {}", tracker.connection()), Some("ana"));
                    tracker.due(&world, &key, "2026-03-05");
                    key
                });
                world.run().await;
                world.sent();
                world.at("2026-03-05T12:00:00Z").run().await;
                befalls(&world, broken.tool(), trouble);
                // It is done while nobody can see it; the other one is not.
                world.later_by_minutes(60);
                broken.finish(&world, &keys[0], "max");
                world.at("2026-03-06T09:00:00Z").poll().await;
                for _ in 0..4 {
                    world.later(SignedDuration::from_mins(20)).poll().await;
                }
                let told = world.slack().messages().into_iter().filter(|message| message.ours);
                let words: Vec<String> = told.map(|message| message.text).collect();
                let late = |tracker: Tracker| {
                    let title = format!("Ship {}", tracker.connection());
                    words.iter().any(|text| text.contains(&title) && text.contains("past its date"))
                };
                assert!(late(sound), "{what}: {words:#?}");
                assert!(!late(broken), "{what}: {words:#?}");
                let state = world.engine().core.connection_states().await.expect("the store can be read");
                let failing: Vec<&str> =
                    state.iter().filter(|one| one.failure.is_some()).map(|one| one.name.as_str()).collect();
                assert_eq!(failing, [broken.connection()], "{what}");
                assert_eq!(
                    rows(&world.store(), "SELECT count(*) FROM tasks WHERE gone_at IS NOT NULL"),
                    ["0"],
                    "{what}"
                );
            }
        }
    }
}
