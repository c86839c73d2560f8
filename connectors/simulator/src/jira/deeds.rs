//! What happens on the site: each deed leaves its entry in the history, moves `updated` where Jira does, and only there.

use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::{Value, json};

use super::model::{
    Comment, History, Issue, IssueDraft, Item, Kind, Link, Named, Project, Status, Text, Version, Worklog,
};
use super::site::{Site, own};

/// A field that changed from one value to another: value and text of each.
pub(super) fn item(field: &str, from: (Option<String>, Option<String>), to: (Option<String>, Option<String>)) -> Item {
    Item { field: field.to_owned(), custom: false, from: from.0, from_text: from.1, to: to.0, to_text: to.1 }
}

/// A value that is its own text.
fn same(value: Option<String>) -> (Option<String>, Option<String>) {
    (value.clone(), value)
}

/// A text without a value.
fn text(value: Option<String>) -> (Option<String>, Option<String>) {
    (None, value)
}

fn day(value: Option<Date>) -> (Option<String>, Option<String>) {
    (value.map(|day| day.to_string()), value.map(|day| format!("{day} 00:00:00.0")))
}

impl Site {
    pub(super) fn ensure_project(&mut self, key: &str, name: &str, service: bool) -> u64 {
        if let Some(project) = self.projects.iter().find(|project| project.key == key) {
            return project.id;
        }
        let id = 10_000 + self.projects.len() as u64;
        self.projects.push(Project {
            id,
            key: key.to_owned(),
            name: name.to_owned(),
            service,
            archived: false,
            hidden: false,
            comments_denied: false,
            edits_denied: false,
            lead: None,
            next_number: 1,
            last_update: None,
        });
        id
    }

    pub(super) fn ensure_status(&mut self, name: &str, category: &str) -> u64 {
        if let Some(status) = self.statuses.iter().find(|status| status.name == name) {
            return status.id;
        }
        let id = self.fresh_id();
        self.statuses.push(Status { id, name: name.to_owned(), category: category.to_owned() });
        id
    }

    pub(super) fn ensure_kind(&mut self, name: &str) -> u64 {
        if let Some(kind) = self.kinds.iter().find(|kind| kind.name.eq_ignore_ascii_case(name)) {
            return kind.id;
        }
        let id = self.fresh_id();
        self.kinds.push(Kind { id, name: name.to_owned(), level: 0 });
        id
    }

    pub(super) fn ensure_priority(&mut self, name: &str) -> u64 {
        if let Some(found) = self.priorities.iter().find(|one| one.name.eq_ignore_ascii_case(name)) {
            return found.id;
        }
        let id = self.fresh_id();
        self.priorities.push(Named { id, name: name.to_owned() });
        id
    }

    pub(super) fn ensure_version(&mut self, project: u64, name: &str, release_date: Option<Date>) -> u64 {
        if let Some(version) = self.versions.iter().find(|one| one.project == project && one.name == name) {
            return version.id;
        }
        let id = self.fresh_id();
        let name = name.to_owned();
        self.versions.push(Version { id, project, name, release_date, released: false, archived: false });
        id
    }

    /// The id of an issue that a test names.
    pub(super) fn id_of(&self, key: &str) -> u64 {
        self.issue_named(key).unwrap_or_else(|| panic!("the simulator has no issue {key}")).id
    }

