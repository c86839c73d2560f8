//! What identifies things: a site, and a task on it.

use serde::{Deserialize, Serialize};

/// One tenant of one tool. Part of every task's identity; a connection (a credential and a selection) is not.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SiteKey {
    /// The connector's name as written in the configuration: `github`, `jira`.
    pub tool: String,
    /// Scheme, host and port of the API, as `https://api.github.com`.
    pub origin: String,
    /// What `whoami` calls the tenant; empty where the origin alone tells it.
    pub tenant: String,
}

/// How a tool's answer names another task. Resolved by the store, on the same site unless it is a URL.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum TaskRef {
    /// The tool's own stable id ([`crate::Task::ext`]).
    Ext(String),
    /// The human key ([`crate::Task::key`]), where an answer carries nothing better.
    Key(String),
    /// A browser address, perhaps in another tool.
    Url(String),
}

impl TaskRef {
    /// The form kept while the task is not mirrored: `ext:…`, `key:…` or `url:…`.
    pub fn to_text(&self) -> String {
        match self {
            TaskRef::Ext(ext) => format!("ext:{ext}"),
            TaskRef::Key(key) => format!("key:{key}"),
            TaskRef::Url(url) => format!("url:{url}"),
        }
    }

    /// The inverse of [`TaskRef::to_text`]; `None` for any other text.
    pub fn from_text(text: &str) -> Option<TaskRef> {
        let (kind, value) = text.split_once(':')?;
        match kind {
            "ext" => Some(TaskRef::Ext(value.to_owned())),
            "key" => Some(TaskRef::Key(value.to_owned())),
            "url" => Some(TaskRef::Url(value.to_owned())),
            _ => None,
        }
    }
}
