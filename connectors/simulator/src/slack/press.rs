//! People who press buttons and fill in forms, and what an app does about it: forms it opens, words that only one person
//! sees. A press is told as Slack tells it: over a websocket, or signed by HTTP.

use std::collections::{BTreeMap, BTreeSet};

use hmac::{Hmac, KeyInit, Mac};
use http::Method;
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use sha2::Sha256;

use super::args::Args;
use super::handle::{Slack, SlackMessage};
use super::model::{APP, TEAM};
use super::socket::{Envelope, Open, Outgoing};
use super::{Answer, Refusal, Workspace, blocks};
use crate::reply::Reply;
use crate::server::Asked;

/// Seconds in which a form can be opened.
const TRIGGER_LASTS: i64 = 3;

/// What a workspace knows of presses.
#[derive(Debug, Default)]
pub(crate) struct Presses {
    pub(super) socket_mode_off: bool,
    /// Websockets of other programs with the same token.
    pub(super) strangers: usize,
    /// Addresses that nobody has opened yet.
    pub(super) tickets: BTreeSet<String>,
    pub(super) lines: Vec<Open>,
    pub(super) next_line: u32,
    pub(super) waiting: Vec<Envelope>,
    pub(super) acknowledged: Vec<String>,
    /// What a form can be opened with: who pressed, and when.
    triggers: BTreeMap<String, (String, Timestamp)>,
    forms: Vec<Form>,
    /// Who pressed, by the end of the address for replies.
    replies: BTreeMap<String, String>,
    whispers: Vec<(String, String)>,
}

/// A form that an app has opened.
#[derive(Debug, Clone, PartialEq)]
pub struct Form {
    /// Its id.
    pub id: String,
    /// For whom.
    pub user: String,
    /// As it was sent.
    pub view: Value,
}

/// A request as Slack makes it.
#[derive(Debug, Clone)]
pub struct Posted {
    /// Its headers.
    pub headers: Vec<(&'static str, String)>,
    /// Its body.
    pub body: String,
}

impl Workspace {
    pub(super) fn open_view(&mut self, args: &Args, now: Timestamp) -> Answer {
        let trigger = args.text("trigger_id").ok_or(Refusal::Error("invalid_arguments"))?;
        let (user, at) = self.presses.triggers.remove(trigger).ok_or(Refusal::Error("exchanged_trigger_id"))?;
        if now.duration_since(at).as_secs() > TRIGGER_LASTS {
            return Err(Refusal::Error("expired_trigger_id"));
        }
        let view = args.json("view").and_then(Result::ok).ok_or(Refusal::Error("invalid_arguments"))?;
        let wrong = wrong_in(&view);
        if !wrong.is_empty() {
            return Err(Refusal::Because("invalid_arguments", wrong));
        }
        let id = self.next_id('V');
        let mut shown = view.clone();
        (shown["id"], shown["state"]) = (json!(id), json!({ "values": {} }));
        self.presses.forms.push(Form { id, user, view });
        Ok(json!({ "view": shown }))
    }

    /// Takes a reply to a press.
    pub(super) fn whispered(&mut self, to: &str, asked: &Asked) -> Reply {
        let known = self.presses.replies.get(to).cloned();
        let said = serde_json::from_slice::<Value>(&asked.body).unwrap_or_default();
        let (Some(user), true) = (known, asked.method == Method::POST) else {
            return Reply::json(404, &json!({ "ok": false, "error": "expired_url" }));
        };
        let text = said["text"].as_str().unwrap_or_default().to_owned();
        self.presses.whispers.push((user, text));
        Reply::json(200, &json!({ "ok": true }))
    }

