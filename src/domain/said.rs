//! What somebody answered to a gap, for as long as it counts.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::finding::{GapId, Stage};
use super::ids::{AccountId, TaskId};

/// The last answer to a gap.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Said {
    /// Who gave it; [`AccountId::NOBODY`]: an operator at the command line.
    pub by: AccountId,
    /// When.
    pub at: Timestamp,
    /// At which stage the gap was then.
    pub stage: Stage,
    /// What.
    pub what: Claim,
    /// Why, for what, or whose, in their words.
    pub words: Option<String>,
    /// Asked whether it still holds, nobody answered: it is told, and counts no more.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub lapsed: bool,
}

/// What can be answered to a gap.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Claim {
    /// They work on it.
    OnIt,
    /// Nothing is to be said for a while.
    Later,
    /// It is done; the tool will show it.
    Done,
    /// It gets another date; the tool will show it.
    NewDate(Option<Date>),
    /// It waits for something.
    Blocked,
    /// It is somebody else's.
    NotMine,
    /// There is no problem.
    Wrong,
    /// What was asked is answered elsewhere.
    Answered,
    /// Nothing: what they had answered before does not count any more.
    TakenBack,
}

impl Claim {
    /// As it stands in the log.
    pub fn word(self) -> &'static str {
        match self {
            Claim::OnIt => "on it",
            Claim::Later => "later",
            Claim::Done => "done",
            Claim::NewDate(_) => "new date",
            Claim::Blocked => "blocked",
            Claim::NotMine => "not theirs",
            Claim::Wrong => "no problem",
            Claim::Answered => "answered elsewhere",
            Claim::TakenBack => "taken back",
        }
    }
}

impl Said {
    /// True where nothing more is said about the gap while it stays what it was.
    pub fn settles(&self) -> bool {
        matches!(self.what, Claim::Wrong | Claim::Answered)
    }

    /// True where who said it is asked again when its time is over.
    pub fn is_asked_again(&self) -> bool {
        !self.lapsed && !self.settles() && !matches!(self.what, Claim::NotMine | Claim::TakenBack)
    }
}

/// What an answer is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum About {
    /// One gap.
    Gap(GapId),
    /// Whatever is open about a task.
    Task(TaskId),
}
