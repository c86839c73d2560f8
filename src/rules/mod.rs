//! What gapwatch looks for. One rule, one file: a struct of its thresholds that reads a subject through [`Look`].
//!
//! A rule has no clock, no store and no words: it answers with a reading, whose evidence holds instants and limits. That
//! a gap opens, stays, is told or silenced is decided elsewhere, from readings.
//!
//! Which subjects a rule is asked about at all is decided here: nothing is judged in a container that was not read
//! completely once, and a task that is closed or is no work reads clear, so that what is open about it can close.

pub mod about;
pub mod aggregates;
pub mod at_hand;
pub mod condition;
pub mod churn;
pub mod dependencies;
mod except;
pub mod fields;
mod guard;
pub mod numbers;
pub mod outlook;
pub mod overrides;
pub mod own;
pub mod people;
pub mod settings;
pub mod silence;
pub mod structure;
pub mod system;
pub mod time;
pub mod told;
pub mod trial;

#[cfg(test)]
mod advice_tests;
#[cfg(test)]
mod cases_tests;
#[cfg(test)]
mod chain_tests;
#[cfg(test)]
mod laws_tests;
#[cfg(test)]
mod own_tests;
#[cfg(test)]
mod peace_tests;
#[cfg(test)]
mod testing;

use std::rc::Rc;

use connector_model::{Ineligible, Need, StatusCategory};
use jiff::Timestamp;
use serde_json::Value;

use crate::domain::alert::AlertState;
use crate::domain::chains::Chains;
use crate::domain::finding::{Grounds, Reading, RuleId, SubjectKey, Why};
use crate::domain::look::{Look, Reads, is_home};
use crate::domain::norms::{Metric, Norm};
use crate::domain::policy::Mode;
use crate::domain::record::{ConnectionRec, ContainerRec};
use crate::domain::row::TaskRow;
use crate::domain::snapshot::Snapshot;
use crate::domain::somebody::Somebody;
use condition::Condition;
use overrides::{Lists, Override, Overrides};
use own::Own;
use settings::RuleSettings;
use told::Untold;

/// A rule: its thresholds, and how it reads one subject.
pub trait Rule: Send + Sync {
    /// Its fixed name.
    fn id(&self) -> RuleId;

    /// What it may read besides its subject; a change of any of it judges the subject anew.
    fn reads(&self) -> Reads;

    /// What it is about.
    fn kind(&self) -> SubjectKind {
        SubjectKind::Task
    }

    /// Whether it is asked about subjects of a kind.
    fn is_about(&self, kind: SubjectKind) -> bool {
        kind == self.kind()
    }

    /// Without which of these it has nothing to say about a task.
    fn needs(&self) -> Vec<Need> {
        about::about(self.id()).map(|about| about.needs.to_vec()).unwrap_or_default()
    }

    /// The norms it measures against, as `explain` names them.
    fn measures(&self) -> &'static [Metric] {
        &[]
    }

    /// Its answer about one subject. A subject of another kind is not applicable.
    fn judge<'a>(&self, subject: Subject<'a>, look: &Look<'a>) -> Reading;

    /// Key and value of every threshold, as in the configuration below `[rules.<id>]`.
    fn thresholds(&self) -> Vec<(&'static str, Value)> {
        Vec::new()
    }
}

/// What a rule is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SubjectKind {
    /// Tasks.
    Task,
    /// Connections.
    Connection,
    /// Repositories, boards and projects.
    Container,
    /// Milestones, sprints and versions: what has a date, and is no place.
    Home,
    /// People.
    Person,
    /// gapwatch itself.
    System,
}

impl SubjectKind {
    /// All of them, in the order in which they stand.
    const ALL: [SubjectKind; 6] = [
        SubjectKind::Task,
        SubjectKind::Connection,
        SubjectKind::Container,
        SubjectKind::Home,
        SubjectKind::Person,
        SubjectKind::System,
    ];
}

