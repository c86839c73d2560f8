//! What a connection was found with, for whoever looks after gapwatch: what each rule found, the oldest of it, what it would
//! have cost in messages, and what to switch on first.

use connector_kit::{Block, Span, Text};

use super::digest::Baseline;
use super::digest_words::unchecked;
use super::scene::Scene;
use super::when::{clean, count, day_of, key, percent};
use crate::domain::finding::RuleId;

/// Rules that are named; the rest is counted.
const RULES: usize = 12;
/// A rule that flags more than this share of all open tasks says more about how people work than about a task.
const MOST: f64 = 0.3;
/// What is switched on first: it is about dates and about what holds up others, and mostly right.
const FIRST: [&str; 5] = ["overdue", "due.at_risk", "blocker.stale", "blocker.cascade", "blocker.resolved"];

fn number(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

fn note(words: String) -> Block {
    Block::Note(vec![Span::Plain(words)])
}

/// The whole report.
pub(super) fn words(found: &Baseline, in_channel: bool, scene: Scene<'_>) -> Text {
    let name = clean(&found.connection);
    let share = if found.tasks == 0 { 0.0 } else { found.with_gap as f64 / found.tasks as f64 };
    let gaps = count(number(found.gaps), "gap");
    let head = format!("What {name} was found with");
    let (with_gap, tasks) = (found.with_gap, count(number(found.tasks), "open task"));
    let what = format!("{gaps} in {with_gap} of {tasks} ({})", percent(share));
    let told = match found.is_told {
        true => "Whoever has them is told.",
        false => "Whoever has them is told when they get worse, or at their next checkpoint.",
    };
    let mut blocks = vec![Block::Line(vec![Span::Strong(head.clone()), Span::Plain(format!(": {what}. {told}"))])];
    for one in found.rules.iter().take(RULES) {
        let share = one.gaps as f64 / found.tasks.max(1) as f64;
        let recent =
            if one.recent > 0 { format!(", {} of them of the last 30 days", one.recent) } else { String::new() };
        blocks.push(Block::Line(vec![
            Span::Code(one.rule.0.to_owned()),
            Span::Plain(format!(": {} ({} of the open tasks){recent}", one.gaps, percent(share))),
        ]));
    }
    if found.rules.len() > RULES {
        blocks.push(note(format!("and {} more rules", found.rules.len() - RULES)));
    }
    let direct: usize = found.rules.iter().map(|one| one.direct).sum();
    let recent: usize = found.rules.iter().map(|one| one.recent).sum();
    if recent > 0 {
        blocks.push(note(format!(
            "Of these, {} began within the last 30 days: told as they came up, that would have been {} in messages to owners \
             and {} in digests. What came up in that time and is over again is not counted.",
            number(recent),
            count(number(direct), "line"),
            count(number(recent.saturating_sub(direct)), "line")
        )));
    }
    if !found.oldest.is_empty() && !in_channel {
        blocks.push(Block::Line(vec![Span::Strong("The oldest".to_owned())]));
        for (task, since, rule) in &found.oldest {
            let task = task.map_or_else(|| "another task".to_owned(), |task| key(task, scene));
            blocks.push(note(format!("{task}: {rule} since {}", day_of(*since, scene))));
        }
    }
    if found.undated + found.unowned > 0 {
        let lacks = format!(
            "{} of the open tasks have no date and {} nobody assigned: little can be said of these.",
            found.undated, found.unowned
        );
        blocks.push(note(lacks));
    }
    blocks.extend(unchecked(&found.evidence, scene).map(note));
    blocks.extend(proposal(found));
    Text { summary: format!("{head}: {what}"), blocks }
}

/// What to write into the configuration next.
fn proposal(found: &Baseline) -> Vec<Block> {
    let crowded = |rule: &RuleId| {
        let gaps = found.rules.iter().find(|one| one.rule == *rule).map_or(0, |one| one.gaps);
        found.tasks >= 10 && gaps as f64 > MOST * found.tasks as f64
    };
    let held: Vec<RuleId> = found.rules.iter().map(|one| one.rule).filter(crowded).collect();
    let mut lines: Vec<String> = Vec::new();
    for rule in &held {
        lines.push(format!("[rules.{rule}] mode = \"observe\""));
    }
    let first: Vec<&str> = FIRST.into_iter().filter(|rule| !held.iter().any(|held| held.0 == *rule)).collect();
    let mut blocks = Vec::new();
    if !lines.is_empty() {
        let head =
            format!("Flags more than {} of all that is open; hold it back until its thresholds fit:", percent(MOST));
        blocks.push(note(head));
        blocks.extend(lines.into_iter().map(|line| Block::Note(vec![Span::Code(line)])));
    }
    blocks.push(Block::Note(vec![
        Span::Plain(format!("Worth listening to first: {}. ", first.join(", "))),
        Span::Code("gapwatch enable RULE".to_owned()),
        Span::Plain(" prints the lines for one, and the messages they would cause.".to_owned()),
    ]));
    blocks
}