    /// What every press carries: who, with what a form could be opened, and where to reply.
    fn pressed(&mut self, user: &str, now: Timestamp) -> Map<String, Value> {
        let (trigger, reply) = (self.next_id('g'), self.next_id('r'));
        self.presses.triggers.insert(trigger.clone(), (user.to_owned(), now));
        self.presses.replies.insert(reply.clone(), user.to_owned());
        let name = self.members.get(user).map_or("stranger", |member| member.name.as_str());
        let payload = json!({
            "user": { "id": user, "username": name.to_lowercase(), "name": name, "team_id": TEAM },
            "api_app_id": APP, "token": "never-to-be-believed", "team": { "id": TEAM, "domain": "acme" },
            "enterprise": null, "is_enterprise_install": false, "trigger_id": trigger,
            "response_url": format!("http://{}{}/{reply}", self.at, crate::REPLIES_PATH),
        });
        payload.as_object().cloned().unwrap_or_default()
    }
}

/// What Slack would refuse in a form.
fn wrong_in(view: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut say = |what: &str, place: &str| wrong.push(format!("[ERROR] {what} [json-pointer:/view{place}]"));
    if view["type"] != "modal" {
        say("must be one of: modal", "/type");
    }
    for part in ["title", "submit", "close"] {
        blocks::plain_object(view.get(part), 24, &format!("/{part}"), &mut say);
    }
    if view["private_metadata"].as_str().is_some_and(|text| text.chars().count() > 3000) {
        say("must be less than 3001 characters", "/private_metadata");
    }
    let all = view["blocks"].as_array().map_or(&[][..], Vec::as_slice);
    if all.is_empty() || all.len() > 100 {
        say("must have 1 to 100 items", "/blocks");
    }
    for block in all.iter().filter(|block| block["type"] == "input") {
        blocks::plain_object(block.get("label"), 2000, "/blocks/label", &mut say);
        let element = &block["element"];
        match element["type"].as_str().unwrap_or_default() {
            "static_select" => {
                let options = element["options"].as_array().map_or(&[][..], Vec::as_slice);
                blocks::options(options, 100, &mut say);
                let initial = element.get("initial_option").filter(|initial| !initial.is_null());
                if initial.is_some_and(|initial| !options.contains(initial)) {
                    say("must be one of the provided options", "/blocks/element/initial_option");
                }
            }
            "plain_text_input" | "datepicker" => {}
            kind => say(&format!("unsupported type: {kind}"), "/blocks/element/type"),
        }
    }
    for block in all.iter().filter(|block| block["type"] == "section") {
        if block["text"]["text"].as_str().is_none_or(|text| text.is_empty() || text.chars().count() > 3000) {
            say("must be more than 0 characters", "/blocks/text");
        }
    }
    wrong
}

impl Slack {
    /// What Slack tells when somebody presses the control of this name below a message; of a menu, chooses the option.
    pub fn press(&self, user: &str, message: &SlackMessage, label: &str) -> Value {
        self.press_below(user, message, 0, label)
    }

    /// The same below a certain line of it: `row` counts the rows of buttons.
    pub fn press_below(&self, user: &str, message: &SlackMessage, row: usize, label: &str) -> Value {
        let all = message.blocks.as_ref().and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let mut rows = all.iter().filter(|block| block["type"] == "actions");
        let block = rows.nth(row).unwrap_or_else(|| panic!("there are no buttons in {all:#?}"));
        let elements = block["elements"].as_array().map_or(&[][..], Vec::as_slice);
        let found = elements.iter().find_map(|element| {
            if element["text"]["text"] == label {
                return Some((element, None));
            }
            let options = element["options"].as_array()?;
            options.iter().find(|option| option["text"]["text"] == label).map(|option| (element, Some(option)))
        });
        let (element, option) = found.unwrap_or_else(|| panic!("there is no {label} in {elements:#?}"));
        let now = self.now();
        let mut workspace = self.workspace();
        let mut payload = workspace.pressed(user, now);
        let ts = workspace.next_ts(now);
        let mut action = json!({
            "action_id": element["action_id"], "block_id": block["block_id"], "type": element["type"],
            "action_ts": super::model::ts_text(ts),
        });
        match option {
            Some(option) => action["selected_option"] = option.clone(),
            None => {
                action["text"] = element["text"].clone();
                // A button that opens a page has no value.
                if let Some(value) = element.get("value") {
                    action["value"] = value.clone();
                }
            }
        }
        payload.insert("type".to_owned(), json!("block_actions"));
        let container = json!({
            "type": "message", "message_ts": message.ts, "channel_id": message.channel, "is_ephemeral": false,
        });
        payload.insert("container".to_owned(), container);
        payload.insert("channel".to_owned(), json!({ "id": message.channel, "name": "directmessage" }));
        let shown = json!({ "ts": message.ts, "text": message.text, "blocks": message.blocks });
        payload.insert("message".to_owned(), shown);
        payload.insert("state".to_owned(), json!({ "values": {} }));
        payload.insert("actions".to_owned(), json!([action]));
        Value::Object(payload)
    }

