//! Asana's tasks and accounts in our words. Pure.
//!
//! The tick is the only state Asana itself knows, and even that lies for approvals: one that was rejected is ticked, and
//! its work goes on. What is not ticked stands where its section, or a status field, says: it may be done there as well.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use connector_model::{
    Account, AccountKind, Due, DueSource, DueStated, Field, Ineligible, Link, LinkKind, Progress, ProgressSource,
    Status, StatusCategory, Task, TaskRef, tasks_named,
};

use crate::config::{Fields, States};
use crate::containers::project_at;
use crate::fields::{self, Role};
use crate::places;
use crate::wire::{self, CustomField, Named as Ref, User};

/// The word of a state that has none of its own: open, of which more than that is not told.
pub(crate) const INCOMPLETE: &str = "open";
/// The word of what is ticked off.
pub(crate) const COMPLETED: &str = "completed";

/// Who acts where Asana names nobody: its rules, its reminders.
pub(crate) const ITSELF: &str = "asana";
/// Any address of a task here: what is on this host is linked by Asana itself.
const SITE: &str = "https://app.asana.com/0/0/0";

/// What tasks are read with.
pub(crate) struct Reading<'a> {
    pub(crate) states: &'a States,
    pub(crate) fields: &'a Fields,
    /// Everybody in the workspaces.
    pub(crate) people: &'a HashMap<String, Account>,
    /// Our own account.
    pub(crate) own: &'a str,
    /// Their plan has neither dependencies nor custom fields: empty ones tell nothing.
    pub(crate) is_free: bool,
}

/// Accounts named on a page, each once.
#[derive(Default)]
pub(crate) struct Named(BTreeMap<String, Account>);

impl Named {
    /// Notes the account and returns its id. `None`: nobody is named.
    pub(crate) fn account(&mut self, user: &User, people: &HashMap<String, Account>) -> Option<String> {
        let told = places::account(user)?;
        let ext = told.ext.clone();
        let known = people.get(&ext);
        self.0.entry(ext.clone()).or_insert_with(|| match known {
            Some(known) => Account {
                name: told.name.or_else(|| known.name.clone()),
                email: told.email.or_else(|| known.email.clone()),
                kind: if told.kind == AccountKind::Human { known.kind } else { told.kind },
                ..told
            },
            None => told,
        });
        Some(ext)
    }

    /// Asana itself, which is no person.
    pub(crate) fn itself(&mut self) -> String {
        let itself = || Account {
            ext: ITSELF.to_owned(),
            handle: None,
            name: Some("Asana".to_owned()),
            email: None,
            kind: AccountKind::Bot,
        };
        self.0.entry(ITSELF.to_owned()).or_insert_with(itself).ext.clone()
    }

    /// Everybody noted, in the order of their ids.
    pub(crate) fn into_accounts(self) -> Vec<Account> {
        self.0.into_values().collect()
    }
}

/// Where a task lives: the first of its projects that are watched, by the order in which they were made; without any, where
/// its parent does.
pub(crate) fn place(task: &wire::Task, watched: &BTreeSet<String>) -> Option<String> {
    projects(task).filter(|gid| watched.contains(*gid)).min_by_key(|gid| (gid.len(), *gid)).map(str::to_owned)
}

/// All projects it is in.
pub(crate) fn projects(task: &wire::Task) -> impl Iterator<Item = &str> {
    let of_memberships = task.memberships.iter().flatten().filter_map(|one| one.project.as_ref()?.gid.as_deref());
    let listed = task.projects.iter().flatten().filter_map(|one| one.gid.as_deref());
    of_memberships.chain(listed)
}

/// Whether a scope that is needed is lacking: places come as empty objects.
pub(crate) fn lacks_scope(task: &wire::Task) -> bool {
    let mut memberships = task.memberships.iter().flatten();
    memberships.any(|one| one.project.as_ref().is_none_or(|project| project.gid.is_none()))
}