    pub(super) fn open(&mut self, project: &str, draft: IssueDraft, now: Timestamp) -> String {
        let project_id = self.project_mut(project).id;
        let at = draft.created.unwrap_or(now);
        let number = {
            let project = self.project_mut(project);
            project.next_number += 1;
            project.next_number - 1
        };
        let reporter = self.ensure_user(draft.reporter.as_deref().unwrap_or("max"));
        let status = self.ensure_status(draft.status.as_deref().unwrap_or("To Do"), "new");
        let kind = if draft.kind.is_empty() { "Task" } else { &draft.kind };
        let kind = self.ensure_kind(kind);
        let priority = self.ensure_priority(draft.priority.as_deref().unwrap_or("Medium"));
        let versions = draft.versions.iter().map(|name| self.ensure_version(project_id, name, None)).collect();
        let assignee = draft.assignee.as_deref().map(|login| self.ensure_user(login));
        let parent = draft.parent.as_deref().or(draft.epic.as_deref()).map(|key| self.id_of(key));
        let id = self.fresh_id();
        let key = format!("{project}-{number}");
        let mut custom = std::collections::BTreeMap::new();
        custom.insert(own::RANK, json!(format!("0|i{id:05x}:")));
        if let Some(points) = draft.story_points {
            custom.insert(own::POINTS, json!(points));
        }
        if let Some(start) = draft.start {
            custom.insert(own::START, json!(start.to_string()));
        }
        let issue = Issue {
            id,
            key: key.clone(),
            project: project_id,
            kind,
            title: draft.title,
            description: draft.description,
            status,
            category_since: at,
            resolution: None,
            resolved_at: None,
            created_at: at,
            updated_at: at,
            due: draft.due,
            priority: Some(priority),
            labels: draft.labels,
            components: Vec::new(),
            assignee,
            reporter: Some(reporter.clone()),
            creator: Some(reporter),
            parent,
            sprints: Vec::new(),
            versions,
            estimate: draft.original_estimate_secs,
            remaining: draft.original_estimate_secs,
            spent: None,
            flagged: false,
            secured: false,
            custom,
            histories: Vec::new(),
            comments: Vec::new(),
            worklogs: Vec::new(),
            watchers: std::collections::BTreeSet::new(),
            full: false,
        };
        self.keys.insert(key.clone(), id);
        self.parents.extend(issue.parent);
        self.issues.insert(id, issue);
        self.noticed(id, at);
        key
    }

    /// Changes an issue and notes what changed; nothing if nothing did.
    pub(super) fn change(
        &mut self,
        id: u64,
        by: &str,
        at: Timestamp,
        deed: impl FnOnce(&mut Site, &mut Issue) -> Vec<Item>,
    ) {
        let author = (!by.is_empty()).then(|| self.ensure_user(by));
        let Some(mut issue) = self.issues.remove(&id) else { return };
        let items = deed(self, &mut issue);
        let changed = !items.is_empty();
        if changed {
            let history = History { id: self.fresh_id(), author, at, items };
            // A story may be told out of order.
            let place = issue.histories.partition_point(|one| one.at <= at);
            issue.histories.insert(place, history);
            issue.updated_at = issue.updated_at.max(at);
        }
        self.issues.insert(id, issue);
        if changed {
            self.noticed(id, at);
        }
    }

    pub(super) fn set_status(&mut self, issue: &mut Issue, status: u64, at: Timestamp) -> Vec<Item> {
        let name = |site: &Site, id: u64| site.status(id).map(|status| status.name.clone());
        if issue.status == status {
            return Vec::new();
        }
        let was = issue.status;
        let from = (Some(was.to_string()), name(self, was));
        let to = (Some(status.to_string()), name(self, status));
        let mut items = Vec::new();
        let (before, after) = (self.category(was).to_owned(), self.category(status).to_owned());
        if before != after {
            issue.category_since = at;
            let done = self.resolutions.first().cloned();
            let is_done = after == "done";
            let resolution = done.filter(|_| is_done);
            let shown = |resolution: Option<&Named>| {
                (resolution.map(|one| one.id.to_string()), resolution.map(|one| one.name.clone()))
            };
            if issue.resolution != resolution.as_ref().map(|one| one.id) {
                let old = issue.resolution.and_then(|id| self.resolutions.iter().find(|one| one.id == id));
                items.push(item("resolution", shown(old), shown(resolution.as_ref())));
            }
            issue.resolution = resolution.map(|one| one.id);
            issue.resolved_at = is_done.then_some(at);
        }
        issue.status = status;
        items.push(item("status", from, to));
        items
    }

    pub(super) fn set_assignee(&mut self, issue: &mut Issue, login: Option<String>) -> Vec<Item> {
        if issue.assignee == login {
            return Vec::new();
        }
        let shown = |site: &Site, login: Option<&String>| {
            (login.cloned(), login.and_then(|login| site.users.get(login)).map(|user| user.name.clone()))
        };
        let from = shown(self, issue.assignee.as_ref());
        let to = shown(self, login.as_ref());
        issue.assignee = login;
        vec![item("assignee", from, to)]
    }

