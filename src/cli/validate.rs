//! `validate`: the very code that `run` runs, and then a login everywhere; and `help error ID`.

use super::Exit;
use super::open::{From, Stopped, colored, load};
use crate::config::{self, Flags};
use crate::registry;
use connector_kit::ConnectorError;

/// Checks the configuration; without `offline` also asks every service who we are.
pub(super) async fn validate(from: &From, offline: bool, deny_warnings: bool) -> Result<Exit, Stopped> {
    let loaded = load(from, Flags::default(), true)?;
    let settings = loaded.settings;
    let clock = crate::clock::system();
    let refused = |error: ConnectorError| Stopped::new(Exit::Config, format!("gapwatch: {error}"));
    let connections = registry::connections(&settings, &clock).map_err(refused)?;
    let notifier = registry::notifier(&settings, &clock).map_err(refused)?;
    let mut exit = Exit::Done;
    if !offline {
        for connection in &connections {
            let who = connection.source.whoami().await.map(|who| {
                let as_whom = who.account.and_then(|account| account.handle).unwrap_or_else(|| "an app".to_owned());
                (as_whom, who.warnings)
            });
            exit = exit.max(report(&connection.name, who));
        }
        if let Some(built) = notifier.as_ref().filter(|built| !built.notifier.reaches_people()) {
            let looked = built.notifier.whoami().await;
            exit = exit.max(match looked {
                Ok(_) => {
                    anstream::println!("slack: an incoming webhook; it is tried by the first message, not here");
                    Exit::Done
                }
                Err(error) => report("slack", Err(error)),
            });
        } else if let Some(built) = &notifier {
            let who = built.notifier.whoami().await.map(|warnings| ("the bot".to_owned(), warnings));
            exit = exit.max(report("slack", who));
        }
    }
    let warned = deny_warnings && !loaded.warnings.is_empty();
    anstream::eprint!("{}", config::diagnose::report(&loaded.warnings, loaded.files, false, colored()));
    Ok(if warned { Exit::Config } else { exit })
}

fn report(name: &str, who: Result<(String, Vec<String>), ConnectorError>) -> Exit {
    match who {
        Ok((as_whom, warnings)) => {
            anstream::println!("{name}: logged in as {as_whom}");
            warnings.iter().for_each(|warning| anstream::println!("{name}: warning: {warning}"));
            Exit::Done
        }
        Err(error) => {
            anstream::eprintln!("{name}: {error}");
            match error {
                ConnectorError::Unauthorized { .. } => Exit::Refused,
                ConnectorError::Limited { .. } => Exit::TryAgain,
                ConnectorError::Misconfigured { .. } => Exit::Config,
                ConnectorError::Transient { .. }
                | ConnectorError::NotVisible { .. }
                | ConnectorError::Malformed { .. } => Exit::Unavailable,
            }
        }
    }
}

/// `help error ID`: the page of an error id.
pub(super) fn help(topic: Option<&str>, id: Option<&str>) -> Result<Exit, Stopped> {
    let ids = config::diagnose::ids;
    match (topic, id) {
        (Some("error"), Some(id)) => match config::diagnose::page(id) {
            Some(page) => {
                anstream::println!("{page}");
                Ok(Exit::Done)
            }
            None => Err(Stopped::usage(format!(
                "there is no error {id}; there is {}",
                ids().collect::<Vec<_>>().join(", ")
            ))),
        },
        (Some("error"), None) => {
            ids().for_each(|id| anstream::println!("{id}"));
            Ok(Exit::Done)
        }
        _ => Err(Stopped::usage("say `gapwatch help error ID`; `gapwatch --help` lists the commands")),
    }
}
