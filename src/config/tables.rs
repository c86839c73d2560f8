//! What the tables of all trackers have in common, for whoever asks about connections and not about one tool.

use std::path::Path;

use super::{Length, Mode, Settings, States};

/// One connection to a tracker.
pub(super) struct Table<'a> {
    /// As it is written elsewhere: `github.acme`.
    pub connection: String,
    pub states: &'a States,
    pub poll: Length,
    pub mode: Option<Mode>,
    pub ca_file: Option<&'a Path>,
}

macro_rules! common {
    ($kind:literal, $tables:expr) => {
        $tables.iter().map(|(name, table)| Table {
            connection: format!(concat!($kind, ".{}"), name),
            states: &table.states,
            poll: table.poll,
            mode: table.mode,
            ca_file: table.ca_file.as_deref(),
        })
    };
}

impl Settings {
    /// Every connection with what all of them have.
    pub(super) fn tables(&self) -> impl Iterator<Item = Table<'_>> {
        common!("github", self.github)
            .chain(common!("jira", self.jira))
            .chain(common!("asana", self.asana))
            .chain(common!("trello", self.trello))
    }

    /// The mode of each, wherever one has its own.
    pub(super) fn modes_mut(&mut self) -> impl Iterator<Item = &mut Option<Mode>> {
        let github = self.github.values_mut().map(|table| &mut table.mode);
        let jira = self.jira.values_mut().map(|table| &mut table.mode);
        let asana = self.asana.values_mut().map(|table| &mut table.mode);
        github.chain(jira).chain(asana).chain(self.trello.values_mut().map(|table| &mut table.mode))
    }
}