/// A task in our words. Who it names is noted in `named`. `container`: `None` where it is in no project that is watched, and
/// `left` is the one it was in.
///
/// Fails, with the name of the field, where something is missing that no task can do without.
pub(crate) fn task(
    task: &wire::Task,
    container: Option<&str>,
    left: &str,
    reading: &Reading<'_>,
    named: &mut Named,
) -> Result<Task, &'static str> {
    // A row without it was not asked for in full: every task would seem to have no owner.
    let assignee = task.assignee.as_ref().ok_or("missing field `assignee`")?;
    let created_at = task.created_at.ok_or("missing field `created_at`")?;
    let updated_at = task.modified_at.ok_or("missing field `modified_at`")?;
    task.completed.ok_or("missing field `completed`")?;
    if task.gid.is_empty() {
        return Err("missing field `gid`");
    }
    let place = container.unwrap_or(left);
    let status = status(task, place, reading);
    let is_open = status.category.is_open();
    let of_role = |role| of_role(task, reading.fields, role);
    let estimate =
        of_role(Role::Estimate).and_then(|field| Some(fields::seconds(field, field.number_value?))).filter(|s| *s >= 0);
    let start = task.start_at.map(Due::At).or(task.start_on.map(Due::On));
    let due = task.due_at.map(Due::At).or(task.due_on.map(Due::On));
    let ineligible = match () {
        () if is_no_work(task) => Some(Ineligible::NotWork),
        () if container.is_none() => Some(Ineligible::Filtered),
        () if is_open && fields::is_backlog(&status.raw, reading.states) => Some(Ineligible::Backlog),
        () => None,
    };
    Ok(Task {
        ext: task.gid.clone(),
        key: task.gid.clone(),
        url: task.permalink_url.clone().unwrap_or_else(|| format!("https://app.asana.com/0/0/{}", task.gid)),
        handle: task.gid.clone(),
        title: task.name.clone().unwrap_or_default(),
        kind: task.resource_subtype.clone().filter(|kind| kind != "default_task"),
        container: project_at(place),
        homes: Vec::new(),
        owners: assignee.iter().filter_map(|user| named.account(user, reading.people)).collect(),
        reporter: task.created_by.as_ref().and_then(|user| named.account(user, reading.people)),
        created_at,
        updated_at,
        closed_at: (!is_open).then(|| task.completed_at.unwrap_or(updated_at)),
        start: start.or_else(|| fields::date(of_role(Role::Start)?.date_value.as_ref()?)),
        due: due.map(|due| DueStated { due, source: DueSource::Item }),
        priority: of_role(Role::Priority)
            .and_then(|field| fields::priority(field.enum_value.as_ref()?.name.as_deref()?)),
        labels: task.tags.iter().flatten().filter_map(|tag| tag.name.clone()).collect(),
        progress: of_role(Role::Progress).and_then(|field| {
            let share = fields::share(field, field.number_value?);
            Some(Progress { share, source: ProgressSource::Native, items: 0 })
        }),
        estimate_secs: estimate,
        spent_secs: task.actual_time_minutes.map(|minutes| (minutes * 60.0).round() as i64),
        remaining_secs: None,
        parent: task.parent.as_ref().and_then(reference),
        links: links(task, reading.is_free),
        mentions: task.notes.as_deref().map_or_else(Vec::new, |text| tasks_named(text, SITE)),
        description_hash: task.notes.as_deref().filter(|text| !text.is_empty()).map_or(0, fingerprint),
        restricted: false,
        status,
        ineligible,
        untold: untold(task, reading),
    })
}

/// What custom fields would tell, where they are lacking.
fn untold(task: &wire::Task, reading: &Reading<'_>) -> Vec<Field> {
    let is_told = match &task.custom_fields {
        Some(fields) => !fields.is_empty() || !reading.is_free,
        None => false,
    };
    let has_start = task.start_at.is_some() || task.start_on.is_some() || reading.fields.start.is_none();
    match (is_told, has_start) {
        (true, _) => Vec::new(),
        (false, true) => vec![Field::Progress, Field::Estimate, Field::Priority],
        (false, false) => vec![Field::Start, Field::Progress, Field::Estimate, Field::Priority],
    }
}

/// The field that tells this, where it applies and holds something that can be read.
fn of_role<'a>(task: &'a wire::Task, config: &Fields, role: Role) -> Option<&'a CustomField> {
    let among = task.custom_fields.as_deref().unwrap_or_default();
    among.iter().find(|field| field.enabled != Some(false) && fields::role(field, config, among) == Some(role))
}

