//! Words as an Atlassian document, for Cloud.
//!
//! In a document text is text: only nodes and marks mean something, and only those made here are in it. Jira refuses the
//! whole comment for one node it does not allow (an empty text, a mark beside code), so few kinds are used: paragraphs of
//! text and mentions.

use connector_kit::{Block, Span, Text};
use serde_json::{Value, json};

use super::{clean, destination, fitted, label_of, spans};

/// The document.
pub(crate) fn document(text: &Text) -> Value {
    document_of(text, paragraph)
}

/// The same words and nothing but words, where Jira finds fault with the document.
pub(crate) fn bare_document(text: &Text) -> Value {
    document_of(text, bare_paragraph)
}

fn document_of(text: &Text, paragraph: fn(&Block) -> Option<Value>) -> Value {
    let long = |block: &Block| paragraph(block).map_or(0, |node| node.to_string().chars().count() + 1);
    let content: Vec<Value> = fitted(text, long).iter().filter_map(paragraph).collect();
    let content = if content.is_empty() { vec![paragraph_of(vec![text_node("…", Vec::new())])] } else { content };
    json!({"type": "doc", "version": 1, "content": content})
}

/// `None`: there is nothing in it.
fn paragraph(block: &Block) -> Option<Value> {
    let small = matches!(block, Block::Note(_));
    let nodes: Vec<Value> = spans(block).iter().filter_map(|span| node(span, small)).collect();
    (!nodes.is_empty()).then(|| paragraph_of(nodes))
}

fn bare_paragraph(block: &Block) -> Option<Value> {
    let words = |span: &Span| match span {
        Span::Plain(words) | Span::Strong(words) | Span::Code(words) => clean(words),
        Span::Link { label, url } => match destination(url) {
            Some(url) => format!("{} ({url})", label_of(label)),
            None => label_of(label),
        },
        // An account's id tells people nothing.
        Span::Mention(_) => String::new(),
    };
    let words: String = spans(block).iter().map(words).collect();
    (!words.trim().is_empty()).then(|| paragraph_of(vec![text_node(words.trim(), Vec::new())]))
}

fn paragraph_of(nodes: Vec<Value>) -> Value {
    json!({"type": "paragraph", "content": nodes})
}

fn text_node(words: &str, marks: Vec<Value>) -> Value {
    if marks.is_empty() {
        return json!({"type": "text", "text": words});
    }
    json!({"type": "text", "text": words, "marks": marks})
}

/// `None`: an empty text, which no document may hold.
fn node(span: &Span, small: bool) -> Option<Value> {
    let mut marks: Vec<Value> = Vec::new();
    let words = match span {
        // An account's own name is shown for its id.
        Span::Mention(id) if is_account_id(id) => return Some(json!({"type": "mention", "attrs": {"id": id}})),
        Span::Plain(words) | Span::Mention(words) => clean(words),
        Span::Strong(words) => {
            marks.push(json!({"type": "strong"}));
            clean(words)
        }
        Span::Code(words) => {
            marks.push(json!({"type": "code"}));
            clean(words)
        }
        Span::Link { label, url } => {
            marks.extend(destination(url).map(|url| json!({"type": "link", "attrs": {"href": url.as_str()}})));
            label_of(label)
        }
    };
    // Code allows no emphasis beside it.
    if small && !matches!(span, Span::Code(_)) {
        marks.push(json!({"type": "em"}));
    }
    (!words.is_empty()).then(|| text_node(&words, marks))
}

