//! Whether somebody whom a channel does not reach has another one: the ladder is asked as if that channel were over.

use super::draft::Draft;
use super::ladder::climb;
use super::ways::Want;
use crate::domain::alert::AlertState;
use crate::domain::ids::AccountId;
use crate::domain::notice::{Address, Notice, NoticeState};
use crate::domain::snapshot::Snapshot;

/// True where somebody could be told by another service than the one that does not take it, or has it in a digest.
pub(crate) fn has_other_way(notice: &Notice, snapshot: &Snapshot<'_>) -> bool {
    let board = snapshot.board;
    let Some(alert) = board.alert(notice.alert).filter(|alert| alert.episode == notice.episode) else { return true };
    if alert.state == AlertState::Resolved {
        return true;
    }
    let mut ids = board.ids;
    let mut draft = Draft::new(snapshot, &mut ids);
    draft.put_notice(Notice { state: NoticeState::Dead, ..notice.clone() });
    let (way, people) = (notice.address.way(), &board.people);
    let reaches = |want: &Want| {
        let to_all = want.account == AccountId::NOBODY && want.address.is_sent();
        let to_them = people.same(want.account, notice.account) && !want.address.is_for_all();
        want.rung == notice.rung && want.address != Address::Log && want.address.way() != way && (to_all || to_them)
    };
    climb(alert, &draft).wants.iter().any(reaches)
}
