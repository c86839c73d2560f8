//! Keys as paths: which stand below which, which fit a pattern, and which hold a secret.

/// Whether a path is another one or stands below it.
pub(super) fn within(path: &str, outer: &str) -> bool {
    path.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
}

/// The part of a path that is a secret, if there is one.
pub(super) fn secret_above(path: &str) -> Option<&str> {
    SECRETS.iter().find_map(|pattern| {
        let last = pattern.matches('.').count();
        let end = path.match_indices('.').nth(last).map_or(path.len(), |(at, _)| at);
        Some(&path[..end]).filter(|part| matches(pattern, part))
    })
}

/// Keys that hold a secret.
const SECRETS: [&str; 18] = [
    "github.*.token",
    "github.*.comment_token",
    "github.*.private_key",
    "github.*.webhook_secret",
    "jira.*.token",
    "jira.*.webhook_secret",
    "asana.*.token",
    "asana.*.webhook_secret",
    "trello.*.key",
    "trello.*.token",
    "trello.*.webhook_secret",
    "slack.bot_token",
    "slack.app_token",
    "slack.signing_secret",
    "slack.webhook_url",
    "email.password",
    "webhooks.*.secret",
    "heartbeat.url",
];

/// Whether a path fits a pattern, in which `*` is any one part.
pub(super) fn matches(pattern: &str, path: &str) -> bool {
    let (mut pattern, mut path) = (pattern.split('.'), path.split('.'));
    loop {
        match (pattern.next(), path.next()) {
            (None, None) => return true,
            (Some(wanted), Some(part)) if wanted == "*" || wanted == part => {}
            _ => return false,
        }
    }
}

/// Whether a key sounds like a credential, misspelt ones included.
pub(super) fn sounds_secret(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    ["tok", "tkn", "secret", "pass", "pwd", "key", "hook"].iter().any(|part| key.contains(part))
}
