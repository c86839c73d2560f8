//! What each secret looks like, as far as that can be told without using it.

/// What a secret looks like. No text of these holds any of it.
pub(super) enum Shape {
    Fits,
    Odd(&'static str),
    Wrong(&'static str),
    /// A token of one tool where one of another is wanted.
    Foreign {
        of: &'static str,
        not_of: &'static str,
    },
}

pub(super) fn slack_shape(value: &str) -> Shape {
    match value {
        _ if value.starts_with("xoxb-") => Shape::Fits,
        _ if value.starts_with("xapp-") => Shape::Wrong("this is an app-level token (xapp-…), not the bot's (xoxb-…)"),
        _ if value.starts_with("xoxp-") => Shape::Wrong("this is a user's token (xoxp-…), not the bot's (xoxb-…)"),
        _ => Shape::Odd("a bot token of Slack begins with xoxb-; this one does not"),
    }
}

pub(super) fn slack_app_shape(value: &str) -> Shape {
    match value {
        _ if value.starts_with("xapp-") => Shape::Fits,
        _ if value.starts_with("xoxb-") => {
            Shape::Wrong("this is the bot's token (xoxb-…); it belongs into `bot_token`")
        }
        _ if value.starts_with("xoxp-") => Shape::Wrong("this is a user's token (xoxp-…), not the app's (xapp-…)"),
        _ => Shape::Odd("an app-level token of Slack begins with xapp-; this one does not"),
    }
}

/// Whoever guesses it can answer for everybody.
pub(super) fn slack_signing_shape(value: &str) -> Shape {
    match value {
        _ if value.starts_with("xox") || value.starts_with("xapp-") => {
            Shape::Wrong("this is a token; the signing secret stands on the app's page, under Basic Information")
        }
        _ if is_hex(value, 32) => Shape::Fits,
        _ if value.len() < 16 => Shape::Wrong("this is shorter than 16 characters: it can be guessed"),
        _ => Shape::Odd("Slack's signing secrets are 32 hexadecimal digits; this one is not"),
    }
}

pub(super) fn slack_hook_shape(value: &str) -> Shape {
    match connector_slack::is_webhook(value) {
        Ok(()) => Shape::Fits,
        Err(_) if value.starts_with("xox") => Shape::Wrong("this is a token of Slack; it belongs into `bot_token`"),
        Err(why) => Shape::Wrong(why),
    }
}

/// Any password may be one.
pub(super) fn password_shape(_: &str) -> Shape {
    Shape::Fits
}

pub(super) fn hook_secret_shape(value: &str) -> Shape {
    connector_webhook::is_secret(value).map_or_else(Shape::Wrong, |()| Shape::Fits)
}

pub(super) fn github_shape(value: &str) -> Shape {
    own_or_unknown(value, "GitHub")
}

pub(super) fn jira_shape(value: &str) -> Shape {
    match own_or_unknown(value, "Jira") {
        // The account is the same for both.
        Shape::Foreign { of: ATLASSIAN, .. } => Shape::Fits,
        other => other,
    }
}

pub(super) fn asana_shape(value: &str) -> Shape {
    own_or_unknown(value, "Asana")
}

/// The token that a member has given to a key.
pub(super) fn trello_shape(value: &str) -> Shape {
    match own_or_unknown(value, "Trello") {
        Shape::Fits if is_hex(value, 32) => {
            Shape::Odd("this is as long as a key of Trello; the token is what a member gives to the key")
        }
        shape => shape,
    }
}

/// The key of a Power-Up.
pub(super) fn trello_key_shape(value: &str) -> Shape {
    match own_or_unknown(value, "Trello") {
        Shape::Fits if value.starts_with(TRELLO) => Shape::Wrong("this is a token of Trello; it belongs into `token`"),
        Shape::Fits if is_hex(value, 64) => {
            Shape::Odd("this is as long as a token or secret of Trello; a key has 32 characters")
        }
        shape => shape,
    }
}

/// How the tokens of an Atlassian account begin, and what they are called here.
const ATLASSIAN_START: &str = "ATATT";
const ATLASSIAN: &str = "Atlassian";
/// How newer tokens of Trello begin.
const TRELLO: &str = "ATTA";

/// Whether it is a token of another tool, as far as that shows.
fn own_or_unknown(value: &str, not_of: &'static str) -> Shape {
    match whose(value) {
        Some(of) if of != not_of => Shape::Foreign { of, not_of },
        _ => Shape::Fits,
    }
}

/// The tool that makes tokens like this. `None`: any may.
fn whose(value: &str) -> Option<&'static str> {
    let begins = |starts: &[&str]| starts.iter().any(|start| value.starts_with(start));
    match () {
        () if begins(&["xoxb-", "xoxp-", "xapp-"]) => Some("Slack"),
        () if begins(&["ghp_", "gho_", "ghu_", "ghs_", "github_pat_"]) => Some("GitHub"),
        () if begins(&[ATLASSIAN_START]) => Some(ATLASSIAN),
        () if begins(&[TRELLO]) && value.len() > 64 => Some("Trello"),
        () if is_asana(value) => Some("Asana"),
        () => None,
    }
}

/// `1/1200000000000001:0123…` or `2/…/…:0123…`: numbers, and 32 digits behind the colon.
fn is_asana(value: &str) -> bool {
    let Some((numbers, rest)) = value.split_once(':') else { return false };
    let plain = |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_digit());
    numbers.contains('/') && numbers.split('/').all(plain) && is_hex(rest, 32)
}

fn is_hex(value: &str, length: usize) -> bool {
    value.len() == length && value.chars().all(|c| c.is_ascii_hexdigit())
}

/// The same on a server of one's own, which knows nothing of Atlassian accounts.
pub(super) fn data_center_shape(value: &str) -> Shape {
    if value.starts_with(ATLASSIAN_START) {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_known_by_its_tool_where_it_shows_and_anything_else_may_be_anybodys() {
        let trello = format!("ATTA{}", "0a".repeat(36));
        let asana = format!("2/1200000000000001/1200000000000002:{}", "0a".repeat(16));
        for (value, of) in [
            ("xoxb-1", Some("Slack")),
            ("ghp_1", Some("GitHub")),
            ("ATATT3x", Some("Atlassian")),
            (trello.as_str(), Some("Trello")),
            (asana.as_str(), Some("Asana")),
            ("ATTA", None),
            ("1/2:x", None),
            ("t0ken", None),
        ] {
            assert_eq!(whose(value), of, "{value}");
        }
    }

    #[test]
    fn a_key_of_trello_is_told_from_its_token_and_its_secret() {
        let (short, long, newer) = ("0a".repeat(16), "0a".repeat(32), format!("ATTA{}", "0a".repeat(36)));
        assert!(matches!(trello_key_shape(&short), Shape::Fits));
        assert!(matches!(trello_key_shape(&long), Shape::Odd(_)));
        assert!(matches!(trello_key_shape(&newer), Shape::Wrong(_)));
        assert!(matches!(trello_shape(&short), Shape::Odd(_)));
        assert!(matches!(trello_shape(&long), Shape::Fits) && matches!(trello_shape(&newer), Shape::Fits));
    }
}
