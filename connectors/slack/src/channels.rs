//! Channels: from the name people write to the id that outlives a renaming, becoming a member, and what to say where one
//! cannot be posted in.

use connector_kit::{ConnectorError, Destination, WriteError};

use crate::api::Failure;
use crate::blocks::is_conversation_id;
use crate::refusal::Class;
use crate::wire::{Conversation, InfoAnswer, JoinCall, ListAnswer};
use crate::{Slack, not_written};

/// Channels a page; Slack takes less than a thousand.
const CHANNELS_PAGE: &str = "999";
/// Pages of channels read to find a name.
const CHANNEL_PAGES: usize = 20;

impl Slack {
    /// What to put into `channel`: the id, as far as it can be found out, else the name, which Slack takes for public
    /// channels. Nothing is written by asking, so every failure is definite.
    pub(crate) async fn channel_address(&self, channel: &str) -> Result<String, WriteError> {
        match self.channel_id(channel).await {
            Ok(Some(id)) => Ok(id),
            Ok(None) => Ok(channel.to_owned()),
            Err(Failure::Refused(no)) if matches!(no.class(), Class::Scope | Class::No) => Ok(channel.to_owned()),
            Err(failure) => Err(not_written(failure.into_error("the list of channels"))),
        }
    }

    /// The id behind a name, asked for once. `None`: the app sees no such channel.
    pub(crate) async fn channel_id(&self, channel: &str) -> Result<Option<String>, Failure<ConnectorError>> {
        if is_conversation_id(channel) {
            return Ok(Some(channel.to_owned()));
        }
        if let Some(id) = self.known.channel(channel) {
            return Ok(Some(id));
        }
        let name = channel.trim_start_matches('#').to_lowercase();
        let id = match self.named("public_channel,private_channel", &name).await {
            // One of the two kinds may be hidden for want of a scope.
            Err(Failure::Refused(no)) if no.class() == Class::Scope => self.named("public_channel", &name).await?,
            found => found?,
        };
        if let Some(id) = &id {
            self.known.remember_channel(&Destination::Channel(channel.to_owned()), id);
        }
        Ok(id)
    }

    async fn named(&self, types: &str, name: &str) -> Result<Option<String>, Failure<ConnectorError>> {
        let mut cursor: Option<String> = None;
        for _ in 0..CHANNEL_PAGES {
            let mut query = vec![
                ("types", types.to_owned()),
                ("exclude_archived", "true".to_owned()),
                ("limit", CHANNELS_PAGE.to_owned()),
            ];
            query.extend(cursor.take().map(|cursor| ("cursor", cursor)));
            let page: ListAnswer = self.api.get("conversations.list", query).await?;
            if let Some(found) = page.channels.iter().find(|found| found.name.as_deref() == Some(name)) {
                return Ok(Some(found.id.clone()));
            }
            cursor = page.response_metadata.next();
            if cursor.is_none() {
                break;
            }
        }
        Ok(None)
    }

    /// Becomes a member of a public channel; true when it is one now. Nobody is notified, and it may be repeated.
    pub(crate) async fn join(&self, channel: &str) -> bool {
        if !channel.starts_with('C') || !is_conversation_id(channel) {
            return false;
        }
        match self.api.ask("conversations.join", &JoinCall { channel }).await {
            Ok(_) => {
                tracing::info!(channel, "slack.joined");
                true
            }
            Err(failure) => {
                let because = failure.into_error("the channel").to_string();
                tracing::debug!(channel, because, "slack.not_joined");
                false
            }
        }
    }

    /// What the operator should know of the configured channels. What cannot be asked is not told: a missing scope is
    /// named elsewhere, and trouble on the way shows when a message is sent.
    pub(crate) async fn channel_warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        for channel in &self.channels {
            match self.channel_id(channel).await {
                Ok(Some(id)) => warnings.extend(self.channel_warning(channel, &id).await),
                Ok(None) => warnings.push(format!(
                    "Slack shows no channel {channel}: it is not there, was renamed or archived, or it is private and the \
                     app was not invited; name its id, or write /invite @gapwatch in it"
                )),
                Err(_) => {}
            }
        }
        warnings
    }

    async fn channel_warning(&self, channel: &str, id: &str) -> Option<String> {
        let seen = match self.api.get::<InfoAnswer>("conversations.info", vec![("channel", id.to_owned())]).await {
            Ok(answer) => answer.channel,
            Err(Failure::Refused(no)) if no.error == "channel_not_found" => {
                return Some(format!("{channel}: {}", no.because()));
            }
            Err(_) => return None,
        };
        trouble(&seen, self.known.may_post_anywhere()).map(|trouble| format!("the channel {channel} {trouble}"))
    }
}

/// `open`: the app may post to public channels without being a member; `None`: not known.
fn trouble(seen: &Conversation, open: Option<bool>) -> Option<&'static str> {
    if seen.is_archived {
        return Some("is archived; name another one");
    }
    if seen.is_member == Some(false) && (seen.is_private || open == Some(false)) {
        return Some("does not have the app as a member; write /invite @gapwatch in it");
    }
    (seen.is_ext_shared || seen.is_pending_ext_shared).then_some(
        "is shared with another organisation, whose people read what is posted there; name another one unless that is meant",
    )
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn each_trouble_of_a_channel_has_its_own_words() {
        let told = |json: &str, open| trouble(&serde_json::from_str(json).unwrap(), open);
        assert_eq!(told(r#"{"id":"C1","is_member":true}"#, Some(true)), None);
        assert_eq!(told(r#"{"id":"C1","is_member":false}"#, Some(true)), None);
        assert_eq!(told(r#"{"id":"C1","is_member":false}"#, None), None);
        let check = |json: &str, open, words: &str| assert!(told(json, open).unwrap().contains(words), "{json}");
        check(r#"{"id":"C1","is_archived":true}"#, Some(true), "archived");
        check(r#"{"id":"C1","is_member":false}"#, Some(false), "/invite");
        check(r#"{"id":"C1","is_member":false,"is_private":true}"#, Some(true), "/invite");
        check(r#"{"id":"C1","is_member":true,"is_ext_shared":true}"#, Some(true), "another organisation");
    }
}
