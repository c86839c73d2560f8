//! The trackers that there are, by the words that people type.

use clap::ValueEnum;

/// What work is tracked in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Tracker {
    /// GitHub Issues.
    Github,
    /// Jira, Cloud or Data Center.
    Jira,
    /// Asana.
    Asana,
    /// Trello.
    Trello,
}

impl Tracker {
    /// All of them, in the order in which they are asked for.
    pub(super) const ALL: [Tracker; 4] = [Tracker::Github, Tracker::Jira, Tracker::Asana, Tracker::Trello];

    /// As it is typed.
    pub(super) fn word(self) -> &'static str {
        match self {
            Tracker::Github => "github",
            Tracker::Jira => "jira",
            Tracker::Asana => "asana",
            Tracker::Trello => "trello",
        }
    }

    /// As it is written.
    pub(super) fn name(self) -> &'static str {
        match self {
            Tracker::Github => "GitHub",
            Tracker::Jira => "Jira",
            Tracker::Asana => "Asana",
            Tracker::Trello => "Trello",
        }
    }
}
