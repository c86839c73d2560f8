//! Digests: the types. Which are due and what they take is decided in `alerts/`, what they say in `messages/`.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::ids::{AccountId, ConnectionId};
use super::rhythm::Rhythm;

/// Whose digest, and which.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum DigestOf {
    /// Of one person: what they are to look at.
    Person(AccountId),
    /// Of whoever leads others: what waits for them. [`AccountId::NOBODY`]: the channel, of what nobody leads.
    Manager(AccountId),
    /// The weekly report, the all-clear among them. [`AccountId::NOBODY`]: the channel.
    Weekly(AccountId),
    /// What a connection was found with.
    Baseline(ConnectionId),
}

impl DigestOf {
    /// Kind and row, as kept in the store.
    pub fn code(self) -> (u8, i64) {
        match self {
            DigestOf::Person(id) => (0, id.0),
            DigestOf::Manager(id) => (1, id.0),
            DigestOf::Weekly(id) => (2, id.0),
            DigestOf::Baseline(id) => (3, id.0),
        }
    }

    /// The inverse of [`DigestOf::code`]; `None` for a kind written by a newer program.
    pub fn from_code(kind: u8, id: i64) -> Option<DigestOf> {
        match kind {
            0 => Some(DigestOf::Person(AccountId(id))),
            1 => Some(DigestOf::Manager(AccountId(id))),
            2 => Some(DigestOf::Weekly(AccountId(id))),
            3 => Some(DigestOf::Baseline(ConnectionId(id))),
            _ => None,
        }
    }

    /// Who reads it. `None`: whoever looks after gapwatch.
    pub fn account(self) -> Option<AccountId> {
        match self {
            DigestOf::Person(id) | DigestOf::Manager(id) | DigestOf::Weekly(id) => Some(id),
            DigestOf::Baseline(_) => None,
        }
    }

    /// `person`, `manager`, `weekly` or `baseline`.
    pub fn word(self) -> &'static str {
        match self {
            DigestOf::Person(_) => "person",
            DigestOf::Manager(_) => "manager",
            DigestOf::Weekly(_) => "weekly",
            DigestOf::Baseline(_) => "baseline",
        }
    }
}

/// The last digest of a kind that somebody had its turn with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DigestTurn {
    /// Whose.
    pub of: DigestOf,
    /// Of which day: there is no second one of it.
    pub day: Date,
    /// When one was made last, of whichever day: those that would have been empty are not made. `None`: none ever was.
    pub made_at: Option<Timestamp>,
}

/// When digests are due and who gets the weekly report.
#[derive(Debug, Clone, PartialEq)]
pub struct Schedule {
    /// The person's digest.
    pub person: Rhythm,
    /// The manager's.
    pub manager: Rhythm,
    /// The weekly report.
    pub weekly: Rhythm,
    /// Who gets the weekly report.
    pub weekly_to: Vec<WeeklyTo>,
}

/// Who gets the weekly report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WeeklyTo {
    /// Whoever leads somebody, each about their own team.
    Managers,
    /// Whoever looks after gapwatch, about everything.
    Operators,
    /// The channel for what has no person, about everything.
    Channel,
    /// A person by the name of their table, about everything.
    Person(String),
}

impl Schedule {
    /// No digests at all.
    pub fn off() -> Schedule {
        Schedule { person: Rhythm::Off, manager: Rhythm::Off, weekly: Rhythm::Off, weekly_to: Vec::new() }
    }

    /// When digests of a kind are due. `None`: not by a rhythm.
    pub fn of(&self, of: DigestOf) -> Option<&Rhythm> {
        match of {
            DigestOf::Person(_) => Some(&self.person),
            DigestOf::Manager(_) => Some(&self.manager),
            DigestOf::Weekly(_) => Some(&self.weekly),
            DigestOf::Baseline(_) => None,
        }
    }
}
