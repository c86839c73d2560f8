//! Whom a comment names and whether it asks them something, whether it came as wiki text or as a document. Pure.

use connector_kit::mentions::{Said, mentions};
use connector_model::Mentions;
use serde_json::Value;

/// Deeper than any document nests that people write.
const DEEPEST: usize = 64;

/// `json` is the body as it stands in the answer; a body in another shape names nobody.
pub(crate) fn said(json: &str) -> Mentions {
    // Most comments name nobody, and need not be built.
    if !json.contains("mention") && !json.contains("[~") {
        return Mentions::default();
    }
    match serde_json::from_str(json) {
        Ok(Value::String(text)) => mentions(wiki(&text)),
        Ok(document) => {
            let mut parts = Vec::new();
            walk(&document, 0, &mut parts);
            mentions(parts)
        }
        Err(_) => Mentions::default(),
    }
}

/// The parts of a document, without code, quotations and cards.
fn walk<'a>(node: &'a Value, depth: usize, parts: &mut Vec<Said<'a>>) {
    if depth > DEEPEST {
        return;
    }
    let attribute = |name: &str| node.get("attrs").and_then(|attrs| attrs.get(name)).and_then(Value::as_str);
    let kind = node.get("type").and_then(Value::as_str).unwrap_or_default();
    match kind {
        "text" => {
            let marks = node.get("marks").and_then(Value::as_array).into_iter().flatten();
            let is_code = marks.into_iter().any(|mark| mark.get("type").and_then(Value::as_str) == Some("code"));
            let text = node.get("text").and_then(Value::as_str).filter(|_| !is_code);
            parts.extend(text.map(Said::Text));
        }
        // An app or everybody is nobody.
        "mention" if !matches!(attribute("userType"), Some("APP" | "SPECIAL")) => {
            parts.extend(attribute("id").filter(|id| !id.is_empty()).map(Said::Person));
        }
        "hardBreak" => parts.push(Said::Text(" ")),
        "codeBlock" | "blockquote" | "inlineCard" | "blockCard" | "embedCard" | "mention" => {}
        _ => {
            for child in node.get("content").and_then(Value::as_array).into_iter().flatten() {
                walk(child, depth + 1, parts);
            }
        }
    }
    if matches!(kind, "paragraph" | "heading" | "listItem" | "codeBlock" | "blockquote" | "tableCell") {
        parts.push(Said::Break);
    }
}

/// The parts of wiki text, without code and quotations: `[~jdoe]` and `[~accountid:712020:…]` are people.
fn wiki(text: &str) -> Vec<Said<'_>> {
    const BLOCKS: [&str; 3] = ["code", "noformat", "quote"];
    let mut parts = Vec::new();
    let mut within: Option<&str> = None;
    for line in text.lines() {
        let mut rest = line;
        loop {
            match within {
                Some(name) => {
                    let close = format!("{{{name}}}");
                    let Some(at) = rest.find(&close) else { break };
                    rest = &rest[at + close.len()..];
                    within = None;
                }
                None => {
                    let next = BLOCKS.iter().filter_map(|name| Some((opening(rest, name)?, *name))).min();
                    let Some(((begin, end), name)) = next else {
                        if !rest.trim_start().starts_with("bq. ") {
                            people(rest, &mut parts);
                        }
                        break;
                    };
                    people(&rest[..begin], &mut parts);
                    rest = &rest[end..];
                    within = Some(name);
                }
            }
        }
        parts.push(if line.trim().is_empty() { Said::Break } else { Said::Text(" ") });
    }
    parts
}

/// Where `{code}`, or `{code:java}`, begins and ends.
fn opening(text: &str, name: &str) -> Option<(usize, usize)> {
    let begin = text.find(&format!("{{{name}"))?;
    let rest = &text[begin + 1 + name.len()..];
    let inside = rest.find('}')?;
    (inside == 0 || rest.starts_with(':')).then_some((begin, begin + 1 + name.len() + inside + 1))
}

fn people<'a>(text: &'a str, parts: &mut Vec<Said<'a>>) {
    let mut rest = text;
    while let Some(begin) = rest.find("[~") {
        let after = &rest[begin + 2..];
        let Some(end) = after.find(']') else { break };
        words(&rest[..begin], parts);
        let name = after[..end].strip_prefix("accountid:").unwrap_or(&after[..end]).trim();
        parts.extend((!name.is_empty()).then_some(Said::Person(name)));
        rest = &after[end + 1..];
    }
    words(rest, parts);
}

