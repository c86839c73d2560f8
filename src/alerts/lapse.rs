//! When an answer stops to count.

use jiff::Timestamp;

use super::draft::Draft;
use super::whose::owners;
use crate::domain::alert::Alert;
use crate::domain::ids::AccountId;
use crate::domain::notice::{Notice, Reason};

/// Working days for an answer to the question whether an earlier one still holds.
const ASKED_DAYS: i64 = 1;
/// The same where it could not be put.
const UNASKED_DAYS: i64 = 2;

/// When an answer stops to count whose time is over: a working day after who gave it was asked again, or two where nobody
/// could be. `None`: there is none that is asked about.
pub(super) fn lapses_at(alert: &Alert, draft: &Draft<'_>) -> Option<Timestamp> {
    let asks_at = alert.asks_again_at()?;
    let by = alert.said.as_ref().map(|said| said.by).filter(|by| *by != AccountId::NOBODY);
    let calendar = draft.snapshot.board.people.calendar(by.or(owners(alert, draft.snapshot).first().copied()));
    let asked = |notice: &&Notice| {
        let heard = notice.heard_at();
        heard.filter(|_| notice.reason == Reason::Asked && notice.decided_at >= asks_at)
    };
    let asked = draft.notices(alert).iter().filter_map(asked).min();
    let (since, days) = asked.map_or((asks_at, UNASKED_DAYS), |at| (at, ASKED_DAYS));
    Some(calendar.after(since, days * calendar.day_secs()))
}
