//! `[limits]`: how much people are told.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A year of working days.
const MOST_DAYS: u16 = 260;

/// `[limits]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LimitSettings {
    /// Working days after the first word on which the same is told once more, growing; empty: never.
    pub repeat: Vec<u16>,
}

impl LimitSettings {
    /// The item of `repeat` that does not come after the one before it, or lies beyond what anybody waits for.
    pub(super) fn out_of_order(&self) -> Option<usize> {
        let before = std::iter::once(0).chain(self.repeat.iter().copied());
        before.zip(&self.repeat).position(|(before, day)| *day <= before || *day > MOST_DAYS)
    }
}
