//! What Slack accepts as blocks and as metadata. The limits are Block Kit's.

use serde_json::Value;

use super::Refusal;

/// Blocks of a message at most.
const BLOCKS: usize = 50;

/// Characters of all blocks together, beyond which a message is refused though each block is fine. Not documented.
const ALL_TEXT: usize = 13_200;

const KNOWN: [&str; 17] = [
    "section",
    "header",
    "context",
    "divider",
    "actions",
    "image",
    "rich_text",
    "markdown",
    "alert",
    "table",
    "data_table",
    "card",
    "carousel",
    "container",
    "file",
    "video",
    "context_actions",
];

/// The blocks, with an id each, as Slack gives one where it is missing.
pub(super) fn checked(blocks: Value) -> Result<Value, Refusal> {
    let Value::Array(mut all) = blocks else { return Err(Refusal::Error("invalid_blocks_format")) };
    let mut wrong = Vec::new();
    if all.len() > BLOCKS {
        wrong.push(format!("[ERROR] no more than {BLOCKS} items allowed [json-pointer:/blocks]"));
    }
    for (at, block) in all.iter().enumerate() {
        check(block, at, &mut wrong);
    }
    let ids =
        all.iter().flat_map(|block| list(block, "elements")).filter_map(|element| element.get("action_id")?.as_str());
    let mut seen = std::collections::BTreeSet::new();
    if ids.into_iter().any(|id| !seen.insert(id)) {
        wrong.push("[ERROR] `action_id` already exists [json-pointer:/blocks]".to_owned());
    }
    if !wrong.is_empty() {
        return Err(Refusal::Because("invalid_blocks", wrong));
    }
    if all.iter().map(text_length).sum::<usize>() > ALL_TEXT {
        return Err(Refusal::Error("msg_blocks_too_long"));
    }
    for (at, block) in all.iter_mut().enumerate() {
        if block.get("block_id").is_none() {
            block["block_id"] = Value::String(format!("sim{at}"));
        }
    }
    Ok(Value::Array(all))
}

fn check(block: &Value, at: usize, wrong: &mut Vec<String>) {
    let mut say = |what: &str, place: &str| wrong.push(format!("[ERROR] {what} [json-pointer:/blocks/{at}{place}]"));
    let kind = block.get("type").and_then(Value::as_str).unwrap_or_default();
    if !KNOWN.contains(&kind) {
        return say(&format!("unsupported type: {kind}"), "/type");
    }
    if longer(block.get("block_id"), 255) {
        say("must be less than 256 characters", "/block_id");
    }
    match kind {
        "section" => {
            let fields = list(block, "fields");
            if block.get("text").is_none() && fields.is_empty() {
                say("missing required field: text", "");
            }
            text_object(block.get("text"), 3000, "/text", &mut say);
            if fields.len() > 10 {
                say("no more than 10 items allowed", "/fields");
            }
            fields.iter().for_each(|field| text_object(Some(field), 2000, "/fields", &mut say));
        }
        "header" => {
            text_object(block.get("text"), 150, "/text", &mut say);
            if block.pointer("/text/type").and_then(Value::as_str) != Some("plain_text") {
                say("must be one of: plain_text", "/text/type");
            }
        }
        "context" => {
            let elements = list(block, "elements");
            if elements.is_empty() || elements.len() > 10 {
                say("must have 1 to 10 items", "/elements");
            }
            let texts = elements.iter().filter(|element| element.get("text").is_some());
            texts.for_each(|element| text_object(Some(element), 3000, "/elements", &mut say));
        }
        "actions" => actions(block, &mut say),
        "rich_text" if list(block, "elements").is_empty() => say("missing required field: elements", ""),
        _ => {}
    }
}

fn actions(block: &Value, say: &mut impl FnMut(&str, &str)) {
    let elements = list(block, "elements");
    if elements.is_empty() || elements.len() > 25 {
        say("must have 1 to 25 items", "/elements");
    }
    for element in elements {
        for (member, most) in [("value", 2000), ("url", 3000), ("action_id", 255)] {
            if longer(element.get(member), most) {
                say(&format!("must be less than {} characters", most + 1), &format!("/elements/{member}"));
            }
        }
        let most = match element.get("type").and_then(Value::as_str).unwrap_or_default() {
            "button" => {
                plain_object(element.get("text"), 75, "/elements/text", say);
                continue;
            }
            "static_select" => {
                plain_object(element.get("placeholder"), 150, "/elements/placeholder", say);
                100
            }
            "overflow" => 5,
            kind => {
                say(&format!("unsupported type: {kind}"), "/elements/type");
                continue;
            }
        };
        options(list(element, "options"), most, say);
    }
}

