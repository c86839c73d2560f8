//! `[slack]`: the app's own token and the signing secret, without either of which there are no buttons.

use super::*;

#[test]
fn an_app_token_or_a_signing_secret_gives_messages_buttons_and_neither_is_shown() {
    let of = |lines: &str| {
        let text = format!("{GITHUB}[slack]\nbot_token = {{ env = 'BOT' }}\n{lines}");
        let env = [("BOT", "xoxb-hush"), ("APP", "xapp-1-hush"), ("SIGNED", "8f742231b10e8888abcd99aaaccc85a5")];
        let settings = loaded(&text, &env);
        let shown = format!("{settings:?}");
        assert!(!shown.contains("hush") && !shown.contains("8f742231"), "{shown}");
        settings.slack.unwrap().hears_presses()
    };
    assert!(!of(""));
    assert!(of("app_token = { env = 'APP' }\n"));
    assert!(of("signing_secret = { env = 'SIGNED' }\n"));
}

#[test]
fn a_token_in_the_place_of_another_secret_is_refused_and_not_shown() {
    let slack = "[slack]\nbot_token = 'xoxb-1-hush'\n";
    for (line, words) in [
        (
            "app_token = 'xoxb-2-hush'",
            "error[bad-secret]: this is the bot's token (xoxb-…); it belongs into `bot_token`",
        ),
        ("app_token = 'xoxp-2-hush'", "error[bad-secret]: this is a user's token (xoxp-…), not the app's (xapp-…)"),
        ("app_token = 'hushhushhushhush'", "warning[odd-secret]: an app-level token of Slack begins with xapp-"),
        ("signing_secret = 'xapp-2-hush'", "error[bad-secret]: this is a token; the signing secret stands"),
        ("signing_secret = 'hush'", "error[bad-secret]: this is shorter than 16 characters: it can be guessed"),
        (
            "signing_secret = 'hushhushhushhush'",
            "warning[odd-secret]: Slack's signing secrets are 32 hexadecimal digits",
        ),
    ] {
        let found = found_after(&format!("{slack}{line}\n"));
        assert!(found.contains(words) && !found.contains("hush"), "{line}: {found}");
    }
}

#[test]
fn what_cannot_be_heard_is_told() {
    let hook = "webhook_url = 'https://hooks.slack.com/services/T1/B2/hush'";
    let found = found_after(&format!("[slack]\n{hook}\napp_token = 'xapp-1-hush'\n"));
    assert!(
        found.contains("warning[unused-key]: `app_token` has no effect: what a webhook posts has no buttons"),
        "{found}"
    );
    let signed = "[slack]\nbot_token = 'xoxb-1'\nsigning_secret = '8f742231b10e8888abcd99aaaccc85a5'\n";
    let off = "[server]\nlisten = 'off'\n";
    let words = "warning[unused-key]: presses of buttons cannot arrive: the web server is off";
    assert!(found_after(&format!("{signed}{off}")).contains(words));
    assert!(!found_after(&format!("{signed}app_token = 'xapp-1-x'\n{off}")).contains(words));
    assert!(!found_after(&format!("{signed}[server]\nlisten = '127.0.0.1:8099'\n")).contains(words));
}