    /// What Slack tells when somebody sends a form with these values, by the names of its fields; of a field that is not named,
    /// what stood in it first.
    pub fn fill(&self, form: &Form, values: &[(&str, &str)]) -> Value {
        let inputs = form.view["blocks"].as_array().cloned().unwrap_or_default();
        let mut state = Map::new();
        for block in inputs.iter().filter(|block| block["type"] == "input") {
            let (element, label) = (&block["element"], block["label"]["text"].as_str().unwrap_or_default());
            let value = values.iter().find(|(name, _)| *name == label).map(|(_, value)| *value);
            let filled = match element["type"].as_str() {
                Some("static_select") => {
                    let options = element["options"].as_array().cloned().unwrap_or_default();
                    let chosen =
                        options.into_iter().find(|option| value.is_some_and(|value| option["text"]["text"] == value));
                    json!({ "type": "static_select", "selected_option": chosen.unwrap_or(element["initial_option"].clone()) })
                }
                Some("datepicker") => json!({ "type": "datepicker", "selected_date": value }),
                _ => json!({ "type": "plain_text_input", "value": value }),
            };
            let (part, action) = (block["block_id"].as_str(), element["action_id"].as_str());
            state.insert(part.unwrap_or_default().to_owned(), json!({ action.unwrap_or_default(): filled }));
        }
        let now = self.now();
        let mut payload = self.workspace().pressed(&form.user, now);
        payload.remove("response_url");
        let mut view = form.view.clone();
        (view["id"], view["hash"]) = (json!(form.id), json!("156772938.1827394"));
        view["state"] = json!({ "values": state });
        payload.insert("type".to_owned(), json!("view_submission"));
        payload.insert("view".to_owned(), view);
        payload.insert("response_urls".to_owned(), json!([]));
        Value::Object(payload)
    }

    /// The same payload as Slack posts it at this moment, signed with this secret.
    pub fn signed(&self, payload: &Value, secret: &str, at: Timestamp) -> Posted {
        let text = payload.to_string();
        let body = url::form_urlencoded::Serializer::new(String::new()).append_pair("payload", &text).finish();
        signed(&body, secret, at)
    }

    /// Tells of a press on the websocket that was opened last; `None`: none is open. Tells its id.
    pub fn over_socket(&self, payload: &Value) -> Option<String> {
        self.workspace().send_envelope(payload.clone(), None)
    }

    /// The same on the one that was opened first.
    pub fn over_oldest_socket(&self, payload: &Value) -> Option<String> {
        self.workspace().send_envelope(payload.clone(), Some(0))
    }

    /// What the app has acknowledged, by id.
    pub fn acknowledged(&self) -> Vec<String> {
        self.workspace().presses.acknowledged.clone()
    }

    /// How many websockets are open.
    pub fn sockets(&self) -> usize {
        self.workspace().presses.lines.len()
    }

    /// How many have been opened so far.
    pub fn sockets_so_far(&self) -> u32 {
        self.workspace().presses.next_line
    }

    /// Says that the open websockets end soon, for this reason: `warning`, `refresh_requested`, `link_disabled`.
    pub fn announce_end(&self, reason: &str) {
        self.say_on_sockets(&json!({ "type": "disconnect", "reason": reason, "debug_info": {} }).to_string());
    }

    /// Sends this text on every websocket.
    pub fn say_on_sockets(&self, text: &str) {
        for line in &self.workspace().presses.lines {
            let _ = line.sender.send(Outgoing::Text(text.to_owned()));
        }
    }

    /// Closes the websocket that was opened first.
    pub fn close_oldest_socket(&self) {
        if let Some(line) = self.workspace().presses.lines.first() {
            let _ = line.sender.send(Outgoing::End);
        }
    }

    /// So many websockets of other programs listen with the same token.
    pub fn strangers_listen(&self, how_many: usize) {
        self.workspace().presses.strangers = how_many;
    }

    /// Switches Socket Mode off or on.
    pub fn socket_mode(&self, on: bool) {
        self.workspace().presses.socket_mode_off = !on;
    }

    /// Forms that were opened, the oldest first.
    pub fn forms(&self) -> Vec<Form> {
        self.workspace().presses.forms.clone()
    }

    /// Words that only one person saw: who, and what.
    pub fn whispers(&self) -> Vec<(String, String)> {
        self.workspace().presses.whispers.clone()
    }
}

/// A body signed as Slack signs.
fn signed(body: &str, secret: &str, at: Timestamp) -> Posted {
    let stamp = at.as_second().to_string();
    let mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes());
    let mut mac = mac.expect("a key of any length will do");
    mac.update(format!("v0:{stamp}:{body}").as_bytes());
    let digits: String = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    let headers = vec![
        ("X-Slack-Request-Timestamp", stamp),
        ("X-Slack-Signature", format!("v0={digits}")),
        ("Content-Type", "application/x-www-form-urlencoded".to_owned()),
    ];
    Posted { headers, body: body.to_owned() }
}
