//! Other settings for some tasks: `[[overrides]]`, in order, the last that matches counting most.
//!
//! Which of them match a task is asked of what the task is, never of the time, so the answer changes only with the task.
//! For each combination that occurs in a round, one list of rules is built, once.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::condition::Condition;
use super::settings::RuleSettings;
use super::{RuleList, list};
use crate::domain::look::Look;
use crate::domain::row::TaskRow;

/// So many overrides there may be.
pub const MOST: usize = 64;

/// One table of `[[overrides]]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Override {
    /// Which tasks it is for.
    pub r#match: Condition,
    /// What is different for them: a part of `rules`.
    #[schemars(with = "RuleSettings")]
    pub rules: Value,
}

/// The rules, as each task has them.
pub(super) struct Overrides {
    settings: RuleSettings,
    all: Vec<Override>,
}

/// The lists of rules that were built in one round, by which overrides are for a task.
#[derive(Default)]
pub(super) struct Lists(RefCell<HashMap<u64, Rc<RuleList>>>);

impl Overrides {
    pub(super) fn new(settings: &RuleSettings, all: &[Override]) -> Overrides {
        Overrides { settings: settings.clone(), all: all.iter().take(MOST).cloned().collect() }
    }

    /// The rules for a task. `None`: no override is for it.
    pub(super) fn of<'a>(&self, task: &'a TaskRow, look: &Look<'a>, built: &Lists) -> Option<Rc<RuleList>> {
        let matching = self.matching(task, look);
        if matching == 0 {
            return None;
        }
        let mut lists = built.0.borrow_mut();
        Some(lists.entry(matching).or_insert_with(|| Rc::new(list(&self.settings_for(matching)))).clone())
    }

    /// The numbers of those that match, the first being the lowest bit. One that cannot be worked out does not match: too
    /// much is better said than too little.
    pub(super) fn matching<'a>(&self, task: &'a TaskRow, look: &Look<'a>) -> u64 {
        let matches = |one: &Override| one.r#match.holds(task, look, look.people()).unwrap_or(false);
        self.all.iter().enumerate().filter(|(_, one)| matches(one)).fold(0, |bits, (nth, _)| bits | 1 << nth)
    }

    fn settings_for(&self, matching: u64) -> RuleSettings {
        let those = self.all.iter().enumerate().filter(|(nth, _)| matching & (1 << nth) != 0);
        let changed = those.fold(serde_json::to_value(&self.settings).unwrap_or_default(), |mut value, (_, one)| {
            overlay(&mut value, &one.rules);
            value
        });
        // Each of them was read alone with the configuration; together they are other values of the same types.
        serde_json::from_value(changed).unwrap_or_else(|_| self.settings.clone())
    }
}

/// Puts what a patch says over a value: tables are gone into, anything else is replaced.
pub fn overlay(value: &mut Value, patch: &Value) {
    match (value, patch) {
        (Value::Object(table), Value::Object(patch)) => {
            for (key, patch) in patch {
                overlay(table.entry(key.clone()).or_insert(Value::Null), patch);
            }
        }
        (value, patch) => *value = patch.clone(),
    }
}
