//! Whether words help: of every gap that somebody was told of, whether anything was done about it within some working days.
//! It is written down when somebody is told, and found out once: when the gap ends or is answered, or when that time is over.

use std::collections::BTreeSet;

use super::whose::last_act;
use crate::domain::alert::{Alert, AlertChange, AlertState, Ending};
use crate::domain::finding::Addressee;
use crate::domain::heed::{Heed, HeedChange, Verdict};
use crate::domain::ids::{AccountId, AlertId, NoticeId};
use crate::domain::notice::{Address, Notice, NoticeState};
use crate::domain::said::Claim;
use crate::domain::snapshot::Snapshot;

/// Working days in which something has to be done.
const WITHIN_DAYS: i64 = 3;

/// The words among these notices by which somebody has just been told of a gap: one a person and gap, until it is known what
/// became of it.
pub(crate) fn heard(notices: &[Notice], snapshot: &Snapshot<'_>) -> Vec<HeedChange> {
    let (board, now) = (snapshot.board, snapshot.now);
    let mut waits: Vec<Heed> = Vec::new();
    for notice in notices.iter().filter(|notice| is_word(notice)) {
        let was_told = board.notice(notice.id).is_some_and(|before| before.state == NoticeState::Told);
        let Some(alert) = board.alert(notice.alert).filter(|alert| !was_told && alert.episode == notice.episode) else {
            continue;
        };
        let same = |heed: &Heed| {
            heed.alert == alert.id && heed.episode == alert.episode && board.people.same(heed.account, notice.account)
        };
        let known = board.traffic().heeds.about(alert.id).any(same) || waits.iter().any(same);
        if known || alert.finding.addressee == Addressee::Operators {
            continue;
        }
        let calendar = board.people.calendar(Some(notice.account));
        waits.push(Heed {
            notice: notice.id,
            rule: alert.rule,
            alert: alert.id,
            episode: alert.episode,
            account: notice.account,
            told_at: now,
            until: calendar.after(now, WITHIN_DAYS * calendar.day_secs()),
        });
    }
    waits.into_iter().map(HeedChange::Waits).collect()
}

/// True for a word to somebody about an open gap.
fn is_word(notice: &Notice) -> bool {
    notice.state == NoticeState::Told
        && !notice.reason.is_farewell()
        && notice.account != AccountId::NOBODY
        && notice.address != Address::Log
}

/// What became of words: of those whose time is over, and of those about gaps that this round ended or whose answer it took.
pub(crate) fn verdicts(changes: &[AlertChange], snapshot: &Snapshot<'_>) -> Vec<HeedChange> {
    let heeds = &snapshot.board.traffic().heeds;
    let changed = |id: AlertId| changes.iter().find(|change| change.alert.id == id).map(|change| &change.alert);
    let mut known: BTreeSet<NoticeId> = BTreeSet::new();
    let mut ends = Vec::new();
    for change in changes {
        for heed in heeds.about(change.alert.id) {
            if let Some(verdict) = early(heed, &change.alert)
                && known.insert(heed.notice)
            {
                ends.push(HeedChange::Ends(heed.clone(), verdict));
            }
        }
    }
    for heed in heeds.over(snapshot.now).filter(|heed| !known.contains(&heed.notice)) {
        let alert = changed(heed.alert).or_else(|| snapshot.board.alert(heed.alert));
        let verdict = alert.map_or(Verdict::Unknown, |alert| late(heed, alert, snapshot));
        ends.push(HeedChange::Ends(heed.clone(), verdict));
    }
    ends
}

/// What is known before the time is over. `None`: nothing yet.
fn early(heed: &Heed, alert: &Alert) -> Option<Verdict> {
    if alert.episode != heed.episode {
        return Some(Verdict::Acted);
    }
    if let Some(said) = alert.said.as_ref().filter(|said| said.at >= heed.told_at) {
        return Some(if said.what == Claim::Wrong { Verdict::Wrong } else { Verdict::Acted });
    }
    let ending = alert.ending.filter(|_| alert.state == AlertState::Resolved)?;
    Some(match ending {
        Ending::Resolved => Verdict::Acted,
        Ending::Overtaken => Verdict::Ignored,
        Ending::Vanished | Ending::NoLongerWatched | Ending::Deleted | Ending::MovedAway => Verdict::Unknown,
    })
}

/// What is known once it is.
fn late(heed: &Heed, alert: &Alert, snapshot: &Snapshot<'_>) -> Verdict {
    let acted_at = last_act(heed.account, alert, snapshot).filter(|at| *at > heed.told_at);
    early(heed, alert).unwrap_or(if acted_at.is_some() { Verdict::Acted } else { Verdict::Ignored })
}
