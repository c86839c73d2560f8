//! Tasks as lists and alone, and what hangs on one: subtasks, dependencies, stories, time.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::model::Task;
use super::org::Org;
use super::show::{Kind, Node};
use super::{Answer, Call, no_object, one, refuse, unknown};
use crate::reply::Reply;

/// Fields that only paid plans have.
const PAID: [&str; 2] = ["dependencies", "dependents"];

/// An instant of a filter: a date is its midnight.
pub(super) fn instant(name: &str, text: &str) -> Result<Timestamp, Reply> {
    let day = || text.parse::<Date>().ok()?.to_zoned(TimeZone::UTC).ok().map(|day| day.timestamp());
    let found = text.parse::<Timestamp>().ok().or_else(day);
    found.ok_or_else(|| refuse(400, &format!("{name}: Not a valid ISO 8601 date or time: {text}")))
}

impl Org {
    /// The gid of a task that the account sees. `Err`: 404, or 403 where hidden things say so.
    pub(super) fn visible_task(&self, call: &Call, what: &str, text: &str) -> Result<u64, Reply> {
        let gid = text.parse::<u64>().map_err(|_| refuse(400, &format!("{what}: Not a recognized ID: {text}")))?;
        let found = self.tasks.get(&gid).filter(|task| !task.deleted).ok_or_else(|| no_object(what, text))?;
        if self.sees(call.me, found.gid) {
            return Ok(gid);
        }
        if self.settings.forbids { Err(forbidden()) } else { Err(no_object(what, text)) }
    }

    /// The gid of a project that the account sees. `Err`: 404, or 403 where it is hidden.
    pub(super) fn visible_project(&self, _: &Call, what: &str, text: &str) -> Result<u64, Reply> {
        let gid = text.parse::<u64>().map_err(|_| refuse(400, &format!("{what}: Not a recognized ID: {text}")))?;
        match self.projects.get(&gid) {
            None => Err(no_object(what, text)),
            Some(project) if project.hidden => Err(forbidden()),
            Some(_) => Ok(gid),
        }
    }

    pub(super) fn visible_section(&self, call: &Call, text: &str) -> Result<u64, Reply> {
        let found = text.parse().ok().and_then(|gid: u64| self.sections.get(&gid));
        let section = found.ok_or_else(|| no_object("section", text))?;
        self.visible_project(call, "section", &section.project.to_string())?;
        Ok(section.gid)
    }

    /// `GET /tasks`: of one project, section or tag, or of one person in a workspace.
    pub(super) fn task_list(&mut self, call: &Call) -> Result<Answer, Reply> {
        let ways = [call.get("project"), call.get("section"), call.get("tag"), call.get("assignee")];
        let text = "You should specify one of workspace and assignee, project, section, user_task_list or tag";
        match ways {
            [Some(project), None, None, None] => self.tasks_of_project(call, project),
            [_, Some(section), None, None] => self.tasks_of_section(call, section),
            [None, None, Some(tag), None] => self.tasks_of_tag(call, tag),
            [None, None, None, Some(name)] => {
                let workspace = call.get("workspace").ok_or_else(|| refuse(400, text))?;
                let workspace = self.workspace(workspace)?;
                let user = self.user_named(call, name)?;
                let own = self.tasks.values().filter(|task| task.assignee == Some(user) && task.workspace == workspace);
                let gids: Vec<u64> = own.map(|task| task.gid).collect();
                self.listed(call, gids)
            }
            _ => Err(refuse(400, text)),
        }
    }

    pub(super) fn tasks_of_project(&mut self, call: &Call, text: &str) -> Result<Answer, Reply> {
        let project = self.visible_project(call, "project", text)?;
        let gids = self.in_project.get(&project).map_or_else(Vec::new, |gids| gids.iter().copied().collect());
        self.listed(call, gids)
    }

    pub(super) fn tasks_of_section(&mut self, call: &Call, text: &str) -> Result<Answer, Reply> {
        let section = self.visible_section(call, text)?;
        let project = self.sections[&section].project;
        let all = self.in_project.get(&project).into_iter().flatten();
        let within = |gid: &&u64| self.tasks[*gid].memberships.iter().any(|(_, own)| *own == section);
        let gids = all.filter(within).copied().collect();
        self.listed(call, gids)
    }

    pub(super) fn tasks_of_tag(&mut self, call: &Call, text: &str) -> Result<Answer, Reply> {
        let found = self.tags.iter().find(|tag| tag.gid.to_string() == text).map(|tag| tag.gid);
        let tag = found.ok_or_else(|| no_object("tag", text))?;
        let gids = self.tasks.values().filter(|task| task.tags.contains(&tag)).map(|task| task.gid).collect();
        self.listed(call, gids)
    }

