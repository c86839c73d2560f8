//! What Slack's error words mean for the caller. One table; every word that is not in it is a definite refusal, for an
//! `ok: false` is an answer, and says that nothing was done.

use connector_kit::{ConnectorError, WriteError};
use jiff::SignedDuration;

use crate::TOOL;
use crate::wire::Head;

/// How long to wait where Slack asks to wait and does not say how long.
const DEFAULT_WAIT: SignedDuration = SignedDuration::from_secs(30);
/// Longest piece of an answer that goes into an error or the log.
const QUOTED_MAX: usize = 200;

/// An answer with `ok: false`.
#[derive(Debug)]
pub(crate) struct Refusal {
    /// Slack's word.
    pub(crate) error: String,
    needed: Option<String>,
    provided: Option<String>,
    messages: Vec<String>,
    /// From the answer's header.
    retry_after: Option<SignedDuration>,
}

/// What is done about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    /// The token is dead: nothing works until the operator acts.
    Credential,
    /// The token lacks a scope: this feature does not work until the operator acts.
    Scope,
    /// Surely not done: wait.
    Wait,
    /// Perhaps done.
    Unsure,
    /// The form of the message was not liked: try the simpler one.
    Form,
    /// The message to edit or to answer is gone, or closed to edits.
    Gone,
    /// No, for good.
    No,
}

impl Refusal {
    pub(crate) fn of(head: Head, retry_after: Option<SignedDuration>) -> Refusal {
        Refusal {
            error: quoted(head.error.as_deref().unwrap_or("no_error_word")),
            needed: head.needed.map(|scopes| quoted(&scopes)),
            provided: head.provided.map(|scopes| quoted(&scopes)),
            messages: head.response_metadata.messages.iter().take(5).map(|message| quoted(message)).collect(),
            retry_after,
        }
    }

    pub(crate) fn class(&self) -> Class {
        class(&self.error)
    }

    /// What is wrong with the blocks, in Slack's words.
    pub(crate) fn messages(&self) -> String {
        self.messages.join("; ")
    }

    pub(crate) fn into_write_error(self) -> WriteError {
        let because = self.because();
        match self.class() {
            Class::Credential => WriteError::Unauthorized { because },
            Class::Wait => WriteError::NotSent { retry_after: self.retry_after, because },
            Class::Unsure => WriteError::Unsure { because },
            Class::Gone => WriteError::Gone { because },
            Class::Scope | Class::Form | Class::No => WriteError::Refused { because },
        }
    }

    /// `what` was asked for.
    pub(crate) fn into_read_error(self, what: &str) -> ConnectorError {
        let because = self.because();
        match self.class() {
            Class::Credential => ConnectorError::Unauthorized { tool: TOOL, what: because },
            Class::Wait if self.is_limit() => ConnectorError::Limited {
                tool: TOOL,
                what: because,
                retry_after: self.retry_after.unwrap_or(DEFAULT_WAIT),
            },
            Class::Wait | Class::Unsure => {
                ConnectorError::Transient { tool: TOOL, what: because, retry_after: self.retry_after, source: None }
            }
            Class::Scope | Class::Form | Class::Gone | Class::No => {
                ConnectorError::NotVisible { tool: TOOL, what: format!("{what}: {because}") }
            }
        }
    }

    pub(crate) fn is_limit(&self) -> bool {
        matches!(self.error.as_str(), "ratelimited" | "rate_limited" | "message_limit_exceeded")
    }

    /// Slack's word, and what to do about it.
    pub(crate) fn because(&self) -> String {
        let word = &self.error;
        if self.class() == Class::Scope {
            let needed = self.needed.as_deref().unwrap_or("a scope Slack does not name");
            let provided = self.provided.as_deref().unwrap_or("others");
            return format!(
                "{word}: the bot token needs {needed} and has {provided}; add it to the app and install the app again"
            );
        }
        match advice(word) {
            Some(advice) => format!("{word}: {advice}"),
            None if self.messages.is_empty() => word.clone(),
            None => format!("{word} ({})", self.messages()),
        }
    }
}

fn class(error: &str) -> Class {
    match error {
        "invalid_auth"
        | "not_authed"
        | "account_inactive"
        | "token_revoked"
        | "token_expired"
        | "not_allowed_token_type"
        | "invalid_token" => Class::Credential,
        "missing_scope" => Class::Scope,
        "ratelimited"
        | "rate_limited"
        | "message_limit_exceeded"
        | "team_added_to_org"
        | "org_login_required"
        | "external_channel_migrating"
        | "streaming_state_conflict" => Class::Wait,
        "internal_error"
        | "fatal_error"
        | "service_unavailable"
        | "request_timeout"
        | "update_failed"
        | "no_error_word" => Class::Unsure,
        "msg_blocks_too_long" | "msg_too_long" | "block_mismatch" => Class::Form,
        word if word.starts_with("invalid_blocks") => Class::Form,
        "message_not_found" | "thread_not_found" | "edit_window_closed" | "cant_update_message" | "is_inactive" => {
            Class::Gone
        }
        _ => Class::No,
    }
}

