//! The same company in every tracker: the same troubles are found, wherever the tool tells what a rule asks for.

use std::collections::BTreeSet;
use std::sync::Arc;

use connector_kit::Clock;
use connector_kit::clock::SetClock;
use connector_simulator::{Simulator, Story};
use gapwatch::daemon::Engine;
use gapwatch::domain::alert::AlertState;
use gapwatch::store::StorePath;
use tempfile::TempDir;

use crate::lab::at;
use crate::world::parse;

/// Where the company works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    GitHub,
    Cloud,
    DataCenter,
    Asana,
    Trello,
}

fn connection(place: Place, sim: &Simulator) -> String {
    match place {
        Place::GitHub => {
            let repos = "\"acme/web\", \"acme/api\", \"acme/ops\"";
            format!("[github.acme]\nurl = {:?}\ntoken = \"demo\"\nrepos = [{repos}]\n", sim.github_url())
        }
        Place::Cloud => {
            let url = sim.jira_cloud_url();
            format!(
                "[jira.acme]\nurl = {url:?}\nkind = \"cloud\"\nemail = \"gapwatch@example.org\"\ntoken = \"demo\"\n"
            )
        }
        Place::DataCenter => format!("[jira.acme]\nurl = {:?}\nkind = \"dc\"\ntoken = \"demo\"\n", sim.jira_dc_url()),
        Place::Asana => format!("[asana.acme]\nurl = {:?}\ntoken = \"demo\"\n", sim.asana_url()),
        Place::Trello => format!(
            "[trello.acme]\nurl = {:?}\nkey = \"demo-key\"\ntoken = \"demo\"\nstates = {{ waiting = [\"Blocked\"] }}\n",
            sim.trello_url()
        ),
    }
}

/// Every gap that is open there today: its rule, and its task's title.
async fn gaps(place: Place) -> BTreeSet<String> {
    let today = at("2026-03-02T09:00:00Z");
    let clock = Arc::new(SetClock::leaping(today));
    let shown = clock.clone();
    let sim = Simulator::start(Arc::new(move || shown.now())).await.unwrap();
    let story = Story::new(1, at("2026-01-19T09:00:00Z"));
    let mut story = match place {
        Place::GitHub => story,
        Place::Cloud | Place::DataCenter => story.on_jira(),
        Place::Asana => story.on_asana(),
        Place::Trello => story.on_trello(),
    };
    story.play_until(&sim, today);
    // Elsewhere than on GitHub and Jira Cloud nothing tells a robot from a person.
    let bots = "[directory]\nbots = [\"stale[bot]\", \"renovate[bot]\"]\n";
    let mut text = format!("mode = \"observe\"\n{}\n{bots}", connection(place, &sim));
    for person in story.people() {
        let (handle, name, email) = (&person.handle, &person.name, &person.email);
        let also = format!("github = {:?}, jira = {handle:?}, trello = {handle:?}", person.github_login);
        text += &format!(
            "\n[people.{handle}]\nname = {name:?}\nemail = {email:?}\ntz = \"Etc/UTC\"\nalso = {{ {also} }}\n"
        );
        text += &person.manager.as_ref().map_or_else(String::new, |manager| format!("manager = {manager:?}\n"));
    }
    let folder = TempDir::new().unwrap();
    let store = StorePath::File(folder.path().join("gapwatch.db"));
    let engine = Engine::start(&parse(&text), store, clock.clone()).unwrap();
    let report = engine.pull(true).await.unwrap().into_values().next().unwrap();
    assert_eq!((&report.unreadable[..], &report.failures[..]), (&[][..], &[][..]), "{place:?}");
    assert_eq!(engine.decide().await.unwrap(), None);
    let found = engine.core.gaps(clock.now()).await.unwrap();
    let open = found.into_iter().filter(|gap| gap.alert.state != AlertState::Resolved);
    open.filter_map(|gap| Some(format!("{} {}", gap.alert.rule.0, gap.name?.title))).collect()
}

#[tokio::test]
async fn the_same_company_has_the_same_gaps_in_every_tracker() {
    let at_github = gaps(Place::GitHub).await;
    assert!(at_github.len() >= 15, "{at_github:#?}");
    for place in [Place::Cloud, Place::DataCenter, Place::Asana, Place::Trello] {
        // What declares progress there is boxes in a text; to Jira they are nothing but text.
        let untold: &[&str] = match place {
            Place::Cloud | Place::DataCenter => {
                &["pace.behind Redesign homepage", "pace.behind Rewrite the help centre"]
            }
            // There they are sub-tasks, and a whole grows as old as its parts.
            Place::Asana => &[
                "aging New product photos",
                "aging Redesign homepage",
                "aging Rewrite the help centre",
                "aging Test the audit log",
            ],
            // There a label keeps saying that it waits, which is no time of its own.
            Place::Trello => &["aging Test the card terminals"],
            Place::GitHub => &[],
        };
        // On GitHub both are due with their milestone, which is no date of theirs; elsewhere each has the same day of its own.
        let conflict = (place != Place::GitHub).then_some("dep.date_conflict Load test the payment page");
        // A label says there that it waits; on the others' boards it stands among what is worked on.
        let waits = (place == Place::Trello).then_some("blocker.unnamed Test the card terminals");
        let more = conflict.into_iter().chain(waits).map(str::to_owned);
        let told = |gap: &&String| !untold.contains(&gap.as_str());
        let mut expected: BTreeSet<String> = at_github.iter().filter(told).cloned().collect();
        assert_eq!(expected.len(), at_github.len() - untold.len());
        expected.extend(more);
        assert_eq!(gaps(place).await, expected, "{place:?}");
    }
}
