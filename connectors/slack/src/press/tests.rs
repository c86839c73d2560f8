#![allow(clippy::unwrap_used)]

use proptest::prelude::*;
use secrecy::ExposeSecret;

use super::*;

/// A press as Slack tells of it.
fn pressed(action: Value) -> Value {
    json!({
        "type": "block_actions", "user": { "id": "U1", "username": "a", "team_id": "T1" }, "api_app_id": "A1",
        "container": { "type": "message", "message_ts": "1712345678.000100", "channel_id": "D1", "is_ephemeral": false },
        "trigger_id": "13345224609.738474920.8088930838d88f008e0", "channel": { "id": "D1", "name": "directmessage" },
        "message": { "ts": "1712345678.000100", "text": "…" }, "response_url": "https://hooks.slack.com/actions/T1/2/x",
        "actions": [action], "state": { "values": {} },
    })
}

fn button(value: &str) -> Value {
    json!({ "action_id": "1.2", "block_id": "bXq", "type": "button", "value": value, "action_ts": "1712345680.5" })
}

fn of(payload: &Value) -> Result<Understood, HookRefused> {
    read(&serde_json::to_vec(payload).unwrap())
}

fn said(payload: &Value) -> Press {
    match of(payload).unwrap().pressed {
        Pressed::Said(press) => press,
        other => panic!("{other:?}"),
    }
}

/// A form as it comes back.
fn filled(stem: &str, values: Value) -> Value {
    json!({
        "type": "view_submission", "user": { "id": "U1" }, "trigger_id": "1.2.3",
        "view": { "id": "V1", "private_metadata": stem, "callback_id": "gapwatch", "state": { "values": values } },
    })
}

#[test]
fn a_button_says_its_value_and_a_menu_what_was_chosen() {
    let press = said(&pressed(button("7f3ak2mq9d undo")));
    assert_eq!((press.user.as_str(), press.words.as_str()), ("U1", "7f3ak2mq9d undo"));
    assert_eq!(press.key, "U1/D1/1712345678.000100/1.2/1712345680.5");
    assert_eq!(press.reply_to.unwrap().0.expose_secret(), "https://hooks.slack.com/actions/T1/2/x");
    for kind in ["static_select", "overflow"] {
        let chosen = json!({
            "type": kind, "action_id": "1.1", "block_id": "b", "action_ts": "1.5",
            "selected_option": { "text": { "type": "plain_text", "text": "3 days" }, "value": "7f3ak2mq9d snooze 3d" },
        });
        assert_eq!(said(&pressed(chosen)).words, "7f3ak2mq9d snooze 3d");
    }
}

#[test]
fn a_second_press_is_another_one_and_one_delivered_twice_is_not() {
    let mut later = button("7f3ak2mq9d undo");
    later["action_ts"] = json!("1712345681.5");
    let first = pressed(button("7f3ak2mq9d undo"));
    assert_eq!(said(&first).key, said(&first).key);
    assert_ne!(said(&first).key, said(&pressed(later)).key);
    let mut other = first.clone();
    other["user"]["id"] = json!("U2");
    assert_ne!(said(&first).key, said(&other).key);
}

#[test]
fn words_that_are_not_complete_ask_for_a_form() {
    let understood = of(&pressed(button("7f3ak2mq9d date …"))).unwrap();
    let Pressed::Asks(question) = understood.pressed else { panic!("{understood:?}") };
    assert_eq!((question.user.as_str(), question.words.as_str()), ("U1", "7f3ak2mq9d date …"));
    assert_eq!(question.trigger.expose_secret(), "13345224609.738474920.8088930838d88f008e0");
}

