//! Readings against open alerts: what opens, what rises, what is clear, what is no longer watched.

use std::collections::BTreeMap;

use connector_model::Ineligible;
use jiff::Timestamp;

use super::draft::Draft;
use super::{Judgement, is_held};
use crate::domain::alert::{Alert, AlertState, Earlier, Ending, LogKind, Told, Withheld};
use crate::domain::finding::{Addressee, Finding, GapId, ITSELF, Reading, RuleId, Stage, SubjectKey};
use crate::domain::ids::AlertId;
use crate::domain::length::Length;
use crate::domain::plan::kind_word;
use crate::domain::record::Gone;
use crate::domain::row::TaskRow;
use crate::domain::snapshot::Snapshot;

/// A gap that is back within this goes on where its ladder stood.
const RESUMES_WITHIN: Length = Length::Workdays(5.0);

/// Brings the alerts about one subject in line with what the rules say.
pub(super) fn reconcile(judgement: &Judgement, draft: &mut Draft<'_>) {
    let subject = judgement.subject;
    let live: Vec<AlertId> = draft.live(subject).map(|alert| alert.id).collect();
    draft.awake.extend(live.iter().copied());
    if !is_watched(subject, draft.snapshot) {
        let ending = departure(subject, draft.snapshot);
        for id in live {
            end(id, ending, draft);
        }
        return;
    }
    if !judgement.judged || is_held(subject, draft.snapshot) {
        return;
    }
    let mut said: BTreeMap<RuleId, Vec<&Reading>> = BTreeMap::new();
    for (rule, reading) in &judgement.readings {
        said.entry(*rule).or_default().push(reading);
    }
    for (rule, readings) in &said {
        for reading in readings {
            if let Reading::Gap(finding) = reading {
                gap(*rule, finding, judgement, draft);
            }
        }
    }
    for id in live {
        rest(id, &said, draft);
    }
}

/// What becomes of an open alert that is not among the findings.
fn rest(id: AlertId, said: &BTreeMap<RuleId, Vec<&Reading>>, draft: &mut Draft<'_>) {
    let Some(alert) = draft.alert(id) else { return };
    let Some(readings) = said.get(&alert.rule) else {
        // A rule that is not asked about a closed task has nothing more to say; one that is not asked at all is switched off.
        return if is_closed(alert.subject, draft.snapshot) {
            clear(id, draft)
        } else {
            end(id, Ending::NoLongerWatched, draft)
        };
    };
    let found = |reading: &&&Reading| matches!(reading, Reading::Gap(finding) if finding.scope == alert.scope);
    if readings.iter().any(|reading| found(&reading)) {
        return;
    }
    let doubt = readings.iter().find_map(|reading| match reading {
        Reading::Edge(_) => Some("it is too close to tell"),
        Reading::Unknown(why) => Some(why.words()),
        Reading::Clear(_) | Reading::Gap(_) => None,
    });
    match doubt {
        // The latch is the alert: what is not surely clear any more has to become clear anew.
        Some(why) => back(id, Some(why), draft),
        None => clear(id, draft),
    }
}

fn gap(rule: RuleId, finding: &Finding, judgement: &Judgement, draft: &mut Draft<'_>) {
    let known = draft.of(judgement.subject).find(|alert| alert.rule == rule && alert.scope == finding.scope);
    match known.map(|alert| (alert.id, alert.state)) {
        None => open(rule, finding, judgement, draft),
        Some((id, AlertState::Resolved)) => reopen(id, finding, judgement, draft),
        Some((id, AlertState::Pending | AlertState::Firing)) => update(id, finding, judgement, draft),
    }
}

fn open(rule: RuleId, finding: &Finding, judgement: &Judgement, draft: &mut Draft<'_>) {
    let id = AlertId(draft.ids.alert);
    draft.ids.alert += 1;
    let gap = gap_id(rule, judgement.subject, &finding.scope, draft.snapshot);
    let alert = begun(id, gap, rule, finding, judgement, draft.snapshot);
    draft.make(alert);
    draft.log(id, LogKind::Opened, None, None);
}

/// The next episode of a gap that had resolved.
fn reopen(id: AlertId, finding: &Finding, judgement: &Judgement, draft: &mut Draft<'_>) {
    let snapshot = draft.snapshot;
    // That it was over is no news any more, where it has not been said yet.
    let waiting = draft.withdraw(id, &[], "it is back");
    let Some(change) = draft.change(id) else { return };
    let before = &change.alert;
    let mut next = begun(id, before.gap.clone(), before.rule, finding, judgement, snapshot);
    next.episode = before.episode + 1;
    next.snoozed_until = before.snoozed_until;
    next.snooze_reason.clone_from(&before.snooze_reason);
    next.said = before.said.clone().filter(|_| before.snoozed_until.is_some());
    // To whom it never was over, it is no new gap.
    let unaware =
        |told: &&Told| waiting.iter().any(|notice| notice.account == told.account && notice.address == told.address);
    next.told = before.told.iter().filter(unaware).cloned().collect();
    let resumes = before.resolved_at.is_some_and(|at| resumes(at, snapshot));
    if resumes {
        next.rung = before.rung;
    }
    next.earlier = earlier(before, &next.told, resumes);
    change.alert = next;
    let reason = if resumes { "it is back, and goes on where it stood" } else { "it is back" };
    draft.log(id, LogKind::Opened, Some(reason.to_owned()), None);
}

