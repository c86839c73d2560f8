//! `[[routes]]`: who hears in which order, where that is not to be the usual ladder.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::diagnose::{Diagnostic, meant};
use super::mistakes::{About, Context};
use super::tree::join;
use super::{FromStage, Length, Settings};
use crate::domain::calendar::Calendar;
use crate::domain::routes::{To, Via};
use crate::rules;
use crate::rules::condition::Condition;

/// So many routes there may be.
const MOST: usize = 64;

/// One table of `[[routes]]`; the first that a gap is on counts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RouteSettings {
    /// What `explain`, `why` and `route test` call it. Left out: its number.
    pub name: Option<String>,
    /// Which tasks it is for. Left out: all.
    pub r#match: Option<Condition>,
    /// Of which rules: ids, or families as `pace.*`. Left out: of all.
    pub rules: Option<Vec<String>>,
    /// From which stage on. Left out: `widens`; what only opens stays a line of the digest.
    pub stage: Option<FromStage>,
    /// Who hears, in order.
    pub steps: Vec<StepSettings>,
}

/// One step of a route.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StepSettings {
    /// `owner`, `manager`, `sponsor` (whoever leads the manager), a name of `[people]`, or a channel as `#ops-alerts`.
    pub to: String,
    /// The channel that is tried first. Left out: the usual one.
    pub via: Option<ViaSettings>,
    /// How long after the first step was heard, while nobody does anything. Left out: with the first.
    pub after: Option<Length>,
}

/// A channel of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ViaSettings {
    /// A direct message.
    Slack,
    /// A mail.
    Email,
    /// A mention in our comment on the task: the owner alone.
    Comment,
}

impl ViaSettings {
    /// As the ladder knows it.
    pub fn via(self) -> Via {
        match self {
            ViaSettings::Slack => Via::Slack,
            ViaSettings::Email => Via::Email,
            ViaSettings::Comment => Via::Comment,
        }
    }
}

/// Every mistake but those of conditions, each with the key it is about.
pub(super) fn all(settings: &Settings, context: &Context) -> Vec<(String, Diagnostic)> {
    let mut check = Check { settings, context, found: Vec::new() };
    for (nth, route) in settings.routes.iter().enumerate() {
        let path = format!("routes[{nth}]");
        if nth == MOST {
            let problem = context.error(
                "bad-value",
                About::Key,
                &path,
                &format!("there are more than {MOST} routes"),
                "one too many",
            );
            let help = "one condition may hold for many tasks: `task.project in ['A', 'B']`";
            check.found.push((path, problem.help(help)));
            break;
        }
        check.route(&path, route);
    }
    check.found
}

struct Check<'a> {
    settings: &'a Settings,
    context: &'a Context,
    found: Vec<(String, Diagnostic)>,
}

