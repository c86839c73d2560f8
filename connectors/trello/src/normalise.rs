//! Trello's cards in our words. Pure.
//!
//! A card's state is its list's, unless it says of itself that it is complete or archived. What only looks like a card (a
//! separator, a mirror of another card, a link, a template) is kept and never judged.

use std::collections::HashMap;

use connector_model::words::says_waiting;
use connector_model::{
    ContainerKind, ContainerRef, Due, DueSource, DueStated, Field, Ineligible, Link, LinkKind, Progress,
    ProgressSource, Share, Status, StatusCategory, Task, TaskRef, tasks_named,
};
use jiff::Timestamp;
use serde_json::Value;
use url::Url;

use crate::board::{Board, List};
use crate::config::{Fields, States};
use crate::memory::Tick;
use crate::when;
use crate::wire::{Card, CheckItem, FieldItem, Label};

/// Fewer items declare no progress.
const FEWEST_ITEMS: u32 = 3;

/// What cards are read with.
pub(crate) struct Reading<'a> {
    pub(crate) board: &'a Board,
    pub(crate) states: &'a States,
    /// The card in whose checklists a card stands, by the latter's short link.
    pub(crate) parents: &'a HashMap<String, String>,
    /// When items of checklists were ticked, where the history tells.
    pub(crate) ticks: &'a HashMap<String, Tick>,
    /// When this was read.
    pub(crate) seen_at: Timestamp,
}

/// A card as a task.
pub(crate) fn task(card: &Card, reading: &Reading<'_>) -> Task {
    let status = status(card, reading);
    let is_open = status.category.is_open();
    let made = when::of_id(&card.id).or(card.date_last_activity.0).unwrap_or(Timestamp::UNIX_EPOCH);
    let updated_at = card.date_last_activity.0.unwrap_or(made);
    let told = card.date_completed.0.or(card.date_closed.0);
    let finished = told.or(card.date_last_activity.0).unwrap_or(made);
    let link = short_link(card);
    let start = card.start.0.map(Due::At);
    Task {
        ext: card.id.clone(),
        key: link.to_owned(),
        url: address(card, link),
        handle: handle(&card.id_board, &card.id, None),
        title: card.name.clone(),
        kind: None,
        container: ContainerRef { kind: ContainerKind::Board, ext: card.id_board.clone() },
        homes: Vec::new(),
        status,
        owners: card.id_members.clone(),
        reporter: card.id_member_creator.clone().filter(|id| !id.is_empty()),
        created_at: made,
        updated_at,
        closed_at: (!is_open).then_some(finished),
        start: start.or_else(|| date_of(item(card, &reading.board.roles.start)?)),
        due: card.due.0.map(|at| DueStated { due: Due::At(at), source: DueSource::Item }),
        priority: priority(card, reading),
        labels: card.labels.iter().filter_map(Label::word).map(str::to_owned).collect(),
        progress: progress(card, reading),
        estimate_secs: item(card, &reading.board.roles.estimate).and_then(number_of).and_then(hours),
        spent_secs: None,
        remaining_secs: None,
        parent: reading.parents.get(link).map(|id| TaskRef::Ext(id.clone())),
        links: card.attachments.as_ref().map(|_| links(card, reading)),
        mentions: mentions(card),
        // That a description was edited stands in the history.
        description_hash: 0,
        restricted: false,
        ineligible: ineligible(card, reading),
        // When a card came to lie in a list is not told: what was known of its end stays, whatever has been said since.
        untold: untold(card, reading)
            .into_iter()
            .chain((!is_open && told.is_none()).then_some(Field::Status))
            .collect(),
    }
}