/// One sentence for whoever has to put it right.
fn advice(error: &str) -> Option<&'static str> {
    Some(match error {
        "invalid_auth" | "not_authed" | "invalid_token" => {
            "Slack does not know the bot token; copy the one that begins with xoxb- from the app's page"
        }
        "account_inactive" => "the app was removed from the workspace, or its account deactivated; install it again",
        "token_revoked" => "the bot token was revoked; install the app again and copy the new one",
        "token_expired" => "the bot token has expired; switch token rotation off in the app and install it again",
        "not_allowed_token_type" => "this is not a bot token; copy the one that begins with xoxb-",
        "team_added_to_org" | "org_login_required" => "the workspace is being moved into an organisation",
        "ratelimited" | "rate_limited" => "Slack asks for a pause",
        "message_limit_exceeded" => "the workspace as a whole posts more than its plan allows",
        "channel_not_found" => {
            "there is no such channel, or it is private and the app is no member; use its id, or invite the app"
        }
        "not_in_channel" => "the app is no member of the channel; invite it there",
        "is_archived" => "the channel is archived; name another one",
        "team_not_found" => "with this token a channel must be given by its id, not by its name",
        "user_not_found" | "users_not_found" | "user_not_visible" => "Slack knows no such person",
        "user_disabled" => "this person's account is deactivated",
        "cannot_dm_bot" => "this account is a bot; it takes no direct messages",
        "invalid_user_combination" => "this person is of another organisation and shares no channel with the app",
        "messages_tab_disabled" => {
            "the app takes no direct messages; switch its messages tab on (App Home in the app's settings)"
        }
        "app_access_restricted" => "this person may not use the app; ask an administrator of the workspace",
        "ekm_access_denied" => "the administrators have stopped messages to this channel",
        "restricted_action_thread_locked" => "the thread is locked",
        "restricted_action_thread_only_channel" => "the channel takes answers in threads only; name another one",
        "restricted_action_non_threadable_channel" | "cannot_reply_to_message" => "no thread can be begun there",
        word if word.starts_with("restricted_action") => {
            "the workspace's settings do not let the app post there; allow it, or name another channel"
        }
        "metadata_must_be_sent_from_app" => "the token is not an app's; copy the bot token that begins with xoxb-",
        "message_not_found" | "thread_not_found" => "the message is no longer there",
        "edit_window_closed" => "the workspace's settings no longer let this message be edited",
        "cant_update_message" => "this message is not the app's to edit",
        "is_inactive" => "the message stands in a frozen, archived or deleted channel",
        "internal_error" | "fatal_error" | "service_unavailable" | "request_timeout" | "update_failed" => {
            "Slack failed and does not say whether it was done"
        }
        _ => return None,
    })
}

/// A piece of an answer as it may stand in a log: one line, not long.
pub(crate) fn quoted(text: &str) -> String {
    text.chars().map(|char| if char.is_control() { ' ' } else { char }).take(QUOTED_MAX).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn refusal(json: &str) -> Refusal {
        Refusal::of(serde_json::from_str(json).unwrap(), Some(SignedDuration::from_secs(7)))
    }

    fn write(error: &str) -> WriteError {
        refusal(&format!(r#"{{"ok":false,"error":"{error}"}}"#)).into_write_error()
    }

    #[test]
    fn a_dead_token_stops_the_connection() {
        for error in ["invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired"] {
            assert!(matches!(write(error), WriteError::Unauthorized { .. }), "{error}");
            let read = refusal(&format!(r#"{{"ok":false,"error":"{error}"}}"#)).into_read_error("us");
            assert!(matches!(read, ConnectorError::Unauthorized { .. }), "{error}");
        }
    }

    #[test]
    fn a_limit_is_surely_not_sent_and_keeps_slacks_own_wait() {
        for error in ["ratelimited", "rate_limited"] {
            let WriteError::NotSent { retry_after, .. } = write(error) else { panic!("{error}") };
            assert_eq!(retry_after, Some(SignedDuration::from_secs(7)));
        }
    }

    #[test]
    fn slacks_own_failures_leave_the_outcome_open() {
        for error in ["internal_error", "fatal_error", "service_unavailable", "request_timeout"] {
            assert!(matches!(write(error), WriteError::Unsure { .. }), "{error}");
        }
        assert!(matches!(refusal(r#"{"ok":false}"#).into_write_error(), WriteError::Unsure { .. }));
    }

    #[test]
    fn a_destination_that_refuses_is_named_with_what_to_do() {
        for error in [
            "channel_not_found",
            "not_in_channel",
            "is_archived",
            "restricted_action",
            "restricted_action_read_only_channel",
            "user_not_found",
            "user_disabled",
            "cannot_dm_bot",
            "messages_tab_disabled",
        ] {
            let WriteError::Refused { because } = write(error) else { panic!("{error}") };
            assert!(because.starts_with(error) && because.len() > error.len() + 10, "{because}");
        }
    }

    #[test]
    fn a_message_that_cannot_be_edited_any_more_is_gone() {
        for error in ["message_not_found", "edit_window_closed", "cant_update_message"] {
            assert!(matches!(write(error), WriteError::Gone { .. }), "{error}");
        }
    }

    #[test]
    fn a_missing_scope_is_named() {
        let json = r#"{"ok":false,"error":"missing_scope","needed":"im:write","provided":"chat:write,users:read"}"#;
        let WriteError::Refused { because } = refusal(json).into_write_error() else { panic!() };
        assert!(because.contains("im:write") && because.contains("chat:write,users:read"), "{because}");
        assert!(matches!(refusal(json).into_read_error("people"), ConnectorError::NotVisible { .. }));
    }

    #[test]
    fn an_unknown_word_is_a_definite_no_and_kept() {
        let WriteError::Refused { because } = write("brand_new_error") else { panic!() };
        assert_eq!(because, "brand_new_error");
    }

    #[test]
    fn a_long_or_strange_error_word_is_cut_before_it_reaches_a_log() {
        let head = Head {
            ok: false,
            error: Some("a\n".repeat(5_000)),
            needed: None,
            provided: None,
            response_metadata: Default::default(),
        };
        let error = Refusal::of(head, None).error;
        assert!(error.chars().count() <= QUOTED_MAX && !error.contains('\n'));
    }
}
