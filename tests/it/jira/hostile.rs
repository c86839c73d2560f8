//! Hostile titles on Jira: the mirror holds each byte for byte; a comment shows the printable characters of the first 150,
//! mentions nobody, links nowhere but where we link, and formats nothing. Documents and wiki text are read by small strict
//! readers: whatever they do not know for certain to be harmless, they refuse.

use std::collections::HashMap;

use connector_simulator::jira::IssueDraft;
use jiff::SignedDuration;
use jiff::civil::date;
use serde_json::Value;

use super::faults::{EDITIONS, plan};
use crate::adversarial::{corpus, expected, printable, recorded};
use crate::world::{Edition, World};

/// Of Jira's own: macros, mentions, dashes, smileys, colours, and what its editor makes of shorthand.
fn of_jira() -> Vec<String> {
    let titles = [
        "[~ana] and [~accountid:712020:0c5f4bb1-1d43-4c2c-8b4c-5a4f4f4a2b10] and @ana",
        "{code}x{code} {noformat}y{noformat} {quote}z{quote} {panel:title=a}b{panel} {html}<b>c</b>{html}",
        "{color:red}red{color} {anchor:x} {toc} {include:y} {{monospaced}}",
        "h1. heading",
        "bq. quote",
        "# numbered",
        "* starred",
        "- dashed",
        "|| head || head ||",
        "| cell | cell |",
        "[text|https://evil.example] [https://evil.example] [mailto:a@b.example] [^attachment.txt] [#anchor] [WEB-1]",
        "!https://evil.example/p.png! !image.png|thumbnail! !!",
        "*bold* _em_ ??cite?? -del- +ins+ ^sup^ ~sub~ (x) (/) (!) (y) (n) (on) (*r) :) :( :P ;) <3",
        "---- --- -- \\\\ line break",
        "\\{code} \\[~ana] \\\\[~ana] \\\\\\[~ana]",
        "<script>alert(1)</script> &lt;b&gt; &amp; &#91;~ana&#93;",
        "{\"type\":\"mention\",\"attrs\":{\"id\":\"x\"}}",
        "file:///etc/passwd smb://host/share javascript:alert(1) //evil.example \\\\host\\share",
        "WEB-1 WEB-2 and OPS-17",
        "] [ } { ~ | ^ _ * + - ? ! ( ) @ # % & : ; < >",
    ];
    titles.into_iter().map(str::to_owned).collect()
}

/// Opens an overdue issue of Ana's for each title, lets everything be said, and checks every word of it.
async fn all_is_well(edition: Edition, titles: &[String]) {
    let plan = plan(edition, "").messages("backlog = \"tell\"\nwork_hours_only = false\n");
    let mut world = plan.begin("2026-03-02T09:00:00Z").await;
    let jira = world.jira();
    let mut keys = Vec::new();
    for title in titles {
        let due = Some(date(2026, 3, 13));
        let draft = IssueDraft { assignee: Some("ana".to_owned()), due, ..IssueDraft::new(title) };
        keys.push(jira.issue("WEB", draft));
    }
    world.run().await;
    world.at("2026-03-16T09:10:00Z").run().await;
    world.later(SignedDuration::from_mins(20)).run().await;
    let mirror = mirrored(&world);
    for (key, title) in keys.iter().zip(titles) {
        assert_eq!(mirror.get(key).map(String::as_bytes), Some(title.as_bytes()), "{key}");
        let comments = jira.comments(key);
        assert_eq!(comments.len(), 1, "{edition:?} {key} {title:?}: one comment");
        let read = match edition {
            Edition::Cloud => read_document(&comments[0].body),
            Edition::DataCenter => read_wiki(comments[0].body.as_str().unwrap()),
        };
        let shown = printable(&read);
        let about = shown.split_once("About“").map_or("", |(_, about)| about);
        // No characters at all, which XML does not know either.
        let is_one = |c: &char| !matches!(c, '\u{fdd0}'..='\u{fdef}') && u32::from(*c) & 0xfffe != 0xfffe;
        let wanted: String = expected(title).chars().filter(is_one).collect();
        assert!(about.starts_with(&wanted) || wanted.is_empty(), "{edition:?} {key} {title:?}:\n{wanted}\n{shown}");
    }
    println!(
        "figure J-H: {edition:?}: {} hostile titles, each whole in the mirror and harmless in its comment",
        titles.len()
    );
}

fn mirrored(world: &World) -> HashMap<String, String> {
    let db = crate::lab::reader(&world.store()).unwrap();
    let mut rows = db.prepare("SELECT key, title FROM tasks").unwrap();
    let row = |row: &rusqlite::Row<'_>| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?));
    rows.query_map([], row).unwrap().map(Result::unwrap).collect()
}