/// An item of a checklist as a task of its own, under its card.
pub(crate) fn item_task(item: &CheckItem, card: &Card, reading: &Reading<'_>) -> Task {
    let parent = task(card, reading);
    let is_complete = item.state == "complete";
    let (raw, category) = match (parent.status.category, is_complete) {
        (_, true) => ("complete".to_owned(), StatusCategory::Done),
        // Of what was given up or put away no part is left to be done; of what was completed it is left over.
        (over, false) if !over.is_open() && (over != StatusCategory::Done || card.closed) => {
            (parent.status.raw.clone(), over)
        }
        (_, false) => ("incomplete".to_owned(), StatusCategory::Todo),
    };
    let owners = match item.id_member.as_ref().filter(|id| !id.is_empty()) {
        Some(member) => vec![member.clone()],
        None => parent.owners.clone(),
    };
    let made = when::of_id(&item.id).unwrap_or(parent.created_at);
    let ticked = reading.ticks.get(&item.id).filter(|tick| tick.is_done && is_complete);
    let closed_at = match (category.is_open(), ticked) {
        (true, _) => None,
        (false, Some(tick)) => Some(tick.at),
        // Nobody knows since when: since it was seen so, unless more is known.
        (false, None) => Some(parent.closed_at.unwrap_or(reading.seen_at).max(made)),
    };
    let is_undated = closed_at.is_some() && ticked.is_none();
    Task {
        ext: item.id.clone(),
        key: format!("{}/{}", parent.key, item.id),
        url: parent.url.clone(),
        handle: handle(&card.id_board, &card.id, Some(&item.id)),
        title: item.name.clone(),
        kind: Some("check item".to_owned()),
        // An item's states are Trello's own: nobody has to say what they mean.
        status: Status { raw, category, declared: true },
        owners,
        created_at: made,
        updated_at: parent.updated_at.max(made),
        closed_at,
        start: None,
        due: item.due.0.map(|at| DueStated { due: Due::At(at), source: DueSource::Item }),
        priority: None,
        labels: Vec::new(),
        progress: None,
        estimate_secs: None,
        parent: Some(TaskRef::Ext(card.id.clone())),
        links: Some(Vec::new()),
        mentions: tasks_named(&item.name, &parent.url),
        // Without a date it is a line in a list, and the list is the card's progress.
        ineligible: parent.ineligible.or_else(|| item.due.0.is_none().then_some(Ineligible::NotWork)),
        untold: if is_undated { vec![Field::Status] } else { Vec::new() },
        ..parent
    }
}

/// What this connector calls a card, or an item of it: `BOARD/CARD`, `BOARD/CARD/ITEM`.
pub(crate) fn handle(board: &str, card: &str, item: Option<&str>) -> String {
    match item {
        Some(item) => format!("{board}/{card}/{item}"),
        None => format!("{board}/{card}"),
    }
}

/// The short link, which is what people see of a card's address.
pub(crate) fn short_link(card: &Card) -> &str {
    let told = card.short_link.as_deref().filter(|link| !link.is_empty());
    let of_address = || card_link(card.short_url.as_deref().or(card.url.as_deref())?);
    told.or_else(of_address).unwrap_or(&card.id)
}

fn address(card: &Card, link: &str) -> String {
    let told = card.short_url.as_ref().or(card.url.as_ref()).filter(|url| !url.is_empty());
    told.cloned().unwrap_or_else(|| format!("https://trello.com/c/{link}"))
}

/// The short link in the address of a card: `https://trello.com/c/aI4od6Yd/11-name`. `None`: it is another address.
pub(crate) fn card_link(url: &str) -> Option<&str> {
    let rest = url.split_once("://")?.1;
    let path = rest.split_once('/')?.1.strip_prefix("c/")?;
    let link = path.split(['/', '?', '#']).next()?;
    (link.len() == 8 && link.bytes().all(|b| b.is_ascii_alphanumeric())).then_some(link)
}

/// The same where the address is a Trello card's for sure, or one on the host that this card is on.
fn other_card<'a>(url: &'a str, own: &str) -> Option<&'a str> {
    let host = |text: &str| Url::parse(text).ok()?.host_str().map(str::to_owned);
    let there = host(url)?;
    let is_trello = there == "trello.com" || there == "www.trello.com" || host(own).is_some_and(|here| here == there);
    card_link(url).filter(|_| is_trello)
}

/// Short links of all cards that a text names.
pub(crate) fn cards_in<'a>(text: &'a str, own: &'a str) -> impl Iterator<Item = &'a str> {
    let pieces = text.split(|c: char| c.is_whitespace() || matches!(c, '(' | ')' | '<' | '>' | '[' | ']' | '"'));
    pieces.filter_map(move |piece| other_card(piece, own))
}

