//! Projects: what their items say of issues. One request is one page of one project; its values are matched by the ids of
//! the project's fields, which are found by their configured names once and remembered, so that renaming a field changes
//! nothing.

mod item;
mod settings;

use std::collections::BTreeMap;

use connector_kit::{ConnectorError, Cursor, Page, SourceRead, Unreadable};
use connector_model::{Lack, Need};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

use super::wire::{Connection, FieldName, Owner, ProjectPage};
use super::{Feature, Operation, Told, Trouble};
use crate::{GitHub, walk};
use item::{Read, read};
pub use settings::{Fields, Project, Statuses};
use settings::{ROLES, Role};

const OF_ORGANIZATION: Operation =
    Operation { name: "ProjectItems", document: include_str!("project_of_organization.graphql") };
const OF_USER: Operation = Operation { name: "ProjectItems", document: include_str!("project_of_user.graphql") };

/// More pages than any project has; a list that goes on beyond goes in circles.
const MOST_PAGES: u32 = 5_000;

/// Where a pass over the projects stands.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
struct At {
    /// The project, by its place in the list.
    project: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<String>,
    /// When this project's first page was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    began: Option<Timestamp>,
    /// Something of this project was withheld: what is missing in it is not gone.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    gap: bool,
    /// Fields whose values may be withheld, because it was not told whether they are still there.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    unsure: Vec<Role>,
    /// Why projects of this pass were not shown.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    hidden: Vec<String>,
    /// Items of this project so far.
    seen: u64,
    pages: u32,
    /// The fields of each project as they were found, by role.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    fields: BTreeMap<String, BTreeMap<Role, Known>>,
    /// Projects that belong to a user.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    users: Vec<String>,
}

/// A field as it was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Known {
    id: String,
    name: String,
}

impl GitHub {
    /// The next page of the next project.
    pub(crate) async fn pull_boards(&self, cursor: &Cursor) -> Result<Page, ConnectorError> {
        let mut at: At = walk::read(cursor);
        let Some(project) = self.projects.get(at.project) else { return Ok(self.all_read(at, cursor)) };
        if at.pages == 0 {
            self.graph.recover(&project.owner, Feature::Projects);
        }
        let mut page = match self.items_of(project, &mut at).await {
            Ok(page) => page,
            Err(trouble @ (Trouble::Absent(_) | Trouble::Unknown(_))) => {
                let now = self.clock.now();
                if self.graph.has_for(&project.owner, Feature::Projects, now) {
                    self.graph.note_away(&project.owner, Feature::Projects, &trouble, now);
                }
                return Ok(self.none_here(at, cursor, &trouble.to_string()));
            }
            // What is not allowed for one project says nothing of the others.
            Err(Trouble::Down(error @ (ConnectorError::Forbidden { .. } | ConnectorError::NotVisible { .. }))) => {
                GitHub::not_shown(&project.name(), error.to_string(), self.clock.now(), &mut at)
            }
            Err(trouble) => return Err(trouble.into_error()),
        };
        page.more = at.project < self.projects.len();
        if !page.more {
            page.lacks = Some(self.lacks_of_projects(&at.hidden));
            page.sources = Some(self.projects.iter().map(Project::name).collect());
            at = at.rest();
        }
        page.next = Cursor { at: walk::write(&at), etag: None, backfilled: cursor.backfilled || !page.more };
        Ok(page)
    }

    fn all_read(&self, at: At, cursor: &Cursor) -> Page {
        let next = Cursor { at: walk::write(&at.rest()), etag: None, backfilled: cursor.backfilled };
        let mut page = Page::new(self.clock.now(), next);
        page.lacks = Some(Vec::new());
        page.sources = Some(self.projects.iter().map(Project::name).collect());
        page
    }

    /// This project is not to be seen; nothing is concluded, and the next one is read.
    fn not_shown(name: &str, because: String, asked_at: Timestamp, at: &mut At) -> Page {
        let mut page = Page::new(asked_at, Cursor::default());
        let words = format!("project {name}: {because}");
        page.partial = Some(words.clone());
        at.hidden.push(words);
        page.unreadable.push(Unreadable { what: format!("project {name}"), because });
        at.next_project();
        page
    }

    /// Nothing is concluded: what was read before stays.
    fn none_here(&self, at: At, cursor: &Cursor, because: &str) -> Page {
        let next = Cursor { at: walk::write(&at.rest()), etag: None, backfilled: cursor.backfilled };
        let mut page = Page::new(self.clock.now(), next);
        let words = format!("projects cannot be read: GraphQL is {because}");
        page.lacks = Some(self.lacks_of_projects(std::slice::from_ref(&words)));
        page.partial = Some(words);
        page
    }