/// One subject, as a rule gets it.
#[derive(Clone, Copy)]
pub enum Subject<'a> {
    /// An open, eligible task of a warm container.
    Task(&'a TaskRow),
    /// A connection.
    Connection(&'a ConnectionRec),
    /// A warm repository, board or project.
    Container(&'a ContainerRec),
    /// A milestone, sprint or version, all of whose places are warm.
    Home(&'a ContainerRec),
    /// Somebody.
    Person(Somebody<'a>),
    /// gapwatch itself.
    System,
}

/// The one list of built-in rules, in the order of the reference: where each stands, and where its settings do. What is
/// not about tasks (`of people`) can leave none of them out.
macro_rules! built_in {
    ($($family:ident::$rule:ident = $($key:ident).+ $(of $others:ident)? $(by $made:expr)?;)*) => {
        const ALL: &[RuleId] = &[$($family::$rule::ID),*];

        fn built_in(settings: &RuleSettings) -> Vec<(bool, Box<dyn Rule>)> {
            vec![$({
                let exclude = built_in!(exclude settings, [$($key).+] $($others)?);
                (settings.$($key).+.enabled, except::around(built_in!(settings, [$($key).+] $($made)?), exclude))
            }),*]
        }

        impl RuleSettings {
            /// Every built-in rule's id, whether it is judged, and its own word on speaking (`None`: it has none).
            pub fn switches(&self) -> Vec<(&'static str, bool, Option<Mode>)> {
                vec![$(($family::$rule::ID.0, self.$($key).+.enabled, self.$($key).+.mode)),*]
            }

            /// Every built-in rule's own word on speaking, to be changed.
            pub fn modes_mut(&mut self) -> Vec<&mut Option<Mode>> {
                vec![$(&mut self.$($key).+.mode),*]
            }

            /// Every built-in rule's id, and which tasks it says nothing about (`None`: it is about all, or about none).
            pub fn exclusions(&self) -> Vec<(&'static str, Option<&Condition>)> {
                vec![$(($family::$rule::ID.0, built_in!(exclude self, [$($key).+] $($others)?))),*]
            }
        }
    };
    (exclude $settings:ident, [$($key:ident).+]) => { $settings.$($key).+.exclude.as_ref() };
    (exclude $settings:ident, [$($key:ident).+] $others:ident) => { None };
    ($settings:ident, [$($key:ident).+]) => { Box::new($settings.$($key).+.clone()) };
    ($settings:ident, [$($key:ident).+] $made:expr) => { Box::new($made($settings)) };
}

built_in! {
    time::pace_behind = pace.behind;
    time::pace_stuck_near_done = pace.stuck_near_done;
    time::start_never = start.never;
    time::start_late = start.late;
    time::due_at_risk = due.at_risk by time::due_at_risk::DueAtRisk::new;
    time::overdue = overdue;
    time::due_unrealistic = due.unrealistic;
    time::estimate_exceeded = estimate.exceeded;
    silence::stalled = stalled;
    silence::aging = aging;
    people::ack_missing = ack.missing;
    people::answer_waiting = answer.waiting;
    silence::high_priority_silent = high_priority.silent;
    structure::owner_none = owner.none;
    structure::due_none = due.none;
    structure::due_child_after_parent = due.child_after_parent;
    structure::state_parent_child = state.parent_child;
    dependencies::blocker_cascade = blocker.cascade;
    dependencies::blocker_resolved = blocker.resolved;
    dependencies::blocker_unnamed = blocker.unnamed;
    dependencies::blocker_stale = blocker.stale by dependencies::blocker_stale::BlockerStale::new;
    dependencies::dep_cycle = dep.cycle;
    dependencies::dep_date_conflict = dep.date_conflict;
    people::load_overloaded = load.overloaded of people;
    people::wip_limit = wip.limit of people;
    people::owner_absent = owner.absent;
    people::owner_gone = owner.gone of people;
    churn::churn_reopened = churn.reopened;
    churn::due_drift = due.drift by churn::due_drift::DateDrift::new;
    aggregates::milestone_at_risk = milestone.at_risk by aggregates::milestone_at_risk::MilestoneAtRisk::new;
    system::sys_mirror_stale = sys.mirror_stale of connections;
    system::sys_unmapped = sys.unmapped of containers;
    system::sys_mass_change = sys.mass_change of containers;
    system::sys_cross_mismatch = sys.cross_mismatch;
    system::sys_volume = sys.volume of itself;
    system::sys_delivery_failed = sys.delivery_failed of itself;
    system::sys_rule_useless = sys.rule_useless of itself;
}

/// The rule of this name, switched on or not, built in or of the configuration. `None`: there is no such rule (any more).
pub fn known(text: &str) -> Option<RuleId> {
    ALL.iter().copied().find(|id| id.0 == text).or_else(|| own::named(text))
}

/// Every built-in rule's name, switched on or not.
pub fn ids() -> impl Iterator<Item = RuleId> {
    ALL.iter().copied()
}

/// Rules that are switched on, with one set of thresholds.
#[derive(Default)]
struct RuleList {
    /// In the order of the reference.
    all: Vec<Box<dyn Rule>>,
    /// By what they are about, as numbers among all: a task is not asked what is asked of people.
    about: [Vec<usize>; SubjectKind::ALL.len()],
}

impl RuleList {
    fn push(&mut self, rule: Box<dyn Rule>) {
        for kind in SubjectKind::ALL.into_iter().filter(|kind| rule.is_about(*kind)) {
            self.about[kind as usize].push(self.all.len());
        }
        self.all.push(rule);
    }

    fn about(&self, kind: SubjectKind) -> impl Iterator<Item = &dyn Rule> {
        self.about[kind as usize].iter().map(|nth| &*self.all[*nth])
    }
}

/// The rules that are switched on.
pub struct Rules {
    list: RuleList,
    overrides: Overrides,
}

fn list(settings: &RuleSettings) -> RuleList {
    let built_in = built_in(settings).into_iter().filter(|(enabled, _)| *enabled).map(|(_, rule)| rule);
    let own = settings.custom.iter().filter(|(_, rule)| rule.enabled);
    let own = own.filter_map(|(name, rule)| Some(Box::new(Own::new(name, rule)?) as Box<dyn Rule>));
    let mut list = RuleList::default();
    built_in.chain(own).for_each(|rule| list.push(rule));
    list
}

impl Rules {
    /// Those that the settings switch on, with their thresholds, the same for every task.
    pub fn new(settings: &RuleSettings) -> Rules {
        Rules::with_overrides(settings, &[])
    }

    /// The same, with other settings for some tasks.
    pub fn with_overrides(settings: &RuleSettings, overrides: &[Override]) -> Rules {
        Rules { list: list(settings), overrides: Overrides::new(settings, overrides) }
    }

    /// These and one more.
    pub fn with(mut self, rule: Box<dyn Rule>) -> Rules {
        self.list.push(rule);
        self
    }

    /// All of them, in the order of the reference, as they are for a task that no override is for.
    pub fn iter(&self) -> impl Iterator<Item = &dyn Rule> {
        self.list.all.iter().map(AsRef::as_ref)
    }

    /// One of them. `None`: it is switched off.
    pub fn get(&self, id: RuleId) -> Option<&dyn Rule> {
        self.iter().find(|rule| rule.id() == id)
    }

    /// The numbers of the overrides that are for a task, the first being 0.
    pub fn overriding<'a>(&self, task: &'a TaskRow, look: &Look<'a>) -> Vec<usize> {
        let matching = self.overrides.matching(task, look);
        (0..overrides::MOST).filter(|nth| matching & (1 << nth) != 0).collect()
    }
}

/// What all rules say about one subject.
#[derive(Debug, Clone, PartialEq)]
pub struct SubjectJudged {
    /// About what.
    pub subject: SubjectKey,
    /// One reading a rule; none at all where the subject may not be judged: then nothing opens and nothing resolves.
    pub readings: Vec<(RuleId, Reading)>,
    /// The first instant at which any of them could differ while the data stays the same. `None`: never by itself.
    pub recheck_at: Option<Timestamp>,
}

/// What one rule says about one subject, and how it got there.
#[derive(Debug, Clone, PartialEq)]
pub struct Explained {
    /// Which rule.
    pub rule: RuleId,
    /// Its answer.
    pub reading: Reading,
    /// What it looked at besides the subject.
    pub reads: Reads,
    /// The first instant at which its answer could differ while the data stays the same. `None`: never by itself.
    pub recheck_at: Option<Timestamp>,
    /// Key and value of every threshold, as in the configuration.
    pub thresholds: Vec<(&'static str, Value)>,
    /// The norms it measures a task against.
    pub norms: Vec<(Metric, Norm)>,
}

/// Judges subjects, each by every rule that is about its kind; in the order given.
pub fn judge(rules: &Rules, subjects: &[SubjectKey], snapshot: &Snapshot<'_>) -> Vec<SubjectJudged> {
    let shared = Shared::default();
    subjects.iter().map(|subject| judge_one(rules, *subject, snapshot, &shared)).collect()
}

/// What is worked out once for all subjects of a round.
#[derive(Default)]
struct Shared {
    chains: Rc<Chains>,
    lists: Lists,
}

fn judge_one(rules: &Rules, subject: SubjectKey, snapshot: &Snapshot<'_>, shared: &Shared) -> SubjectJudged {
    let (mut readings, mut recheck_at) = (Vec::new(), None::<Timestamp>);
    answers(rules, subject, snapshot, shared, false, |rule, reading, look| {
        recheck_at = [recheck_at, look.recheck_at()].into_iter().flatten().min();
        readings.push((rule.id(), reading));
    });
    SubjectJudged { subject, readings, recheck_at }
}

/// The same, without what changes nothing: a reading that is clear, or of what is not told, of a rule that has no open alert
/// about the subject. Most tasks have none at all, and twenty thousand of them are judged in one round.
pub fn judge_briefly(rules: &Rules, subjects: &[SubjectKey], snapshot: &Snapshot<'_>) -> Vec<SubjectJudged> {
    let shared = Shared::default();
    let judged = subjects.iter().map(|subject| {
        let (mut readings, mut recheck_at) = (Vec::new(), None::<Timestamp>);
        let has_alerts = snapshot.board.alerts_of(*subject).next().is_some();
        answers(rules, *subject, snapshot, &shared, !has_alerts, |rule, reading, look| {
            if let Some(at) = look.recheck_at() {
                recheck_at = Some(recheck_at.map_or(at, |other| other.min(at)));
            }
            let is_open = || {
                let mut alerts = snapshot.board.alerts_of(*subject);
                alerts.any(|alert| alert.rule == rule.id() && alert.state != AlertState::Resolved)
            };
            let changes_nothing = matches!(reading, Reading::Clear(_) | Reading::Unknown(Why::NotTold(_)));
            if !changes_nothing || has_alerts && is_open() {
                readings.push((rule.id(), reading));
            }
        });
        SubjectJudged { subject: *subject, readings, recheck_at }
    });
    judged.collect()
}

/// What each rule says about a subject, and why; empty where [`unjudged`] has a reason.
pub fn explain(rules: &Rules, subject: SubjectKey, snapshot: &Snapshot<'_>) -> Vec<Explained> {
    let mut explained = Vec::new();
    answers(rules, subject, snapshot, &Shared::default(), false, |rule, reading, look| {
        explained.push(Explained {
            rule: rule.id(),
            reading,
            reads: look.reads(),
            recheck_at: look.recheck_at(),
            thresholds: rule.thresholds(),
            norms: norms_of(rule, subject, snapshot),
        });
    });
    explained
}

/// What a rule measures a subject against.
fn norms_of(rule: &dyn Rule, subject: SubjectKey, snapshot: &Snapshot<'_>) -> Vec<(Metric, Norm)> {
    let SubjectKey::Task(id) = subject else { return Vec::new() };
    let Some(task) = snapshot.board.task(id) else { return Vec::new() };
    let norms = Look::new(snapshot).norms(task);
    rule.measures().iter().map(|metric| (*metric, *norms.of(*metric))).collect()
}

/// Why a subject may not be judged now, so that what is open about it stays as it is. `None`: it may.
pub fn unjudged(subject: SubjectKey, snapshot: &Snapshot<'_>) -> Option<&'static str> {
    match standing(subject, snapshot) {
        Standing::Unjudged(why) => Some(why),
        Standing::Clear(_) | Standing::Judged(_) => None,
    }
}

/// Asks every rule that is about a subject's kind, with the settings that hold for the subject. `brief`: the numbers of what
/// is clear are not asked for.
fn answers<'a>(
    rules: &Rules,
    subject: SubjectKey,
    snapshot: &Snapshot<'a>,
    shared: &Shared,
    brief: bool,
    mut take: impl FnMut(&dyn Rule, Reading, &Look<'_>),
) {
    let standing = standing(subject, snapshot);
    let look = Look::sharing(snapshot, &shared.chains, brief);
    let special = match standing {
        Standing::Judged(Subject::Task(task)) => rules.overrides.of(task, &look, &shared.lists),
        _ => None,
    };
    let list = special.as_deref().unwrap_or(&rules.list);
    let kind = kind_of(subject, snapshot);
    let untold = match standing {
        Standing::Judged(subject) => Untold::of(subject, snapshot),
        Standing::Clear(_) | Standing::Unjudged(_) => None,
    };
    for rule in list.about(kind) {
        look.begin();
        let reading = match (standing, &untold) {
            (Standing::Judged(subject), None) => guard::ask(rule, subject, &look),
            (Standing::Judged(subject), Some(untold)) => untold.heard(guard::ask(rule, subject, &look), rule, snapshot),
            (Standing::Clear(grounds), _) => Reading::Clear(Grounds::NotApplicable(grounds)),
            (Standing::Unjudged(_), _) => return,
        };
        take(rule, reading, &look);
    }
}

/// What kind of thing a subject is.
pub fn kind_of(subject: SubjectKey, snapshot: &Snapshot<'_>) -> SubjectKind {
    match subject {
        SubjectKey::Task(_) => SubjectKind::Task,
        SubjectKey::Connection(_) => SubjectKind::Connection,
        SubjectKey::Container(id) if snapshot.board.is_home(id) => SubjectKind::Home,
        SubjectKey::Container(_) => SubjectKind::Container,
        SubjectKey::Person(_) => SubjectKind::Person,
        SubjectKey::System => SubjectKind::System,
    }
}

/// Whether rules are asked about a subject.
#[derive(Clone, Copy)]
enum Standing<'a> {
    /// They are.
    Judged(Subject<'a>),
    /// They are not, and what is open about it closes.
    Clear(&'static str),
    /// They are not, and what is open about it stays.
    Unjudged(&'static str),
}

fn standing<'a>(subject: SubjectKey, snapshot: &Snapshot<'a>) -> Standing<'a> {
    match subject {
        SubjectKey::Task(id) => {
            snapshot.board.task(id).map_or(Standing::Clear("it is gone"), |task| standing_of(task, snapshot))
        }
        SubjectKey::Connection(id) => match snapshot.board.connection(id) {
            Some(connection) => Standing::Judged(Subject::Connection(connection)),
            None => Standing::Unjudged("it is not configured any more"),
        },
        SubjectKey::Container(id) => match snapshot.board.container(id) {
            Some(home) if is_home(home.kind) => standing_of_home(home, snapshot),
            Some(container) => standing_of_container(container),
            None => Standing::Unjudged("it is not known any more"),
        },
        SubjectKey::Person(id) => match snapshot.board.somebody(id) {
            Some(who) => Standing::Judged(Subject::Person(who)),
            None => Standing::Unjudged("it is nobody who is known any more"),
        },
        SubjectKey::System => Standing::Judged(Subject::System),
    }
}

/// A home with a date is no place of its own: it stands as the places of its tasks do.
fn standing_of_home<'a>(home: &'a ContainerRec, snapshot: &Snapshot<'a>) -> Standing<'a> {
    let board = snapshot.board;
    if home.reader.is_none_or(|reader| board.connection(reader).is_none()) {
        return Standing::Unjudged("no connection reads it");
    }
    if home.over {
        return Standing::Clear("it is closed");
    }
    if board.places(SubjectKey::Container(home.id)).iter().any(|place| place.warm_at.is_none()) {
        return Standing::Unjudged("what is in it is being read for the first time");
    }
    Standing::Judged(Subject::Home(home))
}

fn standing_of_container<'a>(container: &'a ContainerRec) -> Standing<'a> {
    if container.archived {
        return Standing::Unjudged("it is archived");
    }
    match (container.reader, container.warm_at) {
        (None, _) => Standing::Unjudged("no connection reads it"),
        (_, None) => Standing::Unjudged("it is being read for the first time"),
        _ => Standing::Judged(Subject::Container(container)),
    }
}

fn standing_of<'a>(task: &'a TaskRow, snapshot: &Snapshot<'a>) -> Standing<'a> {
    let container = snapshot.board.container(task.container());
    let Some(container) = container.filter(|container| container.reader.is_some()) else {
        return Standing::Unjudged("no connection reads its container");
    };
    if container.archived {
        return Standing::Unjudged("its container is archived");
    }
    if container.warm_at.is_none() {
        return Standing::Unjudged("its container is being read for the first time");
    }
    match (task.ineligible(), task.category()) {
        (Some(Ineligible::Backlog), _) => Standing::Clear("it is in a backlog"),
        (Some(Ineligible::NotWork), _) => Standing::Clear("it is no work"),
        (Some(Ineligible::Archived), _) => Standing::Clear("it is archived"),
        (Some(Ineligible::Filtered), _) => Standing::Clear("it is outside the connection's filter"),
        (None, StatusCategory::Done) => Standing::Clear("it is done"),
        (None, StatusCategory::Cancelled) => Standing::Clear("it was given up"),
        (None, _) => Standing::Judged(Subject::Task(task)),
    }
}

/// True for a task that rules are asked about, as far as the task itself tells.
fn is_work(task: &TaskRow) -> bool {
    task.is_work()
}

/// The answer to a subject of another kind.
const OTHER_KIND: Reading = Reading::Clear(Grounds::NotApplicable("the rule is about something else"));

/// Clear: the rule is not about such a task.
fn not_about(why: &'static str) -> Reading {
    Reading::Clear(Grounds::NotApplicable(why))
}

/// Clear, without numbers.
fn fine(why: &'static str) -> Reading {
    Reading::Clear(Grounds::Because(why))
}

/// Whole days of the configuration, as a look counts them.
fn days(days: u32) -> i32 {
    i32::try_from(days).unwrap_or(i32::MAX)
}
