//! `route test`: who would hear of a gap, when and by which channel, if nobody did anything. The ladder itself is played on a
//! board in memory, every word taken for heard; nothing is sent, and nothing is written.

mod invented;

use std::collections::BTreeSet;

use connector_kit::Destination;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::check::judgements;
use super::open::{From, Stopped, View, no_csv, print_json};
use super::rehearsal::keep_fresh;
use super::routed::RouteShown;
use super::table::{drawn, plain, table};
use super::{Exit, gaps, subject};
use crate::alerts::{self, Judgement};
use crate::domain::alert::{Alert, AlertChange, AlertState, Round, Told};
use crate::domain::board::DueNow;
use crate::domain::finding::{Addressee, Evidence, Finding, Reading, RuleId, Stage, SubjectKey};
use crate::domain::ids::{AccountId, AlertId, NoticeId, TaskId};
use crate::domain::look::Look;
use crate::domain::notice::{Address, Notice, NoticeState, Reason};
use crate::domain::policy::Mode;
use crate::domain::record::NextIds;
use crate::rules;

/// How far it is played: past the last repeat of a month of working days.
const AHEAD: SignedDuration = SignedDuration::from_hours(24 * 45);
/// Instants of one play; a gap has far fewer.
const MOST_STEPS: usize = 500;
/// What an invented gap is of, unless another rule is named.
const USUAL: &str = "overdue";

#[derive(Debug, clap::Subcommand)]
pub(super) enum RouteVerb {
    /// Show who would be told of a gap, when and by which channel, if nobody did anything. Sends nothing.
    Test(Asked),
}

/// Of what.
#[derive(Debug, clap::Args)]
pub(super) struct Asked {
    /// A task or a gap, as for `explain`. If left out, a made-up task with the given fields.
    task: Option<String>,
    /// A field of a made-up task: project=OPS, owners=ana, priority=1, labels=a,b, kind=Bug, due=2026-11-27;
    /// repeatable.
    #[arg(long = "field", value_name = "KEY=VALUE", conflicts_with = "task")]
    fields: Vec<String>,
    /// Act as if this rule had found a gap. If left out, use the open gaps, or else `overdue`.
    #[arg(long)]
    rule: Option<String>,
    /// Act as if the gap were at this stage; if left out, failure.
    #[arg(long, value_name = "opens|widens|failure", value_parser = super::parsed::stage)]
    stage: Option<Stage>,
    /// Exit with 10 unless this person, channel or route is used; repeatable, people and channels in this order.
    #[arg(long, value_name = "NAME")]
    expect: Vec<String>,
}

/// Who stands in a digest that has no reader: there is neither a manager nor a channel.
const NOBODY: &str = "nobody (no manager, no channel)";

/// `gapwatch.route/1`
#[derive(Debug, Serialize)]
struct Document {
    schema: &'static str,
    at: Timestamp,
    task: String,
    gaps: Vec<Gap>,
}

#[derive(Debug, Serialize)]
struct Gap {
    /// `None`: it is invented.
    gap: Option<String>,
    rule: &'static str,
    stage: &'static str,
    /// `None`: the usual ladder.
    route: Option<RouteShown>,
    /// Why nothing is said at present. `None`: nothing is held back.
    held_because: Option<&'static str>,
    steps: Vec<Step>,
}

/// One word that somebody hears.
#[derive(Debug, Clone, Serialize)]
struct Step {
    at: Timestamp,
    /// The same in the zone of whoever hears.
    local: String,
    /// 0 digest, 1 owner, 2 manager, 3 whoever leads the manager.
    rung: u8,
    reason: &'static str,
    /// A handle. `None`: nobody in person.
    person: Option<String>,
    channel: &'static str,
    /// A channel's name, or whose digest.
    place: Option<String>,
    /// True: that has been said already.
    told: bool,
}

