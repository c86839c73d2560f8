//! What was told, as events for webhooks: their words, and when one that was not taken is tried again.
//!
//! An event follows the word: it is made in the transaction that records that somebody was told, one for each notice and
//! webhook. It counts for nobody. Titles that may not be shown in open places are left out.

use std::collections::{BTreeSet, HashMap};

use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::Serialize;

use super::letter::spoken_of;
use super::scene::Scene;
use super::wording;
use crate::domain::alert::{Alert, Ending, Round};
use crate::domain::calendar::later;
use crate::domain::event::{Ended, Event};
use crate::domain::finding::{Evidence, ITSELF, SubjectKey};
use crate::domain::ids::{AccountId, TaskId};
use crate::domain::names::TaskName;
use crate::domain::notice::{Notice, NoticeState};
use crate::domain::snapshot::Snapshot;

/// Waits after the first, the second and every further attempt, in seconds: three days and a little more.
const WAITS: [i64; 9] = [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400];
/// How long a receiver is left alone that asks for it without saying how long.
const THROTTLED: SignedDuration = SignedDuration::from_mins(1);
/// The longest a receiver is left alone, whatever it asks for.
const LONGEST: SignedDuration = SignedDuration::from_hours(24);

/// `gapwatch.message/1`: what is posted to a webhook.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Posted {
    /// `gapwatch.message/1`
    pub schema: &'static str,
    /// `gap.opened`, `gap.worsened`, `gap.escalated` or `gap.resolved`.
    #[serde(rename = "type")]
    pub kind: String,
    /// When somebody was told, UTC.
    #[schemars(with = "String")]
    pub timestamp: Timestamp,
    /// What they were told.
    pub data: PostedGap,
}

/// What somebody was told.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct PostedGap {
    /// `opened`, `worsened`, `escalated` or `resolved`.
    pub event: &'static str,
    /// The gap's id, the same over all its episodes.
    pub gap: String,
    /// Which episode of it.
    pub episode: u32,
    /// The rule: `pace.behind`.
    pub rule: String,
    /// `opens`, `widens` or `failure`.
    pub stage: &'static str,
    /// The gap in one line, with its numbers.
    pub summary: String,
    /// `null` where it is not about a task.
    pub task: Option<PostedTask>,
    /// A project, connection or person that it is about instead. `null` where it is about a task.
    pub about: Option<String>,
    /// Who was told: the name of a [people] table, else a login. `null`: a channel or the log.
    pub recipient: Option<String>,
    /// By which channel: `slack`, `email`, `comment` or `log`.
    pub channel: &'static str,
    /// How it ended: `resolved`, `deleted` or `moved_away`. `null` while it has not.
    pub ending: Option<&'static str>,
    /// When this episode of it was found, UTC.
    #[schemars(with = "String")]
    pub opened_at: Timestamp,
    /// When it ended, UTC. `null` while it has not.
    #[schemars(with = "Option<String>")]
    pub ended_at: Option<Timestamp>,
    /// By which change of its task it was mended: `closed`, `state`, `date`, `owner`, `progress`, `estimate`, `comment`, `link`,
    /// `work`, `changed`, or `nothing` where time or another task did it. `null` where nothing tells, or it has not ended.
    pub moved: Option<&'static str>,
    /// Whose change that was: the name of a [people] table, else a login. `null`: a program's, or nobody knows.
    pub moved_by: Option<String>,
}

/// A task.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct PostedTask {
    /// As people call it: `acme/web#12`.
    pub key: String,
    /// Where it leads.
    pub url: String,
    /// `null` where it may not be shown in open places.
    pub title: Option<String>,
}

/// The JSON schema of what is posted.
pub fn schema() -> String {
    let generator = SchemaSettings::draft07().with(|settings| settings.inline_subschemas = true).into_generator();
    let mut schema = generator.into_root_schema_for::<Posted>().to_value();
    schema["title"] = "gapwatch.message/1".into();
    let text = serde_json::to_string_pretty(&schema).unwrap_or_default();
    format!("{text}\n")
}

