//! Which of a container's open tasks are the riskiest, and how many share one date, found out once a day for the forecast.
//! Never a list of people by it.

use std::collections::BTreeMap;

use super::is_work;
use super::time::due_at_risk;
use crate::domain::forecast::{Forecast, RANKED};
use crate::domain::ids::ContainerId;
use crate::domain::look::Look;
use crate::domain::snapshot::Snapshot;

/// What finished tasks show, and beside it from which risk on an open task belongs to the riskiest third of those that stand
/// at its checkpoint at the snapshot's moment, and how many have the date of one milestone, sprint or version.
pub fn with_open_tasks(mut forecast: Forecast, snapshot: &Snapshot<'_>) -> Forecast {
    let look = Look::new(snapshot);
    let mut risks: BTreeMap<(ContainerId, u32), Vec<f64>> = BTreeMap::new();
    let work = snapshot.board.tasks().filter(|task| is_work(task) && look.watched(task));
    for task in work {
        let Some(deadline) = look.deadline(task) else { continue };
        if let Some(home) = look.home_of_date(task) {
            forecast.outlooks.entry(home.id.0).or_default().shared_by += 1;
        }
        let Some((days, asked_at)) = due_at_risk::checkpoint(task, &deadline, &look) else { continue };
        if RANKED.contains(&days)
            && let Ok(Some(risk)) = due_at_risk::foretold(task, days, asked_at, &look)
        {
            risks.entry((task.container(), days)).or_default().push(risk);
        }
    }
    for ((container, days), risks) in risks {
        forecast.put_third(container, days, risks);
    }
    forecast
}
