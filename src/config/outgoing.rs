//! `[email]`, `[webhooks.NAME]`, and by which channel somebody wants to be told.

use std::borrow::Cow;
use std::fmt;
use std::path::PathBuf;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Unexpected, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use url::Url;

use super::diagnose::Diagnostic;
use super::mistakes::{About, Context};
use super::values::{HOOK_URL, Parsed, SENDER, SMTP_URL};
use super::{ProxyUrl, SecretRef, Settings};

/// `[email]`
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EmailSettings {
    /// Who it comes from.
    pub from: MailSender,
    /// The server, and as whom to log in there.
    pub smtp: SmtpUrl,
    /// `None`: nobody logs in.
    pub password: Option<SecretRef>,
    /// PEM file with a CA trusted beside the system's. `None`: the system's alone.
    pub ca_file: Option<PathBuf>,
}

/// `[webhooks.NAME]`
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WebhookSettings {
    /// Where events are posted to.
    pub url: HookUrl,
    /// What they are signed with: `whsec_…`.
    pub secret: SecretRef,
    /// Which of them.
    pub events: Vec<HookEvent>,
    /// Whether the address may lie in this machine's own network.
    pub allow_private: bool,
    /// PEM file with a CA trusted beside the system's. `None`: the system's alone.
    pub ca_file: Option<PathBuf>,
    /// `None`: none, whatever the environment says.
    pub proxy: Option<ProxyUrl>,
}

/// What an event tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HookEvent {
    /// Somebody was told of a gap for the first time.
    Opened,
    /// It went a stage further.
    Worsened,
    /// The next one was told.
    Escalated,
    /// It is over.
    Resolved,
}

impl HookEvent {
    /// As it is written.
    pub fn word(self) -> &'static str {
        match self {
            HookEvent::Opened => "opened",
            HookEvent::Worsened => "worsened",
            HookEvent::Escalated => "escalated",
            HookEvent::Resolved => "resolved",
        }
    }
}

impl JsonSchema for HookEvent {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "HookEvent".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "title": "what is posted", "enum": ["opened", "worsened", "escalated", "resolved"] })
    }
}

/// `notify` of a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NotifySettings {
    /// Whether they are told in Slack.
    pub slack: bool,
    /// Whether they are told by mail.
    pub email: ByMail,
}

/// What somebody is told by mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ByMail {
    /// Whatever no better channel takes.
    All,
    /// Digests alone.
    Digest,
    /// Nothing.
    Nothing,
}

impl Serialize for ByMail {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            ByMail::All => serializer.serialize_bool(true),
            ByMail::Digest => serializer.serialize_str("digest"),
            ByMail::Nothing => serializer.serialize_bool(false),
        }
    }
}

impl<'de> Deserialize<'de> for ByMail {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<ByMail, D::Error> {
        deserializer.deserialize_any(ByMailVisitor)
    }
}

struct ByMailVisitor;

impl Visitor<'_> for ByMailVisitor {
    type Value = ByMail;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("true, false or \"digest\"")
    }

    fn visit_bool<E: de::Error>(self, yes: bool) -> Result<ByMail, E> {
        Ok(if yes { ByMail::All } else { ByMail::Nothing })
    }

    /// A variable holds text, whatever it says.
    fn visit_str<E: de::Error>(self, text: &str) -> Result<ByMail, E> {
        match text {
            "digest" => Ok(ByMail::Digest),
            "true" => Ok(ByMail::All),
            "false" => Ok(ByMail::Nothing),
            other => Err(E::invalid_value(Unexpected::Str(other), &self)),
        }
    }
}

impl JsonSchema for ByMail {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "ByMail".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "title": "true, false or \"digest\"", "enum": [true, false, "digest"] })
    }
}

/// Who a mail comes from, `gapwatch <gapwatch@example.org>`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailSender(String);

impl MailSender {
    fn parse(text: &str) -> Result<MailSender, &'static str> {
        connector_email::is_sender(text).map(|()| MailSender(text.to_owned())).map_err(|_| SENDER)
    }

    /// As written.
    pub fn text(&self) -> &str {
        &self.0
    }
}

/// A mail server, `smtps://user@smtp.example.org:465`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SmtpUrl(connector_email::Server);

impl SmtpUrl {
    fn parse(text: &str) -> Result<SmtpUrl, &'static str> {
        connector_email::Server::parse(text).map(SmtpUrl).map_err(|_| SMTP_URL)
    }

    /// The server.
    pub fn server(&self) -> &connector_email::Server {
        &self.0
    }
}

/// Where events are posted to: https, or http on this machine; a query may stand in it.
#[derive(Clone, PartialEq, Eq)]
pub struct HookUrl(Url);

impl HookUrl {
    fn parse(text: &str) -> Result<HookUrl, &'static str> {
        connector_webhook::address(text).map(HookUrl).map_err(|_| HOOK_URL)
    }

    /// The address.
    pub fn url(&self) -> &Url {
        &self.0
    }

    /// Scheme, host and port: what may be shown, for the rest may be a credential.
    pub fn origin(&self) -> String {
        self.0.origin().ascii_serialization()
    }
}

impl fmt::Debug for HookUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.origin())
    }
}

macro_rules! read {
    ($type:ty, $name:expr) => {
        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_str(Parsed($name, <$type>::parse))
            }
        }
    };
}

read!(MailSender, SENDER);
read!(SmtpUrl, SMTP_URL);
read!(HookUrl, HOOK_URL);

/// What the values alone do not tell.
pub(super) fn all(settings: &Settings, context: &Context) -> Vec<(String, Diagnostic)> {
    let mut found = Vec::new();
    if let Some(email) = &settings.email {
        match (&email.smtp.server().user, &email.password) {
            (Some(_), None) => {
                let example = "password = { file = \"/run/secrets/smtp_password\" }, or take the user out of `smtp`";
                found.push(("email".to_owned(), context.missing("email", "password", example)));
            }
            (None, Some(_)) => {
                let path = "email.password";
                let title = "`password` has no effect: `smtp` names nobody to log in as";
                let problem = context.warning("unused-key", About::Key, path, title, "has no effect");
                found.push((path.to_owned(), problem.help("write smtps://USER@HOST, or leave `password` out")));
            }
            _ => {}
        }
    }
    for (name, webhook) in &settings.webhooks {
        let inside = !connector_webhook::may_be_public(webhook.url.url());
        if inside && !webhook.allow_private && webhook.proxy.is_none() {
            let path = format!("webhooks.{name}.url");
            let title = format!("{} lies in a private network", webhook.url.origin());
            let problem = context.error("bad-value", About::Value, &path, &title, "not a public address");
            found.push((path, problem.help("if that is meant, set `allow_private = true` in this table")));
        }
        if webhook.events.is_empty() {
            let path = format!("webhooks.{name}.events");
            let title = "nothing is posted to this webhook";
            let problem = context.warning("unused-key", About::Value, &path, title, "empty");
            found.push((path, problem.help("name events, or leave `events` out for all of them")));
        }
    }
    found
}
