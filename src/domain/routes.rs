//! Ways of telling that the configuration asks for instead of the usual ladder: the types.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use super::finding::{RuleId, Stage};
use super::length::Length;

/// One way of telling: of which gaps, and who hears in which order.
#[derive(Clone)]
pub struct Route {
    /// What people call it: its name, else its number, `1`.
    pub name: String,
    /// Where it is written: `routes[0]`.
    pub key: String,
    /// Of which rules: ids, or whole families (`pace.*`); empty: of all.
    pub rules: Vec<String>,
    /// From which stage on; below it the usual ladder holds.
    pub from: Stage,
    /// Of which tasks: a condition of the rules, which is nothing that is known here. `None`: of all, and of what is no task
    /// as well.
    pub which: Option<Arc<dyn Any + Send + Sync>>,
    /// Who hears, in order; at least one.
    pub steps: Vec<Step>,
}

impl fmt::Debug for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Route").field("name", &self.name).field("steps", &self.steps).finish_non_exhaustive()
    }
}

impl Route {
    /// Whether it is for gaps of a rule.
    pub fn is_of(&self, rule: RuleId) -> bool {
        let fits = |pattern: &String| match pattern.strip_suffix('*') {
            Some(family) => rule.0.starts_with(family),
            None => pattern == rule.0,
        };
        self.rules.is_empty() || self.rules.iter().any(fits)
    }
}

/// One step of a route.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// Who hears.
    pub to: To,
    /// The channel that is tried first. `None`: the usual one.
    pub via: Option<Via>,
    /// How long after the first step was heard, while nobody does anything. `None`: with it.
    pub after: Option<Length>,
}

/// Who hears.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum To {
    /// Whoever has the task, or whom the rule speaks to first.
    Owner,
    /// Whoever leads them.
    Manager,
    /// Whoever leads the manager, else answers for the project.
    Sponsor,
    /// Somebody of the configuration, by the name of their table.
    Person(String),
    /// A channel in Slack.
    Channel(String),
}

impl To {
    /// What is written: `owner`, `manager`, `sponsor`, `#channel` or the name of somebody's table.
    pub fn read(text: &str) -> To {
        match text {
            "owner" => To::Owner,
            "manager" => To::Manager,
            "sponsor" => To::Sponsor,
            channel if channel.starts_with('#') => To::Channel(channel.to_owned()),
            person => To::Person(person.to_owned()),
        }
    }

    /// As it is written.
    pub fn word(&self) -> &str {
        match self {
            To::Owner => "owner",
            To::Manager => "manager",
            To::Sponsor => "sponsor",
            To::Person(name) | To::Channel(name) => name,
        }
    }

    /// The rung that a step to them is on: 1 asks whoever can do something, 2 and 3 tell who leads.
    pub fn rung(&self) -> u8 {
        match self {
            To::Owner => 1,
            To::Manager | To::Person(_) | To::Channel(_) => 2,
            To::Sponsor => 3,
        }
    }
}

/// A channel, as a route names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Via {
    /// A direct message in Slack.
    Slack,
    /// A mail.
    Email,
    /// A comment on the task that mentions them.
    Comment,
}
