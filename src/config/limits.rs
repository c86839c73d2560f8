//! `[limits]`: how much people are told.

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
}

/// Every mistake, each with the key it is about.
pub(super) fn all(settings: &Settings, context: &Context) -> Vec<(String, Diagnostic)> {
    let repeat = settings.limits.out_of_order().map(|nth| {
        let (path, day) = (format!("limits.repeat[{nth}]"), settings.limits.repeat[nth]);
        let label = "expected e.g. [1, 3, 7, 15]";
        let problem = context.is_not("bad-value", &path, &day.to_string(), "a later working day", label);
        let help = "each counts from the first word and comes after the one before it; [] repeats nothing";
        (path, problem.help(help))
    });
    repeat.into_iter().collect()
}

impl LimitSettings {
    /// The item of `repeat` that does not come after the one before it, or lies beyond what anybody waits for.
    fn out_of_order(&self) -> Option<usize> {
        let before = std::iter::once(0).chain(self.repeat.iter().copied());
        before.zip(&self.repeat).position(|(before, day)| *day <= before || *day > MOST_DAYS)
    }
}
