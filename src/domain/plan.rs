//! What rules see of plans: what is to be done by one date.

use connector_model::{ContainerKind, Due, DueSource};
use jiff::{Timestamp, ToSpan};

use super::burndown::{Weeks, seed};
use super::finding::Deadline;
use super::ids::ContainerId;
use super::look::{Look, Reads};
use super::record::ContainerRec;
use super::row::TaskRow;

/// What is to be done by one date.
#[derive(Debug, Clone, Copy)]
pub enum Plan<'a> {
    /// Everything in a milestone, sprint, version or project.
    Container(&'a ContainerRec),
    /// All parts of a task.
    Task(&'a TaskRow),
}

impl Plan<'_> {
    /// As norms know it.
    pub fn about(&self) -> i64 {
        match self {
            Plan::Container(container) => container.id.0,
            Plan::Task(task) => -task.id.0,
        }
    }
}

impl<'a> Look<'a> {
    /// The date of a plan. `None`: it has none.
    pub fn plan_deadline(&self, plan: &Plan<'a>) -> Option<Deadline> {
        match plan {
            Plan::Task(task) => self.deadline(task),
            Plan::Container(container) => {
                let due = container.due?;
                let at = match due {
                    Due::At(at) => at,
                    Due::On(date) => self.usual_hours().day_ends(date),
                };
                Some(Deadline { at, due, source: container.kind.due_source().unwrap_or(DueSource::Item) })
            }
        }
    }

    /// The instant from which at most so many calendar days are left to a plan's date.
    pub fn plan_days_left_from(&self, deadline: &Deadline, days: i32) -> Timestamp {
        let calendar = self.usual_hours();
        let date = match deadline.due {
            Due::On(date) => date,
            Due::At(at) => calendar.date(at),
        };
        date.checked_sub(days.days()).map_or(Timestamp::MIN, |date| calendar.day_begins(date))
    }

    /// Open work of a plan that may be spoken of, in a fixed order.
    pub fn planned(&self, plan: &Plan<'a>) -> Vec<&'a TaskRow> {
        let is_open = |task: &&'a TaskRow| task.is_work() && self.watched(task);
        match plan {
            Plan::Task(task) => self.children(task).filter(is_open).collect(),
            Plan::Container(container) => {
                self.note(Reads::MEMBERS);
                self.board().members(container.id).filter(is_open).collect()
            }
        }
    }

    /// What happened in a plan in each whole week, as of the start of this one. `None`: it was not looked at yet.
    pub fn plan_weeks(&self, plan: &Plan<'_>) -> Option<&'a Weeks> {
        self.board().norms().forecast.weeks(plan.about())
    }

    /// What chance begins with for a plan: the same all week, and in every store.
    pub fn plan_seed(&self, plan: &Plan<'a>, weeks: &Weeks) -> u64 {
        let board = self.board();
        match plan {
            Plan::Container(container) => {
                seed(&[board.site(container.site), kind_word(container.kind), &container.ext], weeks.until)
            }
            Plan::Task(task) => seed(&[self.site(task), "task", task.ext()], weeks.until),
        }
    }

    /// How many open tasks have the date of a milestone, sprint or version, as of the start of the day.
    pub fn shared_by(&self, home: ContainerId) -> u32 {
        self.board().norms().forecast.shared_by(home)
    }
}

/// What people call such a container.
pub fn kind_word(kind: ContainerKind) -> &'static str {
    match kind {
        ContainerKind::Project => "project",
        ContainerKind::Board => "board",
        ContainerKind::Repository => "repository",
        ContainerKind::Milestone => "milestone",
        ContainerKind::Sprint => "sprint",
        ContainerKind::Release => "version",
    }
}
