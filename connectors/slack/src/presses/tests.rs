#![allow(clippy::unwrap_used)]

use connector_kit::clock::SetClock;
use connector_kit::webhook::signature;

use super::*;

const SECRET: &str = "8f742231b10e8888abcd99yyyzzz85a5";
const BODY: &str = "payload=%7B%22type%22%3A%22block_actions%22%7D";

fn buttons() -> Buttons {
    let config = Config {
        url: "https://slack.com/api".parse().unwrap(),
        bot_token: Secret::fixed("xoxb-test"),
        app_token: None,
        signing_secret: Some(Secret::fixed(SECRET)),
        ca_file: None,
        proxy: None,
        channels: Vec::new(),
    };
    Buttons::new(&config, Arc::new(SetClock::leaping(Timestamp::UNIX_EPOCH))).unwrap().unwrap()
}

fn headers(stamp: &str, signature: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert("x-slack-request-timestamp", stamp.parse().unwrap());
    headers.insert("x-slack-signature", signature.parse().unwrap());
    headers
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

/// As Slack signs.
fn signed(stamp: i64, body: &str) -> HeaderMap {
    let text = format!("v0:{stamp}:{body}");
    headers(&stamp.to_string(), &format!("v0={}", signature(&SECRET.into(), text.as_bytes())))
}

#[test]
fn a_known_signature_is_believed_within_five_minutes_on_either_side() {
    let buttons = buttons();
    let given = "v0=9dffc25b49a4a7fc2e15c9c9450bf8af09eb501fcef9039eaea3deb58af0c82c";
    let headers = headers("1531420618", given);
    for now in [1_531_420_618, 1_531_420_918, 1_531_420_318] {
        let pressed = buttons.verified(&headers, BODY.as_bytes(), at(now));
        assert!(matches!(pressed, Ok(Pressed::Nothing)), "{pressed:?}");
    }
    for now in [1_531_420_919, 1_531_420_317, 0] {
        let pressed = buttons.verified(&headers, BODY.as_bytes(), at(now));
        assert_eq!(pressed.err(), Some(HookRefused::Forged), "{now}");
    }
}

#[test]
fn nothing_else_is_believed() {
    let (buttons, now) = (buttons(), at(1_531_420_618));
    let good = signed(1_531_420_618, BODY);
    assert!(buttons.verified(&good, BODY.as_bytes(), now).is_ok());
    assert!(buttons.verified(&good, BODY.replace("block", "blocc").as_bytes(), now).is_err(), "another body");
    let text = good.get("x-slack-signature").unwrap().to_str().unwrap().to_owned();
    for (stamp, signature) in [
        ("1531420619", text.as_str()),
        ("", &text),
        ("x", &text),
        ("9223372036854775807", &text),
        ("-9223372036854775808", &text),
        ("1531420618", ""),
        ("1531420618", "v0="),
        ("1531420618", text.trim_start_matches("v0=")),
        ("1531420618", &text.replace("v0=", "v1=")),
        ("1531420618", &text[..text.len() - 2]),
    ] {
        let pressed = buttons.verified(&headers(stamp, signature), BODY.as_bytes(), now);
        assert_eq!(pressed.err(), Some(HookRefused::Forged), "{stamp} {signature}");
    }
    assert!(buttons.verified(&HeaderMap::new(), BODY.as_bytes(), now).is_err());
    let unsigned = Buttons { signing_secret: None, ..buttons };
    assert_eq!(
        unsigned.verified(&good, BODY.as_bytes(), now).err(),
        Some(HookRefused::Forged),
        "no secret signs nothing"
    );
}

#[test]
fn a_signed_body_of_another_form_is_malformed_and_a_look_at_our_certificate_is_nothing() {
    let (buttons, now) = (buttons(), at(1_531_420_618));
    let of = |body: &str| buttons.verified(&signed(1_531_420_618, body), body.as_bytes(), now);
    assert!(matches!(of("ssl_check=1&token=x"), Ok(Pressed::Nothing)));
    for body in ["", "payload=", "payload=%7B", "x=y", "{\"type\":\"block_actions\"}"] {
        assert_eq!(of(body).err(), Some(HookRefused::Malformed), "{body}");
    }
}

#[test]
fn a_secret_that_cannot_be_read_believes_nobody() {
    let gone = Secret::new(|| Err("gone".to_owned()));
    let buttons = Buttons { signing_secret: Some(gone), ..buttons() };
    let refused = buttons.verified(&signed(1_531_420_618, BODY), BODY.as_bytes(), at(1_531_420_618)).err();
    assert_eq!(refused, Some(HookRefused::NoSecret));
}

#[test]
fn a_websocket_leads_to_slack_alone() {
    let of = |address: &str, base: &str| is_slack_s(&address.parse().unwrap(), &base.parse().unwrap());
    let slack = "https://slack.com/api";
    assert!(of("wss://wss-primary.slack.com/link/?ticket=1&app_id=2", slack));
    assert!(of("wss://wss-backup.slack-gov.com/link/?ticket=1", "https://slack-gov.com/api"));
    for bad in [
        "wss://evil.example/link",
        "wss://slack.com.evil.example/",
        "wss://notslack.com/",
        "wss://user:p@wss.slack.com/",
        "wss://wss.slack.com:8443/",
        "ws://wss-primary.slack.com/link",
        "https://wss-primary.slack.com/link",
        "ws://127.0.0.1:9/",
    ] {
        assert!(!of(bad, slack), "{bad}");
    }
    let here = "http://127.0.0.1:4000/slack/api";
    assert!(of("ws://127.0.0.1:4000/slack/socket?ticket=1", here));
    assert!(!of("ws://127.0.0.1:4001/slack/socket", here) && !of("wss://wss-primary.slack.com/", here));
}

#[test]
fn a_reply_goes_to_slack_alone() {
    let of = |address: &str, base: &str| takes_replies(&address.parse().unwrap(), &base.parse().unwrap());
    let slack = "https://slack.com/api";
    assert!(of("https://hooks.slack.com/actions/T1/2/abc", slack));
    assert!(of("https://hooks.slack-gov.com/actions/T1/2/abc", slack));
    for bad in [
        "https://hooks.slack.com/",
        "http://hooks.slack.com/actions/1",
        "https://hooks.slack.com:444/actions/1",
        "https://hooks.slack.com.evil.example/actions/1",
        "https://evil.example/actions/1",
        "https://u@hooks.slack.com/actions/1",
        "https://hooks.slack.com/actions/1?x=y",
        "http://127.0.0.1:4000/actions/1",
        "http://169.254.169.254/latest",
    ] {
        assert!(!of(bad, slack), "{bad}");
    }
    let here = "http://127.0.0.1:4000/slack/api";
    assert!(of("http://127.0.0.1:4000/slack/actions/1", here) && !of("http://127.0.0.1:4001/slack/actions/1", here));
}

#[test]
fn where_to_reply_to_a_form_is_told_once_and_memory_has_an_end() {
    let forms = Forms::default();
    for at in 0..=FORMS {
        forms.remember(format!("V{at}"), ReplyTo(SecretString::from(format!("https://hooks.slack.com/actions/{at}"))));
    }
    assert!(forms.take("V0").is_none(), "the oldest is forgotten first");
    assert!(forms.take("V1").is_some() && forms.take("V1").is_none());
    assert_eq!(forms.0.lock().unwrap().len(), FORMS - 1);
}
