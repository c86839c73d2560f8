//! Evidence as numbers of one moment: what `-o json` prints, and what explanations are made of.
//!
//! Shares are rounded to hundredths, lengths are working days rounded to tenths, days and instants are text. What is not
//! there is `null`, never left out.

use connector_model::{Due, DueSource};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value};

use super::time::pace_behind::allowed_at;
use crate::domain::calendar::Calendar;
use crate::domain::finding::{Deadline, Evidence, Mismatch, Outlook, Overload, RiskReason, Still, Unheeded};

/// The numbers behind a reading at `now`, by the calendar of whoever is concerned.
pub fn numbers(evidence: &Evidence, now: Timestamp, calendar: &Calendar) -> Map<String, Value> {
    let at = Moment { now, calendar };
    let pairs: Vec<(&str, Value)> = match evidence {
        Evidence::Pace { .. } => at.pace(evidence),
        Evidence::NeverStarted { assigned_at, start_at, deadline } => {
            let mut pairs = at.elapsed(*start_at, deadline);
            pairs.push(("assigned_on", at.day(*assigned_at)));
            pairs.extend(at.due(Some(deadline)));
            pairs
        }
        Evidence::StartLate { start, start_at, limit_secs, deadline } => {
            let mut pairs = vec![
                ("start", start.to_text().into()),
                ("late_days", at.work_days(calendar.working(*start_at, now))),
                ("limit_days", at.work_days(*limit_secs)),
            ];
            pairs.extend(at.due(deadline.as_ref()));
            pairs
        }
        Evidence::Stalled { human_at, limit_secs, deadline, .. } => {
            let mut pairs = vec![
                ("idle_days", at.work_days(calendar.working(*human_at, now))),
                ("limit_days", at.work_days(*limit_secs)),
                ("last_act_on", at.day(Some(*human_at))),
            ];
            pairs.extend(at.due(deadline.as_ref()));
            pairs
        }
        Evidence::NearDone { progress, source, items, since, limit_secs, deadline } => {
            let mut pairs = vec![
                ("progress", share(*progress)),
                ("progress_source", word(source)),
                ("items", if *items == 0 { Value::Null } else { (*items).into() }),
                ("still_days", at.work_days(calendar.working(*since, now))),
                ("limit_days", at.work_days(*limit_secs)),
                ("since", at.day(Some(*since))),
            ];
            pairs.extend(at.due(deadline.as_ref()));
            pairs
        }
        Evidence::Estimate { estimate_secs, spent_secs, nothing_left, active_since, deadline } => {
            let mut pairs = vec![
                ("estimate_hours", hours(*estimate_secs)),
                ("spent_hours", hours(*spent_secs)),
                ("spent", share(*spent_secs as f64 / (*estimate_secs).max(1) as f64)),
                ("nothing_left", (*nothing_left).into()),
                ("active_hours", active_since.map_or(Value::Null, |since| hours(calendar.working(since, now)))),
            ];
            pairs.extend(at.due(deadline.as_ref()));
            pairs
        }
        Evidence::Aging { category, since, limit_secs, usual_secs, source, samples } => vec![
            ("state", word(category)),
            ("age_days", at.work_days(calendar.working(*since, now))),
            ("since", at.day(Some(*since))),
            ("p85_days", at.work_days(*limit_secs)),
            ("p70_days", usual_secs.map_or(Value::Null, |secs| at.work_days(secs))),
            ("norm", word(source)),
            ("samples", (*samples).into()),
        ],
        Evidence::UrgentSilent { human_at, limit_secs, priority, deadline } => {
            let mut pairs = vec![
                ("priority", (*priority).into()),
                ("idle_days", at.work_days(calendar.working(*human_at, now))),
                ("limit_days", at.work_days(*limit_secs)),
                ("last_act_on", at.day(Some(*human_at))),
            ];
            pairs.extend(at.due(deadline.as_ref()));
            pairs
        }
        Evidence::UrgentCrowd { share: urgent, tasks, most_share } => {
            vec![("share", share(*urgent)), ("tasks", (*tasks).into()), ("most_share", share(*most_share))]
        }
        Evidence::Overdue { deadline, first_due, in_review } => {
            let mut pairs = vec![
                ("in_review", (*in_review).into()),
                ("late_days", at.work_days(calendar.working(deadline.at, now))),
                ("first_due", first_due.map_or(Value::Null, |due| due.to_text().into())),
            ];
            pairs.extend(at.due(Some(deadline)));
            pairs
        }
        Evidence::NoOwner { deadline, category, .. } => {
            let mut pairs = vec![("state", word(category))];
            pairs.extend(at.due(deadline.as_ref()));
            pairs
        }
        Evidence::Own { says, deadline, .. } => {
            let mut pairs = vec![("says", says.as_str().into())];
            pairs.extend(at.due(deadline.as_ref()));
            pairs
        }
        Evidence::NoDue { category } => vec![("state", word(category))],
        Evidence::ChildAfterParent { deadline, parent_deadline, .. } => {
            let mut pairs = vec![("parent_due", parent_deadline.due.to_text().into())];
            pairs.push(("parent_days_left", at.days_left(parent_deadline)));
            pairs.extend(at.due(Some(deadline)));
            pairs
        }
        Evidence::PartsDone { parts, done_at } => vec![
            ("parts", (*parts).into()),
            ("done_on", at.day(Some(*done_at))),
            ("open_days", at.work_days(calendar.working(*done_at, now))),
        ],
        Evidence::ParentDone { done_at, .. } => vec![("parent_done_on", at.day(*done_at))],
        Evidence::PartBegun { .. } => Vec::new(),
        Evidence::BlockerDone { blocker, free_at } => vec![
            ("unlinked", blocker.is_none().into()),
            ("free_on", at.day(Some(*free_at))),
            ("free_days", at.work_days(calendar.working(*free_at, now))),
        ],
        Evidence::BlockerUnnamed { since } => {
            vec![("waiting_since", at.day(Some(*since))), ("waiting_days", at.work_days(calendar.working(*since, now)))]
        }
        Evidence::BlockerStale { still, waiting, nearest } => {
            let (because, since) = match still {
                Still::NoOwner => ("no_owner", None),
                Still::NeverStarted => ("never_started", None),
                Still::Since(since) => ("stalled", Some(*since)),
            };
            vec![
                ("because", because.into()),
                ("last_act_on", at.day(since)),
                ("waiting", waiting.len().into()),
                ("nearest_due", nearest.map_or(Value::Null, |nearest| nearest.due.to_text().into())),
            ]
        }
        Evidence::Circle { tasks, nested } => vec![("tasks", tasks.len().into()), ("nested", (*nested).into())],
        Evidence::DateConflict { blocker_deadline, deadline, start, others, .. } => {
            let mut pairs = vec![
                ("blocker_due", blocker_deadline.due.to_text().into()),
                ("start", start.map_or(Value::Null, |start| start.to_text().into())),
                ("others", (*others).into()),
            ];
            pairs.extend(at.due(deadline.as_ref()));
            pairs
        }
        Evidence::CrossMismatch { how, .. } => at.mismatch(how),
        Evidence::Cascade { finish_at, late, downstream, priority, deadline } => {
            let mut pairs = vec![
                ("downstream", (*downstream).into()),
                ("late", late.len().into()),
                ("priority", (*priority).into()),
                ("finish_on", at.day(Some(*finish_at))),
                ("nearest_due", late.first().map_or(Value::Null, |late| late.deadline.due.to_text().into())),
            ];
            pairs.extend(at.due(deadline.as_ref()));
            pairs
        }
        Evidence::NotAcknowledged { assigned_at, limit_secs, deadline, .. } => {
            let mut pairs = vec![
                ("assigned_on", at.day(Some(*assigned_at))),
                ("silent_days", at.work_days(calendar.working(*assigned_at, now))),
                ("limit_days", at.work_days(*limit_secs)),
            ];
            pairs.extend(at.due(deadline.as_ref()));
            pairs
        }
        Evidence::Unanswered { how, asked_at, limit_secs, deadline, .. } => {
            let mut pairs = vec![
                ("asked_on", at.day(Some(*asked_at))),
                ("asked_by", word(how)),
                ("waiting_days", at.work_days(calendar.working(*asked_at, now))),
                ("limit_days", at.work_days(*limit_secs)),
            ];
            pairs.extend(at.due(deadline.as_ref()));
            pairs
        }
        Evidence::Reopened { times, last_at, deadline } => {
            let mut pairs = vec![("times", (*times).into()), ("reopened_on", at.day(Some(*last_at)))];
            pairs.extend(at.due(deadline.as_ref()));
            pairs
        }
        Evidence::Drift { times, promised, slip_secs, span_secs, late_move_at, deadline } => {
            let mut pairs = vec![
                ("moves", (*times).into()),
                ("promised", promised.map_or(Value::Null, |due| due.to_text().into())),
                ("slip_days", at.work_days(*slip_secs)),
                ("span_days", if *span_secs > 0 { at.work_days(*span_secs) } else { Value::Null }),
                ("late_move_on", at.day(*late_move_at)),
            ];
            pairs.extend(at.due(Some(deadline)));
            pairs
        }
        Evidence::Unrealistic { set_at, deadline, how, typical_days } => {
            let mut pairs = vec![
                ("set_on", at.day(Some(*set_at))),
                ("too_soon", word(how)),
                ("ahead_days", at.work_days(calendar.working(*set_at, deadline.at))),
                ("typical_days", (*typical_days).into()),
            ];
            pairs.extend(at.due(Some(deadline)));
            pairs
        }
        Evidence::AtRisk { days, asked_at, deadline, red, risk, reasons } => {
            let idle = reasons.iter().find_map(|reason| match reason {
                RiskReason::Idle { human_at } => Some(at.work_days(calendar.working(*human_at, now))),
                _ => None,
            });
            let reasons: Vec<String> = reasons.iter().map(reason_word).collect();
            let mut pairs = vec![
                ("checkpoint_days", (*days).into()),
                ("checkpoint_on", at.day(Some(*asked_at))),
                ("colour", if *red { "red" } else { "amber" }.into()),
                ("risk", risk.map_or(Value::Null, share)),
                ("reasons", reasons.join(" ").into()),
                ("idle_days", idle.unwrap_or_default()),
            ];
            pairs.extend(at.due(Some(deadline)));
            pairs
        }
        Evidence::RiskUnproven { days, misses, needed, auc, least } => vec![
            ("checkpoint_days", (*days).into()),
            ("misses", (*misses).into()),
            ("misses_needed", (*needed).into()),
            ("auc", auc.map_or(Value::Null, share)),
            ("auc_needed", share(*least)),
        ],
        Evidence::DueTogether { with, tasks, deadline } => {
            let mut pairs = vec![("with", with.clone().into()), ("tasks", (*tasks).into())];
            pairs.extend(at.due(Some(deadline)));
            pairs
        }
        Evidence::Milestone(outlook) => milestone(outlook, &at),
        Evidence::OwnerAbsent { from_on, back_on, deadline, checkpoint, .. } => {
            let mut pairs = vec![
                ("away_from", from_on.to_string().into()),
                ("back_on", back_on.to_string().into()),
                ("checkpoint", checkpoint.map_or(Value::Null, |day| day.to_string().into())),
            ];
            pairs.extend(at.due(Some(deadline)));
            pairs
        }
        Evidence::PlanNotAcknowledged { tasks, assigned_at, limit_secs, .. } => vec![
            ("tasks", tasks.len().into()),
            ("assigned_on", at.day(Some(*assigned_at))),
            ("silent_days", at.work_days(calendar.working(*assigned_at, now))),
            ("limit_days", at.work_days(*limit_secs)),
        ],
        Evidence::OwnerGone { tasks, acted_at, left } => {
            vec![("tasks", tasks.len().into()), ("last_act_on", at.day(*acted_at)), ("deactivated", (*left).into())]
        }
        Evidence::WipLimit { active, limit } => vec![("active", share(*active)), ("limit", (*limit).into())],
        Evidence::Overloaded { how, .. } => at.load(how),
        Evidence::MirrorStale { since, because, refused } => vec![
            ("since", since.to_string().into()),
            ("because", because.as_str().into()),
            ("refused", (*refused).into()),
        ],
        Evidence::TasksUnseen { since, tasks } => {
            vec![("since", since.to_string().into()), ("tasks", (*tasks).into())]
        }
        Evidence::Unmapped { states, owners, unbegun } => vec![
            ("states", states.join(" ").into()),
            ("owners", owners.join(" ").into()),
            ("unbegun", unbegun.map_or(Value::Null, Value::from)),
        ],
        Evidence::MassMissing { since, missing, of } => {
            vec![("since", since.to_string().into()), ("missing", (*missing).into()), ("of", (*of).into())]
        }
        Evidence::MassEdit { from_at, to_at, tasks } => vec![
            ("from_at", from_at.to_string().into()),
            ("to_at", to_at.to_string().into()),
            ("tasks", (*tasks).into()),
        ],
        Evidence::Flood(flood) => vec![
            ("since", flood.since.to_string().into()),
            ("held", flood.held.into()),
            ("limit", flood.limit.into()),
            ("usual", flood.usual.map_or(Value::Null, Value::from)),
            ("to", counts(&flood.to)),
            ("rules", counts(&flood.rules)),
        ],
        Evidence::Undelivered { ways } => {
            let names: Vec<&str> = ways.iter().map(|way| way.way.as_str()).collect();
            let people: Vec<&str> = ways.iter().flat_map(|way| &way.to).map(String::as_str).collect();
            vec![
                ("ways", names.join(" ").into()),
                ("waiting", ways.iter().map(|way| way.waiting).sum::<u32>().into()),
                ("lost", ways.iter().map(|way| way.lost).sum::<u32>().into()),
                ("to", people.join(" ").into()),
                ("since", ways.iter().map(|way| way.since).min().map_or(Value::Null, |at| at.to_string().into())),
            ]
        }
        Evidence::Unheeded { rules, since } => {
            let of = |rule: &Unheeded| format!("{} {} of {} ({} wrong)", rule.rule, rule.acted, rule.told, rule.wrong);
            let rules: Vec<String> = rules.iter().map(of).collect();
            vec![("rules", rules.join("; ").into()), ("since_on", since.to_string().into())]
        }
    };
    pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// `ana 12; bo 3`
fn counts(counts: &[(String, u32)]) -> Value {
    let counts: Vec<String> = counts.iter().map(|(name, count)| format!("{name} {count}")).collect();
    counts.join("; ").into()
}

/// A moment, by somebody's calendar.
struct Moment<'a> {
    now: Timestamp,
    calendar: &'a Calendar,
}

