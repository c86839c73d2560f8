//! Jira's issues, accounts, sprints and versions in our words. Pure.
//!
//! Names are free text and translated: what a status means is told by its category's key, what a priority means by its
//! place in the site's list, what a link means by its type's configured or original name.

use std::collections::{BTreeMap, HashMap};

use connector_model::{
    Account, AccountKind, Container, ContainerKind, ContainerRef, Due, DueSource, DueStated, Field, Link, LinkKind,
    Need, Progress, ProgressSource, Share, Status, StatusCategory, Task, TaskRef, tasks_named,
};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::config::{Edition, States};
use crate::site::Site;
use crate::when::{day, instant};
use crate::wire::{self, Fields, History, Issue, IssueLink, Sprint, Str, User, Version};

/// Children fewer than this declare no progress.
const FEWEST_CHILDREN: u32 = 2;

/// What issues are read with.
pub(crate) struct Reading<'a> {
    pub(crate) edition: Edition,
    /// Where people see the site, without a slash at its end.
    pub(crate) web: &'a str,
    pub(crate) site: &'a Site,
    pub(crate) states: &'a States,
    /// Link types that mean "blocks", as configured. Empty: found by name and wording.
    pub(crate) blocking: &'a [String],
    /// Sprints by id, where issues name no more than that. `None`: not to be seen.
    pub(crate) sprints: &'a HashMap<String, Option<Container>>,
}

/// Accounts, sprints and versions named on a page, each once.
#[derive(Default)]
pub(crate) struct Named {
    accounts: BTreeMap<String, Account>,
    homes: BTreeMap<ContainerRef, Container>,
}

impl Named {
    /// Notes the account and returns its id. `None`: nobody is named.
    pub(crate) fn account(&mut self, user: &User<'_>, edition: Edition) -> Option<String> {
        let ext = ext_of(user, edition)?;
        if !self.accounts.contains_key(ext) {
            self.accounts.insert(ext.to_owned(), account(user, edition)?);
        }
        Some(ext.to_owned())
    }

    fn home(&mut self, home: Container) -> ContainerRef {
        let at = home.at.clone();
        self.homes.entry(at.clone()).or_insert(home);
        at
    }

    /// Everybody and everything noted, in the order of their ids.
    pub(crate) fn into_parts(self) -> (Vec<Account>, Vec<Container>) {
        (self.accounts.into_values().collect(), self.homes.into_values().collect())
    }
}

fn told<'a>(text: &'a Option<Str<'_>>) -> Option<&'a str> {
    text.as_deref().filter(|text| !text.is_empty())
}

/// The id an account keeps: on Data Center its key, which old servers lack.
pub(crate) fn ext_of<'a>(user: &'a User<'_>, edition: Edition) -> Option<&'a str> {
    match edition {
        Edition::Cloud => told(&user.account_id),
        Edition::DataCenter => told(&user.key).or_else(|| told(&user.name)),
    }
}

/// An account, as far as the answer describes it.
pub(crate) fn account(user: &User<'_>, edition: Edition) -> Option<Account> {
    let ext = ext_of(user, edition)?.to_owned();
    let handle = match edition {
        Edition::Cloud => Some(ext.clone()),
        Edition::DataCenter => told(&user.name).map(str::to_owned),
    };
    let kind = match (user.active, user.account_type.as_deref()) {
        (Some(false), _) => AccountKind::Gone,
        (_, Some("app")) => AccountKind::Bot,
        _ => AccountKind::Human,
    };
    let own = |text: &Option<Str<'_>>| told(text).map(str::to_owned);
    Some(Account { ext, handle, name: own(&user.display_name), email: own(&user.email_address), kind })
}

/// What the key of a category says. `None`: nothing (`undefined`, or a word we do not know).
pub(crate) fn category(key: &str) -> Option<StatusCategory> {
    match key {
        "new" => Some(StatusCategory::Todo),
        "indeterminate" => Some(StatusCategory::Active),
        "done" => Some(StatusCategory::Done),
        _ => None,
    }
}

