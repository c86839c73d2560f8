//! Ways to somebody: the words that are wanted, and by which channel each of them is said.

use jiff::Timestamp;

use super::draft::Draft;
use super::reach::is_for_all;
use super::whose::leader;
use crate::domain::alert::Alert;
use crate::domain::finding::{Addressee, RuleId, Stage, SubjectKey};
use crate::domain::ids::{AccountId, TaskId};
use crate::domain::notice::{Address, Notice, NoticeState, Reason};
use crate::domain::routes::Via;
use connector_kit::Destination;

/// Working days after the owner's word until the manager hears: a failure, or a gap near its date.
pub(super) const MANAGER_SOON: i64 = 1;
/// Working days of the owner's silence after an act of theirs that postponed it, for a gap that is no failure.
pub(super) const QUIET_AFTER_ACT: i64 = 3;

/// One word that ought to be said, or have been said.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Want {
    /// To whom.
    pub(super) account: AccountId,
    /// Where.
    pub(super) address: Address,
    /// 0 digest, 1 owner, 2 manager, 3 whoever leads the manager.
    pub(super) rung: u8,
    /// Why.
    pub(super) reason: Reason,
}

/// What the ladder asks for at present.
#[derive(Debug, Default)]
pub(super) struct Climb {
    /// Everything that ought to be said, or have been said, at the present stage.
    pub(super) wants: Vec<Want>,
    /// When it may ask for more.
    pub(super) wakes: Vec<Timestamp>,
    /// Nobody of those who ought to hear first can be reached.
    pub(super) unreachable: bool,
}

pub(super) fn is_muted(account: AccountId, draft: &Draft<'_>) -> bool {
    draft.snapshot.board.people.is_muted(account)
}

pub(super) fn digest(account: AccountId, alert: &Alert, draft: &Draft<'_>) -> Want {
    let handle = draft.snapshot.board.people.handle(account);
    Want { account, address: Address::Digest(handle), rung: 0, reason: reason(account, alert, draft) }
}

/// The first word about it to this account, or a further one because it got worse.
pub(super) fn reason(account: AccountId, alert: &Alert, draft: &Draft<'_>) -> Reason {
    let said_milder = |notice: &&Notice| {
        let earlier = notice.finding.stage < alert.stage || !is_same_question(notice, alert);
        notice.account == account && notice.told_at.is_some() && notice.rung <= 1 && earlier
    };
    if draft.notices(alert).iter().any(said_milder) { Reason::Worsened } else { Reason::Opened }
}

/// False for a word about an earlier question of a rule that asks again and again.
pub(super) fn is_same_question(notice: &Notice, alert: &Alert) -> bool {
    notice.finding.evidence.question() == alert.finding.evidence.question()
}

/// Every head in private, and one comment on the task; a mention in it for whom it is the only way, or the one that is asked
/// for.
pub(super) fn firsts(heads: &[AccountId], via: Option<Via>, alert: &Alert, draft: &Draft<'_>) -> Vec<Want> {
    let comment = comment(alert, draft);
    let mut wants = Vec::new();
    let mut mentioned = false;
    for head in heads {
        if is_muted(*head, draft) {
            wants.push(digest(*head, alert, draft));
            continue;
        }
        let mut want =
            |address| wants.push(Want { account: *head, address, rung: 1, reason: reason(*head, alert, draft) });
        let mention = || {
            let ((connection, task), login) = (comment.clone()?, login(*head, alert, draft)?);
            Some(Address::Comment { connection, task, mention: Some(login) })
        };
        let (slack, mail) = (|| slack(*head, alert, draft), || mail(*head, alert, draft));
        let address = match via {
            None | Some(Via::Slack) => slack().or_else(mention).or_else(mail),
            Some(Via::Email) => mail().or_else(slack).or_else(mention),
            Some(Via::Comment) => mention().or_else(slack).or_else(mail),
        };
        if let Some(address) = address {
            mentioned |= matches!(address, Address::Comment { .. });
            want(address);
        }
    }
    // It belongs to the first owner, who has been told in private; so nobody is mentioned.
    if let (Some((connection, task)), false, Some(first)) = (comment, mentioned, heads.first())
        && !wants.is_empty()
    {
        let address = Address::Comment { connection, task, mention: None };
        wants.push(Want { account: *first, address, rung: 1, reason: reason(*first, alert, draft) });
    }
    wants
}

/// Where a person is told in Slack. `None`: not known, muted, or refused in this episode.
fn slack(account: AccountId, alert: &Alert, draft: &Draft<'_>) -> Option<Address> {
    let snapshot = draft.snapshot;
    let person = snapshot.board.people.person(account).filter(|_| !is_muted(account, draft))?;
    let address = snapshot.policy.in_slack(person)?;
    (!is_dead(account, &address, alert, draft)).then_some(address)
}

/// Where a person is told by mail, likewise.
fn mail(account: AccountId, alert: &Alert, draft: &Draft<'_>) -> Option<Address> {
    let snapshot = draft.snapshot;
    let person = snapshot.board.people.person(account).filter(|_| !is_muted(account, draft))?;
    let address = snapshot.policy.by_mail(person)?;
    (!is_dead(account, &address, alert, draft)).then_some(address)
}

/// Where a person is told in private: in Slack, else by mail. `None`: neither is known, or both refused in this episode.
pub(super) fn private(account: AccountId, alert: &Alert, draft: &Draft<'_>) -> Option<Address> {
    slack(account, alert, draft).or_else(|| mail(account, alert, draft))
}

