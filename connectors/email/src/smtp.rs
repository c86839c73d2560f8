//! One conversation with a mail server: connect, encrypt, log in, hand over one mail. How it ended is told by what is done
//! next.
//!
//! | what happened | means |
//! |---|---|
//! | no connection, a certificate that is not trusted, silence before the mail was handed over | `NotSent` |
//! | 4xx, at any step | `NotSent` |
//! | 5xx to the greeting, the login or the sender | `Unauthorized`: the next mail would fare no better |
//! | 5xx to the recipient, or to the whole mail | `Refused` |
//! | silence after the mail was handed over | `Unsure` |

use std::path::{Path, PathBuf};
use std::time::Duration;

use connector_kit::secret::Secret;
use connector_kit::{ConnectorError, WriteError};
use lettre::Address;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, Certificate, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::{ClientId, Extension, MailParameter};
use lettre::transport::smtp::{Error, response::Severity};
use secrecy::ExposeSecret;

use crate::TOOL;
use crate::server::{Protection, Server};

/// Until the server has said that it takes the mail; and once more from there until it has taken it.
const DEADLINE: Duration = Duration::from_secs(30);
/// For a goodbye, which nothing depends on.
const GOODBYE: Duration = Duration::from_secs(2);
/// So much of a server's words is told.
const WORDS: usize = 200;
/// Ways to log in, the better one first.
const MECHANISMS: [Mechanism; 2] = [Mechanism::Plain, Mechanism::Login];

/// The way to one server.
pub(crate) struct Line {
    server: Server,
    password: Option<Secret>,
    tls: TlsParameters,
}

/// Why a step before the handing over failed.
enum Trouble {
    /// It may go better another time.
    Later(String),
    /// Not before somebody changes something.
    No(String),
    /// The certificate is not trusted.
    Untrusted(String),
}

impl Trouble {
    fn of(error: &Error) -> Trouble {
        let words = said(error);
        match error.status().map(|code| code.severity) {
            Some(Severity::PermanentNegativeCompletion) => Trouble::No(words),
            _ if error.is_tls() || words.contains("invalid peer certificate") => Trouble::Untrusted(words),
            _ => Trouble::Later(words),
        }
    }

    fn of_write(self) -> WriteError {
        match self {
            Trouble::Later(because) => WriteError::NotSent { retry_after: None, because },
            Trouble::No(because) => WriteError::Unauthorized { because },
            Trouble::Untrusted(because) => WriteError::NotSent { retry_after: None, because: distrust(&because) },
        }
    }

    fn of_look(self) -> ConnectorError {
        match self {
            Trouble::Later(what) => ConnectorError::Transient { tool: TOOL, what, retry_after: None, source: None },
            Trouble::No(what) => ConnectorError::Unauthorized { tool: TOOL, what },
            Trouble::Untrusted(what) => ConnectorError::Misconfigured { tool: TOOL, what: distrust(&what) },
        }
    }
}

fn distrust(trouble: &str) -> String {
    format!("its TLS certificate is not trusted ({trouble}); if the company has a CA of its own, name it in ca_file")
}

impl Line {
    /// Fails with the reason why the CA file cannot be used.
    pub(crate) fn new(server: Server, password: Option<Secret>, ca_file: Option<PathBuf>) -> Result<Line, String> {
        let mut tls = TlsParameters::builder(server.host.clone());
        if let Some(file) = &ca_file {
            tls = tls.add_root_certificate(certificates(file)?);
        }
        let tls = tls.build().map_err(|error| format!("TLS cannot be set up: {}", said(&error)))?;
        Ok(Line { server, password, tls })
    }

    /// Connects, encrypts and logs in, and says goodbye. Tells what should be known.
    pub(crate) async fn greet(&self) -> Result<Vec<String>, ConnectorError> {
        let open = async { self.open().await.map_err(Trouble::of_look) };
        let mut connection = tokio::time::timeout(DEADLINE, open).await.unwrap_or_else(|_| {
            let what = format!("{} did not answer within {} s", self.server.place(), DEADLINE.as_secs());
            Err(ConnectorError::Transient { tool: TOOL, what, retry_after: None, source: None })
        })?;
        goodbye(&mut connection).await;
        Ok(Vec::new())
    }

    /// Hands one mail over. No error tells the recipient's address, which no log needs.
    pub(crate) async fn send(&self, from: &Address, to: &Address, mail: &[u8]) -> Result<(), WriteError> {
        self.hand_over(from, to, mail).await.map_err(|error| without(error, to))
    }

    async fn hand_over(&self, from: &Address, to: &Address, mail: &[u8]) -> Result<(), WriteError> {
        let silent = |_| {
            let because = format!("{} did not answer within {} s", self.server.place(), DEADLINE.as_secs());
            Err(WriteError::NotSent { retry_after: None, because })
        };
        let ready = async {
            let mut connection = self.open().await.map_err(Trouble::of_write)?;
            offer(&mut connection, from, to).await?;
            Ok(connection)
        };
        let mut connection = tokio::time::timeout(DEADLINE, ready).await.unwrap_or_else(silent)?;
        let taken = tokio::time::timeout(DEADLINE, connection.message(mail)).await;
        match taken {
            Ok(Ok(_)) => {
                goodbye(&mut connection).await;
                Ok(())
            }
            Ok(Err(error)) => Err(match error.status().map(|code| code.severity) {
                Some(Severity::TransientNegativeCompletion) => later(&error),
                Some(_) => WriteError::Refused { because: said(&error) },
                None => unsure(&said(&error)),
            }),
            Err(_) => Err(unsure("no answer in time")),
        }
    }

