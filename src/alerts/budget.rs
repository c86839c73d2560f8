//! What a limit on messages holds back: it stands on the alert, and is told when the limit allows, if it is still true.

use super::draft::Draft;
use super::ladder::cannot_wait;
use super::ways::Want;
use crate::domain::alert::{Alert, AlertState, Withheld};
use crate::domain::ids::AccountId;
use crate::domain::notice::{Address, MessageState, Notice, NoticeState, PostAbout, Reason};
use crate::domain::snapshot::Snapshot;

/// True for a word that is decided and waits because of a limit: it is one of too many within an hour, or the last message of
/// its reader's day has left.
pub(super) fn holds(notice: &Notice, draft: &Draft<'_>) -> bool {
    let board = draft.snapshot.board;
    let Some(message) = notice.message.and_then(|id| board.message(id)) else { return false };
    if message.state != MessageState::Sealed || !notice.address.is_sent() {
        return false;
    }
    // What was tried waits for its channel.
    let waits = message.attempts == 0 && message.due_at > draft.snapshot.now;
    let is_of_a_day = || matches!(board.post(message.post).map(|post| post.about), Some(PostAbout::Day(_)));
    message.is_held() || (waits && is_of_a_day())
}

/// The same for a word that is decided in this very round: where the message of the day cannot be changed any more.
pub(super) fn will_hold(want: &Want, alert: &Alert, draft: &Draft<'_>) -> bool {
    let Draft { snapshot, .. } = draft;
    let calendar = snapshot.board.people.calendar(Some(want.account));
    let is_line = want.rung == 1 && want.reason != Reason::Resolved && matches!(want.address, Address::Email(_));
    if !is_line || snapshot.policy.edits(&want.address) || cannot_wait(alert, calendar, snapshot.now) {
        return false;
    }
    // What only waited to be read again leaves on that day.
    if alert.withheld == Some(Withheld::SourceStale) {
        return false;
    }
    let today = PostAbout::Day(calendar.date(snapshot.now));
    let last = snapshot.policy.direct_per_day;
    let mut posts = snapshot.board.posts();
    posts.any(|post| post.about == today && post.place == want.address && post.at.is_some() && post.generation >= last)
}

/// How many gaps a limit keeps from somebody at present.
pub(crate) fn held_back(account: AccountId, snapshot: &Snapshot<'_>) -> usize {
    let (board, people) = (snapshot.board, &snapshot.board.people);
    let to_them = |notice: &Notice, alert: &Alert| {
        let waits = notice.state == NoticeState::Sealed && notice.episode == alert.episode;
        waits && people.same(notice.account, account)
    };
    let open = board.alerts().filter(|alert| alert.state != AlertState::Resolved);
    let held = open.filter(|alert| alert.withheld == Some(Withheld::Budget));
    held.filter(|alert| board.notices_of(alert.id).any(|notice| to_them(notice, alert))).count()
}
