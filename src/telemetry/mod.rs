//! Logs: one event name a line, ids and durations as fields, no payloads, no secrets; always to standard error. And what
//! is counted.

pub mod metrics;

use std::any::Any;
use std::collections::HashSet;
use std::io::IsTerminal;
use std::panic::PanicHookInfo;
use std::sync::{Mutex, PoisonError};

use clap::ValueEnum;
use tracing_subscriber::EnvFilter;

/// How it is logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// Text on a terminal, JSON elsewhere.
    Auto,
    /// Text.
    Text,
    /// One JSON object a line.
    Json,
}

/// A filter as it is given on the command line: a level, or directives such as `info,connector_github=debug`.
///
/// # Errors
/// Says what was expected.
pub fn checked_filter(text: &str) -> Result<String, String> {
    let is_level = ["off", "error", "warn", "info", "debug", "trace"].contains(&text);
    let are_directives = text.contains([',', '=']) && EnvFilter::try_new(text).is_ok();
    if is_level || are_directives {
        return Ok(text.to_owned());
    }
    Err("expected off, error, warn, info, debug or trace, or a filter such as info,connector_github=debug".to_owned())
}

/// One level is that of our own words; of libraries only what is wrong is told. Anything longer is a filter as the
/// tracing crates write it: `info,connector_github=debug`.
fn directives(level: Option<&str>, daemon: bool) -> String {
    match level {
        Some(filter) if filter.contains([',', '=']) => filter.to_owned(),
        Some(level) => format!("warn,gapwatch={level},connector={level}"),
        None if daemon => "warn,gapwatch=info,connector=info".to_owned(),
        None => "error".to_owned(),
    }
}

/// Starts logging. A daemon says what it does; a command only what went wrong, unless asked.
pub fn start(level: Option<&str>, format: LogFormat, daemon: bool) {
    let filter = EnvFilter::try_new(directives(level, daemon)).unwrap_or_else(|_| EnvFilter::new("warn"));
    let json = match format {
        LogFormat::Auto => !std::io::stderr().is_terminal(),
        LogFormat::Text => false,
        LogFormat::Json => true,
    };
    let logs = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // Fails only when a test has started logging before.
    let _ = if json { logs.json().flatten_event(true).try_init() } else { logs.with_target(false).try_init() };
    log_panics();
}

/// Says of each panic where it happened, once a place: a rule that fails about ten thousand tasks fails at one place.
fn log_panics() {
    let told: Mutex<HashSet<String>> = Mutex::default();
    std::panic::set_hook(Box::new(move |info: &PanicHookInfo<'_>| {
        let place = info.location().map_or_else(|| "an unknown place".to_owned(), ToString::to_string);
        let first = told.lock().unwrap_or_else(PoisonError::into_inner).insert(place.clone());
        if first {
            let words = words_of(info.payload());
            tracing::error!(place, words, "panicked: an error of gapwatch, please report it with this line");
        }
    }));
}

/// A panic's own words where they are fixed ones; words made at run time may hold a title, a name or worse.
fn words_of(payload: &dyn Any) -> &'static str {
    payload.downcast_ref::<&'static str>().copied().unwrap_or("(its words are kept back: they may hold data)")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_is_ours_and_a_filter_is_taken_as_it_is() {
        assert_eq!(directives(Some("debug"), true), "warn,gapwatch=debug,connector=debug");
        assert_eq!(directives(Some("info,connector_github=trace"), true), "info,connector_github=trace");
        assert_eq!(directives(None, true), "warn,gapwatch=info,connector=info");
        assert_eq!(directives(None, false), "error");
    }

    #[test]
    fn of_a_panic_only_fixed_words_are_logged() {
        assert_eq!(words_of(&"the core answers every job"), "the core answers every job");
        let made = format!("byte index 1 is not a char boundary; it is inside {:?}", "a secret title");
        assert!(!words_of(&made).contains("secret"));
    }
}