/// Words but for what is set `{{in one width}}`.
fn words<'a>(text: &'a str, parts: &mut Vec<Said<'a>>) {
    let mut rest = text;
    while let Some((before, (_, after))) =
        rest.split_once("{{").and_then(|(before, inner)| Some((before, inner.split_once("}}")?)))
    {
        parts.push(Said::Text(before));
        rest = after;
    }
    parts.push(Said::Text(rest));
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn told(body: &Value) -> String {
        let mentions = said(&body.to_string());
        format!("{}{}", mentions.who.join(","), if mentions.asks { "?" } else { "" })
    }

    fn document(content: Value) -> Value {
        json!({ "type": "doc", "version": 1, "content": content })
    }

    fn mention(id: &str) -> Value {
        json!({ "type": "mention", "attrs": { "id": id, "text": "@Ana", "accessLevel": "" } })
    }

    fn text(words: &str) -> Value {
        json!({ "type": "text", "text": words })
    }

    fn paragraph(content: Value) -> Value {
        json!({ "type": "paragraph", "content": content })
    }

    #[test]
    fn a_document_names_people_by_their_account() {
        let ask = paragraph(json!([mention("712020:0c5f"), text(" is it ready?")]));
        assert_eq!(told(&document(json!([ask]))), "712020:0c5f?");
        let tell = paragraph(json!([mention("5b10"), text(" it is.")]));
        assert_eq!(told(&document(json!([tell]))), "5b10");
        let list = json!({ "type": "bulletList", "content": [{ "type": "listItem", "content": [ask] }] });
        assert_eq!(told(&document(json!([list]))), "712020:0c5f?");
        let thanks = paragraph(json!([text("thanks "), mention("5b10"), text("?")]));
        assert_eq!(told(&document(json!([thanks]))), "");
    }

    #[test]
    fn what_a_document_quotes_or_shows_asks_nothing() {
        let code = json!({ "type": "text", "text": "ready?", "marks": [{ "type": "code" }] });
        assert_eq!(told(&document(json!([paragraph(json!([mention("5b10"), text(" "), code]))]))), "5b10");
        let quote = json!({ "type": "blockquote", "content": [paragraph(json!([mention("5b10"), text(" ready?")]))] });
        assert_eq!(told(&document(json!([quote]))), "");
        let card = json!({ "type": "inlineCard", "attrs": { "url": "https://example.org/?" } });
        assert_eq!(told(&document(json!([paragraph(json!([mention("5b10"), text(" see "), card]))]))), "5b10");
        let all = json!({ "type": "mention", "attrs": { "id": "here", "text": "@here", "userType": "SPECIAL" } });
        assert_eq!(told(&document(json!([paragraph(json!([all, text(" ready?")]))]))), "");
    }

    #[test]
    fn wiki_text_names_people_in_its_own_way() {
        for (words, expected) in [
            ("[~jdoe] is it ready?", "jdoe?"),
            ("[~accountid:712020:0c5f] is it ready?", "712020:0c5f?"),
            ("Is it ready? [~jdoe]", "jdoe?"),
            ("[~jdoe] {{ready?}}", "jdoe"),
            ("bq. [~jdoe] ready?", ""),
            ("{quote}[~jdoe] ready?{quote} [~lee] it is.", "lee"),
            ("{code:java}\n[~jdoe] ready?\n{code}\n[~lee] it is", "lee"),
            ("{noformat}[~jdoe]{noformat}ready?", ""),
            ("{codex} [~jdoe] ready?", "jdoe?"),
            ("[~jdoe", ""),
            ("[~] ready?", ""),
            ("[~jdoe] see [https://example.org/?a=1|https://example.org/?a=1]", "jdoe"),
        ] {
            assert_eq!(told(&json!(words)), expected, "{words}");
        }
    }

    #[test]
    fn no_body_is_too_odd() {
        for odd in
            ["", "null", "7", "[\"mention\"]", "{\"type\":\"mention\"}", "{\"type\":\"mention\",\"attrs\":{\"id\":7}}"]
        {
            assert!(said(odd).is_empty(), "{odd}");
        }
    }
}