    /// What fields of projects would tell, where some projects are not shown. Milestones, task lists and labels tell theirs
    /// still.
    fn lacks_of_projects(&self, hidden: &[String]) -> Vec<Lack> {
        let Some(first) = hidden.first() else { return Vec::new() };
        let because = match hidden.len() - 1 {
            0 => first.clone(),
            more => format!("{first}; and {more} more"),
        };
        let fields = &self.fields;
        let told = [
            (Need::Due, !fields.due.is_empty() || !fields.iteration.is_empty()),
            (Need::Progress, !fields.progress.is_empty()),
            (Need::Priority, !fields.priority.is_empty()),
            (Need::Estimate, !fields.estimate.is_empty() && fields.estimate_unit_secs.is_some()),
        ];
        told.into_iter().filter(|(_, is_asked)| *is_asked).map(|(need, _)| Lack::part(need, because.clone())).collect()
    }

    /// A page of one project, asked for once more where its fields turn out to be called otherwise.
    async fn items_of(&self, project: &Project, at: &mut At) -> Result<Page, Trouble> {
        if !self.graph.has_for(&project.owner, Feature::Projects, self.clock.now()) {
            return Err(Trouble::Absent("as was seen before".to_owned()));
        }
        let name = project.name();
        let mut is_repeated = false;
        loop {
            let names = self.names(at.fields.get(&name));
            let told = self.ask_items(project, at, &names).await?;
            let asked_at = told.asked_at;
            let began = *at.began.get_or_insert(asked_at);
            let withheld = told.faults.first().map(|fault| fault.words());
            let root = if told.data.is_user { "user" } else { "organization" };
            let Some(items) = told.data.page.as_ref().filter(|page| page.items.is_some()) else {
                let because = withheld.unwrap_or_else(|| "not there, or the token may not see it".to_owned());
                return Ok(GitHub::not_shown(&name, because, asked_at, at));
            };
            let mut gone = Vec::new();
            if at.after.is_none() {
                let is_told = told.is_told(&[root, "projectV2", "fields"]);
                gone = self.find_fields(&name, items.fields.as_ref().filter(|_| is_told), at);
                if self.names(at.fields.get(&name)) != names {
                    if std::mem::replace(&mut is_repeated, true) {
                        let what = format!("fields of project {name}: they are called otherwise each time");
                        return Err(Trouble::Down(ConnectorError::Malformed { tool: crate::TOOL, what, source: None }));
                    }
                    continue;
                }
            }
            let mut page = self.take_items(project, root, &told, items, at);
            page.unreadable.extend(gone);
            self.turn(&name, items, at, began, &mut page)?;
            return Ok(page);
        }
    }

    /// What each field is to be asked for by.
    fn names(&self, known: Option<&BTreeMap<Role, Known>>) -> Vec<String> {
        let name = |role: &Role| {
            let known = known.and_then(|known| known.get(role)).map(|field| field.name.clone());
            let first = || role.names(&self.fields).first().cloned().unwrap_or_default();
            known.unwrap_or_else(first)
        };
        ROLES.iter().map(name).collect()
    }

    /// Finds the fields among those of the project: by the id they had before, else by a configured name or id. Gives those
    /// that have gone. Where the list is not told, or not all of it, none has: what was known stays.
    fn find_fields(&self, project: &str, told: Option<&Connection<FieldName>>, at: &mut At) -> Vec<Unreadable> {
        let is_whole = told.is_some_and(Connection::is_whole);
        let fields: Vec<&FieldName> = told.iter().flat_map(|list| &list.nodes).flatten().collect();
        let by_id = |id: &str| fields.iter().find(|field| field.id.as_deref() == Some(id));
        let by_name = |name: &String| {
            let is = |field: &&&FieldName| field.name.as_deref().is_some_and(|own| Fields::same(own, name));
            fields.iter().find(is).or_else(|| by_id(name))
        };
        let known = at.fields.entry(project.to_owned()).or_default();
        at.unsure.clear();
        let mut gone = Vec::new();
        for role in ROLES {
            let before = known.remove(&role);
            let found = before.as_ref().and_then(|before| by_id(&before.id));
            // By its name another one is found only where it is certain that the known one is not there.
            let may_be_another = before.is_none() || is_whole;
            let names = role.names(&self.fields);
            let found = found.or_else(|| names.iter().filter(|_| may_be_another).find_map(by_name));
            match (found.and_then(|field| Some(Known { id: field.id.clone()?, name: field.name.clone()? })), before) {
                (Some(field), _) => drop(known.insert(role, field)),
                (None, Some(before)) if is_whole => gone.push(Unreadable {
                    what: format!("field \"{}\" of project {project}", before.name),
                    because: "it is not there any more".to_owned(),
                }),
                (None, Some(before)) => {
                    known.insert(role, before);
                    at.unsure.push(role);
                    at.gap = true;
                }
                (None, None) => at.gap |= !is_whole && !names.is_empty(),
            }
        }
        gone
    }

