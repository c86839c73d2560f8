//! What a rule says: a reading, and in a gap the finding with its evidence.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use connector_model::Need;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

pub use super::evidence::{
    Deadline, Evidence, Flood, LateTask, Mismatch, Outlook, Overload, Pace, RiskReason, Still, TooSoon, Undelivered,
    Unheeded,
};
use super::ids::{AccountId, ConnectionId, ContainerId, PersonId, TaskId};
use super::letters::{leading, letters};

/// A rule's fixed name, as `pace.behind`; never changes once released.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RuleId(pub &'static str);

impl RuleId {
    /// The id of a rule that somebody has named in the configuration. Names live as long as the program: there are as many
    /// as were ever configured.
    pub fn named(text: &str) -> RuleId {
        static NAMES: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());
        let mut names = NAMES.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = names.get(text) {
            return RuleId(known);
        }
        let name: &'static str = Box::leak(text.into());
        names.insert(name);
        RuleId(name)
    }
}

impl std::fmt::Display for RuleId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0)
    }
}

/// What a rule judges.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SubjectKey {
    /// A task.
    Task(TaskId),
    /// A repository, board or project.
    Container(ContainerId),
    /// A connection.
    Connection(ConnectionId),
    /// A person.
    Person(PersonId),
    /// gapwatch itself: how telling people goes.
    System,
}

impl SubjectKey {
    /// Kind and row, as kept in the store.
    pub fn code(self) -> (u8, i64) {
        match self {
            SubjectKey::Task(id) => (0, id.0),
            SubjectKey::Container(id) => (1, id.0),
            SubjectKey::Connection(id) => (2, id.0),
            SubjectKey::Person(id) => (3, id.0),
            SubjectKey::System => (4, 0),
        }
    }

    /// The inverse of [`SubjectKey::code`]; `None` for a kind written by a newer program.
    pub fn from_code(kind: u8, id: i64) -> Option<SubjectKey> {
        match kind {
            0 => Some(SubjectKey::Task(TaskId(id))),
            1 => Some(SubjectKey::Container(ContainerId(id))),
            2 => Some(SubjectKey::Connection(ConnectionId(id))),
            3 => Some(SubjectKey::Person(PersonId(id))),
            4 => Some(SubjectKey::System),
            _ => None,
        }
    }
}

/// What gapwatch calls itself, where a gap is about it.
pub const ITSELF: &str = "gapwatch";

/// Answer of one rule about one subject at one moment. Mostly there is nothing to say: what there is to say stands apart.
#[derive(Debug, Clone, PartialEq)]
pub enum Reading {
    /// Nothing to say: an open alert closes.
    Clear(Grounds),
    /// Inside the hysteresis band: what is, stays.
    Edge(Box<Evidence>),
    /// A gap: an alert opens, or stays open.
    Gap(Box<Finding>),
    /// Cannot be told from what was read so far: what is, stays.
    Unknown(Why),
}

impl Reading {
    /// A gap, with its finding.
    pub fn gap(finding: Finding) -> Reading {
        Reading::Gap(Box::new(finding))
    }

    /// Inside the hysteresis band, with the facts.
    pub fn edge(evidence: Evidence) -> Reading {
        Reading::Edge(Box::new(evidence))
    }

    /// Clear, with the facts.
    pub fn measured(evidence: Evidence) -> Reading {
        Reading::Clear(Grounds::Measured(Box::new(evidence)))
    }
}

