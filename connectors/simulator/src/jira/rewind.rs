//! Every recorded issue as it was at an instant: what happened later is undone.

use jiff::{SignedDuration, Timestamp};

use super::model::{Issue, Item, Link};
use super::recorded::{day, ensure_project};
use super::site::Site;

impl Site {
    /// Shows every recorded issue as it was then. `None`: as at the end.
    pub(super) fn as_of(&mut self, at: Option<Timestamp>) {
        let originals = std::mem::take(&mut self.originals);
        let mut links = self.recorded_links.clone();
        self.links.retain(|link| self.recorded_links.iter().all(|known| known.id != link.id));
        for original in &originals {
            let current = self.issues.remove(&original.id);
            let mut issue = original.clone();
            if let Some(at) = at {
                if issue.created_at > at {
                    continue;
                }
                self.rewind(&mut issue, &mut links, at);
            }
            // What was said of it over the wire stays said.
            if let Some(current) = current {
                let said = current.comments.into_iter();
                let said = said.filter(|one| original.comments.iter().all(|known| known.id != one.id));
                issue.comments.extend(said);
                issue.watchers.extend(current.watchers);
            }
            self.parents.extend(issue.parent);
            self.issues.insert(issue.id, issue);
        }
        links.retain(|link| self.issues.contains_key(&link.from) && self.issues.contains_key(&link.to));
        self.links.extend(links);
        self.originals = originals;
        if let Some(at) = at {
            self.rewind_around(at);
        }
        for project in &mut self.projects {
            let updates = self.issues.values().filter(|issue| issue.project == project.id);
            project.last_update = updates.map(|issue| issue.updated_at).max();
        }
        self.reindex();
    }

    /// Sprints are in the state that their dates tell.
    fn rewind_around(&mut self, at: Timestamp) {
        for sprint in &mut self.sprints {
            let over = sprint.completed.or(sprint.end);
            sprint.state = match (sprint.start, over) {
                (_, Some(over)) if over <= at => "closed",
                (Some(start), _) if start <= at => "active",
                _ => "future",
            };
        }
        let today = day(at);
        for version in self.versions.iter_mut().filter(|version| version.release_date.is_some()) {
            version.released = version.release_date.is_some_and(|day| day <= today);
        }
    }

    fn rewind(&mut self, issue: &mut Issue, links: &mut Vec<Link>, at: Timestamp) {
        let tells =
            |field: &str| issue.histories.iter().flat_map(|history| &history.items).any(|item| item.field == field);
        let (tells_status, tells_sprint) = (tells("status"), tells("Sprint"));
        let keep = issue.histories.partition_point(|history| history.at <= at);
        let undone = issue.histories.split_off(keep);
        for item in undone.iter().rev().flat_map(|history| history.items.iter().rev()) {
            self.undo(issue, links, item);
        }
        let resolved_later = issue.resolved_at.is_some_and(|resolved| resolved > at);
        if resolved_later && !tells_status {
            issue.status = self.ensure_status("Open", "new");
            issue.resolution = None;
        }
        if resolved_later || issue.resolution.is_none() {
            issue.resolved_at = None;
        }
        if issue.resolution.is_some() && issue.resolved_at.is_none() {
            issue.resolved_at = last(issue, |item| item.field == "resolution" && item.to.is_some());
        }
        if !tells_sprint {
            let sprints = &self.sprints;
            let begun =
                |id: &u64| sprints.iter().any(|one| one.id == *id && one.start.is_some_and(|start| start <= at));
            issue.sprints.retain(begun);
        }
        let category = |status: &Option<String>| {
            status.as_ref().and_then(|id| id.parse().ok()).map(|id: u64| self.category(id).to_owned())
        };
        let since = last(issue, |item| item.field == "status" && category(&item.from) != category(&item.to));
        issue.category_since = since.or(issue.resolved_at).unwrap_or(issue.created_at);
        issue.comments.retain(|comment| comment.created_at <= at);
        let said = issue.comments.iter().map(|comment| comment.created_at).max();
        let changed = issue.histories.last().map(|history| history.at);
        let known = Some(issue.updated_at).filter(|updated| *updated <= at);
        let latest = [said, changed, issue.resolved_at, known].into_iter().flatten().max();
        issue.updated_at = latest.unwrap_or(issue.created_at).max(issue.created_at);
        for comment in &mut issue.comments {
            comment.updated_at = if comment.updated_at > at { comment.created_at } else { comment.updated_at };
        }
        debug_assert!(issue.updated_at.duration_since(at) <= SignedDuration::ZERO, "{} is ahead", issue.key);
    }

