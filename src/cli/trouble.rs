//! What keeps a command from its end, in the form of every other mistake: an id with a page, what is wrong, what to do.

use anstream::ColorChoice;
use connector_kit::ConnectorError;
use connector_kit::survey::Finding;

use super::Exit;
use crate::config::{Diagnostic, Origin, Settings};
use crate::daemon::StartError;
use crate::store::StoreError;

/// A verb that ended early: how, and what to say.
pub(super) struct Stopped {
    /// How.
    pub(super) exit: Exit,
    /// What to say; empty when it has been said.
    pub(super) words: String,
}

/// What is said wherever a daemon would have to run.
pub(super) const NO_DAEMON: &str = "no daemon is running on this store; `gapwatch run` starts one";

/// What to do about a store that is in use.
const LOCKED: &str = "a running daemon reads and judges by itself; to run this command anyway, stop it first";

/// True when errors are shown in colour.
pub(super) fn colored() -> bool {
    anstream::AutoStream::choice(&std::io::stderr()) != ColorChoice::Never
}

/// What a service did instead of answering, and how that ends the command. With `settings`, the place of what to change.
pub(super) fn of_service(name: &str, error: &ConnectorError, settings: Option<&Settings>) -> (Exit, Diagnostic) {
    let place = |key: &str| match settings.map(|settings| settings.origin(key)) {
        None | Some(Origin::Default) => String::new(),
        Some(origin) => format!(" ({origin})"),
    };
    let credential = match name {
        "slack" => "slack.bot_token".to_owned(),
        "email" => "email.password".to_owned(),
        _ => format!("{name}.token"),
    };
    match error {
        ConnectorError::Unauthorized { .. } | ConnectorError::Forbidden { .. } => {
            (Exit::Refused, Diagnostic::error("refused", format!("{name}: {error}{}", place(&credential))))
        }
        ConnectorError::Limited { .. } => (Exit::TryAgain, Diagnostic::error("limited", format!("{name}: {error}"))),
        ConnectorError::Transient { .. } => {
            (Exit::Unavailable, Diagnostic::error("unavailable", format!("{name}: {error}{}", place(name))))
        }
        ConnectorError::NotVisible { .. } => {
            (Exit::Unavailable, Diagnostic::error("not-visible", format!("{name}: {error}{}", place(name))))
        }
        ConnectorError::Malformed { .. } => {
            (Exit::Unavailable, Diagnostic::error("malformed", format!("{name}: {error}{}", place(name))))
        }
        ConnectorError::Misconfigured { .. } => {
            (Exit::Config, Diagnostic::error("misconfigured", format!("{name}: {error}{}", place(name))))
        }
    }
}

/// What a credential that works cannot do.
pub(super) fn narrow(name: &str, words: &str) -> Diagnostic {
    Diagnostic::warning("narrow-access", format!("{name}: {words}"))
}

/// What the configuration names, and nothing in a tracker is called.
pub(super) fn misnamed(name: &str, found: &Finding) -> Diagnostic {
    let diagnostic = Diagnostic::warning("unknown-name", format!("{name}: {}", found.what));
    match &found.todo {
        Some(todo) => diagnostic.help(todo),
        None => diagnostic,
    }
}

impl Stopped {
    /// Ends with these words.
    pub(super) fn new(exit: Exit, words: impl Into<String>) -> Stopped {
        Stopped { exit, words: words.into() }
    }

    /// Ends with a diagnostic. What stands behind the first line of its title is shown below it, as it is.
    pub(super) fn told(exit: Exit, diagnostic: &Diagnostic) -> Stopped {
        match diagnostic.title.split_once('\n') {
            None => Stopped::new(exit, diagnostic.render(colored())),
            Some((title, rest)) => {
                let first = diagnostic.clone().titled(title.to_owned());
                Stopped::new(exit, format!("{}\n{rest}", first.render(colored())))
            }
        }
    }

    /// Failed inside.
    pub(super) fn failed(error: impl std::fmt::Display) -> Stopped {
        Stopped::told(Exit::Failed, &Diagnostic::error("internal", error.to_string()))
    }

    /// Wrong usage.
    pub(super) fn usage(words: impl std::fmt::Display) -> Stopped {
        Stopped::told(Exit::Usage, &Diagnostic::error("usage", words.to_string()))
    }

    /// No daemon runs on the store.
    pub(super) fn no_daemon() -> Stopped {
        Stopped::told(Exit::Unavailable, &Diagnostic::error("no-daemon", NO_DAEMON.to_owned()))
    }

    /// The web server has no place.
    pub(super) fn cannot_listen(exit: Exit, at: &str, error: &std::io::Error) -> Stopped {
        Stopped::told(exit, &Diagnostic::error("listen", format!("cannot listen at {at}: {error}")))
    }

    /// A message that was to be sent by hand was not.
    pub(super) fn unsent(exit: Exit, words: String) -> Stopped {
        let id = if exit == Exit::Refused { "refused" } else { "unavailable" };
        Stopped::told(exit, &Diagnostic::error(id, words))
    }
}