/// Why a reading is clear.
#[derive(Debug, Clone, PartialEq)]
pub enum Grounds {
    /// The rule is not about such a task; says what is missing ("it has no deadline").
    NotApplicable(&'static str),
    /// It is, and all is well, for a reason without numbers ("it has an owner").
    Because(&'static str),
    /// It is, and the numbers are on the right side.
    Measured(Box<Evidence>),
}

/// Why a rule cannot tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// The history read so far begins after the task.
    HistoryShort,
    /// The task is newer in the mirror than its history.
    HistoryBehind,
    /// Its history is being read for the first time.
    HistoryPending,
    /// A neighbour that decides is not mirrored, or not fully read.
    NeighbourUnseen,
    /// Its connection does not tell what the rule needs.
    NotTold(Need),
    /// A condition of the configuration cannot be worked out about it.
    ConditionFails,
    /// The rule itself failed: an error of gapwatch.
    RuleFailed,
}

impl Why {
    /// In words, as `explain` prints it.
    pub fn words(self) -> &'static str {
        match self {
            Why::HistoryShort => "its history could not be read back to its beginning",
            Why::HistoryBehind => "its latest change is known, the history of that change not yet",
            Why::HistoryPending => "its history has not been read yet",
            Why::NeighbourUnseen => "a task it depends on has not been read",
            Why::NotTold(_) => "its connection does not tell what the rule needs",
            Why::ConditionFails => {
                "a condition of the configuration cannot be worked out with its values; `gapwatch rules fields` shows them"
            }
            Why::RuleFailed => "the rule failed about it, which is an error of gapwatch; its log names the place",
        }
    }
}

/// How far a gap has gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// It opens: still invisible.
    Opens,
    /// It widens: time is being lost, still recoverable.
    Widens,
    /// The date has passed, or cannot be met.
    Failure,
}

impl Stage {
    /// 1 to 3, as kept in the store.
    pub fn code(self) -> u8 {
        self as u8 + 1
    }

    /// The inverse of [`Stage::code`]; anything else reads as 1.
    pub fn from_code(code: u8) -> Stage {
        match code {
            2 => Stage::Widens,
            3 => Stage::Failure,
            _ => Stage::Opens,
        }
    }

    /// `opens`, `widens` or `failure`.
    pub fn word(self) -> &'static str {
        match self {
            Stage::Opens => "opens",
            Stage::Widens => "widens",
            Stage::Failure => "failure",
        }
    }
}

/// A gap, and whom it concerns.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// How far it has gone.
    pub stage: Stage,
    /// What tells several gaps of one rule on one subject apart; empty where there can be one only.
    pub scope: String,
    /// Whom the rule speaks to first.
    pub addressee: Addressee,
    /// How it first speaks. `None`: by its stage (stage 1 in the digest, 2 and 3 directly).
    pub first: Option<FirstWord>,
    /// Deadline that the ladder counts days to. `None`: none.
    pub deadline: Option<Deadline>,
    /// The facts, as instants and limits.
    pub evidence: Evidence,
}

/// How a rule first speaks, where that is not by its stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FirstWord {
    /// A line of the daily digest.
    Digest,
    /// A direct message.
    Direct,
}

/// Whom a rule speaks to first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Addressee {
    /// Every human owner of the subject.
    Owners,
    /// This account: the creator, or whoever set the date.
    Account(AccountId),
    /// The manager of the subject's owners or container.
    Manager,
    /// The operators.
    Operators,
}

/// What people see and type: the first 10 characters, in Crockford's base32 and lower case, of a hash over rule, site,
/// the subject's stable id and scope. The same over episodes, connections and tokens.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct GapId(pub String);

impl GapId {
    /// Computes it. `site` is the site's text, `subject` the subject's stable id there.
    pub fn new(rule: RuleId, site: &str, subject: &str, scope: &str) -> GapId {
        let mut hash = Sha256::new();
        for part in [rule.0, site, subject, scope] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part.as_bytes());
        }
        GapId(letters(leading(&hash.finalize()), 10))
    }

    /// True for a word that may be one, whether or not there is such a gap.
    pub fn looks_like(word: &str) -> bool {
        let crockford = |c: char| c.is_ascii_digit() || (c.is_ascii_lowercase() && !matches!(c, 'i' | 'l' | 'o' | 'u'));
        word.len() == 10 && word.chars().all(crockford)
    }
}

impl std::fmt::Display for GapId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_id_is_ten_characters_and_depends_on_each_part() {
        let id = GapId::new(RuleId("overdue"), "github|https://api.github.com|", "1", "");
        assert_eq!(id.0.len(), 10);
        assert_eq!(id, GapId::new(RuleId("overdue"), "github|https://api.github.com|", "1", ""));
        assert_ne!(id, GapId::new(RuleId("overdue"), "github|https://api.github.com|", "2", ""));
        assert_ne!(id, GapId::new(RuleId("overdu"), "egithub|https://api.github.com|", "1", ""));
    }
}