    fn undo(&mut self, issue: &mut Issue, links: &mut Vec<Link>, item: &Item) {
        let number = |value: &Option<String>| value.as_ref().and_then(|text| text.parse::<u64>().ok());
        match item.field.as_str() {
            "status" => issue.status = number(&item.from).unwrap_or(issue.status),
            "assignee" => issue.assignee.clone_from(&item.from),
            "reporter" => issue.reporter.clone_from(&item.from),
            "duedate" => {
                // Old entries tell the day in their text alone.
                let told = item.from.as_deref().or(item.from_text.as_deref());
                issue.due = told.and_then(|day| day.get(..10)).and_then(|day| day.parse().ok());
            }
            "resolution" => {
                let name = item.from_text.as_ref();
                issue.resolution = name
                    .and_then(|name| self.resolutions.iter().find(|one| one.name.eq_ignore_ascii_case(name)))
                    .map(|one| one.id);
                if item.from.is_some() && issue.resolution.is_none() {
                    issue.resolution = self.resolutions.first().map(|one| one.id);
                }
                // When it was resolved before is told by an earlier entry.
                issue.resolved_at = None;
            }
            "priority" => {
                issue.priority = item.from_text.as_ref().map(|name| self.ensure_priority(name));
            }
            "summary" => issue.title = item.from_text.clone().unwrap_or_default(),
            "description" => issue.description.clone_from(&item.from_text),
            "labels" => {
                let text = item.from_text.as_deref().unwrap_or_default();
                issue.labels = text.split_whitespace().map(str::to_owned).collect();
            }
            "issuetype" | "type" | "Issue Type" => {
                if let Some(name) = &item.from_text {
                    issue.kind = self.ensure_kind(name);
                }
            }
            "timeoriginalestimate" => issue.estimate = number(&item.from),
            "timeestimate" => issue.remaining = number(&item.from),
            "timespent" => issue.spent = number(&item.from),
            "Parent" | "IssueParentAssociation" | "Epic Link" => issue.parent = number(&item.from),
            "Fix Version" => {
                if let Some(id) = number(&item.to) {
                    issue.versions.retain(|one| *one != id);
                }
                if let Some(id) = number(&item.from).filter(|id| self.versions.iter().any(|one| one.id == *id)) {
                    issue.versions.push(id);
                }
            }
            "Sprint" => {
                let ids = item.from.as_deref().unwrap_or_default();
                issue.sprints = ids.split(',').filter_map(|id| id.trim().parse().ok()).collect();
            }
            "Flagged" => issue.flagged = item.from_text.as_ref().is_some_and(|text| !text.is_empty()),
            "Key" => {
                if let Some(old) = &item.from_text {
                    issue.key.clone_from(old);
                    let project = old.rsplit_once('-').map_or(old.as_str(), |(project, _)| project);
                    issue.project = ensure_project(self, project, project, None);
                }
            }
            "Link" => self.undo_link(issue.id, links, item),
            name if item.custom => {
                let found = self.fields.iter().rev().find(|field| field.name == name).map(|field| field.number);
                if let Some(number) = found {
                    match &item.from_text {
                        Some(text) if !text.is_empty() => drop(issue.custom.insert(number, serde_json::json!(text))),
                        _ => drop(issue.custom.remove(&number)),
                    }
                }
            }
            _ => {}
        }
    }

    /// A link is told on both sides; either entry makes or ends it.
    fn undo_link(&self, mine: u64, links: &mut Vec<Link>, item: &Item) {
        let other = |key: &Option<String>| key.as_ref().and_then(|key| self.keys.get(&key.to_uppercase())).copied();
        if let Some(other) = other(&item.to) {
            let told = item.to_text.as_deref().unwrap_or_default();
            links.retain(|link| {
                let is_between = (link.from, link.to) == (mine, other) || (link.from, link.to) == (other, mine);
                let kind = self.link_types.iter().find(|kind| kind.id == link.kind);
                !(is_between && kind.is_some_and(|kind| told.contains(&kind.outward) || told.contains(&kind.inward)))
            });
        }
        if let Some(other) = other(&item.from) {
            let told = item.from_text.as_deref().unwrap_or_default();
            let Some(kind) = self.link_types.iter().find(|kind| {
                told.contains(&format!(" {} ", kind.outward)) || told.contains(&format!(" {} ", kind.inward))
            }) else {
                return;
            };
            let outward = told.contains(&format!(" {} ", kind.outward));
            let (from, to) = if outward { (mine, other) } else { (other, mine) };
            let known = links.iter().any(|link| link.kind == kind.id && link.from == from && link.to == to);
            if !known {
                let id = crate::text::digest((kind.id, from, to)) >> 20;
                links.push(Link { id, kind: kind.id, from, to });
            }
        }
    }
}

/// When something like this last happened.
fn last(issue: &Issue, wanted: impl Fn(&Item) -> bool) -> Option<Timestamp> {
    issue.histories.iter().rev().find(|history| history.items.iter().any(&wanted)).map(|history| history.at)
}
