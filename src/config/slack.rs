//! `[slack]`: what no single value of it can tell.

use super::Settings;
use super::diagnose::Diagnostic;
use super::mistakes::{About, Context};

/// What is wrong with it as a whole.
pub(super) fn all(settings: &Settings, context: &Context) -> Vec<(String, Diagnostic)> {
    let mut found = webhook(settings, context);
    found.extend(reachable(settings, context));
    found
}

/// A webhook stands in the place of a token, posts into its own channel, and has no buttons.
fn webhook(settings: &Settings, context: &Context) -> Vec<(String, Diagnostic)> {
    let mut found = Vec::new();
    let Some(slack) = settings.slack.as_ref().filter(|slack| slack.webhook_url.is_some()) else { return found };
    let path = "slack.webhook_url";
    if slack.bot_token.is_some() {
        let title = "`bot_token` and `webhook_url` cannot be used together";
        let problem = context.error("bad-value", About::Key, path, title, "one of the two is enough");
        let help = "a token can do all that a webhook can, and tells people in private: leave `webhook_url` out";
        let problem = context.also(problem, "slack.bot_token", "the other one");
        found.push((path.to_owned(), problem.help(help)));
    }
    for (key, secret) in [("app_token", &slack.app_token), ("signing_secret", &slack.signing_secret)] {
        if secret.is_some() {
            let title = format!("`{key}` has no effect: what a webhook posts has no buttons");
            let path = format!("slack.{key}");
            let problem = context.warning("unused-key", About::Key, &path, &title, "has no effect");
            found.push((path, problem.help(format!("leave `{key}` out, or use `bot_token`"))));
        }
    }
    if slack.channel.is_some() {
        let title = "`channel` has no effect: a webhook posts into the channel it was made for";
        let problem = context.warning("unused-key", About::Key, "slack.channel", title, "has no effect");
        found.push(("slack.channel".to_owned(), problem.help("leave `channel` out, or use `bot_token`")));
    }
    if let Some(channel) = &settings.operators.channel {
        let title = format!("{channel} cannot be reached by an incoming webhook");
        let path = "operators.channel";
        let problem = context.error("unknown-reference", About::Value, path, &title, "not reachable");
        found.push((path.to_owned(), problem.help("leave `channel` out, or use `bot_token` in [slack]")));
    }
    found
}

/// Presses that are posted have to find somebody at home.
fn reachable(settings: &Settings, context: &Context) -> Vec<(String, Diagnostic)> {
    let Some(slack) = settings.slack.as_ref().filter(|slack| slack.reaches_people()) else { return Vec::new() };
    let needs_server = slack.signing_secret.is_some() && slack.app_token.is_none();
    if !needs_server || settings.server.listen != super::Listen::Off {
        return Vec::new();
    }
    let path = "slack.signing_secret";
    let title = "presses of buttons cannot arrive: the web server is off";
    let problem = context.warning("unused-key", About::Key, path, title, "has no effect");
    vec![(path.to_owned(), problem.help("set [server] `listen`, or use `app_token`, which needs no server"))]
}