    fn take_items(&self, project: &Project, root: &str, told: &Told<Of>, items: &ProjectPage, at: &mut At) -> Page {
        let mut page = Page::new(told.asked_at, Cursor::default());
        let rank = u32::try_from(at.project).unwrap_or(u32::MAX);
        let nodes = items.items.iter().flat_map(|items| &items.nodes);
        for (index, raw) in nodes.enumerate() {
            at.seen += 1;
            let index = index.to_string();
            let is_whole = told.is_told(&[root, "projectV2", "items", "nodes", &index]);
            let Some(raw) = raw.as_ref().filter(|_| is_whole) else {
                at.gap = true;
                continue;
            };
            if lacks(raw, &at.unsure) {
                at.gap = true;
                continue;
            }
            match read(raw, self, told.asked_at) {
                Ok(Read::Of(task, changed_at, values)) => page.supplements.push(connector_kit::Supplement {
                    task,
                    source: project.name(),
                    rank,
                    at: changed_at,
                    values: *values,
                }),
                Ok(Read::NoIssue) => page.skipped += 1,
                Err(because) => {
                    at.gap = true;
                    page.unreadable.push(Unreadable { what: format!("item {index} of {}", project.name()), because });
                }
            }
        }
        page
    }

    /// Where to go on. A project that brought fewer items than it counts was not read to its end.
    fn turn(
        &self,
        name: &str,
        page_of: &ProjectPage,
        at: &mut At,
        began: Timestamp,
        page: &mut Page,
    ) -> Result<(), Trouble> {
        let next = page_of.items.as_ref().and_then(|items| items.next()).map(str::to_owned);
        at.gap |= page_of.items.as_ref().is_some_and(Connection::is_cut);
        at.pages += 1;
        if let Some(next) = next {
            if at.after.as_ref() == Some(&next) || at.pages > MOST_PAGES {
                let what = format!("items of project {name}: the pages do not end");
                return Err(Trouble::Down(ConnectorError::Malformed { tool: crate::TOOL, what, source: None }));
            }
            at.after = Some(next);
            return Ok(());
        }
        let counted = page_of.items.as_ref().and_then(|items| items.total_count);
        let is_all = !at.gap && counted.is_none_or(|counted| at.seen >= counted);
        if is_all {
            page.source_read = Some(SourceRead { source: name.to_owned(), began_at: began });
        } else {
            page.partial = Some(format!("project {name}: some of its items were withheld"));
        }
        at.next_project();
        Ok(())
    }

    /// Asks its organisation, or the user it belongs to.
    async fn ask_items(&self, project: &Project, at: &mut At, names: &[String]) -> Result<Told<Of>, Trouble> {
        let name = project.name();
        if !at.users.contains(&name) {
            let told = self.ask_items_of(&OF_ORGANIZATION, project, at, names).await?;
            if told.data.organization.is_some() || at.after.is_some() {
                return Ok(told.map(|owner| Of { is_user: false, page: owner.page() }));
            }
        }
        let told = self.ask_items_of(&OF_USER, project, at, names).await?;
        if told.data.organization.is_some() && !at.users.contains(&name) {
            at.users.push(name);
        }
        Ok(told.map(|owner| Of { is_user: true, page: owner.page() }))
    }

    async fn ask_items_of(
        &self,
        operation: &Operation,
        project: &Project,
        at: &At,
        names: &[String],
    ) -> Result<Told<Owner>, Trouble> {
        loop {
            let first = self.graph.batch(&project.owner, Feature::Projects);
            let mut variables = serde_json::json!({
                "org": project.owner, "num": project.number, "first": first, "after": at.after,
            });
            for (role, name) in ROLES.iter().zip(names) {
                variables[role.word()] = Value::from(name.as_str());
            }
            match self.ask(&project.owner, operation, &variables).await {
                Err(Trouble::Heavy(error)) => {
                    if !self.graph.halve(&project.owner, Feature::Projects, first) {
                        return Err(Trouble::Down(error));
                    }
                }
                other => return other,
            }
        }
    }
}

/// Whether a value is missing that may only be withheld.
fn lacks(item: &RawValue, unsure: &[Role]) -> bool {
    let values = || serde_json::from_str::<serde_json::Map<String, Value>>(item.get()).unwrap_or_default();
    !unsure.is_empty() && {
        let values = values();
        unsure.iter().any(|role| values.get(role.word()).is_none_or(Value::is_null))
    }
}

/// A project's page, and whose it is.
struct Of {
    is_user: bool,
    page: Option<ProjectPage>,
}

impl Owner {
    fn page(self) -> Option<ProjectPage> {
        self.organization?.project
    }
}

impl<T> Told<T> {
    fn map<U>(self, change: impl FnOnce(T) -> U) -> Told<U> {
        Told { data: change(self.data), faults: self.faults, asked_at: self.asked_at }
    }
}

impl At {
    fn next_project(&mut self) {
        let (project, fields, users) =
            (self.project + 1, std::mem::take(&mut self.fields), std::mem::take(&mut self.users));
        *self = At { project, fields, users, hidden: std::mem::take(&mut self.hidden), ..At::default() };
    }

    /// Between two passes: what was found stays known.
    fn rest(self) -> At {
        At { fields: self.fields, users: self.users, ..At::default() }
    }
}
