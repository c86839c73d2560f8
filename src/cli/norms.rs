//! What is normal, as `explain` and `rules show` print it beside the rules that measure against it.

use serde::Serialize;

use super::open::{From, View};
use super::table::plain;
use crate::domain::finding::RuleId;
use crate::domain::forecast::RANKED;
use crate::domain::ids::ContainerId;
use crate::domain::norms::{Metric, Norm, RowKey, Source};
use crate::rules::Explained;
use crate::rules::settings::DueAtRiskSettings;
use crate::rules::time::due_at_risk;

/// One norm, in working days.
#[derive(Debug, Serialize)]
pub(super) struct Shown {
    /// What is measured: `idle`, `work`, a state, `near_done`.
    metric: &'static str,
    /// Of which container. `None`: of one task's, or of the organisation.
    #[serde(skip_serializing_if = "Option::is_none")]
    container: Option<String>,
    /// Of which kind of task. `None`: of tasks without one, or of all.
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<String>,
    /// `container`, `organisation` or `elsewhere`.
    source: Source,
    /// From how many finished tasks.
    samples: u32,
    p50: Option<f64>,
    p70: Option<f64>,
    p85: Option<f64>,
    p95: Option<f64>,
}

impl Shown {
    fn of(metric: Metric, norm: &Norm) -> Shown {
        let rounded = |days: Option<f64>| days.map(|days| (days * 10.0).round() / 10.0);
        Shown {
            metric: metric.word(),
            container: None,
            kind: None,
            source: norm.source,
            samples: norm.samples,
            p50: rounded(norm.p50),
            p70: rounded(norm.p70),
            p85: rounded(norm.p85),
            p95: rounded(norm.p95),
        }
    }

    /// `active: 50 of 100 within 2, 85 within 4 working days (usual here, from 21 finished tasks)`
    pub(super) fn line(&self) -> String {
        let told = [(50, self.p50), (70, self.p70), (85, self.p85), (95, self.p95)];
        let told: Vec<String> =
            told.iter().filter_map(|(share, days)| Some(format!("{share} within {}", (*days)?))).collect();
        let place: Vec<String> = self.container.iter().chain(&self.kind).map(|text| plain(text)).collect();
        let place = if place.is_empty() { String::new() } else { format!("{}, ", place.join(", ")) };
        let from = if self.samples > 0 { format!(", from {} finished tasks", self.samples) } else { String::new() };
        let (metric, words) = (self.metric.replace('_', " "), self.source.words());
        match told.as_slice() {
            [] => format!("{place}{metric}: too few finished tasks to say"),
            told => format!("{place}{metric}: of 100 {} working days ({words}{from})", told.join(", ")),
        }
    }
}

/// What one task is measured against.
pub(super) fn of_task(one: &Explained) -> Vec<Shown> {
    one.norms.iter().map(|(metric, norm)| Shown::of(*metric, norm)).collect()
}

/// Every norm that a rule measures against, as far as there is a store to read; containers first, the organisation last.
pub(super) fn of_rule(from: &From, id: RuleId) -> Vec<Shown> {
    let Ok(view) = View::open(from, None) else { return Vec::new() };
    let metrics = view.rules.get(id).map_or(&[][..], crate::rules::Rule::measures);
    let rows = view.board.norms().rows().iter().filter(|(key, _)| metrics.contains(&key.metric));
    let shown = |(key, percentiles): (&RowKey, _)| {
        let source = if key.about == 0 { Source::Organisation } else { Source::Container };
        let container = view.board.container(ContainerId(key.about)).map(|rec| rec.name.to_string());
        let kind = (!key.kind.is_empty()).then(|| key.kind.clone());
        Shown { container, kind, ..Shown::of(key.metric, &Norm::told(source, percentiles)) }
    };
    let mut all: Vec<Shown> = rows.map(shown).collect();
    all.sort_by_key(|one| one.container.is_none());
    all
}

/// What finished tasks show of the forecast, at one checkpoint.
#[derive(Debug, Serialize)]
pub(super) struct Proven {
    /// Of which container. `None`: of the organisation.
    #[serde(skip_serializing_if = "Option::is_none")]
    container: Option<String>,
    /// So many calendar days before the date.
    checkpoint_days: u32,
    /// Finished tasks that stood there.
    tasks: u32,
    /// How many of them missed their date.
    misses: u32,
    /// How often one that missed it had the higher score. `null`: there are none to compare.
    auc: Option<f64>,
    /// Whether that is enough for some tasks to be called riskier than others.
    proven: bool,
    #[serde(skip)]
    needed: (u32, f64),
}

impl Proven {
    /// `acme/web, 14 days before the date: unproven here: 12 misses known, 30 needed`
    pub(super) fn line(&self) -> String {
        let place = self.container.as_deref().map_or_else(|| "all containers".to_owned(), plain);
        let Proven { checkpoint_days: days, tasks, misses, needed: (needed, least), .. } = self;
        let auc = self.auc.map_or_else(|| "nothing to compare".to_owned(), |auc| format!("AUC {auc:.2}"));
        let said = if self.proven {
            format!("proven: {auc}, from {misses} misses of {tasks} finished tasks")
        } else if misses < needed {
            format!("unproven here: {misses} misses known, {needed} needed")
        } else {
            format!("unproven here: {auc}, {least:.2} needed")
        };
        format!("{place}, {days} days before the date: {said}")
    }
}

/// What finished tasks show of the forecast, for the rule that needs it; containers first, the organisation last. Where no
/// finished task stood at a checkpoint, that is said of the organisation.
pub(super) fn proven(from: &From, id: RuleId, settings: &DueAtRiskSettings) -> Vec<Proven> {
    if id != due_at_risk::ID {
        return Vec::new();
    }
    let Ok(view) = View::open(from, None) else { return Vec::new() };
    let forecast = &view.board.norms().forecast;
    let needed = (settings.misses, settings.auc);
    let blank =
        |days| Proven { container: None, checkpoint_days: days, tasks: 0, misses: 0, auc: None, proven: false, needed };
    let mut all = Vec::new();
    for (about, outlook) in &forecast.outlooks {
        let container = view.board.container(ContainerId(*about)).map(|rec| rec.name.to_string());
        all.extend(outlook.proofs.iter().map(|(days, proof)| Proven {
            container: container.clone(),
            tasks: proof.tasks,
            misses: proof.misses,
            auc: proof.auc,
            proven: proof.misses >= settings.misses && proof.auc.is_some_and(|auc| auc >= settings.auc),
            ..blank(*days)
        }));
    }
    let lacks = |days: &u32| !all.iter().any(|one| one.container.is_none() && one.checkpoint_days == *days);
    let lacking: Vec<u32> = RANKED.into_iter().filter(lacks).collect();
    all.extend(lacking.into_iter().map(blank));
    all.sort_by_key(|one| (one.container.is_none(), std::cmp::Reverse(one.checkpoint_days)));
    all
}
