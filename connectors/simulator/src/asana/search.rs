//! Search, of paid plans: at most a hundred rows, no pages, and an index that lags. And typeahead, which is for pickers.

use jiff::Timestamp;
use jiff::civil::Date;

use super::model::Task;
use super::org::Org;
use super::show::{Kind, Node};
use super::{Answer, Call, no_object, refuse};
use crate::reply::Reply;

/// Rows where `limit` is not said.
const ROWS: usize = 20;

/// Parameters that say something about the answer, or are modelled.
const KNOWN: [&str; 26] = [
    "opt_fields",
    "opt_pretty",
    "limit",
    "sort_by",
    "sort_ascending",
    "text",
    "resource_subtype",
    "completed",
    "is_subtask",
    "is_blocked",
    "is_blocking",
    "projects.any",
    "sections.any",
    "assignee.any",
    "due_on",
    "due_on.before",
    "due_on.after",
    "modified_at.before",
    "modified_at.after",
    "created_at.before",
    "created_at.after",
    "completed_at.before",
    "completed_at.after",
    "modified_on.after",
    "created_on.after",
    "completed_on.after",
];

impl Org {
    pub(super) fn search(&mut self, call: &Call, text: &str) -> Result<Answer, Reply> {
        let workspace = self.workspace(text)?;
        if self.settings.free {
            return Err(refuse(402, "Search is only available to premium users."));
        }
        if let Some((name, _)) = call.query.iter().find(|(name, _)| !KNOWN.contains(&name.as_str())) {
            return Err(refuse(400, &format!("{name}: The simulator's search does not know this parameter.")));
        }
        let limit = call.limit()?.unwrap_or(ROWS);
        self.stale.retain(|_, (until, _)| call.now < *until);
        let indexed = |task: &Task| match self.stale.get(&task.gid) {
            Some((_, before)) => before.clone(),
            None => Some(task.clone()),
        };
        let seen = self.tasks.values().filter(|task| task.workspace == workspace && self.sees(call.me, task.gid));
        let mut found = Vec::new();
        for task in seen.filter_map(indexed) {
            if self.fits(call, &task)? {
                found.push(task);
            }
        }
        let ascending = call.get("sort_ascending") == Some("true");
        let key = |task: &Task| match call.get("sort_by") {
            Some("created_at") => Some(task.created_at),
            Some("completed_at") => task.completed_at,
            Some("due_date") => task.due_on.and_then(|day| super::tasks::instant("", &day.to_string()).ok()),
            _ => Some(task.modified_at),
        };
        found.sort_by_key(|task| (key(task), task.gid));
        if !ascending {
            found.reverse();
        }
        found.truncate(limit);
        Ok(Answer::All(found.into_iter().map(|task| Node::Ref(Kind::Task, task.gid)).collect()))
    }

    fn fits(&self, call: &Call, task: &Task) -> Result<bool, Reply> {
        let flag = |name: &str| call.get(name).map(|value| value == "true");
        let any = |name: &str| -> Option<Vec<&str>> { call.get(name).map(|list| list.split(',').collect()) };
        let has = |list: &[&str], gid: u64| list.contains(&gid.to_string().as_str());
        let (projects, sections) = (any("projects.any"), any("sections.any"));
        // Both together mean either.
        let placed = (projects.is_none() && sections.is_none())
            || task.memberships.iter().any(|(project, section)| {
                projects.as_ref().is_some_and(|list| has(list, *project))
                    || sections.as_ref().is_some_and(|list| has(list, *section))
            });
        let assigned = any("assignee.any").is_none_or(|list| match task.assignee {
            Some(gid) => has(&list, gid) || (list.contains(&"me") && gid == call.me),
            None => list.contains(&"null"),
        });
        let open = |gids: &[u64]| {
            gids.iter().any(|gid| self.tasks.get(gid).is_some_and(|task| !task.completed && !task.deleted))
        };
        let blocking = self.dependents.get(&task.gid).map_or(&[] as &[u64], Vec::as_slice);
        let said = [
            ("completed", task.completed),
            ("is_subtask", task.parent.is_some()),
            ("is_blocked", open(&task.dependencies)),
            ("is_blocking", open(blocking) && !task.completed),
        ];
        let words = call.get("text").is_none_or(|text| {
            let text = text.to_lowercase();
            task.name.to_lowercase().contains(&text) || task.notes.to_lowercase().contains(&text)
        });
        let kind = call.get("resource_subtype").is_none_or(|kind| kind == task.kind);
        Ok(placed
            && assigned
            && words
            && kind
            && said.iter().all(|(name, is)| flag(name).is_none_or(|wanted| wanted == *is))
            && within(call, "modified", Some(task.modified_at))?
            && within(call, "created", Some(task.created_at))?
            && within(call, "completed", task.completed_at)?
            && due(call, task.due_on)?)
    }

    pub(super) fn typeahead(&self, call: &Call, text: &str) -> Result<Answer, Reply> {
        self.workspace(text)?;
        let kind = call.get("resource_type").ok_or_else(|| refuse(400, "resource_type: Missing input"))?;
        let query = call.get("query").unwrap_or_default().to_lowercase();
        let count = call.get("count").and_then(|count| count.parse().ok()).unwrap_or(20).min(100);
        let like = |name: &str| name.to_lowercase().contains(&query);
        let (kind, gids): (Kind, Vec<u64>) = match kind {
            "user" => {
                let found = self.users.values().filter(|user| user.active && like(&user.name));
                (Kind::User, found.map(|user| user.gid).collect())
            }
            "project" => {
                let found = self.projects.values().filter(|project| !project.hidden && like(&project.name));
                (Kind::Project, found.map(|project| project.gid).collect())
            }
            "task" => {
                let found = self.tasks.values().filter(|task| like(&task.name) && self.sees(call.me, task.gid));
                (Kind::Task, found.map(|task| task.gid).collect())
            }
            other => return Err(no_object("resource_type", other)),
        };
        Ok(Answer::All(gids.into_iter().take(count).map(|gid| Node::Ref(kind, gid)).collect()))
    }
}

/// The bounds of an instant, each without itself.
fn within(call: &Call, name: &str, at: Option<Timestamp>) -> Result<bool, Reply> {
    for (end, is_after) in [("at.after", true), ("on.after", true), ("at.before", false)] {
        let name = format!("{name}_{end}");
        let Some(text) = call.get(&name) else { continue };
        let bound = super::tasks::instant(&name, text)?;
        if !at.is_some_and(|at| if is_after { at > bound } else { at < bound }) {
            return Ok(false);
        }
    }
    Ok(true)
}

fn due(call: &Call, day: Option<Date>) -> Result<bool, Reply> {
    for name in ["due_on", "due_on.before", "due_on.after"] {
        let Some(text) = call.get(name) else { continue };
        let bound: Option<Date> = match text {
            "null" => None,
            _ => Some(text.parse().map_err(|_| refuse(400, &format!("{name}: Not a valid date")))?),
        };
        let fits = match name {
            "due_on" => day == bound,
            "due_on.before" => day.is_some() && day < bound,
            _ => day > bound,
        };
        if !fits {
            return Ok(false);
        }
    }
    Ok(true)
}