/// The same, by the channel that is asked for where it is there.
pub(super) fn by(via: Option<Via>, account: AccountId, alert: &Alert, draft: &Draft<'_>) -> Option<Address> {
    match via {
        Some(Via::Email) => mail(account, alert, draft).or_else(|| slack(account, alert, draft)),
        Some(Via::Slack | Via::Comment) | None => private(account, alert, draft),
    }
}

/// The connection and task on which our comment may be written. `None`: not here, not at this stage, or not any more.
fn comment(alert: &Alert, draft: &Draft<'_>) -> Option<(String, TaskId)> {
    let snapshot = draft.snapshot;
    let (SubjectKey::Task(id), Addressee::Owners) = (alert.subject, &alert.finding.addressee) else { return None };
    let reader = snapshot.board.reader(snapshot.board.task(id)?)?;
    let allowed = snapshot.policy.comments_on.contains(&reader.id) && alert.stage >= snapshot.policy.comments_from;
    (allowed && draft.takes_comments(id)).then(|| (reader.name.to_string(), id))
}

/// The login by which an owner is mentioned. `None`: it has none, or a mention was refused in this episode.
fn login(account: AccountId, alert: &Alert, draft: &Draft<'_>) -> Option<String> {
    let SubjectKey::Task(task) = alert.subject else { return None };
    let board = draft.snapshot.board;
    let rec = board.people.accounts.get(&account)?;
    // The account that stands for a person of the configuration is none of the tool's.
    let elsewhere = super::home(alert.subject, draft.snapshot).is_some_and(|home| home.site != rec.site);
    let login = rec.handle.clone().filter(|_| !elsewhere)?;
    let address = Address::Comment { connection: String::new(), task, mention: Some(login.clone()) };
    (!is_dead(account, &address, alert, draft)).then_some(login)
}

/// True when the channel has given up on this account in this episode.
pub(super) fn is_dead(account: AccountId, address: &Address, alert: &Alert, draft: &Draft<'_>) -> bool {
    let dead = |notice: &&Notice| {
        notice.state == NoticeState::Dead
            && notice.reason != Reason::Handed
            && notice.account == account
            && is_same_way(&notice.address, address)
    };
    draft.notices(alert).iter().any(dead)
}

/// The same channel for the same kind of word; a person's other address within it is no other way.
pub(super) fn is_same_way(one: &Address, other: &Address) -> bool {
    match (one, other) {
        (Address::Slack(a), Address::Slack(b)) => is_channel(a) == is_channel(b),
        _ => one.channel() == other.channel(),
    }
}

fn is_channel(destination: &Destination) -> bool {
    matches!(destination, Destination::Channel(_))
}

/// True for what somebody is told before they leave, and whoever acts for them while they are away: once, as a line of the
/// day's message. It asks nobody for an answer, and what comes of it is for other rules to tell.
pub(super) fn is_told_once(alert: &Alert) -> bool {
    alert.rule == RuleId("owner.absent")
}

/// Working days for which an act on the task counts as an answer.
pub(super) fn quiet_days(alert: &Alert) -> u16 {
    u16::try_from(if alert.stage == Stage::Failure { MANAGER_SOON } else { QUIET_AFTER_ACT }).unwrap_or(u16::MAX)
}

/// When the first of them was told at this stage, and since it was given to them; where none of them can be, when it fired.
/// `None`: they have not been told yet, so nobody else is.
pub(super) fn heard_at(heads: &[AccountId], alert: &Alert, draft: &Draft<'_>, unreachable: bool) -> Option<Timestamp> {
    let people = &draft.snapshot.board.people;
    let given_at = |account: AccountId| match alert.subject {
        SubjectKey::Task(task) => draft.snapshot.board.task(task).and_then(|task| task.facts().assigned_since(account)),
        _ => None,
    };
    let said = |notice: &&Notice| {
        let to_them = heads.iter().any(|head| people.same(*head, notice.account));
        if !to_them || given_at(notice.account).is_some_and(|at| notice.decided_at < at) {
            return None;
        }
        let heard = notice.heard_at();
        let at_this_stage = notice.finding.stage == alert.stage && is_same_question(notice, alert);
        // A comment that mentions nobody is no word to them.
        let to_them = !is_for_all(&notice.address);
        heard.filter(|_| notice.rung == 1 && to_them && !notice.reason.is_farewell() && at_this_stage)
    };
    let said = draft.notices(alert).iter().filter_map(said).min();
    said.or_else(|| alert.fired_at.filter(|_| unreachable).map(|at| at.max(alert.stage_at)))
}

/// The manager in person, or a line of their digest; without a manager the channel for what has none.
pub(super) fn manager(heads: &[AccountId], direct: bool, via: Option<Via>, alert: &Alert, draft: &Draft<'_>) -> Want {
    let policy = draft.snapshot.policy;
    let manager = leader(heads, alert.subject, draft.snapshot);
    let account = manager.map_or(AccountId::NOBODY, |person| person.own_account);
    let reaches = policy.slack || policy.slack_webhook;
    let channel = policy.slack_channel.as_ref().filter(|_| reaches && alert.stage == Stage::Failure);
    let channel = channel.map(|channel| Address::Slack(Destination::Channel(channel.clone())));
    // What goes to a channel is told to nobody in particular.
    let channel = channel.filter(|address| !is_dead(AccountId::NOBODY, address, alert, draft));
    let digest = Address::Digest(manager.map_or_else(|| "channel".to_owned(), |person| person.handle.clone()));
    let private = manager.filter(|_| direct).and_then(|person| by(via, person.own_account, alert, draft));
    let account = if private.is_none() && channel.is_some() { AccountId::NOBODY } else { account };
    let address = private.or(channel).unwrap_or(digest);
    Want { account, address, rung: 2, reason: Reason::Escalated }
}
