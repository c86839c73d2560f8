//! What rules need to know of a task, and which of that a connection does not tell.

use serde::{Deserialize, Serialize};

/// What a rule needs to know of a task besides that it is there, and one thing of accounts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Need {
    /// Who is assigned.
    Owner,
    /// Until when.
    Due,
    /// How much is done.
    Progress,
    /// How urgent it is.
    Priority,
    /// How much time it was meant to take.
    Estimate,
    /// What happened before.
    History,
    /// What it is a part of.
    Parent,
    /// What waits for what.
    Blocking,
    /// Whose account was deactivated.
    Leavers,
    /// When sprints end.
    Sprint,
    /// From when on.
    Start,
}

impl Need {
    const ALL: [Need; 11] = [
        Need::Owner,
        Need::Due,
        Need::Progress,
        Need::Priority,
        Need::Estimate,
        Need::History,
        Need::Parent,
        Need::Blocking,
        Need::Leavers,
        Need::Sprint,
        Need::Start,
    ];

    /// As people call it.
    pub fn word(self) -> &'static str {
        match self {
            Need::Owner => "assignees",
            Need::Due => "deadline",
            Need::Progress => "progress",
            Need::Priority => "priority",
            Need::Estimate => "estimate",
            Need::History => "history",
            Need::Parent => "parent",
            Need::Blocking => "blocking links",
            Need::Leavers => "news of who has left",
            Need::Sprint => "ends of sprints",
            Need::Start => "planned start",
        }
    }

    /// What rules need it for: the end of a sprint is the deadline of what is in it. Itself, where it is no part of another.
    pub fn serves(self) -> Need {
        match self {
            Need::Sprint => Need::Due,
            other => other,
        }
    }

    /// The number kept in the store.
    pub fn code(self) -> u8 {
        self as u8
    }

    /// The inverse of [`Need::code`]; `None` for a number written by a newer program.
    pub fn from_code(code: u8) -> Option<Need> {
        Need::ALL.get(usize::from(code)).copied()
    }
}

/// Something that a connection does not tell, though its tool could.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Lack {
    /// What.
    pub need: Need,
    /// True: nothing tells it. False: one of its sources is closed, and the others tell it still.
    pub whole: bool,
    /// Why, as the tool has shown it: a few words, without secrets.
    pub because: String,
}

impl Lack {
    /// Nothing tells it.
    pub fn whole(need: Need, because: impl Into<String>) -> Lack {
        Lack { need, whole: true, because: because.into() }
    }

    /// One of its sources is closed; of a task that has it all the same, another one tells it.
    pub fn part(need: Need, because: impl Into<String>) -> Lack {
        Lack { need, whole: false, because: because.into() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_stands_for_one_need_alone() {
        for (code, need) in (0..).zip(Need::ALL) {
            assert_eq!((need.code(), Need::from_code(code)), (code, Some(need)));
        }
        assert_eq!(Need::from_code(11), None);
    }
}
