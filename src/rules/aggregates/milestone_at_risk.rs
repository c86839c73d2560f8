//! `milestone.at_risk`: what is to be done by one date will hardly be done by then.

use std::collections::BTreeMap;

use connector_model::StatusCategory;
use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::Value;

use crate::domain::burndown::Foretold;
use crate::domain::finding::{Addressee, Deadline, Evidence, Finding, Outlook, Pace, Reading, RuleId, Stage, Why};
use crate::domain::forecast::CHECKPOINTS;
use crate::domain::ids::TaskId;
use crate::domain::look::{Look, Reads};
use crate::domain::plan::Plan;
use crate::domain::row::TaskRow;
use crate::rules::settings::{MilestoneAtRiskSettings, RuleSettings};
use crate::rules::time::due_at_risk::DueAtRisk;
use crate::rules::{OTHER_KIND, Rule, Subject, SubjectKind, fine, not_about};

/// The rule's name.
pub const ID: RuleId = RuleId("milestone.at_risk");

/// So much better than its limit a value is surely on the right side again.
const BETTER: f64 = 0.1;
/// So many open tasks are named.
const NAMED: usize = 5;
/// The checkpoints at which tasks are foretold one by one: later all of them are at risk.
const FORETOLD: u32 = 7;
/// The checkpoint at which all that is open is asked about, whatever its pace.
const LAST: u32 = 1;

/// The rule, with the one whose risks it adds up.
pub struct MilestoneAtRisk {
    settings: MilestoneAtRiskSettings,
    due: DueAtRisk,
}

impl MilestoneAtRisk {
    /// With the thresholds of the rule it asks, whether that speaks itself or not.
    pub fn new(settings: &RuleSettings) -> MilestoneAtRisk {
        MilestoneAtRisk { settings: settings.milestone.at_risk.clone(), due: DueAtRisk::new(settings) }
    }
}

/// By its own pace, where it has one; else by what is known of each of its tasks. What is open is as of now, weeks are those
/// before this one, and the way to the date counts from the start of the working day. Once the date has passed there is
/// nothing to foretell: what was at risk stays so until it is done, moved or closed, and `overdue` tells the rest.
impl Rule for MilestoneAtRisk {
    fn id(&self) -> RuleId {
        ID
    }

    fn reads(&self) -> Reads {
        Reads::MEMBERS.and(Reads::CHILDREN).and(Reads::OWNERS).and(Reads::CONTAINERS)
    }

    fn kind(&self) -> SubjectKind {
        SubjectKind::Home
    }

    fn is_about(&self, kind: SubjectKind) -> bool {
        matches!(kind, SubjectKind::Home | SubjectKind::Container | SubjectKind::Task)
    }

    fn judge<'a>(&self, subject: Subject<'a>, look: &Look<'a>) -> Reading {
        let plan = match subject {
            Subject::Home(container) | Subject::Container(container) => Plan::Container(container),
            Subject::Task(task) => Plan::Task(task),
            Subject::Connection(_) | Subject::Person(_) | Subject::System => return OTHER_KIND,
        };
        self.read(&plan, look).unwrap_or_else(Reading::Unknown)
    }

    fn thresholds(&self) -> Vec<(&'static str, Value)> {
        let settings = &self.settings;
        vec![
            ("amber", settings.amber.into()),
            ("red", settings.red.into()),
            ("weeks", settings.weeks.into()),
            ("finished", settings.finished.into()),
            ("shared_by", settings.shared_by.into()),
        ]
    }
}

/// How a plan stands, in terms of the two limits.
enum Verdict {
    Gap(Stage),
    Edge,
    Clear,
}