/// Prints who would hear.
pub(super) fn route(from: &From, verb: &RouteVerb) -> Result<Exit, Stopped> {
    let RouteVerb::Test(asked) = verb;
    no_csv(from)?;
    let mut view = View::open(from, None)?;
    let at = view.now;
    let (task, named) = match &asked.task {
        Some(text) => (subject::task(&view, text)?, text.clone()),
        None if asked.fields.is_empty() => {
            return Err(Stopped::usage(
                "name a TASK or a gap, or make a task up: `--field owners=ana --field priority=1`",
            ));
        }
        None => (invented::task(&mut view, &asked.fields)?, asked.fields.join(" ")),
    };
    let name = view.reader.names(&[task])?.remove(&task).map_or(named.clone(), |name| name.key);
    let chosen = chosen(&view, task, &named, asked)?;
    // What is not told at all at present is played as if it came up now; what was there before keeps silent as it will.
    let as_new = chosen.is_silent(&view);
    if as_new {
        view.policy.mode = Mode::Live;
        view.policy.connection_modes.clear();
        view.policy.rule_modes.clear();
        view.policy.tell_backlog = true;
    }
    let gaps = play(&mut view, task, chosen);
    let fits = is_as_expected(&asked.expect, &gaps);
    let document = Document { schema: "gapwatch.route/1", at, task: name, gaps };
    match from.output {
        super::Output::Json => print_json(&document)?,
        super::Output::Table | super::Output::Csv => print(&document),
    }
    if !fits && from.output == super::Output::Table {
        anstream::println!("Not as expected: {}.", asked.expect.join(", "));
    }
    Ok(if fits { Exit::Done } else { Exit::Found })
}

/// What is played: gaps that are open, or one that is invented.
enum Chosen {
    Open(Vec<AlertId>),
    Invented(RuleId, Box<Finding>),
}

impl Chosen {
    /// True where it could not be told at present, whatever became of it.
    fn is_silent(&self, view: &View) -> bool {
        match self {
            Chosen::Open(alerts) => {
                let mut open = alerts.iter().filter_map(|id| view.board.alert(*id));
                !open.all(|alert| alerts::may_send(alert, &view.snapshot()))
            }
            Chosen::Invented(..) => true,
        }
    }
}

fn chosen(view: &View, task: TaskId, named: &str, asked: &Asked) -> Result<Chosen, Stopped> {
    if let Some(rule) = &asked.rule
        && rules::known(rule).is_none()
    {
        let meant = gaps::did_you_mean(rule, rules::ids().map(|id| id.0));
        return Err(Stopped::usage(format!("there is no rule {rule}{meant}")));
    }
    let open = view.board.alerts_of(SubjectKey::Task(task)).filter(|alert| alert.state != AlertState::Resolved);
    let fits = |alert: &&Alert| {
        asked.rule.as_ref().is_none_or(|rule| alert.rule.0 == rule)
            && asked.stage.is_none_or(|stage| alert.stage == stage)
    };
    let mut open: Vec<&Alert> = open.filter(fits).collect();
    if open.iter().any(|alert| alert.gap.0 == named) {
        open.retain(|alert| alert.gap.0 == named);
    }
    if !open.is_empty() {
        return Ok(Chosen::Open(open.iter().map(|alert| alert.id).collect()));
    }
    let rule = rules::known(asked.rule.as_deref().unwrap_or(USUAL)).unwrap_or(RuleId(USUAL));
    let snapshot = view.snapshot();
    let deadline = view.board.task(task).and_then(|task| Look::new(&snapshot).deadline(task));
    let stage = asked.stage.unwrap_or(Stage::Failure);
    let evidence = Evidence::Own { rule: rule.0.to_owned(), says: String::new(), deadline };
    // A scope of its own: it stands beside what is really open.
    let scope = "route test".to_owned();
    let finding = Finding { stage, scope, addressee: Addressee::Owners, first: None, deadline, evidence };
    Ok(Chosen::Invented(rule, Box::new(finding)))
}

