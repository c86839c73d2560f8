//! Slack: direct messages, channel messages, edits and thread replies.
//!
//! Which calls are made is here; one call is `api.rs`, Slack's JSON `wire.rs`, its words for no `refusal.rs`, and what a
//! message looks like `blocks.rs`.
//!
//! Slack has no idempotency key: a write whose outcome is unknown is never repeated here. Every message carries its mark
//! in its metadata, and [`Notifier::find`] looks for it there. Opening a direct-message conversation is no write in this
//! sense: it may be repeated, and shows nobody anything.
//!
//! Accepted: what is remembered between calls (who we are, ids of conversations and people) saves calls only, and is lost
//! with the process.

mod api;
mod blocks;
mod known;
mod refusal;
mod scopes;
mod wire;

use std::path::PathBuf;
use std::sync::Arc;

use connector_kit::secret::Secret;
use connector_kit::{
    BoxFuture, Clock, ConnectorError, Destination, Found, MessageRef, Notifier, Profile, Text, Usage, WriteError,
};
use connector_model::Mark;
use jiff::{SignedDuration, Timestamp};
use url::Url;

use api::{Api, Failure};
use known::Known;
use refusal::Class;
use wire::{
    Content, Identity, ListAnswer, Message, MessagesAnswer, Metadata, OpenAnswer, OpenCall, PostAnswer, PostCall,
    UpdateCall, UserAnswer,
};

/// The name in errors and logs.
pub(crate) const TOOL: &str = "Slack";

/// How far before the attempt is looked: Slack's clock and ours may differ.
const LOOK_BACK: SignedDuration = SignedDuration::from_secs(60);
/// Messages a page; Slack advises no more.
const HISTORY_PAGE: usize = 200;
/// Pages read before giving up on a busy channel.
const HISTORY_PAGES: usize = 10;
/// Pages of channels (of 999) read to find a name.
const CHANNEL_PAGES: usize = 20;

/// What the connector is made from.
#[derive(Clone)]
pub struct Config {
    /// API base, `https://slack.com/api/` unless a test or a government workspace says otherwise.
    pub url: Url,
    /// Bot token, `xoxb-…`; read anew for every call.
    pub bot_token: Secret,
    /// PEM file with the company's own CA, used beside the system's. `None`: the system's alone.
    pub ca_file: Option<PathBuf>,
    /// Proxy. `None`: the system's.
    pub proxy: Option<Url>,
}

/// One workspace, seen with one bot token.
pub struct Slack {
    api: Api,
    clock: Arc<dyn Clock>,
    known: Known,
}

/// Where a message stands. The timestamp stays text: as a number it loses digits.
struct Place<'a> {
    channel: &'a str,
    ts: &'a str,
}

impl Slack {
    /// A notifier; nothing is asked yet. Fails where the address, the CA file or the proxy cannot be used.
    pub fn new(config: Config, clock: Arc<dyn Clock>) -> Result<Slack, ConnectorError> {
        let api = Api::new(config, clock.clone())?;
        Ok(Slack { api, clock, known: Known::default() })
    }

    /// Slack's clock minus ours at the last answer, good to about a second. `None`: no answer yet.
    pub fn skew(&self) -> Option<SignedDuration> {
        self.api.skew()
    }

    /// What has been used of Slack so far.
    pub fn usage(&self) -> Usage {
        self.api.usage()
    }

    async fn introduce(&self) -> Result<Vec<String>, ConnectorError> {
        let what = "the account of the bot token";
        let answer = self.api.ask("auth.test", &serde_json::json!({})).await.map_err(|no| no.into_error(what))?;
        let identity: Identity = self.api.parsed("auth.test", &answer).map_err(|no| no.into_error(what))?;
        let mut warnings = answer.header("x-oauth-scopes").map(scopes::missing).unwrap_or_default();
        if let Some(seconds) = identity.expires_in {
            let hours = seconds / 3_600;
            warnings.push(format!(
                "the Slack bot token expires in {hours} h; switch token rotation off in the app and install it again"
            ));
        }
        self.known.remember_identity(identity);
        Ok(warnings)
    }

    async fn identity(&self) -> Result<Identity, ConnectorError> {
        if let Some(identity) = self.known.identity() {
            return Ok(identity);
        }
        self.introduce().await?;
        Ok(self.known.identity().unwrap_or_default())
    }

    async fn look_up(&self, email: &str) -> Result<Option<Profile>, ConnectorError> {
        let email = email.trim().to_lowercase();
        if let Some(profile) = self.known.profile(&email, self.clock.now()) {
            return Ok(Some(profile));
        }
        let profile = self.person("users.lookupByEmail", vec![("email", email.clone())]).await?;
        if let Some(profile) = &profile {
            self.known.remember_profile(email, profile.clone(), self.clock.now());
        }
        Ok(profile)
    }

