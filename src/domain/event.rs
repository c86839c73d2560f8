//! Events: what was told, as it is posted to webhooks; and what became of one that was posted. When one is due again is
//! decided in `messages/`.

use jiff::Timestamp;

use super::ids::EventId;
use super::notice::Reason;

/// A webhook, as far as deciding needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hook {
    /// Name of its table.
    pub name: String,
    /// What is posted there.
    pub reasons: Vec<Reason>,
}

/// One thing that was told, for one webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Name of the webhook.
    pub webhook: String,
    /// Its id on the wire, the same at every attempt.
    pub wire: String,
    /// What is posted: JSON, frozen.
    pub body: String,
}

/// An event that waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// Row.
    pub id: EventId,
    /// What is posted, and where.
    pub event: Event,
    /// How often it was tried.
    pub attempts: u32,
}

/// What became of an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ended {
    /// It was taken.
    Taken,
    /// It is tried again.
    Again {
        /// When.
        due_at: Timestamp,
        /// Why, without secrets.
        because: String,
    },
    /// It is tried again, and the webhook's other events wait as long.
    Throttled {
        /// When.
        due_at: Timestamp,
        /// Until when the others wait.
        until: Timestamp,
        /// Why, without secrets.
        because: String,
    },
    /// It was tried often enough.
    GivenUp {
        /// Why, without secrets.
        because: String,
    },
    /// The receiver wants no more events, neither this one nor any other.
    Disabled {
        /// Why, without secrets.
        because: String,
    },
}
