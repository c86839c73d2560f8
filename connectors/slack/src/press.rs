//! What Slack tells of a press: its JSON to words, and the form that incomplete words need. Pure.
//!
//! Slack says who pressed; what they said is only read here, and decided about elsewhere. Nothing else of a payload is
//! believed or kept: not the message it shows, not a name.

use std::collections::HashMap;

use connector_kit::Choice;
use connector_kit::control::{ASKS, Press, Pressed, Question, ReplyTo};
use connector_kit::webhook::HookRefused;
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::controls::{options, plain_text};

/// Characters of a title, or of a button below a form.
const TITLE_MAX: usize = 24;
/// Characters of whatever else stands in a form.
const LABEL_MAX: usize = 150;
/// Characters that can be typed.
const TYPED_MAX: usize = 300;
/// Characters of an id of Slack's, far above what it gives.
const ID_MAX: usize = 100;

/// Parts of forms.
const UNTIL: &str = "until";
const ON: &str = "on";
const WHY: &str = "why";
/// The one element of each part.
const INPUT: &str = "input";

#[derive(Debug, Deserialize)]
struct Payload {
    #[serde(rename = "type")]
    kind: String,
    user: Option<Named>,
    trigger_id: Option<SecretString>,
    response_url: Option<SecretString>,
    container: Option<Container>,
    #[serde(default)]
    actions: Vec<Action>,
    view: Option<View>,
}

#[derive(Debug, Deserialize)]
struct Named {
    id: String,
}

#[derive(Debug, Deserialize)]
struct Container {
    message_ts: Option<String>,
    channel_id: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Action {
    action_id: Option<String>,
    action_ts: Option<String>,
    value: Option<String>,
    selected_option: Option<Chosen>,
}

#[derive(Debug, Deserialize)]
struct Chosen {
    value: String,
}

#[derive(Debug, Deserialize)]
struct View {
    id: String,
    #[serde(default)]
    private_metadata: String,
    #[serde(default)]
    state: State,
}

#[derive(Debug, Default, Deserialize)]
struct State {
    #[serde(default)]
    values: HashMap<String, HashMap<String, Filled>>,
}

#[derive(Debug, Deserialize)]
struct Filled {
    value: Option<String>,
    selected_date: Option<String>,
    selected_option: Option<Chosen>,
}

/// A press, understood.
#[derive(Debug)]
pub(crate) struct Understood {
    pub(crate) pressed: Pressed,
    /// The form that was sent. `None`: it was no form.
    pub(crate) view: Option<String>,
}

/// Reads a payload.
pub(crate) fn read(payload: &[u8]) -> Result<Understood, HookRefused> {
    let payload: Payload = serde_json::from_slice(payload).map_err(|_| HookRefused::Malformed)?;
    let nothing = Understood { pressed: Pressed::Nothing, view: None };
    match payload.kind.as_str() {
        "block_actions" => Ok(Understood { pressed: acted(payload)?, view: None }),
        "view_submission" => sent(payload),
        // Shortcuts, closed forms and whatever comes later.
        _ => Ok(nothing),
    }
}

fn acted(payload: Payload) -> Result<Pressed, HookRefused> {
    let Some(action) = payload.actions.first() else { return Ok(Pressed::Nothing) };
    // A button that opens a page says nothing.
    let words = action.selected_option.as_ref().map(|chosen| &chosen.value).or(action.value.as_ref());
    let Some(words) = words.map(|words| words.trim().to_owned()).filter(|words| !words.is_empty()) else {
        return Ok(Pressed::Nothing);
    };
    let user = payload.user.ok_or(HookRefused::Malformed)?.id;
    let reply_to = payload.response_url.map(ReplyTo);
    if words.ends_with(ASKS) {
        let trigger = payload.trigger_id.ok_or(HookRefused::Malformed)?;
        return Ok(Pressed::Asks(Question { user, words, trigger, reply_to }));
    }
    let container = payload.container.as_ref();
    let parts = [
        Some(&user),
        container.and_then(|one| one.channel_id.as_ref()),
        container.and_then(|one| one.message_ts.as_ref()),
        action.action_id.as_ref(),
        // Without the instant of the press, a second press would be taken for the first one delivered again.
        Some(action.action_ts.as_ref().ok_or(HookRefused::Malformed)?),
    ];
    let key = key(parts.into_iter().map(|part| part.map_or("", String::as_str)))?;
    Ok(Pressed::Said(Press { key, user, words, reply_to }))
}

fn sent(payload: Payload) -> Result<Understood, HookRefused> {
    let (user, view) = payload.user.zip(payload.view).ok_or(HookRefused::Malformed)?;
    let stem = view.private_metadata.trim();
    // A form of somebody else's.
    if stem.is_empty() || stem.chars().count() > LABEL_MAX {
        return Ok(Understood { pressed: Pressed::Nothing, view: None });
    }
    let filled = |part: &str| view.state.values.get(part).and_then(|part| part.get(INPUT));
    let mut words = stem.to_owned();
    let until = filled(UNTIL).and_then(|filled| filled.selected_option.as_ref()).map(|chosen| &chosen.value);
    let on = filled(ON).and_then(|filled| filled.selected_date.as_ref());
    for part in until.into_iter().chain(on) {
        words.push_str(&format!(" {part}"));
    }
    let why = filled(WHY).and_then(|filled| filled.value.as_deref()).unwrap_or_default();
    let why: String = why.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(TYPED_MAX).collect();
    if !why.is_empty() {
        words.push_str(&format!(" because {why}"));
    }
    let key = key(["form", &user.id, &view.id].into_iter())?;
    let press = Press { key, user: user.id, words, reply_to: None };
    Ok(Understood { pressed: Pressed::Said(press), view: Some(view.id) })
}

fn key<'p>(parts: impl Iterator<Item = &'p str>) -> Result<String, HookRefused> {
    let parts: Vec<&str> = parts.collect();
    let sane = |part: &&str| part.len() <= ID_MAX && !part.chars().any(char::is_control);
    if parts.iter().all(sane) { Ok(parts.join("/")) } else { Err(HookRefused::Malformed) }
}

