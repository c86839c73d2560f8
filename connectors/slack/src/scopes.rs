//! Which permissions the bot token should have, and what for. A missing one is told at the start, not at the first night
//! it is needed.

/// Scope, and what does not work without it.
const WANTED: [(&str, &str); 11] = [
    ("chat:write", "sending and editing messages"),
    ("chat:write.public", "posting to public channels the app was not invited to"),
    ("channels:join", "joining a public channel to look whether a message arrived there"),
    ("im:write", "direct messages"),
    ("users:read", "finding people by e-mail, and their time zones"),
    ("users:read.email", "finding people by e-mail"),
    ("im:history", "looking whether a direct message whose outcome is unknown was sent"),
    ("channels:history", "looking whether a message to a public channel whose outcome is unknown was sent"),
    ("groups:history", "looking whether a message to a private channel whose outcome is unknown was sent"),
    ("channels:read", "finding a public channel by its name"),
    ("groups:read", "finding a private channel by its name"),
];

/// Whether a scope is among those granted.
pub(crate) fn has(granted: &str, scope: &str) -> bool {
    granted.split(',').any(|one| one.trim() == scope)
}

/// A sentence for each scope the token lacks. `granted` is Slack's own list, separated by commas.
pub(crate) fn missing(granted: &str) -> Vec<String> {
    let lacking = WANTED.iter().filter(|(scope, _)| !has(granted, scope));
    lacking
        .map(|(scope, purpose)| {
            format!(
                "the Slack bot token lacks the scope {scope}, needed for {purpose}; \
                 add it to the app and install the app again"
            )
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_with_everything_is_not_warned_of() {
        let all = WANTED.map(|(scope, _)| scope).join(", ");
        assert_eq!(missing(&all), Vec::<String>::new());
        assert_eq!(missing(&format!("{all},some:other")), Vec::<String>::new());
    }

    #[test]
    fn a_missing_scope_is_named_with_what_it_is_for() {
        let all_but_dm = WANTED.map(|(scope, _)| scope).join(",").replace("im:write,", "");
        assert_eq!(
            missing(&all_but_dm),
            ["the Slack bot token lacks the scope im:write, needed for direct messages; \
              add it to the app and install the app again"]
        );
    }
}
