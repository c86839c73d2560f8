//! Where a value comes from: the defaults, a line of a file, a variable, the command line.

use std::collections::BTreeMap;
use std::fmt;

/// Where the value of a key comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// `config/default.toml`.
    Default,
    /// A file.
    File {
        /// As it was named when it was read: `gapwatch.toml`.
        file: String,
        /// From 1.
        line: usize,
    },
    /// A variable of the environment.
    Variable(String),
    /// A flag of the command line: `--mode`.
    Flag(&'static str),
}

impl fmt::Display for Origin {
    /// `default`, `gapwatch.toml:41`, `GAPWATCH_MODE` or `--mode`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::Default => f.write_str("default"),
            Origin::File { file, line } => write!(f, "{file}:{line}"),
            Origin::Variable(name) => f.write_str(name),
            Origin::Flag(name) => f.write_str(name),
        }
    }
}

/// The origin of every key that somebody has set.
#[derive(Debug, Clone, Default)]
pub(super) struct Known(BTreeMap<String, Origin>);

impl Known {
    /// Later words replace earlier ones, as in the layers.
    pub(super) fn set(&mut self, key: &str, origin: Origin) {
        self.0.insert(key.to_owned(), origin);
    }

    pub(super) fn of(&self, key: &str) -> Origin {
        self.0.get(key).cloned().unwrap_or(Origin::Default)
    }
}