/// What the next episode of a gap knows of those before it. `unaware`: to whom the last one never was over.
fn earlier(before: &Alert, unaware: &[Told], resumes: bool) -> Option<Box<Earlier>> {
    let known = before.earlier.as_deref();
    let over_at = before.resolved_at.filter(|_| before.ending.is_some_and(Ending::is_told));
    let heard = before.told.iter().any(|told| !unaware.contains(told));
    let Some(over_at) = over_at.filter(|_| heard) else {
        return known.map(|earlier| Box::new(Earlier { resumes: earlier.resumes && resumes, ..earlier.clone() }));
    };
    let first = before.resumed();
    let mut told = first.map_or_else(Vec::new, |first| first.told.clone());
    for one in &before.told {
        if !told.iter().any(|other| other.account == one.account && other.address == one.address) {
            told.push(one.clone());
        }
    }
    let opened_at = first.map_or(before.opened_at, |first| first.opened_at);
    Some(Box::new(Earlier { opened_at, over_at, resumes, told }))
}

/// True where a gap that was over at an instant and is back now goes on where its ladder stood.
pub(crate) fn resumes(over_at: Timestamp, snapshot: &Snapshot<'_>) -> bool {
    RESUMES_WITHIN.after(over_at, &snapshot.board.people.default_calendar) >= snapshot.now
}

fn begun(
    id: AlertId,
    gap: GapId,
    rule: RuleId,
    finding: &Finding,
    judgement: &Judgement,
    snapshot: &Snapshot<'_>,
) -> Alert {
    Alert {
        id,
        gap,
        rule,
        subject: judgement.subject,
        scope: finding.scope.clone(),
        episode: 1,
        state: AlertState::Pending,
        stage: finding.stage,
        stage_at: snapshot.now,
        backlog: is_backlog(finding, judgement) && !snapshot.policy.tell_backlog,
        opened_at: snapshot.now,
        fired_at: None,
        clear_since: None,
        resolved_at: None,
        ending: None,
        rung: 0,
        round: 0,
        acked_until: None,
        snoozed_until: None,
        snooze_reason: None,
        said: None,
        step_at: None,
        withheld: None,
        finding: finding.clone(),
        told: Vec::new(),
        moved: None,
        earlier: None,
    }
}

/// True for what was there before we began to look. What keeps us from looking at a place is news to the operators.
fn is_backlog(finding: &Finding, judgement: &Judgement) -> bool {
    let is_trouble = matches!(judgement.subject, SubjectKey::Container(_)) && finding.addressee == Addressee::Operators;
    judgement.baseline && !is_trouble
}

fn update(id: AlertId, finding: &Finding, judgement: &Judgement, draft: &mut Draft<'_>) {
    back(id, None, draft);
    let (now, tell_backlog) = (draft.snapshot.now, draft.snapshot.policy.tell_backlog);
    let Some(alert) = draft.alert(id) else { return };
    // What nobody could hear of before, because we only observed, could not read or did not believe what we read, was there
    // before we began to speak.
    let unsaid = matches!(
        alert.withheld,
        Some(Withheld::Observing | Withheld::SourceStale | Withheld::MassChange | Withheld::NotVisible)
    );
    let unheard = unsaid && alert.told.is_empty();
    let backlog = is_backlog(finding, judgement) && !tell_backlog && unheard;
    let rises = finding.stage > alert.stage;
    let asks_anew = finding.evidence.question() != alert.finding.evidence.question();
    if alert.finding == *finding && !rises && (!backlog || alert.backlog) {
        return;
    }
    let Some(change) = draft.change(id) else { return };
    change.alert.finding = finding.clone();
    change.alert.backlog |= backlog;
    if asks_anew {
        // A further question is none that was answered before, and what was there at the beginning is asked as well.
        change.alert.backlog = false;
        // Whoever said that there is no problem has answered every question but that of a date that has passed.
        if !change.alert.said.as_ref().is_some_and(|said| said.settles()) {
            change.alert.unanswer();
        }
    }
    if rises {
        change.alert.stage = finding.stage;
        change.alert.stage_at = now;
        change.alert.backlog = false;
        if finding.stage == Stage::Failure {
            // What was answered before its date passed was no answer to that.
            change.alert.unanswer();
        }
        draft.log(id, LogKind::Rose, Some(finding.stage.word().to_owned()), None);
    }
}

/// It is not clear, or not surely clear, any more.
fn back(id: AlertId, why: Option<&str>, draft: &mut Draft<'_>) {
    if draft.alert(id).is_none_or(|alert| alert.clear_since.is_none()) {
        return;
    }
    if let Some(change) = draft.change(id) {
        change.alert.clear_since = None;
    }
    draft.log(id, LogKind::Returned, why.map(str::to_owned), None);
}