fn status(card: &Card, reading: &Reading<'_>) -> Status {
    let list = reading.board.list(&card.id_list);
    let raw = list.map(|list| list.name.clone()).unwrap_or_default();
    let of_list = list.and_then(|list| list.category());
    let is_complete = card.due_complete == Some(true) || card.date_completed.0.is_some();
    let category = match of_list {
        Some(over) if !over.is_open() => Some(over),
        _ if is_complete => Some(StatusCategory::Done),
        _ if card.closed => Some(StatusCategory::Cancelled),
        _ if is_blocked(card, reading) => Some(StatusCategory::Waiting),
        open => open,
    };
    Status { raw, category: category.unwrap_or(StatusCategory::Todo), declared: category.is_some() }
}

/// A label says that it waits.
fn is_blocked(card: &Card, reading: &Reading<'_>) -> bool {
    card.labels.iter().any(|label| {
        let (id, word) = (label.id.as_deref().unwrap_or_default(), label.word().unwrap_or_default());
        let configured = reading.states.of(id, word);
        configured.map_or_else(|| says_waiting(word), |category| category == StatusCategory::Waiting)
    })
}

fn ineligible(card: &Card, reading: &Reading<'_>) -> Option<Ineligible> {
    let list = reading.board.list(&card.id_list);
    let name = card.name.trim();
    let is_line =
        name.chars().count() >= 3 && name.chars().all(|c| matches!(c, '-' | '–' | '—' | '_' | '=' | '*' | '─'));
    match () {
        () if card.card_role.iter().flatten().any(|role| !role.is_empty()) => Some(Ineligible::NotWork),
        () if card.is_template == Some(true) || (is_line && card.card_role.is_none()) => Some(Ineligible::NotWork),
        () if list.is_some_and(|list| list.closed) => Some(Ineligible::Archived),
        () if list.and_then(|list| list.meaning).is_some_and(|meaning| meaning.backlog) => Some(Ineligible::Backlog),
        () => None,
    }
}

/// What custom fields would tell, where the answer lacks them.
fn untold(card: &Card, reading: &Reading<'_>) -> Vec<Field> {
    let roles = &reading.board.roles;
    let is_refused = roles.refused.is_some();
    if is_refused || roles.unfound != Fields::default() {
        let Fields { start, progress: percent, estimate } = &roles.unfound;
        let fields = [
            (Field::Start, is_refused || start.is_some(), card.start.0.is_some()),
            (Field::Progress, is_refused || percent.is_some(), progress(card, reading).is_some()),
            (Field::Estimate, is_refused || estimate.is_some(), false),
            (Field::Priority, is_refused, priority(card, reading).is_some()),
        ];
        let closed =
            fields.into_iter().filter_map(|(field, is_closed, is_told)| (is_closed && !is_told).then_some(field));
        return closed.chain(lacking(card, reading)).collect();
    }
    lacking(card, reading).collect()
}

/// The same of an answer that lacks the card's custom fields altogether.
fn lacking<'a>(card: &'a Card, reading: &'a Reading<'_>) -> impl Iterator<Item = Field> + use<'a> {
    let roles = &reading.board.roles;
    let start = roles.start.as_ref().filter(|_| card.start.0.is_none());
    let told = [
        (start, Field::Start),
        (roles.progress.as_ref(), Field::Progress),
        (roles.estimate.as_ref(), Field::Estimate),
        (roles.priority.as_ref(), Field::Priority),
    ];
    let is_lacking = card.custom_field_items.is_none();
    told.into_iter().filter_map(move |(role, field)| role.filter(|_| is_lacking).map(|_| field))
}

/// A card attached to one that waits is what it waits for.
fn links(card: &Card, reading: &Reading<'_>) -> Vec<Link> {
    let of_list = reading.board.list(&card.id_list).and_then(List::category);
    let waits = is_blocked(card, reading) || of_list == Some(StatusCategory::Waiting);
    let kind = if waits { LinkKind::BlockedBy } else { LinkKind::Relates };
    let own = address(card, short_link(card));
    let others = card.attachments.iter().flatten().filter_map(|one| other_card(one.url.as_deref()?, &own));
    let mut links: Vec<Link> = others
        .filter(|link| *link != short_link(card))
        .map(|link| Link { kind, other: TaskRef::Key(link.to_owned()) })
        .collect();
    links.sort();
    links.dedup();
    links
}