impl Moment<'_> {
    fn pace(&self, evidence: &Evidence) -> Vec<(&'static str, Value)> {
        let Evidence::Pace { progress, source, items, start_at, deadline, from, allowed_first, allowed_last } =
            evidence
        else {
            return Vec::new();
        };
        let mut pairs = self.elapsed(*start_at, deadline);
        let allowed = allowed_at(self.elapsed_share(*start_at, deadline), *from, *allowed_first, *allowed_last);
        pairs.extend([
            ("progress", share(*progress)),
            ("progress_source", word(source)),
            ("items", if *items == 0 { Value::Null } else { (*items).into() }),
            ("allowed", share(allowed)),
        ]);
        pairs.extend(self.due(Some(deadline)));
        pairs
    }

    fn load(&self, how: &Overload) -> Vec<(&'static str, Value)> {
        match how {
            Overload::Effort { planned_secs, room_secs, tasks, until_at } => {
                let hours = |secs: i64| Value::from((secs as f64 / 360.0).round() / 10.0);
                let load = (*room_secs > 0).then(|| share(*planned_secs as f64 / *room_secs as f64));
                vec![
                    ("by", "effort".into()),
                    ("planned_hours", hours(*planned_secs)),
                    ("room_hours", hours(*room_secs)),
                    ("load", load.unwrap_or_default()),
                    ("tasks", (*tasks).into()),
                    ("until", self.day(Some(*until_at))),
                ]
            }
            Overload::Due { due, usual, common, until_at } => vec![
                ("by", "due".into()),
                ("due_soon", share(*due)),
                ("own_p95", share(*usual)),
                ("team_p85", share(*common)),
                ("until", self.day(Some(*until_at))),
            ],
            Overload::Hands { active, usual } => {
                vec![("by", "hands".into()), ("active", share(*active)), ("limit", share(*usual))]
            }
        }
    }

    fn mismatch(&self, how: &Mismatch) -> Vec<(&'static str, Value)> {
        match how {
            Mismatch::Done { at } => vec![
                ("disagree", "done".into()),
                ("other_done_on", self.day(Some(*at))),
                ("open_days", self.work_days(self.calendar.working(*at, self.now))),
            ],
            Mismatch::Owners => vec![("disagree", "owners".into())],
            Mismatch::Dates { deadline, there } => {
                let mut pairs = vec![("disagree", "dates".into()), ("other_due", there.due.to_text().into())];
                pairs.extend(self.due(Some(deadline)));
                pairs
            }
        }
    }

    fn elapsed_share(&self, start_at: Timestamp, deadline: &Deadline) -> f64 {
        let whole = self.calendar.working(start_at, deadline.at).max(1);
        self.calendar.working(start_at, self.now) as f64 / whole as f64
    }

    fn elapsed(&self, start_at: Timestamp, deadline: &Deadline) -> Vec<(&'static str, Value)> {
        vec![
            ("elapsed", share(self.elapsed_share(start_at, deadline))),
            ("elapsed_days", self.work_days(self.calendar.working(start_at, self.now))),
            ("span_days", self.work_days(self.calendar.working(start_at, deadline.at))),
            ("start_on", self.day(Some(start_at))),
        ]
    }

    fn due(&self, deadline: Option<&Deadline>) -> Vec<(&'static str, Value)> {
        let source: Option<&DueSource> = deadline.map(|deadline| &deadline.source);
        vec![
            ("due", deadline.map_or(Value::Null, |deadline| deadline.due.to_text().into())),
            ("due_source", source.map_or(Value::Null, word)),
            ("days_left", deadline.map_or(Value::Null, |deadline| self.days_left(deadline))),
        ]
    }

    /// Calendar days; negative once it has passed.
    fn days_left(&self, deadline: &Deadline) -> Value {
        let date = match deadline.due {
            Due::On(date) => date,
            Due::At(at) => self.calendar.date(at),
        };
        let left = (date - self.calendar.date(self.now)).get_days();
        left.into()
    }

    fn work_days(&self, secs: i64) -> Value {
        let days = secs as f64 / self.calendar.day_secs().max(1) as f64;
        ((days * 10.0).round() / 10.0).into()
    }

    fn day(&self, at: Option<Timestamp>) -> Value {
        at.map_or(Value::Null, |at| self.calendar.date(at).to_string().into())
    }
}