    pub(super) fn set_due(issue: &mut Issue, due: Option<Date>) -> Vec<Item> {
        if issue.due == due {
            return Vec::new();
        }
        let from = day(std::mem::replace(&mut issue.due, due));
        vec![item("duedate", from, day(due))]
    }

    pub(super) fn set_estimate(issue: &mut Issue, secs: Option<u64>) -> Vec<Item> {
        let shown = |secs: Option<u64>| same(secs.map(|secs| secs.to_string()));
        let mut items = Vec::new();
        if issue.estimate != secs {
            items.push(item("timeoriginalestimate", shown(issue.estimate), shown(secs)));
        }
        let remaining = secs.map(|secs| secs.saturating_sub(issue.spent.unwrap_or(0)));
        if issue.remaining != remaining {
            items.push(item("timeestimate", shown(issue.remaining), shown(remaining)));
        }
        issue.estimate = secs;
        issue.remaining = remaining;
        items
    }

    pub(super) fn log(&mut self, issue: &mut Issue, by: &str, secs: u64, at: Timestamp) -> Vec<Item> {
        let shown = |secs: Option<u64>| same(secs.map(|secs| secs.to_string()));
        let (spent, remaining) = (issue.spent, issue.remaining);
        issue.spent = Some(spent.unwrap_or(0) + secs);
        issue.remaining = Some(remaining.unwrap_or(0).saturating_sub(secs));
        let id = self.fresh_id();
        let author = self.ensure_user(by);
        issue.worklogs.push(Worklog { id, author, at, secs });
        vec![
            item("timeestimate", shown(remaining), shown(issue.remaining)),
            item("timespent", shown(spent), shown(issue.spent)),
            item("WorklogId", (None, None), same(Some(id.to_string()))),
        ]
    }

    pub(super) fn set_flag(issue: &mut Issue, on: bool) -> Vec<Item> {
        if std::mem::replace(&mut issue.flagged, on) == on {
            return Vec::new();
        }
        let shown = |on: bool| {
            if on { (Some("[10019]".to_owned()), Some("Impediment".to_owned())) } else { (Some(String::new()), None) }
        };
        let mut one = item("Flagged", shown(!on), shown(on));
        one.custom = true;
        vec![one]
    }

    pub(super) fn set_labels(issue: &mut Issue, labels: Vec<String>) -> Vec<Item> {
        if issue.labels == labels {
            return Vec::new();
        }
        let from = text(Some(issue.labels.join(" ")));
        let to = text(Some(labels.join(" ")));
        issue.labels = labels;
        vec![item("labels", from, to)]
    }

    pub(super) fn set_title(issue: &mut Issue, title: &str) -> Vec<Item> {
        let from = text(Some(std::mem::replace(&mut issue.title, title.to_owned())));
        vec![item("summary", from, text(Some(title.to_owned())))]
    }

    pub(super) fn set_description(issue: &mut Issue, words: &str) -> Vec<Item> {
        let from = text(issue.description.replace(words.to_owned()));
        vec![item("description", from, text(Some(words.to_owned())))]
    }

    pub(super) fn set_priority(&mut self, issue: &mut Issue, name: &str) -> Vec<Item> {
        let id = self.ensure_priority(name);
        let shown = |site: &Site, id: Option<u64>| {
            let found = id.and_then(|id| site.priorities.iter().find(|one| one.id == id));
            (found.map(|one| one.id.to_string()), found.map(|one| one.name.clone()))
        };
        if issue.priority == Some(id) {
            return Vec::new();
        }
        let from = shown(self, issue.priority);
        issue.priority = Some(id);
        vec![item("priority", from, shown(self, issue.priority))]
    }