/// An issue as a task, with its history as far as it is at hand. Who and what it names is noted in `named`.
///
/// Fails, with the name of the field, where something is missing that no task can do without.
pub(crate) fn task(
    issue: &Issue<'_>,
    history: &[History<'_>],
    reading: &Reading<'_>,
    named: &mut Named,
) -> Result<Task, &'static str> {
    let fields = issue.fields.as_ref().ok_or("missing field `fields`")?;
    let project = fields.project.as_ref().ok_or("missing field `project`")?;
    let created_at = fields.created.ok_or("missing field `created`")?.0;
    let updated_at = fields.updated.ok_or("missing field `updated`")?.0;
    if fields.status.is_none() {
        return Err("missing field `status`");
    }
    // A date in a form we do not know is no date taken away.
    if fields.due.as_deref().map(str::trim).is_some_and(|text| !text.is_empty() && day(text).is_none()) {
        return Err("`duedate` is no date");
    }
    let status = status(fields, reading);
    let is_open = status.category.is_open();
    let closed_at = (!is_open).then(|| closed_at(fields, history, reading).unwrap_or(updated_at));
    let (spent, remaining) = (fields.spent.and_then(|s| s.0), fields.remaining.and_then(|s| s.0));
    let web = format!("{}/browse/{}", reading.web, &*issue.key);
    Ok(Task {
        ext: issue.id.to_string(),
        key: issue.key.to_string(),
        url: web.clone(),
        handle: issue.id.to_string(),
        title: fields.summary.as_deref().unwrap_or_default().to_owned(),
        kind: fields.kind.as_ref().and_then(|kind| told(&kind.name)).map(str::to_owned),
        container: ContainerRef { kind: ContainerKind::Project, ext: project.id.to_string() },
        homes: homes(fields, reading, named),
        status,
        owners: fields.assignee.iter().filter_map(|user| named.account(user, reading.edition)).collect(),
        reporter: fields.reporter.as_ref().and_then(|user| named.account(user, reading.edition)),
        created_at,
        updated_at,
        closed_at,
        start: custom(fields, &reading.site.roles.start).find_map(date),
        due: due(fields, reading),
        priority: fields.priority.as_ref().and_then(|one| reading.site.priorities.get(one.id.as_deref()?).copied()),
        labels: fields.labels.iter().flatten().map(|label| label.to_string()).collect(),
        progress: progress(fields, reading),
        estimate_secs: fields.estimate.and_then(|seconds| seconds.0),
        spent_secs: spent,
        remaining_secs: remaining,
        parent: parent(fields, reading),
        links: fields.links.as_ref().map(|links| links.iter().filter_map(|one| link(one, reading)).collect()),
        mentions: fields.description.map_or_else(Vec::new, |raw| tasks_named(raw.get(), &web)),
        description_hash: fields.description.map_or(0, |raw| fingerprint(raw.get())),
        restricted: fields.security.is_some() || is_restricted(fields),
        ineligible: None,
        // What was known of it before it was switched off stays.
        untold: if reading.site.is_lacking(Need::Estimate) { vec![Field::Estimate] } else { Vec::new() },
    })
}

fn status(fields: &Fields<'_>, reading: &Reading<'_>) -> Status {
    let Some(status) = &fields.status else {
        return Status { raw: String::new(), category: StatusCategory::Todo, declared: false };
    };
    let raw = status.name.as_deref().unwrap_or_default().to_owned();
    let meant = reading.states.of(status.id.as_deref(), status.name.as_deref());
    let meant = meant.or_else(|| category(status.category()?));
    let is_flagged = custom(fields, &reading.site.roles.flagged).any(is_set);
    match meant {
        Some(category) if is_flagged && category.is_open() => {
            Status { raw, category: StatusCategory::Waiting, declared: true }
        }
        Some(category) => Status { raw, category, declared: true },
        None if is_flagged => Status { raw, category: StatusCategory::Waiting, declared: true },
        None => Status { raw, category: StatusCategory::Todo, declared: false },
    }
}

/// When it was finished: where the fields do not tell, its history does.
fn closed_at(fields: &Fields<'_>, history: &[History<'_>], reading: &Reading<'_>) -> Option<Timestamp> {
    let told = fields.resolution_date.or(fields.category_since).map(|when| when.0);
    told.or_else(|| {
        let finishes = |history: &&History<'_>| {
            history.items.iter().any(|item| {
                let to = item.to.as_deref().filter(|_| item.field.as_deref() == Some("status"));
                let state = to.and_then(|to| reading.site.state(reading.states, to, item.to_string.as_deref()));
                state.is_some_and(|state| !state.is_open())
            })
        };
        history.iter().filter(finishes).map(|history| history.created.0).max()
    })
}

/// The values of a role's fields, in the order in which they count.
fn custom<'a>(fields: &'a Fields<'_>, ids: &'a [String]) -> impl Iterator<Item = &'a RawValue> {
    ids.iter().filter_map(|id| fields.custom.iter().find(|(own, _)| **own == **id).map(|(_, value)| *value))
}

fn read<'a, T: Deserialize<'a>>(raw: &'a RawValue) -> Option<T> {
    serde_json::from_str(raw.get()).ok()
}

