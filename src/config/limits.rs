//! `[limits]`: how much is said, whatever there is to say.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// `[limits]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LimitSettings {
    /// Grouped messages that one person gets in private on one day; 1 to 24.
    pub direct_per_day: u32,
    /// Messages to persons that may leave within one hour; 1 to 10000.
    pub per_hour: u32,
}

impl LimitSettings {
    /// What is out of its range: key, value, what it must be.
    pub fn out_of_range(&self) -> Vec<(&'static str, u32, &'static str)> {
        let ranges = [
            ("limits.direct_per_day", self.direct_per_day, 1..=24, "a number from 1 to 24"),
            ("limits.per_hour", self.per_hour, 1..=10_000, "a number from 1 to 10000"),
        ];
        let wrong = ranges.into_iter().filter(|(_, value, range, _)| !range.contains(value));
        wrong.map(|(key, value, _, expected)| (key, value, expected)).collect()
    }
}