fn clear(id: AlertId, draft: &mut Draft<'_>) {
    let now = draft.snapshot.now;
    let Some(alert) = draft.alert(id) else { return };
    match alert.state {
        AlertState::Pending => end(id, Ending::Vanished, draft),
        AlertState::Firing if alert.clear_since.is_none() => {
            if let Some(change) = draft.change(id) {
                change.alert.clear_since = Some(now);
            }
            draft.log(id, LogKind::Cleared, None, None);
        }
        AlertState::Firing | AlertState::Resolved => {}
    }
}

/// Ends the present episode.
pub(super) fn end(id: AlertId, ending: Ending, draft: &mut Draft<'_>) {
    let now = draft.snapshot.now;
    let Some(change) = draft.change(id) else { return };
    let alert = &mut change.alert;
    alert.state = AlertState::Resolved;
    alert.ending = Some(ending);
    alert.resolved_at = Some(now);
    alert.withheld = None;
    alert.step_at = None;
    let (what, reason) = match ending {
        Ending::Resolved => (LogKind::Resolved, None),
        Ending::Vanished => (LogKind::Resolved, Some("it went before anybody was told".to_owned())),
        Ending::Overtaken => (LogKind::Resolved, Some("its date has passed".to_owned())),
        Ending::NoLongerWatched => (LogKind::NoLongerWatched, None),
        Ending::Deleted => (LogKind::NoLongerWatched, Some("the task was deleted".to_owned())),
        Ending::MovedAway => (LogKind::NoLongerWatched, Some("the task was moved to where nobody looks".to_owned())),
    };
    draft.log(id, what, reason, None);
}

/// How what is open about something unwatched ends.
fn departure(subject: SubjectKey, snapshot: &Snapshot<'_>) -> Ending {
    let gone = match subject {
        SubjectKey::Task(id) => snapshot.board.gone(id),
        _ => None,
    };
    match gone {
        Some(Gone::Deleted) => Ending::Deleted,
        Some(Gone::MovedAway) => Ending::MovedAway,
        None => Ending::NoLongerWatched,
    }
}

/// False for what left the board, and for what no connection reads any more.
fn is_watched(subject: SubjectKey, snapshot: &Snapshot<'_>) -> bool {
    let board = snapshot.board;
    let is_read = || super::home(subject, snapshot).is_some_and(|home| home.reader.is_some());
    match subject {
        // What has left the filter is not mended: nobody looks at it any more.
        SubjectKey::Task(id) => {
            let is_filtered = |task: &TaskRow| task.ineligible() == Some(Ineligible::Filtered);
            is_read() && !board.task(id).is_some_and(is_filtered)
        }
        SubjectKey::Container(id) if board.is_home(id) => {
            // Where its places are read no more, nothing of what is in it is on the board.
            let reader = board.container(id).and_then(|home| home.reader);
            reader.is_some_and(|reader| board.connection(reader).is_some()) && board.members(id).next().is_some()
        }
        SubjectKey::Container(_) => is_read(),
        SubjectKey::Connection(id) => board.connection(id).is_some(),
        SubjectKey::Person(id) => board.somebody(id).is_some(),
        SubjectKey::System => true,
    }
}

fn is_closed(subject: SubjectKey, snapshot: &Snapshot<'_>) -> bool {
    let SubjectKey::Task(id) = subject else { return false };
    snapshot.board.task(id).is_some_and(|task| !task.category().is_open())
}

fn gap_id(rule: RuleId, subject: SubjectKey, scope: &str, snapshot: &Snapshot<'_>) -> GapId {
    let board = snapshot.board;
    let (site, stable) = match subject {
        SubjectKey::Task(id) => {
            let site = super::home(subject, snapshot).map_or("", |home| board.site(home.site));
            (site, board.task(id).map_or("", |task| task.ext()))
        }
        SubjectKey::Container(id) => {
            let Some(home) = board.container(id) else { return GapId::new(rule, "", "", scope) };
            let site = board.site(home.site);
            // A tool numbers its versions, its sprints and its tasks each for themselves.
            if board.is_home(id) {
                return GapId::new(rule, site, &format!("{} {}", kind_word(home.kind), home.ext), scope);
            }
            (site, &*home.ext)
        }
        // A connection is known before its site is.
        SubjectKey::Connection(id) => ("", board.connection(id).map_or("", |connection| &connection.name)),
        SubjectKey::Person(id) => {
            let account = id.account().and_then(|account| board.people.accounts.get(&account));
            let site = account.map_or("", |rec| board.site(rec.site));
            let stable = match id.account() {
                Some(account) => format!("account {account}"),
                None => board.people.persons.get(&id).map_or(String::new(), |person| person.handle.clone()),
            };
            return GapId::new(rule, site, &stable, scope);
        }
        SubjectKey::System => ("", ITSELF),
    };
    GapId::new(rule, site, stable, scope)
}

/// When a firing alert that is clear at present will have been clear for long enough.
pub(super) fn resolves_at(alert: &Alert, snapshot: &Snapshot<'_>) -> Option<Timestamp> {
    alert.clear_since.map(|since| crate::domain::calendar::later(since, snapshot.policy.clear_after))
}
