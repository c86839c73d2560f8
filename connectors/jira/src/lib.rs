//! Jira, Cloud and Data Center: reads projects, issues and their history, and writes one living comment on an issue.

mod config;
mod hooks;
mod mark;
mod text;

#[cfg(test)]
mod fixtures;

pub use config::{Config, Edition, Fields, Login, States};
pub use hooks::JiraHooks;
