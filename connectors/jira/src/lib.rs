//! Jira, Cloud and Data Center: reads projects, issues and their history, and writes one living comment on an issue.

mod config;

pub use config::{Config, Edition, Fields, Login, States};
