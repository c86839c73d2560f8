//! `due.at_risk`: the forecast. A task that is still open at a checkpoint before its date, and what speaks against that date.

use connector_model::StatusCategory;
use jiff::Timestamp;
use serde_json::Value;

use crate::domain::finding::{Addressee, Deadline, Evidence, Finding, Reading, RiskReason, RuleId, Stage, Why};
use crate::domain::forecast::{self, CHECKPOINTS, Proof, RANKED};
use crate::domain::look::{Look, Reads};
use crate::domain::policy::Mode;
use crate::domain::row::TaskRow;
use crate::rules::settings::{DueAtRiskSettings, DueUnrealistic, PaceBehind, RuleSettings};
use crate::rules::{OTHER_KIND, Rule, Subject, fine, not_about};

/// The rule's name.
pub const ID: RuleId = RuleId("due.at_risk");

/// Share of the threshold below which a task surely is no longer among the riskiest.
const EDGE: f64 = 0.9;
/// The checkpoint at which a gap opens; later it widens.
const FIRST: u32 = 14;
/// The checkpoint at which every open task is red.
const LAST: u32 = 1;
/// Most reasons of one word.
const REASONS: usize = 3;
/// Working days without an act that are worth naming.
const NAMED_IDLE_DAYS: i64 = 3;

/// The rule, with those whose gaps are its reasons.
pub struct DueAtRisk {
    settings: DueAtRiskSettings,
    /// From how many tasks on with one date `milestone.at_risk` speaks for all of them. `None`: it does not speak.
    shared_by: Option<u32>,
    pace: PaceBehind,
    unrealistic: DueUnrealistic,
}

impl DueAtRisk {
    /// With the thresholds of the rules it asks, whether these speak themselves or not.
    pub fn new(settings: &RuleSettings) -> DueAtRisk {
        let together = &settings.milestone.at_risk;
        let speaks = together.enabled && together.mode != Some(Mode::Observe);
        DueAtRisk {
            settings: settings.due.at_risk.clone(),
            shared_by: speaks.then_some(together.shared_by),
            pace: settings.pace.behind.clone(),
            unrealistic: settings.due.unrealistic.clone(),
        }
    }
}

/// Everything is read as of the checkpoint, so that a gap does not come and go in between: whatever somebody writes, it is
/// open and due soon until it is done or moved. That an owner who does something after being asked has answered is for those
/// to know who know when they were asked. A date that was set later than a checkpoint has not stood at it. Once it has
/// passed, another rule speaks.
impl Rule for DueAtRisk {
    fn id(&self) -> RuleId {
        ID
    }

    fn reads(&self) -> Reads {
        let asked = self.pace.reads().and(self.unrealistic.reads());
        asked.and(Reads::OWNERS).and(Reads::CONTAINERS).and(Reads::BLOCKERS)
    }

    fn judge<'a>(&self, subject: Subject<'a>, look: &Look<'a>) -> Reading {
        let Subject::Task(task) = subject else { return OTHER_KIND };
        self.read(task, look).unwrap_or_else(Reading::Unknown)
    }

    fn thresholds(&self) -> Vec<(&'static str, Value)> {
        let settings = &self.settings;
        vec![
            ("misses", settings.misses.into()),
            ("auc", settings.auc.into()),
            ("red_risk", settings.red_risk.into()),
            ("red_idle", settings.red_idle.to_string().into()),
        ]
    }
}

/// The latest checkpoint that a task has come to, and when it began: a day of the owner's. `None`: none yet.
pub fn checkpoint<'a>(task: &'a TaskRow, deadline: &Deadline, look: &Look<'a>) -> Option<(u32, Timestamp)> {
    let begin = |days: u32| (days, look.days_left_from(task, deadline, crate::rules::days(days)));
    CHECKPOINTS.into_iter().map(begin).take_while(|(_, at)| look.passed(*at)).last()
}

/// How many of a hundred tasks like it miss their date, by what was measured elsewhere. `None`: it has no history.
///
/// # Errors
/// Where the history cannot be relied on.
pub fn foretold<'a>(task: &'a TaskRow, days: u32, at: Timestamp, look: &Look<'a>) -> Result<Option<f64>, Why> {
    Ok(score(task, days, at, look)?.map(forecast::risk))
}

