//! What is normal: how long tasks take and rest, how much is urgent, how much a person has at hand.
//!
//! Norms are percentiles of a team's own finished work. They are computed at fixed instants (the start of a day, Greenwich)
//! from what was finished until then, stored, and stand still in between: a reading never changes because somebody else's
//! task did. One that moved by a tenth or less keeps its value, so that rules see nothing of it; one that moved further makes
//! its container be judged anew. Where a container has too few finished tasks of a kind, those of the whole organisation
//! speak, and where these are too few as well, what is typical elsewhere.

use std::collections::{BTreeMap, BTreeSet};

use connector_model::StatusCategory;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::calendar::later;
use super::forecast::Forecast;
use super::ids::{AccountId, ContainerId, IdMap};
use super::moved::Moved;

/// So far back finished tasks count.
pub const WINDOW: SignedDuration = SignedDuration::from_hours(180 * 24);
/// Fewer say nothing.
pub const FEWEST: u32 = 20;
/// Fewer open tasks say nothing about their priorities.
pub const FEWEST_OPEN: u32 = 10;
/// The latest so many of each container and kind count.
pub const MOST: u32 = 200;
/// A norm that moved by this share of itself or less stays what it was.
const STILL: f64 = 0.1;

/// What is measured. Lengths are working days of whoever did the work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Metric {
    /// A pause between two acts of people, while the task was worked on.
    Idle,
    /// From the first sign of work until it was done.
    Work,
    /// At a time in a state that waits to be begun.
    Todo,
    /// At a time being worked on.
    Active,
    /// At a time in review.
    Review,
    /// At a time waiting for somebody or something else.
    Waiting,
    /// From 80 % declared until it was done.
    NearDone,
    /// Share of a container's open tasks in the top two priorities.
    TopPriority,
    /// How many open tasks that are due within ten days somebody has.
    DueSoon,
    /// How many tasks somebody works on.
    InHand,
    /// Share of a container's finished tasks that were ever being worked on, by their state or by what was done on them.
    Begun,
}

impl Metric {
    /// All of them.
    pub const ALL: [Metric; 11] = [
        Metric::Idle,
        Metric::Work,
        Metric::Todo,
        Metric::Active,
        Metric::Review,
        Metric::Waiting,
        Metric::NearDone,
        Metric::TopPriority,
        Metric::DueSoon,
        Metric::InHand,
        Metric::Begun,
    ];
    /// Those that are lengths of finished tasks.
    pub const LENGTHS: [Metric; 7] =
        [Metric::Idle, Metric::Work, Metric::Todo, Metric::Active, Metric::Review, Metric::Waiting, Metric::NearDone];

    /// The number kept in the store.
    pub fn code(self) -> u8 {
        self as u8
    }

    /// The inverse of [`Metric::code`]; `None` for a number written by a newer program.
    pub fn from_code(code: u8) -> Option<Metric> {
        Metric::ALL.get(usize::from(code)).copied()
    }

    /// The time spent in a state. `None`: the state is an end.
    pub fn of_state(category: StatusCategory) -> Option<Metric> {
        match category {
            StatusCategory::Todo => Some(Metric::Todo),
            StatusCategory::Active => Some(Metric::Active),
            StatusCategory::Review => Some(Metric::Review),
            StatusCategory::Waiting => Some(Metric::Waiting),
            StatusCategory::Done | StatusCategory::Cancelled => None,
        }
    }

    /// As documents name it.
    pub fn word(self) -> &'static str {
        match self {
            Metric::Idle => "idle",
            Metric::Work => "work",
            Metric::Todo => "todo",
            Metric::Active => "active",
            Metric::Review => "review",
            Metric::Waiting => "waiting",
            Metric::NearDone => "near_done",
            Metric::TopPriority => "top_priority",
            Metric::DueSoon => "due_soon",
            Metric::InHand => "in_hand",
            Metric::Begun => "begun",
        }
    }
}

/// Where a norm comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// Finished tasks of the same container and kind.
    Container,
    /// Finished tasks of the same kind in the whole organisation; where they are too few, of any kind.
    Organisation,
    /// Shipped: measured on public histories.
    Elsewhere,
}

impl Source {
    /// Put behind a length: `10 working days, typical elsewhere`.
    pub fn words(self) -> &'static str {
        match self {
            Source::Container => "usual here",
            Source::Organisation => "usual in the organisation",
            Source::Elsewhere => "typical elsewhere",
        }
    }
}

/// Percentiles of samples that are there.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Percentiles {
    /// Half of the samples are at most this.
    pub p50: f64,
    /// 70 of 100.
    pub p70: f64,
    /// 85 of 100.
    pub p85: f64,
    /// 95 of 100.
    pub p95: f64,
    /// From how many tasks, or days.
    pub samples: u32,
}

