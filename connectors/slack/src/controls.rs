//! Controls as Slack draws them: one `actions` block of buttons and menus, within Block Kit's limits. Pure.
//!
//! Every text is `plain_text` without emoji, which nothing parses; the value of every element is the words it says. No
//! block is given an id: Slack makes a new one at each edit, so that a menu forgets what was chosen in it before.

use connector_kit::{Choice, Control};
use serde_json::{Value, json};

use crate::blocks::{address, cut, defused, units};

/// Characters of a label.
const LABEL_MAX: usize = 75;
/// Characters of a menu's option, and so of any words that can be said.
const WORDS_MAX: usize = 150;
/// Options of a menu under three dots.
const MORE_MAX: usize = 5;
/// Options of a menu.
const MENU_MAX: usize = 100;
/// Elements of one block.
const ELEMENTS_MAX: usize = 25;

/// The block, and how many characters are in it. `None`: there is nothing to be shown. `row` tells the blocks of one message
/// apart.
pub(crate) fn shown(controls: &[Control], row: usize) -> Option<(Value, usize)> {
    let elements: Vec<Value> = controls
        .iter()
        .take(ELEMENTS_MAX)
        .enumerate()
        .filter_map(|(at, control)| element(control, &format!("{row}.{at}")))
        .collect();
    let size = elements.iter().map(|element| units(&element.to_string())).sum();
    (!elements.is_empty()).then(|| (json!({ "type": "actions", "elements": elements }), size))
}

/// A short text that nothing parses.
pub(crate) fn plain_text(text: &str, most: usize) -> Value {
    json!({ "type": "plain_text", "text": cut(&defused(text), most), "emoji": false })
}

fn element(control: &Control, id: &str) -> Option<Value> {
    let button = |label: &str| json!({ "type": "button", "action_id": id, "text": plain_text(label, LABEL_MAX) });
    match control {
        Control::Open { label, url } => {
            let mut button = button(label);
            button["url"] = Value::String(address(url)?);
            Some(button)
        }
        Control::Say(choice) => {
            let mut button = button(&choice.label);
            button["value"] = Value::String(said(choice)?.to_owned());
            Some(button)
        }
        Control::Menu { label, choices } => {
            let options = options(choices, MENU_MAX)?;
            let placeholder = plain_text(label, LABEL_MAX);
            Some(json!({ "type": "static_select", "action_id": id, "placeholder": placeholder, "options": options }))
        }
        Control::More(choices) => {
            Some(json!({ "type": "overflow", "action_id": id, "options": options(choices, MORE_MAX)? }))
        }
    }
}

/// `None`: there is nothing to choose.
pub(crate) fn options(choices: &[Choice], most: usize) -> Option<Vec<Value>> {
    let option = |choice: &Choice| {
        let words = said(choice)?;
        Some(json!({ "text": plain_text(&choice.label, LABEL_MAX), "value": words }))
    };
    let options: Vec<Value> = choices.iter().filter_map(option).take(most).collect();
    (!options.is_empty()).then_some(options)
}

/// Words that are too long would be other words once they are cut.
fn said(choice: &Choice) -> Option<&str> {
    (!choice.words.is_empty() && units(&choice.words) <= WORDS_MAX).then_some(choice.words.as_str())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn choice(label: &str, words: &str) -> Choice {
        Choice { label: label.to_owned(), words: words.to_owned() }
    }

    #[test]
    fn each_control_has_its_element_and_an_id_of_its_own() {
        let controls = [
            Control::Open { label: "Open task".to_owned(), url: "https://x.example/1".to_owned() },
            Control::Menu { label: "Snooze".to_owned(), choices: vec![choice("3 days", "7f3ak2mq9d snooze 3d")] },
            Control::More(vec![choice("It's done", "7f3ak2mq9d done")]),
            Control::Say(choice("Undo", "7f3ak2mq9d undo")),
        ];
        let (block, _) = shown(&controls, 1).unwrap();
        let text = |text: &str| json!({ "type": "plain_text", "text": text, "emoji": false });
        assert_eq!(
            block["elements"],
            json!([
                { "type": "button", "action_id": "1.0", "text": text("Open task"), "url": "https://x.example/1" },
                { "type": "static_select", "action_id": "1.1", "placeholder": text("Snooze"),
                  "options": [{ "text": text("3 days"), "value": "7f3ak2mq9d snooze 3d" }] },
                { "type": "overflow", "action_id": "1.2",
                  "options": [{ "text": text("It's done"), "value": "7f3ak2mq9d done" }] },
                { "type": "button", "action_id": "1.3", "text": text("Undo"), "value": "7f3ak2mq9d undo" },
            ])
        );
    }

    #[test]
    fn what_slack_would_refuse_is_left_out_or_cut() {
        let odd = [
            Control::Open { label: "x".to_owned(), url: "javascript:alert(1)".to_owned() },
            Control::More(Vec::new()),
            Control::Say(choice("x", "")),
            Control::Say(choice("x", &"x".repeat(151))),
            Control::Menu { label: "x".to_owned(), choices: vec![choice("x", &"x".repeat(151))] },
        ];
        assert_eq!(shown(&odd, 0), None);
        let many = Control::More((0..9).map(|at| choice(&"l".repeat(200), &format!("g {at}"))).collect());
        let (block, _) = shown(&[many], 0).unwrap();
        let options = block["elements"][0]["options"].as_array().unwrap();
        assert_eq!(options.len(), MORE_MAX);
        assert_eq!(options[0]["text"]["text"].as_str().unwrap().chars().count(), LABEL_MAX);
    }

    #[test]
    fn a_label_can_mention_nobody() {
        let label = "<!channel> @here <https://evil.example|Jira> \u{202e}:tada:";
        let (block, _) = shown(&[Control::Say(choice(label, "g done"))], 0).unwrap();
        let text = &block["elements"][0]["text"];
        assert_eq!((&text["type"], &text["emoji"]), (&json!("plain_text"), &json!(false)));
        let shown = text["text"].as_str().unwrap();
        assert!(!shown.contains("<!channel>") && !shown.contains("@here") && !shown.contains('\u{202e}'), "{shown}");
    }
}
