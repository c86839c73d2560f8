//! The words of digests: worst first, numbers rather than adjectives, and what could not be checked beside what could.

use connector_kit::{Block, Span, Text};
use jiff::civil::Date;

use super::digest::{Blind, Evidence, LISTED, LOAD_DAYS, Overview, Personal, Unchecked};
use super::scene::Scene;
use super::when::{clean, count, day, day_of, due, key, moment, percent};
use super::wording::{Item, LINES, shape};
use crate::domain::finding::{Addressee, Stage};

/// Most names in a list of what could not be checked.
const UNCHECKED: usize = 5;
/// Most people of whom is said how much they have.
const LOADS: usize = 12;

fn plain(words: impl Into<String>) -> Span {
    Span::Plain(words.into())
}

fn strong(words: impl Into<String>) -> Span {
    Span::Strong(words.into())
}

fn note(words: String) -> Block {
    Block::Note(vec![plain(words)])
}

/// `2 to look at`
fn to_look_at(items: usize) -> String {
    if items == 0 { "nothing new to look at".to_owned() } else { format!("{items} to look at") }
}

/// `Fixed since yesterday`
fn fixed_since(since: Option<Date>, today: Date, scene: Scene<'_>) -> String {
    match since {
        Some(before) if before.tomorrow().is_ok_and(|next| next == today) => "Fixed since yesterday".to_owned(),
        Some(before) => format!("Fixed since {}", day(before, scene)),
        None => "Fixed".to_owned(),
    }
}

/// A person's morning.
pub(super) fn personal(digest: &Personal, today: Date, scene: Scene<'_>) -> Text {
    let head = format!("Your {}, {}", today.strftime("%A"), clean(&digest.name));
    let theirs = digest.items.iter().filter(|item| !item.hearing.is_informed).count();
    let what = match digest.items.len() - theirs {
        0 => to_look_at(theirs),
        others if theirs == 0 => format!("{others} that yours {} for", if others == 1 { "waits" } else { "wait" }),
        others => format!("{}, and {others} that yours wait for", to_look_at(theirs)),
    };
    let mut blocks = vec![Block::Line(vec![strong(head.clone()), plain(format!(": {what}"))])];
    for item in digest.items.iter().take(LINES) {
        let mut headline = item.headline(scene);
        // What is somebody else's says whose.
        if item.hearing.is_informed && !item.hearing.owners.is_empty() {
            headline.push(plain(format!(" ({})", item.owners())));
        }
        blocks.push(Block::Line(headline));
        if item.quiet(scene).is_none() {
            blocks.push(note(format!("{}{} {}", item.words(scene), item.told_before(scene), item.step(scene))));
        }
    }
    blocks.extend(more(&digest.items));
    blocks.extend(fixed(&digest.fixed, &fixed_since(digest.since, today, scene)));
    let mut small = Vec::new();
    match digest.due {
        (0, _) => {}
        (due, 0) => small.push(format!("Due this week: {due}, none of them with a gap")),
        (due, 1) => small.push(format!("Due this week: {due}, all but one without a gap")),
        (due, gaps) => small.push(format!("Due this week: {due}, {gaps} of them with a gap")),
    }
    if digest.held > 0 {
        small.push(format!("Held back by your limit: {}", digest.held));
    }
    if !small.is_empty() {
        blocks.push(note(small.join(" · ")));
    }
    Text { summary: format!("{head}: {what}{}", list_of(&digest.items)), blocks }
}

/// `: OPS-412, TRL-9`
fn list_of(items: &[Item]) -> String {
    let called: Vec<String> = items.iter().take(LINES).map(Item::called).collect();
    if called.is_empty() { String::new() } else { format!(": {}", called.join(", ")) }
}

/// What has no room for a line of its own, by name.
fn more(items: &[Item]) -> Option<Block> {
    /// More names are no help.
    const NAMED: usize = 10;
    let rest = items.get(LINES..).filter(|rest| !rest.is_empty())?;
    let called: Vec<String> = rest.iter().take(NAMED).map(Item::called).collect();
    let unnamed = rest.len().saturating_sub(NAMED);
    let others = if unnamed > 0 { format!(" and {unnamed} others") } else { String::new() };
    Some(note(format!("and {} more: {}{others}", rest.len(), called.join(", "))))
}

