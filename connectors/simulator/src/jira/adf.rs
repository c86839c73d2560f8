//! Documents: what Cloud takes, what it refuses with one word, and the plain text in them.

use serde_json::{Value, json};

use super::model::Text;

/// Characters of a text at most.
pub(super) const LONGEST: usize = 32_767;

const INLINE: [&str; 8] = ["text", "hardBreak", "mention", "emoji", "inlineCard", "date", "status", "placeholder"];
const MARKS: [&str; 9] =
    ["strong", "em", "code", "link", "strike", "underline", "textColor", "subsup", "backgroundColor"];

/// Which nodes stand directly inside which. `None`: no such node.
fn inside(node: &str) -> Option<&'static [&'static str]> {
    Some(match node {
        "doc" => &[
            "paragraph",
            "heading",
            "bulletList",
            "orderedList",
            "panel",
            "blockquote",
            "codeBlock",
            "rule",
            "table",
            "taskList",
            "decisionList",
            "expand",
            "mediaSingle",
            "mediaGroup",
            "blockCard",
        ],
        "paragraph" | "heading" => &INLINE,
        "taskItem" | "decisionItem" => &INLINE,
        "bulletList" | "orderedList" => &["listItem"],
        "listItem" => &["paragraph", "bulletList", "orderedList", "codeBlock", "mediaSingle"],
        "blockquote" => &["paragraph", "bulletList", "orderedList", "codeBlock"],
        "panel" => &["paragraph", "heading", "bulletList", "orderedList", "codeBlock", "rule", "taskList", "blockCard"],
        "codeBlock" => &["text"],
        "taskList" => &["taskItem", "taskList"],
        "decisionList" => &["decisionItem"],
        "table" => &["tableRow"],
        "tableRow" => &["tableCell", "tableHeader"],
        "tableCell" | "tableHeader" => &[
            "paragraph",
            "heading",
            "bulletList",
            "orderedList",
            "panel",
            "blockquote",
            "codeBlock",
            "rule",
            "taskList",
        ],
        "expand" => {
            &["paragraph", "heading", "bulletList", "orderedList", "panel", "blockquote", "codeBlock", "rule", "table"]
        }
        "rule" | "mediaSingle" | "mediaGroup" | "blockCard" => &[],
        inline if INLINE.contains(&inline) => &[],
        _ => return None,
    })
}

/// Whether the tool takes this document.
pub(super) fn is_valid(document: &Value) -> bool {
    document["type"] == "doc" && document["version"] == 1 && document["content"].is_array() && node(document)
}

fn node(value: &Value) -> bool {
    let Some(kind) = value["type"].as_str() else { return false };
    let Some(allowed) = inside(kind) else { return false };
    let attrs = &value["attrs"];
    let is_whole = match kind {
        "text" => value["text"].as_str().is_some_and(|text| !text.is_empty()),
        "mention" => attrs["id"].as_str().is_some_and(|id| !id.is_empty()),
        "status" => attrs["text"].as_str().is_some_and(|text| !text.is_empty()) && attrs["color"].is_string(),
        "panel" => attrs["panelType"]
            .as_str()
            .is_some_and(|kind| matches!(kind, "info" | "note" | "warning" | "success" | "error" | "custom")),
        "heading" => attrs["level"].as_u64().is_some_and(|level| (1..=6).contains(&level)),
        "date" => attrs["timestamp"].is_string(),
        "inlineCard" => attrs["url"].is_string() || attrs["data"].is_object(),
        "taskItem" => attrs["localId"].is_string() && matches!(attrs["state"].as_str(), Some("TODO" | "DONE")),
        "taskList" => attrs["localId"].is_string(),
        "bulletList" | "orderedList" | "listItem" | "blockquote" | "table" | "tableRow" => {
            value["content"].as_array().is_some_and(|content| !content.is_empty())
        }
        _ => true,
    };
    let marks = value.get("marks").is_none_or(|marks| {
        let is_known = |mark: &Value| {
            let kind = mark["type"].as_str().unwrap_or_default();
            MARKS.contains(&kind) && (kind != "link" || mark["attrs"]["href"].as_str().is_some_and(|to| !to.is_empty()))
        };
        marks.as_array().is_some_and(|marks| marks.iter().all(is_known))
    });
    let children = value.get("content").is_none_or(|content| {
        let fits = |child: &Value| child["type"].as_str().is_some_and(|kind| allowed.contains(&kind)) && node(child);
        content.as_array().is_some_and(|content| content.iter().all(fits))
    });
    is_whole && marks && children
}