    /// A connection on which mails can be handed over.
    async fn open(&self) -> Result<AsyncSmtpConnection, Trouble> {
        let hello = ClientId::default();
        let tls = (self.server.protection == Protection::Tls).then(|| self.tls.clone());
        let place = (self.server.host.as_str(), self.server.port);
        let connected = AsyncSmtpConnection::connect_tokio1(place, Some(DEADLINE), &hello, tls, None).await;
        let mut connection = connected.map_err(|error| Trouble::of(&error))?;
        if self.server.protection == Protection::StartTls {
            if !connection.can_starttls() {
                let place = self.server.place();
                return Err(Trouble::No(format!("{place} offers no STARTTLS, and nothing is sent unencrypted")));
            }
            connection.starttls(self.tls.clone(), &hello).await.map_err(|error| Trouble::of(&error))?;
        }
        if let (Some(user), Some(password)) = (&self.server.user, &self.password) {
            self.log_in(&mut connection, user, password).await?;
        }
        Ok(connection)
    }

    async fn log_in(&self, connection: &mut AsyncSmtpConnection, user: &str, password: &Secret) -> Result<(), Trouble> {
        if connection.server_info().get_auth_mechanism(&MECHANISMS).is_none() {
            return Err(Trouble::No(format!("{} offers no login by name and password", self.server.place())));
        }
        let password = password.read().map_err(Trouble::Later)?;
        let credentials = Credentials::new(user.to_owned(), password.expose_secret().to_owned());
        let done = connection.auth(&MECHANISMS, &credentials).await;
        done.map(drop).map_err(|error| Trouble::of(&error))
    }
}

/// From whom and to whom, up to where the server wants the mail itself.
async fn offer(connection: &mut AsyncSmtpConnection, from: &Address, to: &Address) -> Result<(), WriteError> {
    let mut parameters = Vec::new();
    if !AsRef::<str>::as_ref(to).is_ascii() || !AsRef::<str>::as_ref(from).is_ascii() {
        if !connection.server_info().supports_feature(Extension::SmtpUtfEight) {
            let because = "the address is not written in ASCII, and the mail server takes no other".to_owned();
            return Err(WriteError::Refused { because });
        }
        parameters.push(MailParameter::SmtpUtfEight);
    }
    let sender = connection.command(Mail::new(Some(from.clone()), parameters)).await;
    sender.map_err(|error| Trouble::of(&error).of_write())?;
    let recipient = connection.command(Rcpt::new(to.clone(), Vec::new())).await;
    recipient.map_err(|error| refused_or_later(&error))?;
    connection.command(Data).await.map_err(|error| refused_or_later(&error))?;
    Ok(())
}

fn refused_or_later(error: &Error) -> WriteError {
    match error.status().map(|code| (code.severity, u16::from(code))) {
        // The login is what it misses, whoever the recipient is.
        Some((_, 530)) => WriteError::Unauthorized { because: said(error) },
        Some((Severity::PermanentNegativeCompletion, _)) => WriteError::Refused { because: said(error) },
        _ => later(error),
    }
}

fn later(error: &Error) -> WriteError {
    WriteError::NotSent { retry_after: None, because: said(error) }
}

fn unsure(why: &str) -> WriteError {
    WriteError::Unsure { because: format!("the mail server had the whole mail and did not say that it took it: {why}") }
}

async fn goodbye(connection: &mut AsyncSmtpConnection) {
    // Whatever is answered, or nothing: all that matters was said before.
    let _ = tokio::time::timeout(GOODBYE, connection.quit()).await;
}

/// The same error without the recipient's address.
fn without(error: WriteError, to: &Address) -> WriteError {
    let less = |because: String| because.replace(AsRef::<str>::as_ref(to), "…");
    match error {
        WriteError::NotSent { retry_after, because } => WriteError::NotSent { retry_after, because: less(because) },
        WriteError::Unsure { because } => WriteError::Unsure { because: less(because) },
        WriteError::Refused { because } => WriteError::Refused { because: less(because) },
        WriteError::Gone { because } => WriteError::Gone { because: less(because) },
        WriteError::Unauthorized { because } => WriteError::Unauthorized { because: less(because) },
        WriteError::Unheard { at, who, because } => WriteError::Unheard { at, who, because: less(because) },
    }
}

/// What an error says, in one line of some length.
fn said(error: &Error) -> String {
    let words: String = error.to_string().chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    match words.char_indices().nth(WORDS) {
        Some((end, _)) => format!("{}…", &words[..end]),
        None => words,
    }
}

fn certificates(file: &Path) -> Result<Certificate, String> {
    let trouble = |what: &str| format!("the CA file {} {what}", file.display());
    let pem = std::fs::read(file).map_err(|error| trouble(&format!("cannot be read: {error}")))?;
    if !String::from_utf8_lossy(&pem).contains("-----BEGIN CERTIFICATE-----") {
        return Err(trouble("holds no certificate"));
    }
    Certificate::from_pem(&pem).map_err(|_| trouble("is not PEM"))
}