fn milestone(outlook: &Outlook, at: &Moment<'_>) -> Vec<(&'static str, Value)> {
    let pace = outlook.pace.as_ref();
    let day = |nth: usize| pace.and_then(|pace| pace.days[nth]).map_or(Value::Null, |day| day.to_string().into());
    let mut pairs = vec![
        ("open", outlook.open.into()),
        ("not_begun", outlook.todo.into()),
        ("odds", pace.map_or(Value::Null, |pace| share(pace.odds))),
        ("likely_on", day(0)),
        ("likely_on_85", day(1)),
        ("likely_on_95", day(2)),
        ("per_week", pace.map_or(Value::Null, |pace| pace.per_week.into())),
        ("weeks", outlook.weeks.into()),
        ("finished", outlook.finished.into()),
        ("late", outlook.late.map_or(Value::Null, Value::from)),
        ("checkpoint_days", outlook.checkpoint_days.map_or(Value::Null, Value::from)),
    ];
    pairs.extend(at.due(Some(&outlook.deadline)));
    pairs
}

fn reason_word(reason: &RiskReason) -> String {
    let word = match reason {
        RiskReason::NotStarted => "not_started",
        RiskReason::Blocked { .. } => "blocked",
        RiskReason::Behind { .. } => "behind",
        RiskReason::Unrealistic { .. } => "unrealistic",
        RiskReason::Idle { .. } => "idle",
    };
    word.to_owned()
}

fn hours(secs: i64) -> Value {
    ((secs as f64 / 360.0).round() / 10.0).into()
}

fn share(share: f64) -> Value {
    ((share * 100.0).round() / 100.0).into()
}

/// The word an enum is stored as.
fn word<T: Serialize>(value: &T) -> Value {
    serde_json::to_value(value).unwrap_or_default()
}