/// `5b10a2844c20165700ede21g`, `557058:f58131cb-b67d-43c7-b30d-6b58d40bd077`.
fn is_account_id(text: &str) -> bool {
    let fits = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b':' | b'-' | b'_' | b'|' | b'.');
    !text.is_empty() && text.len() <= 128 && text.bytes().all(fits)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use proptest::prelude::*;

    use super::super::LONGEST_BODY;
    use super::super::samples::*;
    use super::*;

    const ANA: &str = "557058:f58131cb-b67d-43c7-b30d-6b58d40bd077";

    /// What Jira's description of a document allows of what is used here; everything else is an error.
    fn check(document: &Value) -> Result<(), String> {
        let kind = |value: &Value| value["type"].as_str().unwrap_or("").to_owned();
        let members = |value: &Value, allowed: &[&str]| -> Result<(), String> {
            let object = value.as_object().ok_or("no object")?;
            match object.keys().find(|key| !allowed.contains(&key.as_str())) {
                Some(key) => Err(format!("{key} in {value}")),
                None => Ok(()),
            }
        };
        members(document, &["type", "version", "content"])?;
        if kind(document) != "doc" || document["version"] != 1 {
            return Err("no document".to_owned());
        }
        for paragraph in document["content"].as_array().filter(|all| !all.is_empty()).ok_or("no content")? {
            members(paragraph, &["type", "content"])?;
            if kind(paragraph) != "paragraph" {
                return Err(format!("{paragraph}"));
            }
            for node in paragraph["content"].as_array().filter(|all| !all.is_empty()).ok_or("empty paragraph")? {
                if kind(node) == "mention" {
                    members(node, &["type", "attrs"])?;
                    members(&node["attrs"], &["id"])?;
                    continue;
                }
                members(node, &["type", "text", "marks"])?;
                let words = node["text"].as_str().filter(|text| !text.is_empty()).ok_or("an empty text")?;
                if kind(node) != "text" || words.chars().any(char::is_control) {
                    return Err(format!("{node}"));
                }
                let none = Vec::new();
                let marks: Vec<String> = node["marks"].as_array().unwrap_or(&none).iter().map(kind).collect();
                let mut apart = marks.clone();
                apart.sort();
                apart.dedup();
                let known = marks.iter().all(|mark| ["strong", "em", "code", "link"].contains(&mark.as_str()));
                let code_alone = !marks.contains(&"code".to_owned()) || marks.len() == 1;
                if !known || !code_alone || apart.len() != marks.len() {
                    return Err(format!("marks of {node}"));
                }
                for mark in node["marks"].as_array().unwrap_or(&none).iter().filter(|mark| kind(mark) == "link") {
                    let href = mark["attrs"]["href"].as_str().unwrap_or("");
                    if !href.starts_with("https://") && !href.starts_with("http://") {
                        return Err(format!("{mark}"));
                    }
                }
            }
        }
        Ok(())
    }

    /// What people read, mentions aside.
    fn read(document: &Value) -> String {
        let nodes = document["content"].as_array().unwrap().iter().flat_map(|node| node["content"].as_array().unwrap());
        nodes.filter_map(|node| node["text"].as_str()).collect()
    }

    fn mentions(document: &Value) -> usize {
        document.to_string().matches(r#""type":"mention""#).count()
    }

    #[test]
    fn a_text_becomes_paragraphs_of_text_and_mentions() {
        let text = text(vec![
            Block::Line(vec![mention(ANA), plain(" "), strong("gapwatch"), plain(" · behind")]),
            Block::Line(vec![]),
            Block::Note(vec![plain("Answer "), code("/gapwatch snooze 3d"), link("why", "https://x.example/a?b=c")]),
        ]);
        let expected = json!({"type": "doc", "version": 1, "content": [
            {"type": "paragraph", "content": [
                {"type": "mention", "attrs": {"id": ANA}},
                {"type": "text", "text": " "},
                {"type": "text", "text": "gapwatch", "marks": [{"type": "strong"}]},
                {"type": "text", "text": " · behind"}]},
            {"type": "paragraph", "content": [
                {"type": "text", "text": "Answer ", "marks": [{"type": "em"}]},
                {"type": "text", "text": "/gapwatch snooze 3d", "marks": [{"type": "code"}]},
                {"type": "text", "text": "why", "marks": [
                    {"type": "link", "attrs": {"href": "https://x.example/a?b=c"}}, {"type": "em"}]}]}]});
        assert_eq!(document(&text), expected);
        assert_eq!(check(&expected), Ok(()));
    }

    #[test]
    fn the_checker_of_these_tests_finds_what_jira_refuses() {
        let good = document(&line(&[plain("x"), link("y", "https://x.example")]));
        assert_eq!(check(&good), Ok(()));
        for (at, wrong) in [
            ("/content/0/content/0/text", json!("")),
            ("/content/0/content/0/text", json!("a\u{7}")),
            ("/content/0/content/0/type", json!("inlineCard")),
            ("/content/0/content", json!([])),
            ("/content", json!([])),
            ("/content/0/type", json!("heading")),
            ("/content/0/content/1/marks/0/attrs/href", json!("javascript:alert(1)")),
            ("/content/0/content/1/marks", json!([{"type": "code"}, {"type": "em"}])),
            ("/version", json!(2)),
        ] {
            let mut broken = good.clone();
            *broken.pointer_mut(at).unwrap() = wrong;
            assert!(check(&broken).is_err(), "{broken}");
        }
    }

    #[test]
    fn nothing_becomes_a_node_but_what_we_mean() {
        let words = "[~accountid:x] @ana *b* {code} {\"type\":\"mention\"} https://x.example ABC-1";
        let document = document(&line(&[plain(words), mention("not an id"), link("z", "javascript:alert(1)")]));
        assert_eq!(check(&document), Ok(()));
        assert_eq!((read(&document), mentions(&document)), (format!("{words}not an idz"), 0));
        assert!(!document.to_string().contains("javascript"));
    }

    #[test]
    fn a_text_of_nothing_is_still_a_comment() {
        for nothing in [text(vec![]), text(vec![Block::Line(vec![plain("\u{200B}\0"), strong("")])])] {
            assert_eq!(check(&document(&nothing)), Ok(()));
            assert_eq!(check(&bare_document(&nothing)), Ok(()));
            assert_eq!(read(&document(&nothing)), "…");
        }
        let summary = Text { summary: "only this".to_owned(), blocks: vec![] };
        assert_eq!(read(&document(&summary)), "only this");
    }

    #[test]
    fn a_body_is_never_too_long_and_keeps_its_last_block() {
        for text in too_long() {
            for document in [document(&text), bare_document(&text)] {
                let size = document.to_string().chars().count();
                assert!(size < 8_000 && check(&document) == Ok(()), "{size}");
                assert!(read(&document).contains('…'));
                let last =
                    text.blocks.last().and_then(|block| spans(block).last()).filter(|span| *span == &samples_end());
                assert!(last.is_none() || read(&document).ends_with("kept up to date."), "{}", read(&document));
            }
        }
        let long = document(&line(&[plain(&"word ".repeat(10_000))]));
        assert!(read(&long).chars().count() > LONGEST_BODY - 200, "no more is cut than must be");
    }

    fn samples_end() -> Span {
        plain("This comment is kept up to date.")
    }

    #[test]
    fn no_naughty_string_gets_through_or_is_lost() {
        for naughty in crate::fixtures::naughty_strings() {
            let document = document(&line(&[plain(&naughty), strong(&naughty), plain(&naughty)]));
            assert_eq!(check(&document), Ok(()), "{naughty:?}");
            let shown = clean(&naughty);
            let expected = if shown.trim().is_empty() { "…".to_owned() } else { shown.repeat(3) };
            assert_eq!(read(&document), expected, "{naughty:?}");
            assert_eq!(mentions(&document), 0);
        }
    }

    proptest! {
        #[test]
        fn every_text_is_a_document_that_jira_takes(text in any_text()) {
            let meant = text.blocks.iter().flat_map(spans);
            let meant = meant.filter(|span| matches!(span, Span::Mention(id) if is_account_id(id))).count();
            let rich = document(&text);
            prop_assert_eq!(check(&rich), Ok(()));
            prop_assert_eq!(mentions(&rich), meant);
            prop_assert_eq!(check(&bare_document(&text)), Ok(()));
            prop_assert_eq!(mentions(&bare_document(&text)), 0);
        }
    }
}
