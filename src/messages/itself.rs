//! What gapwatch says of itself: too many messages at once, what nobody got, rules that nobody heeds. To the operators alone.

use super::scene::Scene;
use super::when::{NAMED, clean, count, moment, percent};
use crate::domain::finding::{Evidence, Flood, Undelivered, Unheeded};

/// What is the matter, to be put behind the name of the program.
pub(super) fn matter(evidence: &Evidence) -> String {
    match evidence {
        Evidence::Flood(flood) => format!("holds back {}", messages(flood.held)),
        Evidence::Undelivered { ways } => {
            let (lost, waiting) = (ways.iter().map(|way| way.lost).sum(), ways.iter().map(|way| way.waiting).sum());
            match (lost, waiting) {
                (0, waiting) => format!("cannot send {}", messages(waiting)),
                (lost, 0) => format!("could not deliver {}", messages(lost)),
                (lost, waiting) => format!("could not deliver {}, and {waiting} more wait", messages(lost)),
            }
        }
        Evidence::Unheeded { rules, .. } => match rules.as_slice() {
            [one] => format!("has a rule that hardly anybody heeds: {}", clean(&one.rule)),
            rules => {
                let many = count(i64::try_from(rules.len()).unwrap_or(i64::MAX), "rule");
                format!("has {many} that hardly anybody heeds")
            }
        },
        _ => String::new(),
    }
}

/// The numbers, in one line.
pub(super) fn facts(evidence: &Evidence, scene: Scene<'_>) -> String {
    match evidence {
        Evidence::Flood(flood) => flooded(flood, scene),
        Evidence::Undelivered { ways } => {
            let ways: Vec<String> = ways.iter().map(|way| failed(way, scene)).collect();
            ways.join("; ")
        }
        Evidence::Unheeded { rules, since } => {
            let rules: Vec<String> = rules.iter().map(unheeded).collect();
            format!("since {since}: {}", rules.join("; "))
        }
        _ => String::new(),
    }
}

/// The one next step.
pub(super) fn next_step(evidence: &Evidence) -> &'static str {
    match evidence {
        Evidence::Flood(_) => {
            "Next: “gapwatch outbox list” shows all of them; “gapwatch outbox release” sends them, “gapwatch outbox drop” does not."
        }
        Evidence::Undelivered { .. } => {
            "Next: “gapwatch doctor” looks at the channels, “gapwatch outbox list” shows what was given up, “gapwatch outbox retry” sends it once more."
        }
        _ => {
            "Next: mode = \"observe\" below [rules.…] of the rule, or another threshold there; “gapwatch rules list” has the numbers."
        }
    }
}

fn messages(held: u32) -> String {
    count(i64::from(held), "message")
}

/// `57 messages to 23 people since Tue 11 Mar 09:00, where 50 an hour may leave (12 is usual): ana 5, bo 4; by rule: overdue 40,
/// stalled 17`
fn flooded(flood: &Flood, scene: Scene<'_>) -> String {
    let people = match flood.to.len() {
        1 => "1 person".to_owned(),
        many => format!("{many} people"),
    };
    let usual = flood.usual.map_or_else(String::new, |usual| format!(" ({usual} is usual)"));
    let (since, limit) = (moment(flood.since, scene), flood.limit);
    let (to, rules) = (listed(&flood.to), listed(&flood.rules));
    let held = messages(flood.held);
    format!("{held} to {people} since {since}, where {limit} an hour may leave{usual}: {to}; by rule: {rules}")
}

/// `ana 5, bo 4, lee 3 and 20 more`, or `1 each to ana, bo, lee and 20 more`
fn listed(counts: &[(String, u32)]) -> String {
    let alike = counts.len() > 1 && counts.iter().all(|(_, count)| *count == 1);
    let one = |(name, count): &(String, u32)| match alike {
        true => clean(name),
        false => format!("{} {count}", clean(name)),
    };
    let shown: Vec<String> = counts.iter().take(NAMED).map(one).collect();
    let more = counts.len().saturating_sub(NAMED);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let each = if alike { "1 each to " } else { "" };
    format!("{each}{}{more}", shown.join(", "))
}

/// `slack: 3 messages wait since Tue 11 Mar 09:00, 1 message was given up (for ana): 503`
fn failed(way: &Undelivered, scene: Scene<'_>) -> String {
    let wait = |many: u32| if many == 1 { "waits" } else { "wait" };
    let waiting = (way.waiting > 0).then(|| format!("{} {}", messages(way.waiting), wait(way.waiting)));
    let was = if way.lost == 1 { "was" } else { "were" };
    let lost = (way.lost > 0).then(|| format!("{} {was} given up", messages(way.lost)));
    let parts: Vec<String> = waiting.into_iter().chain(lost).collect();
    let names: Vec<String> = way.to.iter().take(NAMED).map(|name| clean(name)).collect();
    let names = if names.is_empty() { String::new() } else { format!(" (for {})", names.join(", ")) };
    let (way_name, since) = (clean(&way.way), moment(way.since, scene));
    format!("{way_name}: {}{names} since {since}: {}", parts.join(", "), clean(&way.because))
}

/// `stalled: 4 of 41 messages (10 %) led to anything within 3 working days, 6 were called wrong`
fn unheeded(rule: &Unheeded) -> String {
    let share = percent(f64::from(rule.acted) / f64::from(rule.told.max(1)));
    let wrong = match rule.wrong {
        0 => String::new(),
        wrong => format!(", {wrong} called wrong"),
    };
    let (name, acted, told) = (clean(&rule.rule), rule.acted, rule.told);
    format!("{name}: {acted} of {told} messages ({share}) led to anything within 3 working days{wrong}")
}
