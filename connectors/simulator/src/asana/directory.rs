//! Workspaces, people and their absences, projects with their sections, fields and status updates.

use jiff::civil::Date;
use serde_json::json;

use super::org::Org;
use super::show::{Kind, Node};
use super::{Answer, Call, no_object, one, refuse};
use crate::reply::Reply;

/// People that a workspace's own list tells at most.
const WORKSPACE_USERS: usize = 2000;

fn rows(kind: Kind, gids: impl IntoIterator<Item = u64>) -> Answer {
    Answer::Rows(gids.into_iter().map(|gid| (gid, Node::Ref(kind, gid))).collect())
}

impl Org {
    pub(super) fn workspace(&self, text: &str) -> Result<u64, Reply> {
        let found = self.workspaces.iter().find(|one| one.gid.to_string() == text);
        found.map(|one| one.gid).ok_or_else(|| no_object("workspace", text))
    }

    pub(super) fn workspace_list(&self) -> Answer {
        rows(Kind::Workspace, self.workspaces.iter().map(|one| one.gid))
    }

    pub(super) fn one_workspace(&self, text: &str) -> Result<Answer, Reply> {
        Ok(one(Kind::Workspace, self.workspace(text)?))
    }

    pub(super) fn team_list(&self, text: &str) -> Result<Answer, Reply> {
        self.workspace(text)?;
        Ok(rows(Kind::Team, self.teams.iter().map(|one| one.gid)))
    }

    pub(super) fn tag_list(&self, text: &str) -> Result<Answer, Reply> {
        self.workspace(text)?;
        Ok(rows(Kind::Tag, self.tags.iter().map(|one| one.gid)))
    }

    /// A person by gid, `me` or address.
    pub(super) fn user_named(&self, call: &Call, text: &str) -> Result<u64, Reply> {
        if text == "me" {
            return Ok(call.me);
        }
        let fits = |user: &&super::model::User| user.gid.to_string() == text || user.email.eq_ignore_ascii_case(text);
        self.users.values().find(fits).map(|user| user.gid).ok_or_else(|| no_object("user", text))
    }

    pub(super) fn one_user(&self, text: &str) -> Result<Answer, Reply> {
        // An address comes encoded.
        let given = crate::text::pairs(format!("user={text}").as_bytes());
        let text = given.first().map_or(text, |(_, name)| name.as_str());
        let fits = |user: &&super::model::User| user.gid.to_string() == text || user.email.eq_ignore_ascii_case(text);
        let found = self.users.values().find(fits).ok_or_else(|| no_object("user", text))?;
        Ok(one(Kind::User, found.gid))
    }

    /// Everybody who is there, by gid.
    pub(super) fn user_list(&self, call: &Call) -> Result<Answer, Reply> {
        match (call.get("workspace"), call.get("team")) {
            (Some(workspace), _) => self.workspace(workspace).map(drop)?,
            (None, Some(team)) => {
                let known = self.teams.iter().any(|one| one.gid.to_string() == team);
                known.then_some(()).ok_or_else(|| no_object("team", team))?;
            }
            (None, None) => {}
        }
        Ok(rows(Kind::User, self.users.values().filter(|user| user.active).map(|user| user.gid)))
    }

    /// By name, and only so many.
    pub(super) fn workspace_users(&self, text: &str) -> Result<Answer, Reply> {
        self.workspace(text)?;
        let mut users: Vec<_> = self.users.values().filter(|user| user.active).collect();
        users.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(rows(Kind::User, users.into_iter().take(WORKSPACE_USERS).map(|user| user.gid)))
    }

    pub(super) fn membership_list(&self, call: &Call, text: &str) -> Result<Answer, Reply> {
        let workspace = self.workspace(text)?;
        let only = call.get("user").map(|name| self.user_named(call, name)).transpose()?;
        let found = self.users.values().filter(|user| only.is_none_or(|only| only == user.gid));
        let member = |user: &super::model::User| {
            let node = Node::Record(
                4,
                vec![
                    // Made out of the person's, so that it is another one and stays.
                    ("gid", Node::gid(user.gid + 1)),
                    ("resource_type", Node::text("workspace_membership")),
                    ("user", Node::Ref(Kind::User, user.gid)),
                    ("workspace", Node::Ref(Kind::Workspace, workspace)),
                    ("is_active", Node::of(user.active)),
                    ("is_guest", Node::of(user.guest)),
                    ("is_admin", Node::of(false)),
                    ("is_view_only", Node::of(false)),
                    ("vacation_dates", Node::null()),
                ],
            );
            (user.gid, node)
        };
        Ok(Answer::Rows(found.map(member).collect()))
    }