impl From<StoreError> for Stopped {
    fn from(error: StoreError) -> Stopped {
        let words = error.to_string();
        let (exit, problem) = match &error {
            StoreError::Locked { .. } => (Exit::TryAgain, Diagnostic::error("store-locked", words).help(LOCKED)),
            StoreError::Unusable { .. } => (Exit::Failed, Diagnostic::error("store-unusable", words)),
            StoreError::TakenOver => (Exit::Failed, Diagnostic::error("store-taken-over", words)),
            StoreError::Failed(_) => (Exit::Failed, Diagnostic::error("store-failed", words)),
        };
        Stopped::told(exit, &problem)
    }
}

impl From<StartError> for Stopped {
    fn from(error: StartError) -> Stopped {
        match error {
            StartError::Store(error) => error.into(),
            StartError::Connector(error) => {
                let (exit, problem) = cannot_begin(&error);
                Stopped::told(exit, &problem)
            }
            StartError::Panicked => Stopped::failed(StartError::Panicked),
            error @ StartError::Socket(_) => {
                Stopped::told(Exit::Failed, &Diagnostic::error("socket", error.to_string()))
            }
        }
    }
}

/// A connection that cannot work as it is configured: found before anybody was asked.
pub(super) fn cannot_begin(error: &ConnectorError) -> (Exit, Diagnostic) {
    (Exit::Config, Diagnostic::error("misconfigured", error.to_string()))
}

/// A mistake in the command line, as the parser tells it, in the form of all others.
pub(super) fn of_usage(words: &str) -> String {
    words.replacen("error:", "error[usage]:", 1)
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;
    use crate::golden::golden;

    fn service(error: ConnectorError) -> (Exit, String) {
        let (exit, diagnostic) = of_service("github.acme", &error, None);
        (exit, diagnostic.render(false))
    }

    #[test]
    fn every_trouble_with_a_service_has_an_id_and_an_exit_code() {
        let tool = "GitHub";
        let words = |text: &str| text.to_owned();
        let all = [
            (
                "refused",
                Exit::Refused,
                ConnectorError::Unauthorized { tool, what: words("the token lacks \"Issues: read\" (HTTP 403)") },
            ),
            (
                "limited",
                Exit::TryAgain,
                ConnectorError::Limited {
                    tool,
                    what: words("its hourly limit is used up until 14:05"),
                    retry_after: SignedDuration::from_mins(5),
                },
            ),
            (
                "unavailable",
                Exit::Unavailable,
                ConnectorError::Transient { tool, what: words("HTTP 503"), retry_after: None, source: None },
            ),
            ("not-visible", Exit::Unavailable, ConnectorError::NotVisible { tool, what: words("acme/secret") }),
            (
                "malformed",
                Exit::Unavailable,
                ConnectorError::Malformed { tool, what: words("a list was expected, HTML came"), source: None },
            ),
            (
                "misconfigured",
                Exit::Config,
                ConnectorError::Misconfigured {
                    tool,
                    what: words("its certificate is signed by nobody this machine trusts; name the CA as `ca_file`"),
                },
            ),
        ];
        for (id, exit, error) in all {
            let (found, text) = service(error);
            assert_eq!(found, exit, "{id}");
            golden(id, &text);
        }
        golden("narrow-access", &narrow("github.acme", "the token may not write comments").render(false));
        let unheard = "`states` names \"in progres\": no list and no label is called so";
        golden(
            "unknown-name",
            &misnamed("trello.studio", &Finding::warning(unheard, "write it as Trello does")).render(false),
        );
    }

    #[test]
    fn every_other_trouble_has_an_id_as_well() {
        let locked = StoreError::Locked { path: "gapwatch.db".into() };
        let unusable = StoreError::Unusable { what: "gapwatch.db was written by a newer gapwatch (0.9.0)".to_owned() };
        let full =
            rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(13), Some("database or disk is full".into()));
        let long = std::io::Error::from(std::io::ErrorKind::PermissionDenied);
        let taken = std::io::Error::from(std::io::ErrorKind::AddrInUse);
        let all: [(&str, Exit, Stopped); 9] = [
            ("store-locked", Exit::TryAgain, locked.into()),
            ("store-unusable", Exit::Failed, unusable.into()),
            ("store-taken-over", Exit::Failed, StoreError::TakenOver.into()),
            ("store-failed", Exit::Failed, StoreError::Failed(full).into()),
            ("socket", Exit::Failed, StartError::Socket(long).into()),
            (
                "listen",
                Exit::TryAgain,
                Stopped::cannot_listen(Exit::TryAgain, "127.0.0.1:8080 (gapwatch.toml:4)", &taken),
            ),
            ("no-daemon", Exit::Unavailable, Stopped::no_daemon()),
            ("internal", Exit::Failed, Stopped::failed("the thread of the store has ended")),
            ("usage", Exit::Usage, Stopped::usage("there is no gap 7f3ak2mq9d; `gapwatch gaps list --all` names them")),
        ];
        for (id, exit, stopped) in all {
            assert_eq!(stopped.exit, exit, "{id}");
            golden(id, &stopped.words);
        }
    }

    #[test]
    fn candidates_stand_below_the_first_line_as_they_are() {
        let words = Stopped::usage("\"web#1\" is not unique:\n  github.a:x/web#1\n  github.b:y/web#1").words;
        let words = anstream::adapter::strip_str(&words).to_string();
        assert_eq!(words, "error[usage]: \"web#1\" is not unique:\n  github.a:x/web#1\n  github.b:y/web#1");
        assert_eq!(of_usage("error: unexpected argument 'x'"), "error[usage]: unexpected argument 'x'");
    }
}
