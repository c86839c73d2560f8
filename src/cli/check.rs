//! `check`: judges now, or at a later moment, without changing anything.

use super::documents;
use super::open::{From, Stopped, View};
use super::{Exit, gaps};
use crate::alerts::{self, Judgement};
use crate::domain::alert::AlertState;
use crate::domain::finding::{Stage, SubjectKey};
use crate::domain::snapshot::Snapshot;
use crate::rules;

/// Prints the gaps there are; exit 10 when one of the stage `fail_on` or above is among them, and the exit code of whatever
/// could not be seen.
pub(super) fn check(
    from: &From,
    at: Option<&str>,
    fail_on: Option<Stage>,
    project: Option<&str>,
) -> Result<Exit, Stopped> {
    let mut view = View::open(from, at)?;
    if let Some(project) = project
        && !view.board.containers().any(|container| container.name.eq_ignore_ascii_case(project))
    {
        let meant = gaps::did_you_mean(project, view.board.containers().map(|container| &*container.name));
        return Err(Stopped::usage(format!("there is no repository or project {project} in the store{meant}")));
    }
    judge_all(&mut view);
    let of_project = |subject| match (project, subject) {
        (None, _) => true,
        (Some(project), SubjectKey::Task(id)) => view
            .board
            .task(id)
            .and_then(|task| view.board.container(task.container()))
            .is_some_and(|container| container.name.eq_ignore_ascii_case(project)),
        (Some(_), _) => false,
    };
    let alerts: Vec<_> = view
        .board
        .alerts()
        .filter(|alert| alert.state != AlertState::Resolved && of_project(alert.subject))
        .cloned()
        .collect();
    let document = documents::gaps(&view, &alerts)?;
    gaps::put(from, &document)?;
    let found = fail_on.is_some_and(|stage| alerts.iter().any(|alert| alert.stage >= stage));
    let blind = documents::connections(&view)?.into_iter().filter_map(|(state, _)| Some(Exit::of(state.failure?.0)));
    let worst = blind.max().unwrap_or(Exit::Done);
    Ok(worst.max(if found { Exit::Found } else { Exit::Done }))
}

/// Readings as decisions take them; nothing that is only looked at begins a baseline.
pub(super) fn judgements(judged: &[rules::SubjectJudged], snapshot: &Snapshot<'_>) -> Vec<Judgement> {
    let judgement = |judged: &rules::SubjectJudged| Judgement {
        subject: judged.subject,
        readings: judged.readings.clone(),
        judged: rules::unjudged(judged.subject, snapshot).is_none(),
        baseline: false,
    };
    judged.iter().map(judgement).collect()
}

/// Judges the whole board, in memory only.
pub(super) fn judge_all(view: &mut View) {
    loop {
        let due = view.board.due(view.now, usize::MAX);
        let snapshot = view.snapshot();
        let judged = rules::judge(&view.rules, &due.subjects, &snapshot);
        let judgements = judgements(&judged, &snapshot);
        let mut ids = view.board.ids;
        let decided = alerts::decide(&judgements, &due, &snapshot, &mut ids);
        view.board.ids = ids;
        for subject in judged {
            view.board.judged(subject.subject, subject.recheck_at);
        }
        view.board.answered(&due.answers.iter().map(|answer| answer.id).collect::<Vec<_>>());
        for change in decided.alerts {
            view.board.put_alert(change.alert);
        }
        view.board.stepped(&due.alerts, view.now);
        if view.board.next_due().is_none_or(|at| at > view.now) {
            return;
        }
    }
}
