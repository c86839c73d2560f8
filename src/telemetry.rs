//! Logs: one event name a line, ids and durations as fields, no payloads, no secrets; always to standard error.

use std::io::IsTerminal;

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
}
