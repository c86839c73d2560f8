//! The numbers behind a date at risk. Facts about this task only, nobody's fault.

use super::scene::Scene;
use super::when::{between, day_of, due, key, percent};
use crate::domain::finding::{Evidence, RiskReason};
use crate::domain::ids::TaskId;

/// The numbers, in one line; empty for evidence of another kind.
pub(super) fn facts(evidence: &Evidence, scene: Scene<'_>) -> String {
    match evidence {
        Evidence::AtRisk { deadline, risk, reasons, .. } => {
            let mut parts = vec![due(deadline, scene)];
            parts.extend(reasons.iter().map(|reason| words(reason, scene)));
            parts.extend(risk.map(|risk| format!("{} of tasks like it miss their date", percent(risk))));
            parts.join("; ")
        }
        Evidence::RiskUnproven { days, misses, needed, auc, least } if misses >= needed => {
            let found = auc.map_or_else(|| "nothing to compare".to_owned(), |auc| format!("{auc:.2}"));
            format!(
                "which tasks are riskier {days} days ahead is unproven here: {found} of {least:.2} needed (0.5 is chance)"
            )
        }
        Evidence::RiskUnproven { misses, needed, days, .. } => {
            let known = if *misses == 1 { "1 miss".to_owned() } else { format!("{misses} misses") };
            format!("which tasks are riskier {days} days ahead is unproven here: {known} known, {needed} needed")
        }
        _ => String::new(),
    }
}

fn words(reason: &RiskReason, scene: Scene<'_>) -> String {
    match reason {
        RiskReason::NotStarted => "not started".to_owned(),
        RiskReason::Blocked { by } => format!("waits for {}", key(*by, scene)),
        RiskReason::Behind { progress, start_at } => {
            format!("{} done in {}", percent(*progress), between(*start_at, scene.now, scene))
        }
        RiskReason::Unrealistic { set_at } => format!("its date was set {}, which was late", day_of(*set_at, scene)),
        RiskReason::Idle { human_at } => {
            let since = day_of(*human_at, scene);
            format!("last change by a person {since}, {} ago", between(*human_at, scene.now, scene))
        }
    }
}

/// A task that a reason names.
pub(super) fn names(reason: &RiskReason) -> Option<TaskId> {
    match reason {
        RiskReason::Blocked { by } => Some(*by),
        _ => None,
    }
}