/// Options of a menu.
pub(super) fn options(options: &[Value], most: usize, say: &mut impl FnMut(&str, &str)) {
    if options.is_empty() || options.len() > most {
        say(&format!("must have 1 to {most} items"), "/elements/options");
    }
    for option in options {
        plain_object(option.get("text"), 75, "/elements/options/text", say);
        if option.get("value").and_then(Value::as_str).is_none_or(str::is_empty) || longer(option.get("value"), 150) {
            say("must be less than 151 characters", "/elements/options/value");
        }
    }
}

pub(super) fn plain_object(object: Option<&Value>, most: usize, place: &str, say: &mut impl FnMut(&str, &str)) {
    if object.is_none() || object.and_then(|object| object.get("type")?.as_str()) != Some("plain_text") {
        say("must be one of: plain_text", &format!("{place}/type"));
    }
    text_object(object, most, place, say);
}

fn text_object(object: Option<&Value>, most: usize, place: &str, say: &mut impl FnMut(&str, &str)) {
    let Some(object) = object else { return };
    let kind = object.get("type").and_then(Value::as_str);
    if !matches!(kind, Some("mrkdwn" | "plain_text")) {
        say("must be one of: mrkdwn, plain_text", &format!("{place}/type"));
    }
    let text = object.get("text").and_then(Value::as_str).unwrap_or_default();
    if text.is_empty() {
        say("must be more than 0 characters", &format!("{place}/text"));
    }
    if text.chars().count() > most {
        say(&format!("must be less than {} characters", most + 1), &format!("{place}/text"));
    }
}

fn longer(value: Option<&Value>, most: usize) -> bool {
    value.and_then(Value::as_str).is_some_and(|text| text.chars().count() > most)
}

fn list<'a>(block: &'a Value, name: &str) -> &'a [Value] {
    block.get(name).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// Characters of every text inside.
fn text_length(value: &Value) -> usize {
    match value {
        Value::Array(all) => all.iter().map(text_length).sum(),
        Value::Object(members) => {
            let own = members.get("text").and_then(Value::as_str).map_or(0, |text| text.chars().count());
            own + members.values().filter(|value| !value.is_string()).map(text_length).sum::<usize>()
        }
        _ => 0,
    }
}

/// `event_type` and a payload of plain values, one level of objects, and arrays of such objects; or an empty object.
pub(super) fn checked_metadata(metadata: Value) -> Result<Value, Refusal> {
    const SCHEMA: Refusal = Refusal::Error("invalid_metadata_schema");
    let Value::Object(members) = &metadata else { return Err(Refusal::Error("invalid_metadata_format")) };
    if members.is_empty() {
        return Ok(metadata);
    }
    let kind = members.get("event_type").and_then(Value::as_str).unwrap_or_default();
    let is_word = !kind.is_empty() && kind.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    let payload = members.get("event_payload").and_then(Value::as_object).ok_or(SCHEMA)?;
    let plain = |value: &Value| value.is_string() || value.is_number() || value.is_boolean();
    let flat = |value: &Value| value.as_object().is_some_and(|members| members.values().all(plain));
    let allowed =
        |value: &Value| plain(value) || flat(value) || value.as_array().is_some_and(|all| all.iter().all(flat));
    if !is_word || !payload.values().all(allowed) {
        return Err(SCHEMA);
    }
    Ok(metadata)
}

/// Whether a message was begun with rich text, which can only be replaced by its like.
pub(super) fn is_rich(blocks: &Value) -> bool {
    let mut all = blocks.as_array().into_iter().flatten();
    all.any(|block| block.get("type").and_then(Value::as_str) == Some("rich_text"))
}

/// `[]` or `{}`.
pub(super) fn is_empty(value: &Value) -> bool {
    value.as_array().is_some_and(Vec::is_empty) || value.as_object().is_some_and(serde_json::Map::is_empty)
}