/// What is over, of which the reader had been told.
fn fixed(items: &[Item], since: &str) -> Option<Block> {
    /// More names are no help.
    const NAMED: usize = 8;
    let mut names: Vec<String> = Vec::new();
    for item in items {
        let name = item.called();
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let unnamed = names.len().saturating_sub(NAMED);
    names.truncate(NAMED);
    let others = if unnamed > 0 { format!(" and {unnamed} more") } else { String::new() };
    (!names.is_empty()).then(|| Block::Line(vec![plain(format!("● {since}: {}{others}", names.join(", ")))]))
}

/// `Team of Max W.`
fn team(overview: &Overview) -> String {
    match &overview.name {
        Some(name) => format!("Team of {}", clean(name)),
        None if overview.whole => "Everything watched".to_owned(),
        None => "Work that nobody leads".to_owned(),
    }
}

fn number(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// `214 tasks, 3 people`
fn size(overview: &Overview) -> String {
    let people = match overview.people {
        1 => "1 person".to_owned(),
        many => format!("{many} people"),
    };
    format!("{}, {people}", count(number(overview.tasks), "task"))
}

/// `⬣ 0 failed   ■ 1 widening   ▲ 3 opening`
fn stages([opens, widens, failed]: [usize; 3]) -> String {
    let one = |stage, count, word| format!("{} {count} {word}", shape(stage));
    let all = [
        one(Stage::Failure, failed, "failed"),
        one(Stage::Widens, widens, "widening"),
        one(Stage::Opens, opens, "opening"),
    ];
    all.join("   ")
}

/// The same, and how many gaps more there are for which one of these speaks: all that is open, but for what was there before.
fn numbers(overview: &Overview) -> String {
    match overview.beside {
        0 => stages(overview.stages),
        beside => format!("{}   and {beside} more on the same tasks or their parts", stages(overview.stages)),
    }
}

/// What waits for a manager this morning.
pub(super) fn manager(overview: &Overview, today: Date, scene: Scene<'_>) -> Text {
    let head = format!("{}, {}", team(overview), day(today, scene));
    let mut blocks = vec![Block::Line(vec![strong(head.clone()), plain(format!(": {}", size(overview)))])];
    blocks.push(Block::Line(vec![plain(numbers(overview))]));
    if !overview.items.is_empty() {
        let whom = if overview.name.is_some() { "Needs you" } else { "Needs somebody" };
        blocks.push(Block::Line(vec![strong(format!("{whom}: {}", overview.items.len()))]));
        blocks.extend(items(&overview.items, scene));
    }
    let since = fixed_since(overview.since, today, scene);
    blocks.extend(fixed(&overview.fixed, &since));
    blocks.extend(small_print(overview, scene));
    let what = match overview.items.len() {
        0 => size(overview),
        1 => format!("1 gap waits for you{}", list_of(&overview.items)),
        many => format!("{many} gaps wait for you{}", list_of(&overview.items)),
    };
    Text { summary: format!("{head}: {what}"), blocks }
}

fn items(items: &[Item], scene: Scene<'_>) -> Vec<Block> {
    let mut blocks = Vec::new();
    for item in items.iter().take(LINES) {
        let mut headline = item.headline(scene);
        if !item.hearing.owners.is_empty() {
            headline.push(plain(format!(" ({})", item.owners())));
        }
        blocks.push(Block::Line(headline));
        if item.quiet(scene).is_none() {
            // Of what is theirs to settle nobody else was to be told.
            let is_theirs = item.finding.addressee == Addressee::Manager;
            let rest = if is_theirs { item.step(scene).to_owned() } else { item.known(scene) };
            blocks.push(note(format!("{} {rest}", item.words(scene))));
        }
    }
    blocks.extend(more(items));
    blocks
}

/// What stands below the lines, in a digest and in a report.
fn small_print(overview: &Overview, scene: Scene<'_>) -> Vec<Block> {
    let mut blocks = Vec::new();
    blocks.extend(loads(overview));
    if let (closed @ 1.., alone) = overview.closed {
        blocks.push(note(format!("Closed by owners without you within a week: {alone} of {closed}")));
    }
    if !overview.long.is_empty() {
        let named = overview.long.iter().take(LISTED);
        let named: Vec<String> =
            named.map(|(task, since)| format!("{} (since {})", key(*task, scene), day_of(*since, scene))).collect();
        let more = overview.long.len().saturating_sub(LISTED);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        blocks.push(note(format!("Told long ago and still open: {}{more}", named.join(", "))));
    }
    if let (gaps @ 1.., first) = &overview.backlog {
        let named: Vec<String> = first
            .iter()
            .map(|(task, deadline)| match deadline {
                Some(deadline) => format!("{} ({})", key(*task, scene), due(deadline, scene)),
                None => key(*task, scene),
            })
            .collect();
        let named = if named.is_empty() { String::new() } else { format!(" First: {}.", named.join(", ")) };
        let were = if *gaps == 1 { "was" } else { "were" };
        blocks.push(note(format!(
            "{} {were} there before, and {} worse.{named}",
            count(number(*gaps), "gap"),
            if *gaps == 1 { "is told when it gets" } else { "are told when they get" },
        )));
    }
    if !overview.muted.is_empty() {
        let muted: Vec<String> = overview
            .muted
            .iter()
            .map(|(name, since)| format!("{} (since {})", clean(name), day_of(*since, scene)))
            .collect();
        blocks.push(note(format!("Wants the digest alone and no other message: {}", muted.join(", "))));
    }
    blocks.extend(unchecked(&overview.evidence.unchecked, scene).map(note));
    blocks
}

/// How much of their hours people have filled, in the order of their names. Of whom nothing is estimated only a heap is told.
fn loads(overview: &Overview) -> Option<Block> {
    /// Fewer tasks at once are nothing to speak of.
    const HEAP: usize = 3;
    let said = |(name, share, due): &(String, Option<f64>, usize)| match share {
        Some(share) => format!("{} {}", clean(name), percent(*share)),
        None => format!("{} {} not estimated", clean(name), count(number(*due), "task")),
    };
    let tells = |(_, share, due): &&(String, Option<f64>, usize)| share.is_some_and(|_| *due > 0) || *due >= HEAP;
    let busy: Vec<_> = overview.loads.iter().filter(tells).collect();
    let told: Vec<String> = busy.iter().copied().take(LOADS).map(said).collect();
    let more = busy.len().saturating_sub(LOADS);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let of = if busy.iter().any(|(_, share, _)| share.is_some()) { ", of their hours" } else { "" };
    let words = format!("Due within {LOAD_DAYS} working days{of}: {}{more}", told.join(" · "));
    (!told.is_empty()).then(|| note(words))
}

/// `Could not be checked: acme/api (being read for the first time)`. `None`: everything could.
pub(super) fn unchecked(all: &[Unchecked], scene: Scene<'_>) -> Option<String> {
    let one = |it: &Unchecked| {
        let why = match it.why {
            Blind::Failing(since) => format!("cannot be read since {}", moment(since, scene)),
            Blind::Refused => "refuses our credential".to_owned(),
            Blind::Cold => "being read for the first time".to_owned(),
            Blind::NoHistory => "its history is still being read".to_owned(),
            Blind::Held => "held, for much of it changed at once".to_owned(),
            Blind::Late(at) if at.as_second() <= 0 => "not read of late".to_owned(),
            Blind::Late(at) => format!("last read {}", moment(at, scene)),
        };
        format!("{} ({why})", clean(&it.what))
    };
    let named: Vec<String> = all.iter().take(UNCHECKED).map(one).collect();
    let more = all.len().saturating_sub(UNCHECKED);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    (!named.is_empty()).then(|| format!("Could not be checked: {}{more}", named.join(", ")))
}

/// The weekly report: that all is on track, or what is open.
pub(super) fn weekly(overview: &Overview, today: Date, in_channel: bool, scene: Scene<'_>) -> Text {
    let head = format!("{}, {}", team(overview), day(today, scene));
    let open: usize = overview.stages.iter().sum::<usize>() + overview.beside + overview.backlog.0;
    let all_seen = overview.evidence.unchecked.is_empty() && overview.evidence.age.is_some();
    let what = match (open, all_seen) {
        (0, true) => "everything is on track".to_owned(),
        (0, false) => "no gap is open, but not everything could be checked".to_owned(),
        (open, _) => format!("{} open", count(number(open), "gap")),
    };
    let shape = if open == 0 && all_seen { "● " } else { "" };
    let mut blocks = vec![Block::Line(vec![plain(shape), strong(head.clone()), plain(format!(": {what}."))])];
    blocks.push(Block::Line(vec![plain(watched(overview, open, scene))]));
    if open > overview.backlog.0 {
        blocks.push(Block::Line(vec![plain(numbers(overview))]));
        let rules = overview.rules.iter().take(UNCHECKED).map(|(words, gaps)| format!("{gaps} {words}"));
        blocks.push(note(format!("What is open: {}", rules.collect::<Vec<_>>().join(" · "))));
    }
    if !overview.items.is_empty() {
        blocks.extend(items(&overview.items, scene));
    }
    if in_channel {
        // What somebody has to do is for them and for whoever leads them.
        blocks.extend(unchecked(&overview.evidence.unchecked, scene).map(note));
    } else {
        blocks.extend(small_print(overview, scene));
    }
    Text { summary: format!("{shape}{head}: {what}"), blocks }
}

/// The evidence, as sentences.
fn watched(overview: &Overview, open: usize, scene: Scene<'_>) -> String {
    let Evidence { connections, age, unchecked } = &overview.evidence;
    let tasks = count(number(overview.tasks), "task");
    let mut parts = vec![match overview.unseen {
        0 => format!("{tasks} watched"),
        unseen => format!("{tasks}, {unseen} of them out of sight"),
    }];
    if let Some(age) = age {
        let minutes = (age.as_secs() + 59) / 60;
        let read = match connections {
            _ if !unchecked.is_empty() => "the rest read".to_owned(),
            1 => "the one connection read".to_owned(),
            many => format!("all {many} connections read"),
        };
        parts.push(format!("{read} within {}", count(minutes.max(1), "minute")));
    }
    parts.push(format!("{} open", count(number(open), "gap")));
    parts.push(format!("{} opened and {} closed this week", overview.opened, overview.closed.0));
    let mut words = format!("{}.", parts.join(", "));
    if let Some((task, deadline)) = &overview.nearest {
        words.push_str(&format!(" Next date: {} ({}).", key(*task, scene), due(deadline, scene)));
    }
    if overview.undated > 0 {
        let what =
            if overview.undated == 1 { "1 task has".to_owned() } else { format!("{} tasks have", overview.undated) };
        words.push_str(&format!(" {what} no date, so nothing can be said about when."));
    }
    words
}
