//! What gapwatch notices about itself: how telling people goes.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// More messages to persons than are right in one hour: held back until somebody decides.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Flood {
    /// Since when.
    pub since: Timestamp,
    /// How many are held back.
    pub held: u32,
    /// How many may leave in an hour.
    pub limit: u32,
    /// How many left in the busiest hour of a usual day. `None`: too little was sent so far to say.
    pub usual: Option<u32>,
    /// Whom they are to, with how many: most first.
    pub to: Vec<(String, u32)>,
    /// Of which rules, likewise.
    pub rules: Vec<(String, u32)>,
}

/// A way by which somebody could not be told.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Undelivered {
    /// `slack`, `email`, the name of a connection, or `webhooks.NAME`.
    pub way: String,
    /// Messages that wait for it to work again.
    pub waiting: u32,
    /// Words that nobody got by this way nor by another.
    pub lost: u32,
    /// Since when.
    pub since: Timestamp,
    /// What was answered last, without secrets.
    pub because: String,
    /// Who did not hear.
    pub to: Vec<String>,
}

/// A rule whose words hardly anybody heeds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unheeded {
    /// Which.
    pub rule: String,
    /// Words that had their time.
    pub told: u32,
    /// Of these, those after which something was done.
    pub acted: u32,
    /// Of these, those that were called wrong.
    pub wrong: u32,
}