impl MilestoneAtRisk {
    fn read<'a>(&self, plan: &Plan<'a>, look: &Look<'a>) -> Result<Reading, Why> {
        if let Plan::Task(task) = plan {
            if task.due().is_none() {
                return Ok(not_about("it has no date of its own"));
            }
            if look.children(task).next().is_none() || look.plan_weeks(plan).is_none() {
                return Ok(not_about("it has no parts"));
            }
        }
        let Some(deadline) = look.plan_deadline(plan) else { return Ok(not_about("it has no date")) };
        let open = look.planned(plan);
        if open.is_empty() {
            return Ok(fine("nothing in it is open"));
        }
        let mut outlook = outlook(plan, &open, deadline, look);
        if look.passed(deadline.at) {
            return Ok(Reading::edge(Evidence::Milestone(Box::new(outlook))));
        }
        let checkpoint = checkpoint(&deadline, look);
        outlook.checkpoint_days = checkpoint.map(|(days, _)| days);
        let shared = matches!(plan, Plan::Container(home) if look.shared_by(home.id) > self.settings.shared_by);
        let verdict = if let Some((foretold, week)) = self.foretell(plan, open.len(), look) {
            let odds = within(&foretold, &deadline, look);
            outlook.pace = Some(pace(&foretold, week, odds, look));
            self.by_pace(odds, shared && outlook.checkpoint_days == Some(LAST))
        } else {
            match (plan, checkpoint) {
                (Plan::Container(_), Some((days, at))) if days >= FORETOLD => {
                    let risks = self.risks(&open, days, at, look)?;
                    outlook.late = (!risks.is_empty()).then(|| tenths(risks.values().sum()));
                    outlook.worst = worst(&open, &risks);
                    self.by_risks(risks.values().sum(), open.len())
                }
                (Plan::Container(_), Some(_)) if shared => Verdict::Gap(Stage::Widens),
                (Plan::Container(_), Some(_)) => return Ok(fine("its open tasks are asked about one by one")),
                _ => Verdict::Clear,
            }
        };
        let evidence = Evidence::Milestone(Box::new(outlook));
        Ok(match verdict {
            Verdict::Clear => Reading::measured(evidence),
            Verdict::Edge => Reading::edge(evidence),
            Verdict::Gap(stage) => Reading::gap(Finding {
                stage,
                scope: String::new(),
                addressee: Addressee::Manager,
                first: None,
                deadline: Some(deadline),
                evidence,
            }),
        })
    }

    /// What its weeks foretell, and in which week. `None`: they say nothing.
    fn foretell<'a>(&self, plan: &Plan<'a>, open: usize, look: &Look<'a>) -> Option<(Foretold, u32)> {
        let weeks = look.plan_weeks(plan)?;
        let least = (self.settings.weeks, self.settings.finished);
        let foretold = weeks.foretell(open, least, look.plan_seed(plan, weeks), look.usual_hours())?;
        Some((foretold, weeks.number()))
    }

    fn by_pace(&self, odds: f64, asked: bool) -> Verdict {
        let MilestoneAtRiskSettings { amber, red, .. } = self.settings;
        if odds < red {
            Verdict::Gap(Stage::Failure)
        } else if odds < amber || asked {
            Verdict::Gap(Stage::Widens)
        } else if odds < (amber * (1.0 + BETTER)).min(1.0) {
            Verdict::Edge
        } else {
            Verdict::Clear
        }
    }

    /// As many are late as their risks add up to. Less than one is none.
    fn by_risks(&self, late: f64, open: usize) -> Verdict {
        let (share, allowed) = (late / open as f64, 1.0 - self.settings.amber);
        if late >= 1.0 && share > 1.0 - self.settings.red {
            Verdict::Gap(Stage::Failure)
        } else if late >= 1.0 && share > allowed {
            Verdict::Gap(Stage::Widens)
        } else if late >= 1.0 - BETTER && share > allowed * (1.0 - BETTER) {
            Verdict::Edge
        } else {
            Verdict::Clear
        }
    }

    /// The risk of each open task at a checkpoint, where it is proven that it can be told.
    fn risks<'a>(
        &self,
        open: &[&'a TaskRow],
        days: u32,
        at: Timestamp,
        look: &Look<'a>,
    ) -> Result<BTreeMap<TaskId, f64>, Why> {
        let mut risks = BTreeMap::new();
        for task in open {
            match self.due.proven_risk(task, days, at, look) {
                Ok(risk) => risks.extend(risk.map(|risk| (task.id, risk))),
                // Of one whose beginning will never be known nothing is told; of one whose history is under way it will be.
                Err(Why::HistoryShort) => {}
                Err(why) => return Err(why),
            }
        }
        Ok(risks)
    }
}

fn outlook<'a>(plan: &Plan<'a>, open: &[&'a TaskRow], deadline: Deadline, look: &Look<'a>) -> Outlook {
    let count = |many: usize| u32::try_from(many).unwrap_or(u32::MAX);
    let weeks = look.plan_weeks(plan);
    Outlook {
        deadline,
        open: count(open.len()),
        todo: count(open.iter().filter(|task| !is_begun(task)).count()),
        weeks: weeks.map_or(0, |weeks| count(weeks.weeks.len())),
        finished: weeks.map_or(0, |weeks| weeks.done()),
        pace: None,
        late: None,
        checkpoint_days: None,
        worst: worst(open, &BTreeMap::new()),
    }
}

/// The latest checkpoint before its date, and when it began. `None`: none yet.
fn checkpoint(deadline: &Deadline, look: &Look<'_>) -> Option<(u32, Timestamp)> {
    let begin = |days: u32| (days, look.plan_days_left_from(deadline, crate::rules::days(days)));
    CHECKPOINTS.into_iter().map(begin).take_while(|(_, at)| look.passed(*at)).last()
}

/// How likely it is done by its date. Holidays in between are no working time.
fn within(foretold: &Foretold, deadline: &Deadline, look: &Look<'_>) -> f64 {
    let calendar = look.usual_hours();
    foretold.within(calendar.working(look.today(calendar), deadline.at))
}

fn pace(foretold: &Foretold, week: u32, odds: f64, look: &Look<'_>) -> Pace {
    let calendar = look.usual_hours();
    let today = look.today(calendar);
    let day = |share: f64| -> Option<Date> {
        let secs = foretold.likely(share)?;
        Some(calendar.date(calendar.after(today, secs)))
    };
    let days = [0.50, 0.85, 0.95].map(day);
    Pace { week, odds: (odds * 100.0).round() / 100.0, per_week: tenths(foretold.per_week), days }
}

fn tenths(value: f64) -> f64 {
    (value * 10.0).round() / 10.0 + 0.0
}

fn is_begun(task: &TaskRow) -> bool {
    task.category() != StatusCategory::Todo || task.facts().started_at().is_some()
}

/// Those that endanger the date most: the riskiest, where that is known; else what nobody began, what is urgent, what is old.
fn worst(open: &[&TaskRow], risks: &BTreeMap<TaskId, f64>) -> Vec<TaskId> {
    let place = |task: &&TaskRow| {
        let risk = risks.get(&task.id).copied().unwrap_or_default();
        (risk, (is_begun(task), task.priority().unwrap_or(u8::MAX), task.created_at(), task.id))
    };
    let mut all: Vec<_> = open.iter().map(place).collect();
    all.sort_unstable_by(|(one, rest), (other, others)| other.total_cmp(one).then_with(|| rest.cmp(others)));
    all.truncate(NAMED);
    all.into_iter().map(|(_, (.., id))| id).collect()
}