/// A date field's value, or a date and time's.
fn date(raw: &RawValue) -> Option<Due> {
    let text: Str<'_> = read(raw)?;
    if text.len() > 10 { instant(&text).map(Due::At) } else { day(&text).map(Due::On) }
}

/// `[{"value":"Impediment"}]`, or `true` where the agile API answers.
fn is_set(raw: &RawValue) -> bool {
    !matches!(raw.get().trim(), "[]" | "false" | "\"\"" | "{}" | "null")
}

fn due(fields: &Fields<'_>, reading: &Reading<'_>) -> Option<DueStated> {
    let own = fields.due.as_deref().and_then(day).map(Due::On);
    own.map(|due| DueStated { due, source: DueSource::Item }).or_else(|| {
        let due = custom(fields, &reading.site.roles.due).find_map(date)?;
        Some(DueStated { due, source: DueSource::Field })
    })
}

/// A field of the operator's choice, then finished sub-tasks, then time. Jira's own `progress` is time as well, and shows
/// 100 % for unfinished work.
fn progress(fields: &Fields<'_>, reading: &Reading<'_>) -> Option<Progress> {
    native(fields, reading).or_else(|| children(fields, reading)).or_else(|| time(fields))
}

fn native(fields: &Fields<'_>, reading: &Reading<'_>) -> Option<Progress> {
    let percent = custom(fields, &reading.site.roles.progress).find_map(|raw| {
        read::<f64>(raw).or_else(|| read::<Str<'_>>(raw)?.trim().trim_end_matches('%').trim_end().parse().ok())
    })?;
    Some(Progress { share: Share::new(percent / 100.0), source: ProgressSource::Native, items: 0 })
}

fn children(fields: &Fields<'_>, reading: &Reading<'_>) -> Option<Progress> {
    let all = fields.subtasks.as_ref()?;
    let states = all.iter().filter_map(|subtask| {
        let status = subtask.fields.as_ref()?.status.as_ref()?;
        let meant = reading.states.of(status.id.as_deref(), status.name.as_deref());
        Some(meant.or_else(|| category(status.category()?)) == Some(StatusCategory::Done))
    });
    let (mut done, mut count) = (0, 0);
    for is_done in states {
        count += 1;
        done += u32::from(is_done);
    }
    let share = Share::of(done, count);
    (count >= FEWEST_CHILDREN).then_some(Progress { share, source: ProgressSource::Children, items: count })
}

/// Nothing is told by work that was never booked, nor where nobody says what is left.
fn time(fields: &Fields<'_>) -> Option<Progress> {
    let spent = fields.spent?.0.filter(|spent| *spent > 0)?;
    let remaining = fields.remaining?.0.filter(|remaining| *remaining > 0)?;
    let share = Share::new(spent as f64 / spent.saturating_add(remaining) as f64);
    Some(Progress { share, source: ProgressSource::Time, items: 0 })
}

fn parent(fields: &Fields<'_>, reading: &Reading<'_>) -> Option<TaskRef> {
    let told = fields.parent.as_ref().and_then(reference);
    told.or_else(|| {
        let key: Str<'_> = custom(fields, &reading.site.roles.epic).find_map(read)?;
        (!key.is_empty()).then(|| TaskRef::Key(key.to_string()))
    })
}

fn reference(other: &wire::Reference<'_>) -> Option<TaskRef> {
    match (told(&other.id), told(&other.key)) {
        (Some(id), _) => Some(TaskRef::Ext(id.to_owned())),
        (None, Some(key)) => Some(TaskRef::Key(key.to_owned())),
        (None, None) => None,
    }
}

/// `outwardIssue` is what this one blocks, `inwardIssue` what blocks this one.
fn link(link: &IssueLink<'_>, reading: &Reading<'_>) -> Option<Link> {
    let (other, is_outward) = match (&link.outward_issue, &link.inward_issue) {
        (Some(other), _) => (other, true),
        (None, Some(other)) => (other, false),
        (None, None) => return None,
    };
    let kind = match () {
        () if blocks(link, reading.blocking) && is_outward => LinkKind::Blocks,
        () if blocks(link, reading.blocking) => LinkKind::BlockedBy,
        () if says_duplicate(link) => LinkKind::Duplicates,
        () => LinkKind::Relates,
    };
    Some(Link { kind, other: reference(other)? })
}

fn blocks(link: &IssueLink<'_>, configured: &[String]) -> bool {
    let Some(kind) = &link.kind else { return false };
    let is =
        |text: &Option<Str<'_>>, word: &str| told(text).is_some_and(|text| text.to_lowercase() == word.to_lowercase());
    match configured {
        [] => is(&kind.name, "blocks") || is(&kind.name, "blocker") || is(&kind.outward, "blocks"),
        words => words.iter().any(|word| is(&kind.id, word) || is(&kind.name, word)),
    }
}

fn says_duplicate(link: &IssueLink<'_>) -> bool {
    let Some(kind) = &link.kind else { return false };
    let is = |text: &Option<Str<'_>>, word: &str| told(text).is_some_and(|text| text.eq_ignore_ascii_case(word));
    is(&kind.name, "duplicate") || is(&kind.name, "duplicates") || is(&kind.outward, "duplicates")
}

/// Seen by some roles alone.
fn is_restricted(fields: &Fields<'_>) -> bool {
    let listed = fields.restriction.as_ref().and_then(|restriction| restriction.issuerestrictions);
    listed.is_some_and(|raw| !matches!(raw.get().trim(), "null" | "{}" | "[]"))
}

fn homes(fields: &Fields<'_>, reading: &Reading<'_>, named: &mut Named) -> Vec<ContainerRef> {
    let mut homes = Vec::new();
    for raw in custom(fields, &reading.site.roles.sprint) {
        for sprint in sprints(raw, reading) {
            // What is over is no plan any more.
            if sprint.open && !homes.contains(&sprint.at) {
                homes.push(named.home(sprint));
            }
        }
    }
    homes.extend(fields.versions.iter().flatten().map(|one| named.home(version(one))));
    homes
}

/// The sprints an issue is in: objects, or texts of which no more than the id is read.
fn sprints(raw: &RawValue, reading: &Reading<'_>) -> Vec<Container> {
    let Some(listed) = read::<Vec<&RawValue>>(raw) else { return Vec::new() };
    let one = |raw: &&RawValue| match read::<Sprint<'_>>(raw) {
        Some(told) => Some(sprint(&told)),
        None => reading.sprints.get(&sprint_id(&read::<Str<'_>>(raw)?)?)?.clone(),
    };
    listed.iter().filter_map(one).collect()
}

/// Ids of the sprints in these fields of which nothing but the id is told.
pub(crate) fn bare_sprints(fields: &Fields<'_>, site: &Site) -> Vec<String> {
    let mut ids = Vec::new();
    for raw in custom(fields, &site.roles.sprint) {
        let listed = read::<Vec<&RawValue>>(raw).unwrap_or_default();
        let bare = listed.into_iter().filter_map(read::<Str<'_>>);
        ids.extend(bare.filter_map(|text| sprint_id(&text)));
    }
    ids
}

/// The id in `com.atlassian.greenhopper.service.sprint.Sprint@a88a698[id=1,rapidViewId=1,…]`. Names in it may hold anything,
/// `id=` included, so only one that begins a member counts, and the first of them.
pub(crate) fn sprint_id(text: &str) -> Option<String> {
    let members = text.split_once('[').map_or(text, |(_, members)| members);
    members.split(',').find_map(|member| {
        let id = member.trim().strip_prefix("id=")?.trim_end_matches(']');
        (!id.is_empty() && id.bytes().all(|b| b.is_ascii_digit())).then(|| id.to_owned())
    })
}

/// A sprint. Its end is a deadline only while it runs: before, it is a plan that moves.
pub(crate) fn sprint(sprint: &Sprint<'_>) -> Container {
    let state = sprint.state.as_deref().unwrap_or_default();
    let is = |word: &str| state.eq_ignore_ascii_case(word);
    let end = sprint.end_date.as_deref().and_then(instant).map(Due::At);
    Container {
        at: ContainerRef { kind: ContainerKind::Sprint, ext: sprint.id.to_string() },
        name: sprint.name.as_deref().unwrap_or_default().to_owned(),
        handle: format!("sprint/{}", &*sprint.id),
        due: end.filter(|_| is("active")),
        open: !is("closed"),
        responsible: None,
    }
}

/// A version.
pub(crate) fn version(version: &Version<'_>) -> Container {
    Container {
        at: ContainerRef { kind: ContainerKind::Release, ext: version.id.to_string() },
        name: version.name.as_deref().unwrap_or_default().to_owned(),
        handle: format!("version/{}", &*version.id),
        due: version.release_date.as_deref().and_then(day).map(Due::On),
        open: version.released != Some(true) && version.archived != Some(true),
        responsible: None,
    }
}

/// FNV-1a, 64 bits: the same in every build, which `std`'s hasher does not promise. The store keeps it.
pub(crate) fn fingerprint(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
pub(crate) mod tests;
