//! `stalled`: work that was begun, and no act of a human on it for longer than the time left allows.

use connector_model::StatusCategory;
use jiff::Timestamp;
use serde_json::Value;

use crate::domain::calendar::Calendar;
use crate::domain::finding::{Addressee, Deadline, Evidence, Finding, FirstWord, Reading, RuleId, Stage, Why};
use crate::domain::length::Length;
use crate::domain::look::{Look, Reads};
use crate::domain::norms::{Metric, Source};
use crate::domain::row::TaskRow;
use crate::rules::settings::Stalled;
use crate::rules::{OTHER_KIND, Rule, Subject, not_about};

/// The rule's name.
pub const ID: RuleId = RuleId("stalled");

/// Share of the allowed silence below which a gap that is open closes.
const EDGE: f64 = 0.9;
/// Calendar days left from which it is told directly; before, and without a deadline, a line of the digest is enough.
const DIRECT_DAYS_LEFT: i32 = 14;

/// Silence alone predicts nothing; silence measured by the time left does. So each stretch before the deadline has its own
/// allowance, and a gap opens as soon as the silence exceeds that of the stretch it has reached.
impl Rule for Stalled {
    fn id(&self) -> RuleId {
        ID
    }

    fn reads(&self) -> Reads {
        Reads::OWNERS.and(Reads::CONTAINERS)
    }

    fn judge<'a>(&self, subject: Subject<'a>, look: &Look<'a>) -> Reading {
        let Subject::Task(task) = subject else { return OTHER_KIND };
        self.read(task, look).unwrap_or_else(Reading::Unknown)
    }

    fn measures(&self) -> &'static [Metric] {
        &[Metric::Idle]
    }

    fn thresholds(&self) -> Vec<(&'static str, Value)> {
        let lengths = [
            ("idle_0d", self.idle_0d),
            ("idle_3d", self.idle_3d),
            ("idle_7d", self.idle_7d),
            ("idle_14d", self.idle_14d),
            ("idle_30d", self.idle_30d),
        ];
        lengths.into_iter().map(|(key, length)| (key, length.to_string().into())).collect()
    }
}

/// A stretch before the deadline.
struct Band {
    /// When it begins.
    from: Timestamp,
    /// Silence allowed in it, working seconds.
    limit_secs: i64,
    /// What is normal set it.
    norm: Option<Source>,
}

impl Stalled {
    fn read<'a>(&self, task: &'a TaskRow, look: &Look<'a>) -> Result<Reading, Why> {
        match look.category(task)? {
            StatusCategory::Active => {}
            StatusCategory::Todo => return Ok(not_about("it was not begun")),
            _ => return Ok(not_about("it waits for somebody or something else")),
        }
        let Some(human_at) = look.human_at(task)? else { return Ok(not_about("its history cannot be read")) };
        let deadline = look.deadline(task);
        let bands = self.bands(task, human_at, deadline.as_ref(), look);
        let calendar = look.calendar(task);
        let band = bands.iter().rfind(|band| look.passed(band.from));
        let (limit_secs, norm) = band.map_or((0, None), |band| (band.limit_secs, band.norm));
        let evidence = || Evidence::Stalled { human_at, limit_secs, deadline, norm };
        // Most are quiet for less than nearly too long: that is asked first.
        if !look.passed(first_passing(&bands, human_at, calendar, EDGE)) {
            return Ok(look.measured(evidence));
        }
        if !look.passed(first_passing(&bands, human_at, calendar, 1.0)) {
            return Ok(Reading::edge(evidence()));
        }
        Ok(Reading::gap(finding(task, deadline, evidence(), look)))
    }

    /// The stretches before the deadline, the farthest first.
    fn bands<'a>(
        &self,
        task: &'a TaskRow,
        human_at: Timestamp,
        deadline: Option<&Deadline>,
        look: &Look<'a>,
    ) -> Vec<Band> {
        let calendar = look.calendar(task);
        let secs = |length: Length| length.working(human_at, calendar);
        let norms = look.norms(task);
        let (floor, normal) = (secs(self.idle_30d), secs(Length::Workdays(norms.idle_p85_days())));
        let norm = (normal >= floor).then_some(norms.of(Metric::Idle).source);
        let far = Band { from: Timestamp::MIN, limit_secs: floor.max(normal), norm };
        let near = [(29, self.idle_14d), (13, self.idle_7d), (6, self.idle_3d), (2, self.idle_0d)];
        let near = deadline.into_iter().flat_map(|deadline| {
            near.map(|(left, length)| Band {
                from: look.days_left_from(task, deadline, left),
                limit_secs: secs(length),
                norm: None,
            })
        });
        [far].into_iter().chain(near).collect()
    }
}

/// When the silence first exceeds so much of what is allowed.
fn first_passing(bands: &[Band], human_at: Timestamp, calendar: &Calendar, share: f64) -> Timestamp {
    let passing = |band: &Band| {
        let limit = (band.limit_secs as f64 * share).round() as i64;
        calendar.after(human_at, limit).max(band.from)
    };
    bands.iter().map(passing).min().unwrap_or(Timestamp::MAX)
}

fn finding<'a>(task: &'a TaskRow, deadline: Option<Deadline>, evidence: Evidence, look: &Look<'a>) -> Finding {
    let near = deadline.is_some_and(|deadline| look.days_left_at_most(task, &deadline, DIRECT_DAYS_LEFT));
    Finding {
        stage: Stage::Widens,
        scope: String::new(),
        addressee: Addressee::Owners,
        first: Some(if near { FirstWord::Direct } else { FirstWord::Digest }),
        deadline,
        evidence,
    }
}
