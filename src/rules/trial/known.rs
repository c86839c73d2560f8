//! A case that has been read: who and what is in it, and every task through time.

use std::sync::Arc;

use connector_model::{ContainerKind, Due, Progress, StatusCategory};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::Case;
use super::instants::Mistake;
use crate::domain::away::DateRange;
use crate::domain::calendar::Calendar;
use crate::domain::facts::RawChange;
use crate::domain::ids::AccountId;

/// What the configuration says of the world in which the cases play.
pub struct Setting {
    /// Its connections.
    pub connections: Vec<String>,
    /// Its people.
    pub people: Vec<Somebody>,
    /// Accounts that are nobody's.
    pub bots: Vec<String>,
    /// Who leads whoever has no manager of their own.
    pub default_manager: Option<String>,
    /// The hours of everybody else.
    pub calendar: Arc<Calendar>,
    /// The zone in which instants without one are meant.
    pub zone: TimeZone,
}

/// Somebody of the configuration.
pub struct Somebody {
    /// Name of the table.
    pub handle: String,
    /// As shown.
    pub name: String,
    /// What else they are called in some tool.
    pub also: Vec<String>,
    /// Handle of whoever leads.
    pub manager: Option<String>,
    /// Handle of whoever stands in.
    pub deputy: Option<String>,
    /// Their hours.
    pub calendar: Arc<Calendar>,
    /// When they are away.
    pub away: Vec<DateRange>,
    /// A team.
    pub team: bool,
}

/// A case, read: its tasks at every instant.
pub struct Drawing<'c> {
    pub(super) case: &'c Case,
    pub(super) setting: &'c Setting,
    pub(super) connection: usize,
    /// Who is called what: people of the configuration, then everybody else the case names.
    pub(super) names: Vec<(String, Option<usize>)>,
    pub(super) projects: Vec<String>,
    pub(super) homes: Vec<(String, ContainerKind, Due)>,
    pub(super) tasks: Vec<Story>,
}

/// A task through time: as it was made, and then after each event. The first one is its beginning.
pub(super) struct Story {
    pub(super) states: Vec<(Timestamp, State)>,
    pub(super) changes: Vec<RawChange>,
}

/// How a task stands.
#[derive(Clone)]
pub(super) struct State {
    pub(super) category: StatusCategory,
    pub(super) status: String,
    pub(super) owners: Vec<String>,
    pub(super) due: Option<Due>,
    pub(super) start: Option<Due>,
    pub(super) progress: Option<Progress>,
    pub(super) priority: Option<u8>,
    pub(super) estimate: Option<f64>,
    pub(super) spent: Option<f64>,
    pub(super) remaining: Option<f64>,
    pub(super) labels: Vec<String>,
    pub(super) blocked_by: Vec<String>,
    pub(super) linked: Vec<String>,
    pub(super) parent: Option<String>,
    pub(super) homes: Vec<String>,
    pub(super) backlog: bool,
    pub(super) closed_at: Option<Timestamp>,
}

impl State {
    /// Nothing is said yet.
    pub(super) fn blank() -> State {
        State {
            category: StatusCategory::Todo,
            status: StatusCategory::Todo.word().to_owned(),
            owners: Vec::new(),
            due: None,
            start: None,
            progress: None,
            priority: None,
            estimate: None,
            spent: None,
            remaining: None,
            labels: Vec::new(),
            blocked_by: Vec::new(),
            linked: Vec::new(),
            parent: None,
            homes: Vec::new(),
            backlog: false,
            closed_at: None,
        }
    }
}

impl<'c> Drawing<'c> {
    /// Which task is meant.
    pub(super) fn task_called(&self, name: Option<&str>, path: &str) -> Result<usize, Mistake> {
        let keys = || self.case.tasks.iter().map(|task| task.key.clone());
        match name {
            None if self.case.tasks.len() == 1 => Ok(0),
            None => Err(Mistake::new(path, "", "it does not say which `task`, and the case has several").of(keys())),
            Some(name) => self.case.tasks.iter().position(|task| task.key == name).ok_or_else(|| {
                Mistake::new(format!("{path}.task"), name, format!("the case has no task {name}")).of(keys())
            }),
        }
    }

    /// Takes up somebody whom the case names.
    pub(super) fn account(&mut self, name: &str) {
        if self.account_called(name).is_none() {
            self.names.push((name.to_owned(), None));
        }
    }

    /// Whose account a name is: a person's by the name of their table, or as they are called in some tool.
    pub(super) fn account_called(&self, name: &str) -> Option<AccountId> {
        let also = |person: &Option<usize>| {
            person
                .and_then(|nth| self.setting.people.get(nth))
                .is_some_and(|one| one.also.iter().any(|also| also == name))
        };
        let direct = self.names.iter().position(|(known, _)| known == name);
        let nth = direct.or_else(|| self.names.iter().position(|(_, person)| also(person)))?;
        Some(AccountId(i64::try_from(nth).ok()? + 1))
    }

    pub(super) fn is_task(&self, name: &str, path: &str) -> Result<(), Mistake> {
        let mut keys = self.case.tasks.iter().map(|task| task.key.clone());
        if keys.any(|key| key == name) {
            return Ok(());
        }
        let keys = self.case.tasks.iter().map(|task| task.key.clone());
        Err(Mistake::new(path, name, format!("the case has no task {name}")).of(keys))
    }
}
