//! Hostile titles in Trello's Markdown, read by a small strict reader: whatever it does not know for certain to be harmless,
//! it refuses.

use jiff::SignedDuration;

use crate::contract::trackers::Tracker;
use crate::trackers::faults::plan;
use crate::trackers::hostile::{all_is_well, some_recorded, titles};

/// Keeps what stands around it from being read as one.
const BREAK: char = '\u{200b}';

/// What a backslash takes the meaning from.
const MARKUP: &str = "\\`*_~[]()<>#|&-+=.!{}\"";

/// The words of a comment as Trello shows them. Panics at any character with a meaning that nothing keeps from it: formats,
/// links, mentions, addresses and host names that become links by themselves, pictures, and what begins a block.
fn read_markdown(sent: &str) -> String {
    // Our own: the name of who speaks.
    let (first, rest) = sent.split_once('\n').unwrap_or((sent, ""));
    let first = first.replacen("**gapwatch**", "gapwatch", 1);
    let is_reference = |line: &&str| line.strip_prefix("gapwatch ref ").is_some_and(is_mark);
    let lines = std::iter::once(first.as_str()).chain(rest.lines().filter(|line| !is_reference(line)));
    lines.map(read_line).collect::<Vec<_>>().join("\n")
}

/// Two numbers with a point between them.
fn is_mark(text: &str) -> bool {
    let plain = |part: &str| part.bytes().all(|b| b.is_ascii_digit() || b.is_ascii_lowercase());
    text.split_once('-').is_some_and(|(wire, mac)| wire.len() == 10 && mac.len() == 8 && plain(wire) && plain(mac))
}

fn read_line(line: &str) -> String {
    // Our own: the words of answers as code.
    let own = |line: String, words: &&str| line.replacen(&format!("`{words}`"), words, 1);
    let line = &crate::adversarial::ANSWERS.iter().fold(line.to_owned(), own);
    let chars: Vec<char> = line.chars().collect();
    let begins_block = |from: usize| matches!(chars.get(from), Some('-' | '+' | '=' | '#' | '>' | '|'));
    assert!(!begins_block(0) && !line.starts_with([' ', '\t']), "it begins a block: {line:?}");
    let digits = chars.iter().take_while(|c| c.is_ascii_digit()).count();
    assert!(digits == 0 || !matches!(chars.get(digits), Some('.' | ')')), "it begins a list: {line:?}");
    let (mut shown, mut at) = (String::new(), 0);
    while let Some(&c) = chars.get(at) {
        let (before, next) = (at.checked_sub(1).map(|at| chars[at]), chars.get(at + 1).copied());
        if c == '\\' {
            let next = next.unwrap_or_else(|| panic!("a backslash at the end: {line:?}"));
            assert!(MARKUP.contains(next), "a backslash before {next:?}: {line:?}");
            shown.push(next);
            at += 2;
            continue;
        }
        let means = match c {
            '`' | '*' | '_' | '~' | '[' | ']' | '(' | ')' | '<' | '>' | '#' | '|' | '&' => true,
            '@' => next != Some(BREAK),
            // Only names make addresses: a number with a point in it is one.
            '.' => before.is_some_and(char::is_alphanumeric) && next.is_some_and(char::is_alphabetic),
            ':' => next == Some('/') || is_picture(&chars[at + 1..]),
            '\n' | '\r' => true,
            _ => c.is_control(),
        };
        assert!(!means, "{c:?} means something in {line:?}");
        shown.push(c);
        at += 1;
    }
    shown.replace(BREAK, "")
}

/// `tada:` behind a colon.
fn is_picture(rest: &[char]) -> bool {
    let name = rest.iter().take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '+')).count();
    name > 0 && rest.get(name) == Some(&':')
}

#[test]
fn the_reader_refuses_what_could_do_something() {
    for bad in [
        "ask @ana",
        "[x](https://x.example)",
        "https://x.example",
        "www.x.example",
        "*a*",
        "_a_",
        "`a`",
        "# a",
        "- a",
        "1. a",
        "    a",
        "a\n> b",
        ":tada:",
        "&amp;",
        "<b>",
        "a\\",
        "a\\b",
    ] {
        assert!(std::panic::catch_unwind(|| read_markdown(bad)).is_err(), "{bad:?}");
    }
    assert_eq!(read_markdown("**gapwatch** \\*a\\*\n@\u{200b}b v1.2 10:30"), "gapwatch *a*\n@b v1.2 10:30");
}

#[tokio::test]
async fn titles_that_mention_link_format_or_hide_are_shown_and_do_nothing() {
    all_is_well(Tracker::Trello, &titles(), read_markdown).await;
}

#[tokio::test]
async fn recorded_titles_that_break_renderers_are_shown_and_do_nothing() {
    let Some(titles) = some_recorded() else { return };
    all_is_well(Tracker::Trello, &titles, read_markdown).await;
}

#[tokio::test]
async fn without_slack_the_one_mention_is_the_owners() {
    let plan = plan(Tracker::Trello).without_slack().more("").messages("backlog = \"tell\"\nwork_hours_only = false");
    let mut world = plan.begin("2026-03-02T09:00:00Z").await;
    let key = Tracker::Trello.task(&world, "@max @card @board https://trello.com/c/abcdefgh", Some("ana"));
    Tracker::Trello.due(&world, &key, "2026-03-13");
    world.run().await;
    world.at("2026-03-16T09:10:00Z").run().await;
    world.later(SignedDuration::from_mins(20)).run().await;
    let ours = Tracker::Trello.our_comments(&world, &key);
    assert_eq!(ours.len(), 1, "{ours:?}");
    assert_eq!(ours[0].matches("@ana").count(), 1, "{}", ours[0]);
    assert!(read_markdown(&ours[0].replace("@ana ", "")).contains("@max @card @board"), "{}", ours[0]);
}