impl Percentiles {
    /// Of these values, in any order. `None`: there are none.
    pub fn of(mut values: Vec<f64>, samples: u32) -> Option<Percentiles> {
        values.sort_by(f64::total_cmp);
        let at = |share: f64| {
            let nth = (share * values.len() as f64).ceil().max(1.0) as usize;
            values.get(nth - 1).copied()
        };
        Some(Percentiles { p50: at(0.5)?, p70: at(0.7)?, p85: at(0.85)?, p95: at(0.95)?, samples })
    }

    /// True when none of them moved by more than a tenth.
    fn stands_still(&self, now: &Percentiles) -> bool {
        let pairs = [(self.p50, now.p50), (self.p70, now.p70), (self.p85, now.p85), (self.p95, now.p95)];
        pairs.into_iter().all(|(before, now)| (now - before).abs() <= STILL * before.abs() + 1e-9)
    }
}

/// One norm, as rules see it. `None`: nothing is known of that percentile.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Norm {
    /// Where it comes from.
    pub source: Source,
    /// From how many tasks; 0 for what is typical elsewhere.
    pub samples: u32,
    /// Half of the tasks are at most this.
    pub p50: Option<f64>,
    /// 70 of 100.
    pub p70: Option<f64>,
    /// 85 of 100.
    pub p85: Option<f64>,
    /// 95 of 100.
    pub p95: Option<f64>,
}

impl Norm {
    const UNKNOWN: Norm = Norm { source: Source::Elsewhere, samples: 0, p50: None, p70: None, p85: None, p95: None };

    /// Told by samples.
    pub fn told(source: Source, of: &Percentiles) -> Norm {
        Norm { source, samples: of.samples, p50: Some(of.p50), p70: Some(of.p70), p85: Some(of.p85), p95: Some(of.p95) }
    }
}

/// What is normal for tasks of one container and kind, in working days.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Norms {
    lengths: [Norm; Metric::LENGTHS.len()],
}

/// What holds where there is no history of one's own.
pub const ELSEWHERE: Norms = Norms {
    lengths: [
        Norm { p85: Some(10.0), ..Norm::UNKNOWN },
        Norm { p50: Some(3.0), p85: Some(15.0), ..Norm::UNKNOWN },
        Norm::UNKNOWN,
        Norm::UNKNOWN,
        Norm { p85: Some(5.0), ..Norm::UNKNOWN },
        Norm::UNKNOWN,
        Norm::UNKNOWN,
    ],
};

impl Norms {
    /// One of them; of what is no length nothing is known here.
    pub fn of(&self, metric: Metric) -> &Norm {
        const NOTHING: Norm = Norm::UNKNOWN;
        self.lengths.get(usize::from(metric.code())).unwrap_or(&NOTHING)
    }

    /// 85 of 100 pauses between two acts of people are at most this long.
    pub fn idle_p85_days(&self) -> f64 {
        self.of(Metric::Idle).p85.or(ELSEWHERE.of(Metric::Idle).p85).unwrap_or_default()
    }

    /// Half of the tasks are finished within this after their start.
    pub fn work_p50_days(&self) -> f64 {
        self.of(Metric::Work).p50.or(ELSEWHERE.of(Metric::Work).p50).unwrap_or_default()
    }

    /// These, where there are too few samples those of `fallback`.
    fn over(rows: &Rows, about: i64, kind: &str, source: Source, fallback: &Norms) -> Norms {
        let mut lengths = fallback.lengths;
        for (place, metric) in lengths.iter_mut().zip(Metric::LENGTHS) {
            if let Some(own) = rows.get(&RowKey { about, kind: kind.to_owned(), metric }) {
                *place = Norm::told(source, own);
            }
        }
        Norms { lengths }
    }
}

/// What is normal for one person.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Habits {
    /// Open tasks due within ten days. `None`: not known long enough.
    pub due_soon: Option<Percentiles>,
    /// Tasks being worked on. `None`: not known long enough.
    pub in_hand: Option<Percentiles>,
}

/// What a norm is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct RowKey {
    /// A container's row, an account's for what people have at hand; 0: the organisation.
    pub about: i64,
    /// Kind of task. Empty: of a container, tasks without one; of the organisation, all.
    pub kind: String,
    /// What is measured.
    pub metric: Metric,
}

/// Norms as they are stored.
pub type Rows = BTreeMap<RowKey, Percentiles>;

/// Puts new norms in place of old ones: what stood still keeps its value. Says what moved.
pub fn renewed(old: &Rows, new: Rows) -> (Rows, BTreeSet<Moved>) {
    let mut moved = BTreeSet::new();
    let gone = old.keys().filter(|key| !new.contains_key(key));
    moved.extend(gone.map(moved_by));
    let mut rows = Rows::new();
    for (key, percentiles) in new {
        let kept = old.get(&key).filter(|before| before.stands_still(&percentiles)).copied();
        if kept.is_none() {
            moved.insert(moved_by(&key));
        }
        rows.insert(key, kept.unwrap_or(percentiles));
    }
    (rows, moved)
}