/// Plays the ladder of these gaps, as if every word were heard and nobody did anything.
fn play(view: &mut View, task: TaskId, chosen: Chosen) -> Vec<Gap> {
    let (subject, mut judgements, invented) =
        (SubjectKey::Task(task), Vec::new(), matches!(chosen, Chosen::Invented(..)));
    let mut alerts = match chosen {
        Chosen::Open(alerts) => alerts,
        Chosen::Invented(rule, finding) => {
            let readings = vec![(rule, Reading::Gap(finding))];
            judgements.push(Judgement { subject, readings, judged: true, baseline: false });
            Vec::new()
        }
    };
    let wanted = alerts.clone();
    let beside = view.board.alerts_of(subject).filter(|alert| alert.state != AlertState::Resolved);
    let beside: Vec<AlertId> = beside.map(|alert| alert.id).filter(|id| !wanted.contains(id)).collect();
    // What silences it, or follows on it, is played as well.
    alerts.extend(beside.into_iter().filter(|_| !invented));
    let mut steps: Vec<(AlertId, Step)> = alerts.iter().flat_map(|alert| before(view, *alert)).collect();
    let mut recheck_at = Some(view.now).filter(|_| !invented);
    let until = view.now.checked_add(AHEAD).unwrap_or(Timestamp::MAX);
    let mut held: Vec<(AlertId, &'static str)> = Vec::new();
    let mut known: BTreeSet<NoticeId> = BTreeSet::new();
    let (before, now) = (view.board.ids.alert, view.now);
    for _ in 0..MOST_STEPS {
        keep_fresh(view);
        if recheck_at.is_some_and(|at| at <= view.now) {
            (judgements, recheck_at) = judge(view, subject);
        }
        let said = round(view, &mut judgements, &mut alerts, &mut known, before);
        if view.now == now {
            let why = |id: &AlertId| Some((*id, view.board.alert(*id)?.withheld.as_ref()?.word()));
            held = alerts.iter().filter_map(why).collect();
        }
        let any = !said.is_empty();
        steps.extend(said);
        let next = alerts.iter().filter_map(|id| view.board.alert(*id)?.step_at).chain(recheck_at).min();
        match next {
            _ if any => {}
            Some(at) if at <= until => view.now = at.max(view.now),
            _ => break,
        }
    }
    let shown = |id: &AlertId| {
        let alert = view.board.alert(*id)?;
        let mut own: Vec<Step> = steps.iter().filter(|(of, _)| of == id).map(|(_, step)| step.clone()).collect();
        own.sort_by_key(|step| step.at);
        Some(Gap {
            gap: (!invented).then(|| alert.gap.0.clone()),
            rule: alert.rule.0,
            stage: alert.stage.word(),
            route: RouteShown::of(view, alert),
            held_because: held.iter().find(|(of, _)| of == id).map(|(_, why)| *why),
            steps: own,
        })
    };
    let shown_of = if invented { &alerts } else { &wanted };
    shown_of.iter().filter_map(shown).collect()
}

/// What the rules say of it by now, and when they look again.
fn judge(view: &View, subject: SubjectKey) -> (Vec<Judgement>, Option<Timestamp>) {
    let snapshot = view.snapshot();
    let judged = rules::judge(&view.rules, &[subject], &snapshot);
    let again = judged.iter().filter_map(|one| one.recheck_at).min();
    (judgements(&judged, &snapshot), again)
}

/// What has been said of a gap already; what waits to be sent is asked for anew.
fn before(view: &mut View, alert: AlertId) -> Vec<(AlertId, Step)> {
    let episode = view.board.alert(alert).map(|alert| alert.episode);
    let notices: Vec<Notice> =
        view.board.notices_of(alert).filter(|notice| Some(notice.episode) == episode).cloned().collect();
    let waits = |notice: &&Notice| matches!(notice.state, NoticeState::Open | NoticeState::Sealed);
    let again: Vec<Notice> =
        notices.iter().filter(waits).map(|one| Notice { state: NoticeState::Withdrawn, ..one.clone() }).collect();
    view.board.put_round(Round { notices: again, ..Round::default() });
    let told = notices.iter().filter_map(|notice| Some((alert, step(view, notice, notice.told_at?, true))));
    told.collect()
}

/// One round about these gaps alone; what it says counts as heard.
fn round(
    view: &mut View,
    judgements: &mut Vec<Judgement>,
    played: &mut Vec<AlertId>,
    known: &mut BTreeSet<NoticeId>,
    before: i64,
) -> Vec<(AlertId, Step)> {
    let due = DueNow { subjects: Vec::new(), alerts: played.clone(), answers: Vec::new(), rests: false };
    let mut ids: NextIds = view.board.ids;
    let decided = alerts::decide(judgements, &due, &view.snapshot(), &mut ids);
    judgements.clear();
    view.board.ids = ids;
    played.extend(
        decided
            .alerts
            .iter()
            .map(|change| change.alert.id)
            .filter(|id| id.0 >= before && !played.contains(id))
            .collect::<Vec<_>>(),
    );
    let now = view.now;
    let is_new = |notice: &Notice| !matches!(notice.state, NoticeState::Withdrawn | NoticeState::Dead);
    let said: Vec<Notice> =
        decided.notices.iter().filter(|notice| is_new(notice) && known.insert(notice.id)).cloned().collect();
    let gone: Vec<Notice> = decided.notices.iter().filter(|notice| !is_new(notice)).cloned().collect();
    view.board.put_round(Round { alerts: decided.alerts, notices: gone, ..Round::default() });
    let heard = |notice: &Notice| Notice { state: NoticeState::Told, told_at: Some(now), ..notice.clone() };
    let mut changes: Vec<AlertChange> = Vec::new();
    for notice in &said {
        let known = changes.iter().find(|change| change.alert.id == notice.alert).map(|change| change.alert.clone());
        let Some(mut alert) = known.or_else(|| view.board.alert(notice.alert).cloned()) else { continue };
        let (account, address, rung) = (notice.account, notice.address.clone(), notice.rung);
        alert.hears(Told { account, address, rung, at: now });
        changes.retain(|change| change.alert.id != notice.alert);
        changes.push(AlertChange { alert, log: Vec::new() });
    }
    let notices = said.iter().map(heard).collect();
    view.board.put_round(Round { alerts: changes, notices, ..Round::default() });
    view.board.stepped(played, now);
    let mine = said.iter().filter(|notice| played.contains(&notice.alert) && notice.reason != Reason::Resolved);
    let heard_at = |notice: &Notice| match notice.address {
        // A line of a digest is read when that leaves.
        Address::Digest(_) => alerts::taken_at(notice, &view.snapshot()).unwrap_or(now),
        _ => now,
    };
    mine.map(|notice| (notice.alert, step(view, notice, heard_at(notice), false))).collect()
}

fn step(view: &View, notice: &Notice, at: Timestamp, told: bool) -> Step {
    let people = &view.board.people;
    let in_channel = matches!(notice.address, Address::Slack(Destination::Channel(_)));
    let calendar = if in_channel { &people.default_calendar } else { people.calendar(Some(notice.account)) };
    let zoned = at.to_zoned(calendar.zone().clone());
    let place = match &notice.address {
        Address::Slack(Destination::Channel(name)) => Some(name.clone()),
        Address::Digest(_) if notice.account == AccountId::NOBODY => view.policy.slack_channel.clone(),
        Address::Digest(whose) => Some(whose.clone()),
        _ => None,
    };
    Step {
        at,
        local: zoned.strftime("%a %-d %b %H:%M").to_string(),
        rung: notice.rung,
        reason: notice.reason.word(),
        person: (notice.account != AccountId::NOBODY).then(|| people.called(notice.account)),
        channel: notice.address.channel(),
        place,
        told,
    }
}

/// Everybody who is expected is there, and hears for the first time in that order; a route is there when a gap is on it.
fn is_as_expected(expected: &[String], gaps: &[Gap]) -> bool {
    let is_route = |name: &&String| gaps.iter().any(|gap| gap.route.as_ref().is_some_and(|route| route.name == **name));
    let fits = |gap: &Gap| {
        let mut steps = gap.steps.iter().filter(|step| step.reason != Reason::Repeated.word());
        let mut hears =
            |name: &String| steps.any(|step| step.person.as_ref() == Some(name) || step.place.as_ref() == Some(name));
        expected.iter().filter(|name| !is_route(name)).all(&mut hears)
    };
    expected.is_empty() || gaps.iter().any(fits)
}

fn print(document: &Document) {
    for gap in &document.gaps {
        let by = gap.route.as_ref().map_or_else(|| "the usual ladder".to_owned(), RouteShown::words);
        let id = gap.gap.as_ref().map_or_else(|| "as if".to_owned(), |id| format!("[{id}]"));
        anstream::println!("{} {id} {} {}: {by}", plain(&document.task), gap.rule, gap.stage);
        if let Some(why) = gap.held_because {
            anstream::println!("  held back now: {}", why.replace('_', " "));
        }
        if gap.steps.is_empty() {
            anstream::println!("  nobody would be told");
            continue;
        }
        let mut shown = table(&["WHEN", "WHO", "BY", "WHY"]);
        for step in &gap.steps {
            let who = step.person.clone().or_else(|| step.place.clone()).unwrap_or_else(|| NOBODY.to_owned());
            let by = match (&step.place, step.channel) {
                (Some(place), "slack") => format!("slack {place}"),
                (_, channel) => channel.to_owned(),
            };
            let why = if step.told { format!("{}, already told", step.reason) } else { step.reason.to_owned() };
            shown.add_row([step.local.clone(), plain(&who), plain(&by), why]);
        }
        anstream::println!("{}", drawn(&shown));
    }
    anstream::println!("Nothing was sent. Times are in each reader's zone, and assume that nobody does anything.");
}
