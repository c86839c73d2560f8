//! What each secret looks like, as far as that can be told without using it.

/// What a secret looks like. No text of these holds any of it.
pub(super) enum Shape {
    Fits,
    Odd(&'static str),
    Wrong(&'static str),
}

pub(super) fn slack_shape(value: &str) -> Shape {
    match value {
        _ if value.starts_with("xoxb-") => Shape::Fits,
        _ if value.starts_with("xapp-") => Shape::Wrong("this is an app-level token (xapp-…), not the bot's (xoxb-…)"),
        _ if value.starts_with("xoxp-") => Shape::Wrong("this is a user's token (xoxp-…), not the bot's (xoxb-…)"),
        _ => Shape::Odd("a bot token of Slack begins with xoxb-; this one does not"),
    }
}

pub(super) fn slack_hook_shape(value: &str) -> Shape {
    match connector_slack::is_webhook(value) {
        Ok(()) => Shape::Fits,
        Err(_) if value.starts_with("xox") => Shape::Wrong("this is a token of Slack; it belongs into `bot_token`"),
        Err(why) => Shape::Wrong(why),
    }
}

pub(super) fn github_shape(value: &str) -> Shape {
    match () {
        () if is_slack(value) => Shape::Wrong("this is a token of Slack, not of GitHub"),
        () if value.starts_with(ATLASSIAN) => Shape::Wrong("this is a token of Atlassian, not of GitHub"),
        () => Shape::Fits,
    }
}

/// How the tokens of an Atlassian account begin.
const ATLASSIAN: &str = "ATATT";

fn is_slack(value: &str) -> bool {
    ["xoxb-", "xoxp-", "xapp-"].iter().any(|start| value.starts_with(start))
}

pub(super) fn jira_shape(value: &str) -> Shape {
    let github = ["ghp_", "gho_", "ghu_", "ghs_", "github_pat_"].iter().any(|start| value.starts_with(start));
    match () {
        () if is_slack(value) => Shape::Wrong("this is a token of Slack, not of Jira"),
        () if github => Shape::Wrong("this is a token of GitHub, not of Jira"),
        () => Shape::Fits,
    }
}

/// The same on a server of one's own, which knows nothing of Atlassian accounts.
pub(super) fn data_center_shape(value: &str) -> Shape {
    if value.starts_with(ATLASSIAN) {
        return Shape::Wrong(
            "this is an API token of Jira Cloud; Data Center takes a personal access token or a password",
        );
    }
    jira_shape(value)
}

/// Whoever guesses it can make us read; so it is not to be guessed.
pub(super) fn webhook_shape(value: &str) -> Shape {
    if value.len() < 16 { Shape::Odd("this is shorter than 16 characters: it can be guessed") } else { Shape::Fits }
}

pub(super) fn heartbeat_shape(value: &str) -> Shape {
    match url::Url::parse(value) {
        Ok(url) if matches!(url.scheme(), "http" | "https") && url.host().is_some() => Shape::Fits,
        _ => Shape::Wrong("this is no address that begins with https://"),
    }
}
