//! What is normal, as `explain` and `rules show` print it beside the rules that measure against it.

use serde::Serialize;

use super::open::{From, View};
use super::table::plain;
use crate::domain::finding::RuleId;
use crate::domain::ids::ContainerId;
use crate::domain::norms::{Metric, Norm, RowKey, Source};
use crate::rules::Explained;

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