#[test]
fn a_form_that_was_sent_says_its_words_with_what_was_filled_in() {
    let chosen = |value: &str| json!({ "input": { "type": "static_select", "selected_option": { "value": value } } });
    let typed = |value: Value| json!({ "input": { "type": "plain_text_input", "value": value } });
    let cases = [
        (
            filled(
                "7f3ak2mq9d snooze",
                json!({ "until": chosen("3d"), "why": typed(json!("waiting for\nthe  vendor")) }),
            ),
            "7f3ak2mq9d snooze 3d because waiting for the vendor",
        ),
        (
            filled("7f3ak2mq9d snooze", json!({ "until": chosen("monday"), "why": typed(Value::Null) })),
            "7f3ak2mq9d snooze monday",
        ),
        (
            filled(
                "7f3ak2mq9d date",
                json!({ "on": { "input": { "type": "datepicker", "selected_date": "2026-12-01" } } }),
            ),
            "7f3ak2mq9d date 2026-12-01",
        ),
        (
            filled("7f3ak2mq9d wrong", json!({ "why": typed(json!("a template")) })),
            "7f3ak2mq9d wrong because a template",
        ),
    ];
    for (payload, words) in cases {
        let press = said(&payload);
        assert_eq!((press.words.as_str(), press.key.as_str()), (words, "form/U1/V1"));
    }
    assert_eq!(of(&filled("7f3ak2mq9d date", json!({}))).unwrap().view.as_deref(), Some("V1"));
}

#[test]
fn each_form_asks_for_what_its_words_lack() {
    let parts = |words: &str| -> Vec<String> {
        let form = form(words, Some("acme/web#1 “Redesign”"));
        let blocks = form["blocks"].as_array().unwrap().clone();
        let name = |block: &Value| block["block_id"].as_str().unwrap_or(block["type"].as_str().unwrap()).to_owned();
        blocks.iter().map(name).collect()
    };
    assert_eq!(parts("7f3ak2mq9d snooze …"), ["section", "until", "why"]);
    assert_eq!(parts("7f3ak2mq9d date …"), ["section", "on", "context"]);
    assert_eq!(parts("7f3ak2mq9d wrong …"), ["section", "why"]);
    let form = form("7f3ak2mq9d snooze …", None);
    assert_eq!(form["private_metadata"], "7f3ak2mq9d snooze");
    assert_eq!(form["blocks"][0]["element"]["initial_option"]["value"], "3d");
    for part in ["title", "submit", "close"] {
        assert!(form[part]["text"].as_str().unwrap().chars().count() <= TITLE_MAX);
    }
}

#[test]
fn what_stands_in_a_form_can_mention_nobody() {
    let about = format!("acme/web#1 “<!channel> @here \u{202e}{}”", "x".repeat(900));
    let form = form("7f3ak2mq9d date …", Some(&about));
    let text = &form["blocks"][0]["text"];
    assert_eq!(text["type"], "plain_text");
    let shown = text["text"].as_str().unwrap();
    assert!(shown.chars().count() <= LABEL_MAX && !shown.contains("<!channel>") && !shown.contains("@here"), "{shown}");
}

#[test]
fn what_says_nothing_is_nothing() {
    let link = json!({ "action_id": "1.0", "block_id": "b", "type": "button", "action_ts": "1.5" });
    for payload in [
        pressed(link),
        json!({ "type": "block_actions", "user": { "id": "U1" }, "actions": [] }),
        json!({ "type": "view_closed", "user": { "id": "U1" } }),
        json!({ "type": "message_action", "user": { "id": "U1" } }),
        filled("", json!({})),
        filled(&"x".repeat(400), json!({})),
    ] {
        assert!(matches!(of(&payload).unwrap().pressed, Pressed::Nothing), "{payload}");
    }
}

#[test]
fn what_is_none_of_slack_s_is_malformed() {
    let mut nobody = pressed(button("x done"));
    nobody["user"] = Value::Null;
    let mut long = pressed(button("x done"));
    long["user"]["id"] = json!("U".repeat(500));
    for payload in [json!([]), json!("x"), json!({ "type": 7 }), json!({}), nobody, long] {
        assert_eq!(of(&payload).err(), Some(HookRefused::Malformed), "{payload}");
    }
    for text in ["", "{", "\u{0}", "[[[[[[[[[["] {
        assert_eq!(read(text.as_bytes()).err(), Some(HookRefused::Malformed), "{text}");
    }
}

proptest! {
    #[test]
    fn nothing_that_is_typed_or_sent_makes_it_panic(stem in ".{0,60}", typed in ".*", bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = read(&bytes);
        let payload = filled(&stem, json!({ "why": { "input": { "value": typed } } }));
        let _ = of(&payload);
        let _ = form(&stem, Some(&typed));
    }
}