impl Check<'_> {
    fn bad(&mut self, path: &str, title: &str, label: &str, help: &str) {
        let problem = self.context.error("bad-value", About::Value, path, title, label);
        self.found.push((path.to_owned(), problem.help(help)));
    }

    fn unknown(&mut self, path: &str, title: &str, label: &str, help: &str) {
        let problem = self.context.error("unknown-reference", About::Value, path, title, label);
        self.found.push((path.to_owned(), problem.help(help)));
    }

    fn route(&mut self, path: &str, route: &RouteSettings) {
        if route.steps.is_empty() {
            let help = "name who hears: steps = [{ to = \"owner\" }, { to = \"manager\", after = \"1 workday\" }]";
            self.bad(&join(path, "steps"), "a route without steps would tell nobody", "empty", help);
        }
        for (nth, rule) in route.rules.iter().flatten().enumerate() {
            self.rule(&format!("{path}.rules[{nth}]"), rule);
        }
        for (nth, step) in route.steps.iter().enumerate() {
            self.step(&format!("{path}.steps[{nth}]"), step);
        }
        self.order(path, route);
    }

    fn rule(&mut self, path: &str, rule: &str) {
        let custom = self.settings.rules.custom.keys().map(|name| format!("custom.{name}"));
        let known: Vec<String> = rules::ids().map(|id| id.0.to_owned()).chain(custom).collect();
        let fits = match rule.strip_suffix('*') {
            Some(family) => known.iter().any(|id| id.starts_with(family)),
            None => known.iter().any(|id| id == rule),
        };
        if !fits {
            let meant = meant(rule, known.iter().map(String::as_str)).map(|id| format!("did you mean `{id}`? "));
            let help =
                format!("{}`gapwatch rules list` names them; `pace.*` is a whole family", meant.unwrap_or_default());
            self.unknown(path, &format!("no rule named `{rule}`"), "not a rule", &help);
        }
    }

    fn step(&mut self, path: &str, step: &StepSettings) {
        let (to, via) = (To::read(&step.to), step.via);
        let at = join(path, "to");
        match &to {
            To::Person(name) if !self.settings.people.contains_key(name) => {
                let people = self.settings.people.keys().map(String::as_str);
                let known = people.chain(["owner", "manager", "sponsor"]);
                let meant = meant(name, known).map(|name| format!("did you mean `{name}`? "));
                let help = format!(
                    "{}It is `owner`, `manager`, `sponsor`, a table of [people], or a channel as \"#ops-alerts\"",
                    meant.unwrap_or_default()
                );
                self.unknown(&at, &format!("no person named `{name}`"), "not defined", &help);
            }
            To::Channel(name) if name.len() < 2 || name.contains(char::is_whitespace) => {
                self.bad(
                    &at,
                    &format!("`{name}` is not a channel"),
                    "expected e.g. \"#ops-alerts\"",
                    "a channel's name",
                );
            }
            To::Channel(name) if !self.settings.slack.as_ref().is_some_and(|slack| slack.reaches_people()) => {
                let help = "add [slack] with `bot_token`, or leave this step out";
                self.unknown(&at, &format!("there is no [slack] to reach {name} by"), "not reachable", help);
            }
            _ => {}
        }
        let via_at = join(path, "via");
        match via {
            Some(ViaSettings::Slack) if self.settings.slack.is_none() => {
                self.unknown(&via_at, "there is no [slack]", "not reachable", "add [slack], or leave `via` out");
            }
            Some(ViaSettings::Email) if self.settings.email.is_none() => {
                self.unknown(&via_at, "there is no [email]", "not reachable", "add [email], or leave `via` out");
            }
            Some(ViaSettings::Comment) if to != To::Owner => {
                let help = "comments are read by everybody, so they mention nobody but the owner";
                self.bad(&via_at, "only the owner is mentioned in a comment", "not here", help);
            }
            Some(ViaSettings::Email) if matches!(to, To::Channel(_)) => {
                self.bad(&via_at, "a channel is in Slack", "expected slack", "leave `via` out");
            }
            _ => {}
        }
    }

    /// Steps come one after the other, and whoever leads does not hear before the owner.
    fn order(&mut self, path: &str, route: &RouteSettings) {
        let to = |step: &StepSettings| To::read(&step.to);
        let owner = route.steps.iter().position(|step| to(step) == To::Owner);
        let leads = |step: &StepSettings| matches!(to(step), To::Manager | To::Sponsor);
        if let Some(nth) = route.steps.iter().position(leads).filter(|nth| owner.is_some_and(|owner| *nth < owner)) {
            let help = "put the owner's step first: whoever can do something about it hears first";
            let title = "the owner would hear after those who lead them";
            self.bad(&format!("{path}.steps[{nth}].to"), title, "before the owner", help);
        }
        let calendar = Calendar::usual(TimeZone::UTC);
        // A Monday morning: what is later by working time is so for everybody.
        let monday = Timestamp::UNIX_EPOCH + jiff::SignedDuration::from_hours(4 * 24 + 9);
        let at = |step: &StepSettings| step.after.map_or(monday, |after| after.after(monday, &calendar));
        let early = route.steps.windows(2).skip(1).position(|two| at(&two[1]) < at(&two[0])).map(|nth| nth + 2);
        if let Some(nth) = early {
            let help = "every `after` counts from the first step, so it does not become less from step to step";
            let title = "this step comes before the one above it";
            self.bad(&format!("{path}.steps[{nth}].after"), title, "earlier", help);
        }
    }
}
