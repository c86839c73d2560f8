//! Logs: one event name a line, ids and durations as fields, no payloads, no secrets; always to standard error.

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

/// Starts logging. A daemon says what it does; a command only what went wrong, unless asked.
pub fn start(level: Option<&str>, format: LogFormat, daemon: bool) {
    let default = if daemon { "info" } else { "error" };
    let filter = EnvFilter::try_new(format!("warn,gapwatch={0},connector={0}", level.unwrap_or(default)))
        .unwrap_or_else(|_| EnvFilter::new("warn"));
    let filter = if level.is_none() && !daemon { EnvFilter::new("error") } else { filter };
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
    fn of_a_panic_only_fixed_words_are_logged() {
        assert_eq!(words_of(&"the core answers every job"), "the core answers every job");
        let made = format!("byte index 1 is not a char boundary; it is inside {:?}", "a secret title");
        assert!(!words_of(&made).contains("secret"));
    }
}
