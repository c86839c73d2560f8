//! `[schedule]`: when digests are due, and who gets the weekly report.

use schemars::JsonSchema;
use serde::de::Deserializer;
use serde::{Deserialize, Serialize, Serializer};

use super::values::{Parsed, RHYTHM};
use crate::domain::digest::{Schedule, WeeklyTo};
use crate::domain::rhythm::Rhythm;

/// `[schedule]`
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScheduleSettings {
    /// When the digest of each person is due.
    pub digest_person: Rhythm,
    /// When the digest of whoever leads others is due.
    pub digest_manager: Rhythm,
    /// When the weekly report is due, the all-clear among them.
    pub all_clear: Rhythm,
    /// Who gets it: `managers`, `operators`, `channel`, or the name of a `[people]` table.
    pub all_clear_to: Vec<String>,
}

/// What stands for more than one person in `all_clear_to`.
pub(super) const GROUPS: [&str; 3] = ["managers", "operators", "channel"];

impl ScheduleSettings {
    /// As the rest of the program knows it.
    pub fn plan(&self) -> Schedule {
        let to = |name: &String| match name.as_str() {
            "managers" => WeeklyTo::Managers,
            "operators" => WeeklyTo::Operators,
            "channel" => WeeklyTo::Channel,
            _ => WeeklyTo::Person(name.clone()),
        };
        Schedule {
            person: self.digest_person.clone(),
            manager: self.digest_manager.clone(),
            weekly: self.all_clear.clone(),
            weekly_to: self.all_clear_to.iter().map(to).collect(),
        }
    }
}

impl<'de> Deserialize<'de> for Rhythm {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(Parsed(RHYTHM, |text| text.parse().map_err(|()| RHYTHM)))
    }
}

impl Serialize for Rhythm {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