    /// Who a method that answers with one user shows. `None`: nobody, a bot, or a deactivated account.
    async fn person(
        &self,
        method: &'static str,
        query: Vec<(&'static str, String)>,
    ) -> Result<Option<Profile>, ConnectorError> {
        let user = match self.api.get::<UserAnswer>(method, query).await {
            Ok(answer) => answer.user,
            Err(Failure::Refused(no)) if matches!(no.error.as_str(), "users_not_found" | "user_not_found") => {
                return Ok(None);
            }
            Err(failure) => return Err(failure.into_error("people")),
        };
        let nobody = user.deleted || user.is_bot || user.id == "USLACKBOT";
        Ok((!nobody).then(|| Profile { id: user.id, zone: user.tz.filter(|zone| !zone.is_empty()) }))
    }

    /// The direct-message conversation with a person. Messages are addressed to it, not to the person: only so can they
    /// be edited later.
    async fn room(&self, user: &str) -> Result<String, Failure<ConnectorError>> {
        if let Some(room) = self.known.room(user) {
            return Ok(room);
        }
        let answer = self.api.ask("conversations.open", &OpenCall { users: user }).await?;
        let opened: OpenAnswer = self.api.parsed("conversations.open", &answer)?;
        self.known.remember_room(user, &opened.channel.id);
        Ok(opened.channel.id)
    }

    /// What to put into `channel` for this destination. Nothing is written by asking, so every failure is definite.
    async fn address(&self, to: &Destination) -> Result<String, WriteError> {
        let user = match to {
            Destination::Channel(channel) => return Ok(channel.clone()),
            Destination::User(user) => user.clone(),
            Destination::Email(email) => match self.look_up(email).await.map_err(not_written)? {
                Some(profile) => profile.id,
                None => return Err(refused("nobody in Slack has this e-mail, or the account is deactivated")),
            },
        };
        self.room(&user).await.map_err(|failure| match failure {
            Failure::Refused(refusal) => match refusal.into_write_error() {
                // It is the opening whose outcome is unknown, not a message's.
                WriteError::Unsure { because } => WriteError::NotSent { retry_after: None, because },
                error => error,
            },
            Failure::Failed(error) => not_written(error),
        })
    }

    async fn deliver(
        &self,
        to: &Destination,
        body: &Text,
        mark: &Mark,
        thread: Option<&MessageRef>,
    ) -> Result<MessageRef, WriteError> {
        let parent = thread.map(Place::of).transpose()?;
        let channel = match &parent {
            Some(parent) => parent.channel.to_owned(),
            None => self.address(to).await?,
        };
        let thread_ts = parent.map(|parent| parent.ts);
        let posted = match self.post(&channel, &blocks::render(body), mark, thread_ts).await {
            Err(Failure::Refused(no)) if no.class() == Class::Form => {
                tracing::warn!(
                    error = no.error,
                    details = no.messages(),
                    "Slack refused the blocks; sending plain text"
                );
                self.post(&channel, &blocks::plain(body), mark, thread_ts).await
            }
            posted => posted,
        };
        match posted {
            Ok(posted) => {
                self.known.remember_channel(to, &posted.channel);
                Ok(MessageRef(format!("{}/{}", posted.channel, posted.ts)))
            }
            Err(failure) => {
                let error = WriteError::from(failure);
                if matches!(error, WriteError::Refused { .. }) {
                    self.known.forget(to);
                }
                Err(error)
            }
        }
    }

    async fn post(
        &self,
        channel: &str,
        content: &Content,
        mark: &Mark,
        thread_ts: Option<&str>,
    ) -> Result<PostAnswer, Failure<WriteError>> {
        let call = PostCall {
            channel,
            content,
            thread_ts,
            unfurl_links: false,
            unfurl_media: false,
            metadata: Metadata::of(mark),
        };
        let answer = self.api.write("chat.postMessage", format!("chat.postMessage:{channel}"), &call).await?;
        // It is written, but without its address it can only be found again by its mark.
        serde_json::from_slice(&answer.body).map_err(|_| {
            Failure::Failed(WriteError::Unsure { because: "Slack does not say where the message stands".to_owned() })
        })
    }

    async fn rewrite(&self, at: &MessageRef, body: &Text, mark: &Mark) -> Result<(), WriteError> {
        let place = Place::of(at)?;
        match self.update(&place, &blocks::render(body), mark).await {
            Err(Failure::Refused(no)) if no.class() == Class::Form => {
                tracing::warn!(
                    error = no.error,
                    details = no.messages(),
                    "Slack refused the blocks; editing to plain text"
                );
                Ok(self.update(&place, &blocks::plain(body), mark).await?)
            }
            updated => Ok(updated?),
        }
    }

    async fn update(&self, place: &Place<'_>, content: &Content, mark: &Mark) -> Result<(), Failure<WriteError>> {
        let call =
            UpdateCall { channel: place.channel, ts: place.ts, content, parse: "none", metadata: Metadata::of(mark) };
        self.api.write("chat.update", "chat.update".to_owned(), &call).await.map(drop)
    }

    async fn search(
        &self,
        to: &Destination,
        mark: &Mark,
        since: Timestamp,
        thread: Option<&MessageRef>,
    ) -> Result<Found, ConnectorError> {
        let ourselves = self.identity().await?;
        let found = match thread.map(Place::of).transpose() {
            Ok(Some(parent)) => self.scan(&ourselves, parent.channel, Some(parent.ts), mark, since).await,
            Ok(None) => match self.conversation(to).await {
                Ok(Some(channel)) => self.scan(&ourselves, &channel, None, mark, since).await,
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
        for _ in 0..HISTORY_PAGES {
            let page = self.messages(channel, parent, since, cursor.take()).await?;
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
            Destination::Email(email) => match self.look_up(email).await.map_err(Failure::Failed)? {
                Some(profile) => self.room(&profile.id).await.map(Some),
                None => Ok(None),
            },
            Destination::Channel(channel) => self.channel_id(channel).await,
        }
    }

    /// History is asked for by id, while people write names.
    async fn channel_id(&self, channel: &str) -> Result<Option<String>, Failure<ConnectorError>> {
        if blocks::is_conversation_id(channel) {
            return Ok(Some(channel.to_owned()));
        }
        if let Some(id) = self.known.channel(channel) {
            return Ok(Some(id));
        }
        let name = channel.trim_start_matches('#').to_lowercase();
        let mut cursor = None;
        for _ in 0..CHANNEL_PAGES {
            let page = self.channels(cursor.take()).await?;
            if let Some(found) = page.channels.iter().find(|found| found.name.as_deref() == Some(name.as_str())) {
                self.known.remember_channel(&Destination::Channel(channel.to_owned()), &found.id);
                return Ok(Some(found.id.clone()));
            }
            cursor = page.response_metadata.next();
            if cursor.is_none() {
                break;
            }
        }
        Ok(None)
    }

    async fn channels(&self, cursor: Option<String>) -> Result<ListAnswer, Failure<ConnectorError>> {
        let mut query = vec![
            ("types", "public_channel,private_channel".to_owned()),
            ("exclude_archived", "true".to_owned()),
            ("limit", "999".to_owned()),
        ];
        query.extend(cursor.map(|cursor| ("cursor", cursor)));
        self.api.get("conversations.list", query).await
    }
}

impl Notifier for Slack {
    fn whoami(&self) -> BoxFuture<'_, Result<Vec<String>, ConnectorError>> {
        Box::pin(self.introduce())
    }

    fn lookup<'a>(&'a self, who: &'a Destination) -> BoxFuture<'a, Result<Option<Profile>, ConnectorError>> {
        Box::pin(async move {
            match who {
                Destination::User(id) => self.person("users.info", vec![("user", id.clone())]).await,
                Destination::Email(email) => self.look_up(email).await,
                Destination::Channel(_) => Ok(None),
            }
        })
    }

    fn send<'a>(
        &'a self,
        to: &'a Destination,
        body: &'a Text,
        mark: &'a Mark,
        thread: Option<&'a MessageRef>,
    ) -> BoxFuture<'a, Result<MessageRef, WriteError>> {
        Box::pin(self.deliver(to, body, mark, thread))
    }