fn moved_by(key: &RowKey) -> Moved {
    match (key.about, key.metric) {
        (0, _) => Moved::Organisation,
        (account, Metric::DueSoon | Metric::InHand) => Moved::Account(AccountId(account)),
        (container, _) => Moved::Container(ContainerId(container)),
    }
}

/// Norms as they were computed last, ready to be asked.
#[derive(Debug, Clone, PartialEq)]
pub struct Book {
    /// The instant they are of. `None`: never computed.
    pub as_of: Option<Timestamp>,
    /// Containers whose finished tasks were counted.
    pub counted: BTreeSet<ContainerId>,
    /// What is known beforehand about dates.
    pub forecast: Forecast,
    rows: Rows,
    /// Of the rows those that are of no kind of task, to be found at once: everybody's and every container's.
    plain: IdMap<(i64, Metric), Percentiles>,
    own: IdMap<ContainerId, BTreeMap<Box<str>, Norms>>,
    organisation: BTreeMap<Box<str>, Norms>,
    whole: Norms,
}

impl Default for Book {
    fn default() -> Book {
        Book::new(None, BTreeSet::new(), Rows::new())
    }
}

impl Book {
    /// From stored norms.
    pub fn new(as_of: Option<Timestamp>, counted: BTreeSet<ContainerId>, rows: Rows) -> Book {
        let whole = Norms::over(&rows, 0, "", Source::Organisation, &ELSEWHERE);
        let mut organisation = BTreeMap::new();
        let mut own: IdMap<ContainerId, BTreeMap<Box<str>, Norms>> = IdMap::default();
        let lengths = || rows.keys().filter(|key| Metric::LENGTHS.contains(&key.metric));
        for key in lengths().filter(|key| key.about == 0 && !key.kind.is_empty()) {
            let norms = Norms::over(&rows, 0, &key.kind, Source::Organisation, &whole);
            organisation.insert(key.kind.as_str().into(), norms);
        }
        for key in lengths().filter(|key| key.about != 0) {
            let fallback = organisation.get(key.kind.as_str()).unwrap_or(&whole);
            let norms = Norms::over(&rows, key.about, &key.kind, Source::Container, fallback);
            own.entry(ContainerId(key.about)).or_default().insert(key.kind.as_str().into(), norms);
        }
        let plain = rows.iter().filter(|(key, _)| key.kind.is_empty());
        let plain = plain.map(|(key, row)| ((key.about, key.metric), *row)).collect();
        Book { as_of, counted, forecast: Forecast::default(), rows, plain, own, organisation, whole }
    }

    /// With what is known beforehand about dates.
    pub fn with_forecast(self, forecast: Forecast) -> Book {
        Book { forecast, ..self }
    }

    /// What is normal in a container for a kind of task; the empty kind for tasks without one.
    pub fn of(&self, container: ContainerId, kind: &str) -> &Norms {
        let own = self.own.get(&container).and_then(|kinds| kinds.get(kind));
        own.or_else(|| self.organisation.get(kind)).unwrap_or(&self.whole)
    }

    /// Share of a container's open tasks in the top two priorities, with how many there were. `None`: too few to say.
    pub fn top_priority(&self, container: ContainerId) -> Option<&Percentiles> {
        self.row(container.0, Metric::TopPriority)
    }

    /// Share of a container's finished tasks that were ever being worked on, with how many there were. `None`: too few to say.
    pub fn begun(&self, container: ContainerId) -> Option<&Percentiles> {
        self.row(container.0, Metric::Begun)
    }

    /// What somebody usually has at hand, by any of their accounts.
    pub fn habits(&self, account: AccountId) -> Habits {
        self.habits_of(account.0)
    }

    /// What people of the organisation usually have at hand, over all of them and their days.
    pub fn team_habits(&self) -> Habits {
        self.habits_of(0)
    }

    fn habits_of(&self, about: i64) -> Habits {
        let of = |metric| self.row(about, metric).copied();
        Habits { due_soon: of(Metric::DueSoon), in_hand: of(Metric::InHand) }
    }

    fn row(&self, about: i64, metric: Metric) -> Option<&Percentiles> {
        self.plain.get(&(about, metric))
    }

    /// As they are stored.
    pub fn rows(&self) -> &Rows {
        &self.rows
    }
}

/// The instant that norms are of at `now`: the start of the day, Greenwich.
pub fn instant(now: Timestamp) -> Timestamp {
    let day = now.as_second().div_euclid(86_400) * 86_400;
    Timestamp::from_second(day).unwrap_or(Timestamp::MIN)
}

/// Since when finished tasks count for norms of this instant.
pub fn since(as_of: Timestamp) -> Timestamp {
    later(as_of, -WINDOW)
}
