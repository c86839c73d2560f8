//! Slack: direct messages, channel messages, edits and thread replies.
//!
//! Sending and editing is here; finding people is `people.rs`, channels `channels.rs`, a message that was perhaps sent
//! `look.rs`; buttons are drawn by `controls.rs`, heard by `presses.rs` and understood by `press.rs`; one call is `api.rs`, Slack's JSON `wire.rs`, its words for no `refusal.rs`, and what a message looks like
//! `blocks.rs`. An incoming webhook, the small variant for one channel, is `webhook.rs`.
//!
//! Slack has no idempotency key: a write whose outcome is unknown is never repeated here. Every message carries its mark
//! in its metadata, and [`Notifier::find`] looks for it there. Opening a direct-message conversation is no write in this
//! sense: it may be repeated, and shows nobody anything.
//!
//! Accepted: what is remembered between calls (who we are, ids of conversations and people) saves calls only, and is lost
//! with the process.

mod api;
mod blocks;
mod channels;
mod controls;
mod examine;
mod known;
mod look;
mod members;
mod people;
mod press;
mod presses;
mod refusal;
mod scopes;
mod webhook;
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

pub use presses::Buttons;
pub use webhook::{Webhook, WebhookConfig, is_webhook};

use api::{Api, Failure};
use known::Known;
use people::Sought;
use refusal::Class;
use wire::{Content, Identity, Metadata, PostAnswer, PostCall, UpdateCall};

/// The name in errors and logs.
pub(crate) const TOOL: &str = "Slack";

/// What the connector is made from.
#[derive(Clone)]
pub struct Config {
    /// API base, `https://slack.com/api/` unless a test or a government workspace says otherwise.
    pub url: Url,
    /// Bot token, `xoxb-…`; read anew for every call.
    pub bot_token: Secret,
    /// The app's own token, `xapp-…`: presses of buttons come in over a websocket. `None`: they do not.
    pub app_token: Option<Secret>,
    /// What Slack signs presses with that come by HTTP. `None`: none do.
    pub signing_secret: Option<Secret>,
    /// PEM file with the company's own CA, used beside the system's. `None`: the system's alone.
    pub ca_file: Option<PathBuf>,
    /// Proxy. `None`: the system's.
    pub proxy: Option<Url>,
    /// Channels of the configuration, by name or id, to be looked at when the credential is checked.
    pub channels: Vec<String>,
}

/// One workspace, seen with one bot token.
pub struct Slack {
    api: Api,
    clock: Arc<dyn Clock>,
    known: Known,
    channels: Vec<String>,
    /// For `doctor`. `None`: messages have no buttons.
    buttons: Option<Arc<Buttons>>,
}

/// Where a message stands. The timestamp stays text: as a number it loses digits.
struct Place<'a> {
    channel: &'a str,
    ts: &'a str,
}

impl Slack {
    /// A notifier; nothing is asked yet. Fails where the address, the CA file or the proxy cannot be used.
    pub fn new(config: Config, clock: Arc<dyn Clock>) -> Result<Slack, ConnectorError> {
        let channels = config.channels.clone();
        let api = Api::new(config, clock.clone())?;
        Ok(Slack { api, clock, known: Known::default(), channels, buttons: None })
    }

    /// With buttons, whose set-up `doctor` looks at too.
    pub fn with_buttons(mut self, buttons: Option<Arc<Buttons>>) -> Slack {
        self.buttons = buttons;
        self
    }

    /// Slack's clock minus ours at the last answer, good to about a second. `None`: no answer yet.
    pub fn skew(&self) -> Option<SignedDuration> {
        self.api.skew()
    }

    /// What has been used of Slack so far.
    pub fn usage(&self) -> Usage {
        self.api.usage()
    }

    /// A message as it is sent: its text and its blocks.
    pub fn rendered(body: &Text) -> serde_json::Value {
        serde_json::to_value(blocks::render(body)).unwrap_or_default()
    }

    async fn introduce(&self) -> Result<Vec<String>, ConnectorError> {
        let what = "the account of the bot token";
        let answer = self.api.ask("auth.test", &serde_json::json!({})).await.map_err(|no| no.into_error(what))?;
        let identity: Identity = self.api.parsed("auth.test", &answer).map_err(|no| no.into_error(what))?;
        let granted = answer.header("x-oauth-scopes");
        self.known.remember_posting(granted.map(|granted| scopes::has(granted, "chat:write.public")));
        let mut warnings = granted.map(scopes::missing).unwrap_or_default();
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

    /// What to put into `channel` for this destination. Nothing is written by asking, so every failure is definite.
    async fn address(&self, to: &Destination) -> Result<String, WriteError> {
        match to {
            Destination::Channel(channel) => self.channel_address(channel).await,
            Destination::User(_) | Destination::Email(_) => self.person_address(to).await,
        }
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
        let content = blocks::render(body);
        let posted = match self.post(&channel, &content, mark, thread_ts).await {
            Err(Failure::Refused(no)) if no.error == "not_in_channel" && self.join(&channel).await => {
                self.post(&channel, &content, mark, thread_ts).await
            }
            posted => posted,
        };
        let posted = match posted {
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
                match self.update(&place, &blocks::plain(body), mark).await {
                    // Neither form can take the place of what stands there: it has to be said anew.
                    Err(Failure::Refused(no)) if no.class() == Class::Form => {
                        Err(WriteError::Gone { because: no.because() })
                    }
                    updated => Ok(updated?),
                }
            }
            updated => Ok(updated?),
        }
    }

    async fn update(&self, place: &Place<'_>, content: &Content, mark: &Mark) -> Result<(), Failure<WriteError>> {
        let call =
            UpdateCall { channel: place.channel, ts: place.ts, content, parse: "none", metadata: Metadata::of(mark) };
        self.api.write("chat.update", "chat.update".to_owned(), &call).await.map(drop)
    }
}

impl Notifier for Slack {
    fn whoami(&self) -> BoxFuture<'_, Result<Vec<String>, ConnectorError>> {
        Box::pin(async move {
            let mut warnings = self.introduce().await?;
            warnings.extend(self.channel_warnings().await);
            Ok(warnings)
        })
    }

    fn lookup<'a>(&'a self, who: &'a Destination) -> BoxFuture<'a, Result<Option<Profile>, ConnectorError>> {
        Box::pin(async move {
            match self.seek(who).await? {
                Sought::Found(profile) => Ok(Some(profile)),
                Sought::Nobody(_) => Ok(None),
            }
        })
    }

    fn absence<'a>(&'a self, who: &'a Destination) -> BoxFuture<'a, Result<String, ConnectorError>> {
        Box::pin(async move { Ok(self.why_nobody(who).await?.words().to_owned()) })
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

#[cfg(test)]
mod tests;
