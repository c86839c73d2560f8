//! How long a channel is tried for a word, and whether there is another one: a word that has no other way is not given up,
//! but waits for its channel, while whoever would hear next hears in their time.

use jiff::{SignedDuration, Timestamp};

use super::draft::Draft;
use super::met::met_by;
use super::ways::Want;
use crate::domain::alert::Alert;
use crate::domain::calendar::later;
use crate::domain::finding::Stage;
use crate::domain::ids::AccountId;
use crate::domain::notice::{Address, Message, MessageState, Notice, NoticeState, Reason};
use crate::domain::snapshot::Snapshot;

/// A failure goes to the next channel after this.
const FAILURE_WAITS: SignedDuration = SignedDuration::from_hours(1);
/// Anything else after so many working hours of its reader.
const OTHERS_WAIT_HOURS: i64 = 4;
/// A channel is tried at least so often: the first attempt may have come late, because nobody was there to make it.
pub(crate) const FEWEST_ATTEMPTS: u32 = 2;

/// Until when a channel has the time to take a word, before the next one does.
pub(crate) fn tried_until(notice: &Notice, snapshot: &Snapshot<'_>) -> Timestamp {
    match notice.finding.stage {
        Stage::Failure => later(notice.decided_at, FAILURE_WAITS),
        Stage::Opens | Stage::Widens => {
            let calendar = snapshot.board.people.calendar(Some(notice.account));
            calendar.after(notice.decided_at, OTHERS_WAIT_HOURS * 3600)
        }
    }
}

/// True for what mentions nobody.
pub(super) fn is_for_all(address: &Address) -> bool {
    matches!(address, Address::Comment { mention: None, .. })
}

fn is_mention(address: &Address) -> bool {
    matches!(address, Address::Comment { mention: Some(_), .. })
}

/// True where every word to those who ought to hear first waits for a channel that has had its time.
pub(super) fn all_wait(wants: &[Want], alert: &Alert, draft: &Draft<'_>) -> bool {
    let notices = draft.notices(alert);
    let mut personal = wants.iter().filter(|want| !is_for_all(&want.address)).peekable();
    let waits =
        |want: &Want| met_by(want, alert, &notices, draft).is_some_and(|notice| is_stuck(notice, draft.snapshot));
    personal.peek().is_some() && personal.all(waits)
}

/// True for a word that its channel has not taken in its time, and that is still to be said.
pub(crate) fn is_stuck(notice: &Notice, snapshot: &Snapshot<'_>) -> bool {
    let Some(message) = under_way(notice, snapshot) else { return false };
    let tried = message.attempts >= FEWEST_ATTEMPTS || message.state == MessageState::Unsure;
    tried && message.error.is_some() && tried_until(notice, snapshot) <= snapshot.now
}

/// When a word is tried once more that failed before: it is thought over then, for time has passed. `None`: it is not.
pub(super) fn tried_again_at(notice: &Notice, snapshot: &Snapshot<'_>) -> Option<Timestamp> {
    let message = under_way(notice, snapshot)?;
    (message.state == MessageState::Sealed && message.attempts > 0).then_some(message.due_at)
}

fn under_way<'a>(notice: &Notice, snapshot: &Snapshot<'a>) -> Option<&'a Message> {
    snapshot.board.message(notice.message.filter(|_| notice.state == NoticeState::Sealed)?)
}

/// True where a channel was asked to tell one of those who ought to hear first, and would not: whoever hears next need not
/// wait for them.
pub(super) fn were_refused(heads: &[AccountId], alert: &Alert, draft: &Draft<'_>) -> bool {
    let people = &draft.snapshot.board.people;
    let refused = |notice: &&&Notice| {
        notice.state == NoticeState::Dead
            && notice.rung == 1
            && notice.reason != Reason::Resolved
            && notice.finding.stage == alert.stage
            && (notice.address.is_private() || is_mention(&notice.address))
            && heads.iter().any(|head| people.same(*head, notice.account))
    };
    draft.notices(alert).iter().any(|notice| refused(&notice))
}
