//! The first line of a comment as plain text, whether it came as wiki text or as a document. Pure.

use serde_json::Value;

/// Deeper than any document nests that people write.
const DEEPEST: usize = 64;

/// The first line with anything in it of a text, or of the first paragraph of an ADF document. `json` is the body as it stands in the
/// answer; of a body in another shape the first line is empty.
pub(crate) fn first_line(json: &str) -> String {
    match serde_json::from_str(json) {
        Ok(Value::String(text)) => text.lines().next().unwrap_or_default().trim_end().to_owned(),
        Ok(document) => {
            let mut line = String::new();
            walk(&document, 0, &mut line);
            line.trim_end().to_owned()
        }
        Err(_) => String::new(),
    }
}

/// Collects text until the line ends; true: it has ended.
fn walk(node: &Value, depth: usize, line: &mut String) -> bool {
    if depth > DEEPEST {
        return true;
    }
    let attribute = |name: &str| node.get("attrs").and_then(|attrs| attrs.get(name)).and_then(Value::as_str);
    match node.get("type").and_then(Value::as_str) {
        Some("text") => {
            let text = node.get("text").and_then(Value::as_str).unwrap_or_default();
            let first = text.lines().next().unwrap_or_default();
            line.push_str(first);
            return first.len() < text.len();
        }
        Some("hardBreak") => return true,
        Some("mention" | "emoji" | "status") => line.push_str(attribute("text").unwrap_or_default()),
        Some("inlineCard") => line.push_str(attribute("url").unwrap_or_default()),
        _ => {}
    }
    let is_block = matches!(node.get("type").and_then(Value::as_str), Some("paragraph" | "heading" | "codeBlock"));
    let children = node.get("content").and_then(Value::as_array);
    for child in children.into_iter().flatten() {
        if walk(child, depth + 1, line) {
            return true;
        }
    }
    is_block
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_is_the_same_in_a_text_and_in_a_document() {
        assert_eq!(first_line(r#""/gapwatch snooze 3d\r\nbecause""#), "/gapwatch snooze 3d");
        let document = r#"{"type":"doc","version":1,"content":[{"type":"paragraph","content":[
            {"type":"text","text":"/gapwatch "},{"type":"text","text":"snooze 3d","marks":[{"type":"strong"}]},
            {"type":"hardBreak"},{"type":"text","text":"because"}]},
            {"type":"paragraph","content":[{"type":"text","text":"more"}]}]}"#;
        assert_eq!(first_line(document), "/gapwatch snooze 3d");
        let two = r#"{"type":"doc","content":[{"type":"paragraph","content":[{"type":"mention","attrs":{"id":"1","text":"@Ana"}}]},
            {"type":"paragraph","content":[{"type":"text","text":"/gapwatch done"}]}]}"#;
        assert_eq!(first_line(two), "@Ana");
        for odd in [
            "null",
            "7",
            "{}",
            "[1]",
            r#"{"type":"doc","content":"x"}"#,
            r#"{"type":"doc","content":[{"type":"paragraph"},{"type":"text","text":"b"}]}"#,
        ] {
            assert_eq!(first_line(odd), "", "{odd}");
        }
    }
}