/// The score at a checkpoint: what came later does not count.
fn score<'a>(task: &'a TaskRow, days: u32, at: Timestamp, look: &Look<'a>) -> Result<Option<f64>, Why> {
    let (Some(facts), Some(human_at)) = (look.facts(task)?, look.human_at(task)?) else { return Ok(None) };
    let calendar = look.calendar(task);
    let idle = calendar.working(human_at.min(at), at) as f64 / calendar.day_secs().max(1) as f64;
    let started = facts.started_at().is_some_and(|started| started <= at);
    Ok(Some(forecast::score(days, idle, started)))
}

/// What a task is foretold, where that may be said at all.
enum Foretold {
    /// It is among the riskiest.
    Among(f64),
    /// It is nearly.
    Nearly(f64),
    /// It is not, or it is not known which are.
    No(Box<Reading>),
}

impl DueAtRisk {
    fn read<'a>(&self, task: &'a TaskRow, look: &Look<'a>) -> Result<Reading, Why> {
        if look.owners(task).next().is_none() {
            return Ok(not_about("nobody owns it"));
        }
        let Some(deadline) = look.deadline(task) else { return Ok(not_about("it has no deadline")) };
        let Some((days, asked_at)) = checkpoint(task, &deadline, look) else {
            return Ok(fine("more than 14 days are left"));
        };
        if let Some((with, tasks)) = self.together(task, look) {
            let evidence = Evidence::DueTogether { with, tasks, deadline };
            return Ok(Reading::measured(evidence));
        }
        if look.passed(deadline.at) {
            return Ok(not_about("its date has passed"));
        }
        let facts = look.facts(task)?;
        let dated_at = facts.and_then(|facts| facts.due_set_at()).unwrap_or(task.created_at());
        if dated_at.max(task.created_at()) > asked_at {
            return Ok(fine(if days <= LAST {
                "it got its date after the last checkpoint"
            } else {
                "it got its date after this checkpoint, and is looked at again at the next"
            }));
        }
        let gap = |risk, red| -> Result<Finding, Why> { self.gap(task, (days, asked_at), deadline, (risk, red), look) };
        if !RANKED.contains(&days) {
            let red = days <= LAST || self.is_red(task, look)?;
            return Ok(Reading::gap(gap(None, red)?));
        }
        Ok(match self.foretell(task, days, asked_at, look)? {
            Foretold::Among(risk) => Reading::gap(gap(Some(risk), risk >= self.settings.red_risk)?),
            Foretold::Nearly(risk) => Reading::edge(gap(Some(risk), risk >= self.settings.red_risk)?.evidence),
            Foretold::No(reading) => *reading,
        })
    }

    /// The milestone, sprint or version that it shares its date with, and with how many others, where that is asked about as a
    /// whole: two hundred tasks of a release are one question, and not two hundred.
    fn together<'a>(&self, task: &'a TaskRow, look: &Look<'a>) -> Option<(String, u32)> {
        let most = self.shared_by?;
        let home = look.home_of_date(task).filter(|home| home.reader.is_some() && !home.over)?;
        let tasks = look.shared_by(home.id);
        (tasks > most).then(|| (home.name.to_string(), tasks))
    }

    /// How likely a task misses its date, by where it stands at a checkpoint. `None`: it is not proven here that this can be
    /// told, or it has no history.
    ///
    /// # Errors
    /// Where the history cannot be relied on.
    pub fn proven_risk<'a>(
        &self,
        task: &'a TaskRow,
        days: u32,
        at: Timestamp,
        look: &Look<'a>,
    ) -> Result<Option<f64>, Why> {
        let Some(score) = score(task, days, at, look)? else { return Ok(None) };
        let proof = self.proven(look.proofs(task, days)).ok();
        Ok(proof.map(|proof| forecast::risk(score + proof.shift)))
    }

    /// Two and one week before its date: only of those that are riskier than others, where it is proven that this can be told.
    fn foretell<'a>(&self, task: &'a TaskRow, days: u32, at: Timestamp, look: &Look<'a>) -> Result<Foretold, Why> {
        let Some(score) = score(task, days, at, look)? else {
            return Ok(Foretold::No(Box::new(not_about("its history cannot be read"))));
        };
        let proof = match self.proven(look.proofs(task, days)) {
            Ok(proof) => proof,
            Err(shown) => {
                return Ok(Foretold::No(Box::new(Reading::measured(self.unproven(days, shown)))));
            }
        };
        let Some(third) = look.third(task, days) else {
            return Ok(Foretold::No(Box::new(fine(
                "too few tasks stand at this checkpoint to say which are the riskiest",
            ))));
        };
        let Some(from) = third.from else {
            return Ok(Foretold::No(Box::new(fine("the tasks at this checkpoint are all alike"))));
        };
        let (own, here) = (forecast::risk(score), forecast::risk(score + proof.shift));
        Ok(if own >= from {
            Foretold::Among(here)
        } else if own >= EDGE * from {
            Foretold::Nearly(here)
        } else {
            Foretold::No(Box::new(fine("it is not among the riskiest third of those at this checkpoint")))
        })
    }

    /// What shows that the score orders tasks here: the container's own finished tasks, where enough of them missed their date;
    /// else the organisation's.
    fn proven<'p>(&self, [own, all]: [Option<&'p Proof>; 2]) -> Result<&'p Proof, Option<&'p Proof>> {
        let enough = |proof: &&Proof| proof.misses >= self.settings.misses;
        let Some(proof) = own.filter(enough).or_else(|| all.filter(enough)) else { return Err(own.or(all)) };
        if proof.auc.is_some_and(|auc| auc >= self.settings.auc) { Ok(proof) } else { Err(Some(proof)) }
    }

    fn unproven(&self, days: u32, shown: Option<&Proof>) -> Evidence {
        Evidence::RiskUnproven {
            days,
            misses: shown.map_or(0, |proof| proof.misses),
            needed: self.settings.misses,
            auc: shown.and_then(|proof| proof.auc),
            least: self.settings.auc,
        }
    }

    /// Three days before its date: nobody began, or nobody has touched it of late.
    fn is_red<'a>(&self, task: &'a TaskRow, look: &Look<'a>) -> Result<bool, Why> {
        let Some(human_at) = look.human_at(task)? else { return Ok(look.category(task)? == StatusCategory::Todo) };
        let rested = look.passed(self.settings.red_idle.after(human_at, look.calendar(task)));
        Ok(rested || !is_started(task, look)?)
    }

    fn gap<'a>(
        &self,
        task: &'a TaskRow,
        (days, asked_at): (u32, Timestamp),
        deadline: Deadline,
        (risk, red): (Option<f64>, bool),
        look: &Look<'a>,
    ) -> Result<Finding, Why> {
        let reasons = self.reasons(task, look)?;
        Ok(Finding {
            stage: if days >= FIRST { Stage::Opens } else { Stage::Widens },
            scope: String::new(),
            addressee: Addressee::Owners,
            first: None,
            deadline: Some(deadline),
            evidence: Evidence::AtRisk { days, asked_at, deadline, red, risk, reasons },
        })
    }

    /// What is known about it that speaks against its date, what weighs most first.
    fn reasons<'a>(&self, task: &'a TaskRow, look: &Look<'a>) -> Result<Vec<RiskReason>, Why> {
        let mut reasons = Vec::new();
        if !is_started(task, look)? {
            reasons.push(RiskReason::NotStarted);
        }
        let open = look.blockers(task).find(|blocker| look.counts(blocker));
        reasons.extend(open.map(|blocker| RiskReason::Blocked { by: blocker.id }));
        if let Reading::Gap(finding) = self.pace.judge(Subject::Task(task), look)
            && let Evidence::Pace { progress, start_at, .. } = finding.evidence
        {
            reasons.push(RiskReason::Behind { progress, start_at });
        }
        if let Reading::Gap(finding) = self.unrealistic.judge(Subject::Task(task), look)
            && let Evidence::Unrealistic { set_at, .. } = finding.evidence
        {
            reasons.push(RiskReason::Unrealistic { set_at });
        }
        if let Some(human_at) = look.human_at(task)? {
            let calendar = look.calendar(task);
            let idle = look.passed(calendar.after(human_at, NAMED_IDLE_DAYS * calendar.day_secs()));
            reasons.extend(idle.then_some(RiskReason::Idle { human_at }));
        }
        reasons.truncate(REASONS);
        Ok(reasons)
    }
}

/// Whether there is any sign of work: by its state, or by what its owners do where nobody moves it. A state that nobody has
/// given a meaning is no sign that there is none.
fn is_started<'a>(task: &'a TaskRow, look: &Look<'a>) -> Result<bool, Why> {
    if task.unmapped().is_some() {
        return Ok(true);
    }
    let told = look.facts(task)?.is_some_and(|facts| facts.started_at().is_some());
    Ok(told || look.owner_at(task)?.is_some() || look.category(task)? != StatusCategory::Todo)
}