    /// Open sprints are left for the new one; those that are over stay.
    pub(super) fn enter_sprint(&mut self, issue: &mut Issue, sprint: u64) -> Vec<Item> {
        let is_over = |id: &u64| self.sprints.iter().any(|one| one.id == *id && one.state == "closed");
        let shown = |ids: &[u64]| {
            let names = ids.iter().filter_map(|id| self.sprints.iter().find(|one| one.id == *id));
            let names: Vec<&str> = names.map(|sprint| sprint.name.as_str()).collect();
            let ids: Vec<String> = ids.iter().map(u64::to_string).collect();
            (Some(ids.join(", ")), Some(names.join(", ")))
        };
        let mut now: Vec<u64> = issue.sprints.iter().copied().filter(|id| is_over(id)).collect();
        now.push(sprint);
        if now == issue.sprints {
            return Vec::new();
        }
        let mut one = item("Sprint", shown(&issue.sprints), shown(&now));
        one.custom = true;
        issue.sprints = now;
        vec![one]
    }

    pub(super) fn set_versions(&mut self, issue: &mut Issue, versions: Vec<u64>) -> Vec<Item> {
        let shown = |id: &u64| {
            let found = self.versions.iter().find(|one| one.id == *id);
            (Some(id.to_string()), found.map(|version| version.name.clone()))
        };
        let gone = issue.versions.iter().filter(|id| !versions.contains(id));
        let mut items: Vec<Item> = gone.map(|id| item("Fix Version", shown(id), (None, None))).collect();
        let new = versions.iter().filter(|id| !issue.versions.contains(id));
        items.extend(new.map(|id| item("Fix Version", (None, None), shown(id))));
        issue.versions = versions;
        items
    }

    pub(super) fn set_parent(&mut self, issue: &mut Issue, parent: Option<u64>) -> Vec<Item> {
        if issue.parent == parent {
            return Vec::new();
        }
        let shown = |id: Option<u64>| {
            let found = id.and_then(|id| self.issues.get(&id));
            (found.map(|issue| issue.id.to_string()), found.map(|issue| issue.key.clone()))
        };
        let from = shown(issue.parent);
        issue.parent = parent;
        self.parents.extend(parent);
        vec![item("IssueParentAssociation", from, shown(parent))]
    }

    /// Another place in the backlog.
    pub(super) fn set_rank(&mut self, issue: &mut Issue) -> Vec<Item> {
        issue.custom.insert(own::RANK, json!(format!("0|h{:05x}:", self.fresh_id())));
        let empty = || (Some(String::new()), Some(String::new()));
        let mut one = item("Rank", empty(), (Some(String::new()), Some("Ranked higher".to_owned())));
        one.custom = true;
        vec![one]
    }