/// A milestone, which marks a day and is no work of its own; a heading: one inside subtasks, or a section of old projects,
/// which was a task whose name ends with a colon.
fn is_no_work(task: &wire::Task) -> bool {
    let name = task.name.as_deref().unwrap_or_default().trim_end();
    let is_bare = matches!(task.assignee, Some(None)) && task.due_on.is_none() && task.due_at.is_none();
    task.is_rendered_as_separator == Some(true)
        || matches!(task.resource_subtype.as_deref(), Some("section" | "milestone"))
        || (name.ends_with(':') && is_bare && task.num_subtasks.unwrap_or(0) == 0)
}

/// Whether its work goes on, whatever the tick says.
pub(crate) fn is_open(task: &wire::Task) -> bool {
    task.completed != Some(true) || is_sent_back(task.approval_status.as_deref())
}

fn is_sent_back(approval: Option<&str>) -> bool {
    matches!(approval, Some("rejected" | "changes_requested"))
}

/// How far it is, by its tick and by where it stands.
pub(crate) fn status(task: &wire::Task, place: &str, reading: &Reading<'_>) -> Status {
    let words = words(task, place, reading);
    let approval = task.approval_status.as_deref();
    if is_sent_back(approval) {
        let word = approval.unwrap_or_default();
        let category = reading.states.of(word).unwrap_or(StatusCategory::Active);
        return Status { raw: word.to_owned(), category, declared: true };
    }
    if task.completed == Some(true) {
        let given_up = words
            .iter()
            .find(|word| match reading.states.of(word) {
                Some(state) => state == StatusCategory::Cancelled,
                None => fields::common(word) == Some(StatusCategory::Cancelled),
            })
            .cloned();
        return match given_up {
            Some(raw) => Status { raw, category: StatusCategory::Cancelled, declared: true },
            None => Status { raw: COMPLETED.to_owned(), category: StatusCategory::Done, declared: true },
        };
    }
    let configured = words.iter().find_map(|word| Some((word, reading.states.of(word)?)));
    let known = configured.or_else(|| words.iter().find_map(|word| Some((word, fields::common(word)?))));
    match known {
        Some((word, category)) => Status { raw: word.clone(), category, declared: true },
        None => {
            let raw = words.into_iter().next_back().unwrap_or_else(|| INCOMPLETE.to_owned());
            Status { raw, category: StatusCategory::Todo, declared: false }
        }
    }
}

/// What may say how far it is, most exact first: the status of its own type, a status field, its section.
fn words(task: &wire::Task, place: &str, reading: &Reading<'_>) -> Vec<String> {
    let own = task.custom_type_status_option.as_ref().and_then(|option| option.name.clone());
    let field = of_role(task, reading.fields, Role::Status)
        .and_then(|field| field.enum_value.as_ref())
        .and_then(|value| value.name.clone());
    let section = task.memberships.iter().flatten().find_map(|one| {
        (one.project.as_ref()?.gid.as_deref() == Some(place)).then_some(one.section.as_ref()?.name.clone()?)
    });
    let section = section.filter(|name| !fields::is_untitled(name));
    [own, field, section].into_iter().flatten().filter(|word| !word.is_empty()).collect()
}

fn reference(other: &Ref) -> Option<TaskRef> {
    other.gid.clone().filter(|gid| !gid.is_empty()).map(TaskRef::Ext)
}

/// `None`: this answer does not tell.
fn links(task: &wire::Task, is_free: bool) -> Option<Vec<Link>> {
    let is_empty = |others: &Option<Vec<Ref>>| others.as_ref().is_none_or(Vec::is_empty);
    if task.dependencies.is_none() || task.dependents.is_none() {
        return None;
    }
    if is_free && is_empty(&task.dependencies) && is_empty(&task.dependents) {
        return None;
    }
    let of = |kind, others: &Option<Vec<Ref>>| -> Vec<Link> {
        others.iter().flatten().filter_map(|other| Some(Link { kind, other: reference(other)? })).collect()
    };
    let mut links = of(LinkKind::BlockedBy, &task.dependencies);
    links.extend(of(LinkKind::Blocks, &task.dependents));
    Some(links)
}

/// FNV-1a, 64 bits: the same in every build, which `std`'s hasher does not promise. The store keeps it.
pub(crate) fn fingerprint(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
pub(crate) mod tests;