/// The form for words that are not complete. `about`: what it is about, in a word of people's.
pub(crate) fn form(words: &str, about: Option<&str>) -> Value {
    let stem = words.trim_end_matches(ASKS).trim_end();
    let verb = stem.rsplit(' ').next().unwrap_or_default();
    let (title, submit, inputs) = match verb {
        "snooze" => ("Snooze", "Snooze", vec![until(), why("Why?")]),
        "date" => ("New date", "Save", vec![on()]),
        "wrong" => ("Not a problem", "Send", vec![why("Why is it no problem?")]),
        _ => ("Answer", "Send", vec![why("Tell more")]),
    };
    let mut blocks: Vec<Value> = Vec::new();
    if let Some(about) = about.filter(|about| !about.trim().is_empty()) {
        blocks.push(json!({ "type": "section", "text": plain_text(about, LABEL_MAX) }));
    }
    blocks.extend(inputs);
    if verb == "date" {
        let hint = "gapwatch changes nothing in the tracker: put the date there as well.";
        blocks.push(json!({ "type": "context", "elements": [plain_text(hint, LABEL_MAX)] }));
    }
    json!({
        "type": "modal", "callback_id": "gapwatch", "private_metadata": stem, "title": plain_text(title, TITLE_MAX),
        "submit": plain_text(submit, TITLE_MAX), "close": plain_text("Cancel", TITLE_MAX), "blocks": blocks,
    })
}

fn input(part: &str, label: &str, element: Value) -> Value {
    json!({ "type": "input", "block_id": part, "label": plain_text(label, LABEL_MAX), "element": element })
}

fn until() -> Value {
    let choice = |label: &str, words: &str| Choice { label: label.to_owned(), words: words.to_owned() };
    let choices = [
        choice("tomorrow", "tomorrow"),
        choice("3 days from now", "3d"),
        choice("next Monday", "monday"),
        choice("a week from now", "7d"),
        choice("two weeks from now", "14d"),
    ];
    let options = options(&choices, choices.len()).unwrap_or_default();
    let element = json!({
        "type": "static_select", "action_id": INPUT, "initial_option": options.get(1), "options": options,
    });
    input(UNTIL, "Until", element)
}

fn on() -> Value {
    input(ON, "The new date", json!({ "type": "datepicker", "action_id": INPUT }))
}

fn why(label: &str) -> Value {
    let element = json!({ "type": "plain_text_input", "action_id": INPUT, "max_length": TYPED_MAX });
    input(WHY, label, element)
}

#[cfg(test)]
mod tests;
