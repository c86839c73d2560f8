//! `[limits]`: how much is said, whatever there is to say.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Settings;
use super::diagnose::Diagnostic;
use super::mistakes::Context;

/// A year of working days.
const MOST_DAYS: u16 = 260;

/// `[limits]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LimitSettings {
    /// Working days after the first word on which the same is told once more, growing; empty: never.
    pub repeat: Vec<u16>,
    /// Grouped messages that one person gets in private on one day; 1 to 24.
    pub direct_per_day: u32,
    /// Messages to persons that may leave within one hour; 1 to 10000.
    pub per_hour: u32,
}

/// Every mistake, each with the key it is about.
pub(super) fn all(settings: &Settings, context: &Context) -> Vec<(String, Diagnostic)> {
    let limits = &settings.limits;
    let repeat = limits.out_of_order().map(|nth| {
        let (path, day) = (format!("limits.repeat[{nth}]"), limits.repeat[nth]);
        let label = "expected e.g. [1, 3, 7, 15]";
        let problem = context.is_not("bad-value", &path, &day.to_string(), "a later working day", label);
        let help = "each counts from the first word and comes after the one before it; [] repeats nothing";
        (path, problem.help(help))
    });
    let ranges = limits.out_of_range().into_iter().map(|(path, found, expected)| {
        (path.to_owned(), context.is_not("bad-value", path, &found.to_string(), expected, "out of range"))
    });
    repeat.into_iter().chain(ranges).collect()
}

impl LimitSettings {
    /// What is out of its range: key, value, what it must be.
    fn out_of_range(&self) -> Vec<(&'static str, u32, &'static str)> {
        let ranges = [
            ("limits.direct_per_day", self.direct_per_day, 1..=24, "a number from 1 to 24"),
            ("limits.per_hour", self.per_hour, 1..=10_000, "a number from 1 to 10000"),
        ];
        let wrong = ranges.into_iter().filter(|(_, value, range, _)| !range.contains(value));
        wrong.map(|(key, value, _, expected)| (key, value, expected)).collect()
    }

    /// The item of `repeat` that does not come after the one before it, or lies beyond what anybody waits for.
    fn out_of_order(&self) -> Option<usize> {
        let before = std::iter::once(0).chain(self.repeat.iter().copied());
        before.zip(&self.repeat).position(|(before, day)| *day <= before || *day > MOST_DAYS)
    }
}
