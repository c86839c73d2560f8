//! Hostile titles: the mirror holds each as it is; a comment shows the printable characters of the first 150, mentions nobody,
//! links nowhere, and formats nothing.

use std::collections::HashMap;

use jiff::SignedDuration;

use super::faults::plan;
use crate::adversarial::{corpus, expected, printable, recorded};
use crate::contract::trackers::Tracker;
use crate::world::World;

/// What means something in rich text and in its tool's own short forms.
fn of_both() -> Vec<String> {
    let titles = [
        "</body><body>twice</body>",
        "<a data-asana-gid=\"1200000000000101\"/> and <a href=\"https://evil.example\">x</a>",
        "<![CDATA[<b>x</b>]]> <?xml version=\"1.0\"?> <!DOCTYPE x [<!ENTITY y SYSTEM \"file:///etc/passwd\">]>",
        "&lt;strong&gt; &#60;b&#62; &nbsp; &unknown; &",
        "\u{fffe}\u{ffff}\u{1}\u{8} no characters of XML",
        "@card @board @max @ana: \u{201e}x\u{201c}",
        "[x](https://evil.example \"smartCard-inline\") https://trello.com/c/abcdefgh",
        "https://app.asana.com/0/0/1200000000000101/f app.asana.com/0/1/2",
    ];
    titles.into_iter().map(str::to_owned).collect()
}

/// Titles of our own making.
pub fn titles() -> Vec<String> {
    corpus().into_iter().chain(of_both()).collect()
}

/// Of the recorded collections as many as a test has time for. `None`: there are none here.
pub fn some_recorded() -> Option<Vec<String>> {
    let titles = recorded()?.into_iter().filter(|title| !title.trim().is_empty());
    Some(titles.step_by(3).collect())
}

/// Opens an overdue task of Ana's for each title, lets everything be said, and checks every word of it. `read` gives the words
/// of a comment as it was sent, and panics at whatever it does not know for certain to be harmless.
pub async fn all_is_well(tracker: Tracker, titles: &[String], read: fn(&str) -> String) {
    let plan = plan(tracker).messages("backlog = \"tell\"\nwork_hours_only = false\n");
    let mut world = plan.begin("2026-03-02T09:00:00Z").await;
    let mut keys = Vec::new();
    for title in titles {
        let key = tracker.task(&world, title, Some("ana"));
        tracker.due(&world, &key, "2026-03-13");
        keys.push(key);
    }
    world.run().await;
    world.at("2026-03-16T09:10:00Z").run().await;
    world.later(SignedDuration::from_mins(20)).run().await;
    let mirror = mirrored(&world);
    for (key, title) in keys.iter().zip(titles) {
        assert_eq!(mirror.get(key).map(String::as_bytes), Some(title.as_bytes()), "{tracker:?} {key}");
        let ours = sent(&world, tracker, key);
        assert_eq!(ours.len(), 1, "{tracker:?} {key} {title:?}: one comment");
        let shown = printable(&read(&ours[0]));
        let about = shown.split_once("About“").map_or("", |(_, about)| about);
        // No characters at all, which XML does not know either.
        let is_one = |c: &char| !matches!(c, '\u{fdd0}'..='\u{fdef}') && u32::from(*c) & 0xfffe != 0xfffe;
        let wanted: String = expected(title).chars().filter(is_one).collect();
        assert!(about.starts_with(&wanted) || wanted.is_empty(), "{tracker:?} {key} {title:?}:\n{wanted}\n{shown}");
    }
    println!("figure T-H: {tracker:?}: {} hostile titles, each whole in the mirror and harmless", titles.len());
}

/// Comments as they were sent on a task.
pub fn sent(world: &World, tracker: Tracker, key: &str) -> Vec<String> {
    match tracker {
        Tracker::Asana => {
            let writes = world.sim.asana().writes().into_iter();
            writes.filter(|write| write.task == key).map(|write| write.body).collect()
        }
        _ => tracker.our_comments(world, key),
    }
}

fn mirrored(world: &World) -> HashMap<String, String> {
    let db = crate::lab::reader(&world.store()).unwrap();
    let mut rows = db.prepare("SELECT ext, title FROM tasks").unwrap();
    let row = |row: &rusqlite::Row<'_>| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?));
    rows.query_map([], row).unwrap().map(Result::unwrap).collect()
}