/// The words of a document. Panics at anything but paragraphs of plain, strong and small words: no mention, no link, no
/// card, no macro.
fn read_document(document: &Value) -> String {
    assert_eq!((&document["type"], &document["version"]), (&Value::from("doc"), &Value::from(1)));
    let mut shown = String::new();
    for block in document["content"].as_array().unwrap() {
        assert_eq!(block["type"], "paragraph", "{block}");
        for node in block["content"].as_array().unwrap() {
            assert_eq!(node["type"], "text", "a comment that mentions nobody: {node}");
            for mark in node["marks"].as_array().into_iter().flatten() {
                let kind = mark["type"].as_str().unwrap();
                assert!(matches!(kind, "strong" | "em" | "code" | "subsup"), "{mark}");
            }
            shown.push_str(node["text"].as_str().unwrap());
        }
        shown.push('\n');
    }
    shown
}

/// Kept from being read as markup where a backslash does not help.
const BREAK: char = '\u{200b}';

/// Wiki text as Jira shows it: backslashes taken off. Panics at any character with a meaning that nothing keeps from it.
fn read_wiki(text: &str) -> String {
    text.lines().enumerate().map(|(nth, line)| read_wiki_line(line, nth)).collect::<Vec<_>>().join("\n")
}

fn read_wiki_line(line: &str, nth: usize) -> String {
    // Our own: the name in bold, and the last line in italics.
    let line = if nth == 0 { line.replacen("*gapwatch*", "gapwatch", 1) } else { line.to_owned() };
    let line = match line.strip_prefix('_').and_then(|rest| rest.strip_suffix('_')) {
        Some(inner) if !inner.ends_with('\\') => inner.to_owned(),
        _ => line,
    };
    let own = |line: String, words: &&str| line.replacen(&format!("{{{{{words}}}}}"), words, 1);
    let line = crate::adversarial::ANSWERS.iter().fold(line, own);
    let lower = line.to_lowercase();
    assert!(
        !["bq.", "h1.", "h2.", "h3.", "h4.", "h5.", "h6."].iter().any(|block| lower.starts_with(block)),
        "{line:?}"
    );
    let chars: Vec<char> = line.chars().collect();
    let (mut shown, mut at) = (String::new(), 0);
    while let Some(&c) = chars.get(at) {
        let next = chars.get(at + 1).copied();
        if c == '\\' && next.is_some_and(|next| "-#*_+?^~|%{}[]()!@".contains(next)) {
            assert!(at == 0 || chars[at - 1] != '\\', "a backslash before a backslash takes nothing off: {line:?}");
            shown.push(next.unwrap());
            at += 2;
            continue;
        }
        let means = match c {
            '{' | '}' | '[' | ']' | '|' | '^' | '~' | '*' | '_' | '!' => true,
            '\\' => next == Some('\\'),
            // A link is made of an address by itself.
            ':' => next == Some('/') && chars.get(at + 2) == Some(&'/'),
            '<' | '&' => false,
            _ => false,
        };
        assert!(!means, "{c} means something in {line:?}");
        shown.push(c);
        at += 1;
    }
    shown.replace(BREAK, "")
}

#[tokio::test]
async fn titles_that_mention_link_format_or_hide_are_shown_and_do_nothing() {
    for edition in EDITIONS {
        let titles: Vec<String> = corpus().into_iter().chain(of_jira()).collect();
        all_is_well(edition, &titles).await;
    }
}

#[tokio::test]
async fn recorded_titles_that_break_renderers_are_shown_and_do_nothing() {
    let Some(titles) = recorded() else { return };
    let titles: Vec<String> = titles.into_iter().filter(|title| !title.trim().is_empty()).collect();
    for (edition, first) in EDITIONS.into_iter().zip(0..) {
        // Enough of them for the time a test may take; the renderers' own tests go through all.
        let some: Vec<String> = titles.iter().skip(first).step_by(3).cloned().collect();
        all_is_well(edition, &some).await;
    }
}

#[tokio::test]
async fn without_slack_the_one_mention_is_the_owners() {
    for edition in EDITIONS {
        let plan = plan(edition, "").without_slack().more("").messages("backlog = \"tell\"\nwork_hours_only = false");
        let mut world = plan.begin("2026-03-02T09:00:00Z").await;
        let title = "[~max] [~accountid:1] @max @Max W. {code}";
        let due = Some(date(2026, 3, 13));
        let draft = IssueDraft { assignee: Some("ana".to_owned()), due, ..IssueDraft::new(title) };
        let key = world.jira().issue("WEB", draft);
        world.run().await;
        world.at("2026-03-16T09:10:00Z").run().await;
        world.later(SignedDuration::from_mins(20)).run().await;
        let body = world.jira().comments(&key).remove(0).body;
        let text = body.to_string();
        match edition {
            Edition::Cloud => {
                assert_eq!(text.matches("\"type\":\"mention\"").count(), 1, "{text}");
                assert!(text.contains(&world.jira().account_id("ana")), "{text}");
            }
            Edition::DataCenter => {
                let text = body.as_str().unwrap();
                assert_eq!(text.matches("[~").count(), 1, "{text}");
                let (before, after) = text.split_once("[~ana]").unwrap();
                assert!(before.is_empty(), "{text}");
                assert!(printable(&read_wiki(after)).contains("[~max]"), "{text}");
            }
        }
    }
}
