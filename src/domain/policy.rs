//! What the configuration says about speaking, as plain values.

use std::collections::{HashMap, HashSet};

use connector_kit::Destination;
use jiff::SignedDuration;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::digest::Schedule;
use super::event::Hook;
use super::finding::{RuleId, Stage};
use super::ids::ConnectionId;
use super::length::Length;
use super::notice::Address;
use super::people::Person;
use super::repeats::Repeats;
use super::routes::Route;

/// Judge and show, or also send.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Judge and show everything, send nothing.
    Observe,
    /// Send.
    Live,
}

impl Mode {
    /// `observe` or `live`.
    pub fn word(self) -> &'static str {
        match self {
            Mode::Observe => "observe",
            Mode::Live => "live",
        }
    }
}

/// How, when and to whom anything may be said.
#[derive(Debug, Clone)]
pub struct Policy {
    /// For whatever has no mode of its own.
    pub mode: Mode,
    /// Modes of connections.
    pub connection_modes: HashMap<ConnectionId, Mode>,
    /// Modes of rules.
    pub rule_modes: HashMap<RuleId, Mode>,
    /// Quiet time after the last change of a task before anything is said about it.
    pub settle: SignedDuration,
    /// How long a reading must be clear before a gap resolves.
    pub clear_after: SignedDuration,
    /// Nothing to somebody who touched the task within this.
    pub recent_action: Length,
    /// Only in the recipient's working hours.
    pub work_hours_only: bool,
    /// Ways of telling instead of the usual ladder; the first that a gap is on counts.
    pub routes: Vec<Route>,
    /// When the same is told once more.
    pub repeats: Repeats,
    /// Findings present when a container becomes warm are told like new ones.
    pub tell_backlog: bool,
    /// Connections on which our comment may be written.
    pub comments_on: HashSet<ConnectionId>,
    /// Stage from which a gap is written into the comment.
    pub comments_from: Stage,
    /// True when people can be told in Slack.
    pub slack: bool,
    /// True when there is a webhook instead: failures reach its channel, nobody is told in private, and nothing said there
    /// is edited or answered.
    pub slack_webhook: bool,
    /// True where presses of buttons in Slack are heard, so that its messages have some.
    pub buttons: bool,
    /// True when people can be told by mail.
    pub email: bool,
    /// Who is not told by which channel: the name of their table, and `slack`, `email` or, where they get no digest by mail
    /// either, `digest`.
    pub unwanted: HashSet<(String, &'static str)>,
    /// Webhooks to which what was told is posted.
    pub hooks: Vec<Hook>,
    /// Channel for what has no person. `None`: none.
    pub slack_channel: Option<String>,
    /// When digests are due.
    pub schedule: Schedule,
    /// Channel for the operators. `None`: they hear in person, or only the log does.
    pub operators_channel: Option<String>,
    /// Grouped messages of one day to one person, at least 1.
    pub direct_per_day: u32,
    /// Messages to persons that may leave within one hour, where that is not unusual.
    pub per_hour: u32,
}

impl Policy {
    /// Where a person is told in Slack. `None`: not there, or not as they wish.
    pub fn in_slack(&self, person: &Person) -> Option<Address> {
        let destination = match (&person.slack, &person.email) {
            (Some(id), _) => Destination::User(id.clone()),
            (None, Some(email)) => Destination::Email(email.clone()),
            (None, None) => return None,
        };
        (self.slack && self.wants(person, "slack")).then_some(Address::Slack(destination))
    }

    /// Where a person is told by mail. `None`: not so, or not as they wish.
    pub fn by_mail(&self, person: &Person) -> Option<Address> {
        let email = person.email.clone().filter(|_| self.email && self.wants(person, "email"));
        email.map(Address::Email)
    }

    /// Where a person gets their digest: by mail where they want no other mail, else where they are told. `None`: nowhere
    /// in private.
    pub fn digest_to(&self, person: &Person) -> Option<Address> {
        let rather_mail = !self.wants(person, "email");
        let by_mail = if rather_mail { self.digest_by_mail(person) } else { None };
        by_mail.or_else(|| self.in_slack(person)).or_else(|| self.digest_by_mail(person))
    }

    /// Where a person gets their digest by mail. `None`: not so, or not as they wish.
    pub fn digest_by_mail(&self, person: &Person) -> Option<Address> {
        let email = person.email.clone().filter(|_| self.email && self.wants(person, "digest"));
        email.map(Address::Email)
    }

    fn wants(&self, person: &Person, channel: &'static str) -> bool {
        self.unwanted.is_empty() || !self.unwanted.contains(&(person.handle.clone(), channel))
    }

    /// Whether what was said there can be changed afterwards. Where it cannot, what is news is a message of its own.
    pub fn edits(&self, address: &Address) -> bool {
        match address {
            Address::Slack(_) => !self.slack_webhook,
            Address::Email(_) => false,
            Address::Comment { .. } | Address::Digest(_) | Address::Log => true,
        }
    }

    /// Whether what gapwatch notices about itself may be told: it belongs to no connection, so it speaks as soon as anything
    /// does.
    pub fn speaks_of_itself(&self, rule: RuleId) -> bool {
        let live = |mode: &Mode| *mode == Mode::Live;
        match self.rule_modes.get(&rule) {
            Some(mode) => live(mode),
            None => live(&self.mode) || self.connection_modes.values().chain(self.rule_modes.values()).any(live),
        }
    }

    /// Whether a gap of this rule on this connection may be told: all of the file, the connection and the rule must say so.
    ///
    /// A connection or a rule may be held back to `observe` while the rest is live, and may be live while the file's own
    /// mode is `observe`: the most exact word counts, a rule's `observe` always.
    pub fn mode_of(&self, rule: RuleId, connection: Option<ConnectionId>) -> Mode {
        let connection = connection.and_then(|id| self.connection_modes.get(&id).copied());
        match self.rule_modes.get(&rule) {
            Some(Mode::Observe) => Mode::Observe,
            Some(Mode::Live) => connection.unwrap_or(Mode::Live),
            None => connection.unwrap_or(self.mode),
        }
    }
}
