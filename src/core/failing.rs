//! What rules of ours fail about: said once, counted, and forgotten when they do not any more.

use std::collections::BTreeSet;

use super::Core;
use crate::domain::finding::{Reading, RuleId, SubjectKey, Why};
use crate::rules::SubjectJudged;

impl Core {
    /// What rules fail about among what was judged, and what they failed about before and do not any more.
    pub(super) fn failing(&self, judged: &[SubjectJudged]) -> Vec<(RuleId, SubjectKey, bool)> {
        let mut seen = Vec::new();
        for SubjectJudged { subject, readings, .. } in judged {
            // A rule that is not asked about it any more does not fail about it either.
            let silent = self
                .failing
                .iter()
                .filter(|(rule, about)| about.contains(subject) && !readings.iter().any(|(asked, _)| asked == *rule));
            seen.extend(silent.map(|(rule, _)| (*rule, *subject, false)));
            for (rule, reading) in readings {
                let fails = *reading == Reading::Unknown(Why::RuleFailed);
                if fails || self.failing.get(rule).is_some_and(|about| about.contains(subject)) {
                    seen.push((*rule, *subject, fails));
                }
            }
        }
        seen
    }

    /// Keeps in mind what rules fail about, and says so once of each rule.
    pub(super) fn note_failing(&mut self, seen: Vec<(RuleId, SubjectKey, bool)>) {
        for (rule, subject, fails) in seen {
            let about = self.failing.entry(rule).or_default();
            if !fails {
                about.remove(&subject);
            } else if about.insert(subject) && about.len() == 1 {
                tracing::error!(%rule, ?subject, "rule.failed: it reads unknown there; everything else goes on");
            }
        }
        self.failing.retain(|_, about| !about.is_empty());
    }

    /// What is wrong with gapwatch itself, a sentence each; empty when all is well.
    pub(super) fn troubles(&self) -> Vec<String> {
        let trouble = |(rule, about): (&RuleId, &BTreeSet<SubjectKey>)| {
            format!(
                "the rule {rule} fails about {} of its subjects: an error of gapwatch; its log names the place",
                about.len()
            )
        };
        self.failing.iter().map(trouble).collect()
    }
}