    /// The tasks among these that the filters leave and the account sees.
    fn listed(&mut self, call: &Call, gids: Vec<u64>) -> Result<Answer, Reply> {
        self.paid_fields(call)?;
        let modified_since = call.get("modified_since").map(|text| instant("modified_since", text)).transpose()?;
        let completed_since = match call.get("completed_since") {
            Some("now") => Some(call.now),
            Some(text) => Some(instant("completed_since", text)?),
            None => None,
        };
        let fits = |task: &Task| {
            let open_since = completed_since.is_none_or(|since| task.completed_at.is_none_or(|at| at >= since));
            open_since && modified_since.is_none_or(|since| task.modified_at >= since)
        };
        let seen = gids.into_iter().filter(|gid| self.tasks.get(gid).is_some_and(fits) && self.sees(call.me, *gid));
        Ok(Answer::Rows(seen.map(|gid| (gid, Node::Ref(Kind::Task, gid))).collect()))
    }

    /// What the fields ask for is in the plan. `Err`: 402.
    pub(super) fn paid_fields(&self, call: &Call) -> Result<(), Reply> {
        if self.settings.refuses_paid_fields && PAID.iter().any(|name| call.fields.has(name)) {
            return self.paid("Task dependencies are");
        }
        Ok(())
    }

    pub(super) fn below_task(&mut self, call: &Call, text: &str, rest: &[&str]) -> Result<Answer, Reply> {
        let gid = self.visible_task(call, "task", text)?;
        let refs = |kind: Kind, gids: Vec<u64>| gids.into_iter().map(|gid| (gid, Node::Ref(kind, gid))).collect();
        let task = &self.tasks[&gid];
        match rest {
            [] => {
                self.paid_fields(call)?;
                Ok(one(Kind::Task, gid))
            }
            ["subtasks"] => {
                self.paid_fields(call)?;
                let all = self.children.get(&gid).cloned().unwrap_or_default();
                let shown = all.into_iter().filter(|gid| self.sees(call.me, *gid)).collect();
                Ok(Answer::Rows(refs(Kind::Task, shown)))
            }
            ["stories"] => {
                let gids = task.stories.iter().map(|story| story.gid).collect();
                Ok(Answer::Rows(refs(Kind::Story, gids)))
            }
            ["projects"] => {
                let seen = task.memberships.iter().map(|(project, _)| *project).filter(|gid| self.sees_project(*gid));
                Ok(Answer::Rows(refs(Kind::Project, seen.collect())))
            }
            ["tags"] => Ok(Answer::Rows(refs(Kind::Tag, task.tags.clone()))),
            ["dependencies"] => {
                self.paid("Task dependencies are")?;
                Ok(Answer::Rows(refs(Kind::Task, self.alive(&task.dependencies))))
            }
            ["dependents"] => {
                self.paid("Task dependencies are")?;
                let all = self.dependents.get(&gid).cloned().unwrap_or_default();
                Ok(Answer::Rows(refs(Kind::Task, self.alive(&all))))
            }
            ["time_tracking_entries"] => {
                self.paid("Time tracking is")?;
                Ok(Answer::Rows(task.entries.iter().map(|entry| (entry.gid, entry_node(task, entry))).collect()))
            }
            _ => Err(unknown()),
        }
    }

    fn alive(&self, gids: &[u64]) -> Vec<u64> {
        gids.iter().copied().filter(|gid| !self.is_deleted(*gid)).collect()
    }

    pub(super) fn all_entries(&mut self, call: &Call) -> Result<Answer, Reply> {
        self.paid("Time tracking is")?;
        let user = call.get("user").map(|name| self.user_named(call, name)).transpose()?;
        let on = |name: &str| {
            let day = |text: &str| text.parse().map_err(|_| refuse(400, &format!("{name}: Not a date: {text}")));
            call.get(name).map(day).transpose()
        };
        let (first, last): (Option<Date>, Option<Date>) = (on("entered_on_start_date")?, on("entered_on_end_date")?);
        let seen = self.tasks.values().filter(|task| self.sees(call.me, task.gid));
        let of_task = seen.filter(|task| call.get("task").is_none_or(|gid| gid == task.gid.to_string()));
        let entries = of_task.flat_map(|task| task.entries.iter().map(move |entry| (task, entry)));
        let fits = entries.filter(|(_, entry)| {
            user.is_none_or(|user| entry.by == user)
                && first.is_none_or(|first| entry.on >= first)
                && last.is_none_or(|last| entry.on <= last)
        });
        Ok(Answer::Rows(fits.map(|(task, entry)| (entry.gid, entry_node(task, entry))).collect()))
    }
}

fn entry_node(task: &Task, entry: &super::model::TimeEntry) -> Node {
    Node::Record(
        5,
        vec![
            ("gid", Node::gid(entry.gid)),
            ("resource_type", Node::text("time_tracking_entry")),
            ("duration_minutes", Node::of(entry.minutes)),
            ("entered_on", Node::of(entry.on.to_string())),
            ("created_by", Node::Ref(Kind::User, entry.by)),
            ("task", Node::Ref(Kind::Task, task.gid)),
        ],
    )
}

pub(super) fn forbidden() -> Reply {
    refuse(403, "Forbidden: you do not have access to this object.")
}