/// The words of a document.
pub(super) fn plain(document: &Value) -> String {
    let mut text = String::new();
    write(document, &mut text);
    text.trim_end().to_owned()
}

fn write(value: &Value, out: &mut String) {
    match value["type"].as_str().unwrap_or_default() {
        "text" => out.push_str(value["text"].as_str().unwrap_or_default()),
        "hardBreak" => out.push('\n'),
        "mention" | "status" => out.push_str(value["attrs"]["text"].as_str().unwrap_or_default()),
        _ => {}
    }
    for child in value["content"].as_array().into_iter().flatten() {
        write(child, out);
    }
    if matches!(value["type"].as_str(), Some("paragraph" | "heading" | "codeBlock" | "taskItem")) {
        out.push('\n');
    }
}

/// A plain text as a document: a paragraph a line, and action items where lines begin with `- [ ] ` or `- [x] `.
pub(super) fn document(text: &str) -> Value {
    let mut content: Vec<Value> = Vec::new();
    let mut items: Vec<Value> = Vec::new();
    for (at, line) in text.lines().enumerate() {
        let done = line.strip_prefix("- [x] ").map(|rest| (rest, "DONE"));
        let Some((rest, state)) = done.or_else(|| line.strip_prefix("- [ ] ").map(|rest| (rest, "TODO"))) else {
            close(&mut items, &mut content);
            if !line.trim().is_empty() {
                content.push(json!({ "type": "paragraph", "content": words(line) }));
            }
            continue;
        };
        let words = if rest.is_empty() { json!([]) } else { json!([{ "type": "text", "text": rest }]) };
        let attrs = json!({ "localId": format!("item-{at}"), "state": state });
        items.push(json!({ "type": "taskItem", "attrs": attrs, "content": words }));
    }
    close(&mut items, &mut content);
    json!({ "type": "doc", "version": 1, "content": content })
}

/// A line with its `[~accountid:…]` as mentions.
fn words(line: &str) -> Vec<Value> {
    let (mut words, mut rest) = (Vec::new(), line);
    let text = |text: &str| (!text.is_empty()).then(|| json!({ "type": "text", "text": text }));
    while let Some((before, after)) = rest.split_once("[~accountid:") {
        let Some((id, after)) = after.split_once(']') else { break };
        words.extend(text(before));
        words.push(json!({ "type": "mention", "attrs": { "id": id, "text": "@somebody", "accessLevel": "" } }));
        rest = after;
    }
    words.extend(text(rest));
    words
}

fn close(items: &mut Vec<Value>, content: &mut Vec<Value>) {
    if !items.is_empty() {
        let attrs = json!({ "localId": format!("list-{}", content.len()) });
        content.push(json!({ "type": "taskList", "attrs": attrs, "content": std::mem::take(items) }));
    }
}

impl Text {
    pub(super) fn as_adf(&self) -> Value {
        match self {
            Text::Adf(value) => value.clone(),
            Text::Wiki(text) => document(text),
        }
    }

    pub(super) fn as_wiki(&self) -> String {
        match self {
            Text::Adf(value) => plain(value),
            Text::Wiki(text) => text.clone(),
        }
    }

    /// As it was written.
    pub(super) fn as_written(&self) -> Value {
        match self {
            Text::Adf(value) => value.clone(),
            Text::Wiki(text) => json!(text),
        }
    }
}