/// Notices that are told by this round, and were not before.
fn told<'r>(round: &'r Round, snapshot: &Snapshot<'_>) -> Vec<&'r Notice> {
    let was_told =
        |notice: &Notice| snapshot.board.notice(notice.id).is_some_and(|before| before.state == NoticeState::Told);
    let told = |notice: &&Notice| notice.state == NoticeState::Told && !was_told(notice);
    round.notices.iter().filter(told).collect()
}

/// An alert as it is after the round.
fn alert_of<'a>(notice: &Notice, round: &'a Round, snapshot: &Snapshot<'a>) -> Option<&'a Alert> {
    let changed = round.alerts.iter().find(|change| change.alert.id == notice.alert);
    changed.map(|change| &change.alert).or_else(|| snapshot.board.alert(notice.alert))
}

/// The tasks whose names are needed to word the events of a round.
pub fn names_needed(round: &Round, snapshot: &Snapshot<'_>) -> Vec<TaskId> {
    if snapshot.policy.hooks.is_empty() {
        return Vec::new();
    }
    let mut tasks: BTreeSet<TaskId> = BTreeSet::new();
    for notice in told(round, snapshot) {
        if let Some(alert) = alert_of(notice, round, snapshot) {
            tasks.extend(spoken_of(alert, &[notice]));
        }
    }
    tasks.into_iter().collect()
}

/// The events of a round; `wire` makes a random id.
pub fn tell(
    round: &Round,
    names: &HashMap<TaskId, TaskName>,
    snapshot: &Snapshot<'_>,
    wire: &mut dyn FnMut() -> String,
) -> Vec<Event> {
    let mut events = Vec::new();
    for notice in told(round, snapshot) {
        let hooks: Vec<&str> = snapshot
            .policy
            .hooks
            .iter()
            .filter(|hook| hook.reasons.contains(&notice.reason) && !is_about(&notice.finding.evidence, &hook.name))
            .map(|hook| hook.name.as_str())
            .collect();
        let Some(alert) = alert_of(notice, round, snapshot).filter(|_| !hooks.is_empty()) else { continue };
        let Ok(body) = serde_json::to_string(&posted(notice, alert, names, snapshot)) else { continue };
        let event = |name: &str| Event { webhook: name.to_owned(), wire: wire(), body: body.clone() };
        events.extend(hooks.into_iter().map(event));
    }
    events
}

/// True for the word that this very webhook takes nothing: it would only be one more that it does not take.
fn is_about(evidence: &Evidence, hook: &str) -> bool {
    let Evidence::Undelivered { ways } = evidence else { return false };
    ways.iter().any(|way| way.way.strip_prefix("webhooks.") == Some(hook))
}

fn posted(notice: &Notice, alert: &Alert, names: &HashMap<TaskId, TaskName>, snapshot: &Snapshot<'_>) -> Posted {
    let board = snapshot.board;
    let people = &board.people;
    let calendar = &*people.default_calendar;
    let scene = Scene { names, now: snapshot.now, calendar, common: calendar };
    let task = match alert.subject {
        SubjectKey::Task(id) => names.get(&id).map(|name| PostedTask {
            key: name.key.clone(),
            url: name.url.clone(),
            title: Some(name.title.clone())
                .filter(|_| !name.restricted && !board.task(id).is_none_or(|task| task.restricted())),
        }),
        _ => None,
    };
    let about = match alert.subject {
        SubjectKey::Task(_) => None,
        SubjectKey::Container(id) => board.container(id).map(|home| home.name.to_string()),
        SubjectKey::Connection(id) => board.connection(id).map(|reader| reader.name.to_string()),
        SubjectKey::Person(id) => board.somebody(id).map(|who| people.handle(who.account)),
        SubjectKey::System => Some(ITSELF.to_owned()),
    };
    let word = notice.reason.word();
    Posted {
        schema: "gapwatch.message/1",
        kind: format!("gap.{word}"),
        timestamp: notice.told_at.unwrap_or(snapshot.now),
        data: PostedGap {
            event: word,
            gap: alert.gap.0.clone(),
            episode: notice.episode,
            rule: alert.rule.0.to_owned(),
            stage: notice.finding.stage.word(),
            summary: wording::summary(&notice.finding, scene),
            task,
            about,
            recipient: (notice.account != AccountId::NOBODY).then(|| people.handle(notice.account)),
            channel: notice.address.channel(),
            ending: alert.ending.and_then(ending),
            opened_at: alert.opened_at,
            ended_at: alert.resolved_at,
            moved: alert.moved.map(|mover| mover.what.word()),
            moved_by: alert.moved.and_then(|mover| mover.by).map(|by| people.handle(by)),
        },
    }
}

