//! What every case goes by unless it says otherwise.

use std::collections::HashMap;

use jiff::SignedDuration;

use crate::domain::finding::Stage;
use crate::domain::length::Length;
use crate::domain::policy::{Mode, Policy};
use crate::rules::settings::RuleSettings;

/// Thresholds as in `rules.md`, so that a case does not change its meaning with somebody's taste.
const SETTINGS: &str = r#"
[pace.behind]
enabled = true
from = 0.30
allowed_first = 0.40
allowed_last = 0.10
red_extra = 0.10
red_from = 0.50
min_span = "2 workdays"
[pace.stuck_near_done]
enabled = true
from = 0.80
still = "3 workdays"
span_share = 0.25
direct_days_left = 3
[start.never]
enabled = true
from = 0.50
red_from = 0.70
red_days_left = 7
min_span = "3 workdays"
[start.late]
enabled = true
after = "1 workday"
share = 0.10
direct_share = 0.25
[stalled]
enabled = true
idle_0d = "1 workday"
idle_3d = "3 workdays"
idle_7d = "5 workdays"
idle_14d = "7 workdays"
idle_30d = "7 workdays"
[aging]
enabled = true
min_age = "1 workday"
subtract_blocked = true
[high_priority.silent]
enabled = true
idle = "2 workdays"
idle_0d = "1 workday"
idle_3d = "3 workdays"
idle_7d = "5 workdays"
idle_14d = "7 workdays"
most_share = 0.30
[due.at_risk]
enabled = true
misses = 30
auc = 0.60
red_risk = 0.60
red_idle = "3 workdays"
[overdue]
enabled = true
[estimate.exceeded]
enabled = true
from = 0.80
red_from = 1.0
direct_from = 1.5
age_factor = 2.0
[owner.none]
enabled = true
direct_days_left = 14
red_days_left = 7
[owner.absent]
enabled = true
away = "1 workday"
before = "2 workdays"
after = "2 workdays"
[owner.gone]
enabled = true
silent = "20 workdays"
colleagues = "5 workdays"
[load.overloaded]
enabled = true
over = 1.10
clear = 1.00
horizon = "10 workdays"
estimated = 0.70
limit = 3
[wip.limit]
enabled = true
limit = 3
[due.none]
enabled = true
[due.child_after_parent]
enabled = true
red_days_left = 7
[state.parent_child]
enabled = true
after = "2 workdays"
[blocker.cascade]
enabled = true
[due.unrealistic]
enabled = true
days_ahead = 3
exempt_priority = 1
[ack.missing]
enabled = true
after = "1 workday"
share = 0.10
at_most = "3 workdays"
[answer.waiting]
enabled = true
after = "2 workdays"
after_near = "1 workday"
near_days_left = 3
[churn.reopened]
enabled = true
times = 2
days_left = 7
[due.drift]
enabled = true
moves = 2
slip = 0.50
late = "1 workday"
[blocker.resolved]
enabled = true
after = "0.5 workdays"
[blocker.unnamed]
enabled = true
after = "2 workdays"
[blocker.stale]
enabled = true
[dep.cycle]
enabled = true
[dep.date_conflict]
enabled = true
[milestone.at_risk]
enabled = true
amber = 0.85
red = 0.50
weeks = 6
finished = 20
shared_by = 10
[sys.mirror_stale]
enabled = true
after_polls = 3
[sys.unmapped]
enabled = true
[sys.mass_change]
enabled = true
[sys.cross_mismatch]
enabled = true
after = "1 workday"
days_apart = 2
[sys.volume]
enabled = true
[sys.delivery_failed]
enabled = true
[sys.rule_useless]
enabled = true
least = 30
below = 0.30
days = 90
[custom]
"#;

/// The usual thresholds.
pub(in crate::rules) fn settings() -> RuleSettings {
    toml::from_str(SETTINGS).unwrap_or_else(|error| panic!("{error}"))
}

/// A policy that says everything; no rule looks at it.
pub(in crate::rules) fn policy() -> Policy {
    Policy {
        mode: Mode::Live,
        connection_modes: HashMap::new(),
        rule_modes: HashMap::new(),
        settle: SignedDuration::from_mins(15),
        clear_after: SignedDuration::from_mins(10),
        recent_action: Length::Workhours(4.0),
        work_hours_only: true,
        routes: Vec::new(),
        repeats: Default::default(),
        tell_backlog: true,
        comments_on: Default::default(),
        comments_from: Stage::Widens,
        slack: true,
        slack_webhook: false,
        buttons: false,
        email: false,
        unwanted: Default::default(),
        hooks: Vec::new(),
        slack_channel: None,
        schedule: crate::domain::digest::Schedule::off(),
        operators_channel: None,
        direct_per_day: 1,
        per_hour: 50,
    }
}
