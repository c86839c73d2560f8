//! Hostile titles in Asana's rich text, read by a small strict reader: whatever it does not know for certain to be harmless,
//! it refuses.

use jiff::SignedDuration;

use crate::contract::trackers::Tracker;
use crate::trackers::faults::plan;
use crate::trackers::hostile::{all_is_well, sent, some_recorded, titles};

/// The words of a comment as it is sent. Panics at anything but one body of plain, strong, small and code words: no link, no
/// mention, no other tag, no character that XML does not know, no address that Asana makes a link or mention of.
fn read_rich(sent: &str) -> String {
    let inner = sent.strip_prefix("<body>").and_then(|rest| rest.strip_suffix("</body>"));
    let mut rest = inner.unwrap_or_else(|| panic!("one body: {sent:?}"));
    let (mut shown, mut open) = (String::new(), None);
    while let Some(c) = rest.chars().next() {
        if c == '<' {
            let (tag, after) = rest[1..].split_once('>').unwrap_or_else(|| panic!("a tag without an end: {sent:?}"));
            match (tag.strip_prefix('/'), open) {
                (Some(name), Some(begun)) => {
                    assert_eq!(name, begun, "{sent:?}");
                    open = None;
                }
                (None, None) => {
                    assert!(matches!(tag, "strong" | "em" | "code"), "<{tag}> in {sent:?}");
                    open = Some(tag);
                }
                _ => panic!("<{tag}> inside another: {sent:?}"),
            }
            rest = after;
        } else if c == '&' {
            let (name, after) = rest[1..].split_once(';').unwrap_or_else(|| panic!("a bare & in {sent:?}"));
            shown.push(match name {
                "amp" => '&',
                "lt" => '<',
                "gt" => '>',
                "quot" => '"',
                _ => panic!("&{name}; in {sent:?}"),
            });
            rest = after;
        } else {
            let known = matches!(c, '\n' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..);
            assert!(known && c != '>', "{c:?} in {sent:?}");
            shown.push(c);
            rest = &rest[c.len_utf8()..];
        }
    }
    assert_eq!(open, None, "{sent:?}");
    assert!(!shown.contains("://") && !shown.to_lowercase().contains("asana.com"), "an address: {shown:?}");
    shown
}

#[test]
fn the_reader_refuses_what_could_do_something() {
    for bad in [
        "x",
        "<body>x</body><body>y</body>",
        "<body><a href=\"https://x.example\">x</a></body>",
        "<body><a data-asana-gid=\"12\"/></body>",
        "<body><strong>x</body>",
        "<body>a & b</body>",
        "<body>a &nbsp; b</body>",
        "<body>\u{0}</body>",
        "<body>\u{ffff}</body>",
        "<body>https://x.example</body>",
    ] {
        assert!(std::panic::catch_unwind(|| read_rich(bad)).is_err(), "{bad:?}");
    }
    assert_eq!(read_rich("<body><strong>a</strong> &lt;b&gt;\n<em>c</em></body>"), "a <b>\nc");
}

#[tokio::test]
async fn titles_that_mention_link_format_or_hide_are_shown_and_do_nothing() {
    all_is_well(Tracker::Asana, &titles(), read_rich).await;
}

#[tokio::test]
async fn recorded_titles_that_break_renderers_are_shown_and_do_nothing() {
    let Some(titles) = some_recorded() else { return };
    all_is_well(Tracker::Asana, &titles, read_rich).await;
}

#[tokio::test]
async fn without_slack_the_one_mention_is_the_owners() {
    let plan = plan(Tracker::Asana).without_slack().more("").messages("backlog = \"tell\"\nwork_hours_only = false");
    let mut world = plan.begin("2026-03-02T09:00:00Z").await;
    let max = world.sim.asana().user_gid("max");
    let title = format!("<a data-asana-gid=\"{max}\"/> @max https://app.asana.com/0/{max}/{max}");
    let key = Tracker::Asana.task(&world, &title, Some("ana"));
    Tracker::Asana.due(&world, &key, "2026-03-13");
    world.run().await;
    world.at("2026-03-16T09:10:00Z").run().await;
    world.later(SignedDuration::from_mins(20)).run().await;
    let comments = world.sim.asana().comments(&key);
    assert_eq!(comments.len(), 1);
    assert_eq!(comments[0].mentions, ["ana"], "{}", comments[0].html);
    let mention = format!("<a data-asana-gid=\"{}\"/>", world.sim.asana().user_gid("ana"));
    let body = sent(&world, Tracker::Asana, &key).remove(0);
    assert_eq!(body.matches(&mention).count(), 1, "{body}");
    assert!(read_rich(&body.replace(&mention, "")).contains("@max"), "{body}");
}
