//! Which of the words that were said, or wait to be, is the one that is wanted.

use jiff::Timestamp;

use super::draft::Draft;
use super::ways::{Want, is_same_question, is_same_way};
use crate::domain::alert::Alert;
use crate::domain::finding::{Addressee, SubjectKey};
use crate::domain::notice::{Address, Notice, NoticeState, Reason};
use crate::domain::snapshot::Snapshot;

/// The notice by which a want has been met, or is about to be.
pub(super) fn met_by<'d>(want: &Want, alert: &Alert, notices: &[&'d Notice], draft: &Draft<'_>) -> Option<&'d Notice> {
    let since = assigned_since(want, alert, draft.snapshot);
    let asked_since = if want.reason == Reason::Asked { alert.asks_again_at() } else { None };
    let meets = |notice: &&&Notice| {
        notice.state != NoticeState::Dead
            && !notice.reason.is_farewell()
            && notice.finding.stage >= alert.stage
            && (notice.reason == Reason::Repeated) == (want.reason == Reason::Repeated)
            // A repeat that has left is the one before.
            && (want.reason != Reason::Repeated || draft.is_unsent(notice))
            && (want.rung > 1 || is_same_question(notice, alert))
            && asked_since.is_none_or(|since| notice.reason == Reason::Asked && notice.decided_at >= since)
            && is_met_there(want, notice)
            && since.is_none_or(|since| notice.decided_at >= since)
    };
    notices.iter().rev().find(meets).copied()
}

fn is_met_there(want: &Want, notice: &Notice) -> bool {
    match (&want.address, &notice.address) {
        // A comment that mentions nobody is the task's, whoever has it now.
        (Address::Comment { mention: None, .. }, Address::Comment { .. }) => notice.rung == want.rung,
        // Who goes by another name by now has been told all the same.
        (Address::Comment { mention, .. }, Address::Comment { mention: said, .. }) => {
            notice.account == want.account && mention.is_some() == said.is_some()
        }
        // Who was told directly needs no line in the digest.
        (Address::Digest(_), _) => {
            notice.account == want.account
                && (notice.rung == want.rung || (want.rung == 0 && notice.rung == 1))
                && !matches!(notice.address, Address::Comment { mention: None, .. })
        }
        (address, said) => notice.account == want.account && notice.rung == want.rung && is_same_way(address, said),
    }
}

/// An owner who got the task back hears again. `None`: it does not matter since when.
fn assigned_since(want: &Want, alert: &Alert, snapshot: &Snapshot<'_>) -> Option<Timestamp> {
    let personal = !matches!(want.address, Address::Comment { mention: None, .. });
    let SubjectKey::Task(task) = alert.subject else { return None };
    let facts = &snapshot.board.task(task)?.facts();
    if want.rung != 1 || !personal || alert.finding.addressee != Addressee::Owners {
        return None;
    }
    facts.assigned_since(want.account)
}