    fn edit<'a>(&'a self, at: &'a MessageRef, body: &'a Text, mark: &'a Mark) -> BoxFuture<'a, Result<(), WriteError>> {
        Box::pin(self.rewrite(at, body, mark))
    }

    fn find<'a>(
        &'a self,
        to: &'a Destination,
        mark: &'a Mark,
        since: Timestamp,
        thread: Option<&'a MessageRef>,
    ) -> BoxFuture<'a, Result<Found, ConnectorError>> {
        Box::pin(self.search(to, mark, since, thread))
    }
}

impl<'a> Place<'a> {
    /// A reference that is not one of ours addresses nothing.
    fn of(at: &'a MessageRef) -> Result<Place<'a>, WriteError> {
        match at.0.split_once('/') {
            Some((channel, ts)) if !channel.is_empty() && !ts.is_empty() => Ok(Place { channel, ts }),
            _ => Err(refused("the stored reference is not one of a Slack message")),
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

/// A failure before anything was written.
fn not_written(error: ConnectorError) -> WriteError {
    let because = error.to_string();
    match error {
        ConnectorError::Transient { retry_after, .. } => WriteError::NotSent { retry_after, because },
        ConnectorError::Limited { retry_after, .. } => WriteError::NotSent { retry_after: Some(retry_after), because },
        ConnectorError::Malformed { .. } => WriteError::NotSent { retry_after: None, because },
        ConnectorError::Unauthorized { .. } => WriteError::Unauthorized { because },
        ConnectorError::Forbidden { .. } | ConnectorError::NotVisible { .. } | ConnectorError::Misconfigured { .. } => {
            WriteError::Refused { because }
        }
    }
}

fn refused(because: &str) -> WriteError {
    WriteError::Refused { because: because.to_owned() }
}

/// Slack's form of an instant: seconds and six digits.
fn oldest(since: Timestamp) -> String {
    let from = since.saturating_sub(LOOK_BACK).unwrap_or(since).max(Timestamp::UNIX_EPOCH);
    format!("{}.{:06}", from.as_second(), from.subsec_microsecond())
}

#[cfg(test)]
mod tests;