/// Tasks of other trackers that are attached to it, or that its description names.
fn mentions(card: &Card) -> Vec<TaskRef> {
    let own = address(card, short_link(card));
    let urls = card.attachments.iter().flatten().filter_map(|one| one.url.as_deref());
    tasks_named(&urls.chain(card.desc.as_deref()).collect::<Vec<_>>().join(" "), &own)
}

fn progress(card: &Card, reading: &Reading<'_>) -> Option<Progress> {
    let declared = item(card, &reading.board.roles.progress).and_then(number_of);
    if let Some(percent) = declared {
        return Some(Progress { share: Share::new(percent / 100.0), source: ProgressSource::Native, items: 0 });
    }
    let all = card.badges.check_items;
    let share = Share::of(card.badges.check_items_checked, all);
    (all >= FEWEST_ITEMS).then_some(Progress { share, source: ProgressSource::Checklist, items: all })
}

/// The value of a custom field on the card.
fn item<'a>(card: &'a Card, role: &Option<String>) -> Option<&'a FieldItem> {
    let role = role.as_deref()?;
    card.custom_field_items.iter().flatten().find(|item| item.id_custom_field.as_deref() == Some(role))
}

/// Numbers come as texts.
pub(crate) fn number_of(item: &FieldItem) -> Option<f64> {
    let value = item.value.as_ref()?;
    let number = match value.get("number").or_else(|| value.get("text"))? {
        Value::String(text) => text.trim().trim_end_matches('%').trim_end().parse().ok()?,
        other => other.as_f64()?,
    };
    f64::is_finite(number).then_some(number)
}

pub(crate) fn hours(number: f64) -> Option<i64> {
    (number > 0.0 && number < 1e9).then_some((number * 3600.0).round() as i64)
}

pub(crate) fn date_of(item: &FieldItem) -> Option<Due> {
    when::instant(item.value.as_ref()?.get("date")?.as_str()?).map(Due::At)
}

/// The entry of the field called priority, else a label that says one.
fn priority(card: &Card, reading: &Reading<'_>) -> Option<u8> {
    let roles = &reading.board.roles;
    let entry = item(card, &roles.priority).and_then(|item| {
        let text = item.value.as_ref().and_then(|value| value.get("text")).and_then(Value::as_str);
        text.or_else(|| roles.options.get(item.id_value.as_deref()?).map(String::as_str))
    });
    entry.and_then(rank).or_else(|| card.labels.iter().filter_map(Label::word).filter_map(rank_of_label).min())
}

/// What a word says of how urgent something is: 1 is the highest.
fn rank(word: &str) -> Option<u8> {
    let word = word.to_lowercase();
    let word = word.trim_matches(|c: char| !c.is_alphanumeric());
    match word {
        "p0" | "highest" | "urgent" | "critical" | "blocker" | "very high" | "dringend" | "kritisch" | "sehr hoch" => {
            Some(1)
        }
        "p1" | "high" | "major" | "hoch" | "haute" | "alta" | "élevée" | "hoog" | "высокий" => Some(2),
        "p2" | "medium" | "normal" | "moderate" | "mittel" | "moyenne" | "media" | "média" | "gemiddeld"
        | "средний" => Some(3),
        "p3" | "low" | "minor" | "niedrig" | "basse" | "faible" | "baja" | "baixa" | "bassa" | "laag" | "низкий" => {
            Some(4)
        }
        "p4" | "lowest" | "trivial" | "very low" | "sehr niedrig" => Some(5),
        _ => None,
    }
}

/// A label is any word: only one that can mean nothing else counts.
fn rank_of_label(word: &str) -> Option<u8> {
    let lower = word.to_lowercase();
    let is_code = lower.len() == 2 && lower.starts_with('p');
    let bare = lower.replace("priority", "");
    match is_code || bare.len() < lower.len() || lower == "urgent" {
        true => rank(bare.trim()),
        false => None,
    }
}

/// FNV-1a, 64 bits: the same in every build.
pub(crate) fn fingerprint(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests;
