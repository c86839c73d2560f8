//! Looking for a message of ours whose outcome is not known, by the mark in its metadata.

use connector_kit::{ConnectorError, Destination, Found, MessageRef};
use connector_model::Mark;
use jiff::{SignedDuration, Timestamp};

use crate::api::Failure;
use crate::people::Sought;
use crate::refusal::Class;
use crate::wire::{Identity, Message, MessagesAnswer};
use crate::{Place, Slack};

/// How far before the attempt is looked: Slack's clock and ours may differ.
const LOOK_BACK: SignedDuration = SignedDuration::from_secs(60);
/// Messages a page; Slack advises no more.
const HISTORY_PAGE: usize = 200;
/// Pages read before giving up on a busy channel.
pub(crate) const HISTORY_PAGES: usize = 10;
/// How often one look waits for its budget. Apps that are sold outside Slack's marketplace get one page a minute.
const WAITS: usize = 3;
/// The longest such wait; the budget itself sleeps through it.
const LONGEST_WAIT: SignedDuration = SignedDuration::from_secs(60);

impl Slack {
    pub(crate) async fn search(
        &self,
        to: &Destination,
        mark: &Mark,
        since: Timestamp,
        thread: Option<&MessageRef>,
    ) -> Result<Found, ConnectorError> {
        let ourselves = self.identity().await?;
        let found = match thread.map(Place::of).transpose() {
            Ok(Some(parent)) => self.scan_inside(&ourselves, parent.channel, Some(parent.ts), mark, since).await,
            Ok(None) => match self.conversation(to).await {
                Ok(Some(channel)) => self.scan_inside(&ourselves, &channel, None, mark, since).await,
                // To whom there is not, nothing was sent, and the next attempt is refused: then the next channel takes it.
                Ok(None) if matches!(to, Destination::Email(_)) => return Ok(Found::Absent),
                Ok(None) => return Ok(Found::CannotTell("Slack knows no such person or channel now".to_owned())),
                Err(failure) => Err(failure),
            },
            Err(error) => return Ok(Found::CannotTell(error.to_string())),
        };
        found.or_else(|failure| match failure {
            Failure::Refused(no) if !matches!(no.class(), Class::Credential | Class::Wait | Class::Unsure) => {
                Ok(Found::CannotTell(no.because()))
            }
            failure => Err(failure.into_error("the conversation")),
        })
    }

    /// A channel may be posted to from outside, but is read by its members alone.
    async fn scan_inside(
        &self,
        ourselves: &Identity,
        channel: &str,
        parent: Option<&str>,
        mark: &Mark,
        since: Timestamp,
    ) -> Result<Found, Failure<ConnectorError>> {
        match self.scan(ourselves, channel, parent, mark, since).await {
            Err(Failure::Refused(no)) if no.error == "not_in_channel" && self.join(channel).await => {
                self.scan(ourselves, channel, parent, mark, since).await
            }
            found => found,
        }
    }

    /// Reads a conversation (or a thread of it) since shortly before `since`, and looks for the mark.
    async fn scan(
        &self,
        ourselves: &Identity,
        channel: &str,
        parent: Option<&str>,
        mark: &Mark,
        since: Timestamp,
    ) -> Result<Found, Failure<ConnectorError>> {
        let mark = mark.to_text();
        let mut cursor: Option<String> = None;
        let mut waits = WAITS;
        for _ in 0..HISTORY_PAGES {
            let page = self.patiently(channel, parent, since, cursor.take(), &mut waits).await?;
            let ours = |message: &&Message| message.carries(&mark) && ourselves.wrote(message);
            if let Some(ts) = page.messages.iter().find(ours).and_then(|message| message.ts.as_deref()) {
                return Ok(Found::There(MessageRef(format!("{channel}/{ts}"))));
            }
            cursor = page.response_metadata.next();
            match (&cursor, page.has_more) {
                (Some(_), _) => {}
                (None, false) => return Ok(Found::Absent),
                (None, true) => return Ok(Found::CannotTell("Slack shows only a part of the conversation".to_owned())),
            }
        }
        Ok(Found::CannotTell("too many messages have been written there since".to_owned()))
    }

    /// One page. A short wait that Slack asks for is waited, so that a look that was begun need not begin anew.
    async fn patiently(
        &self,
        channel: &str,
        parent: Option<&str>,
        since: Timestamp,
        cursor: Option<String>,
        waits: &mut usize,
    ) -> Result<MessagesAnswer, Failure<ConnectorError>> {
        loop {
            match self.messages(channel, parent, since, cursor.clone()).await {
                Err(Failure::Failed(ConnectorError::Limited { retry_after, .. }))
                    if *waits > 0 && retry_after <= LONGEST_WAIT =>
                {
                    *waits -= 1;
                }
                page => return page,
            }
        }
    }

    async fn messages(
        &self,
        channel: &str,
        parent: Option<&str>,
        since: Timestamp,
        cursor: Option<String>,
    ) -> Result<MessagesAnswer, Failure<ConnectorError>> {
        let mut query = vec![
            ("channel", channel.to_owned()),
            ("oldest", oldest(since)),
            ("include_all_metadata", "true".to_owned()),
            ("limit", HISTORY_PAGE.to_string()),
        ];
        query.extend(cursor.map(|cursor| ("cursor", cursor)));
        match parent {
            Some(ts) => {
                query.push(("ts", ts.to_owned()));
                self.api.get("conversations.replies", query).await
            }
            None => self.api.get("conversations.history", query).await,
        }
    }

    /// The id of the conversation behind a destination. `None`: there is none.
    async fn conversation(&self, to: &Destination) -> Result<Option<String>, Failure<ConnectorError>> {
        match to {
            Destination::User(user) => self.room(user).await.map(Some),
            Destination::Email(_) => match self.seek(to).await.map_err(Failure::Failed)? {
                Sought::Found(profile) => self.room(&profile.id).await.map(Some),
                Sought::Nobody(_) => Ok(None),
            },
            Destination::Channel(channel) => self.channel_id(channel).await,
        }
    }
}

impl Identity {
    /// Whether a message is ours: some id of the writer is the same. Where none can be compared, the mark alone decides;
    /// it is signed, but readable by every app of the workspace, so a copy of it under another id is not ours.
    fn wrote(&self, message: &Message) -> bool {
        let pairs = [(&self.bot_id, &message.bot_id), (&self.app_id, &message.app_id), (&self.user_id, &message.user)];
        let mut same = pairs.iter().filter_map(|(ours, its)| Some(ours.as_ref()? == its.as_ref()?)).peekable();
        same.peek().is_none() || same.any(|same| same)
    }
}

/// Slack's form of an instant: seconds and six digits.
fn oldest(since: Timestamp) -> String {
    let from = since.saturating_sub(LOOK_BACK).unwrap_or(since).max(Timestamp::UNIX_EPOCH);
    format!("{}.{:06}", from.as_second(), from.subsec_microsecond())
}