    /// A custom field by its name; the one that sites use, where there are two.
    pub(super) fn set_custom(&mut self, issue: &mut Issue, name: &str, value: Value) -> Vec<Item> {
        let found = self.fields.iter().rev().find(|field| field.name == name);
        let number = found.unwrap_or_else(|| panic!("the simulator has no field {name}")).number;
        let shown = |value: Option<&Value>| {
            let value = value.filter(|value| !value.is_null());
            text(value.map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned)))
        };
        let from = shown(issue.custom.get(&number));
        let mut one = item(name, from, shown(Some(&value)));
        one.custom = true;
        if value.is_null() {
            issue.custom.remove(&number);
        } else {
            issue.custom.insert(number, value);
        }
        vec![one]
    }

    /// Ticks the next boxes of the description.
    pub(super) fn tick(issue: &mut Issue, boxes: usize) -> Vec<Item> {
        let words = issue.description.clone().unwrap_or_default().replacen("- [ ] ", "- [x] ", boxes);
        if issue.description.as_ref() == Some(&words) { Vec::new() } else { Site::set_description(issue, &words) }
    }

    pub(super) fn comment(&mut self, id: u64, by: &str, body: Text, at: Timestamp) -> u64 {
        let author = self.ensure_user(by);
        let comment = self.fresh_id();
        let Some(issue) = self.issues.get_mut(&id) else { return comment };
        issue.comments.push(Comment {
            id: comment,
            author: Some(author.clone()),
            editor: Some(author),
            body,
            created_at: at,
            updated_at: at,
            properties: std::collections::BTreeMap::new(),
            visibility: None,
            edits: 0,
            notified: 1,
        });
        issue.comments.sort_by_key(|comment| (comment.created_at, comment.id));
        issue.updated_at = issue.updated_at.max(at);
        self.noticed(id, at);
        comment
    }

    /// `blocker` blocks `blocked`; both histories tell it, and both move.
    pub(super) fn link(&mut self, kind: &str, from: u64, to: u64, by: &str, at: Timestamp) {
        let Some(found) = self.link_types.iter().find(|one| one.name == kind).cloned() else {
            panic!("the simulator has no kind of link {kind}")
        };
        if self.links.iter().any(|link| link.kind == found.id && link.from == from && link.to == to) {
            return;
        }
        let id = self.fresh_id();
        self.links.push(Link { id, kind: found.id, from, to });
        for (mine, other, words) in [(from, to, &found.outward), (to, from, &found.inward)] {
            let other = self.issues.get(&other).map(|issue| issue.key.clone()).unwrap_or_default();
            let told = format!("This work item {words} {other}");
            self.change(mine, by, at, |_, _| vec![item("Link", (None, None), (Some(other), Some(told)))]);
        }
    }

    pub(super) fn unlink(&mut self, from: u64, to: u64, by: &str, at: Timestamp) {
        let gone: Vec<Link> = self.links.iter().filter(|link| link.from == from && link.to == to).cloned().collect();
        self.links.retain(|link| link.from != from || link.to != to);
        for link in gone {
            let Some(found) = self.link_types.iter().find(|one| one.id == link.kind).cloned() else { continue };
            for (mine, other, words) in [(from, to, &found.outward), (to, from, &found.inward)] {
                let other = self.issues.get(&other).map(|issue| issue.key.clone()).unwrap_or_default();
                let told = format!("This work item {words} {other}");
                self.change(mine, by, at, |_, _| vec![item("Link", (Some(other), Some(told)), (None, None))]);
            }
        }
    }

    /// Its id stays, its key changes; the old one leads to it.
    pub(super) fn move_to(&mut self, id: u64, project: &str, by: &str, at: Timestamp) -> String {
        let (to_id, to_name, number) = {
            let project = self.project_mut(project);
            project.next_number += 1;
            (project.id, project.name.clone(), project.next_number - 1)
        };
        let key = format!("{project}-{number}");
        let new_key = key.clone();
        self.change(id, by, at, |site, issue| {
            let from = site.project(issue.project);
            let from = (from.map(|one| one.id.to_string()), from.map(|one| one.name.clone()));
            let old = std::mem::replace(&mut issue.key, new_key.clone());
            issue.project = to_id;
            vec![
                item("Key", text(Some(old)), text(Some(new_key))),
                item("project", from, (Some(to_id.to_string()), Some(to_name))),
            ]
        });
        self.keys.insert(key.clone(), id);
        key
    }

    pub(super) fn delete(&mut self, id: u64, at: Timestamp) {
        let children: Vec<u64> = self
            .issues
            .values()
            .filter(|issue| issue.parent == Some(id) && self.level(issue) < 0)
            .map(|issue| issue.id)
            .collect();
        // Sub-tasks go with it; whatever else stood below it stands alone.
        children.into_iter().for_each(|child| self.delete(child, at));
        self.issues.values_mut().filter(|issue| issue.parent == Some(id)).for_each(|issue| issue.parent = None);
        self.issues.remove(&id);
        self.links.retain(|link| link.from != id && link.to != id);
        self.keys.retain(|_, found| *found != id);
        self.noticed(id, at);
    }

    /// Another workflow for a whole project: histories tell of a status that nobody changed.
    pub(super) fn migrate(&mut self, project: u64, from: u64, to: u64, by: &str, at: Timestamp) {
        let found: Vec<u64> = self
            .issues
            .values()
            .filter(|issue| issue.project == project && issue.status == from)
            .map(|issue| issue.id)
            .collect();
        for id in found {
            self.change(id, by, at, |site, issue| {
                let workflow = item(
                    "Workflow",
                    (Some("10101".to_owned()), Some("Old workflow".to_owned())),
                    (Some("10102".to_owned()), Some("New workflow".to_owned())),
                );
                let mut items = vec![workflow];
                items.extend(site.set_status(issue, to, at));
                items
            });
        }
    }
}
