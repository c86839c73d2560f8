//! E-mail: one message a notice, over SMTP, to one person.
//!
//! The conversation with the server is `smtp.rs`, what a message looks like `letter.rs`, which server `server.rs`. A mail can
//! be neither edited nor looked for: what is news is a mail of its own in the thread of the first, and where a server fell
//! silent after it had the whole mail, nobody can tell whether it went on. The `Message-ID` is made from the wire id, so a
//! mail that is sent once more is the same mail to whoever sorts out doubles.
//!
//! Accepted: a server that takes a mail and later fails to deliver it tells so in a mail of its own to the sender's address,
//! which nobody reads here.

mod letter;
mod server;
mod smtp;

use std::path::PathBuf;
use std::sync::Arc;

use connector_kit::secret::Secret;
use connector_kit::{
    BoxFuture, Clock, ConnectorError, Destination, Found, MessageRef, Notifier, Profile, Text, WriteError,
};
use connector_model::Mark;
use jiff::Timestamp;
use lettre::Address;
use lettre::message::Mailbox;
use url::Url;

pub use server::{Protection, Server};

use letter::Thread;

/// The name in errors and logs.
pub(crate) const TOOL: &str = "e-mail";

/// What the notifier is made from.
#[derive(Clone)]
pub struct Config {
    /// Sender, `gapwatch <gapwatch@example.org>`.
    pub from: String,
    /// The server, and as whom to log in.
    pub server: Server,
    /// The password; read anew for every mail. `None`: nobody logs in.
    pub password: Option<Secret>,
    /// PEM file with the company's own CA, used beside the system's. `None`: the system's alone.
    pub ca_file: Option<PathBuf>,
    /// Below this, `unsubscribe/MARK` ends the mails. `None`: no mail offers that.
    pub unsubscribe: Option<Url>,
}

/// One sender at one server.
pub struct Email {
    from: Mailbox,
    line: smtp::Line,
    unsubscribe: Option<Url>,
    clock: Arc<dyn Clock>,
}

/// Whether this is a sender as a mail names it (`name <address>` or the bare address); if not, why.
///
/// # Errors
/// A fragment for the operator.
pub fn is_sender(text: &str) -> Result<(), &'static str> {
    sender(text).map(drop)
}

/// Whether a mail can be sent to this address.
pub fn is_address(text: &str) -> bool {
    text.parse::<Address>().is_ok()
}

fn sender(text: &str) -> Result<Mailbox, &'static str> {
    let mailbox: Mailbox = text.parse().map_err(|_| "not an address such as \"gapwatch <gapwatch@example.org>\"")?;
    if !mailbox.email.domain().is_ascii() {
        return Err("its domain must be written in ASCII (xn--…)");
    }
    Ok(mailbox)
}

impl Email {
    /// A notifier; nothing is asked yet. Fails where the sender or the CA file cannot be used.
    ///
    /// # Errors
    /// It cannot work as it is configured.
    pub fn new(config: Config, clock: Arc<dyn Clock>) -> Result<Email, ConnectorError> {
        let wrong = |what: String| ConnectorError::Misconfigured { tool: TOOL, what };
        let from = sender(&config.from).map_err(|why| wrong(format!("the sender is {why}")))?;
        let line = smtp::Line::new(config.server, config.password, config.ca_file).map_err(wrong)?;
        Ok(Email { from, line, unsubscribe: config.unsubscribe, clock })
    }

    /// A mail as it is sent: its subject, its text and its HTML.
    pub fn rendered(body: &Text) -> serde_json::Value {
        serde_json::json!({
            "subject": letter::subject(body),
            "text": letter::text(body),
            "html": letter::html(body),
        })
    }

    async fn deliver(
        &self,
        to: &Destination,
        body: &Text,
        mark: &Mark,
        thread: Option<&MessageRef>,
    ) -> Result<MessageRef, WriteError> {
        let Destination::Email(to) = to else { return Err(refused("a mail goes to an address")) };
        let to: Address = to.parse().map_err(|_| refused("this is no address that a mail can be sent to"))?;
        let thread = thread.map(Thread::of);
        let ends_at = self.unsubscribe.as_ref().map(|base| ends_at(base, mark));
        let frame =
            letter::Frame { from: &self.from, to: &to, thread: thread.as_ref(), ends_at, now: self.clock.now() };
        let letter =
            letter::write(body, mark, &frame).map_err(|why| refused(&format!("no mail can be made of it: {why}")))?;
        self.line.send(&self.from.email, &to, &letter.bytes).await?;
        Ok(letter.at)
    }
}

/// Where a mail is answered with "no more of these".
fn ends_at(base: &Url, mark: &Mark) -> String {
    format!("{}/unsubscribe/{}", base.as_str().trim_end_matches('/'), mark.to_text())
}

fn refused(because: &str) -> WriteError {
    WriteError::Refused { because: because.to_owned() }
}

impl Notifier for Email {
    /// Connects, encrypts and logs in; no mail is sent.
    fn whoami(&self) -> BoxFuture<'_, Result<Vec<String>, ConnectorError>> {
        Box::pin(self.line.greet())
    }

    /// A mail server knows nobody.
    fn lookup<'a>(&'a self, _who: &'a Destination) -> BoxFuture<'a, Result<Option<Profile>, ConnectorError>> {
        Box::pin(async { Ok(None) })
    }

    /// With `thread`, a mail in the thread of that one.
    fn send<'a>(
        &'a self,
        to: &'a Destination,
        body: &'a Text,
        mark: &'a Mark,
        thread: Option<&'a MessageRef>,
    ) -> BoxFuture<'a, Result<MessageRef, WriteError>> {
        Box::pin(self.deliver(to, body, mark, thread))
    }

    fn edit<'a>(
        &'a self,
        _at: &'a MessageRef,
        _body: &'a Text,
        _mark: &'a Mark,
    ) -> BoxFuture<'a, Result<(), WriteError>> {
        Box::pin(async { Err(refused("a mail that was sent cannot be edited")) })
    }

    fn find<'a>(
        &'a self,
        _to: &'a Destination,
        _mark: &'a Mark,
        _since: Timestamp,
        _thread: Option<&'a MessageRef>,
    ) -> BoxFuture<'a, Result<Found, ConnectorError>> {
        Box::pin(async { Ok(Found::CannotTell("a mail server does not show what it sent".to_owned())) })
    }
}

#[cfg(test)]
mod fixtures;
#[cfg(test)]
mod tests;
