//! Why somebody could not be told, as far as their channels say.

use super::desk::Desk;
use super::when::clean;
use crate::alerts::is_stuck;
use crate::domain::ids::AccountId;
use crate::domain::notice::{Address, Notice, NoticeState, Reason};

/// How the reason begins for which a mention reaches nobody.
const BY_MENTION: &str = "a mention does not reach them";

/// Why somebody does not hear of a comment that mentions them.
pub(super) fn of_mention(because: &str) -> String {
    format!("{BY_MENTION} ({because})")
}

/// What kept a word from those who were to hear first: `the mail server refused it (550 …)`. `None`: nothing was tried.
pub(super) fn because(asked: &[AccountId], notices: &[&Notice], desk: &Desk<'_>) -> Option<String> {
    let people = &desk.snapshot.board.people;
    let theirs = |notice: &&&Notice| {
        notice.rung == 1
            && notice.reason != Reason::Resolved
            && notice.message.is_some()
            && asked.iter().any(|one| people.same(*one, notice.account))
    };
    notices.iter().rev().filter(theirs).find_map(|notice| said(notice, desk))
}

fn said(notice: &Notice, desk: &Desk<'_>) -> Option<String> {
    let snapshot = desk.snapshot;
    if notice.state == NoticeState::Dead {
        let why = notice.why.as_deref().map(clean).filter(|why| !why.is_empty())?;
        return Some(match &notice.address {
            Address::Email(_) => format!("the mail server refused it ({why})"),
            Address::Slack(_) => format!("Slack would not take it ({why})"),
            _ if why.starts_with(BY_MENTION) => why,
            _ => format!("no comment could be made ({why})"),
        });
    }
    let message = notice.message.and_then(|id| snapshot.board.message(id)).filter(|_| is_stuck(notice, snapshot))?;
    let what = match &notice.address {
        Address::Email(_) => "the mail server",
        Address::Slack(_) => "Slack",
        _ => "the tracker",
    };
    let why = message.error.as_deref().map(clean).unwrap_or_default();
    Some(format!("{what} takes nothing at present, and is tried again ({why})"))
}
