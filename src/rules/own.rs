//! Rules that users write: a condition, a stage, words. They are judged, kept, told and resolved like the built-in ones.

use connector_model::{DueSource, Need};
use serde_json::Value;

pub use super::settings::FAMILY;
use super::settings::{OwnRule, Tell};
use super::{OTHER_KIND, Rule, Subject, fine};
use crate::domain::finding::{Addressee, Evidence, Finding, Reading, RuleId, Why};
use crate::domain::look::{Look, Reads};
use crate::domain::row::TaskRow;

/// Most characters of its words that are told; a template may put a whole list of people into them.
const MOST: usize = 300;

/// The rule of this name, whether it is configured or was once. `None`: it is no name of such a rule.
pub fn named(text: &str) -> Option<RuleId> {
    let name = text.strip_prefix(FAMILY)?;
    let plain = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'_';
    (!name.is_empty() && name.bytes().all(plain)).then(|| RuleId::named(text))
}

/// One of them, with its name.
#[derive(Debug, Clone)]
pub struct Own {
    id: RuleId,
    rule: OwnRule,
}

impl Own {
    /// `None`: the name is none.
    pub fn new(name: &str, rule: &OwnRule) -> Option<Own> {
        Some(Own { id: named(&format!("{FAMILY}{name}"))?, rule: rule.clone() })
    }

    fn read<'a>(&self, task: &'a TaskRow, look: &Look<'a>) -> Result<Reading, Why> {
        let people = look.people();
        if !self.rule.when.holds(task, look, people)? {
            return Ok(fine("its condition does not hold"));
        }
        let says = match &self.rule.message {
            Some(words) => words.about(task, look, people)?,
            None => String::new(),
        };
        let deadline = look.deadline(task).filter(|deadline| deadline.source != DueSource::Parent);
        let says = says.trim().chars().take(MOST).collect();
        Ok(Reading::gap(Finding {
            stage: self.rule.stage,
            scope: String::new(),
            addressee: self.addressee(task),
            first: None,
            deadline,
            evidence: Evidence::Own { rule: self.name().to_owned(), says, deadline },
        }))
    }

    fn name(&self) -> &'static str {
        self.id.0.strip_prefix(FAMILY).unwrap_or(self.id.0)
    }

    fn addressee(&self, task: &TaskRow) -> Addressee {
        match (self.rule.tell, task.reporter()) {
            (Tell::Owner, _) | (Tell::Author, None) => Addressee::Owners,
            (Tell::Author, Some(author)) => Addressee::Account(author),
            (Tell::Manager, _) => Addressee::Manager,
            (Tell::Operators, _) => Addressee::Operators,
        }
    }
}

impl Rule for Own {
    fn id(&self) -> RuleId {
        self.id
    }

    fn reads(&self) -> Reads {
        let words = self.rule.message.iter().flat_map(|words| words.fields());
        let fields = self.rule.when.fields().iter().chain(words);
        // Its deadline, and for that its owner's hours.
        fields.fold(Reads::OWNERS.and(Reads::CONTAINERS), |reads, field| reads.and(field.reads))
    }

    fn needs(&self) -> Vec<Need> {
        self.rule.when.fields().iter().filter_map(|field| field.need()).collect()
    }

    fn judge<'a>(&self, subject: Subject<'a>, look: &Look<'a>) -> Reading {
        let Subject::Task(task) = subject else { return OTHER_KIND };
        self.read(task, look).unwrap_or_else(Reading::Unknown)
    }

    fn thresholds(&self) -> Vec<(&'static str, Value)> {
        let mut all = vec![("when", self.rule.when.text().into()), ("stage", self.rule.stage.word().into())];
        all.extend(self.rule.message.iter().map(|words| ("message", words.text().into())));
        all
    }
}