fn ending(ending: Ending) -> Option<&'static str> {
    match ending {
        Ending::Resolved => Some("resolved"),
        Ending::Deleted => Some("deleted"),
        Ending::MovedAway => Some("moved_away"),
        Ending::Vanished | Ending::Overtaken | Ending::NoLongerWatched => None,
    }
}

/// When an event is tried again that was not taken at its `attempts`th attempt, or that it is given up. `wait`: what the
/// receiver asked for; `throttled`: its other events wait as well.
pub fn again(
    event: &Event,
    attempts: u32,
    wait: Option<SignedDuration>,
    throttled: bool,
    because: String,
    now: Timestamp,
) -> Ended {
    let step = usize::try_from(attempts.saturating_sub(1)).unwrap_or(usize::MAX);
    let Some(secs) = WAITS.get(step).copied() else {
        return Ended::GivenUp { because: format!("{because}, the last of {attempts} attempts") };
    };
    // Up to a fifth on top, told from the id, so that many do not come back at once.
    let spread = event.wire.bytes().fold(0i64, |sum, byte| (sum * 31 + i64::from(byte)) % 1009);
    let own = SignedDuration::from_secs(secs + secs * spread / (5 * 1009));
    let asked = wait.or(throttled.then_some(THROTTLED)).unwrap_or_default().min(LONGEST);
    let due_at = later(now, own.max(asked));
    match throttled {
        true => Ended::Throttled { due_at, until: later(now, asked), because },
        false => Ended::Again { due_at, because },
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn event() -> Event {
        Event { webhook: "ops".to_owned(), wire: "0123456789abcdef".to_owned(), body: "{}".to_owned() }
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn an_event_is_tried_ten_times_over_three_days_and_then_given_up() {
        let (mut now, mut waits) = (at("2026-03-02T10:00:00Z"), Vec::new());
        for attempt in 1..=9 {
            let Ended::Again { due_at, .. } = again(&event(), attempt, None, false, "HTTP 500".to_owned(), now) else {
                panic!("attempt {attempt}")
            };
            waits.push(due_at.duration_since(now).as_secs());
            now = due_at;
        }
        for (wait, planned) in waits.iter().zip(WAITS) {
            assert!((planned..=planned + planned / 5).contains(wait), "{waits:?}");
        }
        let last = again(&event(), 10, None, false, "HTTP 500".to_owned(), now);
        assert!(matches!(&last, Ended::GivenUp { because } if because.contains("last of 10")), "{last:?}");
        let days = now.duration_since(at("2026-03-02T10:00:00Z")).as_hours();
        assert!((75..=91).contains(&days), "{days}");
    }

    #[test]
    fn what_a_receiver_asks_for_is_obeyed_for_a_day_at_most() {
        let now = at("2026-03-02T10:00:00Z");
        let hour = SignedDuration::from_hours(1);
        assert_eq!(
            again(&event(), 1, Some(hour), false, String::new(), now),
            Ended::Again { due_at: later(now, hour), because: String::new() }
        );
        let Ended::Throttled { due_at, until, .. } = again(&event(), 4, None, true, String::new(), now) else {
            panic!()
        };
        assert!(due_at > later(now, hour) && until == later(now, THROTTLED));
        let week = SignedDuration::from_hours(7 * 24);
        let Ended::Throttled { until, .. } = again(&event(), 1, Some(week), true, String::new(), now) else { panic!() };
        assert_eq!(until, later(now, LONGEST));
    }
}