    pub(super) fn absences(&self, call: &Call) -> Result<Answer, Reply> {
        let missing = |name: &str| refuse(400, &format!("{name}: Missing input"));
        let user = call.get("user").ok_or_else(|| missing("user"))?;
        let user = self.user_named(call, user)?;
        self.workspace(call.get("workspace").ok_or_else(|| missing("workspace"))?)?;
        let day = |name: &str| -> Result<Option<Date>, Reply> {
            let parsed = call.get(name).map(str::parse);
            parsed.transpose().map_err(|_| refuse(400, &format!("{name}: Not a valid date")))
        };
        let (from, to) = (day("start_date")?, day("end_date")?);
        let entries = self.users.get(&user).map_or(&[] as &[_], |user| user.away.as_slice());
        let fits = entries
            .iter()
            .filter(|(_, first, last)| from.is_none_or(|from| *last >= from) && to.is_none_or(|to| *first <= to));
        let node = |(gid, first, last): &(u64, Date, Date)| {
            let members = vec![
                ("gid", Node::gid(*gid)),
                ("resource_type", Node::text("ooo_entry")),
                ("start_date", Node::of(first.to_string())),
                ("end_date", Node::of(last.to_string())),
                ("user", Node::Ref(Kind::User, user)),
                ("created_by", Node::Ref(Kind::User, user)),
            ];
            (*gid, Node::Record(4, members))
        };
        Ok(Answer::Rows(fits.map(node).collect()))
    }

    pub(super) fn project_list(&self, call: &Call, workspace: Option<&str>) -> Result<Answer, Reply> {
        let workspace = workspace.or(call.get("workspace")).map(|text| self.workspace(text)).transpose()?;
        let archived = match call.get("archived") {
            None => None,
            Some("true") => Some(true),
            Some("false") => Some(false),
            Some(_) => return Err(refuse(400, "archived: Value is not a valid boolean")),
        };
        let found = self.projects.values().filter(|project| {
            let team = call.get("team").is_none_or(|team| project.team.is_some_and(|own| own.to_string() == team));
            let here = workspace.is_none_or(|workspace| project.workspace == workspace);
            here && team && !project.hidden && archived.is_none_or(|archived| project.archived == archived)
        });
        Ok(rows(Kind::Project, found.map(|project| project.gid)))
    }

    pub(super) fn section_list(&self, call: &Call, text: &str) -> Result<Answer, Reply> {
        let project = self.visible_project(call, "project", text)?;
        Ok(rows(Kind::Section, self.sections_of(project).map(|section| section.gid)))
    }

    pub(super) fn field_settings(&self, call: &Call, text: &str) -> Result<Answer, Reply> {
        let project = self.visible_project(call, "project", text)?;
        self.paid("Custom fields are")?;
        let own = self.fields.iter().filter(|field| field.projects.is_empty() || field.projects.contains(&project));
        let node = |field: &super::model::CustomField| {
            let members = vec![
                ("gid", Node::gid(field.gid + 1)),
                ("resource_type", Node::text("custom_field_setting")),
                ("custom_field", self.field(field, None)),
                ("is_important", Node::of(true)),
                ("parent", Node::Ref(Kind::Project, project)),
                ("project", Node::Ref(Kind::Project, project)),
            ];
            (field.gid, Node::record(members))
        };
        Ok(Answer::Rows(own.map(node).collect()))
    }

    pub(super) fn workspace_fields(&self, text: &str) -> Result<Answer, Reply> {
        self.workspace(text)?;
        self.paid("Custom fields are")?;
        Ok(Answer::Rows(self.fields.iter().map(|field| (field.gid, self.field(field, None))).collect()))
    }

    pub(super) fn one_field(&self, text: &str) -> Result<Answer, Reply> {
        self.paid("Custom fields are")?;
        let found = self.fields.iter().find(|field| field.gid.to_string() == text);
        Ok(Answer::One(self.field(found.ok_or_else(|| no_object("custom_field", text))?, None)))
    }

    /// Costs as much as a whole listing.
    pub(super) fn task_counts(&self, call: &Call, text: &str) -> Result<Answer, Reply> {
        let project = self.visible_project(call, "project", text)?;
        let gids = self.in_project.get(&project).into_iter().flatten();
        let tasks: Vec<_> = gids.filter_map(|gid| self.tasks.get(gid)).filter(|task| !task.deleted).collect();
        let done = tasks.iter().filter(|task| task.completed).count();
        let all = [
            ("num_tasks", tasks.len()),
            ("num_completed_tasks", done),
            ("num_incomplete_tasks", tasks.len() - done),
            ("num_milestones", tasks.iter().filter(|task| task.kind == "milestone").count()),
        ];
        let shown = all.iter().filter(|(name, _)| call.fields.has(name));
        let data: serde_json::Map<_, _> = shown.map(|(name, count)| ((*name).to_owned(), json!(count))).collect();
        Ok(Answer::Whole(json!({ "data": data }), tasks.len() as u64))
    }

    pub(super) fn update_list(&self, call: &Call) -> Result<Answer, Reply> {
        let parent = call.get("parent").ok_or_else(|| refuse(400, "parent: Missing input"))?;
        let gid = self.visible_project(call, "parent", parent)?;
        let since = call.get("created_since").map(|text| super::tasks::instant("created_since", text)).transpose()?;
        let project = &self.projects[&gid];
        let newest_first = project.updates.iter().rev().filter(|one| since.is_none_or(|since| one.at >= since));
        Ok(Answer::Rows(newest_first.map(|one| (one.gid, self.update(project, one))).collect()))
    }
}
