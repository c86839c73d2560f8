//! `sys.mirror_stale`: a tool is not answering. What is held meanwhile is decided where alerts are; this tells the operators.

use jiff::Timestamp;
use serde_json::Value;

use crate::domain::calendar::later;
use crate::domain::finding::{Addressee, Evidence, Finding, Reading, RuleId, Stage};
use crate::domain::look::{Look, Reads};
use crate::domain::record::ConnectionRec;
use crate::rules::settings::SysMirrorStale;
use crate::rules::{OTHER_KIND, Rule, Subject, SubjectKind, fine};

/// The rule's name.
pub const ID: RuleId = RuleId("sys.mirror_stale");

/// One failed pass is weather. A refused credential is told at once: it does not pass by itself.
impl Rule for SysMirrorStale {
    fn id(&self) -> RuleId {
        ID
    }

    fn reads(&self) -> Reads {
        Reads::SUBJECT
    }

    fn kind(&self) -> SubjectKind {
        SubjectKind::Connection
    }

    fn judge<'a>(&self, subject: Subject<'a>, look: &Look<'a>) -> Reading {
        let Subject::Connection(connection) = subject else { return OTHER_KIND };
        let Some(since) = connection.failing_since else { return unseen(connection) };
        let because = connection.failure.as_deref().unwrap_or_default().to_owned();
        let evidence = Evidence::MirrorStale { since, because, refused: connection.refused };
        if !connection.refused && !look.passed(self.stale_at(connection, since)) {
            return Reading::measured(evidence);
        }
        Reading::gap(Finding {
            stage: Stage::Widens,
            scope: String::new(),
            addressee: Addressee::Operators,
            first: None,
            deadline: None,
            evidence,
        })
    }

    fn thresholds(&self) -> Vec<(&'static str, Value)> {
        vec![("after_polls", self.after_polls.into())]
    }
}

/// Tasks that cannot be seen at a second look a day later are told as well: nothing about them is known any more.
fn unseen(connection: &ConnectionRec) -> Reading {
    let Some(since) = connection.unseen_since else { return fine("its last pass was good") };
    Reading::gap(Finding {
        stage: Stage::Widens,
        scope: String::new(),
        addressee: Addressee::Operators,
        first: None,
        deadline: None,
        evidence: Evidence::TasksUnseen { since, tasks: connection.unseen },
    })
}

impl SysMirrorStale {
    fn stale_at(&self, connection: &ConnectionRec, since: Timestamp) -> Timestamp {
        let polls = i32::try_from(self.after_polls).unwrap_or(i32::MAX);
        connection.poll.checked_mul(polls).map_or(Timestamp::MAX, |wait| later(since, wait))
    }
}
